"""Planes are turned by the dots on the crosshair's lines, by keys, and are straight again on demand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.open_session import view_of, volume_of
from tests.ui.looking import shown_canvas
from viewer.domain.geometry import PlaneName
from viewer.domain.plane_turn import angle_rad
from viewer.domain.view_state import ViewName
from viewer.ui.canvas import Canvas, CanvasStyle, Density, Tool, shown_from
from viewer.ui.canvas.facts import corners, edge_letters
from viewer.ui.canvas.paint_crosshair import handle_places
from viewer.ui.commands import CommandTable
from viewer.ui.view_commands import view_commands

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.ui.theme import Theme

AXIAL, CORONAL, SAGITTAL = PlaneName


@pytest.fixture
def canvas(qtbot: QtBot, session: Session, theme: Theme) -> Canvas:
    return shown_canvas(qtbot, session, theme, tool=Tool.CROSSHAIR)


def handle(canvas: Canvas, session: Session, view: ViewName, which: int) -> tuple[QPointF, QPointF]:
    """Return where a handle of a viewport stands on the canvas, and where the crosshair's middle does."""
    tile = canvas.tile(view)
    assert tile is not None
    plane = view.plane
    assert plane is not None
    volume, state = volume_of(session), view_of(session)
    _, place = handle_places(tile, volume, state)[which]
    middle = QPointF(*tile.geometry(volume, state, plane).screen_from_lps(state.cursor_lps_mm))
    return tile.area.topLeft() + place, tile.area.topLeft() + middle


