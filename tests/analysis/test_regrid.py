from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from attrs import evolve

from tests.machine_speed import Effort
from viewer.analysis.grid_masks import mask_on_grid
from viewer.analysis.regrid import Regridding, regridded
from viewer.analysis.whole_stack import needs_regular_grid, step_along_normal_mm
from viewer.domain.errors import CancelledError
from viewer.domain.geometry import SliceStack, Verdict
from viewer.domain.job import JobContext
from viewer.domain.labels import Mask
from viewer.domain.volume import Volume

Make = Callable[..., Volume]


def ramp(stack_like: Volume) -> Any:
    """Values that grow linearly in the patient: 2x + 3y − 4z."""
    stack = stack_like.stack
    k, j, i = np.indices(stack.shape_kji)
    lps = stack.lps(np.stack([i, j, k], axis=-1))
    return (lps @ np.array([2.0, 3.0, -4.0])).astype(np.float32)


def ramp_volume(make: Make, positions: Any, **more: Any) -> Volume:
    blank = np.zeros((len(positions), 24, 20), np.float32)
    empty = make(blank, positions=positions, spacing=(0.8, 0.9), verdict=Verdict.RESAMPLED, **more)
    return make(ramp(empty), positions=positions, spacing=(0.8, 0.9), verdict=Verdict.RESAMPLED, **more)


HEIGHTS_EVEN = np.arange(12) * 2.5
HEIGHTS_UNEVEN = np.cumsum([0, 4, 4, 4, 1.08, 7, 7, 7])


@pytest.mark.parametrize("heights", [HEIGHTS_EVEN, HEIGHTS_UNEVEN])
@pytest.mark.parametrize("tilt_deg", [0.0, 15.0, -18.5])
def test_a_linear_field_is_kept_exactly_under_tilt_and_uneven_gaps(
    make_volume: Make, heights: Any, tilt_deg: float
) -> None:
    shear = np.tan(np.radians(tilt_deg))
    positions = np.stack([np.full_like(heights, 5.0), 7 + shear * heights, heights], axis=1)
    volume = ramp_volume(make_volume, positions)
    shown = regridded(volume, JobContext())

    assert shown.regridded
    assert shown.slices is volume.slices
    assert shown.grid.directions == pytest.approx(np.eye(3), abs=1e-6)
    inside = shown.voxels != shown.padding
    k, j, i = np.nonzero(inside)
    lps = shown.grid.lps(np.stack([i, j, k], axis=-1))
    expected = lps @ np.array([2.0, 3.0, -4.0])
    error = np.abs(shown.voxels[inside] - expected)
    # Where a voxel stands half on the outside, or beyond the last slice, there is nothing to be exact about.
    core = (np.abs(lps[:, 2] - heights.mean()) < np.ptp(heights) / 2 - 0.01) & (i > 1) & (i < 18)
    rows = shown.grid.size_ijk[1]
    extra = rows - 24
    core &= (j > extra) & (j < 24)
    assert core.sum() > 100
    assert error[core].max() < 0.02


@pytest.mark.parametrize("shear", [(0.3, 0.0), (-0.3, 0.0), (0.2, -0.25), (-0.2, 0.25)])
def test_slices_that_shift_along_their_rows_stay_where_they_lie(make_volume: Make, shear: tuple[float, float]) -> None:
    across, down = shear
    positions = np.stack([5 + across * HEIGHTS_EVEN, 7 + down * HEIGHTS_EVEN, HEIGHTS_EVEN], axis=1)
    shown = regridded(ramp_volume(make_volume, positions), JobContext())
    k, j, i = np.nonzero(shown.voxels != shown.padding)
    lps = shown.grid.lps(np.stack([i, j, k], axis=-1))
    error = np.abs(shown.voxels[k, j, i] - lps @ np.array([2.0, 3.0, -4.0]))
    wider, higher, _ = np.subtract(shown.grid.size_ijk, (20, 24, 0))
    core = (i > wider) & (i < 20) & (j > higher) & (j < 24)
    assert core.sum() > 100
    assert error[core].max() < 0.02


