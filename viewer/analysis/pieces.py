"""Connected pieces of masks: what the first pictures of a scan need of them, without a library that is slow to load.

Voxels are connected by their faces. Masks are [k, j, i] or [j, i].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

Box = tuple[slice, ...]


def pieces(mask: NDArray[np.bool_], *, by_slice: bool = False) -> tuple[NDArray[np.int32], int]:
    """Return the number of each voxel's piece, 0 outside, and how many there are, numbered as their first voxels come.

    `by_slice` connects nothing along the first axis.
    """
    # Stretches along the last axis, numbered; those that touch are then brought under the lowest of their numbers.
    begins = mask.copy()
    begins[..., 1:] &= ~mask[..., :-1]
    stretch = np.cumsum(begins.reshape(-1), dtype=np.int32).reshape(mask.shape)
    count = int(begins.sum())
    axes = range(1 if by_slice else 0, mask.ndim - 1)
    lowest = _brought_together(count, *_touching(mask, stretch, axes))
    own = lowest == np.arange(count + 1)
    own[0] = False
    number = np.cumsum(own, dtype=np.int32)[lowest]
    labels: NDArray[np.int32] = number[stretch]
    labels *= mask
    return labels, int(own.sum())


def _touching(
    mask: NDArray[np.bool_], stretch: NDArray[np.int32], axes: Sequence[int]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return pairs of stretches that lie side by side along some axes."""
    found = [np.zeros((2, 0), dtype=np.int32)]
    for axis in axes:
        before, after = _beside(mask.ndim, axis)
        both = mask[before] & mask[after]
        pair = np.stack([stretch[before][both], stretch[after][both]])
        # Along a stretch the same two meet again and again.
        new = np.ones(pair.shape[1], dtype=bool)
        new[1:] = (pair[:, 1:] != pair[:, :-1]).any(axis=0)
        found.append(pair[:, new])
    a, b = np.concatenate(found, axis=1)
    return a, b


def _brought_together(count: int, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the lowest number that each of 0…count is connected with by pairs."""
    lowest = np.arange(count + 1, dtype=np.int32)
    while True:
        of_a, of_b = lowest[a], lowest[b]
        apart = of_a != of_b
        if not apart.any():
            return lowest
        a, b, of_a, of_b = a[apart], b[apart], of_a[apart], of_b[apart]
        np.minimum.at(lowest, np.maximum(of_a, of_b), np.minimum(of_a, of_b))
        while not np.array_equal(further := lowest[lowest], lowest):
            lowest = further


def boxes(labels: NDArray[np.int32], count: int) -> Iterator[Box]:
    """Yield where the pieces 1…count lie, as slices."""
    at = np.nonzero(labels)
    number = labels[at]
    ends = []
    for axis, size in enumerate(labels.shape):
        first, last = np.full(count + 1, size), np.zeros(count + 1, dtype=np.intp)
        np.minimum.at(first, number, at[axis])
        np.maximum.at(last, number, at[axis])
        ends.append((first.tolist(), last.tolist()))
    for n in range(1, count + 1):
        yield tuple(slice(first[n], last[n] + 1) for first, last in ends)


def grown(mask: NDArray[np.bool_], *, by_slice: bool = False) -> NDArray[np.bool_]:
    """Return a mask with the voxels whose faces touch it; `by_slice` leaves the first axis alone."""
    made = mask.copy()
    for axis in range(1 if by_slice else 0, mask.ndim):
        before, after = _beside(mask.ndim, axis)
        made[after] |= mask[before]
        made[before] |= mask[after]
    return made


def worn(mask: NDArray[np.bool_], *, by_slice: bool = False) -> NDArray[np.bool_]:
    """Return a mask without the voxels of which a face touches what is outside; beyond the edge it goes on.

    `by_slice` leaves the first axis alone.
    """
    made = mask.copy()
    for axis in range(1 if by_slice else 0, mask.ndim):
        before, after = _beside(mask.ndim, axis)
        made[after] &= mask[before]
        made[before] &= mask[after]
    return made


def filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask [k, j, i] with what it encloses in each slice."""
    labels, count = pieces(~mask, by_slice=True)
    open_ = np.zeros(count + 1, dtype=bool)
    for edge in (labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1]):
        open_[edge] = True
    open_[0] = False
    return ~open_[labels]


def _beside(ndim: int, axis: int) -> tuple[Box, Box]:
    """Return where the first and the second of two neighbours along an axis lie."""
    before, after = [slice(None)] * ndim, [slice(None)] * ndim
    before[axis], after[axis] = slice(None, -1), slice(1, None)
    return tuple(before), tuple(after)
