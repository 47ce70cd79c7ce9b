"""Whether the tiles of a JPEG 2000 code stream are all there: decoders make up what is missing.

ITU-T T.800 A.4.2 (SOT), A.5.1 (SIZ), B.3 (the grid of tiles).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_START, _TILE, _END = b"\xff\x4f\xff\x51", 0xFF90, 0xFFD9
_LATEST_START = 4096


def missing_tiles(stream: bytes) -> int:
    """Return how many tiles of a code stream have no part in it; 0 where their parts cannot be followed to the end."""
    begin = stream.find(_START, 0, _LATEST_START)
    if begin < 0 or len(stream) < begin + 40:
        return 0
    right, bottom, _, _, width, height, left, top = struct.unpack_from(">8L", stream, begin + 8)
    if not width or not height:
        return 0
    tiles: int = -(-(right - left) // width) * -(-(bottom - top) // height)
    found = set()
    for tile, length in _parts(stream, begin):
        if length < 0:
            return 0
        found.add(tile)
    return max(0, tiles - len(found))


def says_lengths(stream: bytes) -> bool:
    """Return True where the parts of all tiles say how long they are, and end where the code stream does."""
    begin = stream.find(_START, 0, _LATEST_START)
    return begin >= 0 and all(length > 0 for _, length in _parts(stream, begin))


def _parts(stream: bytes, begin: int) -> Iterator[tuple[int, int]]:
    """Yield the tile of each part and its length: 0 where it goes on to the end, -1 where what follows is no part."""
    at = begin + 2
    while at + 4 <= len(stream):
        marker, length = struct.unpack_from(">HH", stream, at)
        if marker == _TILE:
            break
        if not 0xFF00 < marker < _TILE or length < 2:
            yield -1, -1
            return
        at += 2 + length
    while at + 12 <= len(stream) and stream[at : at + 2] == b"\xff\x90":
        tile, length = struct.unpack_from(">HL", stream, at + 4)
        yield tile, length
        if not length:
            return
        at += length
    if stream[at : at + 2] != b"\xff\xd9":
        yield -1, -1
