"""The bytes of a volume as one stream, whatever files they lie in and however they are packed.

Nothing is unpacked beyond what is asked for, so a file cannot take more memory than its header's sizes.
"""

from __future__ import annotations

import bz2
import io
import os
import zlib
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import numpy as np
from attrs import frozen

from viewer.domain.errors import UnreadableFileError
from viewer.io.beside_header import Opener, open_named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from numpy.typing import NDArray

    from viewer.domain.job import JobContext

_CHUNK = 1 << 18
_STEP = 1 << 22
_MOST_LINES_BYTES = 16 << 20
_MOST_AFTER_BYTES = 1 << 20
# Deflate cannot pack tighter than 1032 to 1 (zlib, "Maximum Compression Factor").
_TIGHTEST_DEFLATE = 1032
_ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS
_BLANK = b" \t\r\n\v\f"


class Encoding(StrEnum):
    """How the bytes of voxels are written; DEFLATED is gzip or zlib."""

    RAW = "raw"
    DEFLATED = "deflated"
    BZIP2 = "bzip2"
    TEXT = "text"
    HEX = "hex"


@frozen
class Piece:
    """Where one file's share begins.

    `lines` are passed over from `start`, then `skip` bytes: of what was unpacked where the file is packed. With
    `at_end` the share is the last bytes of the file.
    """

    name: str
    start: int = 0
    lines: int = 0
    skip: int = 0
    at_end: bool = False


@frozen
class StoredBytes:
    """The files that hold the voxels, each `piece_bytes` of them, in their order."""

    pieces: tuple[Piece, ...]
    piece_bytes: int
    encoding: Encoding
    dtype: np.dtype[Any]

    @property
    def packed(self) -> bool:
        """True where what lies before has to be read to come to a place."""
        return self.encoding is not Encoding.RAW


class _Reader(Protocol):
    def pass_over(self, count: int) -> None: ...

    def read_into(self, view: memoryview) -> None: ...

    def finish(self) -> None: ...


def ends_early() -> UnreadableFileError:
    """Return what is said of a file that holds less than its header says."""
    return UnreadableFileError("The file is damaged or ends early.")


@contextmanager
def _damage_said() -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise UnreadableFileError("The file is damaged or ends early.", detail=repr(error)) from error


