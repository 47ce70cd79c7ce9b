from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from viewer.domain.geometry import Grid
from viewer.scene.body_shape import body_shape, brain_mask, stretched
from viewer.scene.dressing import brain_alone, without_skin, without_table
from viewer.scene.volume_image import AIR_HU, RenderVoxels

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = 120
MM = 2.0


class Patient:
    """A trunk that lies on its back in air, in voxels of 2 mm; what is set later stands for arms, ears and tables."""

    def __init__(self, half_x: float = 40.0, half_y: float = 28.0, slices: int = 60) -> None:
        self.voxels = np.full((slices, SIZE, SIZE), -1000, dtype=np.int16)
        self.j, self.i = np.indices((SIZE, SIZE))
        self.body = ((self.i - 60) / half_x) ** 2 + ((self.j - 60) / half_y) ** 2 < 1
        self.voxels[:, self.body] = 40

    def set(self, place: tuple[object, ...], hu: int) -> NDArray[np.bool_]:
        there = np.zeros(self.voxels.shape, dtype=bool)
        there[place] = True
        there &= self.voxels == -1000
        self.voxels[there] = hu
        return there

    @property
    def rendered(self) -> RenderVoxels:
        k, j, i = self.voxels.shape
        return RenderVoxels(
            self.voxels, Grid.from_directions((i, j, k), origin_lps_mm=(0, 0, 0), spacing_mm=(MM, MM, MM))
        )

    def without_table(self) -> NDArray[np.int16]:
        shape = body_shape(self.rendered)
        assert shape is not None
        return without_table(self.rendered, shape).voxels


def gone(before: NDArray[np.int16], after: NDArray[np.int16], where: NDArray[np.bool_]) -> float:
    return float(np.mean(after[where] == AIR_HU)) if where.any() else 0.0


def test_a_table_below_the_patient_goes_and_the_patient_stays() -> None:
    patient = Patient()
    table = patient.set((slice(None), slice(96, 99), slice(5, 115)), 100)
    bare = patient.without_table()
    assert gone(patient.voxels, bare, table) == 1.0
    assert np.array_equal(bare[:, patient.body], patient.voxels[:, patient.body])


def test_a_table_that_the_patient_lies_on_goes_but_for_what_touches_the_back() -> None:
    patient = Patient()
    table = patient.set((slice(None), slice(87, 90), slice(5, 115)), 100)
    bare = patient.without_table()
    aside = table.copy()
    aside[:, :, 35:85] = False
    assert gone(patient.voxels, bare, aside) > 0.95
    assert np.array_equal(bare[:, patient.body], patient.voxels[:, patient.body])


def test_a_headrest_sheet_that_touches_the_cheek_goes_and_the_ear_stays() -> None:
    patient = Patient(half_x=32.0, half_y=40.0)
    ear = patient.set((slice(20, 44), slice(52, 66), slice(91, 96)), 40)
    sheet = patient.set((slice(0, 40), slice(60, 110), slice(23, 25)), 150)
    sheet |= patient.set((slice(0, 40), slice(60, 62), slice(24, 30)), 150)
    bare = patient.without_table()
    assert gone(patient.voxels, bare, ear) == 0.0
    far = sheet.copy()
    far[:, :80] = False
    assert gone(patient.voxels, bare, far) > 0.9


@pytest.mark.parametrize("tilt_deg", [0.0, 18.5, -16.5])
def test_a_headrest_that_rises_goes_also_where_the_gantry_was_tilted(tilt_deg: float) -> None:
    patient = Patient(half_x=32.0, half_y=30.0, slices=70)
    tilt = np.radians(tilt_deg)
    directions = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    headrest = np.zeros(patient.voxels.shape, dtype=bool)
    for k in range(70):
        # Along z of the patient, and up by 7 degrees.
        j = patient.j - (k - 35) * (np.tan(tilt) - np.tan(np.radians(7)))
        far = np.hypot((patient.i - 60) / 46.0, (j - 60) / 42.0)
        headrest[k] = (far > 0.95) & (far < 1.0) & (j > 60)
    headrest = patient.set((headrest,), 240)
    k, j, i = patient.voxels.shape
    grid = Grid.from_directions((i, j, k), origin_lps_mm=(0, 0, 0), spacing_mm=(MM, MM, MM), directions=directions)
    shape = body_shape(RenderVoxels(patient.voxels, grid))
    assert shape is not None
    bare = without_table(RenderVoxels(patient.voxels, grid), shape).voxels
    assert gone(patient.voxels, bare, headrest) > 0.95
    assert np.array_equal(bare[:, patient.body], patient.voxels[:, patient.body])


