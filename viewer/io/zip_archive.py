"""What a zip archive holds, without unpacking it: where each member's bytes lie. Archives in it are looked into.

PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header) and 4.3.12 (central directory, read by `zipfile`).
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from functools import lru_cache
from io import FileIO
from itertools import chain
from typing import IO, TYPE_CHECKING

from attrs import Factory, define, field

from viewer.domain.errors import UnreadableFileError
from viewer.io.cut_archive import LOCAL_HEADER, LOCAL_MARK, cut_archive
from viewer.io.file_bytes import BytesSource, FilePlace, FileSource, Member, as_stream, most_inflated
from viewer.io.foreign_files import JOIN
from viewer.io.inner_archives import LARGEST_BYTES, unpacked
from viewer.io.series_entry import Skipped
from viewer.io.unlisted_members import unlisted
from viewer.io.unpacking import Packing

if TYPE_CHECKING:
    from viewer.io.file_bytes import Source

_MOST_MEMBERS = 200_000
_MOST_UNPACKED = 4 << 30
_PACKINGS = {
    zipfile.ZIP_STORED: Packing.STORED,
    zipfile.ZIP_DEFLATED: Packing.DEFLATED,
    zipfile.ZIP_BZIP2: Packing.BZIP2,
    zipfile.ZIP_LZMA: Packing.LZMA,
}
_NO_ARCHIVE = "The archive is damaged, or is no zip archive."
_AGAIN = "Get the archive again."
_UNLISTED = "Is in the archive, but not in its directory."
_END_BYTES = 22
_IN_64_BITS = 0xFFFF
_ENCRYPTED = 0x1 | 0x40
_UNIX = 3
# What a Mac adds of its own to every file.
_OF_A_MAC = "__MACOSX/"


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
        with FileIO(path) as file:
            return _Listing(path, file, skipped).places(named)
    except OSError as error:
        skipped.append(Skipped(named, f"Cannot be read ({error.strerror})." if error.strerror else _NO_ARCHIVE))
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


@define
class _Listing:
    """The files in an open archive, and in the archives inside of it.

    Attributes
    ----------
    path, file
        The outermost archive.
    opened
        The archive to list, which may lie inside of that one.
    base, within, prefix
        Where it begins in the file, or which packed member it is; how names in it begin.
    left_bytes
        How much may still be unpacked to look into archives inside of archives.
    """

    path: str
    file: FileIO
    skipped: list[Skipped]
    opened: IO[bytes] = field(default=Factory(lambda self: self.file, takes_self=True))
    base: int = 0
    within: Member | None = None
    prefix: str = ""
    left_bytes: int = _MOST_UNPACKED

    def places(self, named: str) -> list[FilePlace]:
        """Return the files by name; `named` is what the archive is called where something in it is skipped."""
        try:
            with zipfile.ZipFile(self.opened) as archive:
                listed = archive.infolist()
        except (zipfile.BadZipFile, UnicodeDecodeError):
            # Names that are not what they say to be hide no image.
            return self._of_cut(named)
        except (OSError, NotImplementedError, ValueError, EOFError, struct.error) as error:
            why = f"Cannot be read ({error.strerror})." if isinstance(error, OSError) and error.strerror else ""
            self.skipped.append(Skipped(named, why or _NO_ARCHIVE, "" if why else _AGAIN))
            return []
        if len(listed) > _MOST_MEMBERS:
            self.skipped.append(Skipped(named, f"An archive of {len(listed)} files; unpack it first."))
            return []
        counted = _counted(self.opened)
        if counted > len(listed):
            lacks = f"it names {len(listed)} of the {counted} files that it counts"
            self.skipped.append(
                Skipped(named, f"The directory of the archive is damaged: {lacks}.", _AGAIN, in_part=True)
            )
        return self._places(named, listed, found_by_directory=True)

    def _of_cut(self, named: str) -> list[FilePlace]:
        """Return the files of an archive without a directory; one that is cut is among them, and fails at its end."""
        try:
            found = cut_archive(self.opened)
            places = self._places(named, found.whole)
            cut = found.cut
            if cut is not None and not any(cut.filename == p.member.name for p in places if p.member):
                places += self._places(named, [cut], cut=True)
        except OSError as error:
            self.skipped.append(Skipped(named, f"Cannot be read ({error.strerror})."))
            return []
        if found.whole or found.cut:
            self.skipped.append(Skipped(named, found.words(), in_part=not found.directory))
        else:
            self.skipped.append(Skipped(named, _NO_ARCHIVE, _AGAIN))
        return places

    def _places(
        self, named: str, listed: list[zipfile.ZipInfo], *, cut: bool = False, found_by_directory: bool = False
    ) -> list[FilePlace]:
        found: dict[str, list[FilePlace]] = {}
        first: dict[str, zipfile.ZipInfo] = {}
        end = self.opened.seek(0, os.SEEK_END)
        for info in listed:
            if info.create_system != _UNIX:
                # Older writers on Windows part folders as it does (APPNOTE 4.4.17.1 forbids it).
                info.filename = info.filename.replace("\\", "/")
            if info.file_size:
                # What a mark of its end cut off from a name hides no image.
                info.filename = info.filename or info.orig_filename.replace("\0", "")
                # What has bytes is no folder, whatever its name says.
                info.filename = info.filename.rstrip("/")
        starts = {id(info): _start(self.opened, info) for info in listed}
        if found_by_directory:
            self._tell_unlisted(named, [(info, starts[id(info)]) for info in listed], end)
        for info in sorted(listed, key=lambda i: (i.filename, i.header_offset)):
            if not info.filename or info.is_dir() or _is_a_macs_own(info.filename):
                continue
            why = _objection(info, cut=cut) or self._objection_to_archive(info, cut=cut)
            twice = not why and info.filename in found
            other = first.get(info.filename, info)
            copy = twice and (other.CRC, other.file_size) == (info.CRC, info.file_size)
            if twice:
                why = f"Is in the archive twice{'' if copy else ', and they differ'}; the first is used."
            start = starts[id(info)]
            if not why and (start < 0 or start + info.compress_size > end):
                why = "The archive is damaged at this file."
            name = self.prefix + info.filename
            if why:
                unseen = "" if copy else f"{self.path}/{name}"
                self.skipped.append(Skipped(f"{named}/{info.filename}", why, unseen=unseen))
                continue
            first[info.filename] = info
            member = Member(
                name,
                self.base + start,
                info.compress_size,
                info.file_size,
                _PACKINGS[info.compress_type],
                info.CRC,
                self.within,
            )
            if is_archive_name(info.filename):
                found[info.filename] = self._inside(f"{named}/{info.filename}", member)
            else:
                found[info.filename] = [FilePlace(self.path, member)]
        return list(chain.from_iterable(found.values()))

    def _tell_unlisted(self, named: str, listed: list[tuple[zipfile.ZipInfo, int]], end: int) -> None:
        for info in unlisted(self.opened, listed, end):
            name = f"{self.path}/{self.prefix}{info.filename}"
            self.skipped.append(Skipped(f"{named}/{info.filename}", _UNLISTED, _AGAIN, unseen=name))

    def _objection_to_archive(self, info: zipfile.ZipInfo, *, cut: bool) -> str:
        """Return why an archive inside this one is not looked into, "" where it is, or it is none."""
        if not is_archive_name(info.filename):
            return ""
        if self.prefix:
            return "An archive inside an archive inside an archive; unpack the outer one first."
        if cut:
            return "An archive inside an archive, and cut off; get the archive again."
        if info.compress_type != zipfile.ZIP_STORED and info.file_size > min(LARGEST_BYTES, self.left_bytes):
            return f"An archive inside an archive, {info.file_size / 1e9:.1f} GB large; unpack the outer one first."
        return ""

    def _inside(self, named: str, member: Member) -> list[FilePlace]:
        """Return the files in an archive inside this one."""
        packed = member.packing is not Packing.STORED
        try:
            source: Source = FileSource(self.file, member.start, member.packed_size)
            if packed:
                self.left_bytes -= member.size
                source = BytesSource(unpacked(FileSource(self.file), member))
        except OSError as error:
            self.skipped.append(Skipped(named, f"Cannot be read ({error.strerror})."))
            return []
        except (UnreadableFileError, zlib.error):
            self.skipped.append(Skipped(named, _NO_ARCHIVE, _AGAIN))
            return []
        inner = _Listing(
            self.path,
            self.file,
            self.skipped,
            as_stream(source, member.size),
            0 if packed else member.start,
            member if packed else None,
            f"{member.name}/",
        )
        return inner.places(named)


def _is_a_macs_own(name: str) -> bool:
    return name.startswith(_OF_A_MAC) and name.rpartition("/")[2].startswith("._")


def _objection(info: zipfile.ZipInfo, *, cut: bool = False) -> str:
    """Return why a member cannot be read, "" where it can; a `cut` one is shorter than it says."""
    if info.flag_bits & _ENCRYPTED:
        return "Is encrypted; unpack the archive with its password first."
    if info.compress_type not in _PACKINGS:
        return "Is packed in a way that is not supported; unpack the archive first."
    if not cut and info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
        return "The archive is damaged at this file."
    if not cut and info.file_size > most_inflated(info.compress_size):
        return f"Would become {info.file_size / 1e9:.1f} GB when unpacked, which no image does."
    return ""


def _counted(file: IO[bytes]) -> int:
    """Return how many members the end of an archive's directory says that there are; 0 where it does not."""
    size = file.seek(0, os.SEEK_END)
    for reach in (_END_BYTES, _END_BYTES + 0xFFFF):
        file.seek(max(0, size - reach))
        tail = file.read(reach)
        at = tail.rfind(b"PK\x05\x06")
        if 0 <= at <= len(tail) - _END_BYTES:
            count = int.from_bytes(tail[at + 10 : at + 12], "little")
            return count if count != _IN_64_BITS else 0
    return 0


def _start(file: IO[bytes], info: zipfile.ZipInfo) -> int:
    """Return where a member's bytes begin, −1 where its local header is damaged."""
    file.seek(info.header_offset)
    header = file.read(LOCAL_HEADER)
    if len(header) < LOCAL_HEADER or not header.startswith(LOCAL_MARK):
        return -1
    name, extra = struct.unpack_from("<HH", header, 26)
    return int(info.header_offset + LOCAL_HEADER + name + extra)
