"""Synthetic chest CT by seed, with lung nodules whose outlines are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.phantom.acquisition import acquire
from viewer.phantom.chest_bones import BoneFields, bone_fields
from viewer.phantom.chest_nodules import NAMES, Nodule, drawn_nodules, nodule_box, nodule_distance, spicules
from viewer.phantom.chest_shape import HILUM_LEFT, HILUM_RIGHT, ChestFields, ChestSize, chest_fields
from viewer.phantom.chest_vessels import Tree, bronchi_beside, draw_tubes, grown, segments
from viewer.phantom.fields import Interpolator, Lattice, OutputGrid
from viewer.phantom.phantom import Phantom, coverage, measured_lesions, mix

if TYPE_CHECKING:
    from viewer.phantom.fields import FieldAt, FloatArray, Point

    Mask = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]

LOWEST_MM = -150.0
HIGHEST_MM = 148.0
BOX_LOW = (-182.0, -130.0, -158.0)
BOX_HIGH = (182.0, 130.0, 158.0)
# Of an earlier scan's first voxel, in voxels.
_BETWEEN = (0.31, 0.43, 0.37)


def make_chest(
    seed: int,
    *,
    spacing_mm: tuple[float, float, float] = (0.7, 0.7, 2.5),
    size_ij: int = 512,
    nodules: tuple[Nodule, ...] | None = None,
    noise_hu: float | None = None,
    earlier: int = 0,
    moved_mm: Point = (0.0, 0.0, 0.0),
) -> Phantom:
    """Return a synthetic chest CT, from the upper abdomen to above the apices.

    The same seed gives the same anatomy and nodules at any spacing. `nodules` takes the place of those that the seed
    would choose; `noise_hu` is the noise in the middle of the body. Axes are i → L, j → P, k → H.

    Parameters
    ----------
    earlier
        Numbers scans of the same patient before this one: noise of their own, and voxels that lie between others.
    moved_mm
        How far the patient lies from where the anatomy is drawn.
    """
    size = ChestSize.drawn(np.random.default_rng([seed, 11]))
    half = (size_ij - 1) / 2.0
    slices = int((HIGHEST_MM - LOWEST_MM) / spacing_mm[2])
    x, y, z = (share * step if earlier else 0.0 for share, step in zip(_BETWEEN, spacing_mm, strict=True))
    grid = OutputGrid(
        (x - half * spacing_mm[0], y + 4.0 - half * spacing_mm[1], z + LOWEST_MM),
        spacing_mm,
        (slices, size_ij, size_ij),
    )
    lattice = Lattice.over(BOX_LOW, BOX_HIGH, 2.5)
    chest = chest_fields(np.random.default_rng([seed, 12]), lattice, size)
    bones = bone_fields(np.random.default_rng([seed, 13]), lattice, size, chest)

    arteries, veins, bronchi, on_vessels = _trees(np.random.default_rng([seed, 14]), lattice, chest)
    if nodules is None:
        inside, edge = _points(lattice, chest.lungs, -60, -12), _points(lattice, chest.lungs, -5, -2)
        nodules = drawn_nodules(np.random.default_rng([seed, 15]), inside, edge, on_vessels)
    vessel = np.zeros(grid.shape, np.uint8)
    draw_tubes(grid, vessel, arteries)
    draw_tubes(grid, vessel, veins)
    for nodule in nodules:
        if nodule.key == "spiculated-nodule":
            draw_tubes(grid, vessel, spicules(nodule))
    walls, lumen = np.zeros(grid.shape, np.uint8), np.zeros(grid.shape, np.uint8)
    draw_tubes(grid, walls, bronchi, 0.75)
    draw_tubes(grid, lumen, bronchi)

    interpolator = Interpolator(lattice, grid)
    scan = np.random.default_rng([seed, 16, earlier] if earlier else [seed, 16])
    sigma = float(scan.uniform(9.0, 15.0)) if noise_hu is None else noise_hu
    voxels = np.empty(grid.shape, np.int16)
    truth = np.zeros(grid.shape, np.uint8)
    boxes = [nodule_box(grid, n) for n in nodules]
    shapes = [nodule_distance(grid, n, box) for n, box in zip(nodules, boxes, strict=True)]
    step = max(1, min(8, int(6_000_000 / (grid.shape[1] * grid.shape[2]))))
    for first in range(0, grid.shape[0], step):
        last = min(first + step, grid.shape[0])
        tubes = tuple(part[first:last].astype(np.float32) / 255 for part in (vessel, walls, lumen))
        hu, lungs = _composite(interpolator, grid, chest, bones, size, tubes, first, last)
        for value, (nodule, box, shape) in enumerate(zip(nodules, boxes, shapes, strict=True), start=1):
            _add_nodule(hu, lungs, truth[first:last], nodule, box, shape, value, first, last)
        voxels[first:last] = acquire(
            scan, hu, spacing_mm=spacing_mm, sigma_hu=sigma, blur_mm=0.55, cutoff_per_mm=min(0.6, 0.45 / spacing_mm[0])
        )
    named = [(n, nodule.key, NAMES[nodule.key]) for n, nodule in enumerate(nodules, start=1)]
    at = grid.origin_lps_mm
    moved = evolve(grid, origin_lps_mm=(at[0] + moved_mm[0], at[1] + moved_mm[1], at[2] + moved_mm[2]))
    lesions = measured_lesions(truth, moved, named)
    said = f"{len(lesions)} nodules" if len(lesions) != 1 else "one nodule"
    return Phantom(
        "chest",
        seed,
        voxels,
        moved.origin_lps_mm,
        spacing_mm,
        truth,
        lesions,
        f"Synthetic chest CT, seed {seed}: {said}",
        earlier,
    )


def _points(lattice: Lattice, field: FloatArray, low: float, high: float) -> FloatArray:
    """Return the lattice points (n, 3), LPS mm, at which the field lies between two values, within the scan."""
    k, j, i = np.nonzero((field > low) & (field < high))
    x0, y0, z0 = lattice.first_lps_mm
    points = np.stack([x0 + i * lattice.step_mm, y0 + j * lattice.step_mm, z0 + k * lattice.step_mm], axis=1)
    inside: FloatArray = points[(points[:, 2] > LOWEST_MM + 16) & (points[:, 2] < HIGHEST_MM - 8)].astype(np.float32)
    return inside


def _trees(
    rng: np.random.Generator, lattice: Lattice, chest: ChestFields
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return tubes of arteries, veins and bronchi of both lungs, and places on middle-sized vessels."""
    inside = _points(lattice, chest.lungs, -90, -3.0)
    arteries, veins, bronchi, places = [], [], [], []
    for hilum, side in ((HILUM_LEFT, 1.0), (HILUM_RIGHT, -1.0)):
        lung = inside[inside[:, 0] * side > 0]
        tree = grown(rng, lung, hilum, 2600, 0.52)
        tubes = segments(tree, largest_mm=7.5)
        arteries.append(tubes)
        low = (hilum[0], hilum[1] + 6.0, hilum[2] - 16.0)
        veins.append(segments(grown(rng, lung, low, 2000, 0.52), largest_mm=6.0))
        bronchi.append(bronchi_beside(segments(tree, thicker_than_mm=1.35, largest_mm=4.2), rng))
        places.append(_middle_sized(tree))
    return np.vstack(arteries), np.vstack(veins), np.vstack(bronchi), np.vstack(places)


