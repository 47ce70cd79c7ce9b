"""The case's steps with their times, the search that finds one, and answers to what the audience may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from viewer.domain.count_words import count_words
from viewer.domain.presenter_notes import PreparedAnswer, parse_notes
from viewer.services.pace import short_words
from viewer.services.step_search import find_steps, needs_more_digits, step_by_number
from viewer.ui.fonts import SEMIBOLD, Type, font
from viewer.ui.icons import paint_icon
from viewer.ui.painted_rows import RowDelegate, RowList, RowModel, one_or_two_lines, words
from viewer.ui.presenter.step_field import StepField
from viewer.ui.presenter.words import masked, names_here
from viewer.ui.widgets import Button, Card, hairline, text_label

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from viewer.services.desk import Desk
    from viewer.services.pace import Pace
    from viewer.ui.painted_rows import Index
    from viewer.ui.theme import Theme

ROW_HEIGHT, LOW_ROW_HEIGHT = 64, 44
NARROW_ROW, NARROW_LINE, BODY_LINE, TIME_WIDTH = 240, 17.0, 20.0, 46.0
MOST_ANSWERS_SHARE, ONE_ANSWER = 0.36, 48
NOTHING = "No step is told with these words."
# Time at a step before it counts as told.
TOLD_AFTER_S = 1.5


@frozen
class StepRow:
    """A step of the list: its number from 0, and how it stands."""

    index: int
    title: str
    time: str
    now: bool
    told: bool


class _Rows(RowModel[StepRow]):
    def ident(self, row: StepRow) -> str:
        return str(row.index)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            row = self.row(index.row())
            return f"{row.index + 1} {row.title}"
        return None


class _Painter(RowDelegate):
    def paint_row(self, painter: QPainter, area: QRectF, row: int, *, selected: bool) -> None:
        model = self._view.model()
        assert isinstance(model, _Rows)
        shown = model.row(row)
        icon = "play" if shown.now else "check" if shown.told else ""
        narrow = area.width() < NARROW_ROW
        closer = 10 if narrow else 0
        if icon:
            box = QRectF(area.left() + 16 - closer, area.center().y() - 9, 18, 18)
            paint_icon(painter, box, self.theme, icon, "accent" if shown.now else "text2")
        ink = self.theme.colour("text2" if shown.told and not shown.now else "text")
        face = font(Type.CAPTION if narrow else Type.LIST if self.height >= ROW_HEIGHT else Type.BODY)
        face.unsetFeature(QFont.Tag("tnum"))
        if shown.now:
            face.setWeight(SEMIBOLD)
        painter.setFont(font(Type.BODY if narrow else Type.LIST))
        painter.setPen(self.theme.colour("text2"))
        words(painter, QRectF(area.left() + 42 - 1.4 * closer, area.top(), 26, area.height()), str(shown.index + 1))
        if not narrow:
            words(painter, area.adjusted(0, 0, -16, 0), shown.time, right=True)
        painter.setFont(face)
        painter.setPen(ink)
        if narrow:
            # What a step is called comes before how long it was planned.
            one_or_two_lines(painter, area.adjusted(50, 0, -6, 0), shown.title, NARROW_LINE)
        else:
            room = area.adjusted(70, 0, -16 - TIME_WIDTH, 0)
            if QFontMetricsF(face).horizontalAdvance(shown.title) > room.width() and area.height() >= 2 * BODY_LINE:
                smaller = font(Type.BODY)
                smaller.setWeight(face.weight())
                painter.setFont(smaller)
                one_or_two_lines(painter, room, shown.title, BODY_LINE)
            else:
                words(painter, room, shown.title)
        del selected


class StepRows(RowList):
    """The list of steps; Enter goes to the one in hand, a click too."""

    entered = Signal()

    def event(self, event: QEvent) -> bool:
        """Keep Enter from the window's commands: here it means the row."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Go to the row, or move on."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
            return
        super().keyPressEvent(event)


