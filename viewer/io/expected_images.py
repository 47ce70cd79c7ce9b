"""How many images of a series an archive listed: noted beside those that have arrived, until all are there.

The note reads `31`, or `31+10` where ten of the files beside it are of images that the archive lists no longer.
"""

from __future__ import annotations

import os
import re
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
_NOTE = re.compile(rb"(\d{1,12})(?:\+(\d{1,12}))?")
_LONGEST = 25


def expect(folder: Path, count: int, withdrawn: int = 0) -> None:
    """Note in a series' folder how many images belong there.

    Parameters
    ----------
    withdrawn
        How many of those that lie there the archive lists no longer; they make up for none that it does.

    Raises
    ------
    StorageError
        When the disk refuses.
    """
    if _expected(folder / NAME) != (count, withdrawn):
        words = f"{count}+{withdrawn}" if withdrawn else str(count)
        write_atomically(folder / NAME, words.encode("ascii"), "What was retrieved")


def settle(folder: Path) -> None:
    """Take the note away where all images are there."""
    with suppress(OSError):
        if lacking(str(folder), os.listdir(folder), "") is None:
            (folder / NAME).unlink(missing_ok=True)


def lacking(folder: str, names: Iterable[str], below: str) -> Skipped | None:
    """Return what is to be said of a folder that holds such a note and these files; None where all are there.

    `below` is the folder's path below the one that is scanned.
    """
    noted = _expected(Path(folder) / NAME)
    if noted is None:
        return None
    expected, withdrawn = noted
    here = sum(name.endswith(IMAGE_ENDING) for name in names) - withdrawn
    if here >= expected:
        return None
    return Skipped(below, f"{max(here, 0)} of {expected} images of the archive are here.", RETRIEVE_AGAIN, lacking=True)


def withdrawn_of(note: Path) -> int:
    """Return how many of the files beside a note are of images that the archive lists no longer."""
    noted = _expected(note)
    return 0 if noted is None else noted[1]


def _expected(note: Path) -> tuple[int, int] | None:
    with suppress(OSError), note.open("rb") as file:
        said = _NOTE.fullmatch(file.read(_LONGEST + 1))
        if said is not None:
            return int(said[1]), int(said[2] or 0)
    return None
