"""From one view to another."""

from __future__ import annotations

import math

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.curved_view import CurvedView
from viewer.domain.geometry import Grid, PlaneName
from viewer.domain.view_between import between
from viewer.domain.view_difference import difference_in_words
from viewer.domain.view_state import Camera, Interpolation, Layout, ViewState, as_point, overview


@pytest.fixture
def view() -> ViewState:
    grid = Grid.from_directions((100, 100, 50), origin_lps_mm=(-50, -50, 0), spacing_mm=(1, 1, 3))
    return overview("1.2.3", grid)


def test_a_motion_begins_at_the_start_and_ends_at_the_goal(view: ViewState) -> None:
    goal = evolve(view.looking_at((10, 20, 30), height_mm=50), window_width=80.0)
    assert between(view, goal, 0) == view
    assert between(view, goal, 1) == goal
    # Between places of two patients, or of two frames of reference, there is no way.
    other = evolve(goal, series_uid="1.2.4")
    assert between(view, other, 0.1) == other


def test_a_quarter_of_the_way_everything_that_moves_has_come_a_quarter_nearer(view: ViewState) -> None:
    """Places go evenly, and what is a scale (zoom, window width) by the same factor in the same time."""
    start = evolve(
        view.looking_at((4, 8, 12), height_mm=400),
        camera=Camera((4, 8, 12), height_mm=400),
        window_centre=40.0,
        window_width=1600.0,
        slab_mm=2.0,
        fill_opacity=0.2,
        threshold=0.9,
    )
    goal = evolve(
        view.looking_at((12, 28, -36), height_mm=25),
        camera=Camera((12, 28, -36), height_mm=25),
        layout=Layout.SINGLE,
        window_centre=-600.0,
        window_width=100.0,
        slab_mm=10.0,
        fill_opacity=0.6,
        threshold=0.1,
    )
    now = between(start, goal, 0.25)
    for place in (now.cursor_lps_mm, *(now.plane(name).centre_lps_mm for name in PlaneName), now.camera.focal_lps_mm):
        assert place == pytest.approx((6, 13, 0))
    for height in (*(now.plane(name).height_mm for name in PlaneName), now.camera.height_mm):
        assert height == pytest.approx(200)
    assert (now.window_centre, now.window_width) == pytest.approx((-120, 800))
    assert (now.slab_mm, now.fill_opacity, now.threshold) == pytest.approx((4, 0.3, 0.7))
    assert now.layout is Layout.SINGLE


@pytest.mark.parametrize(
    ("eye_to", "up_to"),
    [((1, 0, 0), None), ((0, 0, -1), (0, -1, 0)), (None, (1, 0, 0))],
    ids=["to the left", "to the feet", "head to the side"],
)
def test_the_camera_turns_at_even_speed_the_short_way(
    view: ViewState, eye_to: tuple[int, int, int] | None, up_to: tuple[int, int, int] | None
) -> None:
    eye, up = np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0])

    def turned(degrees: float) -> Camera:
        along, across = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        ways = (way if to is None else along * way + across * np.array(to) for way, to in ((eye, eye_to), (up, up_to)))
        return Camera((0, 0, 0), *map(as_point, ways))

    # As it may stand in a document that was written by hand: neither of length 1, nor at a right angle.
    by_hand = Camera((0, 0, 0), as_point(3 * eye), as_point(eye + 2 * up))
    start, end = evolve(view, camera=by_hand), evolve(view, camera=turned(120))
    for share in (0.25, 0.5, 0.75):
        camera = between(start, end, share).camera
        assert camera.to_eye == pytest.approx(turned(120 * share).to_eye)
        assert camera.up == pytest.approx(turned(120 * share).up)


def test_the_camera_can_turn_to_the_opposite_side(view: ViewState) -> None:
    front = evolve(view, camera=Camera((0, 0, 0), (0, -1, 0), (0, 0, 1)))
    behind = evolve(view, camera=Camera((0, 0, 0), (0, 1, 0), (0, 0, 1)))
    middle = between(front, behind, 0.5).camera
    assert abs(np.dot(middle.to_eye, (0, -1, 0))) < 1e-6
    assert middle.up == pytest.approx((0, 0, 1))


def test_wandering_is_said_in_words_with_the_largest_difference_first(view: ViewState) -> None:
    x, y, z = view.cursor_lps_mm
    assert difference_in_words(view, view) == ""
    assert difference_in_words(view, evolve(view, cursor_lps_mm=(x, y, z + 5))) == "5.0 mm towards the head"
    assert difference_in_words(view, evolve(view, cursor_lps_mm=(x + 1, y, z - 9))) == "9.0 mm towards the feet"
    assert difference_in_words(view, evolve(view, window_width=80.0)) == "another window"
    acquired = evolve(view, acquired=True)
    assert difference_in_words(view, acquired) == "images as acquired"
    assert difference_in_words(acquired, view) == "interpolated images"