class VoxelStream:
    """Reads the bytes of all pieces one after another; stops where the work was cancelled.

    Every method raises UnreadableFileError where a file is not there, is damaged or ends early.
    """

    def __init__(self, stored: StoredBytes, opener: Opener, ctx: JobContext) -> None:
        self._stored = stored
        self._opener = opener
        self._ctx = ctx
        self._next = 0
        self._left = 0
        self._file: BinaryIO | None = None
        self._reader: _Reader | None = None

    def __enter__(self) -> VoxelStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def pass_over(self, count: int) -> None:
        """Leave out the next bytes; whole files among them are not opened."""
        while count:
            if not self._left:
                if count >= self._stored.piece_bytes and self._next < len(self._stored.pieces):
                    self._next += 1
                    count -= self._stored.piece_bytes
                    continue
                self._open_next()
            step = min(count, self._left)
            with _damage_said():
                self._reading().pass_over(step)
            self._left -= step
            count -= step

    def read_into(self, view: memoryview) -> None:
        """Fill a view of bytes."""
        while view:
            if not self._left:
                self._open_next()
            step = min(len(view), self._left, _STEP)
            self._ctx.stop_if_cancelled()
            with _damage_said():
                self._reading().read_into(view[:step])
            self._left -= step
            view = view[step:]

    def finish(self) -> None:
        """Hold the file's own checksum against what was read, where the file ends there."""
        if self._reader is not None:
            with _damage_said():
                self._reader.finish()

    @property
    def anywhere(self) -> bool:
        """True where any byte can be read without those before it; asked once a file is open."""
        return isinstance(self._reader, _Raw) and self._reader.anywhere

    def go_to(self, at: int) -> None:
        """Read on from a byte, counted from the first of all pieces; only where `anywhere` is true."""
        piece, within = divmod(at, self._stored.piece_bytes)
        if piece != self._next - 1:
            self._next = piece
            self._open_next()
        reader = self._reading()
        assert isinstance(reader, _Raw)
        with _damage_said():
            reader.go_to(within)
        self._left = self._stored.piece_bytes - within

    def check(self) -> None:
        """Open the file that comes next, and raise where it cannot hold what it has to."""
        if self._reader is None:
            self._open_next()

    def _reading(self) -> _Reader:
        if self._reader is None:
            raise ends_early()
        return self._reader

    def _open_next(self) -> None:
        self.finish()
        if self._file is not None:
            self._file.close()
        if self._next >= len(self._stored.pieces):
            raise ends_early()
        piece = self._stored.pieces[self._next]
        self._file = open_named(self._opener, piece.name)
        self._next += 1
        self._left = self._stored.piece_bytes
        with _damage_said():
            self._reader = self._start(piece, self._file)

    def _start(self, piece: Piece, file: BinaryIO) -> _Reader:
        stored, ctx = self._stored, self._ctx
        size = file.seek(0, os.SEEK_END)
        start = size - stored.piece_bytes if piece.at_end else _after_lines(file, piece.start, piece.lines)
        unpacked_first = stored.encoding in (Encoding.DEFLATED, Encoding.BZIP2)
        if not unpacked_first and not piece.at_end:
            start += piece.skip
        if start < 0 or size - start < _least_bytes(stored):
            raise ends_early()
        file.seek(start)
        if stored.encoding is Encoding.RAW:
            return _Raw(file, start)
        if stored.encoding is Encoding.TEXT:
            return _Text(file, stored.dtype, ctx)
        if stored.encoding is Encoding.HEX:
            return _Hex(file, ctx)
        unpacking = _Packed(file, stored.encoding, ctx)
        unpacking.pass_over(piece.skip)
        return unpacking


