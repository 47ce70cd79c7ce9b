"""One file's header as the program reads it: the images it holds, or why it holds none that can be shown."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import define, evolve, field

from viewer.domain.errors import UnreadableFileError
from viewer.io.behind_pixels import is_hollow, lost_before_padding
from viewer.io.concatenations import part_of
from viewer.io.decode import MOST_PIXELS
from viewer.io.encapsulated import refuse_other_order
from viewer.io.file_bytes import InflatedSource, Source
from viewer.io.foreign_files import HEAD_BYTES, foreign
from viewer.io.functional_groups import items_at, read_frames
from viewer.io.header_walk import (
    DEFLATED_LITTLE,
    EXPLICIT_LITTLE,
    FIRST_READ,
    FLOATING_PIXELS,
    UNDEFINED_LENGTH,
    VALUE_MAPS,
    Elements,
    Start,
    find_start,
    walk,
)
from viewer.io.image_elements import COMPRESSED, CT_CLASSES, frame_of, is_lossy, kind_of, lost_words, pixel_problem
from viewer.io.pydicom_headers import PARSER_FAILURES, read_elements
from viewer.io.raw_values import numbers, plain, whole
from viewer.io.sequence_items import form_of
from viewer.io.series_entry import LISTS_OTHERS, NO_IMAGE
from viewer.io.slice_header import Frame, ImageFile, Kind
from viewer.io.unread_files import may_be_image
from viewer.io.value_maps import UNITS, map_text

if TYPE_CHECKING:
    from viewer.io.file_bytes import FilePlace
    from viewer.io.header_layout import Layouts

Image = tuple[dict[int, bytes], list[Frame], str]

_MOST_FRAMES = 20_000
_PREAMBLE = 128
# What a DICOMDIR begins with, whatever it is called.
_DIRECTORY_GROUP = b"\x04\0"
_BEGINS_AS_IMAGE = "The file is damaged: it begins with nothing, as an image does, and does not go on as one."
_LARGEST_CHECKED = 32 << 20
DECIDING_TAGS = (0x00080016, 0x00080060, 0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280100)
"""What decides whether a file holds an image that can be shown, and how many."""
_OBJECTS = {
    "SR": "is a structured report, not an image",
    "SEG": "is a segmentation, not an image",
    "RTSTRUCT": "holds outlines (RTSTRUCT), not an image",
    "RTDOSE": "is a radiation dose, not an image",
    "RTPLAN": "is a radiotherapy plan, not an image",
    "PR": "is a presentation state, not an image",
    "KO": "is a selection of images, not an image",
    "RWV": "is a mapping of values, not an image",
    "REG": "is a registration, not an image",
}
_EMPTY = "The file is empty."
_COLOURS = "A colour picture, not measured values."
_SINGLE_BITS = "A picture of single bits, not measured values."
KNOWN_KINDS = frozenset((*(f"The file {words}." for words in _OBJECTS.values()), _COLOURS, _SINGLE_BITS, LISTS_OTHERS))
"""What is said of files that are sound, and of a kind that no measured values are in."""
_SPECTROSCOPY = "1.2.840.10008.5.1.4.1.1.4.2"
_PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
_FLOATING = "Its pixels are floating point numbers, which no CT image has; they are not read."
_AS_WHOLE_NUMBERS = "Export it with whole numbers and a rescale, or as NIfTI."
_SEGMENTATIONS = "1.2.840.10008.5.1.4.1.1.66."


class _NotAnImageError(UnreadableFileError):
    """A file is sound but holds no image that can be shown."""


@define(frozen=True)
class Header:
    """A DICOM file's elements, where its data set begins, and the bytes in which offsets count.

    `limit` is how many of those bytes there are, None where that is not known (a deflated data set); `walked` tells
    that `header_walk` understood it, without pydicom, and that pixels are packed as it says.
    """

    elements: Elements
    start: Start
    source: Source
    limit: int | None
    walked: bool = True


LOSSY = 0x00282110
"""Lossy Image Compression, which is set where pixels were unpacked from what a lossy codec had made."""


def read_header(source: Source, size: int) -> Header:
    """Return the header of a DICOM file of so many bytes.

    Raises
    ------
    UnreadableFileError
        Where it is not DICOM or its header is damaged.
    """
    start = find_start(source)
    if start is None:
        raise _NotAnImageError(NO_IMAGE if size else _EMPTY)
    limit: int | None = size
    if start.transfer_syntax == DEFLATED_LITTLE:
        source = InflatedSource(source, start.offset, size - start.offset)
        start, limit = Start(0, EXPLICIT_LITTLE), None
    found = walk(source, start, limit)
    walked = found is not None
    if found is None:
        found = walk(source, start, limit, lenient=True) or read_elements(source, start, limit)
    raw = start.transfer_syntax in COMPRESSED and found.pixel_length != UNDEFINED_LENGTH
    if raw and 0 <= found.pixel_length - _raw_bytes(found.values) <= 1:
        # Unpacked by a program that went on saying how they had been packed; their length proves it.
        if is_lossy(found.values, start.transfer_syntax):
            found.values[LOSSY] = b"01"
        return Header(found, evolve(start, transfer_syntax=EXPLICIT_LITTLE), source, limit, walked=False)
    return Header(found, start, source, limit, walked)


@define(frozen=True)
class ImageHeader:
    """All that a DICOM image says of itself, as it stands in its file; everything else follows from it.

    Attributes
    ----------
    values
        Raw elements by tag.
    described
        For each frame of a multi-frame image the elements that are its own; empty for a single image.
    transfer_syntax
        That of the data set.
    size
        The file's length in bytes.
    pixel_offset, pixel_length, complete
        As in `header_walk.Elements`.
    inflate_from
        As in `slice_header.ImageFile`.
    kind
        What a single image has in common with others, where that is known already.
    changed_ns
        When the file had last been changed when this was read; 0 where that is not known.
    """

    values: dict[int, bytes]
    described: tuple[dict[int, bytes], ...]
    transfer_syntax: str
    size: int
    pixel_offset: int
    pixel_length: int
    complete: bool
    inflate_from: int = -1
    kind: Kind | None = field(default=None, eq=False)
    changed_ns: int = field(default=0, eq=False)

    def images(self, place: FilePlace) -> Image:
        """Return elements, images and transfer syntax of the file at a place."""
        values, described, syntax = self.values, self.described, self.transfer_syntax
        count = len(described) or 1
        file = ImageFile(
            place,
            self.size,
            self.pixel_offset,
            self.pixel_length,
            count,
            self.inflate_from,
            self.changed_ns,
            values.get(0x00080018, b""),
            part_of(values),
        )
        found = Elements(values, self.pixel_offset, self.pixel_length, complete=self.complete)
        kind = self.kind or kind_of(values, syntax)
        size = None if self.inflate_from >= 0 else self.size
        problem = pixel_problem(found, kind.code, count, size)
        if not described:
            return values, [frame_of(file, 0, values, kind, problem)], syntax
        whole_frames = ({**values, **one} for one in described)
        frames = [frame_of(file, n, one, kind_of(one, syntax), problem) for n, one in enumerate(whole_frames)]
        return {**values, **described[count // 2]}, frames, syntax


def read_image_header(place: FilePlace, layouts: Layouts | None = None) -> ImageHeader:
    """Return the header of an image file; `layouts` are those of files beside it.

    Raises
    ------
    UnreadableFileError
        Where it holds no image that can be shown, or is damaged.
    """
    changed_ns = 0
    if layouts is not None:
        head, size, changed_ns = place.head(FIRST_READ)
        if not size and not head:
            raise _NotAnImageError(_EMPTY)
        header = layouts.recall(head, size, changed_ns)
        if header is not None:
            return header
    with place.opened() as (source, size):
        try:
            found = read_header(source, size)
            header = _image_header(found, place.name, size, changed_ns)
            if layouts is not None and found.walked:
                layouts.learn(head, header)
            return header
        except _NotAnImageError as error:
            other = foreign(source.read_at(0, HEAD_BYTES), place.name) if error.sentence == NO_IMAGE else None
            if other is not None:
                raise _NotAnImageError(other.sentence, other.hint) from error
            if error.sentence == NO_IMAGE:
                place.hold_against_check_sum(_LARGEST_CHECKED)
                if size and may_be_image(place.name) and not any(source.read_at(0, _PREAMBLE)):
                    raise UnreadableFileError(_BEGINS_AS_IMAGE) from error
            raise
        except PARSER_FAILURES as error:
            if isinstance(error, OSError):
                raise
            raise UnreadableFileError("The file is damaged.", detail=repr(error)) from error


def _image_header(header: Header, name: str, size: int, changed_ns: int) -> ImageHeader:
    found, source = header.elements, header.source
    values = found.values
    if header.start.head[:2] == _DIRECTORY_GROUP and not values.get(0x00080016):
        raise _NotAnImageError(LISTS_OTHERS)
    _refuse_other_objects(found, name, hollow=header.limit is not None and is_hollow(source, header.limit))
    if found.contradicted:
        raise UnreadableFileError(
            f"The header holds “{_name_of(found.contradicted)}” twice, with two values; nothing tells which is meant."
        )
    count = _frames_said(values)
    rows, columns = whole(values.get(0x00280010)), whole(values.get(0x00280011))
    if not rows or not columns:
        raise UnreadableFileError("The image says that it has no pixels.")
    if rows * columns > MOST_PIXELS or count > _MOST_FRAMES:
        many = f"{count}" if count < 1_000_000 else "more than a million"
        raise UnreadableFileError(f"The image says that it is {columns} × {rows} pixels × {many} frames large.")
    lost = lost_before_padding(source, found, header.start.transfer_syntax, header.limit)
    if lost:
        raise UnreadableFileError(f"The file {lost_words(lost)}.")
    if found.frame_table is not None and header.start.transfer_syntax in COMPRESSED:
        at, length = found.frame_table
        refuse_other_order(source.read_at(at, min(length, 8 * count)), count)
    if found.value_maps is not None:
        values[VALUE_MAPS] = _value_maps(header)
    inflate_from = source.start if header.limit is None and isinstance(source, InflatedSource) else -1
    described: tuple[dict[int, bytes], ...] = ()
    if found.functional_groups:
        described = read_frames(source, found, header.start.transfer_syntax, header.limit)
        if len(described) != count:
            raise UnreadableFileError(f"The file says that it holds {count} frames, but describes {len(described)}.")
    elif count > 1:
        # One position cannot be that of several frames.
        described = ({0x00200032: b""},) * count
    return ImageHeader(
        values,
        described,
        header.start.transfer_syntax,
        size,
        found.pixel_offset,
        found.pixel_length,
        found.complete,
        inflate_from,
        changed_ns=changed_ns,
    )


def _value_maps(header: Header) -> bytes:
    found, form = header.elements, form_of(header.start.transfer_syntax)
    end = found.pixel_offset if found.pixel_offset >= 0 else header.limit
    try:
        return map_text(*items_at(header.source, found.value_maps, form, end, (UNITS,)))
    except ValueError:
        return b""


def _raw_bytes(values: dict[int, bytes]) -> int:
    """Return how many bytes the pixels of an image take that are not compressed; at least 1."""
    rows, columns, bits = (whole(values.get(tag)) for tag in (0x00280010, 0x00280011, 0x00280100))
    return max(1, _frames_said(values) * rows * columns * bits // 8)


def _frames_said(values: dict[int, bytes]) -> int:
    said = numbers(values.get(0x00280008, b""))
    return max(1, int(said[0])) if said else 1


def _name_of(tag: int) -> str:
    from pydicom.datadict import dictionary_description

    return dictionary_description(tag)


def _refuse_other_objects(found: Elements, name: str, *, hollow: bool) -> None:
    values = found.values
    objection = _objection(*map(values.get, (0x00080016, 0x00080060, 0x00280002, 0x00280004, 0x00280100)))
    if not values.get(0x00080016) and os.path.basename(name).upper().startswith("DICOMDIR"):
        raise _NotAnImageError(LISTS_OTHERS)
    floating = any(tag in values for tag in FLOATING_PIXELS)
    without = found.pixel_offset < 0 and (found.complete or floating)
    if not values.get(0x00280010) or not values.get(0x00280011) or without:
        if not objection and floating:
            raise _NotAnImageError(*_floating(values))
        if not found.complete:
            raise UnreadableFileError("The file ends early, before its image.")
        if not objection and not values.get(0x00080016):
            raise UnreadableFileError("The file ends early, before it says what it holds.")
        if hollow and not objection:
            raise UnreadableFileError("The file is damaged: nothing but zeros stand where its image should.")
        sized = values.get(0x00280010) and values.get(0x00280011)
        kind = plain(values.get(0x00080016))
        if not objection and (kind in CT_CLASSES or (sized and kind != _SPECTROSCOPY)):
            raise UnreadableFileError("An image without its pixels.")
        raise _NotAnImageError(objection or "A DICOM file without an image.")
    if objection:
        raise _NotAnImageError(objection)


def _floating(values: dict[int, bytes]) -> tuple[str, str]:
    """Return why pixels of floating point numbers are not shown, and what to do about that."""
    if plain(values.get(0x00080016)) == _PARAMETRIC_MAP:
        return "A parametric map whose pixels are floating point numbers, which are not understood.", ""
    return _FLOATING, _AS_WHOLE_NUMBERS


@lru_cache(maxsize=256)
def _objection(
    sop_class: bytes | None,
    modality: bytes | None,
    samples: bytes | None,
    photometric: bytes | None,
    bits_allocated: bytes | None,
) -> str:
    """Return why a DICOM object holds no measured values, "" where it can."""
    kind = plain(modality)
    if plain(sop_class).startswith(_SEGMENTATIONS) or kind in _OBJECTS:
        return f"The file {_OBJECTS.get(kind, _OBJECTS['SEG'])}."
    if whole(samples, 1) != 1 or plain(photometric).startswith("PALETTE"):
        return _COLOURS
    if whole(bits_allocated, 16) == 1:
        return _SINGLE_BITS
    return ""
