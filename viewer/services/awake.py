"""Keeps the screen from sleeping, and notifications from showing where the desktop lets a program ask for that.

All of it happens in a thread of its own: a desktop that answers late does not hold up a step. What cannot be had is
written into the log and said nowhere else. Windows and macOS are written by their documentation and were not tried.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import logging
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from viewer.io.program import NAME
from viewer.io.session_bus import BusError, Remote, SessionBus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_log = logging.getLogger(__name__)

REASON = "Presenting"
MAY_SLEEP = "the screen may sleep while presenting: %s"
_KEEP_IDLE = 8
_SCREEN_SAVER = Remote("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver")
_PORTAL = Remote("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Inhibit")
_NOTIFICATIONS = Remote(
    "org.freedesktop.Notifications", "/org/freedesktop/Notifications", "org.freedesktop.Notifications"
)


class Awake:
    """Keeps the screen awake from `begin` to `end`; both return at once and may be called twice.

    Parameters
    ----------
    hold
        Asks the system; gives one by one what undoes it. None asks the system that this is.
    """

    def __init__(self, hold: Callable[[], Iterator[Callable[[], object]]] | None = None) -> None:
        self._hold = hold or _hold_here
        self._let_go: threading.Event | None = None
        self._thread: threading.Thread | None = None

    @property
    def on(self) -> bool:
        """True between `begin` and `end`."""
        return self._let_go is not None

    def begin(self) -> None:
        """Ask that the screen stays on."""
        if self._let_go is not None:
            return
        self._let_go = threading.Event()
        self._thread = threading.Thread(target=self._keep, args=(self._let_go,), name="awake", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Let the screen sleep again."""
        if self._let_go is not None:
            self._let_go.set()
            self._let_go = None

    def wait(self, seconds: float) -> None:
        """Wait until the system was told of the end, at most so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _keep(self, let_go: threading.Event) -> None:
        undo: list[Callable[[], object]] = []
        try:
            for step in self._hold():
                undo.append(step)
        except Exception as error:  # noqa: BLE001 (nothing that a desktop does may reach the stage)
            _log.info(MAY_SLEEP, error if isinstance(error, BusError) else type(error).__name__)
        let_go.wait()
        for each in reversed(undo):
            with suppress(Exception):
                each()


def _hold_here() -> Iterator[Callable[[], object]]:
    if sys.platform == "win32":
        return _hold_windows()
    if sys.platform == "darwin":
        return _hold_macos()
    return _hold_desktop()


def _hold_desktop() -> Iterator[Callable[[], object]]:
    """Ask the screen saver, else the portal; each lets go when the connection ends."""
    bus = SessionBus()
    yield bus.close
    try:
        bus.call(_SCREEN_SAVER, "Inhibit", "ss", NAME, REASON)
    except BusError:
        try:
            bus.call(_PORTAL, "Inhibit", "su{}", "", _KEEP_IDLE)
        except BusError as error:
            _log.info(MAY_SLEEP, error)
    # Not part of the standard: desktops that can say so ("inhibitions").
    abilities = bus.call(_NOTIFICATIONS, "GetCapabilities")
    if isinstance(abilities, tuple) and "inhibitions" in abilities:
        bus.call(_NOTIFICATIONS, "Inhibit", "ss{}", "casestage", REASON)
    else:
        _log.info("this desktop lets no program hold notifications back")


def _hold_windows() -> Iterator[Callable[[], object]]:
    """SetThreadExecutionState holds for the thread that asks, which is why this one stays."""
    continuous, system, display = 0x80000000, 0x00000001, 0x00000002
    kernel = ctypes.CDLL("kernel32")
    kernel.SetThreadExecutionState(ctypes.c_uint(continuous | system | display))
    yield lambda: kernel.SetThreadExecutionState(ctypes.c_uint(continuous))


def _hold_macos() -> Iterator[Callable[[], object]]:
    """IOPMAssertionCreateWithName (IOKit, pwr_mgt/IOPMLib.h) with kIOPMAssertionTypePreventUserIdleDisplaySleep."""
    kit = ctypes.CDLL(ctypes.util.find_library("IOKit") or "IOKit")
    foundation = ctypes.CDLL(ctypes.util.find_library("CoreFoundation") or "CoreFoundation")
    foundation.CFStringCreateWithCString.restype = ctypes.c_void_p
    foundation.CFStringCreateWithCString.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint32)

    def text(words: str) -> ctypes.c_void_p:
        return ctypes.c_void_p(foundation.CFStringCreateWithCString(None, words.encode(), 0x08000100))

    number = ctypes.c_uint32(0)
    kind, why = text("PreventUserIdleDisplaySleep"), text(f"{NAME}: {REASON}")
    if kit.IOPMAssertionCreateWithName(kind, ctypes.c_uint32(255), why, ctypes.byref(number)) == 0:
        yield lambda: kit.IOPMAssertionRelease(number)
