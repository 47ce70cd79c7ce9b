"""The VOI LUT Sequences of images: lookup tables that take the place of a window, each image's own.

DICOM PS3.3 C.11.2.1.1 (descriptor, data), C.7.6.16.2.10 (those of single frames). Read when a series is opened: they
can be larger than all the rest of a header, and hardly any file has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import define, field, frozen

from viewer.domain.count_words import count_words
from viewer.domain.errors import CaseStageError
from viewer.domain.voi_lut import LutTable, VoiLut
from viewer.io.functional_groups import items_at, luts_of_frames
from viewer.io.image_header import read_header
from viewer.io.pydicom_headers import PARSER_FAILURES, text_of
from viewer.io.sequence_items import form_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from viewer.domain.job import JobContext
    from viewer.io.file_bytes import FilePlace, Source
    from viewer.io.header_walk import Elements
    from viewer.io.sequence_items import Form, Item
    from viewer.io.slice_header import Frame

_CHARSET = 0x00080005
_DESCRIPTOR, _EXPLANATION, _DATA = 0x00283002, 0x00283003, 0x00283006
_MOST_OFFERED = 8
# Of all different tables of a series together.
_MOST_BYTES = 64 << 20
_BITS = range(8, 17)
_SIGN = 1 << 15


@define(eq=False)
class _Seen:
    """The different tables met so far, and how many bytes they were stored in."""

    tables: dict[tuple[int, int, bytes], LutTable] = field(factory=dict)
    count_bytes: int = 0


@frozen(eq=False)
class _Named:
    name: str
    table: LutTable | str


@define(frozen=True, eq=False)
class Luts:
    """The lookup tables of images, and what is wrong with those that are not offered, a sentence each."""

    by_frame: dict[int, tuple[_Named, ...]]
    said: tuple[str, ...] = ()

    def of(self, frames: Sequence[Frame]) -> tuple[VoiLut, ...]:
        """Return the tables that each of some images has, in the order of the first image."""
        named = [{one.name: one.table for one in self.by_frame.get(id(frame), ())} for frame in frames]
        made = []
        for name in named[0] if named else ():
            of_images = [tables.get(name) for tables in named]
            if all(isinstance(table, LutTable) for table in of_images):
                tables: dict[int, LutTable] = {id(t): t for t in of_images if isinstance(t, LutTable)}
                places = {key: n for n, key in enumerate(tables)}
                made.append(VoiLut(name, tuple(tables.values()), tuple(places[id(t)] for t in of_images)))
        return tuple(made[:_MOST_OFFERED])


def read_luts(frames: Sequence[Frame], ctx: JobContext) -> Luts:
    """Return the lookup tables that images say they have; none where a Modality LUT, which is not applied, comes first.

    Tables with the same entries are one table. What is damaged, or not there for every image, is said and left out.
    """
    wanted = [frame for frame in frames if frame.kind.has_luts and not frame.kind.needs_table]
    if not wanted:
        return Luts({})
    seen = _Seen()
    by_frame: dict[int, tuple[_Named, ...]] = {}
    opened: dict[int, tuple[list[list[Item]], bytes] | str] = {}
    for frame in sorted(wanted, key=lambda f: (f.file.name, f.index)):
        ctx.stop_if_cancelled()
        file = id(frame.file)
        if file not in opened:
            opened.clear()
            opened[file] = _sequences(frame.file.place)
        found = opened[file]
        if isinstance(found, str):
            by_frame[id(frame)] = (_Named("", found),)
            continue
        of_frames, charset = found
        items = of_frames[frame.index] if frame.index < len(of_frames) else []
        by_frame[id(frame)] = tuple(_named(items, charset, frame, seen))
    return Luts(by_frame, tuple(_problems(frames, by_frame)))


def _problems(frames: Sequence[Frame], by_frame: dict[int, tuple[_Named, ...]]) -> Iterable[str]:
    """Yield a sentence for each name that is not offered."""
    names = dict.fromkeys(one.name for named in by_frame.values() for one in named)
    for name in names:
        which = f"The lookup table “{name}”" if name else "A lookup table (VOI LUT)"
        damaged = [one.table for named in by_frame.values() for one in named if one.name == name]
        why = next((table for table in damaged if isinstance(table, str)), None)
        lacking = sum(name not in {one.name for one in by_frame.get(id(f), ())} for f in frames)
        if why is not None:
            yield f"{which} of the file is not offered: {why}."
        elif lacking:
            yield f"{which} of the file is not offered: {count_words(lacking, 'image')} of {len(frames)} lack it."


def _sequences(place: FilePlace) -> tuple[list[list[Item]], bytes] | str:
    """Return the items of each frame's VOI LUT Sequence, and the file's character set.

    One list for all where frames have none of their own; a sentence's end instead where they cannot be read.
    """
    try:
        with place.opened() as (source, size):
            header = read_header(source, size)
            found, form = header.elements, form_of(header.start.transfer_syntax)
            of_frames = luts_of_frames(header.source, found, form, header.limit)
            whole = _of_image(found, header.source, form, header.limit)
    except (CaseStageError, *PARSER_FAILURES):
        return "it is damaged"
    if form.big:
        for item in (item for items in (whole, *of_frames) for item in items):
            item.update({tag: _little(raw) for tag, raw in item.items() if tag in (_DESCRIPTOR, _DATA)})
    return [items or whole for items in of_frames] or [whole], found.values.get(_CHARSET, b"")


def _of_image(found: Elements, source: Source, form: Form, limit: int | None) -> list[Item]:
    end = found.pixel_offset if found.pixel_offset >= 0 else limit
    items, _ = items_at(source, found.voi_lut, form, end, ())
    return items


def _little(raw: bytes | list[Item]) -> bytes | list[Item]:
    """Return 16 bit numbers in the other order of bytes."""
    if not isinstance(raw, bytes):
        return raw
    return np.frombuffer(raw[: len(raw) // 2 * 2], ">u2").astype("<u2").tobytes()


def _named(items: list[Item], charset: bytes, frame: Frame, seen: _Seen) -> list[_Named]:
    made: list[_Named] = []
    for n, item in enumerate(items[:_MOST_OFFERED]):
        said = item.get(_EXPLANATION, b"")
        name = text_of(said.strip(b"\0 "), charset) if isinstance(said, bytes) else ""
        name = name or f"LUT {n + 1}"
        taken = {one.name for one in made}
        if name in taken:
            name = next(
                f"{name} ({again})" for again in range(2, _MOST_OFFERED + 2) if f"{name} ({again})" not in taken
            )
        made.append(_Named(name, _table(item, frame, seen)))
    return made


def _table(item: Item, frame: Frame, seen: _Seen) -> LutTable | str:
    """Return a table, or the end of a sentence that says what is wrong with it."""
    descriptor, stored = item.get(_DESCRIPTOR), item.get(_DATA)
    if not isinstance(descriptor, bytes) or len(descriptor) != 6:
        return "it does not describe itself"
    if not isinstance(stored, bytes):
        return "it has no entries"
    count, first, bits = (int(number) for number in np.frombuffer(descriptor, "<u2"))
    count = count or 1 << 16
    if bits not in _BITS:
        return f"it says that its entries have {bits} bits"
    if first >= _SIGN and _is_signed(item.get(-_DESCRIPTOR), first, frame):
        first -= 1 << 16
    # Entries of 8 bits come two in a word, or one.
    of_bytes = bits == 8 and count <= len(stored) < 2 * count
    if not of_bytes and len(stored) < 2 * count:
        return f"it says that it has {count} entries, but holds {len(stored) // 2}"
    key = (first, bits, stored[: count if of_bytes else 2 * count])
    if key not in seen.tables:
        if seen.count_bytes + len(key[2]) > _MOST_BYTES:
            return "the images have more tables than there is room for"
        entries = np.frombuffer(key[2], "<u1" if of_bytes else "<u2").astype(np.uint16)
        if int(entries.max()) >> bits:
            return f"its entries are larger than the {bits} bits that it says they have"
        seen.tables[key] = LutTable(first, bits, entries)
        seen.count_bytes += len(key[2])
    return seen.tables[key]


def _is_signed(kind: bytes | list[Item] | None, first: int, frame: Frame) -> bool:
    """Return whether the first value that is mapped is a negative one, where its bits allow both.

    The file says it by its value representation, where it says any; else it is negative where values can be. Some
    write it as unsigned all the same: what no value of the image can reach was not meant.
    """
    code = frame.code
    low, high = (-(1 << code.bits_stored - 1), (1 << code.bits_stored - 1) - 1)
    if not code.signed:
        low, high = 0, (1 << code.bits_stored) - 1
    ends = sorted((low * frame.slope + frame.intercept, high * frame.slope + frame.intercept))
    if kind == b"SS" or ends[1] < first:
        return True
    return kind != b"US" and ends[0] < 0
