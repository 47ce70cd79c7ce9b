"""Headers read by pydicom: everything that the fast walk leaves, and frames that describe themselves.

pydicom is imported when it is first needed, because most folders open without it.
"""

from __future__ import annotations

import logging
import struct
import warnings
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any

from viewer.domain.errors import UnreadableFileError
from viewer.io.file_bytes import InflatedSource, as_stream
from viewer.io.header_walk import (
    EXPLICIT_BIG,
    FLOATS,
    IMPLICIT_LITTLE,
    MODALITY_LUT,
    NUMBERS,
    PER_FRAME_GROUPS,
    PIXEL_DATA,
    SHARED_GROUPS,
    WANTED,
    Elements,
    Start,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from viewer.io.file_bytes import Source

# Whatever damaged bytes make a parser raise; each costs one file and a sentence.
PARSER_FAILURES = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
_LARGEST_HEADER = 64 << 20
# Its warnings name files, and folders can be named after patients.
logging.getLogger("pydicom").setLevel(logging.ERROR)


def _until_pixels(tag: int, vr: str | None, length: int) -> bool:
    return int(tag) in (PIXEL_DATA, 0x7FE00008, 0x7FE00009)


def _read(source: Source, start: Start, size: int | None, tags: list[int] | None) -> tuple[Dataset, int, bytes]:
    """Return the data set up to Pixel Data, the offset where it stopped, and the 12 bytes that lie there."""
    from pydicom.filereader import read_dataset

    whole = size is not None and not isinstance(source, InflatedSource)
    stream: Any = as_stream(source, size or 0) if whole else BytesIO(_head(source))
    stream.seek(start.offset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = read_dataset(
            stream,
            start.transfer_syntax == IMPLICIT_LITTLE,
            start.transfer_syntax != EXPLICIT_BIG,
            stop_when=_until_pixels,
            specific_tags=tags,
        )
    stopped = stream.tell()
    stream.seek(stopped)
    return dataset, stopped, stream.read(12)


def _head(source: Source) -> bytes:
    count = 1 << 20
    while len(head := source.read_at(0, count)) == count and count < _LARGEST_HEADER:
        count *= 4
    return head


def read_elements(source: Source, start: Start, size: int | None) -> Elements:
    """Return the same as `header_walk.walk`, read by pydicom.

    Raises
    ------
    UnreadableFileError
        Where pydicom cannot read the header either.
    """
    tags = [*WANTED, MODALITY_LUT, SHARED_GROUPS, PER_FRAME_GROUPS]
    try:
        dataset, stopped, header = _read(source, start, size, tags)
        found = Elements()
        big = start.transfer_syntax == EXPLICIT_BIG
        for tag in dataset.keys():
            if tag in (SHARED_GROUPS, PER_FRAME_GROUPS):
                found.functional_groups = True
            elif tag == MODALITY_LUT:
                found.values[int(tag)] = b""
            elif tag in WANTED:
                value = dataset.get_item(tag).value
                raw = value if isinstance(value, bytes) else str(value or "").encode("ascii", "replace")
                found.values[int(tag)] = _little(int(tag), raw) if big else raw
    except PARSER_FAILURES as error:
        raise UnreadableFileError("The header is damaged.", detail=repr(error)) from error
    order = ">" if big else "<"
    if len(header) == 12 and struct.unpack(order + "HH", header[:4]) == (PIXEL_DATA >> 16, PIXEL_DATA & 0xFFFF):
        long_form = header[4:6].isalpha() and header[4:6].isupper()
        (found.pixel_length,) = struct.unpack(order + "L", header[8:12] if long_form else header[4:8])
        found.pixel_offset = stopped + (12 if long_form else 8)
    else:
        found.complete = size is None or stopped >= size
    return found


def _little(tag: int, raw: bytes) -> bytes:
    """Return a big endian value as `header_walk.walk` gives it."""
    if tag in NUMBERS:
        return raw[1::-1]
    return raw[3::-1] if tag in FLOATS else raw


def read_frames(source: Source, start: Start, size: int | None) -> tuple[dict[int, bytes], ...]:
    """Return for each frame of an enhanced multi-frame image the elements that its functional groups give.

    The values have the form that `header_walk.walk` gives for a single-frame image (DICOM PS3.3 C.7.6.16): position,
    orientation, spacing, rescale, windows, frame type.

    Raises
    ------
    UnreadableFileError
        Where the functional groups cannot be read.
    """
    try:
        dataset, _, _ = _read(source, start, size, None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shared = _group_elements(dataset.get("SharedFunctionalGroupsSequence"))
            frames = dataset.get("PerFrameFunctionalGroupsSequence") or []
            return tuple({**(shared[0] if shared else {}), **frame} for frame in _group_elements(frames))
    except PARSER_FAILURES as error:
        raise UnreadableFileError("The description of the frames is damaged.", detail=repr(error)) from error


# Functional group macro -> elements taken from its first item (PS3.3 C.7.6.16.2 and C.8.15.3).
_MACROS: dict[str, tuple[int, ...]] = {
    "PlanePositionSequence": (0x00200032,),
    "PlaneOrientationSequence": (0x00200037,),
    "PixelMeasuresSequence": (0x00280030, 0x00180050),
    "PixelValueTransformationSequence": (0x00281052, 0x00281053, 0x00281054),
    "FrameVOILUTSequence": (0x00281050, 0x00281051, 0x00281055, 0x00281056),
    "CTImageFrameTypeSequence": (0x00089007,),
    "UnassignedPerFrameConvertedAttributesSequence": (
        0x00200013, 0x00200012, 0x00080022, 0x00080032, 0x00080023, 0x00080033, 0x00181060, 0x00180060, 0x00181210,
    ),
    "FrameContentSequence": (0x00209156, 0x00189074, 0x00209128, 0x00209056),
    "CardiacSynchronizationSequence": (0x00209241, 0x00209153),
    "RespiratorySynchronizationSequence": (0x00209245,),
    "CTReconstructionSequence": (0x00181210, 0x00181100),
    "CTXRayDetailsSequence": (0x00180060,),
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
# How numbers that are not text lie in the file.
_BINARY = {0x00209128: "L", 0x00209153: "d", 0x00209156: "H", **dict.fromkeys(FLOATS, "f")}


def _group_elements(sequence: Any) -> list[dict[int, bytes]]:
    found = []
    for group in sequence or []:
        values: dict[int, bytes] = {}
        for macro, tags in _MACROS.items():
            items = group.get(macro)
            if not items:
                continue
            for tag in tags:
                raw = items[0].get_item(tag) if tag in items[0] else None
                if raw is None:
                    continue
                value = _number(raw, tag) if tag in _BINARY else raw.value
                values[_STANDS_FOR.get(tag, tag)] = value if isinstance(value, bytes) else _text(value)
        found.append(values)
    return found


def _number(raw: Any, tag: int) -> bytes:
    """Return a binary number as `header_walk.walk` gives the element it stands for; empty where it is damaged."""
    form = ("<" if raw.is_little_endian else ">") + _BINARY[tag]
    if not isinstance(raw.value, bytes) or len(raw.value) != struct.calcsize(form):
        return b""
    (value,) = struct.unpack(form, raw.value)
    return struct.pack("<f", value) if tag in FLOATS else f"{value:.10g}".encode()


def _text(value: Any) -> bytes:
    if value is None:
        return b""
    parts = [value] if isinstance(value, str | int | float) else list(value)
    return "\\".join(str(part) for part in parts).encode("utf-8", "replace")


def text_of(raw: bytes, charset: bytes) -> str:
    """Return text decoded by its Specific Character Set (DICOM PS3.3 C.12.1.1.2), without control characters."""
    if max(raw, default=0) < 0x80 and b"\x1b" not in raw:
        text = raw.decode("ascii")
    else:
        from pydicom.charset import convert_encodings, decode_bytes
        from pydicom.valuerep import TEXT_VR_DELIMS

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                names = charset.decode("ascii", "replace").strip("\0 ").split("\\")
                text = decode_bytes(raw, convert_encodings(names), TEXT_VR_DELIMS)
            except PARSER_FAILURES:
                text = raw.decode("latin-1")
    return "".join(c for c in text if c.isprintable()).strip()
