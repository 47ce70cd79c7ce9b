"""Sequences of a data set in memory: their items, and sequences in them, read within bounds.

DICOM PS3.5 section 7.5 (nesting of data sets), 7.1 (element structure), 6.2.2 note 2 (what is written as bytes of no
known kind is implicit little endian inside). What is not sound raises ValueError; nothing of the file is in its words.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.io.header_walk import EXPLICIT_BIG, HEADER_LENGTHS, IMPLICIT_LITTLE, UNDEFINED_LENGTH

if TYPE_CHECKING:
    from collections.abc import Collection

    # The kind of a value that may be signed or not ("US", "SS") stands under minus its tag, where the file says it.
    Item = dict[int, "bytes | list[Item]"]

_DEEPEST = 32
# About two seconds.
_MOST_ELEMENTS = 1_500_000
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LUT_DESCRIPTOR = 0x00283002
_SEQUENCE, _UNKNOWN = (int.from_bytes(form, "little") for form in (b"SQ", b"UN"))


@frozen
class Form:
    """How the elements of a data set are written."""

    explicit: bool
    big: bool = False


def form_of(transfer_syntax: str) -> Form:
    """Return how a transfer syntax writes elements."""
    return Form(transfer_syntax != IMPLICIT_LITTLE, transfer_syntax == EXPLICIT_BIG)


def placed_items(content: bytes, form: Form, sequence: int) -> tuple[list[tuple[int, Item]], bool]:
    """Return the items of a sequence of a data set, each with where it begins, and whether these are all.

    They are not where the data set is damaged, nested too deep or too large; then they are those before.
    """
    reading = _Reading(content, (sequence,), cut=True)
    try:
        reading.elements(0, len(content), form, 0, reading.whole)
    except ValueError:
        # Discs are filled up with zeros, and with what was there before.
        if sequence not in reading.whole:
            return reading.placed, False
    items = reading.whole.get(sequence)
    wanted = {id(item) for item in items} if isinstance(items, list) else set()
    return [(at, item) for at, item in reading.placed if id(item) in wanted], True


def items_of(content: bytes, length: int, form: Form, sequences: Collection[int]) -> list[Item]:
    """Return the items of a sequence whose value begins `content`; `sequences` are the wanted ones in them.

    Raises
    ------
    ValueError
        Where it is damaged, nested too deep or too large.
    """
    end = None if length == UNDEFINED_LENGTH else length
    if end is not None and end > len(content):
        raise ValueError("a sequence ends early")
    found, _ = _Reading(content, sequences).items(0, end, form, 0)
    return found


class _Reading:
    def __init__(self, content: bytes, sequences: Collection[int], *, cut: bool = False) -> None:
        self._content, self._sequences, self._cut = content, sequences, cut
        self._left = _MOST_ELEMENTS
        self.placed: list[tuple[int, Item]] = []
        self.whole: Item = {}

    def items(self, at: int, end: int | None, form: Form, depth: int) -> tuple[list[Item], int]:
        """Return the items from `at`, and where they end; `end` is None where a delimiter says it."""
        if depth > _DEEPEST:
            raise ValueError("sequences are nested too deep")
        found: list[Item] = []
        header = struct.Struct(">HHL" if form.big else "<HHL").unpack_from
        content, size = self._content, len(self._content)
        while end is None or at < end:
            self._count()
            if at + 8 > size:
                raise ValueError("a sequence ends early")
            group, element, length = header(content, at)
            tag = group << 16 | element
            begun = at
            at += 8
            if tag == _SEQUENCE_END and end is None:
                return found, at
            if tag != _ITEM:
                raise ValueError("a sequence holds what is no item")
            if not length:
                item: Item = {}
            elif length == UNDEFINED_LENGTH:
                item, at = self.elements(at, None, form, depth)
            elif at + length > (size if end is None else end):
                raise ValueError("an item ends early")
            else:
                item, at = self.elements(at, at + length, form, depth)
            found.append(item)
            if depth == 1:
                self.placed.append((begun, item))
        return found, at

    def elements(self, at: int, end: int | None, form: Form, depth: int, found: Item | None = None) -> tuple[Item, int]:
        """Return the elements from `at`, in `found`, and where they end; `end` is None where a delimiter says it."""
        found = {} if found is None else found
        order = ">" if form.big else "<"
        tag_of, word = struct.Struct(order + "HH").unpack_from, struct.Struct(order + "L").unpack_from
        short = struct.Struct(order + "H").unpack_from
        content, size = self._content, len(self._content) if end is None else end
        while end is None or at < end:
            self._count()
            if at + 8 > size:
                raise ValueError("an element ends early")
            group, element = tag_of(content, at)
            tag = group << 16 | element
            if tag == _ITEM_END and end is None:
                return found, at + 8
            if group == 0xFFFE:
                raise ValueError("a delimiter without a beginning")
            kind = _SEQUENCE
            if form.explicit:
                kind = int.from_bytes(content[at + 4 : at + 6], "little")
                header = HEADER_LENGTHS.get(kind, 0)
                if not header or at + header > size:
                    raise ValueError("an element of no known kind")
                (length,) = short(content, at + 6) if header == 8 else word(content, at + 8)
            else:
                header, (length,) = 8, word(content, at + 4)
            at += header
            if length == UNDEFINED_LENGTH:
                at = self._undefined(at, tag, kind, form, depth, found)
            elif at + length > size:
                if self._cut and tag in self._sequences:
                    self.items(at, None, form, depth + 1)
                raise ValueError("an element ends early")
            else:
                if tag in self._sequences:
                    if kind not in (_SEQUENCE, _UNKNOWN):
                        raise ValueError("a sequence of another kind")
                    inside = Form(explicit=False) if kind == _UNKNOWN else form
                    self._take(found, tag, self.items(at, at + length, inside, depth + 1)[0])
                else:
                    self._take(found, tag, content[at : at + length])
                    if tag == _LUT_DESCRIPTOR and form.explicit:
                        found[-tag] = content[at - header + 4 : at - header + 6]
                at += length
        return found, at

    def _undefined(self, at: int, tag: int, kind: int, form: Form, depth: int, found: Item) -> int:
        """Take a value whose end a delimiter says, and return where it ends."""
        if kind == _UNKNOWN:
            form = Form(explicit=False)
        elif kind != _SEQUENCE:
            raise ValueError("a value without an end")
        inside, at = self.items(at, None, form, depth + 1)
        if tag in self._sequences:
            self._take(found, tag, inside)
        return at

    def _take(self, found: Item, tag: int, value: bytes | list[Item]) -> None:
        """Note a value; of two that differ nothing tells which is meant. Private ones are nobody's here."""
        if found.setdefault(tag, value) != value and not tag >> 16 & 1:
            raise ValueError("an element stands there twice, with two values")

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            self.placed.clear()
            raise ValueError("too many elements")