def test_every_pixel_of_every_slice_lies_within_the_regular_grid(make_volume: Make) -> None:
    heights = HEIGHTS_UNEVEN
    positions = np.stack([0 * heights, 0.33 * heights, heights], axis=1)
    volume = ramp_volume(make_volume, positions)
    shown = regridded(volume, JobContext())
    ni, nj = volume.stack.size_ij
    for k in range(volume.stack.count):
        for corner in ((0, 0, k), (ni - 1, 0, k), (0, nj - 1, k), (ni - 1, nj - 1, k)):
            assert shown.grid.nearest_ijk(volume.stack.lps(corner)) is not None


def test_slices_that_planes_meet_are_shown_unchanged(make_volume: Make) -> None:
    rng = np.random.default_rng(3)
    slices = rng.integers(-1024, 2000, (4, 16, 16)).astype(np.int16)
    positions = np.array([[0, 0, z] for z in (0, 4, 8, 14)], dtype=float)
    shown = regridded(make_volume(slices, positions=positions), JobContext())
    assert shown.grid.spacing_mm[2] == pytest.approx(4)
    assert shown.voxels.dtype == np.int16
    assert np.array_equal(shown.voxels[:3], slices[:3])
    assert np.array_equal(shown.voxels[3], np.rint(slices[2] / 3 + slices[3] * 2 / 3))
    assert shown.interpolated


@pytest.mark.parametrize("heights", [(0, 4.3, 8.2, 12.1, 16), (0, 3.6, 7.8, 12.3, 16), HEIGHTS_UNEVEN, HEIGHTS_EVEN])
def test_planes_are_called_interpolated_wherever_they_hold_anything_but_slices(make_volume: Make, heights: Any) -> None:
    slices = np.random.default_rng(4).integers(-1024, 2000, (len(heights), 16, 16)).astype(np.int16)
    shown = regridded(make_volume(slices, positions=np.array([[0, 0, z] for z in heights], dtype=float)), JobContext())
    whole = all(any(np.array_equal(plane, image) for image in slices) for plane in shown.voxels)
    assert shown.interpolated == (not whole)


def lost(volume: Volume, *gone: int, unread: bool = False) -> Volume:
    """Return a volume without some of its slices; with `unread` they are known to be there."""
    left = [k for k in range(volume.stack.count) if k not in gone]
    stack = evolve(volume.stack, positions_lps_mm=volume.stack.positions_lps_mm[left])
    slices = volume.slices[left]
    places = volume.stack.positions_lps_mm[list(gone)] if unread else None
    return evolve(
        volume,
        slices=slices,
        voxels=slices,
        stack=stack,
        grid=stack.as_grid(),
        verdict=Verdict.UNTRUSTED,
        unread_lps_mm=places,
    )


@pytest.mark.parametrize("tilt_deg", [0.0, 15.0])
def test_missing_slices_leave_a_hole_and_the_others_where_they_belong(make_volume: Make, tilt_deg: float) -> None:
    shear = np.tan(np.radians(tilt_deg))
    positions = np.stack([0 * HEIGHTS_EVEN, shear * HEIGHTS_EVEN, HEIGHTS_EVEN], axis=1)
    whole = ramp_volume(make_volume, positions)
    volume = lost(whole, 3, 4, 8)
    assert needs_regular_grid(volume)
    shown = regridded(volume, JobContext())
    assert shown.missing_planes == (3, 4, 8)
    assert np.all(shown.voxels[[3, 4, 8]] == shown.padding)
    complete = regridded(whole, JobContext())
    there = [k for k in range(12) if k not in (3, 4, 8)]
    assert np.array_equal(shown.grid.lps_from_ijk, complete.grid.lps_from_ijk)
    inside = complete.voxels[there] != complete.padding
    assert np.allclose(shown.voxels[there][inside], complete.voxels[there][inside])
    assert shown.interpolated == (tilt_deg != 0)


def test_images_that_cannot_be_read_are_missing_also_at_the_ends(make_volume: Make) -> None:
    positions = np.stack([0 * HEIGHTS_EVEN, 0 * HEIGHTS_EVEN, HEIGHTS_EVEN], axis=1)
    volume = lost(ramp_volume(make_volume, positions), 0, 1, 11, unread=True)
    shown = regridded(volume, JobContext())
    assert shown.grid.size_ijk[2] == 12
    assert shown.missing_planes == (0, 1, 11)
    assert np.array_equal(shown.voxels[2:11], volume.slices)


