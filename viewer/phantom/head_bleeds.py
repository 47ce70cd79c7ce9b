"""Bleeds inside the head: what can be asked for, where they go, and how the brain moves out of their way."""

from __future__ import annotations

import numpy as np
from attrs import evolve, frozen

from viewer.phantom.fields import FloatArray, Lattice, Point, ellipsoid

NAMES = {
    "epidural": "Epidural bleed",
    "subdural": "Subdural bleed",
    "intraparenchymal": "Bleed in the brain",
    "subarachnoid": "Subarachnoid bleed",
    "intraventricular": "Bleed in the ventricles",
}
IN_FLUID = ("subarachnoid", "intraventricular")
_CHANCES = {
    "epidural": 0.18,
    "subdural": 0.22,
    "intraparenchymal": 0.26,
    "subarachnoid": 0.20,
    "intraventricular": 0.14,
}
_VOLUMES_ML = {
    "epidural": (0.6, 80.0),
    "subdural": (0.6, 80.0),
    "intraparenchymal": (0.2, 80.0),
    "subarachnoid": (0.3, 30.0),
    "intraventricular": (0.2, 30.0),
}
_MOST_ML = 110.0
_AT_BASE = ((6.0, -12.0, -20.0), (24.0, -12.0, -12.0), (4.0, 2.0, -34.0))


@frozen
class Bleed:
    """One bleed: its kind, the volume aimed at in mL, and where.

    `place_lps_mm` is, in the head's own frame, the middle of an intraparenchymal bleed and of blood between the folds
    or in the ventricles, or a point whose direction from the origin says where on the skull an epidural or subdural
    bleed lies; a subdural bleed less than 10 mm from the middle lies along the falx. `hu` is the mean density, `seed`
    varies shape and texture. A `mixed` bleed has settled: bright at the back, darker in front.
    """

    key: str
    volume_ml: float
    place_lps_mm: Point
    hu: float = 66.0
    seed: int = 0
    mixed: bool = False

    @property
    def along_falx(self) -> bool:
        """Whether it lies between falx and hemisphere."""
        return self.key == "subdural" and abs(self.place_lps_mm[0]) < 10.0

    @property
    def beside_brain(self) -> bool:
        """Whether it fills spaces that the brain leaves, so that these have to be known first."""
        return self.key in IN_FLUID or self.along_falx


@frozen(eq=False)
class BleedFields:
    """A bleed on the lattice: distance (negative inside), overlying swelling of the scalp, oedema around it.

    Where `fluid_only` is true, blood takes the place of fluid within `distance` and of nothing else. `settled` is
    negative above the level to which the cells of a mixed bleed have sunk.
    """

    bleed: Bleed
    distance: FloatArray
    swelling_mm: FloatArray | None
    oedema: FloatArray | None
    fluid_only: bool = False
    settled: FloatArray | None = None


def drawn_bleeds(rng: np.random.Generator) -> tuple[Bleed, ...]:
    """Return zero to four bleeds for one seed, volumes spread evenly over the logarithm, 110 mL at most in all."""
    count = int(rng.choice([0, 1, 2, 3, 4], p=[0.12, 0.36, 0.28, 0.16, 0.08]))
    keys = [str(key) for key in rng.choice(list(_CHANCES), count, p=list(_CHANCES.values()))]
    keys = [key for n, key in enumerate(keys) if key not in IN_FLUID or key not in keys[:n]]
    bleeds: list[Bleed] = []
    for key in keys:
        bleed = drawn_bleed(rng, key)
        if sum(b.volume_ml for b in bleeds) + bleed.volume_ml <= _MOST_ML:
            bleeds.append(bleed)
    return tuple(sorted(bleeds, key=lambda b: -b.volume_ml))


