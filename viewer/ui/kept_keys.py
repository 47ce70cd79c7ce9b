"""Which keys the widget with the focus keeps from the window's commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSpinBox, QLineEdit, QPlainTextEdit, QTextEdit

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QKeyEvent

_LIST_KEYS = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End})
_FIELD_KEYS = _LIST_KEYS | {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Backspace, Qt.Key.Key_Delete}
_ENTER = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
_EDITING = frozenset({Qt.Key.Key_Z, Qt.Key.Key_Y, Qt.Key.Key_C, Qt.Key.Key_V, Qt.Key.Key_X, Qt.Key.Key_A})
CONTROL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def is_field(widget: QObject) -> bool:
    """Return whether a widget takes typing."""
    if isinstance(widget, QTextEdit):
        return not widget.isReadOnly()
    return isinstance(widget, QLineEdit | QPlainTextEdit | QAbstractSpinBox)


def keeps(widget: QObject, event: QKeyEvent) -> bool:
    """Return whether a widget that has the focus keeps a key from the window.

    A text field keeps all typing and what edits it, a list ↑ ↓ Home End, and Enter for the row in hand. Where a list
    marks one row alone, Shift with an arrow is the window's.
    """
    pressed = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    plain = pressed & ~_SHIFT == Qt.KeyboardModifier.NoModifier
    key = Qt.Key(event.key())
    if is_field(widget):
        if plain:
            return bool(event.text() and event.text().isprintable()) or key in _FIELD_KEYS | _ENTER
        redoes = key == Qt.Key.Key_Z
        return pressed & ~_SHIFT == CONTROL and (
            key in _FIELD_KEYS or (key in _EDITING and (redoes or not pressed & _SHIFT))
        )
    if isinstance(widget, QAbstractItemView):
        if (
            pressed & _SHIFT
            and key not in _ENTER
            and widget.selectionMode() is QAbstractItemView.SelectionMode.SingleSelection
        ):
            return False
        return plain and (key in _LIST_KEYS or (key in _ENTER and widget.currentIndex().isValid()))
    # Only Tab gives the keys to a button; Space then presses it, as everywhere else.
    return isinstance(widget, QAbstractButton) and plain and key == Qt.Key.Key_Space
