"""How long a window takes to show the first image of a folder, and how long it stands still while the rest comes in.

`casestage bench` starts the program with CASESTAGE_BENCH set to "start" or "click"; the window then measures itself,
prints one line of JSON, and closes.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer

if TYPE_CHECKING:
    from viewer.domain.volume import SeriesFacts
    from viewer.ui.main_window import MainWindow

_TICK_MS = 4
_SETTLED_MS = 1500
_PAUSE_MS = 2000
_CLICKS = 6


class WindowTimes(QObject):
    """Watches a window open a folder.

    Parameters
    ----------
    folder
        What to open: at once in the mode "start", several times once the window is settled in the mode "click".
    """

    def __init__(self, window: MainWindow, folder: str, *, clicks: bool) -> None:
        super().__init__(window)
        self._window, self._folder = window, folder
        self._left = _CLICKS if clicks else 0
        self._clicks = clicks
        self._asked = self._seen = self._ticked = 0.0
        self._longest_ms = 0.0
        self._first_ms: list[float] = []
        self._stalls_ms: list[float] = []
        self._before: SeriesFacts | None = None
        window.canvas.installEventFilter(self)
        window.desk.opening.opened.connect(self._opened)
        self._ticks = QTimer(self)
        self._ticks.setTimerType(Qt.TimerType.PreciseTimer)
        self._ticks.setInterval(_TICK_MS)
        self._ticks.timeout.connect(self._tick)
        if clicks:
            QTimer.singleShot(_SETTLED_MS, self._click)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Note when the canvas has painted an image."""
        volume = self._window.desk.session.volume
        new = volume is not None and volume.series is not self._before
        if event.type() == QEvent.Type.Paint and not self._seen and new:
            # Painting goes on when this returns; what is queued now comes after it.
            QTimer.singleShot(0, self._painted)
        return super().eventFilter(watched, event)

    def _click(self) -> None:
        volume = self._window.desk.session.volume
        self._before = volume.series if volume is not None else None
        self._seen, self._longest_ms = 0.0, 0.0
        self._asked = self._ticked = time.monotonic()
        self._ticks.start()
        self._window.asking.dropped([self._folder])

    def _painted(self) -> None:
        if not self._seen:
            self._seen = time.monotonic()
            self._first_ms.append((self._seen - self._asked) * 1000)

    def _tick(self) -> None:
        now = time.monotonic()
        self._longest_ms = max(self._longest_ms, (now - self._ticked) * 1000 - _TICK_MS)
        self._ticked = now

    def _opened(self, _volume: object) -> None:
        self._ticks.stop()
        self._stalls_ms.append(self._longest_ms)
        self._left -= 1
        QTimer.singleShot(_PAUSE_MS, self._click if self._left > 0 else self._tell)

    def _tell(self) -> None:
        # The first click loads what later ones find loaded.
        first = self._first_ms[1:] if self._clicks else self._first_ms
        said = {"painted_at": self._seen, "first_ms": first, "stalls_ms": self._stalls_ms[1:]}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
        self._window.close()
