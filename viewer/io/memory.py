"""How much memory a volume may take, asked before anything large is read, and memory that is given back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from viewer.domain.errors import TooLargeError
from viewer.io.inner_archives import forget
from viewer.io.system_memory import free_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

_SHARE_OF_MEMORY = 0.7
_SHRINKS = (2, 3, 4, 6, 8)
# Of glibc (malloc.h). What is larger than pictures of a screen goes back as soon as it is freed.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_AT_MOST = 8 << 20


def give_back() -> bool:
    """Give the system what this process has freed and its allocator still holds; return False where none can be asked.

    Big arrays that come and go leave holes, so that what is resident grows although what is in use does not. Of the
    allocators only glibc's has to be asked (malloc_trim); it takes some milliseconds.
    """
    forget()
    libc = _glibc()
    if libc is None:
        return False
    libc.malloc_trim(0)
    return True


def keep_little() -> bool:
    """Let this process keep less of what it frees from now on; return False where the allocator cannot be told.

    Once an array of a few dozen megabytes was freed, glibc's keeps one as large for each thread that made any, which
    nothing gives back.
    """
    libc = _glibc()
    return libc is not None and all(
        libc.mallopt(threshold, _KEPT_AT_MOST) for threshold in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD)
    )


def _glibc() -> Any:
    """Return the C library as ctypes sees it, None where it is another one than glibc."""
    if sys.platform != "linux":
        return None
    import ctypes

    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") else None


def allowed_bytes() -> int:
    """Return how much memory one volume may take: 70 % of what is free."""
    return int(free_bytes() * _SHARE_OF_MEMORY)


def refuse_or_offer_smaller(needed: Callable[[int], int], shrink: int, size_ij: tuple[int, int]) -> None:
    """Raise TooLargeError where a volume would take more memory than it may, saying how much smaller it would fit.

    `needed` gives how many bytes it takes where each pixel is the mean of so many by so many; `shrink` is what it
    would be read with, `size_ij` how many pixels a slice has.
    """
    wanted, allowed = needed(shrink), allowed_bytes()
    if wanted <= allowed:
        return
    smaller = next((by for by in _SHRINKS if shrink < by <= min(size_ij) and needed(by) <= allowed), 0)
    hint = f"It would fit at 1/{smaller} of its resolution." if smaller else "Close other programs."
    raise TooLargeError(too_large_words(wanted, allowed), hint, shrink=smaller)


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


def shrunk_words(shrink: int) -> str:
    """Return what is said of a volume that was read smaller than it is."""
    return f"Each pixel is the mean of {shrink} × {shrink}, because all would not fit into memory."
