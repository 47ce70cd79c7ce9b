"""What a phantom is made from, as a document: kind, seed, and what was asked for beside them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, frozen

from viewer.domain.errors import CaseDocumentError, CaseStageError
from viewer.io.atomic_file import write_atomically
from viewer.io.strict_json import WrongJsonError, json_text, read_json, structure, unstructure
from viewer.phantom import abdomen, abdomen_lesions, chest_emboli, chest_mimics, chest_nodules
from viewer.phantom.abdomen_lesions import LiverLesion
from viewer.phantom.chest import make_chest
from viewer.phantom.chest_emboli import Embolus
from viewer.phantom.chest_mimics import Mimic
from viewer.phantom.chest_nodules import Nodule
from viewer.phantom.chest_scan import CONTRASTS, DOSES, KERNELS
from viewer.phantom.fields import Point
from viewer.phantom.head import make_head
from viewer.phantom.head_bleeds import NAMES as BLEED_NAMES
from viewer.phantom.head_bleeds import Bleed, drawn_bleeds
from viewer.phantom.head_scan import KERNELS as HEAD_KERNELS
from viewer.phantom.progress import followed

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.job import JobContext
    from viewer.phantom.phantom import Phantom

DOCUMENT = "recipe.json"
_FORMAT, _VERSION = "casestage phantom", 1
_LARGEST_VOXELS = 200_000_000
_MOST_LESIONS = 60
# How far each kind reaches along the table, and its usual voxels, in mm.
_REACH_MM = {"head": 180.0, "chest": 304.0, "abdomen": 250.0}
USUAL_MM: dict[str, Point] = {"head": (0.45, 0.45, 3.0), "chest": (0.7, 0.7, 2.5), "abdomen": (0.74, 0.74, 2.0)}
KINDS = tuple(USUAL_MM)
# What can be asked of each kind, and the words for it.
OPTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "head": {"kernel": tuple(HEAD_KERNELS)},
    "chest": {"contrast": CONTRASTS, "dose": DOSES, "kernel": KERNELS},
    "abdomen": {"contrast": ("portal", "none")},
}
LESIONS: dict[str, tuple[str, ...]] = {
    "head": tuple(BLEED_NAMES),
    "chest": (*chest_nodules.NAMES, *chest_emboli.NAMES, *chest_mimics.NAMES),
    "abdomen": tuple(abdomen_lesions.NAMES),
}


@frozen
class LesionRecipe:
    """One lesion: its kind, its size (mL of a bleed, else mm), where it lies in LPS mm, HU, and its shape's seed."""

    key: str
    size: float
    place_lps_mm: Point
    seed: int = 0
    hu: float | None = None


@frozen
class Recipe:
    """What one phantom is made from; "" and None leave it to the seed or to what is usual.

    `lesions` takes the place of those that the seed would choose; `only` leaves the choice to the seed, among these
    kinds. The others are those of `make_head`, `make_chest` and `make_abdomen`.
    """

    kind: str
    seed: int
    spacing_mm: Point | None = None
    size_ij: int | None = None
    lesions: tuple[LesionRecipe, ...] | None = None
    only: tuple[str, ...] | None = None
    contrast: str = ""
    dose: str = ""
    kernel: str = ""
    tilt_deg: float = 0.0
    noise_hu: float | None = None
    earlier: int = 0
    moved_mm: Point = (0.0, 0.0, 0.0)

    @property
    def name(self) -> str:
        """Words that no other recipe has; its UIDs are made from them."""
        plain = Recipe(self.kind, self.seed, earlier=self.earlier)
        said = f"{self.kind} phantom, seed {self.seed}" + (f", earlier scan {self.earlier}" if self.earlier else "")
        if self == plain:
            return said
        digest = hashlib.sha256(json_text(unstructure(self)).encode()).hexdigest()[:12]
        return f"{said}, {digest}"


@frozen
class _Document:
    format: str
    version: int
    phantom: Recipe
    block_means_hu: tuple[float, ...] = ()


