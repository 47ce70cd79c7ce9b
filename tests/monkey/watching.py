"""What goes wrong behind a window's back: faults nobody caught, warnings, names that get out, and standing still."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMessageLogContext, QObject, Qt, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QPainter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

LONGEST_STILL_S = 0.5
_TICK_MS = 10
# Qt paints a thousand widgets in another theme.
_KNOWN = ("app.setStyleSheet",)


class Faults(logging.Handler):
    """Collects what should not happen: exceptions of any thread, warnings of Qt and of the log, names that are drawn.

    Parameters
    ----------
    names
        What says who a patient is: never logged, and not drawn while `masked` returns True.
    """

    def __init__(self, names: tuple[str, ...], masked: Callable[[], bool]) -> None:
        super().__init__(logging.DEBUG)
        self.names, self._masked = names, masked
        self._found: list[str] = []
        sys.excepthook = self._uncaught
        sys.unraisablehook = lambda told: self.add("unraisable", "".join(_trace(told.exc_value)))
        threading.excepthook = lambda told: self.add("in a thread", "".join(_trace(told.exc_value)))
        qInstallMessageHandler(self._qt)
        logging.getLogger().addHandler(self)
        logging.captureWarnings(True)
        _watch_painting(self._drawn)

    def add(self, kind: str, words: str) -> None:
        """Note a fault."""
        self._found.append(f"{kind}: {words}")

    def take(self) -> list[str]:
        """Return what was found since the last time."""
        found, self._found = self._found, []
        return found

    def named(self, words: str) -> bool:
        """Return whether words say who a patient is."""
        low = words.lower()
        return any(name in low for name in self.names)

    def emit(self, record: logging.LogRecord) -> None:
        """Look at what is logged."""
        words = record.getMessage()
        if self.named(words):
            self.add("a name in the log", words)
        if record.levelno >= logging.WARNING:
            self.add("logged", f"{record.name}: {words}")

    def _uncaught(self, _kind: type[BaseException], error: BaseException, _where: TracebackType | None) -> None:
        self.add("uncaught", "".join(_trace(error)))

    def _qt(self, kind: QtMsgType, where: QMessageLogContext, words: str) -> None:
        # What a menu does not take comes from the hands, not from the window.
        own = words.startswith("Keyboard event not accepted")
        if kind not in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) and not own:
            self.add("Qt", f"{words} ({where.category})\n{''.join(traceback.format_stack(limit=8))}")

    def _drawn(self, words: str) -> None:
        if self._masked() and self.named(words):
            self.add("a name on a masked screen", f"{words}\n{''.join(traceback.format_stack(limit=6))}")


def _trace(error: BaseException | None) -> list[str]:
    return traceback.format_exception(error) if error is not None else ["nothing"]


def _watch_painting(drawn: Callable[[str], None]) -> None:
    """Let every text that Python code draws be looked at."""
    draw = QPainter.drawText

    def looked_at(painter: QPainter, *what: Any) -> Any:
        for part in what:
            if isinstance(part, str):
                drawn(part)
        return draw(painter, *what)

    QPainter.drawText = looked_at


class Heart(QObject):
    """Beats with the event loop; where it stops for too long another thread notes what the main thread was doing."""

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self._faults = faults
        self._resting = 0
        self._main = threading.get_ident()
        self._cpu = time.pthread_getcpuclockid(self._main)
        self._ended = threading.Event()
        self._stack = ""
        self._beat()
        self._ticks = QTimer(self)
        self._ticks.setTimerType(Qt.TimerType.PreciseTimer)
        self._ticks.timeout.connect(self._tick)
        self._ticks.start(_TICK_MS)
        threading.Thread(target=self._watch, name="heart", daemon=True).start()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Let the main thread do something that is nothing of the program's."""
        self._resting += 1
        yield
        self._beat()
        self._resting -= 1

    def stop(self) -> None:
        """Stop watching."""
        self._ended.set()
        self._ticks.stop()

    def _beat(self) -> None:
        self._last, self._last_cpu = time.perf_counter(), time.clock_gettime(self._cpu)
        self._last_all = time.process_time()

    def _tick(self) -> None:
        still, cpu = time.perf_counter() - self._last, time.clock_gettime(self._cpu) - self._last_cpu
        everything = time.process_time() - self._last_all
        # Else the computer had something else to do.
        at_work = cpu > still / 2 and not any(known in self._stack for known in _KNOWN)
        if still > LONGEST_STILL_S and at_work and not self._resting:
            words = f"{still:.2f} s, {cpu:.2f} s of them at work, all threads {everything:.2f} s"
            self._faults.add("stood still", f"{words}\n{self._stack}")
        self._stack = ""
        self._beat()

    def _watch(self) -> None:
        while not self._ended.wait(0.05):
            if not self._stack and not self._resting and time.perf_counter() - self._last > LONGEST_STILL_S * 0.7:
                frame = sys._current_frames().get(self._main)
                self._stack = "".join(traceback.format_stack(frame, limit=12)) if frame is not None else ""
