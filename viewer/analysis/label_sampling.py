"""A label map on the original slices of a series, and its labels taken apart into masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from viewer.domain.labels import Mask

if TYPE_CHECKING:
    from viewer.domain.geometry import Grid, SliceStack
    from viewer.domain.job import JobContext

# How far a voxel of the series may lie from one of the label map for the two to be one, in voxels.
_SAME_VOXEL = 0.1
# How far an index may drift along the other direction of a slice for the two to be independent, in voxels.
_SEPARABLE = 0.01
_MOST_CHECKED = 50_000
_MOST_PARTS = 96


@frozen(eq=False)
class OnSlices:
    """Labels of the original slices, [k, j, i], 0 for none; whether each came from a voxel at the very same place."""

    labels: NDArray[np.int32]
    exact: bool


def on_slices(labels: NDArray[np.int32], grid: Grid, stack: SliceStack, ctx: JobContext) -> OnSlices:
    """Return the label nearest to each voxel of original slices; 0 where the label map does not reach.

    Parameters
    ----------
    labels
        Values of the label map, [k, j, i], on `grid`.

    Raises
    ------
    CancelledError
        When the work was cancelled.
    """
    made = np.zeros(stack.shape_kji, dtype=np.int32)
    columns, rows = np.arange(stack.size_ij[0]), np.arange(stack.size_ij[1])
    turn = grid.ijk_from_lps[:3, :3]
    along_i = turn @ (stack.row_direction * stack.pixel_spacing_mm[0])
    along_j = turn @ (stack.column_direction * stack.pixel_spacing_mm[1])
    drift = np.minimum(np.abs(along_i) * len(columns), np.abs(along_j) * len(rows))
    separable = bool(np.all(drift < _SEPARABLE))
    exact = True
    for k in range(stack.count):
        ctx.report(k, stack.count, "Laying labels over the images")
        first = grid.ijk(stack.positions_lps_mm[k])
        if separable:
            by_i = first[:, None] + along_i[:, None] * columns
            by_j = first[:, None] + along_j[:, None] * rows
            # Each index of the label map follows either the column or the row.
            follows_i = np.abs(along_i) * len(columns) >= np.abs(along_j) * len(rows)
            places = [by_i[a][None, :] if follows_i[a] else by_j[a][:, None] for a in range(3)]
        else:
            spread = first[:, None, None] + along_i[:, None, None] * columns + along_j[:, None, None] * rows[:, None]
            places = list(spread)
        nearest = [np.floor(place + 0.5).astype(np.intp) for place in places]
        inside = np.ones((1, 1), dtype=bool)
        for axis, index in enumerate(nearest):
            inside = inside & (index >= 0) & (index < grid.size_ijk[axis])
        if not inside.any():
            continue
        exact = exact and all(_meets(place, index) for place, index in zip(places, nearest, strict=True))
        i, j, n = (np.clip(index, 0, size - 1) for index, size in zip(nearest, grid.size_ijk, strict=True))
        made[k] = np.where(inside, labels[n, j, i], 0)
    return OnSlices(made, exact)


def _meets(place: NDArray[np.float64], index: NDArray[np.intp]) -> bool:
    flat, step = (place - index).ravel(), max(1, place.size // _MOST_CHECKED)
    return bool(np.abs(flat[::step]).max(initial=0.0) <= _SAME_VOXEL)


def masks_by_value(labels: NDArray[np.int32]) -> dict[int, Mask]:
    """Return the mask of each label above 0, by value, rising."""
    # Loaded late for the sake of the program's start.
    from scipy.ndimage import find_objects

    masks = {}
    for value, box in enumerate(find_objects(labels), start=1):
        if box is not None:
            first = tuple(int(part.start) for part in reversed(box))
            masks[value] = Mask((first[0], first[1], first[2]), np.ascontiguousarray(labels[box] == value))
    return masks


def lost_between(labels: NDArray[np.int32], grid: Grid, stack: SliceStack, ctx: JobContext) -> tuple[int, int]:
    """Return how many pieces of labels that lie within a series no voxel of it shows, and how many pieces there are.

    Slices far apart pass by what is thin and lies between them. A piece is what touches by a face, an edge or a corner
    and has one label.

    Parameters
    ----------
    labels
        As of `on_slices`.

    Raises
    ------
    CancelledError
        When the work was cancelled.
    """
    from scipy.ndimage import find_objects, label

    numbers, count = np.zeros_like(labels), 0
    for mask in masks_by_value(labels).values():
        pieces, found = label(mask.voxels, np.ones((3, 3, 3)))
        numbers[mask.box][mask.voxels] = pieces[mask.voxels] + count
        count += found
    shown = np.zeros(count + 1, dtype=bool)
    shown[np.unique(on_slices(numbers, grid, stack, ctx).labels)] = True
    lost, boxes = 0, find_objects(numbers) if not shown[1:].all() else []
    for number in np.flatnonzero(~shown[1:]) + 1:
        box = boxes[number - 1]
        first = np.array([part.start for part in reversed(box)])
        places = np.argwhere(numbers[box] == number)[:, ::-1] + first
        lost += bool(_within(grid.lps(places[:: max(1, len(places) // _MOST_CHECKED)]), stack).any())
    return lost, count


def _within(points_lps_mm: NDArray[np.float64], stack: SliceStack) -> NDArray[np.bool_]:
    """Return which points, shape (n, 3), lie between the images of a stack or in them, where none is missing."""
    heights = points_lps_mm @ stack.normal
    k = np.searchsorted((stack.heights_mm[1:] + stack.heights_mm[:-1]) / 2, heights)
    gaps = stack.own_gaps_mm if stack.count > 1 else np.array([stack.alone_mm])
    beside = np.abs(heights - stack.heights_mm[k])
    inside = beside <= gaps[np.clip(k - (heights < stack.heights_mm[k]), 0, len(gaps) - 1)] / 2 + 1e-6
    offset = points_lps_mm - stack.positions_lps_mm[k]
    for direction, spacing, size in zip(
        (stack.row_direction, stack.column_direction), stack.pixel_spacing_mm, stack.size_ij, strict=True
    ):
        place = offset @ direction / spacing
        inside &= (place >= -0.5) & (place < size - 0.5)
    return np.asarray(inside, dtype=np.bool_)


def covered_share(inner: Grid, outer: Grid) -> float:
    """Return which share (0…1) of a grid lies within another, by the middles of at most 96 parts along each axis."""
    parts = [min(n, _MOST_PARTS) for n in inner.size_ijk]
    steps = [(np.arange(count) + 0.5) / count * n - 0.5 for count, n in zip(parts, inner.size_ijk, strict=True)]
    points = inner.lps(np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1))
    ijk = outer.ijk(points)
    within = np.all((ijk >= -0.5) & (ijk <= np.asarray(outer.size_ijk) - 0.5), axis=-1)
    return float(within.mean())
