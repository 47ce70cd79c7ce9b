"""The bytes of a volume as one stream, whatever files they lie in and however they are packed.

Nothing is unpacked beyond what is asked for, so a file cannot take more memory than its header's sizes.
"""

from __future__ import annotations

import os
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import numpy as np
from attrs import frozen

from viewer.domain.errors import UnreadableFileError
from viewer.io.beside_header import Opener, open_named
from viewer.io.voxel_readers import Encoding, Hex, Packed, Raw, Text, ends_early

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from viewer.domain.job import JobContext

_STEP = 1 << 22
_MOST_LINES_BYTES = 16 << 20
# Deflate cannot pack tighter than 1032 to 1 (zlib, "Maximum Compression Factor").
_TIGHTEST_DEFLATE = 1032


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

    def behind(self, most: int) -> int: ...


@contextmanager
def _damage_said() -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise UnreadableFileError("The file is damaged or ends early.", detail=repr(error)) from error


class VoxelStream:
    """Reads the bytes of all pieces one after another; stops where the work was cancelled.

    Every method raises UnreadableFileError where a file is not there, is damaged or ends early.

    Parameters
    ----------
    stored
        The files, and how they are packed.
    opener
        Opens them.
    ctx
        Cancel.
    counted
        How many bytes behind those that are wanted are worth counting.
    """

    def __init__(self, stored: StoredBytes, opener: Opener, ctx: JobContext, counted: int = 0) -> None:
        self._stored = stored
        self._opener = opener
        self._ctx = ctx
        self._next = 0
        self._left = 0
        self._file: BinaryIO | None = None
        self._reader: _Reader | None = None
        self._counted = counted
        self.behind = 0

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
        """Hold the file's own checksum against what was read, where the file ends there.

        `behind` is then how many bytes follow what is wanted of a file, the most of any; of one that is packed as far
        as it was read to there.
        """
        if self._reader is None:
            return
        with _damage_said():
            behind = self._reader.behind(self._counted)
        if not self._left:
            self._note(behind)

    def _note(self, behind: int) -> None:
        self.behind = max(self.behind, behind)

    @property
    def anywhere(self) -> bool:
        """True where any byte can be read without those before it; asked once a file is open."""
        return isinstance(self._reader, Raw) and self._reader.anywhere

    def go_to(self, at: int) -> None:
        """Read on from a byte, counted from the first of all pieces; only where `anywhere` is true."""
        piece, within = divmod(at, self._stored.piece_bytes)
        if piece != self._next - 1:
            self._next = piece
            self._open_next()
        reader = self._reading()
        assert isinstance(reader, Raw)
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
            if not piece.at_end:
                self._note(size - start - stored.piece_bytes)
            return Raw(file, start)
        if stored.encoding is Encoding.TEXT:
            return Text(file, stored.dtype, ctx)
        if stored.encoding is Encoding.HEX:
            return Hex(file, ctx)
        unpacking = Packed(file, stored.encoding, ctx)
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
