"""Findings and missed lesions as rows, errors first: mark, name, state, volume, score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from viewer.domain.finding import MatchState
from viewer.ui.finding_words import score_words, size_words, volume_words
from viewer.ui.fonts import Type, font
from viewer.ui.marks import Mark, paint_mark
from viewer.ui.review.finding_list import MARK_X, NAME_X, RIGHT, paint_row_ground, prepare_list, words

if TYPE_CHECKING:
    from viewer.services.inspecting import InspectRow
    from viewer.ui.theme import Theme

ROW_HEIGHT = 64
VOLUME_WIDTH = 68
SCORE_WIDTH = 42
MARK_OF = {
    MatchState.TRUE_POSITIVE: Mark.TRUE_POSITIVE,
    MatchState.FALSE_POSITIVE: Mark.FALSE_POSITIVE,
    MatchState.MISSED: Mark.MISSED,
    MatchState.FOUND: Mark.TRUTH,
}
Index = QModelIndex | QPersistentModelIndex


class ErrorModel(QAbstractListModel):
    """The rows of the case."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[InspectRow, ...] = ()

    def show_rows(self, rows: tuple[InspectRow, ...]) -> None:
        """Show other rows."""
        before = [(row.finding.id, row.state) for row in self._rows]
        if before == [(row.finding.id, row.state) for row in rows]:
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def row(self, n: int) -> InspectRow:
        """Return one row."""
        return self._rows[n]

    def row_of(self, finding_id: str | None) -> int | None:
        """Return the row of a finding or true lesion, or None where it is not listed."""
        return next((n for n, row in enumerate(self._rows) if row.finding.id == finding_id), None)

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 (Qt's name)
        """Return how many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row in words."""
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{row.finding.label}, {row.state.value}, {volume_words(row.finding)}"
        return row.why if role == Qt.ItemDataRole.ToolTipRole else None


class _ErrorDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, model: ErrorModel, view: QListView) -> None:
        super().__init__(view)
        self._theme, self._model, self._view = theme, model, view

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802 (Qt's name)
        return QSize(option.rect.width(), ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = self._model.row(index.row())
        mark = MARK_OF[row.state]
        area = QRectF(option.rect)
        colour = self._theme.colour
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_row_ground(painter, area, self._theme, option.state, focused=self._view.hasFocus())
        paint_mark(painter, QRectF(area.left() + MARK_X - 9, area.top() + 13, 18, 18), mark, self._theme)
        first, second = area.top() + 12, area.top() + 34
        score_left = area.right() - RIGHT - SCORE_WIDTH
        volume_left = score_left - VOLUME_WIDTH
        painter.setFont(font(Type.NAME))
        painter.setPen(colour("text"))
        words(
            painter, QRectF(area.left() + NAME_X, first, volume_left - area.left() - NAME_X - 8, 20), row.finding.label
        )
        painter.setFont(font(Type.BODY))
        words(painter, QRectF(volume_left, first, VOLUME_WIDTH, 20), volume_words(row.finding), right=True)
        words(painter, QRectF(score_left, first, SCORE_WIDTH, 20), score_words(row.score), right=True)
        painter.setFont(font(Type.CAPTION))
        painter.setPen(colour("text2"))
        where = f"{mark.words} · {row.finding.place}" if row.finding.place else mark.words
        below = QRectF(area.left() + NAME_X, second, volume_left - area.left() - NAME_X - 8, 18)
        words(painter, below, where, cut=Qt.TextElideMode.ElideRight)
        words(painter, QRectF(volume_left, second, VOLUME_WIDTH, 18), size_words(row.finding), right=True)
        painter.restore()


class ErrorList(QListView):
    """The rows; `chosen` carries the id that the user picked."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = ErrorModel(self)
        self.setModel(self.rows)
        self.setItemDelegate(_ErrorDelegate(theme, self.rows, self))
        prepare_list(self, theme)
        self.clicked.connect(lambda index: self.chosen.emit(self.rows.row(index.row()).finding.id))

    def show_selected(self, finding_id: str | None) -> None:
        """Mark the row in hand."""
        row = self.rows.row_of(finding_id)
        if row is None:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        elif self.currentIndex().row() != row or not self.selectionModel().isSelected(self.rows.index(row)):
            self.setCurrentIndex(self.rows.index(row))
            self.scrollTo(self.rows.index(row))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Go to the row that the arrows reach."""
        before = self.currentIndex().row()
        super().keyPressEvent(event)
        after = self.currentIndex().row()
        if after >= 0 and after != before:
            self.chosen.emit(self.rows.row(after).finding.id)
