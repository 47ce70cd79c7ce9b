"""The words over a list's columns, each a button that sorts by it; the arrow stands at the one that it is sorted by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QWidget

from viewer.ui.fonts import Type, font
from viewer.ui.icons import paint_icon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from viewer.ui.theme import Theme

HEIGHT = 32
_ARROW = 14
_AROUND = 4


@frozen
class SortColumn:
    """A column: its name, its word, what the tip says, and where its words begin, or end where `from_right`, in px."""

    name: str
    word: str
    tip: str
    at: int
    from_right: bool = False


class _Word(QAbstractButton):
    def __init__(self, theme: Theme, column: SortColumn, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self.column = theme, column
        self.setText(column.word)
        self.setToolTip(column.tip)
        self.setAccessibleName(column.tip)
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return the room of the word, and of its arrow where it has one."""
        wide = QFontMetricsF(font(Type.CAPTION)).horizontalAdvance(self.text())
        return QSize(round(wide) + (_ARROW + 2 if self.isChecked() else 0) + 2 * _AROUND, HEIGHT - 8)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the word over where the column begins or ends, and the arrow where the list is sorted by it."""
        with QPainter(self) as painter:
            role = "text" if self.isChecked() or self.underMouse() else "text2"
            painter.setFont(font(Type.CAPTION))
            painter.setPen(self._theme.colour(role))
            area = QRectF(self.rect()).adjusted(_AROUND, 0, -_AROUND, 0)
            beside_arrow = area.adjusted(0, 0, -(_ARROW + 2) if self.isChecked() else 0, 0)
            side = Qt.AlignmentFlag.AlignRight if self.column.from_right else Qt.AlignmentFlag.AlignLeft
            painter.drawText(beside_arrow, side | Qt.AlignmentFlag.AlignVCenter, self.text())
            if self.isChecked():
                place = QRectF(area.right() - _ARROW, area.center().y() - _ARROW / 2 + 1, _ARROW, _ARROW)
                paint_icon(painter, place, self._theme, "chevron-down", role)


class SortHead(QWidget):
    """The words; `chosen` carries the name of the column that was clicked."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, columns: Sequence[SortColumn], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self._group = QButtonGroup(self)
        self._words = {column.name: _Word(theme, column, self) for column in columns}
        self._at = {column.name: column.at for column in columns}
        for name, word in self._words.items():
            self._group.addButton(word)
            word.clicked.connect(lambda *_, name=name: self.chosen.emit(name))
            word.toggled.connect(self._place)
        theme.changed.connect(lambda: self.update())

    def show_sorted(self, name: str) -> None:
        """Put the arrow at a column."""
        self._words[name].setChecked(True)

    def move_word(self, name: str, at: int) -> None:
        """Put a word elsewhere over its column, `at` as in `SortColumn`."""
        self._at[name] = at
        self._place()

    def word(self, name: str) -> QAbstractButton:
        """Return a column's button."""
        return self._words[name]

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Put the words over their columns."""
        super().resizeEvent(event)
        self._place()

    def _place(self, *_: object) -> None:
        taken = 0
        for name, word in reversed(self._words.items()):
            size, at = word.sizeHint(), self._at[name]
            if word.column.from_right and not word.isHidden():
                # Beside an arrow there may be no room over the column.
                at = max(at, taken + _AROUND)
                taken = at - _AROUND + size.width()
            left = self.width() - at - size.width() + _AROUND if word.column.from_right else at - _AROUND
            word.setGeometry(left, (HEIGHT - size.height()) // 2, size.width(), size.height())
