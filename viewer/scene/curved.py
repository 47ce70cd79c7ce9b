"""The straightened picture along a drawn path: along it to the right, across it up and down.

Every column is a straight line through the volume that stands upright on the path, so that lengths are true along
the path and within each column, and nowhere else. Where the path bends so sharply that columns would cross, the part
beyond is left black: it would show the same anatomy twice, once of it as in a mirror.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from attrs import define, evolve
from numpy.typing import NDArray

from viewer.analysis.path_curve import PathCurve, curve_through
from viewer.domain.curved_view import CurvedView
from viewer.domain.view_state import Interpolation, Point, as_point
from viewer.scene.interpolation import interpolation_of
from viewer.scene.missing_places import planes_there
from viewer.scene.slabs import combined, layers_of
from viewer.scene.solid_voxels import solid_voxels
from viewer.scene.voi import table_for
from viewer.scene.window_table import BLACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.scene.cubic_points import CubicPoints

    Between = Callable[[], None]

MOST_SAMPLES_MOVING = 90_000
MOST_SAMPLES = 6_500_000
MOST_PX = 2_400_000
MOST_LAYERS_MOVING = 5
LEAST_ACROSS_MM = 40.0
LEAST_HEIGHT_MM = 4.0
MOST_HEIGHT_MM = 2000.0
_ROOM_MM = 6.0
# Multiples of a scale factor are whole up to this.
_ROUNDED = 1e-3
# A smaller share of the picture is nothing to speak of.
_LEAST_LOST = 0.002
_SAMPLES_AT_ONCE = 120_000


@define(frozen=True, eq=False)
class CurvedGeometry:
    """Where the straightened picture lies on a viewport of so many device pixels, counted as in `plane_geometry`.

    Attributes
    ----------
    middle_mm
        The place along the path in the viewport's middle.
    lower_px
        How far below the viewport's middle the path lies.
    """

    curve: PathCurve
    turned_rad: float
    middle_mm: float
    mm_per_px: float
    width_px: int
    height_px: int
    lower_px: float = 0.0

    def on_pixels(self, left: float, top: float, ratio: float) -> tuple[CurvedGeometry, float, float]:
        """Return the same on whole device pixels, `ratio` to one of these, and where that begins beside its corner.

        `left` and `top` are where the corner lies, in pixels of this geometry.
        """
        x, y = left * ratio, top * ratio
        first = (math.floor(x + _ROUNDED), math.floor(y + _ROUNDED))
        width = math.ceil(x + self.width_px * ratio - _ROUNDED) - first[0]
        height = math.ceil(y + self.height_px * ratio - _ROUNDED) - first[1]
        mm_per_px = self.mm_per_px / ratio
        aside = first[0] + width / 2 - x - self.width_px * ratio / 2
        below = first[1] + height / 2 - y - self.height_px * ratio / 2
        made = CurvedGeometry(
            self.curve,
            self.turned_rad,
            self.middle_mm + aside * mm_per_px,
            mm_per_px,
            width,
            height,
            self.lower_px * ratio - below,
        )
        return made, (first[0] - x) / ratio, (first[1] - y) / ratio

    def place_mm(self, x: float) -> float:
        """Return the place along the path under a screen position."""
        return self.middle_mm + (x - self.width_px / 2) * self.mm_per_px

    def above_mm(self, y: float) -> float:
        """Return how far above the path a screen position lies."""
        return (self.height_px / 2 + self.lower_px - y) * self.mm_per_px

    def screen(self, place_mm: float, above_mm: float = 0.0) -> tuple[float, float]:
        """Return the screen position of a place along and above the path."""
        x = self.width_px / 2 + (place_mm - self.middle_mm) / self.mm_per_px
        return x, self.height_px / 2 + self.lower_px - above_mm / self.mm_per_px

    def axes_at(
        self, places_mm: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return points on the path, and there the directions along it, up and into the screen, each (n, 3)."""
        points, along, ups = self.curve.at(places_mm)
        sides = np.cross(along, ups)
        up = math.cos(self.turned_rad) * ups + math.sin(self.turned_rad) * sides
        # As for every plane, right × down looks away from the viewer: no mirror image.
        return points, along, up, np.cross(up, along)

    def lps(self, x: float, y: float) -> Point:
        """Return the point of the patient under a screen position."""
        points, _, up, _ = self.axes_at(np.array([self.place_mm(x)]))
        return as_point(points[0] + self.above_mm(y) * up[0])

    def beside(self, lps_mm: Point) -> tuple[float, float, float]:
        """Return where a point lies in mm: the nearest place along the path, and from there how far up and behind."""
        place, _ = self.curve.nearest(lps_mm)
        points, _, up, into = self.axes_at(np.array([place]))
        away = np.asarray(lps_mm) - points[0]
        return place, float(away @ up[0]), float(away @ into[0])


