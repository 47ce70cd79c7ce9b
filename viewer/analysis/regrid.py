"""Slices that are tilted, unevenly spaced or not all there, on the regular grid that is shown.

Formulas: a slice's place in the plane of the rows and columns is its position · row direction and position · column
direction, its height is position · normal (DICOM PS3.3 C.7.6.2.1.1). A value between two slices is taken along
the normal: both slices are sampled at the same row and column position, linearly, and mixed linearly by height.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve

from viewer.analysis.whole_stack import regular_grid, slice_offsets, whole_stack
from viewer.domain.errors import TooLargeError
from viewer.domain.volume import MEETS_ALONE_SHARE, MEETS_SHARE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.analysis.whole_stack import SliceOffsets, WholeStack
    from viewer.domain.geometry import Grid
    from viewer.domain.job import JobContext
    from viewer.domain.volume import Volume


class Regridding:
    """A volume on its way onto a regular grid, plane by plane as its slices come in.

    Interpolation is linear; int16 stays int16, rounded. What lies outside every slice, what would stand more on
    padding than on pixels, and what would have to be made up where an image is missing, becomes padding.

    Parameters
    ----------
    padding
        The value for that; one that no original pixel has, unless it is the volume's own padding.

    Raises
    ------
    TooLargeError
        When the grid would not fit into memory.
    """

    def __init__(self, volume: Volume, padding: float) -> None:
        self._volume, self.padding = volume, padding
        self._whole = whole_stack(volume.stack, volume.unread_lps_mm)
        stack = self._whole.stack
        self.grid = regular_grid(stack)
        self._offsets = slice_offsets(stack)
        try:
            self.voxels: NDArray[Any] = np.full(self.grid.shape_kji, padding, dtype=volume.slices.dtype)
        except MemoryError as error:
            raise TooLargeError("The regular grid of this series does not fit into memory.") from error
        heights = np.arange(self.grid.size_ijk[2]) * self.grid.spacing_mm[2]
        self._before = np.clip(np.searchsorted(self._offsets.heights_mm, heights, side="right") - 1, 0, stack.count - 2)
        share = (heights - self._offsets.heights_mm[self._before]) / stack.gaps_mm[self._before]
        self._share = np.clip(np.where(np.abs(share - np.round(share)) <= MEETS_SHARE, np.round(share), share), 0, 1)
        self._placed = _Placed(volume, self._whole, self.grid, self._offsets)
        self.done = np.zeros(self.grid.size_ijk[2], dtype=np.bool_)
        missing = [k for k in range(len(self.done)) if any(self._whole.slice_of[n] < 0 for n, _ in self._needed(k))]
        self.missing_planes = tuple(missing)
        self.done[missing] = True

    def _needed(self, k: int) -> list[tuple[int, float]]:
        """Return the places that a plane is mixed from, with their shares."""
        weight, before = float(self._share[k]), int(self._before[k])
        needed = [(before + n, w) for n, w in ((0, 1 - weight), (1, weight)) if w > 0]
        # Next to a gap a plane that lies hardly beside its slice shows that slice: there is nothing to mix it with.
        there = [(n, w) for n, w in needed if self._whole.slice_of[n] >= 0 or w > MEETS_ALONE_SHARE]
        return needed if len(there) == len(needed) else [(n, 1.0) for n, _ in there]

    def fill(self, ctx: JobContext) -> None:
        """Make all planes whose slices are in."""
        arrived = None if self._volume.arrived is None else self._volume.arrived.copy()
        for k in np.flatnonzero(~self.done):
            needed = self._needed(int(k))
            if arrived is not None and not all(arrived[self._whole.slice_of[n]] for n, _ in needed):
                continue
            if k % 8 == 0:
                ctx.report(int(k), len(self.done), "Making slices regular")
            self.voxels[k] = _mixed(self._placed, needed, self.padding, self.voxels.dtype)
            self.done[k] = True

    def fits(self, volume: Volume) -> bool:
        """Return whether a volume is the one put on the grid here, now whole."""
        return np.shares_memory(volume.slices, self._volume.slices) and volume.stack.count == self._volume.stack.count

    def shown(self, volume: Volume) -> Volume:
        """Return a volume, the one given or the same one whole, with the voxels and grid made here."""
        # A view: a volume makes its arrays read-only, and this one may still be filled.
        return evolve(
            volume,
            voxels=self.voxels[:],
            grid=self.grid,
            padding=self.padding,
            missing_planes=self.missing_planes,
        )


def regridded(volume: Volume, ctx: JobContext) -> Volume:
    """Return the volume with `voxels` and `grid` made regular from its original slices, which stay as they are.

    See `Regridding`. Where the volume had no padding value, one below its smallest value is chosen, which no
    original pixel has.

    Raises
    ------
    TooLargeError
        When the grid would not fit into memory.
    """
    if volume.stack.count < 2:
        return volume
    made = Regridding(volume, spare_value(volume))
    made.fill(ctx)
    return made.shown(volume)


def spare_value(volume: Volume) -> float:
    """Return a volume's padding value, or one below all its values that can stand for "no pixel here"."""
    if volume.padding is not None:
        return volume.padding
    smallest = math.floor(min(float(volume.slices.min()), -1024.0 if volume.is_hu else 0.0)) - 1
    return float(max(smallest, -32768))


class _Placed:
    """Slices moved to their place on the grid's rows and columns, the last two kept."""

    def __init__(self, volume: Volume, whole: WholeStack, grid: Grid, offsets: SliceOffsets) -> None:
        self._slices, self._padding = volume.slices, volume.padding
        self._slice_of = whole.slice_of
        self._shape = grid.shape_kji[1:]
        self._offsets = offsets
        self._kept: dict[int, tuple[NDArray[np.float32], NDArray[np.float32] | None]] = {}

    def at(self, k: int) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Return value × weight at a place, and weight (0…1: how much of it is pixels; None for 1 everywhere)."""
        if k not in self._kept:
            self._kept = {n: kept for n, kept in self._kept.items() if abs(n - k) == 1}
            self._kept[k] = self._place(k)
        return self._kept[k]

    def _place(self, k: int) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        image = self._slices[self._slice_of[k]]
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
