"""Where the voxels that a model was fed lie in the patient, and maps over them brought back to the original slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.analysis.sampling import Sampling, stretching_back
from viewer.domain.geometry import SliceStack
from viewer.domain.labels import Mask

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from viewer.inference.prepare import Prepared


@frozen(eq=False)
class Placing:
    """How fed voxels lie: on a grid over the slices, or on the slices themselves, cut out or stretched.

    Attributes
    ----------
    first_ijk
        The grid's or the slices' voxel under the first one that was fed.
    step_ij
        Pixels of the original slices from one fed voxel to the next; (1, 1) on a grid.
    """

    stack: SliceStack
    sampling: Sampling | None
    shape_kji: tuple[int, int, int]
    first_ijk: tuple[int, int, int]
    step_ij: tuple[float, float]

    def lps(self, ijk: ArrayLike) -> NDArray[np.float64]:
        """Return LPS mm of fed voxels, also between and beyond them; the last axis has length 3."""
        at = np.asarray(ijk, dtype=np.float64)
        if self.sampling is not None:
            return np.asarray(self.sampling.grid.lps(at + np.array(self.first_ijk)), dtype=np.float64)
        stack, k = self.stack, at[..., 2] + self.first_ijk[2]
        i = (at[..., 0] + 0.5) * self.step_ij[0] - 0.5 + self.first_ijk[0]
        j = (at[..., 1] + 0.5) * self.step_ij[1] - 0.5 + self.first_ijk[1]
        across = i[..., None] * stack.pixel_spacing_mm[0] * stack.row_direction
        down = j[..., None] * stack.pixel_spacing_mm[1] * stack.column_direction
        return np.asarray(self._position(k) + across + down, dtype=np.float64)

    def ijk(self, lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return continuous fed voxel coordinates of LPS positions; the last axis has length 3."""
        lps = np.asarray(lps_mm, dtype=np.float64)
        if self.sampling is not None:
            return np.asarray(self.sampling.grid.ijk(lps) - np.array(self.first_ijk), dtype=np.float64)
        stack = self.stack
        k = self._slice_at(lps @ stack.normal)
        offset = lps - self._position(k)
        i = offset @ stack.row_direction / stack.pixel_spacing_mm[0]
        j = offset @ stack.column_direction / stack.pixel_spacing_mm[1]
        own = [
            (i - self.first_ijk[0] + 0.5) / self.step_ij[0] - 0.5,
            (j - self.first_ijk[1] + 0.5) / self.step_ij[1] - 0.5,
            k - self.first_ijk[2],
        ]
        return np.asarray(np.stack(own, axis=-1), dtype=np.float64)

    def _position(self, k: NDArray[np.float64]) -> NDArray[np.float64]:
        """LPS of the first pixel of a slice, in between and beyond on the line through its neighbours."""
        positions = self.stack.positions_lps_mm
        if len(positions) < 2:
            return np.asarray(positions[0] + k[..., None] * self.stack.normal, dtype=np.float64)
        low = np.clip(np.floor(k).astype(int), 0, len(positions) - 2)
        share = (k - low)[..., None]
        return np.asarray(positions[low] * (1 - share) + positions[low + 1] * share, dtype=np.float64)

    def _slice_at(self, height_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        heights = self.stack.heights_mm
        if len(heights) < 2:
            return np.asarray(height_mm - heights[0], dtype=np.float64)
        low = np.clip(np.searchsorted(heights, height_mm, side="right") - 1, 0, len(heights) - 2)
        return np.asarray(low + (height_mm - heights[low]) / (heights[low + 1] - heights[low]), dtype=np.float64)

    def corners_lps(self, low_ijk: ArrayLike, high_ijk: ArrayLike) -> NDArray[np.float64]:
        """Return the corners of a box of fed voxel coordinates, shape (8, 3), in the order of a finding's."""
        low, high = np.asarray(low_ijk, dtype=np.float64), np.asarray(high_ijk, dtype=np.float64)
        ends = np.array([[(n >> axis) & 1 for axis in range(3)] for n in range(8)])
        return self.lps(np.where(ends, high, low))

    def slices_of(self, low_k: float, high_k: float) -> tuple[int, int]:
        """Return the first and last original slice whose middle lies between two fed slices, at least one."""
        middle = [(n - 1) / 2 for n in self.shape_kji[:0:-1]]
        ends = self.lps([(*middle, low_k - 0.5), (*middle, high_k + 0.5)]) @ self.stack.normal
        inside = np.flatnonzero((self.stack.heights_mm >= ends.min()) & (self.stack.heights_mm <= ends.max()))
        if not len(inside):
            nearest = int(np.abs(self.stack.heights_mm - ends.mean()).argmin())
            return nearest, nearest
        return int(inside[0]), int(inside[-1])

    def box_mask(self, low_ijk: ArrayLike, high_ijk: ArrayLike) -> Mask | None:
        """Return the original voxels whose centres lie in a box of fed voxel coordinates.

        At least the one that holds the box's middle; None where that lies outside of the slices.
        """
        low, high = np.asarray(low_ijk, dtype=np.float64), np.asarray(high_ijk, dtype=np.float64)
        corners = self.corners_lps(low, high)
        stack = self.stack
        ends = self._slice_at(corners @ stack.normal)
        k0, k1 = max(0, int(np.floor(ends.min()))), min(stack.count - 1, int(np.ceil(ends.max())))
        images, first = [], (0, 0)
        ni, nj = stack.size_ij
        offsets = corners[None] - stack.positions_lps_mm[k0 : k1 + 1, None]
        spans = []
        for direction, spacing, count in zip(
            (stack.row_direction, stack.column_direction), stack.pixel_spacing_mm, (ni, nj), strict=True
        ):
            at = offsets @ direction / spacing
            spans.append(
                (max(0, int(np.floor(at.min()))), min(count, int(np.ceil(at.max())) + 1)) if at.size else (0, 0)
            )
        (i0, i1), (j0, j1) = spans
        if i0 < i1 and j0 < j1:
            first = (i0, j0)
            rows, columns = np.meshgrid(np.arange(j0, j1), np.arange(i0, i1), indexing="ij")
            for k in range(k0, k1 + 1):
                own = self.ijk(stack.lps(np.stack([columns, rows, np.full_like(rows, k)], axis=-1)))
                images.append(((own >= low - 1e-6) & (own <= high + 1e-6)).all(axis=-1))
        mask = Mask.from_full(np.stack(images)) if images else None
        if mask is not None:
            i, j, k = mask.first_ijk
            return Mask((i + first[0], j + first[1], k + k0), mask.voxels)
        nearest = stack.nearest_ijk(self.lps((low + high) / 2))
        return None if nearest is None else Mask(nearest, np.ones((1, 1, 1), dtype=bool))

    def map_on_slices(
        self, values: NDArray[np.float32], first_k: int, least: float
    ) -> tuple[tuple[int, int, int], NDArray[np.float32]] | None:
        """Return a map over some fed slices at the original pixels.

        Parameters
        ----------
        values
            [k, j, i], of whole fed slices from `first_k` on, above 0.
        least
            Above 0; what stays below it may be left out.

        Returns
        -------
        box
            First voxel (i, j, k) and values [k, j, i]; None where nothing reaches `least`.
        """
        if self.sampling is not None:
            whole = np.zeros(self.sampling.shape_kji, np.float32)
            firsts = (first_k + self.first_ijk[2], self.first_ijk[1], self.first_ijk[0])
            held = tuple(
                slice(max(0, f), max(0, min(n, f + w)))
                for f, n, w in zip(firsts, whole.shape, values.shape, strict=True)
            )
            inside = tuple(slice(h.start - f, h.stop - f) for h, f in zip(held, firsts, strict=True))
            whole[held] = values[inside]
            return self.sampling.onto_slices(whole, least)
        ni, nj = self.stack.size_ij
        made = np.zeros((len(values), nj, ni), np.float32)
        if self.step_ij == (1.0, 1.0):
            i0, j0, _ = self.first_ijk
            rows = slice(max(0, j0), min(nj, j0 + values.shape[1]))
            columns = slice(max(0, i0), min(ni, i0 + values.shape[2]))
            made[:, rows, columns] = values[:, rows.start - j0 : rows.stop - j0, columns.start - i0 : columns.stop - i0]
        else:
            across, down = stretching_back(ni, values.shape[2]), stretching_back(nj, values.shape[1])
            for n, image in enumerate(values):
                made[n] = (across @ np.ascontiguousarray((down @ image).T)).T
        if float(made.max(initial=0)) < least:
            return None
        return (0, 0, first_k), made


def placing_of(prepared: Prepared, stack: SliceStack) -> Placing:
    """Return how the voxels of what was prepared lie."""
    image = prepared.manifest.image
    step = (1.0, 1.0)
    if prepared.sampling is None and image.fit:
        step = (stack.size_ij[0] / prepared.shape_kji[2], stack.size_ij[1] / prepared.shape_kji[1])
    return Placing(stack, prepared.sampling, prepared.shape_kji, prepared.first_ijk, step)
