"""Folders and files that are dropped onto the window."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QEvent, QObject, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent

from viewer.ui.drop_frame import DropFrame

if TYPE_CHECKING:
    from viewer.ui.main_window import MainWindow


class Drops(QObject):
    """Takes what is dragged over a window and has it opened."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._over = False
        self._frame = DropFrame(window, window.theme)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Follow a drag from its coming to its end."""
        # Entering is a move of another type, and moves are drops of another type.
        if isinstance(event, QDragEnterEvent):
            # What is dragged is asked for once: whence it comes may take long to tell.
            files = any(url.isLocalFile() for url in event.mimeData().urls())
            self._show(files and _leave_in_place(event))
            return True
        if isinstance(event, QDragMoveEvent):
            if self._over:
                _leave_in_place(event)
            return True
        if event.type() == QEvent.Type.DragLeave:
            self._show(False)
            return True
        if event.type() == QEvent.Type.Drop and isinstance(event, QDropEvent):
            self._show(False)
            paths = [_path_of(url) for url in event.mimeData().urls() if url.isLocalFile()]
            if paths and _leave_in_place(event):
                self._window.asking.dropped(paths)
            return True
        return False

    def _show(self, over: bool) -> None:
        self._over = over
        self._window.library.show_over(over)
        self._frame.show_over(over)


def _path_of(url: QUrl) -> str:
    """Return a local file's path; on POSIX by its bytes, which need not be text in any encoding."""
    if os.name != "posix":
        return url.toLocalFile()
    encoded = url.path(QUrl.ComponentFormattingOption.FullyEncoded)
    return os.fsdecode(unquote_to_bytes(encoded))


def _leave_in_place(event: QDropEvent) -> bool:
    """Accept what is dropped as a copy or a link: where it comes from may remove what it believes to be moved."""
    for action in (Qt.DropAction.CopyAction, Qt.DropAction.LinkAction):
        if action in event.possibleActions():
            event.setDropAction(action)
            event.accept()
            return True
    return False