def read_recipe(path: Path) -> tuple[Recipe, tuple[float, ...]]:
    """Return the recipe of a file, and the `block_means` of what was made from it where it was tested (or none).

    Raises
    ------
    CaseDocumentError
        When it cannot be read, or asks for what no phantom can be.
    """
    try:
        document = structure(read_json(path), _Document)
        if document.format != _FORMAT or document.version != _VERSION:
            raise WrongJsonError(f"it is not a “{_FORMAT}” of version {_VERSION}")
        check(document.phantom)
    except OSError as error:
        raise CaseDocumentError(f"{path.name} cannot be read.", "Copy the whole case folder again.") from error
    except (WrongJsonError, CaseStageError) as error:
        what = error.sentence if isinstance(error, CaseStageError) else f"{error}."
        raise CaseDocumentError(
            f"What the pictures are made from cannot be read: {what}", f"See {path.name}."
        ) from error
    return document.phantom, document.block_means_hu


def write_recipe(path: Path, recipe: Recipe, means_hu: tuple[float, ...] = ()) -> None:
    """Write a recipe, without what is left to the seed; `means_hu` are the `block_means` of what was made from it.

    Raises
    ------
    StorageError
        When it cannot be written.
    """
    usual = unstructure(Recipe(recipe.kind, recipe.seed))
    said = {k: v for k, v in unstructure(recipe).items() if k in ("kind", "seed") or v != usual[k]}
    for lesion in said.get("lesions") or ():
        if lesion["hu"] is None:
            del lesion["hu"]
    document: dict[str, Any] = {"format": _FORMAT, "version": _VERSION, "phantom": said}
    if means_hu:
        document["block_means_hu"] = list(means_hu)
    write_atomically(path, json_text(document).encode(), "The recipe")


def check(recipe: Recipe) -> None:
    """Make sure that a phantom can be made from a recipe.

    Raises
    ------
    CaseStageError
        With what is wrong, and what there is instead.
    """
    if recipe.kind not in KINDS:
        raise CaseStageError(f"There is no phantom called “{recipe.kind}”.", f"There are: {', '.join(KINDS)}.")
    if recipe.seed < 0 or recipe.earlier < 0:
        raise CaseStageError("A seed is not below 0.", "Choose a whole number from 0.")
    for option in ("contrast", "dose", "kernel"):
        asked, known = getattr(recipe, option), OPTIONS[recipe.kind].get(option, ())
        if asked and asked not in known:
            there = f"There are: {', '.join(known)}." if known else "Leave it out."
            raise CaseStageError(f"The {recipe.kind} has no {option} “{asked}”.", there)
    if recipe.tilt_deg and recipe.kind != "head":
        raise CaseStageError("Only the head can be scanned with a tilted gantry.", "Leave the tilt out.")
    if not abs(recipe.tilt_deg) <= 30:
        raise CaseStageError("A gantry tilts by at most 30°.", "Choose a smaller tilt.")
    named = [lesion.key for lesion in recipe.lesions or ()] + list(recipe.only or ())
    for key in named:
        if key not in LESIONS[recipe.kind]:
            hint = f"There are: {', '.join(LESIONS[recipe.kind])}; or none."
            raise CaseStageError(f"The {recipe.kind} has no “{key}”.", hint)
    if len(named) > _MOST_LESIONS or not all(0.1 <= lesion.size <= 300 for lesion in recipe.lesions or ()):
        raise CaseStageError(
            "Its lesions are too many, or of a size that fits into no body.", "Lesions are 0.1 to 300 large."
        )
    spacing, size = recipe.spacing_mm or USUAL_MM[recipe.kind], recipe.size_ij or 512
    if not (16 <= size <= 2048 and all(0.2 <= mm <= 20 for mm in spacing) and spacing[0] == spacing[1]):
        raise CaseStageError(
            "Pixels are square, voxels 0.2 to 20 mm and slices 16 to 2048 pixels wide.", "Ask for such."
        )
    if _slices(recipe) * size**2 > _LARGEST_VOXELS:
        raise CaseStageError("That would be too large.", "Choose thicker slices or larger pixels.")


def made(recipe: Recipe, ctx: JobContext) -> Phantom:
    """Return the phantom of a recipe.

    Raises
    ------
    CaseStageError
        When it cannot be made.
    CancelledError
        When that was asked for.
    """
    check(recipe)
    makers = {"head": _head, "chest": _chest, "abdomen": _abdomen}
    with followed(ctx, _slices(recipe)):
        phantom = makers[recipe.kind](recipe)
    return evolve(phantom, earlier=recipe.earlier)


