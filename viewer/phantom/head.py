"""Synthetic head CT by seed, with bleeds whose outlines are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from viewer.phantom.acquisition import acquire
from viewer.phantom.fields import FieldAt, FloatArray, Interpolator, Lattice, OutputGrid
from viewer.phantom.head_artefacts import Artefacts, artefact_field
from viewer.phantom.head_bleeds import NAMES, Bleed, BleedFields, drawn_bleeds, place_bleeds
from viewer.phantom.head_brain import BrainFields, BrainLook, brain_fields
from viewer.phantom.head_face import head_fields
from viewer.phantom.head_fluid_bleeds import place_fluid_bleeds
from viewer.phantom.head_scan import KERNELS, drawn_noise_hu, parts_of_slice
from viewer.phantom.head_shape import SHEARED_ABOUT_Y_MM, HeadFields, HeadSize, in_head
from viewer.phantom.phantom import Phantom, coverage, measured_lesions, mix

if TYPE_CHECKING:
    Truth = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]

LOWEST_MM = -78.0
HIGHEST_MM = 96.0
CENTRE_Y_MM = -4.0


@frozen(eq=False)
class _Scene:
    """All that is in the head, on the lattice."""

    head: HeadFields
    brain: BrainFields
    look: BrainLook
    placed: list[BleedFields]


def make_head(
    seed: int,
    *,
    spacing_mm: tuple[float, float, float] = (0.45, 0.45, 3.0),
    size_ij: int = 512,
    bleeds: tuple[Bleed, ...] | None = None,
    noise_hu: float | None = None,
    kernel: str = "soft",
    tilt_deg: float = 0.0,
    look: BrainLook | None = None,
    artefacts: Artefacts | None = None,
    lattice_mm: float = 2.0,
) -> Phantom:
    """Return a synthetic head CT, from below the skull base to above the vertex.

    The same seed gives the same anatomy and bleeds at any spacing. Axes are i → L, j → P, k → H where the gantry is
    not tilted.

    Parameters
    ----------
    spacing_mm
        Along i, j, and from slice to slice along the table, which is also how thick a slice is.
    bleeds, look, artefacts
        Take the place of those that the seed would choose.
    noise_hu
        Noise in the middle of the brain, for the kernel and thickness at hand by default.
    kernel
        One of `viewer.phantom.head_scan.KERNELS`.
    tilt_deg
        Gantry tilt about the axis from right to left: slices climb towards the back where it is positive.
    lattice_mm
        Step of the fields that anatomy is made of: coarser is quicker and smoother, and is another head in its detail.
    """
    rng = np.random.default_rng([seed, 1])
    size, drawn_look = HeadSize.drawn(rng), BrainLook.drawn(rng)
    look = look or drawn_look
    chosen = drawn_bleeds(np.random.default_rng([seed, 2])) if bleeds is None else bleeds
    used = KERNELS[kernel]
    lattice = Lattice.over((-119.0, -124.0, -84.0), (119.0, 114.0, 106.0), lattice_mm)
    frame = in_head(np.random.default_rng([seed, 7]), lattice, size, tilt_deg)
    head = head_fields(np.random.default_rng([seed, 3]), lattice, size, frame)
    placed, displaced = place_bleeds(lattice, frame, head.cavity, chosen)
    brain = brain_fields(np.random.default_rng([seed, 4]), lattice, size, look, displaced, head.cavity)
    placed = placed + place_fluid_bleeds(lattice, displaced, head.cavity, brain, chosen)
    scene = _Scene(head, brain, look, placed)

    artefacts = artefacts or Artefacts.drawn(np.random.default_rng([seed, 6]))
    coarse = OutputGrid(lattice.first_lps_mm, (lattice.step_mm,) * 3, lattice.shape)
    clean = _composite(Interpolator(lattice, coarse), coarse, scene, None, 0, coarse.shape[0])
    added = artefact_field(np.random.default_rng([seed, 8]), clean, coarse.axes()[2], lattice.step_mm, artefacts)

    scan = np.random.default_rng([seed, 5])
    sigma = drawn_noise_hu(scan, spacing_mm[2], used) if noise_hu is None else noise_hu
    parts = parts_of_slice(spacing_mm[2])
    sheared = _grid((spacing_mm[0], spacing_mm[1] * float(np.cos(np.deg2rad(tilt_deg))), spacing_mm[2]), size_ij)
    fine = _layers(sheared, parts)
    interpolator, thick = Interpolator(lattice, fine), Interpolator(lattice, sheared)
    voxels = np.empty(sheared.shape, np.int16)
    truth = np.zeros(sheared.shape, np.uint8)
    step = max(1, min(8, int(6_000_000 / (sheared.shape[1] * sheared.shape[2] * parts))))
    for first in range(0, sheared.shape[0], step):
        last = min(first + step, sheared.shape[0])
        marked = np.zeros(((last - first) * parts, *sheared.shape[1:]), np.uint8)
        hu = _composite(interpolator, fine, scene, marked, first * parts, last * parts)
        hu = hu.reshape(last - first, parts, *hu.shape[1:]).mean(axis=1)
        truth[first:last] = _most(marked.reshape(last - first, parts, *marked.shape[1:]))
        hu += thick.slab(added, first, last)
        voxels[first:last] = acquire(
            scan,
            hu,
            spacing_mm=spacing_mm,
            sigma_hu=sigma,
            blur_mm=used.blur_mm,
            cutoff_per_mm=min(used.cutoff_per_mm, 0.45 / spacing_mm[0]),
            sharpen=used.sharpen,
        )
    return _described(seed, voxels, truth, sheared, spacing_mm, scene, artefacts, tilt_deg, used.name)


def _described(
    seed: int,
    voxels: np.ndarray[tuple[int, ...], np.dtype[np.int16]],
    truth: Truth,
    sheared: OutputGrid,
    spacing_mm: tuple[float, float, float],
    scene: _Scene,
    artefacts: Artefacts,
    tilt_deg: float,
    kernel: str,
) -> Phantom:
    """Return the phantom with its lesions measured, places in LPS mm, and all that is in it said in words."""
    climb = float(np.tan(np.deg2rad(tilt_deg)))

    def up(at: tuple[float, float, float]) -> tuple[float, float, float]:
        return (at[0], at[1], at[2] + (at[1] - SHEARED_ABOUT_Y_MM) * climb)

    named = [(n, p.bleed.key, NAMES[p.bleed.key]) for n, p in enumerate(scene.placed, start=1)]
    lesions = tuple(
        evolve(lesion, centre_lps_mm=up(lesion.centre_lps_mm)) for lesion in measured_lesions(truth, sheared, named)
    )
    said = ", ".join(f"{lesion.name.lower()} {lesion.volume_ml:.1f} mL" for lesion in lesions) or "no bleed"
    contents = [f"{lesion.name}: {lesion.volume_ml:.2f} mL" for lesion in lesions]
    contents += [*scene.look.said(), *artefacts.said()]
    if tilt_deg:
        contents.append(f"Gantry tilt {tilt_deg:g}°")
    contents.append(f"{kernel.capitalize()} kernel, slices of {spacing_mm[2]:g} mm")
    return Phantom(
        "head",
        seed,
        voxels,
        up(sheared.origin_lps_mm),
        spacing_mm,
        truth,
        lesions,
        f"Synthetic head CT, seed {seed}: {said}",
        tilt_deg=tilt_deg,
        kernel=kernel,
        contents=tuple(contents),
    )


def _layers(grid: OutputGrid, parts: int) -> OutputGrid:
    """Return a grid with `parts` layers in the place of each slice."""
    x, y, z = grid.spacing_mm
    thin = z / parts
    origin = (*grid.origin_lps_mm[:2], grid.origin_lps_mm[2] - 0.5 * (z - thin))
    return OutputGrid(origin, (x, y, thin), (grid.shape[0] * parts, *grid.shape[1:]))


def _most(marked: Truth) -> Truth:
    """Return which lesion fills at least half of a slice's layers (axis 1), 0 where none does."""
    parts = marked.shape[1]
    if parts == 1:
        return marked[:, 0]
    out = np.zeros((marked.shape[0], *marked.shape[2:]), np.uint8)
    for value in np.unique(marked):
        if value:
            out[2 * np.count_nonzero(marked == value, axis=1) >= parts] = value
    return out


