"""Finds a step among all cases by words: "small bleed", "threshold lung"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtWidgets import QListView

from viewer.services.step_search import FoundStep, find_in_cases
from viewer.ui.fonts import Type, font
from viewer.ui.painted_rows import RowDelegate, RowModel, prepare_list, words
from viewer.ui.presenter.step_field import StepField
from viewer.ui.sheet import Sheet
from viewer.ui.widgets import text_label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtCore import QModelIndex
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QWidget

    from viewer.domain.walkthrough import Case
    from viewer.ui.painted_rows import Index
    from viewer.ui.theme import Theme

ROW_HEIGHT, SHOWN_ROWS, MOST_ROWS = 52, 7, 50
NOTHING = "No case tells this."


class _Rows(RowModel[FoundStep]):
    def ident(self, row: FoundStep) -> str:
        return f"{row.case.id} {row.index}"

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            row = self.row(index.row())
            return line_words(row)
        return None


def line_words(found: FoundStep) -> str:
    """Return a found step as it is read."""
    return f"{found.step.title}, step {found.index + 1} of {found.case.title}"


class _Painter(RowDelegate):
    height = ROW_HEIGHT

    def paint_row(self, painter: QPainter, area: QRectF, row: int, *, selected: bool) -> None:
        model = self._view.model()
        assert isinstance(model, _Rows)
        found = model.row(row)
        half = area.height() / 2
        painter.setFont(font(Type.NAME))
        painter.setPen(self.theme.colour("text"))
        words(painter, area.adjusted(16, 6, -16, -half), found.step.title)
        painter.setFont(font(Type.CAPTION))
        painter.setPen(self.theme.colour("text2"))
        words(painter, area.adjusted(16, half - 2, -16, -6), f"Step {found.index + 1} · {found.case.title}")
        del selected


class StepFinder(Sheet):
    """`found` carries the case and the step from 0 to present."""

    found = Signal(object, int)

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window, theme, width=640, top=0.16)
        self._cases: tuple[Case, ...] = ()
        self.field = StepField(theme, "Find a step in all cases", sheet=True)
        self.field.textChanged.connect(lambda _text: self._search())
        self.field.accepted.connect(self._accept)
        self.field.moved.connect(self._move)
        self.field.left.connect(self.dismiss)
        self.body.addWidget(self.field)
        self._model = _Rows()
        self.list = QListView()
        self._model.setParent(self.list)
        self.list.setModel(self._model)
        prepare_list(self.list, theme)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName("Steps that were found")
        self._delegate = _Painter(theme, self.list)
        self.list.setItemDelegate(self._delegate)
        self.list.clicked.connect(self._clicked)
        self.let_give_way(self.list, SHOWN_ROWS * ROW_HEIGHT, ROW_HEIGHT)
        self.body.addWidget(self.list)
        self._none = text_label(NOTHING, Type.BODY, "text2")
        self.body.addWidget(self._none)

    @property
    def lines(self) -> list[str]:
        """What is listed, as it is read."""
        return [line_words(self._model.row(n)) for n in range(self._model.rowCount())]

    def ask(self, cases: Iterable[Case]) -> None:
        """Ask for a step of some cases."""
        self._cases = tuple(cases)
        self.field.clear()
        self._search()
        self.open(self.field)

    def _search(self) -> None:
        found = find_in_cases(self._cases, self.field.text())[:MOST_ROWS]
        self._model.set_rows(found)
        self._none.setVisible(not found)
        if found:
            self.list.setCurrentIndex(self._model.index(0))

    def _move(self, by: int) -> None:
        count = self._model.rowCount()
        if count:
            index = self._model.index(min(max(self.list.currentIndex().row() + by, 0), count - 1))
            self.list.setCurrentIndex(index)
            self.list.scrollTo(index)

    def _clicked(self, index: QModelIndex) -> None:
        self._go(index.row())

    def _accept(self) -> None:
        self._go(self.list.currentIndex().row())

    def _go(self, row: int) -> None:
        if 0 <= row < self._model.rowCount():
            found = self._model.row(row)
            self.dismiss()
            self.found.emit(found.case, found.index)
