"""A regular grid for slices that are tilted or unevenly spaced, and masks on the grid that is shown.

Formulas: a slice's place in the plane of the rows and columns is its position · row direction and position · column
direction, its height is position · normal (DICOM PS3.3 C.7.6.2.1.1). A value between two slices is taken along
the normal: both slices are sampled at the same row and column position, linearly, and mixed linearly by height.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, evolve, frozen
from numpy.typing import NDArray

from viewer.domain.errors import TooLargeError
from viewer.domain.geometry import Grid

if TYPE_CHECKING:
    from viewer.domain.geometry import SliceStack
    from viewer.domain.job import JobContext
    from viewer.domain.labels import Mask
    from viewer.domain.volume import Volume

_SMALLEST_STEP_MM = 0.5
# Shifts of a slice against its neighbours below this share of a pixel are rounding, not tilt.
_SHIFT_ROUNDING_PX = 0.05
_MOST_VOXELS = 400_000_000


@define(frozen=True, eq=False)
class GridMask:
    """Marked voxels of `volume.grid`: the box's first voxel (i, j, k) and a boolean array [k, j, i] inside it."""

    first_ijk: tuple[int, int, int]
    voxels: NDArray[np.bool_]

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """The index of the box in an array on the grid, [k, j, i]."""
        i, j, k = self.first_ijk
        nk, nj, ni = self.voxels.shape
        return (slice(k, k + nk), slice(j, j + nj), slice(i, i + ni))


@frozen(eq=False)
class SliceOffsets:
    """Where each slice lies, in pixels along rows and columns (from the smallest) and in mm along the normal."""

    columns_px: NDArray[np.float64]
    rows_px: NDArray[np.float64]
    heights_mm: NDArray[np.float64]


def slice_offsets(stack: SliceStack) -> SliceOffsets:
    """Return the offsets of a stack's slices; shifts that are only rounding are 0."""
    shifts = []
    for direction, spacing in zip((stack.row_direction, stack.column_direction), stack.pixel_spacing_mm, strict=True):
        along = (stack.positions_lps_mm - stack.positions_lps_mm[0]) @ direction / spacing
        shifts.append(np.zeros(stack.count) if np.ptp(along) < _SHIFT_ROUNDING_PX else along - along.min())
    return SliceOffsets(shifts[0], shifts[1], stack.heights_mm - stack.heights_mm[0])


def step_along_normal_mm(stack: SliceStack) -> float:
    """Return the distance between planes of the regular grid.

    The largest step, not above the smallest gap, of which all gaps that occur more than once are multiples (within
    5 %), so that planes meet slices; where there is none of at least 0.5 mm, the smallest gap or 0.5 mm.
    """
    gaps = stack.gaps_mm
    if not len(gaps):
        return 1.0
    mean = float(gaps.mean())
    if float(np.ptp(gaps)) <= 0.02 * mean:
        return mean
    rounded = np.round(gaps, 1)
    kinds = [float(np.median(gaps[rounded == kind])) for kind in np.unique(rounded)]
    often = [float(np.median(gaps[rounded == kind])) for kind in np.unique(rounded) if (rounded == kind).sum() > 1]
    most = max(float(gaps.min()) * 1.05, _SMALLEST_STEP_MM)
    step = _common_step(often or kinds, most)
    return step if step is not None else min(most, mean)


def _common_step(gaps: list[float], most: float) -> float | None:
    for parts in range(1, 40):
        step = min(gaps) / parts
        if step < _SMALLEST_STEP_MM:
            return None
        if step <= most and all(abs(gap / step - round(gap / step)) <= 0.05 for gap in gaps):
            return step
    return None


