"""The order in which findings are listed and gone through in Review."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from psygnal import Signal

if TYPE_CHECKING:
    from viewer.domain.finding import Finding
    from viewer.domain.session import Session


class FindingOrder(StrEnum):
    """What comes first: the surest, or, of findings without scores, the largest; or the largest of all."""

    SCORE = "score"
    SIZE = "size"


class FindingListing:
    """The findings that are shown, in the order that was chosen; `changed` tells that another one was."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        self._session = session
        self._order = FindingOrder.SCORE

    @property
    def order(self) -> FindingOrder:
        """What comes first."""
        return self._order

    @order.setter
    def order(self, order: FindingOrder) -> None:
        if order is not self._order:
            self._order = order
            self.changed.emit()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings at or above the threshold whose label is not hidden."""
        shown = self._session.shown_findings
        if self._order is FindingOrder.SCORE:
            return shown
        return tuple(sorted(shown, key=lambda f: (f.volume_ml or 0.0, f.long_axis_mm or 0.0), reverse=True))
