"""What two models say, as rows: who says it, how it fares against the truth, and both scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath, QPen

from viewer.domain.finding import MatchState
from viewer.domain.model_result import Apart, SaidBy
from viewer.domain.reading_direction import isolated
from viewer.ui.finding_words import score_words, size_words, volume_words
from viewer.ui.fonts import Type, font
from viewer.ui.marks import Mark, paint_mark
from viewer.ui.painted_rows import Index, RowDelegate, RowList, RowModel, words
from viewer.ui.review.finding_list import MARK_X, NAME_X, RIGHT

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QListView, QWidget

    from viewer.ui.theme import Theme

ROW_HEIGHT = 64
SCORE_WIDTH = 44
SAID_WORDS = {
    SaidBy.BOTH: "Both",
    SaidBy.ONLY_A: "Only A",
    SaidBy.ONLY_B: "Only B",
    SaidBy.NEITHER: "Missed by both",
}


@frozen(eq=False)
class ApartRow:
    """A row with what became of both sides against the truth, where that is known."""

    apart: Apart
    states: tuple[MatchState | None, MatchState | None] = (None, None)

    @property
    def words(self) -> str:
        """Who says it and how it fares, such as "Both · overlap 0.62 · true positive"."""
        row, (a, b) = self.apart, self.states
        said = [SAID_WORDS[row.said_by]]
        if row.said_by is SaidBy.BOTH and row.overlap:
            said.append(f"overlap {row.overlap:.2f}")
        if row.said_by is not SaidBy.NEITHER:
            if a is not None and b is not None and a is not b:
                said.append(f"A {a.value}, B {b.value}")
            elif (state := a or b) is not None:
                said.append(state.value)
        return " · ".join(said)


class ApartModel(RowModel["ApartRow"]):
    """The rows."""

    def ident(self, row: ApartRow) -> str:
        """Return the id of what a row is called by."""
        return row.apart.finding.id

    def same(self, one: ApartRow, other: ApartRow) -> bool:
        """Return whether two rows say the same of the same."""
        return super().same(one, other) and one.words == other.words

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row in words."""
        row = self.row(index.row())
        found = row.apart.finding
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{found.label}, {row.words}, {volume_words(found)}"
        return f"{found.label}: {row.words}" if role == Qt.ItemDataRole.ToolTipRole else None


def paint_said_by(painter: QPainter, area: QRectF, said_by: SaidBy, theme: Theme) -> None:
    """Draw who says something: two circles, A's solid and B's dashed, filled where that one says it."""
    if said_by is SaidBy.NEITHER:
        paint_mark(painter, area, Mark.MISSED, theme)
        return
    colour, radius = theme.colour("text2"), area.height() * 0.32
    painter.save()
    for side, second in ((-1, False), (1, True)):
        middle = area.center() + QPointF(side * radius * 0.62, 0)
        circle = QPainterPath()
        circle.addEllipse(middle, radius, radius)
        if said_by is SaidBy.BOTH or (said_by is SaidBy.ONLY_B) is second:
            faint = theme.colour("text2", 0.45)
            painter.fillPath(circle, faint)
        pen = QPen(colour, 1.5)
        if second:
            pen.setDashPattern([2.0, 1.4])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(circle)
    painter.restore()


class _ApartDelegate(RowDelegate):
    height = ROW_HEIGHT

    def __init__(self, theme: Theme, model: ApartModel, view: QListView) -> None:
        super().__init__(theme, view)
        self._model = model

    def paint_row(self, painter: QPainter, area: QRectF, row: int, *, selected: bool) -> None:
        shown = self._model.row(row)
        apart, found = shown.apart, shown.apart.finding
        colour = self.theme.colour
        paint_said_by(painter, QRectF(area.left() + MARK_X - 11, area.top() + 12, 22, 20), apart.said_by, self.theme)
        first, second = area.top() + 12, area.top() + 34
        b_left = area.right() - RIGHT - SCORE_WIDTH
        a_left = b_left - SCORE_WIDTH
        left = area.left() + NAME_X
        painter.setFont(font(Type.NAME))
        painter.setPen(colour("text"))
        place = f"{isolated(found.label)} · {isolated(found.place)}" if found.place else found.label
        words(painter, QRectF(left, first, a_left - left - 8, 20), place, cut=Qt.TextElideMode.ElideRight)
        painter.setFont(font(Type.BODY))
        for x, one in ((a_left, apart.a), (b_left, apart.b)):
            painter.setPen(colour("text" if one is not None else "text3" if not selected else "text2"))
            words(painter, QRectF(x, first, SCORE_WIDTH, 20), score_words(one.score if one else None), right=True)
        painter.setFont(font(Type.CAPTION))
        painter.setPen(colour("text2"))
        room = 2 * SCORE_WIDTH
        below = QRectF(left, second, area.right() - RIGHT - room - left - 8, 18)
        words(painter, below, shown.words, cut=Qt.TextElideMode.ElideRight)
        words(painter, QRectF(area.right() - RIGHT - room, second, room, 18), size_words(found), right=True)


class ApartList(RowList):
    """The rows; `chosen` carries the id that the user picked."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self.rows = ApartModel()
        super().__init__(self.rows, theme, parent)
        self.setItemDelegate(_ApartDelegate(theme, self.rows, self))
