"""How long the window answers nothing while slow pictures are made: a figure that the bench prints."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import QCoreApplication, Qt, QTimer

from viewer.domain.session import Session, Workspace
from viewer.scene.plane_timing import obliquely
from viewer.scene.timing import Times
from viewer.ui.canvas import Canvas
from viewer.ui.snapshot import ensure_application
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from viewer.domain.volume import Volume

_TICK_MS = 2
_FIRST_S, _EACH_S = 3.0, 2.0


class _Watch:
    """Notes the longest time between two ticks of a timer."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self._longest_s = 0.0
        self._ticks = QTimer()
        self._ticks.setTimerType(Qt.TimerType.PreciseTimer)
        self._ticks.setInterval(_TICK_MS)
        self._ticks.timeout.connect(self._tick)
        self._ticks.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self._longest_s = max(self._longest_s, now - self._last)
        self._last = now

    def over(self, seconds: float) -> float:
        """Let the application run for a while, and return the longest time for which it answered nothing."""
        self._longest_s, self._last = 0.0, time.perf_counter()
        end = self._last + seconds
        while time.perf_counter() < end:
            QCoreApplication.processEvents()
            time.sleep(0.0005)
        return self._longest_s


def longest_stall(volume: Volume, *, times: int = 4, size: tuple[int, int] = (1400, 900)) -> Times:
    """Return for how long a canvas with three oblique slabs answers nothing while it comes to rest.

    `p95_ms` is the longest of so many times. What is loaded with the first picture does not count.
    """
    ensure_application()
    session = Session()
    session.workspace = Workspace.REVIEW
    session.volume = volume
    session.view = obliquely(volume, 10.0)
    canvas = Canvas(session, Theme(), None)
    try:
        canvas.resize(*size)
        canvas.show()
        watch = _Watch()
        watch.over(_FIRST_S)
        stalls = []
        for _ in range(times):
            x, y, z = session.view.cursor_lps_mm
            session.view = evolve(session.view, cursor_lps_mm=(x, y, z - 3.0))
            stalls.append(watch.over(_EACH_S) * 1000)
    finally:
        canvas.close_scene()
        canvas.deleteLater()
    return Times(sorted(stalls)[len(stalls) // 2], max(stalls), len(stalls))