def _grid(spacing_mm: tuple[float, float, float], size_ij: int) -> OutputGrid:
    """Return the grid centred on the head in the plane and reaching from skull base to vertex."""
    slices = int((HIGHEST_MM - LOWEST_MM) / spacing_mm[2])
    half = (size_ij - 1) / 2.0
    origin = (-half * spacing_mm[0], CENTRE_Y_MM - half * spacing_mm[1], LOWEST_MM)
    return OutputGrid(origin, spacing_mm, (slices, size_ij, size_ij))


def _composite(
    interpolator: Interpolator, grid: OutputGrid, scene: _Scene, truth: Truth | None, first: int, last: int
) -> FloatArray:
    """Return the HU of some slices without noise, and mark their lesions in `truth`; later structures cover earlier."""

    def at(values: FloatArray) -> FloatArray:
        return interpolator.slab(values, first, last)

    head, brain, placed = scene.head, scene.brain, scene.placed
    soft = max(0.7, 0.8 * grid.spacing_mm[0])
    inner, outer, skin = at(head.cavity), at(head.outer_bone), at(head.skin)
    for item in placed:
        if item.swelling_mm is not None:
            skin = skin - at(item.swelling_mm)
    hu = np.full(inner.shape, -1000.0, np.float32)
    rest = at(head.rest)
    mix(hu, coverage(np.abs(rest) - 1.1, soft) * coverage(skin * -1 + 1.0, soft), -420.0)
    mix(hu, coverage(np.abs(rest + 9.0) - 8.0, soft) * coverage(rest + 1, soft) * 1.0, -940.0)

    fat_noise, cells = at(head.fat_noise), at(head.cells)
    mix(hu, coverage(at(head.ear), soft), 25.0)
    mix(hu, coverage(skin, soft), 42.0)
    mix(hu, coverage(skin + 1.8, soft), -100.0 + 5.0 * fat_noise)
    # Strands of the subcutaneous fat.
    strands = coverage(np.abs(cells) - 0.25, 0.7) * coverage(skin + 2.0, soft)
    mix(hu, strands * 0.22, 20.0)
    galea = np.abs(outer - 1.6 - 0.5 * fat_noise) - 0.7
    mix(hu, coverage(galea, soft) * coverage(skin + 1.5, soft), 30.0)
    parted = 1 - 0.8 * coverage(np.abs(at(head.sheets) + 1.5 * fat_noise) - 0.3, 1.2)
    mix(hu, coverage(at(head.muscle), 1.4) * coverage(skin + 3.0, soft) * parted, 56.0 + 3.0 * fat_noise)
    for item in placed:
        if item.swelling_mm is not None:
            swollen = at(item.swelling_mm)
            mix(hu, coverage(1.4 - swollen, 1.5) * coverage(skin + 2.2, soft), 42.0 + 6.0 * fat_noise)

    mix(hu, coverage(at(head.orbit), soft), -92.0)
    mix(hu, coverage(at(head.eye_muscle), soft), 48.0)
    globe = at(head.globe)
    mix(hu, coverage(globe, soft), 50.0)
    mix(hu, coverage(globe + 1.3, soft), 9.0)
    mix(hu, coverage(at(head.lens), soft), 95.0)

    _skull(at, head, hu, inner, outer, soft)
    _air(at, head, hu, cells, inner, soft)
    fluid = _brain(at, brain, scene.look, hu, inner, soft)
    for value, item in enumerate(placed, start=1):
        _bleed(at, brain, hu, item, value, inner, fluid, fat_noise, truth)
    return hu


