"""The panel of two models: which they are, how they fare, and what only one of them says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from viewer.domain.count_words import threshold_words
from viewer.domain.model_result import SaidBy
from viewer.domain.view_state import Comparison
from viewer.ui.fonts import Type, font
from viewer.ui.inspect.legend import MarkIcon
from viewer.ui.making.tick import Tick
from viewer.ui.marks import Mark, line_of
from viewer.ui.models.apart_list import SCORE_WIDTH, ApartList, ApartRow
from viewer.ui.painted_rows import words
from viewer.ui.review.finding_list import RIGHT
from viewer.ui.widgets import Button, ElidedLabel, IconButton, Kind, Segmented, hairline, panel_column, text_label

if TYPE_CHECKING:
    from viewer.services.desk import Desk
    from viewer.ui.commands import CommandActions
    from viewer.ui.theme import Theme

WIDTH = 432
ALL = "all"
FILTERS = ((ALL, "All"), (SaidBy.ONLY_A.value, "Only A"), (SaidBy.ONLY_B.value, "Only B"), (SaidBy.BOTH.value, "Both"))
NONE = "–"
COUNTED = ((Mark.TRUE_POSITIVE, "True"), (Mark.FALSE_POSITIVE, "False"), (Mark.MISSED, "Missed"))
SAME = "Both say the same, at their own thresholds."
NOTHING = "Neither says anything at its own threshold."


class _Line(QWidget):
    """How a model's outlines are drawn."""

    def __init__(self, theme: Theme, *, second: bool) -> None:
        super().__init__()
        self._theme, self._second = theme, second
        self.setFixedSize(44, 16)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), self._theme.on_anatomy("viewport"))
            painter.setPen(line_of(Mark.ACCEPTED, second=self._second).pen(self._theme))
            pen = painter.pen()
            pen.setColor(self._theme.on_anatomy("text"))
            painter.setPen(pen)
            painter.drawLine(QPointF(5, 8), QPointF(39, 8))


