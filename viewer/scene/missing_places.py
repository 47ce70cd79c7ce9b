"""Where images are missing, as areas of a plane on a viewport."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.geometry import PLANE_AXES
from viewer.scene.plane_slices import layers_at, plane_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.volume import Volume
    from viewer.scene.plane_geometry import ViewportGeometry

_CORNERS = tuple(itertools.product((0, 1), repeat=3))
_EDGES = tuple(
    (a, b) for a, b in itertools.combinations(_CORNERS, 2) if sum(x != y for x, y in zip(a, b, strict=True)) == 1
)


def missing_areas(volume: Volume, geometry: ViewportGeometry) -> list[NDArray[np.float64]]:
    """Return the outlines of missing images where a plane cuts them, each (n, 2) in screen coordinates.

    Neighbouring missing images are one area.
    """
    areas = []
    for first, last in _runs(volume.missing_planes):
        corners = _cut(volume, geometry, first - 0.5, last + 0.5)
        if corners is not None:
            areas.append(geometry.screen_points(corners))
    return areas


def planes_there(volume: Volume) -> NDArray[np.bool_] | None:
    """Return for each k of the grid whether there is an image now; None where all are there."""
    if volume.arrived is not None and not volume.regridded:
        return volume.arrived.copy()
    if not volume.missing_planes:
        return None
    there = np.ones(volume.grid.size_ijk[2], dtype=np.bool_)
    there[list(volume.missing_planes)] = False
    return there


def on_missing_image(volume: Volume, geometry: ViewportGeometry) -> bool:
    """Return whether a plane shows nothing but places of missing images: it runs along the slices, within them."""
    runs = plane_runs(volume.grid, geometry.plane) if geometry.view.turned is None else None
    if runs is None or runs.into.grid_axis != 2:
        cut = _cut(volume, geometry, -0.5, volume.grid.size_ijk[2] - 0.5)
        return cut is not None and _among(volume.missing_planes, volume.grid.ijk(cut)[:, 2])
    # The layer that is drawn, which half way between two depends on the way they run.
    layers = layers_at(runs.into, float(np.asarray(geometry.cursor_lps_mm) @ PLANE_AXES[geometry.plane].into), 0.0)
    return layers is not None and runs.into.index(layers[0]) in volume.missing_planes


def _among(planes: tuple[int, ...], places_k: NDArray[np.float64]) -> bool:
    """Return whether all planes of a grid that places lie on or between are among some."""
    low, high = places_k.round(6).min(), places_k.round(6).max()
    first = math.floor(low + 0.5)
    return set(range(first, max(first, math.ceil(high - 0.5)) + 1)) <= set(planes)


def _runs(planes: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return first and last of each run of neighbouring numbers."""
    runs: list[tuple[int, int]] = []
    for k in sorted(planes):
        if runs and k == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], k)
        else:
            runs.append((k, k))
    return runs


def _cut(volume: Volume, geometry: ViewportGeometry, low: float, high: float) -> NDArray[np.float64] | None:
    """Return the corners (n, 3) in order of the polygon in which the plane cuts a layer of the grid, or None."""
    ni, nj, _ = volume.grid.size_ijk
    ends = ((-0.5, ni - 0.5), (-0.5, nj - 0.5), (low, high))
    corner = {c: volume.grid.lps([ends[axis][c[axis]] for axis in range(3)]) for c in _CORNERS}
    depth = {c: geometry.distance_mm(point) for c, point in corner.items()}
    found = []
    for a, b in _EDGES:
        if (depth[a] < 0) != (depth[b] < 0):
            share = depth[a] / (depth[a] - depth[b])
            found.append(corner[a] + share * (corner[b] - corner[a]))
    if len(found) < 3:
        return None
    points = np.asarray(found)
    flat = np.stack([points @ geometry.axes.right, points @ geometry.axes.down], axis=1)
    around = flat - flat.mean(axis=0)
    return np.asarray(points[np.argsort(np.arctan2(around[:, 1], around[:, 0]))], dtype=np.float64)
