"""The labels over the series as rows of 32 px: shown or hidden, colour and line, name; not there while there are none.

A click on the eye hides and shows, a double click or Enter goes there, a right click or the menu key offers the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QAbstractListModel, QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QHBoxLayout, QListView, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from viewer.domain.view_state import as_point
from viewer.ui.fonts import Type, font
from viewer.ui.icons import paint_icon
from viewer.ui.label_menu import (
    SWATCH,
    LabelEntry,
    label_entries,
    label_menu,
    paint_swatch,
    toggle_alone,
    toggle_hidden,
)
from viewer.ui.painted_rows import Index, paint_row_ground, prepare_list, words
from viewer.ui.review.folding import FoldButton
from viewer.ui.widgets import IconButton, hairline, text_label

if TYPE_CHECKING:
    from viewer.domain.labels import Mask
    from viewer.domain.session import Session
    from viewer.domain.view_state import Point
    from viewer.domain.volume import Volume
    from viewer.services.desk import Desk
    from viewer.ui.commands import CommandActions
    from viewer.ui.theme import Theme

ROW_HEIGHT = 32
MOST_ROWS = 6
EYE_X, EYE = 15, 16
EYE_GRIP = 40
SWATCH_X = 44
NAME_X = SWATCH_X + SWATCH[0] + 12
_OWN_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_S, Qt.Key.Key_Return, Qt.Key.Key_Enter)


def place_inside(mask: Mask, volume: Volume) -> Point:
    """Return the LPS place of the marked voxel nearest to the middle of a mask."""
    marked = np.argwhere(mask.voxels)
    nearest = marked[np.argmin(((marked - marked.mean(axis=0)) ** 2).sum(axis=1))]
    return as_point(volume.stack.lps(nearest[::-1] + np.asarray(mask.first_ijk)))


class LabelModel(QAbstractListModel):
    """The labels of the session."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self._rows: tuple[LabelEntry, ...] = ()

    def refresh(self) -> None:
        """Read the session again."""
        new = label_entries(self._session, self._theme.on_anatomy("to_decide_line").name())
        if [entry.key for entry in new] == [entry.key for entry in self._rows]:
            self._rows = new
            if new:
                self.dataChanged.emit(self.index(0), self.index(len(new) - 1))
            return
        self.beginResetModel()
        self._rows = new
        self.endResetModel()

    def entry(self, row: int) -> LabelEntry:
        """Return the label of a row."""
        return self._rows[row]

    def hidden(self, row: int) -> bool:
        """Return whether the label of a row is hidden."""
        view = self._session.view
        return view is not None and self._rows[row].key in view.hidden_labels

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 (Qt's name)
        """Return how many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row in words, for screen readers and tooltips."""
        entry = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{entry.name}, {'hidden' if self.hidden(index.row()) else 'shown'}, {entry.line.value} line"
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{entry.name}\nSpace hides and shows, S shows alone, Enter goes there, right click for more"
        return None


class LabelDelegate(QStyledItemDelegate):
    """Draws a row: eye, colour and line, name."""

    def __init__(self, theme: Theme, model: LabelModel, view: QListView) -> None:
        super().__init__(view)
        self._theme, self._model, self._view = theme, model, view

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802 (Qt's name)
        """Return the height of a row."""
        return QSize(option.rect.width(), ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a row."""
        entry, hidden = self._model.entry(index.row()), self._model.hidden(index.row())
        area = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_row_ground(painter, area, self._theme, option.state, focused=self._view.hasFocus())
        eye = QRectF(area.left() + EYE_X, area.top() + (ROW_HEIGHT - 1 - EYE) / 2, EYE, EYE)
        paint_icon(painter, eye, self._theme, "eye-off" if hidden else "eye", "text3" if hidden else "text2")
        swatch = QRectF(area.left() + SWATCH_X, area.top() + (ROW_HEIGHT - 1 - SWATCH[1]) / 2, *SWATCH)
        paint_swatch(painter, swatch, entry.colour, entry.line, faint=hidden)
        painter.setFont(font(Type.CAPTION))
        painter.setPen(self._theme.colour("text2" if hidden else "text"))
        room = QRectF(area.left() + NAME_X, area.top(), area.width() - NAME_X - 16, ROW_HEIGHT - 1)
        words(painter, room, entry.name)
        painter.restore()


class LabelRows(QListView):
    """The rows; `gone_to` carries the LabelEntry that the user wants to see."""

    gone_to = Signal(object)

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self.rows = LabelModel(session, theme, self)
        self.setModel(self.rows)
        self.setItemDelegate(LabelDelegate(theme, self.rows, self))
        self.setAccessibleName("Labels")
        prepare_list(self, theme)
        self.doubleClicked.connect(self._go)

    def event(self, event: QEvent) -> bool:
        """Keep the keys of the rows from the window's commands."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() in _OWN_KEYS and event.modifiers() == Qt.KeyboardModifier.NoModifier:
                event.accept()
                return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Hide or show by a click on the eye."""
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton and event.position().x() < EYE_GRIP:
            toggle_hidden(self._session, self.rows.entry(index.row()).key)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Hide and show by Space, show alone by S, go there by Enter."""
        index = self.currentIndex()
        if index.isValid() and event.key() == Qt.Key.Key_Space:
            toggle_hidden(self._session, self.rows.entry(index.row()).key)
        elif index.isValid() and event.key() == Qt.Key.Key_S:
            toggle_alone(self._session, self.rows.entry(index.row()).key)
        elif index.isValid() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._go(index)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """Offer what can be chosen for the label under the pointer, by the menu key for the current one."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if not index.isValid():
            return
        place = self.visualRect(index).bottomLeft() + QPoint(NAME_X, 0) if by_key else event.pos()
        menu = label_menu(self._session, self._theme, self.rows.entry(index.row()), self)
        menu.exec(self.viewport().mapToGlobal(place))
        menu.deleteLater()

    def _go(self, index: Index) -> None:
        self.gone_to.emit(self.rows.entry(index.row()))


class LabelBox(QWidget):
    """The list with its heading."""

    def __init__(self, desk: Desk, theme: Theme, actions: CommandActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._theme = desk, theme
        self._seen: tuple[object, ...] = ()
        self.setProperty("surface", "panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(hairline())
        head = QHBoxLayout()
        head.setContentsMargins(16, 4, 8, 4)
        head.setSpacing(4)
        head.addWidget(text_label("Labels", Type.NAME))
        head.addStretch()
        self._count = text_label("", Type.BODY, "text2")
        head.addWidget(self._count)
        self.fold = FoldButton(theme, "the list of labels")
        self.fold.turned.connect(self._fit)
        head.addWidget(self.fold)
        for command_id in ("view.all_labels", "overlay.close_labels"):
            button = IconButton.of_command(theme, actions[command_id], actions.table[command_id])
            button.setFixedSize(32, 32)
            head.addWidget(button)
        column.addLayout(head)
        self.list = LabelRows(desk.session, theme)
        self.list.gone_to.connect(self._go)
        column.addWidget(self.list)
        session = desk.session
        for signal in (session.overlays_changed, session.findings_changed):
            signal.connect(self._update)
        session.view_changed.connect(self._view_changed)
        self._update()

    @property
    def count_words(self) -> str:
        """How many labels are shown, in words."""
        return self._count.text()

    def _view_changed(self) -> None:
        view = self._desk.session.view
        seen = (view.hidden_labels, view.label_looks) if view is not None else ()
        if seen != self._seen:
            self._seen = seen
            self._update()

    def _update(self) -> None:
        model = self.list.rows
        model.refresh()
        count = model.rowCount()
        shown = sum(1 for row in range(count) if not model.hidden(row))
        self._count.setText(f"{count}" if shown == count else f"{shown} of {count} shown")
        self.setVisible(bool(count))
        self._fit()

    def _fit(self) -> None:
        self.list.setVisible(self.fold.open)
        height = min(self.list.rows.rowCount(), MOST_ROWS) * ROW_HEIGHT
        if self.list.height() != height:
            self.list.setFixedHeight(height)

    def _go(self, entry: LabelEntry) -> None:
        """Show where a label lies; one that was hidden is shown."""
        session = self._desk.session
        volume, view = session.volume, session.view
        if volume is None or view is None:
            return
        if entry.key in view.hidden_labels:
            toggle_hidden(session, entry.key)
        mask = entry.label.mask if entry.label is not None else None
        if mask is None:
            finding = next((f for f in session.shown_findings if f.label_key == entry.key), None)
            if finding is not None:
                self._desk.reviewing.select(finding.id)
            return
        session.view = (session.view or view).looking_at(place_inside(mask, volume))
