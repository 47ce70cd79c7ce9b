"""What lies in a folder and when it last changed, asked for as cheaply as can be, again and again."""

from __future__ import annotations

import contextlib
import os

_DEEPEST_FOLDER = 64


def folder_stamps(folder: str) -> dict[str, tuple[int, int]]:
    """Return size and time of change (ns) of every file below a folder, by path; links are not followed.

    What cannot be read is left out.

    Raises
    ------
    OSError
        Where the folder itself is not there or cannot be read.
    """
    root = os.path.realpath(folder)
    found: dict[str, tuple[int, int]] = {}
    waiting = [(root, 0)]
    while waiting:
        current, depth = waiting.pop()
        try:
            with os.scandir(current) as listing:
                for entry in listing:
                    if entry.is_dir(follow_symlinks=False):
                        if depth < _DEEPEST_FOLDER:
                            waiting.append((entry.path, depth + 1))
                    elif entry.is_file(follow_symlinks=False):
                        # What the listing itself says of a file that is being written is old on Windows.
                        with contextlib.suppress(OSError):
                            there = os.stat(entry.path)
                            found[entry.path] = (there.st_size, there.st_mtime_ns)
        except OSError:
            if current == root:
                raise
    return found
