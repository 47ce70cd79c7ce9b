"""Headers whose elements lie where those of an earlier file lay, read without walking over them again.

The slices of a series are written by one program: same elements, same lengths, and most of them say the same.
`header_walk` decides by the bytes of element headers alone; where all of these are the same as in a file that was
walked over, it would do the same again, and the wanted values can be taken from where they are. Values that were the
same in all files of a layout are compared in one go and taken over, with what follows from them. Anything else is
walked over.
"""

from __future__ import annotations

import struct

from attrs import evolve, frozen

from viewer.io.header_walk import (
    HEADER_LENGTHS,
    IMPLICIT_LITTLE,
    MODALITY_LUT,
    PIXEL_DATA,
    UNDEFINED_LENGTH,
    VALUE_MAPS,
    VOI_LUT,
    WANTED,
)
from viewer.io.image_elements import KIND_TAGS, kind_of
from viewer.io.image_header import DECIDING_TAGS, ImageHeader
from viewer.io.slice_header import NATIVE_SYNTAXES, Kind

_MOST_KEPT = 16
_ITEM_GROUP = 0xFFFE
_META_GROUP = 0x0002
_TRANSFER_SYNTAX = 0x00020010
_ITEM, _SEQUENCE_END = 0xE000, 0xE0DD
_PIXEL_DATA = struct.pack("<HH", PIXEL_DATA >> 16, PIXEL_DATA & 0xFFFF)
_OF_KIND = frozenset(KIND_TAGS)
_DECIDING = frozenset(DECIDING_TAGS)
_tag = struct.Struct("<HH").unpack_from
_length = struct.Struct("<L").unpack_from
_form_and_length = struct.Struct("<HH").unpack_from


@frozen
class _Layout:
    """Where things lie in the bytes from a file's beginning.

    Attributes
    ----------
    pixels_at, header
        Where the header of Pixel Data lies, and how long it is.
    mask, pattern
        Numbers of `pixels_at` + 8 bytes: all bits set where element headers lie and where the transfer syntax
        stands, and what is there.
    values
        Beginning and end of each wanted value by tag.
    """

    pixels_at: int
    header: int
    mask: int
    pattern: int
    values: dict[int, tuple[int, int]]


@frozen
class _Known:
    """A layout, and what the files that were met with it had in common.

    Attributes
    ----------
    layout
        Where things lie in all of them.
    steady, pattern
        As `mask` and `pattern` of the layout, with all values in it that were the same.
    first
        The header of one of them.
    varying
        Tag, beginning and end of each value that was not the same.
    kind
        What follows from the elements, None where these were not the same.
    """

    layout: _Layout
    steady: int
    pattern: int
    first: ImageHeader
    varying: tuple[tuple[int, int, int], ...]
    kind: Kind | None

    def header(self, head: bytes, size: int, changed_ns: int) -> ImageHeader | None:
        """Return the header of a file that has the steady values; None where its pixels have to be looked at."""
        first, at = self.first, self.layout.pixels_at + self.layout.header
        values = first.values.copy()
        for tag, begin, end in self.varying:
            values[tag] = head[begin:end]
        (length,) = _length(head, at - 4)
        if length != UNDEFINED_LENGTH and (size >= at + length + 8 or first.transfer_syntax not in NATIVE_SYNTAXES):
            return None
        return ImageHeader(
            values, (), first.transfer_syntax, size, at, length, complete=True, kind=self.kind, changed_ns=changed_ns
        )

    def widened(self, head: bytes, number: int) -> _Known | None:
        """Return the same without the values that a file of this layout has not; None where these decide too much."""
        places = self.layout.values
        own = [tag for tag, (begin, end) in places.items() if head[begin:end] != self.first.values[tag]]
        varying = dict.fromkeys([*(tag for tag, _, _ in self.varying), *own])
        if not _DECIDING.isdisjoint(varying):
            return None
        steady = bytearray(self.steady.to_bytes(self.layout.pixels_at + 8, "little"))
        for tag in own:
            begin, end = places[tag]
            steady[begin:end] = bytes(end - begin)
        mask = int.from_bytes(steady, "little")
        kind = self.kind if _OF_KIND.isdisjoint(varying) else None
        return _Known(self.layout, mask, number & mask, self.first, tuple((tag, *places[tag]) for tag in varying), kind)


