"""What is said of a measurement, and where its value stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter, QPolygonF

from tests.ui.acquired.hands import drag
from tests.ui.reader import LEFT
from viewer.domain.geometry import PLANE_AXES, PlaneName, Verdict
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.overlays import Overlays, ValueMap
from viewer.domain.view_state import ViewName, as_point
from viewer.ui.canvas import Tool, paint_measurements, shown_from, shown_in
from viewer.ui.canvas.facts import Corners, EdgeLetters, Words
from viewer.ui.canvas.frame_places import frame_places
from viewer.ui.canvas.hands import NO_IMAGE
from viewer.ui.canvas.measured_places import image_place
from viewer.ui.canvas.paint_corners import paint_corners
from viewer.ui.canvas.paint_map import bar_places
from viewer.ui.canvas.paint_measurements import place_of_finding, value_in_hand
from viewer.ui.canvas.paint_text import TextLook, paint_letters, paint_scale_bar
from viewer.ui.canvas.value_places import label_place, leader_between
from viewer.ui.measurement_words import area_words, label_lines, more_words, value_words

if TYPE_CHECKING:
    from tests.ui.reader import Reader
    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume
    from viewer.ui.theme import Theme


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
    assert value_words(region, unknown) == "576 mm²"
    assert "No HU: the unit is unknown" in more_words(region, unknown)
    untrusted = evolve(small_ct_volume, verdict=Verdict.UNTRUSTED)
    assert label_lines(region, untrusted, all_of_it=True) == ("Not measured",)


def test_a_region_tells_its_values_in_the_unit_that_the_file_names(small_ct_volume: Volume) -> None:
    region = made_region(small_ct_volume, MeasurementKind.RECTANGLE, (78, 60, 17), 8.0)
    values = (small_ct_volume.slices / np.float32(40)).astype(np.float32)
    iodine = evolve(small_ct_volume, unit="MGML", slices=values, voxels=values)
    assert value_words(region, iodine) == "7.50 ± 0.00 mg/mL"
    assert more_words(region, iodine) == ("64 mm² · 121 px", "7.50 to 7.50 mg/mL", "8.0 × 8.0 mm")
    assert label_lines(region, iodine, all_of_it=False, slab=True)[-1] == "Of one image, not the slab"
    assert value_words(region, evolve(small_ct_volume, unit="HU_MOD")) == "300 ± 0 modified HU"


def test_areas_are_in_square_millimetres_with_digits_that_can_be_meant() -> None:
    words = [area_words(mm2) for mm2 in (8.14, 9.96, 99.7, 450.4, 14502.0)]
    assert words == ["8.1 mm²", "10 mm²", "100 mm²", "450 mm²", "14\u202f502 mm²"]


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
@pytest.mark.parametrize(("wide", "high"), [(466, 280), (300, 220), (500, 490), (530, 300), (935, 560), (1900, 1000)])
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


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(("wide", "mm_per_px"), [(930, 0.5), (1430, 0.3), (1900, 0.24), (3700, 0.12), (3700, 0.81)])
def test_the_scale_takes_a_share_of_a_large_view_that_is_seen_from_afar(
    theme: Theme, wide: int, mm_per_px: float
) -> None:
    look, free = TextLook(theme), QRectF(0, 3, wide, wide // 2)
    picture = QImage(wide, wide // 2 + 3, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        words = Corners(bottom_right=(Words("W 1500  L −600"), Words("Zoom 1.0×  0.80 mm")))
        paint_scale_bar(painter, free, mm_per_px, look, paint_corners(painter, free, words, look))
    rows = range(picture.height() - 60, picture.height())
    drawn = [[x for x in range(wide // 2, wide - 180) if picture.pixelColor(x, y).alpha() > 250] for y in rows]
    longest = max((row[-1] - row[0] for row in drawn if row), default=0)
    assert 0.08 * wide < longest <= 0.21 * wide


@pytest.mark.usefixtures("qapp")
def test_on_stage_a_head_has_a_scale_of_5_cm_beside_the_letter_below(theme: Theme) -> None:
    # A head that fills the stage of 1920 × 1080 beside its card.
    look, free, mm_per_px = TextLook(theme, stage=True), QRectF(0, 0, 870, 980), 0.208
    picture = QImage(870, 980, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        paint_scale_bar(painter, free, mm_per_px, look)
    rows = range(picture.height() - 60, picture.height())
    drawn = [[x for x in range(870) if picture.pixelColor(x, y).alpha() > 250] for y in rows]
    row = max(drawn, key=len)
    assert row[-1] - row[0] == pytest.approx(50 / mm_per_px, abs=2)
    assert row[0] > 870 / 2 + look.line_px
    assert row[-1] < 870


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("high", [122, 135, 150, 170, 200])
def test_the_scale_stands_on_no_letter(theme: Theme, high: int) -> None:
    look, free = TextLook(theme), QRectF(0, 3, 320, high - 3)

    def painted(*, letters: bool, scale: bool) -> set[tuple[int, int]]:
        picture = QImage(320, high, QImage.Format.Format_ARGB32_Premultiplied)
        picture.fill(Qt.GlobalColor.transparent)
        with QPainter(picture) as painter:
            if letters:
                paint_letters(painter, free, EdgeLetters("RA", "LP", "H", "F"), look, large=True)
            if scale:
                paint_scale_bar(painter, free, 0.8, look, QRectF(210, high - 30, 104, 24))
        return {(x, y) for x in range(320) for y in range(high) if picture.pixelColor(x, y).alpha()}

    assert not painted(letters=True, scale=False) & painted(letters=False, scale=True)


@pytest.mark.usefixtures("qapp")
def test_letters_of_small_views_leave_most_of_the_picture_and_none_covers_the_value_in_hand(theme: Theme) -> None:
    look = TextLook(theme)

    def covered(wide: int, high: int, value: QRectF | None = None) -> list[QPointF]:
        picture = QImage(wide, high, QImage.Format.Format_ARGB32_Premultiplied)
        picture.fill(Qt.GlobalColor.transparent)
        with QPainter(picture) as painter:
            letters = EdgeLetters("R", "L", "A", "P")
            paint_letters(painter, QRectF(0, 3, wide, high - 3), letters, look, large=True, value=value)
        return [QPointF(x, y) for x in range(wide) for y in range(high) if picture.pixelColor(x, y).alpha()]

    small = covered(110, 76)
    assert len(small) < 0.15 * 110 * 76
    frame = frame_places(110, 76, look)
    assert all(any(part.contains(place) for part in frame) for place in small)
    value = QRectF(40, 0, 66, 24)
    assert not any(value.contains(place) for place in covered(110, 76, value))


def test_the_value_in_hand_is_read_whole_in_the_smallest_view(reader: Reader) -> None:
    reader.canvas.resize(230, 170)
    tile = reader.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    for away in (QPoint(0, 0), QPoint(-30, -20), QPoint(-40, 10), QPoint(10, -24)):
        start = tile.area.center().toPoint() + away
        reader.draw(Tool.LENGTH, start, QPoint(30, 4))
        shown = shown_in(reader.session)
        assert shown is not None
        shown = reader.canvas.hands.drawn(shown)
        assert reader.session.volume is not None
        geometry = tile.geometry(reader.session.volume, shown.view, PlaneName.AXIAL)
        place = value_in_hand(shown, geometry, TextLook(reader.canvas.theme))
        assert place is not None
        seen = reader.canvas.grab(tile.area.toRect()).toImage()
        letters_colour = TextLook(reader.canvas.theme).theme.on_anatomy("text")
        inside = place.adjusted(2, 2, -2, -2).toRect()
        white = sum(
            seen.pixelColor(x, y) == letters_colour
            for x in range(inside.left(), inside.right())
            for y in range(inside.top(), inside.bottom())
        )
        assert white == 0


@pytest.mark.parametrize(
    ("size", "roomy"), [((300, 280), False), ((420, 300), False), ((520, 420), True), ((600, 480), True)]
)
def test_the_value_of_a_region_in_hand_says_as_much_as_there_is_room_for(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], roomy: bool
) -> None:
    reader.canvas.resize(*size)
    tile = reader.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    assert reader.session.view is not None
    reader.session.view = evolve(reader.session.view, slab_mm=10.0)
    said: list[tuple[QRectF, tuple[str, ...]]] = []
    monkeypatch.setattr(
        paint_measurements, "_paint_value", lambda _painter, value, _look: said.append((value.plate, value.lines))
    )
    reader.draw(Tool.RECTANGLE, tile.area.center().toPoint() - QPoint(15, 10), QPoint(30, 20))
    said.clear()
    reader.canvas.grab()
    ((plate, lines),) = {(tuple(place.getRect()), lines) for place, lines in said}
    room = QRectF(0, 0, tile.area.width(), tile.area.height())
    assert room.contains(QRectF(*plate))
    frame = frame_places(room.width(), room.height(), TextLook(reader.canvas.theme))
    assert not (roomy and any(QRectF(*plate).intersects(part) for part in frame))
    assert "HU" in lines[0]
    assert lines[-1].startswith("Of one image")


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


def test_words_in_hand_are_read_over_others_at_their_place(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[str] = []
    monkeypatch.setattr(paint_measurements, "paint_words", lambda _painter, words, *_, **__: painted.append(words.text))
    tile = reader.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    length = reader.draw(Tool.LENGTH, tile.area.center().toPoint(), QPoint(30, 4))
    note = evolve(length, kind=MeasurementKind.TEXT, points_lps_mm=length.points_lps_mm[:1])
    reader.session.measurements = tuple(evolve(note, id=text, text=text) for text in ("first", "second", "third"))
    reader.session.measurement_in_hand = "first"
    painted.clear()
    reader.canvas.grab()
    assert painted[-1] == "first"


def test_a_value_does_not_stand_nearer_to_another_measurement_than_to_its_own() -> None:
    size, viewport = QSizeF(104, 34), QRectF(0, 0, 456, 250)
    length = QPolygonF([QPointF(157, 104), QPointF(272, 118)])
    circle = QRectF(134, 134, 47, 44)
    words = [QRectF(0, 0, 183, 95), QRectF(195, 122, 140, 62), QRectF(330, 60, 126, 190)]
    place = label_place(MeasurementKind.LENGTH, length, size, viewport, [circle], words, [circle])
    to_circle = max(place.left() - circle.right(), circle.left() - place.right(), place.top() - circle.bottom())
    assert to_circle > 10 or place.bottom() < 104
    assert not any(place.intersects(part) for part in words)


def test_a_value_that_would_be_read_as_anothers_is_said_shorter_or_left_out(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[str, tuple[QRectF, tuple[str, ...]]] = {}

    def note(_painter: QPainter, value: Any, _look: TextLook) -> None:
        said[value.drawn.measurement.id] = value.plate, value.lines

    monkeypatch.setattr(paint_measurements, "_paint_value", note)
    reader.canvas.resize(700, 560)
    tile = reader.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    middle = tile.area.center().toPoint()
    assert reader.session.view is not None
    reader.session.view = evolve(reader.session.view, slab_mm=10.0)
    shapes = (
        (Tool.ELLIPSE, (-85, -22), (56, 44)),
        (Tool.RECTANGLE, (-25, 24), (36, 34)),
        (Tool.ELLIPSE, (60, -50), (50, 60)),
        (Tool.LENGTH, (-26, -54), (70, 0)),
    )
    made = [reader.draw(tool, middle + QPoint(*start), QPoint(*by)) for tool, start, by in shapes]
    reader.session.measurement_in_hand = None
    said.clear()
    reader.canvas.grab()
    geometry = reader.geometry()
    boxes = {m.id: QPolygonF([QPointF(*at) for at in geometry.screen_points(m.points_lps_mm)]) for m in made}
    assert said
    for ident, (plate, lines) in said.items():
        gaps = {other: _gap(plate, points.boundingRect()) for other, points in boxes.items()}
        assert gaps[ident] == min(gaps.values()), (lines, gaps)
    assert any("Of one image" in lines for _, lines in said.values())


def test_where_no_image_lies_nothing_is_measured_and_nothing_of_the_last_image_is_seen(reader: Reader) -> None:
    view, volume = reader.session.view, reader.session.volume
    tile = reader.canvas.tile(ViewName.AXIAL)
    assert view is not None
    assert volume is not None
    assert tile is not None
    x, y, _ = view.cursor_lps_mm
    last = float(volume.stack.positions_lps_mm[:, 2].max())
    start, by = tile.area.center().toPoint() - QPoint(60, 30), QPoint(50, 40)
    reader.session.view = evolve(view, cursor_lps_mm=(x, y, last))
    reader.draw(Tool.ELLIPSE, start, by)
    (on_last,) = reader.all
    reader.session.measurement_in_hand = None
    reader.session.view = evolve(view, cursor_lps_mm=(x, y, last + 200))
    assert not image_place(volume, reader.geometry()).holds(on_last)
    reader.canvas.tool = Tool.RECTANGLE
    drag(reader.canvas, LEFT, start + QPoint(10, 0), by)
    assert reader.all == (on_last,)
    assert reader.refused == [NO_IMAGE]


def _gap(one: QRectF, other: QRectF) -> float:
    across = max(one.left() - other.right(), other.left() - one.right(), 0.0)
    return float(np.hypot(across, max(one.top() - other.bottom(), other.top() - one.bottom(), 0.0)))


def test_no_value_stands_behind_the_bar_of_a_map(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_clear: list[list[QRectF]] = []

    def placed(*given: Any) -> QRectF:
        kept_clear.append(given[5])
        return label_place(*given)

    monkeypatch.setattr(paint_measurements, "label_place", placed)
    tile = reader.canvas.tile(ViewName.AXIAL)
    volume, view = reader.session.volume, reader.session.view
    assert tile is not None
    assert volume is not None
    assert view is not None
    overlays = Overlays(value_map=ValueMap(volume, "probability", 0.0, 1.0, scale=1e-4))
    reader.session.overlays = overlays
    reader.draw(Tool.RECTANGLE, tile.area.center().toPoint(), QPoint(30, 20))
    kept_clear.clear()
    picture = reader.canvas.grab(tile.area.toRect()).toImage()
    area = QRectF(0, 0, tile.area.width(), tile.area.height())
    (bar,) = bar_places(
        shown_from(volume, view, overlays=overlays), PlaneName.AXIAL, area, TextLook(reader.canvas.theme)
    )
    assert bar in kept_clear[-1]
    # It is painted there: coloured at its top, which the slice behind is not.
    colour = picture.pixelColor(round(bar.left()) + 10, round(bar.top()) + 34)
    assert colour.saturation() > 60


def test_a_finding_that_fills_the_picture_does_not_drive_values_away(
    reader: Reader, small_ct_lesion: Finding, monkeypatch: pytest.MonkeyPatch
) -> None:
    plates: list[QRectF] = []
    monkeypatch.setattr(paint_measurements, "paint_plate", lambda _painter, area, _theme: plates.append(QRectF(area)))
    tile = reader.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    reader.draw(Tool.LENGTH, tile.area.center().toPoint() - QPoint(60, 30), QPoint(50, 6))
    plates.clear()
    reader.canvas.grab()
    (alone,) = plates[-1:]
    assert reader.session.volume is not None
    bounds = reader.session.volume.grid.bounds_lps_mm.copy()
    bounds[0, 1] = bounds[0, 0] + 0.6 * (bounds[0, 1] - bounds[0, 0])
    reader.session.findings = (evolve(small_ct_lesion, bounds_lps_mm=bounds),)
    plates.clear()
    reader.canvas.grab()
    assert alone in plates


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
