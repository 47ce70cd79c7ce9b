"""Rows that fit whatever width there is: what matters least loses its words first, then its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import define
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from viewer.ui.buttons import Button

if TYPE_CHECKING:
    from collections.abc import Sequence

NEVER = 99


def _always() -> bool:
    return True


@define(eq=False)
class Fitted:
    """A widget of a row: from which step on it is an icon alone, from which it is gone, and whether it is wanted now.

    Attributes
    ----------
    words_again_at
        A step at which it has its words once more, because others have made room.
    only_from
        The first step at which it is there at all.
    least_px
        For what can be narrower than it would like to be: its width counts as no more.
    """

    widget: QWidget
    compact_from: int = NEVER
    gone_from: int = NEVER
    words_again_at: int = NEVER
    only_from: int = 0
    wanted: Callable[[], bool] = _always
    least_px: int = 0

    def is_compact(self, step: int) -> bool:
        """Return whether it is an icon alone at a step."""
        return step >= self.compact_from and step != self.words_again_at

    def is_there(self, step: int) -> bool:
        """Return whether it is there at a step."""
        return self.only_from <= step < self.gone_from and self.wanted()

    def width_at(self, step: int) -> int:
        """Return how wide it is at a step; 0 where it is gone."""
        if not self.is_there(step):
            return 0
        if isinstance(self.widget, Button):
            hint = self.widget.wanted_width(compact=self.is_compact(step))
        else:
            hint = self.widget.sizeHint().width()
        if self.least_px:
            hint = min(hint, self.least_px)
        return min(max(hint, self.widget.minimumWidth()), self.widget.maximumWidth())


class FittedRow:
    """Finds the first step at which a row's widgets fit, and shows them so.

    Parameters
    ----------
    spacing
        Between widgets.
    around
        Margins and fixed spaces.
    """

    def __init__(self, items: Sequence[Fitted], *, spacing: int, around: int) -> None:
        self.items = list(items)
        self._spacing, self._around = spacing, around
        self.step = 0

    def needed(self, step: int) -> int:
        """Return how wide the row is at a step."""
        widths = [width for item in self.items if (width := item.width_at(step))]
        return sum(widths) + self._spacing * len(widths) + self._around

    def fit(self, width: int) -> int:
        """Make the row fit; return the step."""
        told = ((item.compact_from, item.gone_from, item.words_again_at) for item in self.items)
        steps = sorted({0, *(step for each in told for step in each if step != NEVER)})
        self.step = next((step for step in steps if self.needed(step) <= width), steps[-1])
        for item in self.items:
            if isinstance(item.widget, Button):
                item.widget.set_compact(item.is_compact(self.step))
            shown = item.is_there(self.step)
            # What is new in a layout is shown by it later on, unless it was hidden outright.
            settled = item.widget.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide)
            if item.widget.isHidden() is shown or not settled:
                item.widget.setVisible(shown)
        return self.step
