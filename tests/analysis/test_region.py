"""Regions on phantoms whose every value is known, in every way that slices can lie."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.tilted_series import tilted_stack
from viewer.analysis.region import region_values
from viewer.analysis.regrid import regridded
from viewer.domain.geometry import PLANE_AXES, PlaneName, SliceStack, Verdict
from viewer.domain.job import JobContext
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.view_state import as_point
from viewer.domain.volume import SeriesFacts, Volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from viewer.domain.measured import RegionValues

DISC_HU, AROUND_HU = 62.0, -100.0
TILT = math.radians(30)


def region(
    kind: MeasurementKind, centre: ArrayLike, width: float, height: float, right: ArrayLike, down: ArrayLike
) -> Measurement:
    r, d = np.asarray(right, dtype=float), np.asarray(down, dtype=float)
    half = width / 2 * r + height / 2 * d
    corners = (as_point(np.asarray(centre) - half), as_point(np.asarray(centre) + half))
    normal = np.cross(r, d)
    plane = max(PlaneName, key=lambda name: abs(float(PLANE_AXES[name].into @ normal)))
    return Measurement("m", kind, corners, plane, as_point(r), as_point(d))


def on(plane: PlaneName, kind: MeasurementKind, centre: ArrayLike, width: float, height: float) -> Measurement:
    return region(kind, centre, width, height, PLANE_AXES[plane].right, PLANE_AXES[plane].down)


def ball(stack: SliceStack, centre: ArrayLike, radius_mm: float) -> Any:
    """Values of a ball in slices that may lie in any way: its own inside, another outside."""
    k, j, i = np.indices(stack.shape_kji)
    points = (
        stack.positions_lps_mm[k]
        + i[..., None] * stack.pixel_spacing_mm[0] * stack.row_direction
        + j[..., None] * stack.pixel_spacing_mm[1] * stack.column_direction
    )
    inside = np.linalg.norm(points - np.asarray(centre), axis=-1) <= radius_mm
    return np.where(inside, DISC_HU, AROUND_HU).astype(np.int16)


def volume_of(stack: SliceStack, values: Any, **facts: Any) -> Volume:
    return Volume(SeriesFacts("1.2.3"), values, stack, values, stack.as_grid(), **facts)


def brute(volume: Volume, measured: Measurement, k: int) -> list[float]:
    """Pixels of one slice within a region, one after another."""
    stack, found = volume.stack, []
    width, height = measured.size_mm
    for j in range(stack.size_ij[1]):
        for i in range(stack.size_ij[0]):
            away = stack.lps((i, j, k)) - np.asarray(measured.centre_lps_mm)
            x, y = float(away @ measured.right), float(away @ measured.down)
            if measured.kind is MeasurementKind.ELLIPSE:
                inside = (2 * x / width) ** 2 + (2 * y / height) ** 2 <= 1
            else:
                inside = abs(x) <= width / 2 and abs(y) <= height / 2
            if inside:
                found.append(float(volume.slices[k, j, i]))
    return found


def same(values: RegionValues, expected: list[float]) -> None:
    assert values.count == len(expected) > 20
    assert values.mean == pytest.approx(np.mean(expected))
    assert values.sd == pytest.approx(np.std(expected))
    assert (values.least, values.most) == (min(expected), max(expected))


OBLIQUE = SliceStack(
    (60, 50),
    (0.7, 1.3),
    (math.cos(TILT), math.sin(TILT), 0.0),
    (-math.sin(TILT), math.cos(TILT), 0.0),
    np.array([(-10.0, -40.0, 3.0 * k) for k in range(12)]),
)


def test_a_disc_within_a_ball_has_its_value_and_no_spread_and_the_area_that_was_drawn() -> None:
    stack = SliceStack((80, 70), (0.8, 1.2), (1, 0, 0), (0, 1, 0), [(-30.0, -40.0, 5.0 * k) for k in range(9)])
    centre = np.array([2.0, 3.0, 20.0])
    volume = volume_of(stack, ball(stack, centre, 15.0))
    disc = on(PlaneName.AXIAL, MeasurementKind.ELLIPSE, centre, 24.0, 24.0)
    values = region_values(disc, volume)
    assert (values.mean, values.sd, values.least, values.most) == (DISC_HU, 0.0, DISC_HU, DISC_HU)
    assert disc.area_mm2 == pytest.approx(math.pi * 144)
    # As many pixels as the area holds: one stands for 0.96 mm².
    assert values.count == pytest.approx(disc.area_mm2 / 0.96, rel=0.02)
    assert not values.interpolated


def test_half_within_half_without_has_the_mean_of_both() -> None:
    stack = SliceStack((80, 70), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(-40.0, -35.0, 2.0 * k) for k in range(5)])
    k, _, i = np.indices(stack.shape_kji)
    volume = volume_of(stack, np.where(i < 40, 100, 0).astype(np.int16) + (k * 0).astype(np.int16))
    box = on(PlaneName.AXIAL, MeasurementKind.RECTANGLE, (-0.5, 0.5, 4.0), 20.0, 10.0)
    values = region_values(box, volume)
    assert values.mean == pytest.approx(50.0)
    assert values.sd == pytest.approx(50.0)
    assert values.count == 200


@pytest.mark.parametrize("kind", [MeasurementKind.ELLIPSE, MeasurementKind.RECTANGLE])
def test_pixels_of_slices_turned_in_their_plane_are_counted_one_by_one(kind: MeasurementKind) -> None:
    values = np.random.default_rng(1).integers(-900, 900, OBLIQUE.shape_kji).astype(np.int16)
    volume = volume_of(OBLIQUE, values)
    measured = region(kind, OBLIQUE.lps((30, 25, 7)), 20.0, 13.0, (1, 0, 0), (0, 1, 0))
    same(region_values(measured, volume), brute(volume, measured, 7))


@pytest.mark.parametrize("plane", [PlaneName.CORONAL, PlaneName.SAGITTAL])
def test_other_planes_of_a_regular_series_count_its_own_voxels(plane: PlaneName) -> None:
    stack = SliceStack((40, 36), (0.8, 1.2), (1, 0, 0), (0, 1, 0), [(-16.0, -20.0, 2.5 * k) for k in range(30)])
    values = np.random.default_rng(2).integers(-900, 900, stack.shape_kji).astype(np.int16)
    volume = volume_of(stack, values)
    centre = stack.lps((20, 18, 15)) + (0.3, 0.4, 0.0)
    measured = on(plane, MeasurementKind.RECTANGLE, centre, 10.0, 22.0)
    found = region_values(measured, volume)
    if plane is PlaneName.CORONAL:
        i = [n for n in range(40) if abs(-16.0 + 0.8 * n - centre[0]) <= 5]
        k = [n for n in range(30) if abs(2.5 * n - centre[2]) <= 11]
        expected = values[np.ix_(k, [18], i)]
    else:
        j = [n for n in range(36) if abs(-20.0 + 1.2 * n - centre[1]) <= 5]
        k = [n for n in range(30) if abs(2.5 * n - centre[2]) <= 11]
        expected = values[np.ix_(k, j, [20])]
    same(found, [float(v) for v in expected.ravel()])
    assert not found.interpolated


@pytest.mark.parametrize("kind", [MeasurementKind.ELLIPSE, MeasurementKind.RECTANGLE])
def test_tilted_slices_as_acquired_count_their_own_pixels(kind: MeasurementKind) -> None:
    stack = tilted_stack(size=(50, 44))
    values = np.random.default_rng(4).integers(-900, 900, stack.shape_kji).astype(np.int16)
    volume = regridded(volume_of(stack, values, verdict=Verdict.RESAMPLED), JobContext())
    for k in range(stack.count):
        measured = region(kind, stack.lps((25, 20, k)), 17.1, 12.4, stack.row_direction, stack.column_direction)
        found = region_values(measured, volume)
        same(found, brute(volume, measured, k))
        assert not found.interpolated


def test_where_slices_lie_a_little_unevenly_an_image_has_its_own_values_and_other_planes_say_that_they_are_mixed() -> (
    None
):
    heights = [0.0, 6.08, 11.75, 16.96]
    stack = SliceStack((40, 36), (0.8, 1.2), (1, 0, 0), (0, 1, 0), [(-16.0, -20.0, z) for z in heights])
    values = np.random.default_rng(6).integers(-900, 900, stack.shape_kji).astype(np.int16)
    volume = regridded(volume_of(stack, values, verdict=Verdict.RESAMPLED), JobContext())
    for k in range(stack.count):
        measured = on(PlaneName.AXIAL, MeasurementKind.ELLIPSE, stack.lps((20, 18, k)), 17.1, 12.4)
        found = region_values(measured, volume)
        same(found, brute(volume, measured, k))
        assert not found.interpolated
    measured = on(PlaneName.CORONAL, MeasurementKind.RECTANGLE, stack.lps((20, 18, 2)), 10.0, 12.0)
    assert region_values(measured, volume).interpolated


def test_a_plane_through_tilted_slices_is_interpolated_and_says_so() -> None:
    stack = tilted_stack(gaps_mm=[2.0] * 19, size=(80, 80))
    middle = stack.lps((40, 40, 10))
    volume = regridded(volume_of(stack, ball(stack, middle, 16.0), verdict=Verdict.RESAMPLED), JobContext())
    within = region_values(on(PlaneName.AXIAL, MeasurementKind.ELLIPSE, middle, 20.0, 20.0), volume)
    assert within.interpolated
    assert within.mean == pytest.approx(DISC_HU)
    assert within.sd == pytest.approx(0.0, abs=1e-6)
    around = on(PlaneName.AXIAL, MeasurementKind.ELLIPSE, middle, 40.0, 40.0)
    share = 16.0**2 / 20.0**2
    expected = share * DISC_HU + (1 - share) * AROUND_HU
    assert region_values(around, volume).mean == pytest.approx(expected, abs=6)


def test_a_plane_through_a_series_turned_in_space_samples_what_lies_there() -> None:
    turn = math.radians(25)
    rows, columns = np.array([1.0, 0, 0]), np.array([0.0, math.cos(turn), math.sin(turn)])
    normal = np.cross(rows, columns)
    stack = SliceStack((60, 60), (1.0, 1.0), rows, columns, np.arange(40)[:, None] * normal - 30 * rows - 30 * columns)
    k, j, i = np.indices(stack.shape_kji)
    points = stack.positions_lps_mm[k] + i[..., None] * rows + j[..., None] * columns
    # A ramp along the patient's height: linear interpolation is exact.
    volume = volume_of(stack, (10 * points[..., 2]).astype(np.float32))
    middle = stack.lps((30, 30, 20))
    measured = on(PlaneName.CORONAL, MeasurementKind.RECTANGLE, middle, 10.0, 12.0)
    values = region_values(measured, volume)
    assert values.interpolated
    assert values.mean == pytest.approx(10 * middle[2], abs=1e-3)
    assert values.most == pytest.approx(10 * (middle[2] + 6), abs=1e-3)


@pytest.mark.parametrize("kind", [MeasurementKind.RECTANGLE, MeasurementKind.ELLIPSE])
@pytest.mark.parametrize(("wide", "high"), [(4.0, 4.0), (2.0, 6.0), (14.0, 3.0)])
def test_a_small_region_between_voxels_has_the_spread_and_the_ends_of_what_it_encloses(
    kind: MeasurementKind, wide: float, high: float
) -> None:
    # Pixels are nearly as large as the region, and slices lie close together.
    stack = SliceStack((30, 30), (2.8, 2.8), (1, 0, 0), (0, 1, 0), [(-40.0, -40.0, 0.4 * k) for k in range(100)])
    k, _, i = np.indices(stack.shape_kji)
    values = (50 * 0.4 * k + 10 * 2.8 * i).astype(np.float32)
    turn = math.radians(20)
    right, down = (math.cos(turn), math.sin(turn), 0.0), (0.0, 0.0, -1.0)
    drawn = region(kind, (1.3, 0.9, 20.1), wide, high, right, down)
    measured = region_values(drawn, volume_of(stack, values))
    across, up = 10 * math.cos(turn) * wide / 2, 50 * high / 2
    spread = math.hypot(across, up) / (math.sqrt(3) if kind is MeasurementKind.RECTANGLE else 2)
    farthest = across + up if kind is MeasurementKind.RECTANGLE else math.hypot(across, up)
    middle = 50 * 20.1 + 10 * (1.3 + 40)
    assert measured.interpolated
    assert measured.mean == pytest.approx(middle, abs=0.5)
    assert measured.sd == pytest.approx(spread, rel=0.05)
    assert measured.least == pytest.approx(middle - farthest, abs=0.05 * farthest)
    assert measured.most == pytest.approx(middle + farthest, abs=0.05 * farthest)


def test_padding_is_not_counted(make_volume: Callable[..., Volume]) -> None:
    slices = np.full((3, 40, 40), 20, dtype=np.int16)
    slices[:, :, 20:] = -2000
    volume = make_volume(slices, padding=-2000.0)
    values = region_values(on(PlaneName.AXIAL, MeasurementKind.RECTANGLE, (19.5, 20.0, 1.0), 20.0, 10.0), volume)
    assert (values.mean, values.least, values.count) == (20.0, 20.0, 110)
    nothing = region_values(on(PlaneName.AXIAL, MeasurementKind.ELLIPSE, (30.0, 20.0, 1.0), 8.0, 8.0), volume)
    assert (nothing.mean, nothing.count) == (None, 0)


def test_interpolated_values_leave_out_what_is_mixed_with_padding() -> None:
    stack = tilted_stack(gaps_mm=[2.0] * 19, size=(80, 80))
    values = np.full(stack.shape_kji, 20, dtype=np.int16)
    values[:, :, 40:] = -2000
    volume = regridded(volume_of(stack, values, verdict=Verdict.RESAMPLED, padding=-2000.0), JobContext())
    middle = stack.lps((40, 40, 10))
    found = region_values(on(PlaneName.AXIAL, MeasurementKind.RECTANGLE, middle, 20.0, 10.0), volume)
    assert found.least == pytest.approx(20.0)
    assert found.most == pytest.approx(20.0)


def test_what_reaches_beyond_the_image_counts_what_is_there(make_volume: Callable[..., Volume]) -> None:
    volume = make_volume(np.full((3, 20, 20), 7, dtype=np.int16))
    values = region_values(on(PlaneName.AXIAL, MeasurementKind.RECTANGLE, (0.0, 0.0, 1.0), 10.0, 10.0), volume)
    assert (values.mean, values.count) == (7.0, 36)


def test_nothing_is_measured_where_the_geometry_is_not_trusted(make_volume: Callable[..., Volume]) -> None:
    volume = make_volume(np.zeros((3, 20, 20), dtype=np.int16), verdict=Verdict.UNTRUSTED)
    with pytest.raises(ValueError, match="no region"):
        region_values(on(PlaneName.AXIAL, MeasurementKind.RECTANGLE, (9.0, 9.0, 1.0), 5.0, 5.0), volume)


def outlined(plane: PlaneName, corners_mm: ArrayLike, origin: ArrayLike) -> Measurement:
    axes = PLANE_AXES[plane]
    corners = np.asarray(corners_mm, dtype=float)
    points = np.asarray(origin) + corners[:, :1] * axes.right + corners[:, 1:] * axes.down
    kind = MeasurementKind.FREEHAND
    return Measurement("m", kind, tuple(map(as_point, points)), plane, as_point(axes.right), as_point(axes.down))


def times_around(corners: ArrayLike, places: Any) -> Any:
    """How often a line goes around each place, by the angles under which its sides are seen."""
    seen = np.asarray(corners)[None] - np.asarray(places)[:, None]
    bearing = np.arctan2(seen[..., 1], seen[..., 0])
    turned = (np.roll(bearing, -1, axis=1) - bearing + np.pi) % (2 * np.pi) - np.pi
    return np.rint(turned.sum(axis=1) / (2 * np.pi)).astype(int)


def wobbly(seed: int, *, crossing: bool) -> Any:
    chance = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, 37, endpoint=False)
    corners = chance.uniform(8, 22, 37)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return chance.permutation(corners)[:15] if crossing else corners


@pytest.mark.parametrize("crossing", [False, True], ids=["simple", "crossing itself"])
@pytest.mark.parametrize("plane", PlaneName)
@pytest.mark.parametrize("seed", range(4))
def test_a_freehand_region_counts_exactly_the_voxels_whose_centres_a_line_goes_around(
    plane: PlaneName, seed: int, crossing: bool
) -> None:
    stack = SliceStack((80, 70), (0.8, 1.2), (1, 0, 0), (0, 1, 0), [(-32.0, -42.0, 1.5 * k) for k in range(60)])
    chance = np.random.default_rng(100 + seed)
    volume = volume_of(stack, chance.integers(-200, 400, stack.shape_kji).astype(np.int16))
    origin = np.asarray(stack.lps((40, 35, 30))) + 0.137
    corners = wobbly(seed, crossing=crossing)
    values = region_values(outlined(plane, corners, origin), volume)

    axes = PLANE_AXES[plane]
    k, j, i = np.indices(stack.shape_kji)
    layer = {PlaneName.AXIAL: k == 30, PlaneName.CORONAL: j == 35, PlaneName.SAGITTAL: i == 40}[plane]
    away = stack.lps(np.stack([i[layer], j[layer], k[layer]], axis=1)) - origin
    around = times_around(corners, np.stack([away @ axes.right, away @ axes.down], axis=1))
    odd = around % 2 == 1 if not crossing else crossings_are_odd(corners, away @ axes.right, away @ axes.down)
    same(values, volume.slices[layer][odd].astype(float).tolist())
    if not crossing:
        assert (around != 0).sum() == values.count


def crossings_are_odd(corners: ArrayLike, x: Any, y: Any) -> Any:
    """Even-odd by a slanted ray, one place after another."""
    found = []
    ray = np.array([math.cos(0.3), math.sin(0.3)])
    ends = list(zip(np.asarray(corners), np.roll(np.asarray(corners), -1, axis=0), strict=True))
    for place in zip(x.tolist(), y.tolist(), strict=True):
        sides = [
            (float(np.dot((a - place), (-ray[1], ray[0]))), float(np.dot((b - place), (-ray[1], ray[0])))) + (a, b)
            for a, b in ends
        ]
        crossed = 0
        for one, other, a, b in sides:
            if (one < 0) != (other < 0):
                crossed += float(np.dot(a + one / (one - other) * (b - a) - place, ray)) > 0
        found.append(crossed % 2 == 1)
    return np.array(found)


def test_a_circle_drawn_by_hand_within_a_ball_has_its_value_and_the_area_of_its_corners() -> None:
    stack = SliceStack((80, 70), (0.8, 1.2), (1, 0, 0), (0, 1, 0), [(-30.0, -40.0, 5.0 * k) for k in range(9)])
    centre = np.array([2.0, 3.0, 20.0])
    volume = volume_of(stack, ball(stack, centre, 15.0))
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    disc = outlined(PlaneName.AXIAL, 12 * np.stack([np.cos(turn), np.sin(turn)], axis=1), centre)
    values = region_values(disc, volume)
    assert (values.mean, values.sd, values.least, values.most) == (DISC_HU, 0.0, DISC_HU, DISC_HU)
    assert disc.area_mm2 == pytest.approx(60 / 2 * 144 * math.sin(2 * math.pi / 60), rel=1e-12)
    assert values.count == pytest.approx(disc.area_mm2 / 0.96, rel=0.02)


def test_on_a_plane_between_voxels_a_freehand_region_is_interpolated_and_says_so() -> None:
    stack = SliceStack((80, 70), (0.8, 1.2), (1, 0, 0), (0, 1, 0), [(-30.0, -40.0, 2.0 * k) for k in range(30)])
    k, j, i = np.indices(stack.shape_kji)
    volume = volume_of(stack, (3 * i + 2 * j - 4 * k).astype(np.int16))
    right = np.array([math.cos(0.4), 0.0, math.sin(0.4)])
    down = np.array([0.0, 1.0, 0.0])
    origin = np.asarray(stack.lps((40, 35, 15)))
    corners = np.array([(-9.0, -7.0), (9.0, -7.0), (9.0, 7.0), (-9.0, 7.0)])
    points = origin + corners[:, :1] * right + corners[:, 1:] * down
    kind = MeasurementKind.FREEHAND
    box = Measurement("m", kind, tuple(map(as_point, points)), PlaneName.AXIAL, as_point(right), as_point(down))
    values = region_values(box, volume)
    assert values.interpolated
    assert values.mean == pytest.approx(float(3 * 40 + 2 * 35 - 4 * 15), abs=0.5)


@pytest.mark.parametrize("spin", [0.4, math.pi / 2, math.pi])
@pytest.mark.parametrize("share", [0.5, 0.3])
def test_on_a_turned_plane_between_two_slices_the_values_are_those_that_it_shows(spin: float, share: float) -> None:
    # Turned planes are not drawn onto the nearest slice: they show what lies between, here of air and of bone.
    stack = SliceStack((40, 40), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 5.0 * k) for k in range(6)])
    values = np.full(stack.shape_kji, -1000, dtype=np.int16)
    values[3:] = 1000
    right, down = (math.cos(spin), math.sin(spin), 0.0), (-math.sin(spin), math.cos(spin), 0.0)
    drawn = region(MeasurementKind.ELLIPSE, (20.0, 20.0, 10.0 + 5 * share), 8.0, 6.0, right, down)
    measured = region_values(drawn, volume_of(stack, values))
    assert measured.mean == pytest.approx(-1000 + 2000 * share)
    assert measured.interpolated
    on_slice = region(MeasurementKind.ELLIPSE, (20.0, 20.0, 15.0), 8.0, 6.0, right, down)
    measured = region_values(on_slice, volume_of(stack, values))
    assert (measured.mean, measured.interpolated) == (1000.0, False)


@pytest.mark.parametrize("share", [0.5, 0.3])
def test_between_two_slices_that_are_turned_in_their_plane_the_values_are_those_that_the_plane_shows(
    share: float,
) -> None:
    # As where a plane was turned: no standard plane runs along such voxels, and each is cut through them.
    values = np.full(OBLIQUE.shape_kji, -1000, dtype=np.int16)
    values[6:] = 1000
    shown, centre = volume_of(OBLIQUE, values), np.asarray(OBLIQUE.lps((30, 25, 5 + share)))
    measured = region_values(on(PlaneName.AXIAL, MeasurementKind.ELLIPSE, centre, 8.0, 6.0), shown)
    assert measured.mean == pytest.approx(-1000 + 2000 * share)
    assert measured.interpolated


@pytest.mark.parametrize("spacing", [(0.7, 0.7), (0.9765625, 0.8), (0.3, 1.1)])
@pytest.mark.parametrize("seed", range(6))
def test_a_region_set_by_keys_from_voxel_to_voxel_holds_both_and_all_between(
    spacing: tuple[float, float], seed: int
) -> None:
    # Enter sets points at the crosshair, which stands in the middle of voxels: the line goes through others' middles.
    rng = np.random.default_rng(seed)
    first = np.round(rng.uniform(-300, 300, 3), 3)
    stack = SliceStack((60, 60), spacing, (1, 0, 0), (0, 1, 0), [first + (0, 0, 2.5 * k) for k in range(4)])
    volume = volume_of(stack, rng.integers(-100, 100, stack.shape_kji).astype(np.int16))
    (i, j), (wide, high) = rng.integers(2, 12, 2).tolist(), rng.integers(2, 20, 2).tolist()

    def of(kind: MeasurementKind, *corners: tuple[int, int]) -> int:
        points = tuple(as_point(stack.lps((column, row, 1))) for column, row in corners)
        drawn = Measurement("m", kind, points, PlaneName.AXIAL, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
        return region_values(drawn, volume).count

    ends = ((i, j), (i + wide, j + high))
    assert of(MeasurementKind.RECTANGLE, *ends) == (wide + 1) * (high + 1)
    round_ = ((i, j), (i + 2 * wide, j + 2 * high))
    column, row = np.meshgrid(np.arange(-wide, wide + 1), np.arange(-high, high + 1))
    within = (column / wide) ** 2 + (row / high) ** 2 <= 1 + 1e-9
    assert of(MeasurementKind.ELLIPSE, *round_) == int(within.sum())
    # Of two outlines that share a side exactly one holds what lies on it.
    left = ((i, j), (i + wide, j), (i + wide, j + high), (i, j + high))
    right = tuple((column + wide, row) for column, row in left)
    assert of(MeasurementKind.FREEHAND, *left) == of(MeasurementKind.FREEHAND, *right) == wide * high
