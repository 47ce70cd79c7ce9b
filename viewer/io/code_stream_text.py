"""Text inside compressed pixels, blanked: comments and application data of JPEG, JPEG-LS and JPEG 2000 code streams.

Nothing that a decoder needs is touched, and no byte moves: ITU-T T.81 B.2.4.5 and B.2.4.6, T.87, T.800 A.9.2 (COM).
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from viewer.domain.errors import UnreadableFileError
from viewer.io.encapsulated import HTJ2K, JPEG, JPEG_2000, JPEG_LS, RLE

if TYPE_CHECKING:
    from collections.abc import Sequence

# In the coded data of JPEG and JPEG-LS a mark is FF and a byte from 80, but for the restart marks D0 to D7.
_MARK = re.compile(rb"\xff+[\x80-\xcf\xd8-\xfe]")
_KEPT_HEADS = {0xE0: (b"JFIF\0", 14), 0xEE: (b"Adobe", 12), 0xE8: (b"mrfx", 6)}
_RLE_HEADER = 64
_END, _SCAN, _TILE, _TILE_DATA = 0xD9, 0xDA, 0xFF90, 0xFF93


def without_text(fragments: Sequence[bytes], syntax: str, pixels: int) -> list[bytes]:
    """Return the fragments of compressed frames, each as long as before, with their comments blanked.

    Bytes that follow the end of a code stream are blanked too; of run-length coded frames, which have a fragment each,
    also what lies between and behind their segments.

    Parameters
    ----------
    pixels
        How many there are in a frame.

    Raises
    ------
    UnreadableFileError
        Where no code stream begins at the first fragment, so that nobody knows what else is in it.
    """
    if syntax == RLE:
        return [_without_rle_text(fragment, pixels) for fragment in fragments]
    joined = bytearray(b"".join(fragments))
    starts, at = [], 0
    jpeg, jpeg_2000 = syntax in JPEG | JPEG_LS, syntax in JPEG_2000 | HTJ2K
    for fragment in fragments:
        if fragment.startswith(b"\xff\xd8\xff" if jpeg else b"\xff\x4f\xff\x51"):
            starts.append(at)
        at += len(fragment)
    if jpeg or jpeg_2000:
        if starts[:1] != [0]:
            raise UnreadableFileError("The compressed pixels are wrapped in something that may hold text.")
        for start, end in zip(starts, [*starts[1:], len(joined)], strict=True):
            (_blank_jpeg if jpeg else _blank_jpeg_2000)(joined, start, end)
    cleaned, at = [], 0
    for fragment in fragments:
        cleaned.append(bytes(joined[at : at + len(fragment)]))
        at += len(fragment)
    return cleaned


def _blank(stream: bytearray, start: int, end: int) -> None:
    stream[start:end] = bytes(max(0, end - start))


def _without_rle_text(frame: bytes, pixels: int) -> bytes:
    """Return a run-length coded frame in which only header and runs are left (PS3.5 annex G)."""
    if len(frame) < _RLE_HEADER:
        raise UnreadableFileError("The compressed pixels are damaged.")
    count = struct.unpack_from("<L", frame)[0]
    if not 0 < count < 16:
        raise UnreadableFileError("The compressed pixels are damaged.")
    cleaned = bytearray(len(frame))
    cleaned[: 4 + 4 * count] = frame[: 4 + 4 * count]
    starts = list(struct.unpack_from(f"<{count}L", frame, 4))
    for start, end in zip(starts, [*starts[1:], len(frame)], strict=True):
        end = _end_of_runs(frame, start, min(end, len(frame)), pixels)
        cleaned[start:end] = frame[start:end]
    return bytes(cleaned)


def _end_of_runs(frame: bytes, at: int, end: int, pixels: int) -> int:
    """Return where the runs end that give so many bytes."""
    made = 0
    while made < pixels and at < end:
        code = frame[at]
        if code < 128:
            made += code + 1
            at += code + 2
        else:
            made += 257 - code if code > 128 else 0
            at += 2 if code > 128 else 1
    return min(at, end)


def _blank_jpeg(stream: bytearray, start: int, end: int) -> None:
    at = start + 2
    while at + 4 <= end:
        if stream[at] != 0xFF or stream[at + 1] in (0x00, 0xFF):
            at += 1
            continue
        mark = stream[at + 1]
        if mark == _END:
            _blank(stream, at + 2, end)
            return
        (length,) = struct.unpack_from(">H", stream, at + 2)
        after = min(end, at + 2 + length)
        if mark == 0xFE or 0xE0 <= mark <= 0xEF:
            head, kept = _KEPT_HEADS.get(mark, (b"", 0))
            keeps = bool(head) and stream[at + 4 : at + 4 + len(head)] == head
            _blank(stream, at + 4 + (kept if keeps else 0), after)
            if keeps and mark == 0xE0 and length >= 16:
                # The size of a small picture, which is blank now.
                _blank(stream, at + 4 + 12, at + 4 + 14)
        at = after
        if mark == _SCAN:
            found = _MARK.search(stream, at, end)
            if found is None:
                return
            at = found.end() - 2
    if stream[at : at + 2] == b"\xff\xd9":
        _blank(stream, at + 2, end)


def _blank_jpeg_2000(stream: bytearray, start: int, end: int) -> None:
    at, tile_end = start + 2, end
    while at + 4 <= end:
        mark, length = struct.unpack_from(">HH", stream, at)
        if mark == 0xFFD9:
            _blank(stream, at + 2, end)
            return
        if mark == _TILE_DATA:
            at = tile_end
            continue
        if mark == _TILE and at + 12 <= end:
            (tile_length,) = struct.unpack_from(">L", stream, at + 6)
            tile_end = at + tile_length if tile_length else end - 2
        if mark == 0xFF64:
            _blank(stream, at + 6, min(end, at + 2 + length))
        at += 2 + length
    if stream[at : at + 2] == b"\xff\xd9":
        _blank(stream, at + 2, end)
