"""A volume's voxels as 3D rendering wants them: along LPS, no finer than needed, without padding."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define
from numpy.typing import NDArray

from viewer.domain.geometry import Grid

if TYPE_CHECKING:
    from viewer.domain.volume import Volume
    from viewer.scene.shown_box import Box

AIR_HU = -1024
_FINE_ENOUGH_MM = 1.0
_MOST_VOXELS = 24_000_000
# What every graphics card of today takes along one axis.
_LONGEST_ON_CARD = 2048
_HIGHEST = 32000
# Beyond the range of all but so many, values count up to so many times that range.
_FEW_PERCENT = 0.1
_TIMES_BEYOND = 4.0


@define(frozen=True, eq=False)
class RenderVoxels:
    """Voxels for rendering.

    Attributes
    ----------
    voxels
        int16, [k, j, i]; in HU, or stretched over the range of int16 where values do not go by HU.
    grid
        Where they lie: i, j, k run to the left, back and head as nearly as the original grid allows.
    scale, shift
        A value of the volume stands here as scale · value + shift.
    """

    voxels: NDArray[np.int16]
    grid: Grid
    scale: float = 1.0
    shift: float = 0.0

    def part(self, box: Box) -> RenderVoxels:
        """Return the voxels within a box, at their place; the same memory."""
        (i, i_end), (j, j_end), (k, k_end) = box
        matrix = self.grid.lps_from_ijk.copy()
        matrix[:3, 3] = self.grid.lps((i, j, k))
        voxels = self.voxels[k : k_end + 1, j : j_end + 1, i : i_end + 1]
        grid = Grid((i_end - i + 1, j_end - j + 1, k_end - k + 1), matrix)
        return RenderVoxels(voxels, grid, self.scale, self.shift)


def render_voxels(volume: Volume, *, full: bool) -> RenderVoxels:
    """Return the voxels of a volume for rendering.

    Parameters
    ----------
    full
        Keep the resolution as far as a graphics card takes it; else axes finer than 1 mm are halved by averaging.
    """
    voxels, grid = _towards_lps(volume.voxels, volume.grid)
    factors = [math.ceil(n / _LONGEST_ON_CARD) for n in grid.size_ijk]
    if not full:
        factors = [
            2 if s < _FINE_ENOUGH_MM and n >= 96 else 1 for s, n in zip(grid.spacing_mm, grid.size_ijk, strict=True)
        ]
    while np.prod([n // f for n, f in zip(grid.size_ijk, factors, strict=True)]) > _MOST_VOXELS * (8 if full else 1):
        spacing = [s * f for s, f in zip(grid.spacing_mm, factors, strict=True)]
        factors[int(np.argmin(spacing))] += 1
    scale, shift, lowest = _stretch(volume)
    shrunk = _shrunk(volume, voxels, factors, (scale, shift), lowest)
    return RenderVoxels(shrunk, _shrunk_grid(grid, factors), scale, shift)


def _towards_lps(voxels: NDArray[Any], grid: Grid) -> tuple[NDArray[Any], Grid]:
    """Return the same voxels with axes reordered and turned so that i, j, k go with x, y, z; a view."""
    axis_of = np.argmax(np.abs(grid.directions), axis=0)
    if sorted(axis_of.tolist()) != [0, 1, 2]:
        axis_of = np.arange(3)
    order = np.argsort(axis_of)  # order[x] is the grid axis that runs along x
    matrix = grid.lps_from_ijk.copy()
    matrix[:3, :3] = grid.lps_from_ijk[:3, order]
    size = [grid.size_ijk[a] for a in order]
    # Array axes are (k, j, i): grid axis a is array axis 2 − a.
    turned = voxels.transpose([2 - order[2], 2 - order[1], 2 - order[0]])
    for axis in range(3):
        if matrix[axis, axis] < 0:
            matrix[:3, 3] += matrix[:3, axis] * (size[axis] - 1)
            matrix[:3, axis] *= -1
            turned = np.flip(turned, 2 - axis)
    return turned, Grid((size[0], size[1], size[2]), matrix)


def _shrunk_grid(grid: Grid, factors: list[int]) -> Grid:
    matrix = grid.lps_from_ijk.copy()
    matrix[:3, 3] = grid.lps((np.asarray(factors) - 1) / 2)
    matrix[:3, :3] *= factors
    i, j, k = (n // f for n, f in zip(grid.size_ijk, factors, strict=True))
    return Grid((i, j, k), matrix)


def _shrunk(
    volume: Volume, voxels: NDArray[Any], factors: list[int], stretch: tuple[float, float], lowest: float
) -> NDArray[np.int16]:
    """Return means over blocks of voxels, plane by plane; `lowest` stands for what is no value."""
    fi, fj, fk = factors
    nk, nj, ni = (n // f for n, f in zip(voxels.shape, (fk, fj, fi), strict=True))
    scale, shift = stretch
    made = np.empty((nk, nj, ni), dtype=np.int16)
    # Sums of small whole numbers are quicker as whole numbers, and rows of one length quicker than every second value.
    small = voxels.dtype.kind in "iu" and voxels.dtype.itemsize <= np.dtype(np.int16).itemsize
    rows = np.empty((nj, voxels.shape[2]), dtype=np.int32 if small else np.float32)
    for k in range(nk):
        rows[...] = 0
        for layer in voxels[k * fk : (k + 1) * fk]:
            plane = _without_padding(volume, layer, lowest)
            for j in range(fj):
                rows += plane[j : nj * fj : fj]
        total = rows[:, : ni * fi : fi].astype(np.float32)
        for i in range(1, fi):
            total += rows[:, i : ni * fi : fi]
        total *= np.float32(scale / (fi * fj * fk))
        total += np.float32(shift)
        made[k] = np.clip(total, AIR_HU, _HIGHEST, out=total)
    return made


def _without_padding(volume: Volume, plane: NDArray[Any], lowest: float) -> NDArray[Any]:
    if volume.padding is not None:
        hidden = plane == np.asarray(volume.padding).astype(plane.dtype)
        if hidden.any():
            plane = np.where(hidden, np.asarray(lowest).astype(plane.dtype), plane)
    return np.nan_to_num(plane, nan=lowest, posinf=lowest, neginf=lowest) if plane.dtype.kind == "f" else plane


def _ends(volume: Volume) -> tuple[float, float]:
    """Return the smallest and largest value there is."""
    least, most = math.inf, -math.inf
    for plane in volume.slices:
        known = plane[np.isfinite(plane)] if plane.dtype.kind == "f" else plane
        if volume.padding is not None:
            known = known[known != volume.padding]
        if known.size:
            least, most = min(least, float(known.min())), max(most, float(known.max()))
    return least, most


def _stretch(volume: Volume) -> tuple[float, float, float]:
    """Return (scale, shift, lowest): how values stand in int16, and which of them is dark and stands for no value.

    Those that go by HU stay as they are. Others are spread over as many whole numbers as there are; what lies far
    beyond nearly all of them, as a broken value does, is not to take all the room.
    """
    if volume.suits_hu:
        return 1.0, 0.0, AIR_HU
    few = np.asarray(volume.slices[:, ::4, ::4], dtype=np.float64)
    few = few[np.isfinite(few) if volume.padding is None else np.isfinite(few) & (few != volume.padding)]
    if not few.size:
        return 1.0, 0.0, AIR_HU
    least, most = _ends(volume)
    # Maps can be nothing but their background in nearly all places.
    others = few[few != np.median(few)]
    low, high = np.percentile(others if others.size else few, (_FEW_PERCENT, 100 - _FEW_PERCENT))
    room = _TIMES_BEYOND * float(high - low) or most - least
    least, most = max(least, float(low) - room), min(most, float(high) + room)
    scale = (_HIGHEST - AIR_HU) / max(most - least, 1e-9)
    return scale, AIR_HU - scale * least, math.floor(least)
