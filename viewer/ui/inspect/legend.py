"""Counts with their marks, and what each outline means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from viewer.ui.fonts import Type, font
from viewer.ui.marks import Mark, line_of, paint_mark
from viewer.ui.widgets import text_label

if TYPE_CHECKING:
    from viewer.ui.theme import Theme

OUTLINES = (
    (Mark.TRUE_POSITIVE, "Found by the model, solid"),
    (Mark.FALSE_POSITIVE, "False positive, dashed"),
    (Mark.MISSED, "Missed truth, dotted"),
)


class MarkIcon(QWidget):
    """One status mark, 18 px."""

    def __init__(self, theme: Theme, mark: Mark) -> None:
        super().__init__()
        self._theme, self._mark = theme, mark
        self.setFixedSize(20, 20)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the mark."""
        paint_mark(QPainter(self), QRectF(1, 1, 18, 18), self._mark, self._theme)


class CountBox(QWidget):
    """A large number with its mark and word."""

    def __init__(self, theme: Theme, mark: Mark, words: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(MarkIcon(theme, mark))
        self._number = text_label("0", Type.COUNT)
        row.addWidget(self._number)
        row.addStretch()
        column.addLayout(row)
        column.addWidget(text_label(words, Type.CAPTION, "text2"))
        self._words = words

    @property
    def count(self) -> int:
        """The number."""
        return int(self._number.text())

    def show_count(self, count: int) -> None:
        """Show a number."""
        self._number.setText(str(count))
        self.setAccessibleName(f"{count} {self._words}")


class Legend(QWidget):
    """Lines as they are on the pictures, each with its word."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(26 * len(OUTLINES))
        theme.changed.connect(lambda: self.update())

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return the room of all lines."""
        return QSize(220, 26 * len(OUTLINES))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the lines on a strip of the viewport's black, as they are on pictures."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(font(Type.BODY))
            for n, (mark, words) in enumerate(OUTLINES):
                middle = 26 * n + 13
                painter.fillRect(QRectF(0, middle - 8, 52, 16), self._theme.on_anatomy("viewport"))
                painter.setPen(line_of(mark).pen(self._theme))
                painter.drawLine(QPointF(6, middle), QPointF(46, middle))
                painter.setPen(self._theme.colour("text"))
                painter.drawText(QPointF(66, middle + 5), words)
