"""An empty place: icon, one sentence, a line of help, and one action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from viewer.ui.fonts import Type
from viewer.ui.icons import IconBox
from viewer.ui.widgets import Button, text_label

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from viewer.ui.theme import Theme


ICON_FROM, SENTENCE_FROM = 260, 190


class EmptyState(QWidget):
    """Says in the middle of its area why there is nothing, and offers what can be done."""

    def __init__(
        self,
        theme: Theme,
        icon: str,
        title: str,
        sentence: str,
        action: Button | None = None,
        *,
        role: str = "text2",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._name, self._role = theme, icon, role
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(8)
        column.addStretch(2)
        self._icon = IconBox(theme, 32)
        self.title = text_label(title, Type.CARD_TITLE)
        self.sentence = text_label(sentence, Type.BODY, "text2")
        column.addWidget(self._icon)
        column.addSpacing(4)
        for label in (self.title, self.sentence):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            column.addWidget(label)
        if action is not None:
            column.addSpacing(12)
            column.addWidget(action, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        theme.changed.connect(self._recolour)
        self._recolour()

    def say(self, title: str, sentence: str) -> None:
        """Change the words."""
        self.title.setText(title)
        self.sentence.setText(sentence)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Leave out icon and help where it is low: what there is to say and to do comes first."""
        super().resizeEvent(event)
        self._icon.setVisible(self.height() >= ICON_FROM)
        self.sentence.setVisible(self.height() >= SENTENCE_FROM)
        margin = 24 if self.height() >= ICON_FROM else 8
        self._column.setContentsMargins(margin, margin, margin, margin)

    def _recolour(self) -> None:
        self._icon.show_icon(self._name, self._role)
