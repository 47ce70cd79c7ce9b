"""A field to find a step by words or number: Enter goes to the best, arrows choose among what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from viewer.ui.fonts import Type, font
from viewer.ui.icons import icon
from viewer.ui.theme import CONTROL_HEIGHT
from viewer.ui.widgets import KeyChip

if TYPE_CHECKING:
    from viewer.ui.theme import Theme

_OWN_KEYS = frozenset({Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Up, Qt.Key.Key_Down})


class StepField(QLineEdit):
    """Keeps typing, Esc, Enter, ↑ and ↓ for itself; a clicker's keys go on to the stage.

    `accepted` asks to go, `moved` (−1 or 1) to choose another, `left` to close or leave the field.
    """

    accepted = Signal()
    moved = Signal(int)
    left = Signal()

    def __init__(self, theme: Theme, hint: str, key: str = "") -> None:
        super().__init__()
        self._theme = theme
        self.setFont(font(Type.BODY))
        self.setPlaceholderText(hint)
        self.setAccessibleName(hint)
        self.setFixedHeight(CONTROL_HEIGHT)
        self._magnifier = QAction(icon(theme, "search", "text2"), "", self)
        self.addAction(self._magnifier, QLineEdit.ActionPosition.LeadingPosition)
        self._chip = KeyChip(theme, key, self)
        self._chip.setVisible(bool(key))
        self._has_key = bool(key)
        self.textChanged.connect(lambda text: self._chip.setVisible(self._has_key and not text))
        theme.changed.connect(lambda: self._magnifier.setIcon(icon(self._theme, "search", "text2")))

    def resizeEvent(self, event: object) -> None:  # noqa: N802 (Qt's name)
        """Keep the key chip at the right."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._chip.move(self.width() - self._chip.width() - 10, (self.height() - self._chip.height()) // 2)

    def event(self, event: QEvent) -> bool:
        """Keep its own keys from the window's commands."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.NoModifier
            typed = event.text().isprintable() and bool(event.text())
            if plain and (Qt.Key(event.key()) in _OWN_KEYS or typed):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Empty it, leave it, choose, or go."""
        key = Qt.Key(event.key())
        if key is Qt.Key.Key_Escape:
            if self.text():
                self.clear()
            else:
                self.left.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accepted.emit()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.moved.emit(-1 if key is Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)
