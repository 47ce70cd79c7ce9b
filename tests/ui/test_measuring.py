"""Measuring by hand on the canvas, and what is seen of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPolygonF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.acquired.hands import drag, move_to, place_in, turn_wheel
from viewer.domain.geometry import PLANE_AXES, PlaneName, Verdict
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.view_state import OverlayMode, ViewName, as_point
from viewer.scene.turned_planes import turned_about
from viewer.ui.canvas import Canvas, CanvasStyle, Tool, paint_measurements, shown_from
from viewer.ui.canvas.facts import Corners, EdgeLetters, Words
from viewer.ui.canvas.frame_places import frame_places
from viewer.ui.canvas.measured_places import image_place
from viewer.ui.canvas.moves import scrolled
from viewer.ui.canvas.paint_measurements import label_place, leader_between, place_of_finding
from viewer.ui.canvas.paint_text import TextLook, paint_corners, paint_letters, paint_scale_bar
from viewer.ui.measurement_words import area_words, label_lines, more_words, value_words

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.domain.finding import Finding
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.scene.plane_geometry import ViewportGeometry
    from viewer.ui.theme import Theme

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


class Reader:
    """A canvas whose measurements are kept in the session, as the window does it."""

    def __init__(self, canvas: Canvas, session: Session) -> None:
        self.canvas, self.session = canvas, session
        self.refused: list[str] = []
        canvas.measured.connect(self._keep)
        canvas.measuring_refused.connect(self.refused.append)

    def _keep(self, made: Measurement) -> None:
        kept = {m.id: m for m in self.session.measurements} | {made.id: made}
        self.session.measurements = tuple(kept.values())
        self.session.measurement_in_hand = made.id

    @property
    def all(self) -> tuple[Measurement, ...]:
        return self.session.measurements

    @property
    def one(self) -> Measurement:
        (only,) = self.session.measurements
        return only

    def geometry(self, view: ViewName = ViewName.AXIAL) -> ViewportGeometry:
        tile = self.canvas.tile(view)
        assert tile is not None
        assert view.plane is not None
        assert self.session.volume is not None
        assert self.session.view is not None
        return tile.geometry(self.session.volume, self.session.view, view.plane)

    def at(self, lps_mm: object, view: ViewName = ViewName.AXIAL) -> QPoint:
        tile = self.canvas.tile(view)
        assert tile is not None
        x, y = self.geometry(view).screen_from_lps(lps_mm)
        return QPoint(round(tile.area.left() + x), round(tile.area.top() + y))

    def draw(self, tool: Tool, start: QPoint, by: QPoint) -> Measurement:
        self.canvas.tool = tool
        before = {m.id for m in self.all}
        drag(self.canvas, LEFT, start, by)
        (made,) = [m for m in self.all if m.id not in before]
        return made

    def seen(self, view: ViewName = ViewName.AXIAL) -> bytes:
        """The picture of one viewport, without pointer and tool."""
        tile = self.canvas.tile(view)
        assert tile is not None
        image = self.canvas.grab(tile.area.toRect()).toImage()
        return bytes(image.constBits())


@pytest.fixture
def reader(qtbot: QtBot, session: Session, theme: Theme) -> Reader:
    session.findings = ()
    made = Canvas(session, theme, None)
    qtbot.addWidget(made, before_close_func=lambda widget: widget.close_scene())
    made.resize(1000, 700)
    with qtbot.waitExposed(made):
        made.show()
    return Reader(made, session)


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


def test_the_stage_shows_measurements_and_lets_nobody_pull_them(reader: Reader) -> None:
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    made = reader.draw(Tool.LENGTH, start, QPoint(80, 0))
    reader.canvas.stop_measuring()
    reader.canvas.set_style(CanvasStyle.STAGE)
    start = reader.at(made.points_lps_mm[0])
    shown = reader.seen()
    drag(reader.canvas, LEFT, start, QPoint(0, 1))
    assert reader.one == made
    reader.session.measurements = ()
    assert reader.seen() != shown


def made_region(volume: Volume, kind: MeasurementKind, ijk: tuple[int, int, int], side_mm: float) -> Measurement:
    axes = PLANE_AXES[PlaneName.AXIAL]
    centre = volume.stack.lps(ijk)
    half = side_mm / 2 * (axes.right + axes.down)
    corners = (as_point(centre - half), as_point(centre + half))
    return Measurement("m", kind, corners, PlaneName.AXIAL, as_point(axes.right), as_point(axes.down))


def test_a_region_says_mean_spread_area_extremes_and_pixels(small_ct_volume: Volume) -> None:
    inside = made_region(small_ct_volume, MeasurementKind.RECTANGLE, (78, 60, 17), 8.0)
    assert value_words(inside, small_ct_volume) == "300 ± 0 HU"
    assert more_words(inside, small_ct_volume) == ("64 mm² · 121 px", "300 to 300 HU", "8.0 × 8.0 mm")
    assert label_lines(inside, small_ct_volume, all_of_it=False) == ("300 ± 0 HU", "64 mm²")
    in_slab = label_lines(inside, small_ct_volume, all_of_it=False, slab=True)
    assert in_slab == ("300 ± 0 HU", "64 mm²", "Of one image, not the slab")
    outside = made_region(small_ct_volume, MeasurementKind.ELLIPSE, (2, 2, 17), 3.0)
    assert value_words(outside, small_ct_volume) == "−1000 ± 0 HU"


def test_no_hu_are_said_where_values_are_none_but_the_area_is(small_ct_volume: Volume) -> None:
    region = made_region(small_ct_volume, MeasurementKind.RECTANGLE, (78, 60, 17), 24.0)
    unknown = evolve(small_ct_volume, unit="unknown")
    assert value_words(region, unknown) == "5.8 cm²"
    assert "No HU: the unit is unknown" in more_words(region, unknown)
    counts = evolve(small_ct_volume, unit="BQML")
    assert "No HU: values are in BQML" in more_words(region, counts)
    untrusted = evolve(small_ct_volume, verdict=Verdict.UNTRUSTED)
    assert label_lines(region, untrusted, all_of_it=True) == ("Not measured",)


def test_areas_have_digits_that_can_be_meant() -> None:
    assert [area_words(mm2) for mm2 in (8.14, 64.4, 99.7, 450.0)] == ["8.1 mm²", "64 mm²", "1.0 cm²", "4.5 cm²"]


def test_the_label_keeps_off_findings_and_other_measurements() -> None:
    size, viewport = QSizeF(80, 24), QRectF(0, 0, 500, 400)
    points = QPolygonF([QPointF(100, 200), QPointF(200, 200)])
    first = label_place(MeasurementKind.LENGTH, points, size, viewport, [])
    assert first.left() > 200
    lesion = QRectF(205, 150, 100, 100)
    other = label_place(MeasurementKind.LENGTH, points, size, viewport, [], [lesion])
    assert not other.intersects(lesion)
    assert viewport.contains(other)
    # Where all four sides are taken there are corners, and farther places; where nothing is free, least is covered.
    beside = [QRectF(205, 185, 100, 30), QRectF(0, 185, 95, 30), QRectF(110, 160, 80, 38), QRectF(110, 202, 80, 38)]
    corner = label_place(MeasurementKind.LENGTH, points, size, viewport, [], beside)
    assert not any(corner.intersects(place) for place in beside)
    least = label_place(MeasurementKind.LENGTH, points, size, viewport, [QRectF(0, 0, 500, 400)], beside)
    assert not any(least.intersects(place) for place in beside)
    # Rather over lines than over words.
    word = QRectF(0, 0, 500, 190)
    least = label_place(MeasurementKind.LENGTH, points, size, viewport, [QRectF(0, 190, 500, 210)], [word])
    assert not least.intersects(word)


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(("wide", "high"), [(466, 280), (300, 220), (935, 560)])
def test_no_value_stands_behind_letters_corner_text_or_scale(theme: Theme, wide: int, high: int) -> None:
    frame = frame_places(wide, high, TextLook(theme))
    size = QSizeF(80, 42)
    for x in range(20, wide - 40, 37):
        for y in range(20, high - 40, 31):
            points = QPolygonF([QPointF(x, y), QPointF(x + 30, y + 25)])
            place = label_place(MeasurementKind.RECTANGLE, points, size, QRectF(0, 0, wide, high), [], frame)
            assert not any(place.intersects(part) for part in frame), (x, y)


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(("wide", "high"), [(466, 280), (300, 220), (530, 300), (935, 560)])
def test_letters_and_scale_are_painted_where_no_value_may_stand(theme: Theme, wide: int, high: int) -> None:
    look = TextLook(theme)
    picture = QImage(wide, high, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        free = QRectF(0, 3, wide, high - 3)
        paint_letters(painter, free, EdgeLetters("RA", "LP", "H", "F"), look, large=True)
        said = (Words("W 1500  L −600"), Words("Zoom 1.0×  0.80 mm"))[: 2 if min(wide - 430, high - 260) >= 0 else 1]
        words = Corners(bottom_left=(Words("F 275.0 mm"),), bottom_right=said)
        beside = paint_corners(painter, free, words, look)
        paint_scale_bar(painter, free, 0.8, look, beside)
    frame = [part.adjusted(-1, -1, 1, 1) for part in frame_places(wide, high, look)]
    painted = [QPointF(x, y) for x in range(0, wide, 2) for y in range(0, high, 2) if picture.pixelColor(x, y).alpha()]
    assert painted
    assert all(any(part.contains(place) for part in frame) for place in painted)


def test_where_there_is_no_room_values_are_left_out_but_that_of_the_one_in_hand(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    plates: list[QRectF] = []
    monkeypatch.setattr(paint_measurements, "paint_plate", lambda _painter, area, _theme: plates.append(QRectF(area)))
    tile = reader.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    made = reader.draw(Tool.LENGTH, tile.area.center().toPoint() - QPoint(60, 30), QPoint(50, 6))
    reader.session.measurements = tuple(
        evolve(made, id=f"{n}", points_lps_mm=tuple((x + 2 * n, y + 2.5 * n, z) for x, y, z in made.points_lps_mm))
        for n in range(14)
    )
    reader.session.measurement_in_hand = "13"
    reader.canvas.resize(420, 300)
    plates.clear()
    reader.canvas.grab()
    assert 1 <= len(plates) < 14
    assert not any(a.intersects(b) for n, a in enumerate(plates) for b in plates[n + 1 :])


def test_a_line_leads_to_a_label_that_had_to_go_elsewhere() -> None:
    own, size = QRectF(100, 100, 40, 30), QSizeF(80, 42)
    assert leader_between(own, QRectF(QPointF(150, 94), size)) is None
    leader = leader_between(own, QRectF(QPointF(190, 94), size))
    assert leader is not None
    assert (leader[0].x(), leader[1].x()) == (140, 190)
    assert leader_between(own, QRectF(QPointF(60, 190), size)) is not None


def test_the_place_of_a_finding_is_known_on_the_canvas(reader: Reader, small_ct_lesion: Finding) -> None:
    reader.session.findings = (small_ct_lesion,)
    volume, view = reader.session.volume, reader.session.view
    assert volume is not None
    assert view is not None
    shown = shown_from(volume, view, findings=(small_ct_lesion,))
    place = place_of_finding(shown.drawn[0], image_place(volume, reader.geometry()))
    assert place is not None
    x, y = reader.geometry().screen_from_lps(small_ct_lesion.centre_lps_mm)
    assert place.contains(QPointF(x, y))
    away = evolve(view, cursor_lps_mm=as_point(small_ct_lesion.centre_lps_mm + (0, 0, 20)))
    reader.session.view = away
    assert place_of_finding(shown.drawn[0], image_place(volume, reader.geometry())) is None
