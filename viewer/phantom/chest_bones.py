"""Spine, ribs, sternum, shoulder girdle as distances in mm on the lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.phantom.chest_shape import planar
from viewer.phantom.fields import FloatArray, chain

if TYPE_CHECKING:
    from viewer.phantom.chest_shape import ChestFields, ChestSize
    from viewer.phantom.fields import Lattice, Point

VERTEBRA_MM = 24.5


@frozen(eq=False)
class BoneFields:
    """Distances in mm, negative inside: bone with marrow, cartilage, discs, the spinal canal."""

    bone: FloatArray
    cartilage: FloatArray
    disc: FloatArray
    canal: FloatArray
    marrow: FloatArray


def bone_fields(rng: np.random.Generator, lattice: Lattice, size: ChestSize, chest: ChestFields) -> BoneFields:
    """Return the skeleton of the chest."""
    x, y, z = lattice.coordinates()
    like = np.zeros(lattice.shape, np.float32)
    bone, disc, canal = _spine(rng, lattice, size)
    cartilage = np.full(lattice.shape, 50.0, np.float32)
    for number in range(1, 13):
        for side in (-1.0, 1.0):
            points, end = _rib(rng, size, number, side)
            thick = 5.4 if number < 11 else 4.2
            _carve(lattice, bone, points[: end + 1], thick)
            if number <= 10:
                _carve(lattice, cartilage, points[end:], 5.0)

    half_width, half_depth, middle = size.outline(z)
    forward = middle - half_depth * np.float32(0.98) - 6.0
    forward = np.maximum(forward, np.float32(-92.0)) + np.clip(z - 60, 0, 60) * np.float32(0.05)
    wide = np.interp(z, [-66, -48, -40, -10, 30, 58, 66, 86, 98], [5, 8, 15, 18, 14, 16, 22, 30, 25]) + like
    plate = planar(x + like, y - forward, wide.astype(np.float32), like + 6.0, 2.6)
    notch = z - 98 + 7 * np.exp(-((x / 11) ** 2))
    sternum = np.maximum(plate, np.maximum(notch, -62.0 - z)).astype(np.float32)
    sternum = np.maximum(sternum, 2.0 - np.abs(z - 62))
    bone = np.minimum(bone, sternum)

    ax = np.abs(x)
    turn = np.arctan2(ax, y - middle) * np.float32(180 / np.pi)
    blade = np.abs(chest.cavity - 19.0 - 3 * np.clip((turn - 55) / 20, 0, 1)) - 2.4
    low_edge = 34 + 16 * np.clip((40 - z) / 70, 0, 1)
    blade = np.maximum(blade, np.maximum(low_edge - turn, turn - 74 + 10 * np.clip((30 - z) / 50, 0, 1)))
    blade = np.maximum(blade, np.maximum(z - 96, -28.0 - z))
    ridge = chain(ax + like, y, z, [(62.0, 92.0, 74.0), (104.0, 84.0, 96.0), (138.0, 44.0, 126.0)], [3.5, 5.0, 7.0])
    socket = chain(ax + like, y, z, [(118.0, 46.0, 98.0), (126.0, 34.0, 106.0)], [8.0, 13.0])
    arm = chain(ax + like, y, z, [(146.0, 22.0, 118.0), (152.0, 20.0, 170.0)], [20.0, 12.0])
    collar = chain(
        ax + like, y, z, [(22.0, -56.0, 98.0), (58.0, -58.0, 108.0), (100.0, -22.0, 124.0), (136.0, 18.0, 136.0)],
        [7.5, 5.5, 5.5, 7.0],
    )  # fmt: skip
    bone = np.minimum.reduce([bone, blade.astype(np.float32), ridge, socket, arm, collar])
    bone = np.maximum(bone, chest.skin + 6.0)
    return BoneFields(bone, cartilage, disc, canal, lattice.noise(rng, 7.0, 0.5))


def _spine(rng: np.random.Generator, lattice: Lattice, size: ChestSize) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return vertebrae, discs and canal; every vertebra has its own height, width and tilt."""
    x, y, z = lattice.coordinates()
    like = np.zeros(lattice.shape, np.float32)
    sx, sy = size.spine(z)
    bone, disc = like + 50, like + 50
    rx, ry = x - sx + like, y - sy + like
    near = slice(*np.searchsorted(x.ravel(), [-56.0, 56.0]))
    worn = int(rng.integers(4, 11))
    for n in range(-1, 15):
        middle = _vertebra_z(n) + float(rng.uniform(-0.8, 0.8))
        some = slice(*np.searchsorted(z.ravel(), [middle - 52.0, middle + 28.0]))
        if some.start == some.stop:
            continue
        at = (some, slice(None), near)
        ends = [size.spine(np.array([middle + away], np.float32)) for away in (-8.0, 8.0)]
        slope = (float(ends[1][0][0] - ends[0][0][0]) / 16, float(ends[1][1][0] - ends[0][1][0]) / 16)
        here = (rx[at], ry[at], z[some] - np.float32(middle))
        _vertebra(rng, n, here, slope, worn, bone[at], disc[at])
    canal = planar(rx, ry - 20.0, like + 9.5, like + 8.5, 2.0)
    bone = np.maximum(bone, -canal + 0.3)
    return bone.astype(np.float32), disc.astype(np.float32), canal