def test_slice_beside_a_gap_that_is_no_whole_multiple_is_kept(make_volume: Make) -> None:
    heights = np.array([0, 2.5, 5, 10.15, 12.65, 15.15])
    positions = np.stack([0 * heights, 0 * heights, heights], axis=1)
    volume = evolve(ramp_volume(make_volume, positions), verdict=Verdict.UNTRUSTED)
    shown = regridded(volume, JobContext())
    assert len(shown.missing_planes) == 1
    (gap,) = shown.missing_planes
    assert all(np.any(shown.voxels[k] != shown.padding) for k in range(shown.grid.size_ijk[2]) if k != gap)


def test_mask_is_drawn_on_no_missing_image(make_volume: Make) -> None:
    positions = np.stack([0 * HEIGHTS_EVEN, 0 * HEIGHTS_EVEN, HEIGHTS_EVEN], axis=1)
    shown = regridded(lost(ramp_volume(make_volume, positions), 5), JobContext())
    on_grid = mask_on_grid(Mask((3, 3, 3), np.ones((4, 4, 4), dtype=bool)), shown)
    marked = on_grid.first_ijk[2] + np.flatnonzero(on_grid.voxels.any(axis=(1, 2)))
    assert marked.tolist() == [3, 4, 6, 7]


def test_untrusted_stack_that_is_regular_or_has_no_place_is_left_as_it_is(make_volume: Make) -> None:
    positions = np.stack([0 * HEIGHTS_EVEN, 0 * HEIGHTS_EVEN, HEIGHTS_EVEN], axis=1)
    volume = evolve(ramp_volume(make_volume, positions), verdict=Verdict.UNTRUSTED)
    assert not needs_regular_grid(volume)
    assert not needs_regular_grid(evolve(lost(volume, 4), placed=False))


def test_grid_is_filled_plane_by_plane_as_slices_come_in(make_volume: Make) -> None:
    heights = np.array([0.0, 4, 8, 12, 17, 22])
    positions = np.stack([0 * heights, 0.2 * heights, heights], axis=1)
    whole = ramp_volume(make_volume, positions)
    arrived = np.zeros(6, dtype=bool)
    made = Regridding(evolve(whole, arrived=arrived), -9999.0)
    complete = regridded(evolve(whole, padding=-9999.0), JobContext())
    for k in (3, 2, 4, 1, 0, 5):
        arrived[k] = True
        made.fill(JobContext())
        done = np.flatnonzero(made.done)
        assert np.array_equal(made.voxels[done], complete.voxels[done])
        assert np.all(made.voxels[~made.done] == -9999)
    assert made.done.all()


def test_padding_is_not_mixed_into_tissue(make_volume: Make) -> None:
    slices = np.full((3, 8, 8), 40, np.int16)
    slices[1, :, :4] = -2000
    positions = np.array([[0, 0.3 * z, z] for z in (0.0, 4.0, 7.0)])
    shown = regridded(make_volume(slices, positions=positions, padding=-2000.0), JobContext())
    assert set(np.unique(shown.voxels)) == {-2000, 40}


def test_the_step_meets_slices_where_it_can() -> None:
    def step(gaps: list[float]) -> float:
        heights = np.cumsum([0.0, *gaps])
        points = np.stack([0 * heights, 0 * heights, heights], axis=1)
        return step_along_normal_mm(SliceStack((4, 4), (1, 1), (1, 0, 0), (0, 1, 0), points))

    assert step([2.5] * 6) == pytest.approx(2.5)
    assert step([5, 5, 10]) == pytest.approx(5)
    assert step([4, 4, 4, 1.08, 7, 7]) == pytest.approx(1.0)
    assert step([4, 4, 4, 1.1, 6.9]) == pytest.approx(1.0)
    assert step([0.7, 0.9, 1.3, 0.6]) >= 0.5
    # A hair of rounding in the positions made planes of 1.05 mm, between which slices of 1 mm were lost.
    assert step([0.9999999, 0.9999999, 1.5, 1.5000001, 2.2]) == pytest.approx(0.5)
    assert step([0.999, 0.999, 1.5, 1.501, 2.2]) == pytest.approx(0.5, abs=1e-3)


def test_regridding_stops_when_told_to(make_volume: Make) -> None:
    volume = make_volume(np.zeros((4, 8, 8), np.int16), positions=np.array([[0, z, z] for z in range(4)], dtype=float))
    with pytest.raises(CancelledError):
        regridded(volume, JobContext(cancelled=lambda: True))


