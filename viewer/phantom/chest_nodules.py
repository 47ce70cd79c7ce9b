"""Lung nodules: what can be asked for, where they go, and their shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.phantom.fields import Point

if TYPE_CHECKING:
    from viewer.phantom.fields import FloatArray, OutputGrid

NAMES = {
    "solid-nodule": "Solid nodule",
    "spiculated-nodule": "Spiculated nodule",
    "pleural-nodule": "Nodule at the pleura",
}


@frozen
class Nodule:
    """One nodule: its kind, diameter in mm, place in LPS mm, density in HU, and the seed of its shape."""

    key: str
    diameter_mm: float
    place_lps_mm: Point
    hu: float = 40.0
    seed: int = 0


def drawn_nodules(
    rng: np.random.Generator, lung_points: FloatArray, edge_points: FloatArray, vessel_points: FloatArray
) -> tuple[Nodule, ...]:
    """Return zero to seven nodules for one seed, diameters spread evenly over the logarithm from 4 to 30 mm.

    The point sets (n, 3) in LPS mm are the inside of the lungs well away from their edge, the layer below the pleura,
    and places on vessels.
    """
    count = int(rng.choice(8, p=[0.06, 0.12, 0.16, 0.18, 0.18, 0.14, 0.10, 0.06]))
    nodules: list[Nodule] = []
    for _ in range(count * 4):
        if len(nodules) == count:
            break
        diameter = float(np.exp(rng.uniform(np.log(4.0), np.log(30.0))))
        draw = rng.random()
        if draw < 0.22:
            key, source = "pleural-nodule", edge_points
        elif draw < 0.40:
            key, source = "solid-nodule", vessel_points
        else:
            key, source = ("spiculated-nodule" if diameter > 7 and rng.random() < 0.35 else "solid-nodule"), lung_points
        place = source[int(rng.integers(len(source)))]
        apart = [np.linalg.norm(place - np.asarray(n.place_lps_mm)) - (n.diameter_mm + diameter) / 2 for n in nodules]
        if apart and min(apart) < 8.0:
            continue
        at = (float(place[0]), float(place[1]), float(place[2]))
        nodules.append(Nodule(key, diameter, at, float(rng.uniform(20, 70)), int(rng.integers(1 << 30))))
    return tuple(sorted(nodules, key=lambda n: -n.diameter_mm))


def nodule_box(grid: OutputGrid, nodule: Nodule) -> tuple[slice, slice, slice]:
    """Return the voxels (k, j, i) that a nodule with its spicules may touch."""
    reach = nodule.diameter_mm * 1.2 + 4.0
    spans = []
    for c, first, step, count in zip(
        nodule.place_lps_mm, grid.origin_lps_mm, grid.spacing_mm, grid.shape[::-1], strict=True
    ):
        low, high = int(np.ceil((c - reach - first) / step)), int((c + reach - first) / step) + 1
        spans.append(slice(max(0, low), max(0, min(high, count))))
    return spans[2], spans[1], spans[0]


def nodule_distance(grid: OutputGrid, nodule: Nodule, box: tuple[slice, slice, slice]) -> FloatArray:
    """Return the distance in mm (negative inside) to the nodule's lobed surface on the voxels of `box`."""
    rng = np.random.default_rng(nodule.seed)
    xs, ys, zs = grid.axes()
    x = xs[box[2]][None, None, :] - np.float32(nodule.place_lps_mm[0])
    y = ys[box[1]][None, :, None] - np.float32(nodule.place_lps_mm[1])
    z = zs[box[0]][:, None, None] - np.float32(nodule.place_lps_mm[2])
    stretch = rng.uniform(0.86, 1.16, 3)
    r = np.sqrt((x / stretch[0]) ** 2 + (y / stretch[1]) ** 2 + (z / stretch[2]) ** 2) + 1e-3
    uneven = np.zeros(r.shape, np.float32)
    for _ in range(7):
        k = rng.normal(size=3) * 3.0
        uneven += np.sin((x * k[0] + y * k[1] + z * k[2]) / r + rng.uniform(0, 6.28)).astype(np.float32)
    amount = 0.035 if nodule.key == "solid-nodule" else 0.055
    distance: FloatArray = (r - nodule.diameter_mm / 2 * (1 + amount * uneven)).astype(np.float32)
    return distance


def spicules(nodule: Nodule) -> FloatArray:
    """Return thin tubes (ax, ay, az, bx, by, bz, ra, rb) that run out from a spiculated nodule."""
    rng = np.random.default_rng([nodule.seed, 7])
    count = int(rng.integers(11, 18))
    away = rng.normal(size=(count, 3))
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    start = np.asarray(nodule.place_lps_mm)[None] + away * nodule.diameter_mm * 0.38
    bent = away + rng.normal(size=away.shape) * 0.18
    end = start + bent * (nodule.diameter_mm * rng.uniform(0.28, 0.62, (count, 1)) + 1.5)
    radius = np.tile([[min(1.1, 0.06 * nodule.diameter_mm + 0.25), 0.3]], (count, 1))
    return np.hstack([start, end, radius]).astype(np.float32)
