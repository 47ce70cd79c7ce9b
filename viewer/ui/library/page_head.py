"""The head of both pages of the library: which of them is shown stands at the same place on each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout

from viewer.ui.fonts import Type
from viewer.ui.theme import CONTROL_HEIGHT
from viewer.ui.widgets import Segmented, text_label

if TYPE_CHECKING:
    from viewer.ui.theme import Theme

MARGIN = 48


class Page(StrEnum):
    """The pages of the library."""

    CASES = "cases"
    SCANS = "scans"


class PageHead(QHBoxLayout):
    """Title and page switch; pages add what is theirs. `switch.chosen` carries the page that is asked for."""

    def __init__(self, theme: Theme, page: Page) -> None:
        super().__init__()
        self.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self.setSpacing(16)
        self._page = page
        self.addWidget(text_label("Library", Type.PAGE_TITLE))
        self.switch = Segmented(theme, ((Page.CASES, "Cases", ""), (Page.SCANS, "Scans", "")), height=CONTROL_HEIGHT)
        self.switch.button(Page.CASES).setToolTip("Cases to present (Alt+1)")
        self.switch.button(Page.SCANS).setToolTip("Scans that were opened on this computer (Alt+2)")
        self.switch.choose(page)
        # The click has marked the other page's name; this head belongs to one page alone.
        self.switch.chosen.connect(lambda _: self.switch.choose(page))
        self.addWidget(self.switch)
