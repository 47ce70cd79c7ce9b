"""Grey values of a display window: the VOI functions of DICOM and the tables made from them.

PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.2 (LINEAR_EXACT), C.11.2.1.3.1 (SIGMOID).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from attrs import define
from numpy.typing import NDArray

from viewer.scene.colour_maps import GREY, colour_table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

MOST_ENTRIES = 65536
_ENOUGH_ENTRIES = 8192
_NARROW = 1.0
BLACK = np.uint32(0xFF000000)
_OPAQUE = np.int32(-0x01000000)
# A grey in the middle between two is the brighter one, however it was counted.
_ROUNDED_UP = 0.5 + 2e-5


def grey_of(
    values: ArrayLike, *, centre: float, width: float, function: str = "LINEAR", invert: bool = False
) -> NDArray[np.float64]:
    """Return grey values 0…255, not rounded, of values under a VOI window.

    Parameters
    ----------
    values
        Of any shape, in the volume's unit.
    centre, width
        Window level and width. LINEAR needs a width of at least 1, the others above 0; smaller ones are raised.
    function
        "LINEAR", "LINEAR_EXACT" or "SIGMOID"; anything else counts as LINEAR, which is what DICOM says of none.
    invert
        White for low values.
    """
    x = np.asarray(values, dtype=np.float64)
    match function:
        case "SIGMOID":
            exponent = np.clip(-4.0 * (x - centre) / max(width, 1e-6), -700.0, 700.0)
            share = 1.0 / (1.0 + np.exp(exponent))
        case "LINEAR_EXACT":
            share = np.clip((x - centre) / max(width, 1e-6) + 0.5, 0.0, 1.0)
        case _:
            width = max(width, 1.0)
            if width == 1.0:
                share = (x > centre - 0.5).astype(np.float64)
            else:
                share = np.clip((x - (centre - 0.5)) / (width - 1.0) + 0.5, 0.0, 1.0)
    return np.asarray((1.0 - share if invert else share) * 255.0, dtype=np.float64)


@define(frozen=True, eq=False)
class WindowTable:
    """A table from values to opaque grey pixels.

    A value v stands at entry (v − first) · per_unit; values beyond the ends take the end entries, where the window
    has reached black or white. Whole numbers fall exactly on entries while the window is narrower than 65 536, and not
    narrower than 1 where it is not LINEAR.

    Attributes
    ----------
    pixels
        uint32 0xFFRRGGBB (Qt's RGB32), at most 65 536 entries; read-only.
    ramp
        Where the table is a straight line of greys: grey at entry 0, beyond black or white too, and more for each
        entry. To count takes half as long as to look up.
    """

    first: float
    per_unit: float
    pixels: NDArray[np.uint32]
    ramp: tuple[float, float] | None = None

    def of(self, values: NDArray[np.int16] | NDArray[np.float32]) -> NDArray[np.uint32]:
        """Return the pixels of values of any shape."""
        return self.of_mixed(self.to_mix(values))

    def to_mix(self, values: NDArray[np.int16] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Return values as `of_mixed` takes them, once they are interpolated: entry numbers, or greys along a ramp."""
        found: NDArray[np.float32] = np.subtract(values, np.float32(self.first), dtype=np.float32)
        found *= np.float32(self.per_unit)
        if self.ramp is not None:
            start, more = self.ramp
            found *= np.float32(more)
            found += np.float32(start + _ROUNDED_UP)
        return found

    def of_mixed(self, mixed: NDArray[np.float32], into: NDArray[np.uint32] | None = None) -> NDArray[np.uint32]:
        """Return the pixels of what `to_mix` returned, or of weighted sums of it, written `into` where that is given.

        Overwrites `mixed`.
        """
        into = np.empty(mixed.shape, np.uint32) if into is None else into
        if self.ramp is None:
            mixed += np.float32(0.5)
            np.clip(mixed, 0, len(self.pixels) - 1, out=mixed)
            into[...] = np.take(self.pixels, mixed.astype(np.intp), mode="clip")
            return into
        np.clip(mixed, np.float32(0), np.float32(255.5), out=mixed)
        level = mixed.astype(np.int32)
        level *= np.int32(0x010101)
        np.bitwise_or(level, _OPAQUE, out=into.view(np.int32))
        return into


@lru_cache(maxsize=32)
def window_table(
    centre: float, width: float, function: str = "LINEAR", *, invert: bool = False, colours: str = GREY
) -> WindowTable:
    """Return the table of a window, in grey or in a colour map's colours; cached."""
    # Beyond ±1.7 widths the sigmoid is within half a grey value of its end.
    reach = 1.8 * width if function == "SIGMOID" else width / 2 + 1
    first = float(math.floor(centre - reach) - 1)
    span = math.ceil(centre + reach) + 1 - first
    per_unit = float(max(1, _ENOUGH_ENTRIES // span)) if span < MOST_ENTRIES else (MOST_ENTRIES - 1) / span
    if span < 16:
        per_unit = _ENOUGH_ENTRIES / 16
    if width < _NARROW and function in ("LINEAR_EXACT", "SIGMOID"):
        # Maps of ratios and diffusion live in thousandths; no values between them are to share a grey.
        far = reach if function == "SIGMOID" else width
        first, span = centre - far, 2 * far
        per_unit = _ENOUGH_ENTRIES / span
    count = min(MOST_ENTRIES, int(round(span * per_unit)) + 1)
    grey = grey_of(first + np.arange(count) / per_unit, centre=centre, width=width, function=function, invert=invert)
    level = np.floor(grey + _ROUNDED_UP).astype(np.uint32)
    pixels = level * np.uint32(0x010101) | BLACK if colours == GREY else colour_table(colours)[level]
    pixels.setflags(write=False)
    straight = colours == GREY and function != "SIGMOID" and width > 1
    ramp = _ramp(first, per_unit, centre, width, exact=function == "LINEAR_EXACT", invert=invert) if straight else None
    return WindowTable(first, per_unit, pixels, ramp)


def _ramp(
    first: float, per_unit: float, centre: float, width: float, *, exact: bool, invert: bool
) -> tuple[float, float]:
    """Return the grey at entry 0 of a table, as if black and white had no end, and how much more each entry is."""
    wide = width if exact else width - 1.0
    start = 255.0 * ((first - (centre if exact else centre - 0.5)) / wide + 0.5)
    more = 255.0 / (wide * per_unit)
    return (255.0 - start, -more) if invert else (start, more)
