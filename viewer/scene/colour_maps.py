"""Colours for values that are not Hounsfield units: maps, probabilities, uptake."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

GREY = "grey"


@frozen
class ColourMap:
    """A colour for each share (0…1) of the window: stops of (share, red, green, blue), straight lines between them."""

    title: str
    stops: tuple[tuple[float, int, int, int], ...]


COLOUR_MAPS: dict[str, ColourMap] = {
    GREY: ColourMap("Grey", ((0.0, 0, 0, 0), (1.0, 255, 255, 255))),
    # Hot Iron, DICOM PS3.6 B.1.1: red rises over the lower half, then green, then blue over the last quarter.
    "hot_iron": ColourMap("Hot iron", ((0.0, 0, 0, 0), (0.5, 255, 0, 0), (0.75, 255, 128, 0), (1.0, 255, 255, 255))),
    # Lightness rises evenly, and blue against yellow is told apart in every kind of colour blindness.
    "blue_yellow": ColourMap(
        "Blue to yellow",
        (
            (0.0, 0, 0, 0),
            (0.2, 14, 38, 92),
            (0.4, 62, 80, 124),
            (0.6, 124, 123, 120),
            (0.8, 190, 171, 92),
            (1.0, 255, 229, 80),
        ),
    ),
    # For differences: what lies in the middle of the window is dark, both sides grow brighter.
    "blue_orange": ColourMap(
        "Blue and orange around the level",
        ((0.0, 120, 200, 255), (0.25, 38, 110, 190), (0.5, 16, 16, 16), (0.75, 196, 96, 28), (1.0, 255, 190, 110)),
    ),
}


@cache
def colour_table(name: str) -> NDArray[np.uint32]:
    """Return 256 opaque pixels 0xFFRRGGBB of a colour map, read-only; grey for a name that there is not."""
    stops = np.array(COLOUR_MAPS.get(name, COLOUR_MAPS[GREY]).stops)
    shares = np.arange(256) / 255.0
    red, green, blue = (
        np.floor(np.interp(shares, stops[:, 0], stops[:, c]) + 0.5).astype(np.uint32) for c in (1, 2, 3)
    )
    pixels: NDArray[np.uint32] = np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue
    pixels.setflags(write=False)
    return pixels
