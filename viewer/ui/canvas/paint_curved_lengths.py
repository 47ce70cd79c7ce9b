"""Lengths across the path on the straightened picture, with their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QPainter, QPolygonF

from viewer.domain.measurement import MeasurementKind
from viewer.scene.curved_lengths import seen_across
from viewer.ui.canvas.paint_measurements import IN_HAND_PX, LINE_PX, TICK_PX, line_pens, paint_straight
from viewer.ui.canvas.paint_text import paint_plate
from viewer.ui.canvas.value_places import covered_by, label_place
from viewer.ui.measurement_words import value_words

if TYPE_CHECKING:
    from viewer.scene.curved import CurvedGeometry
    from viewer.ui.canvas.paint_text import TextLook
    from viewer.ui.canvas.shown import Shown


def paint_lengths(
    painter: QPainter, seen: QRectF, words: list[QRectF], geometry: CurvedGeometry, shown: Shown, look: TextLook
) -> None:
    """Draw the lengths that lie in the straightened picture, where `seen`; their values keep off `words`."""
    found = []
    for drawn in shown.measured:
        across = seen_across(geometry, drawn.measurement)
        if across is not None:
            place, ends = across
            line = QPolygonF([QPointF(*geometry.screen(place, above)) for above in ends])
            if seen.intersects(line.boundingRect().adjusted(-1, -1, 1, 1)):
                found.append((drawn, line))
    covered = [covered_by(MeasurementKind.LENGTH, line) for _, line in found]
    words = list(words)
    for n, (drawn, line) in enumerate(found):
        colour = look.theme.on_anatomy("accent" if drawn.in_hand else "text")
        for pen in line_pens(colour, IN_HAND_PX if drawn.in_hand else LINE_PX, look):
            painter.setPen(pen)
            paint_straight(painter, line, TICK_PX * look.scale)
        said = value_words(drawn.measurement, shown.volume)
        kind = look.caption_type(name=True)
        size = QSizeF(round(look.metrics(kind).horizontalAdvance(said)) + 14, round(look.line_px) + 6)
        others = [box for m, boxes in enumerate(covered) if m != n for box in boxes]
        plate = label_place(MeasurementKind.LENGTH, line, size, seen, [*covered[n], *others], words, others)
        if not drawn.in_hand and any(plate.intersects(other) for other in words):
            continue
        words.append(plate)
        paint_plate(painter, plate, look.theme)
        painter.setFont(look.font(kind))
        painter.setPen(colour)
        painter.drawText(plate.translated(7, 0), said)
