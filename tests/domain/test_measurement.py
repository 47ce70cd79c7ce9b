"""What follows from the points of a measurement alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.measurement import Measurement, MeasurementKind, with_second_axis
from viewer.domain.view_state import as_point

if TYPE_CHECKING:
    from collections.abc import Sequence


def drawn(kind: MeasurementKind, *points: Sequence[float], plane: PlaneName = PlaneName.AXIAL) -> Measurement:
    axes = PLANE_AXES[plane]
    return Measurement("m", kind, tuple(as_point(p) for p in points), plane, as_point(axes.right), as_point(axes.down))


def test_a_length_is_the_distance_in_the_patient() -> None:
    length = drawn(MeasurementKind.LENGTH, (-3.0, 10.0, 7.0), (0.0, 14.0, 19.0))
    assert length.length_mm == pytest.approx(13.0)
    assert length.centre_lps_mm == pytest.approx((-1.5, 12.0, 13.0))


@pytest.mark.parametrize("degrees", [0.001, 17.3, 90.0, 143.0, 179.999])
def test_an_angle_is_the_one_between_its_arms(degrees: float) -> None:
    turn = math.radians(degrees)
    angle = drawn(
        MeasurementKind.ANGLE, (25.0, 3.0, 5.0), (5.0, 3.0, 5.0), (5 + 8 * math.cos(turn), 3 + 8 * math.sin(turn), 5.0)
    )
    assert angle.angle_deg == pytest.approx(degrees, abs=1e-9)


def test_areas_are_those_of_the_shapes_whichever_corners_were_drawn_first() -> None:
    corners = ((10.0, 40.0, 3.0), (-20.0, 28.0, 3.0))
    for a, b in (corners, corners[::-1]):
        assert drawn(MeasurementKind.RECTANGLE, a, b).area_mm2 == pytest.approx(30 * 12)
        assert drawn(MeasurementKind.ELLIPSE, a, b).area_mm2 == pytest.approx(math.pi * 15 * 6)


@pytest.mark.parametrize("plane", PlaneName)
def test_the_line_of_an_ellipse_keeps_to_its_plane_and_its_equation(plane: PlaneName) -> None:
    axes = PLANE_AXES[plane]
    start = np.array([4.0, -8.0, 15.0])
    ellipse = drawn(MeasurementKind.ELLIPSE, start, start + 20 * axes.right + 9 * axes.down, plane=plane)
    away = ellipse.lines_lps_mm()[0] - np.asarray(ellipse.centre_lps_mm)
    assert np.abs(away @ axes.into).max() < 1e-12
    assert (away @ axes.right / 10) ** 2 + (away @ axes.down / 4.5) ** 2 == pytest.approx(1.0)


@pytest.mark.parametrize("kind", [MeasurementKind.ELLIPSE, MeasurementKind.RECTANGLE])
@pytest.mark.parametrize("handle", range(4))
def test_pulling_a_handle_leaves_the_opposite_one_where_it_is(kind: MeasurementKind, handle: int) -> None:
    region = drawn(kind, (0.0, 0.0, 5.0), (20.0, 10.0, 5.0))
    before = region.handles_lps_mm()
    goal = as_point(before[handle] + (3.0, 2.0, 0.0))
    pulled = region.pulled(handle, goal)
    after = pulled.handles_lps_mm()
    assert min(np.linalg.norm(after - before[(handle + 2) % 4], axis=1)) < 1e-9
    if kind is MeasurementKind.ELLIPSE:
        across = 1 if handle % 2 == 0 else 0
        assert pulled.size_mm[across] == pytest.approx(region.size_mm[across])
        assert pulled.centre_lps_mm[across] == pytest.approx(region.centre_lps_mm[across])
    moved = np.subtract(goal, before[handle])
    if kind is MeasurementKind.ELLIPSE:
        moved = moved * ((1, 0, 0) if handle % 2 == 0 else (0, 1, 0))
    assert min(np.linalg.norm(after - before[handle] - moved, axis=1)) < 1e-9


def test_an_ellipse_pulled_through_itself_is_still_one() -> None:
    region = drawn(MeasurementKind.ELLIPSE, (0.0, 0.0, 5.0), (20.0, 10.0, 5.0))
    turned = region.pulled(0, (-6.0, 5.0, 5.0))
    assert turned.size_mm == pytest.approx((6.0, 10.0))
    assert turned.centre_lps_mm == pytest.approx((-3.0, 5.0, 5.0))


def test_what_lacks_a_point_or_lies_nowhere_is_no_measurement() -> None:
    with pytest.raises(ValueError, match="takes 2 points"):
        drawn(MeasurementKind.LENGTH, (0.0, 0.0, 0.0))
    with pytest.raises(ValueError, match="takes 2 points, not 3"):
        drawn(MeasurementKind.LENGTH, *[(float(n), 0.0, 0.0) for n in range(3)])
    with pytest.raises(ValueError, match="nowhere"):
        drawn(MeasurementKind.LENGTH, (0.0, 0.0, 0.0), (math.nan, 0.0, 0.0))


CORNERS = ((0.0, 0.0, 5.0), (20.0, 0.0, 5.0), (26.0, 10.0, 5.0), (4.0, 12.0, 5.0))


@pytest.mark.parametrize(
    ("kind", "lines", "handles", "centre"),
    [
        (MeasurementKind.LENGTH, [2], 2, (10.0, 0.0, 5.0)),
        (MeasurementKind.ARROW, [2], 2, (0.0, 0.0, 5.0)),
        (MeasurementKind.ANGLE, [3], 3, (20.0, 0.0, 5.0)),
        (MeasurementKind.COBB, [2, 2], 4, (12.5, 5.5, 5.0)),
        (MeasurementKind.TWO_AXES, [2, 2], 4, (12.5, 5.5, 5.0)),
        (MeasurementKind.FREEHAND, [5], 4, (13.0, 6.0, 5.0)),
        (MeasurementKind.RECTANGLE, [5], 4, (10.0, 0.0, 5.0)),
        (MeasurementKind.TEXT, [1], 0, (0.0, 0.0, 5.0)),
    ],
)
def test_of_each_kind_its_own_lines_are_drawn_and_its_ends_and_corners_are_pulled(
    kind: MeasurementKind, lines: list[int], handles: int, centre: tuple[float, ...]
) -> None:
    made = drawn(kind, *CORNERS[: 4 if kind is MeasurementKind.FREEHAND else kind.points_needed])
    found = made.lines_lps_mm()
    assert [len(line) for line in found] == lines
    assert all(np.array_equal(line[0], line[-1]) == (kind.is_region or len(line) == 1) for line in found)
    if kind is not MeasurementKind.RECTANGLE:
        drawn_points = np.concatenate(found)[: len(made.points_lps_mm)]
        assert drawn_points.tolist() == [list(point) for point in made.points_lps_mm]
    assert len(made.handles_lps_mm()) == handles
    assert made.centre_lps_mm == pytest.approx(centre)


@pytest.mark.parametrize("degrees", [0.0, 12.5, 60.0, 90.0, 120.0, 179.0])
def test_a_cobb_angle_is_the_smaller_one_whichever_way_the_lines_were_drawn(degrees: float) -> None:
    turn = math.radians(degrees)
    one = ((0.0, 0.0, 5.0), (30.0, 0.0, 5.0))
    other = ((2.0, 40.0, 5.0), (2 + 25 * math.cos(turn), 40 + 25 * math.sin(turn), 5.0))
    for first in (one, one[::-1]):
        for second in (other, other[::-1]):
            cobb = drawn(MeasurementKind.COBB, *first, *second)
            assert cobb.angle_deg == pytest.approx(min(degrees, 180 - degrees))


def two_axes(plane: PlaneName = PlaneName.AXIAL) -> Measurement:
    axes = PLANE_AXES[plane]
    start = np.array([3.0, -4.0, 9.0])
    ends = (as_point(start), as_point(start + 24 * axes.right + 10 * axes.down))
    return drawn(MeasurementKind.TWO_AXES, *with_second_axis(ends, np.cross(axes.right, axes.down)), plane=plane)


def upright(measured: Measurement) -> float:
    points = np.asarray(measured.points_lps_mm)
    return float((points[1] - points[0]) @ (points[3] - points[2]))


@pytest.mark.parametrize("plane", PlaneName)
def test_the_second_axis_stands_upright_on_the_middle_of_the_first_in_its_plane(plane: PlaneName) -> None:
    measured = two_axes(plane)
    points = np.asarray(measured.points_lps_mm)
    assert measured.length_mm == pytest.approx(26.0)
    assert measured.second_length_mm == pytest.approx(13.0)
    assert upright(measured) == pytest.approx(0.0, abs=1e-9)
    assert points[2:].mean(axis=0) == pytest.approx(points[:2].mean(axis=0))
    assert np.ptp(points @ PLANE_AXES[plane].into) == pytest.approx(0.0, abs=1e-9)


def where_it_stands(measured: Measurement) -> list[float]:
    """Return at which share of the first axis the second crosses it, and how far that reaches to either side."""
    first, last, one, other = np.asarray(measured.points_lps_mm)
    along = (last - first) / measured.length_mm
    upright = np.cross(measured.normal, along)
    return [float((one - first) @ along) / measured.length_mm, *(float((p - first) @ upright) for p in (one, other))]


@pytest.mark.parametrize("slid", [False, True])
@pytest.mark.parametrize("handle", range(4))
def test_pulling_an_end_of_either_axis_keeps_them_upright(handle: int, slid: bool) -> None:
    measured = two_axes()
    if slid:
        measured = measured.pulled(3, as_point(np.add(measured.points_lps_mm[3], (-6.0, 1.0, 0.0))))
    goal = as_point(np.add(measured.points_lps_mm[handle], (4.0, -3.0, 0.0)))
    pulled = measured.pulled(handle, goal)
    assert upright(pulled) == pytest.approx(0.0, abs=1e-9)
    if handle < 2:
        assert pulled.points_lps_mm[handle] == pytest.approx(goal)
        assert pulled.points_lps_mm[1 - handle] == measured.points_lps_mm[1 - handle]
        assert pulled.second_length_mm == pytest.approx(measured.second_length_mm)
        assert where_it_stands(pulled) == pytest.approx(where_it_stands(measured))
    else:
        assert pulled.points_lps_mm[:2] == measured.points_lps_mm[:2]
        assert pulled.points_lps_mm[handle] == pytest.approx(goal)
