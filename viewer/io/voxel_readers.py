"""Bytes of voxels out of one file: as they are, unpacked, or made of text. Each reader goes forward alone."""

from __future__ import annotations

import bz2
import io
import os
import zlib
from enum import StrEnum
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from viewer.domain.errors import UnreadableFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.job import JobContext

_CHUNK = 1 << 18
_STEP = 1 << 22
_MOST_AFTER_BYTES = 1 << 20
_ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS
_NO_ROOM = "The file holds numbers that its own type has no room for."
_OF_WHOLE = b"+-0123456789"
_OF_REALS = _OF_WHOLE + b".eEnNaAiIfFtTyY"
BLANK = b" \t\r\n\v\f"


class Encoding(StrEnum):
    """How the bytes of voxels are written; DEFLATED is gzip or zlib."""

    RAW = "raw"
    DEFLATED = "deflated"
    BZIP2 = "bzip2"
    TEXT = "text"
    HEX = "hex"


def ends_early() -> UnreadableFileError:
    """Return what is said of a file that holds less than its header says."""
    return UnreadableFileError("The file is damaged or ends early.")


class Raw:
    """Bytes as they are."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file: Any = file
        self._start = start

    @property
    def anywhere(self) -> bool:
        """True for a file on disk; what lies in an archive is unpacked, and checked, from its beginning."""
        return isinstance(self._file, io.FileIO)

    def go_to(self, within: int) -> None:
        """Read on from a byte, counted from the first."""
        self._file.seek(self._start + within)

    def pass_over(self, count: int) -> None:
        """Leave out the next bytes."""
        self._file.seek(count, os.SEEK_CUR)

    def read_into(self, view: memoryview) -> None:
        """Fill a view of bytes."""
        while view:
            count = self._file.readinto(view)
            if not count:
                raise ends_early()
            view = view[count:]

    def behind(self, _most: int) -> int:
        """Return 0: the file's size tells it."""
        return 0


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
        """Leave out the next bytes."""
        while count:
            count -= len(self._some(min(count, _STEP)))

    def read_into(self, view: memoryview) -> None:
        """Fill a view of bytes."""
        while view:
            got = self._some(len(view))
            view[: len(got)] = got
            view = view[len(got) :]

    def behind(self, most: int) -> int:
        """Return how many more bytes there are, counted up to about so many."""
        found = 0
        while found < most:
            try:
                found += len(self._some(most - found))
            except (ValueError, UnreadableFileError):
                # The file's end, or something else than numbers.
                break
        return found


class Packed(_Unpacked):
    """gzip, zlib or bzip2, also several streams one after another; what follows the last is left alone."""

    def __init__(self, file: BinaryIO, encoding: Encoding, ctx: JobContext) -> None:
        super().__init__(file, ctx)
        self._encoding = encoding
        self._streams = 1
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
                self._streams += 1
            hungry = not self._waiting and getattr(self._unpacker, "needs_input", True)
            given = self._chunk() if hungry else self._waiting
            got: bytes = self._unpacker.decompress(given, most)
            self._waiting = getattr(self._unpacker, "unconsumed_tail", b"")
            if got:
                return got
            if hungry and not given and not self._unpacker.eof:
                raise ends_early()

    def behind(self, most: int) -> int:
        """Return how many more bytes there are, counted up to so many or to where a checksum may be looked for.

        Raises where the checksum that follows the voxels is not theirs.
        """
        found, most, own = 0, max(most, _MOST_AFTER_BYTES), self._streams
        while found < most:
            try:
                got = self._more(most - found)
            except (OSError, EOFError, ValueError, zlib.error, UnreadableFileError):
                if self._streams > own:
                    break
                raise
            if not got:
                break
            found += len(got)
        return found


class Hex(_Unpacked):
    """Two digits for each byte, with blanks or without."""

    def __init__(self, file: BinaryIO, ctx: JobContext) -> None:
        super().__init__(file, ctx)
        self._odd = b""
        self._ready = memoryview(b"")

    def _some(self, most: int) -> memoryview:
        while not self._ready:
            chunk = self._chunk()
            if not chunk:
                raise ends_early()
            digits = self._odd + chunk.translate(None, BLANK)
            whole = len(digits) // 2 * 2
            self._odd = digits[whole:]
            self._ready = memoryview(bytes.fromhex(digits[:whole].decode("ascii")))
        got, self._ready = self._ready[:most], self._ready[most:]
        return got


class Text(_Unpacked):
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
            if chunk and not text.endswith(tuple(bytes([c]) for c in BLANK)):
                # The last number may go on in the next chunk.
                self._begun = words.pop()
                if len(self._begun) > _CHUNK // 2:
                    raise ends_early()
            if words:
                self._ready = memoryview(self._numbers(words).tobytes())
        got, self._ready = self._ready[:most], self._ready[most:]
        return got

    def _numbers(self, words: list[bytes]) -> NDArray[Any]:
        real = self._dtype.kind == "f"
        # Python reads 1_000 as a thousand; no other reader of these files does.
        if b"".join(words).translate(None, _OF_REALS if real else _OF_WHOLE):
            raise ValueError("something else than numbers")
        if real:
            with np.errstate(over="ignore"):
                return np.array(words).astype(np.float64).astype(self._dtype)
        try:
            numbers = np.array(words).astype(np.uint64 if self._dtype == np.uint64 else np.int64)
        except OverflowError as error:
            raise UnreadableFileError(_NO_ROOM) from error
        range_ = np.iinfo(self._dtype)
        if int(numbers.min()) < range_.min or int(numbers.max()) > range_.max:
            raise UnreadableFileError(_NO_ROOM)
        return numbers.astype(self._dtype)
