"""The brain as distances in mm: gyri, ventricles, cisterns, deep grey matter, dura, calcification.

Everything is a function of coordinates that a bleed may have displaced, so mass effect, a compressed ventricle and a
shifted midline come out of one warp.
"""

from __future__ import annotations

import numpy as np
from attrs import frozen

from viewer.phantom.fields import FloatArray, Lattice, chain, ellipsoid, smooth_union
from viewer.phantom.head_shape import HeadSize, cavity


@frozen
class BrainLook:
    """How this brain differs from the next: width of ventricles and sulci (1 is a 50-year-old), calcification.

    Calcifications are 0 … 1 (none to much), `calcium_hu` is their density away from the pineal gland; `vein_hu` that
    of blood in the venous sinuses; `pale` how far the white matter around the ventricles has faded, in HU.
    """

    ventricles: float
    sulci: float
    pineal: float
    choroid: float
    basal_ganglia: float
    falx: float
    falx_at: tuple[float, float]
    calcium_hu: float
    vein_hu: float
    pale: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> BrainLook:
        """Return the look for one seed."""
        age = float(rng.uniform(0.0, 1.0))
        faint = rng.random() < 0.4
        return cls(
            ventricles=0.70 + 0.75 * age + float(rng.uniform(-0.1, 0.1)),
            sulci=0.28 + 0.62 * age + float(rng.uniform(-0.08, 0.12)),
            pineal=float(rng.uniform(0.0, 1.0)),
            choroid=float(rng.uniform(0.0, 1.0)),
            basal_ganglia=float(rng.uniform(0.2, 1.0)) if rng.random() < 0.3 else 0.0,
            falx=float(rng.uniform(0.2, 1.0)) if rng.random() < 0.3 else 0.0,
            falx_at=(float(rng.uniform(-45.0, 30.0)), float(rng.uniform(34.0, 58.0))),
            calcium_hu=float(rng.uniform(62.0, 95.0) if faint else rng.uniform(95.0, 260.0)),
            vein_hu=float(rng.uniform(44.0, 66.0)),
            pale=float(np.clip(rng.normal(9.0 * age - 3.0, 2.0), 0.0, 8.0)),
        )

    def said(self) -> tuple[str, ...]:
        """Return the calcifications that look like blood at first, a line each."""
        lines = []
        if self.pineal > 0.35:
            lines.append("Calcified pineal gland")
        if self.choroid > 0.4:
            lines.append("Calcified choroid plexus")
        if self.basal_ganglia > 0:
            lines.append(f"Calcified basal ganglia ({self.calcium_hu:.0f} HU)")
        if self.falx > 0:
            lines.append("Calcified plaque of the falx")
        if self.vein_hu > 58:
            lines.append("Dense blood in the venous sinuses")
        return tuple(lines)


@frozen(eq=False)
class BrainFields:
    """Fields on the lattice, distances in mm, negative inside; `sulcus` is signed across the fissure's midline."""

    depth: FloatArray
    sulcus: FloatArray
    sulcus_half_width: FloatArray
    ventricle: FloatArray
    cisterns: FloatArray
    deep_grey: FloatArray
    cerebellum: FloatArray
    folia: FloatArray
    midline: FloatArray
    falx_reach: FloatArray
    fissure_half_width: FloatArray
    tent: FloatArray
    tent_reach: FloatArray
    sinus: FloatArray
    calcium: FloatArray
    ganglia_calcium: FloatArray
    stem: FloatArray
    texture: FloatArray


