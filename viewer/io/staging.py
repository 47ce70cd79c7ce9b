"""Folders in which something is made before it is moved to its place, by several programs at once."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from viewer.io.atomic_file import storage_error, sync_folder
from viewer.io.sole_writer import SoleWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BESIDE = ".casestage-making"
_LOCK = ".lock"
# Said by network drives that know no locks.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


@contextmanager
def staging(root: Path, left: Callable[[Path], object] = lambda _folder: None) -> Iterator[Path]:
    """Give an empty folder below another one, which is gone afterwards.

    What is in it then, and what programs left that were killed, is removed once `left` has seen it; what others are
    making just now stays. The system frees a program's lock when it ends; where there are no locks, all stays.

    Raises
    ------
    OSError
        When it cannot be made.
    """
    remove_left(root, left)
    folder, lock = _own(root)
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):
            left(folder)
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
        with contextlib.suppress(OSError):
            _lock_of(folder).unlink(missing_ok=True)
            root.rmdir()


@contextmanager
def made_beside(path: Path, what: str) -> Iterator[Path]:
    """Give a path at which a file is made that takes long; once it is whole it takes its place at `path`, durably.

    Where the body raises, `path` is as it was. What killed programs left in its folder is removed at once.

    Parameters
    ----------
    path
        The file to write.
    what
        What it is, for the error's sentence: "The film".

    Raises
    ------
    StorageError
        When the file system refuses.
    """
    try:
        with staging(path.absolute().parent / BESIDE) as aside:
            waiting = aside / path.name
            yield waiting
            with waiting.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(waiting, path)
            sync_folder(path.parent)
    except OSError as error:
        raise storage_error(what, error) from error


def _own(root: Path) -> tuple[Path, SoleWriter]:
    while True:
        root.mkdir(parents=True, exist_ok=True)
        folder = root / uuid.uuid4().hex[:12]
        lock = SoleWriter(_lock_of(folder))
        # Held before the folder is there; whoever cleans up, or takes the last out, may have come between.
        with contextlib.suppress(FileNotFoundError):
            if _taken(lock, without=True) and _lock_of(folder).exists():
                folder.mkdir()
                return folder, lock
        lock.release()


def _taken(lock: SoleWriter, *, without: bool) -> bool:
    """Return whether a lock is now ours; `without` where the file system knows no locks."""
    try:
        return lock.take()
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return without


def remove_left(root: Path, left: Callable[[Path], object] = lambda _folder: None) -> None:
    """Remove what programs left below a folder that were killed, once `left` has seen it.

    Raises
    ------
    OSError
        When it cannot be looked at.
    """
    there = sorted(root.iterdir()) if root.is_dir() else []
    for folder in dict.fromkeys(one.with_suffix("") if one.suffix == _LOCK else one for one in there):
        lock = SoleWriter(_lock_of(folder))
        if not _taken(lock, without=False):
            continue
        try:
            if folder.is_dir():
                left(folder)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            lock.release()
            with contextlib.suppress(OSError):
                _lock_of(folder).unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + _LOCK)
