"""A synthetic chest holds the nodules, clots and mimics that it says, and looks like the scan that it says."""

from __future__ import annotations

import numpy as np
import pytest

from viewer.phantom import Embolus, Mimic, Nodule, Phantom, make_chest
from viewer.phantom.chest_emboli import clusters

COARSE_MM = (3.0, 3.0, 3.0)
NODULES = (
    Nodule("ground-glass-nodule", 24.0, (-80.0, 10.0, 30.0), seed=1),
    Nodule("part-solid-nodule", 24.0, (80.0, 10.0, 30.0), seed=2),
    Nodule("spiculated-nodule", 20.0, (-70.0, 40.0, -20.0), hu=40.0, seed=3),
)
CLOTS = (
    Embolus("saddle-embolus", seed=1),
    Embolus("lobar-embolus", (-45.0, 15.0, -8.0), seed=2),
    Embolus("segmental-embolus", (70.0, 20.0, -30.0), seed=3),
)
MIMICS = (
    Mimic("calcified-granuloma", 8.0, (-60.0, 0.0, 50.0), seed=1),
    Mimic("vessel-crossing", 20.0, (80.0, -20.0, 0.0), seed=2),
    Mimic("mucus-plug", 20.0, (-60.0, 20.0, -10.0), seed=3),
    Mimic("fissural-node", 8.0, (70.0, 20.0, 0.0), seed=4),
)


def small_chest(seed: int, **other: object) -> Phantom:
    """Return a coarse chest."""
    return make_chest(seed, spacing_mm=COARSE_MM, size_ij=124, **other)


@pytest.fixture(scope="module")
def arterial() -> Phantom:
    """Return a chest with clots and mimics in it."""
    return small_chest(6, nodules=NODULES, emboli=CLOTS, mimics=MIMICS, noise_hu=4.0)


@pytest.fixture(scope="module")
def plain() -> Phantom:
    """Return the same patient at low dose and without contrast medium."""
    return small_chest(6, nodules=NODULES, contrast="none", dose="low")


def inside(phantom: Phantom, key: str) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """Return the HU in the truth of the lesions of a kind."""
    values = [lesion.label_value for lesion in phantom.lesions if lesion.key == key]
    return phantom.voxels_hu[np.isin(phantom.truth, values)]


def block(phantom: Phantom, x: float, y: float, z: float) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """Return the 3 × 3 × 3 voxels around a point in LPS mm."""
    at = zip((x, y, z), phantom.origin_lps_mm, phantom.spacing_mm, strict=True)
    i, j, k = (round((c - first) / step) for c, first, step in at)
    return phantom.voxels_hu[k - 1 : k + 2, j - 1 : j + 2, i - 1 : i + 2]


def test_ground_glass_is_between_air_and_tissue_and_a_part_solid_nodule_has_both(arterial: Phantom) -> None:
    assert -720 < float(np.median(inside(arterial, "ground-glass-nodule"))) < -420
    low, high = np.quantile(inside(arterial, "part-solid-nodule"), [0.1, 0.9])
    assert low < -400
    assert high > -150
    assert float(np.median(inside(arterial, "spiculated-nodule"))) > -50


def test_a_clot_is_a_dark_core_in_a_bright_artery_and_clots_that_touch_are_one(arterial: Phantom) -> None:
    clots = [lesion for lesion in arterial.lesions if lesion.key.endswith("embolus")]
    assert {clot.key for clot in clots} >= {"saddle-embolus"}
    assert len(clots) <= len(CLOTS)
    saddle = inside(arterial, "saddle-embolus")
    assert float(np.median(saddle)) < 150
    blood = float(block(arterial, 20.0, -32.0, -10.0).mean())
    assert blood > 230
    assert clots[0].volume_ml > 3.0


def test_clots_that_touch_are_one_and_one_further_away_is_another() -> None:
    tube = np.array([[0.0, 0.0, 0.0, 10.0, 0.0, 0.0, 2.0, 2.0]], np.float32)
    beside, bridge, away = tube + [0, 7, 0, 0, 7, 0, 0, 0], tube + [0, 3.5, 0, 0, 3.5, 0, 0, 0], tube + 40
    groups = clusters([tube, beside, away, bridge])
    assert [(first, len(tubes)) for first, tubes in groups] == [(0, 3), (2, 1)]


def test_mimics_are_named_and_are_no_lesions(arterial: Phantom) -> None:
    keys = {lesion.key for lesion in arterial.lesions}
    assert keys <= {nodule.key for nodule in NODULES} | {clot.key for clot in CLOTS}
    said = "\n".join(arterial.contents)
    for words in ("granuloma", "vessels that cross", "mucus plug", "fissure", "beam hardening", "arterial phase"):
        assert words in said
    assert float(block(arterial, -60.0, 0.0, 50.0).max()) > 200


def test_without_contrast_medium_blood_looks_like_muscle_and_a_low_dose_is_noisy(
    arterial: Phantom, plain: Phantom
) -> None:
    blood = block(plain, 20.0, -32.0, -10.0)
    assert 10 < float(blood.mean()) < 80
    liver = [float(block(some, -60.0, -10.0, -120.0).std()) for some in (arterial, plain)]
    assert liver[1] > 2 * liver[0]
    assert "low dose" in "\n".join(plain.contents)
    assert [lesion.centre_lps_mm for lesion in plain.lesions[:3]] == [
        lesion.centre_lps_mm for lesion in arterial.lesions[:3]
    ]


def test_lungs_end_in_a_dome_not_in_a_cone(plain: Phantom) -> None:
    inner = plain.voxels_hu[:, 36:90, 32:92]
    lung = np.count_nonzero((inner > -960) & (inner < -720), axis=(1, 2))
    top = int(np.flatnonzero(lung > 40).max())
    assert 118 < plain.origin_lps_mm[2] + 3.0 * top < 146
    assert lung[top - 5] > 0.25 * lung[top - 30]


def test_a_seed_alone_chooses_and_says_what_is_in_it() -> None:
    chest = make_chest(51, spacing_mm=(4.0, 4.0, 4.0), size_ij=92)
    lesions = [line for line in chest.contents if line.endswith("mL")]
    assert len(lesions) == len(chest.lesions) > 0
    assert any(line.startswith("Mimic") for line in chest.contents)
    assert any(line.startswith("Scan") for line in chest.contents)


@pytest.mark.parametrize("wrong", [{"contrast": "blue"}, {"dose": "no"}, {"kernel": "bone"}])
def test_an_unknown_word_is_refused_with_those_that_are_known(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="is one of"):
        small_chest(1, **wrong)


def test_kinds_and_sizes_can_be_asked_for_without_saying_where() -> None:
    wanted = (("solid-nodule", 20.0), ("ground-glass-nodule", 26.0))
    chest = make_chest(3, spacing_mm=(4.0, 4.0, 4.0), size_ij=92, nodule_kinds=wanted, contrast="none", lattice_mm=4.0)
    assert [lesion.key for lesion in chest.lesions] == ["ground-glass-nodule", "solid-nodule"]
    assert chest.lesions[1].volume_ml == pytest.approx(np.pi / 6 * 2.0**3, rel=0.35)
