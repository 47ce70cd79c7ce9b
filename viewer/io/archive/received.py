"""What lies on this computer from archives: under what names, how many objects and bytes, and its removal."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.domain.errors import StorageError
from viewer.io.expected_images import IMAGE_ENDING, NAME, withdrawn_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def name_of(uid: str) -> str:
    """Return the name that a UID gives a file or folder here."""
    return hashlib.sha256(uid.encode("ascii")).hexdigest()[:24]


def held_count(folder: Path) -> int:
    """Return how many objects lie in a folder of a study or series; 0 where it is not there.

    While some are still to come, those that the archive has withdrawn do not stand for them.
    """
    count = 0
    for entry in _files(folder):
        count += entry.name.endswith(IMAGE_ENDING)
        if entry.name == NAME:
            count -= withdrawn_of(Path(entry.path))
    return max(count, 0)


def folders_size(received: Path) -> int:
    """Return how many bytes all studies take."""
    size = 0
    for entry in _files(received):
        # What arrives in part is renamed or removed meanwhile.
        with suppress(FileNotFoundError):
            size += entry.stat(follow_symlinks=False).st_size
    return size


def remove_folders(received: Path, open_now: tuple[str, ...] = ()) -> None:
    """Remove the folder of each study, but for those that files which are open lie in.

    Raises
    ------
    StorageError
        When the file system refuses.
    """
    kept = {Path(file).relative_to(received).parts[0] for file in open_now if Path(file).is_relative_to(received)}
    try:
        with os.scandir(received) as found:
            studies = [entry for entry in found if entry.is_dir(follow_symlinks=False) and entry.name not in kept]
        for study in studies:
            shutil.rmtree(study.path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(
            "Not all of what was retrieved could be removed.",
            "Close other programs that use it, then try again.",
            error.strerror or "",
        ) from error


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            for entry in found:
                if entry.is_dir(follow_symlinks=False):
                    yield from _files(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    yield entry
    except FileNotFoundError:
        return
