"""Something that is so or not, as a button with a box before its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.ui.widgets import Button, Kind

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from viewer.ui.theme import Theme


class Tick(Button):
    """A checkable button whose box is ticked while it is on."""

    def __init__(self, theme: Theme, words: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, words, icon="square", kind=Kind.FLAT, parent=parent)
        self.setCheckable(True)
        self.setAccessibleName(words)
        self.toggled.connect(self._show)

    def _show(self, on: bool) -> None:
        self.icon_name = "square-check" if on else "square"
        self.update()
