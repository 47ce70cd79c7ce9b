"""Measurements on a plane: lines with casing, handles of the one in hand, and their values on plates.

In full on the image that they were drawn on; where they go through another plane, only a faint trace.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPolygonF

from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.ui.canvas.frame_places import LETTERS, curtain_places, frame_places, seen_part
from viewer.ui.canvas.measured_places import PARALLEL, ImagePlace, image_place
from viewer.ui.canvas.paint_map import bar_places
from viewer.ui.canvas.paint_text import TextLook, paint_plate
from viewer.ui.canvas.shown import DrawnMeasurement
from viewer.ui.canvas.value_places import covered_by, label_place, leader_between, taken_for_anothers
from viewer.ui.canvas.words_on_images import paint_words, place_of_words
from viewer.ui.marks import CASING_WIDER_PX
from viewer.ui.measurement_words import NOT_MEASURED, label_lines
from viewer.ui.theme import CASING_OPACITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import ArrayLike
    from PySide6.QtGui import QColor

    from viewer.scene.plane_geometry import ViewportGeometry
    from viewer.ui.canvas.shown import Drawn, Shown

LINE_PX = 1.5
IN_HAND_PX = 2.0
HANDLE_PX = 8.0
# The handle that a press would take.
HOVERED_PX, HOVERED_WIDER_PX = 2.5, 4.0
TICK_PX = 5.0
TRACE_PX = 3.0
TRACE_OPACITY = 0.6
ARC_PX = 22.0
LEAST_ARM_PX = 8.0
OUTLINE_HANDLE_PX = 5.0
ARROW_PX = 12.0
ENDLESS_PX = 1e5
# A finding whose box fills more of a viewport is in every place of it.
MOST_OF_PICTURE = 0.35
ARROW_RAD = math.radians(27)


@frozen(eq=False)
class Beside:
    """What a value finds its place beside: lines and findings, of them those of others, the frame, words so far."""

    taken: list[QRectF]
    others: list[QRectF]
    frame: list[QRectF]
    words: list[QRectF]


@frozen(eq=False)
class _Value:
    """A value with its place: `own` is the box around what it belongs to."""

    drawn: DrawnMeasurement
    own: QRectF
    plate: QRectF
    lines: tuple[str, ...]


def paint_measurements(painter: QPainter, shown: Shown, geometry: ViewportGeometry, look: TextLook) -> None:
    """Draw all measurements that lie on the image shown, and traces of those that go through it."""
    if not shown.measured:
        return
    image = image_place(shown.volume, geometry, shown.view.slab_mm)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for drawn in shown.measured:
        if not image.holds(drawn.measurement):
            _paint_trace(painter, drawn.measurement, image, look)
    whole = _on_image(shown, geometry, image)
    for drawn, points in whole:
        if drawn.measurement.kind is not MeasurementKind.TEXT:
            _paint_line(painter, drawn, points, geometry, look)
    _paint_all_words(painter, whole, shown, geometry, look, image)


def paint_measured_words(painter: QPainter, shown: Shown, geometry: ViewportGeometry, look: TextLook) -> None:
    """Draw words and values of the measurements once more, where they stand, over lines that were drawn since."""
    if shown.measured:
        image = image_place(shown.volume, geometry, shown.view.slab_mm)
        _paint_all_words(painter, _on_image(shown, geometry, image), shown, geometry, look, image)


def _on_image(shown: Shown, geometry: ViewportGeometry, image: ImagePlace) -> list[tuple[DrawnMeasurement, QPolygonF]]:
    """Return the measurements that lie on the image shown, with their points on the viewport."""
    held = (drawn for drawn in shown.measured if image.holds(drawn.measurement))
    return [(drawn, QPolygonF(_points(drawn.measurement.points_lps_mm, geometry))) for drawn in held]


def value_in_hand(shown: Shown, geometry: ViewportGeometry, look: TextLook) -> QRectF | None:
    """Return where the value of what is in hand stands on the viewport; None where none does."""
    if not any(drawn.in_hand for drawn in shown.measured):
        return None
    image = image_place(shown.volume, geometry, shown.view.slab_mm)
    placed = _placed_values(_on_image(shown, geometry, image), shown, geometry, look, image)
    return next((value.plate for value in placed if value.drawn.in_hand), None)


def _paint_all_words(
    painter: QPainter,
    whole: list[tuple[DrawnMeasurement, QPolygonF]],
    shown: Shown,
    geometry: ViewportGeometry,
    look: TextLook,
    image: ImagePlace,
) -> None:
    for drawn, _ in sorted(whole, key=lambda one: one[0].in_hand):
        if drawn.measurement.text:
            paint_words(painter, drawn.measurement, geometry, look, in_hand=drawn.in_hand)
    for value in _placed_values(whole, shown, geometry, look, image):
        _paint_value(painter, value, look)


def _placed_values(
    whole: list[tuple[DrawnMeasurement, QPolygonF]],
    shown: Shown,
    geometry: ViewportGeometry,
    look: TextLook,
    image: ImagePlace,
) -> Iterator[_Value]:
    """Yield values with their places: that of the one in hand first."""
    frame = frame_places(geometry.width_px, geometry.height_px, look)
    frame += bar_places(shown, geometry.plane, QRectF(0, 0, geometry.width_px, geometry.height_px), look)
    words = frame[:LETTERS] + curtain_places(shown.part, geometry.width_px, look)
    covered = [covered_by(drawn.measurement.kind, points) for drawn, points in whole]
    found = [place for drawn in shown.drawn if (place := place_of_finding(drawn, image)) is not None] if whole else []
    # What fills the picture cannot be kept clear; to try would drive values from where they belong.
    most = MOST_OF_PICTURE * geometry.width_px * geometry.height_px
    found = [place for place in found if place.width() * place.height() <= most]
    # Words stand where they were put; values find a place beside them.
    words += [place_of_words(drawn.measurement, geometry) for drawn, _ in whole if drawn.measurement.text]
    for n in sorted(range(len(whole)), key=lambda n: not whole[n][0].in_hand):
        drawn, points = whole[n]
        if not drawn.measurement.kind.bears_words:
            others = [box for m, boxes in enumerate(covered) if m != n for box in boxes]
            beside = Beside([*found, *covered[n], *others], others, frame[LETTERS:], words)
            value = _placed_value(drawn, points, shown, geometry, look, beside)
            if value is not None:
                words.append(value.plate)
                yield value


def _points(lps_mm: ArrayLike, geometry: ViewportGeometry) -> list[QPointF]:
    return [QPointF(x, y) for x, y in geometry.screen_points(lps_mm).tolist()]


def place_of_finding(drawn: Drawn, image: ImagePlace) -> QRectF | None:
    """Return the box around a finding on the viewport, None where the image misses it: no label may cover it."""
    bounds = drawn.finding.bounds_lps_mm
    corners = np.array([(x, y, z) for x in bounds[0] for y in bounds[1] for z in bounds[2]])
    depths = image.depths_mm(corners.tolist())
    if min(depths) > 0 or max(depths) < 0:
        return None
    return QPolygonF(_points(corners, image.geometry)).boundingRect()


def line_pens(colour: QColor, width_px: float, look: TextLook) -> tuple[QPen, QPen]:
    """Return the pen of the casing and that of the line."""
    casing = look.theme.on_anatomy("casing", CASING_OPACITY)
    cap, join = Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin
    scale = look.scale if look.stage else 1.0
    return (
        QPen(casing, (width_px + CASING_WIDER_PX) * scale, Qt.PenStyle.SolidLine, cap, join),
        QPen(colour, width_px * scale, Qt.PenStyle.SolidLine, cap, join),
    )


def _paint_line(
    painter: QPainter, drawn: DrawnMeasurement, points: QPolygonF, geometry: ViewportGeometry, look: TextLook
) -> None:
    measurement = drawn.measurement
    colour = look.theme.on_anatomy("accent" if drawn.in_hand else "text")
    drawn_along = measurement.kind is MeasurementKind.FREEHAND
    # An outline has many, and while it is drawn they would hide what is drawn along.
    size = OUTLINE_HANDLE_PX if drawn_along else HANDLE_PX
    wanted = drawn.in_hand and not (drawn_along and drawn.unfinished)
    places = _points(measurement.handles_lps_mm(), geometry) if wanted or drawn.hovered is not None else []
    # Of another one than that in hand only the one that would be taken.
    handles = {
        n: (place, size + HOVERED_WIDER_PX if n == drawn.hovered else size)
        for n, place in enumerate(places)
        if wanted or n == drawn.hovered
    }
    painter.save()
    if handles and not drawn_along:
        painter.setClipPath(_all_but(handles.values()), Qt.ClipOperation.IntersectClip)
    # The sides of a box run along the screen's unless the plane was turned in itself since.
    upright = abs(float(geometry.axes.right @ measurement.right)) > PARALLEL
    for pen in line_pens(colour, IN_HAND_PX if drawn.in_hand else LINE_PX, look):
        painter.setPen(pen)
        if measurement.kind is MeasurementKind.FREEHAND:
            _paint_outline(painter, points, unfinished=drawn.unfinished)
        elif measurement.kind is MeasurementKind.ARROW:
            _paint_arrow(painter, points, ARROW_PX * look.scale)
        elif measurement.kind.is_region and not upright:
            (outline,) = measurement.lines_lps_mm()
            painter.drawPolyline(QPolygonF(_points(outline, geometry)))
        elif measurement.kind is MeasurementKind.ELLIPSE:
            painter.drawEllipse(points.boundingRect())
        elif measurement.kind is MeasurementKind.RECTANGLE:
            painter.drawRect(points.boundingRect())
        elif measurement.kind is MeasurementKind.ANGLE:
            painter.drawPolyline(points)
        else:
            paint_straight(painter, points, TICK_PX * look.scale)
        if measurement.kind is MeasurementKind.COBB:
            _paint_between(painter, points)
        elif measurement.kind is MeasurementKind.ANGLE:
            _paint_arc(painter, points, ARC_PX * look.scale)
    painter.restore()
    for n, (place, across) in handles.items():
        hovered = n == drawn.hovered
        ring = look.theme.on_anatomy("accent_hover") if hovered else colour
        for pen in line_pens(ring, HOVERED_PX if hovered else LINE_PX, look):
            painter.setPen(pen)
            painter.drawEllipse(place, across / 2, across / 2)


def _all_but(handles: Iterable[tuple[QPointF, float]]) -> QPainterPath:
    """Return all of the viewport but the insides of handles: what is below the end of a length is what is measured."""
    free = QPainterPath()
    free.addRect(QRectF(-ENDLESS_PX, -ENDLESS_PX, 2 * ENDLESS_PX, 2 * ENDLESS_PX))
    for place, across in handles:
        ring = QPainterPath()
        ring.addEllipse(place, across / 2, across / 2)
        free = free.subtracted(ring)
    return free


def _paint_outline(painter: QPainter, points: QPolygonF, *, unfinished: bool) -> None:
    """Draw an outline; what would close it is dotted while it is drawn."""
    if not unfinished:
        painter.drawPolygon(points)
        return
    painter.drawPolyline(points)
    if points.size() > 2:
        _paint_dotted(painter, points.at(points.size() - 1), points.at(0))


def _paint_arrow(painter: QPainter, points: QPolygonF, reach: float) -> None:
    """Draw an arrow from its tail to its tip: an open head, so that what it points at is not covered."""
    tip, tail = points.at(0), points.at(1)
    painter.drawLine(tail, tip)
    angle = math.atan2(tail.y() - tip.y(), tail.x() - tip.x())
    reach = min(reach, 0.6 * math.hypot(tail.x() - tip.x(), tail.y() - tip.y()))
    barbs = [
        QPointF(tip.x() + reach * math.cos(angle + turn), tip.y() + reach * math.sin(angle + turn))
        for turn in (-ARROW_RAD, ARROW_RAD)
    ]
    painter.drawPolyline(QPolygonF([barbs[0], tip, barbs[1]]))


def paint_straight(painter: QPainter, points: QPolygonF, tick: float) -> None:
    """Draw one or two straight lines with a tick at each end."""
    for n in range(0, points.size(), 2):
        start, end = points.at(n), points.at(n + 1)
        if start != end:
            painter.drawLine(start, end)
            for at in (start, end):
                painter.drawLine(*_tick(start, end, at, tick))


def _paint_between(painter: QPainter, points: QPolygonF) -> None:
    """Draw a dotted line between the middles of the two lines of a Cobb angle, which belong together."""
    if points.at(2) != points.at(3):
        _paint_dotted(painter, (points.at(0) + points.at(1)) / 2, (points.at(2) + points.at(3)) / 2)


def _paint_dotted(painter: QPainter, start: QPointF, end: QPointF) -> None:
    pen = QPen(painter.pen())
    pen.setWidthF(pen.widthF() / 2)
    pen.setDashPattern([2, 4])
    painter.save()
    painter.setPen(pen)
    painter.drawLine(start, end)
    painter.restore()


def _tick(first: QPointF, last: QPointF, at: QPointF, reach: float) -> tuple[QPointF, QPointF]:
    dx, dy = last.x() - first.x(), last.y() - first.y()
    length = max((dx * dx + dy * dy) ** 0.5, 1e-6)
    side = QPointF(-dy / length * reach, dx / length * reach)
    return at - side, at + side


def _paint_arc(painter: QPainter, points: QPolygonF, radius: float) -> None:
    """Draw the arc between the arms of an angle, where they are long enough for it."""
    arms = [points.at(n) - points.at(1) for n in (0, 2)]
    shorter = min(math.hypot(arm.x(), arm.y()) for arm in arms)
    if shorter < LEAST_ARM_PX:
        return
    radius = min(radius, 0.7 * shorter)
    start, end = (math.degrees(math.atan2(-arm.y(), arm.x())) for arm in arms)
    span = (end - start + 180) % 360 - 180
    box = QRectF(0, 0, 2 * radius, 2 * radius)
    box.moveCenter(points.at(1))
    # Qt counts in sixteenths of a degree.
    painter.drawArc(box, round(start * 16), round(span * 16))


def _paint_trace(painter: QPainter, measurement: Measurement, image: ImagePlace, look: TextLook) -> None:
    """Draw where a measurement on another plane goes through this image: a dot for a line, a thin line for a region."""
    places = [QPointF(x, y) for x, y in image.crossings(measurement)]
    colour = look.theme.on_anatomy("text", TRACE_OPACITY)
    if measurement.kind.is_region and places and len(places) % 2 == 0:
        # Along the line in which the planes meet, what is inside lies between every other two.
        places.sort(key=lambda place: (round(place.x(), 3), place.y()))
        for pen in line_pens(colour, 1.0, look):
            painter.setPen(pen)
            for n in range(0, len(places), 2):
                painter.drawLine(places[n], places[n + 1])
        return
    for place in places:
        for pen in line_pens(colour, 1.0, look):
            painter.setPen(pen)
            painter.drawEllipse(place, TRACE_PX * look.scale, TRACE_PX * look.scale)


def _placed_value(
    drawn: DrawnMeasurement,
    points: QPolygonF,
    shown: Shown,
    geometry: ViewportGeometry,
    look: TextLook,
    beside: Beside,
) -> _Value | None:
    measurement = drawn.measurement
    if measurement.points_lps_mm[-1] == measurement.points_lps_mm[-2]:
        return None
    # What is within an outline is not known before it is closed.
    if measurement.kind is MeasurementKind.FREEHAND and drawn.unfinished:
        return None
    own = points.boundingRect()
    seen = seen_part(shown.part, geometry)
    if not seen.intersects(own.adjusted(-1, -1, 1, 1)):
        return None
    words = [*beside.frame, *beside.words]
    for lines in _choices(drawn, shown, geometry):
        kinds = [look.caption_type(name=n == 0) for n in range(len(lines))]
        widths = [look.metrics(kind).horizontalAdvance(line) for kind, line in zip(kinds, lines, strict=True)]
        size = QSizeF(round(max(widths)) + 14, round(look.line_px * len(lines)) + 6)
        plate = label_place(measurement.kind, points, size, seen, beside.taken, words, beside.others)
        if drawn.in_hand:
            free = not any(plate.intersects(other) for other in words)
        else:
            free = not taken_for_anothers(measurement.kind, points, plate, beside.others)
        if free and seen.contains(plate):
            break
    else:
        if not drawn.in_hand:
            return None
    if not seen.contains(plate) or (not drawn.in_hand and any(plate.intersects(other) for other in beside.words)):
        # No room: it stands in the list, and here once it is in hand, if only over a word. Half a number would be
        # another one.
        return None
    return _Value(drawn, own, plate, lines)


def _choices(drawn: DrawnMeasurement, shown: Shown, geometry: ViewportGeometry) -> Iterator[tuple[str, ...]]:
    """Yield what may be said of a measurement, and what of it where there is little room: the list says all of it."""
    slab = shown.view.slab_mm > 0 and geometry.image is None
    yield label_lines(drawn.measurement, shown.volume, all_of_it=drawn.in_hand, slab=slab)
    if drawn.measurement.kind.is_region:
        if drawn.in_hand:
            yield label_lines(drawn.measurement, shown.volume, all_of_it=False, slab=slab)
        yield label_lines(drawn.measurement, shown.volume, all_of_it=False, slab=slab, brief=True)


def _paint_value(painter: QPainter, value: _Value, look: TextLook) -> None:
    accent = value.drawn.in_hand and value.lines[0] != NOT_MEASURED
    if (leader := leader_between(value.own, value.plate)) is not None:
        for pen in line_pens(look.theme.on_anatomy("accent" if accent else "text"), 1.0, look):
            pen.setDashPattern([3 / pen.widthF(), 2 / pen.widthF()])
            painter.setPen(pen)
            painter.drawLine(*leader)
    plate = value.plate
    paint_plate(painter, plate, look.theme)
    for n, line in enumerate(value.lines):
        role = "disagree" if line == NOT_MEASURED else ("accent" if accent else "text") if n == 0 else "text2"
        painter.setFont(look.font(look.caption_type(name=n == 0)))
        painter.setPen(look.theme.on_anatomy(role))
        row = QRectF(plate.left() + 7, plate.top() + 3 + n * look.line_px, plate.width() - 14, look.line_px)
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, line)
