"""What a reader measured: points in LPS mm on the plane that they were drawn on, and what follows from them alone."""

from __future__ import annotations

import math
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, field, frozen

from viewer.domain import outline
from viewer.domain.geometry import PlaneName

if TYPE_CHECKING:
    from attrs import Attribute
    from numpy.typing import ArrayLike, NDArray

Point = tuple[float, float, float]
# A polyline with so many corners strays from its ellipse by less than 0.1 % of the half axis.
_ELLIPSE_CORNERS = 72
# So near to its line a place lies on it: corners that were set by keys are voxels' middles, up to rounding.
_ON_LINE_MM = 2e-4
# More corners than a hand draws; a journal that names more is damaged.
MOST_POINTS = 2000
MOST_LETTERS = 200


class MeasurementKind(StrEnum):
    """What can be measured, pointed at, or noted."""

    LENGTH = "length"
    TWO_AXES = "two axes"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    ANGLE = "angle"
    COBB = "Cobb angle"
    FREEHAND = "freehand"
    ARROW = "arrow"
    TEXT = "text"

    @property
    def words(self) -> str:
        """The kind in words for people."""
        return self.value[0].upper() + self.value[1:]

    @property
    def points_needed(self) -> int:
        """How many points make it whole; an outline may have more."""
        return {
            MeasurementKind.ANGLE: 3,
            MeasurementKind.COBB: 4,
            MeasurementKind.TWO_AXES: 4,
            MeasurementKind.FREEHAND: 3,
            MeasurementKind.TEXT: 1,
        }.get(self, 2)

    @property
    def is_region(self) -> bool:
        """True where it encloses pixels."""
        return self.is_box or self is MeasurementKind.FREEHAND

    @property
    def is_box(self) -> bool:
        """True where two opposite corners describe it."""
        return self in (MeasurementKind.ELLIPSE, MeasurementKind.RECTANGLE)

    @property
    def bears_words(self) -> bool:
        """True where it says what a reader typed, and has no value of its own."""
        return self in (MeasurementKind.ARROW, MeasurementKind.TEXT)


def _point(lps_mm: ArrayLike) -> Point:
    x, y, z = np.asarray(lps_mm, dtype=np.float64).tolist()
    return (float(x), float(y), float(z))


def _unit(vector: NDArray[np.float64], otherwise: ArrayLike) -> NDArray[np.float64]:
    length = float(np.linalg.norm(vector))
    return np.asarray(otherwise, dtype=np.float64) if length < 1e-9 else vector / length


def _in_plane(points: tuple[Point, ...], right: Point, down: Point) -> NDArray[np.float64]:
    away = np.asarray(points, dtype=np.float64) - np.asarray(points[0])
    return np.asarray(away @ np.stack([right, down], axis=1))


# Asked for with every picture, and not quick where a line has many corners.
@lru_cache(maxsize=256)
def _outline_facts(points: tuple[Point, ...], right: Point, down: Point) -> tuple[float, bool]:
    """Return the area of an outline, and whether it crosses itself."""
    corners = _in_plane(points, right, down)
    return outline.area(corners), outline.crosses_itself(corners)


def with_second_axis(ends: tuple[Point, Point], normal: ArrayLike) -> tuple[Point, Point, Point, Point]:
    """Return both axes of which the first is drawn: the second, half as long, stands upright on its middle."""
    first, last = (np.asarray(end, dtype=np.float64) for end in ends)
    half = np.cross(np.asarray(normal), last - first) / 4
    middle = (first + last) / 2
    return (ends[0], ends[1], _point(middle + half), _point(middle - half))


