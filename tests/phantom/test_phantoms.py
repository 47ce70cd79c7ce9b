"""A phantom is the same for the same seed, and its truth is where the picture shows it."""

from __future__ import annotations

import numpy as np
import pytest

from viewer.phantom import Bleed, Phantom, make_head

BLEEDS = (
    Bleed("epidural", 20.0, (50.0, -10.0, 20.0), seed=1),
    Bleed("subdural", 15.0, (-50.0, 10.0, 25.0), seed=2),
    Bleed("intraparenchymal", 6.0, (24.0, 30.0, 20.0), seed=3),
)
ASKED_ML = {bleed.key: bleed.volume_ml for bleed in BLEEDS}


def hu_at(phantom: Phantom, x: float, y: float, z: float) -> float:
    """Return the mean of the 3 × 3 × 3 voxels around a point in LPS mm."""
    at = [round((c - o) / s) for c, o, s in zip((x, y, z), phantom.origin_lps_mm, phantom.spacing_mm, strict=True)]
    i, j, k = at
    return float(phantom.voxels_hu[k - 1 : k + 2, j - 1 : j + 2, i - 1 : i + 2].mean())


def test_the_same_seed_gives_the_same_phantom_to_the_last_voxel(head: Phantom) -> None:
    again = make_head(5, spacing_mm=head.spacing_mm, size_ij=head.voxels_hu.shape[2], bleeds=BLEEDS)
    assert np.array_equal(head.voxels_hu, again.voxels_hu)
    assert np.array_equal(head.truth, again.truth)
    assert head.lesions == again.lesions
    assert head.voxels_hu.dtype == np.dtype(np.int16)
    assert head.truth.dtype == np.dtype(np.uint8)


@pytest.mark.parametrize("kind", ["head", "chest"])
def test_every_lesion_says_the_volume_and_centre_of_its_truth(kind: str, request: pytest.FixtureRequest) -> None:
    phantom: Phantom = request.getfixturevalue(kind)
    assert sorted(np.unique(phantom.truth)) == [0, *(lesion.label_value for lesion in phantom.lesions)]
    for lesion in phantom.lesions:
        where = np.argwhere(phantom.truth == lesion.label_value)
        assert lesion.volume_ml == pytest.approx(len(where) * np.prod(phantom.spacing_mm) / 1000)
        centre = np.asarray(phantom.origin_lps_mm) + where.mean(axis=0)[::-1] * phantom.spacing_mm
        assert lesion.centre_lps_mm == pytest.approx(tuple(centre))


def test_bleeds_have_about_the_volume_asked_for_and_lie_on_the_side_asked_for(head: Phantom) -> None:
    assert {lesion.key for lesion in head.lesions} == set(ASKED_ML)
    for lesion in head.lesions:
        assert lesion.volume_ml == pytest.approx(ASKED_ML[lesion.key], rel=0.25)
        assert (lesion.centre_lps_mm[0] > 0) == (lesion.key != "subdural")


def test_blood_is_brighter_than_brain_and_darker_than_bone(head: Phantom) -> None:
    inner = hu_at(head, -30.0, -30.0, 30.0)
    assert 15 < inner < 45
    for lesion in head.lesions:
        blood = float(np.median(head.voxels_hu[head.truth == lesion.label_value]))
        assert inner + 15 < blood < 95


def test_a_large_bleed_pushes_the_ventricles_across_and_another_seed_is_another_head(head: Phantom) -> None:
    bleed = Bleed("epidural", 60.0, (50.0, 0.0, 15.0), seed=1)
    pressed = make_head(8, spacing_mm=(2.0, 2.0, 6.0), size_ij=116, noise_hu=0.0, bleeds=(bleed,))
    x = pressed.origin_lps_mm[0] + 2.0 * np.arange(116)
    k = round((18.0 - pressed.origin_lps_mm[2]) / 6.0)
    middle = pressed.voxels_hu[k, 40:76, 42:74]
    fluid = np.argwhere(middle < 17)
    assert len(fluid) > 10
    assert float(x[42 + fluid[:, 1]].mean()) < -2.0
    assert hu_at(pressed, 30.0, -40.0, 30.0) != hu_at(head, 30.0, -40.0, 30.0)


def test_nodules_are_soft_tissue_within_the_lung(chest: Phantom) -> None:
    assert len(chest.lesions) == 2
    for lesion in chest.lesions:
        assert float(np.median(chest.voxels_hu[chest.truth == lesion.label_value])) > -50
    assert lesion_volume(chest, "solid-nodule") == pytest.approx(np.pi / 6 * 2.2**3, rel=0.3)
    lung = chest.voxels_hu[(chest.voxels_hu > -950) & (chest.voxels_hu < -750)]
    assert 2000 < len(lung) * np.prod(chest.spacing_mm) / 1000 < 8000


def lesion_volume(phantom: Phantom, key: str) -> float:
    """Return the volume in mL of the one lesion of a kind."""
    return next(lesion.volume_ml for lesion in phantom.lesions if lesion.key == key)


def test_anatomy_does_not_depend_on_the_spacing(head: Phantom) -> None:
    """The training looks at coarse phantoms and the cases at fine ones: they must be the same heads."""
    fine = make_head(5, spacing_mm=(1.5, 1.5, 3.0), size_ij=156, bleeds=BLEEDS)
    for lesion, same in zip(head.lesions, fine.lesions, strict=True):
        assert lesion.key == same.key
        assert lesion.centre_lps_mm == pytest.approx(same.centre_lps_mm, abs=1.5)
        assert lesion.volume_ml == pytest.approx(same.volume_ml, rel=0.1)
    for point in ((0.0, 0.0, 60.0), (-30.0, 20.0, 20.0), (30.0, -40.0, 30.0), (-100.0, 0.0, 30.0)):
        assert hu_at(fine, *point) == pytest.approx(hu_at(head, *point), abs=25.0)
