"""The command palette: type a few letters of what you want."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QEvent, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from viewer.ui.commands import shortcut_words
from viewer.ui.fonts import Type, font
from viewer.ui.icons import paint_icon
from viewer.ui.listed_icons import listed_icon
from viewer.ui.painted_rows import one_or_two_lines
from viewer.ui.sheet import Sheet
from viewer.ui.widgets import key_chip_width, paint_key_chip, text_label

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.session import Workspace
    from viewer.ui.commands import Command, CommandActions
    from viewer.ui.painted_rows import Index
    from viewer.ui.theme import Theme

# How much worse a title fits that cannot be asked for now: less than one in which letters alone are found.
_NOT_NOW = 2.0
ROW_HEIGHT = 44
ROWS = 9
# Of a row's width, what its title takes; lines of title and sentence, two of which fit into a row.
TITLE_SHARE = 0.27
TITLE_LINE = 19.0
SAID_LINE = 18.0


def fuzzy_score(wanted: str, text: str) -> float | None:
    """Return how well letters typed fit a text (less is better), or None where they are not all in it, in order.

    The text itself fits best, then whole words from their start, then letters that follow each other.
    """
    wanted, text = wanted.casefold().strip(), text.casefold()
    if not wanted:
        return 0.0
    if text == wanted:
        return -1.0
    at = text.find(wanted)
    if at >= 0:
        return at * 0.01 + (0.0 if at == 0 or text[at - 1] == " " else 1.0)
    score, place = 2.0, -1
    for letter in wanted.replace(" ", ""):
        following = text.find(letter, place + 1)
        if following < 0:
            return None
        score += 0.0 if following == place + 1 else 0.5 + 0.02 * (following - place)
        place = following
    return score


def matching_commands(
    commands: tuple[Command, ...], wanted: str, possible: Callable[[Command], bool] = lambda _command: True
) -> tuple[Command, ...]:
    """Return the commands that fit what was typed, the best first; all of them for nothing.

    Of those that fit about as well, the ones that are `possible` now come before the others.
    """
    scored = []
    for n, command in enumerate(commands):
        by_title = fuzzy_score(wanted, command.words)
        by_words = fuzzy_score(wanted, command.tooltip) if len(wanted.strip()) > 2 else None
        # In a long sentence scattered letters are always found; only whole words count there.
        worse = by_words + 3 if by_words is not None and by_words < 2 else None
        scores = [score for score in (by_title, worse) if score is not None]
        if scores:
            fits = min(scores)
            # What was typed out in full is meant, and its sentence tells why it cannot be done.
            apart = _NOT_NOW if wanted.strip() and 0 <= fits < _NOT_NOW and not possible(command) else 0.0
            scored.append((fits + apart, n, command))
    return tuple(command for _, _, command in sorted(scored, key=lambda item: item[:2]))


class _Rows(QAbstractListModel):
    def __init__(self, parent: QObject, actions: CommandActions) -> None:
        super().__init__(parent)
        self._actions = actions
        self.commands: tuple[Command, ...] = ()

    def said(self, command: Command) -> str:
        """Return what a command does, or why it cannot be asked for now."""
        return command.tooltip if self._actions[command.id].isEnabled() else command.why_not or command.tooltip

    def show(self, commands: tuple[Command, ...]) -> None:
        self.beginResetModel()
        self.commands = commands
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 (Qt's name)
        return 0 if parent is not None and parent.isValid() else len(self.commands)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        command = self.commands[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return command.words
        return self.said(command) if role == Qt.ItemDataRole.ToolTipRole else None


class _Delegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, rows: _Rows, actions: CommandActions) -> None:
        super().__init__(rows)
        self._theme, self._rows, self._actions = theme, rows, actions

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802 (Qt's name)
        return QSize(1, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        command = self._rows.commands[index.row()]
        area = QRectF(option.rect)
        enabled = self._actions[command.id].isEnabled()
        colour = self._theme.colour
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, colour("selected"))
            painter.fillRect(QRectF(area.left(), area.top(), 3, area.height()), colour("accent"))
        ink = "text" if enabled else "disabled"
        box = QRectF(area.left() + 20, area.top() + (ROW_HEIGHT - 18) / 2, 18, 18)
        paint_icon(painter, box, self._theme, listed_icon(command), "text2" if enabled else "disabled")
        painter.setFont(font(Type.BODY))
        painter.setPen(colour(ink))
        title = QRectF(area.left() + 54, area.top(), TITLE_SHARE * area.width(), ROW_HEIGHT)
        one_or_two_lines(painter, title, command.words, TITLE_LINE)
        key = shortcut_words(command)
        right = area.right() - 20
        if key:
            width = key_chip_width(key)
            chip = QRectF(right - width, area.top(), width, ROW_HEIGHT)
            paint_key_chip(painter, chip, key, colour("text2"), colour("field"))
            right -= width + 16
        painter.setFont(font(Type.CAPTION))
        painter.setPen(colour("text2"))
        left = title.right() + 12
        said = QRectF(left, area.top(), max(0.0, right - left), ROW_HEIGHT)
        one_or_two_lines(painter, said, self._rows.said(command), SAID_LINE, cut=Qt.TextElideMode.ElideRight)
        painter.restore()


class Palette(Sheet):
    """Every command that exists here; ↑ ↓ choose, Enter runs."""

    def __init__(self, window: QWidget, theme: Theme, actions: CommandActions) -> None:
        super().__init__(window, theme, width=760, top=0.12)
        self._actions = actions
        self._offered: tuple[Command, ...] = ()
        self.body.setContentsMargins(0, 12, 0, 12)
        self.body.setSpacing(8)
        self.field = QLineEdit()
        self.field.setFont(font(Type.LIST))
        self.field.setPlaceholderText("What do you want to do?")
        self.field.setAccessibleName("Search commands")
        self.field.setFixedHeight(44)
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        holder = QWidget()
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(12, 0, 12, 0)
        inner.addWidget(self.field)
        self.body.addWidget(holder)
        self._rows = _Rows(self, actions)
        self.list = QListView()
        self.list.setModel(self._rows)
        self.list.setItemDelegate(_Delegate(theme, self._rows, actions))
        self.let_give_way(self.list, ROWS * ROW_HEIGHT, ROW_HEIGHT)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.clicked.connect(lambda _index: self._run())
        self.body.addWidget(self.list)
        self._none = text_label("No command of that name here.", Type.BODY, "text2")
        self._none.setContentsMargins(24, 0, 24, 0)
        self.body.addWidget(self._none)

    @property
    def shown(self) -> tuple[Command, ...]:
        """The commands that are listed."""
        return self._rows.commands

    def ask(self, where: Workspace) -> None:
        """Open with the commands of a workspace."""
        self.field.clear()
        self.offer(where)
        self.open(self.field)

    def offer(self, where: Workspace) -> None:
        """List the commands of a workspace, which may have come by itself while this was open."""
        self._actions.refresh()
        self._offered = tuple(c for c in self._actions.table.offered(where) if c.id != "app.palette" and c.words)
        self._search(self.field.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Let the field's arrows and Enter act on the list."""
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -ROWS, Qt.Key.Key_PageDown: ROWS}
            key = Qt.Key(event.key())
            if key in steps:
                count = len(self._rows.commands)
                row = min(max(self.list.currentIndex().row() + steps[key], 0), count - 1)
                self.list.setCurrentIndex(self._rows.index(row))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run()
                return True
        return super().eventFilter(watched, event)

    def _search(self, text: str) -> None:
        self._rows.show(matching_commands(self._offered, text, lambda c: self._actions[c.id].isEnabled()))
        self.list.setCurrentIndex(self._rows.index(0))
        self.list.scrollToTop()
        self._none.setVisible(not self._rows.commands)

    def _run(self) -> None:
        row = self.list.currentIndex().row()
        if not 0 <= row < len(self._rows.commands):
            return
        command = self._rows.commands[row]
        if not self._actions[command.id].isEnabled():
            return
        self.dismiss()
        self._actions.run(command.id)
