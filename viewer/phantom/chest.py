"""Synthetic chest CT by seed, with lung nodules and pulmonary emboli whose outlines are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from viewer.phantom import chest_emboli, chest_mimics
from viewer.phantom.chest_bones import bone_fields
from viewer.phantom.chest_emboli import Embolus, clot_tubes, drawn_emboli
from viewer.phantom.chest_mimics import Mimic, drawn_mimics, mimic_shapes
from viewer.phantom.chest_nodules import NAMES, Nodule, Places, drawn_nodules, nodule_shape, spicules
from viewer.phantom.chest_paint import Tubes, add_nodule, composite
from viewer.phantom.chest_scan import Blood, ChestScan, SteppedGrid, add_shoulder_noise, add_streaks
from viewer.phantom.chest_shape import HILUM_LEFT, HILUM_RIGHT, ChestSize, chest_fields
from viewer.phantom.chest_vessels import Tree, bronchi_beside, draw_tubes, grown, segments, walls_of
from viewer.phantom.fields import FloatArray, Interpolator, Lattice
from viewer.phantom.phantom import Phantom, measured_lesions

if TYPE_CHECKING:
    from viewer.phantom.chest_shape import ChestFields
    from viewer.phantom.fields import OutputGrid, Point

    Coverage = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]

LOWEST_MM = -150.0
HIGHEST_MM = 154.0
BOX_LOW = (-184.0, -146.0, -158.0)
BOX_HIGH = (184.0, 146.0, 166.0)
LARGEST_ARTERY_MM = 7.5
# Of an earlier scan's first voxel, in voxels.
_BETWEEN = (0.31, 0.43, 0.37)


def make_chest(
    seed: int,
    *,
    spacing_mm: tuple[float, float, float] = (0.7, 0.7, 2.5),
    size_ij: int = 512,
    nodules: tuple[Nodule, ...] | None = None,
    nodule_kinds: tuple[tuple[str, float], ...] | None = None,
    emboli: tuple[Embolus, ...] | None = None,
    mimics: tuple[Mimic, ...] | None = None,
    contrast: str | None = None,
    dose: str | None = None,
    kernel: str | None = None,
    breathed: bool | None = None,
    noise_hu: float | None = None,
    earlier: int = 0,
    moved_mm: Point = (0.0, 0.0, 0.0),
    lattice_mm: float = 2.5,
) -> Phantom:
    """Return a synthetic chest CT, from the upper abdomen to above the apices.

    The same seed gives the same anatomy and lesions at any spacing. Axes are i → L, j → P, k → H. `noise_hu` is the
    noise in the middle of the body and takes the place of what dose and kernel say.

    Parameters
    ----------
    nodules, emboli, mimics
        Take the place of those that the seed would choose. Whoever names nodules or emboli gets nothing else that is
        not named too.
    nodule_kinds
        Kinds of nodules and their diameters in mm, in places that the seed chooses.
    contrast
        "none", "arterial" (pulmonary arteries) or "venous"; if None, arterial for emboli that are named, else by seed.
        Only into arterial ones does the seed put emboli.
    dose, kernel
        "standard" or "low"; "soft" or "lung".
    breathed
        Whether the patient breathed during the scan, which leaves a step; by seed if None and nothing is named.
    earlier
        Numbers scans of the same patient before this one: noise of their own, and voxels that lie between others.
    moved_mm
        How far the patient lies from where the anatomy is drawn.
    lattice_mm
        How finely the anatomy is shaped: with coarser steps it is made faster, and is another patient.

    Raises
    ------
    ValueError
        When `contrast`, `dose` or `kernel` is an unknown word.
    """
    named = nodules is not None or emboli is not None
    size = ChestSize.drawn(np.random.default_rng([seed, 11]))
    if breathed is None and named:
        breathed = False
    if contrast is None and emboli:
        contrast = "arterial"
    scan = ChestScan.drawn(np.random.default_rng([seed, 17]), contrast, dose, kernel, noise_hu, breathed)
    blood = Blood.drawn(np.random.default_rng([seed, 18]), scan.contrast)
    grid = _grid(spacing_mm, size_ij, scan, bool(earlier))
    lattice = Lattice.over(BOX_LOW, BOX_HIGH, lattice_mm)
    chest = chest_fields(np.random.default_rng([seed, 12]), lattice, size)
    bones = bone_fields(np.random.default_rng([seed, 13]), lattice, size, chest)

    lung = _Lung.of(np.random.default_rng([seed, 14]), lattice, chest)
    if nodules is None:
        nodules = () if named else drawn_nodules(np.random.default_rng([seed, 15]), lung.places, nodule_kinds)
    if emboli is None:
        some = not named and scan.contrast == "arterial"
        emboli = drawn_emboli(np.random.default_rng([seed, 19]), lung.trees) if some else ()
    if mimics is None:
        mimics = () if named else drawn_mimics(np.random.default_rng([seed, 20]), lung.places)
    truth = np.zeros(grid.shape, np.uint8)
    tubes = _drawn(grid, lung, nodules, mimics)
    clots = _draw_clots(grid, lung, emboli, tubes.clots, truth, len(nodules) + 1)

    interpolator = Interpolator(lattice, grid)
    rng = np.random.default_rng([seed, 16, earlier] if earlier else [seed, 16])
    voxels = np.empty(grid.shape, np.int16)
    shapes = [nodule_shape(grid, n) for n in nodules]
    step = max(1, min(8, int(6_000_000 / (grid.shape[1] * grid.shape[2]))))
    for first in range(0, grid.shape[0], step):
        last = min(first + step, grid.shape[0])
        hu, lungs = composite(interpolator, grid, chest, bones, blood, size.lung_hu, tubes, first, last)
        texture = interpolator.slab(chest.fat_noise, first, last) if shapes else hu
        for value, (nodule, shape) in enumerate(zip(nodules, shapes, strict=True), start=1):
            add_nodule(hu, lungs, texture, truth[first:last], shape, nodule.hu, value, first, last)
        if scan.streaks:
            add_streaks(rng, hu, grid, first, blood.upper_vein)
        add_shoulder_noise(rng, hu, grid, first, scan.sigma_hu)
        voxels[first:last] = scan.acquired(rng, hu, lungs, spacing_mm)
    labels = [(n, nodule.key, NAMES[nodule.key]) for n, nodule in enumerate(nodules, start=1)]
    labels += [(value, key, chest_emboli.NAMES[key]) for value, key in clots]
    at = grid.origin_lps_mm
    moved = evolve(grid, origin_lps_mm=(at[0] + moved_mm[0], at[1] + moved_mm[1], at[2] + moved_mm[2]))
    lesions = measured_lesions(truth, moved, labels)
    return Phantom(
        "chest",
        seed,
        voxels,
        moved.origin_lps_mm,
        spacing_mm,
        truth,
        lesions,
        f"Synthetic chest CT, seed {seed}: {_counted(len(nodules), 'nodule')}"
        + (f", {_counted(len(clots), 'embolus', 'emboli')}" if clots else ""),
        earlier,
        (
            *(f"{lesion.name}, {lesion.volume_ml:.2f} mL" for lesion in lesions),
            *(f"Mimic: {chest_mimics.NAMES[m.key]}, {m.size_mm:.0f} mm" for m in mimics),
            *scan.words(),
        ),
    )


def _counted(number: int, one: str, more: str = "") -> str:
    return f"one {one}" if number == 1 else f"{number} {more or one + 's'}"


def _grid(spacing_mm: tuple[float, float, float], size_ij: int, scan: ChestScan, between: bool) -> SteppedGrid:
    """Return where the voxels are and which anatomy they show."""
    half = (size_ij - 1) / 2.0
    slices = int((HIGHEST_MM - LOWEST_MM) / spacing_mm[2])
    x, y, z = (share * step if between else 0.0 for share, step in zip(_BETWEEN, spacing_mm, strict=True))
    return SteppedGrid(
        (x - half * spacing_mm[0], y + 4.0 - half * spacing_mm[1], z + LOWEST_MM),
        spacing_mm,
        (slices, size_ij, size_ij),
        scan.step_mm,
        scan.step_z_mm,
    )


@frozen(eq=False)
class _Lung:
    """The arteries' trees (left, right), tubes of arteries, veins and bronchi, and where lesions may go."""

    trees: list[Tree]
    arteries: FloatArray
    veins: FloatArray
    bronchi: FloatArray
    places: Places

    @classmethod
    def of(cls, rng: np.random.Generator, lattice: Lattice, chest: ChestFields) -> _Lung:
        """Return the vessels and bronchi of both lungs."""
        inside = _points(lattice, chest.lungs, -90, -3.0)
        trees, arteries, veins, bronchi = [], [], [], []
        for hilum, side in ((HILUM_LEFT, 1.0), (HILUM_RIGHT, -1.0)):
            lung = inside[inside[:, 0] * side > 0]
            tree = grown(rng, lung, hilum, 2900, 0.50)
            trees.append(tree)
            arteries.append(segments(tree, largest_mm=LARGEST_ARTERY_MM))
            low = (hilum[0], hilum[1] + 6.0, hilum[2] - 16.0)
            veins.append(segments(grown(rng, lung, low, 2300, 0.50), largest_mm=6.0))
            bronchi.append(bronchi_beside(segments(tree, thicker_than_mm=1.25, largest_mm=4.2), rng))
        middle = np.vstack([t.points[(t.radius_mm > 0.9) & (t.radius_mm < 2.2)] for t in trees])
        fissures = np.where(chest.lungs < -4.0, chest.fissure, np.float32(99.0))
        places = Places(
            _scanned(_points(lattice, chest.lungs, -60, -12)),
            _scanned(_points(lattice, chest.lungs, -5, -2)),
            middle,
            _scanned(_points(lattice, fissures, -1.0, 1.2)),
        )
        return cls(trees, np.vstack(arteries), np.vstack(veins), np.vstack(bronchi), places)


