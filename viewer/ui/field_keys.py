"""Keys that a text field, a list or a button keeps for itself, so that no command follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QKeyEvent

_LIST_KEYS = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End})
_FIELD_KEYS = _LIST_KEYS | {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Backspace, Qt.Key.Key_Delete}
_ENTER = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
_EDITING = frozenset({Qt.Key.Key_Z, Qt.Key.Key_Y, Qt.Key.Key_C, Qt.Key.Key_V, Qt.Key.Key_X, Qt.Key.Key_A})
_SHIFT_ONLY = (Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.KeypadModifier)


def keeps_key(widget: QObject, event: QKeyEvent) -> bool:
    """Return whether what has the keys takes this one for itself: typing, going through a list, pressing a button."""
    modifiers = event.modifiers()
    for harmless in _SHIFT_ONLY:
        modifiers &= ~harmless
    plain = modifiers == Qt.KeyboardModifier.NoModifier
    key = Qt.Key(event.key())
    if isinstance(widget, QLineEdit | QPlainTextEdit | QAbstractSpinBox) or (
        isinstance(widget, QTextEdit) and not widget.isReadOnly()
    ):
        if plain:
            return bool(event.text() and event.text().isprintable()) or key in _FIELD_KEYS | _ENTER
        return modifiers == Qt.KeyboardModifier.ControlModifier and key in _EDITING | _FIELD_KEYS
    if isinstance(widget, QAbstractItemView):
        return plain and (key in _LIST_KEYS or (key in _ENTER and widget.currentIndex().isValid()))
    # Only Tab gives the keys to a button; Space then presses it, as everywhere else.
    return isinstance(widget, QAbstractButton) and plain and key == Qt.Key.Key_Space
