"""What a reader measured: points in LPS mm on the plane that they were drawn on, and what follows from them alone."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, field, frozen

from viewer.domain.geometry import PlaneName

if TYPE_CHECKING:
    from attrs import Attribute
    from numpy.typing import ArrayLike, NDArray

Point = tuple[float, float, float]
# A polyline with so many corners strays from its ellipse by less than 0.1 % of the half axis.
_ELLIPSE_CORNERS = 72


class MeasurementKind(StrEnum):
    """What can be measured."""

    LENGTH = "length"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    ANGLE = "angle"

    @property
    def words(self) -> str:
        """The kind as a word for people."""
        return self.value.capitalize()

    @property
    def points_needed(self) -> int:
        """How many points make it whole."""
        return 3 if self is MeasurementKind.ANGLE else 2

    @property
    def is_region(self) -> bool:
        """True where it encloses pixels."""
        return self in (MeasurementKind.ELLIPSE, MeasurementKind.RECTANGLE)


def _point(lps_mm: ArrayLike) -> Point:
    x, y, z = np.asarray(lps_mm, dtype=np.float64).tolist()
    return (float(x), float(y), float(z))


@frozen
class Measurement:
    """One measurement. Its values are computed from its points, never kept.

    Attributes
    ----------
    points_lps_mm
        Both ends of a length; two opposite corners of a rectangle, or of the box around an ellipse; the end of one
        arm, the vertex, and the end of the other arm of an angle.
    plane
        The plane that it was drawn on: a standard plane, or the one that faces an original slice shown as acquired.
    right, down
        The screen directions of that plane as unit vectors in LPS. Sides of a box and axes of an ellipse run along
        them.
    part
        The part of the series that it was drawn on, such as a phase; "" where there is only one.
    """

    id: str
    kind: MeasurementKind
    points_lps_mm: tuple[Point, ...] = field()
    plane: PlaneName
    right: Point
    down: Point
    part: str = ""

    @points_lps_mm.validator
    def _check_points(self, _attribute: Attribute[tuple[Point, ...]], value: tuple[Point, ...]) -> None:
        if len(value) != self.kind.points_needed:
            raise ValueError(f"{self.kind.value} takes {self.kind.points_needed} points, not {len(value)}")
        if not all(math.isfinite(number) for point in value for number in point):
            raise ValueError("a point lies nowhere")

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit normal of the plane that it was drawn on."""
        cross = np.cross(self.right, self.down)
        return np.asarray(cross / np.linalg.norm(cross), dtype=np.float64)

    @property
    def centre_lps_mm(self) -> Point:
        """The middle of a length or a region, the vertex of an angle."""
        if self.kind is MeasurementKind.ANGLE:
            return self.points_lps_mm[1]
        return _point(np.mean(self.points_lps_mm, axis=0))

    @property
    def length_mm(self) -> float:
        """Distance between the first two points."""
        return math.dist(self.points_lps_mm[0], self.points_lps_mm[1])

    @property
    def angle_deg(self) -> float:
        """Angle at the second of three points, 0 to 180."""
        first, vertex, last = (np.asarray(point) for point in self.points_lps_mm)
        one, other = first - vertex, last - vertex
        # Exact also near 0 and 180, where the arc cosine is not.
        return math.degrees(math.atan2(float(np.linalg.norm(np.cross(one, other))), float(one @ other)))

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of a region along the screen directions."""
        across = np.subtract(self.points_lps_mm[1], self.points_lps_mm[0])
        return (abs(float(across @ self.right)), abs(float(across @ self.down)))

    @property
    def area_mm2(self) -> float:
        """Area of a region's shape as drawn."""
        width, height = self.size_mm
        return width * height * (math.pi / 4 if self.kind is MeasurementKind.ELLIPSE else 1.0)

    def encloses(self, right_mm: NDArray[np.float64], down_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether places, counted from the centre along the screen directions, lie within a region."""
        width, height = self.size_mm
        if self.kind is MeasurementKind.RECTANGLE:
            return np.asarray((np.abs(right_mm) <= width / 2) & (np.abs(down_mm) <= height / 2))
        if not width or not height:
            return np.zeros(np.broadcast(right_mm, down_mm).shape, dtype=np.bool_)
        return np.asarray((2 * right_mm / width) ** 2 + (2 * down_mm / height) ** 2 <= 1)

    def outline_lps_mm(self) -> NDArray[np.float64]:
        """Return the line that is drawn, shape (n, 3); that of a region ends where it begins."""
        if not self.kind.is_region:
            return np.asarray(self.points_lps_mm, dtype=np.float64)
        if self.kind is MeasurementKind.RECTANGLE:
            corners = self._corners()
            return np.concatenate([corners, corners[:1]])
        turn = np.linspace(0, 2 * math.pi, _ELLIPSE_CORNERS + 1)[:, None]
        width, height = self.size_mm
        across = width / 2 * np.cos(turn) * np.asarray(self.right)
        return np.asarray(self.centre_lps_mm + across + height / 2 * np.sin(turn) * np.asarray(self.down))

    def handles_lps_mm(self) -> NDArray[np.float64]:
        """Return the places by which it can be pulled, shape (n, 3): points, corners, or the ends of an ellipse's axes.

        The ends are in the order right, bottom, left, top.
        """
        if not self.kind.is_region:
            return np.asarray(self.points_lps_mm, dtype=np.float64)
        corners = self._corners()
        if self.kind is MeasurementKind.RECTANGLE:
            return corners
        width, height = self.size_mm
        right, down = width / 2 * np.asarray(self.right), height / 2 * np.asarray(self.down)
        return np.asarray(self.centre_lps_mm + np.stack([right, down, -right, -down]))

    def _corners(self) -> NDArray[np.float64]:
        width, height = self.size_mm
        right, down = width / 2 * np.asarray(self.right), height / 2 * np.asarray(self.down)
        return np.asarray(self.centre_lps_mm + np.stack([-right - down, right - down, right + down, -right + down]))

    def pulled(self, handle: int, to_lps_mm: Point) -> Measurement:
        """Return it with one of its handles at another place; what lies opposite stays."""
        if not self.kind.is_region:
            points = list(self.points_lps_mm)
            points[handle] = to_lps_mm
            return evolve(self, points_lps_mm=tuple(points))
        handles = self.handles_lps_mm()
        opposite = handles[(handle + 2) % 4]
        if self.kind is MeasurementKind.RECTANGLE:
            return evolve(self, points_lps_mm=(_point(opposite), to_lps_mm))
        along = np.asarray(self.right if handle % 2 == 0 else self.down)
        across = np.asarray(self.down if handle % 2 == 0 else self.right)
        half = self.size_mm[1 if handle % 2 == 0 else 0] / 2
        reached = opposite + float((np.asarray(to_lps_mm) - opposite) @ along) * along
        return evolve(self, points_lps_mm=(_point(opposite - half * across), _point(reached + half * across)))

    def moved(self, by_lps_mm: ArrayLike) -> Measurement:
        """Return it at another place."""
        return evolve(self, points_lps_mm=tuple(_point(np.add(point, by_lps_mm)) for point in self.points_lps_mm))
