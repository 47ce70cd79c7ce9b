"""Lung nodules: what can be asked for, where they go, and their shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.phantom.fields import FloatArray, Point

if TYPE_CHECKING:
    from viewer.phantom.fields import OutputGrid

NAMES = {
    "solid-nodule": "Solid nodule",
    "part-solid-nodule": "Part-solid nodule",
    "ground-glass-nodule": "Ground-glass nodule",
    "spiculated-nodule": "Spiculated nodule",
    "pleural-nodule": "Nodule at the pleura",
}
FROM_MM, TO_MM = 3.0, 35.0
# From which diameter in mm on a kind is drawn: a part-solid nodule has a core that can be seen.
_LEAST_MM = {"part-solid-nodule": 8.0, "ground-glass-nodule": 5.0, "spiculated-nodule": 7.0}
_SHARES = {
    "solid-nodule": 0.40,
    "part-solid-nodule": 0.14,
    "ground-glass-nodule": 0.16,
    "spiculated-nodule": 0.14,
    "pleural-nodule": 0.16,
}


@frozen
class Nodule:
    """One nodule: its kind, diameter in mm, place in LPS mm, density in HU, and the seed of its shape.

    `hu` is that of the solid part; ground glass has its own, by `seed`.
    """

    key: str
    diameter_mm: float
    place_lps_mm: Point
    hu: float = 40.0
    seed: int = 0


@frozen(eq=False)
class Places:
    """Where things may go: points (n, 3) in LPS mm inside the lungs, below the pleura, on vessels, on fissures."""

    inside: FloatArray
    edge: FloatArray
    on_vessels: FloatArray
    on_fissures: FloatArray


def drawn_nodules(
    rng: np.random.Generator, places: Places, wanted: tuple[tuple[str, float], ...] | None = None
) -> tuple[Nodule, ...]:
    """Return the nodules of one seed, apart from each other, largest first.

    `wanted` holds kinds and diameters in mm; without it there are zero to seven of any kind, their diameters spread
    evenly over the logarithm from 3 to 35 mm.
    """
    count = int(rng.choice(8, p=[0.08, 0.12, 0.16, 0.18, 0.17, 0.13, 0.10, 0.06])) if wanted is None else len(wanted)
    nodules: list[Nodule] = []
    for _ in range(count * 6):
        if len(nodules) == count:
            break
        if wanted is None:
            key = str(rng.choice(list(_SHARES), p=list(_SHARES.values())))
            diameter = float(np.exp(rng.uniform(np.log(_LEAST_MM.get(key, FROM_MM)), np.log(TO_MM))))
        else:
            key, diameter = wanted[len(nodules)]
        source = places.edge if key == "pleural-nodule" else places.inside
        if key == "solid-nodule" and rng.random() < 0.3:
            source = places.on_vessels
        place = source[int(rng.integers(len(source)))]
        apart = [np.linalg.norm(place - np.asarray(n.place_lps_mm)) - (n.diameter_mm + diameter) / 2 for n in nodules]
        if apart and min(apart) < 8.0:
            continue
        at = (float(place[0]), float(place[1]), float(place[2]))
        nodules.append(Nodule(key, diameter, at, float(rng.uniform(15, 65)), int(rng.integers(1 << 30))))
    return tuple(sorted(nodules, key=lambda n: -n.diameter_mm))


def nodule_box(grid: OutputGrid, nodule: Nodule) -> tuple[slice, slice, slice]:
    """Return the voxels (k, j, i) that a nodule with its spicules may touch."""
    reach = nodule.diameter_mm * 1.2 + 4.0
    spans = []
    for c, axis in zip(nodule.place_lps_mm, grid.axes(), strict=True):
        low, high = np.searchsorted(axis, [c - reach, c + reach])
        spans.append(slice(int(low), int(high)))
    return spans[2], spans[1], spans[0]


@frozen(eq=False)
class NoduleShape:
    """A nodule on its voxels (`[k, j, i]`): distance in mm, negative inside, and the same of the solid core.

    Without a core (pure ground glass) `core` is None; a solid nodule is all core.
    """

    box: tuple[slice, slice, slice]
    distance: FloatArray
    core: FloatArray | None
    glass_hu: float


def nodule_shape(grid: OutputGrid, nodule: Nodule) -> NoduleShape:
    """Return the lobed shape of a nodule on the voxels that it may touch."""
    box = nodule_box(grid, nodule)
    rng = np.random.default_rng(nodule.seed)
    xs, ys, zs = grid.axes()
    x = xs[box[2]][None, None, :] - np.float32(nodule.place_lps_mm[0])
    y = ys[box[1]][None, :, None] - np.float32(nodule.place_lps_mm[1])
    z = zs[box[0]][:, None, None] - np.float32(nodule.place_lps_mm[2])
    rough = nodule.key == "spiculated-nodule"
    amount = 0.035 if nodule.key == "solid-nodule" else 0.055
    distance = _lobed(rng, (x, y, z), nodule.diameter_mm, amount, 6.5 if rough else 3.0)
    glass = float(rng.uniform(-660.0, -470.0))
    if nodule.key == "ground-glass-nodule":
        return NoduleShape(box, distance, None, glass)
    if nodule.key == "part-solid-nodule":
        share = float(rng.uniform(0.35, 0.62))
        away = (rng.normal(size=3) * nodule.diameter_mm * 0.07).astype(np.float32)
        core = _lobed(rng, (x - away[0], y - away[1], z - away[2]), share * nodule.diameter_mm, 0.08)
        return NoduleShape(box, distance, core, glass)
    return NoduleShape(box, distance, distance, glass)


def _lobed(
    rng: np.random.Generator,
    at: tuple[FloatArray, FloatArray, FloatArray],
    diameter_mm: float,
    amount: float,
    lobes: float = 3.0,
) -> FloatArray:
    """Return the distance to an uneven ball around the origin; the more `lobes`, the rougher it is."""
    x, y, z = at
    stretch = rng.uniform(0.86, 1.16, 3)
    stretch /= np.cbrt(stretch.prod())
    r = np.sqrt((x / stretch[0]) ** 2 + (y / stretch[1]) ** 2 + (z / stretch[2]) ** 2) + 1e-3
    uneven = np.zeros(r.shape, np.float32)
    for _ in range(7):
        k = rng.normal(size=3) * lobes
        uneven += np.sin((x * k[0] + y * k[1] + z * k[2]) / r + rng.uniform(0, 6.28)).astype(np.float32)
    out: FloatArray = (r - diameter_mm / 2 * (1 + amount * uneven)).astype(np.float32)
    return out


def spicules(nodule: Nodule) -> FloatArray:
    """Return thin tubes (ax, ay, az, bx, by, bz, ra, rb) that run out from a spiculated nodule."""
    rng = np.random.default_rng([nodule.seed, 7])
    count = int(24 + 1.6 * nodule.diameter_mm + rng.integers(0, 10))
    away = rng.normal(size=(count, 3))
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    start = np.asarray(nodule.place_lps_mm)[None] + away * nodule.diameter_mm * 0.38
    bent = away + rng.normal(size=away.shape) * 0.18
    end = start + bent * (nodule.diameter_mm * rng.uniform(0.28, 0.62, (count, 1)) + 1.5)
    radius = np.tile([[min(1.3, 0.07 * nodule.diameter_mm + 0.3), 0.35]], (count, 1))
    return np.hstack([start, end, radius]).astype(np.float32)
