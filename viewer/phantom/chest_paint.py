"""The chest as HU without noise: every tissue composited over the next, slab by slab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.phantom.phantom import coverage, mix

if TYPE_CHECKING:
    from viewer.phantom.chest_bones import BoneFields
    from viewer.phantom.chest_nodules import NoduleShape
    from viewer.phantom.chest_scan import Blood
    from viewer.phantom.chest_shape import ChestFields
    from viewer.phantom.fields import FieldAt, FloatArray, Interpolator, OutputGrid

    Coverage = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


@frozen(eq=False)
class Tubes:
    """Coverage (uint8, 255 is full, `[k, j, i]`) of what is drawn as tubes."""

    arteries: Coverage
    veins: Coverage
    walls: Coverage
    lumen: Coverage
    soft: Coverage
    calcium: Coverage
    clots: Coverage


def composite(
    interpolator: Interpolator,
    grid: OutputGrid,
    chest: ChestFields,
    bones: BoneFields,
    blood: Blood,
    lung_hu: float,
    tubes: Tubes,
    first: int,
    last: int,
) -> tuple[FloatArray, FloatArray]:
    """Return the HU of some slices without noise or nodules, and the distance to the lungs there."""

    def at(values: FloatArray) -> FloatArray:
        return interpolator.slab(values, first, last)

    soft = max(0.9, 0.9 * grid.spacing_mm[0])
    skin, cavity, lungs = at(chest.skin), at(chest.cavity), at(chest.lungs)
    noise, coarse = at(chest.fat_noise), at(chest.coarse_noise)
    hu = np.full(skin.shape, -1000.0, np.float32)
    _table(hu, grid, soft)
    mix(hu, coverage(skin, soft), 25.0)
    mix(hu, coverage(skin + 2.0, soft), -102.0 + 5.0 * noise)
    mix(hu, coverage(at(chest.gland), 5.0) * 0.8, 28.0)
    wall = np.maximum(at(chest.wall), skin + 4.0)
    mix(hu, coverage(wall, 1.4), 56.0 + 3.0 * noise)
    planes = np.abs(cavity - 10.5 - 1.6 * coarse) - 0.75
    planes = np.minimum(planes, np.abs(cavity - 19.0 - 2.5 * coarse - noise) - 0.9)
    planes = planes + 0.55 * np.clip(noise, -1.0, 2.0)
    mix(hu, coverage(planes, 1.1) * coverage(wall + 1.5, soft) * coverage(7.0 - cavity, 2.0) * 0.8, -92.0)

    inside = coverage(cavity, soft)
    mix(hu, inside, -98.0 + 6.0 * noise)
    mix(hu, coverage(np.abs(at(chest.below) + 1.2) - 1.3, soft) * inside, 52.0)
    liver = at(chest.liver)
    mix(hu, coverage(liver, soft), blood.liver + 2.5 * coarse)
    mix(hu, coverage(at(chest.spleen), soft), blood.spleen)
    mix(hu, coverage(at(chest.stomach), soft), 62.0)
    mix(hu, coverage(at(chest.stomach) + 3.5, soft), 18.0 + 6.0 * noise)
    mix(hu, coverage(at(chest.gas), soft), -970.0)

    mix(hu, coverage(at(chest.heart), soft), blood.muscle + 3.0 * coarse)
    gullet = at(chest.gullet)
    mix(hu, coverage(gullet, soft), 44.0)
    mix(hu, coverage(gullet + 4.4, 2.0) * coverage(coarse * 2, 1.0), -600.0)
    mix(hu, coverage(at(chest.vessels) - 1.0, soft), 50.0)
    for vessel, density in (
        (chest.lower_vein, blood.lower_vein),
        (chest.left_blood, blood.left),
        (chest.right_blood, blood.right),
        (chest.upper_vein, blood.upper_vein),
    ):
        mix(hu, coverage(at(vessel), 1.4), density)

    _bones(at, bones, hu, soft)
    slab = slice(first, last)
    in_lung = coverage(lungs, soft)
    air = lung_hu + 0.30 * at(chest.gravity) + 11.0 * noise + 12.0 * coarse
    mix(hu, in_lung, air)
    mix(hu, coverage(at(chest.fissure) - 0.25, 1.4) * in_lung * 0.24, -300.0)
    near = coverage(lungs - 12.0, 4.0)
    apart = near * coverage(1.5 - at(chest.vessels), 2.0)
    mix(hu, _share(tubes.walls[slab]) * apart, -40.0)
    mix(hu, _share(tubes.veins[slab]) * near, blood.left - 15.0)
    mix(hu, _share(tubes.arteries[slab]) * near, blood.right - 15.0)
    mix(hu, _share(tubes.lumen[slab]) * apart, -965.0)
    mix(hu, _share(tubes.soft[slab]) * in_lung, 22.0)
    mix(hu, _share(tubes.calcium[slab]) * in_lung, 620.0)
    airway = at(chest.airway)
    mix(hu, coverage(airway - 1.1, soft), 42.0)
    mix(hu, coverage(airway, soft), -985.0)
    mix(hu, _share(tubes.clots[slab]), 48.0)
    return hu, lungs


def _share(part: Coverage) -> FloatArray:
    """Return a coverage of 0 … 255 as 0 … 1."""
    return part.astype(np.float32) / np.float32(255.0)


def _bones(at: FieldAt, bones: BoneFields, hu: FloatArray, soft: float) -> None:
    """Put in discs, canal, costal cartilage, cortical bone and marrow."""
    marrow = at(bones.marrow)
    mix(hu, coverage(at(bones.cartilage), soft), 95.0 + 12.0 * marrow)
    mix(hu, coverage(at(bones.disc), soft), 85.0)
    mix(hu, coverage(at(bones.canal), soft), 20.0)
    mix(hu, coverage(at(bones.canal) + 4.0, 1.5), 40.0)
    bone = at(bones.bone)
    mix(hu, coverage(bone, soft), 720.0 + 50.0 * marrow)
    mix(hu, coverage(bone + 1.3 + 0.3 * marrow, 1.3), 185.0 + 42.0 * marrow)


def _table(hu: FloatArray, grid: OutputGrid, soft: float) -> None:
    """Put in the table: a thin curved shell filled with foam."""
    xs, ys, _ = grid.axes()
    x, y = xs[None, None, :], ys[None, :, None]
    top = y - (142.0 - (x / 22.0) ** 2 * 0.45)
    shell = np.abs(np.maximum(-top, top - 34.0) + 1.0) - 1.0
    within = coverage(np.abs(x) - 205.0, soft)
    mix(hu, coverage(np.maximum(-top, top - 34.0), soft) * within, -955.0)
    mix(hu, coverage(shell, soft) * within, -250.0)


def add_nodule(
    hu: FloatArray,
    lungs: FloatArray,
    texture: FloatArray,
    truth: Coverage,
    shape: NoduleShape,
    solid_hu: float,
    value: int,
    first: int,
    last: int,
) -> None:
    """Put the part of one nodule that lies in slices `first` … `last` − 1 into the slab and its truth, in place.

    Ground glass lets vessels be seen through it; `texture` (mean 0) makes it uneven.
    """
    box = shape.box
    low, high = max(box[0].start, first), min(box[0].stop, last)
    if low >= high:
        return
    where = (slice(low - first, high - first), box[1], box[2])
    some = slice(low - box[0].start, high - box[0].start)
    part, inner = hu[where], lungs[where]
    distance = np.maximum(shape.distance[some], inner)
    if shape.core is not shape.distance:
        hazy = np.maximum(shape.glass_hu + 45.0 * texture[where], part)
        mix(part, coverage(distance, 2.6), hazy)
    if shape.core is not None:
        mix(part, coverage(np.maximum(shape.core[some], inner), 1.2), solid_hu)
    truth[where][distance < 0] = value
