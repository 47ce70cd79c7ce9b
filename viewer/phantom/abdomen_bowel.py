"""Duodenum, small bowel and colon: a tube laid through the room that the organs leave, with what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.phantom.abdomen_bones import near_box
from viewer.phantom.fields import FloatArray, chain

if TYPE_CHECKING:
    from viewer.phantom.abdomen_organs import OrganFields
    from viewer.phantom.abdomen_shape import BodyFields
    from viewer.phantom.fields import Lattice, Point

_APART_MM = 20.5


@frozen(eq=False)
class BowelFields:
    """Distances in mm, negative inside: tubes with their wall, and the gas in them; `pulp` is noise of stool."""

    small: FloatArray
    small_gas: FloatArray
    colon: FloatArray
    colon_gas: FloatArray
    pulp: FloatArray
    loops: FloatArray


def bowel_fields(rng: np.random.Generator, lattice: Lattice, body: BodyFields, organs: OrganFields) -> BowelFields:
    """Return the bowel of one abdomen; `loops` are the places (n, 3) in LPS mm along the small bowel."""
    x, y, z = lattice.coordinates()
    like = np.zeros(lattice.shape, np.float32)
    solid = np.minimum.reduce([
        organs.liver, organs.spleen, organs.kidneys - 6.0, organs.stomach, organs.gallbladder, organs.pancreas - 2.0,
        organs.veins - 2.0, organs.arteries - 3.0, body.muscle,
    ])  # fmt: skip
    free = np.maximum(np.maximum(body.cavity, body.below), -solid)
    colon, colon_gas = like + 50, like + 50
    ways: tuple[tuple[list[Point], float], ...] = (
        ([(-104.0, 8.0, -150.0), (-104.0, 4.0, -90.0), (-98.0, -14.0, -66.0)], 21.0),
        ([(-98.0, -14.0, -66.0), (-78.0, -56.0, -60.0), (-40.0, -74.0, -66.0), (0.0, -78.0, -60.0)], 18.0),
        ([(0.0, -78.0, -60.0), (50.0, -76.0, -40.0), (88.0, -46.0, 4.0), (106.0, -12.0, 22.0)], 17.0),
        ([(106.0, -12.0, 22.0), (114.0, 14.0, -30.0), (110.0, 22.0, -90.0), (106.0, 18.0, -150.0)], 14.0),
    )
    for points, radius in ways:
        path = _curve(rng, points, 10.0, 4.0)
        turns = rng.uniform(0, 6.28)
        radii = [
            radius * (1 + 0.13 * float(np.sin(n * 2.1 + turns)) + float(rng.uniform(-0.08, 0.06)))
            for n in range(len(path))
        ]
        share = float(rng.uniform(-0.5, 0.35))
        _lay(lattice, (colon, colon_gas), path, radii, share)
    small, small_gas = like + 50, like + 50
    duodenum: list[Point] = [
        (-24.0, -44.0, 0.0), (-46.0, -34.0, -2.0), (-54.0, -20.0, -24.0), (-48.0, -14.0, -50.0),
        (-20.0, -16.0, -58.0), (12.0, -20.0, -54.0), (30.0, -30.0, -30.0),
    ]  # fmt: skip
    path = _curve(rng, duodenum, 8.0, 1.5)
    _lay(lattice, (small, small_gas), path, [10.5 + float(rng.uniform(-1.5, 1.5)) for _ in path], -0.3)
    small = np.maximum(small, -np.minimum(organs.veins, organs.arteries) + 2.0)
    room = np.maximum(free, -(colon - 8.0)) + 9.0
    room = np.maximum(np.maximum(room, z + 4.0), y - 20.0)
    room = np.maximum(room, -(np.minimum(small, 50.0) - 8.0))
    places = _places(rng, lattice, room)
    order = _tour(places)
    if len(order) > 3:
        path = _curve(rng, [(float(p[0]), float(p[1]), float(p[2])) for p in places[order]], 9.0, 3.0)
        radii = [
            float(np.clip(10.5 + 2.5 * np.sin(n * 0.37) + rng.normal() * 1.2, 7.0, 14.0)) for n in range(len(path))
        ]
        _lay(lattice, (small, small_gas), path, radii, -0.75, broken=rng)
    colon = np.maximum(colon, np.maximum(-(solid - 1.0), body.cavity + 2.0))
    small = np.maximum(small, np.maximum(-(np.minimum(solid, colon) - 1.2), body.cavity + 2.5))
    return BowelFields(small, small_gas, colon, colon_gas, lattice.noise(rng, 8.0, 0.5), places.astype(np.float32))


def _curve(rng: np.random.Generator, points: list[Point], step_mm: float, wander_mm: float) -> FloatArray:
    """Return a smooth path (n, 3) through about the points, about `step_mm` apart."""
    at = np.asarray(points, np.float64)
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(at, axis=0), axis=1))])
    fine = np.linspace(0, way[-1], max(4, int(way[-1] / step_mm)))
    path = np.stack([np.interp(fine, way, at[:, axis]) for axis in range(3)], axis=1)
    path[1:-1] += rng.normal(size=(len(path) - 2, 3)) * wander_mm
    for _ in range(2):
        path[1:-1] = 0.5 * path[1:-1] + 0.25 * (path[:-2] + path[2:])
    return path


def _lay(
    lattice: Lattice,
    into: tuple[FloatArray, FloatArray],
    path: FloatArray,
    radii: list[float],
    gas_share: float,
    broken: np.random.Generator | None = None,
) -> None:
    """Lower the tube and the gas in it: `gas_share` of the radius below the middle is where the gas begins."""
    x, y, z = lattice.coordinates()
    tube, gas = into
    gassy = True
    for n, (a, b) in enumerate(zip(path[:-1], path[1:], strict=True)):
        if broken is not None and n % 5 == 0:
            gassy = bool(broken.random() < 0.12)
        reach = max(radii[n], radii[n + 1]) + 8.0
        at = near_box(lattice, np.minimum(a, b) - reach, np.maximum(a, b) + reach)
        if tube[at].size == 0:
            continue
        ends: list[Point] = [(float(p[0]), float(p[1]), float(p[2])) for p in (a, b)]
        distance = chain(x[:, :, at[2]], y[:, at[1]], z[at[0]], ends, [radii[n], radii[n + 1]])
        np.minimum(tube[at], distance, out=tube[at])
        if gassy:
            level = float(a[1] + b[1]) / 2 + gas_share * radii[n]
            np.minimum(gas[at], np.maximum(distance + 2.6, y[:, at[1]] - np.float32(level)), out=gas[at])


def _places(rng: np.random.Generator, lattice: Lattice, room: FloatArray) -> FloatArray:
    """Return places (n, 3) in the room, LPS mm, that keep apart from each other."""
    k, j, i = np.nonzero(room < 0)
    first = np.asarray(lattice.first_lps_mm)
    points = first + np.stack([i, j, k], axis=1) * lattice.step_mm
    points = points[rng.permutation(len(points))[:6000]]
    kept: list[FloatArray] = []
    for point in points:
        if not kept or np.min(np.linalg.norm(np.asarray(kept) - point, axis=1)) > _APART_MM:
            kept.append(point)
    return np.asarray(kept, np.float64).reshape(-1, 3)


def _tour(places: FloatArray) -> list[int]:
    """Return an order of the places in which each is followed by a near one."""
    if len(places) == 0:
        return []
    left = set(range(1, len(places)))
    order = [0]
    while left:
        here = places[order[-1]]
        order.append(min(left, key=lambda n: float(np.linalg.norm(places[n] - here))))
        left.remove(order[-1])
    return order
