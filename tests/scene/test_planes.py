from __future__ import annotations

from collections.abc import Callable
from itertools import permutations, product

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.geometry import PLANE_AXES, Grid, PlaneName
from viewer.domain.view_state import PlaneView, ViewState, as_point, overview
from viewer.domain.volume import Volume
from viewer.scene import planes
from viewer.scene.oblique import ObliqueSampler
from viewer.scene.plane_geometry import ViewportGeometry
from viewer.scene.planes import PlaneRenderer, has_picture, image_number, plane_steps, snapped, stepped
from viewer.scene.window_table import grey_of

Make = Callable[..., Volume]
Arrays = Callable[..., np.ndarray]


def grey(pixels: np.ndarray) -> np.ndarray:
    return (pixels & 255).astype(np.int64)


def view_of(grid: Grid, *, centre: float = 0, width: float = 2000) -> ViewState:
    return overview("1.2.3", grid, window_centre=centre, window_width=width)


@pytest.mark.parametrize("plane", list(PlaneName))
def test_the_picture_has_the_right_value_under_every_pixel_however_the_voxels_lie(
    plane: PlaneName, volume_of: Make, signed_axes: Arrays
) -> None:
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        size = (11, 13, 9)
        grid = Grid.from_directions(
            size, origin_lps_mm=(30, -12, 7), spacing_mm=(2.0, 1.5, 3.0), directions=signed_axes(order, signs)
        )
        # A value that is linear in LPS is interpolated exactly, whatever the order of the axes.
        points = grid.lps(np.stack(np.meshgrid(*(np.arange(n) for n in size), indexing="ij"), axis=-1))
        values = (points @ [7.0, 11.0, 13.0]).transpose(2, 1, 0).astype(np.float32)
        volume = volume_of(np.ascontiguousarray(values), grid)
        state = view_of(grid)
        state = evolve(state, cursor_lps_mm=snapped(volume, plane, as_point(grid.centre_lps_mm + 1.1)))
        picture = PlaneRenderer().render(volume, state, plane, 40, 32).pixels
        geometry = ViewportGeometry.of(state, plane, 40, 32)
        for row, column in product((12, 16, 20), (14, 20, 25)):
            point = np.asarray(geometry.lps_from_screen(column + 0.5, row + 0.5))
            expected = grey_of(float(point @ [7.0, 11.0, 13.0]), centre=0, width=2000)
            assert abs(grey(picture)[row, column] - expected) <= 1.0, (order, signs)


def test_a_marked_voxel_is_seen_exactly_where_its_box_is(volume_of: Make) -> None:
    grid = Grid.from_directions((40, 30, 20), origin_lps_mm=(-20, 5, 8), spacing_mm=(1.0, 1.0, 1.0))
    voxels = np.full(grid.shape_kji, -1000, dtype=np.int16)
    voxels[12, 17, 31] = 1000
    volume = volume_of(voxels, grid)
    mark = as_point(grid.lps((31, 17, 12)))
    for plane in PlaneName:
        state = evolve(view_of(grid), cursor_lps_mm=mark).with_plane(plane, PlaneView((-3.0, 20.0, 17.0), 30.0))
        picture = grey(PlaneRenderer().render(volume, state, plane, 500, 400).pixels)
        rows, columns = np.nonzero(picture > 127)
        seen = (columns.mean() + 0.5, rows.mean() + 0.5)
        assert seen == pytest.approx(ViewportGeometry.of(state, plane, 500, 400).screen_from_lps(mark), abs=0.5)


def test_outside_the_volume_is_black_also_when_inverted_and_the_edge_is_at_the_voxels_faces(volume_of: Make) -> None:
    grid = Grid.from_directions((10, 10, 10), origin_lps_mm=(0, 0, 0), spacing_mm=(4.0, 4.0, 4.0))
    volume = volume_of(np.full(grid.shape_kji, -1000, dtype=np.int16), grid)
    state = evolve(view_of(grid), invert=True).with_plane(PlaneName.AXIAL, PlaneView((18.0, 18.0, 18.0), 80.0))
    picture = grey(PlaneRenderer().render(volume, state, PlaneName.AXIAL, 160, 160).pixels)
    lit = np.flatnonzero(picture[80] > 0)
    # 40 mm of voxels in 80 mm of viewport: the middle half.
    assert (lit[0], lit[-1]) == (40, 119)
    beyond = evolve(state, cursor_lps_mm=(18.0, 18.0, 38.5))
    assert not grey(PlaneRenderer().render(volume, beyond, PlaneName.AXIAL, 160, 160).pixels).any()