def test_an_arm_beside_the_trunk_stays() -> None:
    patient = Patient()
    arm = np.zeros(patient.voxels.shape, dtype=bool)
    for k in range(60):
        arm[k] = (patient.i - 112 + k / 10) ** 2 + (patient.j - 60 - k / 4) ** 2 < 36
        bone = (patient.i - 112 + k / 10) ** 2 + (patient.j - 60 - k / 4) ** 2 < 9
        patient.voxels[k][arm[k] & ~patient.body] = 40
        patient.voxels[k][bone] = 700
    bare = patient.without_table()
    assert gone(patient.voxels, bare, arm) == 0.0


def limb(patient: Patient, at_ij: tuple[float, float], half: float) -> NDArray[np.bool_]:
    """Lay a straight limb with its bone along all images, and return where it is."""
    away = np.hypot(patient.i - at_ij[0], patient.j - at_ij[1])
    there = np.broadcast_to(away < half, patient.voxels.shape)
    patient.voxels[there & (patient.voxels == -1000)] = 40
    patient.voxels[:, away < half / 3] = 800
    return there


def test_both_legs_stay_however_straight_they_lie() -> None:
    patient = Patient(half_x=0.1, half_y=0.1)
    patient.voxels[:] = -1000
    legs = limb(patient, (38.0, 60.0), 17.0), limb(patient, (82.0, 60.0), 14.0)
    table = patient.set((slice(None), slice(84, 86), slice(5, 115)), 100)
    bare = patient.without_table()
    assert [gone(patient.voxels, bare, leg) for leg in legs] == [0.0, 0.0]
    assert gone(patient.voxels, bare, table) == 1.0


def test_arms_stay_that_lie_straight_beside_the_trunk() -> None:
    patient = Patient()
    arms = [limb(patient, (at, 75.0), 10.0) for at in (10.0, 110.0)]
    bare = patient.without_table()
    assert [gone(patient.voxels, bare, arm) for arm in arms] == [0.0, 0.0]


@pytest.mark.parametrize("hu", [120, 350, 1500])
def test_a_solid_rail_beside_the_patient_goes(hu: int) -> None:
    patient = Patient()
    rail = patient.set((slice(None), slice(80, 92), slice(104, 114)), hu)
    bare = patient.without_table()
    assert gone(patient.voxels, bare, rail) == 1.0


def test_all_images_are_shown_where_others_are_missing_between_them() -> None:
    patient = Patient()
    patient.voxels[:, 40:80, 50:70] = 300
    patient.set((slice(None), slice(96, 99), slice(5, 115)), 100)
    for gap in (slice(4, 16), slice(20, 28), slice(44, 56)):
        patient.voxels[gap] = -1025
    there = (patient.voxels != -1025).all(axis=(1, 2))
    bare = patient.without_table()
    assert np.array_equal(bare[there][:, patient.body], patient.voxels[there][:, patient.body])
    assert gone(patient.voxels, bare[there][:, 97, 5:115], np.ones((int(there.sum()), 110), dtype=bool)) == 1.0


def test_lungs_stay_also_where_the_picture_cuts_the_chest_off() -> None:
    patient = Patient(half_x=75.0)
    lung = (patient.i < 30) & (np.abs(patient.j - 60) < 12)
    patient.voxels[:, lung] = -850
    assert np.all(patient.without_table()[:, lung] == -850)


