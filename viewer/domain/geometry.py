"""Places and directions in the patient: LPS millimetres, voxel grids, slice stacks, letters.

LPS: +x to the patient's left, +y posterior, +z superior (DICOM PS3.3 C.7.6.2.1.1). ijk: column, row, slice,
zero-based, at voxel centres; arrays are indexed [k, j, i].
"""

from __future__ import annotations

import math
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from viewer.domain.errors import GeometryError
from viewer.domain.slice_gaps import missing_in_gaps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

ALONE_MM = 1.0
# How far, in voxels, a corner of a grid may lie from where signed axes would put it.
_AXIS_TOLERANCE_VOXELS = 0.25


def _frozen_array(value: ArrayLike) -> NDArray[np.float64]:
    array = np.array(value, dtype=np.float64)
    array.setflags(write=False)
    return array


class PlaneName(StrEnum):
    """The three standard planes."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


@define(frozen=True, eq=False)
class PlaneAxes:
    """Screen directions of a plane as unit vectors in LPS: to the right, downwards, and into the screen.

    `into` is the direction in which "next image" (wheel down, arrow down) moves; for axial that is towards the
    feet.
    """

    right: NDArray[np.float64] = field(converter=_frozen_array)
    down: NDArray[np.float64] = field(converter=_frozen_array)
    into: NDArray[np.float64] = field(converter=_frozen_array)


PLANE_AXES: dict[PlaneName, PlaneAxes] = {
    # Seen from the feet: patient right on screen left, anterior up.
    PlaneName.AXIAL: PlaneAxes((1, 0, 0), (0, 1, 0), (0, 0, -1)),
    # Head up, patient right on screen left, seen from the front.
    PlaneName.CORONAL: PlaneAxes((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    # Head up, anterior on screen left: next image goes to the patient's left.
    PlaneName.SAGITTAL: PlaneAxes((0, 1, 0), (0, 0, -1), (1, 0, 0)),
}


def direction_letters(direction_lps: ArrayLike, *, least: float = 0.2) -> str:
    """Return the letters R L A P H F for a direction, largest component first (DICOM C.7.6.1.1.1).

    Parameters
    ----------
    direction_lps
        A vector in LPS of any length.
    least
        Components below this share of the length give no letter.
    """
    vector = np.asarray(direction_lps, dtype=np.float64).tolist()
    length = math.hypot(*vector)
    if length == 0:
        raise GeometryError("A direction of no length has no letters.")
    names = (("R", "L"), ("A", "P"), ("F", "H"))
    order = sorted(range(3), key=lambda axis: -abs(vector[axis]))
    letters = (names[axis][int(vector[axis] > 0)] for axis in order if abs(vector[axis]) >= least * length)
    return "".join(letters)


def position_words(axis: int, value_mm: float) -> str:
    """Return a position along one LPS axis in words, such as "H 9.9 mm" or "R 88.0 mm"."""
    letters = (("R", "L"), ("A", "P"), ("F", "H"))[axis]
    return f"{letters[int(value_mm >= 0)]} {abs(value_mm):.1f} mm"


class Verdict(StrEnum):
    """Whether the geometry of a volume can be trusted."""

    OK = "ok"
    RESAMPLED = "resampled"
    UNTRUSTED = "untrusted"


@define(frozen=True, eq=False)
class Grid:
    """A regular voxel grid in LPS.

    `lps_from_ijk` is a 4×4 matrix taking (i, j, k, 1) at voxel centres to (x, y, z, 1) in mm.
    """

    size_ijk: tuple[int, int, int]
    lps_from_ijk: NDArray[np.float64] = field(converter=_frozen_array)

    @classmethod
    def from_directions(
        cls,
        size_ijk: tuple[int, int, int],
        *,
        origin_lps_mm: ArrayLike,
        spacing_mm: Sequence[float],
        directions: ArrayLike | None = None,
    ) -> Grid:
        """Return a grid from its first voxel's centre, spacing (i, j, k) and direction columns (3×3)."""
        matrix = np.eye(4)
        matrix[:3, :3] = (np.eye(3) if directions is None else np.asarray(directions)) * np.asarray(spacing_mm)
        matrix[:3, 3] = np.asarray(origin_lps_mm)
        return cls(size_ijk, matrix)

    @cached_property
    def ijk_from_lps(self) -> NDArray[np.float64]:
        """The inverse 4×4 matrix."""
        return np.asarray(np.linalg.inv(self.lps_from_ijk), dtype=np.float64)

    @cached_property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between voxel centres along i, j, k."""
        lengths = np.linalg.norm(self.lps_from_ijk[:3, :3], axis=0)
        return (float(lengths[0]), float(lengths[1]), float(lengths[2]))

    @cached_property
    def directions(self) -> NDArray[np.float64]:
        """Unit vectors of i, j, k in LPS as columns of a 3×3 matrix."""
        unit: NDArray[np.float64] = self.lps_from_ijk[:3, :3] / np.asarray(self.spacing_mm, dtype=np.float64)
        return unit

    @cached_property
    def lps_axes(self) -> tuple[int, int, int] | None:
        """The LPS axis that i, j and k run along, either way; None where the grid is oblique to LPS."""
        i, j, k = np.argmax(np.abs(self.directions), axis=0).tolist()
        if {i, j, k} != {0, 1, 2}:
            return None
        extent_mm = (np.asarray(self.size_ijk) - 1) * np.asarray(self.spacing_mm)
        rest = self.directions.copy()
        rest[[i, j, k], [0, 1, 2]] = 0.0
        oblique = np.abs(rest * extent_mm).max() > _AXIS_TOLERANCE_VOXELS * min(self.spacing_mm)
        return None if oblique else (i, j, k)

    @property
    def shape_kji(self) -> tuple[int, int, int]:
        """The shape of an array on this grid."""
        return (self.size_ijk[2], self.size_ijk[1], self.size_ijk[0])

    def lps(self, ijk: ArrayLike) -> NDArray[np.float64]:
        """Return LPS mm of voxel coordinates; the last axis of `ijk` has length 3."""
        return np.asarray(ijk, dtype=np.float64) @ self.lps_from_ijk[:3, :3].T + self.lps_from_ijk[:3, 3]

    def ijk(self, lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return continuous voxel coordinates of LPS positions; the last axis has length 3."""
        return np.asarray(lps_mm, dtype=np.float64) @ self.ijk_from_lps[:3, :3].T + self.ijk_from_lps[:3, 3]

    def nearest_ijk(self, lps_mm: ArrayLike) -> tuple[int, int, int] | None:
        """Return the voxel whose box holds a position, or None outside the grid."""
        i, j, k = (int(np.floor(v + 0.5)) for v in self.ijk(lps_mm))
        ni, nj, nk = self.size_ijk
        return (i, j, k) if 0 <= i < ni and 0 <= j < nj and 0 <= k < nk else None

    @cached_property
    def centre_lps_mm(self) -> NDArray[np.float64]:
        """The centre of the whole grid."""
        return self.lps((np.asarray(self.size_ijk) - 1) / 2)

    @cached_property
    def bounds_lps_mm(self) -> NDArray[np.float64]:
        """Smallest and largest x, y, z of the grid's outer faces; shape (3, 2)."""
        n = np.asarray(self.size_ijk)
        corners = np.array([[(i, j, k) for i in (0, 1)] for j in (0, 1) for k in (0, 1)]).reshape(-1, 3) * n - 0.5
        points = self.lps(corners)
        return np.stack([points.min(axis=0), points.max(axis=0)], axis=1)


