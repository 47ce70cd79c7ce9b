"""Outlines, arrows and texts by hand on the canvas, and what is seen of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.acquired.hands import drag, move_to, place_in, turn_wheel
from tests.ui.reader import LEFT, NONE, Reader
from viewer.domain.geometry import PLANE_AXES, PlaneName, Verdict
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.session import Workspace
from viewer.domain.view_state import ViewName, as_point
from viewer.ui.canvas import Canvas, Tool
from viewer.ui.canvas.frame_places import frame_places
from viewer.ui.canvas.paint_text import TextSizes
from viewer.ui.canvas.words_on_images import WordsField, place_of_words, words_lines
from viewer.ui.measurement_words import label_lines, more_words, value_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytestqt.qtbot import QtBot


@pytest.fixture
def reader(qtbot: QtBot, reader: Reader) -> Reader:
    """Return the reader with the keys at hand."""
    reader.canvas.activateWindow()
    qtbot.waitUntil(reader.canvas.isActiveWindow)
    return reader


def around(centre: QPoint, radius: float, count: int = 60) -> list[QPoint]:
    turn = np.linspace(0, 2 * math.pi, count)
    return [centre + QPoint(round(radius * math.cos(t)), round(radius * math.sin(t))) for t in turn]


def stroke(canvas: Canvas, places: Sequence[QPoint], *, let_go: bool = True) -> None:
    QTest.mousePress(canvas, LEFT, NONE, places[0])
    for place in places[1:]:
        QTest.mouseMove(canvas, place)
    if let_go:
        QTest.mouseRelease(canvas, LEFT, NONE, places[-1])


def click(canvas: Canvas, place: QPoint) -> None:
    move_to(canvas, place)
    QTest.mouseClick(canvas, LEFT, NONE, place)


def field(reader: Reader) -> WordsField:
    (found,) = reader.canvas.findChildren(WordsField)
    return found


@pytest.mark.parametrize("view", [ViewName.AXIAL, ViewName.CORONAL, ViewName.SAGITTAL])
def test_a_line_drawn_around_a_region_closes_when_the_button_is_released(reader: Reader, view: ViewName) -> None:
    reader.canvas.tool = Tool.FREEHAND
    stroke(reader.canvas, around(place_in(reader.canvas, view, 0.4, 0.5), 60))
    made = reader.one
    assert made.kind is MeasurementKind.FREEHAND
    assert made.plane is view.plane
    mm = reader.geometry(view).mm_per_px
    assert made.area_mm2 == pytest.approx(math.pi * (60 * mm) ** 2, rel=0.02)
    assert 12 < len(made.points_lps_mm) < 50
    assert not made.crosses_itself
    assert reader.session.measurement_in_hand == made.id


def test_its_corners_can_be_clicked_and_its_first_corner_closes_it(reader: Reader) -> None:
    reader.canvas.tool = Tool.FREEHAND
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    corners = [start, start + QPoint(90, 0), start + QPoint(90, 60), start + QPoint(0, 60)]
    for corner in corners:
        click(reader.canvas, corner)
    assert reader.all == ()
    click(reader.canvas, start + QPoint(3, 2))
    assert [reader.at(point) for point in reader.one.points_lps_mm] == corners
    mm = reader.geometry().mm_per_px
    assert reader.one.area_mm2 == pytest.approx(90 * 60 * mm**2, rel=1e-4)


def test_a_double_click_closes_it_at_that_corner(reader: Reader) -> None:
    reader.canvas.tool = Tool.FREEHAND
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    click(reader.canvas, start)
    click(reader.canvas, start + QPoint(80, 0))
    click(reader.canvas, start + QPoint(40, 70))
    QTest.mouseDClick(reader.canvas, LEFT, NONE, start + QPoint(40, 70))
    QTest.mouseRelease(reader.canvas, LEFT, NONE, start + QPoint(40, 70))
    assert [reader.at(point) for point in reader.one.points_lps_mm] == [
        start,
        start + QPoint(80, 0),
        start + QPoint(40, 70),
    ]


def test_a_stretch_can_be_drawn_between_corners_that_are_clicked(reader: Reader) -> None:
    reader.canvas.tool = Tool.FREEHAND
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    click(reader.canvas, start)
    click(reader.canvas, start + QPoint(60, 0))
    curve = [start + QPoint(60 + n, round(30 * math.sin(n / 40 * math.pi))) for n in range(1, 41, 2)]
    stroke(reader.canvas, curve)
    assert reader.all == ()
    click(reader.canvas, start + QPoint(50, 80))
    click(reader.canvas, start)
    places = [reader.at(point) for point in reader.one.points_lps_mm]
    assert places[:2] == [start, start + QPoint(60, 0)]
    assert places[-1] == start + QPoint(50, 80)
    assert len(places) > 5


def test_esc_gives_up_an_outline_and_a_mere_twitch_is_none(reader: Reader) -> None:
    reader.canvas.tool = Tool.FREEHAND
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    clean = reader.seen()
    stroke(reader.canvas, around(start, 40)[:30], let_go=False)
    assert reader.seen() != clean
    assert reader.canvas.stop_measuring()
    QTest.mouseRelease(reader.canvas, LEFT, NONE, start)
    assert (reader.all, reader.seen()) == ((), clean)
    stroke(reader.canvas, [start, start + QPoint(5, 1), start + QPoint(6, 1)])
    assert (reader.all, reader.seen()) == ((), clean)
    click(reader.canvas, start)
    before = reader.session.view
    turn_wheel(reader.canvas, ViewName.AXIAL, -1)
    assert reader.session.view == before


def test_an_outline_is_moved_by_its_line_and_changed_by_its_corners(reader: Reader) -> None:
    reader.canvas.tool = Tool.FREEHAND
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    for corner in (start, start + QPoint(90, 0), start + QPoint(90, 60), start):
        click(reader.canvas, corner)
    made = reader.one
    reader.canvas.tool = Tool.WINDOW
    drag(reader.canvas, LEFT, start + QPoint(45, 0), QPoint(10, -15))
    moved = reader.one
    assert moved.area_mm2 == pytest.approx(made.area_mm2)
    assert [reader.at(p) for p in moved.points_lps_mm] == [reader.at(p) + QPoint(10, -15) for p in made.points_lps_mm]
    drag(reader.canvas, LEFT, start + QPoint(100, -15), QPoint(30, 0))
    pulled = reader.one
    assert pulled.id == made.id
    assert reader.at(pulled.points_lps_mm[1]) == start + QPoint(130, -15)
    assert pulled.points_lps_mm[0] == moved.points_lps_mm[0]


@pytest.mark.parametrize("out", [1, -1], ids=["outwards", "inwards"])
def test_a_stretch_of_an_outline_is_drawn_anew_from_its_line(reader: Reader, out: int) -> None:
    reader.canvas.tool = Tool.FREEHAND
    centre = place_in(reader.canvas, ViewName.AXIAL, 0.4, 0.5)
    stroke(reader.canvas, around(centre, 60, 120))
    made = reader.one
    mm = reader.geometry().mm_per_px
    # A round bulge, or dent, from 40 degrees on one side of the right to 40 on the other.
    turns = np.radians(np.linspace(-40, 40, 40))
    reach = [60 + out * 25 * math.cos(t / math.radians(40) * math.pi / 2) for t in turns]
    places = [
        centre + QPoint(round(r * math.cos(t)), round(r * math.sin(t))) for r, t in zip(reach, turns, strict=True)
    ]
    stroke(reader.canvas, places)
    changed = reader.one
    assert changed.id == made.id
    fan = sum((r**2 - 60**2) / 2 * math.radians(80) / 40 for r in reach)
    assert changed.area_mm2 - made.area_mm2 == pytest.approx(fan * mm**2, rel=0.08)
    assert not changed.crosses_itself
    # What was not drawn over stays point for point.
    far = [p for p in made.points_lps_mm if reader.at(p).x() < centre.x() + 20]
    assert len(far) > 8
    assert set(far) <= set(changed.points_lps_mm)
    reader.canvas.tool = Tool.WINDOW
    drag(reader.canvas, LEFT, centre + QPoint(-60, 0), QPoint(30, 0))
    assert reader.one.area_mm2 != pytest.approx(changed.area_mm2, rel=1e-6)


def test_esc_while_a_stretch_is_drawn_leaves_the_outline_as_it_was(reader: Reader) -> None:
    reader.canvas.tool = Tool.FREEHAND
    centre = place_in(reader.canvas, ViewName.AXIAL, 0.4, 0.5)
    stroke(reader.canvas, around(centre, 60, 120))
    made, seen = reader.one, reader.seen()
    stroke(reader.canvas, [centre + QPoint(60, 0), centre + QPoint(90, 10), centre + QPoint(90, 40)], let_go=False)
    assert reader.seen() != seen
    assert reader.canvas.stop_measuring()
    QTest.mouseRelease(reader.canvas, LEFT, NONE, centre)
    assert (reader.one, reader.seen()) == (made, seen)


def test_a_line_that_crosses_itself_says_which_part_counts(reader: Reader) -> None:
    reader.canvas.tool = Tool.FREEHAND
    start = place_in(reader.canvas, ViewName.AXIAL, 0.3, 0.4)
    for corner in (start, start + QPoint(80, 80), start + QPoint(80, 0), start + QPoint(0, 80), start):
        click(reader.canvas, corner)
    assert reader.session.volume is not None
    assert "Crosses itself: what it goes around twice is outside" in more_words(reader.one, reader.session.volume)
    mm = reader.geometry().mm_per_px
    assert reader.one.area_mm2 == pytest.approx(2 * 80 * 40 / 2 * mm**2, rel=1e-4)


def test_an_outline_says_mean_spread_and_area_and_leaves_a_trace_in_the_other_planes(reader: Reader) -> None:
    view = reader.session.view
    assert view is not None
    without = reader.seen(ViewName.CORONAL)
    reader.canvas.tool = Tool.FREEHAND
    stroke(reader.canvas, around(reader.at(view.cursor_lps_mm), 15))
    reader.canvas.stop_measuring()
    assert reader.session.volume is not None
    assert value_words(reader.one, reader.session.volume) == "300 ± 0 HU"
    assert label_lines(reader.one, reader.session.volume, all_of_it=False)[1].endswith("mm²")
    assert reader.seen(ViewName.CORONAL) != without


def test_an_arrow_is_dragged_from_what_it_points_at_and_its_words_are_typed(reader: Reader) -> None:
    reader.canvas.tool = Tool.ARROW
    tip = place_in(reader.canvas, ViewName.AXIAL, 0.5, 0.5)
    drag(reader.canvas, LEFT, tip, QPoint(-60, -50))
    assert reader.all == ()
    assert field(reader).isVisible()
    QTest.keyClicks(field(reader), "Mass?")
    QTest.keyClick(field(reader), Qt.Key.Key_Return)
    made = reader.one
    assert (made.kind, made.text) == (MeasurementKind.ARROW, "Mass?")
    assert [reader.at(point) for point in made.points_lps_mm] == [tip, tip + QPoint(-60, -50)]
    assert not field(reader).isVisible()


def test_enter_without_words_leaves_an_arrow_bare_and_esc_gives_it_up(reader: Reader) -> None:
    reader.canvas.tool = Tool.ARROW
    tip = place_in(reader.canvas, ViewName.AXIAL, 0.5, 0.5)
    drag(reader.canvas, LEFT, tip, QPoint(-60, -50))
    QTest.keyClick(field(reader), Qt.Key.Key_Escape)
    assert reader.all == ()
    drag(reader.canvas, LEFT, tip, QPoint(-60, -50))
    QTest.keyClick(field(reader), Qt.Key.Key_Return)
    assert (reader.one.kind, reader.one.text) == (MeasurementKind.ARROW, "")


def write(reader: Reader, place: QPoint, text: str) -> Measurement:
    reader.canvas.tool = Tool.TEXT
    before = {m.id for m in reader.all}
    click(reader.canvas, place)
    QTest.keyClicks(field(reader), text)
    QTest.keyClick(field(reader), Qt.Key.Key_Return)
    (made,) = [m for m in reader.all if m.id not in before]
    return made


def test_a_text_is_typed_where_it_was_clicked_and_changed_by_a_double_click(reader: Reader) -> None:
    place = place_in(reader.canvas, ViewName.AXIAL, 0.4, 0.4)
    made = write(reader, place, "Old scar")
    assert (made.kind, made.text, reader.at(made.points_lps_mm[0])) == (MeasurementKind.TEXT, "Old scar", place)
    reader.canvas.stop_measuring()
    QTest.mouseDClick(reader.canvas, LEFT, NONE, place + QPoint(12, 10))
    assert field(reader).text() == "Old scar"
    QTest.keyClicks(field(reader), "New scar")
    QTest.keyClick(field(reader), Qt.Key.Key_Return)
    assert reader.one == evolve(made, text="New scar")
    # Nothing typed changes nothing; Delete is what removes.
    QTest.mouseDClick(reader.canvas, LEFT, NONE, place + QPoint(12, 10))
    field(reader).clear()
    QTest.keyClick(field(reader), Qt.Key.Key_Return)
    assert reader.one.text == "New scar"


def test_what_is_typed_is_kept_when_the_field_is_left(reader: Reader) -> None:
    reader.canvas.tool = Tool.TEXT
    click(reader.canvas, place_in(reader.canvas, ViewName.AXIAL, 0.4, 0.4))
    QTest.keyClicks(field(reader), "Half typed")
    reader.canvas.setFocus(Qt.FocusReason.MouseFocusReason)
    QApplication.processEvents()
    assert [m.text for m in reader.all] == ["Half typed"]


def test_a_text_is_moved_by_its_words(reader: Reader) -> None:
    place = place_in(reader.canvas, ViewName.AXIAL, 0.4, 0.4)
    write(reader, place, "Here")
    drag(reader.canvas, LEFT, place + QPoint(10, 10), QPoint(25, 30))
    assert reader.at(reader.one.points_lps_mm[0]) == place + QPoint(25, 30)
    assert reader.one.text == "Here"


def test_words_go_where_identity_goes_and_an_arrow_stays_bare(reader: Reader) -> None:
    open_, place = reader.seen(), place_in(reader.canvas, ViewName.AXIAL, 0.4, 0.4)
    reader.session.masked = True
    clean = reader.seen()
    reader.session.masked = False
    write(reader, place, "Jane Doe")
    reader.canvas.stop_measuring()
    assert reader.seen() != open_
    reader.session.masked = True
    assert reader.seen() == clean
    # Nor can it be taken, moved or read where it is not seen.
    QTest.mouseDClick(reader.canvas, LEFT, NONE, place + QPoint(12, 10))
    assert not field(reader).isVisible()
    assert all(not drawn.measurement.text for drawn in reader.canvas.hands.measuring.drawn())
    reader.session.masked = False
    reader.session.workspace = Workspace.PRESENT
    assert reader.canvas.hands.measuring.drawn() == ()
    reader.session.workspace = Workspace.REVIEW
    assert reader.one.text == "Jane Doe"


def test_an_arrow_that_is_pulled_while_identity_is_hidden_keeps_its_words(reader: Reader) -> None:
    reader.canvas.tool = Tool.ARROW
    tip = place_in(reader.canvas, ViewName.AXIAL, 0.5, 0.5)
    drag(reader.canvas, LEFT, tip, QPoint(-60, -50))
    QTest.keyClicks(field(reader), "Jane")
    QTest.keyClick(field(reader), Qt.Key.Key_Return)
    reader.session.masked = True
    drag(reader.canvas, LEFT, tip, QPoint(20, 0))
    assert reader.one.text == "Jane"
    assert reader.at(reader.one.points_lps_mm[0]) == tip + QPoint(20, 0)


def test_no_words_are_asked_for_while_identity_is_hidden(reader: Reader) -> None:
    reader.session.masked = True
    place = place_in(reader.canvas, ViewName.AXIAL, 0.5, 0.5)
    reader.canvas.tool = Tool.TEXT
    click(reader.canvas, place)
    assert reader.all == ()
    assert reader.refused == ["Words cannot be written while identity is hidden: they may name somebody."]
    reader.canvas.tool = Tool.ARROW
    drag(reader.canvas, LEFT, place, QPoint(-60, -50))
    assert (reader.one.kind, reader.one.text) == (MeasurementKind.ARROW, "")


def test_hiding_identity_while_words_are_typed_gives_them_up(reader: Reader) -> None:
    reader.canvas.tool = Tool.TEXT
    click(reader.canvas, place_in(reader.canvas, ViewName.AXIAL, 0.4, 0.4))
    QTest.keyClicks(field(reader), "Jane")
    reader.session.masked = True
    assert not field(reader).isVisible()
    assert reader.all == ()


def test_long_words_are_wrapped_and_stay_on_the_viewport(reader: Reader) -> None:
    tile = reader.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    corner = QPoint(round(tile.area.right()) - 20, round(tile.area.bottom()) - 12)
    text = "A note that is a good deal longer than one line on an image can be"
    made = write(reader, corner, text)
    assert " ".join(words_lines(text)) == text
    assert len(words_lines(text)) == 2
    place = place_of_words(made, reader.geometry())
    assert place.left() >= 0
    assert place.right() <= tile.area.width()
    assert place.bottom() <= tile.area.height()


@pytest.mark.parametrize(("width", "height"), [(640, 480), (900, 620)])
def test_words_are_never_behind_the_scale_the_letters_or_the_corner_text(
    reader: Reader, width: int, height: int
) -> None:
    reader.canvas.resize(width, height)
    tile = reader.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    wide, high = tile.area.width(), tile.area.height()
    frame = frame_places(wide, high, TextSizes())
    geometry = reader.geometry()
    axes = PLANE_AXES[PlaneName.AXIAL]
    for x in range(10, round(wide) - 10, 23):
        for y in range(10, round(high) - 10, 17):
            for tail in ((x + 20, y + 25), (x - 20, y + 25), (x, y - 30)):
                ends = (geometry.lps_from_screen(x, y), geometry.lps_from_screen(*tail))
                arrow = Measurement(
                    "a", MeasurementKind.ARROW, ends, PlaneName.AXIAL,
                    as_point(axes.right), as_point(axes.down), text="Chip",
                )  # fmt: skip
                place = place_of_words(arrow, geometry)
                assert not any(place.intersects(part) for part in frame), (x, y, tail)


@pytest.mark.parametrize("tool", [Tool.FREEHAND, Tool.ARROW, Tool.TEXT])
def test_nothing_new_is_drawn_where_the_geometry_is_not_trusted(reader: Reader, tool: Tool) -> None:
    assert reader.session.volume is not None
    reader.session.volume = evolve(reader.session.volume, verdict=Verdict.UNTRUSTED, reasons=("A slice is missing.",))
    reader.canvas.tool = tool
    stroke(reader.canvas, around(place_in(reader.canvas, ViewName.AXIAL, 0.4, 0.5), 40))
    assert reader.all == ()
    assert reader.refused == ["Nothing is measured here: the geometry of this series is not trusted."]
