"""Lumbar and lower thoracic spine, the lower ribs and their cartilage, as distances in mm on the lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.phantom.chest_shape import planar
from viewer.phantom.fields import FloatArray, chain

if TYPE_CHECKING:
    from viewer.phantom.abdomen_shape import AbdomenSize, BodyFields
    from viewer.phantom.fields import Lattice, Point

# Heights of the middles of T8 … L5, mm.
_MIDDLES = (150.0, 122.0, 93.0, 63.0, 32.0, 0.0, -36.0, -73.0, -111.0, -149.0)
_FIRST_LUMBAR = 5


@frozen(eq=False)
class SpineFields:
    """Distances in mm, negative inside: bone with marrow, cartilage, discs, the spinal canal."""

    bone: FloatArray
    cartilage: FloatArray
    disc: FloatArray
    canal: FloatArray
    marrow: FloatArray


def spine_fields(rng: np.random.Generator, lattice: Lattice, size: AbdomenSize, body: BodyFields) -> SpineFields:
    """Return the skeleton of the upper abdomen."""
    x, y, z = lattice.coordinates()
    like = np.zeros(lattice.shape, np.float32)
    bone, disc, cartilage = like + 50, like + 50, like + 50
    sx, sy = size.spine(z)
    rx, ry = x - sx + like, y - sy + like
    near = slice(*np.searchsorted(x.ravel(), [-62.0, 62.0]))
    for n, middle in enumerate(_MIDDLES):
        some = slice(*np.searchsorted(z.ravel(), [middle - 46.0, middle + 34.0]))
        if some.start == some.stop:
            continue
        at = (some, slice(None), near)
        _vertebra(rng, n, (rx[at], ry[at], z[some] - np.float32(middle)), bone[at], disc[at])
    canal = planar(rx, ry - 24.0, like + 11.0, like + 8.5, 2.0)
    bone = np.maximum(bone, -canal + 0.3).astype(np.float32)
    for number in range(5, 13):
        for side in (-1.0, 1.0):
            points, end = _rib(rng, size, number, side)
            _tube(lattice, bone, points[: end + 1], 6.6 if number < 11 else 5.2)
            if number <= 10:
                _tube(lattice, cartilage, points[end:], 5.6)
    bone = np.maximum(bone, body.wall + 1.5)
    return SpineFields(bone, cartilage, disc.astype(np.float32), canal, lattice.noise(rng, 7.5, 0.4))


def _vertebra(
    rng: np.random.Generator, n: int, at: tuple[FloatArray, FloatArray, FloatArray], bone: FloatArray, disc: FloatArray
) -> None:
    """Lower `bone` and `disc` to the distance from one vertebra and the disc below it."""
    rx, ry, rz = at
    lumbar = n >= _FIRST_LUMBAR
    h = rz + np.float32(rng.uniform(-0.03, 0.03)) * rx + np.float32(0.02) * ry
    grow = float(0.78 + 0.034 * n + rng.uniform(-0.02, 0.02))
    half = 9.8 + 0.42 * n
    waist = np.float32(1.0) - np.float32(0.13) * np.clip(1 - (h / half) ** 2, 0, 1)
    flat = ry + np.float32(3.0) * np.clip((ry - 8) / 8, 0, 1) * np.exp(-((rx / 10) ** 2))
    body = planar(rx, flat, 23.5 * grow * waist, 16.5 * grow * waist, 2.4)
    np.minimum(bone, np.maximum(body, np.abs(h) - np.float32(half)), out=bone)
    pitch = 29.0 + 1.05 * n
    np.minimum(disc, np.maximum(body - 0.8, np.abs(h + pitch / 2) - (3.0 + 0.45 * n)), out=disc)
    arx = np.abs(rx)
    drop = float(rng.uniform(16, 22)) if not lumbar else float(rng.uniform(3, 7))
    reach = 34.0 if not lumbar else 44.0
    parts: list[tuple[list[Point], list[float]]] = [
        ([(13.0 * grow, 10.0, 3.0), (16.0, 22.0, 2.0)], [5.4, 5.4]),
        ([(15.0, 21.0, 2.0), (reach, 26.0 if lumbar else 34.0, 4.0)], [4.0, 3.2]),
        ([(15.0, 24.0, -2.0), (2.0, 37.0, -6.0)], [4.4, 4.4]),
        ([(15.0, 27.0, -16.0), (15.0, 26.0, 15.0)], [5.4, 4.6]),
        ([(0.0, 36.0, -4.0), (0.0, 52.0, -5.0 - drop)], [3.4, 3.6]),
    ]
    if lumbar:
        parts.append(([(0.0, 40.0, -14.0), (0.0, 56.0, -14.0)], [3.0, 3.4]))
    for points, radii in parts:
        np.minimum(bone, chain(arx, ry, h, points, radii), out=bone)


def _rib(rng: np.random.Generator, size: AbdomenSize, number: int, side: float) -> tuple[list[Point], int]:
    """Return the points of a rib from the spine forwards, and the index at which bone ends and cartilage begins."""
    start = {5: 232.0, 6: 205.0, 7: 178.0}.get(number) or _MIDDLES[number - 8]
    start += 8.0
    fall = float(np.interp(number, [5, 9, 10, 11, 12], [96, 92, 84, 70, 46])) + float(rng.uniform(-4, 4))
    bone_end = {8: 132.0, 9: 124.0, 10: 114.0, 11: 92.0, 12: 62.0}.get(number, 138.0)
    angles = np.concatenate([np.linspace(30, bone_end, 32), np.linspace(bone_end + 5, 168, 9)])
    sx, sy = (float(v[0]) for v in size.spine(np.array([start], np.float32)))
    points: list[Point] = [(sx + side * 20.0, sy + 10.0, start), (sx + side * 34.0, sy + 30.0, start + 2)]
    for angle in angles:
        a = np.deg2rad(angle)
        height = start - fall * (1 - np.cos(min(a * 1.08, np.pi))) / 2
        if angle > bone_end:
            rise = (angle - bone_end) / (168 - bone_end)
            height += rise**1.3 * min(96.0, 22.0 * (number - 4))
        narrow = 7.0 * np.exp(-(((height + 20) / 50) ** 2))
        width, depth = (134.0 - narrow) * size.across, 91.0 * size.deep
        power = 2.0 / 2.3
        s, c = np.sin(a), np.cos(a)
        points.append(
            (side * width * abs(s) ** power, depth * np.sign(c) * abs(c) ** power * (0.9 if c > 0 else 1.0), height)
        )
    return points, 2 + 31


def _tube(lattice: Lattice, into: FloatArray, points: list[Point], radius_mm: float) -> None:
    """Lower `into` to the distance from a tube through `points`, higher than wide, near the tube only."""
    margin = radius_mm + 9.0
    x, y, z = lattice.coordinates()
    for a, b in zip(points[:-1], points[1:], strict=True):
        at = near_box(lattice, np.minimum(a, b) - margin, np.maximum(a, b) + margin)
        part = into[at]
        if part.size == 0:
            continue
        flat = [(p[0], p[1], p[2] * 0.6) for p in (a, b)]
        distance = chain(x[:, :, at[2]], y[:, at[1]], z[at[0]] * np.float32(0.6), flat, [radius_mm * 0.72] * 2)
        np.minimum(part, distance, out=part)


def near_box(lattice: Lattice, low: FloatArray, high: FloatArray) -> tuple[slice, slice, slice]:
    """Return the part (k, j, i) of a lattice that lies between two corners given as x, y, z in mm."""
    spans = []
    for axis, first in enumerate(lattice.first_lps_mm):
        size = lattice.shape[2 - axis]
        begin = int(np.floor((low[axis] - first) / lattice.step_mm))
        end = int(np.ceil((high[axis] - first) / lattice.step_mm)) + 1
        spans.append(slice(max(0, min(begin, size)), max(0, min(end, size))))
    return spans[2], spans[1], spans[0]
