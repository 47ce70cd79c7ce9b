"""How much memory there is, asked before anything large is read."""

from __future__ import annotations

import os
import sys

from viewer.domain.errors import TooLargeError

_SHARE_OF_MEMORY = 0.7
_WITHOUT_KNOWING_BYTES = 16 << 30


def free_bytes() -> int:
    """Return how much memory can be had, or 16 GiB where the system does not say."""
    if sys.platform == "linux":
        try:
            with open("/proc/meminfo", encoding="ascii") as lines:
                for line in lines:
                    if line.startswith("MemAvailable:"):
                        return int(line.split()[1]) * 1024
        except (OSError, ValueError):
            pass
    return _WITHOUT_KNOWING_BYTES


def resident_bytes() -> int:
    """Return how much memory this process has resident, 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as numbers:
            return int(numbers.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def give_back() -> bool:
    """Give the system what this process has freed and its allocator still holds; return False where none can be asked.

    Big arrays that come and go leave holes, so that what is resident grows although what is in use does not. Of the
    allocators only glibc's has to be asked (malloc_trim); it takes some milliseconds.
    """
    if sys.platform != "linux":
        return False
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is None:
        return False
    trim(0)
    return True


def allowed_bytes() -> int:
    """Return how much memory one volume may take: 70 % of what is free."""
    return int(free_bytes() * _SHARE_OF_MEMORY)


def refuse_if_too_large(count: int, rows: int, columns: int, bytes_per_value: int) -> None:
    """Raise TooLargeError where an array would take more memory than it may."""
    needed, allowed = count * rows * columns * bytes_per_value, allowed_bytes()
    if needed > allowed:
        raise TooLargeError(too_large_words(needed, allowed), "Close other programs, or open a smaller series.")


def too_large_words(needed: int, allowed: int) -> str:
    """Return how much memory is needed and how much there is, as a sentence."""
    return f"The series needs {_size_words(needed)} of memory; {_size_words(allowed)} can be used."


def _size_words(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
