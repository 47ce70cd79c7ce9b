"""The files to look at below a folder, in an archive, or that a DICOMDIR lists, and why others are left out."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from viewer.io.atomic_file import is_unfinished
from viewer.io.expected_images import NAME, lacking
from viewer.io.file_bytes import FilePlace
from viewer.io.series_entry import Skipped
from viewer.io.zip_archive import is_archive_name, members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.domain.job import JobContext

_DEEPEST_FOLDER = 64
_UNFINISHED = "CaseStage is still writing this, or was ended while it wrote it."


class NamesBelow:
    """Paths of files below a folder; both by where they really are, for either may be reached by a link.

    Each folder is looked up once, which takes far longer than a look at a small file.
    """

    def __init__(self, root: str) -> None:
        self._root = os.path.realpath(root)
        self._folders: dict[str, tuple[str, str]] = {}

    def of(self, name: str) -> str:
        """Return a file's path below the folder."""
        folder, file = os.path.split(name)
        if folder not in self._folders:
            there = os.path.realpath(folder)
            self._folders[folder] = (there, os.path.relpath(there, self._root))
        there, below = self._folders[folder]
        if file in ("", os.curdir, os.pardir) or below.split(os.sep, 1)[0] == os.pardir:
            # Such a path may lead back into the folder, or be the folder itself.
            return os.path.relpath(os.path.join(there, file), self._root)
        return file if below == os.curdir else os.path.join(below, file)


def name_below(root: str, name: str) -> str:
    """Return a file's path below a folder; see `NamesBelow`, which is quicker for many."""
    return NamesBelow(root).of(name)


def inside(root: str, path: str) -> bool:
    """Return True where a path, all links followed, lies in a folder (given without links)."""
    target = os.path.realpath(path)
    return target == root or target.startswith(root.rstrip(os.sep) + os.sep)


def files_below(folder: str, skipped: list[Skipped], ctx: JobContext) -> Iterator[FilePlace]:
    """Yield regular files below a folder and what its archives hold, by name, each folder and file once.

    Links are followed only inside the folder.

    Raises
    ------
    CancelledError
        When the work was cancelled.
    """
    root = os.path.realpath(folder)
    names = NamesBelow(root)
    seen: set[tuple[int, int]] = set()
    waiting = [(root, 0)]
    while waiting:
        current, depth = waiting.pop()
        ctx.stop_if_cancelled()
        try:
            there = os.stat(current)
            if (there.st_dev, there.st_ino) in seen and there.st_ino:
                continue
            seen.add((there.st_dev, there.st_ino))
            with os.scandir(current) as listing:
                entries = sorted(listing, key=lambda e: e.name)
        except OSError as error:
            skipped.append(Skipped(names.of(current), f"The folder cannot be read ({error.strerror})."))
            continue
        folders = []
        if any(entry.name == NAME for entry in entries):
            lack = lacking(current, (entry.name for entry in entries), names.of(current))
            skipped += [lack] if lack is not None else []
            entries = [entry for entry in entries if entry.name != NAME]
        skipped += [Skipped(names.of(entry.path), _UNFINISHED) for entry in entries if is_unfinished(entry.name)]
        entries = [entry for entry in entries if not is_unfinished(entry.name)]
        for entry in entries:
            try:
                if entry.is_symlink() and not inside(root, entry.path):
                    skipped.append(_unseen(names, entry.path, "A link that leads out of the folder."))
                elif entry.is_dir():
                    folders.append((entry.path, depth + 1))
                elif entry.is_file():
                    if entry.is_symlink():
                        target = entry.stat()
                        if (target.st_dev, target.st_ino) in seen:
                            continue
                        seen.add((target.st_dev, target.st_ino))
                    if is_archive_name(entry.name):
                        yield from members(entry.path, root, skipped)
                    else:
                        yield FilePlace(entry.path)
                elif not stat.S_ISDIR(entry.stat(follow_symlinks=False).st_mode):
                    skipped.append(_unseen(names, entry.path, "Not a file that can be read."))
            except OSError as error:
                skipped.append(_unseen(names, entry.path, f"Cannot be read ({error.strerror})."))
        if depth < _DEEPEST_FOLDER:
            waiting += reversed(folders)
        else:
            why = f"Lies more than {_DEEPEST_FOLDER} folders deep; open it by itself."
            skipped += [Skipped(names.of(deeper), why) for deeper, _ in folders]


def _unseen(names: NamesBelow, path: str, why: str) -> Skipped:
    """Return that nobody looked at what is called as images may be."""
    return Skipped(names.of(path), why, unseen=path)
