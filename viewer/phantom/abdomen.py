"""Synthetic CT of the upper abdomen by seed, with liver lesions whose outlines are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.phantom.abdomen_bones import SpineFields, spine_fields
from viewer.phantom.abdomen_bowel import BowelFields, bowel_fields
from viewer.phantom.abdomen_lesions import FALCIFORM, MIMICS, NAMES, LiverLesion, drawn_lesions, lesion_box, paint
from viewer.phantom.abdomen_organs import CAVAL, PORTA, OrganFields, organ_fields
from viewer.phantom.abdomen_shape import AbdomenSize, BodyFields, body_fields
from viewer.phantom.acquisition import acquire
from viewer.phantom.chest_vessels import draw_tubes, grown, segments
from viewer.phantom.fields import Interpolator, Lattice, OutputGrid
from viewer.phantom.phantom import Phantom, PhantomLesion, coverage, measured_lesions, mix

if TYPE_CHECKING:
    from viewer.phantom.fields import FloatArray, Point

LOWEST_MM = -128.0
HIGHEST_MM = 122.0
BOX_LOW = (-198.75, -148.75, -150.0)
BOX_HIGH = (198.75, 148.75, 147.5)


@frozen
class Phase:
    """What contrast makes of tissue, mean HU."""

    liver: float
    spleen: float
    blood: float
    artery: float
    cortex: float
    medulla: float
    pancreas: float
    wall: float
    muscle: float


PHASES = {
    "portal": Phase(112.0, 122.0, 158.0, 150.0, 200.0, 146.0, 98.0, 92.0, 62.0),
    "native": Phase(58.0, 48.0, 42.0, 42.0, 34.0, 31.0, 40.0, 38.0, 54.0),
}


def make_abdomen(
    seed: int,
    *,
    spacing_mm: tuple[float, float, float] = (0.74, 0.74, 2.0),
    size_ij: int = 512,
    lesions: tuple[LiverLesion, ...] | None = None,
    phase: str = "portal",
    noise_hu: float | None = None,
    kinds: tuple[str, ...] | None = None,
) -> Phantom:
    """Return a synthetic CT of the upper abdomen, from the base of the heart to the lower poles of the kidneys.

    The same seed gives the same anatomy and lesions at any spacing. `lesions` takes the place of those that the seed
    would choose; focal fat among them is a mimic: it is drawn and written down, and is no lesion of the truth.
    `kinds` leaves only lesions of these kinds among those that the seed chooses, and makes sure of one of each.
    `phase` is a key of `PHASES`. Axes are i → L, j → P, k → H.
    """
    tissue = PHASES[phase]
    size = AbdomenSize.drawn(np.random.default_rng([seed, 31]))
    half = (size_ij - 1) / 2.0
    slices = int((HIGHEST_MM - LOWEST_MM) / spacing_mm[2])
    grid = OutputGrid(
        (-half * spacing_mm[0], 8.0 - half * spacing_mm[1], LOWEST_MM), spacing_mm, (slices, size_ij, size_ij)
    )
    lattice = Lattice.over(BOX_LOW, BOX_HIGH, 2.5)
    body = body_fields(np.random.default_rng([seed, 32]), lattice, size)
    organs = organ_fields(np.random.default_rng([seed, 33]), lattice, size, body)
    bones = spine_fields(np.random.default_rng([seed, 34]), lattice, size, body)
    bowel = bowel_fields(np.random.default_rng([seed, 35]), lattice, body, organs)
    inside = _points(np.random.default_rng([seed, 39]), lattice, organs.liver, -60.0, -9.0, 4000)
    if lesions is None:
        lesions = drawn_lesions(np.random.default_rng([seed, 36]), inside, _beside_the_ligament(inside), kinds)
    vessels = np.zeros(grid.shape, np.uint8)
    for tubes in _tubes(np.random.default_rng([seed, 37]), lattice, body, organs, bowel):
        draw_tubes(grid, vessels, tubes)

    scan = np.random.default_rng([seed, 38])
    sigma = float(scan.uniform(9.0, 14.0)) if noise_hu is None else noise_hu
    voxels, truth = np.empty(grid.shape, np.int16), np.zeros(grid.shape, np.uint8)
    fine, parts = _layers(grid)
    interpolator = Interpolator(lattice, fine)
    boxes = [lesion_box(fine, lesion) for lesion in lesions]
    step = max(1, min(8, int(3_000_000 / (size_ij * size_ij * parts))))
    for first in range(0, slices, step):
        last = min(first + step, slices)
        slab = _Slab(interpolator, lattice, fine, first * parts, last * parts)
        tube = vessels[first:last].astype(np.float32).repeat(parts, axis=0) / 255
        marked = np.zeros(tube.shape, np.uint8)
        hu, liver = _composite(slab, body, organs, bowel, bones, tube, tissue)
        for value, (lesion, box) in enumerate(zip(lesions, boxes, strict=True), start=1):
            _add(
                hu, liver, marked, fine, (lesion, box, value), tissue, (slab.first, slab.last), portal=phase == "portal"
            )
        _over_the_liver(hu, slab, body, organs, bones, tube, tissue)
        hu = hu.reshape(last - first, parts, *hu.shape[1:]).mean(axis=1)
        truth[first:last] = marked[(parts - 1) // 2 :: parts]
        voxels[first:last] = acquire(
            scan, hu, spacing_mm=spacing_mm, sigma_hu=sigma, blur_mm=0.6, cutoff_per_mm=min(0.55, 0.45 / spacing_mm[0])
        )
    named = [(n, lesion.key, NAMES[lesion.key]) for n, lesion in enumerate(lesions, start=1)]
    found = measured_lesions(truth, grid, named)
    said = f"{len(found)} liver lesions" if len(found) != 1 else "one liver lesion"
    also = "".join(f"; {NAMES[lesion.key].lower()}" for lesion in lesions if lesion.key in MIMICS)
    return Phantom(
        "abdomen",
        seed,
        voxels,
        grid.origin_lps_mm,
        spacing_mm,
        truth,
        found,
        f"Synthetic abdominal CT, {phase} phase, seed {seed}: {said}{also}",
        contents=_contents(lesions, found, phase, sigma),
    )


def _contents(
    lesions: tuple[LiverLesion, ...], found: tuple[PhantomLesion, ...], phase: str, sigma_hu: float
) -> tuple[str, ...]:
    """Return what is in it, a line each."""
    drawn = {lesion.label_value: lesion for lesion in found}
    lines = [f"Contrast: {phase} phase. Noise in the liver: {sigma_hu:.0f} HU."]
    for value, lesion in enumerate(lesions, start=1):
        name, at = NAMES[lesion.key], lesion.place_lps_mm
        where = f"at {at[0]:.0f}, {at[1]:.0f}, {at[2]:.0f} mm"
        if lesion.key in MIMICS:
            lines.append(f"{name}, {lesion.diameter_mm:.0f} mm, {where}: looks like a lesion and is none.")
        elif value in drawn:
            lines.append(f"{name}, {lesion.diameter_mm:.0f} mm, {drawn[value].volume_ml:.2f} mL, {where}.")
    return tuple(lines)


def _layers(grid: OutputGrid) -> tuple[OutputGrid, int]:
    """Return the thin layers that are averaged into each slice, and how many: thick slices blur what they cross."""
    parts = max(1, round(grid.spacing_mm[2] / 2.2))
    thin = grid.spacing_mm[2] / parts
    x, y, z = grid.origin_lps_mm
    nk, nj, ni = grid.shape
    first = z - (parts - 1) / 2 * thin
    return OutputGrid((x, y, first), (grid.spacing_mm[0], grid.spacing_mm[1], thin), (nk * parts, nj, ni)), parts


class _Slab:
    """Some slices of the picture, onto which fields of the lattice are brought."""

    def __init__(self, interpolator: Interpolator, lattice: Lattice, grid: OutputGrid, first: int, last: int) -> None:
        self._interpolator = interpolator
        self.first, self.last, self.grid = first, last, grid
        low, high = (grid.origin_lps_mm[2] + k * grid.spacing_mm[2] for k in (first, last))
        begin = int((low - lattice.first_lps_mm[2]) / lattice.step_mm) - 2
        end = int((high - lattice.first_lps_mm[2]) / lattice.step_mm) + 4
        self._near = slice(max(0, begin), max(0, end))
        self.soft = max(0.9, 0.9 * grid.spacing_mm[0])

    def at(self, field: FloatArray) -> FloatArray:
        """Return a field on the slices."""
        return self._interpolator.slab(field, self.first, self.last)

    def near(self, distance: FloatArray, within_mm: float = 5.0) -> FloatArray | None:
        """Return a distance on the slices, or None where its shape does not come near them."""
        return self.at(distance) if float(distance[self._near].min()) < within_mm else None


def _points(
    rng: np.random.Generator, lattice: Lattice, field: FloatArray, low: float, high: float, count: int
) -> FloatArray:
    """Return up to `count` lattice points (n, 3), LPS mm, at which the field lies between two values, within the scan.

    They are taken in an order that does not depend on the field: where a field differs by rounding on another
    processor, one of them changes and not all.
    """
    order = rng.permutation(field.size)
    values = field.ravel()[order]
    k, j, i = np.unravel_index(order[(values > low) & (values < high)], field.shape)
    points = np.asarray(lattice.first_lps_mm) + np.stack([i, j, k], axis=1) * lattice.step_mm
    within = points[(points[:, 2] > LOWEST_MM + 12) & (points[:, 2] < HIGHEST_MM - 12)][:count]
    out: FloatArray = within.astype(np.float32)
    return out


def _beside_the_ligament(inside: FloatArray) -> Point:
    """Return the place in the liver that lies nearest to where the falciform ligament enters it."""
    near = inside[int(np.argmin(np.linalg.norm(inside - np.asarray(FALCIFORM, np.float32), axis=1)))]
    return float(near[0]), float(near[1]), float(near[2])


def _tubes(
    rng: np.random.Generator, lattice: Lattice, body: BodyFields, organs: OrganFields, bowel: BowelFields
) -> list[FloatArray]:
    """Return the thin vessels of liver, lungs and mesentery as rows of `segments`."""
    tubes = []
    for root, count, largest in ((PORTA, 1000, 5.2), (CAVAL, 700, 5.0)):
        liver = _points(rng, lattice, organs.liver, -90.0, -3.0, count)
        tubes.append(segments(grown(rng, liver, root, count, 0.50), largest_mm=largest))
    lungs = _points(rng, lattice, body.lungs, -90.0, -3.0, 900)
    for side in (-1.0, 1.0):
        part = lungs[lungs[:, 0] * side > 0]
        if len(part) > 200:
            tubes.append(segments(grown(rng, part, (side * 40.0, 0.0, 130.0), 420, 0.5), largest_mm=3.0))
    loops = bowel.loops
    if len(loops) > 8:
        mesentery = np.repeat(loops, 14, axis=0) + rng.normal(size=(len(loops) * 14, 3)) * 10.0
        mesentery[::3] = mesentery[::3] * 0.55 + np.array([2.0, -30.0, -50.0]) * 0.45
        tree = grown(rng, mesentery.astype(np.float32), (0.0, -30.0, -40.0), len(mesentery), 0.42)
        tubes.append(segments(tree, largest_mm=2.6))
    return tubes


def _composite(
    slab: _Slab, body: BodyFields, organs: OrganFields, bowel: BowelFields, bones: SpineFields, tube: FloatArray,
    tissue: Phase,
) -> tuple[FloatArray, FloatArray | None]:  # fmt: skip
    """Return the HU of some slices up to the liver without its lesions, and the distance to the liver there."""
    soft, noise, coarse = slab.soft, slab.at(body.fat_noise), slab.at(body.coarse_noise)
    skin = slab.at(body.skin)
    hu = np.full(skin.shape, -1000.0, np.float32)
    _table(hu, slab.grid, soft)
    mix(hu, coverage(skin, soft), 30.0)
    mix(hu, coverage(skin + 1.8, soft), -106.0 + 4.0 * noise)
    septa = coverage(np.abs(noise + 0.4 * coarse) * 3.0 - 0.12, 0.5) * coverage(skin + 4.0, soft)
    mix(hu, septa * np.float32(0.16), 20.0)

    wall, cavity = slab.at(body.wall), slab.at(body.cavity)
    mix(hu, coverage(wall, soft), tissue.muscle + 3.0 * noise)
    depth = cavity - wall
    planes = np.minimum(np.abs(wall + 0.36 * depth), np.abs(wall + 0.70 * depth)) + 0.35 * np.abs(noise)
    mix(
        hu,
        coverage(planes - 0.5, 1.1)
        * coverage(np.abs(depth - 15.5) - 6.0, 3.0)
        * coverage(-cavity, soft)
        * np.float32(0.75),
        -80.0,
    )
    streaks = coverage(1.75 - np.abs(noise), 0.5) * coverage(22.0 - depth, 10.0)
    mix(hu, streaks * coverage(wall + 1.5, soft) * np.float32(0.55), -60.0)
    erector = slab.at(body.erector)
    fascia = coverage(np.abs(erector + 0.8 * coarse) + 1.1 * np.abs(noise) - 1.0, 1.0) * coverage(wall + 2.0, soft)
    mix(hu, fascia * coverage(18.0 - depth, 4.0) * np.float32(0.8), -85.0)
    inside = coverage(cavity, soft)
    mix(hu, inside, -108.0 + 5.0 * noise + 2.0 * coarse)
    muscle = slab.at(body.muscle)
    mix(hu, coverage(muscle, soft), tissue.muscle + 3.0 * noise)
    below = slab.at(body.below)
    mix(hu, coverage(np.abs(below + 0.8) - 1.5, soft) * inside, tissue.muscle - 4.0)

    mix(hu, tube * inside, tissue.blood - 8.0)
    pancreas = slab.near(organs.pancreas)
    if pancreas is not None:
        clefts = coverage(1.4 - slab.at(organs.folds) - 0.4 * noise, 0.8)
        mix(hu, coverage(pancreas, 1.3), tissue.pancreas + 2.0 * noise)
        mix(hu, coverage(pancreas, 1.3) * clefts * np.float32(0.6), -60.0)
    _bowel(hu, slab, bowel, organs, tissue)
    _stomach(hu, slab, organs, tissue, noise)
    _kidneys(hu, slab, organs, tissue, noise)
    bladder = slab.near(organs.gallbladder)
    if bladder is not None:
        mix(hu, coverage(bladder - 1.2, soft), tissue.wall - 16.0)
        mix(hu, coverage(bladder, soft), 9.0)
    spleen = slab.near(organs.spleen)
    if spleen is not None:
        mix(hu, coverage(spleen, soft), tissue.spleen + 1.5 * noise)
    liver = slab.near(organs.liver)
    if liver is not None:
        mix(hu, coverage(liver, soft), tissue.liver + 2.0 * coarse + 1.0 * noise)
        mix(hu, tube * coverage(liver + 1.5, 3.0), tissue.blood - 4.0)
    return hu, liver


def _bowel(hu: FloatArray, slab: _Slab, bowel: BowelFields, organs: OrganFields, tissue: Phase) -> None:
    """Put in small bowel with folds, and colon with stool; gas above both."""
    folds = slab.near(organs.folds, 99.0)
    small = slab.near(bowel.small)
    if small is not None and folds is not None:
        mix(hu, coverage(small, 1.2), tissue.wall)
        fluid = 18.0 + (tissue.wall - 30.0) * coverage(0.5 - folds, 1.2)
        mix(hu, coverage(small + 2.3, 1.4), fluid)
        mix(hu, coverage(slab.at(bowel.small_gas), slab.soft), -940.0)
    colon = slab.near(bowel.colon)
    if colon is not None:
        pulp = slab.at(bowel.pulp)
        mix(hu, coverage(colon, 1.2), tissue.wall - 14.0)
        stool = 30.0 + 18.0 * pulp - 420.0 * coverage(1.35 - pulp, 0.5)
        mix(hu, coverage(colon + 2.0, 1.2), stool)
        mix(hu, coverage(slab.at(bowel.colon_gas), slab.soft), -960.0)


def _stomach(hu: FloatArray, slab: _Slab, organs: OrganFields, tissue: Phase, noise: FloatArray) -> None:
    stomach = slab.near(organs.stomach)
    if stomach is None:
        return
    rugae = 1.4 * np.clip(slab.at(organs.folds), -1.0, 1.6)
    mix(hu, coverage(stomach, slab.soft), tissue.wall)
    mix(hu, coverage(stomach + 3.6 + rugae, slab.soft), 22.0 + 5.0 * noise)
    mix(hu, coverage(slab.at(organs.stomach_gas) + 0.6 * rugae, slab.soft), -965.0)


def _kidneys(hu: FloatArray, slab: _Slab, organs: OrganFields, tissue: Phase, noise: FloatArray) -> None:
    kidneys = slab.near(organs.kidneys, 14.0)
    if kidneys is None:
        return
    # The fascia that holds the fat around the kidney.
    mix(hu, coverage(np.abs(kidneys - 10.0) - 0.25, 1.2) * coverage(hu + 60.0, 20.0) * np.float32(0.35), 0.0)
    sinus, pyramids = slab.at(organs.sinus), slab.at(organs.pyramids)
    mix(hu, coverage(kidneys, slab.soft), tissue.cortex + 2.0 * noise)
    medulla = coverage(kidneys + 6.0, 1.5) * coverage(-pyramids - 0.1, 0.5)
    mix(hu, medulla, tissue.medulla)
    mix(hu, coverage(sinus + 1.5 * noise, 1.4), -85.0)
    mix(hu, coverage(slab.at(organs.pelvis), slab.soft), 8.0)


def _over_the_liver(
    hu: FloatArray, slab: _Slab, body: BodyFields, organs: OrganFields, bones: SpineFields, tube: FloatArray,
    tissue: Phase,
) -> None:  # fmt: skip
    """Put in great vessels, lungs, heart and bones."""
    soft = slab.soft
    lungs = slab.near(body.lungs)
    if lungs is not None:
        noise = slab.at(body.fat_noise)
        air = coverage(lungs, soft)
        mix(hu, air, -868.0 + 8.0 * noise)
        mix(hu, air * tube, tissue.blood - 30.0)
        heart = slab.at(body.heart)
        mix(hu, coverage(heart, soft), tissue.liver - 8.0)
        mix(hu, coverage(slab.at(body.chambers), 3.0), tissue.blood - 10.0)
    arteries, veins = slab.at(organs.arteries), slab.at(organs.veins)
    mix(hu, coverage(np.minimum(arteries, veins) - 0.9, soft) * np.float32(0.8), 40.0)
    mix(hu, coverage(veins, soft), tissue.blood)
    mix(hu, coverage(arteries, soft), tissue.artery)
    cartilage = slab.near(bones.cartilage)
    marrow = slab.at(bones.marrow)
    if cartilage is not None:
        mix(hu, coverage(cartilage, soft), 98.0 + 14.0 * marrow)
    mix(hu, coverage(slab.at(bones.disc), soft), 86.0)
    canal = slab.at(bones.canal)
    mix(hu, coverage(canal, soft), -20.0)
    mix(hu, coverage(canal + 2.0, 1.5), 22.0)
    bone = slab.at(bones.bone)
    mix(hu, coverage(bone, soft), 680.0)
    mix(hu, coverage(bone + 1.7, 1.3), 190.0 + 55.0 * marrow)


def _add(
    hu: FloatArray,
    liver: FloatArray | None,
    marked: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    grid: OutputGrid,
    what: tuple[LiverLesion, tuple[slice, slice, slice], int],
    tissue: Phase,
    span: tuple[int, int],
    *,
    portal: bool,
) -> None:
    """Put the part of one lesion that lies in the slices of `span` into the slab and the truth."""
    lesion, box, value = what
    low, high = max(box[0].start, span[0]), min(box[0].stop, span[1])
    if liver is None or low >= high:
        return
    here = (slice(low - span[0], high - span[0]), box[1], box[2])
    part = hu[here]
    distance = paint(part, liver[here], grid, lesion, (slice(low, high), box[1], box[2]), tissue.blood, portal=portal)
    if lesion.key not in MIMICS:
        marked[low - span[0] : high - span[0], box[1], box[2]][distance < 0] = value


def _table(hu: FloatArray, grid: OutputGrid, soft: float) -> None:
    """Put in the table: a thin curved shell filled with foam."""
    xs, ys, _ = grid.axes()
    x, y = xs[None, None, :], ys[None, :, None]
    top = y - (146.0 - (x / 24.0) ** 2 * 0.5)
    outside = np.maximum(-top, top - 30.0)
    within = coverage(np.abs(x) - 205.0, soft)
    mix(hu, coverage(outside, soft) * within, -960.0)
    mix(hu, coverage(np.abs(outside + 1.0) - 1.0, soft) * within, -250.0)
