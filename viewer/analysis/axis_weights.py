"""Weights with which the points of one axis are made from those of another, as sparse tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.analysis.whole_stack import SliceOffsets
    from viewer.domain.geometry import SliceStack


@define(frozen=True, eq=False)
class Axis:
    """The grid's `count` points along one axis of the slices: first centre and step in mm."""

    count: int
    first_mm: float
    step_mm: float

    @property
    def points_mm(self) -> NDArray[np.float64]:
        """Where the points lie."""
        return np.asarray(self.first_mm + self.step_mm * np.arange(self.count), dtype=np.float64)


def axis_between(start_mm: float, end_mm: float, step_mm: float) -> Axis:
    """Return the points that fill a length from face to face, their common middle in its middle."""
    count = max(1, math.ceil((end_mm - start_mm) / step_mm - 1e-3))
    first = (start_mm + end_mm) / 2 - (count - 1) * step_mm / 2
    return Axis(count, first, step_mm)


def end_gaps(stack: SliceStack, alone: float) -> tuple[float, float]:
    """Return the gaps at both ends of a stack, in mm; `alone` where there is one slice."""
    if stack.count < 2:
        return alone, alone
    return float(stack.gaps_mm[0]), float(stack.gaps_mm[-1])


def pixel_weights(axis: Axis, count: int, pixel_mm: float, shift_px: float) -> Any:
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


def slice_weights(axis: Axis, stack: SliceStack, offsets: SliceOffsets) -> Any:
    """Return the weights of the slices for the grid's points along the normal, sparse (points × slices).

    Where slices lie farther apart than the grid's step: linear between the two neighbours. Where closer: a triangle
    of the grid's step, each slice counting with the length that it stands for. Beyond half an end gap: none.
    """
    heights, n = offsets.heights_mm, stack.count
    first_gap, last_gap = end_gaps(stack, axis.step_mm)
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


def rows_of(weights: Any, first: int, end: int) -> tuple[tuple[int, int], Any]:
    """Return the span of columns that the rows first…end of sparse weights use, and these rows over that span."""
    from scipy.sparse import csr_array

    start, stop = int(weights.indptr[first]), int(weights.indptr[end])
    if start == stop:
        return (0, 0), csr_array((end - first, 0), dtype=np.float32)
    used = weights.indices[start:stop]
    low, high = int(used.min()), int(used.max()) + 1
    table = (weights.data[start:stop], used - low, weights.indptr[first : end + 1] - start)
    return (low, high), csr_array(table, shape=(end - first, high - low))


def reach(points_mm: NDArray[np.float64], axis: Axis, start: int, end: int) -> tuple[int, int]:
    """Return the range of points (in growing order) that take a value from the grid's points start…end."""
    low = -math.inf if start == 0 else axis.first_mm + start * axis.step_mm
    high = math.inf if end == axis.count else axis.first_mm + (end - 1) * axis.step_mm
    found = np.flatnonzero((points_mm >= low) & (points_mm <= high))
    return (int(found[0]), int(found[-1]) + 1) if len(found) else (0, 0)


def grid_weights(points_mm: NDArray[np.float64], axis: Axis, start: int, count: int) -> Any:
    """Return linear weights of the grid's points from `start` for points along an axis, sparse (points × grid)."""
    at = np.clip((points_mm - axis.first_mm) / axis.step_mm - start, 0, count - 1)
    low = np.minimum(at.astype(int), max(count - 2, 0))
    taps = np.stack([low, low + 1], axis=1)
    weights = np.stack([1 - (at - low), at - low], axis=1)
    return _normalised(weights, taps, count)
