"""What shows anywhere in the window that something dragged over it would be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from viewer.ui.fonts import Type, font
from viewer.ui.theme import RADIUS_CARD
from viewer.ui.widgets import rounded

if TYPE_CHECKING:
    from viewer.ui.theme import Theme

WORDS = "Drop to open"
_LINE_PX = 3
_PLATE_PX = (200.0, 48.0)
_ABOVE_EDGE_PX = 56


class DropFrame(QWidget):
    """A frame around the whole window and two words above its lower edge; nothing can be done with it."""

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window, self._theme = window, theme
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(WORDS)
        self.hide()

    def show_over(self, over: bool) -> None:
        """Show it, or put it away."""
        if over and self.isHidden():
            self.setGeometry(self._window.rect())
            self.raise_()
        self.setVisible(over)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the frame and the words."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._theme.colour("accent"), _LINE_PX))
            painter.drawRect(rounded(QRectF(self.rect()), _LINE_PX))
            width, height = _PLATE_PX
            plate = QRectF((self.width() - width) / 2, self.height() - _ABOVE_EDGE_PX - height, width, height)
            painter.setBrush(self._theme.colour("selected"))
            painter.drawRoundedRect(rounded(plate, _LINE_PX), RADIUS_CARD, RADIUS_CARD)
            painter.setPen(self._theme.colour("text"))
            painter.setFont(font(Type.PANEL_TITLE))
            painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, WORDS)
