"""Outlines drawn by hand: what lies inside, how large it is, and how few corners say it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.measurement import MOST_LETTERS, MOST_POINTS, Measurement, MeasurementKind
from viewer.domain.outline import area, crosses_itself, inside, joined, redrawn, simplified
from viewer.domain.view_state import as_point

SQUARE = np.array([(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)])
EIGHT = np.array([(0.0, 0.0), (10.0, 10.0), (10.0, 0.0), (0.0, 10.0)])
TWICE_AROUND = np.concatenate([SQUARE, (SQUARE + 2) * 0.5])


def pentagram(radius: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    turn = 2 * math.pi * np.arange(5) * 2 / 5
    return radius * np.stack([np.sin(turn), -np.cos(turn)], axis=1)


def drawn(corners: np.ndarray[tuple[int, ...], np.dtype[np.float64]], plane: PlaneName) -> Measurement:
    axes = PLANE_AXES[plane]
    points = np.array([3.0, -8.0, 21.0]) + corners[:, :1] * axes.right + corners[:, 1:] * axes.down
    kind = MeasurementKind.FREEHAND
    return Measurement("m", kind, tuple(map(as_point, points)), plane, as_point(axes.right), as_point(axes.down))


def test_a_place_is_inside_where_a_ray_leaves_an_odd_number_of_times() -> None:
    x, y = np.array([5.0, 1.0, 9.0, 5.0, -1.0]), np.array([1.0, 5.0, 5.0, 9.0, 5.0])
    assert inside(SQUARE, x, y).tolist() == [True, True, True, True, False]
    # A figure of eight lying on its side: its two wings are inside, above and below are not.
    assert inside(EIGHT, x, y).tolist() == [False, True, True, False, False]


def test_what_a_line_goes_around_twice_is_a_hole() -> None:
    assert not inside(TWICE_AROUND, np.array([4.0]), np.array([4.0]))[0]
    assert inside(TWICE_AROUND, np.array([8.0]), np.array([8.0]))[0]


def test_of_two_outlines_that_share_a_side_exactly_one_holds_a_place_on_it() -> None:
    edge = np.full(11, 10.0), np.arange(11.0)
    for one, other, (x, y) in (
        (SQUARE, SQUARE + (10, 0), edge),
        (SQUARE, SQUARE + (0, 10), edge[::-1]),
    ):
        corner_free = slice(1, -1)
        held = inside(one, x, y).astype(int) + inside(other, x, y).astype(int)
        assert held[corner_free].tolist() == [1] * 9


def test_a_place_on_the_left_or_upper_side_is_inside_and_one_on_the_right_or_lower_side_is_not() -> None:
    x, y = np.array([0.0, 10.0, 5.0, 5.0]), np.array([5.0, 5.0, 0.0, 10.0])
    assert inside(SQUARE, x, y).tolist() == [True, False, True, False]


def test_areas_are_those_of_the_polygon_formula_and_of_the_parts_where_it_crosses_itself() -> None:
    assert area(SQUARE) == pytest.approx(100)
    assert area(SQUARE[::-1] + 1e4) == pytest.approx(100)
    # Both wings of an eight count, and do not take each other's place.
    assert area(EIGHT) == pytest.approx(50)
    # A pentagram's middle is gone around twice: five tips count, triangles whose legs are φ times their base.
    golden = (1 + math.sqrt(5)) / 2
    base = 2 * 10.0 / golden**2 * math.sin(math.pi / 5)
    height = math.sqrt((golden * base) ** 2 - (base / 2) ** 2)
    assert area(pentagram(10.0)) == pytest.approx(5 * base * height / 2)
    assert area(TWICE_AROUND) == pytest.approx(area_by_counting(TWICE_AROUND), rel=5e-3)


def area_by_counting(corners: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    step = 0.05
    axis = np.arange(-12, 12, step) + step / 2
    return float(inside(corners, axis[:, None], axis[None, :]).sum()) * step**2


def test_it_is_told_whether_an_outline_crosses_itself() -> None:
    assert not crosses_itself(SQUARE)
    assert crosses_itself(EIGHT)
    assert crosses_itself(pentagram(5.0))
    turn = np.linspace(0, 2 * math.pi, 200, endpoint=False)
    assert not crosses_itself(np.stack([30 * np.cos(turn), 20 * np.sin(turn)], axis=1))


def test_a_line_keeps_the_places_that_shape_it() -> None:
    turn = np.linspace(0, 2 * math.pi, 600)
    circle = np.stack([50 * np.cos(turn), 50 * np.sin(turn), np.zeros(600)], axis=1)
    few = simplified(circle, 0.5)
    assert 20 < len(few) < 60
    assert (few[0].tolist(), few[-1].tolist()) == (circle[0].tolist(), circle[-1].tolist())
    assert area(few[:-1, :2]) == pytest.approx(math.pi * 2500, rel=0.015)
    straight = np.linspace((0.0, 0.0), (9.0, 3.0), 50)
    assert simplified(straight, 0.01).tolist() == [[0.0, 0.0], [9.0, 3.0]]


def test_a_hand_that_draws_a_little_too_far_closes_without_a_loop_and_an_eight_stays_one() -> None:
    for turns in (0.985, 1.0, 1.03):
        turn = np.linspace(0, 2 * math.pi * turns, 80)
        # Too far, and a little further out than where it began.
        spiral = (50 + np.linspace(-3, 3, 80))[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        if turns > 1:
            spiral[:4] *= np.linspace(1.12, 1.0, 4)[:, None]
        closed = joined(spiral, 4.0)
        assert not crosses_itself(closed)
        assert area(closed) == pytest.approx(math.pi * 2500, rel=0.05)
    turn = np.linspace(0.3, 2 * math.pi + 0.3, 80)
    eight = 50 * np.stack([np.sin(turn), np.sin(2 * turn)], axis=1)
    kept = joined(eight, 4.0)
    assert crosses_itself(kept)
    assert area(kept) == pytest.approx(area(eight), rel=0.02)


@pytest.mark.parametrize(("tail", "closed"), [(4.0, True), (12.0, False)])
def test_ends_that_cross_are_cut_off_up_to_a_tenth_of_the_line_and_a_loop_with_long_ends_stays(
    tail: float, closed: bool
) -> None:
    turn = np.linspace(-0.5 * math.pi, 1.5 * math.pi, 120)
    loop = 20 * np.stack([np.cos(turn), 1 + np.sin(turn)], axis=1)
    away = np.linspace(tail, 1.0, 12)[:, None] / math.sqrt(2)
    # From the lower left around the loop to the lower right: below it both ends cross.
    line = np.concatenate([away * (-1, -1), loop, away[::-1] * (1, -1)])
    made = joined(line, 0.5)
    assert made[:, 1].min() == pytest.approx(0.0 if closed else -tail / math.sqrt(2), abs=1e-6)


@pytest.mark.parametrize("radius_px", [6, 10, 20, 60])
@pytest.mark.parametrize("overshoot", [-0.02, 0.0, 0.03, 0.06])
def test_a_small_lesion_gone_around_with_the_pointer_keeps_its_area(radius_px: float, overshoot: float) -> None:
    # Where a line ends within ten pixels of its beginning it is closed: of one 12 pixels wide a fifth was cut off.
    turn = np.linspace(0.4, 0.4 + 2 * math.pi * (1 + overshoot), round(12 * radius_px))
    line = radius_px * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    closed = joined(line, 10.0)
    assert area(closed) == pytest.approx(math.pi * radius_px**2, rel=0.01)
    assert not crosses_itself(closed)


@pytest.mark.parametrize("plane", PlaneName)
def test_an_outline_has_area_box_and_middle_in_its_own_plane(plane: PlaneName) -> None:
    axes = PLANE_AXES[plane]
    outlined = drawn(np.array([(0.0, 0.0), (20.0, 0.0), (20.0, 6.0), (8.0, 6.0), (8.0, 30.0), (0.0, 30.0)]), plane)
    assert outlined.area_mm2 == pytest.approx(20 * 6 + 8 * 24)
    assert outlined.size_mm == pytest.approx((20.0, 30.0))
    middle = np.array([3.0, -8.0, 21.0]) + 10 * axes.right + 15 * axes.down
    assert outlined.centre_lps_mm == pytest.approx(middle)
    within = outlined.encloses(np.array([-9.0, 9.0]), np.array([14.0, 14.0]))
    assert within.tolist() == [True, False]


def test_pulling_a_corner_of_an_outline_leaves_all_others() -> None:
    outlined = drawn(SQUARE, PlaneName.AXIAL)
    goal = as_point(np.add(outlined.points_lps_mm[2], (4.0, 4.0, 0.0)))
    pulled = outlined.pulled(2, goal)
    assert pulled.points_lps_mm == (*outlined.points_lps_mm[:2], goal, outlined.points_lps_mm[3])
    assert pulled.area_mm2 == pytest.approx(140)
    assert outlined.moved((1.0, 2.0, 0.0)).area_mm2 == pytest.approx(100)


def test_pulling_a_line_drawn_by_hand_takes_what_is_near_along_and_makes_no_spike() -> None:
    turn = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    circle = drawn(20 * np.stack([np.cos(turn), np.sin(turn)], axis=1), PlaneName.AXIAL)
    before = np.asarray(circle.points_lps_mm)
    goal = as_point(before[0] + (8.0, 0.0, 0.0))
    after = np.asarray(circle.pulled(0, goal).points_lps_mm)
    moved = np.linalg.norm(after - before, axis=1)
    assert after[0] == pytest.approx(goal)
    assert (moved[0], moved[1] > moved[2] > 0) == (pytest.approx(8.0), True)
    assert moved[1] == pytest.approx(moved[-1])
    assert moved[3:-2].max() == 0


def test_words_are_one_short_line_and_stand_on_arrows_and_texts_alone() -> None:
    axes = PLANE_AXES[PlaneName.AXIAL]

    def noted(kind: MeasurementKind, points: int, text: str) -> Measurement:
        places = tuple((float(n), 0.0, 0.0) for n in range(points))
        return Measurement("m", kind, places, PlaneName.AXIAL, as_point(axes.right), as_point(axes.down), text=text)

    assert noted(MeasurementKind.ARROW, 2, "Vena cava").centre_lps_mm == (0.0, 0.0, 0.0)
    assert noted(MeasurementKind.TEXT, 1, "schön, 日本").text == "schön, 日本"
    for kind, points, text in (
        (MeasurementKind.LENGTH, 2, "a"),
        (MeasurementKind.TEXT, 1, "two\nlines"),
        (MeasurementKind.TEXT, 1, "x" * (MOST_LETTERS + 1)),
    ):
        with pytest.raises(ValueError, match="words"):
            noted(kind, points, text)
    with pytest.raises(ValueError, match="takes 3 points"):
        noted(MeasurementKind.FREEHAND, MOST_POINTS + 1, "")


def test_a_line_drawn_over_a_side_replaces_that_side() -> None:
    bulge = np.array([(2.0, 0.0), (3.0, -4.0), (7.0, -4.0), (8.0, 0.0)])
    for stroke in (bulge, bulge[::-1]):
        made = redrawn(SQUARE, stroke, 0.5)
        assert area(made) == pytest.approx(100 + 4 * (4 + 6) / 2)
        assert not crosses_itself(made)
        assert {tuple(corner) for corner in SQUARE} <= {tuple(corner) for corner in made.tolist()}


def test_a_line_across_cuts_off_the_smaller_part_and_one_around_a_corner_replaces_it() -> None:
    assert area(redrawn(SQUARE, [(3.0, 0.0), (3.0, 5.0), (3.0, 10.0)], 0.5)) == pytest.approx(70)
    around = redrawn(SQUARE, [(4.0, 0.0), (-3.0, -3.0), (0.0, 4.0)], 0.5)
    assert (0.0, 0.0) not in {tuple(corner) for corner in around.tolist()}
    assert area(around) > 100


def test_a_new_line_over_the_seam_of_an_outline_or_that_ends_beside_it_is_joined_to_it() -> None:
    # The outline begins, and ends, at (0, 0), in the middle of what is drawn anew.
    started = np.roll(SQUARE, 2, axis=0)
    for corners in (SQUARE, started):
        assert area(redrawn(corners, [(5.0, 0.0), (5.0, 5.0), (0.0, 5.0)], 0.5)) == pytest.approx(75)
    beside = redrawn(SQUARE, [(2.0, 0.0), (2.0, -3.0), (8.0, -3.0)], 0.5)
    assert area(beside) == pytest.approx(100 + 18)


def test_a_loop_back_to_its_beginning_is_added_and_a_mere_touch_changes_nothing() -> None:
    loop = redrawn(SQUARE, [(5.0, 0.0), (3.0, -3.0), (7.0, -3.0), (5.0, 0.0)], 0.5)
    assert area(loop) == pytest.approx(100 + 6)
    assert area(redrawn(SQUARE, [(5.0, 0.0), (5.0, 0.0)], 0.5)) == pytest.approx(100)
