"""A field with a list to choose from, in the look of the other controls."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStyleOptionViewItem,
    QStylePainter,
    QWidget,
)

from viewer.ui.fonts import Type, font
from viewer.ui.icons import paint_icon
from viewer.ui.theme import CONTROL_HEIGHT, Theme

ROW_HEIGHT = 36


class _Rows(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, _index: object) -> QSize:  # noqa: N802 (Qt's name)
        return QSize(option.rect.width(), ROW_HEIGHT)


class Choice(QComboBox):
    """A drop-down list; the wheel over it changes nothing."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(name)
        self.setFont(font(Type.BODY))
        self.setFixedHeight(CONTROL_HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        rows = QListView()
        rows.setFont(font(Type.BODY))
        self.setView(rows)
        rows.setItemDelegate(_Rows(rows))
        theme.changed.connect(lambda _name: self.update())

    def offer(self, items: tuple[tuple[str, str], ...], chosen: str) -> None:
        """Offer (key, words) pairs and show the one of a key; emits nothing."""
        blocked = self.blockSignals(True)
        self.clear()
        for key, words in items:
            self.addItem(words, key)
        self.setCurrentIndex(max(0, self.findData(chosen)))
        self.blockSignals(blocked)

    @property
    def key(self) -> str:
        """The key of what is chosen, or ""."""
        return str(self.currentData() or "")

    def choose(self, key: str) -> None:
        """Show the item of a key."""
        at = self.findData(key)
        if at >= 0:
            self.setCurrentIndex(at)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 (Qt's name)
        """Change nothing: who scrolls means the list below."""
        event.ignore()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the field, what is chosen, cut where it does not fit, and the arrow."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        room = self.width() - 60
        option.currentText = self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideMiddle, room)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.width() - 28, (self.height() - 16) / 2, 16, 16)
        paint_icon(painter, box, self._theme, "chevron-down", "text2" if self.isEnabled() else "disabled")
