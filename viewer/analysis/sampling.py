"""Original slices sampled on a regular grid of another spacing and orientation, and values brought back to them.

The grid's axes are those of the slices (row, column, normal), put into the wanted order and turned to the wanted
sides, so that tilt is removed and every step is one axis at a time; slices that are oblique to the patient's axes
stay so. Where the grid is coarser than the pixels, values are averaged with a triangle as wide as the grid's step
(linear interpolation would take single noisy pixels); where it is finer, they are interpolated linearly.
"""

from __future__ import annotations

import itertools
import math
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define

from viewer.analysis.whole_stack import SliceOffsets, slice_offsets
from viewer.domain.geometry import Grid, SliceStack

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_DIRECTIONS = {
    "L": (1, 0, 0),
    "R": (-1, 0, 0),
    "P": (0, 1, 0),
    "A": (0, -1, 0),
    "S": (0, 0, 1),
    "I": (0, 0, -1),
}


# As many pixels as a processor's nearer memory holds.
_PIXELS_AT_ONCE = 300_000


@define(frozen=True, eq=False)
class _Axis:
    """The grid's `count` points along one axis of the slices: first centre and step in mm."""

    count: int
    first_mm: float
    step_mm: float

    @property
    def points_mm(self) -> NDArray[np.float64]:
        return np.asarray(self.first_mm + self.step_mm * np.arange(self.count), dtype=np.float64)


def _axis(start_mm: float, end_mm: float, step_mm: float) -> _Axis:
    """Return the points that fill a length from face to face, their common middle in its middle."""
    count = max(1, math.ceil((end_mm - start_mm) / step_mm - 1e-3))
    first = (start_mm + end_mm) / 2 - (count - 1) * step_mm / 2
    return _Axis(count, first, step_mm)


