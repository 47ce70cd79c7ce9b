"""Ctrl+Z in the fields of a case that is made: first what was typed, then what was done to the case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from viewer.ui.commands import CommandActions


class FieldUndo(QObject):
    """Lets undo and redo act on the case in its fields: undo where nothing is typed there that could be taken back."""

    def __init__(self, parent: QObject, actions: CommandActions, fields: Iterable[QLineEdit | QPlainTextEdit]) -> None:
        super().__init__(parent)
        self._actions = actions
        for field in fields:
            field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Follow the keys of the fields."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        pressed = QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)
        if pressed == "Ctrl+Z" and not _can_undo(watched):
            self._actions.run("making.undo")
            return True
        # What was taken back last comes again first; typing something would end that for good.
        return pressed in ("Ctrl+Shift+Z", "Ctrl+Y") and self._actions.run("making.redo")


def _can_undo(field: QObject) -> bool:
    if isinstance(field, QLineEdit):
        return field.isUndoAvailable()
    return isinstance(field, QPlainTextEdit) and field.document().isUndoAvailable()