def _slices(recipe: Recipe) -> int:
    return int(_REACH_MM[recipe.kind] / (recipe.spacing_mm or USUAL_MM[recipe.kind])[2])


def _grid(recipe: Recipe) -> dict[str, Any]:
    spacing = recipe.spacing_mm or USUAL_MM[recipe.kind]
    return {"spacing_mm": spacing, "size_ij": recipe.size_ij or 512, "noise_hu": recipe.noise_hu}


def _bleeds(recipe: Recipe) -> tuple[Bleed, ...] | None:
    if recipe.lesions is not None:
        return tuple(
            Bleed(
                lesion.key,
                lesion.size,
                lesion.place_lps_mm,
                hu=66.0 if lesion.hu is None else lesion.hu,
                seed=lesion.seed,
            )
            for lesion in recipe.lesions
        )
    if recipe.only is None:
        return None
    chosen: dict[str, Bleed] = {}
    for attempt in range(500):
        if len(chosen) == len(set(recipe.only)):
            break
        for bleed in drawn_bleeds(np.random.default_rng([recipe.seed, 2, attempt])):
            if bleed.key in recipe.only:
                chosen.setdefault(bleed.key, bleed)
    return tuple(chosen.values())


def _head(recipe: Recipe) -> Phantom:
    return make_head(
        recipe.seed,
        bleeds=_bleeds(recipe),
        kernel=recipe.kernel or "soft",
        tilt_deg=recipe.tilt_deg,
        **_grid(recipe),
    )


def _chest(recipe: Recipe) -> Phantom:
    lesions = recipe.lesions
    if lesions is None and recipe.only is not None:
        lesions = _in_the_lungs(np.random.default_rng([recipe.seed, 5]), recipe.only)
    nodules: tuple[Nodule, ...] | None = None
    emboli: tuple[Embolus, ...] | None = None
    mimics: tuple[Mimic, ...] | None = None
    if lesions is not None:
        nodules = tuple(
            Nodule(each.key, each.size, each.place_lps_mm, hu=40.0 if each.hu is None else each.hu, seed=each.seed)
            for each in lesions
            if each.key in chest_nodules.NAMES
        )
        emboli = tuple(
            Embolus(each.key, each.place_lps_mm, each.seed) for each in lesions if each.key in chest_emboli.NAMES
        )
        mimics = tuple(
            Mimic(each.key, each.size, each.place_lps_mm, each.seed)
            for each in lesions
            if each.key in chest_mimics.NAMES
        )
    return make_chest(
        recipe.seed,
        nodules=nodules,
        emboli=emboli,
        mimics=mimics,
        contrast=recipe.contrast or None,
        dose=recipe.dose or None,
        kernel=recipe.kernel or None,
        earlier=recipe.earlier,
        moved_mm=recipe.moved_mm,
        **_grid(recipe),
    )


def _in_the_lungs(rng: np.random.Generator, kinds: tuple[str, ...]) -> tuple[LesionRecipe, ...]:
    """Return one lesion of each kind, well within the lungs of any chest and apart from each other."""
    lesions: list[LesionRecipe] = []
    for key in dict.fromkeys(kinds):
        size = float(np.exp(rng.uniform(np.log(6.0), np.log(18.0))))
        for _ in range(50):
            side = float(rng.choice([-1.0, 1.0]))
            at = (side * float(rng.uniform(58, 86)), float(rng.uniform(-24, 44)), float(rng.uniform(-10, 66)))
            if all(np.linalg.norm(np.subtract(at, each.place_lps_mm)) > 26 for each in lesions):
                break
        lesions.append(LesionRecipe(key, size, at, int(rng.integers(1 << 30))))
    return tuple(lesions)


def _abdomen(recipe: Recipe) -> Phantom:
    lesions = None
    if recipe.lesions is not None:
        lesions = tuple(LiverLesion(each.key, each.size, each.place_lps_mm, each.seed) for each in recipe.lesions)
    return abdomen.make_abdomen(
        recipe.seed,
        lesions=lesions,
        kinds=recipe.only,
        phase="native" if recipe.contrast == "none" else "portal",
        **_grid(recipe),
    )
