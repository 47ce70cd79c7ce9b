"""Synthetic head CT by seed, with bleeds whose outlines are known."""

from __future__ import annotations

import numpy as np

from viewer.phantom.acquisition import acquire
from viewer.phantom.fields import FieldAt, FloatArray, Interpolator, Lattice, OutputGrid
from viewer.phantom.head_bleeds import NAMES, Bleed, BleedFields, drawn_bleeds, place_bleeds
from viewer.phantom.head_brain import BrainFields, BrainLook, brain_fields
from viewer.phantom.head_shape import HeadFields, HeadSize, head_fields
from viewer.phantom.phantom import Phantom, coverage, measured_lesions, mix

LOWEST_MM = -78.0
HIGHEST_MM = 96.0
CENTRE_Y_MM = -4.0


def make_head(
    seed: int,
    *,
    spacing_mm: tuple[float, float, float] = (0.45, 0.45, 3.0),
    size_ij: int = 512,
    bleeds: tuple[Bleed, ...] | None = None,
    noise_hu: float | None = None,
) -> Phantom:
    """Return a synthetic head CT, from below the skull base to above the vertex.

    The same seed gives the same anatomy and bleeds at any spacing. `bleeds` takes the place of those that the seed
    would choose; `noise_hu` is the noise in the middle of the brain. Axes are i → L, j → P, k → H.
    """
    rng = np.random.default_rng([seed, 1])
    size, look = HeadSize.drawn(rng), BrainLook.drawn(rng)
    chosen = drawn_bleeds(np.random.default_rng([seed, 2])) if bleeds is None else bleeds
    grid = _grid(spacing_mm, size_ij)
    lattice = Lattice.over((-116.0, -122.0, -84.0), (116.0, 114.0, 100.0), 2.0)
    head = head_fields(np.random.default_rng([seed, 3]), lattice, size)
    placed, displaced = place_bleeds(lattice, size, head.cavity, chosen)
    brain = brain_fields(np.random.default_rng([seed, 4]), lattice, size, look, displaced, head.cavity)

    interpolator = Interpolator(lattice, grid)
    scan = np.random.default_rng([seed, 5])
    sigma = float(scan.uniform(2.6, 4.2)) if noise_hu is None else noise_hu
    voxels = np.empty(grid.shape, np.int16)
    truth = np.zeros(grid.shape, np.uint8)
    step = max(1, min(8, int(6_000_000 / (grid.shape[1] * grid.shape[2]))))
    for first in range(0, grid.shape[0], step):
        last = min(first + step, grid.shape[0])
        hu = _composite(interpolator, grid, head, brain, placed, truth, first, last)
        voxels[first:last] = acquire(
            scan, hu, spacing_mm=spacing_mm, sigma_hu=sigma, blur_mm=0.5, cutoff_per_mm=min(0.55, 0.45 / spacing_mm[0])
        )
    named = [(n, p.bleed.key, NAMES[p.bleed.key]) for n, p in enumerate(placed, start=1)]
    lesions = measured_lesions(truth, grid, named)
    said = ", ".join(f"{lesion.name.lower()} {lesion.volume_ml:.1f} mL" for lesion in lesions) or "no bleed"
    return Phantom(
        "head",
        seed,
        voxels,
        grid.origin_lps_mm,
        grid.spacing_mm,
        truth,
        lesions,
        f"Synthetic head CT, seed {seed}: {said}",
    )


def _grid(spacing_mm: tuple[float, float, float], size_ij: int) -> OutputGrid:
    """Return the grid centred on the head in the plane and reaching from skull base to vertex."""
    slices = int((HIGHEST_MM - LOWEST_MM) / spacing_mm[2])
    half = (size_ij - 1) / 2.0
    origin = (-half * spacing_mm[0], CENTRE_Y_MM - half * spacing_mm[1], LOWEST_MM)
    return OutputGrid(origin, spacing_mm, (slices, size_ij, size_ij))


