"""The header of an NRRD file, attached or detached (teem.sourceforge.net/nrrd/format.html)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import TooLargeError, UnreadableFileError
from viewer.io.beside_header import names_of_pattern, open_named, refuse_too_many, safe_name
from viewer.io.header_words import LENGTHS_MM, modality_of, numbers_of, whole_numbers_of
from viewer.io.nrrd_axes import axes_of, quoted
from viewer.io.stored_volume import (
    NO_PLACE,
    TWO_SIZES,
    UNKNOWN_UNIT,
    StoredVolume,
    refuse_colours,
    refuse_sizes,
    total_bytes,
)
from viewer.io.voxel_readers import Encoding
from viewer.io.voxel_stream import Piece, StoredBytes
from viewer.io.voxels_left import MORE_SLICES, needed_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from viewer.io.beside_header import Opener
    from viewer.io.nrrd_axes import Axes

_NAME = "NRRD"
_LONGEST_HEADER = 4 << 20
_CHUNK = 1 << 16
_MOST_SKIPPED = 1 << 40
_SAME_SIZE = 1e-2
_MAGIC = re.compile(rb"NRRD000[1-5]\r?\n")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_TYPES = {
    "i1": "signed char, int8, int8_t",
    "u1": "uchar, unsigned char, uint8, uint8_t",
    "i2": "short, short int, signed short, signed short int, int16, int16_t",
    "u2": "ushort, unsigned short, unsigned short int, uint16, uint16_t",
    "i4": "int, signed int, int32, int32_t",
    "u4": "uint, unsigned int, uint32, uint32_t",
    "i8": "longlong, long long, long long int, signed long long, signed long long int, int64, int64_t",
    "u8": "ulonglong, unsigned long long, unsigned long long int, uint64, uint64_t",
    "f4": "float",
    "f8": "double",
}
_DTYPES = {word: code for code, words in _TYPES.items() for word in words.split(", ")}
_ENCODINGS = {
    "raw": Encoding.RAW,
    "gz": Encoding.DEFLATED,
    "gzip": Encoding.DEFLATED,
    "bz2": Encoding.BZIP2,
    "bzip2": Encoding.BZIP2,
    "txt": Encoding.TEXT,
    "text": Encoding.TEXT,
    "ascii": Encoding.TEXT,
    "hex": Encoding.HEX,
}
# +1 and −1 turn a space's axes to left, posterior and superior.
_SIGNS = {
    "leftposteriorsuperior": (1, 1, 1),
    "lps": (1, 1, 1),
    "rightanteriorsuperior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "leftanteriorsuperior": (1, -1, 1),
    "las": (1, -1, 1),
}
_MODALITY_KEYS = ("modality", "dicom_0008_0060", "0008|0060", "(0008,0060)")
_FILES = re.compile(
    r"(?P<pattern>.*%.*?)\s+(?P<first>-?\d{1,9})\s+(?P<last>-?\d{1,9})\s+(?P<step>-?\d{1,9})(\s+(?P<each>\d{1,2}))?"
)


class _Header:
    """Fields by their name in small letters without blanks, keys with values, and the names of a LIST."""

    def __init__(self, text: bytes, length: int) -> None:
        self.length = length
        self.fields: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.listed: list[str] | None = None
        for line in text.decode("utf-8", "surrogateescape").split("\n")[1:]:
            self._take(line)

    def _take(self, line: str) -> None:
        if self.listed is not None:
            self.listed += [line] if line.strip() else []
            return
        if not line.strip() or line.startswith("#"):
            return
        name, found, rest = line.partition(":")
        if not found:
            raise ValueError("a line that is no field")
        if rest.startswith("="):
            self.keys[name.strip().lower()] = rest[1:].strip()
            return
        field = "".join(name.lower().split())
        if field in self.fields:
            raise ValueError("a field is there twice")
        self.fields[field] = rest.strip()
        if field == "datafile" and rest.split()[:1] == ["LIST"]:
            self.listed = []

    def needed(self, field: str) -> str:
        try:
            return self.fields[field]
        except KeyError:
            raise ValueError(f"no {field}") from None


def describe(name: str, opener: Opener) -> StoredVolume:
    """Return what the header of an NRRD file says.

    Raises
    ------
    UnreadableFileError
        Where it is no NRRD file, is damaged, holds no volume of measured values, or names files elsewhere.
    TooLargeError
        Where it says that it is larger than any volume.
    """
    with open_named(opener, name) as file:
        text, length = _header_text(file)
    try:
        return _described(name, _Header(text, length))
    except (ValueError, ArithmeticError, LookupError) as error:
        raise UnreadableFileError("Not an NRRD file, or its header is damaged.", detail=repr(error)) from error


def _header_text(file: Any) -> tuple[bytes, int]:
    """Return the header's lines, and where what follows begins (-1 for nothing)."""
    text = b""
    while len(text) < _LONGEST_HEADER:
        chunk = file.read(_CHUNK)
        searched = max(0, len(text) - 2)
        text += chunk
        if not _MAGIC.match(text):
            raise UnreadableFileError("Not an NRRD file, or its header is damaged.")
        end = _BLANK_LINE.search(text, searched)
        if end:
            return text[: end.start()], end.end()
        if not chunk:
            return text, -1
    raise TooLargeError("The header is longer than any that describes a volume.")