@define(frozen=True, eq=False)
class CurvedPicture:
    """The picture, and where images are missing in it.

    Attributes
    ----------
    pixels
        As in `planes.PlanePicture`.
    missing
        [row, column], where there is no image; None for nowhere.
    folded
        True where a part was left black because the path bends too sharply.
    """

    pixels: NDArray[np.uint32]
    px_per_pixel: int
    missing: NDArray[np.bool_] | None
    folded: bool


def curved_geometry(state: ViewState, width_px: int, height_px: int) -> CurvedGeometry | None:
    """Return where the straightened picture of a view lies on a viewport; None where it shows none."""
    curve = curve_through(state.path_lps_mm) if state.curved is not None else None
    if curve is None or state.curved is None:
        return None
    shown = state.curved
    mm_per_px = fitted_height_mm(curve, width_px, height_px) / height_px
    if shown.height_mm is not None:
        mm_per_px = shown.height_mm / height_px
    middle = curve.length_mm / 2 if shown.along_mm is None else shown.along_mm
    return CurvedGeometry(curve, math.radians(shown.turned_deg), middle, mm_per_px, width_px, height_px)


def fitted_height_mm(curve: PathCurve, width_px: int, height_px: int) -> float:
    """Return mm per viewport height at which the whole path is seen."""
    return max((curve.length_mm + 2 * _ROOM_MM) * 1.02 * height_px / width_px, LEAST_ACROSS_MM)


def turned_by(curved: CurvedView, degrees: float) -> CurvedView:
    """Return the picture turned about the path."""
    return CurvedView(math.remainder(curved.turned_deg + degrees, 360.0), curved.along_mm, curved.height_mm)


def in_sight(state: ViewState, geometry: CurvedGeometry) -> ViewState:
    """Return the view with the picture moved where it would not show the crosshair's place along the path."""
    place, _ = geometry.curve.nearest(state.cursor_lps_mm)
    half_mm = geometry.width_px / 2 * geometry.mm_per_px
    if state.curved is None or abs(place - geometry.middle_mm) <= half_mm:
        return state
    height_mm = geometry.mm_per_px * geometry.height_px
    return evolve(state, curved=CurvedView(state.curved.turned_deg, place, height_mm))


