"""What lies in a folder and when it last changed, asked for as cheaply as can be, again and again."""

from __future__ import annotations

import contextlib
import os

_DEEPEST_FOLDER = 64


Stamp = tuple[int, ...]


def folder_stamps(folder: str) -> dict[str, Stamp]:
    """Return what tells that a file has changed for every file below a folder, by path: its size and times in ns.

    These are the times of its content and of itself: a copy that keeps the former may be another content of the same
    size. Links are there with their own, and are not followed. What cannot be read is left out.

    Raises
    ------
    OSError
        Where the folder itself is not there or cannot be read.
    """
    root = os.path.realpath(folder)
    found: dict[str, Stamp] = {}
    waiting = [(root, 0)]
    while waiting:
        current, depth = waiting.pop()
        try:
            with os.scandir(current) as listing:
                for entry in listing:
                    if entry.is_dir(follow_symlinks=False):
                        if depth < _DEEPEST_FOLDER:
                            waiting.append((entry.path, depth + 1))
                    elif entry.is_file(follow_symlinks=False) or entry.is_symlink():
                        # What the listing itself says of a file that is being written is old on Windows.
                        with contextlib.suppress(OSError):
                            there = os.lstat(entry.path)
                            found[entry.path] = (there.st_size, there.st_mtime_ns, there.st_ctime_ns)
        except OSError:
            if current == root:
                raise
    return found
