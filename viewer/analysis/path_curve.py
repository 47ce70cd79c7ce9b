"""A smooth curve through the points of a drawn path, its length, and a frame that does not twist about it."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from attrs import define
from numpy.typing import NDArray

from viewer.domain.view_state import Point, as_point

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike
    from scipy.interpolate import CubicHermiteSpline, CubicSpline

    _Spline = CubicSpline | CubicHermiteSpline

STEP_MM = 0.5
# Chords of so many parts of each stretch between two points stand for the curve when its length is taken.
_PARTS = 64
_LEAST_APART_MM = 0.01
# A curve is longer than the chord between two points by less than this share of it and of the chords beside it: of a
# circle in four points by 0.2, of points set by a shaky hand it was by a hundred.
_LONGER = 0.5
_STANDS_STILL = 1e-6
# Between them lies the usual "up" across a path: towards the front, or the head where the path runs to the front.
_FRONT, _HEAD = (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)
_TOO_STEEP = 0.9


@define(frozen=True, eq=False)
class PathCurve:
    """A curve at places about 0.5 mm apart along it.

    Attributes
    ----------
    places_mm
        Length along the curve from its beginning, shape (n,), even steps.
    points_lps_mm, tangents, ups
        Where the curve is, its direction, and a unit vector across it that turns no more than the curve bends, each
        (n, 3).
    bends_per_mm
        How the direction changes along the curve, (n, 3): its length is 1 / radius, and it points to the inside.
    drawn_at_mm
        Places of the points that were drawn.
    """

    places_mm: NDArray[np.float64]
    points_lps_mm: NDArray[np.float64]
    tangents: NDArray[np.float64]
    ups: NDArray[np.float64]
    bends_per_mm: NDArray[np.float64]
    drawn_at_mm: tuple[float, ...]

    @property
    def length_mm(self) -> float:
        """Length along the curve."""
        return float(self.places_mm[-1])

    def at(self, places_mm: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return points, directions and ups, each (m, 3), at places along the curve.

        Before its beginning and behind its end it goes straight on.
        """
        places = np.atleast_1d(np.asarray(places_mm, dtype=np.float64))
        within = np.clip(places, 0.0, self.length_mm)
        points = _between(within, self.places_mm, self.points_lps_mm)
        tangents = _unit(_between(within, self.places_mm, self.tangents))
        ups = _between(within, self.places_mm, self.ups)
        ups = _unit(ups - np.sum(ups * tangents, axis=1, keepdims=True) * tangents)
        return points + (places - within)[:, None] * tangents, tangents, ups

    def bends_at(self, places_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how the direction changes, (m, 3), at places along the curve; 0 where it goes straight on."""
        bends = _between(np.clip(places_mm, 0.0, self.length_mm), self.places_mm, self.bends_per_mm)
        bends[(places_mm < 0) | (places_mm > self.length_mm)] = 0.0
        return bends

    def nearest(self, lps_mm: ArrayLike) -> tuple[float, float]:
        """Return the place on the curve nearest to a point, and how far from it the point lies in mm."""
        point = np.asarray(lps_mm, dtype=np.float64)
        starts, along = self.points_lps_mm[:-1], np.diff(self.points_lps_mm, axis=0)
        lengths = np.maximum(np.sum(along * along, axis=1), 1e-12)
        share = np.clip(np.sum((point - starts) * along, axis=1) / lengths, 0.0, 1.0)
        away = np.linalg.norm(starts + share[:, None] * along - point, axis=1)
        n = int(np.argmin(away))
        place = self.places_mm[n] + share[n] * (self.places_mm[n + 1] - self.places_mm[n])
        return float(place), float(away[n])

    def point_at(self, place_mm: float) -> Point:
        """Return one point of the curve."""
        return as_point(self.at(place_mm)[0][0])


@lru_cache(maxsize=32)
def curve_through(points_lps_mm: tuple[Point, ...]) -> PathCurve | None:
    """Return the curve through points, None for fewer than two different ones.

    A cubic spline over the lengths of the chords, which follows smooth shapes best; its ends bend as what is next to
    them does ("not a knot"). Where two points lie close together beside long chords, or the path turns back, it would
    swing out far: then a Catmull-Rom curve over their square roots, which does not (Yuksel, Schaefer, Keyser 2011, "On
    the parameterization of Catmull-Rom curves").
    """
    points = _apart(points_lps_mm)
    if len(points) < 2:
        return None
    chords = np.linalg.norm(np.diff(points, axis=0), axis=1)
    spline, fine, lengths = _measured(_spline(points, chords), chords)
    if len(points) > 2 and (np.diff(lengths[::_PARTS]) > chords + _LONGER * _shortest_beside(chords)).any():
        steps = np.sqrt(chords)
        spline, fine, lengths = _measured(_catmull_rom(points, steps), steps)
    count = max(2, math.ceil(lengths[-1] / STEP_MM) + 1)
    places = np.linspace(0.0, float(lengths[-1]), count)
    at = np.interp(places, lengths, fine)
    on_curve, tangents = spline(at), _unit(_directions(spline, at))
    drawn = lengths[::_PARTS]
    return PathCurve(
        places,
        on_curve,
        tangents,
        _untwisted(on_curve, tangents),
        np.gradient(tangents, places, axis=0),
        tuple(float(place) for place in drawn),
    )


def _spline(points: NDArray[np.float64], steps: NDArray[np.float64]) -> CubicSpline:
    """Return a smooth spline through points so far apart along its parameter."""
    # Loaded late for the sake of the program's start.
    from scipy.interpolate import CubicSpline

    knots = np.concatenate([[0.0], np.cumsum(steps)])
    return CubicSpline(knots, points, bc_type="not-a-knot" if len(points) > 2 else "natural")


def _catmull_rom(points: NDArray[np.float64], steps: NDArray[np.float64]) -> CubicHermiteSpline:
    """Return a curve whose direction at a point follows from both neighbours alone; its ends are parabolas."""
    from scipy.interpolate import CubicHermiteSpline

    slopes, steps_ = np.diff(points, axis=0) / steps[:, None], steps[:, None]
    inner = (slopes[:-1] * steps_[1:] + slopes[1:] * steps_[:-1]) / (steps_[1:] + steps_[:-1])
    first, last = (3 * slopes[0] - inner[0]) / 2, (3 * slopes[-1] - inner[-1]) / 2
    knots = np.concatenate([[0.0], np.cumsum(steps)])
    return CubicHermiteSpline(knots, points, np.concatenate([first[None], inner, last[None]]))


def _measured(spline: _Spline, steps: NDArray[np.float64]) -> tuple[_Spline, NDArray[np.float64], NDArray[np.float64]]:
    """Return a curve, fine parameters of it, and the lengths to them."""
    knots = spline.x
    parts = np.linspace(0.0, 1.0, _PARTS, endpoint=False)
    fine = np.append((knots[:-1, None] + parts * steps[:, None]).ravel(), knots[-1])
    chords = np.linalg.norm(np.diff(spline(fine), axis=0), axis=1)
    return spline, fine, np.concatenate([[0.0], np.cumsum(chords)])


def _shortest_beside(chords: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each of at least two chords the shortest of itself and those that it meets."""
    beside = np.pad(chords, 1, constant_values=np.inf)
    return np.asarray(np.minimum(chords, np.minimum(beside[:-2], beside[2:])), dtype=np.float64)


def _directions(spline: _Spline, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the direction of a curve at parameters, (n, 3), of any length; where it turns back, that of the way in."""
    directions = np.asarray(spline(at, 1), dtype=np.float64)
    speeds = np.linalg.norm(directions, axis=1)
    still = speeds <= _STANDS_STILL * speeds.max()
    span = float(spline.x[-1])
    before = np.where(at[still] > 0, -1e-3, 1e-3) * span
    directions[still] = (spline(at[still] + before) - spline(at[still])) / before[:, None]
    return directions


def _apart(points_lps_mm: Sequence[Point]) -> NDArray[np.float64]:
    """Return the points without those that repeat the one before."""
    kept: list[Point] = []
    for point in points_lps_mm:
        if not kept or math.dist(kept[-1], point) >= _LEAST_APART_MM:
            kept.append(point)
    return np.asarray(kept, dtype=np.float64)


def _untwisted(points: NDArray[np.float64], tangents: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return unit vectors across a curve that turn about it as little as can be.

    Double reflection (Wang, Jüttler, Zheng, Liu 2008, "Computation of rotation minimizing frames").
    """
    steep = abs(float(tangents[0] @ np.asarray(_FRONT))) > _TOO_STEEP
    start = np.asarray(_HEAD if steep else _FRONT)
    start = start - float(start @ tangents[0]) * tangents[0]
    # Plain numbers: a curve has many places, and each stands on the one before.
    up = tuple((start / np.linalg.norm(start)).tolist())
    places, ways = points.tolist(), tangents.tolist()
    ups = [up]
    for n in range(len(places) - 1):
        across = _less(places[n + 1], places[n])
        turned, way = _mirrored(up, across), _mirrored(ways[n], across)
        up = _mirrored(turned, _less(ways[n + 1], way))
        ups.append(up)
    return np.asarray(ups, dtype=np.float64)


def _less(a: Sequence[float], b: Sequence[float]) -> tuple[float, float, float]:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def _mirrored(vector: Sequence[float], across: Sequence[float]) -> tuple[float, float, float]:
    """Return a vector mirrored in the plane that another is the normal of."""
    length = across[0] * across[0] + across[1] * across[1] + across[2] * across[2]
    if length < 1e-24:
        return (vector[0], vector[1], vector[2])
    by = 2 * (vector[0] * across[0] + vector[1] * across[1] + vector[2] * across[2]) / length
    return (vector[0] - by * across[0], vector[1] - by * across[1], vector[2] - by * across[2])


def _between(places: NDArray[np.float64], at: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.interp(places, at, values[:, axis]) for axis in range(3)], axis=1)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    # Half way between a direction and its opposite there is none.
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return np.asarray(vectors / lengths, dtype=np.float64)
