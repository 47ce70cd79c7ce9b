"""Pictures of the three standard planes of a volume: values interpolated on the screen's pixels, then windowed.

Values are interpolated before the window is applied, so that narrow windows stay smooth. Along the normal nothing is
interpolated where the grid runs along LPS axes: the picture is that of the voxel layer at the cursor. Nor is it where
slices are shown as they were acquired: the picture is that of one slice.
"""

from __future__ import annotations

import math
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define
from numpy.typing import NDArray

from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.view_state import Interpolation
from viewer.scene.acquired import acquired_on, viewport_geometry
from viewer.scene.arrival import grown_from, layers_in, reading
from viewer.scene.column_block import ColumnBlock
from viewer.scene.interpolation import Samples, interpolation_of, paint
from viewer.scene.plane_slices import (
    PlaneRuns,
    Run,
    beyond_images,
    cut,
    image_number,
    layers_at,
    plane_runs,
    plane_steps,
    snapped,
    stepped,
    turned,
)
from viewer.scene.slabs import layers_of
from viewer.scene.voi import table_for
from viewer.scene.window_table import BLACK, WindowTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.view_state import SlabMode, ViewState
    from viewer.domain.volume import Volume
    from viewer.scene.acquired import AcquiredSlices
    from viewer.scene.oblique import ObliqueSampler
    from viewer.scene.plane_geometry import ViewportGeometry

    Between = Callable[[], None]

__all__ = [
    "PlanePicture",
    "PlaneRenderer",
    "beyond_images",
    "has_picture",
    "image_number",
    "plane_steps",
    "snapped",
    "stepped",
]

# Above this a picture of an oblique plane, or a cubic one, is made smaller and left to the canvas to scale up: the
# voxels are no finer anyway. Others are as fine as a screen of 3840 × 2160, also while something moves: to scale them
# up takes as long.
MOST_PX, MOST_PX_QUICK = 2_400_000, 9_000_000
MOST_PX_MOVING_OBLIQUE = 210_000
# A slab through an oblique grid is sampled layer by layer: so many pixels of all layers together.
MOST_SLAB_SAMPLES = 9_000_000
MOST_SLAB_SAMPLES_MOVING = 300_000
MOST_LAYERS_MOVING = 7
# Three oblique planes may move at once, and nothing is to hold the main thread for more than 50 ms.
_MOVING_S = 0.008
_FIRST_PACE = 0.7
_LEAST_PACE = 0.3


@define(frozen=True, eq=False)
class PlanePicture:
    """A picture of a plane, and where it goes on the viewport.

    Attributes
    ----------
    pixels
        uint32 0xFFRRGGBB (Qt's RGB32), [row, column], C-contiguous; black outside the volume.
    px_per_pixel
        Side of each of its pixels in device pixels of the viewport; 1 unless it was reduced.

    The picture's upper left corner is the viewport's; drawn at `width` × `height` device pixels it covers at least
    the viewport.
    """

    pixels: NDArray[np.uint32]
    px_per_pixel: int

    @property
    def width(self) -> int:
        """Width on the viewport in device pixels."""
        return int(self.pixels.shape[1]) * self.px_per_pixel

    @property
    def height(self) -> int:
        """Height on the viewport in device pixels."""
        return int(self.pixels.shape[0]) * self.px_per_pixel


@define(frozen=True, eq=False)
class _How:
    """How a picture of an image is made: see `PlaneRenderer.render`."""

    table: WindowTable
    reduction: int
    interpolation: Interpolation
    into: NDArray[np.uint32] | None


@define(frozen=True, eq=False)
class _Cut:
    """One layer (or slab) of a volume, or one slice, ready for interpolation: values, and which are padding."""

    key: tuple[object, ...]
    values: NDArray[np.float32]
    padded: NDArray[np.bool_] | None


