from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from attrs import evolve

from viewer.analysis.measure import body_bounds, describe, label_facts, place_words, within_body_mm
from viewer.domain.geometry import Verdict
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
    # Of two it is known how far they lie apart.
    volume = make_volume(np.full((2, 60, 60), 40, np.int16), positions=[[0, 0, 0], [0, 0, 3]])
    measured, facts = describe(drawn, volume), label_facts(drawn, volume)
    assert measured.volume_ml == facts.volume_ml == pytest.approx(41 * 41 * 3 / 1000)


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


@pytest.mark.parametrize("shear", [0.0, 0.3])
def test_lengths_centre_and_bounds_are_those_of_the_definition_for_masks_of_any_shape(
    make_volume: Make, shear: float
) -> None:
    """Voxel by voxel: in uneven gaps, tilted slices, and with slices, holes and islands of any kind."""
    rng = np.random.default_rng(11)
    heights = np.cumsum(rng.choice([1.5, 3.0, 4.5], 9))
    positions = np.stack([3 + 0 * heights, shear * heights - 7, heights], axis=1)
    volume = make_volume(np.zeros((9, 12, 10), np.int16), positions=positions, spacing=(0.7, 0.9))
    places = lps_of(volume)
    steps = np.diff(positions, axis=0) / 2
    faces = -np.concatenate([steps[:1], steps]), np.concatenate([steps, steps[-1:]])
    length_mm = (faces[1] - faces[0]) @ volume.stack.normal
    for share in (0.005, 0.02, 0.1, 0.5, 0.95) * 6:
        inside = rng.random(volume.slices.shape) < share
        inside[rng.random(9) < 0.4] = False
        inside[rng.integers(9), rng.integers(12), rng.integers(10)] = True
        measured = describe(mask_where(inside), volume)
        points, slices = places[inside], np.nonzero(inside)[0]
        apart = np.linalg.norm(points[:, None] - points, axis=2)
        assert measured.long_axis_mm == pytest.approx(apart.max())
        assert np.linalg.norm(np.diff(measured.long_axis_lps_mm, axis=0)) == pytest.approx(apart.max())
        middle = np.average(points, axis=0, weights=length_mm[slices])
        away = np.linalg.norm(points - middle, axis=1)
        assert np.linalg.norm(measured.centre_lps_mm - middle) == pytest.approx(away.min())
        assert np.abs(points - measured.centre_lps_mm).sum(axis=1).min() < 1e-9
        corners = [
            points + (di, dj, 0.0) + face[slices] for di in (-0.35, 0.35) for dj in (-0.45, 0.45) for face in faces
        ]
        assert measured.bounds_lps_mm == pytest.approx(
            np.stack([np.min(corners, axis=(0, 1)), np.max(corners, axis=(0, 1))], axis=1)
        )
        assert measured.volume_ml == pytest.approx(length_mm[slices].sum() * 0.63 / 1000)


@pytest.mark.parametrize("what", ["a needle", "a sheet", "a ragged image"])
def test_what_is_long_thin_or_ragged_is_measured_from_end_to_end(make_volume: Make, what: str) -> None:
    """So many ends of rows that only corners of their hull are looked at, which may be flat or a line."""
    volume = make_volume(
        np.zeros((230, 300, 16), np.int16), spacing=(0.5, 0.5), positions=[[0.2 * k, 0, k] for k in range(230)]
    )
    inside, rng = np.zeros(volume.slices.shape, dtype=bool), np.random.default_rng(2)
    if what == "a needle":
        inside[5:, 20, 3] = True
    elif what == "a sheet":
        inside[5:215, 20:60:4, 3] = True
    else:
        inside[7] = rng.random((300, 16)) < 0.3
    points = volume.stack.lps(np.argwhere(inside)[:, ::-1].astype(float))
    # Of all pairs, those whose ends lie farthest out in one of many directions: one of them is the longest.
    ways = rng.normal(size=(500, 3))
    ends = np.unique(np.concatenate([(points @ ways.T).argmax(axis=0), (points @ ways.T).argmin(axis=0)]))
    longest = np.linalg.norm(points[ends][:, None] - points[ends], axis=2).max()
    measured = describe(mask_where(inside), volume)
    assert measured.long_axis_mm == pytest.approx(longest, abs=1e-3)


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


@pytest.mark.parametrize(
    ("axis", "share", "words"),
    [
        *((0, share, words) for share, words in ((0.049, ""), (0.051, "Left"), (-0.049, ""), (-0.051, "Right"))),
        *((1, share, words) for share, words in ((0.099, ""), (0.101, "Back"), (-0.099, ""), (-0.101, "Front"))),
        *((2, share, words) for share, words in ((0.099, ""), (0.101, "Upper"), (-0.099, ""), (-0.101, "Lower"))),
    ],
)
def test_near_the_middle_of_the_body_no_side_is_named(make_volume: Make, axis: int, share: float, words: str) -> None:
    chest = body(make_volume, body_part="CHEST")
    bounds = body_bounds(chest)
    assert bounds is not None
    place = bounds.mean(axis=1)
    place[axis] += share * np.ptp(bounds[axis])
    assert place_words(place, chest) == words


def test_no_side_is_named_of_a_part_of_a_body_or_of_what_cannot_be_trusted(make_volume: Make) -> None:
    def named(columns: int, rows: int, slices: int = 20, **facts: Any) -> str:
        values = np.full((slices, 60, 60), -1000, np.int16)
        values[:, 30 - rows // 2 : 30 + rows // 2, 30 - columns // 2 : 30 + columns // 2] = 40
        positions = [[0, 0, 5.0 * k] for k in range(slices)]
        volume = make_volume(values, spacing=(2.0, 2.0), positions=positions, body_part="HEAD", **facts)
        bounds = body_bounds(volume)
        assert bounds is not None
        return place_words(bounds @ (0.1, 0.9), volume)

    assert named(40, 40) == "Left, upper, back"
    # A wrist, a finger and a slab of a few centimetres.
    assert named(26, 40) == named(40, 26) == ""
    assert named(40, 40, slices=12) == "Left, back"
    assert named(40, 40, verdict=Verdict.UNTRUSTED) == ""
    assert place_words((80, -60, 250), evolve(body(make_volume), unit="GML")) == ""


def test_a_body_reaches_as_far_beyond_what_was_seen_of_it_whichever_way_rows_and_columns_run(make_volume: Make) -> None:
    values = np.zeros((80, 200, 100), np.int16)
    there = within_body_mm(make_volume(values, spacing=(0.8, 1.3)).stack)
    for row, column in (((-1, 0, 0), (0, 1, 0)), ((1, 0, 0), (0, -1, 0)), ((-1, 0, 0), (0, -1, 0))):
        turned = make_volume(values, spacing=(0.8, 1.3), row=row, column=column)
        assert within_body_mm(turned.stack) == pytest.approx(there)
    # Every second column, every third row, and every second image.
    assert there == pytest.approx((1.6, 3.9, 2.0))


def test_padding_is_no_body_however_dense_it_would_be(make_volume: Make) -> None:
    values = np.full((5, 64, 64), 0, np.int16)
    values[:, 4:60, 4:60] = -1000
    values[:, 16:48, 8:56] = 40
    bounds = body_bounds(make_volume(values, spacing=(4.0, 4.0), padding=0))
    assert bounds is not None
    assert (bounds[0].tolist(), bounds[1].tolist()) == ([32.0, 220.0], [64.0, 188.0])


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
