"""A field to find a step by words or number: Enter goes to the best, arrows choose among what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent

from viewer.ui.library.search_field import SearchField

if TYPE_CHECKING:
    from viewer.ui.theme import Theme

_OWN_KEYS = frozenset({Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Up, Qt.Key.Key_Down})


class StepField(SearchField):
    """Keeps typing, Esc, Enter, ↑ and ↓ for itself; a clicker's keys go on to the stage.

    `accepted` asks to go, `moved` (−1 or 1) to choose another, `left` to close or leave the field. The first Esc
    empties it while presenting, where one too many would leave the stage; on a `sheet` it closes, as on every sheet.
    """

    accepted = Signal()
    moved = Signal(int)

    def __init__(self, theme: Theme, hint: str, key: str = "", *, sheet: bool = False) -> None:
        super().__init__(theme, hint, key)
        self._sheet = sheet

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
            if self.text() and not self._sheet:
                self.clear()
            else:
                self.left.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accepted.emit()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.moved.emit(-1 if key is Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)
