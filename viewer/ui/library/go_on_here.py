"""The window's part in going on: the bar above the library, once the cases are known."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import Qt, QTimer

from viewer.domain.masking import MASKED
from viewer.domain.reading_direction import isolated
from viewer.domain.session import Workspace
from viewer.domain.view_state import Comparison
from viewer.services.comparing import LookedAt
from viewer.ui.library.go_on_bar import GoOnBar
from viewer.ui.library.series_words import part_title, series_title

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QVBoxLayout

    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case
    from viewer.services.last_place import Place
    from viewer.services.left_open import Left
    from viewer.ui.main_window import MainWindow


AHEAD_AFTER_MS = 300
KEPT_AFTER_MS = 3000


class GoOnHere:
    """Offers once per start what was being presented, else what was open; `connect` is called once the window is built.

    `holder` is where the bar is put.
    """

    def __init__(self, window: MainWindow, holder: QVBoxLayout) -> None:
        self._window, self._desk = window, window.desk
        self._holder = holder
        self._asked = window.kiosk or (self._desk.last_place.left is None and not self._desk.left_open.there)
        self.bar: GoOnBar | None = None
        # What is open is known after a crash too; writing it waits until nobody waits for an image.
        self._keeping = QTimer(window)
        self._keeping.setSingleShot(True)
        self._keeping.setInterval(KEPT_AFTER_MS)
        self._keeping.timeout.connect(self.keep)

    def keep(self) -> None:
        """Remember what is open, for the next start."""
        self._keeping.stop()
        if not self._window.kiosk:
            self._desk.left_open.keep(self._desk.other.session, self._desk.comparing.links)

    def _keep_soon(self, *_: object) -> None:
        """Keep it once the hand rests: a program that is killed loses no more than what was looked at last."""
        self._keeping.start()

    def connect(self) -> None:
        """Wait for the cases."""
        session = self._desk.session
        beside = (self._desk.other.session.view_changed, self._desk.comparing.changed)
        for signal in (self._desk.opening.opened, session.view_changed, session.workspace_changed, *beside):
            signal.connect(self._keep_soon)
        if self._asked:
            return
        self._window.library.told.connect(self._offer)
        self._desk.session.workspace_changed.connect(self._workspace_changed)
        self._offer()

    def _offer(self, *_: object) -> None:
        library = self._window.library
        here = self._desk.session.workspace is Workspace.LIBRARY
        if self._asked or library.shelf is None or library.filling or not here:
            return
        self._asked = True
        presented = self._desk.last_place.left
        if presented is not None:
            self._offer_step(presented)
        else:
            self._offer_what_was_open()

    # --- presenting that was cut off

    def _offer_step(self, left: Place) -> None:
        case = self._case(left.case_id)
        if case is None or left.step >= len(case.steps):
            self._desk.last_place.forget()
            return
        words = f"Presenting was cut off. Go on with step {left.step + 1} of “{isolated(case.title)}”?"
        bar = GoOnBar(self._window.theme, words, "Present the case from that step (Enter)")
        self._show(bar, lambda: self._window.open_case(case, left.step), self._desk.last_place.forget)
        # Who answers at once is not kept waiting by a reading that has just begun.
        QTimer.singleShot(AHEAD_AFTER_MS, bar, lambda: self._desk.opening.ahead.want(case))
        bar.setFocus(Qt.FocusReason.OtherFocusReason)

    def _case(self, case_id: str) -> Case | None:
        shelf = self._window.library.shelf
        return next((case for case in shelf.cases if case.id == case_id), None) if shelf is not None else None

    # --- what was open

    def _offer_what_was_open(self) -> None:
        left = self._desk.left_open.read()
        found = self._found(left) if left is not None else None
        if left is None or found is None:
            self._desk.left_open.forget()
            return
        what, go_on = found
        place = "Inspect" if left.workspace is Workspace.INSPECT else "Review"
        words = f"{what} was open in {place}. Go on there?"
        bar = GoOnBar(self._window.theme, words, "Open it again, looked at as it was", calm=True)
        self._show(bar, go_on, self._desk.left_open.forget)

    def _found(self, left: Left) -> tuple[str, Callable[[], None]] | None:
        """Return what was open in words, and what opens it; None where it is not there any more."""
        desk = self._desk
        if left.series is None:
            case = self._case(left.case)
            return None if case is None else (_named(case.title), lambda: self._open_case(case, left))
        row = desk.left_open.row(left.series)
        if row is None:
            return None
        study = desk.library.studies([row.study]).get(row.study)
        # Who looks on while a talk is prepared has no business with names.
        name, part = _named(series_title(row, study, masked=True)), part_title(row, study)
        return f"{name}, {part}," if part else name, lambda: self._open_series(row.id, left)

    def _open_case(self, case: Case, left: Left) -> None:
        self._desk.opening.open_case(case, partial(self._look, left))

    def _open_series(self, series: int, left: Left) -> None:
        opening = self._desk.opening

        def opened(_volume: Volume) -> None:
            opening.opened.disconnect(opened, missing_ok=True)
            self._look(left)

        opening.opened.connect(opened)
        self._desk.library.open_series(series)

    def _look(self, left: Left) -> None:
        """Look as it was looked at, where what was opened is what was open."""
        session, view = self._desk.session, left.view
        if session.view is None or session.view.series_uid != view.series_uid:
            return
        session.workspace = left.workspace
        session.view = evolve(view, comparison=Comparison.OFF)
        beside = self._desk.left_open.row(left.beside) if left.beside is not None else None
        if beside is not None:
            looked = LookedAt(view, left.beside_view, left.links)
            self._desk.comparing.open_as_before(self._desk.library.finder(beside.id), looked)

    # --- the bar

    def _show(self, bar: GoOnBar, accepted: Callable[[], None], declined: Callable[[], None]) -> None:
        def go_on() -> None:
            self._put_away()
            accepted()

        def decline() -> None:
            declined()
            self._put_away()
            self._window.library.take_keys()

        self.bar = bar
        bar.accepted.connect(go_on)
        bar.declined.connect(decline)
        bar.left.connect(self._window.library.take_keys)
        self._holder.insertWidget(0, bar)

    def _workspace_changed(self, new: Workspace, _old: Workspace) -> None:
        if new is not Workspace.LIBRARY:
            # Something else is done; what was cut off is no longer what matters.
            self._asked = True
            self._put_away()

    def _put_away(self) -> None:
        bar, self.bar = self.bar, None
        if bar is not None:
            bar.hide()
            bar.setParent(None)
            bar.deleteLater()


def _named(title: str) -> str:
    return "A scan" if title == MASKED else f"“{isolated(title)}”"