def _bleed(
    at: FieldAt,
    brain: BrainFields,
    hu: FloatArray,
    item: BleedFields,
    value: int,
    inner: FloatArray,
    fluid: FloatArray,
    fat_noise: FloatArray,
    truth: Truth | None,
) -> None:
    """Put in one bleed with its rim of oedema, and mark it."""
    distance = np.maximum(at(item.distance), inner)
    if item.oedema is not None:
        rim = coverage(at(item.oedema), 3.0) * coverage(inner + 2.0, 1.0)
        mix(hu, rim * 0.8, np.minimum(hu, 21.0))
    clot = item.bleed.hu + 3.0 * fat_noise + 2.0 * at(brain.texture)
    if item.fluid_only:
        # Blood spreads the folds a little that it fills.
        mix(hu, coverage(distance, 3.0) * np.minimum(1.5 * fluid, 0.97), clot)
        marked = (distance < 0) & (fluid > 0.45)
    else:
        if item.bleed.mixed:
            clot = clot - 34.0 * coverage(at(item.settled), 4.0) if item.settled is not None else clot
        mix(hu, coverage(distance, 1.1), clot)
        marked = distance < 0
    if truth is not None:
        truth[marked] = value


def _skull(at: FieldAt, head: HeadFields, hu: FloatArray, inner: FloatArray, outer: FloatArray, soft: float) -> None:
    """Put in the two tables, the diploe between them, the sutures, and the compact bone of the base."""
    marrow, uneven = at(head.marrow), at(head.fat_noise)
    base = at(head.base_bone)
    solid = coverage(np.maximum(np.minimum(outer, base), -inner), soft)
    mix(hu, solid, 1180.0 + 70.0 * marrow)
    # Marrow lies in the thick parts of the base as well.
    mix(hu, coverage(base + 3.2, 1.6) * 0.75, 520.0 + 170.0 * marrow)
    between = np.maximum(outer + 1.7 + 0.35 * uneven, 1.5 + 0.3 * uneven - inner)
    mix(hu, coverage(between, 1.2), 520.0 + 190.0 * marrow)
    joint = coverage(np.abs(at(head.suture)) - 0.35, soft) * coverage(outer - 0.5, soft) * coverage(1.0 - inner, soft)
    mix(hu, joint * 0.85, 120.0)


