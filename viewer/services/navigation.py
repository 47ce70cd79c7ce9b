"""From one view to another in one animated motion, and Back and Forward."""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING

from attrs import define, frozen

from viewer.domain.history import History
from viewer.domain.sturdy_signal import sturdy
from viewer.domain.view_between import between
from viewer.domain.view_state import ViewState

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.session import Session
    from viewer.services.settings import Settings


_VIEWS_KEPT, _SERIES_KEPT = 100, 20
_FIRST = 1e-6


class Motion(Enum):
    """How long a motion takes, in seconds."""

    NONE = 0.0
    FINDING = 0.25
    STEP = 0.6


@define(eq=False)
class Visit:
    """Two views that follow each other; the one that is left takes along where one wandered meanwhile."""

    before: ViewState
    after: ViewState


@frozen
class _Flight:
    start: ViewState
    goal: ViewState
    began_s: float
    motion: Motion


def ease(motion: Motion, share: float) -> float:
    """Return how far a motion is at a share (0…1) of its time: InOutCubic for steps, OutCubic for findings."""
    if motion is Motion.STEP:
        return 4 * share**3 if share < 0.5 else 1 - (2 - 2 * share) ** 3 / 2
    return 1 - (1 - share) ** 3


class Navigation:
    """Moves the session's view. The user interface calls `tick` about every 16 ms while `moving`.

    Late frames are dropped, the duration stays. `started` is emitted when a motion begins, `arrived` when it ends.
    """

    started = sturdy()
    arrived = sturdy()

    def __init__(self, session: Session, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._settings = settings
        self._clock = clock
        self._flight: _Flight | None = None
        self._visited: dict[str, History[Visit]] = {}

    @property
    def visited(self) -> History[Visit]:
        """The views of the open series that Back and Forward lead to; those of another one would show nothing of it."""
        uid = self._session.view.series_uid if self._session.view is not None else ""
        if uid not in self._visited:
            while len(self._visited) >= _SERIES_KEPT:
                del self._visited[next(iter(self._visited))]
            self._visited[uid] = History(_VIEWS_KEPT)
        return self._visited[uid]

    @property
    def moving(self) -> bool:
        """True while a motion runs."""
        return self._flight is not None

    @property
    def goal(self) -> ViewState | None:
        """Where the view is or will be when the motion has ended."""
        return self._flight.goal if self._flight else self._session.view

    def go(self, view: ViewState, motion: Motion = Motion.NONE, *, remember: bool = True) -> None:
        """Move to a view; the way back is remembered unless told otherwise."""
        now = self._session.view
        if remember and now is not None and now != view and now.series_uid == view.series_uid:
            self.visited.push(Visit(now, view))
        still = motion is Motion.NONE or self._settings.now.reduce_motion
        if now is None or still or now.series_uid != view.series_uid:
            self._flight = None
            self._session.view = view
            self.arrived.emit()
            return
        self._flight = _Flight(now, view, self._clock(), motion)
        # What is in hand is so at once: keys and clicks may come before the first frame.
        self._session.view = between(now, view, _FIRST)
        self.started.emit()

    def remember(self, before: ViewState, after: ViewState) -> None:
        """Let Back lead from a view, to which a hand has led, to the one before."""
        if before != after and before.series_uid == after.series_uid:
            self.visited.push(Visit(before, after))

    def tick(self) -> bool:
        """Set the view that belongs to this moment; return True while still moving."""
        flight = self._flight
        if flight is None:
            return False
        share = (self._clock() - flight.began_s) / flight.motion.value
        if share >= 1:
            self.finish()
            return False
        self._session.view = between(flight.start, flight.goal, ease(flight.motion, max(0.0, share)))
        return True

    def finish(self) -> None:
        """End a running motion at its goal."""
        if self._flight is None:
            return
        goal, self._flight = self._flight.goal, None
        self._session.view = goal
        self.arrived.emit()

    def back(self) -> None:
        """Return to the view before; Forward leads to where one is now."""
        now, visit = self.goal, self.visited.undo()
        if visit is not None and now is not None:
            visit.after = now
            self.go(visit.before, Motion.FINDING, remember=False)

    def forward(self) -> None:
        """Go again where Back came from."""
        now, visit = self.goal, self.visited.redo()
        if visit is not None and now is not None:
            visit.before = now
            self.go(visit.after, Motion.FINDING, remember=False)
