"""Slices narrowed to a grid's columns and rows, and summed up to its planes, a few at a time.

What is in hand stays in a processor's nearer memory from one step to the next; each thread makes planes of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from attrs import define
from numpy.typing import NDArray

from viewer.analysis.axis_weights import Axis, pixel_weights, rows_of, slice_weights
from viewer.analysis.whole_stack import SliceOffsets
from viewer.domain.geometry import SliceStack

# As many pixels as a processor's nearer memory holds.
_PIXELS_AT_ONCE = 300_000
_POINTS_AT_ONCE = 500_000
# Pixels of all slices from which on several threads save more than they cost.
_WORTH_THREADS = 8_000_000
# Values put behind each row: rows that lie a power of two apart get in each other's way when an image is turned.
_BETWEEN_ROWS = 16


@define(eq=False)
class Narrowing:
    """Makes the planes of a grid from slices; fields as in `viewer.analysis.sampling.Sampling`.

    `image_of` gives the values of the original slice k, [j, i]; they are taken as float32. `outside` is what lies
    where no slice is.
    """

    stack: SliceStack
    offsets: SliceOffsets
    axes: tuple[Axis, Axis, Axis]
    image_of: Callable[[int], NDArray[Any]]
    outside: float

    def planes(self, threads: int) -> NDArray[np.float32]:
        """Return [normal, row, column] of the grid's points.

        With several threads `image_of` is asked in all of them, each going through neighbouring slices, the calling
        one through the first; a slice at the border of two of them is asked for twice.
        """
        columns, rows, normal = self.axes
        made = np.empty((normal.count, rows.count * columns.count), np.float32)
        if self.stack.count * math.prod(self.stack.size_ij) < _WORTH_THREADS:
            threads = 1
        weights = slice_weights(normal, self.stack, self.offsets)
        ends = [normal.count * n // threads for n in range(threads + 1)]
        with ThreadPoolExecutor(max(1, threads - 1), "casestage-sampling") as pool:
            beside = [pool.submit(self._fill, weights, made, a, b) for a, b in pairwise(ends[1:])]
            self._fill(weights, made, ends[0], ends[1])
            for one in beside:
                one.result()
        return made.reshape(normal.count, rows.count, columns.count)

    def _fill(self, weights: Any, made: NDArray[np.float32], first: int, end: int) -> None:
        """Write the planes first…end."""
        slices_each = max(1.0, weights.nnz / max(1, weights.shape[0]))
        at_once = max(1, int(_POINTS_AT_ONCE / slices_each / made.shape[1]))
        narrowed: Any = np.empty((0, made.shape[1]), np.float32)
        held, narrow = (0, 0), _Narrow(self)
        for a in range(first, end, at_once):
            b = min(a + at_once, end)
            (low, high), part = rows_of(weights, a, b)
            if low < high:
                more = np.empty((high - low, made.shape[1]), np.float32)
                # Neighbouring planes share slices.
                there = max(0, held[1] - low)
                more[:there] = narrowed[low - held[0] : held[1] - held[0]]
                narrow.write(more[there:], low + there)
                narrowed, held = more, (low, high)
                made[a:b] = part @ narrowed
            else:
                made[a:b] = 0
            if self.outside:
                made[a:b] += np.float32(self.outside)


class _Narrow:
    """Narrows slices; its memory is used again and again."""

    def __init__(self, of: Narrowing) -> None:
        self._of = of
        ni, nj = of.stack.size_ij
        self._at_once = max(1, _PIXELS_AT_ONCE // (ni * nj))
        self._shifts = np.stack([of.offsets.columns_px, of.offsets.rows_px], axis=1)
        self._weights: tuple[NDArray[np.float64], Any, Any] | None = None
        self._images = np.empty(nj * (self._at_once * ni + _BETWEEN_ROWS), np.float32)
        self._narrow = np.empty(ni * of.axes[1].count * self._at_once, np.float32)

    def write(self, out: NDArray[np.float32], first: int) -> None:
        """Write slices from `first` on at the grid's columns and rows into `out` [slice, point], `outside` off."""
        columns, rows, _ = self._of.axes
        ni, nj = self._of.stack.size_ij
        k, end = first, first + len(out)
        while k < end:
            across, down = self._weights_of(k)
            count = 1
            while count < self._at_once and k + count < end and (self._shifts[k + count] == self._shifts[k]).all():
                count += 1
            # Slices beside each other, [j, k, i], then [i, j, k]: each step along an axis is one product for all.
            part = self._images[: nj * (count * ni + _BETWEEN_ROWS)].reshape(nj, -1)
            part[:, count * ni :] = self._of.outside
            images = part[:, : count * ni].reshape(nj, count, ni)
            for n in range(count):
                # float32 whatever the slice is; whole numbers of 16 bits go through exactly.
                images[:, n] = self._of.image_of(k + n)
            if self._of.outside:
                part -= np.float32(self._of.outside)
            fewer = self._narrow[: ni * rows.count * count].reshape(ni, rows.count, count)
            fewer[...] = (down @ part)[:, : count * ni].reshape(rows.count, count, ni).transpose(2, 0, 1)
            made = (across @ fewer.reshape(ni, -1)).reshape(columns.count, rows.count, count)
            out[k - first : k - first + count].reshape(count, rows.count, columns.count)[...] = made.transpose(2, 1, 0)
            k += count

    def _weights_of(self, k: int) -> tuple[Any, Any]:
        shift = self._shifts[k]
        if self._weights is None or (self._weights[0] != shift).any():
            (columns, rows, _), stack = self._of.axes, self._of.stack
            across = pixel_weights(columns, stack.size_ij[0], stack.pixel_spacing_mm[0], float(shift[0]))
            down = pixel_weights(rows, stack.size_ij[1], stack.pixel_spacing_mm[1], float(shift[1]))
            self._weights = (shift, across, down)
        return self._weights[1:]
