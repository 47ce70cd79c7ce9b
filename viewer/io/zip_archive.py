"""What a zip archive holds, without unpacking it: where each member's bytes lie.

PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header) and 4.3.12 (central directory, read by `zipfile`).
"""

from __future__ import annotations

import os
import struct
import zipfile
from functools import lru_cache
from typing import TYPE_CHECKING

from viewer.io.cut_archive import LOCAL_HEADER, LOCAL_MARK, cut_archive
from viewer.io.file_bytes import FilePlace, Member, most_inflated
from viewer.io.foreign_files import JOIN
from viewer.io.series_entry import Skipped

if TYPE_CHECKING:
    from io import FileIO

_MOST_MEMBERS = 200_000
_NO_ARCHIVE = "The archive is damaged, or is no zip archive."
_AGAIN = "Get the archive again."
_END_BYTES = 22
_IN_64_BITS = 0xFFFF
_ENCRYPTED = 0x1 | 0x40
# What a Mac adds of its own to every file.
_NOT_THE_USERS = ("__MACOSX/",)


def is_archive_name(name: str) -> bool:
    """Return True where a file's name says that it is a zip archive."""
    return name.lower().endswith(".zip")


def is_archive(path: str) -> bool:
    """Return True where a file is a zip archive, by name or by its first bytes."""
    if is_archive_name(path):
        return True
    try:
        with open(path, "rb") as file:
            return file.read(4) == LOCAL_MARK
    except OSError:
        return False


def place_named(name: str) -> FilePlace:
    """Return the place of a file from its name, which may run through an archive as `FilePlace.name` does.

    A file that is not there is returned as it was named; whoever opens it will be told.
    """
    archive = name
    while not os.path.isfile(archive):
        above = os.path.dirname(archive)
        if above == archive or os.path.isdir(archive):
            return FilePlace(name)
        archive = above
    if archive == name:
        return FilePlace(name)
    there = os.stat(archive)
    return _by_name(archive, there.st_size, there.st_mtime_ns).get(name, FilePlace(name))


@lru_cache(maxsize=2)
def _by_name(path: str, _size: int, _mtime_ns: int) -> dict[str, FilePlace]:
    return {place.name: place for place in members(path, os.path.dirname(path), [])}


def members(path: str, root: str, skipped: list[Skipped]) -> list[FilePlace]:
    """Return the files in an archive by name; what cannot be read from it is added to `skipped`.

    Parameters
    ----------
    root
        The folder below which skipped members are named.
    """
    named = os.path.relpath(path, root) if path != root else os.path.basename(path)
    if _is_last_of_several(path):
        skipped.append(Skipped(named, "The last part of an archive in several parts.", JOIN))
        return []
    try:
        with zipfile.ZipFile(path) as archive, open(path, "rb", buffering=0) as file:
            listed = archive.infolist()
            if len(listed) > _MOST_MEMBERS:
                skipped.append(Skipped(named, f"An archive of {len(listed)} files; unpack it first."))
                return []
            return _places(path, named, file, listed, skipped)
    except zipfile.BadZipFile:
        return _of_cut(path, named, skipped)
    except (OSError, NotImplementedError, ValueError, EOFError, struct.error) as error:
        why = f"Cannot be read ({error.strerror})." if isinstance(error, OSError) and error.strerror else ""
        skipped.append(Skipped(named, why or _NO_ARCHIVE, "" if why else _AGAIN))
        return []


def _is_last_of_several(path: str) -> bool:
    """Return True where the end of an archive's directory says that other parts come before (APPNOTE 4.3.16)."""
    try:
        with open(path, "rb", buffering=0) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _END_BYTES))
            end = file.read(_END_BYTES)
    except OSError:
        return False
    number = int.from_bytes(end[4:6], "little")
    return end.startswith(b"PK\x05\x06") and number not in (0, _IN_64_BITS)


def _of_cut(path: str, named: str, skipped: list[Skipped]) -> list[FilePlace]:
    """Return the files of an archive without a directory; one that is cut is among them, and fails where it ends."""
    try:
        with open(path, "rb", buffering=0) as file:
            found = cut_archive(file)
            places = _places(path, named, file, found.whole, skipped)
            cut = found.cut
            if cut is not None and not any(cut.filename == place.member.name for place in places if place.member):
                places += _places(path, named, file, [cut], skipped, cut=True)
    except OSError as error:
        skipped.append(Skipped(named, f"Cannot be read ({error.strerror})."))
        return []
    if found.whole or found.cut:
        skipped.append(Skipped(named, found.words(), in_part=not found.directory))
    else:
        skipped.append(Skipped(named, _NO_ARCHIVE, _AGAIN))
    return places


def _places(
    path: str, named: str, file: FileIO, listed: list[zipfile.ZipInfo], skipped: list[Skipped], *, cut: bool = False
) -> list[FilePlace]:
    found: dict[str, FilePlace] = {}
    end = os.fstat(file.fileno()).st_size
    for info in sorted(listed, key=lambda i: (i.filename, i.header_offset)):
        if not info.filename or info.is_dir() or info.filename.startswith(_NOT_THE_USERS):
            continue
        why = _objection(info, cut=cut)
        if not why and info.filename in found:
            why = "Is in the archive twice; the first is used."
        start = _start(file, info) if not why else 0
        if not why and (start < 0 or start + info.compress_size > end):
            why = "The archive is damaged at this file."
        if why:
            skipped.append(Skipped(f"{named}/{info.filename}", why))
            continue
        found[info.filename] = FilePlace(path, _member(info, start))
    return list(found.values())


def _member(info: zipfile.ZipInfo, start: int) -> Member:
    deflated = info.compress_type == zipfile.ZIP_DEFLATED
    return Member(info.filename, start, info.compress_size, info.file_size, deflated, info.CRC)


def _objection(info: zipfile.ZipInfo, *, cut: bool = False) -> str:
    """Return why a member cannot be read, "" where it can; a `cut` one is shorter than it says."""
    if info.flag_bits & _ENCRYPTED:
        return "Is encrypted; unpack the archive with its password first."
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "Is packed in a way that is not supported; unpack the archive first."
    if is_archive_name(info.filename):
        return "An archive inside an archive; unpack it first."
    if not cut and info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
        return "The archive is damaged at this file."
    if not cut and info.file_size > most_inflated(info.compress_size):
        return f"Would become {info.file_size / 1e9:.1f} GB when unpacked, which no image does."
    return ""


def _start(file: FileIO, info: zipfile.ZipInfo) -> int:
    """Return where a member's bytes begin, −1 where its local header is damaged."""
    file.seek(info.header_offset)
    header = file.read(LOCAL_HEADER)
    if len(header) < LOCAL_HEADER or not header.startswith(LOCAL_MARK):
        return -1
    name, extra = struct.unpack_from("<HH", header, 26)
    return int(info.header_offset + LOCAL_HEADER + name + extra)
