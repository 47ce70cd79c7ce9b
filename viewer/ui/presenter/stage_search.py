"""A small search over the stage's bar: words or a number, and the step is flown to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from viewer.domain.reading_direction import isolated
from viewer.services.step_search import find_steps, needs_more_digits, step_by_number
from viewer.ui.fonts import Type, font
from viewer.ui.presenter.step_field import StepField
from viewer.ui.presenter.words import masked, names_here
from viewer.ui.theme import CONTROL_HEIGHT, RADIUS_CARD
from viewer.ui.widgets import rounded

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.services.step_search import FoundStep
    from viewer.ui.theme import Theme

WIDTH, FIELD, ROW, PAD, MOST_ROWS = 640, 56, 56, 12, 5
NOTHING = "No step is told with these words."


class StageSearch(QWidget):
    """Asks for a step of the case that is open. `found` carries its number from 0, `closed` comes with every end."""

    found = Signal(int)
    closed = Signal()

    def __init__(self, theme: Theme, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._session = theme, session
        self._scale = 1.0
        self._found: tuple[FoundStep, ...] = ()
        self._row, self._first = 0, 0
        self.field = StepField(theme, "Go to a step: a word or its number")
        self.field.setParent(self)
        self.field.textChanged.connect(self._asked)
        self.field.accepted.connect(self._go)
        self.field.moved.connect(self._move)
        self.field.left.connect(self.close_search)
        self.setMouseTracking(True)
        self.hide()

    @property
    def is_open(self) -> bool:
        """True while it is shown."""
        return not self.isHidden()

    @property
    def lines(self) -> list[str]:
        """What is listed, as it is read."""
        return [f"{each.index + 1} {self._title(each)}" for each in self._shown]

    @property
    def _shown(self) -> tuple[FoundStep, ...]:
        """As many as there is room for, with the one in hand among them."""
        first = min(max(0, self._row - MOST_ROWS // 2), max(0, len(self._found) - MOST_ROWS))
        self._first = first
        return self._found[first : first + MOST_ROWS]

    def open_search(self) -> None:
        """Show it, empty, and give it the keys."""
        self.field.clear()
        self._asked("")
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_search(self) -> None:
        """Hide it."""
        if self.is_open:
            self.hide()
            self.closed.emit()

    def place(self, stage: QSize, bar: int, scale: float) -> None:
        """Stand above the bar, at the right, where progress is."""
        self._scale = scale
        self.field.setFont(font(Type.STAGE_SMALL, scale=scale))
        pad, field = round(PAD * scale), self._field_height
        width = round(WIDTH * scale)
        height = 2 * pad + field + round(ROW * scale) * max(1, min(len(self._found), MOST_ROWS))
        self.setGeometry(stage.width() - width - round(40 * scale), stage.height() - bar - height - pad, width, height)
        self.field.setFixedHeight(field)
        self.field.setGeometry(pad, height - pad - field, width - 2 * pad, field)
        self.update()

    @property
    def _field_height(self) -> int:
        """Of the field, which on a small stage stays as high as it has to be to be read."""
        return max(round(FIELD * self._scale), CONTROL_HEIGHT)

    def _title(self, found: FoundStep) -> str:
        # An audience reads along, and a title says what is asked for.
        asked = found.step.question
        return masked(self._session, found.step.title if asked is None else asked.text)

    def _asked(self, text: str) -> None:
        case = self._session.case
        if case is None:
            return
        count = len(case.steps)
        number = step_by_number(text, count)
        if number is not None and not needs_more_digits(text, count):
            self._leave_with(number)
            return
        self._found = find_steps(case, text, names_here(self._session))
        self._row = (self._session.step or 0) if not text.strip() else 0
        parent = self.parentWidget()
        if parent is not None:
            # Its own height follows what was found; the place is the stage's to say.
            bottom = self.geometry().bottom()
            pad, field = round(PAD * self._scale), self._field_height
            height = 2 * pad + field + round(ROW * self._scale) * max(1, min(len(self._found), MOST_ROWS))
            self.setGeometry(QRect(self.x(), bottom + 1 - height, self.width(), height))
            self.field.move(pad, height - pad - field)
        self.update()

    def _move(self, by: int) -> None:
        count = len(self._found)
        if count:
            self._row = (self._row + by) % count
            self.update()

    def _go(self) -> None:
        if self._row < len(self._found):
            self._leave_with(self._found[self._row].index)

    def _leave_with(self, index: int) -> None:
        self.close_search()
        self.found.emit(index)

    def _row_at(self, y: float) -> int | None:
        row = int((y - PAD * self._scale) // (ROW * self._scale))
        return self._first + row if 0 <= row < min(len(self._found), MOST_ROWS) else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Say that a click goes somewhere."""
        row = self._row_at(event.position().y())
        self.setCursor(Qt.CursorShape.ArrowCursor if row is None else Qt.CursorShape.PointingHandCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Go to what was clicked."""
        row = self._row_at(event.position().y())
        if row is not None:
            self._row = row
            self._go()
        event.accept()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the card and what was found."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            colour, scale = self._theme.colour, self._scale
            painter.setPen(QPen(colour("field"), 1))
            painter.setBrush(colour("panel"))
            painter.drawRoundedRect(rounded(self.rect()), RADIUS_CARD, RADIUS_CARD)
            painter.setFont(font(Type.STAGE_SMALL, scale=scale))
            measures = QFontMetricsF(painter.font())
            middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            pad = PAD * scale
            if not self._found:
                painter.setPen(colour("text2"))
                line = QRectF(2 * pad, pad, self.width() - 4 * pad, ROW * scale)
                painter.drawText(line, middle, NOTHING)
                return
            for n, each in enumerate(self._shown):
                area = QRectF(pad, pad + n * ROW * scale, self.width() - 2 * pad, ROW * scale)
                if self._first + n == self._row:
                    painter.fillRect(area, colour("selected"))
                    painter.fillRect(QRectF(area.left(), area.top(), 3, area.height()), colour("accent"))
                painter.setPen(colour("text2"))
                painter.drawText(area.adjusted(pad, 0, 0, 0), middle, str(each.index + 1))
                painter.setPen(colour("text"))
                words = area.adjusted(pad + 48 * scale, 0, -pad, 0)
                shown = measures.elidedText(self._title(each), Qt.TextElideMode.ElideMiddle, words.width())
                painter.drawText(words, middle, isolated(shown))
