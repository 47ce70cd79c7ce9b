"""A bar above the library that offers to go on where a program that was ended was presenting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QVBoxLayout

from viewer.ui.fonts import Type
from viewer.ui.icons import IconBox
from viewer.ui.theme import BAR_CONTROL_HEIGHT
from viewer.ui.widgets import Button, ElidedLabel, IconButton, Kind, hairline

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from viewer.ui.theme import Theme

HEIGHT = 56
TAKEN = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F5)


class GoOnBar(QFrame):
    """One line with two answers: `accepted` (Enter) or `declined` (Esc). Any other key goes to the library.

    `left` tells that the keys are to go there. One that is `calm` takes no keys of its own accord: it is in no hurry.
    """

    accepted = Signal()
    declined = Signal()
    left = Signal()

    def __init__(self, theme: Theme, sentence: str, tip: str, *, calm: bool = False) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        self.setProperty("own_focus", True)
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if calm else Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(sentence)
        self.sentence = sentence
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(12)
        icon = IconBox(theme, 18)
        icon.setFixedSize(18, 18)
        icon.show_icon("history", "text2")
        middle = Qt.AlignmentFlag.AlignVCenter
        row.addWidget(icon, 0, middle)
        row.addWidget(ElidedLabel(sentence, Type.NAME), 1, middle)
        key, kind = ("", Kind.NORMAL) if calm else ("Return", Kind.MAIN)
        go = Button(theme, "Go on", key=key, kind=kind, height=BAR_CONTROL_HEIGHT)
        go.setToolTip(tip)
        go.clicked.connect(self.accepted)
        row.addWidget(go, 0, middle)
        close = IconButton(theme, "x", "Do not go on" if calm else "Do not go on (Esc)")
        close.clicked.connect(self.declined)
        row.addWidget(close, 0, middle)
        outer.addLayout(row, 1)
        outer.addWidget(hairline())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Answer, or hand the key on."""
        if event.key() in TAKEN:
            self.accepted.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.declined.emit()
        else:
            self.left.emit()
            other = QApplication.focusWidget()
            if other is not None and other is not self:
                QApplication.sendEvent(other, event)