def regular_grid(stack: SliceStack) -> Grid:
    """Return the orthogonal grid (row, column, normal) that holds every pixel of the stack.

    Pixels keep their spacing; rows and columns are added where tilt moves slices against each other. The first
    plane is the first slice; the last lies at the last slice or within half its gap beyond it.
    """
    offsets = slice_offsets(stack)
    step = step_along_normal_mm(stack)
    ni = stack.size_ij[0] + math.ceil(float(offsets.columns_px.max()) - _SHIFT_ROUNDING_PX)
    nj = stack.size_ij[1] + math.ceil(float(offsets.rows_px.max()) - _SHIFT_ROUNDING_PX)
    height = float(offsets.heights_mm[-1])
    nk = math.floor(height / step + 1e-3) + 1
    beyond = nk * step - height
    if beyond < step * (1 - 1e-3) and beyond <= float(stack.gaps_mm[-1]) / 2:
        nk += 1
    if ni * nj * nk > _MOST_VOXELS:
        nk = max(stack.count, _MOST_VOXELS // (ni * nj))
        step = height / (nk - 1)
    di, dj = stack.pixel_spacing_mm
    matrix = np.eye(4)
    matrix[:3, 0] = stack.row_direction * di
    matrix[:3, 1] = stack.column_direction * dj
    matrix[:3, 2] = stack.normal * step
    matrix[:3, 3] = (
        stack.positions_lps_mm[0]
        - offsets.columns_px[0] * di * stack.row_direction
        - offsets.rows_px[0] * dj * stack.column_direction
    )
    return Grid((ni, nj, nk), matrix)


def regridded(volume: Volume, ctx: JobContext) -> Volume:
    """Return the volume with `voxels` and `grid` made regular from its original slices, which stay as they are.

    Interpolation is linear; int16 stays int16, rounded. What lies outside every slice, and what would stand more
    on padding than on pixels, becomes padding; where the volume had no padding value, one below its smallest value
    is chosen, which no original pixel has.

    Raises
    ------
    TooLargeError
        When the grid would not fit into memory.
    """
    stack = volume.stack
    if stack.count < 2:
        return volume
    grid = regular_grid(stack)
    padding = _padding_value(volume)
    try:
        voxels = np.empty(grid.shape_kji, dtype=volume.slices.dtype)
    except MemoryError as error:
        raise TooLargeError("The regular grid of this tilted series does not fit into memory.") from error
    offsets = slice_offsets(stack)
    heights = np.arange(grid.size_ijk[2]) * grid.spacing_mm[2]
    before = np.clip(np.searchsorted(offsets.heights_mm, heights, side="right") - 1, 0, stack.count - 2)
    share = (heights - offsets.heights_mm[before]) / stack.gaps_mm[before]
    share = np.clip(np.where(np.abs(share - np.round(share)) < 1e-3, np.round(share), share), 0, 1)
    placed = _Placed(volume, grid, offsets)
    for k in range(grid.size_ijk[2]):
        if k % 8 == 0:
            ctx.report(k, grid.size_ijk[2], "Making slices regular")
        weight = float(share[k])
        needed = [(int(before[k]) + n, w) for n, w in ((0, 1 - weight), (1, weight)) if w > 0]
        voxels[k] = _mixed(placed, needed, padding, voxels.dtype)
    return evolve(volume, voxels=voxels, grid=grid, padding=padding)


def _padding_value(volume: Volume) -> float:
    if volume.padding is not None:
        return volume.padding
    smallest = math.floor(min(float(volume.slices.min()), -1024.0 if volume.is_hu else 0.0)) - 1
    return float(max(smallest, -32768))


class _Placed:
    """Slices moved to their place on the grid's rows and columns, the last two kept."""

    def __init__(self, volume: Volume, grid: Grid, offsets: SliceOffsets) -> None:
        self._slices, self._padding = volume.slices, volume.padding
        self._shape = grid.shape_kji[1:]
        self._offsets = offsets
        self._kept: dict[int, tuple[NDArray[np.float32], NDArray[np.float32] | None]] = {}

    def at(self, k: int) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Return value × weight, and weight (0…1: how much of it is pixels; None for 1 everywhere)."""
        if k not in self._kept:
            self._kept = {n: kept for n, kept in self._kept.items() if n == k - 1}
            self._kept[k] = self._place(k)
        return self._kept[k]

    def _place(self, k: int) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        image = self._slices[k]
        values = image.astype(np.float32)
        pixels: NDArray[np.bool_] | None = None
        if self._padding is not None:
            pixels = image != self._padding
            pixels = None if pixels.all() else pixels
        if pixels is None and image.shape == self._shape:
            return values, None
        weight = np.ones(image.shape, np.float32) if pixels is None else pixels.astype(np.float32)
        values *= weight
        rows, columns = float(self._offsets.rows_px[k]), float(self._offsets.columns_px[k])
        return _moved(values, rows, columns, self._shape), _moved(weight, rows, columns, self._shape)


def _moved(image: NDArray[np.float32], rows: float, columns: float, shape: Any) -> NDArray[np.float32]:
    """Return the image on a larger frame of zeros, moved by pixels, between pixels linearly."""
    for axis, shift in ((0, rows), (1, columns)):
        whole = math.floor(shift + 1e-6)
        part = shift - whole if shift - whole > 1e-3 else 0.0
        wide = list(image.shape)
        wide[axis] = shape[axis]
        n = image.shape[axis]
        if not part and not whole and wide[axis] == n:
            continue
        out = np.zeros(wide, np.float32)
        into = out if axis == 0 else out.T
        source = image if axis == 0 else image.T
        into[whole : whole + n] = source if not part else source * np.float32(1 - part)
        if part:
            fits = min(n, wide[axis] - whole - 1)
            into[whole + 1 : whole + 1 + fits] += source[:fits] * np.float32(part)
        image = out
    return image


def _mixed(placed: _Placed, needed: list[tuple[int, float]], padding: float, dtype: Any) -> NDArray[Any]:
    total: NDArray[np.float32] | None = None
    weight: NDArray[np.float32] | None = None
    full = 0.0
    for k, share in needed:
        values, pixels = placed.at(k)
        part = values if share == 1 else values * np.float32(share)
        total = part if total is None else total + part
        if pixels is None:
            full += share
        else:
            scaled = pixels if share == 1 else pixels * np.float32(share)
            weight = scaled if weight is None else weight + scaled
    if total is None:
        raise ValueError("no slice to take values from")
    if weight is not None:
        weight = weight + np.float32(full) if full else weight
        solid = weight >= 0.4999
        total = np.divide(total, weight, out=np.full_like(total, padding), where=solid)
    return np.rint(total).astype(dtype) if np.issubdtype(dtype, np.integer) else total.astype(dtype, copy=False)


def mask_on_grid(mask: Mask, volume: Volume) -> GridMask:
    """Return a mask of original voxels on `volume.grid`.

    The same voxels where the volume is not regridded; else every grid voxel whose nearest original voxel (nearest
    slice, then nearest pixel) is marked.
    """
    if not volume.regridded:
        return GridMask(mask.first_ijk, mask.voxels)
    offsets = slice_offsets(volume.stack)
    i0, j0, k0 = mask.first_ijk
    nk, nj, ni = mask.voxels.shape
    heights = np.arange(volume.grid.size_ijk[2]) * volume.grid.spacing_mm[2]
    between = (offsets.heights_mm[:-1] + offsets.heights_mm[1:]) / 2
    nearest = np.searchsorted(between, heights)
    planes = np.flatnonzero((nearest >= k0) & (nearest < k0 + nk))
    columns = np.floor(offsets.columns_px + 0.5).astype(int)
    rows = np.floor(offsets.rows_px + 0.5).astype(int)
    if not len(planes):
        # Slices closer than the grid's planes can fall between them; the nearest plane then stands for them.
        planes = np.array([int(np.argmin(np.abs(heights - offsets.heights_mm[k0 + nk // 2])))])
        nearest[planes] = k0 + nk // 2
    used = nearest[planes]
    first_i, first_j = i0 + int(columns[used].min()), j0 + int(rows[used].min())
    shape = (
        len(planes),
        min(j0 + nj + int(rows[used].max()), volume.grid.size_ijk[1]) - first_j,
        min(i0 + ni + int(columns[used].max()), volume.grid.size_ijk[0]) - first_i,
    )
    voxels = np.zeros(shape, dtype=bool)
    for n, k in enumerate(used):
        j, i = j0 + rows[k] - first_j, i0 + columns[k] - first_i
        target = voxels[n, j : j + nj, i : i + ni]
        target |= mask.voxels[k - k0, : target.shape[0], : target.shape[1]]
    return GridMask((first_i, first_j, int(planes[0])), voxels)
