"""The labels over the series as rows of 32 px: shown or hidden, colour and line, name, volume; not there without any.

A click on the eye hides and shows, a double click or Enter goes there, a right click or the menu key offers the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter

from viewer.domain.value_units import decimals, number_words, unit_words, with_unit
from viewer.domain.view_state import as_point
from viewer.ui.finding_words import ml_words
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
from viewer.ui.painted_rows import Index, RowDelegate, RowList, RowModel, words
from viewer.ui.review.folding import FoldButton, headed_column
from viewer.ui.review.sharing import GrowingList, KeepsNoFocus
from viewer.ui.widgets import IconButton, text_label

if TYPE_CHECKING:
    from PySide6.QtWidgets import QListView, QWidget

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


def size_of(entry: LabelEntry) -> str:
    """Return the volume of a label in words; "" where it has none."""
    facts = entry.label.facts if entry.label is not None else None
    return "" if facts is None or facts.volume_ml is None else ml_words(facts.volume_ml)


def facts_of(entry: LabelEntry, unit: str) -> tuple[str, ...]:
    """Return what is measured of a label, a line each."""
    facts = entry.label.facts if entry.label is not None else None
    if facts is None:
        return ()
    lines = ["No volume: one image alone" if facts.volume_ml is None else f"Volume {ml_words(facts.volume_ml)}"]
    found = (facts.mean, facts.sd, facts.least, facts.most)
    if unit_words(unit) and None not in found:
        digits = decimals(unit, found)
        mean, sd, least, most = (number_words(value or 0.0, digits) for value in found)
        lines.append(f"Mean {with_unit(f'{mean} ± {sd}', unit)}, {least} to {most}")
    return tuple(lines)


class LabelModel(RowModel[LabelEntry]):
    """The labels of the session."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme

    def ident(self, row: LabelEntry) -> str:
        """Return the key of a row's label."""
        return row.key

    def refresh(self) -> None:
        """Read the session again."""
        self.set_rows(label_entries(self._session, self._theme.on_anatomy("to_decide_line").name()))

    def hidden(self, n: int) -> bool:
        """Return whether the label of a row is hidden."""
        view = self._session.view
        return view is not None and self.row(n).key in view.hidden_labels

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row in words, for screen readers and tooltips."""
        entry = self.row(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            state = "hidden" if self.hidden(index.row()) else "shown"
            return ", ".join(part for part in (entry.name, size_of(entry), state, f"{entry.line.value} line") if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            unit = self._session.volume.unit if self._session.volume is not None else ""
            measured = "".join(f"\n{line}" for line in facts_of(entry, unit))
            keys = "Space hides and shows, S shows alone, Enter goes there, right click for more"
            return f"{entry.name}{measured}\n{keys}"
        return None


class LabelDelegate(RowDelegate):
    """Draws a row: eye, colour and line, name, volume."""

    height = ROW_HEIGHT

    def __init__(self, theme: Theme, model: LabelModel, view: QListView) -> None:
        super().__init__(theme, view)
        self._model = model

    def paint_row(self, painter: QPainter, area: QRectF, row: int, *, selected: bool) -> None:
        """Draw what stands on a row."""
        entry, hidden = self._model.row(row), self._model.hidden(row)
        eye = QRectF(area.left() + EYE_X, area.top() + (ROW_HEIGHT - 1 - EYE) / 2, EYE, EYE)
        paint_icon(painter, eye, self.theme, "eye-off" if hidden else "eye", "text3" if hidden else "text2")
        swatch = QRectF(area.left() + SWATCH_X, area.top() + (ROW_HEIGHT - 1 - SWATCH[1]) / 2, *SWATCH)
        paint_swatch(painter, swatch, entry.colour, entry.line, faint=hidden)
        painter.setFont(font(Type.CAPTION))
        painter.setPen(self.theme.colour("text2" if hidden else "text"))
        room = QRectF(area.left() + NAME_X, area.top(), area.width() - NAME_X - 16, ROW_HEIGHT - 1)
        size = size_of(entry)
        if size:
            width = painter.fontMetrics().horizontalAdvance(size)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, size)
            room.setWidth(room.width() - width - 12)
        words(painter, room, entry.name)


class LabelRows(RowList):
    """The rows; `gone_to` carries the LabelEntry that the user wants to see."""

    gone_to = Signal(object)

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        self.rows = LabelModel(session, theme)
        super().__init__(self.rows, theme, parent)
        self._session, self._theme = session, theme
        self.setItemDelegate(LabelDelegate(theme, self.rows, self))
        self.setAccessibleName("Labels")
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
            toggle_hidden(self._session, self.rows.row(index.row()).key)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Hide and show by Space, show alone by S, go there by Enter."""
        index = self.currentIndex()
        if index.isValid() and event.key() == Qt.Key.Key_Space:
            toggle_hidden(self._session, self.rows.row(index.row()).key)
        elif index.isValid() and event.key() == Qt.Key.Key_S:
            toggle_alone(self._session, self.rows.row(index.row()).key)
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
        menu = label_menu(self._session, self._theme, self.rows.row(index.row()), self)
        menu.exec(self.viewport().mapToGlobal(place))
        menu.deleteLater()

    def _go(self, index: Index) -> None:
        self.gone_to.emit(self.rows.row(index.row()))


class LabelBox(KeepsNoFocus):
    """The list with its heading."""

    def __init__(self, desk: Desk, theme: Theme, actions: CommandActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._theme = desk, theme
        self._seen: tuple[object, ...] = ()
        column, head = headed_column(self, "Labels")
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
        self.list = LabelRows(desk.session, theme)
        self.list.gone_to.connect(self._go)
        column.addWidget(self.list)
        self.growing = GrowingList(self.list, ROW_HEIGHT, MOST_ROWS)
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
        self.growing.fit()

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
