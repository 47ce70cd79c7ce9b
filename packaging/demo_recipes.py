"""What the bundled cases are made from: seeds, lesions, and the story that each tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen
from demo_chest_stories import false_alarm_steps, growth_steps, nodules_steps
from demo_embolus_story import embolus_steps
from demo_stage import BRAIN, LIVER, LUNG, VESSELS, Stage
from demo_stories import large_bleed_steps, liver_steps, small_bleed_steps

from viewer.domain.view_state import ViewName
from viewer.domain.walkthrough import Step
from viewer.phantom.recipe import LesionRecipe, Recipe

if TYPE_CHECKING:
    from viewer.phantom.fields import Point


@frozen
class Earlier:
    """How the earlier scan of a case's patient is made."""

    title: str
    recipe: Recipe


@frozen
class Story:
    """How one case is made; without a model its findings are the truth of the phantom.

    Pictures of cases `at_first_use` are not shipped: they are made from the recipe when the case is first opened.
    """

    id: str
    title: str
    summary: str
    model: str
    recipe: Recipe
    steps: Callable[[Stage], tuple[Step, ...]]
    window: tuple[float, float]
    main: ViewName
    earlier: Earlier | None = None
    at_first_use: bool = False


HEAD_MM, CHEST_MM, ABDOMEN_MM = (0.54, 0.54, 2.0), (0.8, 0.8, 2.5), (0.8, 0.8, 2.0)
_LARGE = Recipe(
    "head", 2101, spacing_mm=HEAD_MM, size_ij=416, lesions=(LesionRecipe("epidural", 46.0, (70.0, -8.0, 24.0), seed=4),)
)
_SMALL = Recipe(
    "head",
    2112,
    spacing_mm=HEAD_MM,
    size_ij=416,
    lesions=(LesionRecipe("subdural", 2.5, (3.0, 30.0, 44.0), seed=7, hu=62.0),),
)
_NODULES = Recipe(
    "chest",
    2204,
    spacing_mm=(0.9, 0.9, 2.5),
    size_ij=400,
    contrast="none",
    noise_hu=9.0,
    lesions=(
        LesionRecipe("solid-nodule", 22.0, (-82.0, -20.0, 12.0), seed=11, hu=42.0),
        LesionRecipe("spiculated-nodule", 15.0, (62.0, 22.0, 62.0), seed=12, hu=38.0),
        LesionRecipe("part-solid-nodule", 17.0, (-70.0, 46.0, -22.0), seed=13, hu=35.0),
        LesionRecipe("solid-nodule", 8.0, (74.0, -22.0, 12.0), seed=14, hu=45.0),
        LesionRecipe("ground-glass-nodule", 10.0, (-52.0, 24.0, 62.0), seed=15),
    ),
)


def _grown(diameter_mm: float, earlier: int = 0, moved_mm: Point = (0.0, 0.0, 0.0)) -> Recipe:
    return Recipe(
        "chest",
        2310,
        spacing_mm=CHEST_MM,
        size_ij=448,
        contrast="none",
        noise_hu=9.0,
        earlier=earlier,
        moved_mm=moved_mm,
        lesions=(
            LesionRecipe("spiculated-nodule", diameter_mm, (-74.0, -12.0, 56.0), seed=21, hu=38.0),
            LesionRecipe("solid-nodule", 13.0, (74.0, -18.0, 16.0), seed=22, hu=55.0),
        ),
    )


