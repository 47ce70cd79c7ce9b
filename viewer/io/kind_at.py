"""What lies at a path that somebody named, or why nobody may look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.errors import NothingToOpenError

if TYPE_CHECKING:
    from pathlib import Path


def kind_at(path: Path) -> int:
    """Return the mode of what lies at a path, links followed.

    Raises
    ------
    NothingToOpenError
        Where nothing is there, or nobody may look: a folder on the way is closed, a share is gone.
    """
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise NothingToOpenError("There is no file or folder at this place.", "Check the path.", str(path)) from error
    except OSError as error:
        raise NothingToOpenError(
            f"This place cannot be looked at ({error.strerror}).",
            "Look whether its disk or network place is connected and may be read.",
            str(path),
        ) from error
