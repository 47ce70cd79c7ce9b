"""What happens in a window again and again: frames while something moves, and commands that follow what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from viewer.services.desk import Desk

FRAME_MS = 16
REFRESH_MS, REFRESH_AT_LEAST_EVERY_MS = 60, 400


class Beat(QObject):
    """Moves what the desk moves, and brings commands up to date.

    Parameters
    ----------
    refresh
        Brings the commands up to date.
    """

    def __init__(self, window: QWidget, desk: Desk, refresh: Callable[[], None]) -> None:
        super().__init__(window)
        self._desk = desk
        self._frames = QTimer(self)
        self._frames.setTimerType(Qt.TimerType.PreciseTimer)
        self._frames.setInterval(FRAME_MS)
        self._frames.timeout.connect(self._frame)
        self._refresh, self._later = QTimer(self), QTimer(self)
        for timer in (self._refresh, self._later):
            timer.setSingleShot(True)
            timer.timeout.connect(refresh)
        self._moving = QElapsedTimer()

    def frames_start(self) -> None:
        """Go on with what moves, frame by frame."""
        self._frames.start()

    def refresh_soon(self) -> None:
        """Bring the commands up to date before long: what they look at has changed."""
        self._refresh.start(0)

    def refresh_later(self, *_: object) -> None:
        """Bring the commands up to date now and then while the view moves, and once more when it rests."""
        if not self._later.isActive():
            self._moving.start()
        if not self._later.isActive() or self._moving.elapsed() < REFRESH_AT_LEAST_EVERY_MS:
            self._later.start(REFRESH_MS)

    def stop(self) -> None:
        """Let nothing happen any more."""
        for timer in (self._frames, self._refresh, self._later):
            timer.stop()

    def _frame(self) -> None:
        moving = [navigation.tick() for navigation in (self._desk.navigation, self._desk.other.navigation)]
        player = self._desk.player
        if not any([*moving, player.acting.tick(held=player.black)]):
            self._frames.stop()
