"""How fast the machine is that runs the tests, so that a limit on computing holds on a slow or busy one too."""

from __future__ import annotations

import time

# What the loop below takes on the machine on which the limits were chosen.
_LOOP_S = 0.05


class Effort:
    """What this process computes from now on, in seconds of the machine on which limits were chosen."""

    def __init__(self) -> None:
        self._slowness = slowness()
        self._began = time.process_time()

    def seconds(self) -> float:
        """Return what has been computed since; the same loop before and after tells how fast the machine is."""
        took = time.process_time() - self._began
        return took / max(self._slowness, slowness())


def slowness() -> float:
    """Return how many times longer than where limits were chosen a fixed loop takes now, at least 1."""
    began = time.process_time()
    total = 0
    for number in range(1_000_000):
        total += number
    return max(1.0, (time.process_time() - began) / _LOOP_S)
