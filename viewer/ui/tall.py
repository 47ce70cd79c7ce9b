"""A panel that scrolls where the window is lower than it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from viewer.ui.theme import SCROLL_BAR_WIDTH

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent
    from PySide6.QtWidgets import QLayout


class Tall(QScrollArea):
    """Shows the panel that it holds as high as there is room, and never lower than it needs.

    Attributes
    ----------
    inside
        What the panel is best made for: every widget that is given to another parent later makes all below it look up
        their style anew.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._least = 0
        self._panel: QWidget | None = None
        # Its own would have to be recognised by the binding first, which then loads every kind of widget there is.
        self.inside = QWidget(self)
        self.inside.setBackgroundRole(QPalette.ColorRole.NoRole)
        self.inside.setAutoFillBackground(True)
        self.setViewport(self.inside)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def hold(self, panel: QWidget, least: int) -> None:
        """Show a panel that needs so many pixels."""
        self._panel, self._least = panel, least
        self.setWidget(panel)
        panel.show()
        self._give_room()

    def keep_width(self, column: QLayout) -> None:
        """Let the scroll bar stand in the right margin of the panel's layout: what is in it keeps its width."""
        margins = column.contentsMargins()

        def make_way(_least: int, most: int) -> None:
            right = margins.right() - (SCROLL_BAR_WIDTH if most else 0)
            column.setContentsMargins(margins.left(), margins.top(), right, margins.bottom())

        self.verticalScrollBar().rangeChanged.connect(make_way)

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
        if self._panel is not None:
            self._panel.resize(self.inside.width(), max(self.inside.height(), self._least))
