"""How many images of a series an archive listed: noted beside those that have arrived, until all are there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.io.atomic_file import write_atomically
from viewer.io.series_entry import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = ".casestage-expected"
IMAGE_ENDING = ".dcm"
RETRIEVE_AGAIN = "Retrieve the same again to fetch the rest."
_LONGEST = 12


def expect(folder: Path, count: int) -> None:
    """Note in a series' folder how many images belong there.

    Raises
    ------
    StorageError
        When the disk refuses.
    """
    if _expected(folder / NAME) != count:
        write_atomically(folder / NAME, str(count).encode("ascii"), "What was retrieved")


def settle(folder: Path) -> None:
    """Take the note away where all images are there."""
    with suppress(OSError):
        if lacking(str(folder), os.listdir(folder), "") is None:
            (folder / NAME).unlink(missing_ok=True)


def lacking(folder: str, names: Iterable[str], below: str) -> Skipped | None:
    """Return what is to be said of a folder that holds such a note and these files; None where all are there.

    `below` is the folder's path below the one that is scanned.
    """
    expected = _expected(Path(folder) / NAME)
    here = sum(name.endswith(IMAGE_ENDING) for name in names)
    if expected is None or here >= expected:
        return None
    return Skipped(below, f"{here} of {expected} images of the archive are here.", RETRIEVE_AGAIN, lacking=True)


def _expected(note: Path) -> int | None:
    with suppress(OSError), note.open("rb") as file:
        said = file.read(_LONGEST)
        if said.isdigit():
            return int(said)
    return None