def _vertebra(
    rng: np.random.Generator,
    n: int,
    at: tuple[FloatArray, FloatArray, FloatArray],
    slope: tuple[float, float],
    worn: int,
    bone: FloatArray,
    disc: FloatArray,
) -> None:
    """Lower `bone` and `disc` to the distance from vertebra `n` and the disc above it.

    `at` is x, y, z from its middle, `slope` how far the spine goes to the left and to the back per mm upwards; near the
    vertebra `worn` the discs are low and the edges have osteophytes.
    """
    rx, ry, rz = at
    tilt = slope[0] + float(rng.uniform(-0.03, 0.03))
    h = rz + np.float32(tilt) * rx + np.float32(slope[1]) * ry
    h = h - np.float32(float(rng.uniform(0.0, 0.035))) * np.clip(-ry, -13, 13) * np.sign(h)
    grow = float(0.80 + 0.034 * n + rng.uniform(-0.03, 0.03))
    wear = float(np.exp(-(((n - worn) / 1.6) ** 2)) * rng.uniform(0.4, 1.0))
    tall = 8.6 + 0.26 * n + float(rng.uniform(-0.3, 0.3))
    waist = np.float32(1.0) - np.float32(0.13) * np.clip(1 - (h / tall) ** 2, 0, 1)
    spurs = np.float32(2.6 * wear) * np.clip((np.abs(h) - tall + 4) / 4, 0, 1) * np.clip(0.4 - ry / 12, 0, 1)
    spurs = spurs * np.float32(1.0) * (1 + np.float32(0.6) * np.sign(rx) * np.float32(rng.uniform(-1, 1)))
    flat_back = np.maximum(planar(rx, ry + 1, 16.5 * grow * waist, 13.5 * grow * waist, 2.3), ry - 12.0 * grow)
    body = flat_back - spurs
    hollow = np.float32(1.3) * np.clip(-flat_back / 10, 0, 1)
    np.minimum(bone, np.maximum(body, np.abs(h) - np.float32(tall) + hollow), out=bone)
    gap = VERTEBRA_MM / 2
    np.minimum(disc, np.maximum(flat_back - 0.4, np.abs(h - gap) - np.float32(gap - tall + 1.4 - wear)), out=disc)
    arx = np.abs(rx)
    drop = float(np.interp(n, [-1, 3, 8, 12], [8, 20, 27, 8]) + rng.uniform(-3, 3))
    aside = float(rng.uniform(-2.0, 2.0))
    parts: list[tuple[list[Point], list[float]]] = [
        ([(9.0, 10.0, 3.0), (12.0, 17.0, 3.0)], [4.0, 4.2]),
        ([(12.0, 17.0, 3.0), (float(np.interp(n, [1, 8, 12], [33, 28, 19])), 27.0 + 2 * wear, 5.0)], [4.3, 3.8]),
        ([(12.0, 18.0, 0.0), (2.0, 27.0, -3.0)], [3.6, 3.4]),
        ([(12.0, 20.0, -11.0), (11.0, 20.0, 12.0)], [3.8, 3.4]),
    ]
    spine: list[Point] = [(0.0, 26.0, -3.0), (aside, 44.0 - 0.15 * drop, -3.0 - drop)]
    np.minimum(bone, chain(rx, ry, h, spine, [3.2, 3.0]), out=bone)
    for points, radii in parts:
        np.minimum(bone, chain(arx, ry, h, points, radii), out=bone)


