"""Heads with every kind of bleed, scanned thick or thin, sharp or soft, straight or tilted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.phantom import Bleed, Phantom, make_head
from viewer.phantom.head_artefacts import Artefacts, artefact_field
from viewer.phantom.head_bleeds import NAMES, drawn_bleeds
from viewer.phantom.write import store

if TYPE_CHECKING:
    from pathlib import Path

IN_FLUID = (
    Bleed("subarachnoid", 8.0, (40.0, -20.0, 20.0), hu=60.0, seed=1),
    Bleed("intraventricular", 3.0, (-12.0, 20.0, 14.0), hu=66.0, seed=2),
    Bleed("subdural", 6.0, (3.0, 30.0, 40.0), hu=66.0, seed=3),
)


@pytest.fixture(scope="module")
def tilted() -> Phantom:
    """Return a head with bleeds beside the brain, scanned with a tilted gantry in slices of 3 mm."""
    return make_head(
        5, spacing_mm=(2.0, 2.0, 3.0), size_ij=116, bleeds=IN_FLUID, noise_hu=1.0, tilt_deg=15.0, lattice_mm=2.5
    )


def test_a_tilted_scan_opens_as_resampled_with_its_bleeds_where_the_voxels_say(tmp_path: Path, tilted: Phantom) -> None:
    written = store(tilted, tmp_path, JobContext())
    volume = written.volume
    assert volume.verdict is Verdict.RESAMPLED
    assert np.array_equal(volume.slices, tilted.voxels_hu)
    assert {f.label_key for f in written.truth} == {b.key for b in IN_FLUID}
    for lesion in tilted.lesions:
        k, j, i = np.argwhere(tilted.truth == lesion.label_value).mean(axis=0)
        k0 = int(k)
        below, above = volume.stack.lps((i, j, k0)), volume.stack.lps((i, j, k0 + 1))
        assert below + (k - k0) * (above - below) == pytest.approx(lesion.centre_lps_mm, abs=0.01)


def test_blood_between_the_folds_is_one_bleed_and_takes_the_place_of_fluid_only(tilted: Phantom) -> None:
    assert [lesion.key for lesion in tilted.lesions] == [b.key for b in IN_FLUID]
    for lesion, asked in zip(tilted.lesions, IN_FLUID, strict=True):
        assert lesion.volume_ml == pytest.approx(asked.volume_ml, rel=0.6)
        assert (lesion.centre_lps_mm[0] > 0) == (asked.place_lps_mm[0] > 0)
        blood = tilted.voxels_hu[tilted.truth == lesion.label_value]
        assert 35 < float(np.median(blood)) < 85


def test_what_was_put_in_is_written_down(tilted: Phantom) -> None:
    said = "\n".join(tilted.contents)
    for lesion in tilted.lesions:
        assert f"{NAMES[lesion.key]}: {lesion.volume_ml:.2f} mL" in said
    assert "Gantry tilt 15°" in said
    assert "Soft kernel, slices of 3 mm" in said


def test_a_sharp_kernel_is_noisier_and_thick_slices_are_less_so() -> None:
    def noise(kernel: str, thickness: float) -> float:
        scan = make_head(5, spacing_mm=(1.5, 1.5, thickness), size_ij=156, bleeds=(), kernel=kernel, lattice_mm=4.0)
        k = round((40.0 - scan.origin_lps_mm[2]) / thickness)
        white = scan.voxels_hu[k, 70:95, 92:100].astype(float)
        return float(np.diff(white, axis=1).std())

    soft = noise("soft", 5.0)
    assert noise("bone", 5.0) > 1.8 * soft
    assert noise("soft", 1.5) > 1.2 * soft


def test_beam_hardening_darkens_the_space_between_two_dense_bones_and_motion_streaks_only_where_the_head_moved() -> (
    None
):
    hu = np.full((3, 80, 80), -1000.0, np.float32)
    y, x = np.mgrid[:80, :80] - 39.5
    hu[:, np.hypot(x, y) < 36] = 30.0
    for side in (-20, 20):
        hu[:, np.hypot(x - side, y) < 5] = 1500.0
    zs = np.array([-40.0, 0.0, 40.0], np.float32)
    rng = np.random.default_rng(1)
    still = artefact_field(rng, hu, zs, 2.0, Artefacts(hardening=3.0, starved=0.0))
    between, above = still[1, 37:43, 35:45].mean(), still[1, 10:16, 35:45].mean()
    assert between < above - 3
    moved = artefact_field(rng, hu, zs, 2.0, Artefacts(hardening=0.0, starved=0.0, motion_mm=3.0, moved_at_mm=0.0))
    assert np.abs(moved[1]).max() > 50
    assert np.abs(moved[[0, 2]]).max() < 1


def test_drawn_bleeds_are_of_every_kind_and_of_all_sizes_and_some_heads_have_none() -> None:
    drawn = [drawn_bleeds(np.random.default_rng([seed, 2])) for seed in range(400)]
    bleeds = [b for some in drawn for b in some]
    assert {b.key for b in bleeds} == set(NAMES)
    assert any(len(some) == 0 for some in drawn)
    volumes = np.array([b.volume_ml for b in bleeds])
    assert volumes.min() > 0.19
    assert volumes.max() < 80.1
    low, middle, high = (np.mean((volumes >= a) & (volumes < b)) for a, b in ((0.2, 1.5), (1.5, 10), (10, 81)))
    assert min(low, middle, high) > 0.2