class PlaneRenderer:
    """Makes pictures of planes; keeps the last cut of each plane, so that window, zoom and pan are quick.

    One thread at a time. Holds a reference to the last volume until another is shown or `clear` is called.
    """

    def __init__(self) -> None:
        self._volume: Volume | None = None
        self._cuts: dict[PlaneName, _Cut] = {}
        self._columns = ColumnBlock()
        self._runs: dict[PlaneName, PlaneRuns | None] = {}
        self._oblique_sampler: ObliqueSampler | None = None
        # Share of the usual samples that this computer manages in time while something moves.
        self._pace = _FIRST_PACE

    def clear(self) -> None:
        """Let go of the volume and what was cut from it."""
        self._volume = None
        self._cuts.clear()
        self._columns.clear()
        self._runs.clear()
        self._oblique_sampler = None

    def render(
        self,
        volume: Volume,
        state: ViewState,
        plane: PlaneName,
        width_px: int,
        height_px: int,
        *,
        moving: bool = False,
        between: Between | None = None,
        into: NDArray[np.uint32] | None = None,
    ) -> PlanePicture:
        """Return the picture of a plane for a viewport of so many device pixels.

        Parameters
        ----------
        moving
            True while something is being dragged or animated: oblique pictures are then coarser, and none is cubic.
        between
            Called now and then while a slow picture is made; ends it by an exception of its own.
        into
            Pixels of an earlier picture that nobody shows any more: overwritten where they have the size, since the
            system takes longer to find memory for a large screen than it takes to paint it.
        """
        if volume is not self._volume:
            if self._volume is None or not grown_from(volume, self._volume):
                self.clear()
            self._volume, self._oblique_sampler = volume, None
            self._runs = {name: plane_runs(volume.grid, name) for name in PlaneName}
        runs = self._runs[plane] if state.plane(plane).turned is None else None
        acquired = acquired_on(volume, state, plane)
        interpolation = interpolation_of(volume, state, moving=moving)
        oblique = runs is None and acquired is None
        pace = self._pace if moving and oblique else 1.0
        most: float = MOST_PX_QUICK
        if oblique or interpolation is Interpolation.CUBIC:
            most = MOST_PX_MOVING_OBLIQUE * pace if moving else MOST_PX
        # Half of a voxel that is shown as a square would be seen.
        squares = interpolation is Interpolation.NEAREST and not oblique
        reduction = 1 if squares else max(1, math.ceil(math.sqrt(width_px * height_px / most)))
        geometry = viewport_geometry(volume, state, plane, width_px, height_px)
        if state.slab_mm and oblique:
            layers = layers_of(state.slab_mm, min(volume.grid.spacing_mm), MOST_LAYERS_MOVING if moving else None)
            samples = MOST_SLAB_SAMPLES_MOVING * pace if moving else MOST_SLAB_SAMPLES
            reduction = max(reduction, math.ceil(math.sqrt(width_px * height_px * layers / samples)))
        table = table_for(volume, state)
        if acquired is not None:
            pixels = self._acquired(volume, acquired, geometry, _How(table, reduction, interpolation, into))
        elif runs is None:
            start = time.perf_counter()
            pixels = self._oblique(volume, state, geometry, table, reduction, moving=moving, between=between)
            if moving:
                share = _MOVING_S / (time.perf_counter() - start)
                self._pace = min(1.0, max(_LEAST_PACE, self._pace * min(max(share, 0.5), 1.1)))
        else:
            pixels = self._aligned(volume, state, geometry, runs, _How(table, reduction, interpolation, into))
        return PlanePicture(pixels, reduction)

    def _acquired(
        self, volume: Volume, acquired: AcquiredSlices, geometry: ViewportGeometry, how: _How
    ) -> NDArray[np.uint32]:
        k = geometry.image
        if k is None or not (volume.arrived is None or volume.arrived[k]):
            return _black(geometry, how.reduction)
        right, down = acquired.runs(k)
        laid = _laid(geometry, right, down, how.reduction)
        if laid is None:
            return _black(geometry, how.reduction)
        key = (geometry.plane, "acquired", k)
        held = self._cuts.get(geometry.plane)
        if held is None or held.key != key:
            values = np.array(turned(volume.slices[k], right, down), dtype=np.float32, order="C")
            held = self._cuts[geometry.plane] = _Cut(
                key, values, _without_padding(values, volume, unknown=volume.slices.dtype.kind == "f")
            )
        return _painted(held, geometry, *laid, how)

    def _aligned(
        self, volume: Volume, state: ViewState, geometry: ViewportGeometry, runs: PlaneRuns, how: _How
    ) -> NDArray[np.uint32]:
        layers = layers_at(runs.into, float(np.asarray(state.cursor_lps_mm) @ geometry.axes.into), state.slab_mm)
        laid = _laid(geometry, runs.right, runs.down, how.reduction)
        if laid is None or layers is None or not layers_in(volume, runs, layers):
            return _black(geometry, how.reduction)
        shown = self._cut(volume, geometry.plane, runs, layers, state.slab_mode)
        return _painted(shown, geometry, *laid, how)

    def _cut(self, volume: Volume, plane: PlaneName, runs: PlaneRuns, layers: tuple[int, int], mode: SlabMode) -> _Cut:
        key = (plane, *layers, mode, reading(volume))
        held = self._cuts.get(plane)
        if held is not None and held.key == key:
            return held
        # Asked first: an image that comes in while values are copied is not whole among them.
        empty = _empty_rows(volume)
        flat = self._flat(volume, runs, layers, mode)
        values = np.array(flat, dtype=np.float32, order="C")
        hidden = _without_padding(values, volume, unknown=flat.dtype.kind == "f")
        if empty is not None and runs.into.grid_axis != 2:
            # k runs down or across here. What is shown beside an image that is not there is not to fade into it.
            down = runs.down.grid_axis == 2
            empty = empty[:: 1 if (runs.down if down else runs.right).forward else -1]
            values = np.take(values, _nearest_full(empty), axis=0 if down else 1)
            none_here = np.broadcast_to(empty[:, None] if down else empty[None, :], values.shape)
            if none_here.any():
                hidden = none_here if hidden is None else hidden | none_here
        made = _Cut(key, values, hidden)
        self._cuts[plane] = made
        return made

    def _flat(self, volume: Volume, runs: PlaneRuns, layers: tuple[int, int], mode: SlabMode) -> NDArray[Any]:
        if runs.into.grid_axis != 0 or layers[0] != layers[1] or volume.arrived is not None:
            return cut(volume.voxels, runs, *layers, mode, volume.padding)
        return turned(self._columns.image(volume.voxels, runs.into.index(layers[0])), runs.right, runs.down)

    def _oblique(
        self,
        volume: Volume,
        state: ViewState,
        geometry: ViewportGeometry,
        table: WindowTable,
        reduction: int,
        *,
        moving: bool,
        between: Between | None,
    ) -> NDArray[np.uint32]:
        if not has_picture(volume, geometry.plane, turned=geometry.view.turned is not None):
            return _black(geometry, reduction)
        if self._oblique_sampler is None:
            # VTK is loaded only where it is needed: most volumes run along LPS.
            from viewer.scene.oblique import ObliqueSampler

            self._oblique_sampler = ObliqueSampler(volume)
        slab_mm = 0.0 if volume.preview else state.slab_mm
        values, outside = self._oblique_sampler.values(
            geometry,
            slab_mm,
            reduction,
            state.slab_mode,
            interpolation_of(volume, state, moving=moving),
            quick=moving,
            most_layers=MOST_LAYERS_MOVING if moving else None,
            between=between,
        )
        pixels = table.of(values)
        pixels[outside] = BLACK
        return pixels


