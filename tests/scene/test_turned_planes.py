"""Planes turned about the crosshair show what lies under them, and stay where the crosshair is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from attrs import evolve

from tests.scene.test_contours import ball, mask_of
from viewer.domain.geometry import PLANE_AXES, Grid, PlaneName, direction_letters
from viewer.domain.plane_turn import about, angle_rad, followed_by, rotated, turn_between
from viewer.domain.view_between import between
from viewer.domain.view_state import Interpolation, ViewState, as_point, overview
from viewer.domain.volume import Volume
from viewer.scene.acquired import scrolled_cursor, shown_axes, viewport_geometry
from viewer.scene.contours import Outlines
from viewer.scene.missing_places import missing_areas
from viewer.scene.planes import PlaneRenderer
from viewer.scene.turned_planes import shown_steps, turned_about
from viewer.scene.window_table import grey_of

Make = Callable[..., Volume]


@pytest.fixture
def ramp(volume_of: Make) -> Volume:
    """Return a volume, 80 × 78 × 76 mm, whose values are linear in LPS, so that interpolating them is exact."""
    grid = Grid.from_directions((40, 52, 19), origin_lps_mm=(-30, -50, 10), spacing_mm=(2.0, 1.5, 4.0))
    points = grid.lps(np.stack(np.meshgrid(*(np.arange(n) for n in grid.size_ijk), indexing="ij"), axis=-1))
    values = (points @ [7.0, 11.0, 13.0]).transpose(2, 1, 0).astype(np.float32)
    return volume_of(np.ascontiguousarray(values), grid)


def view_of(volume: Volume) -> ViewState:
    return overview("1.2.3", volume.grid, window_centre=300, window_width=3000)


def normals(state: ViewState, volume: Volume) -> np.ndarray:
    return np.stack([shown_axes(volume, state, name).into for name in PlaneName])


@pytest.mark.parametrize(
    ("about_plane", "shown"), [pair for pair in product(PlaneName, PlaneName) if set(pair) != {PlaneName.SAGITTAL}]
)
@pytest.mark.parametrize("slab_mm", [0.0, 5.0])
def test_each_pixel_has_the_value_of_its_place(
    ramp: Volume, about_plane: PlaneName, shown: PlaneName, slab_mm: float
) -> None:
    state = turned_about(view_of(ramp), about_plane, math.radians(27))
    state = turned_about(evolve(state, slab_mm=slab_mm), PlaneName.SAGITTAL, math.radians(-11))
    pixels = PlaneRenderer().render(ramp, state, shown, 60, 44).pixels
    geometry = viewport_geometry(ramp, state, shown, 60, 44)
    seen = 0
    for row, column in product((14, 20, 22, 30), (18, 29, 30, 41)):
        point = np.asarray(geometry.lps_from_screen(column + 0.5, row + 0.5))
        place = ramp.grid.ijk(point)
        inside = all(2 < p < n - 3 for p, n in zip(place, ramp.grid.size_ijk, strict=True))
        # The brightest of a slab lies at one of its faces, as values are linear.
        deeper = abs(float(geometry.axes.into @ [7.0, 11.0, 13.0])) * slab_mm / 2
        expected = grey_of(float(point @ [7.0, 11.0, 13.0]) + deeper, centre=300, width=3000)
        if inside:
            assert abs(int(pixels[row, column] & 255) - expected) <= 1.01
            seen += 1
    assert seen >= 6


def test_turning_leaves_the_plane_itself_and_the_crosshair_s_place_in_the_others(ramp: Volume) -> None:
    before = view_of(ramp)
    cursor = (5.0, -20.0, 30.0)
    before = evolve(before, cursor_lps_mm=cursor)
    after = turned_about(before, PlaneName.AXIAL, math.radians(30))
    assert after.axial == before.axial
    for name in PlaneName:
        places = [viewport_geometry(ramp, s, name, 300, 200).screen_from_lps(cursor) for s in (before, after)]
        assert places[0] == pytest.approx(places[1], abs=1e-6)
    assert normals(after, ramp) @ normals(after, ramp).T == pytest.approx(np.eye(3), abs=1e-9)


@pytest.mark.parametrize("plane", PlaneName)
def test_the_lines_turn_clockwise_with_the_hand(ramp: Volume, plane: PlaneName) -> None:
    state = turned_about(view_of(ramp), plane, math.radians(20))
    geometry = viewport_geometry(ramp, state, plane, 300, 200)
    angles = []
    for other in PlaneName:
        if other is not plane:
            x, y = geometry.cut_direction(shown_axes(ramp, state, other))
            # Against the upright or the level line that it was.
            angles.append(math.degrees(math.atan2(y, x)) % 90)
    assert angles == pytest.approx([20, 20], abs=1e-6)


def test_the_letters_follow_the_turned_plane(ramp: Volume) -> None:
    state = turned_about(view_of(ramp), PlaneName.SAGITTAL, math.radians(30))
    axes = shown_axes(ramp, state, PlaneName.AXIAL)
    assert direction_letters(axes.right) == "L"
    # Clockwise with the front on the left: the front end of the axial plane rises, its back end sinks.
    assert direction_letters(-axes.down) == "AH"
    assert direction_letters(axes.down) == "PF"


def test_many_small_turns_are_one_large_turn_and_back_again_is_straight(ramp: Volume) -> None:
    state = start = view_of(ramp)
    for _ in range(900):
        state = turned_about(state, PlaneName.CORONAL, math.radians(0.1))
    assert math.degrees(angle_rad(state.axial.turned)) == pytest.approx(90, abs=1e-6)
    assert not turned_about(state, PlaneName.CORONAL, math.radians(-90)).oblique
    assert state.straightened().axial.turned is None
    assert start.oblique is False


def test_images_of_a_turned_plane_follow_one_another_from_end_to_end(ramp: Volume) -> None:
    state = turned_about(view_of(ramp), PlaneName.AXIAL, math.radians(40))
    into = shown_axes(ramp, state, PlaneName.CORONAL).into
    step = shown_steps(ramp, state, PlaneName.CORONAL)
    assert step.step_mm == 1.5
    one = scrolled_cursor(ramp, state, PlaneName.CORONAL, 1)
    assert np.subtract(one, state.cursor_lps_mm) == pytest.approx(1.5 * into, abs=1e-9)
    depths = []
    for far in (-1000, 1000):
        end = scrolled_cursor(ramp, state, PlaneName.CORONAL, far)
        geometry = viewport_geometry(ramp, evolve(state, cursor_lps_mm=end), PlaneName.CORONAL, 60, 60)
        corners = ramp.grid.lps(np.array(list(np.ndindex(2, 2, 2))) * (np.asarray(ramp.grid.size_ijk) - 1.0))
        beyond = [geometry.distance_mm(corner) for corner in corners]
        assert min(beyond) <= 0 <= max(beyond)
        depths.append(float(np.asarray(end) @ into))
    assert step.count == round((depths[1] - depths[0]) / 1.5) + 1


def test_a_turned_plane_cuts_a_ball_in_a_circle(volume_of: Make) -> None:
    grid = Grid.from_directions((60, 60, 30), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 2.0))
    volume = volume_of(np.zeros(grid.shape_kji, np.int16), grid)
    centre = np.array([31.0, 28.0, 30.0])
    mask = mask_of(ball(grid, as_point(centre), 15.0))
    state = turned_about(overview("1.2.3", grid), PlaneName.SAGITTAL, math.radians(35))
    cursor = as_point(centre + [3.0, 2.0, 0.0])
    axes = shown_axes(volume, state, PlaneName.AXIAL)
    (line,) = Outlines().of(mask, volume, PlaneName.AXIAL, cursor, turn=state.axial.turned)
    off = (line - cursor) @ axes.into
    assert np.abs(off).max() < 1e-6
    middle = centre - float((centre - cursor) @ axes.into) * axes.into
    radius = math.sqrt(15**2 - float((centre - cursor) @ axes.into) ** 2)
    assert np.abs(np.linalg.norm(line - middle, axis=1) - radius).max() < 1.2


def test_a_missing_image_stays_missing_in_a_turned_plane(ramp: Volume) -> None:
    without = evolve(ramp, missing_planes=(9,))
    state = turned_about(view_of(ramp), PlaneName.SAGITTAL, math.radians(30))
    geometry = viewport_geometry(ramp, state, PlaneName.CORONAL, 90, 90)
    pixels = PlaneRenderer().render(without, state, PlaneName.CORONAL, 90, 90).pixels & 255
    black = 0
    for row, column in product(range(20, 70, 3), repeat=2):
        k = float(ramp.grid.ijk(geometry.lps_from_screen(column + 0.5, row + 0.5))[2])
        if 8.05 < k < 9.95:
            assert pixels[row, column] == 0
            black += 1
        elif 3 < k < 7.9 or 10.1 < k < 16:
            assert pixels[row, column] > 0
    assert black > 5


@pytest.mark.parametrize("interpolation", list(Interpolation))
def test_beside_a_missing_image_its_neighbour_is_seen_up_to_where_it_is_hatched(
    ramp: Volume, interpolation: Interpolation
) -> None:
    voxels = ramp.voxels.copy()
    voxels[9] = -3000
    without = evolve(ramp, voxels=voxels, slices=voxels, padding=-3000.0, missing_planes=(9,))
    state = evolve(turned_about(view_of(ramp), PlaneName.SAGITTAL, math.radians(30)), interpolation=interpolation)
    geometry = viewport_geometry(ramp, state, PlaneName.CORONAL, 180, 180)
    pixels = PlaneRenderer().render(without, state, PlaneName.CORONAL, 180, 180).pixels & 255
    (hatched,) = missing_areas(without, geometry)
    seen = Counter[str]()
    for row, column in product(range(40, 140, 3), repeat=2):
        i, j, k = ramp.grid.ijk(geometry.lps_from_screen(column + 0.5, row + 0.5)).tolist()
        across, down = (np.roll(hatched, -1, axis=0) - hatched).T
        turns = across * (row + 0.5 - hatched[:, 1]) - down * (column + 0.5 - hatched[:, 0])
        inside = bool((turns > 0).all() or (turns < 0).all())
        assert inside == (8.5 < k < 9.5)
        if inside:
            assert pixels[row, column] == 0
            seen["black"] += 1
        elif 8 < k < 10 and interpolation is not Interpolation.NEAREST:
            point = ramp.grid.lps((i, j, round(k)))
            expected = grey_of(float(point @ [7.0, 11.0, 13.0]), centre=300, width=3000)
            assert abs(float(pixels[row, column]) - expected) <= 1.0
            seen["beside"] += 1
        elif 3 < k < 16:
            assert pixels[row, column] > 0
            seen["further"] += 1
    assert min(seen.values()) > 20


def test_a_flight_between_turned_planes_goes_the_short_way_at_an_even_rate(ramp: Volume) -> None:
    start = turned_about(view_of(ramp), PlaneName.AXIAL, math.radians(-20))
    end = turned_about(view_of(ramp), PlaneName.AXIAL, math.radians(40))
    angles = []
    for share in (0.25, 0.5, 0.75):
        state = between(start, end, share)
        into = shown_axes(ramp, state, PlaneName.CORONAL).into
        angles.append(math.degrees(math.atan2(-into[0], into[1])))
    assert angles == pytest.approx([-5, 10, 25], abs=1e-6)
    half = turn_between(None, about((0, 0, 1), math.radians(350)), 0.5)
    assert math.degrees(angle_rad(half)) == pytest.approx(5)


def test_rotations_follow_one_another_in_order() -> None:
    first, then = about((1, 0, 0), math.pi / 2), about((0, 0, 1), math.pi / 2)
    both = followed_by(first, then)
    assert rotated((0, 1, 0), both) == pytest.approx([0, 0, 1])
    assert rotated((0, 0, 1), both) == pytest.approx([1, 0, 0])
    assert rotated(PLANE_AXES[PlaneName.AXIAL].into, first) == pytest.approx([0, 1, 0])
