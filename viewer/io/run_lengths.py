"""Words of a frame in DICOM's run lengths (PS3.5 annex G): each byte of the words is a plane packed for itself."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import UnreadableFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.io.slice_header import PixelCode

_HEADER_BYTES = 64
_MOST_FILLING_BYTES = 1 << 16


def unpacked_words(stream: bytes, code: PixelCode, room: NDArray[np.uint16] | None = None) -> NDArray[Any]:
    """Return the unsigned words [j, i] of an RLE frame of 8, 16 or 32 bits; those of 16 bits lie in `room`, if given.

    Raises
    ------
    UnreadableFileError
        Where the pixels are damaged or too few.
    """
    size = code.bits_allocated // 8
    if len(stream) < _HEADER_BYTES or struct.unpack_from("<L", stream)[0] != size:
        raise UnreadableFileError("The compressed pixels are damaged.")
    # 128 bytes are the most that two bytes of a run stand for, so a larger image cannot be in there.
    if code.frame_bytes > 64 * len(stream) + 1024:
        raise UnreadableFileError("The compressed pixels are too few for the image.")
    words = np.empty((code.rows, code.columns), f"u{size}") if room is None else room
    high, *others = _planes(stream, size, words.shape)
    if not others:
        words[...] = high
    for plane in others:
        np.multiply(high, words.dtype.type(256), out=words)
        np.add(words, plane, out=words)
        high = words
    return words


def unpacked_segment(segment: bytes, most: int) -> NDArray[np.uint8]:
    """Return the bytes of one segment of an RLE frame, fewer than `most` where it holds fewer, never more.

    Raises
    ------
    UnreadableFileError
        Where the segment is damaged, or far longer than that.
    """
    # It may be filled up; what is far longer is no image, and would take the memory that it asks for.
    room = np.empty(most + _MOST_FILLING_BYTES, np.uint8)
    return np.frombuffer(_decoded(memoryview(segment), room), np.uint8)[:most] if segment else room[:0]


def _planes(stream: bytes, count: int, shape: tuple[int, ...]) -> list[NDArray[Any]]:
    """Return so many planes of bytes of that shape, the highest bytes first.

    Each is unpacked in one piece, which is more than twice as fast as putting every byte in its word.
    """
    ends = [*struct.unpack_from(f"<{count}L", stream, 4), len(stream)]
    if ends[0] != _HEADER_BYTES or any(begin >= end for begin, end in pairwise(ends)):
        raise UnreadableFileError("The compressed pixels are damaged.")
    packed = memoryview(stream)
    # In one piece: small ones would be given back to the system, and come from there again, with each image.
    rooms = np.empty((count, shape[0] * shape[1]), np.uint8)
    unpacked = [_unpacked(packed[begin:end], room) for (begin, end), room in zip(pairwise(ends), rooms, strict=True)]
    return [plane.reshape(shape) for plane in unpacked]


def _unpacked(segment: memoryview[int], room: NDArray[np.uint8]) -> NDArray[np.uint8]:
    try:
        found = _decoded(segment, room)
    except UnreadableFileError:
        # It may be longer than the image, by what it was filled up with or by rubbish; the image needs none of that.
        found = _first_bytes(segment, room.size)
    if len(found) < room.size:
        raise UnreadableFileError("The compressed pixels end early.")
    return np.frombuffer(found, np.uint8, count=room.size)


def _first_bytes(segment: memoryview[int], count: int) -> bytearray:
    """Return so many of the bytes that a segment stands for, fewer where it ends before (PS3.5 annex G.3.2)."""
    found, at = bytearray(), 0
    while len(found) < count and at + 1 < len(segment):
        control = segment[at]
        if control == 128:
            at += 1
        elif control > 128:
            found += bytes(segment[at + 1 : at + 2]) * (257 - control)
            at += 2
        else:
            found += segment[at + 1 : at + 2 + control]
            at += 2 + control
    return found


def _decoded(segment: memoryview[int], room: NDArray[np.uint8] | None) -> Any:
    import imagecodecs

    decode: Any = imagecodecs.packbits_decode
    try:
        return decode(segment, out=room)
    except RuntimeError as error:
        raise UnreadableFileError("The compressed pixels are damaged.", detail=repr(error)) from error
