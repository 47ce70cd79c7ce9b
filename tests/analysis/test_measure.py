from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from viewer.analysis.measure import body_bounds, describe, label_facts, place_words
from viewer.domain.labels import Mask
from viewer.domain.volume import Volume

Make = Callable[..., Volume]
SimpleITK: Any = pytest.importorskip("SimpleITK")


def mask_where(inside: Any) -> Mask:
    mask = Mask.from_full(inside)
    assert mask is not None
    return mask


def lps_of(volume: Volume) -> Any:
    k, j, i = np.indices(volume.slices.shape)
    return volume.stack.lps(np.stack([i, j, k], axis=-1))


def test_a_sphere_has_the_volume_diameter_and_centre_of_the_formula(make_volume: Make) -> None:
    volume = make_volume(
        np.full((80, 80, 80), 60, np.int16), spacing=(0.5, 0.5), positions=[[0, 0, z / 2] for z in range(80)]
    )
    centre = np.array([20.25, 19.75, 20.0])
    measured = describe(mask_where(np.linalg.norm(lps_of(volume) - centre, axis=-1) <= 15), volume)
    assert measured.volume_ml == pytest.approx(4 / 3 * np.pi * 1.5**3, rel=0.005)
    assert measured.long_axis_mm == pytest.approx(30, abs=0.6)
    assert measured.centre_lps_mm == pytest.approx(centre, abs=0.26)
    assert measured.bounds_lps_mm == pytest.approx(np.stack([centre - 15, centre + 15], axis=1), abs=0.51)
    assert (measured.mean, measured.sd) == (60, 0)


def test_an_oblique_ellipsoid_in_anisotropic_voxels_keeps_its_long_axis(make_volume: Make) -> None:
    volume = make_volume(
        np.zeros((40, 120, 120), np.int16), spacing=(0.7, 0.7), positions=[[0, 0, 2.0 * z] for z in range(40)]
    )
    axis = np.array([0.6, 0.0, 0.8])
    offset = lps_of(volume) - np.array([42.0, 42.0, 39.0])
    along = offset @ axis
    across = np.linalg.norm(offset - along[..., None] * axis, axis=-1)
    measured = describe(mask_where((along / 30) ** 2 + (across / 8) ** 2 <= 1), volume)
    assert measured.volume_ml == pytest.approx(4 / 3 * np.pi * 30 * 8 * 8 / 1000, rel=0.01)
    assert measured.long_axis_mm == pytest.approx(60, abs=2.0)
    direction = np.diff(measured.long_axis_lps_mm, axis=0)[0]
    assert abs(direction @ axis) / np.linalg.norm(direction) > 0.995


@pytest.mark.parametrize("tilt_deg", [-18.5, 0.0, 15.0])
def test_a_ball_in_tilted_slices_is_still_a_ball(make_volume: Make, tilt_deg: float) -> None:
    heights = np.arange(60) * 0.8
    shear = np.tan(np.radians(tilt_deg))
    positions = np.stack([0 * heights, shear * (heights - 24), heights], axis=1)
    volume = make_volume(np.zeros((60, 90, 80), np.int16), positions=positions, spacing=(0.6, 0.6))
    centre = np.array([24.0, 26.0, 23.0])
    measured = describe(mask_where(np.linalg.norm(lps_of(volume) - centre, axis=-1) <= 12), volume)
    assert measured.volume_ml == pytest.approx(4 / 3 * np.pi * 1.2**3, rel=0.01)
    assert measured.long_axis_mm == pytest.approx(24, abs=0.8)
    assert measured.centre_lps_mm == pytest.approx(centre, abs=0.5)


