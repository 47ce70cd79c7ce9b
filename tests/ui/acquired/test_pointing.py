"""Pointer, pan, zoom and crosshair on acquired slices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from tests.open_session import view_of
from tests.tilted_series import PIXEL_MM, TILT_DEG
from tests.ui.acquired.hands import drag, move_to, on_slice, place_in, slice_of, turn_wheel
from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import Layout, ViewName, as_point
from viewer.ui.canvas import Canvas, Tool

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.domain.session import Session
    from viewer.ui.theme import Theme


AXIAL = PlaneName.AXIAL


def test_the_pointer_tells_the_slice_s_own_value_and_place(canvas: Canvas, looking: Session) -> None:
    told: list[tuple[float | None, tuple[float, float, float] | None]] = []
    canvas.pointer_moved.connect(lambda value, lps_mm, _view: told.append((value, lps_mm)))
    volume = looking.volume
    assert volume is not None
    stack, k = volume.stack, slice_of(looking)
    tile = canvas.tile(ViewName.AXIAL)
    assert tile is not None
    places = ((40, 30), (100, 45), (61, 110))
    for i, j in places:
        x, y = tile.geometry(volume, view_of(looking), AXIAL).screen_from_lps(stack.lps((i, j, k)))
        move_to(canvas, (tile.area.topLeft() + QPointF(x, y)).toPoint())
    asked = set()
    for value, place in told:
        assert place is not None
        offset = np.asarray(place) - stack.lps((0, 0, k))
        assert float(offset @ stack.normal) == pytest.approx(0, abs=1e-9)
        column, row = (round(float(offset @ d) / PIXEL_MM) for d in (stack.row_direction, stack.column_direction))
        assert value == volume.slices[k, row, column]
        asked.add((column, row))
    # A place on the screen is a whole pixel: up to one voxel beside.
    for i, j in places:
        assert any(abs(column - i) <= 1 and abs(row - j) <= 1 for column, row in asked)


def test_pan_and_zoom_work_in_the_slice_s_own_plane(canvas: Canvas, looking: Session) -> None:
    volume, tile = looking.volume, canvas.tile(ViewName.AXIAL)
    assert volume is not None
    assert tile is not None
    corner = volume.stack.lps((30, 30, 7))
    x, y = tile.geometry(volume, view_of(looking), AXIAL).screen_from_lps(corner)
    drag(canvas, Qt.MouseButton.MiddleButton, place_in(canvas, ViewName.AXIAL, 0.3, 0.3), QPoint(40, 25))
    moved = tile.geometry(volume, view_of(looking), AXIAL).screen_from_lps(corner)
    assert moved == pytest.approx((x + 40, y + 25), abs=1e-6)
    at = place_in(canvas, ViewName.AXIAL, 0.62, 0.4)
    under = tile.geometry(volume, view_of(looking), AXIAL).lps_from_screen(*tile.local(QPointF(at)))
    height = view_of(looking).axial.height_mm
    turn_wheel(canvas, ViewName.AXIAL, 3, control=True, at=at)
    assert view_of(looking).axial.height_mm < height
    after = tile.geometry(volume, view_of(looking), AXIAL).lps_from_screen(*tile.local(QPointF(at)))
    assert after == pytest.approx(under, abs=1e-6)


def test_what_is_beside_a_card_is_kept_under_the_pointer_too(qtbot: QtBot, looking: Session, theme: Theme) -> None:
    looking.view = evolve(view_of(looking), layout=Layout.SINGLE, main=ViewName.AXIAL)
    made = Canvas(looking, theme, None)
    qtbot.addWidget(made, before_close_func=lambda widget: widget.close_scene())
    made.resize(900, 600)
    volume = looking.volume
    assert volume is not None
    centre = as_point(volume.stack.lps((80, 70, 7)))
    looking.view = view_of(looking).looking_at(centre, height_mm=80.0)
    made.set_reserved("left", 200)
    tile = made.tile(ViewName.AXIAL)
    assert tile is not None
    middle = tile.geometry(volume, view_of(looking), AXIAL).screen_from_lps(centre)
    assert middle == pytest.approx((550, 300), abs=1e-6)
    at = QPointF(700, 200)
    under = tile.geometry(volume, view_of(looking), AXIAL).lps_from_screen(*tile.local(at))
    turn_wheel(made, ViewName.AXIAL, 2, control=True, at=at.toPoint())
    after = tile.geometry(volume, view_of(looking), AXIAL).lps_from_screen(*tile.local(at))
    assert after == pytest.approx(under, abs=1e-6)


def test_a_click_on_the_slice_puts_the_cursor_on_the_voxel_there(canvas: Canvas, looking: Session) -> None:
    canvas.tool = Tool.CROSSHAIR
    volume, tile = looking.volume, canvas.tile(ViewName.AXIAL)
    assert volume is not None
    assert tile is not None
    place = place_in(canvas, ViewName.AXIAL, 0.4, 0.62)
    wanted = tile.geometry(volume, view_of(looking), AXIAL).lps_from_screen(*tile.local(QPointF(place)))
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert view_of(looking).cursor_lps_mm == pytest.approx(wanted, abs=1e-6)
    assert slice_of(looking) == 7


def test_a_click_in_the_sagittal_view_goes_to_the_nearest_slice(canvas: Canvas, looking: Session) -> None:
    canvas.tool = Tool.CROSSHAIR
    volume, tile = looking.volume, canvas.tile(ViewName.SAGITTAL)
    assert volume is not None
    assert tile is not None
    place = place_in(canvas, ViewName.SAGITTAL, 0.42, 0.66)
    pointed = tile.geometry(volume, view_of(looking), PlaneName.SAGITTAL).lps_from_screen(*tile.local(QPointF(place)))
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert slice_of(looking) == volume.stack.nearest_slice(pointed) != 7
    assert view_of(looking).cursor_lps_mm[:2] == pytest.approx(pointed[:2], abs=1e-6)
    assert on_slice(looking) == pytest.approx(0, abs=1e-9)


def test_the_slanted_line_is_taken_hold_of_along_its_whole_length_and_moves_the_slice(
    canvas: Canvas, looking: Session
) -> None:
    volume, tile = looking.volume, canvas.tile(ViewName.SAGITTAL)
    assert volume is not None
    assert tile is not None
    before = view_of(looking)
    geometry = tile.geometry(volume, before, PlaneName.SAGITTAL)
    x, y = geometry.screen_from_lps(geometry.cursor_lps_mm)
    slope = math.tan(math.radians(TILT_DEG))
    on_line = QPoint(round(tile.area.left() + x + 90), round(tile.area.top() + y + 90 * slope))
    beside = on_line + QPoint(0, 25)
    assert canvas.hands.mouse.shape(tile, QPointF(on_line)) is Qt.CursorShape.SplitVCursor
    assert canvas.hands.mouse.shape(tile, QPointF(beside)) is Qt.CursorShape.ArrowCursor
    by = QPoint(0, 40)
    pointed = geometry.lps_from_screen(*tile.local(QPointF(on_line + by)))
    drag(canvas, Qt.MouseButton.LeftButton, on_line, by)
    assert slice_of(looking) == volume.stack.nearest_slice(pointed)
    assert slice_of(looking) < 7
    assert view_of(looking).cursor_lps_mm[:2] == pytest.approx(before.cursor_lps_mm[:2])
    assert view_of(looking).window_width == before.window_width


def test_dragging_the_coronal_line_over_the_slice_stays_on_the_slice(canvas: Canvas, looking: Session) -> None:
    volume, tile = looking.volume, canvas.tile(ViewName.AXIAL)
    assert volume is not None
    assert tile is not None
    before = view_of(looking).cursor_lps_mm
    geometry = tile.geometry(volume, view_of(looking), AXIAL)
    x, y = geometry.screen_from_lps(geometry.cursor_lps_mm)
    start = QPoint(round(tile.area.left() + x) - 90, round(tile.area.top() + y))
    drag(canvas, Qt.MouseButton.LeftButton, start, QPoint(0, 50))
    moved = np.subtract(view_of(looking).cursor_lps_mm, before)
    assert moved[0] == pytest.approx(0, abs=1e-9)
    assert float(moved @ geometry.axes.down) == pytest.approx(50 * geometry.mm_per_px, abs=geometry.mm_per_px)
    assert slice_of(looking) == 7
