"""What the frames of an enhanced multi-frame image say of themselves (DICOM PS3.3 C.7.6.16)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from viewer.domain.errors import UnreadableFileError
from viewer.io.header_walk import (
    FLOATS,
    IMPLICIT_LITTLE,
    PER_FRAME_GROUPS,
    SHARED_GROUPS,
    UNDEFINED_LENGTH,
    VALUE_MAPS,
    VOI_LUT,
)
from viewer.io.sequence_items import Form, form_of, items_of
from viewer.io.value_maps import UNITS, map_text

if TYPE_CHECKING:
    from collections.abc import Collection

    from viewer.io.file_bytes import Source
    from viewer.io.header_walk import Elements
    from viewer.io.sequence_items import Item

DIMENSIONS = 0x00209157
"""Dimension Index Values: the number of a frame along each dimension that its writer sorts frames by."""
_LARGEST = 64 << 20
# Functional group macro -> elements taken from its first item (PS3.3 C.7.6.16.2 and C.8.15.3).
_MACROS: dict[int, tuple[int, ...]] = {
    # Plane position, plane orientation, pixel measures, pixel value transformation, frame VOI LUT, CT image frame type.
    0x00209113: (0x00200032,),
    0x00209116: (0x00200037,),
    0x00289110: (0x00280030, 0x00180050),
    0x00289145: (0x00281052, 0x00281053, 0x00281054),
    0x00289132: (0x00281050, 0x00281051, 0x00281055, 0x00281056),
    0x00189329: (0x00089007,),
    # What was in a single-frame image before it was converted.
    0x00209171: (
        0x00200013, 0x00200012, 0x00080022, 0x00080032, 0x00080023, 0x00080033, 0x00181060, 0x00180060, 0x00181210,
    ),
    # Frame content, cardiac and respiratory synchronization, CT reconstruction, CT X-ray details.
    0x00209111: (0x00209156, 0x00189074, 0x00209128, 0x00209056, DIMENSIONS),
    0x00189118: (0x00209241, 0x00209153),
    0x00209253: (0x00209245,),
    0x00189314: (0x00181210, 0x00181100),
    0x00189325: (0x00180060,),
}  # fmt: skip
# Of a frame -> the element of a single-frame image that says the same: frame type, acquisition number and time,
# temporal position, delay after the R wave.
_STANDS_FOR = {
    0x00089007: 0x00080008,
    0x00209156: 0x00200012,
    0x00189074: 0x0008002A,
    0x00209128: 0x00200100,
    0x00209153: 0x00181060,
}
_FRAME_VOI = 0x00289132
_RESCALE, _PAIR = 0x00289145, (0x00281052, 0x00281053)
# Macros of one item each, on which places and values hang.
_SAID_ONCE = (0x00209113, 0x00209116, 0x00289110, _RESCALE)
# How numbers that are not text lie in the file.
_BINARY = {0x00209128: "L", 0x00209153: "d", 0x00209156: "H", **dict.fromkeys(FLOATS, "f")}


def read_frames(
    source: Source, header: Elements, transfer_syntax: str, size: int | None
) -> tuple[dict[int, bytes], ...]:
    """Return for each frame of an enhanced multi-frame image the elements that its functional groups give.

    The values have the form that `header_walk.walk` gives for a single-frame image: position, orientation, spacing,
    rescale, windows, frame type.

    Parameters
    ----------
    source, size
        The bytes in which the header's offsets count, and how many they are; None where that is not known.
    header
        What was found in it.
    transfer_syntax
        Of the data set.

    Raises
    ------
    UnreadableFileError
        Where the functional groups cannot be read.
    """
    form = form_of(transfer_syntax)
    end = header.pixel_offset if header.pixel_offset >= 0 else size
    try:
        shared = _groups(source, header.functional_groups.get(SHARED_GROUPS), form, end)
        frames = _groups(source, header.functional_groups.get(PER_FRAME_GROUPS), form, end)
        if any(other != shared[0] for other in shared[1:]):
            raise ValueError("what all frames share stands there twice, with two values")
    except ValueError as error:
        raise UnreadableFileError("The description of the frames is damaged.", detail=str(error)) from error
    return tuple({**(shared[0] if shared else {}), **frame} for frame in frames)


def luts_of_frames(source: Source, header: Elements, form: Form, size: int | None) -> list[list[Item]]:
    """Return the items of each frame's VOI LUT Sequence (PS3.3 C.7.6.16.2.10); none where frames are not described.

    The parameters are those of `read_frames`, with how the data set is written.

    Raises
    ------
    ValueError
        Where the functional groups are damaged.
    """
    end = header.pixel_offset if header.pixel_offset >= 0 else size
    shared, frames = (
        [_luts(item) for item in items_at(source, header.functional_groups.get(tag), form, end)[0]]
        for tag in (SHARED_GROUPS, PER_FRAME_GROUPS)
    )
    return [own or (shared[0] if shared else []) for own in frames]


def _luts(group: Item) -> list[Item]:
    macro = group.get(_FRAME_VOI)
    found = macro[0].get(VOI_LUT) if isinstance(macro, list) and macro else None
    return found if isinstance(found, list) else []


def _groups(source: Source, place: tuple[int, int] | None, form: Form, end: int | None) -> list[dict[int, bytes]]:
    items, inside = items_at(source, place, form, end)
    return [_elements(item, inside) for item in items]


def items_at(
    source: Source,
    place: tuple[int, int] | None,
    form: Form,
    end: int | None,
    sequences: Collection[int] = (*_MACROS, VOI_LUT, VALUE_MAPS, UNITS),
) -> tuple[list[Item], Form]:
    """Return the items of a sequence, by default one of functional groups, and how what is in them is written.

    Parameters
    ----------
    source, end
        The bytes in which places count, and where the sequence ends at the latest; None where that is not known.
    place
        Offset and length of its value; None where there is none.
    form
        How the data set is written.
    sequences
        Those that are wanted in its items.

    Raises
    ------
    ValueError
        Where it is damaged.
    """
    if place is None:
        return [], form
    offset, length = place
    count = length if length != UNDEFINED_LENGTH else (_LARGEST if end is None else end - offset)
    if count > _LARGEST:
        raise ValueError("too large")
    # Who did not know these sequences wrote them as bytes of no known kind, and what is in them as implicit.
    kind = source.read_at(offset - 8, 2) if form.explicit else b"SQ"
    if kind not in (b"SQ", b"UN"):
        raise ValueError("no sequence")
    unknown = kind == b"UN"
    inside = form_of(IMPLICIT_LITTLE) if unknown else form
    return items_of(source.read_at(offset, count), length, inside, sequences), inside


def _elements(group: Item, form: Form) -> dict[int, bytes]:
    values: dict[int, bytes] = {}
    for macro, tags in _MACROS.items():
        items = group.get(macro)
        if not items or isinstance(items, bytes):
            continue
        if macro == _FRAME_VOI and VOI_LUT in items[0]:
            values[VOI_LUT] = b""
        if macro in _SAID_ONCE and any(item.get(tag) != items[0].get(tag) for item in items[1:] for tag in tags):
            raise ValueError("a frame is described twice, with two values")
        if macro == _RESCALE and any(tag in items[0] for tag in _PAIR):
            # Slope and intercept belong together: where one is not said, that of another description is not meant.
            values.update(dict.fromkeys(_PAIR, b""))
        for tag in tags:
            raw = items[0].get(tag)
            if isinstance(raw, bytes):
                values[_STANDS_FOR.get(tag, tag)] = _as_text(raw, tag, form)
    maps = group.get(VALUE_MAPS)
    if isinstance(maps, list):
        values[VALUE_MAPS] = map_text(maps, form)
    return values


def _as_text(raw: bytes, tag: int, form: Form) -> bytes:
    if tag == DIMENSIONS:
        count = len(raw) // 4
        return b"\\".join(b"%d" % n for n in struct.unpack(f"{'>' if form.big else '<'}{count}L", raw[: 4 * count]))
    return _number(raw, tag, form) if tag in _BINARY else raw


def _number(raw: bytes, tag: int, form: Form) -> bytes:
    """Return a binary number as `header_walk.walk` gives the element it stands for; empty where it is damaged."""
    wanted = (">" if form.big else "<") + _BINARY[tag]
    if len(raw) != struct.calcsize(wanted):
        return b""
    (value,) = struct.unpack(wanted, raw)
    return struct.pack("<f", value) if tag in FLOATS else f"{value:.10g}".encode()
