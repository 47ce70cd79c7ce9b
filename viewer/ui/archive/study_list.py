"""The list of studies with their series: → opens a study, ← closes it, Enter brings what is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from viewer.ui.archive.study_rows import (
    WAITING,
    NoteLine,
    SeriesLine,
    StudyLine,
    StudyRows,
    held_words,
    series_words,
    what_words,
    who_words,
)
from viewer.ui.fonts import Type, font
from viewer.ui.icons import paint_icon
from viewer.ui.theme import FOCUS_WIDTH
from viewer.ui.widgets import rounded

if TYPE_CHECKING:
    from viewer.ui.painted_rows import Index
    from viewer.ui.theme import Theme

STUDY_HEIGHT, SERIES_HEIGHT = 60, 40
CHEVRON = 44
HERE_WIDTH = 156
DAY_WIDTH = 100


class _Delegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, rows: StudyRows, view: QListView) -> None:
        super().__init__(view)
        self._theme, self._rows, self._view = theme, rows, view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 (Qt's name)
        study = isinstance(self._rows.line(index.row()), StudyLine)
        return QSize(option.rect.width(), STUDY_HEIGHT if study else SERIES_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line = self._rows.line(index.row())
        area = QRectF(option.rect)
        state = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver) and not isinstance(line, NoteLine)
        colour = self._theme.colour
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(area, colour("selected" if selected else "hover" if hovered else "panel"))
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), colour("hairline"))
        if selected:
            painter.fillRect(QRectF(area.left(), area.top(), 3, area.height()), colour("accent"))
            if self._view.hasFocus():
                painter.setPen(colour("accent"))
                painter.drawRect(rounded(area.adjusted(0, 0, 0, -1), FOCUS_WIDTH))
        if isinstance(line, StudyLine):
            self._paint_study(painter, area, line)
        elif isinstance(line, SeriesLine):
            self._paint_series(painter, area, line)
        elif isinstance(line, NoteLine):
            self._paint_note(painter, area, line)
        painter.restore()

    def _columns(self, area: QRectF) -> tuple[QRectF, QRectF, QRectF, QRectF]:
        """Return the places of who, what, when and whether it is here, in one row."""
        left, right = area.left() + CHEVRON, area.right() - 20
        here = QRectF(right - HERE_WIDTH, area.top(), HERE_WIDTH, area.height())
        day = QRectF(here.left() - 16 - DAY_WIDTH, area.top(), DAY_WIDTH, area.height())
        room = day.left() - 16 - left
        who = QRectF(left, area.top(), room * 0.38, area.height())
        what = QRectF(who.right() + 16, area.top(), room - who.width() - 16, area.height())
        return who, what, day, here

    def _paint_study(self, painter: QPainter, area: QRectF, line: StudyLine) -> None:
        study = line.study
        box = QRectF(area.left() + 16, area.top() + (area.height() - 16) / 2, 16, 16)
        paint_icon(painter, box, self._theme, "chevron-down" if line.is_open else "chevron-right", "text2")
        who, what, day, here = self._columns(area)
        name, ident = who_words(study, masked=self._rows.masked)
        self._two(painter, who, name, ident, Type.NAME)
        self._two(painter, what, *what_words(study, masked=self._rows.masked), Type.BODY)
        if study.date is not None:
            self._two(painter, day, f"{study.date:%Y-%m-%d}", study.time, Type.BODY)
        self._paint_here(painter, here, line, study.image_count)

    def _paint_series(self, painter: QPainter, area: QRectF, line: SeriesLine) -> None:
        who, what, day, here = self._columns(area)
        title, facts = series_words(line, masked=self._rows.masked)
        self._one(painter, who.adjusted(24, 0, 0, 0), title, Type.BODY, "text")
        self._one(painter, what.united(day), facts, Type.CAPTION, "text2")
        self._paint_here(painter, here, line, line.series.image_count)

    def _paint_note(self, painter: QPainter, area: QRectF, line: NoteLine) -> None:
        left = area.left() + CHEVRON + 24
        if line.is_wrong:
            box = QRectF(left, area.top() + (area.height() - 16) / 2, 16, 16)
            paint_icon(painter, box, self._theme, "triangle-alert", "disagree")
            left += 24
        words = QRectF(left, area.top(), area.right() - 20 - left, area.height())
        self._one(painter, words, line.words, Type.CAPTION, "text" if line.is_wrong else "text2")

    def _paint_here(self, painter: QPainter, area: QRectF, line: StudyLine | SeriesLine, count: int | None) -> None:
        words = line.coming or held_words(line.held, count)
        if not words:
            return
        icon = "check" if count is None or line.held == count else "circle-dashed"
        if line.coming:
            icon = "clock" if line.coming == WAITING else "download"
        width = QFontMetricsF(font(Type.CAPTION)).horizontalAdvance(words)
        left = area.right() - width - 22
        box = QRectF(round(left), round(area.center().y() - 8), 16, 16)
        paint_icon(painter, box, self._theme, icon, "text2")
        self._one(painter, QRectF(left + 22, area.top(), width + 2, area.height()), words, Type.CAPTION, "text2")

    def _two(self, painter: QPainter, area: QRectF, above: str, below: str, kind: Type) -> None:
        self._one(painter, QRectF(area.left(), area.top() + 9, area.width(), 21), above, kind, "text")
        self._one(painter, QRectF(area.left(), area.top() + 31, area.width(), 19), below, Type.CAPTION, "text2")

    def _one(self, painter: QPainter, area: QRectF, text: str, kind: Type, role: str) -> None:
        painter.setFont(font(kind))
        painter.setPen(self._theme.colour(role))
        shown = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


class StudyList(QListView):
    """Studies and their series.

    `opened` carries the UID of a study whose series are wanted, `wanted` asks for the marked row's images, `given_up`
    for them to come no more, `marked` tells that another row is marked, `left_above` that ↑ was pressed in the first
    row, `took_keys` whether the keys go to the list.
    """

    opened = Signal(str)
    took_keys = Signal(bool)
    wanted = Signal()
    given_up = Signal()
    marked = Signal()
    left_above = Signal()

    def __init__(self, theme: Theme, rows: StudyRows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = rows
        self.setModel(rows)
        self.setItemDelegate(_Delegate(theme, rows, self))
        self.setProperty("own_focus", True)
        self.setMouseTracking(True)
        self.setAccessibleName("Studies that were found")
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        theme.changed.connect(lambda _name: self.viewport().update())

    @property
    def line(self) -> StudyLine | SeriesLine | None:
        """The study or series that is marked."""
        line = self.rows.line(self.currentIndex().row())
        return None if isinstance(line, NoteLine) else line

    def mark(self, n: int) -> None:
        """Mark a row."""
        self.setCurrentIndex(self.rows.index(n))

    def toggle(self, line: StudyLine) -> None:
        """Open a study, or close it."""
        uid = line.study.study_uid
        if line.is_open:
            self.rows.close_study(uid)
        elif self.rows.open_study(uid):
            self.opened.emit(uid)

    def currentChanged(self, current: Index, previous: Index) -> None:  # noqa: N802 (Qt's name)
        """Tell that another row is marked."""
        super().currentChanged(current, previous)
        self.marked.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 (Qt's name)
        """Tell that the keys go here."""
        super().focusInEvent(event)
        self.took_keys.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 (Qt's name)
        """Tell that the keys go elsewhere."""
        super().focusOutEvent(event)
        self.took_keys.emit(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Open and close studies with → and ←, bring what is marked with Enter."""
        key, line = event.key(), self.line
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and line is not None:
            self.wanted.emit()
        elif key == Qt.Key.Key_Delete and line is not None:
            self.given_up.emit()
        elif key == Qt.Key.Key_Right and isinstance(line, StudyLine):
            if line.is_open:
                self.mark(self.currentIndex().row() + 1)
            else:
                self.toggle(line)
        elif key == Qt.Key.Key_Left and isinstance(line, StudyLine):
            if line.is_open:
                self.toggle(line)
        elif key == Qt.Key.Key_Left:
            self._mark_study()
        elif key == Qt.Key.Key_Up and self.currentIndex().row() <= 0:
            self.left_above.emit()
        else:
            super().keyPressEvent(event)

    def _mark_study(self) -> None:
        """Mark the study that the marked row belongs to."""
        below = self.rows.line(self.currentIndex().row())
        if isinstance(below, SeriesLine):
            self.mark(self.rows.row_of(below.series.study_uid))
        elif isinstance(below, NoteLine):
            self.mark(self.rows.row_of(below.study_uid))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Open or close a study with a click on its arrow."""
        super().mouseReleaseEvent(event)
        place = event.position().toPoint()
        line = self.rows.line(self.indexAt(place).row())
        if event.button() == Qt.MouseButton.LeftButton and isinstance(line, StudyLine) and place.x() < CHEVRON:
            self.toggle(line)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Open a study, bring a series."""
        place = event.position().toPoint()
        line = self.rows.line(self.indexAt(place).row())
        if isinstance(line, StudyLine):
            if place.x() >= CHEVRON:
                self.toggle(line)
        elif isinstance(line, SeriesLine):
            self.wanted.emit()