class StepsPanel(Card):
    """`jumped` carries the step from 0 to go to, `asked` a prepared answer to show."""

    jumped = Signal(int)
    asked = Signal(object)

    def __init__(self, desk: Desk, theme: Theme, pace: Pace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._theme, self._pace = desk, theme, pace
        self._answers: tuple[PreparedAnswer, ...] | None = None
        self._tiny = False
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 12, 1, 12)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 16, 8)
        self.title = text_label("Steps", Type.PANEL_TITLE)
        head.addWidget(self.title)
        head.addStretch()
        self.count = text_label("", Type.CAPTION, "text2")
        head.addWidget(self.count)
        column.addLayout(head)
        self._head = head
        self.field = StepField(theme, "Go to a step", "/")
        holder = QHBoxLayout()
        holder.setContentsMargins(16, 0, 16, 12)
        holder.addWidget(self.field)
        column.addLayout(holder)
        column.addWidget(hairline())
        self._model = _Rows()
        self.rows = StepRows(self._model, theme)
        self._delegate = _Painter(theme, self.rows)
        self._delegate.height = ROW_HEIGHT
        self.rows.setItemDelegate(self._delegate)
        self.rows.setAccessibleName("Steps")
        self.rows.clicked.connect(lambda index: self._jump(index.row()))
        self.rows.entered.connect(lambda: self._jump(self.rows.currentIndex().row()))
        column.addWidget(self.rows, 1)
        self._none = text_label(NOTHING, Type.BODY, "text2")
        self._none.setContentsMargins(16, 16, 16, 16)
        self._none.setWordWrap(True)
        column.addWidget(self._none)
        self._asks = text_label("If they ask", Type.CAPTION_NAME, "text2")
        self._asks.setContentsMargins(16, 12, 16, 8)
        column.addWidget(self._asks)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.addWidget(self._scroll)
        self.field.textChanged.connect(self._searched)
        self.field.accepted.connect(self._accept)
        self.field.moved.connect(self._move)
        self.field.left.connect(lambda: self.rows.setFocus(Qt.FocusReason.OtherFocusReason))

    @property
    def titles(self) -> list[str]:
        """The listed steps, as they are read."""
        return [f"{row.index + 1} {row.title}" for row in self._listed]

    @property
    def _listed(self) -> list[StepRow]:
        return [self._model.row(n) for n in range(self._model.rowCount())]

    @property
    def questions(self) -> list[str]:
        """Questions with a prepared answer."""
        return [answer.question for answer in self._answers or ()]

    def search(self) -> None:
        """Give the field the keys."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def set_low(self, low: bool) -> None:
        """Show lower rows, for a small window."""
        height = LOW_ROW_HEIGHT if low else ROW_HEIGHT
        if height != self._delegate.height:
            self._delegate.height = height
            self.rows.scheduleDelayedItemsLayout()

    def set_tiny(self, tiny: bool) -> None:
        """Leave out the words above the lists, where there is room for two steps and one answer."""
        if tiny is self._tiny:
            return
        self._tiny = tiny
        for label in (self.title, self.count):
            label.setVisible(not tiny)
        self._asks.setVisible(not tiny and bool(self._answers))
        self._head.setContentsMargins(16, 0, 16, 0 if tiny else 8)
        self._fit_answers()

    def follow(self) -> None:
        """Show the steps of the case, and the one that is told."""
        player = self._desk.player
        minutes = max(1, round(self._pace.planned_s / 60))
        self.count.setText(f"{count_words(len(player.steps), 'step')}, {minutes} min")
        self._list()
        self._show_answers()

    def _list(self) -> None:
        case, player = self._desk.session.case, self._desk.player
        if case is None:
            self._model.set_rows(())
            return
        asked = self.field.text()
        found = find_steps(case, asked, names_here(self._desk.session))
        rows = tuple(
            StepRow(
                each.index,
                masked(self._desk.session, each.step.title),
                short_words(each.step.duration_s),
                each.index == player.index,
                self._pace.spent_s(each.step.id) > TOLD_AFTER_S,
            )
            for each in found
        )
        self._model.set_rows(rows)
        self.rows.viewport().update()
        self._none.setVisible(not rows)
        if asked.strip():
            if rows and self.rows.currentIndex().row() < 0:
                self.rows.show_selected(str(rows[0].index))
        else:
            self.rows.show_selected(str(player.index) if player.index is not None else None)

    def _searched(self, text: str) -> None:
        case = self._desk.session.case
        count = len(case.steps) if case is not None else 0
        number = step_by_number(text, count)
        if number is not None and not needs_more_digits(text, count):
            self._leave_with(number)
            return
        self.rows.show_selected(None)
        self._list()

    def _move(self, by: int) -> None:
        count = self._model.rowCount()
        if count:
            row = min(max(self.rows.currentIndex().row() + by, 0), count - 1)
            self.rows.show_selected(self._model.ident_at(row))

    def _accept(self) -> None:
        self._jump(max(0, self.rows.currentIndex().row()))

    def _jump(self, row: int) -> None:
        if 0 <= row < self._model.rowCount():
            self._leave_with(self._model.row(row).index)

    def _leave_with(self, index: int) -> None:
        self.field.blockSignals(True)
        self.field.clear()
        self.field.blockSignals(False)
        self.rows.setFocus(Qt.FocusReason.OtherFocusReason)
        self.jumped.emit(index)
        self._list()

    def _show_answers(self) -> None:
        """List this step's questions first, then those of the others."""
        player, session = self._desk.player, self._desk.session
        here = player.step
        steps = [*([here] if here is not None else []), *(step for step in player.steps if step is not here)]
        found: list[PreparedAnswer] = []
        for step in steps:
            for answer in parse_notes(masked(session, step.notes)).answers:
                if all(answer.question != other.question for other in found):
                    found.append(answer)
        if tuple(found) == self._answers:
            return
        self._answers = tuple(found)
        self._asks.setVisible(bool(found) and not self._tiny)
        self._scroll.setVisible(bool(found))
        held = QWidget()
        held.setProperty("surface", "panel")
        column = QVBoxLayout(held)
        column.setContentsMargins(16, 4 if self._tiny else 0, 16, 4)
        column.setSpacing(8)
        for answer in found:
            button = Button(self._theme, answer.question, icon="message-square")
            button.spread = True
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setToolTip(answer.question)
            button.clicked.connect(lambda _checked=False, answer=answer: self.asked.emit(answer))
            column.addWidget(button)
        column.addStretch()
        self._scroll.setWidget(held)
        self._fit_answers()

    def _fit_answers(self) -> None:
        held = self._scroll.widget()
        if held is not None:
            wanted = held.sizeHint().height() + 4
            most = ONE_ANSWER if self._tiny else round(self.height() * MOST_ANSWERS_SHARE)
            self._scroll.setFixedHeight(min(wanted, most))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Leave most of the height to the steps."""
        super().resizeEvent(event)
        self._fit_answers()