class _Head(QWidget):
    """The words over the two columns of scores."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFixedHeight(26)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        with QPainter(self) as painter:
            painter.setFont(font(Type.CAPTION))
            painter.setPen(self._theme.colour("text2"))
            words(painter, QRectF(16, 2, 120, 20), "Finding")
            b_left = self.width() - RIGHT - SCORE_WIDTH
            for x, letter in ((b_left - SCORE_WIDTH, "A"), (b_left, "B")):
                words(painter, QRectF(x, 2, SCORE_WIDTH, 20), letter, right=True)


class _Side(QWidget):
    """One of the two models: letter, line, name, and whether its result is a recorded one."""

    def __init__(self, theme: Theme, letter: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        said = text_label(letter, Type.NAME)
        said.setFixedWidth(14)
        self._name = ElidedLabel("", Type.NAME)
        self._count = ElidedLabel("", Type.CAPTION, "text2")
        lines = QVBoxLayout()
        lines.setSpacing(0)
        lines.addWidget(self._name)
        lines.addWidget(self._count)
        row.addWidget(said, alignment=Qt.AlignmentFlag.AlignTop)
        row.addWidget(_Line(theme, second=letter == "B"), alignment=Qt.AlignmentFlag.AlignTop)
        row.addLayout(lines, 1)

    def show_model(self, name: str, count: int, threshold: float, *, recorded: bool) -> None:
        """Say which it is and how much it says."""
        self._name.set_whole(name)
        words_ = f"{count} {'finding' if count == 1 else 'findings'} at {threshold_words(threshold)}"
        self._count.set_whole(f"{words_} · Recorded" if recorded else words_)


class ModelsPanel(QFrame):
    """Follows two models that are compared; there may be one in each workspace."""

    def __init__(self, desk: Desk, theme: Theme, actions: CommandActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._theme = desk, theme
        self._filter = ALL
        column = panel_column(self, 0)
        column.addWidget(self._make_title(actions))
        column.addWidget(hairline())
        column.addLayout(self._make_sides())
        self._counts_box = self._make_counts()
        column.addWidget(self._counts_box)
        column.addWidget(hairline())
        row = QHBoxLayout()
        row.setContentsMargins(16, 12, 16, 4)
        self._filters = Segmented(theme, tuple((name, title, "") for name, title in FILTERS))
        self._filters.stretch()
        self._filters.choose(ALL)
        self._filters.chosen.connect(self._choose)
        row.addWidget(self._filters)
        column.addLayout(row)
        column.addWidget(_Head(theme))
        self.list = ApartList(theme)
        self.list.chosen.connect(desk.two_models.select)
        column.addWidget(self.list, 1)
        self._none = text_label("", Type.BODY, "text2")
        self._none.setContentsMargins(16, 8, 16, 8)
        self._none.setWordWrap(True)
        column.addWidget(self._none)
        column.addWidget(hairline())
        self.map = Tick(theme, "Difference of the two maps")
        self.map.clicked.connect(lambda on: desk.two_models.show_map(on))
        holder = QHBoxLayout()
        holder.setContentsMargins(8, 6, 16, 6)
        holder.addWidget(self.map)
        holder.addStretch()
        column.addLayout(holder)
        column.addWidget(hairline())
        column.addLayout(self._make_foot(actions))
        for signal in (desk.two_models.changed, desk.session.view_changed):
            signal.connect(self._update)
        self._update()

    @property
    def counts_words(self) -> tuple[str, str]:
        """How A and B fare against the truth, in words; empty without one."""
        counts = self._desk.two_models.counts()
        if counts is None:
            return "", ""
        a, b = (
            ", ".join(f"{n} {word.lower()}" for n, (_, word) in zip(self._told(of), COUNTED, strict=True) if n != NONE)
            for of in counts
        )
        return a, b

    def _told(self, counts: tuple[int, int, int]) -> list[str]:
        """Return counts as they are shown: where there is nothing to find, none of it can be found or missed."""
        matching = self._desk.session.matching
        nothing = matching is not None and matching.nothing_to_find
        return [
            NONE if nothing and mark is not Mark.FALSE_POSITIVE else str(n)
            for n, (mark, _) in zip(counts, COUNTED, strict=True)
        ]

    @property
    def words(self) -> list[str]:
        """Every row in words."""
        rows = self.list.rows
        return [str(rows.data(rows.index(n))) for n in range(rows.rowCount())]

    def _make_title(self, actions: CommandActions) -> QWidget:
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 8, 0)
        head.setSpacing(4)
        head.addWidget(text_label("Two models", Type.PANEL_TITLE))
        head.addStretch()
        for name in ("models.choose", "models.again", "models.close"):
            head.addWidget(IconButton.of_command(self._theme, actions[name], actions.table[name]))
        holder = QWidget()
        holder.setFixedHeight(47)
        holder.setLayout(head)
        return holder

    def _make_sides(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        self._sides = (_Side(self._theme, "A"), _Side(self._theme, "B"))
        for side in self._sides:
            column.addWidget(side)
        return column

    def _make_counts(self) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(16, 0, 16, 12)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, 14)
        self._numbers = []
        for n, (mark, word) in enumerate(COUNTED):
            head = QHBoxLayout()
            head.setSpacing(6)
            head.addWidget(MarkIcon(self._theme, mark))
            head.addWidget(text_label(word, Type.CAPTION, "text2"))
            head.addStretch()
            grid.addLayout(head, 0, n + 1)
            grid.setColumnStretch(n + 1, 1)
        for row, letter in enumerate("AB"):
            grid.addWidget(text_label(letter, Type.NAME), row + 1, 0)
            numbers = [text_label("", Type.BODY) for _ in COUNTED]
            for n, label in enumerate(numbers):
                label.setIndent(26)
                grid.addWidget(label, row + 1, n + 1)
            self._numbers.append(numbers)
        return box

    def _make_foot(self, actions: CommandActions) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 12, 16, 12)
        foot.setSpacing(8)
        for name, text, kind in (("models.previous", "Previous", Kind.NORMAL), ("models.next", "Next", Kind.MAIN)):
            button = Button.of(self._theme, actions[name], actions.table[name], text=text, kind=kind)
            # The key stands in the tooltip: it is too long for a narrow panel.
            button.key = ""
            button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed)
            foot.addWidget(button, 1)
        return foot

    def _choose(self, name: str) -> None:
        self._filter = name
        self._update()

    def _update(self, *_: object) -> None:
        models, session = self._desk.two_models, self._desk.session
        pair, view = models.pair, session.view
        if pair is None or view is None:
            return
        thresholds = (view.threshold, session.results[pair[1]].threshold)
        rows = models.rows()
        for side, model, threshold, letter in zip(self._sides, pair, thresholds, "ab", strict=True):
            result = session.results[model]
            count = sum(1 for row in rows if getattr(row, letter) is not None)
            side.show_model(result.name, count, threshold, recorded=result.recorded)
        counts = models.counts()
        self._counts_box.setVisible(counts is not None)
        if counts is not None:
            for labels, numbers in zip(self._numbers, counts, strict=True):
                for label, number in zip(labels, self._told(numbers), strict=True):
                    label.setText(number)
        by_kind = {name: sum(1 for row in rows if row.said_by == name) for name, _ in FILTERS}
        by_kind[ALL] = len(rows)
        for name, title in FILTERS:
            self._filters.button(name).set_words(f"{title} {by_kind[name]}")
        wanted = tuple(row for row in rows if self._filter in (ALL, row.said_by.value))
        self.list.rows.set_rows(tuple(ApartRow(row, models.states(row)) for row in wanted))
        self.list.show_selected(view.selected_finding)
        only = by_kind[SaidBy.ONLY_A.value] + by_kind[SaidBy.ONLY_B.value]
        self._none.setText(NOTHING if not rows else SAME if not only else "")
        self._none.setVisible(bool(self._none.text()))
        apart = view.comparison is Comparison.DIFFERENCE
        self.map.set_words("Difference of the two maps" if apart else "Map of each model")
        there = models.has_difference_map if apart else session.overlays.value_map is not None
        self.map.setEnabled(there)
        self.map.setChecked(there and view.map_look.shown)
        said = "A less B, in colours over the picture" if apart else "How probable each model holds it to be"
        self.map.setToolTip(said if there else "Both models have to give maps of probabilities.")
        self.map.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
