"""What starting a process of the program's own needs."""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Start what is started here without ears for Ctrl+C, which a terminal sends to all processes of a command.

    Who asked ends the process; it would only complain besides.
    """
    if sys.platform == "win32":
        yield
        return
    from multiprocessing import resource_tracker  # slow to load, and not needed before the first process

    # It starts with the first process and would open the ears again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
