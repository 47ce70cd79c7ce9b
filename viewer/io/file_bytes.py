"""The bytes of a file, wherever they lie: on disk, inside a zip archive, or deflated in either.

What is stored is read in its place, what is packed is unpacked as far as it is needed and never beyond a bound.
"""

from __future__ import annotations

import io
import os
import sys
import time
import zlib
from contextlib import contextmanager
from io import FileIO
from mmap import mmap
from typing import IO, TYPE_CHECKING, Any, Protocol

from attrs import define, field, frozen

from viewer.domain.errors import UnreadableFileError
from viewer.io.inner_archives import unpacked
from viewer.io.unpacking import Packing, Unpacker

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 65536
_LEAST_BOUND = 64 << 20
_LARGEST_INFLATED = 1 << 30
_HIGHEST_RATIO = 200


class Source(Protocol):
    """Bytes that can be read at an offset; fewer than asked for only at the end."""

    def read_at(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset`."""
        ...


class _Reading:
    """A class, as a generator takes four times as long, and headers are read by the thousand."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _where: object) -> None:
        """Raise what went wrong in the program's words."""
        if isinstance(error, zlib.error):
            raise UnreadableFileError("The packed data is damaged or too large.", detail=repr(error)) from error
        if isinstance(error, OSError):
            why = error.strerror or "no reason given"
            hint = "Check that you may read it." if isinstance(error, PermissionError) else ""
            raise UnreadableFileError(f"The file cannot be read ({why}).", hint, repr(error)) from error


_READING = _Reading()
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0) | _NO_WAIT


def reading() -> _Reading:
    """Turn what goes wrong with a file's bytes into UnreadableFileError."""
    return _READING


if sys.platform == "win32":

    class OpenFile(FileIO):
        """A file that is open for reading."""

        def __init__(self, path: str, *, waits: bool) -> None:
            super().__init__(path)

else:

    class OpenFile:
        """A file that is open for reading, by its number.

        A file object asks the system twice more for each image, and threads that read wait for one another each time.
        """

        __slots__ = ("_number",)

        def __init__(self, path: str, *, waits: bool) -> None:
            self._number = -1
            self._number = os.open(path, _READ_ONLY & ~_NO_WAIT if waits else _READ_ONLY)

        def fileno(self) -> int:
            """Return its number."""
            return self._number

        def close(self) -> None:
            """Close it."""
            if self._number >= 0:
                os.close(self._number)
                self._number = -1

        def __del__(self) -> None:
            """Close it."""
            self.close()


@define
class FileSource:
    """Bytes as they lie in an open file, from `base`; to its end, or `length` of them."""

    file: FileIO | OpenFile
    base: int = 0
    length: int = -1

    def read_at(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset`."""
        if self.length >= 0:
            count = min(count, self.length - offset)
            if count <= 0:
                return b""
        if sys.platform == "win32":
            self.file.seek(self.base + offset)
            return self.file.read(count)
        return os.pread(self.file.fileno(), count, self.base + offset)

    def fill(self, offset: int, buffer: memoryview) -> int:
        """Read into a buffer from `offset` and return how many bytes there were."""
        done, start = 0, self.base + offset
        if sys.platform == "win32":
            self.file.seek(start)
        while done < len(buffer):
            if sys.platform == "win32":
                count = self.file.readinto(buffer[done:])
            else:
                count = os.preadv(self.file.fileno(), [buffer[done:]], start + done)
            if not count:
                break
            done += count
        return done


@define
class BytesSource:
    """Bytes in memory, from `base`; to their end, or `length` of them."""

    content: bytes | mmap
    base: int = 0
    length: int = -1

    def read_at(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset`."""
        if self.length >= 0:
            count = max(0, min(count, self.length - offset))
        return self.content[self.base + offset : self.base + offset + count]


@define
class InflatedSource:
    """What a packed stream in another source holds, unpacked only as far as asked and never beyond a bound.

    The bound (a multiple of what is packed, and 1 GiB at most) keeps a small file from filling the memory.
    """

    packed: Source
    start: int
    packed_size: int
    packing: Packing = Packing.DEFLATED
    _inflated: bytearray = field(factory=bytearray)
    _unpacker: Unpacker | None = None
    _read_to: int = 0

    def read_at(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset`; raises `zlib.error` where the data is damaged or too large."""
        bound = most_inflated(self.packed_size)
        end = offset + count
        if end > bound:
            raise zlib.error(f"more than {bound} bytes inflated")
        if self._unpacker is None:
            self._unpacker = Unpacker(self.packing, self._next)
        while len(self._inflated) < end:
            got = self._unpacker.some(min(max(end - len(self._inflated), _CHUNK), bound - len(self._inflated)))
            if not got:
                break
            self._inflated += got
        return bytes(self._inflated[offset:end])

    def _next(self) -> bytes:
        left = self.packed_size - self._read_to
        piece = self.packed.read_at(self.start + self._read_to, min(_CHUNK, left)) if left > 0 else b""
        self._read_to += len(piece)
        return piece


def most_inflated(packed_size: int) -> int:
    """Return how many bytes so many packed ones may become at most."""
    return min(_LARGEST_INFLATED, max(_LEAST_BOUND, _HIGHEST_RATIO * packed_size))


@frozen
class Member:
    """Where a file's bytes lie inside a zip archive.

    Attributes
    ----------
    name
        Its path in the archive.
    start, packed_size
        Where its bytes begin in the archive, and how many there are.
    size
        How many they are when unpacked.
    packing
        How they are packed.
    crc32
        Check sum of the unpacked bytes.
    within
        The archive inside the archive in which it lies, where that one is packed; offsets then count its bytes.
    """

    name: str
    start: int
    packed_size: int
    size: int
    packing: Packing
    crc32: int
    within: Member | None = None

    def stored(self, archive: FileIO) -> FileSource | BytesSource:
        """Return its bytes as they are packed, from the open archive.

        Raises
        ------
        UnreadableFileError
            Where they lie in an archive that is damaged.
        """
        if self.within is None:
            return FileSource(archive, self.start, self.packed_size)
        return BytesSource(unpacked(FileSource(archive), self.within), self.start, self.packed_size)

    def source(self, archive: FileIO) -> Source:
        """Return its bytes; see `stored` for the errors."""
        stored = self.stored(archive)
        return stored if self.packing is Packing.STORED else InflatedSource(stored, 0, self.packed_size, self.packing)


@frozen
class FilePlace:
    """Where a file is: a path on disk, or a member of the archive at that path."""

    path: str
    member: Member | None = None

    @property
    def name(self) -> str:
        """Its path; for a member the archive's path and the member's, as if the archive were a folder."""
        return self.path if self.member is None else f"{self.path}/{self.member.name}"

    @contextmanager
    def opened(self) -> Iterator[tuple[Source, int]]:
        """Give the file's bytes and their number, to look at its beginning.

        Raises
        ------
        UnreadableFileError
            Where they cannot be read, or what is packed is damaged.
        """
        with reading(), open(self.path, "rb", buffering=0) as file:
            member = self.member
            if member is None:
                yield FileSource(file), os.fstat(file.fileno()).st_size
                return
            yield member.source(file), member.size

    def head(self, count: int) -> tuple[bytes, int, int]:
        """Return the file's first `count` bytes, fewer where it ends before, its length, and when it was changed (ns).

        That is 0 for a member of an archive, which has a check sum.

        Raises
        ------
        UnreadableFileError
            Where they cannot be read, or what is packed is damaged.
        """
        if self.member is not None:
            with self.opened() as (source, size):
                return source.read_at(0, count), size, 0
        with reading():
            # A third quicker than through a file object, and scanning a folder is little else.
            descriptor = os.open(self.path, _READ_ONLY)
            try:
                there = os.fstat(descriptor)
                return os.read(descriptor, count), there.st_size, there.st_mtime_ns
            finally:
                os.close(descriptor)

    def hold_against_check_sum(self, largest: int) -> None:
        """Raise UnreadableFileError for a damaged member of an archive, unless it is larger than so many bytes."""
        if self.member is not None and self.member.size <= largest:
            self.open_whole()

    def open_whole(self, *, waits: bool = True) -> tuple[Source, OpenFile | None]:
        """Return all of the file's bytes and, where they are still on disk, the open file, which the caller closes.

        A member of an archive is read into memory and held against its check sum. Unless `waits`, a pipe that took the
        place of a file is empty; else it is opened once somebody writes into it.

        Raises
        ------
        UnreadableFileError
            Where they cannot be read or are damaged.
        """
        with reading():
            member = self.member
            if member is None:
                file = OpenFile(self.path, waits=waits)
                return FileSource(file), file
            with self.opened() as (source, _):
                content = source.read_at(0, member.size)
        if len(content) < member.size or zlib.crc32(content) != member.crc32:
            raise UnreadableFileError("The file is damaged inside its archive.", "Copy the archive again.")
        return BytesSource(content), None


class _Stream(io.RawIOBase):
    """A source as a file object, for libraries that want one."""

    name = "image"  # asked for by pydicom, and no more than that

    def __init__(self, source: Source, size: int, patience_s: float | None) -> None:
        super().__init__()
        self._source, self._size, self._at = source, size, 0
        self._until_s = None if patience_s is None else time.thread_time() + patience_s

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._until_s is not None and time.thread_time() > self._until_s:
            raise UnreadableFileError("The header takes too long to read.")
        wanted = min(len(buffer), max(0, self._size - self._at))
        found = self._source.read_at(self._at, wanted) if wanted else b""
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


def as_stream(source: Source, size: int, patience_s: float | None = None) -> IO[bytes]:
    """Return a seekable binary file object over `size` bytes of a source, which must stay open meanwhile.

    It raises UnreadableFileError where this thread has worked for longer than `patience_s` when more is asked for.
    """
    return io.BufferedReader(_Stream(source, size, patience_s), _CHUNK)
