"""Words that a reader wrote on an image: where they stand, how they are painted, and the field they are typed in."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QLineEdit, QWidget

from viewer.domain.measurement import MOST_LETTERS, Measurement, MeasurementKind
from viewer.ui.canvas.frame_places import frame_places
from viewer.ui.canvas.paint_text import TextLook, TextSizes, paint_plate
from viewer.ui.fonts import Type, font, metrics

if TYPE_CHECKING:
    from viewer.scene.plane_geometry import ViewportGeometry

LINE_LETTERS = 34
AWAY_PX = 6.0
RIM_PX = 4.0
PAD_X_PX, PAD_Y_PX = 7.0, 3.0
FIELD_SIZE = (260, 32)


def words_lines(text: str) -> list[str]:
    """Return words as the lines that stand on an image."""
    return textwrap.wrap(text, LINE_LETTERS, break_on_hyphens=False) or [""]


def place_of_words(measurement: Measurement, geometry: ViewportGeometry) -> QRectF:
    """Return where the words of a text or an arrow stand on a viewport: from its place on, beyond the arrow's tail.

    Where the scale, a letter or the corner text stands there, as near as they can be read whole.
    """
    lines = words_lines(measurement.text)
    wide = max(metrics(Type.CAPTION).horizontalAdvance(line) for line in lines)
    size = QSizeF(round(wide) + 2 * PAD_X_PX, Type.CAPTION.line_px * len(lines) + 2 * PAD_Y_PX)
    places = geometry.screen_points(measurement.points_lps_mm).tolist()
    line = QRectF()
    if measurement.kind is MeasurementKind.TEXT:
        corner = QPointF(*places[0])
    else:
        (tip_x, tip_y), (x, y) = places
        length = max(math.hypot(x - tip_x, y - tip_y), 1e-6)
        right, down = (x - tip_x) / length, (y - tip_y) / length
        # As far out as the plate reaches that way, so that it begins where the tail ends.
        reach = min(
            size.width() / 2 / max(abs(right), 1e-6),
            size.height() / 2 / max(abs(down), 1e-6),
        )
        middle = QPointF(x + right * (reach + AWAY_PX), y + down * (reach + AWAY_PX))
        corner = middle - QPointF(size.width() / 2, size.height() / 2)
        line = QRectF(QPointF(tip_x, tip_y), QPointF(x, y)).normalized().adjusted(-1, -1, 1, 1)
    room = QSizeF(geometry.width_px - RIM_PX, geometry.height_px - RIM_PX)
    left = max(RIM_PX, min(corner.x(), room.width() - size.width()))
    top = max(RIM_PX, min(corner.y(), room.height() - size.height()))
    return _beside_the_frame(QRectF(QPointF(round(left), round(top)), size), line, geometry)


def _beside_the_frame(wanted: QRectF, line: QRectF, geometry: ViewportGeometry) -> QRectF:
    """Return the place nearest to that wanted where neither the frame's own words stand nor the arrow."""
    frame = frame_places(geometry.width_px, geometry.height_px, TextSizes())
    if not any(wanted.intersects(part) for part in frame):
        return wanted
    tops = [wanted.top(), *(part.top() - wanted.height() for part in frame), *(part.bottom() for part in frame)]
    lefts = [wanted.left(), *(part.left() - wanted.width() for part in frame), *(part.right() for part in frame)]
    if not line.isNull():
        lefts += [line.left() - AWAY_PX - wanted.width(), line.right() + AWAY_PX]
    room = QRectF(0, 0, geometry.width_px, geometry.height_px).adjusted(RIM_PX, RIM_PX, -RIM_PX, -RIM_PX)
    places = [QRectF(QPointF(left, top), wanted.size()) for top in tops for left in lefts]
    free = [
        place
        for place in places
        if room.contains(place) and not place.intersects(line) and not any(place.intersects(part) for part in frame)
    ]
    return min(free, key=lambda place: QLineF(place.topLeft(), wanted.topLeft()).length(), default=wanted)


def paint_words(
    painter: QPainter, measurement: Measurement, geometry: ViewportGeometry, look: TextLook, *, in_hand: bool
) -> QRectF:
    """Draw the words of a text or an arrow on a plate, and return where they stand."""
    area = place_of_words(measurement, geometry)
    paint_plate(painter, area, look.theme)
    if in_hand:
        painter.setPen(QPen(look.theme.on_anatomy("accent"), 1))
        painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
    painter.setFont(font(Type.CAPTION))
    painter.setPen(look.theme.on_anatomy("accent" if in_hand else "text"))
    line_px = Type.CAPTION.line_px
    for n, line in enumerate(words_lines(measurement.text)):
        row = QRectF(area.left() + PAD_X_PX, area.top() + PAD_Y_PX + n * line_px, area.width(), line_px)
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, line)
    return area


class WordsField(QLineEdit):
    """One line over the image; `given` carries what was typed, with Enter or when it is left. Esc gives it up."""

    given = Signal(str)
    given_up = Signal()

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.setFont(font(Type.BODY))
        self.setMaxLength(MOST_LETTERS)
        self.setFixedSize(*FIELD_SIZE)
        self.setAccessibleName("Words on the image")
        self._asking = False
        self.hide()

    def ask(self, measurement: Measurement, place: QRectF) -> None:
        """Let the words of a measurement be typed at a place of the canvas."""
        arrow = measurement.kind is MeasurementKind.ARROW
        self.setPlaceholderText("Words, or Enter for none" if arrow else "Text, then Enter")
        self.setText(measurement.text)
        self.selectAll()
        self._asking = True
        canvas = self.parentWidget()
        room = (canvas.width() - self.width(), canvas.height() - self.height()) if canvas is not None else (0, 0)
        middle = place.center().y() - self.height() / 2
        self.move(max(0, min(round(place.left()), room[0])), max(0, min(round(middle), room[1])))
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def dismiss(self) -> None:
        """Close without a word."""
        self._asking = False
        canvas = self.parentWidget()
        if self.hasFocus() and canvas is not None:
            canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Keep with Enter, give up with Esc; no other key is the window's while words are typed."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._give()
        elif event.key() == Qt.Key.Key_Escape:
            self.dismiss()
            self.given_up.emit()
        else:
            super().keyPressEvent(event)
        event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 (Qt's name)
        """Keep what was typed; its own menu and another window leave it open."""
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self._give()

    def _give(self) -> None:
        if self._asking:
            words = "".join(letter if letter.isprintable() else " " for letter in self.text())
            self.dismiss()
            self.given.emit(" ".join(words.split()))
