"""Damage to DICOM elements: lengths, representations, tags, values, sequences and image descriptions that lie."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from tests.io.fuzzing.dicom_elements import (
    DEFLATED,
    IMPLICIT,
    ITEM,
    ITEM_END,
    PIXEL_DATA,
    SEQUENCE_END,
    UNDEFINED,
    Layout,
    layout,
    packed,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.io.fuzzing.dicom_elements import Element

_FORMS = (
    *(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US OB OD OF OL OV OW SQ SV UC UN UR UT UV".split()),
    b"??", b"\0\0", b"  ", b"ox", b"\xff\xff",
)  # fmt: skip
# What decides over places, values and pixels.
_TELLING = (
    0x00020000, 0x00020010, 0x00080005, 0x00080008, 0x00080016, 0x00080018, 0x00080060, 0x00100010, 0x00180050,
    0x0020000D, 0x0020000E, 0x00200013, 0x00200032, 0x00200037, 0x00200052, 0x00280002, 0x00280004, 0x00280008,
    0x00280010, 0x00280011, 0x00280030, 0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00280120, 0x00280121,
    0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00281054, 0x00282110, 0x00283000, 0x52009229, 0x52009230,
    PIXEL_DATA, 0x7FE00008, 0x7FE00001,
)  # fmt: skip
_OTHER_TAGS = (*_TELLING, ITEM, ITEM_END, SEQUENCE_END, 0, 0xFFFFFFFF, 0x00090010, 0x7FE00011, 0x00280106, 0x60003000)
_TEXT_NUMBERS = (
    b"1e308", b"-1e308", b"1e-308", b"4e-320", b"nan", b"inf", b"-inf", b"0", b"-0", b"1e5000", b"1_000", b"0x10",
    b"99999999999999999999999", b"1,5", b" ", b"", b"\\", b"\\\\\\\\\\\\", b"1\\", b"--1", b"1 2", b"+1.", b".5",
    b"\xef\xbc\x91\xef\xbc\x92", b"1\0", b"\0001", b"1" * 400, b"1e", b"1e999999999", b"2147483648", b"-2147483649",
    b"0.0000001", b"65536", b"1\n", b"\t1", b"1.0000000000000000000001", b"3", b"-1", b"1000000", b"16384",
)  # fmt: skip
_WORDS = (
    0,
    1,
    2,
    3,
    7,
    8,
    9,
    11,
    12,
    15,
    16,
    17,
    24,
    31,
    32,
    33,
    63,
    64,
    100,
    255,
    256,
    4096,
    16384,
    32767,
    32768,
    65535,
)
_STRINGS = (
    b"\0" * 64, b"\x1b[2J\x1b]0;x\x07", "\u202e\u2066gnp.\u2069".encode(), b"\xff\xfe\xfa" * 20,
    b"\x1b$B!!\x1b(B\x1b$)A",
    b"<img src='file:///etc/hostname'>", b"%s%n%x%d", b"../../../x", b"A" * 70_000, b"\\" * 5000, b"^=" * 300,
    b"ISO 2022 IR 58\\ISO 2022 IR 149", b"ISO_IR 999", b"\\ISO 2022 IR 87", "é".encode() * 1000, b"\r\n\r\n",
)  # fmt: skip
_SYNTAXES = (
    b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1", b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.2",
    b"1.2.840.10008.1.2.5", b"1.2.840.10008.1.2.4.50", b"1.2.840.10008.1.2.4.51", b"1.2.840.10008.1.2.4.70",
    b"1.2.840.10008.1.2.4.80", b"1.2.840.10008.1.2.4.90", b"1.2.840.10008.1.2.4.201", b"1.2.840.10008.1.2.4.100",
    b"1.2.3", b"", b"\0", b"1.2.840.10008.1.2.1 ", b"x" * 200,
)  # fmt: skip
_NUMBER_FORMS = {b"US": "H", b"SS": "h", b"UL": "L", b"SL": "l", b"FL": "f", b"FD": "d"}


def _chosen(rng: random.Random, where: Layout) -> Element:
    """Return an element, oftener one that decides something."""
    telling = [e for e in where.elements if e.tag in _TELLING]
    return rng.choice(telling if telling and rng.random() < 0.6 else list(where.elements))


def _length(rng: random.Random, where: Layout) -> bytes:
    element = _chosen(rng, where)
    left = len(where.content) - element.value
    said = rng.choice(
        [0, element.length + 1, element.length - 1, UNDEFINED, left + 1, left, left + 2, 0x7FFFFFFF, 0x80000000,
         rng.randrange(1, 200), 0xFFFFFFFE, 0xFFFF, element.length + 2, 1 << 20]
    )  # fmt: skip
    order = "<" if element.at < where.meta_end else where.order
    if element.form and element.value - element.at == 8:
        at, raw = element.at + 6, struct.pack(order + "H", said & 0xFFFF)
    else:
        at, raw = element.value - 4, struct.pack(order + "L", said & UNDEFINED)
    return where.content[:at] + raw + where.content[at + len(raw) :]


def _form(rng: random.Random, where: Layout) -> bytes:
    element = _chosen(rng, where)
    return where.content[: element.at + 4] + rng.choice(_FORMS) + where.content[element.at + 6 :]


def _tag(rng: random.Random, where: Layout) -> bytes:
    element, tag = _chosen(rng, where), rng.choice(_OTHER_TAGS)
    raw = struct.pack(where.order + "HH", tag >> 16, tag & 0xFFFF)
    return where.content[: element.at] + raw + where.content[element.at + 4 :]


def _group_length(rng: random.Random, where: Layout) -> bytes:
    said = rng.choice([0, 1, 8, 100, 0xFFFFFFFF, 0x7FFFFFFF, len(where.content)])
    first = where.elements[0]
    if first.tag == 0x00020000 and rng.random() < 0.5:
        return where.content[: first.value] + struct.pack("<L", said) + where.content[first.value + 4 :]
    element = rng.choice(where.top())
    lie = where.header(element.tag & 0xFFFF0000, b"UL", 4) + struct.pack(where.order + "L", said)
    return where.content[: element.at] + lie + where.content[element.at :]


def _multiplicity(rng: random.Random, where: Layout) -> bytes:
    element = _chosen(rng, where)
    value = where.content[element.value : element.end]
    parts = value.split(b"\\")
    value = rng.choice([value + b"\\" + value, parts[0], b"\\".join(parts[:-1]), b"\\" + value, (value + b"\\") * 400])
    return where.replaced(element, value)


def _number(rng: random.Random, where: Layout) -> bytes:
    numeric = [e for e in where.elements if e.tag in _TELLING and e.length not in (0, UNDEFINED)]
    element = rng.choice(numeric or list(where.elements))
    form = _NUMBER_FORMS.get(element.form, "H" if where.implicit and element.tag >> 16 == 0x28 else "")
    if form:
        extremes = [0, 1, -1, 1 << 15, (1 << 16) - 1, 1 << 31, (1 << 32) - 1, rng.choice(_WORDS)]
        if form in "fd":
            return where.replaced(
                element, struct.pack(where.order + form, rng.choice([0, -1, 1e30, 1e-40, float("nan")]))
            )
        size = struct.calcsize(form)
        word = rng.choice(extremes) & ((1 << 8 * size) - 1)
        return where.replaced(element, word.to_bytes(size, "big" if where.big else "little"))
    parts = where.content[element.value : element.end].split(b"\\")
    parts[rng.randrange(len(parts))] = rng.choice(_TEXT_NUMBERS)
    return where.replaced(element, b"\\".join(parts))


def _string(rng: random.Random, where: Layout) -> bytes:
    value = rng.choice(_STRINGS) if rng.random() < 0.98 else b"Z" * 10_000_000
    return where.replaced(_chosen(rng, where), value)


def _image(rng: random.Random, where: Layout) -> bytes:
    """Let Rows, Columns, bits, sign, samples or frames be others."""
    tags = (0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00280002, 0x00280120)
    content = where
    for _ in range(rng.choice([1, 1, 2, 3])):
        there = [e for e in content.elements if e.tag in tags]
        if not there or rng.random() < 0.2:
            break
        word = rng.choice(_WORDS).to_bytes(2, "big" if where.big else "little")
        changed = content.replaced(rng.choice(there), word)
        content = Layout(changed, content.elements, content.implicit, content.big, content.meta_end)
    if content is where:
        said = rng.choice(
            [b"0 ", b"1 ", b"2 ", b"4 ", b"-1", b"20000 ", b"20001 ", b"1e3 ", b"99999999999 ", b"1.5 ", b""]
        )
        element = rng.choice(where.top())
        old = [e for e in where.top() if e.tag == 0x00280008]
        if old:
            return where.replaced(old[0], said)
        return (
            where.content[: element.at]
            + where.header(0x00280008, b"IS", len(said))
            + said
            + where.content[element.at :]
        )
    return content.content


def _nested(rng: random.Random, where: Layout) -> bytes:
    """Put in sequences in sequences, their ends told or not."""
    depth = rng.choice([2, 31, 32, 33, 33, 300, 300, 3000])
    if rng.random() < 0.02:
        depth = 100_000
    tag = rng.choice([0x00081140, 0x00091010, 0x52009230, 0x00283000, 0x00400275])
    ended = rng.random() < 0.5
    if rng.random() < 0.8 or depth > 1000:
        one = where.header(tag, b"SQ", UNDEFINED) + where.header(ITEM, b"", UNDEFINED)
        close = (where.header(ITEM_END, b"", 0) + where.header(SEQUENCE_END, b"", 0)) if ended else b""
        deep = one * depth + close * depth
    else:
        deep = b""
        for _ in range(depth):
            deep = where.header(ITEM, b"", len(deep)) + deep
            deep = where.header(tag, b"SQ", len(deep)) + deep
    element = rng.choice(where.top())
    return where.content[: element.at] + deep + where.content[element.at :]


def _delimiter(rng: random.Random, where: Layout) -> bytes:
    """Take out an item or the end of one, or put one in where there is nothing to end."""
    marks = [e for e in where.elements if e.tag in (ITEM, ITEM_END, SEQUENCE_END)]
    if marks and rng.random() < 0.7:
        mark = rng.choice(marks)
        return where.content[: mark.at] + where.content[mark.value :]
    element = rng.choice(where.elements)
    more = where.header(rng.choice([ITEM, ITEM_END, SEQUENCE_END]), b"", rng.choice([0, 0, 4, UNDEFINED]))
    return where.content[: element.at] + more + where.content[element.at :]


def _order(rng: random.Random, where: Layout) -> bytes:
    """Leave an element out, repeat it elsewhere, or exchange two."""
    one, content = rng.choice(where.top()), where.content
    raw = content[one.at : one.end]
    choice = rng.randrange(3)
    if choice == 0:
        return content[: one.at] + content[one.end :]
    other = rng.choice(where.top())
    if choice == 1:
        return content[: other.at] + raw + content[other.at :]
    first, second = sorted((one, other), key=lambda e: e.at)
    a, b = content[first.at : first.end], content[second.at : second.end]
    return content[: first.at] + b + content[first.end : second.at] + a + content[second.end :] if a != b else content


def _value_of_another(rng: random.Random, where: Layout) -> bytes:
    """Give an element the value of another."""
    other = rng.choice(where.elements)
    return where.replaced(_chosen(rng, where), where.content[other.value : other.end])


def _syntax(rng: random.Random, where: Layout) -> bytes:
    said = [e for e in where.elements if e.tag == 0x00020010]
    return where.replaced(said[0], rng.choice(_SYNTAXES)) if said else where.content[rng.choice([0, 2, 8]) :]


def _preamble(rng: random.Random, where: Layout) -> bytes:
    return rng.choice(
        [where.content[128:], where.content[132:], b"\0" + where.content, where.content[where.meta_end :]]
    )


def _many(rng: random.Random, where: Layout) -> bytes:
    """Put in very many elements, items or values."""
    element, count = rng.choice(where.top()), rng.choice([1000, 20_000, 150_000])
    kind = rng.randrange(3)
    if kind == 0:
        crowd = b"".join(where.header(0x00091000 + n % 0xF000, b"LO", 0) for n in range(count))
    elif kind == 1:
        crowd = where.header(0x00081140, b"SQ", UNDEFINED) + where.header(ITEM, b"", 0) * count
        crowd += where.header(SEQUENCE_END, b"", 0)
    else:
        crowd = where.header(0x00200032, b"OB" if not where.implicit else b"", 2 * count) + b"1\\" * count
    return where.content[: element.at] + crowd + where.content[element.at :]


DICOM: dict[Callable[[random.Random, Layout], bytes], float] = {
    _length: 6,
    _form: 3,
    _tag: 3,
    _group_length: 1,
    _multiplicity: 2,
    _number: 6,
    _string: 2,
    _image: 5,
    _nested: 1.5,
    _delimiter: 2,
    _order: 2,
    _value_of_another: 1,
    _syntax: 2,
    _preamble: 0.5,
    _many: 0.15,
}


def element_damage(rng: random.Random, content: bytes, syntax: str) -> tuple[bytes, str]:
    """Return a file with one lie in its elements, and what it was; "" where nothing is sound any more."""
    where = layout(content, syntax)
    if where is None:
        return content, ""
    damage = rng.choices(list(DICOM), list(DICOM.values()))[0]
    return packed(damage(rng, where), syntax, where.meta_end), damage.__name__.strip("_")


def deflate_bomb(rng: random.Random, content: bytes, syntax: str) -> bytes:
    """Return a small file whose deflated data set becomes very large, as one value, or as very many elements."""
    where = layout(content, syntax)
    if where is None or syntax != DEFLATED:
        return content
    head, body = where.content[: where.meta_end], where.content[where.meta_end :]
    size = rng.choice([4, 70, 150]) << 20
    if rng.random() < 0.5:
        bomb = where.header(0x00091000, b"OB", size) + bytes(size)
    else:
        bomb = (where.header(0x00091001, b"LO", 2) + b"xx") * (size // 10)
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    return head + packer.compress(bomb + body if rng.random() < 0.5 else body + bomb) + packer.flush()


__all__ = ["DICOM", "IMPLICIT", "deflate_bomb", "element_damage"]
