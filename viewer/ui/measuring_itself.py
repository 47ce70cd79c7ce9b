"""A window that measures itself for `casestage bench`: it does what people do, prints one line of JSON, and closes."""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication

from viewer.io.system_memory import resident_bytes
from viewer.ui.when_painted import when_painted

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.ui.main_window import MainWindow


class MeasuringItself(QObject):
    """Measures so many ms after the window was first painted; `_told` does it and returns what is printed."""

    def __init__(self, window: MainWindow, *, after_ms: int = 500) -> None:
        super().__init__(window)
        self._window = window
        when_painted(window, lambda: QTimer.singleShot(after_ms, self._measure))

    def _measure(self) -> None:
        # Whatever happens, whoever started the program does not wait for it in vain.
        try:
            sys.stdout.write(json.dumps(self._told()) + "\n")
            sys.stdout.flush()
        finally:
            self._close()

    def _told(self) -> dict[str, object]:
        raise NotImplementedError

    def _close(self) -> None:
        self._window.close()


def wait_until(there: Callable[[], bool], limit_s: float = 60.0) -> bool:
    """Run the event loop until something is so; return False where it was not in time."""
    end = time.perf_counter() + limit_s
    while not there():
        if time.perf_counter() > end:
            return False
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)
        time.sleep(0.001)
    return True


def pass_time(seconds: float) -> None:
    """Run the event loop for so long."""
    end = time.perf_counter() + seconds
    wait_until(lambda: time.perf_counter() > end, seconds + 1.0)


def kept_bytes() -> int:
    """Return how much memory the program keeps once what nobody refers to is gone."""
    gc.collect()
    return resident_bytes()