def _air(at: FieldAt, head: HeadFields, hu: FloatArray, cells: FloatArray, inner: FloatArray, soft: float) -> None:
    """Put in sinuses with their lining, nose and pharynx, and the cells of ethmoid and temporal bone."""
    air = at(head.air)
    lining = at(head.mucosa)
    mix(hu, coverage(lining, soft) * coverage(1.2 - air, soft), 35.0)
    mix(hu, coverage(air, soft), -985.0)
    septum = np.abs(at(head.septum))
    within = coverage(lining + 1.0, soft) * coverage(septum - 3.0, soft)
    mix(hu, coverage(septum - 1.3, soft) * within, 40.0)
    mix(hu, coverage(septum - 0.3, soft) * within, 320.0)
    room = np.minimum(at(head.mastoid), at(head.cellular))
    walls = np.abs(cells) - 0.38
    mix(hu, coverage(np.maximum(room, -0.5 - inner), soft) * coverage(-walls, 0.9), -940.0)
    mix(hu, coverage(at(head.cellular), soft) * coverage(walls, 0.9), 180.0)


def _brain(
    at: FieldAt, brain: BrainFields, look: BrainLook, hu: FloatArray, inner: FloatArray, soft: float
) -> FloatArray:
    """Put in everything inside the dura, and return how much of each voxel is fluid."""
    texture = at(brain.texture)
    depth = at(brain.depth)
    inside = coverage(inner, soft)
    mix(hu, inside, 9.0)
    sulcus = np.abs(at(brain.sulcus))
    half_width = at(brain.sulcus_half_width)
    midline = np.abs(at(brain.midline))
    tent = at(brain.tent)
    small_brain = at(brain.cerebellum)
    ventricle = at(brain.ventricle)

    fissure = midline - at(brain.fissure_half_width)
    ribbon = np.minimum(np.minimum(depth - 1.1, sulcus - half_width), fissure + 1.4) - 3.0
    grey = np.maximum(coverage(ribbon, 2.6), 0.62 * coverage(at(brain.deep_grey), 4.5))
    pale = look.pale * coverage(ventricle - 5.0 - 2.0 * texture, 9.0) * (1 - grey)
    tissue = 27.5 + 8.0 * grey + 0.9 * texture - pale
    leaf = 33.0 + 4.0 * at(brain.folia) * coverage(2.0 - depth, 8.0) + 1.2 * texture
    lower = coverage(small_brain, 1.5)
    tissue += lower * (leaf - tissue)
    stem = coverage(at(brain.stem), 1.2)
    tissue += stem * (32.0 - tissue)
    filled = coverage(1.0 - depth, 1.2) * np.maximum(coverage(half_width - sulcus, 1.1), np.maximum(lower, stem))
    filled *= np.maximum(coverage(-fissure, 1.1), np.maximum(lower, stem))
    filled *= 1 - coverage(np.minimum(ventricle, at(brain.cisterns)), 1.2)
    mix(hu, filled * inside, tissue)
    falx = np.maximum(midline - 0.55, at(brain.falx_reach))
    mix(hu, coverage(falx, 1.0) * inside, 46.0)
    sheet = np.maximum(np.abs(tent) - 0.45, at(brain.tent_reach))
    mix(hu, coverage(sheet, 1.2) * inside, 44.0)
    mix(hu, coverage(at(brain.sinus), 1.2) * inside, look.vein_hu)
    mix(hu, coverage(at(brain.calcium), 1.6) * inside, 155.0 + 30.0 * texture)
    mix(hu, coverage(at(brain.ganglia_calcium), 2.4) * inside, look.calcium_hu + 12.0 * texture)
    dense = np.minimum.reduce([falx, sheet, at(brain.sinus), at(brain.calcium)])
    fluid: FloatArray = (1 - filled) * inside * coverage(-dense, 1.2)
    return fluid
