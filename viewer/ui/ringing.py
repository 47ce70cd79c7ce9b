"""Timers that ring once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, SignalInstance

if TYPE_CHECKING:
    from collections.abc import Callable


def rings_once(parent: QObject, then: Callable[[], object] | SignalInstance, after_ms: int = 0) -> QTimer:
    """Return a timer that calls something so long after each start; started again before that, it begins anew."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(after_ms)
    timer.timeout.connect(then)
    return timer
