"""A panel that scrolls where the window is lower than it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


class Tall(QScrollArea):
    """Shows a panel as high as there is room, and never lower than `least` pixels."""

    def __init__(self, panel: QWidget, least: int) -> None:
        super().__init__()
        panel.setMinimumHeight(least)
        self.setWidget(panel)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
