"""Slices as they were acquired: which is shown, where its voxels lie on the screen, and how planes meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.tilted_series import GAPS_MM, PIXEL_MM, TURNS, Turn, tilted_volume, with_slices_missing
from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.labels import Mask
from viewer.domain.plane_turn import about
from viewer.domain.view_state import PlaneView, Point, ViewState, as_point, overview
from viewer.scene.acquired import (
    acquired_on,
    acquired_slices,
    crosshair_lps_mm,
    image_step_mm,
    missing_beside,
    scrolled_cursor,
    shown_axes,
    viewport_geometry,
)
from viewer.scene.arrival import growth, image_is_in
from viewer.scene.contours import slice_outlines
from viewer.scene.plane_geometry import CROSSING_PLANES
from viewer.scene.planes import PlaneRenderer
from viewer.scene.window_table import grey_of

if TYPE_CHECKING:
    from viewer.domain.volume import Volume

PX_PER_VOXEL = 3
WINDOW = {"centre": 0.0, "width": 2000.0}


def view_on(volume: Volume, point: Point) -> ViewState:
    """A view of acquired slices with the cursor at a point, no window in the way."""
    view = overview("1.2.3", volume.grid, window_centre=WINDOW["centre"], window_width=WINDOW["width"])
    return evolve(view, cursor_lps_mm=point, acquired=True)


def voxel_by_voxel(volume: Volume, plane: PlaneName, k: int, cursor: Point) -> tuple[np.ndarray, np.ndarray]:
    """Grey levels seen at each voxel's place while the cursor is somewhere, and those that slice k has, [j, i]."""
    ni, nj = volume.stack.size_ij
    middle = as_point(volume.stack.lps((ni // 2, nj // 2, k)))
    width = height = 2 * (max(ni, nj) + 3) * PX_PER_VOXEL + 1
    state = view_on(volume, cursor).with_plane(plane, PlaneView(middle, height * PIXEL_MM / PX_PER_VOXEL))
    geometry = viewport_geometry(volume, state, plane, width, height)
    i, j = np.meshgrid(np.arange(ni), np.arange(nj))
    places = geometry.screen_points(volume.stack.lps(np.stack([i, j, np.full_like(i, k)], axis=-1)).reshape(-1, 3))
    # One pixel's centre lies on each voxel's, so that nothing between voxels is seen.
    assert np.abs(places - np.floor(places) - 0.5).max() < 1e-6
    picture = PlaneRenderer().render(volume, state, plane, width, height).pixels & 255
    seen = picture[np.floor(places[:, 1]).astype(int), np.floor(places[:, 0]).astype(int)].reshape(nj, ni)
    return seen, np.floor(grey_of(volume.slices[k], centre=WINDOW["centre"], width=WINDOW["width"]) + 0.5)


@pytest.mark.parametrize("plane", list(PlaneName))
@pytest.mark.parametrize("turn", TURNS)
def test_every_voxel_of_a_slice_is_seen_at_its_place_with_its_value_however_it_was_acquired(
    plane: PlaneName, turn: Turn
) -> None:
    volume = tilted_volume(plane, turn)
    assert volume.interpolated
    for k in (0, 3, volume.stack.count - 1):
        seen, own = voxel_by_voxel(volume, plane, k, as_point(volume.stack.lps((4, 5, k))))
        assert np.array_equal(seen, own)


@pytest.mark.parametrize("plane", list(PlaneName))
@pytest.mark.parametrize("turn", TURNS)
def test_right_head_and_front_stay_on_their_sides_of_the_screen(plane: PlaneName, turn: Turn) -> None:
    volume = tilted_volume(plane, turn)
    acquired = acquired_slices(volume)
    assert acquired is not None
    assert acquired.plane is plane
    standard, own = PLANE_AXES[plane], acquired.axes
    for axis in ("right", "down", "into"):
        assert float(getattr(own, axis) @ getattr(standard, axis)) > 0.94
    # Not mirrored: the same hand as the standard plane.
    assert np.linalg.det(np.stack([own.right, own.down, own.into])) == pytest.approx(
        np.linalg.det(np.stack([standard.right, standard.down, standard.into]))
    )


def test_the_slice_nearest_along_the_normal_is_shown() -> None:
    volume = tilted_volume()
    middle = volume.stack.lps((12, 10, 2))
    normal, gaps = volume.stack.normal, volume.stack.gaps_mm
    for share, k in ((0.45, 2), (0.55, 3), (-0.45, 2), (-0.55, 1)):
        beside = middle + share * (gaps[2] if share > 0 else gaps[1]) * normal
        seen, own = voxel_by_voxel(volume, PlaneName.AXIAL, k, as_point(beside))
        assert np.array_equal(seen, own)


def test_one_image_on_is_the_next_slice_however_far_and_the_other_planes_stay() -> None:
    volume = tilted_volume()
    axial, stack = PlaneName.AXIAL, volume.stack
    state = view_on(volume, as_point(stack.lps((12, 10, stack.count - 1))))
    first = scrolled_cursor(volume, state, axial, -99)
    state = evolve(state, cursor_lps_mm=first)
    passed = [first]
    for _ in range(stack.count - 1):
        state = evolve(state, cursor_lps_mm=scrolled_cursor(volume, state, axial, 1))
        passed.append(state.cursor_lps_mm)
    heights = np.asarray(passed) @ stack.normal
    assert sorted(heights) == pytest.approx(stack.heights_mm)
    shown = acquired_slices(volume)
    assert shown is not None
    assert [shown.number(shown.nearest(place)) for place in passed] == list(range(1, stack.count + 1))
    # Towards the feet, and for nobody else.
    assert (np.diff([z for _, _, z in passed]) < 0).all()
    assert np.ptp([(x, y) for x, y, _ in passed], axis=0) == pytest.approx((0, 0), abs=1e-9)
    assert scrolled_cursor(volume, state, axial, 1) == pytest.approx(state.cursor_lps_mm)
    ten = scrolled_cursor(volume, evolve(state, cursor_lps_mm=first), axial, 3)
    assert ten == pytest.approx(passed[3])


def test_one_image_on_is_the_next_slice_too_where_the_planes_follow_those_of_a_scan_that_was_turned_by_hand() -> None:
    volume = tilted_volume()
    state = evolve(overview("1.2.3", volume.grid), acquired=True)
    for plane in PlaneName:
        turned = about((0.2, 1.0, 0.3), 0.1)
        state = state.with_plane(plane, evolve(state.plane(plane), turned=turned))
    seen = []
    for images in (-9, 1, 1, 1, 1, 1, 1):
        state = evolve(state, cursor_lps_mm=scrolled_cursor(volume, state, PlaneName.AXIAL, images))
        seen.append(viewport_geometry(volume, state, PlaneName.AXIAL, 400, 300).image)
    assert seen == [5, 4, 3, 2, 1, 0, 0]


def test_scrolling_another_plane_leaves_the_slice_that_is_shown() -> None:
    volume = tilted_volume()
    state = view_on(volume, as_point(volume.stack.lps((12, 10, 3))))
    for _ in range(8):
        state = evolve(state, cursor_lps_mm=scrolled_cursor(volume, state, PlaneName.CORONAL, 1))
        assert viewport_geometry(volume, state, PlaneName.AXIAL, 100, 100).image == 3
    moved = np.subtract(state.cursor_lps_mm, volume.stack.lps((12, 10, 3)))
    assert moved[1] > 5
    # 8 mm of coronal images in a tilted slice: the place goes along with the slice.
    assert float(moved @ volume.stack.normal) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("plane", list(PlaneName))
def test_all_planes_meet_in_one_point_and_their_lines_lie_in_both(plane: PlaneName) -> None:
    volume = tilted_volume(plane)
    state = view_on(volume, (9.0, -4.0, 33.0))
    meeting = crosshair_lps_mm(volume, state)
    on_screen = {name: viewport_geometry(volume, state, name, 401, 301) for name in PlaneName}
    for name, geometry in on_screen.items():
        assert geometry.distance_mm(meeting) == pytest.approx(0, abs=1e-9)
        x, y = geometry.screen_from_lps(meeting)
        for other in CROSSING_PLANES[name]:
            dx, dy = geometry.cut_direction(shown_axes(volume, state, other))
            assert np.hypot(dx, dy) == pytest.approx(1)
            for reach in (-80, 80):
                point = geometry.lps_from_screen(x + reach * dx, y + reach * dy)
                assert on_screen[other].distance_mm(point) == pytest.approx(0, abs=1e-9)


def test_the_slice_is_a_line_at_its_tilt_in_the_plane_from_the_side_and_level_from_the_front() -> None:
    volume = tilted_volume(tilt_deg=18.5)
    state = view_on(volume, (9.0, -4.0, 33.0))
    own = shown_axes(volume, state, PlaneName.AXIAL)
    dx, dy = viewport_geometry(volume, state, PlaneName.SAGITTAL, 400, 300).cut_direction(own)
    assert abs(np.degrees(np.arctan2(dy, dx))) % 180 == pytest.approx(18.5, abs=1e-6)
    dx, dy = viewport_geometry(volume, state, PlaneName.CORONAL, 400, 300).cut_direction(own)
    assert dy == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("turn", TURNS)
def test_an_outline_goes_round_the_marked_voxels_of_exactly_that_slice(turn: Turn) -> None:
    volume = tilted_volume(turn=turn)
    acquired = acquired_slices(volume)
    assert acquired is not None
    full = np.zeros(volume.stack.shape_kji, dtype=bool)
    full[2, 6:12, 5:15] = True
    full[3, 8:10, 16:19] = True
    mask = Mask.from_full(full)
    assert mask is not None
    for k, low, high in ((2, (4.5, 5.5), (14.5, 11.5)), (3, (15.5, 7.5), (18.5, 9.5))):
        (line,) = slice_outlines(mask, acquired, k)
        corners = volume.stack.lps([(*low, k), (*high, k)])
        for direction in (acquired.axes.right, acquired.axes.down):
            found = (float((line @ direction).min()), float((line @ direction).max()))
            assert found == pytest.approx(sorted(corners @ direction))
        assert line @ volume.stack.normal == pytest.approx(np.full(len(line), volume.stack.heights_mm[k]))
    assert slice_outlines(mask, acquired, 1) == ()
    assert slice_outlines(mask, acquired, 4) == ()


def test_where_an_image_is_missing_the_next_that_is_there_follows() -> None:
    whole = tilted_volume(tilt_deg=0.0, gaps_mm=(5.0,) * 9)
    volume = with_slices_missing(whole, 3, 4)
    acquired = acquired_slices(volume)
    assert acquired is not None
    assert acquired.stack.count == 8
    # Slice 3 of what is left lies beyond the gap; towards the feet the one below it follows, 15 mm on.
    state = view_on(volume, as_point(volume.stack.lps((5, 5, 3))))
    after = scrolled_cursor(volume, state, PlaneName.AXIAL, 1)
    assert np.subtract(after, state.cursor_lps_mm) == pytest.approx((0, 0, -15))
    seen, own = voxel_by_voxel(volume, PlaneName.AXIAL, 2, after)
    assert np.array_equal(seen, own)
    # Counted from the head: the gap comes after the one above it, and before the one below.
    assert missing_beside(volume, acquired, 3) == (0, 2)
    assert missing_beside(volume, acquired, 2) == (2, 0)
    assert missing_beside(volume, acquired, 7) == (0, 0)


def test_slices_that_are_in_are_shown_while_others_are_still_read() -> None:
    whole = tilted_volume()
    arrived = np.zeros(whole.stack.count, dtype=bool)
    arrived[2] = True
    volume = evolve(whole, arrived=arrived)
    seen, own = voxel_by_voxel(volume, PlaneName.AXIAL, 2, as_point(whole.stack.lps((12, 10, 2))))
    assert np.array_equal(seen, own)
    waiting = view_on(volume, as_point(whole.stack.lps((12, 10, 3))))
    assert not image_is_in(volume, waiting, PlaneName.AXIAL)
    renderer = PlaneRenderer()
    assert not (renderer.render(volume, waiting, PlaneName.AXIAL, 90, 90).pixels & 255).any()
    before = growth(volume, waiting, PlaneName.AXIAL)
    arrived[3] = True
    assert image_is_in(volume, waiting, PlaneName.AXIAL)
    assert growth(volume, waiting, PlaneName.AXIAL) != before
    assert (renderer.render(volume, waiting, PlaneName.AXIAL, 90, 90).pixels & 255).any()


def test_padding_in_a_slice_is_black_and_does_not_bleed() -> None:
    volume = tilted_volume()
    slices = np.full_like(volume.slices, 50)
    slices[:, :, :8] = -1500
    padded = evolve(volume, slices=slices, padding=-1500)
    state = evolve(view_on(padded, as_point(padded.stack.lps((12, 10, 2)))), invert=True)
    picture = PlaneRenderer().render(padded, state, PlaneName.AXIAL, 300, 300).pixels & 255
    assert sorted(np.unique(picture)) == [0, round(float(grey_of(50, centre=0, width=2000, invert=True)))]


def test_a_slab_does_not_change_a_slice() -> None:
    volume = tilted_volume()
    state = view_on(volume, as_point(volume.stack.lps((12, 10, 2))))
    thin = PlaneRenderer().render(volume, state, PlaneName.AXIAL, 200, 200).pixels
    thick = PlaneRenderer().render(volume, evolve(state, slab_mm=20.0), PlaneName.AXIAL, 200, 200).pixels
    assert np.array_equal(thin, thick)


def test_series_that_are_shown_as_acquired_anyway_are_left_alone() -> None:
    regular = tilted_volume(tilt_deg=0.0, gaps_mm=(5.0,) * 5)
    plain = evolve(regular, voxels=regular.slices, grid=regular.stack.as_grid())
    assert acquired_slices(plain) is None
    state = view_on(plain, as_point(plain.grid.centre_lps_mm))
    for plane in PlaneName:
        assert acquired_on(plain, state, plane) is None
        assert viewport_geometry(plain, state, plane, 100, 100).image is None


def test_only_the_plane_that_faces_the_slices_shows_them() -> None:
    volume = tilted_volume(PlaneName.CORONAL)
    state = view_on(volume, as_point(volume.stack.lps((12, 10, 2))))
    shown = {plane: viewport_geometry(volume, state, plane, 100, 100).image for plane in PlaneName}
    assert shown == {PlaneName.AXIAL: None, PlaneName.CORONAL: 2, PlaneName.SAGITTAL: None}


def test_the_distance_to_the_next_image_is_that_of_the_slices() -> None:
    volume = tilted_volume()
    assert volume.stack.gaps_mm == pytest.approx(GAPS_MM[::-1]) or volume.stack.gaps_mm == pytest.approx(GAPS_MM)
    for k in range(volume.stack.count):
        state = view_on(volume, as_point(volume.stack.lps((12, 10, k))))
        geometry = viewport_geometry(volume, state, PlaneName.AXIAL, 100, 100)
        assert image_step_mm(volume, geometry) == pytest.approx(volume.stack.gaps_mm[max(k - 1, 0) : k + 1].max())


@pytest.mark.parametrize("turn", TURNS)
def test_images_that_make_no_volume_are_never_mixed_however_they_are_tilted(turn: Turn) -> None:
    tilted = tilted_volume(turn=turn, gaps_mm=(1.0,) * 11)
    # At one place one after the other, as where contrast is watched: each is of one value.
    values = np.zeros(tilted.slices.shape, dtype=np.int16)
    values += (80 * np.arange(len(values), dtype=np.int16))[:, None, None]
    along = np.arange(len(values))[:, None] * tilted.stack.normal
    stack = evolve(tilted.stack, positions_lps_mm=tilted.stack.positions_lps_mm[0] + along)
    volume = evolve(tilted, slices=values, voxels=values, grid=stack.as_grid(), loose=True, placed=False, padding=None)
    facing = acquired_slices(volume)
    assert facing is not None
    view = evolve(view_on(volume, as_point(stack.lps((3, 3, 0)))), acquired=False)
    seen = set()
    for k in range(stack.count):
        state = evolve(view, cursor_lps_mm=as_point(stack.lps((3, 3, k))))
        picture = PlaneRenderer().render(volume, state, facing.plane, 120, 100).pixels & 255
        greys = set(np.unique(picture).tolist()) - {0}
        assert len(greys) == 1
        seen |= greys
    assert len(seen) == stack.count