@frozen
class Measurement:
    """One measurement. Its values are computed from its points, never kept.

    Attributes
    ----------
    points_lps_mm
        Both ends of a length; two opposite corners of a rectangle, or of the box around an ellipse; the end of one
        arm, the vertex, and the end of the other arm of an angle; both ends of either line of a Cobb angle; both ends
        of the first of two axes, and of the second, which stands upright on it; the corners of an outline drawn
        freehand, in their order; the tip of an arrow and its tail; where the words of a text begin.
    plane
        The plane that it was drawn on: a standard plane, or the one that faces an original slice shown as acquired.
    right, down
        The screen directions of that plane as unit vectors in LPS. Sides of a box and axes of an ellipse run along
        them.
    part
        The part of the series that it was drawn on, such as a phase; "" where there is only one.
    text
        What a reader typed, one line; it may name somebody, so it is neither logged nor shown where identity is not.
    image
        The image that it was drawn on, as in `Volume.images`; "" where that has no UID or was not kept.
    """

    id: str
    kind: MeasurementKind
    points_lps_mm: tuple[Point, ...] = field()
    plane: PlaneName
    right: Point
    down: Point
    part: str = ""
    text: str = field(default="")
    image: str = ""

    @points_lps_mm.validator
    def _check_points(self, _attribute: Attribute[tuple[Point, ...]], value: tuple[Point, ...]) -> None:
        most = MOST_POINTS if self.kind is MeasurementKind.FREEHAND else self.kind.points_needed
        if not self.kind.points_needed <= len(value) <= most:
            raise ValueError(f"{self.kind.value} takes {self.kind.points_needed} points, not {len(value)}")
        if not all(math.isfinite(number) for point in value for number in point):
            raise ValueError("a point lies nowhere")

    @text.validator
    def _check_text(self, _attribute: Attribute[str], value: str) -> None:
        if len(value) > MOST_LETTERS or not value.isprintable():
            raise ValueError(f"words are one line of at most {MOST_LETTERS} letters")
        if value and not self.kind.bears_words:
            raise ValueError(f"{self.kind.value} bears no words")

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit normal of the plane that it was drawn on."""
        cross = np.cross(self.right, self.down)
        return np.asarray(cross / np.linalg.norm(cross), dtype=np.float64)

    @property
    def centre_lps_mm(self) -> Point:
        """The middle of all points, of an outline that of the box around it; the vertex of an angle; an arrow's tip."""
        if self.kind is MeasurementKind.ANGLE:
            return self.points_lps_mm[1]
        if self.kind is MeasurementKind.ARROW:
            return self.points_lps_mm[0]
        if self.kind is MeasurementKind.FREEHAND:
            corners = self._from_first()
            right, down = (corners.min(axis=0) + corners.max(axis=0)) / 2
            return _point(self.points_lps_mm[0] + right * np.asarray(self.right) + down * np.asarray(self.down))
        return _point(np.mean(self.points_lps_mm, axis=0))

    @property
    def length_mm(self) -> float:
        """Distance between the first two points."""
        return math.dist(self.points_lps_mm[0], self.points_lps_mm[1])

    @property
    def second_length_mm(self) -> float:
        """Distance between the third and fourth point."""
        return math.dist(self.points_lps_mm[2], self.points_lps_mm[3])

    @property
    def angle_deg(self) -> float:
        """Angle at the second of three points, 0 to 180; the smaller one between the two lines of a Cobb angle."""
        points = np.asarray(self.points_lps_mm)
        if self.kind is MeasurementKind.COBB:
            one, other = points[1] - points[0], points[3] - points[2]
            along = abs(float(one @ other))
        else:
            one, other = points[0] - points[1], points[2] - points[1]
            along = float(one @ other)
        # Exact also near 0 and 180, where the arc cosine is not.
        return math.degrees(math.atan2(float(np.linalg.norm(np.cross(one, other))), along))

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of a region along the screen directions; of an outline those of the box around it."""
        if self.kind is MeasurementKind.FREEHAND:
            width, height = np.ptp(self._from_first(), axis=0)
            return (float(width), float(height))
        across = np.subtract(self.points_lps_mm[1], self.points_lps_mm[0])
        return (abs(float(across @ self.right)), abs(float(across @ self.down)))

    @property
    def area_mm2(self) -> float:
        """Area of a region's shape as drawn; of an outline that crosses itself by the even-odd rule."""
        if self.kind is MeasurementKind.FREEHAND:
            return _outline_facts(self.points_lps_mm, self.right, self.down)[0]
        width, height = self.size_mm
        return width * height * (math.pi / 4 if self.kind is MeasurementKind.ELLIPSE else 1.0)

    @property
    def crosses_itself(self) -> bool:
        """True where an outline goes through itself."""
        freehand = self.kind is MeasurementKind.FREEHAND
        return freehand and _outline_facts(self.points_lps_mm, self.right, self.down)[1]

    def encloses(self, right_mm: NDArray[np.float64], down_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether places, counted from the centre along the screen directions, lie within a region or on it.

        Of an outline those on its left and upper sides, as `outline.inside` has it.
        """
        if self.kind is MeasurementKind.FREEHAND:
            corners = self._from_first()
            middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
            return outline.inside(corners - middle - _ON_LINE_MM, right_mm, down_mm)
        width, height = self.size_mm
        if self.kind is MeasurementKind.RECTANGLE:
            far = width / 2 + _ON_LINE_MM, height / 2 + _ON_LINE_MM
            return np.asarray((np.abs(right_mm) <= far[0]) & (np.abs(down_mm) <= far[1]))
        if not width or not height:
            return np.zeros(np.broadcast(right_mm, down_mm).shape, dtype=np.bool_)
        width, height = width + 2 * _ON_LINE_MM, height + 2 * _ON_LINE_MM
        return np.asarray((2 * right_mm / width) ** 2 + (2 * down_mm / height) ** 2 <= 1)

    def _from_first(self) -> NDArray[np.float64]:
        """Return the points counted from the first along the screen directions, shape (n, 2)."""
        return _in_plane(self.points_lps_mm, self.right, self.down)

    def lines_lps_mm(self) -> tuple[NDArray[np.float64], ...]:
        """Return the lines that are drawn, shape (n, 3) each; that of a region ends where it begins."""
        if self.kind in (MeasurementKind.COBB, MeasurementKind.TWO_AXES):
            points = np.asarray(self.points_lps_mm, dtype=np.float64)
            return points[:2], points[2:]
        if not self.kind.is_region:
            return (np.asarray(self.points_lps_mm, dtype=np.float64),)
        if self.kind is MeasurementKind.FREEHAND:
            return (np.asarray((*self.points_lps_mm, self.points_lps_mm[0]), dtype=np.float64),)
        if self.kind is MeasurementKind.RECTANGLE:
            corners = self.corners_lps_mm()
            return (np.concatenate([corners, corners[:1]]),)
        turn = np.linspace(0, 2 * math.pi, _ELLIPSE_CORNERS + 1)[:, None]
        width, height = self.size_mm
        across = width / 2 * np.cos(turn) * np.asarray(self.right)
        return (np.asarray(self.centre_lps_mm + across + height / 2 * np.sin(turn) * np.asarray(self.down)),)

    def handles_lps_mm(self) -> NDArray[np.float64]:
        """Return the places by which it can be pulled, shape (n, 3): points, corners, or the ends of an ellipse's axes.

        The ends are in the order right, bottom, left, top. A text is taken by its words.
        """
        if self.kind is MeasurementKind.TEXT:
            return np.zeros((0, 3))
        if not self.kind.is_box:
            return np.asarray(self.points_lps_mm, dtype=np.float64)
        corners = self.corners_lps_mm()
        if self.kind is MeasurementKind.RECTANGLE:
            return corners
        width, height = self.size_mm
        right, down = width / 2 * np.asarray(self.right), height / 2 * np.asarray(self.down)
        return np.asarray(self.centre_lps_mm + np.stack([right, down, -right, -down]))

    def corners_lps_mm(self) -> NDArray[np.float64]:
        """Return the corners of the box around a region, shape (4, 3): clockwise on the screen from the upper left."""
        width, height = self.size_mm
        right, down = width / 2 * np.asarray(self.right), height / 2 * np.asarray(self.down)
        return np.asarray(self.centre_lps_mm + np.stack([-right - down, right - down, right + down, -right + down]))

    def pulled(self, handle: int, to_lps_mm: Point) -> Measurement:
        """Return it with one of its handles at another place; what lies opposite stays.

        The second of two axes stays upright on the first: it turns and goes along with the first, and its own ends
        only slide and stretch. Corners of an outline that are near to the one that is pulled come along.
        """
        if self.kind is MeasurementKind.TWO_AXES:
            return self._axes_pulled(handle, np.asarray(to_lps_mm))
        if self.kind is MeasurementKind.FREEHAND:
            by = np.subtract(to_lps_mm, self.points_lps_mm[handle])
            return evolve(self, points_lps_mm=tuple(map(_point, outline.pulled(self.points_lps_mm, handle, by))))
        if not self.kind.is_box:
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

    def redrawn(self, stroke_lps_mm: ArrayLike, near_mm: float) -> Measurement:
        """Return an outline with a stretch of it drawn anew as `outline.redrawn` says, itself where nothing is left."""
        made = outline.redrawn(self.points_lps_mm, stroke_lps_mm, near_mm)
        if not self.kind.points_needed <= len(made) <= MOST_POINTS:
            return self
        return evolve(self, points_lps_mm=tuple(map(_point, made.round(4))))

    def _axes_pulled(self, handle: int, to: NDArray[np.float64]) -> Measurement:
        first, last, one, other = (np.asarray(point) for point in self.points_lps_mm)
        along = _unit(last - first, self.right)
        upright = np.cross(self.normal, along)
        share = float((one - first) @ along) / max(self.length_mm, 1e-9)
        reach = [float((end - first) @ upright) for end in (one, other)]
        if handle < 2:
            first, last = (to, last) if handle == 0 else (first, to)
            along = _unit(last - first, self.right)
            upright = np.cross(self.normal, along)
        else:
            share = min(max(float((to - first) @ along) / max(self.length_mm, 1e-9), 0.0), 1.0)
            reach[handle - 2] = float((to - first) @ upright)
        foot = first + share * float(np.linalg.norm(last - first)) * along
        points = (first, last, foot + reach[0] * upright, foot + reach[1] * upright)
        return evolve(self, points_lps_mm=tuple(_point(point) for point in points))

    def moved(self, by_lps_mm: ArrayLike) -> Measurement:
        """Return it at another place."""
        return evolve(self, points_lps_mm=tuple(_point(np.add(point, by_lps_mm)) for point in self.points_lps_mm))
