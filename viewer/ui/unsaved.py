"""What could not be written is tried again by itself, and what was said of it is taken back once it is on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from viewer.ui.messages import Message

if TYPE_CHECKING:
    from viewer.ui.main_window import MainWindow

RETRY_MS = 3000


class Unsaved(QObject):
    """Follows one window's decisions and measurements on their way to disk; made after what shows their failures."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._reviewing = window, window.desk.reviewing
        self._said: Message | None = None
        self._again = QTimer(self)
        self._again.setInterval(RETRY_MS)
        self._again.timeout.connect(lambda: self._reviewing.retry(quietly=True))
        for reviewing in (window.desk.reviewing, window.desk.other.reviewing):
            reviewing.failed.connect(self._failed)
            reviewing.saved.connect(self._saved)

    def _failed(self, error: object) -> None:
        if error is self._reviewing.writes.why:
            self._said = self._window.messages.message
            self._again.start()

    def _saved(self, _when: object) -> None:
        self._again.stop()
        said, self._said = self._said, None
        if said is None:
            return
        shown = self._window.messages.message is said
        self._window.messages.withdraw(said)
        if shown:
            # In its place: a strip that goes moves everything below it.
            self._window.tell(Message("What was not on disk is written now.", calm=True))
