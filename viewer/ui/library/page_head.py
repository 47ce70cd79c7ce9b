"""The head of both pages of the library: which of them is shown stands at the same place on each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout

from viewer.ui.fitting import Fitted, FittedRow
from viewer.ui.fonts import Type
from viewer.ui.theme import CONTROL_HEIGHT
from viewer.ui.widgets import Segmented, text_label

if TYPE_CHECKING:
    from viewer.ui.theme import Theme

MARGIN, NARROW_MARGIN = 48, 16
NARROW_BELOW = 900
LEAST_SEARCH = 160


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
        title = text_label("Library", Type.PAGE_TITLE)
        self.addWidget(title)
        self.switch = Segmented(theme, ((Page.CASES, "Cases", ""), (Page.SCANS, "Scans", "")), height=CONTROL_HEIGHT)
        self.switch.button(Page.CASES).setToolTip("Cases to present (Alt+1)")
        self.switch.button(Page.SCANS).setToolTip("Scans that were opened on this computer (Alt+2)")
        self.switch.choose(page)
        # The click has marked the other page's name; this head belongs to one page alone.
        self.switch.chosen.connect(lambda _: self.switch.choose(page))
        self.addWidget(self.switch)
        self.fitted = FittedRow((Fitted(title, gone_from=3), Fitted(self.switch)), spacing=16, around=0)

    def fit(self, width: int) -> None:
        """Leave out what does not fit into a page of a width."""
        margin = margin_of(width)
        self.setContentsMargins(margin, 0, margin, 0)
        self.fitted.fit(width - 2 * margin)


def margin_of(width: int) -> int:
    """Return the margin at the sides of a page of a width."""
    return MARGIN if width >= NARROW_BELOW else NARROW_MARGIN