@pytest.mark.parametrize("tilt_deg", [0.0, 15.0])
def test_the_short_axis_is_the_longest_line_across_the_long_one(make_volume: Make, tilt_deg: float) -> None:
    heights = np.arange(60) * 1.5
    shear = np.tan(np.radians(tilt_deg))
    positions = np.stack([0 * heights, shear * (heights - 45), heights], axis=1)
    volume = make_volume(np.zeros((60, 140, 130), np.int16), positions=positions, spacing=(0.6, 0.6))
    axes = np.linalg.qr(np.array([[0.6, 0.3, 0.0], [0.5, -1.0, 0.4], [0.7, 0.2, 1.0]]))[0]
    centre = np.array([39.0, 42.0, 44.0])
    along = (lps_of(volume) - centre) @ axes
    measured = describe(mask_where(np.linalg.norm(along / [26, 15, 7], axis=-1) <= 1), volume)
    assert measured.long_axis_mm == pytest.approx(52, abs=1.6)
    assert measured.short_axis_mm == pytest.approx(30, abs=1.6)
    long, short = (np.diff(ends, axis=0)[0] for ends in (measured.long_axis_lps_mm, measured.short_axis_lps_mm))
    assert abs(long @ short) < 1e-6 * np.linalg.norm(long) * np.linalg.norm(short)
    assert abs(short @ axes[:, 1]) / np.linalg.norm(short) > 0.99
    assert measured.short_axis_lps_mm.mean(axis=0) == pytest.approx(centre, abs=2)


def test_a_tube_is_as_wide_as_it_is_thick(make_volume: Make) -> None:
    volume = make_volume(np.zeros((16, 120, 120), np.int16))
    _, y, z = np.moveaxis(lps_of(volume), -1, 0)
    measured = describe(mask_where(np.hypot(y - 60, z - 8) <= 4), volume)
    assert measured.long_axis_mm == pytest.approx(119, abs=0.5)
    assert measured.short_axis_mm == pytest.approx(8, abs=0.1)


def test_a_voxel_and_a_line_have_no_width(make_volume: Make) -> None:
    volume = make_volume(np.zeros((4, 8, 8), np.int16))
    one = np.zeros((4, 8, 8), dtype=bool)
    one[2, 3, 4] = True
    assert describe(mask_where(one), volume).short_axis_mm == 0
    one[2, 3, :] = True
    assert describe(mask_where(one), volume).short_axis_mm == 0


def test_uneven_gaps_count_each_slice_for_half_the_way_to_its_neighbours(make_volume: Make) -> None:
    heights = [0.0, 4.0, 8.0, 9.0, 16.0]
    volume = make_volume(np.zeros((5, 10, 10), np.int16), positions=[[0, 0, z] for z in heights], spacing=(2.0, 1.0))
    full = np.zeros((5, 10, 10), dtype=bool)
    full[:, 2:7, 3:6] = True
    # Lengths: 4 (end: the adjacent gap), 4, 2.5, 4, 7; area: 15 pixels of 2 mm².
    assert describe(mask_where(full), volume).volume_ml == pytest.approx(15 * 2 * (4 + 4 + 2.5 + 4 + 7) / 1000)
    one = full.copy()
    one[[0, 1, 3, 4]] = False
    measured = describe(mask_where(one), volume)
    assert measured.volume_ml == pytest.approx(15 * 2 * 2.5 / 1000)
    assert measured.bounds_lps_mm[2] == pytest.approx([6.0, 8.5])
    assert measured.bounds_lps_mm[0] == pytest.approx([5.0, 11.0])


def test_a_single_voxel_and_a_line_have_honest_lengths(make_volume: Make) -> None:
    volume = make_volume(np.arange(1000, dtype=np.int16).reshape(10, 10, 10))
    one = describe(Mask((2, 3, 4), np.ones((1, 1, 1), dtype=bool)), volume)
    assert one.long_axis_mm == 0
    assert one.centre_lps_mm == pytest.approx([2, 3, 4])
    assert one.mean == 432
    line = describe(Mask((0, 3, 4), np.ones((1, 1, 10), dtype=bool)), volume)
    assert line.long_axis_mm == pytest.approx(9)


def test_one_image_alone_has_no_volume_but_lengths(make_volume: Make) -> None:
    # 4 cm across, it was said to have less than 0.01 mL.
    volume = make_volume(np.full((1, 60, 60), 40, np.int16))
    drawn = Mask((10, 10, 0), np.ones((1, 41, 41), dtype=bool))
    measured, facts = describe(drawn, volume), label_facts(drawn, volume)
    assert (measured.volume_ml, facts.volume_ml) == (None, None)
    assert measured.long_axis_mm == pytest.approx(40 * 2**0.5)
    assert (measured.mean, facts.mean) == (40.0, 40.0)