def drag_about(
    canvas: Canvas,
    start: QPointF,
    middle: QPointF,
    degrees: float,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Take hold of a place and go about the middle, clockwise."""
    arm = start - middle
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, modifiers, start.toPoint())
    for share in (0.3, 0.7, 1.0):
        turn = math.radians(degrees * share)
        across = arm.x() * math.cos(turn) - arm.y() * math.sin(turn)
        down = arm.x() * math.sin(turn) + arm.y() * math.cos(turn)
        place = middle + QPointF(across, down)
        button = Qt.MouseButton.LeftButton
        event = QMouseEvent(
            QEvent.Type.MouseMove, place, QPointF(canvas.mapToGlobal(place.toPoint())), button, button, modifiers
        )
        QApplication.sendEvent(canvas, event)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, modifiers, place.toPoint())


@pytest.mark.parametrize("view", [ViewName.AXIAL, ViewName.CORONAL, ViewName.SAGITTAL])
@pytest.mark.parametrize("which", range(4))
def test_a_dot_dragged_about_the_crosshair_turns_the_other_two_planes_with_the_hand(
    canvas: Canvas, session: Session, view: ViewName, which: int
) -> None:
    before = view_of(session)
    start, middle = handle(canvas, session, view, which)
    drag_about(canvas, start, middle, 30)
    after = view_of(session)
    for plane in PlaneName:
        turned = math.degrees(angle_rad(after.plane(plane).turned))
        assert turned == pytest.approx(0 if plane is view.plane else 30, abs=1.0)
    assert after.cursor_lps_mm == before.cursor_lps_mm
    # The dot is under the hand where it was let go.
    place, _ = handle(canvas, session, view, which)
    arm, goal = start - middle, place - middle
    went = math.degrees(math.atan2(goal.y(), goal.x()) - math.atan2(arm.y(), arm.x()))
    assert math.remainder(went - 30, 180) == pytest.approx(0, abs=1.0)


def test_a_drag_of_a_dot_is_one_step_for_back_and_a_click_on_it_is_none(canvas: Canvas, session: Session) -> None:
    steps: list[tuple[ViewState, ViewState]] = []
    canvas.moved_by_hand.connect(lambda before, after: steps.append((before, after)))
    straight = view_of(session)
    start, middle = handle(canvas, session, ViewName.AXIAL, 0)
    drag_about(canvas, start, middle, 0)
    assert steps == []
    drag_about(canvas, start, middle, 30)
    assert steps == [(straight, view_of(session))]


def test_shift_turns_in_steps_of_five_degrees(canvas: Canvas, session: Session) -> None:
    start, middle = handle(canvas, session, ViewName.AXIAL, 0)
    drag_about(canvas, start, middle, 23, Qt.KeyboardModifier.ShiftModifier)
    assert math.degrees(angle_rad(view_of(session).coronal.turned)) == pytest.approx(25, abs=1e-6)


def test_a_turned_plane_says_so_and_its_letters_follow(canvas: Canvas, session: Session) -> None:
    start, middle = handle(canvas, session, ViewName.AXIAL, 0)
    drag_about(canvas, start, middle, 30, Qt.KeyboardModifier.ShiftModifier)
    shown = shown_from(volume_of(session), view_of(session))
    words = corners(shown, ViewName.CORONAL, Density.FULL, first=False)
    assert words.top_left[0].text == "Coronal, turned 30°"
    said = [w.text for w in words.bottom_left]
    assert said[0] == "Interpolated"
    assert [part[0] for part in said[1].split("  ")] == [part[0] for part in said[1].split("  ") if part[0] in "RLAPFH"]
    assert edge_letters(shown, ViewName.CORONAL).right == "LP"
    assert corners(shown, ViewName.AXIAL, Density.FULL, first=False).top_left[0].text == "Axial"


def test_the_wheel_goes_through_a_turned_plane_and_the_pointer_tells_its_values(
    canvas: Canvas, session: Session
) -> None:
    start, middle = handle(canvas, session, ViewName.AXIAL, 0)
    drag_about(canvas, start, middle, 30, Qt.KeyboardModifier.ShiftModifier)
    told: list[tuple[float | None, tuple[float, float, float] | None]] = []
    canvas.pointer_moved.connect(lambda value, lps_mm, _view: told.append((value, lps_mm)))
    tile = canvas.tile(ViewName.CORONAL)
    assert tile is not None
    place = tile.area.center() + QPointF(20, 30)
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        place,
        QPointF(canvas.mapToGlobal(place.toPoint())),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(canvas, event)
    value, lps_mm = told[-1]
    assert lps_mm is not None
    assert value == volume_of(session).value_at(lps_mm)
    into = np.array([-math.sin(math.radians(30)), math.cos(math.radians(30)), 0])
    off = np.subtract(lps_mm, view_of(session).cursor_lps_mm)
    assert float(off @ into) == pytest.approx(0, abs=0.05)


def test_keys_turn_planes_and_straighten_them(canvas: Canvas, session: Session) -> None:
    table = CommandTable(view_commands(session, lambda: canvas))
    canvas.active = ViewName.SAGITTAL
    assert not table["view.straighten"].enabled_when()
    for _ in range(3):
        table["view.turn_right"].run()
    table["view.turn_left"].run()
    assert math.degrees(angle_rad(view_of(session).axial.turned)) == pytest.approx(10)
    assert view_of(session).sagittal.turned is None
    table["view.straighten"].run()
    assert not view_of(session).oblique
    assert view_of(session).cursor_lps_mm is not None


def test_reset_straightens_too(canvas: Canvas, session: Session) -> None:
    table = CommandTable(view_commands(session, lambda: canvas))
    canvas.active = ViewName.AXIAL
    table["view.turn_right"].run()
    table["view.reset"].run()
    assert not view_of(session).oblique


def test_no_dots_on_stage_nor_while_images_come_in(canvas: Canvas, session: Session) -> None:
    tile = canvas.tile(ViewName.AXIAL)
    assert tile is not None
    volume = volume_of(session)
    coming = evolve(volume, arrived=np.zeros(volume.stack.count, np.bool_))
    assert handle_places(tile, coming, view_of(session)) == []
    start, middle = handle(canvas, session, ViewName.AXIAL, 0)
    canvas.set_style(CanvasStyle.STAGE)
    drag_about(canvas, start, middle, 30)
    assert not view_of(session).oblique


def test_dots_are_shown_with_the_crosshair_tool_alone(canvas: Canvas, session: Session) -> None:
    place, _ = handle(canvas, session, ViewName.AXIAL, 0)
    with_dots = canvas.grab().toImage().pixelColor(place.toPoint())
    canvas.tool = Tool.WINDOW
    without = canvas.grab().toImage().pixelColor(place.toPoint() + QPoint(0, 3))
    canvas.tool = Tool.CROSSHAIR
    beside = canvas.grab().toImage().pixelColor(place.toPoint() + QPoint(0, 3))
    assert with_dots.saturation() > 60
    assert beside != without
