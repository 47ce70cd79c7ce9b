"""How much memory there is, asked before anything large is read."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from viewer.domain.errors import TooLargeError
from viewer.io.inner_archives import forget

if TYPE_CHECKING:
    from collections.abc import Callable

_SHARE_OF_MEMORY = 0.7
_SHRINKS = (2, 3, 4, 6, 8)
_WITHOUT_KNOWING_BYTES = 16 << 30
_NO_LIMIT_BYTES = 1 << 60
# The limit, what is in use, and in memory.stat what could be dropped.
_GROUP_V2 = ("memory.max", "memory.current", "inactive_file")
_GROUP_V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def free_bytes() -> int:
    """Return how much memory can be had, or 16 GiB where the system does not say.

    A container, a service or a shell may be allowed less than the computer has.
    """
    if sys.platform != "linux":
        return _WITHOUT_KNOWING_BYTES
    said = (_available_bytes(), free_of_group_bytes(), _address_bytes())
    return max(0, min((count for count in said if count is not None), default=_WITHOUT_KNOWING_BYTES))


def _available_bytes() -> int | None:
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None


def free_of_group_bytes(groups: str = "/proc/self/cgroup", mounted: str = "/sys/fs/cgroup") -> int | None:
    """Return what is left of the least that this process's control groups allow; None where none sets a limit.

    Both versions are read (kernel documentation, cgroup-v2 "Memory" and cgroup-v1 "memory"). Files that are kept in
    memory only for speed do not count as used.
    """
    least: int | None = None
    try:
        with open(groups, encoding="utf-8") as lines:
            named = [line.rstrip("\n").split(":", 2) for line in lines]
    except OSError:
        return None
    for line in named:
        if len(line) != 3 or (line[1] and "memory" not in line[1].split(",")):
            continue
        root = os.path.join(mounted, "memory") if line[1] else mounted
        files = _GROUP_V1 if line[1] else _GROUP_V2
        below = line[2].strip("/")
        # Each group above sets a limit of its own; in a container the names are those outside of it.
        while True:
            left = _left_of_group(os.path.join(root, below), files)
            least = left if least is None else least if left is None else min(left, least)
            if not below:
                break
            below = os.path.dirname(below)
    return least


def _left_of_group(folder: str, files: tuple[str, str, str]) -> int | None:
    limit, used, kept = files
    try:
        with open(os.path.join(folder, limit), encoding="ascii") as text:
            most = int(text.read())
        with open(os.path.join(folder, used), encoding="ascii") as text:
            now = int(text.read())
        with open(os.path.join(folder, "memory.stat"), encoding="ascii") as lines:
            for_speed = next((int(line.split()[1]) for line in lines if line.startswith(f"{kept} ")), 0)
    except (OSError, ValueError, IndexError):
        return None
    return None if most >= _NO_LIMIT_BYTES else most - now + for_speed


def _address_bytes() -> int | None:
    """Return how much more this process may address (`ulimit -v`); None where that has no limit."""
    import resource

    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY:
        return None
    try:
        with open("/proc/self/statm", encoding="ascii") as numbers:
            return int(most) - int(numbers.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


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
    forget()
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
