"""The abdomen without organs: body, wall, muscles, diaphragm, lung bases, in mm.

Origin in the middle of the body at the height of the first lumbar vertebra; x to the left, y to the back, z to the
head. Distances are negative inside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.phantom.chest_shape import planar
from viewer.phantom.fields import FloatArray, chain, ellipsoid, smooth_union

if TYPE_CHECKING:
    from viewer.phantom.fields import Lattice


@frozen
class AbdomenSize:
    """How this abdomen differs from the next."""

    across: float
    deep: float
    fat_mm: float
    inner_fat: float
    bend_mm: float
    lordosis_mm: float
    dome_mm: float
    liver: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> AbdomenSize:
        """Return the size for one seed."""
        return cls(
            across=float(rng.uniform(0.95, 1.06)),
            deep=float(rng.uniform(0.94, 1.08)),
            fat_mm=float(rng.uniform(6.0, 24.0)),
            inner_fat=float(rng.uniform(0.0, 1.0)),
            bend_mm=float(rng.uniform(-5.0, 5.0)),
            lordosis_mm=float(rng.uniform(5.0, 13.0)),
            dome_mm=float(rng.uniform(-10.0, 8.0)),
            liver=float(rng.uniform(0.94, 1.05)),
        )

    def spine(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return x and y of the middle of the vertebral bodies at height z."""
        x = np.float32(self.bend_mm) * np.sin((z + 10) / np.float32(70.0))
        y = np.float32(29.0 * self.deep) - np.float32(self.lordosis_mm) * np.exp(-(((z + 70) / np.float32(80.0)) ** 2))
        return x, y.astype(np.float32)


@frozen(eq=False)
class BodyFields:
    """Fields on the lattice, distances in mm, negative inside."""

    skin: FloatArray
    wall: FloatArray
    cavity: FloatArray
    muscle: FloatArray
    erector: FloatArray
    below: FloatArray
    lungs: FloatArray
    heart: FloatArray
    chambers: FloatArray
    fat_noise: FloatArray
    coarse_noise: FloatArray


def body_fields(rng: np.random.Generator, lattice: Lattice, size: AbdomenSize) -> BodyFields:
    """Return the body wall, the diaphragm and what lies above it."""
    x0, y0, z0 = lattice.coordinates()
    x = x0 + lattice.noise(rng, 130.0) * np.float32(1.4)
    y = y0 + lattice.noise(rng, 130.0) * np.float32(1.4)
    z = z0 + np.zeros_like(x)
    ax, like = np.abs(x), np.zeros_like(x)
    fat_noise, coarse = lattice.noise(rng, 13.0, 0.5), lattice.noise(rng, 45.0, 0.4)

    turn = np.arctan2(ax, y) * np.float32(180 / np.pi)
    low = 1 / (1 + np.exp((z - 12) / 16))
    half_x = (142.0 - 7.0 * np.exp(-(((z0 + 20) / 50) ** 2))) * size.across + 0 * z0
    half_y = (99.0 + 4.0 * size.inner_fat * np.clip(-z0 / 60, 0, 1)) * size.deep + 0 * z0
    wall = planar(x, y, half_x, half_y, 2.3)
    groove = 9.0 * np.exp(-((ax / 17) ** 2)) * np.clip(y / 80, 0, 1)
    wall = (wall + groove + 0.5 * coarse).astype(np.float32)
    side, front = np.exp(-(((turn - 95) / 38) ** 2)), np.exp(-(((turn - 180) / 16) ** 2))
    thick = 11.0 + 7.0 * side * low - 6.0 * np.exp(-((ax / 5) ** 2)) * (turn > 140)
    thick += 46.0 * np.exp(-((turn / 27) ** 2)) + low * 15.0 * np.exp(-(((turn - 42) / 20) ** 2))
    cavity = (wall + thick).astype(np.float32)
    fat = size.fat_mm * (0.75 + 0.45 * np.exp(-(((turn - 45) / 30) ** 2)) + 0.35 * low * front) + 3.0 * low
    navel = 7.0 * np.exp(-((ax / 9) ** 2 + ((z + 112) / 10) ** 2)) * (turn > 120)
    skin = (wall - fat + navel - 0.12 * size.fat_mm * side).astype(np.float32)

    sx, sy = size.spine(z0)
    rx, ry = ax, y - sy
    psoas = chain(rx, ry, z, [(21.0, 2.0, 18.0), (32.0, 3.0, -60.0), (40.0, -4.0, -150.0)], [6.0, 16.0, 21.0])
    quadratus = chain(
        rx * 0.62, ry, z, [(28.0, 34.0, 26.0), (36.0, 36.0, -60.0), (40.0, 34.0, -150.0)], [4.0, 10.0, 12.0]
    )
    crura = chain(rx, ry, z, [(17.0, -12.0, 90.0), (15.0, -20.0, 35.0), (15.0, -14.0, -30.0)], [3.4, 5.0, 3.0])
    muscle = np.minimum(smooth_union(psoas, quadratus, 3.0), crura)
    big = 1.0 + 0.28 * low
    erector = planar((rx - 29.0 * big) / big, (ry - 51.0) / big, 25.0 + like, 19.0 + like, 2.4) * big

    right = 104.0 + size.dome_mm - 0.0058 * (x + 62) ** 2
    left = 94.0 + size.dome_mm - 0.0068 * (x - 68) ** 2
    dome = np.maximum(right, left)
    dome = dome - np.where(y > -8, 0.0088, 0.0040) * (y + 8) ** 2 + 0.7 * coarse
    dome = dome - 52.0 * np.clip((cavity + 22) / 22, 0, 1) ** 1.6 * np.where(y > -20, 1.0, 0.45)
    below = (np.float32(0.75) * (z - dome)).astype(np.float32)

    left_heart = ellipsoid(x, y, z, (36.0, -38.0, 122.0), (54.0, 40.0, 36.0))
    right_heart = ellipsoid(x, y, z, (-4.0, -42.0, 128.0), (48.0, 36.0, 34.0))
    heart = smooth_union(left_heart, right_heart, 10.0) + np.float32(1.0) * coarse
    chambers = np.minimum(
        ellipsoid(x, y, z, (42.0, -36.0, 126.0), (36.0, 25.0, 28.0)),
        ellipsoid(x, y, z, (-6.0, -48.0, 130.0), (40.0, 25.0, 31.0)),
    )
    column = np.sqrt((x - sx) ** 2 + (y - sy + 12) ** 2) - np.float32(31.0)
    middle = ellipsoid(x, y, z, (4.0, -34.0, 112.0), (44.0, 56.0, 32.0))
    around = smooth_union(smooth_union(heart - 3.0, column, 10.0), middle, 12.0)
    lungs = np.maximum(np.maximum(cavity + 1.2, -below), -around).astype(np.float32)
    return BodyFields(
        skin=skin, wall=wall, cavity=cavity, muscle=muscle.astype(np.float32),
        erector=erector.astype(np.float32),
        below=below, lungs=lungs, heart=heart.astype(np.float32), chambers=chambers, fat_noise=fat_noise,
        coarse_noise=coarse,
    )  # fmt: skip
