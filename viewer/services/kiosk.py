"""A stage that nobody attends: goes through cases and steps by itself, leaves visitors alone, and begins anew."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from viewer.domain.session import Session
    from viewer.domain.walkthrough import Case, Step
    from viewer.services.player import Player

_log = logging.getLogger(__name__)

LEAST_S = 5.0
# A case that is not there by then will not come.
OPENING_S = 600.0
AFTER_FAILURE_S = 5.0


class Kiosk:
    """Moves the story on by the durations of its steps. The user interface calls `tick` a few times a second.

    Parameters
    ----------
    cases
        The cases to go through, in order.
    open_case
        Opens one from its first step.
    opening
        Tells whether one is being opened.
    idle_s
        So long after the last touch the first case begins anew.
    """

    def __init__(
        self,
        session: Session,
        player: Player,
        cases: Sequence[Case],
        open_case: Callable[[Case], None],
        opening: Callable[[], bool],
        idle_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session, self._player = session, player
        self.cases, self._open_case, self._opening = tuple(cases), open_case, opening
        self._idle_s, self._clock = idle_s, clock
        self._act: tuple[object, ...] = ()
        self._since_s = clock()
        self._touched_s: float | None = None
        self._failed = False
        self._at = 0

    @property
    def attended(self) -> bool:
        """True while a visitor has the stage."""
        return self._touched_s is not None

    @property
    def coming(self) -> Case | None:
        """The case after the one that is shown, where the last but one of its steps has been reached; else None."""
        player, case = self._player, self._session.case
        if len(self.cases) < 2 or player.index is None or player.index + 2 < len(player.steps) or self._opening():
            return None
        following = self.cases[(self._at + 1) % len(self.cases)]
        return None if case is not None and following.id == case.id else following

    def touched(self) -> None:
        """Leave the stage to whoever touched it."""
        self._touched_s = self._clock()

    def case_failed(self) -> None:
        """Go on with another case before long."""
        self._failed, self._since_s = True, self._clock()

    def lasting_s(self, step: Step) -> float:
        """Return how long a step is shown, or each half of one that asks first."""
        return max(step.duration_s / (2 if step.question is not None else 1), LEAST_S)

    def tick(self) -> None:
        """Go on where it is time to."""
        now = self._clock()
        case, step = self._session.case, self._player.step
        act = (case.id if case is not None else "", self._session.step, self._player.asking.open, self._opening())
        if act != self._act and not self._failed:
            self._act, self._since_s = act, now
            ids = [one.id for one in self.cases]
            if case is not None and case.id in ids and not self._opening():
                self._at = ids.index(case.id)
        waited = now - self._since_s
        if self._failed:
            if waited >= AFTER_FAILURE_S:
                self._next_case()
        elif self._opening() or case is None or step is None:
            if waited >= OPENING_S:
                _log.error("a case was not there after %.0f s", waited)
                self._next_case()
        elif self._touched_s is not None:
            if now - self._touched_s >= self._idle_s:
                self.begin_anew()
        elif waited >= self.lasting_s(step) and not self._player.acting.running:
            self._go_on()

    def begin_anew(self) -> None:
        """Show the first step of the first case, as if nobody had been there."""
        self._touched_s = None
        if self.cases:
            self._show(self.cases[0])

    def _go_on(self) -> None:
        player = self._player
        if player.asking.open:
            player.reveal()
        elif player.index is not None and player.index + 1 < len(player.steps):
            player.skip()
        else:
            self._next_case()

    def _next_case(self) -> None:
        self._failed = False
        self._touched_s = None
        if self.cases:
            self._show(self.cases[(self._at + 1) % len(self.cases)])

    def _show(self, case: Case) -> None:
        self._since_s, self._act, self._at = self._clock(), (), self.cases.index(case)
        here = self._session.case
        if here is not None and here.id == case.id and not self._opening():
            self._player.start(0)
        else:
            self._open_case(case)
