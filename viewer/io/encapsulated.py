"""Compressed frames in their fragments: where each frame's code stream lies, and what it says about itself.

DICOM PS3.5 annex A.4 (encapsulated pixel data). Nothing here decodes.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.io.file_bytes import Source
    from viewer.io.slice_header import ImageFile

RLE = "1.2.840.10008.1.2.5"
JPEG = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 57, 70))
JPEG_LS = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (80, 81))
JPEG_2000 = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (90, 91))
HTJ2K_LOSSLESS = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (201, 202))
HTJ2K = HTJ2K_LOSSLESS | {"1.2.840.10008.1.2.4.203"}

_ITEM = 0xE000FFFE
_SEQUENCE_END = 0xE0DDFFFE
_MOST_FRAGMENTS = 1_000_000
# Nearly always holds the empty table and the head of the only fragment: one reading instead of three.
_AHEAD_BYTES = 64
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51")
# How many parts an RLE frame of 16, 8 and 32 bits has, and where the first begins: behind this header (PS3.5 G.5).
_RLE_STARTS = tuple(struct.pack("<LL", parts, 64) for parts in (2, 1, 4))
_RLE_HEADER = 64
_OUT_OF_ORDER = "The file's table says that its images lie in another order than they do; nothing tells which is meant."

Fragment = tuple[int, int]


@frozen
class CodeStream:
    """What a code stream says of itself: size, components, bits of a sample, and whether samples have a sign."""

    rows: int
    columns: int
    components: int
    precision: int
    signed: bool = False


def fragments(source: Source, image: ImageFile) -> tuple[list[int], list[Fragment], bool]:
    """Return the basic offset table, offset and length of every whole fragment, and whether the file ends within one.

    Raises
    ------
    UnreadableFileError
        Where items are damaged, or the file ends within the only image or the first of several.
    """
    end = image.size if image.inflate_from < 0 else 1 << 40
    position = start = image.pixel_offset
    ahead = source.read_at(start, _AHEAD_BYTES)
    table: list[int] | None = None
    found: list[Fragment] = []
    while True:
        header = ahead[position - start : position - start + 8]
        if len(header) < 8:
            header = source.read_at(position, 8)
        if len(header) < 8:
            if found and (len(header) == 0 or image.frames > 1):
                return table or [], found, image.frames > 1
            raise UnreadableFileError("The file ends early.")
        tag, length = struct.unpack("<LL", header)
        position += 8
        if tag == _SEQUENCE_END:
            return table or [], found, False
        if tag != _ITEM or len(found) > _MOST_FRAGMENTS:
            raise UnreadableFileError("The compressed pixels are damaged.", detail=f"tag {tag:08x} at {position - 8}")
        if position + length > end:
            if found and image.frames > 1:
                return table or [], found, True
            raise UnreadableFileError("The file ends early.")
        if table is None:
            raw = source.read_at(position, min(length, 4 * _MOST_FRAGMENTS)) if length else b""
            table = list(struct.unpack(f"<{len(raw) // 4}L", raw[: len(raw) // 4 * 4]))
        else:
            found.append((position, length))
        position += length


def frame_fragments(source: Source, image: ImageFile) -> list[list[Fragment]]:
    """Return the fragments of each frame, by the offset table, by number, or by the marks that begin a code stream.

    Of a file that ends early those of the frames before; none of the others.

    Raises
    ------
    UnreadableFileError
        Where the frames cannot be told apart.
    """
    table, found, cut = fragments(source, image)
    if not found:
        raise UnreadableFileError("The file holds no compressed pixels.")
    if image.frames == 1:
        return _each_of_one_image(source, [found])
    base = found[0][0] - 8
    starts = {base + offset: n for n, offset in enumerate(table)}
    # The first frame begins with the first fragment (PS3.5 A.4): a table that says otherwise belongs to other pixels.
    if len(table) == image.frames and base in starts:
        frames: list[list[Fragment]] = []
        order: list[int] = []
        for fragment in found:
            if fragment[0] - 8 in starts:
                frames.append([])
                order.append(starts[fragment[0] - 8])
            frames[-1].append(fragment)
        if cut and frames[-1][-1][0] + frames[-1][-1][1] not in starts:
            del frames[-1]
        if len(frames) == image.frames and order != sorted(order):
            raise UnreadableFileError(_OUT_OF_ORDER)
        if len(frames) == image.frames or cut:
            return _each_of_one_image(source, frames) + [[]] * (image.frames - len(frames))
    if len(found) == image.frames:
        return [[fragment] for fragment in found]
    frames = []
    for offset, length in found:
        if source.read_at(offset, 4).startswith(_STARTS):
            frames.append([])
        if frames:
            frames[-1].append((offset, length))
    if cut and frames:
        return frames + [[]] * (image.frames - len(frames))
    if len(frames) != image.frames:
        raise UnreadableFileError(_begin_in_it(image.frames, len(frames)))
    return frames


def refuse_other_order(table: bytes, frames: int) -> None:
    """Raise UnreadableFileError where an Extended Offset Table has frames begin in another order than their own.

    PS3.3 C.7.6.3.1.8: 64 bits for each, little-endian. Who follows the table and who counts fragments would show
    different images at one place.
    """
    offsets = struct.unpack(f"<{len(table) // 8}Q", table[: len(table) // 8 * 8])
    if len(offsets) == frames and any(a >= b for a, b in pairwise(offsets)):
        raise UnreadableFileError(_OUT_OF_ORDER)


def _each_of_one_image(source: Source, frames: list[list[Fragment]]) -> list[list[Fragment]]:
    """Return frames, none of which holds the beginning of another: decoders show the first and are silent of the rest.

    Raises
    ------
    UnreadableFileError
        Where more images begin than the file says.
    """
    more = sum(_begins(source, fragment) for frame in frames for fragment in frame[1:])
    if more:
        raise UnreadableFileError(_begin_in_it(len(frames), len(frames) + more))
    return frames


def _begins(source: Source, fragment: Fragment) -> bool:
    """Return whether an image begins with a fragment: none of these marks can stand within one."""
    head = source.read_at(fragment[0], min(_RLE_HEADER, fragment[1]))
    rle = len(head) == _RLE_HEADER and head.startswith(_RLE_STARTS) and not any(head[4 + 16 :])
    return rle or head.startswith(_STARTS)


def _begin_in_it(said: int, begin: int) -> str:
    images = f"{said} image{'s' if said > 1 else ''}"
    return f"The file says that it holds {images}, but {begin} begin in it."


def first_bytes(source: Source, image: ImageFile, most: int) -> bytes:
    """Return how the first frame of a file begins, at most its first fragment; nothing where that is not found."""
    position = image.pixel_offset
    for is_fragment in (False, True):
        header = source.read_at(position, 8)
        tag, length = struct.unpack("<LL", header) if len(header) == 8 else (0, 0)
        if tag != _ITEM:
            break
        position += 8
        if is_fragment:
            return source.read_at(position, min(length, most))
        position += length
    return b""


def described(stream: bytes) -> CodeStream | None:
    """Return what a JPEG, JPEG-LS or JPEG 2000 code stream says of itself, or None where it does not say.

    ITU-T T.81 B.2.2 (frame header), T.87 C.2.2, T.800 A.5.1 (SIZ).
    """
    at = stream.find(b"\xff\x4f\xff\x51", 0, 4096)
    if at >= 0 and not stream.startswith(b"\xff\xd8"):
        if len(stream) < at + 43:
            return None
        right, bottom, left, top = struct.unpack_from(">4L", stream, at + 8)
        (components,) = struct.unpack_from(">H", stream, at + 40)
        depth = stream[at + 42]
        return CodeStream(bottom - top, right - left, components, (depth & 0x7F) + 1, bool(depth & 0x80))
    for marker, position in _segments(stream):
        if (_is_frame(marker) or marker == 0xF7) and position + 10 <= len(stream):
            precision, rows, columns, components = struct.unpack_from(">BHHB", stream, position + 4)
            return CodeStream(rows, columns, components, precision)
    return None


def _segments(stream: bytes) -> Iterator[tuple[int, int]]:
    """Yield the markers of a JPEG or JPEG-LS code stream up to its first scan, and where they stand."""
    position = 2
    while position + 4 <= len(stream) and stream[position] == 0xFF:
        marker = stream[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        (length,) = struct.unpack_from(">H", stream, position + 2)
        yield marker, position
        position += 2 + length


def scan_begins(stream: bytes) -> int:
    """Return where the first scan of a JPEG or JPEG-LS code stream begins, -1 where it has none."""
    return next((position for marker, position in _segments(stream) if marker == 0xDA), -1)


def _is_frame(marker: int) -> bool:
    """Return True for the marker of a JPEG frame header (ITU-T T.81 table B.1)."""
    return 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)


def reversible(stream: bytes) -> bool:
    """Return True where a JPEG 2000 code stream says that it gives back what went in (ITU-T T.800 A.6.1, COD)."""
    position = max(0, stream.find(b"\xff\x4f\xff\x51", 0, 4096)) + 2
    while position + 14 <= len(stream):
        marker, length = struct.unpack_from(">HH", stream, position)
        if marker == 0xFF52:
            return stream[position + 13] == 1
        if not 0xFF50 <= marker <= 0xFF64:
            return False
        position += 2 + length
    return False


def loses(stream: bytes) -> bool | None:
    """Return whether a code stream says that pixels were changed to pack them; None where it does not say.

    ITU-T T.81 table B.1 (only process 14 loses nothing, and that without a point transform, B.2.3), T.87 C.2.3 (NEAR),
    T.800 A.6.1 (transformation).
    """
    if not stream.startswith(b"\xff\xd8"):
        return not reversible(stream) if stream.find(b"\xff\x4f\xff\x51", 0, 4096) >= 0 else None
    lossless_jpeg = False
    for marker, position in _segments(stream):
        if _is_frame(marker):
            if marker != 0xC3:
                return True
            lossless_jpeg = True
        if marker == 0xDA:
            # Behind its components, two bytes of each: how far a sample of JPEG-LS may be off, of JPEG two bytes on
            # how many of its lowest bits were left out.
            at = position + 5 + (2 if lossless_jpeg else 0)
            at += 2 * stream[position + 4] if position + 4 < len(stream) else len(stream)
            return None if at >= len(stream) else (stream[at] & 0x0F if lossless_jpeg else stream[at]) > 0
    return None


def ended(stream: bytes) -> bool:
    """Return True where a code stream has its end mark (decoders otherwise make up what is missing).

    It may be filled up, with whatever. Packed pixels never look like the mark, which what stands before them may.
    """
    if stream.rfind(b"\xff\xd9", max(0, len(stream) - 64)) >= 0:
        return True
    begin = scan_begins(stream) if stream.startswith(b"\xff\xd8") else stream.find(b"\xff\x93")
    return begin >= 0 and stream.find(b"\xff\xd9", begin) >= 0
