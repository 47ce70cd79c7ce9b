"""What looks like a nodule or an embolus and is none: calcified granulomas, fissural nodes, mucus plugs and others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.phantom.fields import FloatArray, Point

if TYPE_CHECKING:
    from viewer.phantom.chest_nodules import Places

NAMES = {
    "calcified-granuloma": "calcified granuloma",
    "fissural-node": "lymph node on a fissure",
    "fissure-thickening": "thickened fissure",
    "mucus-plug": "mucus plug in a bronchus",
    "vessel-crossing": "vessels that cross",
    "apical-scar": "scar at the apex",
}


@frozen
class Mimic:
    """One mimic: its kind, size in mm, the place in LPS mm that it lies nearest to, and the seed of its shape."""

    key: str
    size_mm: float
    place_lps_mm: Point
    seed: int = 0


@frozen(eq=False)
class MimicShapes:
    """Mimics as what is drawn: soft tubes, calcified tubes, vessels, tubes of the airway that are filled.

    Tubes are rows (ax, ay, az, bx, by, bz, ra, rb), LPS mm.
    """

    soft: FloatArray
    calcium: FloatArray
    vessels: FloatArray


def drawn_mimics(rng: np.random.Generator, places: Places) -> tuple[Mimic, ...]:
    """Return one to five mimics for one seed."""
    mimics = []
    for _ in range(int(rng.integers(1, 6))):
        key = str(rng.choice(list(NAMES), p=[0.22, 0.22, 0.10, 0.18, 0.20, 0.08]))
        source, low, high = places.inside, 14.0, 26.0
        if key == "calcified-granuloma":
            low, high = 2.5, 8.0
        elif key in {"fissural-node", "fissure-thickening"}:
            source, low, high = places.on_fissures, *((4.0, 9.0) if key == "fissural-node" else (9.0, 20.0))
        elif key == "apical-scar":
            source, low, high = places.edge[places.edge[:, 2] > 96.0], 8.0, 20.0
        if len(source):
            x, y, z = source[int(rng.integers(len(source)))]
            at = (float(x), float(y), float(z))
            mimics.append(Mimic(key, float(rng.uniform(low, high)), at, int(rng.integers(1 << 30))))
    return tuple(mimics)


def mimic_shapes(mimics: tuple[Mimic, ...], places: Places, bronchi: FloatArray) -> MimicShapes:
    """Return what the mimics are made of; those on fissures and in bronchi move to the nearest one."""
    soft, calcium, vessels = [], [], []
    for mimic in mimics:
        rng = np.random.default_rng(mimic.seed)
        at = np.asarray(mimic.place_lps_mm, np.float32)
        if mimic.key == "calcified-granuloma":
            calcium.append(_ball(rng, at, mimic.size_mm / 2))
        elif mimic.key == "fissural-node":
            soft.append(_plate(rng, at, mimic.size_mm, 0.30, places.on_fissures))
        elif mimic.key == "fissure-thickening":
            soft.append(_plate(rng, at, mimic.size_mm, 0.07, places.on_fissures))
        elif mimic.key == "apical-scar":
            soft.append(_plate(rng, at, mimic.size_mm, 0.12, places.edge))
        elif mimic.key == "mucus-plug":
            soft.append(_plug(at, mimic.size_mm, bronchi))
        elif mimic.key == "vessel-crossing":
            vessels.append(_crossing(rng, at, mimic.size_mm))
    none = np.zeros((0, 8), np.float32)
    return MimicShapes(*(np.vstack([none, *parts]).astype(np.float32) for parts in (soft, calcium, vessels)))


def _ball(rng: np.random.Generator, at: FloatArray, radius_mm: float) -> FloatArray:
    """Return a lump as a few short, thick tubes."""
    ends = at + rng.normal(size=(4, 3)) * 0.22 * radius_mm
    radii = radius_mm * rng.uniform(0.75, 0.9, (4, 2))
    return np.hstack([np.repeat(at[None], 4, axis=0), ends, radii])


def _plate(rng: np.random.Generator, at: FloatArray, size_mm: float, thin: float, surface: FloatArray) -> FloatArray:
    """Return a flat body that lies in a surface given by points: tubes that fan out from its middle."""
    near = surface[np.linalg.norm(surface - at, axis=1) < 14.0]
    if len(near) < 4:
        near = at + rng.normal(size=(8, 3))
    middle = at if len(near) < 8 else near[np.linalg.norm(near - at, axis=1).argmin()]
    _, _, axes = np.linalg.svd(near - near.mean(axis=0), full_matrices=False)
    turns = np.linspace(0, 2 * np.pi, 14, endpoint=False) + rng.uniform(0, 0.3, 14)
    reach = size_mm / 2 * rng.uniform(0.6, 1.0, (14, 1)) * (1 - thin)
    ends = middle + reach * (np.cos(turns)[:, None] * axes[0] + np.sin(turns)[:, None] * axes[1])
    radii = np.tile([[max(0.6, size_mm * thin), max(0.5, 0.4 * size_mm * thin)]], (14, 1))
    return np.hstack([np.repeat(middle[None], 14, axis=0), ends, radii])


def _plug(at: FloatArray, size_mm: float, bronchi: FloatArray) -> FloatArray:
    """Return the nearest stretch of bronchi, filled and a little wider."""
    wide = bronchi[(bronchi[:, 6] > 1.0) & (bronchi[:, 6] < 2.6)]
    if len(wide) == 0:
        return np.zeros((0, 8), np.float32)
    middle = (wide[:, :3] + wide[:, 3:6]) / 2
    start = wide[np.linalg.norm(middle - at, axis=1).argmin(), :3]
    out = wide[np.linalg.norm(middle - start, axis=1) < size_mm / 2].copy()
    out[:, 6:8] = out[:, 6:8] * 1.25 + 0.5
    filled: FloatArray = out
    return filled


def _crossing(rng: np.random.Generator, at: FloatArray, size_mm: float) -> FloatArray:
    """Return two bent vessels that touch in one place."""
    tubes = []
    for shift in (-1.0, 1.0):
        way = rng.normal(size=3)
        way /= np.linalg.norm(way)
        bend = rng.normal(size=3) * 0.18 * size_mm
        radius = float(rng.uniform(1.3, 2.6))
        middle = at + shift * 0.8 * radius * np.cross(way, [0.3, 0.5, 0.8])
        for end in (-1.0, 1.0):
            tubes.append([*middle, *(middle + end * way * size_mm / 2 + bend), radius, 0.7 * radius])
    return np.asarray(tubes)