def _points(lattice: Lattice, values: FloatArray, low: float, high: float) -> FloatArray:
    """Return the lattice points (n, 3), LPS mm, at which the field lies between two values."""
    k, j, i = np.nonzero((values > low) & (values < high))
    x0, y0, z0 = lattice.first_lps_mm
    points = np.stack([x0 + i * lattice.step_mm, y0 + j * lattice.step_mm, z0 + k * lattice.step_mm], axis=1)
    return points.astype(np.float32)


def _scanned(points: FloatArray) -> FloatArray:
    """Return the points that lie well within every scan."""
    some: FloatArray = points[(points[:, 2] > LOWEST_MM + 16) & (points[:, 2] < HIGHEST_MM - 14)]
    return some


def _drawn(grid: OutputGrid, lung: _Lung, nodules: tuple[Nodule, ...], mimics: tuple[Mimic, ...]) -> Tubes:
    """Return everything that is drawn as tubes, the clots left empty."""
    shapes = mimic_shapes(mimics, lung.places, lung.bronchi)
    tubes = Tubes(*(np.zeros(grid.shape, np.uint8) for _ in range(7)))
    draw_tubes(grid, tubes.arteries, lung.arteries)
    draw_tubes(grid, tubes.veins, lung.veins)
    draw_tubes(grid, tubes.walls, walls_of(lung.bronchi))
    draw_tubes(grid, tubes.lumen, lung.bronchi)
    draw_tubes(grid, tubes.arteries, shapes.vessels)
    draw_tubes(grid, tubes.soft, shapes.soft)
    draw_tubes(grid, tubes.calcium, shapes.calcium)
    for nodule in nodules:
        if nodule.key == "spiculated-nodule":
            draw_tubes(grid, tubes.soft, spicules(nodule))
    return tubes


def _draw_clots(
    grid: OutputGrid, lung: _Lung, emboli: tuple[Embolus, ...], into: Coverage, truth: Coverage, first: int
) -> list[tuple[int, str]]:
    """Draw clots and their truth, one value from `first` on for those that touch; return (value, key) of each."""
    found = chest_emboli.clusters([clot_tubes(e, lung.trees, LARGEST_ARTERY_MM) for e in emboli])
    clots = []
    for value, (index, tubes) in enumerate(found, start=first):
        own = np.zeros(grid.shape, np.uint8)
        draw_tubes(grid, own, tubes)
        np.maximum(into, own, out=into)
        truth[own > 127] = value
        clots.append((value, emboli[index].key))
    return clots