@define(frozen=True, eq=False)
class SliceStack:
    """Where the original slices lie: parallel images of one size, sorted along their normal, gaps as they are.

    Attributes
    ----------
    size_ij
        Columns and rows of every slice.
    pixel_spacing_mm
        Distance between columns (along i) and between rows (along j).
    row_direction, column_direction
        Unit vectors in LPS along which i and j grow (DICOM ImageOrientationPatient, first and second triple).
    positions_lps_mm
        Centre of the first pixel of each slice, shape (n, 3), in order of growing `normal · position`.
    alone_mm
        How thick a single slice is taken to be: nothing else says it.
    wide_gaps
        The k of gaps in which nothing is missing though they are multiples of the commonest one: slices there are as
        much thicker.
    """

    size_ij: tuple[int, int]
    pixel_spacing_mm: tuple[float, float]
    row_direction: NDArray[np.float64] = field(converter=_frozen_array)
    column_direction: NDArray[np.float64] = field(converter=_frozen_array)
    positions_lps_mm: NDArray[np.float64] = field(converter=_frozen_array)
    alone_mm: float = ALONE_MM
    wide_gaps: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """Number of slices."""
        return len(self.positions_lps_mm)

    @property
    def shape_kji(self) -> tuple[int, int, int]:
        """The shape of an array of the original slices."""
        return (self.count, self.size_ij[1], self.size_ij[0])

    @cached_property
    def normal(self) -> NDArray[np.float64]:
        """Unit normal: row direction × column direction."""
        cross = np.cross(self.row_direction, self.column_direction)
        return cross / np.linalg.norm(cross)

    @cached_property
    def heights_mm(self) -> NDArray[np.float64]:
        """Position of each slice along the normal."""
        return self.positions_lps_mm @ self.normal

    @cached_property
    def gaps_mm(self) -> NDArray[np.float64]:
        """Distances between neighbouring slices along the normal; shape (n − 1,)."""
        return np.diff(self.heights_mm)

    @cached_property
    def missing(self) -> NDArray[np.intp]:
        """How many slices are missing in each gap; shape (n − 1,)."""
        counts = missing_in_gaps(self.gaps_mm)
        counts[list(self.wide_gaps)] = 0
        return counts

    @cached_property
    def own_gaps_mm(self) -> NDArray[np.float64]:
        """Distances between neighbouring slices as they would be if none were missing."""
        return np.asarray(self.gaps_mm / (self.missing + 1), dtype=np.float64)

    @cached_property
    def tilt_deg(self) -> float:
        """Angle between the line of the slice positions and the normal (gantry tilt), without sign."""
        if self.count < 2:
            return 0.0
        along = self.positions_lps_mm[-1] - self.positions_lps_mm[0]
        length = float(np.linalg.norm(along))
        if length == 0:
            return 0.0
        return float(np.degrees(np.arccos(np.clip(abs(along @ self.normal) / length, 0, 1))))

    @cached_property
    def slice_weights_mm(self) -> NDArray[np.float64]:
        """Length along the normal that each slice stands for: half the distance to both neighbours.

        End slices take the adjacent gap; a single slice has no length of its own and counts as 0.
        """
        if self.count < 2:
            return np.zeros(self.count)
        gaps = np.concatenate([self.gaps_mm[:1], self.gaps_mm, self.gaps_mm[-1:]])
        return np.asarray((gaps[:-1] + gaps[1:]) / 2, dtype=np.float64)

    def lps(self, ijk: ArrayLike) -> NDArray[np.float64]:
        """Return LPS mm of voxel coordinates; k may lie between slices and is then interpolated."""
        points = np.asarray(ijk, dtype=np.float64)
        slices = np.arange(self.count)
        k = np.clip(points[..., 2], 0, self.count - 1)
        origin = np.stack(
            [np.interp(k, slices, self.positions_lps_mm[:, axis]) for axis in range(3)],
            axis=-1,
        )
        di, dj = self.pixel_spacing_mm
        return origin + points[..., :1] * di * self.row_direction + points[..., 1:2] * dj * self.column_direction

    def nearest_slice(self, lps_mm: ArrayLike) -> int:
        """Return the slice nearest to a position along the normal."""
        height = float(np.asarray(lps_mm, dtype=np.float64) @ self.normal)
        return int(np.argmin(np.abs(self.heights_mm - height)))

    @property
    def middle_slice(self) -> int:
        """The slice nearest to the middle of the stack, where a volume is looked at first; not that of the half count.

        Gaps may differ, and of an even number two lie beside the middle.
        """
        column, row = ((n - 1) / 2 for n in self.size_ij)
        ends = self.lps([(column, row, 0), (column, row, self.count - 1)])
        return self.nearest_slice(ends.mean(axis=0))

    def nearest_ijk(self, lps_mm: ArrayLike) -> tuple[int, int, int] | None:
        """Return the original voxel at a position, or None outside: nearest slice, then nearest pixel in it.

        A position further from its nearest slice than half of that slice's adjacent gap is outside, and so is one where
        a slice is missing: in such a gap half of the way to the next missing one counts. A single slice is `alone_mm`
        thick.
        """
        point = np.asarray(lps_mm, dtype=np.float64)
        height = float(point @ self.normal)
        k = self.nearest_slice(point)
        n = min(max(k - (height < self.heights_mm[k]), 0), self.count - 2)
        gap = float(self.own_gaps_mm[n]) if self.count > 1 else self.alone_mm
        if abs(height - self.heights_mm[k]) > gap / 2 + 1e-6:
            return None
        offset = point - self.positions_lps_mm[k]
        i = int(np.floor(offset @ self.row_direction / self.pixel_spacing_mm[0] + 0.5))
        j = int(np.floor(offset @ self.column_direction / self.pixel_spacing_mm[1] + 0.5))
        return (i, j, k) if 0 <= i < self.size_ij[0] and 0 <= j < self.size_ij[1] else None

    def shrunk(self, by: int) -> SliceStack:
        """Return where slices lie whose pixels are means over squares of `by` × `by` pixels."""
        if by == 1:
            return self
        (di, dj), half = self.pixel_spacing_mm, (by - 1) / 2
        offset = half * di * self.row_direction + half * dj * self.column_direction
        return SliceStack(
            (self.size_ij[0] // by, self.size_ij[1] // by),
            (di * by, dj * by),
            self.row_direction,
            self.column_direction,
            self.positions_lps_mm + offset,
            self.alone_mm,
            self.wide_gaps,
        )

    def as_grid(self) -> Grid:
        """Return the grid through the first and last slice; exact only where gaps are even and there is no tilt."""
        step = self.normal * self.alone_mm
        if self.count > 1:
            step = (self.positions_lps_mm[-1] - self.positions_lps_mm[0]) / (self.count - 1)
        matrix = np.eye(4)
        matrix[:3, 0] = self.row_direction * self.pixel_spacing_mm[0]
        matrix[:3, 1] = self.column_direction * self.pixel_spacing_mm[1]
        matrix[:3, 2] = step
        matrix[:3, 3] = self.positions_lps_mm[0]
        return Grid((self.size_ij[0], self.size_ij[1], self.count), matrix)
