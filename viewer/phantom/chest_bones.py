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
    wide = np.where(z > 62, 27.0, np.where(z > -42, 17.0, 9.0)) + like
    plate = planar(x + like, y - forward, wide.astype(np.float32), like + 6.0, 3.0)
    sternum = np.maximum(plate, np.maximum(z - 98, -62.0 - z))
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
    return BoneFields(bone, cartilage, disc, canal, lattice.noise(rng, 8.0, 0.4))


def _spine(rng: np.random.Generator, lattice: Lattice, size: ChestSize) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return vertebrae, discs and canal; every vertebra has its own height, width and tilt."""
    x, y, z = lattice.coordinates()
    like = np.zeros(lattice.shape, np.float32)
    sx, sy = size.spine(z)
    tops = np.array([_vertebra_z(n) for n in range(-1, 15)]) + rng.uniform(-1.0, 1.0, 16)
    bone, disc = like + 50, like + 50
    rx, ry = x - sx + like, y - sy + like
    near = slice(*np.searchsorted(x.ravel(), [-56.0, 56.0]))
    for n, middle in enumerate(tops):
        some = slice(*np.searchsorted(z.ravel(), [middle - 44.0, middle + 28.0]))
        if some.start == some.stop:
            continue
        at = (some, slice(None), near)
        _vertebra(rng, n, (rx[at], ry[at], z[some] - np.float32(middle)), size, bone[at], disc[at])
    canal = planar(rx, ry - 20.0, like + 9.5, like + 8.5, 2.0)
    bone = np.maximum(bone, -canal + 0.3)
    return bone.astype(np.float32), disc.astype(np.float32), canal


def _vertebra(
    rng: np.random.Generator,
    n: int,
    at: tuple[FloatArray, FloatArray, FloatArray],
    size: ChestSize,
    bone: FloatArray,
    disc: FloatArray,
) -> None:
    """Lower `bone` and `disc` to the distance from one vertebra and the disc above; `at` is x, y, z from its middle."""
    rx, ry, rz = at
    tilt = float(rng.uniform(-0.04, 0.04))
    h = rz + np.float32(tilt) * rx - np.float32(0.004 * size.hunch_mm) * ry
    grow = float(1 + 0.018 * (n - 6) + rng.uniform(-0.03, 0.03))
    waist = np.float32(1.0) - np.float32(0.11) * np.clip(1 - (h / 10) ** 2, 0, 1)
    body = planar(rx, ry + 1, 16.5 * grow * waist, 13.0 * grow * waist, 2.5)
    np.minimum(bone, np.maximum(body, np.abs(h) - np.float32(9.6 + 0.12 * n)), out=bone)
    np.minimum(disc, np.maximum(body - 0.6, np.abs(h - VERTEBRA_MM / 2) - 3.2), out=disc)
    arx = np.abs(rx)
    drop = float(rng.uniform(16, 22))
    parts: list[tuple[list[Point], list[float]]] = [
        ([(9.0, 10.0, 3.0), (12.0, 17.0, 3.0)], [4.0, 4.2]),
        ([(12.0, 17.0, 3.0), (30.0 * grow, 27.0, 5.0)], [4.5, 4.2]),
        ([(12.0, 18.0, 0.0), (2.0, 27.0, -3.0)], [3.6, 3.4]),
        ([(12.0, 20.0, -11.0), (11.0, 20.0, 12.0)], [3.8, 3.4]),
        ([(0.0, 26.0, -3.0), (0.0, 44.0, -3.0 - drop)], [3.2, 3.0]),
    ]
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
        points.append((side * width * abs(s) ** power, middle + depth * np.sign(c) * abs(c) ** power, height))
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
