"""The curve of one case: true lesions found against false positives, with the operating point to drag.

Where there is nothing to find no share of it can be: then it is false positives against the threshold.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.domain.count_words import count_words, threshold_words
from viewer.ui.fonts import Type, font
from viewer.ui.theme import RADIUS_CONTROL
from viewer.ui.widgets import rounded

if TYPE_CHECKING:
    from viewer.ui.theme import Theme

LEFT, TOP, RIGHT, BOTTOM = 68, 16, 20, 52
POINT, AROUND_POINT = 6, 5
# The name of the axis stands where the panel's words begin, the numbers clear of the point at the axis.
NAME_LEFT, NAME_LINE, NUMBERS_GAP = 16, 18, 14
LEAST_HEIGHT = 220


class FrocChart(QWidget):
    """Draws the curve; `threshold_wanted` carries the threshold of the point that was dragged to."""

    threshold_wanted = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._points: tuple[tuple[float, int, int], ...] = ()
        self._lesions = 0
        self._threshold = 0.5
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(LEAST_HEIGHT)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setToolTip("Drag along the curve to move the threshold")

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return the least room that it is read in."""
        return QSize(480, LEAST_HEIGHT)

    def show_curve(self, points: tuple[tuple[float, int, int], ...], lesions: int, threshold: float) -> None:
        """Show (threshold, found, false positives), highest threshold first, and where the threshold is."""
        self._points, self._lesions, self._threshold = points, lesions, threshold
        self.setAccessibleName(self.words)
        self.update()

    @property
    def here(self) -> tuple[float, int, int] | None:
        """The point of the curve that the threshold in force gives."""
        at = [point for point in self._points if point[0] >= self._threshold - 1e-9]
        return at[-1] if at else (self._points[0] if self._points else None)

    @property
    def words(self) -> str:
        """What the operating point means."""
        point = self.here
        if point is None:
            return ""
        false = count_words(point[2], "false positive")
        if not self._lesions:
            return false
        return f"{point[1]} of {self._lesions} found, {false}"

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Take the point."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Drag it along the curve."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._drag(event.position())

    def _drag(self, place: QPointF) -> None:
        if not self._points:
            return
        if not self._lesions:
            area = self._area()
            self.threshold_wanted.emit(min(1.0, max(0.0, (place.x() - area.left()) / area.width())))
            return

        def distance(point: tuple[float, int, int]) -> float:
            away = self._place(point) - place
            return float(away.x() ** 2 + away.y() ** 2)

        # The threshold of a point lies just below its score, so that the finding itself still counts.
        score = min(self._points, key=distance)[0]
        self.threshold_wanted.emit(math.floor(score * 1000 + 1e-6) / 1000)

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(LEFT, TOP, -RIGHT, -BOTTOM)

    def _most_false(self) -> int:
        return max(1, *(false for _, _, false in self._points)) if self._points else 1

    def _place(self, point: tuple[float, int, int]) -> QPointF:
        area, false = self._area(), point[2] / self._most_false()
        across, up = (false, point[1] / self._lesions) if self._lesions else (point[0], false)
        return QPointF(area.left() + area.width() * across, area.bottom() - area.height() * up)

    def _place_here(self, point: tuple[float, int, int]) -> QPointF:
        """Return where the operating point lies; where the threshold is an axis, between the points of the curve."""
        return self._place(point if self._lesions else (self._threshold, *point[1:]))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw axes, curve and operating point."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_axes(painter)
            if not self._points:
                return
            self._paint_guides(painter)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.colour("text"), 2))
            corners: list[QPointF] = []
            # What is false at the lowest score is so at every threshold below.
            end = () if self._lesions else ((0.0, *self._points[-1][1:]),)
            for place in map(self._place, (*self._points, *end)):
                if corners and place.x() != corners[-1].x() and place.y() != corners[-1].y():
                    corners.append(QPointF(place.x(), corners[-1].y()))
                corners.append(place)
            painter.drawPolyline(QPolygonF(corners))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("text"))
            for place in map(self._place, self._points):
                painter.drawEllipse(place, 2.5, 2.5)
            self._paint_here(painter)

    def _paint_axes(self, painter: QPainter) -> None:
        area, colour = self._area(), self._theme.colour
        painter.setFont(font(Type.CAPTION))
        shares = [(n / 5, f"{n / 5:.1f}") for n in range(6)]
        most = self._most_false()
        counts = [(n / most, str(n)) for n in range(0, most + 1, max(1, -(-most // 8)))]
        across, up = (counts, shares) if self._lesions else (shares, counts)
        names = ("False positives in this case", "Share of lesions found")
        if not self._lesions:
            names = ("Threshold", "False positives in this case")
        for share, words in up:
            y = round(area.bottom() - area.height() * share) + 0.5
            painter.setPen(QPen(colour("hairline"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(colour("text2"))
            box = QRectF(0, y - 10, area.left() - NUMBERS_GAP, 20)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        for share, words in across:
            x = round(area.left() + area.width() * share) + 0.5
            painter.setPen(QPen(colour("hairline"), 1))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.setPen(colour("text2"))
            painter.drawText(QRectF(x - 30, area.bottom() + 6, 60, 18), Qt.AlignmentFlag.AlignCenter, words)
        below = QRectF(area.left(), area.bottom() + 26, area.width(), 20)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, names[0])
        painter.save()
        painter.translate(NAME_LEFT + NAME_LINE / 2, area.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-110, -NAME_LINE / 2, 220, NAME_LINE), Qt.AlignmentFlag.AlignCenter, names[1])
        painter.restore()

    def _paint_guides(self, painter: QPainter) -> None:
        point = self.here
        if point is None:
            return
        area, place = self._area(), self._place_here(point)
        painter.setPen(QPen(self._theme.colour("accent"), 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(place, QPointF(place.x(), area.bottom()))
        painter.drawLine(place, QPointF(area.left(), place.y()))

    def _paint_here(self, painter: QPainter) -> None:
        point = self.here
        if point is None:
            return
        colour, place = self._theme.colour, self._place_here(point)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("accent", 0.3))
        painter.drawEllipse(place, POINT + AROUND_POINT, POINT + AROUND_POINT)
        painter.setBrush(colour("accent"))
        painter.drawEllipse(place, POINT, POINT)
        self._paint_label(painter, place)

    def _paint_label(self, painter: QPainter, place: QPointF) -> None:
        colour, area = self._theme.colour, self._area()
        title, line = f"Threshold {threshold_words(self._threshold)}", self.words
        names, plain = QFontMetricsF(font(Type.CAPTION_NAME)), QFontMetricsF(font(Type.CAPTION))
        width = max(names.horizontalAdvance(title), plain.horizontalAdvance(line)) + 24
        box = QRectF(place.x() + 20, place.y() + 18, width, 52)
        if box.right() > area.right():
            box.moveRight(max(place.x() - 20, area.left() + width))
        if box.bottom() > area.bottom() - 4:
            box.moveBottom(place.y() - 18 if place.y() - 18 - 52 > area.top() else area.bottom() - 4)
        painter.setPen(QPen(colour("hairline"), 1))
        painter.setBrush(colour("control"))
        painter.drawRoundedRect(rounded(box), RADIUS_CONTROL, RADIUS_CONTROL)
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setFont(font(Type.CAPTION_NAME))
        painter.setPen(colour("text"))
        painter.drawText(box.adjusted(12, 6, -8, -26), left, title)
        painter.setFont(font(Type.CAPTION))
        painter.setPen(colour("text2"))
        painter.drawText(box.adjusted(12, 26, -8, -6), left, line)
