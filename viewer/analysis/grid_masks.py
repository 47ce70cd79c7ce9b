"""Masks of original voxels on the grid that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import define
from numpy.typing import NDArray

from viewer.analysis.whole_stack import slice_offsets, whole_stack

if TYPE_CHECKING:
    from viewer.domain.labels import Mask
    from viewer.domain.volume import Volume


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


def mask_on_grid(mask: Mask, volume: Volume) -> GridMask:
    """Return a mask of original voxels on `volume.grid`.

    The same voxels where the volume is not regridded; else every grid voxel whose nearest original voxel (nearest
    slice, then nearest pixel) is marked, but none where an image is missing.
    """
    if not volume.regridded:
        return GridMask(mask.first_ijk, mask.voxels)
    whole = whole_stack(volume.stack, volume.unread_lps_mm)
    offsets = slice_offsets(whole.stack).of(np.flatnonzero(whole.slice_of >= 0))
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
        if int(planes[n]) in volume.missing_planes:
            continue
        j, i = j0 + rows[k] - first_j, i0 + columns[k] - first_i
        target = voxels[n, j : j + nj, i : i + ni]
        target |= mask.voxels[k - k0, : target.shape[0], : target.shape[1]]
    return GridMask((first_i, first_j, int(planes[0])), voxels)