def _composite(
    interpolator: Interpolator,
    grid: OutputGrid,
    head: HeadFields,
    brain: BrainFields,
    placed: list[BleedFields],
    truth: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    first: int,
    last: int,
) -> FloatArray:
    """Return the HU of some slices without noise, and write their truth; later structures cover earlier ones."""

    def at(values: FloatArray) -> FloatArray:
        return interpolator.slab(values, first, last)

    soft = max(0.7, 0.8 * grid.spacing_mm[0])
    inner, outer, skin = at(head.cavity), at(head.outer_bone), at(head.skin)
    for item in placed:
        if item.swelling_mm is not None:
            skin = skin - at(item.swelling_mm)
    hu = np.full(inner.shape, -1000.0, np.float32)
    rest = at(head.rest)
    mix(hu, coverage(np.abs(rest) - 1.1, soft) * coverage(skin * -1 + 1.0, soft), -420.0)
    mix(hu, coverage(np.abs(rest + 9.0) - 8.0, soft) * coverage(rest + 1, soft) * 1.0, -940.0)

    fat_noise = at(head.fat_noise)
    mix(hu, coverage(at(head.ear), soft), 45.0)
    mix(hu, coverage(skin, soft), 30.0)
    mix(hu, coverage(skin + 1.9, soft), -96.0 + 5.0 * fat_noise)
    bone = np.minimum(outer, at(head.base_bone))
    galea = np.abs(outer - 1.6 - 0.5 * fat_noise) - 0.8
    mix(hu, coverage(galea, soft) * coverage(skin + 1.5, soft), 35.0)
    mix(hu, coverage(at(head.muscle), 1.6) * coverage(skin + 3.0, soft), 58.0)
    for item in placed:
        if item.swelling_mm is not None:
            swollen = at(item.swelling_mm)
            mix(hu, coverage(1.4 - swollen, 1.5) * coverage(skin + 2.2, soft), 42.0 + 6.0 * fat_noise)

    mix(hu, coverage(at(head.orbit), soft), -92.0)
    mix(hu, coverage(at(head.eye_muscle), soft), 52.0)
    globe = at(head.globe)
    mix(hu, coverage(globe, soft), 50.0)
    mix(hu, coverage(globe + 1.3, soft), 9.0)
    mix(hu, coverage(at(head.lens), soft), 95.0)

    _skull(at, head, hu, bone, inner, outer, soft)
    mix(hu, coverage(at(head.air), soft), -990.0)
    mix(hu, coverage(at(head.mastoid), soft), -870.0)
    _brain(at, brain, hu, inner, soft)
    for value, item in enumerate(placed, start=1):
        distance = np.maximum(at(item.distance), inner)
        if item.oedema is not None:
            rim = coverage(at(item.oedema), 3.0) * coverage(inner + 2.0, soft)
            mix(hu, rim * 0.8, np.minimum(hu, 21.0))
        clot = item.bleed.hu + 3.0 * fat_noise + 2.0 * at(brain.texture)
        mix(hu, coverage(distance, 1.1), clot)
        truth[first:last][distance < 0] = value
    return hu


def _skull(
    at: FieldAt,
    head: HeadFields,
    hu: FloatArray,
    bone: FloatArray,
    inner: FloatArray,
    outer: FloatArray,
    soft: float,
) -> None:
    """Put in the two tables, the diploe between them, and the compact bone of the base."""
    marrow = at(head.marrow)
    solid = coverage(np.maximum(bone, -inner), soft)
    mix(hu, solid, 1250.0 + 60.0 * marrow)
    between = np.maximum(outer + 1.7, 1.5 - inner)
    mix(hu, coverage(between, 1.2), 560.0 + 150.0 * marrow)


def _brain(at: FieldAt, brain: BrainFields, hu: FloatArray, inner: FloatArray, soft: float) -> None:
    """Put in everything inside the dura."""
    texture = at(brain.texture)
    depth = at(brain.depth)
    inside = coverage(inner, soft)
    mix(hu, inside, 9.0)
    sulcus = np.abs(at(brain.sulcus))
    half_width = at(brain.sulcus_half_width)
    midline = np.abs(at(brain.midline))
    tent = at(brain.tent)
    small_brain = at(brain.cerebellum)
    csf = at(brain.csf)

    fissure = midline - at(brain.fissure_half_width)
    to_pia = np.minimum(np.minimum(depth - 1.1, sulcus - half_width), fissure)
    grey = coverage(np.minimum(to_pia - 3.2, at(brain.deep_grey)), 2.2)
    tissue = 28.0 + 8.5 * grey + 0.9 * texture
    leaf = 34.0 + 4.5 * at(brain.folia) * coverage(2.0 - depth, 8.0) + 1.2 * texture
    lower = coverage(small_brain, 1.5)
    tissue += lower * (leaf - tissue)
    stem = coverage(at(brain.stem), 1.2)
    tissue += stem * (32.0 - tissue)
    filled = coverage(1.0 - depth, 1.2) * np.maximum(coverage(half_width - sulcus, 1.1), np.maximum(lower, stem))
    filled *= np.maximum(coverage(-fissure, 1.1), np.maximum(lower, stem))
    mix(hu, filled * inside, tissue)
    mix(hu, coverage(csf, 1.2) * inside, 7.0)
    falx = np.maximum(midline - 0.7, at(brain.falx_reach))
    mix(hu, coverage(falx, 1.0) * inside, 54.0)
    sheet = np.maximum(np.abs(tent) - 0.5, at(brain.tent_reach))
    mix(hu, coverage(sheet, 1.2) * inside, 50.0)
    mix(hu, coverage(at(brain.sinus), 1.2) * inside, 56.0)
    mix(hu, coverage(at(brain.calcium), 1.6) * inside, 150.0 + 25.0 * texture)
