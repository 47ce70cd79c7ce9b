from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.geometry import direction_letters
from viewer.domain.view_state import Camera
from viewer.scene.camera import facing, panned, screen_axes, screen_from_lps, turned, zoomed

if TYPE_CHECKING:
    from viewer.domain.view_state import Point

FRONT = Camera((10.0, 20.0, 30.0), height_mm=200.0)


@pytest.mark.parametrize(
    ("side", "right", "up"),
    [
        ("front", "L", "H"),
        ("back", "R", "H"),
        ("left", "P", "H"),
        ("right", "A", "H"),
        ("head", "R", "A"),
        ("feet", "L", "A"),
    ],
)
def test_each_side_has_the_letters_that_a_radiologist_expects(side: str, right: str, up: str) -> None:
    to_right, down, _ = screen_axes(facing(FRONT, side))
    assert (direction_letters(to_right), direction_letters(-down)) == (right, up)


def test_directions_written_by_hand_that_are_no_unit_vectors_stretch_nothing() -> None:
    by_hand = Camera(FRONT.focal_lps_mm, (0.0, -3.0, 0.0), (0.0, -1.0, 2.0), FRONT.height_mm)
    for place in ((40.0, 25.0, 30.0), (10.0, 20.0, 80.0)):
        seen = screen_from_lps(by_hand, place, 600, 400)
        assert seen == pytest.approx(screen_from_lps(FRONT, place, 600, 400))
    assert screen_axes(turned(by_hand, 70, 20))[2] == pytest.approx(screen_axes(turned(FRONT, 70, 20))[2])


@pytest.mark.parametrize(
    ("eye", "up", "stays"),
    [
        pytest.param((0.0, -1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, 1.0), id="from the front"),
        pytest.param((0.0, -0.6, 0.8), (0.0, 0.8, 0.6), (0.0, 0.0, 1.0), id="from above"),
        pytest.param((0.0, -0.6, -0.8), (0.0, 0.8, -0.6), (0.0, 0.0, 1.0), id="head down"),
        pytest.param((0.0, 0.0, 1.0), (0.0, -1.0, 0.0), (0.0, -1.0, 0.0), id="from the head"),
    ],
)
def test_dragging_sideways_turns_what_faces_us_with_the_hand_and_leaves_the_long_axis_upright(
    eye: Point, up: Point, stays: Point
) -> None:
    before = evolve(FRONT, to_eye=eye, up=up)
    camera = turned(before, 100, 0)

    def seen(by: Camera, way: Point) -> tuple[float, float]:
        return screen_from_lps(by, np.asarray(FRONT.focal_lps_mm) + 50 * np.asarray(way), 600, 600)

    x, _ = seen(camera, eye)
    assert x > 300
    assert seen(camera, stays) == pytest.approx(seen(before, stays))


@pytest.mark.parametrize("side", ["front", "left", "right"])
def test_dragging_down_moves_what_faces_us_down_as_far_as_sideways_to_the_side(side: str) -> None:
    before = facing(FRONT, side)
    camera, (right, _, eye) = turned(before, 0, 60), screen_axes(before)

    def seen(by: Camera, way: np.ndarray) -> tuple[float, float]:
        return screen_from_lps(by, np.asarray(FRONT.focal_lps_mm) + 50 * way, 600, 600)

    x, y = seen(camera, eye)
    assert (x, y > 300) == (pytest.approx(300), True)
    assert seen(camera, right) == pytest.approx(seen(before, right))
    assert seen(turned(before, 60, 0), eye) == pytest.approx((y, 300))


def test_turning_there_and_back_returns_to_the_same_view() -> None:
    camera = turned(turned(turned(FRONT, 33, 0), 0, 41), 0, -41)
    camera = turned(camera, -33, 0)
    assert np.allclose(camera.to_eye, FRONT.to_eye)
    assert np.allclose(camera.up, FRONT.up)


def test_panning_moves_the_patient_with_the_hand_and_zoom_magnifies() -> None:
    assert screen_from_lps(panned(FRONT, 30, -20, 400), FRONT.focal_lps_mm, 600, 400) == pytest.approx((330, 180))
    assert zoomed(FRONT, 2).height_mm == 100
    assert (zoomed(FRONT, 1e6).height_mm, zoomed(FRONT, 1e-6).height_mm) == (5, 4000)
