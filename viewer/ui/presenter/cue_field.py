"""Takes what is said while rehearsing: words and Enter, or Enter alone for a mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from viewer.domain.count_words import count_words
from viewer.ui.fonts import Type, font

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from viewer.services.rehearsing import Rehearsing
    from viewer.ui.theme import Theme


class CueField(QLineEdit):
    """A field for cues; Esc gives the keys back to the story."""

    def __init__(self, _theme: Theme, rehearsing: Rehearsing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rehearsing = rehearsing
        self.setFont(font(Type.BODY))
        self.setAccessibleName("Cue")
        self.setToolTip("What you say here, to be found among the notes again (Ctrl+M marks the moment without words)")
        self.returnPressed.connect(self._keep)
        rehearsing.changed.connect(self._say_count)
        self._say_count()

    def event(self, event: QEvent) -> bool:
        """Keep typing, Enter and Esc from the window's commands."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            own = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
            control = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
            if not control and (own or (event.text() and event.text().isprintable())):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Leave with Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.clearFocus()
            return
        super().keyPressEvent(event)

    def _keep(self) -> None:
        self._rehearsing.cue(self.text())
        self.clear()

    def _say_count(self) -> None:
        count = len(self._rehearsing.cues)
        kept = f"{count_words(count, 'cue')} kept. " if count else ""
        self.setPlaceholderText(f"{kept}Type a cue and press Enter")
