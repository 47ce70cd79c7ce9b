"""Ctrl+C, and the request of the system to end: both end the program as an exception that takes away what is half done.

Kept apart from the program's way in, whose compiled code has to stay small enough that it cannot be cut.
"""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_AGAIN_S = 0.05
_QT = frozenset({"PySide6", "shiboken6", "shibokensupport"})
_QT_WITHIN = ("shibokensupport", "signature_bootstrap")


def hear_the_end() -> Callable[[], bool]:
    """Raise KeyboardInterrupt from now on where the program is told to end; return what says whether it was."""
    told: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        told.append(number)
        if _loads_qt(frame):
            again = threading.Timer(_AGAIN_S, _come_again, (number,))
            again.daemon = True
            again.start()
            return
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Otherwise a shell asked it not to listen, as one in the background.
        signal.signal(signal.SIGINT, end)
    return lambda: bool(told)


def _come_again(number: int) -> None:
    main_thread = threading.main_thread().ident
    if sys.platform == "win32" or main_thread is None:
        signal.raise_signal(number)
    else:
        # It may be waiting for something, which a signal to this thread would not end.
        signal.pthread_kill(main_thread, number)


def _loads_qt(frame: FrameType | None) -> bool:
    """Return whether Qt is being loaded, which would end the whole program at an exception, with a long report."""
    while frame is not None:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package in _QT or frame.f_code.co_filename.startswith(_QT_WITHIN):
            return True
        frame = frame.f_back
    return False