def test_air_alone_has_no_body() -> None:
    patient = Patient()
    patient.voxels[:] = -1000
    assert body_shape(patient.rendered) is None
    assert brain_mask(patient.rendered) is None


def test_a_few_small_images_in_which_all_could_be_a_table_are_shown_as_they_are() -> None:
    voxels = np.full((7, 24, 32), -1000, dtype=np.int16)
    voxels[:, 10:] = 40
    grid = Grid.from_directions((32, 24, 7), origin_lps_mm=(0, 0, 0), spacing_mm=(0.7, 0.8, 1.0))
    assert body_shape(RenderVoxels(voxels, grid)) is None


def test_without_skin_there_is_fat_at_the_surface_and_nothing_else_changes() -> None:
    patient = Patient()
    lung = ((patient.i - 45) / 9) ** 2 + ((patient.j - 60) / 9) ** 2 < 1
    patient.voxels[:, lung] = -850
    shape = body_shape(patient.rendered)
    assert shape is not None
    bare = without_skin(patient.rendered, shape, patient.voxels)
    rim = patient.body & ~(((patient.i - 60) / 39.0) ** 2 + ((patient.j - 60) / 27.0) ** 2 < 1)
    deep = ((patient.i - 60) / 32.0) ** 2 + ((patient.j - 60) / 20.0) ** 2 < 1
    assert np.all(bare[:, rim] < -80)
    assert np.all(bare[:, ~patient.body] < -80)
    assert np.array_equal(bare[:, deep], patient.voxels[:, deep])


def head() -> tuple[RenderVoxels, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return a skull with brain, a bleed inside of it, and one as dense in the scalp."""
    k, j, i = np.indices((60, 100, 100))
    r = np.sqrt(((k - 30) * MM / 1.0) ** 2 + ((j - 50) * MM) ** 2 + ((i - 50) * MM) ** 2)
    values = np.full(r.shape, -1000, dtype=np.int16)
    values[r < 58] = 40
    values[(r < 50) & (r >= 44)] = 900
    values[r < 44] = 30
    inner = ((k - 30) ** 2 + (j - 50) ** 2 + (i - 62) ** 2) < 36
    scalp = (r >= 51) & (r < 57) & (i > 50) & (np.abs(j - 50) < 10) & (np.abs(k - 30) < 10)
    values[inner] = 70
    values[scalp] = 70
    grid = Grid.from_directions((100, 100, 60), origin_lps_mm=(0, 0, 0), spacing_mm=(MM, MM, MM))
    return RenderVoxels(values, grid), inner, scalp


def test_blood_is_seen_inside_of_the_skull_alone() -> None:
    rendered, inner, scalp = head()
    found = brain_mask(rendered)
    assert found is not None
    alone = brain_alone(rendered, *found, rendered.voxels, slice_mm=2.0)
    blood = (alone < -50) & (alone > -110)
    assert np.mean(blood[inner]) > 0.5
    assert not blood[scalp].any()
    assert not blood[~inner].any()
    skull = rendered.voxels == 900
    assert np.array_equal(alone[skull], rendered.voxels[skull])


def test_a_trunk_has_no_brain() -> None:
    patient = Patient()
    patient.voxels[:, ((patient.i - 60) / 8) ** 2 + ((patient.j - 78) / 6) ** 2 < 1] = 500
    assert brain_mask(patient.rendered) is None


def test_a_coarse_image_comes_back_where_it_was() -> None:
    coarse = np.zeros((5, 6, 7), dtype=np.float32)
    coarse[2, 3, 4] = 1.0
    fine = np.stack(list(stretched(coarse, (2, 3, 4), (14, 18, 20))))
    assert fine.shape == (20, 18, 14)
    middle = [
        float(np.average(np.arange(n), weights=fine.sum(axis=axes)))
        for n, axes in ((20, (1, 2)), (18, (0, 2)), (14, (0, 1)))
    ]
    assert middle == pytest.approx([2.5 * 4 - 0.5, 3.5 * 3 - 0.5, 4.5 * 2 - 0.5])
