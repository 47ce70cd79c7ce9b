"""The Escape key for something that goes on for a while, before it means anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent

if TYPE_CHECKING:
    from collections.abc import Callable

_KEYS = frozenset({QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress})


class EscapeKey(QObject):
    """Calls `pressed` at Esc, which nothing else gets then, until `stop`."""

    def __init__(self, parent: QObject, pressed: Callable[[], None]) -> None:
        super().__init__(parent)
        self._pressed = pressed
        self._on = True
        app = QCoreApplication.instance()
        if app is not None:
            app.installEventFilter(self)

    def stop(self) -> None:
        """Leave Esc to others."""
        self._on = False
        app = QCoreApplication.instance()
        if app is not None:
            app.removeEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Take Esc."""
        kind = event.type()
        if kind not in _KEYS or not isinstance(event, QKeyEvent) or event.key() != Qt.Key.Key_Escape or not self._on:
            return False
        if kind == QEvent.Type.ShortcutOverride:
            # No shortcut then; the key itself comes next.
            event.accept()
            return True
        self._pressed()
        return True
