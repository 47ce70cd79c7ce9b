"""The window's part in packs and models that are dropped or opened: it asks before anything is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.services.bringing import bring
from viewer.services.jobs import Lane
from viewer.services.places import config_folder, data_folder, model_folders
from viewer.services.trusted_keys import FILE_NAME, TrustedKeys
from viewer.ui.messages import Message

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from viewer.domain.errors import CaseStageError
    from viewer.services.bringing import Bring
    from viewer.ui.main_window import MainWindow


class BringingHere:
    """Offers what can be installed in the message strip, one thing at a time."""

    def __init__(self, window: MainWindow) -> None:
        self._window, self._desk = window, window.desk

    def offer(self, paths: Sequence[Path]) -> None:
        """Offer the first of some packs and models to be installed, then the others."""
        first, *rest = paths
        data, keys = data_folder(), TrustedKeys(config_folder() / FILE_NAME)
        self._desk.runner.run(
            lambda _ctx: bring(first, data, keys, model_folders()[1:]),
            done=lambda found: self._offer(found, rest),
            failed=self._failed,
            lane=Lane.PLACES,
        )

    def _offer(self, found: Bring, rest: list[Path]) -> None:
        def install() -> None:
            self._window.tell(Message(f"{found.sentence} It is being checked…", calm=True, passing=True))
            self._desk.runner.run(
                found.install,
                done=lambda said: self._installed(said, found.case_id, rest),
                failed=self._failed,
                lane=Lane.BACKGROUND,
            )

        self._window.tell(Message(found.sentence, found.hint, calm=True, action=found.verb, act=install))

    def _installed(self, said: str, case_id: str, rest: list[Path]) -> None:
        self._window.library.refresh()
        self._window.library.pick(case_id)
        self._desk.finding_run.look_again()
        self._window.tell(Message(said, calm=True))
        if rest:
            self.offer(rest)

    def _failed(self, error: CaseStageError) -> None:
        self._window.tell(Message.of(error, masked=self._desk.session.masked))
