"""Damage to compressed pixels: fragments and offset tables that lie, code stream headers and marks."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from tests.io.fuzzing.dicom_elements import ITEM, PIXEL_DATA, SEQUENCE_END, UNDEFINED, Layout, layout

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.io.fuzzing.dicom_elements import Element

_ITEM_MARK = struct.pack("<HH", ITEM >> 16, ITEM & 0xFFFF)
_END = struct.pack("<HHL", SEQUENCE_END >> 16, SEQUENCE_END & 0xFFFF, 0)
_SIZES = (0, 1, 2, 3, 16, 23, 25, 31, 33, 48, 64, 255, 256, 4096, 16384, 32768, 60000, 65535)
_MARKS = (0x00, 0x01, 0x4F, 0x51, 0x52, 0x5C, 0x90, 0x91, 0x93, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xCC, 0xD0, 0xD8, 0xD9,
          0xDA,
          0xDB, 0xDC, 0xDD, 0xE0, 0xF7, 0xF8, 0xFE, 0xFF)  # fmt: skip


def _item(content: bytes) -> bytes:
    return _ITEM_MARK + struct.pack("<L", len(content)) + content


def _parts(where: Layout) -> tuple[int, bytes, list[bytes]] | None:
    """Return where the items begin, the offset table, and the fragments."""
    pixels = [e for e in where.elements if e.tag == PIXEL_DATA and e.length == UNDEFINED]
    if not pixels:
        return None
    items: list[Element] = [e for e in where.elements if e.at >= pixels[-1].value and e.tag == ITEM]
    if len(items) < 2:
        return None
    values = [where.content[e.value : e.end] for e in items]
    return pixels[-1].value, values[0], values[1:]


def streams(content: bytes, syntax: str) -> list[bytes]:
    """Return the compressed pixels of a sound file, none where they are not compressed."""
    where = layout(content, syntax)
    parts = _parts(where) if where is not None else None
    return parts[2] if parts is not None else []


def _fragments(rng: random.Random, table: bytes, fragments: list[bytes]) -> tuple[bytes, list[bytes]]:
    """Cut, join, exchange, repeat, empty or lose fragments."""
    k = rng.randrange(len(fragments))
    one = fragments[k]
    cut = rng.randrange(0, len(one) + 1, 2)
    many = [b""] * rng.choice([1, 3, 2000])
    changed = rng.choice(
        [
            [one[:cut], one[cut:]],
            [one, one],
            [],
            [b"", one],
            [one[:cut]],
            [one + bytes(rng.choice([1, 2, 70]))],
            [one[n : n + 2] for n in range(0, len(one), 2)],
            [*many, one],
            [bytes(len(one))],
            [b"\xff" * len(one)],
            [rng.randbytes(len(one))],
        ]
    )
    return table, [*fragments[:k], *changed, *fragments[k + 1 :]]


def _table(rng: random.Random, table: bytes, fragments: list[bytes]) -> tuple[bytes, list[bytes]]:
    """Let the offset table lie."""
    entries = [n[0] for n in struct.iter_unpack("<L", table[: len(table) // 4 * 4])] or [0]
    k = rng.randrange(len(entries))
    entries[k] = rng.choice([0, 1, 0xFFFFFFFF, 0x7FFFFFFF, entries[k] + 8, entries[-1], 1 << 20])
    entries = rng.choice([entries, entries[::-1], entries * 3, entries[:-1], [0] * 5000])
    return struct.pack(f"<{len(entries)}L", *entries), fragments


def _code_stream(rng: random.Random, table: bytes, fragments: list[bytes]) -> tuple[bytes, list[bytes]]:
    """Damage one code stream, so that the file around it is sound."""
    k = rng.randrange(len(fragments))
    fragments = list(fragments)
    one = fragments[k]
    damaged = rng.choice([_header_of_stream, _marks, _bits, _cut_inside, _repeated, _other_stream])(rng, one)
    fragments[k] = damaged + b"\0" * (len(damaged) % 2)
    return table, fragments


def _header_of_stream(rng: random.Random, stream: bytes) -> bytes:
    """Let size, precision, components, tables or segments be others."""
    found = bytearray(stream)
    if stream.startswith(b"\xff\x4f"):
        at, form = rng.choice(
            [(n, ">L") for n in range(8, 40, 4)] + [(40, ">H"), (42, "B"), (43, "B"), (44, "B"), (4, ">H")]
        )
    elif stream.startswith(b"\xff\xd8"):
        start = next(
            (n for n in range(2, len(stream) - 10) if stream[n] == 0xFF and stream[n + 1] in (0xC0, 0xC1, 0xC3, 0xF7)),
            2,
        )
        at, form = rng.choice([(start + 2, ">H"), (start + 4, "B"), (start + 5, ">H"), (start + 7, ">H"), (start + 9,
                               "B"),
                               (rng.randrange(2, max(3, min(len(stream) - 2, 200))), "B")])  # fmt: skip
    else:
        at, form = rng.choice([(n, "<L") for n in range(0, 20, 4)])
    size = struct.calcsize(form)
    if at + size > len(found):
        return stream
    said = rng.choice([*_SIZES, rng.randrange(1 << 16), (1 << 8 * size) - 1]) & ((1 << 8 * size) - 1)
    struct.pack_into(form, found, at, said)
    return bytes(found)


def _marks(rng: random.Random, stream: bytes) -> bytes:
    """Change, put in or take out a mark."""
    there = [n for n in range(len(stream) - 1) if stream[n] == 0xFF]
    mark = bytes([0xFF, rng.choice(_MARKS)])
    at = rng.choice(there) if there and rng.random() < 0.7 else rng.randrange(len(stream) + 1)
    return rng.choice(
        [stream[:at] + mark + stream[at + 2 :], stream[:at] + mark + stream[at:], stream[:at] + stream[at + 2 :]]
    )


def _bits(rng: random.Random, stream: bytes) -> bytes:
    found = bytearray(stream)
    for _ in range(rng.choice([1, 1, 1, 2, 5, 30])):
        if found:
            found[rng.randrange(len(found))] ^= 1 << rng.randrange(8)
    return bytes(found)


def _cut_inside(rng: random.Random, stream: bytes) -> bytes:
    """Take out a part, or put one in, and keep the end mark."""
    at = rng.randrange(len(stream) // 3, max(len(stream) // 3 + 1, len(stream) - 2))
    count = rng.choice([1, 2, 5, 50, 300])
    if rng.random() < 0.3:
        return stream[:at] + rng.randbytes(count) + stream[at:]
    return stream[:at] + stream[min(at + count, len(stream) - 2) :]


def _repeated(rng: random.Random, stream: bytes) -> bytes:
    at = rng.randrange(len(stream) + 1)
    return rng.choice([stream + stream, stream[:at] + stream, stream[:at] + stream[at:] * 2])


def _other_stream(rng: random.Random, stream: bytes) -> bytes:
    return rng.choice(
        [b"\xff\xd8\xff\xd9", b"\xff\x4f\xff\x51\xff\xd9", bytes(64), b"", stream[::-1], stream[:2] + stream[-2:]]
    )


def _items(rng: random.Random, where: Layout) -> bytes:
    """Let the lengths of items lie, lose the end, or add to it."""
    items = [e for e in where.elements if e.tag == ITEM and e.length != UNDEFINED]
    content = where.content
    if rng.random() < 0.3:
        return rng.choice(
            [content.removesuffix(_END), content + _END, content + rng.randbytes(30), content + _item(b"xx") + _END]
        )
    element = rng.choice(items)
    left = len(content) - element.value
    said = rng.choice(
        [0, 1, element.length - 1, element.length + 1, element.length + 8, left, left + 1, UNDEFINED, 0x7FFFFFFF]
    )
    return content[: element.at + 4] + struct.pack("<L", said & UNDEFINED) + content[element.value :]


_PARTS: dict[Callable[[random.Random, bytes, list[bytes]], tuple[bytes, list[bytes]]], int] = {
    _fragments: 3,
    _table: 1,
    _code_stream: 8,
}


def stream_damage(rng: random.Random, content: bytes, syntax: str) -> tuple[bytes, str]:
    """Return a file with damaged compressed pixels, and what was done; "" where there are none."""
    where = layout(content, syntax)
    parts = _parts(where) if where is not None else None
    if where is None or parts is None:
        return content, ""
    if rng.random() < 0.15:
        return _items(rng, where), "items"
    begin, table, fragments = parts
    damage = rng.choices(list(_PARTS), list(_PARTS.values()))[0]
    table, fragments = damage(rng, table, fragments)
    return content[:begin] + b"".join(map(_item, [table, *fragments])) + _END, damage.__name__.strip("_")
