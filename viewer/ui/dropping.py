"""Folders and files that are dropped onto the window."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QEvent, QObject, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent

from viewer.domain.session import Workspace
from viewer.ui.drop_frame import DropFrame
from viewer.ui.messages import Message

if TYPE_CHECKING:
    from viewer.ui.main_window import MainWindow


# No name: it may be a patient's.
KEPT = "Dropped · open it after Esc"
KEPT_LATER = "What was dropped while presenting is not open yet."


class Drops(QObject):
    """Takes what is dragged over a window and has it opened.

    An audience sees nothing of it: what is dropped on the stage is offered once the stage is left.
    """

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
            files = any(map(_is_here, event.mimeData().urls()))
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
            paths = [_path_of(url) for url in event.mimeData().urls() if _is_here(url)]
            if paths and _leave_in_place(event):
                self._dropped(paths)
            return True
        return False

    @property
    def _on_stage(self) -> bool:
        return self._window.desk.session.workspace is Workspace.PRESENT

    def _dropped(self, paths: list[str]) -> None:
        open_it = partial(self._window.asking.dropped, paths)
        if self._on_stage:
            self._window.tell(Message(KEPT_LATER, calm=True, action="Open", act=open_it))
            self._window.stage.bar.show_note(KEPT)
        else:
            open_it()

    def _show(self, over: bool) -> None:
        self._over = over
        self._window.library.show_over(over)
        self._frame.show_over(over and not self._on_stage)


def _is_here(url: QUrl) -> bool:
    """Return True for a file of this computer; Windows reaches those of others by their names too.

    Elsewhere a path behind another computer's name would be looked for on this one.
    """
    if sys.platform == "win32":
        return url.isLocalFile()
    return url.isLocalFile() and url.host().lower() in ("", "localhost", os.uname().nodename.lower())


def _path_of(url: QUrl) -> str:
    """Return a local file's path; on POSIX by its bytes, which need not be text in any encoding."""
    if sys.platform == "win32":
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