@define(eq=False)
class Sampling:
    """A model's grid over a stack of slices. Make one with `sampling_of`.

    Attributes
    ----------
    order, turned
        For the grid's axes i, j, k: which axis of the slices (0 row direction, 1 column direction, 2 normal) it
        follows, and whether against it.
    axes
        The points along the row direction, the column direction and the normal, in mm from the first pixel of the
        slice that lies farthest back along each.
    """

    stack: SliceStack
    offsets: SliceOffsets
    axes: tuple[_Axis, _Axis, _Axis]
    order: tuple[int, int, int]
    turned: tuple[bool, bool, bool]

    @cached_property
    def shape_kji(self) -> tuple[int, int, int]:
        """The shape of an array on the grid."""
        i, j, k = (self.axes[a].count for a in self.order)
        return (k, j, i)

    @cached_property
    def grid(self) -> Grid:
        """Where the grid lies in the patient."""
        stack = self.stack
        di, dj = stack.pixel_spacing_mm
        directions = np.stack([stack.row_direction, stack.column_direction, stack.normal])
        back = np.array([self.offsets.columns_px[0] * di, self.offsets.rows_px[0] * dj, 0.0])
        first = np.array([axis.first_mm for axis in self.axes])
        origin = np.asarray(stack.positions_lps_mm[0] + (first - back) @ directions, dtype=np.float64)
        matrix = np.eye(4)
        for column, (a, turned) in enumerate(zip(self.order, self.turned, strict=True)):
            step = self.axes[a].step_mm * directions[a]
            matrix[:3, column] = -step if turned else step
            if turned:
                origin = origin + step * (self.axes[a].count - 1)
        matrix[:3, 3] = origin
        nk, nj, ni = self.shape_kji
        return Grid((ni, nj, nk), matrix)

    def onto_grid(
        self, image_of: Callable[[int], NDArray[Any]], outside: float, *, threads: int = 1
    ) -> NDArray[np.float32]:
        """Return slices sampled on the grid, float32 [k, j, i]; `outside` where there is no slice.

        Parameters
        ----------
        image_of
            Gives the values of the original slice k, [j, i]; they are taken as float32. With several threads it is
            asked in all of them, each going through neighbouring slices, the calling one through the first.
        """
        columns, rows, normal = self.axes
        count = self.stack.count
        flat = np.empty((count, rows.count * columns.count), np.float32)
        ends = [count * n // threads for n in range(threads + 1)]
        if count < 2 * threads:
            ends = [0, count]
        with ThreadPoolExecutor(max(1, len(ends) - 2), "casestage-sampling") as pool:
            beside = [pool.submit(self._narrowed, image_of, outside, flat, a, b) for a, b in pairwise(ends[1:])]
            self._narrowed(image_of, outside, flat, ends[0], ends[1])
            for one in beside:
                one.result()
        values = _slice_weights(normal, self.stack, self.offsets) @ flat
        if outside:
            values += np.float32(outside)
        return self._turned(values.reshape(normal.count, rows.count, columns.count))

    def _narrowed(
        self, image_of: Callable[[int], NDArray[Any]], outside: float, flat: NDArray[np.float32], first: int, end: int
    ) -> None:
        """Write slices first…end at the grid's columns and rows into `flat` [k, point], `outside` taken off."""
        columns, rows, _ = self.axes
        ni, nj = self.stack.size_ij
        shifts = np.stack([self.offsets.columns_px, self.offsets.rows_px], axis=1)
        at_once = max(1, _PIXELS_AT_ONCE // (ni * nj))
        # Slices beside each other, [j, k, i], then [i, j, k]: each step along an axis is one product for all of them.
        images, narrow = np.empty((nj, at_once, ni), np.float32), np.empty((ni, rows.count, at_once), np.float32)
        kept: tuple[NDArray[np.float64], Any, Any] | None = None
        k = first
        while k < end:
            if kept is None or (kept[0] != shifts[k]).any():
                across = _pixel_weights(columns, ni, self.stack.pixel_spacing_mm[0], float(shifts[k, 0]))
                down = _pixel_weights(rows, nj, self.stack.pixel_spacing_mm[1], float(shifts[k, 1]))
                kept = (shifts[k], across, down)
            count = 1
            while count < at_once and k + count < end and (shifts[k + count] == shifts[k]).all():
                count += 1
            for n in range(count):
                # float32 whatever the slice is; whole numbers of 16 bits go through exactly.
                images[:, n] = image_of(k + n)
            if outside:
                images[:, :count] -= np.float32(outside)
            part = np.ascontiguousarray(images[:, :count]).reshape(nj, -1)
            fewer = narrow if count == at_once else np.empty((ni, rows.count, count), np.float32)
            fewer[...] = (kept[2] @ part).reshape(rows.count, count, ni).transpose(2, 0, 1)
            made = (kept[1] @ fewer.reshape(ni, -1)).reshape(columns.count, rows.count, count)
            flat[k : k + count].reshape(count, rows.count, columns.count)[...] = made.transpose(2, 1, 0)
            k += count

    def _turned(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return [normal, column, row] axes as the grid's [k, j, i]."""
        i, j, k = self.order
        turned = values.transpose(2 - k, 2 - j, 2 - i)
        flips = tuple(slice(None, None, -1 if t else 1) for t in reversed(self.turned))
        return np.ascontiguousarray(turned[flips])

    def _turned_back(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return an array of the grid as [normal, column, row]."""
        flips = tuple(slice(None, None, -1 if t else 1) for t in reversed(self.turned))
        places = [2 - a for a in reversed(self.order)]
        return values[flips].transpose([places.index(axis) for axis in range(3)])

    def onto_slices(
        self, values: NDArray[np.float32], least: float
    ) -> tuple[tuple[int, int, int], NDArray[np.float32]] | None:
        """Return grid values interpolated linearly at the original pixels, in the box where they can reach `least`.

        Returns
        -------
        box
            First voxel (i, j, k) of the box and float32 values [k, j, i] in it; None where no value reaches
            `least`. Outside the box every interpolated value is below `least`.
        """
        local = self._turned_back(values)
        box = _box_of(local >= least)
        if box is None:
            return None
        spans = [(max(first - 1, 0), min(end + 1, n)) for (first, end), n in zip(box, local.shape, strict=True)]
        part = np.ascontiguousarray(local[tuple(slice(a, b) for a, b in spans)])
        columns, rows, normal = self.axes
        (n0, n1), (v0, v1), (u0, u1) = spans
        di, dj = self.stack.pixel_spacing_mm
        k0, k1 = _reach(self.offsets.heights_mm, normal, n0, n1)
        if k0 >= k1:
            return None
        pixels_i = np.arange(self.stack.size_ij[0]) * di
        pixels_j = np.arange(self.stack.size_ij[1]) * dj
        moves_i, moves_j = self.offsets.columns_px * di, self.offsets.rows_px * dj
        reach_i = [_reach(pixels_i + moves_i[k], columns, u0, u1) for k in (k0, k1 - 1)]
        reach_j = [_reach(pixels_j + moves_j[k], rows, v0, v1) for k in (k0, k1 - 1)]
        if len(np.unique(moves_i)) > 1 or len(np.unique(moves_j)) > 1:
            reach_i = [_reach(pixels_i + moves_i[k], columns, u0, u1) for k in range(k0, k1)]
            reach_j = [_reach(pixels_j + moves_j[k], rows, v0, v1) for k in range(k0, k1)]
        i0, i1 = min(r[0] for r in reach_i), max(r[1] for r in reach_i)
        j0, j1 = min(r[0] for r in reach_j), max(r[1] for r in reach_j)
        if i0 >= i1 or j0 >= j1:
            return None
        out = np.empty((k1 - k0, j1 - j0, i1 - i0), np.float32)
        along = (self.offsets.heights_mm - normal.first_mm) / normal.step_mm - n0
        kept: tuple[tuple[float, float], Any, Any] | None = None
        for k in range(k0, k1):
            at = min(max(float(along[k]), 0.0), len(part) - 1.0)
            low = min(int(at), len(part) - 2) if len(part) > 1 else 0
            share = np.float32(at - low)
            plane = part[low] if not share else part[low] * (1 - share) + part[low + 1] * share
            shift = (float(moves_i[k]), float(moves_j[k]))
            if kept is None or kept[0] != shift:
                across = _grid_weights(pixels_i[i0:i1] + moves_i[k], columns, u0, plane.shape[1])
                down = _grid_weights(pixels_j[j0:j1] + moves_j[k], rows, v0, plane.shape[0])
                kept = (shift, across, down)
            wide = kept[1] @ np.ascontiguousarray((kept[2] @ plane).T)
            out[k - k0] = wide.T
        return (i0, j0, k0), out


def sampling_of(stack: SliceStack, spacing_mm: tuple[float, float, float], orientation: str) -> Sampling:
    """Return the grid of a spacing along its own i, j, k over a whole stack.

    Parameters
    ----------
    orientation
        Three letters: the side towards which i, j and k grow, such as "LPS". The nearest axes of the slices are
        taken.
    """
    wanted = np.array([_DIRECTIONS[letter] for letter in orientation], dtype=np.float64)
    agreement = wanted @ np.stack([stack.row_direction, stack.column_direction, stack.normal], axis=1)
    order = max(itertools.permutations(range(3)), key=lambda p: sum(abs(agreement[n, a]) for n, a in enumerate(p)))
    turned = [bool(agreement[n, a] < 0) for n, a in enumerate(order)]
    offsets = slice_offsets(stack)
    step = [spacing_mm[order.index(a)] for a in range(3)]
    columns, rows, normal = (
        _axis(start, end, one) for (start, end), one in zip(_extents(stack, offsets, step[2]), step, strict=True)
    )
    axes = (columns, rows, normal)
    return Sampling(stack, offsets, axes, (order[0], order[1], order[2]), (turned[0], turned[1], turned[2]))


def sampling_of_size(stack: SliceStack, size_ijk: tuple[int, int, int], orientation: str) -> Sampling:
    """Return the grid of so many voxels along its own i, j, k that fills a whole stack; see `sampling_of`."""
    order = sampling_of(stack, (100.0, 100.0, 100.0), orientation).order
    lengths = [end - start for start, end in _extents(stack, slice_offsets(stack), 1.0)]
    i, j, k = (lengths[a] / n for a, n in zip(order, size_ijk, strict=True))
    return sampling_of(stack, (i, j, k), orientation)


def _extents(stack: SliceStack, offsets: SliceOffsets, alone_mm: float) -> list[tuple[float, float]]:
    """Return both outer faces along the row direction, the column direction and the normal, in mm."""
    di, dj = stack.pixel_spacing_mm
    first_gap, last_gap = _end_gaps(stack, alone_mm)
    return [
        (-di / 2, (stack.size_ij[0] - 0.5 + float(offsets.columns_px.max())) * di),
        (-dj / 2, (stack.size_ij[1] - 0.5 + float(offsets.rows_px.max())) * dj),
        (-first_gap / 2, float(offsets.heights_mm[-1]) + last_gap / 2),
    ]


def stretching(pixels: int, size: int) -> Any:
    """Return the weights of a line of pixels for as many others over the same length, sparse (size × pixels)."""
    return _pixel_weights(_axis(-0.5, pixels - 0.5, pixels / size), pixels, 1.0, 0.0)


def stretching_back(pixels: int, size: int) -> Any:
    """Return linear weights of the stretched line for its original pixels, sparse (pixels × size)."""
    return _grid_weights(np.arange(pixels, dtype=np.float64), _axis(-0.5, pixels - 0.5, pixels / size), 0, size)


def _end_gaps(stack: SliceStack, alone: float) -> tuple[float, float]:
    if stack.count < 2:
        return alone, alone
    return float(stack.gaps_mm[0]), float(stack.gaps_mm[-1])


def _pixel_weights(axis: _Axis, count: int, pixel_mm: float, shift_px: float) -> Any:
    """Return the weights of a slice's pixels along one axis for the grid's points, sparse (points × pixels).

    A point beyond the outer faces of the pixels has no weights at all.
    """
    width = max(axis.step_mm / pixel_mm, 1.0)
    at = axis.points_mm / pixel_mm - shift_px
    first = np.floor(at - width).astype(int) + 1
    taps = first[:, None] + np.arange(math.ceil(2 * width) + 1)
    weights = np.maximum(0.0, 1 - np.abs(taps - at[:, None]) / width)
    inside = (at >= -0.5 - 1e-6) & (at <= count - 0.5 + 1e-6)
    weights[~inside] = 0
    return _normalised(weights, taps, count)


def _sparse(table: Any, shape: tuple[int, int]) -> Any:
    # Loaded late for the sake of the program's start.
    from scipy.sparse import csr_array

    return csr_array(table, shape=shape)


def _normalised(weights: NDArray[np.float64], taps: NDArray[np.intp], count: int) -> Any:
    weights = np.where((taps >= 0) & (taps < count), weights, 0.0)
    total = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    rows, at = np.nonzero(weights)
    values = weights[rows, at].astype(np.float32)
    return _sparse((values, (rows, taps[rows, at])), (len(weights), count))


def _slice_weights(axis: _Axis, stack: SliceStack, offsets: SliceOffsets) -> Any:
    """Return the weights of the slices for the grid's points along the normal, sparse (points × slices).

    Where slices lie farther apart than the grid's step: linear between the two neighbours. Where closer: a triangle
    of the grid's step, each slice counting with the length that it stands for. Beyond half an end gap: none.
    """
    heights, n = offsets.heights_mm, stack.count
    first_gap, last_gap = _end_gaps(stack, axis.step_mm)
    table = np.zeros((axis.count, n))
    lengths = stack.slice_weights_mm if n > 1 else np.ones(1)
    points = axis.points_mm
    inside = np.flatnonzero((points >= -first_gap / 2 - 1e-6) & (points <= heights[-1] + last_gap / 2 + 1e-6))
    if n == 1:
        table[inside, 0] = 1
        return _sparse(table.astype(np.float32), table.shape)
    low = np.clip(np.searchsorted(heights, points[inside], side="right") - 1, 0, n - 2)
    gaps = heights[low + 1] - heights[low]
    wide = gaps >= axis.step_mm * 0.999
    rows, below = inside[wide], low[wide]
    share = np.clip((points[rows] - heights[below]) / gaps[wide], 0, 1)
    table[rows, below], table[rows, below + 1] = 1 - share, share
    for row in inside[~wide]:
        table[row] = np.maximum(0.0, 1 - np.abs(heights - points[row]) / axis.step_mm) * lengths
        total = table[row].sum()
        table[row] = table[row] / total if total > 0 else np.eye(n)[int(np.argmin(np.abs(heights - points[row])))]
    return _sparse(table.astype(np.float32), table.shape)


def _box_of(marked: NDArray[np.bool_]) -> tuple[tuple[int, int], ...] | None:
    """Return first and end of what is marked along each of three axes; None where nothing is."""
    slices = np.flatnonzero(marked.any(axis=(1, 2)))
    if not len(slices):
        return None
    first, end = int(slices[0]), int(slices[-1]) + 1
    # Planes laid on each other first: that goes through memory in its order.
    flat = np.logical_or.reduce(marked[first:end], axis=0)
    rows, columns = np.flatnonzero(flat.any(axis=1)), np.flatnonzero(flat.any(axis=0))
    return (first, end), (int(rows[0]), int(rows[-1]) + 1), (int(columns[0]), int(columns[-1]) + 1)


def _reach(points_mm: NDArray[np.float64], axis: _Axis, start: int, end: int) -> tuple[int, int]:
    """Return the range of points (in growing order) that take a value from the grid's points start…end."""
    low = -math.inf if start == 0 else axis.first_mm + start * axis.step_mm
    high = math.inf if end == axis.count else axis.first_mm + (end - 1) * axis.step_mm
    found = np.flatnonzero((points_mm >= low) & (points_mm <= high))
    return (int(found[0]), int(found[-1]) + 1) if len(found) else (0, 0)


def _grid_weights(points_mm: NDArray[np.float64], axis: _Axis, start: int, count: int) -> Any:
    """Return linear weights of the grid's points from `start` for points along an axis, sparse (points × grid)."""
    at = np.clip((points_mm - axis.first_mm) / axis.step_mm - start, 0, count - 1)
    low = np.minimum(at.astype(int), max(count - 2, 0))
    taps = np.stack([low, low + 1], axis=1)
    weights = np.stack([1 - (at - low), at - low], axis=1)
    return _normalised(weights, taps, count)
