"""A panel that scrolls where the window is lower than it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent
    from PySide6.QtWidgets import QWidget


class Tall(QScrollArea):
    """Shows a panel as high as there is room, and never lower than `least` pixels."""

    def __init__(self, panel: QWidget, least: int) -> None:
        super().__init__()
        self._least = least
        self.setWidget(panel)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def need(self, least: int) -> None:
        """Let the panel need so many pixels from now on."""
        if least != self._least:
            self._least = least
            self._give_room()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Give the panel the room there is; by itself the area would give it all that it would like to have."""
        super().resizeEvent(event)
        self._give_room()

    def _give_room(self) -> None:
        panel, room = self.widget(), self.viewport().size()
        if panel is not None:
            panel.resize(room.width(), max(room.height(), self._least))
