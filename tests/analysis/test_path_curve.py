"""The curve through drawn points, held against curves whose length and shape are known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from viewer.analysis.path_curve import PathCurve, curve_through

if TYPE_CHECKING:
    from viewer.domain.view_state import Point

RADIUS_MM, PITCH_MM, TURNS = 30.0, 60.0, 2.0
HELIX_MM = 2 * math.pi * TURNS * math.hypot(RADIUS_MM, PITCH_MM / (2 * math.pi))


def helix(angles: np.ndarray) -> np.ndarray:
    return np.stack([RADIUS_MM * np.cos(angles), RADIUS_MM * np.sin(angles), PITCH_MM * angles / (2 * np.pi)], axis=-1)


def through(points: np.ndarray) -> PathCurve:
    curve = curve_through(tuple((float(x), float(y), float(z)) for x, y, z in points))
    assert curve is not None
    return curve


def test_the_length_of_a_helix_is_the_analytic_one() -> None:
    curve = through(helix(np.linspace(0, 2 * np.pi * TURNS, 25)))
    assert curve.length_mm == pytest.approx(HELIX_MM, rel=2e-4)


def test_clicked_at_uneven_distances_the_helix_is_still_met() -> None:
    rng = np.random.default_rng(4)
    angles = np.sort(np.concatenate([[0, 2 * np.pi * TURNS], rng.uniform(0, 2 * np.pi * TURNS, 34)]))
    curve = through(helix(angles))
    assert curve.length_mm == pytest.approx(HELIX_MM, rel=5e-3)
    radii = np.hypot(curve.points_lps_mm[:, 0], curve.points_lps_mm[:, 1])
    assert np.abs(radii - RADIUS_MM).max() < 1.5


def test_half_a_circle_has_the_length_of_half_a_circle() -> None:
    angles = np.linspace(0, np.pi, 9)
    curve = through(np.stack([50 * np.cos(angles), 50 * np.sin(angles), 0 * angles], axis=-1))
    assert curve.length_mm == pytest.approx(50 * np.pi, rel=2e-4)
    bends = np.linalg.norm(curve.bends_per_mm, axis=1)[20:-20]
    np.testing.assert_allclose(bends, 1 / 50, rtol=0.05)


def test_two_points_make_a_straight_line_and_fewer_none() -> None:
    curve = through(np.array([(0, 0, 0), (30, 40, 0)], dtype=float))
    assert curve.length_mm == pytest.approx(50.0)
    np.testing.assert_allclose(curve.at(25.0)[0][0], (15, 20, 0))
    assert curve_through(()) is None
    assert curve_through(((1.0, 2.0, 3.0),)) is None
    assert curve_through(((1.0, 2.0, 3.0), (1.0, 2.0, 3.0))) is None


def test_the_curve_goes_through_every_point_at_the_place_it_says() -> None:
    points = helix(np.array([0, 0.3, 1.4, 2.0, 4.4, 5.0]))
    curve = through(points)
    on_curve, _, _ = curve.at(np.asarray(curve.drawn_at_mm))
    assert np.abs(on_curve - points).max() < 0.01
    assert curve.drawn_at_mm[-1] == pytest.approx(curve.length_mm)


def test_a_point_clicked_twice_changes_nothing() -> None:
    points = helix(np.linspace(0, 3, 6))
    twice = np.concatenate([points[:3], points[2:]])
    assert through(twice).length_mm == pytest.approx(through(points).length_mm)


def test_points_set_by_a_shaky_hand_do_not_send_the_curve_away() -> None:
    shaky = np.array([(-100, 0, 0), (0, 0, 0), (0.3, 0.1, 0), (0.1, 0.4, 0), (80, 60, 0), (150, 0, 0)], dtype=float)
    calm = through(np.delete(shaky, (2, 3), axis=0))
    curve = through(shaky)
    assert curve.length_mm == pytest.approx(calm.length_mm, rel=0.05)
    assert np.ptp(curve.points_lps_mm, axis=0).max() < 260
    on_curve, _, _ = curve.at(np.asarray(curve.drawn_at_mm))
    assert np.abs(on_curve - shaky).max() < 0.25


@pytest.mark.parametrize("beside", [(-3.0, 1.0, 0.0), (0.04, 0.0, 0.02), (0.5, -0.8, 0.3), (1.0, 2.5, 0.0)])
@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_a_point_set_just_beside_another_adds_no_more_than_the_way_to_it(
    beside: tuple[float, float, float], at: int
) -> None:
    # Clicks 58 mm apart along a vessel: a second one beside one of them made its 174 mm up to 243 mm.
    angles = np.arange(4) * 58 / 180
    points = np.stack([180 * np.sin(angles), 180 * (1 - np.cos(angles)), 0 * angles], axis=-1)
    calm = through(points).length_mm
    assert calm == pytest.approx(3 * 58, rel=2e-3)
    doubled = through(np.insert(points, at + 1, points[at] + beside, axis=0)).length_mm
    assert calm - 3 < doubled < calm * 1.03 + 2 * math.hypot(*beside)


def test_a_path_there_and_back_has_twice_the_length_and_a_direction_everywhere() -> None:
    curve = through(np.array([(0, 0, 0), (10, 0, 0), (0, 0, 0)], dtype=float))
    assert curve.length_mm == pytest.approx(20.0)
    points, tangents, ups = curve.at(np.linspace(-1, 21, 177))
    for numbers in (points, tangents, ups, curve.bends_per_mm):
        assert np.isfinite(numbers).all()
    np.testing.assert_allclose(curve.at([5.0, 10.0, 15.0])[0], [(5, 0, 0), (10, 0, 0), (5, 0, 0)], atol=0.1)


def test_its_frame_stands_upright_on_it_and_does_not_twist() -> None:
    curve = through(helix(np.linspace(0, 2 * np.pi * TURNS, 33)))
    assert np.abs(np.sum(curve.ups * curve.tangents, axis=1)).max() < 1e-9
    np.testing.assert_allclose(np.linalg.norm(curve.ups, axis=1), 1.0)
    # Rotation minimising: what the frame turns about the curve from one place to the next is of third order.
    sides = np.cross(curve.tangents, curve.ups)
    twist = np.abs(np.sum(np.diff(curve.ups, axis=0) * (sides[:-1] + sides[1:]) / 2, axis=1))
    assert twist.max() < 1e-5


def test_in_a_flat_curve_up_stays_in_the_plane_or_upright_on_it() -> None:
    angles = np.linspace(0, 2.5, 9)
    curve = through(np.stack([40 * np.cos(angles), 0 * angles, 40 * np.sin(angles)], axis=-1))
    np.testing.assert_allclose(curve.ups, np.broadcast_to((0.0, -1.0, 0.0), curve.ups.shape), atol=1e-9)


@pytest.mark.parametrize("way", [(0, 0, 1), (0, 1, 0), (1, 0, 0), (0, -1, 0.1)])
def test_up_is_towards_the_front_or_the_head(way: Point) -> None:
    curve = through(np.stack([np.zeros(3), 50 * np.asarray(way, dtype=float)]))
    up = curve.ups[0]
    assert up[1] < -0.9 or up[2] > 0.9


def test_the_nearest_place_to_a_point_beside_the_curve_is_found() -> None:
    curve = through(helix(np.linspace(0, 2 * np.pi * TURNS, 33)))
    rng = np.random.default_rng(1)
    for place in rng.uniform(10, curve.length_mm - 10, 20):
        point, _, up = (part[0] for part in curve.at(place))
        found, away = curve.nearest(point + 4.0 * up)
        assert found == pytest.approx(place, abs=0.3)
        assert away == pytest.approx(4.0, abs=0.02)