def brain_fields(
    rng: np.random.Generator,
    lattice: Lattice,
    size: HeadSize,
    look: BrainLook,
    displaced: tuple[FloatArray, FloatArray, FloatArray],
    inner: FloatArray,
) -> BrainFields:
    """Return the brain's fields; `displaced` are the undeformed coordinates of each lattice point."""
    x, y, z = displaced
    ax = np.abs(x)
    depth = -cavity(x, y, z, size)
    v = look.ventricles

    # Sulci: zero crossings of band-passed noise whose radial axis is stretched, so that folds run inwards.
    radius = np.sqrt(x**2 + y**2 + z**2) + np.float32(1.0)
    shell = (np.float32(66.0) - np.float32(0.28) * np.clip(depth, -5, 60)) / radius
    folds = lattice.noise(rng, 25.0, 0.22)
    bend = lattice.noise(rng, 36.0, 0.4)
    n = lattice.sample(folds, x * shell + bend * np.float32(2.5), y * shell, z * shell)
    sulcus = np.clip(n / (lattice.gradient_length(n) + np.float32(0.02)), -9, 9)
    deep_end = np.float32(15.0) + np.float32(5.0) * bend
    low = 16 * np.clip((10 - z) / 20, 0, 1) * np.exp(-((ax / 42) ** 2) - ((y / 62) ** 2))
    w = look.sulci * np.clip(1.35 - 0.055 * depth, 0.0, 1.6) - 0.30 * np.clip(depth + low - deep_end, 0, 40)

    frontal = chain(
        ax,
        y,
        z,
        [(6.5, -31.0, 8.0), (9.0, -22.0, 15.0), (13.0, 4.0, 22.0), (21.0, 26.0, 16.0)],
        [3.6 * v, 4.6 * v, 4.8 * v, 5.5 * v],
    )
    frontal_b = chain(ax, y, z, [(14.0, -32.0, 9.0), (13.5, -20.0, 17.0)], [2.4 * v, 2.6 * v])
    occipital = chain(ax, y, z, [(22.0, 28.0, 14.0), (25.0, 40.0, 9.0), (20.0, 56.0, 7.0)], [5.8 * v, 4.8 * v, 1.6 * v])
    temporal = chain(
        ax, y, z, [(24.0, 26.0, 8.0), (31.0, 8.0, -12.0), (29.0, -12.0, -19.0)], [4.0 * v, 1.8 * v, 1.8 * v]
    )
    lateral = smooth_union(smooth_union(frontal, frontal_b, 3.0), smooth_union(occipital, temporal, 3.0), 4.0)
    septum = np.float32(1.3) - ax
    lateral = np.maximum(lateral, septum)
    third = ellipsoid(ax, y, z, (0.0, 4.0, -1.0), (1.8 * v + 0.4, 14.0, 9.0))
    fourth = ellipsoid(ax, y, z, (0.0, 41.0, -40.0), (6.5 * v**0.5, 5.0, 9.0))

    stem = chain(
        ax,
        y,
        z,
        [(6.0, 11.0, -14.0), (4.0, 17.0, -24.0), (0.0, 18.0, -38.0), (0.0, 23.0, -58.0), (0.0, 28.0, -110.0)],
        [9.5, 11.0, 14.5, 9.0, 6.0],
    )
    peduncle = chain(ax, y, z, [(0.0, 0.0, -18.0), (0.0, 6.0, -18.0)], [2.4, 3.0])
    suprasellar = ellipsoid(ax, y, z, (0.0, -9.0, -21.0), (13.0, 10.0, 5.5)) + np.float32(1.2) * bend
    ambient = np.maximum(
        np.abs(stem) - np.float32(2.0) - 0.6 * v, ellipsoid(ax, y, z, (0.0, 14.0, -22.0), (24.0, 22.0, 11.0))
    )
    quad = ellipsoid(ax, y, z, (0.0, 31.0, -6.0), (11.0, 3.4, 5.0))
    prepontine = np.maximum(stem - 4.5, ellipsoid(ax, y, z, (0.0, 2.0, -40.0), (15.0, 10.0, 24.0)))
    magna = np.maximum(stem - 14.0, ellipsoid(ax, y, z, (0.0, 46.0, -66.0), (16.0, 16.0, 9.0)))
    around_cord = np.maximum(z + 58.0, stem - 6.0)
    curve = 38.5 + 0.10 * z - 0.011 * (y + 2) ** 2 + 1.8 * bend
    insula = np.maximum(
        np.abs(ax - curve) - (0.7 + 0.5 * look.sulci), ellipsoid(ax, y, z, (37.0, -2.0, 2.0), (30.0, 23.0, 14.0))
    )
    slope = z + 8.0 - 0.42 * (y + 14.0) + 4.0 * bend + 2.0 * np.sin(ax / 5)
    sylvian = np.maximum(np.abs(slope) - (0.9 + 0.9 * look.sulci), np.maximum(35.0 - ax, np.abs(y + 4.0) - 32.0))
    cisterns = np.minimum.reduce(
        [suprasellar, ambient, quad, prepontine, magna, around_cord, insula, sylvian, peduncle]
    )
    cisterns = np.maximum(cisterns, -(stem - np.float32(0.3)))
    ventricle = np.minimum.reduce([lateral, third, fourth])

    caudate = chain(ax, y, z, [(13.5, -22.0, 8.0), (15.0, -16.0, 14.0), (17.0, 6.0, 22.0)], [5.5, 5.0, 2.2])
    lentiform = ellipsoid(ax, y, z, (25.0, -5.0, 4.0), (6.5, 16.0, 10.0))
    thalamus = ellipsoid(ax, y, z, (11.0, 11.0, 6.0), (8.0, 14.0, 9.0))
    insular = np.maximum(np.abs(ax - curve) - 3.6, ellipsoid(ax, y, z, (37.0, -2.0, 2.0), (30.0, 22.0, 13.0)))
    deep_grey = np.minimum.reduce([caudate, lentiform, thalamus, insular])

    tent_height = np.float32(13.0) - np.float32(0.50) * ax - np.float32(0.16) * np.clip(y - 20, -20, 60)
    tent = z - tent_height
    tent_reach = np.maximum(ellipsoid(ax, y, z, (0.0, 20.0, 0.0), (27.0, 22.0, 90.0)) * np.float32(-1), 8.0 - y)
    cerebellum = np.maximum(tent + np.float32(1.6), 19.0 - y - 0.12 * ax)
    folia = np.sin((z * np.float32(0.85) + np.float32(0.012) * (y - 40) ** 2 + bend * 1.5) * np.float32(1.25))

    callosum = ellipsoid(ax, y, z, (0.0, 4.0, 8.0), (30.0, 44.0, 26.0))
    above = np.where(y > 15, tent_height - 1.0 - z, -20.0 - z)
    falx_reach = np.maximum(-callosum, above)
    fissure = np.where(falx_reach < 0, 0.40 + look.sulci * (0.75 + 0.4 * np.clip(-y / 60, 0, 1)), -1.0)
    edge = -inner
    sinus = np.maximum(ax + edge - np.float32(5.2), np.where((z > 8) | (y > 40), -9.0, 9.0))
    straight = chain(ax, y, z, [(0.0, 34.0, 9.0), (0.0, 76.0, 0.0)], [1.6, 2.2])
    transverse = np.maximum(1.2 * np.abs(z + 12.0 + 0.1 * ax) + edge - 5.0, np.maximum(20.0 - y, ax - 60.0))
    sinus = np.minimum.reduce([sinus, straight, transverse])

    pineal = ellipsoid(ax, y, z, (0.0, 27.0, 2.0), (2.2, 2.6, 2.2)) + np.float32(2.5 * (0.35 - look.pineal))
    choroid = (
        chain(ax, y, z, [(22.0, 28.0, 13.0), (23.0, 34.0, 9.0)], [2.0, 1.6])
        + np.float32(2.2 * (0.4 - look.choroid))
        + np.float32(0.8) * bend
    )
    pallidum = (
        ellipsoid(ax, y, z, (20.0, -4.0, 2.0), (3.0, 6.0, 3.5))
        + np.float32(1.2)
        + np.abs(bend)
        - np.float32(3.4 * look.basal_ganglia)
    )
    plaque = ellipsoid(
        ax, y, z, (0.0, *look.falx_at), (1.6 + 1.4 * look.falx, 3.0 + 8.0 * look.falx, 2.5 + 6.0 * look.falx)
    )
    plaque = np.maximum(plaque, falx_reach + np.float32(1.0)) if look.falx > 0 else plaque * 0 + np.float32(50.0)
    calcium = np.minimum.reduce([pineal, choroid, plaque])
    like = np.zeros(lattice.shape, np.float32)
    return BrainFields(
        depth=depth,
        sulcus=sulcus,
        sulcus_half_width=w.astype(np.float32),
        ventricle=ventricle,
        cisterns=cisterns,
        deep_grey=deep_grey,
        cerebellum=cerebellum,
        folia=folia,
        midline=x + like,
        falx_reach=falx_reach,
        fissure_half_width=fissure.astype(np.float32),
        tent=tent,
        tent_reach=tent_reach.astype(np.float32),
        sinus=sinus.astype(np.float32),
        calcium=calcium.astype(np.float32),
        ganglia_calcium=(pallidum + np.float32(0.8)).astype(np.float32),
        stem=stem,
        texture=lattice.noise(rng, 14.0, 0.5),
    )
