"""A stack with the places of images that are missing, and the regular grid that holds all of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, evolve, frozen
from numpy.typing import NDArray

from viewer.domain.geometry import Grid, SliceStack, Verdict
from viewer.domain.slice_gaps import missing_in_gaps

if TYPE_CHECKING:
    from viewer.domain.volume import Volume

_SMALLEST_STEP_MM = 0.5
# Gaps come from positions that are rounded text.
_ROUNDING = 0.02
# Shifts of a slice against its neighbours below this share of a pixel are rounding, not tilt.
SHIFT_ROUNDING_PX = 0.05
_MOST_VOXELS = 400_000_000
_REGULAR_MM = 0.05
_SAME_HEIGHT_MM = 0.005


@define(frozen=True, eq=False)
class WholeStack:
    """All places of a stack in the order of their height, and which of them hold an image.

    Attributes
    ----------
    stack
        Where they lie, missing ones too.
    slice_of
        For each place its slice in the volume, −1 where the image is missing.
    """

    stack: SliceStack
    slice_of: NDArray[np.intp]


@frozen(eq=False)
class SliceOffsets:
    """Where each slice lies, in pixels along rows and columns (from the smallest) and in mm along the normal."""

    columns_px: NDArray[np.float64]
    rows_px: NDArray[np.float64]
    heights_mm: NDArray[np.float64]

    def of(self, chosen: NDArray[np.intp]) -> SliceOffsets:
        """Return the offsets of some slices."""
        return SliceOffsets(self.columns_px[chosen], self.rows_px[chosen], self.heights_mm[chosen])


def whole_stack(stack: SliceStack, unread_lps_mm: NDArray[np.float64] | None = None) -> WholeStack:
    """Return a stack with the images that could not be read, and those that its gaps show to be missing."""
    positions = np.asarray(stack.positions_lps_mm)
    slice_of = np.arange(stack.count)
    if unread_lps_mm is not None and len(unread_lps_mm):
        apart = np.abs((unread_lps_mm @ stack.normal)[:, None] - stack.heights_mm[None, :]).min(axis=1)
        unread = unread_lps_mm[apart > _SAME_HEIGHT_MM]
        positions = np.concatenate([positions, unread])
        slice_of = np.concatenate([slice_of, np.full(len(unread), -1)])
        order = np.argsort(positions @ stack.normal, kind="stable")
        positions, slice_of = positions[order], slice_of[order]
    # Of the gaps of the images alone, those that have none of the unread between them.
    whole = (slice_of[:-1] >= 0) & (slice_of[1:] == slice_of[:-1] + 1)
    wide = whole & np.isin(slice_of[:-1], stack.wide_gaps)
    counts = np.where(wide, 0, missing_in_gaps(np.diff(positions @ stack.normal)))
    if counts.any():
        places, known = [positions[:1]], [slice_of[:1]]
        for k, count in enumerate(counts):
            shares = np.arange(1, count + 1)[:, None] / (count + 1)
            places += [positions[k] + shares * (positions[k + 1] - positions[k]), positions[k + 1 : k + 2]]
            known += [np.full(count, -1), slice_of[k + 1 : k + 2]]
        positions, slice_of = np.concatenate(places), np.concatenate(known)
    wide_gaps = np.flatnonzero(np.isin(slice_of[:-1], stack.wide_gaps) & (slice_of[1:] == slice_of[:-1] + 1))
    placed = evolve(stack, positions_lps_mm=positions, wide_gaps=tuple(wide_gaps.tolist()))
    return WholeStack(placed, slice_of.astype(np.intp))


def needs_regular_grid(volume: Volume) -> bool:
    """Return whether the slices of a volume lie where no regular grid straight through them does, or some are missing.

    Never where positions are not the images' own: nothing would be gained by moving them.
    """
    if volume.verdict is Verdict.OK or not volume.placed or volume.stack.count < 2:
        return False
    if volume.verdict is Verdict.RESAMPLED and volume.shrunk == 1:
        return True
    whole = whole_stack(volume.stack, volume.unread_lps_mm)
    if (whole.slice_of < 0).any():
        return True
    positions = whole.stack.positions_lps_mm
    line = np.linspace(positions[0], positions[-1], len(positions))
    along = positions[-1] - positions[0]
    sideways = along - (along @ whole.stack.normal) * whole.stack.normal
    return float(np.abs(positions - line).max()) > _REGULAR_MM or float(np.linalg.norm(sideways)) > _REGULAR_MM


def slice_offsets(stack: SliceStack) -> SliceOffsets:
    """Return the offsets of a stack's slices; shifts that are only rounding are 0."""
    shifts = []
    for direction, spacing in zip((stack.row_direction, stack.column_direction), stack.pixel_spacing_mm, strict=True):
        along = (stack.positions_lps_mm - stack.positions_lps_mm[0]) @ direction / spacing
        shifts.append(np.zeros(stack.count) if np.ptp(along) < SHIFT_ROUNDING_PX else along - along.min())
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
        if step < (1 - _ROUNDING) * _SMALLEST_STEP_MM:
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
    ni = stack.size_ij[0] + math.ceil(float(offsets.columns_px.max()) - SHIFT_ROUNDING_PX)
    nj = stack.size_ij[1] + math.ceil(float(offsets.rows_px.max()) - SHIFT_ROUNDING_PX)
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
