"""The box that 3D is cropped to: its faces and edges in LPS, and where it cuts a plane."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.analysis.measure import within_body_mm
from viewer.domain.view_state import Point, as_point

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume

Box = tuple[Point, Point]

LEAST_MM = 5.0
# Three planes meet in one point where they span so much of a cube.
_LEAST_MEETING = 1e-6
_ROUNDED_MM = 1e-6
_SIDES = (("Right", "Left"), ("Front", "Back"), ("Feet", "Head"))


@frozen
class Face:
    """One of the six faces: across which axis (0 x, 1 y, 2 z), and whether it is the one further left, back or head."""

    axis: int
    far: bool

    @property
    def side(self) -> str:
        """Which side of the patient it is on, such as "Left"."""
        return _SIDES[self.axis][int(self.far)]

    @property
    def outwards(self) -> NDArray[np.float64]:
        """The unit vector out of the box."""
        return np.asarray(np.eye(3)[self.axis] * (1.0 if self.far else -1.0))


FACES = tuple(Face(axis, far) for axis in range(3) for far in (False, True))


def crop_box(volume: Volume, view: ViewState) -> Box:
    """Return the box of a view: the one that it is cropped to, else one around all of the body, or the volume."""
    if view.box_3d is not None:
        return view.box_3d
    low, high = volume.grid.bounds_lps_mm.T
    if volume.body_lps_mm is not None:
        around_mm = within_body_mm(volume.stack)
        low = np.maximum(low, volume.body_lps_mm[:, 0] - around_mm)
        high = np.minimum(high, volume.body_lps_mm[:, 1] + around_mm)
    return as_point(low), as_point(high)


def face_mm(box: Box, face: Face) -> float:
    """Return where a face lies on its axis."""
    return box[int(face.far)][face.axis]


def face_centre(box: Box, face: Face) -> NDArray[np.float64]:
    """Return the middle of a face."""
    middle = np.mean(np.asarray(box), axis=0)
    middle[face.axis] = face_mm(box, face)
    return np.asarray(middle)


def with_face(volume: Volume, box: Box, face: Face, value_mm: float) -> Box:
    """Return a box with a face moved along its axis: within the volume, and not nearer than 5 mm to the other."""
    low, high = volume.grid.bounds_lps_mm[face.axis]
    other = face_mm(box, Face(face.axis, not face.far))
    if face.far:
        value_mm = max(min(value_mm, float(high)), other + LEAST_MM)
    else:
        value_mm = min(max(value_mm, float(low)), other - LEAST_MM)
    corners = [list(corner) for corner in box]
    corners[int(face.far)][face.axis] = value_mm
    return as_point(corners[0]), as_point(corners[1])


def edges(box: Box) -> list[tuple[NDArray[np.float64], NDArray[np.float64], tuple[Face, Face]]]:
    """Return the twelve edges: both ends, and the two faces that meet there."""
    ends = np.asarray(box)
    made = []
    for first, second in combinations(range(3), 2):
        along = 3 - first - second
        for far_first, far_second in product((False, True), repeat=2):
            start = np.zeros(3)
            start[first], start[second] = ends[int(far_first), first], ends[int(far_second), second]
            start[along] = ends[0, along]
            end = start.copy()
            end[along] = ends[1, along]
            made.append((start, end, (Face(first, far_first), Face(second, far_second))))
    return made


def section(box: Box, through_lps_mm: ArrayLike, normal: ArrayLike) -> NDArray[np.float64]:
    """Return the corners of the polygon in which a plane cuts the box, in order, shape (n, 3); none where it misses."""
    through, normal = np.asarray(through_lps_mm, dtype=np.float64), np.asarray(normal, dtype=np.float64)
    found = []
    for start, end, _ in edges(box):
        first, last = float((start - through) @ normal), float((end - through) @ normal)
        if first * last < 0 or (first == 0) != (last == 0):
            found.append(start + (end - start) * first / (first - last))
    if len(found) < 3:
        return np.zeros((0, 3))
    points = np.unique(np.round(np.asarray(found), 6), axis=0)
    middle = points.mean(axis=0)
    across = points[0] - middle
    up = np.cross(normal, across)
    angles = np.arctan2(
        (points - middle) @ up / np.linalg.norm(up), (points - middle) @ across / np.linalg.norm(across)
    )
    return np.asarray(points[np.argsort(angles)])


def corners_within(ways: NDArray[np.float64], most_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the corners, (m, 3), of what lies no farther along each of some directions than it may; none for nothing.

    Parameters
    ----------
    ways
        Unit vectors, (n, 3).
    most_mm
        How far along each, (n,).
    """
    threes = np.array(list(combinations(range(len(ways)), 3)))
    matrices = ways[threes]
    meet = np.abs(np.linalg.det(matrices)) > _LEAST_MEETING
    points = np.linalg.solve(matrices[meet], most_mm[threes[meet]][..., None])[..., 0]
    return np.asarray(points[(points @ ways.T <= most_mm + _ROUNDED_MM).all(axis=1)], dtype=np.float64)


def mm_words(box: Box) -> str:
    """Return how large a box is: width, depth and height, such as "120 × 98 × 210 mm"."""
    return " × ".join(f"{high - low:.0f}" for low, high in zip(*box, strict=True)) + " mm"
