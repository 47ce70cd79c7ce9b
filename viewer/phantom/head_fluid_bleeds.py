"""Blood where there was fluid: between the folds and in the cisterns, in the ventricles, and along the falx.

It takes the place of fluid and pushes nothing, so the brain has to be known first. What belongs together is one
bleed, however many specks of it a slice shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.phantom.head_bleeds import Bleed, BleedFields, sized
from viewer.phantom.phantom import coverage

if TYPE_CHECKING:
    from viewer.phantom.fields import FloatArray, Lattice
    from viewer.phantom.head_brain import BrainFields

    Coordinates = tuple[FloatArray, FloatArray, FloatArray]

# How far from its space the outline of blood is drawn: half a voxel of the scans that people look at.
OUTLINE_MM = 0.6


def place_fluid_bleeds(
    lattice: Lattice, at: Coordinates, inner: FloatArray, brain: BrainFields, bleeds: tuple[Bleed, ...]
) -> list[BleedFields]:
    """Return the bleeds that lie beside the brain as fields, one for each that was asked for.

    `at` are the coordinates of the lattice points in the head's own frame; `inner` is the distance to the skull.
    """
    fields = []
    for bleed in bleeds:
        rng = np.random.default_rng(bleed.seed)
        if bleed.along_falx:
            fields.append(BleedFields(bleed, _along_falx(rng, lattice, at, brain, bleed), None, None))
        elif bleed.key == "subarachnoid":
            fields.append(BleedFields(bleed, _between_folds(rng, lattice, at, inner, brain, bleed), None, None, True))
        elif bleed.key == "intraventricular":
            fields.append(BleedFields(bleed, _in_ventricles(rng, lattice, at, brain, bleed), None, None, True))
    return fields


def fluid_space(brain: BrainFields) -> FloatArray:
    """Return the distance in mm to the fluid around the brain (lattice), negative inside."""
    sulcus = np.maximum(np.abs(brain.sulcus) - brain.sulcus_half_width, -brain.cerebellum)
    fissure = np.abs(brain.midline) - brain.fissure_half_width
    out: FloatArray = np.minimum.reduce([brain.depth - np.float32(1.1), sulcus, fissure, brain.cisterns])
    return out


def _between_folds(
    rng: np.random.Generator,
    lattice: Lattice,
    at: Coordinates,
    inner: FloatArray,
    brain: BrainFields,
    bleed: Bleed,
) -> FloatArray:
    """Return where blood has spread in the fluid around the brain: a patch that grew from one place."""
    share = coverage(np.maximum(fluid_space(brain), inner), 1.5) * (1 - coverage(brain.ventricle, 1.5))
    away = _away(at, bleed) * (1 + np.float32(0.16) * lattice.noise(rng, 28.0, 0.5))
    # Blood keeps to the surface: depth counts double.
    away = away + np.float32(0.6) * np.clip(brain.depth - 12.0, 0.0, 60.0) * (abs(bleed.place_lps_mm[0]) > 28.0)
    return _filled(away, share, bleed.volume_ml, lattice.step_mm)


def _in_ventricles(
    rng: np.random.Generator, lattice: Lattice, at: Coordinates, brain: BrainFields, bleed: Bleed
) -> FloatArray:
    """Return the part of the ventricles that blood fills: what has settled at the back, or a clot at one place."""
    share = coverage(brain.ventricle, 1.5)
    if bleed.mixed:
        _, y, _ = lattice.coordinates()
        order = np.broadcast_to(-y, lattice.shape) + np.float32(1.2) * lattice.noise(rng, 20.0, 0.5)
        one_side = np.float32(12.0) * (at[0] * np.sign(bleed.place_lps_mm[0]) < 0)
        order = order + one_side
    else:
        order = _away(at, bleed) * (1 + np.float32(0.12) * lattice.noise(rng, 18.0, 0.5))
    filled = _filled(order, share, bleed.volume_ml, lattice.step_mm)
    out: FloatArray = np.maximum(filled, brain.ventricle - np.float32(OUTLINE_MM))
    return out


def _along_falx(
    rng: np.random.Generator, lattice: Lattice, at: Coordinates, brain: BrainFields, bleed: Bleed
) -> FloatArray:
    """Return a sheet between the falx and one hemisphere."""
    side = np.float32(np.sign(bleed.place_lps_mm[0]))
    thick = float(np.clip(2.2 * bleed.volume_ml**0.3, 2.4, 6.5))
    a = float(np.sqrt(bleed.volume_ml * 1000 / (np.pi * 0.6 * 0.62 * thick)))
    _, y, z = at
    along, up = y - np.float32(bleed.place_lps_mm[1]), z - np.float32(bleed.place_lps_mm[2])
    rho2 = (along / np.float32(a)) ** 2 + (up / np.float32(0.6 * a)) ** 2
    height = np.float32(thick) * np.clip(1.2 * (1 - rho2), -0.8, 1.0)
    height = height * (1 + np.float32(0.15) * lattice.noise(rng, 25.0, 0.5))
    beside = side * brain.midline
    # Not a shape of its own below the falx or outside the dura.
    shape = np.maximum.reduce([beside - height - 0.5, 0.5 - beside, brain.falx_reach, np.float32(0.5) - brain.depth])
    return sized(shape, bleed.volume_ml, lattice.step_mm)


def _away(at: Coordinates, bleed: Bleed) -> FloatArray:
    """Return the distance of each lattice point from the bleed's place."""
    total = sum(((c - np.float32(p)) ** 2 for c, p in zip(at, bleed.place_lps_mm, strict=True)), np.float32(0.0))
    out: FloatArray = np.sqrt(total)
    return out


def _filled(order: FloatArray, share: FloatArray, volume_ml: float, step_mm: float) -> FloatArray:
    """Return `order` shifted so that the points below zero hold the volume, each with its `share` of fluid (0 … 1)."""
    wanted = volume_ml * 1000 / step_mm**3
    there = share > 0.05
    values, weights = order[there], share[there]
    by = np.argsort(values, kind="stable")
    held = np.cumsum(weights[by], dtype=np.float64)
    last = int(np.clip(np.searchsorted(held, wanted), 0, len(held) - 1))
    out: FloatArray = (order - np.float32(values[by][last])).astype(np.float32)
    return out
