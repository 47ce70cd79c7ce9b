"""The chest without bones and lung vessels: body, cavity, lungs, heart, great vessels, upper abdomen, in mm.

Origin in the middle of the chest at the height of the carina's lower edge; x to the left, y to the back, z to the
head. Distances are negative inside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.phantom.fields import FloatArray, chain, ellipsoid, smooth_cut, smooth_union

if TYPE_CHECKING:
    from viewer.phantom.fields import Lattice, Point


@frozen
class ChestSize:
    """How this chest differs from the next."""

    across: float
    deep: float
    fat_mm: float
    bend_mm: float
    bend_phase: float
    hunch_mm: float
    dome_mm: float
    apex_mm: float
    gutter_mm: float
    breast_mm: float
    lung_hu: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> ChestSize:
        """Return the size for one seed; the deeper the breath, the lower the diaphragm and the darker the lung."""
        breath = float(rng.uniform(0.0, 1.0))
        return cls(
            across=float(rng.uniform(0.93, 1.03)),
            deep=float(rng.uniform(0.92, 1.06)),
            fat_mm=float(rng.uniform(6.0, 17.0)),
            bend_mm=float(rng.choice([-1.0, 1.0]) * rng.uniform(2.0, 11.0)),
            bend_phase=float(rng.uniform(-0.7, 0.7)),
            hunch_mm=float(rng.uniform(18.0, 32.0)),
            dome_mm=14.0 - 24.0 * breath + float(rng.uniform(-3.0, 3.0)),
            apex_mm=float(rng.uniform(136.0, 146.0)),
            gutter_mm=float(rng.uniform(13.0, 19.0)),
            breast_mm=float(rng.uniform(16.0, 34.0)) if rng.random() < 0.5 else 0.0,
            lung_hu=-842.0 - 42.0 * breath,
        )

    def spine(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return x and y of the middle of the vertebral bodies at height z: a kyphosis with a slight scoliosis."""
        x = np.float32(self.bend_mm) * np.sin((z + 20) / np.float32(66.0) + np.float32(self.bend_phase))
        away = (z + np.float32(15)) / np.float32(140.0)
        curve = np.where(away > 0, np.float32(self.hunch_mm), np.float32(0.55 * self.hunch_mm)) * away**2
        return x, np.float32(67.0 * self.deep) - curve

    def outline(self, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return half-width, half-depth and middle (y) of the pleural cavity at height z; the apex is a dome."""
        up = np.clip(z / np.float32(self.apex_mm + 2), 0, 1)
        narrow = np.clip(1 - up ** np.float32(2.7), 0.0, 1.0) ** np.float32(1 / 2.3) + np.float32(0.02)
        low = np.clip(-(z + 60) / 90, 0, 1)
        half_width = np.float32(124 * self.across) * narrow * (1 + np.float32(0.03) * low)
        half_depth = np.float32(84 * self.deep) * narrow ** np.float32(0.8)
        return half_width, half_depth, np.float32(2.0) + 24 * up**3

    def gutter(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return how far (mm) the cavity reaches further back beside the spine, where the ribs run backwards."""
        back = np.clip((y - 12) / np.float32(48.0), 0, 1)
        bulge: FloatArray = np.exp(-(((np.abs(x) - 50) / np.float32(30.0)) ** 2)) * back * np.float32(self.gutter_mm)
        return bulge


@frozen(eq=False)
class ChestFields:
    """Fields on the lattice, distances in mm, negative inside."""

    skin: FloatArray
    cavity: FloatArray
    wall: FloatArray
    lungs: FloatArray
    heart: FloatArray
    left_blood: FloatArray
    right_blood: FloatArray
    upper_vein: FloatArray
    lower_vein: FloatArray
    vessels: FloatArray
    airway: FloatArray
    gullet: FloatArray
    gland: FloatArray
    below: FloatArray
    liver: FloatArray
    spleen: FloatArray
    stomach: FloatArray
    gas: FloatArray
    fissure: FloatArray
    fat_noise: FloatArray
    coarse_noise: FloatArray
    gravity: FloatArray


AORTA: list[Point] = [
    (14.0, -16.0, -30.0), (-6.0, -27.0, -2.0), (-12.0, -26.0, 22.0), (-4.0, -10.0, 46.0), (14.0, 18.0, 50.0),
    (26.0, 38.0, 34.0), (29.0, 44.0, 0.0), (26.0, 40.0, -60.0), (14.0, 26.0, -160.0),
]  # fmt: skip
HILUM_LEFT: Point = (46.0, 16.0, 0.0)
HILUM_RIGHT: Point = (-42.0, 14.0, -4.0)
PULMONARY_LEFT: list[Point] = [(20.0, -36.0, -24.0), (20.0, -28.0, 2.0), (32.0, -4.0, 14.0), HILUM_LEFT]
PULMONARY_RIGHT: list[Point] = [(19.0, -22.0, 2.0), (-6.0, -6.0, 4.0), HILUM_RIGHT]
UPPER_VEIN: Point = (-27.0, -17.0, 30.0)
NODES: list[Point] = [
    (-15.0, 2.0, 46.0), (-12.0, 2.0, 62.0), (24.0, 4.0, 30.0), (2.0, 26.0, 0.0), (8.0, -30.0, 66.0),
    (-40.0, 8.0, -16.0),
]  # fmt: skip
BRACHIOCEPHALIC_LEFT: list[Point] = [
    (-26.0, -24.0, 70.0),
    (6.0, -32.0, 84.0),
    (34.0, -22.0, 110.0),
    (42.0, -14.0, 160.0),
]


def chest_fields(rng: np.random.Generator, lattice: Lattice, size: ChestSize) -> ChestFields:
    """Return all smooth fields of the chest."""
    x0, y0, z0 = lattice.coordinates()
    x = x0 + lattice.noise(rng, 120.0) * np.float32(1.2)
    y = y0 + lattice.noise(rng, 120.0) * np.float32(1.2)
    z = z0 + np.zeros_like(x)
    ax = np.abs(x)
    fat_noise = lattice.noise(rng, 14.0, 0.5)
    coarse = lattice.noise(rng, 45.0, 0.4)

    half_width, half_depth, middle = size.outline(z0)
    gutter = size.gutter(x, y)
    cavity = planar(x, y - middle - gutter, half_width, half_depth, 2.35)
    apex = ellipsoid(ax, y, z, (44.0, 24.0, size.apex_mm - 62.0), (50.0, 56.0, 62.0))
    cavity = smooth_cut(cavity, apex - 1.2 * np.clip(size.apex_mm - 40 - z, 0, None), 8.0)
    cavity = cavity.astype(np.float32)

    turn = np.arctan2(ax, y - middle) * np.float32(180 / np.pi)
    upper = 1 / (1 + np.exp(-(z - 5) / 14))
    pectoral = np.exp(-(((turn - 140) / 26) ** 2)) * upper
    back = np.exp(-(((turn - 62) / 30) ** 2)) * (0.5 + 0.5 * upper)
    beside_spine = np.exp(-((np.clip(turn - 12, 0, None) / 15) ** 2))
    wall_mm = 8.5 + 14.0 * pectoral + 11.0 * back + 17.0 * beside_spine
    fat_mm = size.fat_mm * (1.0 + 0.35 * np.exp(-(((turn - 150) / 40) ** 2)) - 0.35 * np.exp(-((turn / 60) ** 2)))
    behind = 0.72 * size.gutter_mm * np.exp(-((np.clip(ax - 70, 0, None) / 36) ** 2)) * np.clip((y - 12) / 48, 0, 1)
    trunk_cavity = planar(x, y - 2 - behind, size.across * 124 + 0 * half_width, size.deep * 84 + 0 * half_depth, 2.35)
    skin: FloatArray = trunk_cavity - (fat_mm + wall_mm)
    shrink = np.clip((z - 70) / 80, 0, 1) ** 2
    skin = skin + 40 * shrink * np.clip(ax / 120, 0, 1) + 24 * shrink * np.clip(-y / 80, 0, 1) + 8 * shrink
    shoulders = chain(ax, y, z, [(92.0, 20.0, 70.0), (122.0, 14.0, 118.0), (132.0, 2.0, 176.0)], [34.0, 44.0, 40.0])
    skin = smooth_union(skin, shoulders, 40.0)
    gland = np.full(skin.shape, 50.0, np.float32)
    if size.breast_mm:
        at = (78.0, -90.0 * size.deep - size.fat_mm, -16.0)
        breast = ellipsoid(ax, y - 0.22 * (ax - 78), z, at, (58.0, size.breast_mm, 58.0))
        skin = smooth_union(skin, breast, 22.0)
        gland = np.maximum(ellipsoid(ax, y + 3, z, at, (36.0, 0.72 * size.breast_mm, 36.0)), 1.2 - 2.4 * fat_noise)
    skin = skin.astype(np.float32)
    wall = cavity - (wall_mm + 1.3 * coarse).astype(np.float32)
    shoulder = skin + np.float32(0.8 * size.fat_mm + 3) + fat_noise + 0.9 * np.clip(98 - z + 5 * coarse, 0, 99)
    wall = np.minimum(wall, np.maximum(shoulder, np.abs(coarse) * -6 + 0.7))

    spine_x, spine_y = size.spine(z0)
    column = np.sqrt((x - spine_x) ** 2 + (y - spine_y) ** 2) - np.float32(19.5)
    behind_spine = np.maximum(np.abs(x - spine_x) - 13.0 - 0.55 * np.clip(y - spine_y, 0, 30), spine_y + 6.0 - y)
    column = np.minimum(column, behind_spine * np.float32(0.85))
    left = ellipsoid(x, y, z, (40.0, -18.0, -56.0), (40.0, 37.0, 44.0))
    right = ellipsoid(x, y, z, (2.0, -40.0, -58.0), (44.0, 28.0, 40.0))
    atria = ellipsoid(x, y, z, (2.0, 4.0, -36.0), (42.0, 24.0, 27.0))
    left_auricle = chain(x, y, z, [(34.0, 2.0, -26.0), (42.0, -14.0, -12.0)], [9.0, 6.0])
    heart = smooth_union(smooth_union(left, right, 14.0), smooth_union(atria, left_auricle, 8.0), 14.0)
    heart = heart + np.float32(1.2) * coarse
    left_blood = np.minimum.reduce([
        ellipsoid(x, y, z, (42.0, -16.0, -56.0), (26.0, 24.0, 32.0)),
        ellipsoid(x, y, z, (14.0, 8.0, -32.0), (26.0, 15.0, 19.0)),
        left_auricle + 1.5,
        chain(x, y, z, AORTA, [15.0, 15.0, 14.5, 13.5, 12.5, 12.0, 11.5, 11.0, 9.5]),
        chain(x, y, z, [(-9.0, -14.0, 50.0), (-16.0, -10.0, 84.0), (-30.0, -4.0, 160.0)], [6.5, 6.0, 4.5]),
        chain(x, y, z, [(5.0, 2.0, 52.0), (16.0, -2.0, 160.0)], [4.0, 3.8]),
        chain(x, y, z, [(13.0, 14.0, 54.0), (26.0, 12.0, 105.0), (64.0, 12.0, 138.0)], [5.0, 4.8, 4.2]),
        chain(x, y, z, [(24.0, 12.0, -30.0), (46.0, 22.0, -14.0)], [7.0, 5.5]),
        chain(x, y, z, [(-22.0, 12.0, -30.0), (-44.0, 20.0, -18.0)], [7.0, 5.5]),
        chain(x, y, z, [(22.0, 6.0, -24.0), (48.0, -4.0, -2.0)], [6.0, 4.6]),
        chain(x, y, z, [(-20.0, 4.0, -26.0), (-46.0, -4.0, -6.0)], [6.0, 4.6]),
    ]).astype(np.float32)  # fmt: skip
    right_blood = np.maximum(np.minimum.reduce([
        ellipsoid(x, y, z, (4.0, -42.0, -56.0), (36.0, 19.0, 32.0)),
        ellipsoid(x, y, z, (-25.0, -8.0, -42.0), (18.0, 20.0, 25.0)),
        chain(x, y, z, PULMONARY_LEFT, [13.0, 13.0, 11.0, 8.0]),
        chain(x, y, z, PULMONARY_RIGHT, [12.0, 10.5, 8.5]),
    ]), np.where(z < -20, 7.0 - left_blood, np.float32(-9.0)))  # fmt: skip
    upper_vein = np.minimum.reduce([
        chain(x, y, z, [(-27.0, -20.0, 72.0), UPPER_VEIN, (-27.0, -14.0, -18.0)], [8.5, 9.5, 10.0]),
        chain(x, y, z, [(-27.0, -20.0, 72.0), (-34.0, -16.0, 110.0), (-40.0, -14.0, 160.0)], [8.0, 7.0, 6.0]),
        chain(x, y, z, BRACHIOCEPHALIC_LEFT, [7.5, 6.5, 6.5, 5.5]),
    ])  # fmt: skip
    lower_vein = np.minimum(
        chain(x, y, z, [(-22.0, 4.0, -66.0), (-25.0, 10.0, -160.0)], [12.0, 11.5]),
        chain(x, y, z, [(-8.0, 42.0, -150.0), (-9.0, 46.0, 10.0), (-20.0, 20.0, 34.0)], [3.4, 4.2, 3.8]),
    )
    great = np.minimum.reduce([left_blood, right_blood, upper_vein, lower_vein])
    airway = np.minimum.reduce([
        chain(x, y, z, [(0.0, 8.0, 170.0), (1.0, 16.0, 60.0), (1.0, 20.0, 32.0)], [8.6, 8.6, 9.0]),
        chain(x, y, z, [(1.0, 20.0, 31.0), (-24.0, 25.0, 8.0), (-44.0, 22.0, -6.0)], [7.2, 6.8, 4.6]),
        chain(x, y, z, [(1.0, 20.0, 31.0), (30.0, 27.0, 2.0), (48.0, 24.0, -8.0)], [7.0, 6.2, 4.4]),
    ])  # fmt: skip
    gullet = chain(
        x,
        y,
        z,
        [(0.0, 26.0, 170.0), (3.0, 34.0, 60.0), (6.0, 38.0, 0.0), (12.0, 34.0, -70.0), (22.0, 16.0, -112.0)],
        [7.0, 6.5, 6.0, 7.0, 9.0],
    )
    for spot in NODES:
        shifted = (spot[0] + rng.uniform(-4, 4), spot[1] + rng.uniform(-4, 4), spot[2] + rng.uniform(-6, 6))
        wide, thin, tall = rng.uniform(3.2, 5.5), rng.uniform(2.2, 3.6), rng.uniform(3.5, 6.5)
        gullet = np.minimum(gullet, ellipsoid(x, y, z, shifted, (wide, thin, tall)))
    front = np.maximum(ax - 5 - 0.17 * np.clip(y + 75, 0, 110), np.maximum(y - 30, -z - 40))
    mediastinum = np.minimum.reduce([great - 3.0, airway - 3.0, gullet - 2.0])
    mediastinum = smooth_union(mediastinum, heart - 3.0, 8.0)
    mediastinum = smooth_union(smooth_union(mediastinum, front, 10.0), column, 8.0)

    right_dome = 0.0045 * (x + 60) ** 2
    left_dome = 0.0050 * (x - 66) ** 2 + 9
    dome = -66.0 + size.dome_mm - np.where(x < 4, right_dome, left_dome)
    dome = dome - np.where(y > -12, 0.0085, 0.0050) * (y + 12) ** 2 + 1.5 * coarse
    below = np.float32(0.8) * (z - dome).astype(np.float32)
    lungs = smooth_cut(smooth_cut(cavity, -mediastinum, 5.0), -below, 4.0)

    oblique = (z + 18 + 1.15 * (y - 6) * -1 + 4 * coarse) * np.float32(0.62)
    level = np.where((x < 0) & (oblique > 0), z - 8 - 0.06 * y + 3 * coarse, np.float32(99.0))
    fissure = np.minimum(np.abs(oblique), np.abs(level))

    hollow = np.maximum(cavity + 3.0, below + 2.5)
    liver = np.maximum(hollow, ellipsoid(x, y, z, (-52.0, -4.0, -150.0), (98.0, 88.0, 88.0)) + 2 * coarse)
    spleen = np.maximum(hollow + 2, ellipsoid(x, y, z, (92.0, 34.0, -132.0), (26.0, 40.0, 42.0)))
    stomach = np.maximum(hollow + 2, ellipsoid(x, y, z, (54.0, -22.0, -134.0), (38.0, 36.0, 42.0)) + coarse)
    liver = np.maximum(liver, -np.minimum(spleen, stomach) + 3.0)
    return ChestFields(
        skin=skin, cavity=cavity, wall=wall.astype(np.float32), lungs=lungs, heart=heart, left_blood=left_blood,
        right_blood=right_blood.astype(np.float32), upper_vein=upper_vein, lower_vein=lower_vein, vessels=great,
        airway=airway, gullet=gullet.astype(np.float32), gland=gland.astype(np.float32), below=below,
        liver=liver.astype(np.float32), spleen=spleen, stomach=stomach, gas=np.maximum(stomach + 3.5, y + 30.0),
        fissure=fissure.astype(np.float32), fat_noise=fat_noise, coarse_noise=coarse,
        gravity=(y + np.zeros_like(x)).astype(np.float32),
    )  # fmt: skip


def planar(x: FloatArray, y: FloatArray, half_x: FloatArray, half_y: FloatArray, power: float) -> FloatArray:
    """Return the distance within the axial plane, along the ray from the middle, to a superellipse."""
    total = (np.abs(x) / half_x) ** np.float32(power) + (np.abs(y) / half_y) ** np.float32(power) + np.float32(1e-6)
    out: FloatArray = np.sqrt(x**2 + y**2) * (1 - total ** np.float32(-1.0 / power))
    return np.maximum(out, -np.minimum(half_x, half_y)).astype(np.float32)


__all__ = [
    "AORTA",
    "HILUM_LEFT",
    "HILUM_RIGHT",
    "PULMONARY_LEFT",
    "PULMONARY_RIGHT",
    "UPPER_VEIN",
    "ChestFields",
    "ChestSize",
    "chest_fields",
    "planar",
]