def test_a_mask_lands_on_the_grid_within_half_a_voxel(make_volume: Make) -> None:
    positions = np.array([[0, 0.33 * z, z] for z in (0.0, 4.0, 8.0, 12.0, 13.1, 20.0)])
    slices = np.zeros((6, 40, 30), np.int16)
    volume = regridded(make_volume(slices, positions=positions), JobContext())
    full = np.zeros(slices.shape, dtype=bool)
    full[2:4, 10:20, 5:15] = True
    mask = Mask.from_full(full)
    assert mask is not None
    on_grid = mask_on_grid(mask, volume)
    marked = np.zeros(volume.voxels.shape, dtype=bool)
    marked[on_grid.box] = on_grid.voxels
    k, j, i = np.indices(volume.voxels.shape)
    lps = volume.grid.lps(np.stack([i, j, k], axis=-1)).reshape(-1, 3)
    nearest = [volume.stack.nearest_ijk(p) for p in lps]
    expected = np.array([n is not None and bool(full[n[2], n[1], n[0]]) for n in nearest]).reshape(marked.shape)
    assert expected.sum() > 500
    assert np.mean(marked != expected) < 1e-3


def test_a_mask_stays_itself_where_nothing_was_regridded(make_volume: Make) -> None:
    volume = make_volume(np.zeros((3, 5, 6), np.int16))
    mask = Mask((1, 2, 0), np.ones((2, 2, 3), dtype=bool))
    on_grid = mask_on_grid(mask, volume)
    assert on_grid.first_ijk == (1, 2, 0)
    assert on_grid.voxels is mask.voxels


def test_a_tilted_uneven_head_is_made_regular_quickly_and_keeps_its_values(
    real_volume: Callable[[str], Volume],
) -> None:
    volume = real_volume("a01_head_ge_tilt_uneven")
    assert volume.padding == -1500
    effort = Effort()
    shown = regridded(volume, JobContext())
    assert effort.seconds() < 6
    assert shown.grid.size_ijk[0] == 512
    assert 605 <= shown.grid.size_ijk[1] <= 620
    assert shown.grid.spacing_mm[:2] == pytest.approx((0.4882812, 0.4882812), abs=1e-4)
    for lps, hu in (((0.0, -5.0, 22.173), 14), ((-25.391, -5.0, -4.287), 72), ((24.902, -17.039, 77.861), 30)):
        assert volume.value_at(lps) == hu
        i, j, k = (int(round(v)) for v in shown.grid.ijk(lps))
        near = shown.voxels[k, j - 1 : j + 2, i - 1 : i + 2]
        assert near.min() - 15 <= hu <= near.max() + 15
    # Along whole slices: those met by a plane agree but for the row interpolation that tilt asks for.
    heights = volume.stack.heights_mm - volume.stack.heights_mm[0]
    met = [
        k
        for k, h in enumerate(heights)
        if abs(h / shown.grid.spacing_mm[2] - round(h / shown.grid.spacing_mm[2])) < 0.02
    ]
    assert len(met) >= 13
    for k in met[::5]:
        first = shown.grid.ijk(volume.stack.lps((0, 0, k)))
        plane, row = int(round(first[2])), int(np.floor(first[1] + 1e-3))
        part = float(first[1] - row)
        grid_rows = shown.voxels[plane, row : row + 512].astype(float)
        pixels = volume.slices[k].astype(float)
        expected = pixels[1:] * (1 - part) + pixels[:-1] * part
        real = (volume.slices[k][1:] != -1500) & (volume.slices[k][:-1] != -1500)
        assert np.abs(grid_rows[1:] - expected)[real].max() <= 1.01


def test_a_phantom_with_even_gaps_and_tilt_keeps_its_slices(real_volume: Callable[[str], Volume]) -> None:
    volume = real_volume("a02_head_phantom_philips/S21610/S3010")
    shown = regridded(volume, JobContext())
    assert shown.grid.size_ijk[2] == volume.stack.count
    assert shown.grid.spacing_mm[2] == pytest.approx(2.397, abs=0.002)
    for lps, hu in (((0.0, 106.343, 760.027), 94), ((-21.125, 106.343, 722.527), 668)):
        i, j, k = (int(round(v)) for v in shown.grid.ijk(lps))
        assert abs(int(shown.voxels[k, j, i]) - hu) <= 60
