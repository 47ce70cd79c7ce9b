"""What lies behind the pixels of an image, and what it tells of them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from viewer.io.header_walk import EXPLICIT_BIG, IMPLICIT_LITTLE, UNDEFINED_LENGTH

if TYPE_CHECKING:
    from viewer.io.file_bytes import Source
    from viewer.io.header_walk import Elements

_LONGEST_TAIL = 1 << 20
_HOLLOW_BYTES = 64


def lost_before_padding(source: Source, found: Elements, transfer_syntax: str, size: int | None) -> int:
    """Return how many bytes a file lost among its pixels, as the padding behind them proves; 0 where nothing does.

    Data Set Trailing Padding (PS3.10 section 7.2) ends where the file does. Where it begins before the pixels should
    have ended, they are fewer than they say, and those behind the loss are not where they are counted to be.
    """
    begin = found.pixel_offset
    if size is None or begin < 0 or found.pixel_length == UNDEFINED_LENGTH:
        return 0
    end = begin + found.pixel_length
    if size < end + 8 or _is_padding(source.read_at(end, 4), transfer_syntax):
        return 0
    first = max(begin, size - _LONGEST_TAIL)
    tail = source.read_at(first, size - first)
    mark = b"\xff\xfc" * 2 if transfer_syntax == EXPLICIT_BIG else b"\xfc\xff" * 2
    header = 8 if transfer_syntax == IMPLICIT_LITTLE else 12
    mark += b"" if header == 8 else b"OB"
    at = tail.find(mark)
    while at >= 0:
        said = tail[at + header - 4 : at + header]
        if len(said) == 4 and first + at < end:
            (length,) = struct.unpack(">L" if transfer_syntax == EXPLICIT_BIG else "<L", said)
            if first + at + header + length == size:
                return end - first - at
        at = tail.find(mark, at + 1)
    return 0


def _is_padding(head: bytes, transfer_syntax: str) -> bool:
    return head == (b"\xff\xfc" * 2 if transfer_syntax == EXPLICIT_BIG else b"\xfc\xff" * 2)


def is_hollow(source: Source, size: int) -> bool:
    """Return whether a file ends in zeros alone, as one for which room was made and that was not copied to its end."""
    return size >= _HOLLOW_BYTES and not any(source.read_at(size - _HOLLOW_BYTES, _HOLLOW_BYTES))