def _vertebra_z(number: int) -> float:
    """Return the height of the middle of thoracic vertebra `number` (1 … 12)."""
    return 124.0 - VERTEBRA_MM * (number - 1)


def _rib(rng: np.random.Generator, size: ChestSize, number: int, side: float) -> tuple[list[Point], int]:
    """Return the points of a rib from spine to sternum, and the index at which bone ends and cartilage begins."""
    start = _vertebra_z(number) + 8
    fall = float(np.interp(number, [1, 2, 6, 9, 12], [34, 52, 92, 92, 60])) + float(rng.uniform(-4, 4))
    bone_end = {1: 146.0, 2: 150.0, 8: 132.0, 9: 126.0, 10: 118.0, 11: 92.0, 12: 64.0}.get(number, 148.0)
    angles = np.concatenate([np.linspace(22, bone_end, 34), np.linspace(bone_end + 5, 170, 8)])
    points: list[Point] = []
    sx, sy = size.spine(np.array([start], np.float32))
    points.append((float(sx[0]) + side * 15.0, float(sy[0]) + 5.0, start + 2))
    points.append((float(sx[0]) + side * 30.0, float(sy[0]) + 19.0, start + 3))
    for angle in angles:
        a = np.deg2rad(angle)
        height = start - fall * (1 - np.cos(min(a * 1.05, np.pi))) / 2
        if angle > bone_end and number > 2:
            rise = (angle - bone_end) / (170 - bone_end)
            height += rise * min(45.0, 9.0 * (number - 2))
        z = np.array([height], np.float32)
        width, depth, middle = (float(v[0]) if np.ndim(v) else float(v) for v in size.outline(z))
        s, c = np.sin(a), np.cos(a)
        power = 2.0 / 2.35
        width, depth = max(width, 40.0) + 6.0, max(depth, 32.0) + 6.0
        px, py = side * width * abs(s) ** power, middle + depth * np.sign(c) * abs(c) ** power
        back = size.gutter(np.array([px], np.float32), np.array([py], np.float32))
        points.append((float(px), float(py + back[0]), height))
    return points, 2 + 33


def _carve(lattice: Lattice, into: FloatArray, points: list[Point], radius_mm: float) -> None:
    """Lower `into` to the distance from a tube through `points`, flattened like a rib, near the tube only."""
    margin = radius_mm + 9.0
    x0, y0, z0 = lattice.first_lps_mm
    x, y, z = lattice.coordinates()
    for a, b in zip(points[:-1], points[1:], strict=True):
        spans = []
        for axis, first in enumerate((x0, y0, z0)):
            low = int((min(a[axis], b[axis]) - margin - first) / lattice.step_mm)
            high = int((max(a[axis], b[axis]) + margin - first) / lattice.step_mm) + 2
            size = lattice.shape[2 - axis]
            spans.append(slice(max(0, min(low, size)), max(0, min(high, size))))
        si, sj, sk = spans
        part = into[sk, sj, si]
        if part.size == 0:
            continue
        flat = [(p[0], p[1], p[2] * 0.62) for p in (a, b)]
        distance = chain(x[:, :, si], y[:, sj], z[sk] * np.float32(0.62), flat, [radius_mm * 0.72] * 2)
        np.minimum(part, distance, out=part)
