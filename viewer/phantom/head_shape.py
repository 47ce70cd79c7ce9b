"""How heads differ, the cranial cavity, and the head's own frame, as distances in mm.

Origin between the ears, about at the third ventricle; x to the left, y to the back, z to the head. The numbers are
those of an adult head (cavity about 135 × 167 × 135 mm) and vary with the seed.
"""

from __future__ import annotations

import numpy as np
from attrs import frozen

from viewer.phantom.fields import FloatArray, Lattice, chain, ellipsoid, rounded_box, smooth_cut, smooth_union

SHEARED_ABOUT_Y_MM = -4.0


@frozen
class HeadSize:
    """How this head differs from the next: scale per axis, how pear-shaped, thickness of the skull in mm.

    `turned_deg` is how the head lies: turned to the side, bent to the side, nodding (about z, y and x).
    """

    across: float
    along: float
    up: float
    pear: float
    skull_mm: float
    scalp_mm: float
    turned_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> HeadSize:
        """Return the size for one seed."""
        return cls(
            across=float(rng.uniform(0.95, 1.04)),
            along=float(rng.uniform(0.95, 1.03)),
            up=float(rng.uniform(0.95, 1.03)),
            pear=float(rng.uniform(0.03, 0.08)),
            skull_mm=float(rng.uniform(5.0, 7.2)),
            scalp_mm=float(rng.uniform(4.0, 6.5)),
            turned_deg=(float(rng.normal(0.0, 4.0)), float(rng.normal(0.0, 2.5)), float(rng.normal(0.0, 3.0))),
        )


@frozen(eq=False)
class HeadFields:
    """Fields on the lattice, distances in mm, negative inside."""

    cavity: FloatArray
    outer_bone: FloatArray
    base_bone: FloatArray
    air: FloatArray
    orbit: FloatArray
    globe: FloatArray
    lens: FloatArray
    eye_muscle: FloatArray
    mastoid: FloatArray
    skin: FloatArray
    muscle: FloatArray
    ear: FloatArray
    marrow: FloatArray
    fat_noise: FloatArray
    rest: FloatArray
    septum: FloatArray
    cells: FloatArray
    sheets: FloatArray
    cellular: FloatArray
    mucosa: FloatArray
    suture: FloatArray


def in_head(
    rng: np.random.Generator, lattice: Lattice, size: HeadSize, tilt_deg: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return x, y and z in the head's own frame of every lattice point; no head is quite symmetrical.

    With a tilted gantry the lattice runs along the slices: its y axis climbs by tan(tilt), its z axis stays along the
    table.
    """
    x, y, z = (c + np.zeros(lattice.shape, np.float32) for c in lattice.coordinates())
    if tilt_deg:
        z = z + (y - np.float32(SHEARED_ABOUT_Y_MM)) * np.float32(np.tan(np.deg2rad(tilt_deg)))
    a, b, c = np.deg2rad(size.turned_deg).astype(np.float32)
    x, y = np.cos(a) * x + np.sin(a) * y, np.cos(a) * y - np.sin(a) * x
    x, z = np.cos(b) * x + np.sin(b) * z, np.cos(b) * z - np.sin(b) * x
    y, z = np.cos(c) * y + np.sin(c) * z, np.cos(c) * z - np.sin(c) * y
    x = x + lattice.noise(rng, 90.0) * np.float32(1.1)
    y = y + lattice.noise(rng, 90.0) * np.float32(1.1)
    return x.astype(np.float32), y.astype(np.float32), z.astype(np.float32)


def cavity(x: FloatArray, y: FloatArray, z: FloatArray, size: HeadSize) -> FloatArray:
    """Return the distance to the inner table of the skull, the foramen magnum left open."""
    x, y, z = x / np.float32(size.across), y / np.float32(size.along), z / np.float32(size.up)
    ax = np.abs(x)
    pear = 1 + np.float32(size.pear) * np.tanh((y - 8) / 50) - np.float32(0.02)
    vault = rounded_box(ax / pear, y - 3, z - 4, (67.0, 83.0, 77.0), 2.2)
    front = 1 / (1 + np.exp((y + 24) / 5))
    roof = 11 * np.exp(-(((ax - 31) / 15) ** 2)) * np.clip(-(y + 20) / 20, 0, 1)
    vault = smooth_cut(vault, front * (roof - 4) - 25 - z, 8.0)
    middle = ellipsoid(ax, y, z, (38.0, -13.0, -26.0), (25.0, 30.0, 21.0))
    back = ellipsoid(ax, y, z, (0.0, 36.0, -36.0), (54.0, 43.0, 31.0))
    both = smooth_union(vault, smooth_union(middle, back, 10.0), 10.0)
    both = smooth_cut(both, -petrous(ax, y, z), 3.0)
    both = smooth_cut(both, -sphenoid(ax, y, z), 3.0)
    canal = chain(ax, y, z, [(0.0, 26.0, -56.0), (0.0, 30.0, -120.0)], [15.0, 12.0])
    return smooth_union(both, canal, 8.0)


def petrous(ax: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
    """Return the distance to both petrous ridges; `ax` is |x|."""
    return chain(ax, y, z, [(13.0, 3.0, -41.0), (40.0, 18.0, -39.0), (62.0, 32.0, -41.0)], [5.0, 8.5, 11.0])


def sphenoid(ax: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
    """Return the distance to the sphenoid: body with the sella, lesser wings, clivus; `ax` is |x|."""
    body = ellipsoid(ax, y, z, (0.0, -16.0, -42.0), (19.0, 15.0, 13.0))
    dorsum = chain(ax, y, z, [(0.0, 1.0, -27.0), (0.0, 4.0, -42.0), (0.0, 15.0, -68.0)], [2.5, 7.0, 6.0])
    wings = chain(ax, y, z, [(9.0, -20.0, -25.0), (30.0, -32.0, -24.0), (58.0, -40.0, -16.0)], [2.5, 2.6, 3.0])
    return np.minimum(np.minimum(body, dorsum), wings)
