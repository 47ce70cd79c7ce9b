"""Headers read by pydicom: everything that the fast walk leaves.

pydicom is imported when it is first needed, because most folders open without it.
"""

from __future__ import annotations

import logging
import re
import struct
import warnings
import zlib
from typing import IO, TYPE_CHECKING, Any

from viewer.domain.errors import UnreadableFileError
from viewer.io.file_bytes import InflatedSource, as_stream, most_inflated
from viewer.io.header_walk import (
    EXPLICIT_BIG,
    FLOATING_PIXELS,
    FLOATS,
    FRAME_TABLE,
    HEADER_LENGTHS,
    IMPLICIT_LITTLE,
    MODALITY_LUT,
    NUMBERS,
    PER_FRAME_GROUPS,
    PIXEL_DATA,
    SAID_ONCE,
    SHARED_GROUPS,
    UNDEFINED_LENGTH,
    VALUE_MAPS,
    VOI_LUT,
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
_LONGEST_COMPARED = 65536
_PATIENCE_S = 2.5
_ESCAPE = re.compile("\x1b[ -/]*[0-~]")
# Its warnings name files, and folders can be named after patients.
logging.getLogger("pydicom").setLevel(logging.CRITICAL)


def dicom_faults() -> tuple[type[Exception], ...]:
    """Return whatever damaged bytes make the DICOM library raise."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (*PARSER_FAILURES, BytesLengthException, InvalidDicomError)


class _Twice:
    """Looks on while elements are read up to Pixel Data: pydicom keeps the last of those that stand there twice."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._values: dict[int, bytes] = {}
        self.contradicted = 0

    def __call__(self, tag: int, vr: str | None, length: int) -> bool:
        """Return whether reading stops before an element whose value comes next in the stream."""
        tag = int(tag)
        if tag in (PIXEL_DATA, *FLOATING_PIXELS):
            return True
        if tag in SAID_ONCE and length != UNDEFINED_LENGTH:
            at = self._stream.tell()
            value = self._stream.read(min(length, _LONGEST_COMPARED))
            self._stream.seek(at)
            if self._values.setdefault(tag, value) != value:
                self.contradicted = tag
        elif tag in (SHARED_GROUPS, PER_FRAME_GROUPS):
            if tag in self._values:
                self.contradicted = tag
            self._values[tag] = b""
        return False


def _read(source: Source, start: Start, size: int | None, tags: list[int]) -> tuple[Dataset, int, bytes, int]:
    """Return the data set up to Pixel Data, where it stopped, the 12 bytes there, and what is said twice, or 0."""
    from pydicom.filereader import read_dataset

    # Of a deflated data set no more is asked for than may be in it.
    known = most_inflated(source.packed_size) if isinstance(source, InflatedSource) else size
    stream: Any = as_stream(source, min(known or 0, start.offset + _LARGEST_HEADER), _PATIENCE_S)
    stream.seek(start.offset)
    twice = _Twice(stream)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = read_dataset(
            stream,
            start.transfer_syntax == IMPLICIT_LITTLE,
            start.transfer_syntax != EXPLICIT_BIG,
            stop_when=twice,
            specific_tags=tags,
        )
    stopped = stream.tell()
    stream.seek(stopped)
    return dataset, stopped, stream.read(12), twice.contradicted


def read_elements(source: Source, start: Start, size: int | None) -> Elements:
    """Return the same as `header_walk.walk`, read by pydicom.

    Raises
    ------
    UnreadableFileError
        Where pydicom cannot read the header either.
    """
    tags = [*WANTED, MODALITY_LUT, VOI_LUT, VALUE_MAPS, SHARED_GROUPS, PER_FRAME_GROUPS, FRAME_TABLE]
    try:
        dataset, stopped, header, contradicted = _read(source, start, size, tags)
        found = Elements(contradicted=contradicted)
        big = start.transfer_syntax == EXPLICIT_BIG
        for tag in dataset.keys():
            if tag in (SHARED_GROUPS, PER_FRAME_GROUPS):
                found.functional_groups[int(tag)] = _place(dataset.get_item(tag))
            elif tag == MODALITY_LUT:
                found.values[int(tag)] = b""
            elif tag == VOI_LUT:
                found.values[int(tag)] = b""
                found.voi_lut = _place(dataset.get_item(tag))
            elif tag == VALUE_MAPS:
                found.value_maps = _place(dataset.get_item(tag))
            elif tag == FRAME_TABLE:
                found.frame_table = _place(dataset.get_item(tag))
            elif tag in WANTED:
                value = dataset.get_item(tag).value
                raw = value if isinstance(value, bytes) else b""
                found.values[int(tag)] = _little(int(tag), raw) if big else raw
    except dicom_faults() as error:
        raise UnreadableFileError("The header is damaged.", detail=repr(error)) from error
    order = ">" if big else "<"
    group, element = struct.unpack(order + "HH", header[:4]) if len(header) == 12 else (0, 0)
    tag = group << 16 | element
    if tag in FLOATING_PIXELS:
        found.values[tag] = b""
    elif tag == PIXEL_DATA:
        implicit, _ = dataset.original_encoding
        length = 8 if implicit else 12
        if not implicit and HEADER_LENGTHS.get(int.from_bytes(header[4:6], "little")) != length:
            raise UnreadableFileError("The header is damaged.", detail="pixels of no known form")
        (found.pixel_length,) = struct.unpack(order + "L", header[length - 4 : length])
        found.pixel_offset = stopped + length
    else:
        found.complete = size is None or stopped >= size
    return found


def _place(element: Any) -> tuple[int, int]:
    """Return offset and length of a sequence's value, as `header_walk.walk` gives them."""
    from pydicom.dataelem import RawDataElement

    if isinstance(element, RawDataElement):
        return element.value_tell, element.length
    return element.file_tell, UNDEFINED_LENGTH


def _little(tag: int, raw: bytes) -> bytes:
    """Return a big endian value as `header_walk.walk` gives it."""
    if tag in NUMBERS:
        return raw[1::-1]
    return raw[3::-1] if tag in FLOATS else raw


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
    return "".join(c for c in without_escapes(text) if c.isprintable()).strip()


def without_escapes(text: str) -> str:
    """Return decoded text without the sequences that change its character set: some are left by their decoders."""
    return _ESCAPE.sub("", text) if "\x1b" in text else text
