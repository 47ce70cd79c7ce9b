"""The findings as rows of 72 px: mark, name, place, size, volume, and score with its bar."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from attrs import frozen
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from viewer.domain.label_palette import LineStyle
from viewer.ui.finding_words import NONE, score_words, size_words, source_words, volume_words
from viewer.ui.fonts import Type, font
from viewer.ui.label_menu import LabelEntry, label_menu
from viewer.ui.marks import Mark, mark_of, paint_mark
from viewer.ui.theme import FOCUS_WIDTH
from viewer.ui.widgets import rounded

if TYPE_CHECKING:
    from viewer.domain.finding import Finding
    from viewer.domain.session import Session
    from viewer.ui.theme import Theme

ROW_HEIGHT = 72
MARK_X = 24
NAME_X = 48
RIGHT = 17
SIZE_WIDTH = 76
NARROW = 400
Index = QModelIndex | QPersistentModelIndex


@frozen
class Columns:
    """Where a row's columns stand, in px from the list's left edge: the name gets what the numbers leave.

    Without scores there is no column for them; in a narrow list it is only as wide as its numbers.
    """

    width: float
    scored: bool

    @property
    def right(self) -> float:
        """Where the last column ends."""
        return self.width - RIGHT

    @property
    def score_width(self) -> float:
        """Width of the column of scores, 0 without one."""
        return 0.0 if not self.scored else 44.0 if self.width < NARROW else 62.0

    @property
    def size_right(self) -> float:
        """Where the column of sizes ends."""
        return self.right - (self.score_width + 14 if self.scored else 0)

    @property
    def size_left(self) -> float:
        """Where the column of sizes begins."""
        return self.size_right - SIZE_WIDTH

    @property
    def name_width(self) -> float:
        """Room for the name."""
        return self.size_left - NAME_X - 8


class Filter(StrEnum):
    """Which findings are listed."""

    ALL = "all"
    OPEN = "open"
    DECIDED = "decided"


class FindingModel(QAbstractListModel):
    """The findings of the session that pass the filter."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._filter = Filter.ALL
        self._rows: tuple[tuple[Finding, Mark], ...] = ()

    @property
    def filter(self) -> Filter:
        """Which findings are listed."""
        return self._filter

    @filter.setter
    def filter(self, new: Filter) -> None:
        self._filter = new
        self.refresh()

    def counts(self) -> dict[Filter, int]:
        """Return how many findings each filter lets through."""
        marks = [self._mark(f) for f in self._session.shown_findings]
        to_decide = sum(1 for mark in marks if mark is Mark.TO_DECIDE)
        return {Filter.ALL: len(marks), Filter.OPEN: to_decide, Filter.DECIDED: len(marks) - to_decide}

    def refresh(self) -> bool:
        """Read the session again; return whether other findings are listed than before."""
        made = []
        for finding in self._session.shown_findings:
            mark = self._mark(finding)
            if self._filter is Filter.ALL or (mark is Mark.TO_DECIDE) == (self._filter is Filter.OPEN):
                made.append((finding, mark))
        rows = tuple(made)
        before = [finding.id for finding, _ in self._rows]
        if before == [finding.id for finding, _ in rows]:
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return False
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()
        return True

    @property
    def scored(self) -> bool:
        """True where any finding of the session carries a score."""
        return any(finding.score is not None for finding in self._session.shown_findings)

    def finding(self, row: int) -> Finding:
        """Return the finding of a row."""
        return self._rows[row][0]

    def mark(self, row: int) -> Mark:
        """Return the state of a row."""
        return self._rows[row][1]

    def measures(self, finding: Finding) -> tuple[str, str]:
        """Return size and volume in words; nothing is measured where the geometry is not trusted."""
        volume = self._session.volume
        if volume is not None and not volume.measurable:
            return NONE, NONE
        return size_words(finding), volume_words(finding)

    def row_of(self, finding_id: str | None) -> int | None:
        """Return the row of a finding, or None where it is not listed."""
        return next((n for n, (finding, _) in enumerate(self._rows) if finding.id == finding_id), None)

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 (Qt's name)
        """Return how many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row in words, for screen readers and tooltips."""
        finding, mark = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            numbers = ", ".join((*self.measures(finding), f"score {score_words(finding.score)}"))
            return f"{finding.label}, {mark.words}, {finding.place}, {numbers}"
        if role == Qt.ItemDataRole.ToolTipRole:
            decision = self._session.decisions.get(finding.id)
            lines = (finding.label, finding.place, mark.words, source_words(finding))
            comment = f"“{decision.comment}”" if decision is not None and decision.comment else ""
            return "\n".join(line for line in (*lines, comment) if line)
        return None

    def _mark(self, finding: Finding) -> Mark:
        return mark_of(finding, self._session.decisions, None, against_truth=False)


class FindingDelegate(QStyledItemDelegate):
    """Draws a row."""

    def __init__(self, theme: Theme, model: FindingModel, view: QListView) -> None:
        super().__init__(view)
        self._theme, self._model, self._view = theme, model, view

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802 (Qt's name)
        """Return the height of a row."""
        return QSize(option.rect.width(), ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw mark, name and place at the left, numbers at the right."""
        finding, mark = self._model.finding(index.row()), self._model.mark(index.row())
        area = QRectF(option.rect)
        state = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_row_ground(painter, area, self._theme, state, focused=self._view.hasFocus())
        paint_mark(painter, QRectF(area.left() + MARK_X - 9, area.top() + 15, 18, 18), mark, self._theme)
        first, second = area.top() + 14, area.top() + 38
        columns = Columns(area.width(), self._model.scored)
        left, size_left = area.left() + NAME_X, area.left() + columns.size_left
        colour = self._theme.colour
        struck = mark is Mark.REJECTED
        name = font(Type.NAME)
        name.setStrikeOut(struck)
        painter.setFont(name)
        painter.setPen(colour("text2" if struck else "text"))
        if finding.place or QFontMetricsF(name).horizontalAdvance(finding.label) <= columns.name_width:
            words(painter, QRectF(left, first, columns.name_width, 20), finding.label)
        else:
            two_lines(painter, QRectF(left, first, columns.name_width, second + 18 - first), finding.label)
        painter.setFont(font(Type.CAPTION))
        painter.setPen(colour("text2"))
        words(painter, QRectF(left, second, columns.name_width, 18), finding.place)
        painter.setFont(font(Type.BODY))
        painter.setPen(colour("text"))
        size, volume = self._model.measures(finding)
        words(painter, QRectF(size_left, first, SIZE_WIDTH, 20), size, right=True)
        score = QRectF(area.left() + columns.right - columns.score_width, first, columns.score_width, 20)
        if columns.scored:
            words(painter, score, score_words(finding.score), right=True)
        painter.setFont(font(Type.CAPTION))
        painter.setPen(colour("text2"))
        words(painter, QRectF(size_left, second, SIZE_WIDTH, 18), volume, right=True)
        if finding.score is not None:
            bar = QRectF(score.left(), second + 7, score.width(), 4)
            painter.setPen(Qt.PenStyle.NoPen)
            # On the selected fill a hairline is hardly seen.
            painter.setBrush(colour("disabled" if selected else "hairline"))
            painter.drawRoundedRect(bar, 2, 2)
            bar.setWidth(max(4.0, bar.width() * min(1.0, max(0.0, finding.score))))
            painter.setBrush(colour("text2"))
            painter.drawRoundedRect(bar, 2, 2)
        painter.restore()


def paint_row_ground(painter: QPainter, area: QRectF, theme: Theme, state: Any, *, focused: bool) -> None:
    """Draw a row's fill, its hairline, and the bar and ring of selection and focus."""
    selected = bool(state & QStyle.StateFlag.State_Selected)
    hovered = bool(state & QStyle.StateFlag.State_MouseOver)
    painter.fillRect(area, theme.colour("selected" if selected else "hover" if hovered else "panel"))
    painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), theme.colour("hairline"))
    if selected:
        painter.fillRect(QRectF(area.left(), area.top(), 3, area.height()), theme.colour("accent"))
        if focused:
            pen = painter.pen()
            pen.setColor(theme.colour("accent"))
            pen.setWidth(FOCUS_WIDTH)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rounded(area, FOCUS_WIDTH))


