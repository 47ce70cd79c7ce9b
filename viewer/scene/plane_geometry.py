"""Where a plane through the patient lies on a viewport, and where a viewport's pixels lie in the patient.

Screen coordinates are continuous, as QPainter counts them: x to the right, y downwards, (0, 0) at the viewport's upper
left corner; pixel (column, row) covers [column, column + 1) × [row, row + 1) and its centre is at + 0.5.
Pixels are device pixels and always square in mm, whatever the voxels are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, field

from viewer.domain.geometry import PLANE_AXES, PlaneAxes, PlaneName
from viewer.domain.view_state import PlaneView, Point, ViewState, as_point

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

# Position along an LPS axis that each direction of a standard plane runs along.
AXIS_ALONG: dict[PlaneName, tuple[int, int, int]] = {
    name: (
        int(np.argmax(np.abs(axes.right))),
        int(np.argmax(np.abs(axes.down))),
        int(np.argmax(np.abs(axes.into))),
    )
    for name, axes in PLANE_AXES.items()
}


# The planes seen edge-on in a plane: as an upright line, and as a level line.
CROSSING_PLANES: dict[PlaneName, tuple[PlaneName, PlaneName]] = {
    PlaneName.AXIAL: (PlaneName.SAGITTAL, PlaneName.CORONAL),
    PlaneName.CORONAL: (PlaneName.SAGITTAL, PlaneName.AXIAL),
    PlaneName.SAGITTAL: (PlaneName.CORONAL, PlaneName.AXIAL),
}


@define(frozen=True)
class ViewportGeometry:
    """One plane on a viewport of so many device pixels.

    Attributes
    ----------
    plane
        Which standard plane, or the one that faces the slice which is shown.
    view
        The point in the middle of the viewport (its distance from the plane does not matter) and mm per height.
    cursor_lps_mm
        A point that the plane goes through.
    width_px, height_px
        Size of the viewport in device pixels.
    axes
        The screen directions: those of the standard plane, or the slice's own.
    image
        The original slice k that is shown as it was acquired; None for a plane through the volume's grid.
    """

    plane: PlaneName
    view: PlaneView
    cursor_lps_mm: Point
    width_px: int
    height_px: int
    axes: PlaneAxes = field(kw_only=True, repr=False, eq=False)
    image: int | None = field(default=None, kw_only=True)

    @axes.default
    def _standard_axes(self) -> PlaneAxes:
        return PLANE_AXES[self.plane]

    @classmethod
    def of(cls, state: ViewState, plane: PlaneName, width_px: int, height_px: int) -> ViewportGeometry:
        """Return where a standard plane of a view lies on a viewport."""
        return cls(plane, state.plane(plane), state.cursor_lps_mm, width_px, height_px)

    @property
    def mm_per_px(self) -> float:
        """Length of a pixel's side."""
        return self.view.height_mm / max(self.height_px, 1)

    def screen_from_lps(self, lps_mm: Iterable[float]) -> tuple[float, float]:
        """Return the continuous screen position of a point, projected onto the plane along its normal."""
        # Of three numbers, as in `cut_direction`.
        a, b, c = (float(n) - m for n, m in zip(lps_mm, self.view.centre_lps_mm, strict=True))
        (d, e, f), (g, h, i) = self.axes.right.tolist(), self.axes.down.tolist()
        mm = self.mm_per_px
        return ((a * d + b * e + c * f) / mm + self.width_px / 2, (a * g + b * h + c * i) / mm + self.height_px / 2)

    def screen_points(self, lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return continuous screen positions, shape (n, 2), of LPS points, shape (n, 3)."""
        offset = np.asarray(lps_mm, dtype=np.float64) - np.asarray(self.view.centre_lps_mm)
        middle = np.array([self.width_px / 2, self.height_px / 2])
        across: NDArray[np.float64] = np.stack([offset @ self.axes.right, offset @ self.axes.down], axis=-1)
        return np.asarray(across / self.mm_per_px + middle, dtype=np.float64)

    def lps_from_screen(self, x: float, y: float) -> Point:
        """Return the point of the plane (through the cursor) under a continuous screen position."""
        centre = np.asarray(self.view.centre_lps_mm)
        depth = (np.asarray(self.cursor_lps_mm) - centre) @ self.axes.into
        return as_point(
            centre
            + depth * self.axes.into
            + (x - self.width_px / 2) * self.mm_per_px * self.axes.right
            + (y - self.height_px / 2) * self.mm_per_px * self.axes.down
        )

    def distance_mm(self, lps_mm: ArrayLike) -> float:
        """Return how far into the screen a point lies from the plane; negative in front of it."""
        offset = np.asarray(lps_mm, dtype=np.float64) - np.asarray(self.cursor_lps_mm)
        return float(offset @ self.axes.into)

    def cut_direction(self, other: PlaneAxes) -> tuple[float, float]:
        """Return the unit vector on the screen along which another plane cuts this one; not for parallel planes."""
        # Of three numbers each: numpy takes ten times as long for them, and each picture asks several times.
        (a, b, c), (d, e, f) = self.axes.into.tolist(), other.into.tolist()
        along = (b * f - c * e, c * d - a * f, a * e - b * d)
        x, y = (
            sum(n * m for n, m in zip(along, way.tolist(), strict=True)) for way in (self.axes.right, self.axes.down)
        )
        length = math.hypot(x, y)
        return (x / length, y / length)