def _middle_sized(tree: Tree) -> FloatArray:
    """Return the points (n, 3) of a tree at which a nodule may hang on a vessel."""
    return tree.points[(tree.radius_mm > 0.9) & (tree.radius_mm < 2.2)]


def _add_nodule(
    hu: FloatArray,
    lungs: FloatArray,
    truth: Mask,
    nodule: Nodule,
    box: tuple[slice, slice, slice],
    shape: FloatArray,
    value: int,
    first: int,
    last: int,
) -> None:
    """Put the part of one nodule that lies in slices `first` … `last` − 1 into the slab and its truth."""
    low, high = max(box[0].start, first), min(box[0].stop, last)
    if low >= high:
        return
    where = (slice(low - first, high - first), box[1], box[2])
    distance = np.maximum(shape[low - box[0].start : high - box[0].start], lungs[where])
    part = hu[where]
    mix(part, coverage(distance, 1.2), nodule.hu)
    truth[where][distance < 0] = value


def _composite(
    interpolator: Interpolator,
    grid: OutputGrid,
    chest: ChestFields,
    bones: BoneFields,
    size: ChestSize,
    tubes: tuple[FloatArray, ...],
    first: int,
    last: int,
) -> tuple[FloatArray, FloatArray]:
    """Return the HU of some slices without noise or nodules, and the distance to the lungs there."""

    def at(values: FloatArray) -> FloatArray:
        return interpolator.slab(values, first, last)

    soft = max(0.9, 0.9 * grid.spacing_mm[0])
    blood = size.contrast_hu
    skin, cavity, lungs = at(chest.skin), at(chest.cavity), at(chest.lungs)
    noise, coarse = at(chest.fat_noise), at(chest.coarse_noise)
    hu = np.full(skin.shape, -1000.0, np.float32)
    _table(hu, grid, soft)
    mix(hu, coverage(skin, soft), 25.0)
    mix(hu, coverage(skin + 2.0, soft), -102.0 + 5.0 * noise)
    wall = np.maximum(at(chest.wall), skin + 4.0)
    streaks = coverage(0.9 - np.abs(noise) * 2.6 - 0.25 * np.abs(cavity - 12), 1.2)
    mix(hu, coverage(wall, 1.4), 58.0 + 2.0 * noise)
    mix(hu, coverage(wall + 2.0, soft) * (1 - streaks) * 0.75 * coverage(-cavity + 11.0, soft), -85.0)

    inside = coverage(cavity, soft)
    mix(hu, inside, -98.0 + 6.0 * noise)
    mix(hu, coverage(np.abs(at(chest.below) + 1.2) - 1.3, soft) * inside, 52.0)
    liver = at(chest.liver)
    mix(hu, coverage(liver, soft), 108.0 + 2.5 * coarse)
    mix(hu, coverage(at(chest.spleen), soft), 118.0)
    mix(hu, coverage(at(chest.stomach), soft), 62.0)
    mix(hu, coverage(at(chest.stomach) + 3.5, soft), 18.0 + 6.0 * noise)
    mix(hu, coverage(at(chest.gas), soft), -970.0)

    heart = at(chest.heart)
    mix(hu, coverage(heart, soft), 98.0 + 3.0 * coarse)
    mix(hu, coverage(at(chest.chambers), 3.0), blood - 6.0)
    mix(hu, coverage(at(chest.gullet), soft), 48.0)
    mix(hu, coverage(at(chest.gullet) + 4.6, 2.0) * coverage(coarse * 2, 1.0), -600.0)
    vessels = at(chest.vessels)
    mix(hu, coverage(vessels - 1.0, soft), 55.0)
    mix(hu, coverage(vessels, soft), blood)

    _bones(at, bones, hu, soft)
    vessel, walls, lumen = tubes
    in_lung = coverage(lungs, soft)
    air = -868.0 + 0.28 * at(chest.gravity) + 9.0 * noise + 10.0 * coarse
    mix(hu, in_lung, air)
    mix(hu, coverage(at(chest.fissure) - 0.25, 1.4) * in_lung * 0.22, -300.0)
    mix(hu, walls * in_lung * 0.85, -60.0)
    near = coverage(lungs - 12.0, 4.0)
    mix(hu, vessel * near, np.float32(blood - 25.0) * np.ones_like(hu))
    mix(hu, lumen * near * (1 - vessel), -975.0)
    airway = at(chest.airway)
    mix(hu, coverage(airway - 1.3, soft), 45.0)
    mix(hu, coverage(airway, soft), -985.0)
    return hu, lungs


