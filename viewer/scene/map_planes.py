"""Pictures of a map on a plane of the series that it lies over: coloured by value, the clearer the higher.

A map is sampled on the plane's own pixels, linearly between its voxels in all three directions, whatever its grid and
however the plane is turned; nothing is drawn where it has no value or one below the threshold.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from attrs import define
from numpy.typing import NDArray

from viewer.scene.colour_maps import COLOUR_MAPS, colour_table

if TYPE_CHECKING:
    from viewer.domain.overlay_look import MapLook
    from viewer.domain.overlays import ValueMap
    from viewer.scene.oblique import ObliqueSampler
    from viewer.scene.plane_geometry import ViewportGeometry

MOST_PX = 810_000
MOST_PX_MOVING = 90_000
# Values just above the threshold keep so much of the opacity, or they could not be seen.
LEAST_CLEARNESS = 0.4


@define(frozen=True, eq=False)
class MapPicture:
    """A picture to lay over a plane.

    Attributes
    ----------
    pixels
        uint32 0xAARRGGBB, premultiplied (Qt's ARGB32_Premultiplied), [row, column]; 0 where nothing is drawn.
    px_per_pixel
        Side of each of its pixels in device pixels of the viewport.
    """

    pixels: NDArray[np.uint32]
    px_per_pixel: int


def map_colours(value_map: ValueMap, look: MapLook) -> str:
    """Return the name of the colour map in use: the one chosen, else one that fits the values."""
    if look.colours in COLOUR_MAPS:
        return look.colours
    return "blue_orange" if value_map.diverging else "blue_yellow"


def map_least(value_map: ValueMap, look: MapLook) -> float:
    """Return the value below which nothing is drawn; of a map on both sides of 0 the distance from it."""
    return value_map.usual_least if look.least is None else look.least


class MapRenderer:
    """Makes pictures of a map; keeps what its values are sampled with. One thread at a time."""

    def __init__(self) -> None:
        self._map: ValueMap | None = None
        self._sampler: ObliqueSampler | None = None

    def clear(self) -> None:
        """Let go of the map."""
        self._map = self._sampler = None

    def render(
        self, value_map: ValueMap, look: MapLook, geometry: ViewportGeometry, *, moving: bool = False
    ) -> MapPicture:
        """Return the picture of a map on a viewport's plane, coarser where it is large or something moves."""
        if value_map is not self._map or self._sampler is None:
            from viewer.scene.oblique import ObliqueSampler

            self._map, self._sampler = value_map, ObliqueSampler(value_map.volume)
        most = MOST_PX_MOVING if moving else MOST_PX
        reduction = max(1, int(np.ceil(np.sqrt(geometry.width_px * geometry.height_px / most))))
        values, outside = self._sampler.values(geometry, reduction=reduction)
        values *= np.float32(value_map.scale)
        outside |= ~np.isfinite(values)
        values[outside] = value_map.low
        pixels = coloured(values, value_map, look)
        pixels[outside] = 0
        return MapPicture(pixels, reduction)


def coloured(values: NDArray[np.float32], value_map: ValueMap, look: MapLook) -> NDArray[np.uint32]:
    """Return premultiplied pixels of values of any shape."""
    least = map_least(value_map, look)
    table = _table(
        map_colours(value_map, look), value_map.low, value_map.high, least, look.opacity, value_map.diverging
    )
    span = max(value_map.high - value_map.low, 1e-12)
    entries = np.clip((values - np.float32(value_map.low)) * np.float32(255 / span) + np.float32(0.5), 0, 255)
    pixels: NDArray[np.uint32] = np.take(table, entries.astype(np.intp))
    height = np.abs(values) if value_map.diverging else values
    # By the values themselves: an entry of the table stands for many.
    pixels[height < np.float32(least)] = 0
    return pixels


@lru_cache(maxsize=16)
def _table(colours: str, low: float, high: float, least: float, opacity: float, diverging: bool) -> NDArray[np.uint32]:
    value = low + np.arange(256) / 255 * (high - low)
    height = np.abs(value) if diverging else value
    share = np.clip((height - least) / max(high - least, 1e-12), 0.0, 1.0)
    alpha = opacity * (LEAST_CLEARNESS + (1 - LEAST_CLEARNESS) * share)
    opaque = colour_table(colours)
    made = np.floor(alpha * 255 + 0.5).astype(np.uint32) << np.uint32(24)
    for shift in (16, 8, 0):
        channel = (opaque >> np.uint32(shift)) & np.uint32(0xFF)
        made |= np.floor(channel * alpha + 0.5).astype(np.uint32) << np.uint32(shift)
    made.setflags(write=False)
    return made
