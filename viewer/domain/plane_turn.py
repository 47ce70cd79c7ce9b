"""Planes turned away from the standard ones: rotations about axes in LPS, kept as unit quaternions (w, x, y, z)."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.geometry import PlaneAxes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Turn = tuple[float, float, float, float]

NO_TURN: Turn = (1.0, 0.0, 0.0, 0.0)
_LEAST_RAD = math.radians(0.01)


def about(axis_lps: ArrayLike, angle_rad: float) -> Turn:
    """Return the rotation by an angle about an axis, by the right-hand rule; the axis may have any length."""
    axis = np.asarray(axis_lps, dtype=np.float64)
    x, y, z = (math.sin(angle_rad / 2) * axis / np.linalg.norm(axis)).tolist()
    return (math.cos(angle_rad / 2), x, y, z)


def followed_by(first: Turn | None, then: Turn) -> Turn | None:
    """Return one rotation for two, one after the other; None where together they turn nothing."""
    w, x, y, z = first or NO_TURN
    a, b, c, d = then
    product = (
        a * w - b * x - c * y - d * z,
        a * x + b * w + c * z - d * y,
        a * y - b * z + c * w + d * x,
        a * z + b * y - c * x + d * w,
    )
    # The products of many small turns would drift away from length 1.
    length = math.hypot(*product)
    turn: Turn = (product[0] / length, product[1] / length, product[2] / length, product[3] / length)
    return turn if angle_rad(turn) >= _LEAST_RAD else None


def angle_rad(turn: Turn | None) -> float:
    """Return by how much a rotation turns, from 0 to π."""
    if turn is None:
        return 0.0
    return 2 * math.atan2(math.hypot(*turn[1:]), abs(turn[0]))


def rotated(vectors_lps: ArrayLike, turn: Turn | None) -> NDArray[np.float64]:
    """Return vectors, shape (3,) or (n, 3), after a rotation."""
    vectors = np.asarray(vectors_lps, dtype=np.float64)
    if turn is None:
        return vectors
    w, axis = turn[0], np.asarray(turn[1:])
    across = 2 * np.cross(axis, vectors)
    return np.asarray(vectors + w * across + np.cross(axis, across), dtype=np.float64)


@lru_cache(maxsize=64)
def turned_axes(axes: PlaneAxes, turn: Turn | None) -> PlaneAxes:
    """Return a plane's screen directions after a rotation."""
    if turn is None:
        return axes
    return PlaneAxes(*(rotated(direction, turn) for direction in (axes.right, axes.down, axes.into)))


def turn_between(a: Turn | None, b: Turn | None, share: float) -> Turn | None:
    """Return the rotation at a share (0…1) of the shortest way from one to another, at an even rate."""
    if a == b:
        return a
    w, x, y, z = a or NO_TURN
    way = followed_by((w, -x, -y, -z), b or NO_TURN)
    if way is None:
        return b
    sign = 1.0 if way[0] >= 0 else -1.0
    return followed_by(a, about(np.multiply(sign, way[1:]), angle_rad(way) * share))