def _bones(at: FieldAt, bones: BoneFields, hu: FloatArray, soft: float) -> None:
    """Put in discs, canal, costal cartilage, cortical bone and marrow."""
    marrow = at(bones.marrow)
    mix(hu, coverage(at(bones.cartilage), soft), 95.0 + 12.0 * marrow)
    mix(hu, coverage(at(bones.disc), soft), 85.0)
    mix(hu, coverage(at(bones.canal), soft), 20.0)
    mix(hu, coverage(at(bones.canal) + 4.0, 1.5), 40.0)
    bone = at(bones.bone)
    mix(hu, coverage(bone, soft), 780.0)
    mix(hu, coverage(bone + 1.6, 1.3), 230.0 + 60.0 * marrow)


def _table(hu: FloatArray, grid: OutputGrid, soft: float) -> None:
    """Put in the table: a thin curved shell filled with foam."""
    xs, ys, _ = grid.axes()
    x, y = xs[None, None, :], ys[None, :, None]
    top = y - (142.0 - (x / 22.0) ** 2 * 0.45)
    shell = np.abs(np.maximum(-top, top - 34.0) + 1.0) - 1.0
    within = coverage(np.abs(x) - 205.0, soft)
    mix(hu, coverage(np.maximum(-top, top - 34.0), soft) * within, -955.0)
    mix(hu, coverage(shell, soft) * within, -250.0)
