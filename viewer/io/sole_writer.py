"""One program writes, and the others learn which one it is."""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# The lock lies beyond the text, so that Windows lets others read who holds it.
_LOCKED_BYTE = 4096


class SoleWriter:
    """A lock file that the system frees when its process ends, also by `kill -9`: it cannot go stale.

    `holder` says who has it where `take` returned False, such as "process 4711 on mri-laptop".
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self.holder = ""

    @property
    def held(self) -> bool:
        """True where this process may write."""
        return self._file is not None

    def take(self) -> bool:
        """Return True where the lock is now ours.

        Raises
        ------
        OSError
            When the lock file cannot be made, as on a read-only disk, or the file system knows no locks.
        """
        if self._file is not None:
            return True
        file = self._path.open("ab+")
        try:
            locked = _lock(file)
        except OSError:
            file.close()
            raise
        if not locked:
            self.holder = _who(file)
            file.close()
            return False
        file.truncate(0)
        file.write(json.dumps({"process": os.getpid(), "computer": socket.gethostname()}).encode())
        file.flush()
        self._file = file
        self.holder = ""
        return True

    def release(self) -> None:
        """Let others write."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _who(file: IO[bytes]) -> str:
    try:
        file.seek(0)
        said = json.loads(file.read(1024))
        return f"process {int(said['process'])} on {said['computer']}"
    except (OSError, ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return "another process"


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> bool:
        try:
            file.seek(_LOCKED_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
