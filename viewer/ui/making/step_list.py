"""The steps of a draft as a list: chosen by a click, put in order by dragging or Alt+↑ and Alt+↓."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QDropEvent, QIcon, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem

from viewer.domain.view_state import OverlayMode
from viewer.ui.fonts import Type, font
from viewer.ui.icons import pixmap

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from viewer.domain.draft import Draft
    from viewer.ui.theme import Theme

ROW_HEIGHT, ICON_PX = 34, 16
SEEN, HIDDEN = "Findings are seen", "Findings are hidden"
_STEP = Qt.ItemDataRole.UserRole
_KEPT = {
    (Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier),
    (Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier),
    (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier),
    (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier),
    (Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier),
    (Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier),
}


class StepList(QListWidget):
    """Lists steps. `picked` carries the id of one, `moved` one and its new place; the others what a key asks for."""

    picked = Signal(str)
    moved = Signal(str, int)
    delete_wanted = Signal()
    twin_wanted = Signal()
    undo_wanted = Signal()
    redo_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._showing = False
        self._theme = theme
        self._draft: tuple[Draft | None, str] = (None, "")
        theme.changed.connect(lambda _name: self.show_draft(*self._draft))
        self.setFont(font(Type.BODY))
        self.setAccessibleName("Steps of the case")
        self.setToolTip("Drag a step, or Alt+↑ and Alt+↓, to put it elsewhere; Delete removes it, Ctrl+Z takes back")
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        # The style's own size is larger, and would blur what is drawn for this one.
        self.setIconSize(QSize(ICON_PX, ICON_PX))
        self.setMinimumHeight(3 * ROW_HEIGHT)
        self.currentItemChanged.connect(self._picked)

    @property
    def titles(self) -> list[str]:
        """The lines as they are shown."""
        return [self.item(row).text() for row in range(self.count())]

    def show_draft(self, draft: Draft | None, in_hand: str) -> None:
        """List the steps of a draft, the one in hand marked."""
        self._draft = (draft, in_hand)
        self._showing = True
        try:
            steps = draft.steps if draft is not None else ()
            while self.count() > len(steps):
                self.takeItem(self.count() - 1)
            while self.count() < len(steps):
                self.addItem(QListWidgetItem())
            hidden = draft is not None and bool(draft.hidden_until)
            for row, step in enumerate(steps):
                item = self.item(row)
                item.setText(f"{row + 1}   {step.title or 'Without a title'}")
                item.setData(_STEP, step.id)
                seen = draft is None or draft.shown(step).overlay is not OverlayMode.OFF
                said = SEEN if seen else HIDDEN
                ratio = self.devicePixelRatioF()
                eye = pixmap(self._theme, "eye" if seen else "eye-off", "text2" if seen else "text3", ICON_PX, ratio)
                item.setIcon(QIcon(eye) if hidden else QIcon())
                item.setToolTip(f"{step.title}\n{said}" if hidden else step.title)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{item.text()}. {said}" if hidden else item.text())
                item.setSizeHint(QSize(0, ROW_HEIGHT))
                if step.id == in_hand:
                    self.setCurrentRow(row)
        finally:
            self._showing = False

    def event(self, event: QEvent) -> bool:
        """Keep its own keys from the window's commands."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            if (Qt.Key(event.key()), modifiers) in _KEPT:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Move, remove, copy, take back."""
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key, item = Qt.Key(event.key()), self.currentItem()
        if (key, modifiers) not in _KEPT:
            super().keyPressEvent(event)
        elif key is Qt.Key.Key_Z:
            (self.redo_wanted if modifiers & Qt.KeyboardModifier.ShiftModifier else self.undo_wanted).emit()
        elif item is None:
            return
        elif key is Qt.Key.Key_Delete:
            self.delete_wanted.emit()
        elif key is Qt.Key.Key_D:
            self.twin_wanted.emit()
        else:
            self.moved.emit(item.data(_STEP), max(0, self.currentRow() + (-1 if key is Qt.Key.Key_Up else 1)))

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 (Qt's name)
        """Ask for the new order; the list shows it when the draft has it."""
        item = self.currentItem()
        if event.source() is not self or item is None:
            event.ignore()
            return
        target = self.indexAt(event.position().toPoint()).row()
        below = self.dropIndicatorPosition() is QAbstractItemView.DropIndicatorPosition.BelowItem
        place = self.count() if target < 0 else target + int(below)
        if self.currentRow() < place:
            place -= 1
        # Qt would remove the row that was dragged.
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        self.moved.emit(item.data(_STEP), place)

    def _picked(self, item: QListWidgetItem | None, _old: QListWidgetItem | None) -> None:
        if item is not None and not self._showing:
            self.picked.emit(item.data(_STEP))
