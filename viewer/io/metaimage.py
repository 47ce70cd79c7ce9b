"""The header of a MetaImage file, .mha or .mhd, as ITK writes and reads it: its space is LPS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import TooLargeError, UnreadableFileError
from viewer.io.beside_header import names_of_pattern, open_named, refuse_too_many, safe_name
from viewer.io.header_words import LENGTHS_MM, modality_of, numbers_of, whole_numbers_of
from viewer.io.stored_volume import (
    NEGATIVE_SIZE,
    NO_PLACE,
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
    from numpy.typing import NDArray

    from viewer.io.beside_header import Opener

_NAME = "MetaImage"
_LONGEST_HEADER = 4 << 20
_CHUNK = 1 << 16
_MOST_SKIPPED = 1 << 40
_DATA_LINE = re.compile(rb"^[ \t]*ElementDataFile[ \t]*=([^\n]*)(\n|\Z)", re.MULTILINE | re.IGNORECASE)
_FIRST_LINE = re.compile(rb"\s*[A-Za-z][A-Za-z0-9_]*[ \t]*=")
# MET_LONG is four bytes wide wherever the file was written (metaTypes.h).
_DTYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_ORIENTATION = ("transformmatrix", "rotation", "orientation")
_ORIGIN = ("offset", "position", "origin")
_SPACING = ("elementspacing", "elementsize")
_TRUE = ("true", "t", "1", "yes", "y")
_FALSE = ("false", "f", "0", "no", "n")
_FILES = re.compile(r"(?P<pattern>.*%.*?)\s+(?P<first>-?\d{1,9})\s+(?P<last>-?\d{1,9})(\s+(?P<step>-?\d{1,9}))?")
_OBLIQUE = 0.8


class _Header:
    """Values by their key in small letters, the value of ElementDataFile, what follows it, and where that begins."""

    def __init__(self, text: bytes, data_file: str, after: bytes, length: int) -> None:
        self.data_file = data_file
        self.after = after
        self.length = length
        self._values: dict[str, str] = {}
        for line in text.decode("utf-8", "surrogateescape").split("\n"):
            key, found, value = line.partition("=")
            if not found and line.strip():
                raise ValueError("a line that is no field")
            # ITK takes the first of two lines with one key for some keys and the last for others.
            if self._values.setdefault(key.strip().lower(), value.strip()) != value.strip():
                if key.strip().lower() != "comment":
                    raise ValueError("a field is there twice")

    def get(self, *keys: str) -> str:
        """Return the value of the first of some keys that is there, "" for none."""
        return next((self._values[key] for key in keys if self._values.get(key)), "")

    def says(self, *keys: str) -> bool:
        """Return whether any of some keys, all words for one thing, is true."""
        words = [self._values[key].lower() for key in keys if self._values.get(key)]
        if any(word not in _TRUE + _FALSE for word in words):
            raise ValueError("neither true nor false")
        said = {word in _TRUE for word in words}
        if len(said) > 1:
            raise UnreadableFileError("The header says in two ways how its numbers are stored, and they differ.")
        return True in said

    def differs(self, *keys: str) -> bool:
        """Return whether some keys, all words for one thing, give other numbers than each other."""
        return len({numbers_of(self._values[key]) for key in keys if self._values.get(key)}) > 1


def describe(name: str, opener: Opener) -> StoredVolume:
    """Return what the header of a MetaImage file says.

    Raises
    ------
    UnreadableFileError
        Where it is no MetaImage file, is damaged, holds no volume of measured values, or names files elsewhere.
    TooLargeError
        Where it says that it is larger than any volume.
    """
    with open_named(opener, name) as file:
        text, data_file, after, length = _header_text(file)
    try:
        return _described(name, _Header(text, data_file, after, length))
    except (ValueError, ArithmeticError, LookupError) as error:
        raise UnreadableFileError("Not a MetaImage file, or its header is damaged.", detail=repr(error)) from error


def _header_text(file: Any) -> tuple[bytes, str, bytes, int]:
    """Return lines before ElementDataFile, its value, what follows of a LIST, and where what follows begins."""
    text = b""
    while len(text) < _LONGEST_HEADER:
        chunk = file.read(_CHUNK)
        searched = text.rfind(b"\n") + 1
        text += chunk
        if not _FIRST_LINE.match(text):
            raise UnreadableFileError("Not a MetaImage file, or its header is damaged.")
        line = _DATA_LINE.search(text, searched)
        if line and (line[2] or not chunk):
            value = line[1].decode("utf-8", "surrogateescape").strip()
            after = b""
            if value.upper().split()[:1] == ["LIST"]:
                after = text[line.end() :] + file.read(_LONGEST_HEADER)
                if len(after) > _LONGEST_HEADER:
                    raise TooLargeError("The header is longer than any that describes a volume.")
            return text[: line.start()], value, after, line.end()
        if not chunk:
            raise UnreadableFileError("The file ends early, before its voxels.")
    raise TooLargeError("The header is longer than any that describes a volume.")


def _described(name: str, header: _Header) -> StoredVolume:
    if header.get("objecttype").lower() not in ("", "image"):
        raise UnreadableFileError("The file holds shapes, not an image.")
    (dims,) = whole_numbers_of(header.get("ndims"))
    sizes = whole_numbers_of(header.get("dimsize"))
    if dims != len(sizes):
        raise ValueError("DimSize does not fit NDims")
    (channels,) = whole_numbers_of(header.get("elementnumberofchannels") or "1")
    points = sizes[3] if dims == 4 else 1
    if dims not in (3, 4) or (channels != 1 and points != 1):
        refuse_sizes(_NAME, [*sizes, channels] if channels != 1 else sizes)
    refuse_sizes(_NAME, sizes[:3], points if channels == 1 else channels)
    dtype = _dtype(header)
    refuse_colours(channels, dtype)
    axes, part_axis = tuple(sizes[:3]), None
    if channels != 1:
        axes, part_axis = (channels, *axes), 0
    elif points != 1:
        axes, part_axis = (*axes, points), 3
    matrix, doubts = _place(header, dims)
    named, each = _data_files(header)
    names, more = needed_files(named, sizes, each)
    modality = header.get("modality").upper()
    return StoredVolume(
        format_name=_NAME,
        kind="mha",
        axes=axes,
        part_axis=part_axis,
        part_word="channel" if channels != 1 else "volume",
        dtype=dtype,
        stored=_stored(name, header, names, total_bytes(axes, dtype), dtype),
        lps_from_ijk=matrix,
        doubts=(*doubts, MORE_SLICES) if more else doubts,
        modality=modality_of(modality.removeprefix("MET_MOD_")) if modality.startswith("MET_MOD_") else "",
        never_hu=_never_hu(header, channels),
    )


def _dtype(header: _Header) -> np.dtype[Any]:
    word = header.get("elementtype").upper()
    if word not in _DTYPES:
        raise UnreadableFileError("The file holds values of a type that is not understood.")
    big = header.says("elementbyteordermsb", "binarydatabyteordermsb")
    dtype = np.dtype(_DTYPES[word])
    return dtype if _is_text(header) else dtype.newbyteorder(">" if big else "<")


def _is_text(header: _Header) -> bool:
    return bool(header.get("binarydata")) and not header.says("binarydata")


def _stored(name: str, header: _Header, names: tuple[str, ...], total: int, dtype: np.dtype[Any]) -> StoredBytes:
    encoding = Encoding.DEFLATED if header.says("compresseddata") else Encoding.RAW
    if _is_text(header):
        encoding = Encoding.TEXT
    (start,) = whole_numbers_of(header.get("headersize") or "0")
    if not -1 <= start <= _MOST_SKIPPED:
        raise ValueError("a HeaderSize that cannot be")
    if start == -1 and encoding is not Encoding.RAW:
        raise UnreadableFileError("The header counts from the end of a packed file, which is not understood.")
    if not names:
        # HeaderSize counts from the start of the file, also where the voxels follow the header.
        start, names = start or header.length, (name,)
    if total % len(names):
        raise ValueError("the files cannot be of one size")
    pieces = tuple(Piece(one, max(start, 0), at_end=start == -1) for one in names)
    return StoredBytes(pieces, total // len(names), encoding, dtype)


def _data_files(header: _Header) -> tuple[tuple[str, ...], int | None]:
    """Return the files that hold the voxels, none where they follow the header, and over how many axes each goes."""
    said = header.data_file
    words = said.upper().split()
    if words == ["LOCAL"]:
        return (), None
    if words[:1] == ["LIST"]:
        listed = [line for line in header.after.decode("utf-8", "surrogateescape").split("\n") if line.strip()]
        refuse_too_many(len(listed))
        each = words[1].removesuffix("D") if len(words) > 1 else ""
        return tuple(safe_name(line) for line in listed), int(each) if each else None
    several = _FILES.fullmatch(said)
    if several is None:
        return (safe_name(said),), None
    first, last, step = (int(several[key] or 1) for key in ("first", "last", "step"))
    return names_of_pattern(several["pattern"], first, last, step), None


def _place(header: _Header, dims: int) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the matrix from ijk to LPS in mm, and why it cannot be trusted."""
    doubts = []
    turned, origin, spacing = (numbers_of(header.get(*keys)) for keys in (_ORIENTATION, _ORIGIN, _SPACING))
    if header.differs(*_ORIENTATION) or header.differs(*_ORIGIN):
        doubts.append("The file says in two ways where it lies, and they differ.")
    letters = header.get("anatomicalorientation").upper()
    if not turned and not _stands_for_lps(letters):
        doubts.append(NO_PLACE)
    elif not origin or not spacing:
        doubts.append(NO_PLACE)
    # Each run of numbers is the direction of one axis.
    directions = np.reshape(turned or np.eye(dims), (dims, dims))
    steps = np.reshape(spacing or np.ones(dims), dims)
    if np.any(steps[:3] < 0):
        doubts.append(NEGATIVE_SIZE)
    matrix = np.eye(4)
    matrix[:3, :3] = directions[:3, :3].T * steps[:3]
    matrix[:3, 3] = np.reshape(origin or np.zeros(dims), dims)[:3]
    if dims == 4 and (np.any(directions[:3, 3] != 0) or np.any(directions[3, :3] != 0)):
        doubts.append("The file's slices move in time, which is not understood.")
    unit = header.get("distanceunits").lower()
    if unit and unit.strip("?"):
        if unit not in LENGTHS_MM:
            doubts.append(UNKNOWN_UNIT)
        matrix[:3] *= LENGTHS_MM.get(unit, 1.0)
    if turned and _contradict(letters, directions[:3, :3]):
        doubts.append("The file says in two ways which way its axes run, and they differ.")
    return matrix, tuple(doubts)


