"""A search field, as both pages of the library and the presenter's window have one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from viewer.ui.fonts import Type, font
from viewer.ui.icons import icon
from viewer.ui.theme import CONTROL_HEIGHT
from viewer.ui.widgets import KeyChip

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from viewer.ui.theme import Theme


AROUND_HINT_PX = 64


class SearchField(QLineEdit):
    """A field with a magnifier and its key, if any; Esc empties it, ↓ or Enter goes on to what was found (`left`).

    It says `brief` instead of the hint where there is no room for that.
    """

    left = Signal()

    def __init__(self, theme: Theme, hint: str, key: str = "", *, brief: str = "") -> None:
        super().__init__()
        self._theme = theme
        self._hint, self._brief = hint, brief or hint
        self.setFont(font(Type.BODY))
        self.setPlaceholderText(hint)
        self.setAccessibleName(hint)
        self.setFixedHeight(CONTROL_HEIGHT)
        self._magnifier = QAction(icon(theme, "search", "text2"), "", self)
        self.addAction(self._magnifier, QLineEdit.ActionPosition.LeadingPosition)
        self._chip = KeyChip(theme, key, self)
        self._has_key = bool(key)
        self.textChanged.connect(self._show_chip)
        theme.changed.connect(lambda: self._magnifier.setIcon(icon(self._theme, "search", "text2")))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Keep the key chip at the right."""
        super().resizeEvent(event)
        self._show_chip()
        self._chip.move(self.width() - self._chip.width() - 10, (self.height() - self._chip.height()) // 2)

    def _show_chip(self, _text: str = "") -> None:
        """Show the key where the hint leaves room for it."""
        wide = self.fontMetrics().horizontalAdvance
        self.setPlaceholderText(self._hint if wide(self._hint) <= self.width() - AROUND_HINT_PX else self._brief)
        room = self.width() - wide(self.placeholderText()) - AROUND_HINT_PX >= self._chip.width()
        self._chip.setVisible(self._has_key and room and not self.text())

    def go_on_typing(self, letters: str) -> None:
        """Take the keys, and letters that were typed elsewhere."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.end(False)
        self.insert(letters)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Empty the field, or leave it."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        else:
            super().keyPressEvent(event)
