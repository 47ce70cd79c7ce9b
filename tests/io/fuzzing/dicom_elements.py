"""Where the elements of a sound DICOM file lie, so that one of them can be made to lie."""

from __future__ import annotations

import struct
import zlib

from attrs import frozen

DEFLATED, IMPLICIT, BIG = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
_LONG = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA = 0x7FE00010
# What is larger is no small file any more, and not looked into.
_LARGEST = 1 << 20
_MOST = 5000


@frozen
class Element:
    """Tag, value representation (b"" where it does not say), and where header and value lie."""

    tag: int
    form: bytes
    at: int
    value: int
    length: int
    depth: int

    @property
    def end(self) -> int:
        """Where the value ends; where it begins for one of undefined length."""
        return self.value if self.length == UNDEFINED else self.value + self.length


@frozen
class Layout:
    """A file's bytes (inflated) and its elements in the order in which they lie."""

    content: bytes
    elements: tuple[Element, ...]
    implicit: bool
    big: bool
    meta_end: int

    @property
    def order(self) -> str:
        """How numbers lie, for `struct`."""
        return ">" if self.big else "<"

    def top(self) -> list[Element]:
        """Return the elements of the data set itself."""
        return [e for e in self.elements if e.depth == 0]

    def header(self, tag: int, form: bytes, length: int) -> bytes:
        """Return the header of an element as it would lie in the data set."""
        order = self.order
        head = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
        if self.implicit or tag >> 16 == 0xFFFE:
            return head + struct.pack(order + "L", length & UNDEFINED)
        if form in _LONG:
            return head + form + bytes(2) + struct.pack(order + "L", length & UNDEFINED)
        return head + form + struct.pack(order + "H", length & 0xFFFF)

    def replaced(self, element: Element, value: bytes, *, padded: bool = True) -> bytes:
        """Return the bytes with another value in an element, its length told truly."""
        value += b"\0" * (len(value) % 2) if padded else b""
        if element.form and element.form not in _LONG:
            value = value[:0xFFFE]
        header = self._own_header(element, len(value))
        return self.content[: element.at] + header + value + self.content[element.end :]

    def _own_header(self, element: Element, length: int) -> bytes:
        order = "<" if element.at < self.meta_end else self.order
        old = self.content[element.at : element.value]
        if len(old) == 12:
            return old[:8] + struct.pack(order + "L", length)
        if element.form:
            return old[:6] + struct.pack(order + "H", length)
        return old[:4] + struct.pack(order + "L", length)


def layout(content: bytes, syntax: str) -> Layout | None:
    """Return where things lie, None for what is no longer sound."""
    try:
        return _layout(content, syntax)
    except (struct.error, IndexError, zlib.error):
        return None


def packed(content: bytes, syntax: str, meta_end: int) -> bytes:
    """Return a file from inflated bytes."""
    if syntax != DEFLATED:
        return content
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return content[:meta_end] + packer.compress(content[meta_end:]) + packer.flush()


def _layout(content: bytes, syntax: str) -> Layout | None:
    found: list[Element] = []
    at = 0
    if content[128:132] == b"DICM":
        at = _walk(content, 132, found, implicit=False, order="<", meta=True)
    if syntax == DEFLATED:
        content = content[:at] + zlib.decompressobj(-zlib.MAX_WBITS).decompress(content[at:], _LARGEST)
    end = _walk(content, at, found, implicit=syntax == IMPLICIT, order=">" if syntax == BIG else "<", meta=False)
    if end != len(content) or len(found) < 3:
        return None
    return Layout(content, tuple(found), syntax == IMPLICIT, syntax == BIG, at)


def _walk(content: bytes, at: int, found: list[Element], *, implicit: bool, order: str, meta: bool) -> int:
    """Add elements from a place on; returns where they end. Sequences are gone into, fragments are listed."""
    open_ends: list[float] = []
    pixels = False
    while at < len(content) and len(found) < _MOST:
        while open_ends and at >= open_ends[-1]:
            open_ends.pop()
        group, number = struct.unpack_from(order + "HH", content, at)
        tag = group << 16 | number
        if meta and group != 2:
            return at
        form, header = b"", 8
        if implicit or group == 0xFFFE:
            (length,) = struct.unpack_from(order + "L", content, at + 4)
        else:
            form = content[at + 4 : at + 6]
            if form in _LONG:
                header = 12
                (length,) = struct.unpack_from(order + "L", content, at + 8)
            else:
                (length,) = struct.unpack_from(order + "H", content, at + 6)
        found.append(Element(tag, form, at, at + header, length, len(open_ends)))
        pixels |= tag == PIXEL_DATA
        at += header
        if tag in (ITEM_END, SEQUENCE_END):
            if open_ends:
                open_ends.pop()
            continue
        opens = length == UNDEFINED or form == b"SQ" or (tag == ITEM and not pixels)
        if opens:
            open_ends.append(float("inf") if length == UNDEFINED else at + length)
        else:
            at += length
    return at
