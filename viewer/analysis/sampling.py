"""Original slices sampled on a regular grid of another spacing and orientation, and values brought back to them.

The grid's axes are those of the slices (row, column, normal), put into the wanted order and turned to the wanted
sides, so that tilt is removed and every step is one axis at a time; slices that are oblique to the patient's axes
stay so. Where the grid is coarser than the pixels, values are averaged with a triangle as wide as the grid's step
(linear interpolation would take single noisy pixels); where it is finer, they are interpolated linearly.
"""

from __future__ import annotations

import itertools
import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define

from viewer.analysis.apart import Spans, pieces, span_of, volume_of, widened
from viewer.analysis.axis_weights import Axis, axis_between, end_gaps, grid_weights, pixel_weights, reach
from viewer.analysis.narrowing import Narrowing
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


# Pixels in a box around all that is marked from which on it pays to look for pieces in it.
_WORTH_TAKING_APART = 4_000_000


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
    axes: tuple[Axis, Axis, Axis]
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
        narrowing = Narrowing(self.stack, self.offsets, self.axes, image_of, outside)
        return self._turned(narrowing.planes(threads))

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
        tight = span_of(local >= least)
        if tight is None:
            return None
        spans = widened(tight, local.shape)
        return self._part_onto_slices(np.ascontiguousarray(local[tuple(slice(a, b) for a, b in spans)]), spans)

    def pieces_onto_slices(
        self, values: NDArray[np.float32], least: float, most: int
    ) -> list[tuple[tuple[int, int, int], NDArray[np.float32]]]:
        """Return boxes as `onto_slices`, one for each piece that no other touches on the slices, where that saves work.

        In a box, what belongs to another piece stays below `least`. All is in one box where that is small, where there
        are more pieces than `most`, or where slices are moved against each other.
        """
        local = self._turned_back(values)
        reaching = local >= least
        tight = span_of(reaching)
        if tight is None:
            return []
        together = [(widened(tight, local.shape), None)]
        moved = np.ptp(self.offsets.columns_px) > 0 or np.ptp(self.offsets.rows_px) > 0
        pixels = volume_of(tight) * self.stack.count * math.prod(self.stack.size_ij) / local.size
        found = []
        if least > 0 and most > 0 and not moved and pixels > _WORTH_TAKING_APART:
            found = pieces(reaching, self._blocks())
        worth = 0 < len(found) <= most and sum(volume_of(one[0]) for one in found) < 0.5 * volume_of(together[0][0])
        boxes = []
        for spans, others in found if worth else together:
            part = np.ascontiguousarray(local[tuple(slice(a, b) for a, b in spans)])
            if others is not None:
                part[others] = 0
            box = self._part_onto_slices(part, spans)
            if box is not None:
                boxes.append(box)
        return boxes

    def _blocks(self) -> tuple[int, int, int]:
        """How many points of the grid [normal, column, row] must lie between pieces that touch on no slice.

        Voxels that touch lie one step of the slices apart, and each is interpolated between two points.
        """
        di, dj = self.stack.pixel_spacing_mm
        gap = float(self.stack.gaps_mm.max()) if self.stack.count > 1 else 0.0
        columns, rows, normal = self.axes
        steps = (gap / normal.step_mm, dj / rows.step_mm, di / columns.step_mm)
        n, v, u = (max(4, math.floor(step) + 2) for step in steps)
        return n, v, u

    def _part_onto_slices(
        self, part: NDArray[np.float32], spans: Spans
    ) -> tuple[tuple[int, int, int], NDArray[np.float32]] | None:
        """Return a part [normal, column, row] of the grid at the original pixels that lie between its points."""
        columns, rows, normal = self.axes
        (n0, n1), (v0, v1), (u0, u1) = spans
        di, dj = self.stack.pixel_spacing_mm
        k0, k1 = reach(self.offsets.heights_mm, normal, n0, n1)
        if k0 >= k1:
            return None
        pixels_i = np.arange(self.stack.size_ij[0]) * di
        pixels_j = np.arange(self.stack.size_ij[1]) * dj
        moves_i, moves_j = self.offsets.columns_px * di, self.offsets.rows_px * dj
        reach_i = [reach(pixels_i + moves_i[k], columns, u0, u1) for k in (k0, k1 - 1)]
        reach_j = [reach(pixels_j + moves_j[k], rows, v0, v1) for k in (k0, k1 - 1)]
        if len(np.unique(moves_i)) > 1 or len(np.unique(moves_j)) > 1:
            reach_i = [reach(pixels_i + moves_i[k], columns, u0, u1) for k in range(k0, k1)]
            reach_j = [reach(pixels_j + moves_j[k], rows, v0, v1) for k in range(k0, k1)]
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
                across = grid_weights(pixels_i[i0:i1] + moves_i[k], columns, u0, plane.shape[1])
                down = grid_weights(pixels_j[j0:j1] + moves_j[k], rows, v0, plane.shape[0])
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
        axis_between(start, end, one) for (start, end), one in zip(_extents(stack, offsets, step[2]), step, strict=True)
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
    first_gap, last_gap = end_gaps(stack, alone_mm)
    return [
        (-di / 2, (stack.size_ij[0] - 0.5 + float(offsets.columns_px.max())) * di),
        (-dj / 2, (stack.size_ij[1] - 0.5 + float(offsets.rows_px.max())) * dj),
        (-first_gap / 2, float(offsets.heights_mm[-1]) + last_gap / 2),
    ]


def stretching(pixels: int, size: int) -> Any:
    """Return the weights of a line of pixels for as many others over the same length, sparse (size × pixels)."""
    return pixel_weights(axis_between(-0.5, pixels - 0.5, pixels / size), pixels, 1.0, 0.0)


def stretching_back(pixels: int, size: int) -> Any:
    """Return linear weights of the stretched line for its original pixels, sparse (pixels × size)."""
    return grid_weights(np.arange(pixels, dtype=np.float64), axis_between(-0.5, pixels - 0.5, pixels / size), 0, size)
