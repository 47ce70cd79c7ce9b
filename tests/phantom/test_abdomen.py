"""The abdomen looks as contrast makes it look, and its liver lesions are where the truth says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from viewer.domain.errors import CancelledError, CaseStageError
from viewer.domain.job import JobContext, Progress
from viewer.phantom import LiverLesion, Phantom, make_abdomen
from viewer.phantom.recipe import LesionRecipe, Recipe, made, read_recipe, write_recipe

if TYPE_CHECKING:
    from pathlib import Path

LESIONS = (
    LiverLesion("metastasis", 30.0, (-92.0, 0.0, 52.0), 1),
    LiverLesion("cyst", 20.0, (-60.0, -40.0, 44.0), 2),
    LiverLesion("haemangioma", 30.0, (-80.0, -36.0, 76.0), 3),
    LiverLesion("focal-fat", 22.0, (-10.0, -72.0, 40.0), 4),
)


RECIPE = Recipe(
    "abdomen",
    5,
    spacing_mm=(2.4, 2.4, 4.0),
    size_ij=160,
    lesions=tuple(LesionRecipe(each.key, each.diameter_mm, each.place_lps_mm, each.seed) for each in LESIONS),
    noise_hu=4.0,
)
TOLD: list[Progress] = []


@pytest.fixture(scope="module")
def abdomen() -> Phantom:
    return made(RECIPE, JobContext(TOLD.append))


def median_around(phantom: Phantom, x: float, y: float, z: float) -> float:
    i, j, k = (round((c - o) / s) for c, o, s in zip((x, y, z), phantom.origin_lps_mm, phantom.spacing_mm, strict=True))
    return float(np.median(phantom.voxels_hu[k - 1 : k + 2, j - 1 : j + 2, i - 1 : i + 2]))


def test_liver_lesions_have_the_density_of_their_kind_and_focal_fat_is_no_lesion(abdomen: Phantom) -> None:
    assert [lesion.key for lesion in abdomen.lesions] == ["metastasis", "cyst", "haemangioma"]
    liver = median_around(abdomen, -110.0, -10.0, 20.0)
    assert 90 < liver < 130
    inside = {
        lesion.key: float(np.median(abdomen.voxels_hu[abdomen.truth == lesion.label_value]))
        for lesion in abdomen.lesions
    }
    assert inside["cyst"] < 30 < inside["metastasis"] < liver - 20
    bright = np.percentile(abdomen.voxels_hu[abdomen.truth == 3], 95)
    assert bright > liver + 20
    assert median_around(abdomen, -10.0, -72.0, 40.0) < liver - 15
    assert any("looks like a lesion and is none" in line for line in abdomen.contents)


def test_contrast_lights_up_kidneys_and_aorta_and_its_absence_does_not(abdomen: Phantom) -> None:
    native = make_abdomen(5, spacing_mm=(2.4, 2.4, 8.0), size_ij=160, lesions=(), phase="native", noise_hu=4.0)
    assert (abdomen.voxels_hu > 140).mean() > 1.5 * (native.voxels_hu > 140).mean()
    assert native.lesions == ()
    assert 40 < median_around(native, -110.0, -10.0, 20.0) < 75


def test_a_recipe_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    write_recipe(tmp_path / "recipe.json", RECIPE)
    recipe, tested = read_recipe(tmp_path / "recipe.json")
    assert recipe == RECIPE
    assert tested == ()


@pytest.mark.usefixtures("abdomen")
def test_making_tells_how_far_it_is() -> None:
    shares = [p.fraction or 0.0 for p in TOLD]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 3


def test_making_stops_when_asked_to() -> None:
    calls = iter([False, False, True])
    with pytest.raises(CancelledError):
        made(
            Recipe("abdomen", 7, spacing_mm=(4.0, 4.0, 12.0), size_ij=96),
            JobContext(cancelled=lambda: next(calls, True)),
        )


def test_a_hostile_recipe_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    for changed in (
        {"kind": "abdomen", "seed": 1, "size_ij": 100_000},
        {"kind": "abdomen", "seed": 1, "spacing_mm": [0.001, 0.001, 0.001]},
        {"kind": "knee", "seed": 1},
        {"kind": "head", "seed": 1, "run": "me"},
        {"kind": "abdomen", "seed": 1, "lesions": [{"key": "cyst", "size": 1e9, "place_lps_mm": [0, 0, 0]}]},
    ):
        path = tmp_path / "recipe.json"
        text = repr({"format": "casestage phantom", "version": 1, "phantom": changed}).replace("'", '"')
        path.write_text(text, encoding="utf-8")
        with pytest.raises(CaseStageError):
            read_recipe(path)
