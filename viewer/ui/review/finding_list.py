"""The findings as rows of 72 px: mark, name, place, size, volume, and score with its bar."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from attrs import frozen
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QContextMenuEvent, QFontMetricsF, QPainter

from viewer.domain.finding import SourceKind
from viewer.domain.label_palette import LineStyle
from viewer.ui.finding_words import NONE, score_words, size_words, source_words, sureness_words, volume_words
from viewer.ui.fonts import Type, font
from viewer.ui.label_menu import LabelEntry, label_menu
from viewer.ui.marks import Mark, mark_of, paint_mark
from viewer.ui.painted_rows import Index, RowDelegate, RowList, RowModel, two_lines, words

if TYPE_CHECKING:
    from PySide6.QtWidgets import QListView, QWidget

    from viewer.domain.finding import Finding
    from viewer.domain.session import Session
    from viewer.services.finding_listing import FindingListing
    from viewer.ui.commands import CommandActions
    from viewer.ui.theme import Theme

ROW_HEIGHT = 72
MARK_X = 24
NAME_X = 48
RIGHT = 17
EDIT = ("review.edit",)
EDIT_MARK = (*EDIT, "review.move_mark", "review.remove_mark")
SIZE_WIDTH = 76
NARROW = 400


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


class FindingModel(RowModel[tuple["Finding", Mark]]):
    """The findings of the session that pass the filter, each with its state."""

    def __init__(self, session: Session, listing: FindingListing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._listing = session, listing
        self._filter = Filter.ALL

    def ident(self, row: tuple[Finding, Mark]) -> str:
        """Return the id of a row's finding."""
        return row[0].id

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
        for finding in self._listing.findings:
            mark = self._mark(finding)
            if self._filter is Filter.ALL or (mark is Mark.TO_DECIDE) == (self._filter is Filter.OPEN):
                made.append((finding, mark))
        return self.set_rows(tuple(made))

    @property
    def scored(self) -> bool:
        """True where any finding of the session carries a score."""
        return any(finding.score is not None for finding in self._session.shown_findings)

    def measures(self, finding: Finding) -> tuple[str, str]:
        """Return size and volume in words; nothing is measured where the geometry is not trusted."""
        volume = self._session.volume
        if volume is not None and not volume.measurable:
            return NONE, NONE
        return size_words(finding), volume_words(finding)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row in words, for screen readers and tooltips."""
        finding, mark = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            numbers = ", ".join((*self.measures(finding), f"score {score_words(finding.score)}"))
            return f"{finding.label}, {mark.words}, {finding.place}, {numbers}"
        if role == Qt.ItemDataRole.ToolTipRole:
            decision = self._session.decisions.get(finding.id)
            sure = "" if finding.score is None else f"Score {sureness_words(finding)}"
            lines = (finding.label, finding.place, mark.words, source_words(finding), sure)
            comment = f"“{decision.comment}”" if decision is not None and decision.comment else ""
            return "\n".join(line for line in (*lines, comment) if line)
        return None

    def _mark(self, finding: Finding) -> Mark:
        return mark_of(finding, self._session.decisions, None, against_truth=False)


class FindingDelegate(RowDelegate):
    """Draws a row: mark, name and place at the left, numbers at the right."""

    height = ROW_HEIGHT

    def __init__(self, theme: Theme, model: FindingModel, view: QListView) -> None:
        super().__init__(theme, view)
        self._model = model

    def paint_row(self, painter: QPainter, area: QRectF, row: int, *, selected: bool) -> None:
        """Draw what stands on a row."""
        finding, mark = self._model.row(row)
        paint_mark(painter, QRectF(area.left() + MARK_X - 9, area.top() + 15, 18, 18), mark, self.theme)
        first, second = area.top() + 14, area.top() + 38
        columns = Columns(area.width(), self._model.scored)
        left, size_left = area.left() + NAME_X, area.left() + columns.size_left
        colour = self.theme.colour
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


class FindingList(RowList):
    """The rows; `chosen` carries the id of the finding that the user picked."""

    def __init__(
        self,
        session: Session,
        listing: FindingListing,
        theme: Theme,
        actions: CommandActions,
        parent: QWidget | None = None,
    ) -> None:
        self.rows = FindingModel(session, listing)
        self._actions = actions
        super().__init__(self.rows, theme, parent)
        self.setItemDelegate(FindingDelegate(theme, self.rows, self))
        self.setAccessibleName("Findings")
        self._session, self._theme = session, theme

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """Take a finding in hand, and offer what of it can be changed and how its label is drawn."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if not index.isValid():
            return
        finding, _ = self.rows.row(index.row())
        colour = self._theme.on_anatomy("to_decide_line").name()
        entry = LabelEntry(finding.label_key, finding.label, colour, LineStyle.SOLID)
        menu = label_menu(self._session, self._theme, entry, self)
        place = self.visualRect(index).center() if by_key else event.pos()
        self.chosen.emit(finding.id)
        first = menu.insertSection(menu.actions()[0], f"All of “{finding.label}”")
        of_it = EDIT_MARK if finding.source.kind is SourceKind.READER else EDIT
        menu.insertActions(first, self._actions.menu(of_it, menu).actions())
        menu.exec(self.viewport().mapToGlobal(place))
        menu.deleteLater()