def test_the_centre_lies_in_the_mask_even_where_the_mass_does_not(make_volume: Make) -> None:
    volume = make_volume(np.zeros((5, 60, 60), np.int16))
    radius = np.linalg.norm(lps_of(volume)[..., :2] - 30, axis=-1)
    ring = (radius > 18) & (radius < 24)
    measured = describe(mask_where(ring), volume)
    ijk = volume.stack.nearest_ijk(measured.centre_lps_mm)
    assert ijk is not None
    assert ring[ijk[2], ijk[1], ijk[0]]


def test_padding_is_left_out_of_the_mean(make_volume: Make) -> None:
    slices = np.full((2, 4, 4), 100, np.int16)
    slices[0, 0, 0] = -2000
    volume = make_volume(slices, padding=-2000.0)
    measured = describe(Mask((0, 0, 0), np.ones((2, 4, 4), dtype=bool)), volume)
    assert (measured.mean, measured.sd) == (100, 0)


def test_measures_agree_with_another_program(make_volume: Make) -> None:
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 300, (30, 40, 50))
    blob = SimpleITK.GetArrayFromImage(SimpleITK.DiscreteGaussian(SimpleITK.GetImageFromArray(noise), 6.0)) > 5
    slices = noise.astype(np.int16)
    volume = make_volume(slices, spacing=(0.7, 0.9), positions=[[-3, 8, 5 + 1.5 * z] for z in range(30)])
    image = SimpleITK.GetImageFromArray(blob.astype(np.uint8))
    image.SetSpacing((0.7, 0.9, 1.5))
    image.SetOrigin((-3, 8, 5))
    values = SimpleITK.GetImageFromArray(slices.astype(np.float64))
    values.CopyInformation(image)
    shape = SimpleITK.LabelShapeStatisticsImageFilter()
    shape.ComputeFeretDiameterOn()
    shape.Execute(image)
    statistics = SimpleITK.LabelStatisticsImageFilter()
    statistics.Execute(values, image)
    measured = describe(mask_where(blob), volume)
    assert measured.volume_ml * 1000 == pytest.approx(shape.GetPhysicalSize(1))
    assert measured.long_axis_mm == pytest.approx(shape.GetFeretDiameter(1), abs=1e-6)
    assert measured.mean == pytest.approx(statistics.GetMean(1))
    assert measured.sd == pytest.approx(statistics.GetSigma(1), rel=1e-3)


def body(make: Make, **facts: Any) -> Volume:
    volume = make(
        np.full((60, 100, 120), -1000, np.int16), spacing=(3.0, 3.0), positions=[[-180, -150, 5 * z] for z in range(60)]
    )
    slices = np.array(volume.slices)
    slices[:, 20:80, 20:100] = 40
    return make(slices, spacing=(3.0, 3.0), positions=[[-180, -150, 5 * z] for z in range(60)], **facts)


def test_a_place_is_named_from_the_body_and_not_from_the_table_of_voxels(make_volume: Make) -> None:
    chest = body(make_volume, body_part="CHEST")
    assert place_words((80, -60, 250), chest) == "Left, upper, front"
    assert place_words((-80, 60, 30), chest) == "Right, lower, back"
    assert place_words((0, 0, 150), chest) == ""
    assert place_words((80, -60, 250), body(make_volume)) == "Left, front"


def test_no_place_is_named_where_there_is_no_body(make_volume: Make) -> None:
    assert place_words((1, 1, 1), make_volume(np.full((4, 8, 8), -1000, np.int16), body_part="CHEST")) == ""


def test_a_body_of_a_few_millimetres_is_found_too(make_volume: Make) -> None:
    values = np.full((5, 64, 64), -1000, np.int16)
    values[:, 16:48, 8:56] = 40
    bounds = body_bounds(make_volume(values, spacing=(0.05, 0.05)))
    assert bounds is not None
    assert np.ptp(bounds[0]) == pytest.approx(47 * 0.05)
    assert np.ptp(bounds[1]) == pytest.approx(31 * 0.05)


def test_a_body_is_looked_at_whole_though_an_image_in_it_could_not_be_read(make_volume: Make) -> None:
    values = np.full((30, 64, 64), -1000, np.int16)
    values[2:, 16:48, 8:56] = 40
    values[20] = -2024
    bounds = body_bounds(make_volume(values, padding=-2024, spacing=(4.0, 4.0)))
    assert bounds is not None
    assert bounds[2].tolist() == [2.0, 29.0]
    assert bounds[0].tolist() == [8 * 4.0, 55 * 4.0]
