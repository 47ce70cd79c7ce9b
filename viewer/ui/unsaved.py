"""What could not be written is tried again by itself, and what was said of it is taken back once it is on disk."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from viewer.domain.errors import StorageError
from viewer.ui.messages import Message

if TYPE_CHECKING:
    from viewer.ui.main_window import MainWindow

RETRY_MS = 3000


class Unsaved(QObject):
    """Follows a window's decisions, measurements and drafts on their way to disk; made after what shows their failures.

    `may_go` asks once before what is not there would be lost.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._reviewing = window, window.desk.reviewing
        self._making, self._asked = window.desk.case_making, False
        self._said: Message | None = None
        self._again = QTimer(self)
        self._again.setInterval(RETRY_MS)
        self._again.timeout.connect(self._retry)
        self._making.failed.connect(self._draft_failed)
        for reviewing in (window.desk.reviewing, window.desk.other.reviewing):
            reviewing.failed.connect(self._failed)
            reviewing.saved.connect(self._saved)

    def _failed(self, error: object) -> None:
        if error is self._reviewing.writes.why:
            self._said = self._window.messages.message
            self._again.start()

    def may_go(self) -> bool:
        """Return whether the window may close: all is on disk, or it was said what is not."""
        if self._asked:
            return True
        if self._reviewing.unsaved:
            self._reviewing.retry()
        self._retry_drafts()
        waiting = [self._reviewing.writes.waiting_words, "the draft of a case" if self._making.kept.unsaved else ""]
        words = " and ".join(filter(None, waiting))
        if words:
            self._asked = True
            told = f"Not on disk yet: {words}."
            self._window.tell(Message(told, "Make room on the disk and wait a moment, or close again to lose them."))
        return not words

    def _draft_failed(self, _error: object) -> None:
        if self._making.kept.unsaved:
            self._said = self._window.messages.message
            self._again.start()

    def _retry_drafts(self) -> None:
        with suppress(StorageError):
            self._making.kept.retry()

    def _retry(self) -> None:
        before = self._making.kept.unsaved
        self._retry_drafts()
        if self._reviewing.unsaved:
            self._reviewing.retry(quietly=True)
        elif before and not self._making.kept.unsaved:
            self._saved(None)

    def _saved(self, _when: object) -> None:
        if self._making.kept.unsaved:
            return
        self._again.stop()
        self._asked = False
        said, self._said = self._said, None
        if said is None:
            return
        shown = self._window.messages.message is said
        self._window.messages.withdraw(said)
        if shown:
            # In its place: a strip that goes moves everything below it.
            self._window.tell(Message("What was not on disk is written now.", calm=True))
