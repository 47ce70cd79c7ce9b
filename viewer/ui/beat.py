"""What happens in a window again and again: frames while something moves, and commands that follow what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtWidgets import QWidget

    from viewer.domain.view_state import ViewState
    from viewer.services.desk import Desk

FRAME_MS = 16
REFRESH_MS, REFRESH_AT_LEAST_EVERY_MS = 60, 400
_NO_MORE = object()


class Beat(QObject):
    """Moves what the desk moves, and brings commands up to date.

    Parameters
    ----------
    refreshed_in_parts
        Brings the commands up to date, some at each step.
    """

    def __init__(self, window: QWidget, desk: Desk, refreshed_in_parts: Callable[[], Iterator[None]]) -> None:
        super().__init__(window)
        self._desk = desk
        self._refreshed_in_parts = refreshed_in_parts
        self._left: Iterator[None] = iter(())
        self._frames = QTimer(self)
        self._frames.setTimerType(Qt.TimerType.PreciseTimer)
        self._frames.setInterval(FRAME_MS)
        self._frames.timeout.connect(self._frame)
        self._refresh, self._later, self._parts = QTimer(self), QTimer(self), QTimer(self)
        for timer in (self._refresh, self._later):
            timer.setSingleShot(True)
        self._refresh.timeout.connect(self._all)
        self._later.timeout.connect(self._begin)
        self._parts.timeout.connect(self._go_on)
        self._moving = QElapsedTimer()

    def frames_start(self) -> None:
        """Go on with what moves, frame by frame."""
        self._frames.start()

    def refresh_soon(self) -> None:
        """Bring the commands up to date before long: what they look at has changed."""
        self._refresh.start(0)

    def view_changed(self, new: ViewState | None, old: ViewState | None) -> None:
        """Bring the commands up to date: before long where another finding is in hand, else as the view moves."""
        if new is not None and old is not None and new.selected_finding == old.selected_finding:
            self.refresh_later()
        else:
            self.refresh_soon()

    def refresh_later(self) -> None:
        """Bring the commands up to date now and then while the view moves, and once more when it rests.

        Some at a time: a picture waits for no more of them.
        """
        if not self._later.isActive():
            self._moving.start()
        if not self._later.isActive() or self._moving.elapsed() < REFRESH_AT_LEAST_EVERY_MS:
            self._later.start(REFRESH_MS)

    def stop(self) -> None:
        """Let nothing happen any more."""
        for timer in (self._frames, self._refresh, self._later, self._parts):
            timer.stop()

    def _all(self) -> None:
        self._begin()
        while self._parts.isActive():
            self._go_on()

    def _begin(self) -> None:
        self._left = self._refreshed_in_parts()
        self._parts.start(0)

    def _go_on(self) -> None:
        if next(self._left, _NO_MORE) is _NO_MORE:
            self._parts.stop()

    def _frame(self) -> None:
        moving = [navigation.tick() for navigation in (self._desk.navigation, self._desk.other.navigation)]
        player = self._desk.player
        if not any([*moving, player.acting.tick(held=player.black)]):
            self._frames.stop()
