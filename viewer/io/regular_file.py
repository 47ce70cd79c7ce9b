"""Files that can be read to their end, unlike pipes and devices, from which reading may never return."""

from __future__ import annotations

import errno
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def regular(path: Path) -> Path:
    """Return the path of a regular file, or of a link to one.

    Raises
    ------
    OSError
        When it is not there, or is a folder, a pipe or a device.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "Not a file", path.name)
    return path
