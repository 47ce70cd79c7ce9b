"""In which order the slices of a series are read: outwards from what is looked at."""

from __future__ import annotations

import threading
import time


class ReadingOrder:
    """Gives every number of 0…count − 1 once, each time the one nearest to `focus`. Safe to use from any thread.

    Parameters
    ----------
    focus
        The slice wanted first; may be set anew while others are given.
    """

    def __init__(self, count: int, focus: int) -> None:
        self._lock = threading.Lock()
        self._given = bytearray(count)
        self._left = count
        self._free = threading.Event()
        self._free.set()
        self._free_again_s = 0.0
        self.focus = focus

    @property
    def focus(self) -> int:
        """The slice that those read next should lie around."""
        return self._focus

    @focus.setter
    def focus(self, focus: int) -> None:
        with self._lock:
            self._focus = min(max(focus, 0), max(len(self._given) - 1, 0))
            self._below, self._above = self._focus - 1, self._focus

    def hold(self, most_s: float) -> None:
        """Give no more slices until `go_on` is called, or so many seconds have passed."""
        self._free_again_s = time.monotonic() + most_s
        self._free.clear()

    def go_on(self) -> None:
        """Give slices again after `hold`."""
        self._free.set()

    def next(self) -> int | None:
        """Return the next slice to read, None when all were given; waits while they are held."""
        run = self.next_run(1)
        return run[0] if run else None

    def next_run(self, most: int) -> list[int]:
        """Return the next slice to read and those that follow on its side, `most` in all; none when all were given.

        Waits while they are held.
        """
        if not self._free.is_set():
            self._free.wait(max(0.0, self._free_again_s - time.monotonic()))
            self._free.set()
        with self._lock:
            if not self._left:
                return []
            given, count = self._given, len(self._given)
            while self._above < count and given[self._above]:
                self._above += 1
            while self._below >= 0 and given[self._below]:
                self._below -= 1
            upwards = self._above < count and (
                self._below < 0 or self._above - self._focus <= self._focus - self._below
            )
            run: list[int] = []
            k, towards = (self._above, 1) if upwards else (self._below, -1)
            while len(run) < most and 0 <= k < count and not given[k]:
                given[k] = 1
                run.append(k)
                k += towards
            self._left -= len(run)
            return run