class CurvedRenderer:
    """Makes straightened pictures; one thread at a time."""

    def render(
        self,
        volume: Volume,
        state: ViewState,
        geometry: CurvedGeometry,
        *,
        moving: bool = False,
        between: Between | None = None,
    ) -> CurvedPicture:
        """Return the picture; `moving` and `between` as in `planes.PlaneRenderer.render`."""
        slab_mm = state.slab_mm
        most_layers = MOST_LAYERS_MOVING if moving else None
        layers = layers_of(slab_mm, min(volume.grid.spacing_mm), most_layers) if slab_mm > 0 else 1
        size = geometry.width_px * geometry.height_px
        most = MOST_SAMPLES_MOVING / layers if moving else min(MOST_SAMPLES / layers, MOST_PX)
        reduction = max(1, math.ceil(math.sqrt(size / most)))
        rows, columns = -(-geometry.height_px // reduction), -(-geometry.width_px // reduction)
        places = np.array([geometry.place_mm((n + 0.5) * reduction) for n in range(columns)])
        above = np.array([geometry.above_mm((n + 0.5) * reduction) for n in range(rows)])
        depths = np.linspace(-slab_mm / 2, slab_mm / 2, layers) if layers > 1 else np.zeros(1)
        lines = _Lines.of(volume, geometry, places)
        values = np.empty((rows, columns), dtype=np.float32)
        missing = np.zeros((rows, columns), dtype=np.bool_)
        sampler = _Sampler(volume, interpolation_of(volume, state, moving=moving), quick=moving)
        step = max(1, _SAMPLES_AT_ONCE // (columns * layers))
        for top in range(0, rows, step):
            if between is not None:
                between()
            strip = slice(top, min(top + step, rows))
            flat = []
            for depth in depths.tolist():
                taken, absent = sampler.at(lines.ijk(above[strip], depth))
                flat.append(taken)
                if depth == depths[layers // 2]:
                    missing[strip] = absent
            values[strip] = combined(np.stack(flat), state.slab_mode) if layers > 1 else flat[0]
        folded = lines.folded(above)
        lost = bool((folded & ~np.isnan(values)).mean() > _LEAST_LOST)
        hidden = np.isnan(values) | folded
        table = table_for(volume, state)
        values[hidden] = 0.0
        pixels = table.of(values)
        pixels[hidden] = BLACK
        missing &= ~folded
        return CurvedPicture(pixels, reduction, missing if missing.any() else None, lost)


@define(frozen=True, eq=False)
class _Lines:
    """The columns of a picture in voxel coordinates: their middles, and 1 mm up and into the screen, each (n, 3)."""

    middles: NDArray[np.float64]
    up: NDArray[np.float64]
    into: NDArray[np.float64]
    bend_up: NDArray[np.float64]

    @classmethod
    def of(cls, volume: Volume, geometry: CurvedGeometry, places: NDArray[np.float64]) -> _Lines:
        points, _, up, into = geometry.axes_at(places)
        matrix = volume.grid.ijk_from_lps
        bends = geometry.curve.bends_at(places)
        return cls(
            points @ matrix[:3, :3].T + matrix[:3, 3],
            up @ matrix[:3, :3].T,
            into @ matrix[:3, :3].T,
            np.sum(bends * up, axis=1),
        )

    def ijk(self, above_mm: NDArray[np.float64], depth_mm: float) -> NDArray[np.float64]:
        """Return voxel coordinates, [k j i, row, column]."""
        middles = self.middles + depth_mm * self.into
        return np.stack([middles[None, :, axis] + above_mm[:, None] * self.up[None, :, axis] for axis in (2, 1, 0)])

    def folded(self, above_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return where neighbouring columns have crossed, [row, column]."""
        return above_mm[:, None] * self.bend_up[None, :] >= 1.0


class _Sampler:
    """Values of a volume at voxel coordinates, NaN where there is none; padding takes no part in mixtures.

    Cubic ones are linear where padding would take part.
    """

    def __init__(self, volume: Volume, interpolation: Interpolation, *, quick: bool) -> None:
        self._voxels = volume.voxels
        self._there = planes_there(volume)
        self._padding = volume.padding
        self._order: Literal[0, 1] = (
            0 if interpolation is Interpolation.NEAREST or (quick and self._padding is not None) else 1
        )
        self._solid = solid_voxels(volume) if self._order and self._padding is not None else None
        self._cubic: CubicPoints | None = None
        if interpolation is Interpolation.CUBIC:
            # VTK is loaded only where it is needed.
            from viewer.scene.cubic_points import CubicPoints

            self._cubic = CubicPoints(volume)

    def at(self, kji: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return values and where images are missing, of the shape of `kji` without its first axis."""
        # Loaded late for the sake of the program's start.
        from scipy.ndimage import map_coordinates

        inside = np.ones(kji.shape[1:], dtype=np.bool_)
        for axis, count in enumerate(self._voxels.shape):
            inside &= (kji[axis] >= -0.5) & (kji[axis] < count - 0.5)
        # No boundary mode makes anything up: beyond the outermost centres the outermost voxels go on for half of one.
        values = map_coordinates(self._voxels, kji, np.float32, order=self._order, mode="nearest", prefilter=False)
        if self._solid is not None:
            share = map_coordinates(self._solid, kji, np.float32, order=1, mode="nearest", prefilter=False)
            share[share < 0.5] = np.nan
            values += (share - 1) * np.float32(self._padding or 0.0)
            values /= share
        elif self._padding is not None:
            values[values == np.float32(self._padding)] = np.nan
        if self._cubic is not None:
            smooth, whole = self._cubic.at(kji)
            np.copyto(values, smooth, where=whole)
        absent = np.zeros(inside.shape, dtype=np.bool_)
        if self._there is not None:
            last = len(self._there) - 1
            if self._order:
                low, high = np.floor(kji[0]), np.ceil(kji[0])
            else:
                low = high = np.floor(kji[0] + 0.5)
            there = [self._there[np.clip(k, 0, last).astype(np.intp)] for k in (low, high)]
            absent = inside & ~(there[0] & there[1])
        values[~inside | absent] = np.nan
        return values, absent
