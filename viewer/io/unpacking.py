"""Bytes unpacked bit by bit, whatever a zip archive packed them with (PKWARE APPNOTE 6.3.10, 4.4.5 and 5.8)."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_LARGEST_DICTIONARY = 64 << 20
_LEAST_DICTIONARY = 4096
# Version, length of the properties, and these: one byte and the size of the dictionary.
_LZMA_HEADER = struct.Struct("<2xHBL")


class Packing(Enum):
    """How a member of an archive is packed; DEFLATED is a raw deflate stream."""

    STORED = "stored"
    DEFLATED = "deflated"
    BZIP2 = "bzip2"
    LZMA = "lzma"


class Unpacker:
    """Unpacks what `more` gives, piece by piece and none at its end, and takes no more of it than it needs."""

    def __init__(self, packing: Packing, more: Callable[[], bytes]) -> None:
        self._packing, self._more = packing, more
        self._waiting = b""
        self._machine: Any = None

    def some(self, most: int) -> bytes:
        """Return at least one byte and at most `most`; none where the stream ends, or breaks off.

        Raises
        ------
        zlib.error
            Where what is packed is damaged.
        """
        try:
            if self._machine is None:
                self._machine = self._begun()
            while not self._machine.eof:
                hungry = not self._waiting and getattr(self._machine, "needs_input", True)
                given = self._more() if hungry else self._waiting
                got: bytes = self._machine.decompress(given, most)
                self._waiting = getattr(self._machine, "unconsumed_tail", b"")
                if got or (hungry and not given):
                    return got
        except (lzma.LZMAError, EOFError, ValueError, struct.error) as error:
            raise zlib.error(str(error)) from error
        except OSError as error:
            # What bzip2 raises has no number; what the disk raises has one.
            if error.errno is not None:
                raise
            raise zlib.error(str(error)) from error
        return b""

    def _begun(self) -> Any:
        if self._packing is Packing.BZIP2:
            return bz2.BZ2Decompressor()
        return self._begun_lzma() if self._packing is Packing.LZMA else zlib.decompressobj(-zlib.MAX_WBITS)

    def _begun_lzma(self) -> Any:
        head = b""
        while len(head) < _LZMA_HEADER.size and (piece := self._more()):
            head += piece
        length, settings, dictionary = _LZMA_HEADER.unpack_from(head)
        if length != _LZMA_HEADER.size - 4 or settings >= 9 * 5 * 5 or dictionary > _LARGEST_DICTIONARY:
            raise lzma.LZMAError("settings that are not understood")
        self._waiting = head[_LZMA_HEADER.size :]
        packed = {
            "id": lzma.FILTER_LZMA1,
            "lc": settings % 9,
            "lp": settings // 9 % 5,
            "pb": settings // 45,
            "dict_size": max(dictionary, _LEAST_DICTIONARY),
        }
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[packed])