def words(
    painter: QPainter,
    area: QRectF,
    text: str,
    *,
    right: bool = False,
    cut: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
) -> None:
    """Draw one line, cut in the middle or as told where it does not fit."""
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    shown = QFontMetricsF(painter.font()).elidedText(text, cut, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | side, shown)


def two_lines(painter: QPainter, area: QRectF, text: str) -> None:
    """Draw a name on two lines, broken at a space; what is too long even so is cut in the middle."""
    measures = QFontMetricsF(painter.font())
    parts = text.split(" ")
    taken = 1
    while taken < len(parts) and measures.horizontalAdvance(" ".join(parts[: taken + 1])) <= area.width():
        taken += 1
    half = area.height() / 2
    words(painter, QRectF(area.left(), area.top(), area.width(), half), " ".join(parts[:taken]))
    words(painter, QRectF(area.left(), area.top() + half, area.width(), half), " ".join(parts[taken:]))


class FindingList(QListView):
    """The rows; `chosen` carries the id of the finding that the user picked."""

    chosen = Signal(str)

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = FindingModel(session, self)
        self.setModel(self.rows)
        self.setItemDelegate(FindingDelegate(theme, self.rows, self))
        prepare_list(self, theme)
        self.clicked.connect(lambda index: self.chosen.emit(self.rows.finding(index.row()).id))
        self._session, self._theme = session, theme

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """Offer how the label of a finding is drawn."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if not index.isValid():
            return
        finding = self.rows.finding(index.row())
        colour = self._theme.on_anatomy("to_decide_line").name()
        entry = LabelEntry(finding.label_key, finding.label, colour, LineStyle.SOLID)
        menu = label_menu(self._session, self._theme, entry, self)
        menu.insertSection(menu.actions()[0], f"All of “{finding.label}”")
        place = self.visualRect(index).center() if by_key else event.pos()
        menu.exec(self.viewport().mapToGlobal(place))
        menu.deleteLater()

    def show_selected(self, finding_id: str | None) -> None:
        """Mark the finding in hand."""
        row = self.rows.row_of(finding_id)
        if row is None:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        elif self.currentIndex().row() != row or not self.selectionModel().isSelected(self.rows.index(row)):
            self.setCurrentIndex(self.rows.index(row))
            self.scrollTo(self.rows.index(row))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Go to the finding that the arrows reach."""
        before = self.currentIndex().row()
        super().keyPressEvent(event)
        after = self.currentIndex().row()
        if after >= 0 and after != before:
            self.chosen.emit(self.rows.finding(after).id)


def prepare_list(view: QListView, theme: Theme) -> None:
    """Give a list of painted rows the house's manners."""
    view.setProperty("own_focus", True)
    view.setMouseTracking(True)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setUniformItemSizes(True)
    theme.changed.connect(lambda: view.viewport().update())
