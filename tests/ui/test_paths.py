"""Drawing a path by hand, and the picture straightened along it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.acquired.hands import drag, move_to
from tests.ui.looking import shown_canvas
from viewer.analysis.path_curve import PathCurve, curve_through
from viewer.domain.curved_view import CurvedView
from viewer.domain.geometry import PLANE_AXES, PlaneName, Verdict
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.view_state import Layout, SlabMode, ViewName, ViewState, as_point, overview
from viewer.scene.acquired import viewport_geometry
from viewer.scene.curved import curved_geometry
from viewer.scene.curved_lengths import length_across, seen_across
from viewer.services.measuring import view_of_measurement
from viewer.ui.canvas import Canvas, CanvasStyle, Tool
from viewer.ui.canvas.caliper import NOT_ALONG
from viewer.ui.canvas.hands import NOT_CURVED
from viewer.ui.snapshot import picture

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.domain.session import Session
    from viewer.domain.view_state import Point
    from viewer.domain.volume import Volume
    from viewer.scene.curved import CurvedGeometry
    from viewer.ui.theme import Theme

LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
# Along the patient's length and a little to the side, through all of the small CT.
PATH: tuple[Point, ...] = ((-10.0, 0.0, 20.0), (0.0, 4.0, 50.0), (10.0, 0.0, 90.0))


class Follower:
    """Somebody who draws a path on a canvas."""

    def __init__(self, canvas: Canvas, session: Session) -> None:
        self.canvas, self.session = canvas, session
        self.refused: list[str] = []
        canvas.measuring_refused.connect(self.refused.append)

    @property
    def view(self) -> ViewState:
        assert self.session.view is not None
        return self.session.view

    @property
    def path(self) -> tuple[Point, ...]:
        return self.view.path_lps_mm

    def at(self, lps_mm: object, view: ViewName = ViewName.AXIAL) -> QPoint:
        tile = self.canvas.tile(view)
        assert tile is not None
        assert view.plane is not None
        assert self.session.volume is not None
        x, y = tile.geometry(self.session.volume, self.view, view.plane).screen_from_lps(lps_mm)
        return QPoint(round(tile.area.left() + x), round(tile.area.top() + y))

    def click(self, place: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.mouseClick(self.canvas, LEFT, modifiers, place)

    def go(self, lps_mm: Point) -> None:
        self.session.view = evolve(self.view, cursor_lps_mm=lps_mm)

    def show(self, path: tuple[Point, ...] = PATH) -> None:
        self.session.view = evolve(self.view, path_lps_mm=path, curved=CurvedView())

    @property
    def curve(self) -> PathCurve:
        made = curve_through(self.path)
        assert made is not None
        return made

    def straightened(self) -> CurvedGeometry:
        tile = self.canvas.tile(ViewName.THREE_D)
        assert tile is not None
        made = curved_geometry(self.view, round(tile.area.width()), round(tile.area.height()))
        assert made is not None
        return made

    def along(self, place_mm: float, above_mm: float = 0.0) -> QPoint:
        tile = self.canvas.tile(ViewName.THREE_D)
        assert tile is not None
        x, y = self.straightened().screen(place_mm, above_mm)
        return QPointF(tile.area.left() + x, tile.area.top() + y).toPoint()

    def wheel(self, notches: int, modifiers: Qt.KeyboardModifier = NONE) -> None:
        place = QPointF(self.along(self.curve.length_mm / 2))
        event = QWheelEvent(
            place,
            QPointF(self.canvas.mapToGlobal(place.toPoint())),
            QPoint(),
            QPoint(0, notches * 120),
            Qt.MouseButton.NoButton,
            modifiers,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.canvas, event)


@pytest.fixture
def follower(qtbot: QtBot, session: Session, theme: Theme) -> Follower:
    session.findings = ()
    return Follower(shown_canvas(qtbot, session, theme), session)


def test_points_are_clicked_in_any_plane_and_the_crosshair_goes_along(follower: Follower) -> None:
    follower.canvas.tool = Tool.PATH
    follower.click(follower.at((5.0, 3.0, 0.0)))
    assert len(follower.path) == 1
    first = follower.path[0]
    assert first[:2] == pytest.approx((5.0, 3.0), abs=0.5)
    assert follower.view.cursor_lps_mm == pytest.approx(first)
    # Coronal now shows the point; the next is clicked there.
    follower.click(follower.at((12.0, 0.0, 80.0), ViewName.CORONAL), NONE)
    assert follower.path[0] == first
    assert follower.path[1][0] == pytest.approx(12.0, abs=0.6)
    # As deep as the image that coronal shows, half a pixel away from the crosshair at most.
    assert follower.path[1][1] == pytest.approx(first[1], abs=0.41)
    assert follower.path[1][2] == pytest.approx(80.0, abs=0.6)
    follower.click(follower.at((0.0, 10.0, 95.0), ViewName.SAGITTAL))
    assert len(follower.path) == 3
    assert follower.path[2][1:] == pytest.approx((10.0, 95.0), abs=0.6)
    assert follower.view.shows_curved


def test_a_point_is_pulled_within_the_image_and_only_once_the_button_is_let_go(follower: Follower) -> None:
    follower.show()
    follower.go(PATH[1])
    follower.canvas.tool = Tool.PATH
    changes: list[object] = []
    follower.session.view_changed.connect(lambda *_: changes.append(1))
    drag(follower.canvas, LEFT, follower.at(PATH[1]), QPoint(40, 25))
    mm = follower.view.axial.height_mm / 348
    assert len(follower.path) == 3
    assert follower.path[0] == PATH[0]
    assert follower.path[1] == pytest.approx((PATH[1][0] + 40 * mm, PATH[1][1] + 25 * mm, PATH[1][2]), abs=0.3)
    assert len(changes) == 1


def test_while_a_point_is_pulled_path_and_curved_picture_follow(qtbot: QtBot, follower: Follower) -> None:
    follower.show()
    follower.go(PATH[1])
    follower.canvas.tool = Tool.PATH
    tile = follower.canvas.tile(ViewName.THREE_D)
    assert tile is not None
    qtbot.waitUntil(lambda: not follower.canvas._fine.busy)
    before = follower.canvas.grab(tile.area.toRect()).toImage()
    start = follower.at(PATH[1])
    QTest.mousePress(follower.canvas, LEFT, NONE, start)
    for n in range(1, 6):
        move_to(follower.canvas, start + QPoint(n * 12, n * 6))
    assert follower.path == PATH
    assert follower.canvas.grab(tile.area.toRect()).toImage() != before
    QTest.mouseRelease(follower.canvas, LEFT, NONE, start + QPoint(60, 30))
    assert follower.path != PATH


def test_a_click_on_the_line_puts_a_point_between(follower: Follower) -> None:
    straight: tuple[Point, ...] = ((-20.0, 0.0, 50.0), (20.0, 0.0, 50.0))
    follower.show(straight)
    follower.go((30.0, 30.0, 50.0))
    follower.canvas.tool = Tool.PATH
    follower.click(follower.at((6.0, 0.0, 50.0)))
    assert len(follower.path) == 3
    assert follower.path[0] == straight[0]
    assert follower.path[2] == straight[1]
    assert follower.path[1] == pytest.approx((6.0, 0.0, 50.0), abs=0.5)


def test_shift_puts_a_point_before_the_first(follower: Follower) -> None:
    follower.show()
    follower.canvas.tool = Tool.PATH
    follower.click(follower.at((-30.0, 20.0, 0.0)), SHIFT)
    assert len(follower.path) == 4
    assert follower.path[1:] == PATH


def test_the_point_touched_last_is_removed_and_then_the_last_one(follower: Follower) -> None:
    follower.show()
    follower.go(PATH[1])
    follower.canvas.tool = Tool.PATH
    follower.click(follower.at(PATH[1]))
    follower.canvas.hands.path.remove()
    assert follower.path == (PATH[0], PATH[2])
    follower.canvas.hands.path.remove()
    assert follower.path == (PATH[0],)
    assert not follower.view.shows_curved


def test_esc_and_a_double_click_end_drawing(follower: Follower) -> None:
    follower.canvas.tool = Tool.PATH
    follower.click(follower.at((5.0, 3.0, 0.0)))
    assert follower.canvas.stop_measuring()
    assert follower.canvas.tool is Tool.WINDOW
    assert len(follower.path) == 1
    follower.canvas.tool = Tool.PATH
    place = follower.at((20.0, -10.0, 0.0))
    follower.click(place)
    QTest.mouseDClick(follower.canvas, LEFT, NONE, place)
    assert follower.canvas.tool is Tool.WINDOW
    assert len(follower.path) == 2


def test_with_another_tool_a_click_draws_nothing(follower: Follower) -> None:
    follower.show()
    follower.click(follower.at((25.0, 20.0, 0.0)))
    assert follower.path == PATH


def test_nothing_is_drawn_where_the_geometry_is_not_trusted(follower: Follower, small_ct_volume: Volume) -> None:
    follower.session.volume = evolve(small_ct_volume, verdict=Verdict.UNTRUSTED, reasons=("An image is missing.",))
    follower.canvas.tool = Tool.PATH
    follower.click(follower.at((5.0, 3.0, 0.0)))
    assert follower.path == ()
    assert "not trusted" in follower.refused[0]


def test_a_path_from_elsewhere_shows_no_curved_picture_of_an_untrusted_series(
    follower: Follower, small_ct_volume: Volume
) -> None:
    follower.show()
    follower.session.volume = evolve(small_ct_volume, verdict=Verdict.UNTRUSTED, reasons=("An image is missing.",))
    tile = follower.canvas.tile(ViewName.THREE_D)
    assert tile is not None
    image = follower.canvas.grab(tile.area.toRect()).toImage()
    # Nothing but the calm sentence: no ruler at the bottom, no anatomy in the middle.
    bottom = [image.pixel(x, image.height() - 8) & 0xFFFFFF for x in range(4, image.width() - 4)]
    assert set(bottom) == {0}


def test_a_click_on_the_curved_picture_takes_the_crosshair_there(follower: Follower) -> None:
    follower.show()
    follower.canvas.tool = Tool.CROSSHAIR
    follower.click(follower.along(31.0))
    place, beside = follower.curve.nearest(follower.view.cursor_lps_mm)
    assert place == pytest.approx(31.0, abs=0.3)
    assert beside < 0.05


def test_the_mark_is_pulled_along_the_path_with_any_tool(follower: Follower) -> None:
    follower.show()
    follower.go(follower.curve.point_at(20.0))
    start = follower.along(20.0, 8.0)
    drag(follower.canvas, LEFT, start, QPoint(80, 0))
    place, _ = follower.curve.nearest(follower.view.cursor_lps_mm)
    assert place == pytest.approx(20.0 + 80 * follower.straightened().mm_per_px, abs=0.5)


def test_whoever_measures_in_the_curved_picture_is_told_where_to_and_moves_nothing(follower: Follower) -> None:
    follower.show()
    follower.go(follower.curve.point_at(20.0))
    before = follower.view
    follower.canvas.tool = Tool.LENGTH
    drag(follower.canvas, LEFT, follower.along(40.0, 8.0), QPoint(80, 0))
    assert follower.view == before
    assert follower.refused == [NOT_ALONG]
    drag(follower.canvas, LEFT, follower.along(20.0, 8.0), QPoint(80, 0))
    assert follower.view.cursor_lps_mm != before.cursor_lps_mm
    assert follower.refused == [NOT_ALONG]


def test_a_width_is_measured_by_a_drag_straight_across_the_path(follower: Follower) -> None:
    made: list[Measurement] = []
    follower.canvas.measured.connect(made.append)
    follower.show()
    follower.go(follower.curve.point_at(20.0))
    before = follower.view
    follower.canvas.tool = Tool.LENGTH
    # A little aside while dragging: the line stays upright on the path.
    drag(follower.canvas, LEFT, follower.along(40.0, 8.0), QPoint(7, 60))
    (width,) = made
    straightened = follower.straightened()
    assert width.kind is MeasurementKind.LENGTH
    assert width.length_mm == pytest.approx(60 * straightened.mm_per_px, abs=0.01)
    tile = follower.canvas.tile(ViewName.THREE_D)
    assert tile is not None
    for n, below_px in enumerate((0, 60)):
        x, y = straightened.screen(40.0, 8.0)
        lps = straightened.lps(round(x), round(y) + below_px)
        assert np.linalg.norm(np.subtract(lps, width.points_lps_mm[n])) < 1.5 * straightened.mm_per_px
    assert np.abs((np.subtract(*width.points_lps_mm)) @ width.normal) < 1e-6
    assert follower.view == before
    assert follower.refused == []
    # It goes to where it is in the planes too.
    assert follower.session.volume is not None
    there = view_of_measurement(before, width, follower.session.volume)
    image = viewport_geometry(follower.session.volume, there, width.plane, 400, 400)
    assert max(abs(image.distance_mm(point)) for point in width.points_lps_mm) < 1e-6


def test_a_width_is_seen_in_the_picture_it_was_measured_in_and_no_more_once_that_is_turned(
    follower: Follower,
) -> None:
    follower.show()
    tile = follower.canvas.tile(ViewName.THREE_D)
    assert tile is not None

    def picture() -> bytes:
        assert tile is not None
        return bytes(follower.canvas.grab(tile.area.toRect()).toImage().constBits())

    width = length_across(follower.straightened(), 40.0, (6.0, -6.0), "w")
    without = picture()
    follower.session.measurements = (width,)
    assert picture() != without
    assert seen_across(follower.straightened(), width) == (pytest.approx(40.0, abs=0.1), pytest.approx((6.0, -6.0)))
    follower.wheel(3, ALT)
    assert seen_across(follower.straightened(), width) is None


def test_only_lengths_are_measured_in_the_curved_picture(follower: Follower) -> None:
    made: list[Measurement] = []
    follower.canvas.measured.connect(made.append)
    follower.show()
    follower.canvas.tool = Tool.ELLIPSE
    drag(follower.canvas, LEFT, follower.along(40.0, 8.0), QPoint(20, 60))
    assert follower.refused == [NOT_CURVED]
    follower.canvas.tool = Tool.LENGTH
    QTest.mousePress(follower.canvas, LEFT, NONE, follower.along(40.0, 8.0))
    move_to(follower.canvas, follower.along(40.0, 8.0) + QPoint(0, 60))
    assert follower.canvas.stop_measuring()
    QTest.mouseRelease(follower.canvas, LEFT, NONE, follower.along(40.0, 8.0) + QPoint(0, 60))
    assert made == []


def test_the_mark_stands_where_the_crosshair_is(qtbot: QtBot, follower: Follower) -> None:
    follower.show()
    tile = follower.canvas.tile(ViewName.THREE_D)
    assert tile is not None
    for place_mm in (15.0, 40.0, 60.0):
        follower.go(follower.curve.point_at(place_mm))
        image = follower.canvas.grab(tile.area.toRect()).toImage()
        x = round(follower.straightened().screen(place_mm)[0])
        row = image.height() // 2 - 30
        near = [column for column in range(image.width()) if _bluish(image.pixel(column, row))]
        assert near, "the mark is drawn"
        assert abs(np.mean(near) - x) < 1.5


def _bluish(rgb: int) -> bool:
    """Return whether a pixel has the hue of the accent, over whatever lies below."""
    return (rgb & 255) - (rgb >> 16 & 255) > 50


def test_the_wheel_goes_along_turns_thickens_and_zooms(follower: Follower) -> None:
    follower.show()
    follower.go(follower.curve.point_at(20.0))
    follower.wheel(-3)
    assert follower.curve.nearest(follower.view.cursor_lps_mm)[0] == pytest.approx(23.0, abs=0.1)
    follower.wheel(2, ALT)
    assert follower.view.curved is not None
    assert follower.view.curved.turned_deg == 10.0
    follower.wheel(1, SHIFT)
    assert follower.view.slab_mm == 2.0
    before = follower.straightened().mm_per_px
    middle = follower.straightened().middle_mm
    follower.wheel(2, CTRL)
    assert follower.straightened().mm_per_px == pytest.approx(before / 1.15**2)
    assert follower.straightened().middle_mm == pytest.approx(middle, abs=0.5)


def test_dragging_changes_the_window_and_alt_turns(follower: Follower) -> None:
    follower.show()
    follower.go(follower.curve.point_at(5.0))
    width = follower.view.window_width
    drag(follower.canvas, LEFT, follower.along(50.0), QPoint(60, 0))
    assert follower.view.window_width > width
    start = follower.along(50.0)
    QTest.mousePress(follower.canvas, LEFT, ALT, start)
    for n in range(1, 6):
        move_to(follower.canvas, start - QPoint(0, n * 8))
    QTest.mouseRelease(follower.canvas, LEFT, ALT, start - QPoint(0, 40))
    assert follower.view.curved is not None
    assert follower.view.curved.turned_deg == pytest.approx(20.0)


def test_the_value_under_the_pointer_is_that_of_its_place_in_the_patient(
    follower: Follower, small_ct_volume: Volume
) -> None:
    follower.show()
    told: list[tuple[object, object]] = []
    follower.canvas.pointer_moved.connect(lambda value, lps_mm, _view: told.append((value, lps_mm)))
    move_to(follower.canvas, follower.along(40.0, 3.0))
    value, lps_mm = told[-1]
    assert follower.straightened().beside(lps_mm)[:2] == pytest.approx((40.0, 3.0), abs=0.6)
    assert value == small_ct_volume.value_at(lps_mm)


def test_the_fine_picture_comes_from_beside_the_main_thread(qtbot: QtBot, follower: Follower) -> None:
    qtbot.wait(200)
    follower.show()
    follower.canvas.grab()
    held = follower.canvas._planes.curved._held
    assert held is not None
    assert held.coarse
    qtbot.waitUntil(lambda: not follower.canvas._motion.isActive())
    follower.canvas.grab()
    qtbot.waitUntil(lambda: not follower.canvas._fine.busy)
    fine = follower.canvas._planes.curved._held
    assert fine is not None
    assert not fine.coarse
    assert fine.px_per_pixel == 1


def test_the_path_is_seen_in_the_planes_where_it_is_near(follower: Follower) -> None:
    tile = follower.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    follower.show(((-20.0, 0.0, 50.0), (20.0, 0.0, 50.0)))
    near_mm, far_mm = 50.0, 80.0
    counts = []
    for z in (near_mm, far_mm):
        follower.go((30.0, 30.0, z))
        image = follower.canvas.grab(tile.area.toRect()).toImage()
        place = follower.at((-10.0, 0.0, z)) - tile.area.topLeft().toPoint()
        column = [image.pixel(place.x(), place.y() + dy) & 0xFFFFFF for dy in range(-3, 4)]
        counts.append(sum(_bluish(rgb) for rgb in column))
    assert counts[0] > counts[1]


def test_words_are_read_where_the_path_goes_through_them(follower: Follower) -> None:
    axes = PLANE_AXES[PlaneName.AXIAL]
    follower.session.measurements = (
        Measurement(
            "m",
            MeasurementKind.TEXT,
            ((-10.0, -6.0, 50.0),),
            PlaneName.AXIAL,
            as_point(axes.right),
            as_point(axes.down),
            text="XXXXXXXX",
        ),
    )
    follower.go((30.0, 30.0, 50.0))
    start = follower.at((-10.0, -6.0, 50.0))

    def bright() -> int:
        image = follower.canvas.grab(QRect(start + QPoint(2, 2), QSize(60, 22))).toImage()
        colours = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        return sum(min(colour.red(), colour.green(), colour.blue()) > 190 for colour in colours)

    before = bright()
    assert before > 40
    down = follower.at((0.0, 1.0, 50.0)).y() - follower.at((0.0, 0.0, 50.0)).y()
    y = -6.0 + 13.0 / max(down, 1)
    follower.show(((-20.0, y, 50.0), (60.0, y, 50.0)))
    assert bright() >= before


def test_for_an_audience_a_step_shows_the_curved_picture_without_a_window(small_ct_volume: Volume) -> None:
    view = overview("1.2.3", small_ct_volume.grid, window_centre=40, window_width=400)
    step = evolve(view, path_lps_mm=PATH, curved=CurvedView(), layout=Layout.STAGE, main=ViewName.THREE_D)
    image = picture(small_ct_volume, step, size=(960, 540), style=CanvasStyle.STAGE)
    middle = [image.pixel(x, 250) & 255 for x in range(100, 600, 10)]
    assert sum(value > 60 for value in middle) > 30


def test_a_slab_of_the_curved_picture_is_said(follower: Follower) -> None:
    follower.show()
    tile = follower.canvas.tile(ViewName.THREE_D)
    assert tile is not None
    thin = follower.canvas.grab(tile.area.toRect()).toImage()
    follower.session.view = evolve(follower.view, slab_mm=10.0, slab_mode=SlabMode.MIN)
    assert follower.canvas.grab(tile.area.toRect()).toImage() != thin
