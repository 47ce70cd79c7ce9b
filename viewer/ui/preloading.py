"""What will be asked for next is made ready: the picked case, the next one of a kiosk, and the next two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from viewer.domain.session import Workspace
from viewer.ui.present.ahead import StepsAhead
from viewer.ui.ringing import rings_once

if TYPE_CHECKING:
    from viewer.ui.canvas import Canvas
    from viewer.ui.main_window import MainWindow

# A card that is only passed by is not read; nor is the first one while the window is still being made ready.
PICKED_MS = 800


class Preloading(QObject):
    """Looks ahead for one window; `connect` is called once it is built."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._desk = window, window.desk
        self._picked = rings_once(self, self._read_picked, PICKED_MS)

    def connect_to(self, stage: Canvas) -> None:
        """Follow the library and the stage."""
        StepsAhead(self._desk, stage)
        library = self._window.library
        library.case_picked.connect(self._picked.start)
        library.told.connect(lambda _words: self._picked.start())
        self._desk.session.workspace_changed.connect(lambda *_: self._picked.start())

    def _read_picked(self) -> None:
        opening, session = self._desk.opening, self._desk.session
        if session.workspace is not Workspace.LIBRARY or opening.running or not self._window.isVisible():
            return
        case = self._window.library.case_in_hand
        if case is not None and (session.case is None or session.case.id != case.id):
            opening.ahead.want(case)
