"""Measuring by hand on the canvas, and what is seen of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.acquired.hands import drag, move_to, place_in, turn_wheel
from tests.ui.reader import LEFT, NONE, RIGHT, SHIFT, Reader
from viewer.domain.geometry import PlaneName, Verdict
from viewer.domain.session import Workspace
from viewer.domain.view_state import OverlayMode, ViewName
from viewer.scene.turned_planes import turned_about
from viewer.ui.canvas import CanvasStyle, Tool
from viewer.ui.canvas.measured_places import image_place
from viewer.ui.canvas.moves import scrolled
from viewer.ui.measurement_words import label_lines, value_words


@pytest.mark.parametrize("view", [ViewName.AXIAL, ViewName.CORONAL, ViewName.SAGITTAL])
def test_a_drag_draws_a_length_of_as_many_mm_as_the_picture_shows(reader: Reader, view: ViewName) -> None:
    start, by = place_in(reader.canvas, view, 0.3, 0.4), QPoint(90, 40)
    made = reader.draw(Tool.LENGTH, start, by)
    mm = math.hypot(90, 40) * reader.geometry(view).mm_per_px
    assert made.length_mm == pytest.approx(mm, rel=1e-6)
    assert reader.at(made.points_lps_mm[0], view) == start
    assert reader.at(made.points_lps_mm[1], view) == start + by
    assert made.plane is view.plane
    assert reader.session.measurement_in_hand == made.id


def test_it_is_drawn_on_the_image_that_is_seen_where_the_cursor_lies_between_two(reader: Reader) -> None:
    view = reader.session.view
    assert view is not None
    assert reader.session.volume is not None
    x, y, z = reader.session.volume.stack.lps((60, 50, 17))
    reader.session.view = evolve(view, cursor_lps_mm=(float(x), float(y), float(z) + 1.1))
    made = reader.draw(Tool.LENGTH, place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4), QPoint(50, 0))
    assert [point[2] for point in made.points_lps_mm] == pytest.approx([z, z])


def test_it_is_seen_on_its_image_alone_and_as_a_trace_in_the_planes_it_goes_through(reader: Reader) -> None:
    without = {view: reader.seen(view) for view in (ViewName.AXIAL, ViewName.SAGITTAL)}
    volume, view = reader.session.volume, reader.session.view
    assert volume is not None
    assert view is not None
    next_one = scrolled(volume, view, PlaneName.AXIAL, 1)
    cursor = np.asarray(view.cursor_lps_mm)
    start = reader.at(cursor + (-15, -5, 0))
    reader.draw(Tool.LENGTH, start, reader.at(cursor + (15, 3, 0)) - start)
    reader.canvas.stop_measuring()
    assert reader.seen() != without[ViewName.AXIAL]
    assert reader.seen(ViewName.SAGITTAL) != without[ViewName.SAGITTAL]
    reader.session.view = next_one
    there = reader.seen()
    reader.session.measurements = ()
    assert reader.seen() == there


def test_on_a_turned_plane_it_lies_where_it_was_drawn_and_a_region_says_that_it_is_interpolated(reader: Reader) -> None:
    view, volume = reader.session.view, reader.session.volume
    assert view is not None
    assert volume is not None
    x, y, z = view.cursor_lps_mm
    straight = evolve(view, cursor_lps_mm=(x + 0.13, y + 0.21, z + 0.7))
    reader.session.view = turned_about(straight, PlaneName.AXIAL, 0.6)
    start = place_in(reader.canvas, ViewName.CORONAL, 0.3, 0.3)
    length = reader.draw(Tool.LENGTH, start, QPoint(70, 30))
    assert reader.at(length.points_lps_mm[0], ViewName.CORONAL) == start
    assert reader.geometry(ViewName.CORONAL).distance_mm(length.points_lps_mm[1]) == pytest.approx(0.0, abs=1e-6)
    assert length.length_mm == pytest.approx(math.hypot(70, 30) * reader.geometry(ViewName.CORONAL).mm_per_px)
    region = reader.draw(Tool.ELLIPSE, place_in(reader.canvas, ViewName.CORONAL, 0.45, 0.3), QPoint(50, 40))
    assert "Interpolated" in label_lines(region, volume, all_of_it=False)
    seen = reader.seen(ViewName.CORONAL)
    # A plane that is not the region's shows no region, however near it is.
    reader.session.view = turned_about(reader.session.view, PlaneName.AXIAL, 0.02)
    assert not image_place(volume, reader.geometry(ViewName.CORONAL)).holds(region)
    assert reader.seen(ViewName.CORONAL) != seen


def test_an_end_can_be_pulled_and_the_whole_can_be_moved(reader: Reader) -> None:
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    made = reader.draw(Tool.LENGTH, start, QPoint(80, 0))
    drag(reader.canvas, LEFT, start + QPoint(83, 2), QPoint(20, 30))
    mm = reader.geometry().mm_per_px
    pulled = reader.one
    assert pulled.id == made.id
    assert pulled.points_lps_mm[0] == made.points_lps_mm[0]
    assert pulled.length_mm == pytest.approx(math.hypot(100, 30) * mm, rel=1e-6)
    drag(reader.canvas, LEFT, start + QPoint(50, 15), QPoint(-12, 25))
    moved = reader.one
    assert moved.length_mm == pytest.approx(pulled.length_mm)
    assert np.subtract(moved.points_lps_mm, pulled.points_lps_mm) == pytest.approx(
        np.array([(-12 * mm, 25 * mm, 0)] * 2)
    )


def test_a_window_drag_that_begins_on_a_measurement_changes_the_window_and_leaves_it(reader: Reader) -> None:
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    made = reader.draw(Tool.LENGTH, start, QPoint(80, 0))
    reader.canvas.stop_measuring()
    assert reader.canvas.tool is Tool.WINDOW
    before = reader.session.view
    drag(reader.canvas, LEFT, start + QPoint(40, 0), QPoint(30, 30))
    assert reader.one == made
    assert reader.session.view != before
    # Once it was picked with a click, it is what a drag is meant for.
    QTest.mouseClick(reader.canvas, LEFT, NONE, start + QPoint(40, 1))
    assert reader.session.measurement_in_hand == made.id
    drag(reader.canvas, LEFT, start + QPoint(40, 0), QPoint(30, 30))
    assert reader.one != made
    QTest.mouseClick(reader.canvas, LEFT, NONE, start + QPoint(0, 150))
    assert reader.session.measurement_in_hand is None


def test_two_clicks_draw_a_length_as_well(reader: Reader) -> None:
    reader.canvas.tool = Tool.LENGTH
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    QTest.mouseClick(reader.canvas, LEFT, NONE, start)
    assert reader.all == ()
    move_to(reader.canvas, start + QPoint(60, 20))
    QTest.mouseClick(reader.canvas, LEFT, NONE, start + QPoint(60, 20))
    assert reader.one.length_mm == pytest.approx(math.hypot(60, 20) * reader.geometry().mm_per_px, rel=1e-6)


def test_an_angle_takes_a_drag_and_a_click(reader: Reader) -> None:
    reader.canvas.tool = Tool.ANGLE
    corner = place_in(reader.canvas, ViewName.AXIAL, 0.4, 0.5)
    drag(reader.canvas, LEFT, corner + QPoint(80, 0), QPoint(-80, 0))
    assert reader.all == ()
    move_to(reader.canvas, corner + QPoint(50, -50))
    QTest.mouseClick(reader.canvas, LEFT, NONE, corner + QPoint(50, -50))
    assert reader.one.angle_deg == pytest.approx(45.0)


def test_a_cobb_angle_takes_two_drags(reader: Reader) -> None:
    reader.canvas.tool = Tool.COBB
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.3)
    drag(reader.canvas, LEFT, start, QPoint(80, 0))
    assert reader.all == ()
    drag(reader.canvas, LEFT, start + QPoint(10, 90), QPoint(60, 60))
    assert reader.one.angle_deg == pytest.approx(45.0)
    assert [reader.at(point) for point in reader.one.points_lps_mm] == [
        start,
        start + QPoint(80, 0),
        start + QPoint(10, 90),
        start + QPoint(70, 150),
    ]
    assert reader.session.volume is not None
    assert value_words(reader.one, reader.session.volume) == "45.0°"


def test_two_axes_take_one_drag_and_the_short_one_is_pulled(reader: Reader) -> None:
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    made = reader.draw(Tool.TWO_AXES, start, QPoint(80, 0))
    mm = reader.geometry().mm_per_px
    assert made.second_length_mm == pytest.approx(40 * mm)
    drag(reader.canvas, LEFT, start + QPoint(40, 20), QPoint(10, 12))
    pulled = reader.one
    assert pulled.length_mm == pytest.approx(80 * mm)
    assert pulled.second_length_mm == pytest.approx(52 * mm)
    assert reader.session.volume is not None
    assert value_words(pulled, reader.session.volume) == f"{80 * mm:.1f} × {52 * mm:.1f} mm"


def test_a_measurement_can_begin_on_the_crosshair_which_stays(reader: Reader) -> None:
    view = reader.session.view
    assert view is not None
    middle = reader.at(view.cursor_lps_mm)
    made = reader.draw(Tool.LENGTH, middle, QPoint(60, 0))
    assert made.points_lps_mm[0] == pytest.approx(view.cursor_lps_mm, abs=reader.geometry().mm_per_px)
    assert reader.session.view == view


def test_the_pointer_says_what_a_press_will_do(reader: Reader) -> None:
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    reader.draw(Tool.LENGTH, start, QPoint(80, 0))
    shapes = []
    for place in (start + QPoint(40, 60), start, start + QPoint(40, 2)):
        move_to(reader.canvas, place)
        shapes.append(reader.canvas.cursor().shape())
    assert shapes == [
        Qt.CursorShape.CrossCursor,
        Qt.CursorShape.PointingHandCursor,
        Qt.CursorShape.SizeAllCursor,
    ]
    reader.canvas.stop_measuring()
    move_to(reader.canvas, start + QPoint(40, 60))
    assert reader.canvas.cursor().shape() is Qt.CursorShape.ArrowCursor


@pytest.mark.parametrize("tool", [Tool.LENGTH, Tool.ELLIPSE, Tool.ANGLE, Tool.WINDOW])
def test_a_handle_under_the_pointer_looks_as_if_it_can_be_taken(reader: Reader, tool: Tool) -> None:
    start, by = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4), QPoint(80, 30)
    made = reader.draw(Tool.ELLIPSE if tool is Tool.ELLIPSE else Tool.LENGTH, start, by)
    reader.canvas.tool = tool
    handles = [reader.at(handle) for handle in made.handles_lps_mm()]
    move_to(reader.canvas, start + QPoint(40, 90))
    without = reader.seen()
    looks = set()
    for handle in handles:
        move_to(reader.canvas, handle + QPoint(3, -2))
        looks.add(reader.seen())
    assert len(looks | {without}) == len(handles) + 1
    move_to(reader.canvas, start + QPoint(40, 90))
    assert reader.seen() == without
    move_to(reader.canvas, handles[0])
    QApplication.sendEvent(reader.canvas, QEvent(QEvent.Type.Leave))
    assert reader.seen() == without


def test_a_handle_looks_as_if_it_can_be_taken_no_longer_once_a_press_would_not_pull_it(reader: Reader) -> None:
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    reader.draw(Tool.LENGTH, start, QPoint(80, 30))
    reader.session.measurement_in_hand = None
    reader.canvas.tool = Tool.WINDOW
    move_to(reader.canvas, start + QPoint(40, 90))
    without = reader.seen()
    reader.canvas.tool = Tool.LENGTH
    move_to(reader.canvas, start)
    assert reader.seen() != without
    reader.canvas.tool = Tool.WINDOW
    assert reader.seen() == without


def test_with_a_tool_that_measures_the_end_of_another_measurement_shows_itself_under_the_pointer(
    reader: Reader,
) -> None:
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.3)
    reader.draw(Tool.LENGTH, start, QPoint(80, 0))
    reader.draw(Tool.LENGTH, start + QPoint(0, 80), QPoint(80, 20))
    move_to(reader.canvas, start + QPoint(150, 150))
    without = reader.seen()
    move_to(reader.canvas, start)
    assert reader.seen() != without


def test_shift_draws_a_circle(reader: Reader) -> None:
    reader.canvas.tool = Tool.ELLIPSE
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    QTest.mousePress(reader.canvas, LEFT, SHIFT, start)
    QTest.mouseMove(reader.canvas, start + QPoint(20, 5))
    at = QPointF(start + QPoint(60, 25))
    event = QMouseEvent(QEvent.Type.MouseMove, at, QPointF(reader.canvas.mapToGlobal(at)), LEFT, LEFT, SHIFT)
    QApplication.sendEvent(reader.canvas, event)
    QTest.mouseRelease(reader.canvas, LEFT, SHIFT, at.toPoint())
    width, height = reader.one.size_mm
    assert width == pytest.approx(height)
    assert width == pytest.approx(60 * reader.geometry().mm_per_px)


def test_esc_and_the_right_button_give_up_what_is_being_drawn(reader: Reader) -> None:
    reader.canvas.tool = Tool.LENGTH
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    for give_up in (
        reader.canvas.stop_measuring,
        lambda: QTest.mouseClick(reader.canvas, RIGHT, NONE, start + QPoint(9, 9)),
    ):
        clean = reader.seen()
        QTest.mouseClick(reader.canvas, LEFT, NONE, start)
        move_to(reader.canvas, start + QPoint(60, 20))
        assert reader.seen() != clean
        give_up()
        assert reader.seen() == clean
        assert reader.canvas.tool is Tool.LENGTH
    assert reader.all == ()


def test_the_image_stays_while_something_is_being_drawn_on_it(reader: Reader) -> None:
    reader.canvas.tool = Tool.LENGTH
    before = reader.session.view
    QTest.mouseClick(reader.canvas, LEFT, NONE, place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4))
    turn_wheel(reader.canvas, ViewName.AXIAL, -1)
    assert reader.session.view == before


def test_a_region_without_height_is_none(reader: Reader) -> None:
    reader.canvas.tool = Tool.RECTANGLE
    clean = reader.seen()
    drag(reader.canvas, LEFT, place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4), QPoint(40, 0))
    assert reader.all == ()
    assert reader.seen() == clean


def test_the_overlay_key_hides_measurements_too_but_not_from_who_measures(reader: Reader) -> None:
    clean = reader.seen()
    reader.draw(Tool.LENGTH, place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4), QPoint(80, 0))
    view = reader.session.view
    assert view is not None
    reader.session.view = evolve(view, overlay=OverlayMode.OFF)
    assert reader.seen() != clean
    reader.canvas.stop_measuring()
    assert reader.seen() == clean


def test_nothing_is_drawn_where_the_geometry_is_not_trusted_and_a_sentence_says_why(reader: Reader) -> None:
    assert reader.session.volume is not None
    reader.session.volume = evolve(reader.session.volume, verdict=Verdict.UNTRUSTED, reasons=("A slice is missing.",))
    reader.canvas.tool = Tool.LENGTH
    drag(reader.canvas, LEFT, place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4), QPoint(60, 0))
    assert reader.all == ()
    assert reader.refused == ["Nothing is measured here: the geometry of this series is not trusted."]


def test_the_stage_shows_measurements_only_when_asked_to(reader: Reader) -> None:
    reader.canvas.set_style(CanvasStyle.STAGE)
    session = reader.session
    session.workspace = Workspace.PRESENT
    story = reader.seen()
    reader.canvas.set_style(CanvasStyle.REVIEW)
    reader.draw(Tool.LENGTH, place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4), QPoint(80, 0))
    reader.canvas.stop_measuring()
    reader.canvas.set_style(CanvasStyle.STAGE)
    assert reader.seen() == story
    session.measured_on_stage = True
    assert reader.seen() != story
    session.workspace = Workspace.REVIEW
    session.workspace = Workspace.PRESENT
    assert reader.seen() == story


def test_the_stage_lets_nobody_pull_what_was_measured(reader: Reader) -> None:
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    made = reader.draw(Tool.LENGTH, start, QPoint(80, 0))
    reader.canvas.stop_measuring()
    reader.canvas.set_style(CanvasStyle.STAGE)
    reader.session.measured_on_stage = True
    start = reader.at(made.points_lps_mm[0])
    shown = reader.seen()
    drag(reader.canvas, LEFT, start, QPoint(0, 1))
    assert reader.one == made
    reader.session.measurements = ()
    assert reader.seen() != shown
