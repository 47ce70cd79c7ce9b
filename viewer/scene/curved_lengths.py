"""Lengths straight across a path, where the straightened picture is true: made there, and found there again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.view_state import as_point

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.scene.curved import CurvedGeometry

# So far beside a column of the picture a length's ends may lie to be shown in it.
_WITHIN_MM = 0.3


def length_across(
    geometry: CurvedGeometry, place_mm: float, above_mm: tuple[float, float], ident: str, part: str = ""
) -> Measurement:
    """Return a length straight across the path at a place along it, its ends so far above the path.

    The plane that it counts as drawn on holds it and the path's direction there: the standard plane nearest to that,
    turned as little as can be.
    """
    points, along, up, _ = geometry.axes_at(np.array([place_mm]))
    ends = tuple(as_point(points[0] + above * up[0]) for above in above_mm)
    plane, right, down = _plane_through(along[0], up[0])
    return Measurement(ident, MeasurementKind.LENGTH, ends, plane, as_point(right), as_point(down), part)


def _plane_through(
    one: NDArray[np.float64], other: NDArray[np.float64]
) -> tuple[PlaneName, NDArray[np.float64], NDArray[np.float64]]:
    into = np.cross(one, other)
    into = into / np.linalg.norm(into)
    plane = max(PlaneName, key=lambda name: abs(float(into @ PLANE_AXES[name].into)))
    axes = PLANE_AXES[plane]
    right = axes.right - float(axes.right @ into) * into
    right = right / np.linalg.norm(right)
    down = axes.down - float(axes.down @ into) * into - float(axes.down @ right) * right
    return plane, right, down / np.linalg.norm(down)


def seen_across(geometry: CurvedGeometry, measurement: Measurement) -> tuple[float, tuple[float, float]] | None:
    """Return the place along the path at which a length is seen, and how far above the path its ends are.

    None for what does not lie in the straightened picture as it is turned now.
    """
    if measurement.kind is not MeasurementKind.LENGTH:
        return None
    places = _across_from(geometry, np.asarray(measurement.centre_lps_mm))
    points, along, up, into = geometry.axes_at(places)
    away = np.asarray(measurement.points_lps_mm)[None, :, :] - points[:, None, :]
    aside = np.abs(np.stack([(away * axis[:, None, :]).sum(axis=2) for axis in (along, into)])).max(axis=(0, 2))
    above = (away * up[:, None, :]).sum(axis=2)
    n = int(np.argmin(aside)) if len(places) else 0
    if not len(places) or aside[n] > _WITHIN_MM:
        return None
    return float(places[n]), (float(above[n, 0]), float(above[n, 1]))


def _across_from(geometry: CurvedGeometry, point: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the places along the path, or straight on beyond its ends, whose columns a point may lie in.

    The nearest one need not be among them: of a length drawn to one side the middle may be nearer to where the path
    comes by again.
    """
    curve = geometry.curve
    ahead = ((point - curve.points_lps_mm) * curve.tangents).sum(axis=1)
    n = np.flatnonzero((ahead[:-1] >= 0) & (ahead[1:] < 0))
    found = curve.places_mm[n] + ahead[n] / (ahead[n] - ahead[n + 1]) * np.diff(curve.places_mm)[n]
    before = [ahead[0]] if ahead[0] < 0 else []
    behind = [curve.length_mm + ahead[-1]] if ahead[-1] >= 0 else []
    return np.concatenate([before, found, behind]).astype(np.float64)
