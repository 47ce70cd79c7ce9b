"""Bleeds inside the head: what can be asked for, where they go, and how the brain moves out of their way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from viewer.phantom.fields import FloatArray, Lattice, Point, ellipsoid

if TYPE_CHECKING:
    from viewer.phantom.head_shape import HeadSize

NAMES = {
    "epidural": "Epidural bleed",
    "subdural": "Subdural bleed",
    "intraparenchymal": "Bleed in the brain",
}


@frozen
class Bleed:
    """One bleed: its kind, the volume aimed at in mL, and where.

    `place_lps_mm` is the middle of an intraparenchymal bleed, or a point whose direction from the origin says where
    on the skull the other kinds lie. `hu` is the mean density, `seed` varies shape and texture.
    """

    key: str
    volume_ml: float
    place_lps_mm: Point
    hu: float = 66.0
    seed: int = 0


@frozen(eq=False)
class BleedFields:
    """A bleed on the lattice: distance (negative inside), overlying swelling of the scalp, oedema around it."""

    bleed: Bleed
    distance: FloatArray
    swelling_mm: FloatArray | None
    oedema: FloatArray | None


def drawn_bleeds(rng: np.random.Generator) -> tuple[Bleed, ...]:
    """Return zero to four bleeds for one seed, volumes spread evenly over the logarithm from 0.3 to 40 mL."""
    count = int(rng.choice([0, 1, 2, 3, 4], p=[0.10, 0.33, 0.32, 0.17, 0.08]))
    bleeds = []
    for _ in range(count):
        key = str(rng.choice(["epidural", "subdural", "intraparenchymal"], p=[0.28, 0.24, 0.48]))
        low, high = {"epidural": (1.5, 40.0), "subdural": (3.0, 45.0), "intraparenchymal": (0.3, 30.0)}[key]
        volume = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        side = float(rng.choice([-1.0, 1.0]))
        if key == "intraparenchymal":
            deep = rng.random() < 0.4
            place = (
                (side * float(rng.uniform(14, 28)), float(rng.uniform(-18, 16)), float(rng.uniform(-2, 16)))
                if deep
                else (side * float(rng.uniform(14, 44)), float(rng.uniform(-52, 58)), float(rng.uniform(-12, 50)))
            )
        else:
            place = (side * 50.0, float(rng.uniform(-45, 45)), float(rng.uniform(-2, 45)))
        bleeds.append(Bleed(key, volume, place, float(rng.uniform(56, 76)), int(rng.integers(1 << 30))))
    return tuple(sorted(bleeds, key=lambda b: -b.volume_ml))


def place_bleeds(
    lattice: Lattice, size: HeadSize, inner: FloatArray, bleeds: tuple[Bleed, ...]
) -> tuple[list[BleedFields], tuple[FloatArray, FloatArray, FloatArray]]:
    """Return the bleeds as fields, and the undeformed coordinates of every lattice point.

    The displacement of an intraparenchymal bleed keeps volumes outside it (r₀³ = r³ − R³) and fades with distance;
    that of a bleed along the skull pushes the brain inwards by the thickness of the clot.
    """
    x, y, z = (c + np.zeros(lattice.shape, np.float32) for c in lattice.coordinates())
    fields: list[BleedFields] = []
    move = [np.zeros(lattice.shape, np.float32) for _ in range(3)]
    for bleed in bleeds:
        rng = np.random.default_rng(bleed.seed)
        if bleed.key == "intraparenchymal":
            made, shift = _inside(rng, lattice, inner, bleed, (x, y, z))
        else:
            made, shift = _along_skull(rng, lattice, inner, bleed, (x, y, z))
        for other in fields:
            made = evolve(made, distance=np.maximum(made.distance, np.float32(2.5) - other.distance))
        fields.append(made)
        for total, part in zip(move, shift, strict=True):
            total += part
    return fields, (x + move[0], y + move[1], z + move[2])


def _inside(
    rng: np.random.Generator, lattice: Lattice, inner: FloatArray, bleed: Bleed, at: tuple[FloatArray, ...]
) -> tuple[BleedFields, list[FloatArray]]:
    """Return a lobed clot within the brain with its rim of oedema, and the displacement of the brain."""
    x, y, z = at
    radius = (bleed.volume_ml * 1000 * 3 / (4 * np.pi)) ** (1 / 3)
    stretch = rng.uniform(0.8, 1.3, 3)
    stretch /= stretch.prod() ** (1 / 3)
    lump = lattice.noise(rng, max(9.0, 1.5 * radius), 0.5) * np.float32(0.17 * radius)
    c = bleed.place_lps_mm
    r = ellipsoid(x, y, z, c, tuple(float(radius * s) for s in stretch))  # type: ignore[arg-type]
    tissue = np.maximum(r + lump, inner + np.float32(2.0))
    distance = sized(tissue, bleed.volume_ml, lattice.step_mm)
    rim = distance - np.float32(rng.uniform(1.5, 3.0) + 0.12 * radius) + 0.6 * lump
    dx, dy, dz = x - np.float32(c[0]), y - np.float32(c[1]), z - np.float32(c[2])
    far = np.sqrt(dx**2 + dy**2 + dz**2) + np.float32(0.1)
    core = np.float32(0.75 * radius)
    pushed = np.cbrt(np.maximum(far**3 - core**3, (0.25 * far) ** 3)) / far - 1
    pushed *= np.exp(-((far / np.float32(4.0 * radius + 12)) ** 2))
    return BleedFields(bleed, distance, None, rim.astype(np.float32)), [dx * pushed, dy * pushed, dz * pushed]


def _along_skull(
    rng: np.random.Generator, lattice: Lattice, inner: FloatArray, bleed: Bleed, at: tuple[FloatArray, ...]
) -> tuple[BleedFields, list[FloatArray]]:
    """Return a lens (epidural) or crescent (subdural) against the inner table, and the displacement of the brain."""
    x, y, z = at
    c = np.asarray(bleed.place_lps_mm, np.float32)
    direction = c / np.linalg.norm(c)
    along = x * direction[0] + y * direction[1] + z * direction[2]
    reach = np.where((along > 5) & (inner < 0), along, 0).max()
    foot = direction * reach
    up = np.array([0, 0, 1], np.float32) - direction * direction[2]
    up /= np.linalg.norm(up)
    across = np.cross(up, direction)
    u = (x - foot[0]) * across[0] + (y - foot[1]) * across[1] + (z - foot[2]) * across[2]
    v = (x - foot[0]) * up[0] + (y - foot[1]) * up[1] + (z - foot[2]) * up[2]
    wave = lattice.noise(rng, 30.0, 0.5)
    epidural = bleed.key == "epidural"
    # A lens holds π/2·a·b·T, a plateau about π·a·b·T·0.6.
    if epidural:
        ratio = float(rng.uniform(0.27, 0.42))
        a = (bleed.volume_ml * 1000 / (np.pi / 2 * 0.9 * ratio)) ** (1 / 3)
        b, thick = 0.9 * a, ratio * a
        rho2 = (u / np.float32(a)) ** 2 + (v / np.float32(b)) ** 2 + np.float32(0.06) * wave
        height = np.float32(thick) * np.clip(1 - rho2, -0.6, 1)
    else:
        thick = float(np.clip(2.6 * bleed.volume_ml**0.35, 2.5, 10.0))
        a = float(np.sqrt(bleed.volume_ml * 1000 / (np.pi * 0.62 * 0.75 * thick)))
        b = 0.75 * a
        rho2 = (u / np.float32(a)) ** 2 + (v / np.float32(b)) ** 2 + np.float32(0.12) * wave
        height = np.float32(thick) * np.clip(1.25 * (1 - rho2**2), -0.6, 1) * (1 + np.float32(0.12) * wave)
    depth = -inner
    near = along - np.float32(0.15 * reach)
    shape = np.maximum.reduce([depth - height, -depth, -near])
    side = np.sign(bleed.place_lps_mm[0])
    shape = np.maximum(shape, 3.0 - side * x)
    shape = np.maximum(shape, -z - np.float32(22.0))
    distance = sized(shape, bleed.volume_ml, lattice.step_mm)
    push = np.clip(height, 0, None) * np.exp(-((np.clip(depth, 0, 200) / np.float32(34 + thick)) ** 2))
    push = push * np.clip(near / 20, 0, 1)
    swelling = None
    if epidural:
        swelling = (np.float32(min(7.0, 2.0 + 0.35 * thick)) * np.exp(-np.clip(rho2, 0, 20) * 1.3)).astype(np.float32)
        swelling *= (near > 0).astype(np.float32)
    shift = [push * np.float32(d) for d in direction]
    return BleedFields(bleed, distance, swelling, None), shift


def sized(shape: FloatArray, volume_ml: float, step_mm: float) -> FloatArray:
    """Return the field shifted by a constant (at most a few mm) so that its inside has the volume asked for."""
    wanted = int(round(volume_ml * 1000 / step_mm**3))
    near = np.sort(shape[shape < 8.0], axis=None)
    if wanted < 1 or wanted >= len(near):
        return shape
    return (shape - np.float32(np.clip(near[wanted], -2.0, 4.0))).astype(np.float32)
