"""Pixel padding: stored values that stand for "no pixel here", and one value for them in a whole volume.

DICOM PS3.3 C.7.5.1.1.2: Pixel Padding Value, or the range from it to Pixel Padding Range Limit, as stored, before any
rescale. After rescale such a value may be the HU of real pixels in another slice, so that a volume needs a value of
its own for padding where slices differ.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from viewer.io.slice_header import Frame, PixelCode

_LOWEST_INT16, _HIGHEST_INT16 = -32768, 32767


@frozen
class Padding:
    """The lowest and the highest stored value that is padding.

    `unstorable` where the stored bits cannot hold it: it is found in the words before the bits above are cleared.
    """

    low: int
    high: int
    unstorable: bool = False


def padding_of(value: bytes, limit: bytes, code: PixelCode) -> Padding | None:
    """Return what Pixel Padding Value and Pixel Padding Range Limit (raw, little-endian) say of stored values."""
    if len(value) < 2 or not code.understood:
        return None
    first, unstorable = _stored(value, code)
    last = _stored(limit, code) if len(limit) >= 2 else (first, unstorable)
    other = last[0] if last[1] == unstorable else first
    return Padding(min(first, other), max(first, other), unstorable)


def _stored(raw: bytes, code: PixelCode) -> tuple[int, bool]:
    """Return a padding value as the number that a pixel would be, and whether no pixel can store it."""
    word, bits = int.from_bytes(raw[:2], "little"), code.bits_stored
    full = 0xFF if code.bits_allocated == 8 else 0xFFFF
    word &= full
    if bits >= 16:
        return (word - 0x10000 if code.signed and word >> 15 else word), False
    above = word >> bits
    extended = code.signed and word >> (bits - 1) == full >> (bits - 1)
    if above and not extended:
        return (word - 0x10000 if word >> 15 else word), True
    within = word & ((1 << bits) - 1)
    return (within - (1 << bits) if code.signed and within >> (bits - 1) else within), False


def unstorable_padding(words: NDArray[Any], padding: Padding | None) -> NDArray[np.bool_] | None:
    """Return which unsigned words, with all their bits, are padding that the stored bits cannot hold."""
    if padding is None or not padding.unstorable:
        return None
    values = words.view(f"i{words.dtype.itemsize}") if padding.low < 0 else words
    return np.asarray((values >= padding.low) & (values <= padding.high))


def padded(values: NDArray[Any], padding: Padding, code: PixelCode) -> NDArray[np.bool_]:
    """Return which stored values, with their sign, are padding."""
    found = (values >= padding.low) & (values <= padding.high)
    if not code.signed and int(values.min(initial=0)) < 0:
        # The code stream has a sign that the header does not know of, and so has the padding.
        turn = 1 << code.bits_stored
        found |= (values >= padding.low - turn) & (values <= padding.high - turn)
    return np.asarray(found)


def with_one_padding(frames: Sequence[Frame]) -> list[Frame]:
    """Return the images of a volume, told to which value their padding goes where its own would not do."""
    kinds = {(f.padding, f.slope, f.intercept) for f in frames}
    said = [f for f in frames if f.padding is not None]
    if not said or (len(kinds) == 1 and _needs_no_other(said[0])):
        return list(frames)
    to = _rescaled(said[0])
    if len(kinds) > 1 or not _fits(said[0], to):
        to = math.floor(min(_lowest(f) for f in frames if f.code.understood)) - 1.0
    return [f if f.padding is None else evolve(f, padding_to=to) for f in frames]


def padding_value(frames: Sequence[Frame], dtype: np.dtype[Any]) -> float | None:
    """Return the value that padding has in a volume of these images, as exactly as its type can hold it."""
    said = next((f for f in frames if f.padding is not None), None)
    if said is None:
        return None
    value = _rescaled(said) if said.padding_to is None else said.padding_to
    return max(value, _LOWEST_INT16) if dtype == np.int16 else float(np.float32(value))


def _rescaled(frame: Frame) -> float:
    return (frame.padding.low if frame.padding else 0) * frame.slope + frame.intercept


def _needs_no_other(frame: Frame) -> bool:
    """Return True where padding is told from pixels by its rescaled value alone."""
    padding, code = frame.padding, frame.code
    if padding is None or padding.low != padding.high or padding.unstorable:
        return False
    # Compressed pixels may have a sign that the header does not know of.
    sure_of_sign = code.native or code.signed or padding.low < 1 << (code.bits_stored - 1)
    return sure_of_sign and _fits(frame, _rescaled(frame))


def _fits(frame: Frame, value: float) -> bool:
    """Return False where padding alone would keep whole numbers from being int16."""
    whole = frame.slope == int(frame.slope) and frame.intercept == int(frame.intercept)
    return not whole or _LOWEST_INT16 <= value <= _HIGHEST_INT16


def _lowest(frame: Frame) -> float:
    """Return the lowest value that a pixel of an image can have."""
    code = frame.code
    half = 1 << (code.bits_stored - 1)
    ends = (-half, half - 1) if code.signed else (0 if code.native else -half, 2 * half - 1)
    lowest = min(end * frame.slope for end in ends) + frame.intercept
    # A step below it, even where values are so large that float32 knows no steps of 1.
    return lowest - abs(lowest) * 1e-6
