"""The bars of a histogram over an axis in the volume's unit, with the window that is in force."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.ui.fonts import Type, font, metrics

if TYPE_CHECKING:
    from viewer.analysis.histogram import Histogram
    from viewer.ui.theme import Theme

LEFT, TOP, RIGHT, BOTTOM = 12, 28, 12, 50
TICKS = 6
HEIGHT, LEAST_HEIGHT = 260, 108
BAND_PX = 6


def step_words(value: float, step: float) -> str:
    """Return a number with as many digits as steps of the axis need, with a true minus."""
    digits = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    return f"{value + 0.0:.{min(digits, 6)}f}".replace("-", "−")


def tick_step(span: float) -> float:
    """Return the distance of the marks on an axis: 1, 2 or 5 times a power of ten, for about six of them."""
    power = 10.0 ** math.floor(math.log10(span / TICKS))
    return next(nice * power for nice in (1, 2, 5, 10) if span / (nice * power) <= TICKS)


class HistogramChart(QWidget):
    """Draws bars, the median with the 5th to 95th percentile, and the range of the window."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shape: Histogram | None = None
        self._unit = ""
        self._window = (0.0, 0.0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT)

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return a comfortable size."""
        return QSize(560, HEIGHT)

    def show_histogram(self, shape: Histogram, unit: str, window: tuple[float, float], words: str) -> None:
        """Show bins; `window` is its lowest and highest value, `words` what a screen reader says."""
        self._shape, self._unit, self._window = shape, unit, window
        self.setAccessibleName(words)
        self.update()

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(LEFT, TOP, -RIGHT, -BOTTOM)

    def _x(self, value: float) -> float:
        shape, area = self._shape, self._area()
        assert shape is not None
        span = shape.width * len(shape.counts)
        return float(area.left() + area.width() * min(max((value - shape.first) / span, 0.0), 1.0))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw everything."""
        shape = self._shape
        if shape is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_window(painter)
            self._paint_bars(painter, shape)
            self._paint_axis(painter, shape)
            self._paint_middle(painter, shape)

    def _paint_bars(self, painter: QPainter, shape: Histogram) -> None:
        area, colour = self._area(), self._theme.colour
        most = max(1, int(shape.counts.max()))
        edges = [self._x(float(edge)) for edge in shape.edges]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("text2"))
        gap = 1.0 if len(shape.counts) and area.width() / len(shape.counts) > 4 else 0.0
        for n, count in enumerate(shape.counts.tolist()):
            if count:
                height = max(1.0, area.height() * count / most)
                painter.drawRect(QRectF(edges[n], area.bottom() - height, edges[n + 1] - edges[n] - gap, height))

    def _paint_axis(self, painter: QPainter, shape: Histogram) -> None:
        area, colour = self._area(), self._theme.colour
        painter.setPen(QPen(colour("hairline"), 1))
        base = round(area.bottom()) + 0.5
        painter.drawLine(QPointF(area.left(), base), QPointF(area.right(), base))
        painter.setFont(font(Type.CAPTION))
        painter.setPen(colour("text2"))
        step = tick_step(shape.width * len(shape.counts))
        low, high = float(shape.edges[0]), float(shape.edges[-1])
        unit_wide = metrics(Type.CAPTION).horizontalAdvance(self._unit) + 10
        for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1):
            x = round(self._x(n * step)) + 0.5
            painter.drawLine(QPointF(x, base), QPointF(x, base + 4))
            words = step_words(n * step, step)
            half = metrics(Type.CAPTION).horizontalAdvance(words) / 2
            # The unit stands at the axis' end, and no number under it.
            if x + half < area.right() - unit_wide:
                left = max(0.0, x - half - 2)
                painter.drawText(QRectF(left, base + 6, 2 * half + 4, 18), Qt.AlignmentFlag.AlignCenter, words)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(area.right() - unit_wide, base + 6, unit_wide, 18), right, self._unit)

    def _paint_window(self, painter: QPainter) -> None:
        """Draw the window as a band below the axis, and the values in it on a lighter ground."""
        area, colour = self._area(), self._theme.colour
        left, right = (self._x(value) for value in self._window)
        if right > left:
            painter.fillRect(QRectF(left, area.top(), right - left, area.height()), colour("hover"))
            painter.fillRect(QRectF(left, area.bottom() + 30, right - left, BAND_PX), colour("accent"))

    def _paint_middle(self, painter: QPainter, shape: Histogram) -> None:
        """Draw the median and the 5th to 95th percentile above the bars: a line with a stroke across."""
        area, colour = self._area(), self._theme.colour
        y = area.top() - 12
        painter.setPen(QPen(colour("text"), 2))
        low, high = self._x(shape.low), self._x(shape.high)
        painter.drawLine(QPointF(low, y), QPointF(high, y))
        for x in (low, high):
            painter.drawLine(QPointF(x, y - 4), QPointF(x, y + 4))
        middle = self._x(shape.median)
        painter.drawLine(QPointF(middle, y - 7), QPointF(middle, y + 7))