def slow_at_rest(volume: Volume, state: ViewState, plane: PlaneName, width_px: int, height_px: int) -> bool:
    """Return whether the fine picture of a plane may take longer than a person should wait for it."""
    if volume.preview:
        return False
    if interpolation_of(volume, state) is Interpolation.CUBIC:
        return True
    if acquired_on(volume, state, plane) is not None:
        return False
    straight = state.plane(plane).turned is None and plane_runs(volume.grid, plane) is not None
    return not straight and (state.slab_mm > 0 or width_px * height_px > MOST_PX_MOVING_OBLIQUE)


def _black(geometry: ViewportGeometry, reduction: int) -> NDArray[np.uint32]:
    """Return a black picture for a viewport, reduced."""
    return np.full(_shape(geometry, reduction), BLACK, dtype=np.uint32)


def _shape(geometry: ViewportGeometry, reduction: int) -> tuple[int, int]:
    """Return the rows and columns of a viewport's picture, reduced."""
    return -(-geometry.height_px // reduction), -(-geometry.width_px // reduction)


def _laid(geometry: ViewportGeometry, right: Run, down: Run, reduction: int) -> tuple[Samples, Samples] | None:
    """Return where the rows and the columns of a viewport's picture fall on an image's pixels; None where none do."""
    if min(right.count, down.count) < 2:
        return None
    centre = np.asarray(geometry.view.centre_lps_mm)
    step_mm = geometry.mm_per_px * reduction
    left_mm = float(centre @ geometry.axes.right) - geometry.width_px / 2 * geometry.mm_per_px
    top_mm = float(centre @ geometry.axes.down) - geometry.height_px / 2 * geometry.mm_per_px
    height, width = _shape(geometry, reduction)
    rows = _samples(down, top_mm + step_mm / 2, step_mm, height)
    columns = _samples(right, left_mm + step_mm / 2, step_mm, width)
    return None if rows is None or columns is None else (rows, columns)


@lru_cache(maxsize=16)
def _samples(run: Run, first_mm: float, step_mm: float, count: int) -> Samples | None:
    """Return the samples along a run; from image to image they stay the same."""
    return Samples.along(run, first_mm, step_mm, count)


def _painted(image: _Cut, geometry: ViewportGeometry, rows: Samples, columns: Samples, how: _How) -> NDArray[np.uint32]:
    """Return a viewport's picture of an image, black where that does not reach."""
    shape, into = _shape(geometry, how.reduction), how.into
    picture = into if into is not None and into.shape == shape else np.empty(shape, dtype=np.uint32)
    below, beyond = rows.start + rows.count, columns.start + columns.count
    inside = picture[rows.start : below, columns.start : beyond]
    paint(inside, image.values, rows, columns, how.table, how.interpolation, image.padded)
    if image.padded is not None:
        inside[image.padded[rows.nearest][:, columns.nearest]] = BLACK
    for outside in (picture[: rows.start], picture[below:], picture[:, : columns.start], picture[:, beyond:]):
        outside[...] = BLACK
    return picture


def _without_padding(values: NDArray[np.float32], volume: Volume, *, unknown: bool) -> NDArray[np.bool_] | None:
    """Return which values are padding or unknown, None for none, and put the smallest of the others there.

    Padding must not darken its neighbours more than air would. `unknown` says that there may be NaN.
    """
    hidden: NDArray[np.bool_] | None = None
    if volume.padding is not None:
        hidden = values == np.float32(volume.padding)
    if unknown:
        nothing = np.isnan(values)
        hidden = nothing if hidden is None else hidden | nothing
    if hidden is None or not hidden.any():
        return None
    known = values[~hidden]
    values[hidden] = known.min() if known.size else 0.0
    return hidden


def _empty_rows(volume: Volume) -> NDArray[np.bool_] | None:
    """Return for each k of the grid whether there is no image: missing, or not read yet; None for nowhere."""
    if volume.arrived is not None and not volume.regridded:
        return np.asarray(~volume.arrived)
    if not volume.missing_planes:
        return None
    empty = np.zeros(volume.grid.size_ijk[2], dtype=np.bool_)
    empty[list(volume.missing_planes)] = True
    return empty


def _nearest_full(empty: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return for each number the nearest one that is not empty, itself where all are."""
    full = np.flatnonzero(~empty)
    if not len(full):
        return np.arange(len(empty))
    between = (full[:-1] + full[1:]) / 2
    return full[np.searchsorted(between, np.arange(len(empty)), side="right")]


def has_picture(volume: Volume, plane: PlaneName, *, turned: bool = False) -> bool:
    """Return whether a volume has pictures in a plane; one slice has them in its own plane alone."""
    if turned:
        return min(volume.grid.size_ijk) > 1
    runs = plane_runs(volume.grid, plane)
    if runs is None:
        axis = int(np.argmax(np.abs(volume.grid.directions.T @ PLANE_AXES[plane].into)))
        return all(n > 1 for a, n in enumerate(volume.grid.size_ijk) if a != axis)
    return min(runs.right.count, runs.down.count) > 1
