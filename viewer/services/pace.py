"""How long a talk takes: in all and at each step, beside what was planned."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.walkthrough import Step
    from viewer.services.player import Player

ON_PLAN_WITHIN_S = 10.0


def clock_words(seconds: float) -> str:
    """Return a time as minutes and seconds, such as "02:14"; hours stand in front where there are any."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def short_words(seconds: float) -> str:
    """Return a time as a list says it, such as "0:40"."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}:{rest:02}"


class Pace:
    """Follows a player and adds up the time at each step while it runs; coming back to a step goes on adding.

    Parameters
    ----------
    player
        What is followed.
    now
        Seconds on a clock that never goes back.
    """

    def __init__(self, player: Player, now: Callable[[], float] = time.monotonic) -> None:
        self._player = player
        self._now = now
        self._running = False
        self._since = now()
        self._spent: dict[str, float] = {}
        self._at: str | None = None
        # The step at which counting began from zero, once another one is shown.
        self._first: str | None = None
        player.changed.connect(self._look)

    @property
    def running(self) -> bool:
        """True while time is counted."""
        return self._running

    @property
    def elapsed_s(self) -> float:
        """Time at all steps."""
        return sum(self._spent.values()) + self._open_s

    @property
    def step_s(self) -> float:
        """Time at the step that is shown."""
        return self.spent_s(self._at) if self._at is not None else 0.0

    @property
    def planned_s(self) -> float:
        """Planned time of the whole case."""
        return sum(step.duration_s for step in self._player.steps)

    @property
    def step_planned_s(self) -> float:
        """Planned time of the step that is shown."""
        return self._player.step.duration_s if self._player.step is not None else 0.0

    @property
    def spent(self) -> dict[str, float]:
        """Time at each step that was shown, by the step's id."""
        ids = [*self._spent, *([self._at] if self._at is not None and self._at not in self._spent else [])]
        return {step_id: self.spent_s(step_id) for step_id in ids}

    def spent_s(self, step_id: str) -> float:
        """Return the time at one step."""
        return self._spent.get(step_id, 0.0) + (self._open_s if step_id == self._at else 0.0)

    @property
    def behind_s(self) -> float:
        """How much later it is than planned at this place of the case; below 0 where it is earlier.

        The plan is counted from the step at which the clock stood at zero, as that of a talk that goes on there.
        """
        index = self._player.index
        if index is None:
            return 0.0
        steps: tuple[Step, ...] = self._player.steps
        first = next((n for n, step in enumerate(steps) if step.id == self._first), index)
        told, again = (sum(step.duration_s for step in steps[a:b]) for a, b in ((first, index), (index, first)))
        return self.elapsed_s - (told - again + min(self.step_s, self.step_planned_s))

    @property
    def plan_words(self) -> str:
        """Whether it is on plan, in words."""
        late = self.behind_s
        if abs(late) < ON_PLAN_WITHIN_S:
            return "On plan"
        return f"{short_words(abs(late))} {'behind' if late > 0 else 'ahead'}"

    def start(self) -> None:
        """Count, from where it was left."""
        if not self._running:
            self._running = True
            self._since = self._now()
        self._look()

    def pause(self) -> None:
        """Stop counting until `start`."""
        self._settle()
        self._running = False

    def reset(self) -> None:
        """Begin at zero, running or not."""
        self._spent.clear()
        self._first = None
        self._since = self._now()

    @property
    def _open_s(self) -> float:
        return self._now() - self._since if self._running and self._at is not None else 0.0

    def _settle(self) -> None:
        if self._at is not None and self._running:
            self._spent[self._at] = self._spent.get(self._at, 0.0) + self._open_s
            self._first = self._first or self._at
        self._since = self._now()

    def _look(self) -> None:
        step = self._player.step
        at = step.id if step is not None else None
        if at != self._at:
            self._settle()
            self._at = at
