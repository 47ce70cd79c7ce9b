"""How long the event loop stands still: nothing that a user does is answered meanwhile."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer

if TYPE_CHECKING:
    from collections.abc import Iterator

_TICK_MS = 4


class StallWatch(QObject):
    """Notes how late a timer of 4 ms comes; `longest_ms` is that of the last watch."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.longest_ms = 0.0
        self._ticked = 0.0
        self._ticks = QTimer(self)
        self._ticks.setTimerType(Qt.TimerType.PreciseTimer)
        self._ticks.setInterval(_TICK_MS)
        self._ticks.timeout.connect(self._tick)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch while something is done."""
        self.longest_ms, self._ticked = 0.0, time.perf_counter()
        self._ticks.start()
        yield
        self._tick()
        self._ticks.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest_ms = max(self.longest_ms, (now - self._ticked) * 1000 - _TICK_MS)
        self._ticked = now