def _least_bytes(stored: StoredBytes) -> int:
    """Return how large a file is at least that holds the share of one piece."""
    if stored.encoding is Encoding.DEFLATED:
        return stored.piece_bytes // _TIGHTEST_DEFLATE
    if stored.encoding is Encoding.TEXT:
        return 2 * (stored.piece_bytes // stored.dtype.itemsize) - 1
    if stored.encoding is Encoding.HEX:
        return 2 * stored.piece_bytes
    return stored.piece_bytes if stored.encoding is Encoding.RAW else 1


def _after_lines(file: BinaryIO, start: int, lines: int) -> int:
    """Return where a file goes on after some lines."""
    while lines:
        file.seek(start)
        chunk = file.read(_MOST_LINES_BYTES)
        ends = np.flatnonzero(np.frombuffer(chunk, np.uint8) == ord("\n"))
        if not len(ends):
            raise ends_early()
        taken = min(lines, len(ends))
        start += int(ends[taken - 1]) + 1
        lines -= taken
    return start


class _Raw:
    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file: Any = file
        self._start = start

    @property
    def anywhere(self) -> bool:
        """True for a file on disk; what lies in an archive is unpacked, and checked, from its beginning."""
        return isinstance(self._file, io.FileIO)

    def go_to(self, within: int) -> None:
        self._file.seek(self._start + within)

    def pass_over(self, count: int) -> None:
        self._file.seek(count, os.SEEK_CUR)

    def read_into(self, view: memoryview) -> None:
        while view:
            count = self._file.readinto(view)
            if not count:
                raise ends_early()
            view = view[count:]

    def finish(self) -> None:
        pass


class _Unpacked:
    """What readers of packed or written bytes share: they hand out what is ready, and make more."""

    def __init__(self, file: BinaryIO, ctx: JobContext) -> None:
        self._file = file
        self._ctx = ctx

    def _some(self, most: int) -> bytes | memoryview:
        """Return up to `most` bytes, at least one."""
        raise NotImplementedError

    def _chunk(self) -> bytes:
        self._ctx.stop_if_cancelled()
        return self._file.read(_CHUNK)

    def pass_over(self, count: int) -> None:
        while count:
            count -= len(self._some(min(count, _STEP)))

    def read_into(self, view: memoryview) -> None:
        while view:
            got = self._some(len(view))
            view[: len(got)] = got
            view = view[len(got) :]

    def finish(self) -> None:
        pass


class _Packed(_Unpacked):
    """gzip, zlib or bzip2, also several streams one after another; what follows the last is left alone."""

    def __init__(self, file: BinaryIO, encoding: Encoding, ctx: JobContext) -> None:
        super().__init__(file, ctx)
        self._encoding = encoding
        self._waiting = b""
        self._unpacker: Any = self._new()

    def _new(self) -> Any:
        if self._encoding is Encoding.BZIP2:
            return bz2.BZ2Decompressor()
        return zlib.decompressobj(_ZLIB_OR_GZIP)

    def _some(self, most: int) -> bytes:
        got = self._more(most)
        if not got:
            raise ends_early()
        return got

    def _more(self, most: int) -> bytes:
        """Return up to `most` bytes, none where the last stream has ended."""
        while True:
            if self._unpacker.eof:
                self._waiting = self._unpacker.unused_data or self._chunk()
                if not self._waiting.startswith((b"\x1f\x8b", b"BZh")):
                    return b""
                self._unpacker = self._new()
            hungry = not self._waiting and getattr(self._unpacker, "needs_input", True)
            given = self._chunk() if hungry else self._waiting
            got: bytes = self._unpacker.decompress(given, most)
            self._waiting = getattr(self._unpacker, "unconsumed_tail", b"")
            if got:
                return got
            if hungry and not given and not self._unpacker.eof:
                raise ends_early()

    def finish(self) -> None:
        """Raise where the checksum that follows the voxels is not theirs; it is not looked for far away."""
        left = _MOST_AFTER_BYTES
        while left > 0 and not self._unpacker.eof:
            got = self._more(left)
            left -= len(got)


class _Hex(_Unpacked):
    def __init__(self, file: BinaryIO, ctx: JobContext) -> None:
        super().__init__(file, ctx)
        self._odd = b""
        self._ready = memoryview(b"")

    def _some(self, most: int) -> memoryview:
        while not self._ready:
            chunk = self._chunk()
            if not chunk:
                raise ends_early()
            digits = self._odd + chunk.translate(None, _BLANK)
            whole = len(digits) // 2 * 2
            self._odd = digits[whole:]
            self._ready = memoryview(bytes.fromhex(digits[:whole].decode("ascii")))
        got, self._ready = self._ready[:most], self._ready[most:]
        return got


class _Text(_Unpacked):
    """Numbers between blanks."""

    def __init__(self, file: BinaryIO, dtype: np.dtype[Any], ctx: JobContext) -> None:
        super().__init__(file, ctx)
        self._dtype = dtype
        self._begun = b""
        self._ready = memoryview(b"")

    def _some(self, most: int) -> memoryview:
        while not self._ready:
            chunk = self._chunk()
            text = self._begun + chunk.replace(b",", b" ")
            if not text:
                raise ends_early()
            words = text.split()
            self._begun = b""
            if chunk and not text.endswith(tuple(bytes([c]) for c in _BLANK)):
                # The last number may go on in the next chunk.
                self._begun = words.pop()
                if len(self._begun) > _CHUNK // 2:
                    raise ends_early()
            if words:
                self._ready = memoryview(self._numbers(words).tobytes())
        got, self._ready = self._ready[:most], self._ready[most:]
        return got

    def _numbers(self, words: list[bytes]) -> NDArray[Any]:
        if self._dtype.kind == "f":
            return np.array(words).astype(np.float64).astype(self._dtype)
        numbers = np.array(words).astype(np.uint64 if self._dtype == np.uint64 else np.int64)
        range_ = np.iinfo(self._dtype)
        if int(numbers.min()) < range_.min or int(numbers.max()) > range_.max:
            raise UnreadableFileError("The file holds numbers that its own type has no room for.")
        return numbers.astype(self._dtype)