_MIMICS = Recipe(
    "chest",
    2415,
    spacing_mm=CHEST_MM,
    size_ij=448,
    contrast="none",
    noise_hu=9.0,
    lesions=(
        LesionRecipe("solid-nodule", 14.0, (-76.0, -6.0, 40.0), seed=31, hu=45.0),
        LesionRecipe("spiculated-nodule", 12.0, (70.0, 30.0, 30.0), seed=32, hu=40.0),
        LesionRecipe("fissural-node", 11.0, (64.0, 6.0, -14.0), seed=33),
        LesionRecipe("vessel-crossing", 24.0, (-58.0, 34.0, 2.0), seed=34),
        LesionRecipe("mucus-plug", 20.0, (52.0, 20.0, -26.0), seed=35),
        LesionRecipe("calcified-granuloma", 8.0, (-66.0, 30.0, 56.0), seed=36),
    ),
)
_CLOTS = Recipe(
    "chest",
    2521,
    spacing_mm=CHEST_MM,
    size_ij=448,
    contrast="arterial",
    noise_hu=12.0,
    lesions=(
        LesionRecipe("saddle-embolus", 10.0, (0.0, 0.0, 0.0), seed=45),
        LesionRecipe("lobar-embolus", 8.0, (-52.0, 22.0, -18.0), seed=41),
        LesionRecipe("lobar-embolus", 8.0, (50.0, 24.0, -12.0), seed=44),
        LesionRecipe("segmental-embolus", 5.0, (66.0, 30.0, -24.0), seed=42),
        LesionRecipe("subsegmental-embolus", 3.0, (-78.0, 34.0, 34.0), seed=43),
    ),
)
_LIVER = Recipe(
    "abdomen",
    3,
    spacing_mm=ABDOMEN_MM,
    size_ij=448,
    contrast="portal",
    noise_hu=11.0,
    lesions=(
        LesionRecipe("metastasis", 34.0, (-92.0, 0.0, 52.0), seed=1),
        LesionRecipe("metastasis", 17.0, (-60.0, -52.0, 40.0), seed=2),
        LesionRecipe("haemangioma", 30.0, (-80.0, -40.0, 76.0), seed=3),
        LesionRecipe("cyst", 15.0, (-60.0, 10.0, 66.0), seed=4),
        LesionRecipe("metastasis", 8.5, (20.0, -58.0, 60.0), seed=5),
        LesionRecipe("focal-fat", 22.0, (-10.0, -72.0, 40.0), seed=6),
    ),
)

STORIES = (
    Story(
        "head-epidural",
        "A large bleed, seen at once",
        "A lens-shaped clot, outlined, then measured.",
        "head-bleed",
        _LARGE,
        large_bleed_steps,
        BRAIN,
        ViewName.AXIAL,
    ),
    Story(
        "head-small-bleed",
        "A small bleed, easily missed",
        "Blood along the midline, at four in the morning.",
        "head-bleed",
        _SMALL,
        small_bleed_steps,
        BRAIN,
        ViewName.AXIAL,
    ),
    Story(
        "lung-nodules",
        "Lung nodules, and the one missed",
        "Five were put there. The model does not say five.",
        "lung-nodule",
        _NODULES,
        nodules_steps,
        LUNG,
        ViewName.CORONAL,
    ),
    Story(
        "nodule-growth",
        "A nodule, one year apart",
        "Two scans on each other, a curtain between them.",
        "lung-nodule",
        _grown(17.0),
        growth_steps,
        LUNG,
        ViewName.AXIAL,
        Earlier("A year before", _grown(11.0, 1, (5.0, -7.0, 14.0))),
        at_first_use=True,
    ),
    Story(
        "lung-false-alarm",
        "A false alarm, explained",
        "What the model saw, and what it was.",
        "lung-nodule",
        _MIMICS,
        false_alarm_steps,
        LUNG,
        ViewName.CORONAL,
        at_first_use=True,
    ),
    Story(
        "pulmonary-embolus",
        "Clots in the pulmonary arteries",
        "Grey where contrast should be white. No model ran.",
        "",
        _CLOTS,
        embolus_steps,
        VESSELS,
        ViewName.CORONAL,
        at_first_use=True,
    ),
    Story(
        "liver-lesions",
        "A liver: which of these matter?",
        "Metastases, a haemangioma, a cyst, and nothing.",
        "",
        _LIVER,
        liver_steps,
        LIVER,
        ViewName.AXIAL,
        at_first_use=True,
    ),
)