def drawn_bleed(rng: np.random.Generator, key: str, volume_ml: float | None = None) -> Bleed:
    """Return a bleed of a kind, with a volume of its usual range unless one is given."""
    low, high = _VOLUMES_ML[key]
    volume = float(np.exp(rng.uniform(np.log(low), np.log(high)))) if volume_ml is None else volume_ml
    side = float(rng.choice([-1.0, 1.0]))
    hu, mixed = float(rng.uniform(56, 76)), False
    if key == "intraparenchymal":
        mixed = volume > 8 and rng.random() < 0.2
        if rng.random() < 0.4:
            place = (side * float(rng.uniform(14, 28)), float(rng.uniform(-18, 16)), float(rng.uniform(-2, 16)))
        else:
            place = (side * float(rng.uniform(14, 44)), float(rng.uniform(-52, 58)), float(rng.uniform(-12, 50)))
    elif key == "subarachnoid":
        hu = float(rng.uniform(56, 72))
        if rng.random() < 0.45:
            x, y, z = _AT_BASE[int(rng.integers(len(_AT_BASE)))]
            place = (side * x, y, z)
        else:
            place = (side * float(rng.uniform(30, 58)), float(rng.uniform(-45, 50)), float(rng.uniform(0, 50)))
    elif key == "intraventricular":
        mixed = rng.random() < 0.5
        place = (side * float(rng.uniform(6, 24)), float(rng.uniform(-24, 44)), 14.0)
    elif key == "subdural" and rng.random() < 0.2:
        volume = min(volume, 25.0) if volume_ml is None else volume
        place = (side * 3.0, float(rng.uniform(-40, 50)), float(rng.uniform(28, 52)))
    else:
        mixed = key == "subdural" and rng.random() < 0.3
        place = (side * 50.0, float(rng.uniform(-45, 45)), float(rng.uniform(0, 45)))
    return Bleed(key, volume, place, hu, int(rng.integers(1 << 30)), mixed)


def place_bleeds(
    lattice: Lattice, at: tuple[FloatArray, FloatArray, FloatArray], inner: FloatArray, bleeds: tuple[Bleed, ...]
) -> tuple[list[BleedFields], tuple[FloatArray, FloatArray, FloatArray]]:
    """Return the bleeds that push the brain as fields, and the undeformed coordinates of every lattice point.

    `at` are the coordinates of the lattice points in the head's own frame.

    The displacement of an intraparenchymal bleed keeps volumes outside it (r₀³ = r³ − R³) and fades with distance;
    that of a bleed along the skull pushes the brain inwards by the thickness of the clot.
    """
    x, y, z = at
    outwards = tuple(np.gradient(inner, np.float32(lattice.step_mm))[::-1])
    fields: list[BleedFields] = []
    move = [np.zeros(lattice.shape, np.float32) for _ in range(3)]
    for bleed in bleeds:
        if bleed.beside_brain:
            continue
        rng = np.random.default_rng(bleed.seed)
        if bleed.key == "intraparenchymal":
            made, shift = _inside(rng, lattice, inner, bleed, (x, y, z))
        else:
            made, shift = _along_skull(rng, lattice, inner, bleed, (x, y, z), outwards)
        if bleed.mixed:
            made = evolve(made, settled=_level(rng, lattice, made.distance))
        for other in fields:
            made = evolve(made, distance=np.maximum(made.distance, np.float32(2.5) - other.distance))
        fields.append(made)
        for total, part in zip(move, shift, strict=True):
            total += part
    return fields, (x + move[0], y + move[1], z + move[2])


def _level(rng: np.random.Generator, lattice: Lattice, distance: FloatArray) -> FloatArray:
    """Return the distance to what floats above the settled cells: in front, the patient lies on the back."""
    _, y, _ = lattice.coordinates()
    heights = np.broadcast_to(y, lattice.shape)[distance < 0]
    level = np.quantile(heights, float(rng.uniform(0.35, 0.65))) if heights.size else 0.0
    out: FloatArray = (y - np.float32(level) + np.float32(2.5) * lattice.noise(rng, 16.0, 0.5)).astype(np.float32)
    return out


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
    across, deep, high = (float(radius * s) for s in stretch)
    r = ellipsoid(x, y, z, c, (across, deep, high))
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
    rng: np.random.Generator,
    lattice: Lattice,
    inner: FloatArray,
    bleed: Bleed,
    at: tuple[FloatArray, ...],
    outwards: tuple[FloatArray, ...],
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
    # Only along the vault: where the inner table turns away (orbital roof, middle fossa) the layer runs out.
    facing = sum((g * d for g, d in zip(outwards, direction, strict=True)), np.float32(0.0))
    height = np.where(height > 0, height * np.clip((facing - 0.25) / 0.4, 0.0, 1.0), height) - np.where(
        facing < 0.25, np.float32(1.5), np.float32(0.0)
    )
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
