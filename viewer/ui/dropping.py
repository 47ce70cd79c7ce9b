"""Folders and files that are dropped onto the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QDragEnterEvent, QDropEvent

if TYPE_CHECKING:
    from viewer.ui.main_window import MainWindow


class Drops(QObject):
    """Takes what is dragged over a window and has it opened."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Follow a drag from its coming to its end."""
        if isinstance(event, QDragEnterEvent):
            if any(url.isLocalFile() for url in event.mimeData().urls()):
                event.acceptProposedAction()
                self._window.library.show_over(True)
            return True
        if event.type() == QEvent.Type.DragLeave:
            self._window.library.show_over(False)
            return True
        # Moves over the window are drops of another type.
        if event.type() == QEvent.Type.Drop and isinstance(event, QDropEvent):
            self._window.library.show_over(False)
            paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
            if paths:
                event.acceptProposedAction()
                self._window.asking.dropped(paths)
            return True
        return False
