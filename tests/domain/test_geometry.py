"""Where a voxel is in the patient."""

from __future__ import annotations

import numpy as np
import pytest

from viewer.domain.geometry import Grid, SliceStack, direction_letters, position_words


def stack(heights: list[float], *, shear_mm: float = 0.0) -> SliceStack:
    positions = [(-100.0, -90.0 + shear_mm * n, height) for n, height in enumerate(heights)]
    return SliceStack((200, 180), (1.0, 1.0), (1, 0, 0), (0, 1, 0), positions)


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ((1, 0, 0), "L"),
        ((-1, 0, 0), "R"),
        ((0, 1, 0), "P"),
        ((0, 0, 1), "H"),
        ((-0.5, 0.8, 0.3), "PRH"),
        ((0.05, -1, 0), "A"),
    ],
)
def test_letters_name_the_largest_component_first(direction: tuple[float, float, float], letters: str) -> None:
    assert direction_letters(direction) == letters


def test_positions_are_said_as_a_radiologist_says_them() -> None:
    assert position_words(0, -88.0) == "R 88.0 mm"
    assert position_words(2, 9.94) == "H 9.9 mm"


def test_a_grid_finds_its_voxels_again_under_any_rotation() -> None:
    rng = np.random.default_rng(3)
    directions, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    grid = Grid.from_directions(
        (20, 30, 40), origin_lps_mm=(5, -7, 100), spacing_mm=(0.7, 0.8, 2.5), directions=directions
    )
    for ijk in ((0, 0, 0), (19, 29, 39), (3, 14, 22)):
        assert grid.nearest_ijk(grid.lps(ijk)) == ijk
    assert grid.nearest_ijk(grid.lps((20, 0, 0))) is None
    assert grid.spacing_mm == pytest.approx((0.7, 0.8, 2.5))


def test_uneven_slices_weigh_half_the_way_to_both_neighbours() -> None:
    assert stack([0, 4, 8, 15, 22]).slice_weights_mm == pytest.approx([4, 4, 5.5, 7, 7])


def test_tilt_is_told_from_positions_alone() -> None:
    assert stack([0, 5, 10]).tilt_deg == pytest.approx(0)
    assert stack([0, 5, 10], shear_mm=5 * np.tan(np.radians(15))).tilt_deg == pytest.approx(15)


def test_a_point_in_a_tilted_stack_is_in_the_slice_that_really_lies_there() -> None:
    tilted = stack([0, 5, 10], shear_mm=1.5)
    point = tilted.lps((30, 40, 2))
    assert tilted.nearest_ijk(point) == (30, 40, 2)
    assert point == pytest.approx((-70, -90 + 3 + 40, 10))


def test_a_point_beyond_the_last_slice_is_outside() -> None:
    assert stack([0, 5, 10]).nearest_ijk((0, 0, 12.4)) == (100, 90, 2)
    assert stack([0, 5, 10]).nearest_ijk((0, 0, 12.6)) is None
    # An uneven end: half of the gap on that side counts.
    assert stack([0, 4, 14]).nearest_ijk((0, 0, 8.9)) == (100, 90, 1)
    assert stack([0, 4, 14]).nearest_ijk((0, 0, 18.9)) == (100, 90, 2)


@pytest.mark.parametrize("height", [8, 10, 12.4, 12.6, 14, 17])
def test_where_a_slice_is_missing_there_is_no_voxel_of_its_neighbours(height: float) -> None:
    assert stack([0, 5, 20, 25]).nearest_ijk((0, 0, height)) is None


def test_slices_beside_missing_ones_reach_half_way_to_them() -> None:
    assert stack([0, 5, 20, 25]).nearest_ijk((0, 0, 7.4)) == (100, 90, 1)
    assert stack([0, 5, 20, 25]).nearest_ijk((0, 0, 17.6)) == (100, 90, 2)


def test_a_single_slice_has_voxels_in_its_own_plane_alone() -> None:
    assert stack([5]).nearest_ijk((0, 0, 5.4)) == (100, 90, 0)
    for height in (4.4, 5.6, 300):
        assert stack([5]).nearest_ijk((0, 0, height)) is None


def test_a_pixel_of_a_shrunk_stack_lies_in_the_middle_of_those_it_is_the_mean_of() -> None:
    positions = [(-100.0, -90.0, 0.0), (-100.0, -88.5, 5.0)]
    whole = SliceStack((9, 7), (0.5, 0.8), (0, 1, 0), (-1, 0, 0), positions)
    small = whole.shrunk(2)
    assert small.size_ij == (4, 3)
    for i, j, k in ((0, 0, 0), (3, 2, 1)):
        middle = np.mean([whole.lps((2 * i + di, 2 * j + dj, k)) for di in (0, 1) for dj in (0, 1)], axis=0)
        assert small.lps((i, j, k)) == pytest.approx(middle)


def test_the_grid_of_a_stack_goes_through_its_first_and_last_slice() -> None:
    tilted = stack([0, 5, 10], shear_mm=1.5)
    for k in (0, 2):
        assert tilted.as_grid().lps((30, 40, k)) == pytest.approx(tilted.lps((30, 40, k)))


def test_a_volume_is_looked_at_first_on_the_slice_in_the_middle_of_its_height_though_more_lie_on_one_side() -> None:
    assert stack([0, 1, 2, 3, 4, 5, 20, 40]).middle_slice == 6


@pytest.mark.parametrize(("turned_rad", "axes"), [(0.001, (0, 1, 2)), (0.005, None)])
def test_a_grid_runs_along_the_axes_of_the_patient_only_where_no_corner_lies_a_quarter_of_a_voxel_aside(
    turned_rad: float, axes: tuple[int, int, int] | None
) -> None:
    cos, sin = np.cos(turned_rad), np.sin(turned_rad)
    grid = Grid.from_directions(
        (100, 100, 50),
        origin_lps_mm=(0, 0, 0),
        spacing_mm=(1.0, 1.0, 1.0),
        directions=[(cos, -sin, 0), (sin, cos, 0), (0, 0, 1)],
    )
    assert grid.lps_axes == axes