def _described(name: str, header: _Header) -> StoredVolume:
    sizes = whole_numbers_of(header.needed("sizes"))
    if [len(sizes)] != whole_numbers_of(header.needed("dimension")):
        raise ValueError("sizes do not fit the dimension")
    axes = axes_of(sizes, header.fields)
    kept = tuple(sizes[axis] for axis in axes.kept)
    refuse_sizes(_NAME, [sizes[axis] for axis in axes.spatial], 1 if axes.part is None else sizes[axes.part])
    dtype = _dtype(header)
    part_axis = None if axes.part is None else axes.kept.index(axes.part)
    if part_axis is not None and axes.part_word == "channel":
        refuse_colours(kept[part_axis], dtype)
    matrix, doubts = _place(header, axes)
    named, each = _data_files(header)
    names, more = needed_files(named, sizes, each)
    return StoredVolume(
        format_name=_NAME,
        kind="nrrd",
        axes=kept,
        part_axis=part_axis,
        part_word=axes.part_word,
        dtype=dtype,
        stored=_stored(name, header, names, total_bytes(kept, dtype), dtype),
        lps_from_ijk=matrix,
        doubts=(*doubts, MORE_SLICES) if more else doubts,
        modality=next((m for key in _MODALITY_KEYS if (m := modality_of(header.keys.get(key, "")))), ""),
        unit=_unit(header.fields.get("sampleunits", "")),
        never_hu=_never_hu(header, axes),
    )


def _dtype(header: _Header) -> np.dtype[Any]:
    word = " ".join(header.needed("type").lower().split())
    if word == "block":
        raise UnreadableFileError("The file holds blocks of bytes, not measured values.")
    if word not in _DTYPES:
        raise UnreadableFileError("The file holds values of a type that is not understood.")
    dtype = np.dtype(_DTYPES[word])
    if dtype.itemsize == 1 or _encoding(header) is Encoding.TEXT:
        return dtype
    order = header.needed("endian").lower()
    if order not in ("little", "big"):
        raise ValueError("neither little nor big endian")
    return dtype.newbyteorder("<" if order == "little" else ">")


def _encoding(header: _Header) -> Encoding:
    word = header.needed("encoding").lower()
    if word not in _ENCODINGS:
        raise UnreadableFileError("The file is packed in a way that is not understood.", "Save it packed with gzip.")
    return _ENCODINGS[word]


