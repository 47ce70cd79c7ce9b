"""What the system says of memory: how much can still be had, and how much a process holds.

Linux is asked through its files, for which nothing has to be loaded and which tell of control groups as well; other
systems through psutil.
"""

from __future__ import annotations

import os
import sys

_NO_LIMIT_BYTES = 1 << 60
# The limit, what is in use, and in memory.stat what could be dropped.
_GROUP_V2 = ("memory.max", "memory.current", "inactive_file")
_GROUP_V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_WITHOUT_KNOWING_BYTES = 16 << 30


def free_bytes() -> int:
    """Return how much memory can be had, or 16 GiB where the system does not say.

    A container, a service or a shell may be allowed less than the computer has.
    """
    if sys.platform == "linux":
        said = (_available_bytes(), free_of_group_bytes(), _address_bytes())
        return max(0, min((count for count in said if count is not None), default=_WITHOUT_KNOWING_BYTES))
    import psutil

    try:
        return int(psutil.virtual_memory().available)
    except (OSError, psutil.Error):
        return _WITHOUT_KNOWING_BYTES


def resident_bytes(pid: int | None = None) -> int:
    """Return how much memory a process has resident, this one by default; 0 where the system does not say."""
    if sys.platform == "linux":
        return _pages("self" if pid is None else str(pid), 1)
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except (OSError, psutil.Error):
        return 0


def private_bytes() -> int:
    """Return the private writable memory of this process, 0 where the system does not say. Linux alone is asked."""
    return _pages("self", 5) if sys.platform == "linux" else 0


def addressed_bytes() -> int:
    """Return how much this process addresses, 0 where the system does not say. Linux alone is asked."""
    return _pages("self", 0) if sys.platform == "linux" else 0


def _pages(process: str, column: int) -> int:
    """Return one number of Linux's /proc/PID/statm in bytes."""
    if sys.platform == "win32":
        return 0
    try:
        with open(f"/proc/{process}/statm", encoding="ascii") as numbers:
            return int(numbers.read().split()[column]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


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
    if sys.platform == "win32":
        return None
    import resource

    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    addressed = addressed_bytes()
    return None if most == resource.RLIM_INFINITY or not addressed else int(most) - addressed