class Layouts:
    """The layouts of the headers met last, for the files of one scan; may be used by several threads."""

    def __init__(self) -> None:
        self._kept: tuple[_Known, ...] = ()
        self._met: set[int] = set()

    def recall(self, head: bytes, size: int, changed_ns: int = 0) -> ImageHeader | None:
        """Return what walking over a file of `size` bytes gives, by its first ones; None where it has to be done.

        `changed_ns` is kept as given.
        """
        for known in self._kept:
            layout = known.layout
            at = layout.pixels_at
            if head[at : at + 4] != _PIXEL_DATA or len(head) < at + 12:
                continue
            number = int.from_bytes(head[: at + 8], "little")
            if number & known.steady == known.pattern:
                if known is not self._kept[0]:
                    self._kept = (known, *(other for other in self._kept if other is not known))
                return known.header(head, size, changed_ns)
            if number & layout.mask == layout.pattern:
                wider = known.widened(head, number)
                others = (other for other in self._kept if other is not known)
                self._kept = (*((wider,) if wider is not None else ()), *others)
                return wider.header(head, size, changed_ns) if wider is not None else None
        return None

    def learn(self, head: bytes, header: ImageHeader) -> None:
        """Take in what walking over a file gave; `head` are its first bytes."""
        if header.described or header.inflate_from >= 0 or not header.complete or head[128:132] != b"DICM":
            return
        if VALUE_MAPS in header.values:
            # What is in a sequence does not show in the headers of its elements.
            return
        form = 8 if header.transfer_syntax == IMPLICIT_LITTLE else 12
        at = header.pixel_offset - form
        if at < 0 or at + 12 > len(head) or head[at : at + 4] != _PIXEL_DATA:
            return
        # One of a kind is not worth a layout.
        layout = _layout(head, at, form, header) if at in self._met else None
        self._met.add(at)
        if layout is not None:
            self._kept = (_known(layout, head, header), *self._kept)[:_MOST_KEPT]


def _known(layout: _Layout, head: bytes, header: ImageHeader) -> _Known:
    """Return a layout with one file of it, which has all its values in common with itself."""
    length = layout.pixels_at + 8
    steady = bytearray(layout.mask.to_bytes(length, "little"))
    for begin, end in layout.values.values():
        steady[begin:end] = b"\xff" * (end - begin)
    mask = int.from_bytes(steady, "little")
    pattern = int.from_bytes(head[:length], "little") & mask
    kind = kind_of(header.values, header.transfer_syntax)
    return _Known(layout, mask, pattern, evolve(header, kind=kind), (), kind)


def _layout(head: bytes, pixels_at: int, form: int, found: ImageHeader) -> _Layout | None:
    """Return the layout of a header that was walked over up to its Pixel Data; None where that is not met again."""
    mask = bytearray(pixels_at + 8)
    mask[128:132] = b"\xff" * 4
    values: dict[int, tuple[int, int]] = {}
    p, depth, in_meta = 132, 0, True
    while p < pixels_at:
        group, element = _tag(head, p)
        in_meta = in_meta and group == _META_GROUP
        (length,) = _length(head, p + 4)
        begin = p + 8
        if group == _ITEM_GROUP:
            if depth == 0:
                return None
            depth -= element == _SEQUENCE_END
            length = length if element == _ITEM and length != UNDEFINED_LENGTH else 0
        else:
            if in_meta or form == 12:
                written, length = _form_and_length(head, p + 4)
                begin = p + HEADER_LENGTHS[written]
                if begin == p + 12:
                    (length,) = _length(head, p + 8)
            tag = group << 16 | element
            if in_meta and tag == _TRANSFER_SYNTAX:
                mask[begin : begin + length] = b"\xff" * length
            elif depth == 0 and (tag in WANTED or tag in (MODALITY_LUT, VOI_LUT)):
                if tag in values:
                    # The two may differ in the next file.
                    return None
                values[tag] = (begin, begin + length if tag in WANTED else begin)
            if length == UNDEFINED_LENGTH:
                depth, length = depth + 1, 0
        mask[p:begin] = b"\xff" * (begin - p)
        p = begin + length
    if p != pixels_at or depth:
        return None
    # The length of Pixel Data may be another.
    mask[p : p + 8] = b"\xff" * 4 + (b"\0" if form == 8 else b"\xff") * 4
    if {tag: head[begin:end] for tag, (begin, end) in values.items()} != found.values:
        return None
    whole = int.from_bytes(mask, "little")
    return _Layout(pixels_at, form, whole, int.from_bytes(head[: p + 8], "little") & whole, values)
