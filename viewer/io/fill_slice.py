"""One image's values, rescaled, written straight to their place.

HU = stored value × slope + intercept, per slice (DICOM PS3.3 C.11.1.1.2); in int16 wherever that is exact.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import UnreadableFileError
from viewer.io.decode import decode_frame, in_stored_bits, stored_bytes
from viewer.io.encapsulated import RLE
from viewer.io.file_bytes import FileSource, reading
from viewer.io.header_walk import EXPLICIT_BIG
from viewer.io.padding import padded, padding_value
from viewer.io.run_lengths import unpacked_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.io.open_images import OpenImages
    from viewer.io.slice_header import Frame

Values = Any
_HIGHEST_INT16 = 32767


class NotExactError(Exception):
    """Values do not fit int16; float32 has to take them."""


def fill_shrunk(out: Values, frame: Frame, files: OpenImages, shrink: int) -> str:
    """Fill `out` [j, i] with means over squares of `shrink` × `shrink` pixels; otherwise as `fill`.

    Rows and columns that make no whole square are left out. A square of which half or more is padding is padding;
    of the others only real pixels count.
    """
    if shrink == 1:
        return fill(out, frame, files)
    rows, columns = out.shape
    whole = np.empty((frame.code.rows, frame.code.columns), out.dtype)
    note = fill(whole, frame, files)
    squares = whole[: rows * shrink, : columns * shrink].reshape(rows, shrink, columns, shrink)
    padding = padding_value([frame], out.dtype)
    there = np.ones(squares.shape, np.bool_) if padding is None else squares != padding
    count = there.sum(axis=(1, 3))
    total = np.where(there, squares, 0).sum(axis=(1, 3), dtype=np.float64)
    mean = total / np.maximum(count, 1)
    if padding is not None:
        mean[2 * count <= shrink * shrink] = padding
    np.copyto(out, np.rint(mean) if out.dtype == np.int16 else mean, casting="unsafe")
    return note


def fill(out: Values, frame: Frame, files: OpenImages) -> str:
    """Fill `out` [j, i] (int16 or float32) with a frame's rescaled values; returns a note, "" for nothing to say.

    Raises
    ------
    UnreadableFileError, TooLargeError
        Where the image cannot be read; `out` then holds nothing that means anything.
    NotExactError
        Where `out` is int16 and a value does not fit it.
    """
    code = frame.code
    plain = code.bits_allocated == 16 and code.understood and out.dtype == np.int16 and not frame.problem
    plain = plain and frame.padding_to is None
    words = out.view(np.uint16) if plain else out
    if plain and code.native and code.transfer_syntax != EXPLICIT_BIG:
        _read_words(words, frame, files)
    elif plain and code.transfer_syntax == RLE:
        unpacked_words(stored_bytes(frame, files), code, words)
    else:
        stored = decode_frame(frame, files, words if plain else None)
        if frame.padding is None or frame.padding_to is None:
            _rescale(stored.values, frame, out)
        else:
            missing = stored.padded if frame.padding.unstorable else padded(stored.values, frame.padding, code)
            _rescale_beside(missing, stored.values, frame, out)
        return stored.note
    top: int | None = None
    if code.bits_stored != 16:
        top = int(words.max(initial=0))
        # Unsigned words without dirty bits need no clearing; anything else is rare.
        if code.signed or code.high_bit != code.bits_stored - 1 or top >> code.bits_stored:
            words[...] = in_stored_bits(words, code, shifted=True).view(np.uint16)
            top = None
    if frame.slope == 1 and frame.intercept == int(frame.intercept) and abs(frame.intercept) < 32768:
        _shift_in_place(words, int(frame.intercept), code.signed, top)
    else:
        _rescale(words.view(np.int16).copy() if code.signed else words.copy(), frame, out)
    return ""


def _read_words(words: NDArray[np.uint16], frame: Frame, files: OpenImages) -> None:
    code = frame.code
    offset = frame.file.pixel_offset + frame.index * code.frame_bytes
    source = files.source(frame.file)
    room = words.data.cast("B")
    if isinstance(source, FileSource):
        with reading():
            if source.fill(offset, room) < len(room):
                raise UnreadableFileError("The file ends early.")
    else:
        room[:] = files.bytes_of(frame.file, offset, len(room))
    if sys.byteorder == "big":
        words.byteswap(inplace=True)


def _rescale_beside(missing: NDArray[np.bool_] | None, stored: Values, frame: Frame, out: Values) -> None:
    """Rescale real pixels, and give padding the value that it has in the whole volume."""
    to = padding_value([frame], out.dtype)
    if out.dtype == np.int16 and to is not None and to > _HIGHEST_INT16:
        raise NotExactError
    if missing is None or not missing.any():
        _rescale(stored, frame, out)
        missing = None
    elif missing.all():
        out[...] = to
        return
    else:
        # Any real value in the place of padding, which must not decide whether values fit.
        _rescale(np.where(missing, stored[~missing][0], stored), frame, out)
    if out.dtype == np.int16 and (out[... if missing is None else ~missing] == to).any():
        raise NotExactError
    if missing is not None:
        out[missing] = to


def _shift_in_place(words: NDArray[np.uint16], intercept: int, signed: bool, top: int | None = None) -> None:
    """Add the intercept to stored words, two's complement, after proving that the sums fit int16.

    `top` is the largest of them, where that is known.
    """
    values: Values = words.view(np.int16) if signed else words
    if (not signed or intercept > 0) and (int(values.max(initial=0)) if top is None else top) + intercept > 32767:
        raise NotExactError
    low = int(values.min()) if intercept < 0 and signed else 0
    if intercept and low + intercept < -32768:
        raise NotExactError
    if intercept:
        np.add(words, np.uint16(intercept & 0xFFFF), out=words)


def _rescale(stored: Values, frame: Frame, out: Values) -> None:
    slope, intercept = frame.slope, frame.intercept
    if out.dtype != np.int16:
        np.copyto(out, stored.astype(np.float64) * slope + intercept, casting="same_kind")
        return
    # What the outermost value of its type becomes fits mostly, and nobody has to look for the outermost one here.
    for outermost, here in zip(_ends(stored.dtype), (stored.min, stored.max), strict=True):
        if not _fits(outermost * int(slope) + int(intercept)) and not _fits(int(here()) * int(slope) + int(intercept)):
            raise NotExactError
    if slope == 1:
        if not np.shares_memory(out, stored):
            np.copyto(out, stored, casting="unsafe")
        np.add(out.view(np.uint16), np.uint16(int(intercept) & 0xFFFF), out=out.view(np.uint16))
    else:
        out[...] = stored.astype(np.int64) * int(slope) + int(intercept)


def _fits(value: int) -> bool:
    return -32768 <= value <= 32767


@lru_cache(maxsize=16)
def _ends(dtype: np.dtype[Any]) -> tuple[int, int]:
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)
