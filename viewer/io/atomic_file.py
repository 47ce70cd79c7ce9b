"""Files that are either the old or the new one, never half of each."""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from viewer.domain.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
# Beside a file until it is whole, and around what is made of several; not the note of images that an archive owes.
_UNFINISHED = re.compile(r"\.(?:.+\.)?[0-9a-f]{8}\.part|\.casestage-(?!expected$).+")
_FINISHED_OR_DEAD_S = 3600.0
# Linux takes 255 bytes, of which `unfinished_name` adds 15.
_LONGEST_NAME = 240
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}


def storage_error(what: str, error: OSError) -> StorageError:
    """Return the error to show when writing failed.

    Parameters
    ----------
    what
        What was being written, as the start of a sentence: "The findings". Without patient identity.
    error
        What the system said; its path goes nowhere, because a user's folder may bear a patient's name.
    """
    said = _first_said(error)
    reason = said.strerror or type(said).__name__
    if said.errno in _FULL:
        return StorageError(f"{what} could not be saved: the disk is full.", "Free some space, then try again.", reason)
    if said.errno in _FORBIDDEN:
        return StorageError(
            f"{what} could not be saved: the folder cannot be written to.",
            "Choose another folder, or ask for the right to write there.",
            reason,
        )
    return StorageError(f"{what} could not be saved.", "Check the disk and the folder, then try again.", reason)


def _first_said(error: OSError) -> OSError:
    """Return what the system said, where a library raised it again in words of its own (pydicom does)."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.errno is not None:
            return inner
        inner = inner.__cause__ or inner.__context__
    return error


def unfinished_name(of: str = "") -> str:
    """Return the name of a file or folder that is still being written, to become `of`; see `is_unfinished`."""
    return f".{of}{'.' if of else ''}{os.urandom(4).hex()}.part"


def is_unfinished(name: str) -> bool:
    """Return whether what has this name is still being written, or was left by a program that was killed meanwhile."""
    return _UNFINISHED.fullmatch(name) is not None


def remove_left(folder: Path, of: str = "") -> None:
    """Remove what killed programs left unfinished in a folder of the user's, as far as it can be.

    What was written to within the last hour stays: another program may be at it.

    Parameters
    ----------
    folder
        Where to look; not in the folders below.
    of
        What it was to become, as in `unfinished_name`.
    """
    name = re.compile(re.escape(f".{of}{'.' if of else ''}") + r"[0-9a-f]{8}\.part")
    with suppress(OSError):
        for left in folder.iterdir():
            if name.fullmatch(left.name) and time.time() - _last_written_s(left) > _FINISHED_OR_DEAD_S:
                remove_whole(left)


def remove_whole(left: Path) -> None:
    """Remove a file, or a folder with all that is in it, as far as it can be; of a link not what it leads to."""
    if left.is_dir() and not left.is_symlink():
        shutil.rmtree(left, ignore_errors=True)
        return
    with suppress(OSError):
        left.unlink(missing_ok=True)


def _last_written_s(left: Path) -> float:
    return max(part.lstat().st_mtime for part in (left, *left.rglob("*")))


def private_folder(folder: Path, what: str) -> None:
    """Make a folder, where it is missing, that its user alone may look into.

    Raises
    ------
    StorageError
        When the file system refuses; `what` is the start of its sentence: "The draft".
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix":
            folder.chmod(0o700)
    except OSError as error:
        raise storage_error(what, error) from error


@contextmanager
def replacing(path: Path, what: str) -> Iterator[Path]:
    """Give a temporary path beside `path`; once it is written it takes its place, durably.

    The folder is made where it is missing. Where the body raises, `path` is as it was, and what was made is gone again.

    Parameters
    ----------
    path
        The file to write.
    what
        What it is, for the error's sentence: "The findings".

    Raises
    ------
    StorageError
        When the file system refuses.
    """
    waiting = path.with_name(unfinished_name(path.name if len(os.fsencode(path.name)) <= _LONGEST_NAME else ""))
    missing = [folder for folder in path.absolute().parents if not os.path.lexists(folder)]
    replaced = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield waiting
        with waiting.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(waiting, path)
        replaced = True
        sync_folder(path.parent)
    except OSError as error:
        raise storage_error(what, error) from error
    finally:
        try:
            waiting.unlink(missing_ok=True)
        except OSError:
            # What stands in the way of removing it is what was reported already.
            pass
        if not replaced:
            _remove_empty(missing)


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders, the innermost first, as far as they hold nothing."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def write_atomically(path: Path, content: bytes, what: str) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    StorageError
        When the file system refuses; an older file is then still there.
    """
    with replacing(path, what) as waiting:
        waiting.write_bytes(content)


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable, where the system knows how (not Windows)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