def test_padding_is_black_and_does_not_bleed(volume_of: Make) -> None:
    grid = Grid.from_directions((20, 20, 3), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0))
    voxels = np.full(grid.shape_kji, 50, dtype=np.int16)
    voxels[:, :, :8] = -2000
    volume = volume_of(voxels, grid, padding=-2000)
    state = evolve(view_of(grid, centre=50, width=100), invert=True)
    state = state.with_plane(PlaneName.AXIAL, PlaneView((9.5, 9.5, 1.0), 20.0))
    picture = grey(PlaneRenderer().render(volume, state, PlaneName.AXIAL, 200, 200).pixels)
    assert not picture[:, :80].any()
    assert set(np.unique(picture[:, 80:])) == {grey(np.array([picture[100, 150]]))[0]}


def test_a_slab_shows_the_brightest_of_its_layers_and_no_other(volume_of: Make) -> None:
    grid = Grid.from_directions((12, 12, 21), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0))
    for k, seen in ((10, True), (14, True), (16, False)):
        voxels = np.full(grid.shape_kji, -1000, dtype=np.int16)
        voxels[k, 6, 6] = 1000
        volume = volume_of(voxels, grid)
        state = evolve(view_of(grid), slab_mm=10.0, cursor_lps_mm=(6.0, 6.0, 10.0))
        picture = grey(PlaneRenderer().render(volume, state, PlaneName.AXIAL, 120, 120).pixels)
        assert bool(picture.max() > 200) is seen


def test_fine_structures_are_averaged_when_the_picture_is_small(volume_of: Make) -> None:
    grid = Grid.from_directions((512, 512, 2), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0))
    stripes = np.where(np.arange(512) % 2, 1000, -1000).astype(np.int16)
    volume = volume_of(np.broadcast_to(stripes, grid.shape_kji).copy(), grid)
    picture = grey(PlaneRenderer().render(volume, view_of(grid), PlaneName.AXIAL, 128, 128).pixels)
    assert np.abs(picture[64, 20:108] - 127).max() <= 2


def test_one_slice_alone_is_seen_in_its_own_plane_only(volume_of: Make) -> None:
    grid = Grid.from_directions((32, 32, 1), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0))
    volume = volume_of(np.full(grid.shape_kji, 1000, dtype=np.int16), grid)
    lit = {
        plane: bool(grey(PlaneRenderer().render(volume, view_of(grid), plane, 64, 64).pixels).any())
        for plane in PlaneName
    }
    assert lit == {PlaneName.AXIAL: True, PlaneName.CORONAL: False, PlaneName.SAGITTAL: False}
    assert lit == {plane: has_picture(volume, plane) for plane in PlaneName}


def test_unknown_values_of_float_volumes_are_black(volume_of: Make) -> None:
    grid = Grid.from_directions((16, 16, 2), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0))
    voxels = np.full(grid.shape_kji, 900.0, dtype=np.float32)
    voxels[:, :, 8:] = np.nan
    state = view_of(grid).with_plane(PlaneName.AXIAL, PlaneView((7.5, 7.5, 0.5), 16.0))
    picture = grey(PlaneRenderer().render(volume_of(voxels, grid), state, PlaneName.AXIAL, 160, 160).pixels)
    assert picture[:, :80].min() > 200
    assert not picture[:, 80:].any()


def test_oblique_voxels_still_give_standard_planes(volume_of: Make) -> None:
    rotation, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))
    grid = Grid.from_directions((40, 44, 48), origin_lps_mm=(5, 6, 7), spacing_mm=(1.5, 1.2, 1.0), directions=rotation)
    points = grid.lps(np.stack(np.meshgrid(*(np.arange(n) for n in grid.size_ijk), indexing="ij"), axis=-1))
    centred = points - grid.centre_lps_mm
    values = (centred @ [9.0, 14.0, 19.0]).transpose(2, 1, 0).astype(np.float32)
    volume = volume_of(np.ascontiguousarray(values), grid)
    state = view_of(grid)
    for plane in PlaneName:
        picture = grey(PlaneRenderer().render(volume, state, plane, 61, 50).pixels)
        geometry = ViewportGeometry.of(state, plane, 61, 50)
        for row, column in product((20, 25, 30), (25, 31, 36)):
            point = np.asarray(geometry.lps_from_screen(column + 0.5, row + 0.5)) - grid.centre_lps_mm
            expected = grey_of(float(point @ [9.0, 14.0, 19.0]), centre=0, width=2000)
            assert abs(picture[row, column] - expected) <= 1.0
        assert picture[0, 0] == 0


@pytest.mark.parametrize("plane", list(PlaneName))
def test_a_picture_for_a_large_screen_is_as_fine_as_that_at_rest_and_while_it_moves(
    plane: PlaneName, volume_of: Make, noise: Arrays
) -> None:
    grid = Grid.from_directions((32, 32, 28), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0))
    volume = volume_of(noise(grid.size_ijk), grid)
    still, moving = (
        PlaneRenderer().render(volume, view_of(grid), plane, 2501, 1301, moving=moving) for moving in (False, True)
    )
    assert still.px_per_pixel == moving.px_per_pixel == 1
    assert still.pixels.shape == (1301, 2501)
    assert np.array_equal(still.pixels, moving.pixels)
    # On two screens of 3840 × 2160 a picture would hold up the window.
    largest = PlaneRenderer().render(volume, view_of(grid), plane, 7680, 2160, moving=True)
    assert (largest.px_per_pixel, largest.pixels.shape) == (2, (1080, 3840))


