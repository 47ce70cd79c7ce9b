"""Files named by a header: opened beside it and nowhere else.

A header that says where its voxels are is a stranger's word. What it names is opened only inside the header's own
folder: no absolute path, no way up, no link that leads out.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from viewer.domain.errors import UnreadableFileError
from viewer.io.member_file import MemberFile
from viewer.io.regular_file import regular
from viewer.io.zip_archive import place_named

Opener = Callable[[str], BinaryIO]
"""Gives a fresh, seekable binary file for a name relative to the header's folder, the header's own name included.

It raises OSError where there is no such file, and may raise CaseStageError. Seeking to its end should be cheap.
"""

MOST_FILES = 20_000
_LONGEST_NAME = 1000
_BUFFER = 1 << 16
_DRIVE = re.compile(r"[A-Za-z]:")
# One number in the pattern of a C printf, no wider than a file name has room for.
_PATTERN = re.compile(r"(?P<before>[^%]*)%(?P<zero>0?)(?P<width>[0-9]{0,2})[diu](?P<after>[^%]*)")


def beside(header: str) -> Opener:
    """Return what opens a header and the files in its folder, on disk or in a zip archive (as `FilePlace.name`)."""
    return _beside_member(header) if place_named(header).member is not None else _beside_file(header)


def _beside_member(header: str) -> Opener:
    archive, folder = place_named(header).path, os.path.dirname(header)

    def opened(name: str) -> BinaryIO:
        place = place_named(os.path.normpath(os.path.join(folder, name)))
        if place.member is None or place.path != archive:
            raise OSError(errno.ENOENT, "Not in the archive")
        return BufferedReader(MemberFile(place.path, place.member), _BUFFER)

    return opened


def _beside_file(header: str) -> Opener:
    folder, own = os.path.split(header)
    real = os.path.realpath(folder or os.curdir)

    def opened(name: str) -> BinaryIO:
        path = os.path.join(folder, name)
        if name != own:
            path = os.path.realpath(_there(os.path.join(real, name)))
            if not path.startswith(real.rstrip(os.sep) + os.sep):
                raise UnreadableFileError("The header names a file outside of its folder, which is not opened.")
        return open(regular(Path(path)), "rb", buffering=0)

    return opened


def _there(path: str) -> str:
    """Return a path, or that of the one file beside it whose name differs by capital letters alone."""
    if os.path.lexists(path):
        return path
    folder, own = os.path.split(path)
    try:
        alike = [name for name in os.listdir(folder) if name.lower() == own.lower()]
    except (OSError, ValueError):
        return path
    return os.path.join(folder, alike[0]) if len(alike) == 1 else path


def open_named(opener: Opener, name: str) -> BinaryIO:
    """Return an open file that a header names.

    Raises
    ------
    UnreadableFileError
        Where it is not there or cannot be read.
    """
    try:
        return opener(name)
    except (OSError, ValueError) as error:
        raise UnreadableFileError(
            "The file with the voxels is not beside its header.",
            "Copy all files of the volume into one folder.",
            repr(error),
        ) from error


def safe_name(name: str) -> str:
    """Return the name of a data file as a header gives it, with `/` between folders.

    Raises
    ------
    UnreadableFileError
        Where it would lead out of the header's folder.
    """
    plain = name.strip().replace("\\", "/")
    if not plain or len(plain) > _LONGEST_NAME or min(plain) < " ":
        raise UnreadableFileError("The header does not name the file with the voxels.")
    if plain.startswith("/") or _DRIVE.match(plain) or ".." in plain.split("/"):
        raise UnreadableFileError(
            "The header names a file outside of its folder, which is not opened.",
            "Put the file beside its header, and write its plain name there.",
        )
    return plain


def names_of_pattern(pattern: str, first: int, last: int, step: int) -> tuple[str, ...]:
    """Return the names that a pattern such as `slice%03d.raw` stands for, numbers from `first` to `last`.

    Raises
    ------
    UnreadableFileError
        Where the pattern is none, or stands for too many files.
    """
    found = _PATTERN.fullmatch(pattern.strip())
    if found is None or step == 0 or (last - first) * step < 0:
        raise UnreadableFileError("The header's pattern of file names is not understood.")
    count = (last - first) // step + 1
    refuse_too_many(count)
    width = int(found["width"] or 0)
    form = f"0{width}d" if found["zero"] else f"{width or ''}d"
    return tuple(safe_name(f"{found['before']}{first + n * step:{form}}{found['after']}") for n in range(count))


def refuse_too_many(count: int) -> None:
    """Raise UnreadableFileError where a header names no file, or more than a volume can have."""
    if not 0 < count <= MOST_FILES:
        raise UnreadableFileError(f"The header names {count} files.", f"At most {MOST_FILES} are opened.")
