"""Findings and missed lesions as rows, errors first: mark, name, state, volume, score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, Qt

from viewer.domain.finding import MatchState
from viewer.domain.reading_direction import isolated
from viewer.services.inspecting import RowOrder
from viewer.ui.finding_words import score_words, size_words, volume_words
from viewer.ui.fonts import Type, font
from viewer.ui.marks import Mark, paint_mark
from viewer.ui.painted_rows import Index, RowDelegate, RowList, RowModel, words
from viewer.ui.review.finding_list import MARK_X, NAME_X, RIGHT
from viewer.ui.sort_head import SortColumn

if TYPE_CHECKING:
    from PySide6.QtGui import QFontMetrics, QPainter
    from PySide6.QtWidgets import QListView, QWidget

    from viewer.services.inspecting import InspectRow
    from viewer.ui.theme import Theme

ROW_HEIGHT = 64
VOLUME_WIDTH = 68
SCORE_WIDTH = 40
GAP = 8
COLUMNS = (
    SortColumn(RowOrder.ERRORS, "Errors first", "Sort by state: missed, false positives, then the rest", NAME_X),
    SortColumn(RowOrder.VOLUME, "Volume", "Sort by volume, the largest first", RIGHT + SCORE_WIDTH, from_right=True),
    SortColumn(RowOrder.SCORE, "Score", "Sort by score, highest first", RIGHT, from_right=True),
)
MARK_OF = {
    MatchState.TRUE_POSITIVE: Mark.TRUE_POSITIVE,
    MatchState.FALSE_POSITIVE: Mark.FALSE_POSITIVE,
    MatchState.MISSED: Mark.MISSED,
    MatchState.FOUND: Mark.TRUTH,
}
BRIEF = {Mark.TRUE_POSITIVE: "TP", Mark.FALSE_POSITIVE: "FP"}


class ErrorModel(RowModel["InspectRow"]):
    """The rows of the case."""

    def ident(self, row: InspectRow) -> str:
        """Return the id of a row's finding or true lesion."""
        return row.finding.id

    def same(self, one: InspectRow, other: InspectRow) -> bool:
        """Return whether two rows stand for the same finding, counted as the same."""
        return super().same(one, other) and one.state is other.state

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row in words."""
        row = self.row(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{isolated(row.finding.label)}, {row.state.value}, {volume_words(row.finding)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            # The name and the place may be cut.
            return f"{isolated(row.finding.label)}{f', {row.finding.place}' if row.finding.place else ''}\n{row.why}"
        return None


def where_words(mark: Mark, place: str, room_px: float, measures: QFontMetrics) -> str:
    """Return how a finding counts and where it lies; the count in short where it would cut the place."""
    said = [f"{words} · {place}" if place else words for words in (mark.words, BRIEF.get(mark, mark.words))]
    return said[0] if measures.horizontalAdvance(said[0]) <= room_px else said[1]


class _ErrorDelegate(RowDelegate):
    height = ROW_HEIGHT

    def __init__(self, theme: Theme, model: ErrorModel, view: QListView) -> None:
        super().__init__(theme, view)
        self._model = model

    def paint_row(self, painter: QPainter, area: QRectF, row: int, *, selected: bool) -> None:
        shown = self._model.row(row)
        mark = MARK_OF[shown.state]
        colour = self.theme.colour
        paint_mark(painter, QRectF(area.left() + MARK_X - 9, area.top() + 13, 18, 18), mark, self.theme)
        first, second = area.top() + 12, area.top() + 34
        score_left = area.right() - RIGHT - SCORE_WIDTH
        name_left = area.left() + NAME_X

        def line(top: float, high: int, left: str, right: str, cut: Qt.TextElideMode, of_left: Type) -> None:
            # The left has what the number on its right leaves: in a narrow list each letter counts.
            number = painter.fontMetrics().horizontalAdvance(right)
            words(painter, QRectF(score_left - VOLUME_WIDTH, top, VOLUME_WIDTH, high), right, right=True)
            painter.setFont(font(of_left))
            words(painter, QRectF(name_left, top, score_left - number - GAP - name_left, high), left, cut=cut)

        painter.setPen(colour("text"))
        painter.setFont(font(Type.BODY))
        words(painter, QRectF(score_left, first, SCORE_WIDTH, 20), score_words(shown.score), right=True)
        volume = volume_words(shown.finding)
        line(first, 20, shown.finding.label, volume, Qt.TextElideMode.ElideMiddle, Type.NAME)
        painter.setFont(font(Type.CAPTION))
        painter.setPen(colour("text2"))
        size = size_words(shown.finding)
        room = score_left - painter.fontMetrics().horizontalAdvance(size) - GAP - name_left
        where = where_words(mark, shown.finding.place, room, painter.fontMetrics())
        line(second, 18, where, size, Qt.TextElideMode.ElideRight, Type.CAPTION)


class ErrorList(RowList):
    """The rows; `chosen` carries the id that the user picked."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self.rows = ErrorModel()
        super().__init__(self.rows, theme, parent)
        self.setItemDelegate(_ErrorDelegate(theme, self.rows, self))
        self.setAccessibleName("Findings and missed lesions against the truth")