def _stored(name: str, header: _Header, names: tuple[str, ...], total: int, dtype: np.dtype[Any]) -> StoredBytes:
    encoding = _encoding(header)
    (lines,) = whole_numbers_of(header.fields.get("lineskip", "0"))
    (skip,) = whole_numbers_of(header.fields.get("byteskip", "0"))
    if not 0 <= lines <= _MOST_SKIPPED or not -1 <= skip <= _MOST_SKIPPED:
        raise ValueError("a skip that cannot be")
    if skip == -1 and encoding is not Encoding.RAW:
        raise UnreadableFileError("The header counts from the end of a packed file, which is not understood.")
    start = 0
    if not names:
        if header.length < 0:
            raise UnreadableFileError("The file ends early, before its voxels.")
        start, names = header.length, (name,)
    if total % len(names):
        raise ValueError("the files cannot be of one size")
    at_end = skip == -1
    pieces = tuple(Piece(one, start, 0 if at_end else lines, max(skip, 0), at_end) for one in names)
    return StoredBytes(pieces, total // len(names), encoding, dtype)


def _data_files(header: _Header) -> tuple[tuple[str, ...], int | None]:
    """Return the files that a detached header names, none for an attached one, and over how many axes each goes."""
    said = header.fields.get("datafile")
    if header.listed is not None:
        refuse_too_many(len(header.listed))
        return tuple(safe_name(one) for one in header.listed), _each("".join((said or "").split()[1:2]))
    if said is None:
        return (), None
    several = _FILES.fullmatch(said)
    if several is None:
        return (safe_name(said),), None
    first, last, step = (int(several[key]) for key in ("first", "last", "step"))
    return names_of_pattern(several["pattern"], first, last, step), _each(several["each"] or "")


def _each(said: str) -> int | None:
    return int(said) if said else None


def _place(header: _Header, axes: Axes) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the matrix from ijk to LPS in mm, and why it cannot be trusted."""
    matrix = np.eye(4)
    if axes.directions is None:
        spacings = numbers_of(header.fields.get("spacings", ""))
        if spacings:
            matrix[range(3), range(3)] = np.abs([spacings[axis] for axis in axes.spatial])
        return matrix, (NO_PLACE,)
    doubts = []
    signs = _SIGNS.get(axes.space)
    origin = axes.origin
    if signs is None or origin is None:
        doubts.append(NO_PLACE)
    scale = 1.0
    units = {unit.strip().lower() for unit in axes.space_units[:3]}
    if units:
        lengths = {LENGTHS_MM.get(unit) for unit in units}
        scale = lengths.pop() or 1.0
        if lengths or not units <= LENGTHS_MM.keys():
            doubts.append(UNKNOWN_UNIT)
    if axes.leans_on_time:
        doubts.append("The file's slices move in time, which is not understood.")
    if axes.named_otherwise:
        doubts.append("The file says of an axis both that it lies in space and that it does not.")
    doubts += _said_twice(header.fields, axes)
    turned = np.diag([*(signs or (1, 1, 1)), 1.0]).astype(np.float64)
    matrix[:3, :3] = axes.directions.T * scale
    matrix[:3, 3] = np.zeros(3) if origin is None else origin * scale
    return turned @ matrix, tuple(doubts)


def _said_twice(fields: Mapping[str, str], axes: Axes) -> list[str]:
    """Return what contradicts the directions, beside which the format allows no other word for size and place."""
    assert axes.directions is not None
    doubts, spatial = [], list(axes.spatial)
    if "spacings" in fields:
        given = np.abs(np.asarray(numbers_of(fields["spacings"]))[spatial])
        steps = np.linalg.norm(axes.directions, axis=1)
        if np.any(np.abs(given - steps) > _SAME_SIZE * steps):
            doubts.append(TWO_SIZES)
    if any(np.isfinite(numbers_of(fields.get(word, ""))).any() for word in ("axismins", "axismaxs")):
        doubts.append("The file says in two ways where it lies, and its format allows one.")
    units = [unit.strip(" ?").lower() for unit in quoted(fields.get("units", ""))]
    of_space = [unit.strip().lower() for unit in axes.space_units] or ["mm"]
    if {LENGTHS_MM.get(units[axis]) for axis in spatial if axis < len(units) and units[axis]} - {
        LENGTHS_MM.get(of_space[0])
    }:
        doubts.append(UNKNOWN_UNIT)
    return doubts


def _unit(said: str) -> str:
    word = said.strip().strip('"').strip()
    if word.lower() in ("hu", "hounsfield", "hounsfield unit", "hounsfield units"):
        return "HU"
    return word if 0 < len(word) <= 16 and word.isprintable() and word.strip("?") else ""


def _never_hu(header: _Header, axes: Axes) -> str:
    if axes.part_word == "channel":
        return "The file holds several channels, which are no HU."
    if {"oldmin", "oldmax"} & header.fields.keys():
        return "The values were mapped to another range before they were stored, so they are no HU."
    return ""
