"""Headings of the boxes in a panel, and a button that folds what lies below one away where the panel is low."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from viewer.ui.fonts import Type
from viewer.ui.widgets import IconButton, hairline, panel_column, text_label

if TYPE_CHECKING:
    from viewer.ui.theme import Theme


def headed_column(box: QWidget, title: str) -> tuple[QVBoxLayout, QHBoxLayout]:
    """Return the column of a box that stands below another one in a panel, and in it the row of its heading."""
    column, head = panel_column(box, spacing=0), QHBoxLayout()
    column.addWidget(hairline())
    head.setContentsMargins(16, 4, 8, 4)
    head.setSpacing(4)
    head.addWidget(text_label(title, Type.NAME))
    column.addLayout(head)
    return column, head


class FoldButton(IconButton):
    """Only there where things have to be folded; `turned` is emitted when what it folds opens or closes."""

    turned = Signal()

    def __init__(self, theme: Theme, what: str) -> None:
        super().__init__(theme, "chevron-up", f"Show {what}")
        self._what = what
        self._folds = self._opened = False
        self.setFixedSize(32, 32)
        self.clicked.connect(self._turn)
        self._show()

    @property
    def open(self) -> bool:
        """True where what it folds is to be seen."""
        return self._opened or not self._folds

    @property
    def opened(self) -> bool:
        """True where the user opened what would be folded."""
        return self._folds and self._opened

    def set_folds(self, folds: bool) -> None:
        """Fold from now on, or leave all open."""
        if folds != self._folds:
            self._folds, self._opened = folds, False
            self._show()
            self.turned.emit()

    def _turn(self) -> None:
        self._opened = not self._opened
        self._show()
        self.turned.emit()

    def _show(self) -> None:
        self.setVisible(self._folds)
        self.icon_name = "chevron-down" if self._opened else "chevron-up"
        words = f"Hide {self._what}" if self._opened else f"Show {self._what}"
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.update()
