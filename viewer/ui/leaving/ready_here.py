"""The window's part in finding out whether this computer is ready: it is looked at in another process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from viewer.services.readiness import LEAST_SCREEN, Looked, Readiness, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.walkthrough import Case
    from viewer.ui.leaving.ready_sheet import ReadySheet
    from viewer.ui.main_window import MainWindow
    from viewer.ui.program_run import ProgramRun


class ReadyHere:
    """Asks and shows; `case` gives the case that is asked about."""

    def __init__(self, window: MainWindow, case: Callable[[], Case | None]) -> None:
        self._window, self._picked = window, case
        self._case: Case | None = None
        self.run: ProgramRun | None = None
        self.sheet: ReadySheet | None = None

    def ask(self) -> None:
        """Look at the case that is picked."""
        case = self._picked()
        if case is None:
            return
        if self.sheet is None:
            from viewer.ui.leaving.ready_sheet import ReadySheet
            from viewer.ui.program_run import ProgramRun

            self.sheet = ReadySheet(self._window, self._window.theme)
            self.run = ProgramRun(self._window)
            self.sheet.wanted.connect(self._look)
            self.sheet.cancelled.connect(self.run.cancel)
            self.sheet.closed.connect(self.run.cancel)
            self.run.progressed.connect(self.sheet.say_progress)
            self.run.ended.connect(self._ended)
        self._case = case
        self._look(False)

    def close(self) -> None:
        """Stop what runs."""
        if self.run is not None:
            self.run.close()

    def _look(self, keep: bool) -> None:
        if self._case is not None and self.sheet is not None and self.run is not None:
            self.sheet.ask(self._case)
            self.run.start(["doctor", self._case.id, "--json", *(["--keep"] if keep else [])])

    def _ended(self, code: int, said: str, complained: str) -> None:
        if self.sheet is None or not self.sheet.is_open:
            return
        try:
            told = json.loads(said)
            looked = [Looked(c["name"], c["found"], State(c["state"]), c["hint"], c["short"]) for c in told["checks"]]
        except (ValueError, KeyError, TypeError):
            stopped = code == -1 and not complained
            words = " ".join(complained.removeprefix("casestage: ").split())
            self.sheet.say("Stopped" if stopped else words or "It could not be found out.")
            return
        from viewer.ui.leaving.screens import looked_at_screens

        # The other process sees no screen.
        self.sheet.tell(Readiness(told["title"], (*looked, *looked_at_screens(LEAST_SCREEN))))
