from __future__ import annotations

import numpy as np
import pytest

from viewer.domain.geometry import direction_letters
from viewer.domain.view_state import Camera
from viewer.scene.camera import facing, panned, screen_axes, screen_from_lps, turned, zoomed

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


def test_dragging_sideways_turns_what_faces_us_with_the_hand_and_keeps_the_head_up() -> None:
    camera = turned(FRONT, 100, 0)
    _, down, eye = screen_axes(camera)
    # What faced us moves to the right with the hand.
    x, _ = screen_from_lps(camera, np.add(FRONT.focal_lps_mm, (0.0, -50.0, 0.0)), 600, 600)
    assert x > 300
    assert eye[2] == pytest.approx(0)
    assert down == pytest.approx([0, 0, -1])


def test_dragging_down_moves_what_faces_us_down() -> None:
    camera = turned(FRONT, 0, 60)
    _, y = screen_from_lps(camera, np.add(FRONT.focal_lps_mm, (0.0, -50.0, 0.0)), 600, 600)
    assert y > 300


def test_turning_there_and_back_returns_to_the_same_view() -> None:
    camera = turned(turned(turned(FRONT, 33, 0), 0, 41), 0, -41)
    camera = turned(camera, -33, 0)
    assert np.allclose(camera.to_eye, FRONT.to_eye)
    assert np.allclose(camera.up, FRONT.up)


def test_panning_moves_the_patient_with_the_hand_and_zoom_magnifies() -> None:
    assert screen_from_lps(panned(FRONT, 30, -20, 400), FRONT.focal_lps_mm, 600, 400) == pytest.approx((330, 180))
    assert zoomed(FRONT, 2).height_mm == 100
