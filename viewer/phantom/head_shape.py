"""The head without its contents: cranial cavity, skull, skull base, face, scalp, as distances in mm.

Origin between the ears, about at the third ventricle; x to the left, y to the back, z to the head. The numbers are
those of an adult head (cavity about 135 × 167 × 135 mm) and vary with the seed.
"""

from __future__ import annotations

import numpy as np
from attrs import frozen

from viewer.phantom.fields import FloatArray, Lattice, chain, ellipsoid, rounded_box, smooth_cut, smooth_union


@frozen
class HeadSize:
    """How this head differs from the next: scale per axis, how pear-shaped, thickness of the skull in mm."""

    across: float
    along: float
    up: float
    pear: float
    skull_mm: float
    scalp_mm: float

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


def head_fields(rng: np.random.Generator, lattice: Lattice, size: HeadSize) -> HeadFields:
    """Return all fields of bone, air and soft tissue around the brain."""
    x, y, z = lattice.coordinates()
    x = x + lattice.noise(rng, 90.0) * np.float32(0.8)
    y = y + lattice.noise(rng, 90.0) * np.float32(0.8)
    z = z + np.zeros_like(y)
    ax = np.abs(x)
    inner = cavity(x, y, z, size)

    temporal = np.exp(-(((y + 8) / 30) ** 2)) * np.exp(-(((z + 8) / 26) ** 2)) * np.clip((ax - 35) / 20, 0, 1)
    occiput = np.exp(-((x / 18) ** 2)) * np.exp(-(((z + 14) / 20) ** 2)) * np.clip(y / 60, 0, 1)
    brow = np.exp(-(((z + 12) / 14) ** 2)) * np.clip(-(y + 50) / 25, 0, 1)
    thickness = size.skull_mm * (1 + 0.16 * lattice.noise(rng, 55.0)) - 2.6 * temporal + 3.0 * occiput + 4.0 * brow
    thickness = thickness * np.clip((z + 62) / 40, 0.45, 1.0) * (1 - 0.35 * np.clip(-(y + 20) / 30, 0, 1) * (z < -22))
    outer = inner - np.maximum(thickness, 2.0).astype(np.float32)

    fine = lattice.noise(rng, 7.0, 0.3)
    mastoid = ellipsoid(ax, y, z, (58.0, 36.0, -54.0), (12.0, 15.0, 21.0))
    condyle = ellipsoid(ax, y, z, (18.0, 20.0, -67.0), (6.5, 11.0, 7.0))
    atlas = chain(
        ax,
        y,
        z,
        [(3.0, 10.0, -83.0), (20.0, 20.0, -82.0), (24.0, 34.0, -82.0), (4.0, 50.0, -83.0)],
        [4.0, 8.0, 5.0, 3.5],
    )
    dens = chain(ax, y, z, [(0.0, 17.0, -74.0), (0.0, 17.0, -100.0)], [5.0, 5.5])
    jaw = chain(ax, y, z, [(50.0, 3.0, -52.0), (50.0, -4.0, -100.0)], [5.5, 5.0])
    zygoma = chain(
        ax,
        y,
        z,
        [(44.0, -82.0, -60.0), (55.0, -72.0, -56.0), (66.0, -46.0, -53.0), (68.0, -14.0, -50.0), (62.0, 2.0, -48.0)],
        [6.0, 6.0, 3.2, 2.6, 4.0],
    )
    rim = chain(ax, y, z, [(52.0, -72.0, -50.0), (51.0, -72.0, -22.0), (30.0, -82.0, -18.0)], [4.0, 4.0, 4.5])
    nasal_bone = chain(ax, y, z, [(3.0, -90.0, -20.0), (4.0, -106.0, -42.0)], [3.5, 2.0])
    palate = ellipsoid(ax, y, z, (0.0, -66.0, -88.0), (26.0, 30.0, 7.0))

    orbit = chain(ax, y, z, [(17.0, -34.0, -34.0), (31.0, -66.0, -36.0), (33.0, -84.0, -37.0)], [4.0, 18.0, 20.0])
    orbit = smooth_cut(orbit, floor_above(inner, 3.0), 3.0)
    sinus = ellipsoid(ax, y, z, (29.0, -66.0, -68.0), (14.0, 18.0, 16.0)) + fine * np.float32(0.8)
    frontal = ellipsoid(
        ax, y, z, (12.0, -85.0, -14.0), (11.0 + 2 * float(rng.random()), 5.0, 12.0)
    ) + fine * np.float32(1.2)
    sphenoid_air = ellipsoid(ax, y, z, (0.0, -17.0, -42.0), (13.0, 10.0, 9.0)) + fine * np.float32(0.7)
    ethmoid_box = ellipsoid(ax, y, z, (7.0, -58.0, -37.0), (8.5, 27.0, 12.0))
    ethmoid = smooth_cut(ethmoid_box, 1.2 - np.abs(fine) * np.float32(2.2), 1.0)
    nose_hole = ellipsoid(ax, y, z, (6.0, -70.0, -62.0), (6.5, 32.0, 22.0))
    turbinate = chain(ax, y, z, [(9.0, -92.0, -66.0), (9.0, -50.0, -66.0)], [4.0, 4.0])
    nose_hole = smooth_cut(nose_hole, -turbinate, 1.0)
    pharynx = ellipsoid(ax, y, z, (0.0, -24.0, -74.0), (13.0, 8.0, 20.0))
    ear_canal = chain(ax, y, z, [(47.0, 16.0, -43.0), (95.0, 17.0, -44.0)], [3.5, 3.0])
    air = np.minimum.reduce([sinus, frontal, sphenoid_air, ethmoid, nose_hole, pharynx, ear_canal])
    mastoid_air = smooth_cut(mastoid + 3.0, 1.0 - np.abs(fine) * np.float32(2.4), 1.0)

    base = np.minimum.reduce(
        [petrous(ax, y, z), mastoid, sphenoid(ax, y, z), condyle, atlas, dens, jaw, zygoma, rim, nasal_bone]
    )
    shells = np.minimum.reduce([sinus - 1.6, ethmoid_box - 1.2, frontal - 2.4, nose_hole - 1.0])
    in_front = np.float32(-82.0) + np.float32(0.10) * ax
    orbit_shell = smooth_cut(orbit - 2.0, in_front - y, 1.0)
    base = smooth_union(base, np.minimum(np.minimum(shells, orbit_shell), palate), 1.5)
    base = smooth_cut(base, -orbit, 1.0)
    base = np.maximum(base, -inner)

    skin = outer - np.float32(size.scalp_mm) * (1 + np.float32(0.12) * lattice.noise(rng, 60.0))
    skin = smooth_union(skin, np.minimum(frontal - 9.0, mastoid - 7.0), 10.0)
    side = rounded_box(ax, y - 6, z + 52, (73.0, 84.0, 60.0), 2.4)
    face = rounded_box(ax, y + 46, z + 64, (66.0, 50.0, 62.0), 2.5)
    nose = chain(ax, y, z, [(0.0, -90.0, -24.0), (0.0, -104.0, -56.0), (5.0, -101.0, -64.0)], [9.0, 11.0, 12.0])
    neck = ellipsoid(ax, y, z, (0.0, 32.0, -110.0), (66.0, 62.0, 70.0))
    lower = smooth_union(smooth_union(face, side, 16.0), neck, 16.0)
    skin = smooth_union(smooth_union(skin, lower, 12.0), smooth_union(nose, rim - 6.0, 8.0), 12.0)
    lids = ellipsoid(ax, y, z, (33.0, -78.0, -37.0), (22.0, 15.0, 20.0))
    skin = smooth_union(skin, lids, 5.0)
    ear = ellipsoid(ax * np.float32(0.95) - y * np.float32(0.30), y, z, (68.0, 28.0, -40.0), (5.0, 15.0, 27.0))

    temporalis = ellipsoid(ax, y, z, (64.0, -22.0, -10.0), (13.0, 34.0, 38.0))
    pterygoid = ellipsoid(ax, y, z, (36.0, -18.0, -72.0), (18.0, 20.0, 22.0))
    nuchal = ellipsoid(ax, y, z, (22.0, 66.0, -84.0), (30.0, 26.0, 36.0))
    deep = ellipsoid(ax, y, z, (34.0, 24.0, -98.0), (26.0, 26.0, 30.0))
    masseter = chain(ax, y, z, [(60.0, -30.0, -58.0), (56.0, -12.0, -100.0)], [7.0, 9.0])
    # Below the base all is muscle, parted by sheets of fat; the cheeks and the fat pad behind the jaw stay fat.
    sheets = lattice.noise(rng, 15.0, 0.3)
    cheek_pad = ellipsoid(ax, y, z, (36.0, -60.0, -70.0), (20.0, 26.0, 34.0))
    bulk = np.maximum.reduce(
        [skin + 10.0, 52.0 + z - 0.10 * y, 1.9 - np.abs(sheets) * 4.5, -np.float32(0.6) * cheek_pad]
    )
    muscle = np.minimum.reduce([temporalis, pterygoid, nuchal, deep, masseter])
    muscle = np.minimum(muscle + np.float32(0.9) * lattice.noise(rng, 9.0), bulk)

    globe = ellipsoid(ax, y, z, (32.0, -76.0, -37.0), (12.0, 12.0, 12.0))
    ring = [
        (37.0, -74.0, -37.0),
        (27.0, -74.0, -37.0),
        (32.0, -74.0, -28.0),
        (32.0, -74.0, -46.0),
        (32.0, -64.0, -37.0),
    ]
    apex = (18.5, -38.0, -34.5)
    lines = [
        chain(
            ax,
            y,
            z,
            [apex, (0.5 * (apex[0] + p[0]) + (p[0] - 32) * 0.5, -57.0, 0.5 * (apex[2] + p[2]) + (p[2] + 37) * 0.5), p],
            [1.2, 2.0, 1.4],
        )
        for p in ring
    ]
    rest = 108.0 - (x * x) / np.float32(330.0) - y
    return HeadFields(
        cavity=inner,
        outer_bone=outer,
        base_bone=base,
        air=air,
        orbit=orbit,
        globe=globe,
        lens=ellipsoid(ax, y, z, (32.0, -84.0, -37.0), (4.6, 2.0, 4.6)),
        eye_muscle=np.minimum.reduce(lines),
        mastoid=mastoid_air,
        skin=skin,
        muscle=muscle,
        ear=ear,
        marrow=fine,
        fat_noise=lattice.noise(rng, 11.0),
        rest=(rest + 0 * inner).astype(np.float32),
    )


def floor_above(inner: FloatArray, margin_mm: float) -> FloatArray:
    """Return the distance to the space at least `margin_mm` away from the cavity."""
    return np.float32(margin_mm) - inner