def test_a_large_picture_of_oblique_voxels_is_reduced_while_it_moves_and_still_covers_the_viewport(
    volume_of: Make, noise: Arrays
) -> None:
    rotation, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))
    grid = Grid.from_directions((32, 32, 32), origin_lps_mm=(0, 0, 0), spacing_mm=(1, 1, 1), directions=rotation)
    volume = volume_of(noise(grid.size_ijk), grid)
    still, moving = (
        PlaneRenderer().render(volume, view_of(grid), PlaneName.AXIAL, 1001, 801, moving=moving)
        for moving in (False, True)
    )
    assert still.px_per_pixel == 1
    side = moving.px_per_pixel
    assert side > 1
    assert 1001 <= moving.width < 1001 + side
    assert 801 <= moving.height < 801 + side
    # Averages of blocks differ by less than the noise itself.
    fine, coarse = grey(still.pixels), grey(moving.pixels)
    rows, columns = 801 // side, 1001 // side
    blocks = fine[: rows * side, : columns * side].reshape(rows, side, columns, side).mean(axis=(1, 3))
    assert np.abs(blocks - coarse[:rows, :columns]).mean() < 6


def test_images_are_counted_from_the_head_the_front_and_the_right(volume_of: Make) -> None:
    grid = Grid.from_directions(
        (512, 512, 256), origin_lps_mm=(-178.85, -178.85, -159.375), spacing_mm=(0.7, 0.7, 1.25)
    )
    volume = volume_of(np.zeros(grid.shape_kji, dtype=np.int16), grid)
    assert image_number(volume, PlaneName.AXIAL, (-88.0, -26.4, 9.4)) == (121, 256)
    assert image_number(volume, PlaneName.CORONAL, (-88.0, -26.4, 9.4)) == (219, 512)
    assert image_number(volume, PlaneName.SAGITTAL, (-88.0, -26.4, 9.4)) == (131, 512)
    assert plane_steps(volume, PlaneName.AXIAL).step_mm == pytest.approx(1.25)
    assert image_number(volume, PlaneName.AXIAL, (0.0, 0.0, 900.0)) == (1, 256)


@pytest.mark.parametrize("plane", list(PlaneName))
def test_one_notch_is_one_image_and_stops_at_the_ends(plane: PlaneName, volume_of: Make, noise: Arrays) -> None:
    grid = Grid.from_directions((20, 22, 24), origin_lps_mm=(1, 2, 3), spacing_mm=(2.0, 3.0, 4.0))
    volume = volume_of(noise(grid.size_ijk), grid)
    start = snapped(volume, plane, (20.3, 30.9, 40.2))
    assert snapped(volume, plane, start) == start
    after = stepped(volume, plane, start, 3)
    moved = np.subtract(after, start)
    assert moved @ PLANE_AXES[plane].into == pytest.approx(3 * plane_steps(volume, plane).step_mm)
    assert image_number(volume, plane, after)[0] == image_number(volume, plane, start)[0] + 3
    last = stepped(volume, plane, start, 1000)
    number, count = image_number(volume, plane, last)
    assert number == count
    assert grid.nearest_ijk(last) is not None


@pytest.mark.parametrize("turned_deg", [0.0, 30.0])
def test_an_image_that_comes_in_while_a_picture_is_made_is_not_shown_in_part(
    turned_deg: float, volume_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = np.radians(turned_deg)
    directions = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1.0]])
    grid = Grid.from_directions((20, 20, 9), origin_lps_mm=(0, 0, 0), spacing_mm=(2, 2, 4), directions=directions)
    voxels = np.zeros((9, 20, 20), np.float32)
    # What happens to be in memory where an image is still to be read.
    voxels[4] = 900
    arrived = np.arange(9) != 4
    volume = volume_of(voxels, grid, arrived=arrived)

    def while_it_comes_in(owner: object, name: str) -> None:
        taken = getattr(owner, name)

        def take(*arguments: object, **how: object) -> object:
            values = taken(*arguments, **how)
            arrived[4] = True
            return np.array(values) if isinstance(values, np.ndarray) else values

        monkeypatch.setattr(owner, name, take)

    while_it_comes_in(planes, "cut")
    while_it_comes_in(ObliqueSampler, "_known")
    state = evolve(view_of(grid), cursor_lps_mm=as_point(grid.centre_lps_mm))
    picture = grey(PlaneRenderer().render(volume, state, PlaneName.CORONAL, 40, 40).pixels)
    assert arrived.all()
    assert set(np.unique(picture)) == {0, 128}