def _stands_for_lps(letters: str) -> bool:
    """Return True where letters name axes to the left, back and head: by where they start, or by where they end."""
    return letters in ("RAI", "LPS")


def _contradict(letters: str, directions: NDArray[np.float64]) -> bool:
    """Return True where AnatomicalOrientation cannot be that of the axes, whichever end its letters name."""
    if not re.fullmatch(r"[RLAPIS]{3}", letters) or not np.isfinite(directions).all():
        return False
    towards = ""
    for direction in directions:
        length = float(np.linalg.norm(direction))
        axis = int(np.argmax(np.abs(direction)))
        if length == 0 or abs(direction[axis]) < _OBLIQUE * length:
            return False
        towards += ("RL", "AP", "IS")[axis][int(direction[axis] > 0)]
    opposite = towards.translate(str.maketrans("RLAPIS", "LRPASI"))
    return letters not in (towards, opposite)


def _never_hu(header: _Header, channels: int) -> str:
    if channels != 1:
        return "The file holds several channels, which are no HU."
    slope = numbers_of(header.get("elementtointensityfunctionslope") or "1")
    offset = numbers_of(header.get("elementtointensityfunctionoffset") or "0")
    if (slope, offset) != ((1.0,), (0.0,)):
        return "The file names a scale for its values that most programs leave out; they are shown as stored."
    return ""
