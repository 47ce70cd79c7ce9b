"""The histogram of what is in hand: an area that was drawn, else the selected finding."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.analysis.histogram import Histogram, histogram
from viewer.analysis.measure import values_within
from viewer.analysis.region import region_voxels
from viewer.domain.finding import Finding
from viewer.domain.measurement import Measurement
from viewer.domain.view_state import ViewState
from viewer.domain.volume import Volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.errors import CaseStageError
    from viewer.domain.job import JobContext
    from viewer.domain.session import Session
    from viewer.services.jobs import JobRunner

WHY_NOT = "Take an area that was drawn or an outlined finding in hand first, on a series whose geometry is trusted."


@frozen(eq=False)
class Spread:
    """A histogram and what it is of.

    Attributes
    ----------
    of
        The measurement or finding.
    view
        How its volume was looked at when it was asked for.
    shape
        None where there are no values in it.
    interpolated
        True where the values lie between voxels.
    """

    of: Measurement | Finding
    volume: Volume
    view: ViewState | None
    shape: Histogram | None
    interpolated: bool = False


class Spreads:
    """Makes histograms in the background; of two that are asked for, the newer one comes."""

    def __init__(self, session: Session, runner: JobRunner) -> None:
        self._session = session
        self._runner = runner
        self._asked = 0

    @property
    def subject(self) -> Measurement | Finding | None:
        """What a histogram would be of; None where nothing fits."""
        session, volume = self._session, self._session.volume
        if volume is None or not volume.measurable:
            return None
        if session.measurement_in_hand is not None:
            kept = (m for m in session.measurements if m.id == session.measurement_in_hand and m.kind.is_region)
            return next(kept, None)
        return session.selected if session.selected is not None and session.selected.mask is not None else None

    def ask(self, done: Callable[[Spread], None], failed: Callable[[CaseStageError], None]) -> None:
        """Make the histogram of what is in hand; nothing where nothing fits."""
        subject, volume = self.subject, self._session.volume
        if subject is None or volume is None:
            return
        self._asked += 1
        number = self._asked

        def came(spread: Spread) -> None:
            if number == self._asked and self._session.volume is volume:
                done(spread)

        self._runner.run(partial(_spread, subject, volume, self._session.view), done=came, failed=failed)


def _spread(subject: Measurement | Finding, volume: Volume, view: ViewState | None, ctx: JobContext) -> Spread:
    ctx.stop_if_cancelled()
    if isinstance(subject, Measurement):
        values, interpolated = region_voxels(subject, volume)
        return Spread(subject, volume, view, histogram(values), interpolated)
    assert subject.mask is not None
    return Spread(subject, volume, view, histogram(np.concatenate(values_within(subject.mask, volume))))
