"""A private folder for copies that this process needs for a while, and the removal of those that others left behind."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from viewer.io.sole_writer import SoleWriter

_PREFIX = "casestage-journal-"
_LOCK = ".lock"


class Scratch:
    """A folder that is made when it is first asked for, readable for its user alone.

    A lock beside it is freed by the system when the process ends, also by `kill -9`: a folder whose lock nobody holds
    was left behind.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._holder: SoleWriter | None = None

    @property
    def folder(self) -> Path:
        """The folder.

        Raises
        ------
        OSError
            When it cannot be made.
        """
        if self._folder is None:
            lock = self._locked()
            folder = lock.with_suffix("")
            folder.mkdir(mode=0o700)
            self._folder = folder
        return self._folder

    def close(self) -> None:
        """Remove it with all that is in it."""
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        if self._holder is not None:
            self._holder.release()
            self._holder = None
        if folder is not None:
            _lock_of(folder).unlink(missing_ok=True)

    def _locked(self) -> Path:
        """Return a lock that is held before its folder is there, so that nobody takes that for left behind."""
        while True:
            number, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_LOCK)
            os.close(number)
            lock, holder = Path(name), SoleWriter(Path(name))
            # Whoever cleans up may have come between.
            if holder.take() and lock.exists():
                self._holder = holder
                return lock
            holder.release()


def remove_left_behind() -> int:
    """Return how many folders of processes that are gone were removed; those of others who live stay."""
    removed = 0
    try:
        with os.scandir(tempfile.gettempdir()) as entries:
            names = {
                Path(entry.path).with_suffix("") for entry in entries if entry.name.startswith(_PREFIX) and _ours(entry)
            }
    except OSError:
        return 0
    for folder in names:
        lock = _lock_of(folder)
        holder = SoleWriter(lock)
        try:
            if not holder.take():
                continue
            removed += folder.is_dir()
            shutil.rmtree(folder, ignore_errors=True)
            holder.release()
            lock.unlink(missing_ok=True)
        except OSError:
            continue
    return removed


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + _LOCK)


def _ours(entry: os.DirEntry[str]) -> bool:
    """Return whether it is this user's, and no link: anybody may put something into the folder for temporary files."""
    if entry.is_symlink():
        return False
    return not hasattr(os, "getuid") or entry.stat(follow_symlinks=False).st_uid == os.getuid()
