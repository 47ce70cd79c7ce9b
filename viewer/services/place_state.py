"""How a place is that was opened once: there, not there, or closed to whoever runs the program."""

from __future__ import annotations

import errno
import os
import stat
from enum import StrEnum

_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ESTALE})


class PlaceState(StrEnum):
    """How a place is, as far as the program knows."""

    REMEMBERED = "remembered"
    CHECKING = "checking"
    CHECKED = "checked"
    GONE = "gone"
    CLOSED = "closed"

    @property
    def away(self) -> bool:
        """True where nothing of it can be opened now."""
        return self in (PlaceState.GONE, PlaceState.CLOSED)


def why_closed(error: OSError) -> str:
    """Return why a place that somebody looked at cannot be read; "" where it is not there."""
    return "" if error.errno in _GONE else error.strerror or type(error).__name__


def state_at(path: str) -> tuple[PlaceState, str]:
    """Return how a place is, and why where it is closed; REMEMBERED, where it can be read."""
    try:
        if stat.S_ISDIR(os.stat(path).st_mode):
            with os.scandir(path):
                pass
        elif not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        why = why_closed(error)
        return (PlaceState.CLOSED if why else PlaceState.GONE), why
    return PlaceState.REMEMBERED, ""
