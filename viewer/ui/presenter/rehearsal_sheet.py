"""After a rehearsal: each step's plan beside what it took, and whether to plan with that from now on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListView

from viewer.domain.count_words import count_words
from viewer.services.pace import short_words
from viewer.services.rehearsing import StepPace, paces
from viewer.ui.fonts import Type, font
from viewer.ui.making.tick import Tick
from viewer.ui.painted_rows import RowDelegate, RowModel, prepare_list, words
from viewer.ui.sheet import Sheet
from viewer.ui.widgets import Button, Kind, text_label

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QWidget

    from viewer.domain.walkthrough import Case
    from viewer.io.rehearsal_file import Rehearsal
    from viewer.ui.painted_rows import Index
    from viewer.ui.theme import Theme

ROW_HEIGHT, MOST_ROWS = 36, 10
NOT_TOLD = "not told"
_COLUMNS = (("Planned", 250.0), ("Took", 150.0), ("", 16.0))


class _Rows(RowModel[StepPace]):
    def ident(self, row: StepPace) -> str:
        return row.step.id

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            number = index.row()
            return row_words(number, self.row(number))
        return None


def difference_words(pace: StepPace) -> str:
    """Return how much longer or shorter a step took, "" where nobody would mind."""
    if pace.measured_s is None:
        return ""
    late = round(pace.measured_s - pace.planned_s)
    if abs(late) < 5:
        return "on plan"
    return f"{short_words(abs(late))} {'longer' if late > 0 else 'shorter'}"


def row_words(number: int, pace: StepPace) -> str:
    """Return a step of the list in words."""
    took = short_words(pace.measured_s) if pace.measured_s is not None else NOT_TOLD
    parts = (f"{number + 1} {pace.step.title}", f"planned {short_words(pace.planned_s)}", took, difference_words(pace))
    return ", ".join(part for part in parts if part)


class _Painter(RowDelegate):
    height = ROW_HEIGHT

    def paint_row(self, painter: QPainter, area: QRectF, row: int, *, selected: bool) -> None:
        model = self._view.model()
        assert isinstance(model, _Rows)
        pace = model.row(row)
        text, quiet = self.theme.colour("text"), self.theme.colour("text2")
        painter.setFont(font(Type.BODY))
        painter.setPen(quiet)
        words(painter, area.adjusted(12, 0, 0, 0), str(row + 1))
        painter.setPen(text)
        words(painter, area.adjusted(44, 0, -330, 0), pace.step.title)
        painter.setPen(quiet)
        words(painter, area.adjusted(0, 0, -_COLUMNS[0][1], 0), short_words(pace.planned_s), right=True)
        measured = pace.measured_s
        painter.setPen(text if measured is not None else quiet)
        took = short_words(measured) if measured is not None else NOT_TOLD
        words(painter, area.adjusted(0, 0, -_COLUMNS[1][1], 0), took, right=True)
        painter.setPen(quiet)
        words(painter, area.adjusted(0, 0, -_COLUMNS[2][1], 0), difference_words(pace), right=True)
        del selected


class RehearsalSheet(Sheet):
    """Shows a rehearsal; `taken_over` carries whether times and cues are to be kept with the case."""

    taken_over = Signal(bool, bool)

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window, theme, "Rehearsed", width=720)
        self.summary = text_label("", Type.BODY, "text2")
        self.summary.setWordWrap(True)
        self.body.addWidget(self.summary)
        head = QHBoxLayout()
        head.setContentsMargins(12, 0, 0, 0)
        head.setSpacing(0)
        head.addWidget(text_label("Step", Type.CAPTION_NAME, "text2"), 0, Qt.AlignmentFlag.AlignTop)
        head.addStretch()
        planned, took = (text_label(name, Type.CAPTION_NAME, "text2") for name in ("Planned", "Took"))
        for label, width in ((planned, 80), (took, 100)):
            label.setFixedWidth(width)
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            head.addWidget(label)
        head.addSpacing(int(_COLUMNS[1][1]))
        self.body.addLayout(head)
        self._model = _Rows()
        self.list = QListView()
        self._model.setParent(self.list)
        self.list.setModel(self._model)
        prepare_list(self.list, theme)
        self.list.setAccessibleName("Steps with planned and measured times")
        self._delegate = _Painter(theme, self.list)
        self.list.setItemDelegate(self._delegate)
        self.body.addWidget(self.list)
        self.cues = Tick(theme, "Add the cues to the notes of their steps")
        self.cues.setToolTip("Each with its time, before the step's prepared answers")
        self.cues.setChecked(True)
        self.body.addWidget(self.cues)
        self.pictures = text_label("", Type.CAPTION, "text2")
        self.body.addWidget(self.pictures)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addStretch()
        self.keep = Button(theme, "Keep the planned times")
        self.keep.setToolTip("That it was rehearsed is kept, and the cues where they are ticked")
        self.keep.clicked.connect(self._keep_plan)
        row.addWidget(self.keep)
        self.take = Button(theme, "Plan with these times", kind=Kind.MAIN, icon="timer")
        self.take.setToolTip("The measured times, up to the next five seconds, become the case's planned times")
        self.take.clicked.connect(self._take_times)
        row.addWidget(self.take)
        self.body.addLayout(row)

    @property
    def lines(self) -> list[str]:
        """The list, as it is read."""
        return [row_words(n, self._model.row(n)) for n in range(self._model.rowCount())]

    def tell(self, case: Case, record: Rehearsal) -> None:
        """Show a rehearsal of a case."""
        rows = paces(case, record)
        self._model.set_rows(rows)
        told = [row for row in rows if row.measured_s is not None]
        took = sum(row.measured_s or 0.0 for row in told)
        planned = sum(row.planned_s for row in told)
        count = f"{len(told)} of {count_words(len(rows), 'step')}" if len(told) < len(rows) else "All steps"
        self.summary.setText(
            f"{case.title}. {count} told in {short_words(took)}; planned for these was {short_words(planned)}."
        )
        cues = len(record.cues)
        self.cues.setVisible(bool(cues))
        self.cues.set_words(f"Add {count_words(cues, 'cue')} to the notes of their steps")
        self.let_give_way(self.list, ROW_HEIGHT * min(len(rows), MOST_ROWS) + 2, ROW_HEIGHT + 2)
        self.open(self.take)

    def say_pictures(self, words: str) -> None:
        """Say what becomes of the pictures of the steps."""
        self.pictures.setText(words)

    def _keep_plan(self) -> None:
        cues = not self.cues.isHidden() and self.cues.isChecked()
        self.dismiss()
        if cues:
            self.taken_over.emit(False, True)

    def _take_times(self) -> None:
        cues = not self.cues.isHidden() and self.cues.isChecked()
        self.dismiss()
        self.taken_over.emit(True, cues)
