"""Tells that the computer has slept, or the program has stood still for so long that it may have."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_EVERY_MS = 2000
# Of two clocks one goes on while the computer sleeps; where neither does, the timer itself comes late.
SLEPT_S = 3.0
LATE_S = 20.0


class Waking(QObject):
    """Looks at the clocks every two seconds; `woke` is emitted once after each sleep.

    A clock that somebody sets looks the same; then only pictures are made anew.
    """

    woke = Signal()

    def __init__(
        self,
        parent: QObject | None = None,
        steady: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(parent)
        self._steady, self._wall = steady, wall
        self._last = (steady(), wall())
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Compare how far both clocks went since the last time."""
        now = (self._steady(), self._wall())
        steady, wall = (after - before for after, before in zip(now, self._last, strict=True))
        self._last = now
        if wall - steady > SLEPT_S or steady > LATE_S:
            self.woke.emit()
