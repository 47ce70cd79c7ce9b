"""Masks on original slices, held as the smallest box that contains them."""

from __future__ import annotations

import numpy as np
from attrs import define
from numpy.typing import NDArray


@define(frozen=True, eq=False)
class Mask:
    """Marked voxels of the original slices: a box's first voxel and a boolean array inside it.

    Attributes
    ----------
    first_ijk
        Column, row, slice of the box's first voxel.
    voxels
        Boolean, [k, j, i], tight around what is marked; read-only.
    """

    first_ijk: tuple[int, int, int]
    voxels: NDArray[np.bool_]

    def __attrs_post_init__(self) -> None:
        """Make the array read-only."""
        self.voxels.setflags(write=False)

    @classmethod
    def from_full(cls, full: NDArray[np.bool_]) -> Mask | None:
        """Return the mask of a whole-volume array [k, j, i], or None where nothing is marked."""
        spans = []
        for axis in range(3):
            others = tuple(a for a in range(3) if a != axis)
            marked = np.flatnonzero(full.any(axis=others))
            if not len(marked):
                return None
            spans.append((int(marked[0]), int(marked[-1]) + 1))
        (k0, k1), (j0, j1), (i0, i1) = spans
        return cls((i0, j0, k0), np.ascontiguousarray(full[k0:k1, j0:j1, i0:i1]))

    @property
    def count(self) -> int:
        """Number of marked voxels."""
        return int(np.count_nonzero(self.voxels))

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """The index of the box in a whole-volume array [k, j, i]."""
        i, j, k = self.first_ijk
        nk, nj, ni = self.voxels.shape
        return (slice(k, k + nk), slice(j, j + nj), slice(i, i + ni))

    @property
    def behind_ijk(self) -> tuple[int, int, int]:
        """Column, row, slice behind the box's last voxel."""
        nk, nj, ni = self.voxels.shape
        i, j, k = self.first_ijk
        return (i + ni, j + nj, k + nk)

    @property
    def slices_k(self) -> tuple[int, int]:
        """First and last slice of the box."""
        return (self.first_ijk[2], self.first_ijk[2] + len(self.voxels) - 1)

    def full(self, shape_kji: tuple[int, int, int]) -> NDArray[np.bool_]:
        """Return the mask as a whole-volume array."""
        array = np.zeros(shape_kji, dtype=bool)
        array[self.box] = self.voxels
        return array

    def overlap(self, other: Mask) -> int:
        """Return the number of voxels marked in both."""
        spans = []
        for mine, theirs in zip(self.box, other.box, strict=True):
            start, stop = max(mine.start, theirs.start), min(mine.stop, theirs.stop)
            if start >= stop:
                return 0
            spans.append((start, stop))
        index_a = tuple(slice(s - b.start, e - b.start) for (s, e), b in zip(spans, self.box, strict=True))
        index_b = tuple(slice(s - b.start, e - b.start) for (s, e), b in zip(spans, other.box, strict=True))
        return int(np.count_nonzero(self.voxels[index_a] & other.voxels[index_b]))

    def same_as(self, other: Mask) -> bool:
        """Return True where exactly the same voxels are marked."""
        return self.count == other.count == self.overlap(other)
