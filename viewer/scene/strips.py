"""Strips of a picture, made on more than one core."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# More threads wait for the interpreter rather than for the arithmetic.
_MOST_HELPING = 3


def make_strips(strips: Sequence[int], make: Callable[[int], None]) -> None:
    """Make each strip, with the help of threads that have nothing else to do; return once all are made.

    What the threads are busy with otherwise is not waited for: the caller makes all strips that none of them takes.

    Parameters
    ----------
    strips
        What `make` is called with, each once.
    make
        Makes one strip; called in several threads at once. What it raises is raised here.
    """
    untaken = iter(strips)

    def take() -> None:
        for strip in untaken:
            make(strip)

    helping = min(_most_helping(), len(strips) - 1)
    asked = [_helpers().submit(take) for _ in range(helping)]
    try:
        take()
    finally:
        ends = [one for one in asked if not one.cancel()]
        for one in ends:
            one.exception()
    for one in ends:
        one.result()


@lru_cache(maxsize=1)
def _most_helping() -> int:
    # The system is asked once: it opens a file for the answer.
    return min(_MOST_HELPING, (os.cpu_count() or 1) - 1)


@lru_cache(maxsize=1)
def _helpers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_MOST_HELPING, thread_name_prefix="strips")