def test_what_only_moves_zooms_or_turns_the_picture_is_said_too(view: ViewState) -> None:
    x, y, z = view.cursor_lps_mm
    axial = view.axial
    nearer = view.with_plane(PlaneName.AXIAL, evolve(axial, height_mm=axial.height_mm / 2))
    assert difference_in_words(view, nearer) == "zoom 2.0×"
    centre = tuple(np.add(axial.centre_lps_mm, (0.8, 0.0, 0.0)))
    assert (
        difference_in_words(view, view.with_plane(PlaneName.AXIAL, evolve(axial, centre_lps_mm=centre)))
        == "moved aside"
    )
    camera = view.camera
    x_mm, y_mm, z_mm = camera.focal_lps_mm
    for changed, words in (
        (evolve(camera, height_mm=camera.height_mm / 2), "3D zoom 2.0×"),
        (evolve(camera, focal_lps_mm=(x_mm, y_mm, z_mm + 20)), "3D moved"),
        (evolve(camera, to_eye=(0.6, -0.8, 0.0)), "3D turned"),
        (evolve(camera, to_eye=(0.6, -0.8, 0.0), height_mm=camera.height_mm / 2), "3D turned"),
    ):
        assert difference_in_words(view, evolve(view, camera=changed)) == words
    assert difference_in_words(view, evolve(view, cursor_lps_mm=(x, y, z + 0.5))) == "0.5 mm towards the head"
    assert difference_in_words(view, evolve(view, cursor_lps_mm=(x, y, z + 0.04))) == ""


def test_on_the_way_to_slices_as_acquired_they_are_shown_from_the_start(view: ViewState) -> None:
    goal = evolve(view.looking_at((10, 20, 30)), acquired=True)
    assert between(view, goal, 0.01).acquired
    assert not between(goal, view, 0.01).acquired


def test_on_the_way_to_another_curved_picture_it_turns_the_short_way(view: ViewState) -> None:
    path = ((0.0, 0.0, 0.0), (0.0, 0.0, 50.0))
    start = evolve(view, path_lps_mm=path, curved=CurvedView(170.0, 10.0, 20.0))
    end = evolve(start, curved=CurvedView(-170.0, 30.0, 80.0))
    half = between(start, end, 0.5).curved
    assert half is not None
    assert abs(half.turned_deg) == pytest.approx(180.0)
    assert half.along_mm == pytest.approx(20.0)
    assert half.height_mm == pytest.approx(40.0)
    assert between(view, end, 0.1).curved == end.curved
    assert between(end, view, 0.1).curved is None
    fitted = between(evolve(start, curved=CurvedView(0.0)), end, 0.5).curved
    assert fitted == CurvedView(-85.0, 30.0, 80.0)


def test_another_path_picture_or_interpolation_is_said_in_words(view: ViewState) -> None:
    path = ((0.0, 0.0, 0.0), (0.0, 0.0, 50.0))
    drawn = evolve(view, path_lps_mm=path, curved=CurvedView())
    assert difference_in_words(drawn, evolve(drawn, path_lps_mm=(*path, (0.0, 9.0, 60.0)))) == "another path"
    assert difference_in_words(drawn, evolve(drawn, curved=None)) == "no curved picture"
    assert difference_in_words(drawn, evolve(drawn, curved=CurvedView(30.0))) == "the curved picture"
    cubic = evolve(view, interpolation=Interpolation.CUBIC)
    assert difference_in_words(view, cubic) == "another interpolation"


@pytest.mark.parametrize(
    ("size", "eye", "up"),
    [
        ((50, 60, 40), (0, -1, 0), (0, 0, 1)),
        ((50, 60, 2), (0, 0, -1), (0, -1, 0)),
        ((50, 2, 60), (0, -1, 0), (0, 0, 1)),
        ((2, 50, 60), (1, 0, 0), (0, 0, 1)),
    ],
)
def test_3d_begins_at_the_front_but_never_at_the_edge_of_a_few_images(
    size: tuple[int, int, int], eye: tuple[float, ...], up: tuple[float, ...]
) -> None:
    grid = Grid.from_directions(size, origin_lps_mm=(0, 0, 0), spacing_mm=(1, 1, 1))
    camera = overview("1.2.3", grid).camera
    assert (camera.to_eye, camera.up) == (eye, up)
