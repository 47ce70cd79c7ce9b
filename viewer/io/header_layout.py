"""Headers whose elements lie where those of an earlier file lay, read without walking over them again.

The slices of a series are written by one program: same elements, same lengths. `header_walk.walk` decides by the
bytes of element headers alone; where all of these are the same as in a file that it walked over, it would do the same
again, and the wanted values can be taken from where they are. Anything else is walked over.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.io.header_walk import (
    HEADER_LENGTHS,
    IMPLICIT_LITTLE,
    MODALITY_LUT,
    PIXEL_DATA,
    UNDEFINED_LENGTH,
    VOI_LUT,
    WANTED,
    Elements,
    walk,
)

if TYPE_CHECKING:
    from viewer.io.file_bytes import Source
    from viewer.io.header_walk import Start

_MOST_KEPT = 16
_ITEM_GROUP = 0xFFFE
_ITEM, _SEQUENCE_END = 0xE000, 0xE0DD
_PIXEL_DATA = struct.pack("<HH", PIXEL_DATA >> 16, PIXEL_DATA & 0xFFFF)
_tag = struct.Struct("<HH").unpack_from
_length = struct.Struct("<L").unpack_from
_form_and_length = struct.Struct("<HH").unpack_from


@frozen
class _Layout:
    """Where things lie in the bytes from a data set's beginning.

    Attributes
    ----------
    implicit
        True where elements do not say their value representation.
    pixels_at
        Where the header of Pixel Data lies.
    mask, pattern
        Numbers of `pixels_at` + 8 bytes: all bits set where element headers lie, and what stands there.
    values
        Tag, beginning and end of each wanted value.
    """

    implicit: bool
    pixels_at: int
    mask: int
    pattern: int
    values: tuple[tuple[int, int, int], ...]


class Layouts:
    """The layouts of the headers met last, for the files of one scan; may be used by several threads."""

    def __init__(self) -> None:
        self._kept: tuple[_Layout, ...] = ()
        self._met: set[int] = set()

    def elements(self, source: Source, start: Start, size: int | None) -> Elements | None:
        """Return what `header_walk.walk` returns."""
        head = start.head
        implicit = start.transfer_syntax == IMPLICIT_LITTLE
        for layout in self._kept:
            at = layout.pixels_at
            if head[at : at + 4] != _PIXEL_DATA or layout.implicit is not implicit or len(head) < at + 12:
                continue
            if int.from_bytes(head[: at + 8], "little") & layout.mask == layout.pattern:
                if layout is not self._kept[0]:
                    self._kept = (layout, *(other for other in self._kept if other is not layout))
                values = {tag: head[begin:end] for tag, begin, end in layout.values}
                header = 8 if implicit else 12
                return Elements(values, start.offset + at + header, _length(head, at + header - 4)[0])
        found = walk(source, start, size)
        if found is None or found.pixel_offset < 0 or found.functional_groups:
            return found
        at = found.pixel_offset - start.offset - (8 if implicit else 12)
        if at + 12 <= len(head) and head[at : at + 4] == _PIXEL_DATA:
            # One of a kind is not worth a layout.
            new = _layout(head, at, implicit=implicit) if at in self._met else None
            if new is not None:
                self._kept = (new, *self._kept)[:_MOST_KEPT]
            self._met.add(at)
        return found


def _layout(head: bytes, pixels_at: int, *, implicit: bool) -> _Layout | None:
    """Return the layout of a header that was walked over up to its Pixel Data; None where that is not met again."""
    mask = bytearray(pixels_at + 12)
    values: list[tuple[int, int, int]] = []
    p, depth = 0, 0
    while p < pixels_at:
        group, element = _tag(head, p)
        (length,) = _length(head, p + 4)
        begin = p + 8
        if group == _ITEM_GROUP:
            if depth == 0:
                return None
            depth -= element == _SEQUENCE_END
            length = length if element == _ITEM and length != UNDEFINED_LENGTH else 0
        else:
            if not implicit:
                form, length = _form_and_length(head, p + 4)
                begin = p + HEADER_LENGTHS[form]
                if begin == p + 12:
                    (length,) = _length(head, p + 8)
            tag = group << 16 | element
            if depth == 0 and (tag in WANTED or tag in (MODALITY_LUT, VOI_LUT)):
                values.append((tag, begin, begin + length if tag in WANTED else begin))
            if length == UNDEFINED_LENGTH:
                depth, length = depth + 1, 0
        mask[p:begin] = b"\xff" * (begin - p)
        p = begin + length
    if p != pixels_at or depth:
        return None
    # The length of Pixel Data may be another.
    mask[p : p + 8] = b"\xff" * 4 + (b"\0" if implicit else b"\xff") * 4
    whole = int.from_bytes(mask[: p + 8], "little")
    return _Layout(implicit, pixels_at, whole, int.from_bytes(head[: p + 8], "little") & whole, tuple(values))
