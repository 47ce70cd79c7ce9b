"""How lists that stand below one another share the height of their panel, and what becomes of the focus in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QHideEvent
    from PySide6.QtWidgets import QListView


@frozen
class Need:
    """What a list has in any case, and the height at which all of it is seen."""

    least_px: int
    most_px: int


def shared(room_px: int, needs: Sequence[Need]) -> tuple[int, ...]:
    """Return the height of each list: what it has in any case, and as much of the rest as the others until it is whole.

    Where there is not even room for what they have in any case, they have that.
    """
    given = [need.least_px for need in needs]
    left = room_px - sum(given)
    hungry = [n for n, need in enumerate(needs) if need.most_px > given[n]]
    while left > 0 and hungry:
        each = max(left // len(hungry), 1)
        for n in hungry:
            more = min(each, needs[n].most_px - given[n], left)
            given[n] += more
            left -= more
        hungry = [n for n in hungry if needs[n].most_px > given[n]]
    return tuple(given)


class KeepsNoFocus(QWidget):
    """A part of a panel that may go: what had the focus in it leaves it to the window and its keys.

    Qt would give it to a button somewhere, which Space and Enter then press.
    """

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 (Qt's name)
        """Let go of the focus before Qt gives it away."""
        super().hideEvent(event)
        focused = QApplication.focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            focused.clearFocus()


class GrowingList:
    """The height of a list of equal rows in a panel: a few rows in any case, and whole rows of the room it is given."""

    def __init__(self, view: QListView, row_px: int, rows: int) -> None:
        self._view, self._row_px = view, row_px
        self.usual = rows
        self._given_px = 0

    @property
    def need(self) -> Need:
        """What the list needs; nothing while it is folded away."""
        if self._view.isHidden():
            return Need(0, 0)
        count = self._count
        return Need(min(count, self.usual) * self._row_px, count * self._row_px)

    @property
    def grown_px(self) -> int:
        """How much higher the list is now than it has to be."""
        return 0 if self._view.isHidden() else self._view.minimumHeight() - self.need.least_px

    def give(self, height_px: int) -> None:
        """Let the list have so much of the panel."""
        self._given_px = height_px
        self.fit()

    def fit(self) -> None:
        """Give the list its height for the rows that it has now."""
        rows = min(self._count, max(self.usual, self._given_px // self._row_px))
        if self._view.height() != rows * self._row_px or self._view.minimumHeight() != self._view.maximumHeight():
            self._view.setFixedHeight(rows * self._row_px)

    @property
    def _count(self) -> int:
        model = self._view.model()
        return model.rowCount() if model is not None else 0
