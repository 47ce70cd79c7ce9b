"""The window's part in going on: the bar above the library, once the cases are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer

from viewer.domain.session import Workspace
from viewer.ui.library.go_on_bar import GoOnBar

if TYPE_CHECKING:
    from PySide6.QtWidgets import QVBoxLayout

    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow


AHEAD_AFTER_MS = 300


class GoOnHere:
    """Offers once per start what was being presented; `connect` is called once the window is built.

    `holder` is where the bar is put.
    """

    def __init__(self, window: MainWindow, holder: QVBoxLayout) -> None:
        self._window, self._desk = window, window.desk
        self._holder = holder
        self._asked = self._desk.last_place.left is None
        self.bar: GoOnBar | None = None

    def connect(self) -> None:
        """Wait for the cases."""
        if self._asked:
            return
        self._window.library.told.connect(self._offer)
        self._desk.session.workspace_changed.connect(self._workspace_changed)
        self._offer()

    def _offer(self, *_: object) -> None:
        left, shelf = self._desk.last_place.left, self._window.library.shelf
        if self._asked or left is None or shelf is None or self._desk.session.workspace is not Workspace.LIBRARY:
            return
        self._asked = True
        case = next((case for case in shelf.cases if case.id == left.case_id), None)
        if case is None or left.step >= len(case.steps):
            self._desk.last_place.forget()
            return
        words = f"Presenting was cut off. Go on with step {left.step + 1} of “{case.title}”?"
        bar = self.bar = GoOnBar(self._window.theme, words)
        bar.accepted.connect(lambda: self._go_on(case, left.step))
        bar.declined.connect(self._decline)
        bar.left.connect(self._window.library.take_keys)
        self._holder.insertWidget(0, bar)
        # Who answers at once is not kept waiting by a reading that has just begun.
        QTimer.singleShot(AHEAD_AFTER_MS, bar, lambda: self._desk.opening.ahead.want(case))
        bar.setFocus(Qt.FocusReason.OtherFocusReason)

    def _go_on(self, case: Case, step: int) -> None:
        self._put_away()
        self._window.open_case(case, step)

    def _decline(self) -> None:
        self._desk.last_place.forget()
        self._put_away()
        self._window.library.take_keys()

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
