"""What a step does by itself once its view is there: the threshold sweeps, the curtain is drawn. A touch stops it."""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING

from viewer.domain.session import Workspace
from viewer.domain.step_acts import acted, acts_from
from viewer.domain.sturdy_signal import sturdy

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.domain.walkthrough import Step

# After a pause of the event loop (a laptop that slept) an act goes on from where it was.
LONGEST_FRAME_S = 0.25


class _Stage(Enum):
    NONE = "none"
    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    TOUCHED = "touched"


class Acting:
    """Moves the session's view as the step in hand says. The user interface calls `tick` while `running`.

    `started` is emitted when an act begins, `changed` when it begins, ends, or is stopped.
    """

    started = sturdy()
    changed = sturdy()

    def __init__(self, session: Session, clock: Callable[[], float] = time.monotonic) -> None:
        self._session, self._clock = session, clock
        self._step: Step | None = None
        self._stage = _Stage.NONE
        self._elapsed_s, self._last_s = 0.0, 0.0
        self._setting = False
        session.view_changed.connect(self._view_changed)

    @property
    def running(self) -> bool:
        """True while something sweeps or is drawn."""
        return self._stage is _Stage.RUNNING

    @property
    def sweeping(self) -> Step | None:
        """The step in hand where it sweeps the threshold, also before and after; None elsewhere."""
        return self._step if self._step is not None and self._step.sweep is not None else None

    def script(self, step: Step) -> ViewState:
        """Return what a step shows at this moment, were nothing touched."""
        if step is not self._step or self._stage in (_Stage.NONE, _Stage.TOUCHED):
            return step.view
        if self._stage is _Stage.WAITING:
            return acts_from(step.view, step.sweep, step.curtain)
        return acted(step.view, step.sweep, step.curtain, self._elapsed_s)

    def prepare(self, step: Step) -> None:
        """Begin what a step does as soon as its view is there."""
        acts = step.sweep is not None or step.curtain is not None
        self._step = step if acts else None
        self._elapsed_s = 0.0
        self._to(_Stage.WAITING if acts else _Stage.NONE)

    def stop(self) -> None:
        """Do nothing any more, of no step."""
        self._step = None
        self._to(_Stage.NONE)

    def touch(self) -> None:
        """Stop where it is: somebody took over. From then on the step's script is its own view."""
        if self._stage is _Stage.RUNNING:
            self._to(_Stage.TOUCHED)

    def settle(self) -> None:
        """Do nothing more of the step in hand, whose script is its own view from now on."""
        if self._step is not None:
            self._to(_Stage.TOUCHED)

    def arrived(self) -> None:
        """Begin where the step's view has been reached; where a motion was stopped on its way, leave it."""
        step = self._step
        if step is None or self._stage is not _Stage.WAITING or self._session.workspace is not Workspace.PRESENT:
            return
        if self._session.view == self.script(step):
            self._last_s = self._clock()
            self._to(_Stage.RUNNING)
            self.started.emit()

    def tick(self, *, held: bool = False) -> bool:
        """Set the view that belongs to this moment; return True while more follows. `held` lets no time pass."""
        step, now = self._step, self._clock()
        passed, self._last_s = min(now - self._last_s, LONGEST_FRAME_S), now
        if step is None or self._stage is not _Stage.RUNNING:
            return False
        if held:
            return True
        self._elapsed_s += passed
        self._set(acted(step.view, step.sweep, step.curtain, self._elapsed_s))
        lasting = max(act.duration_s for act in (step.sweep, step.curtain) if act is not None)
        if self._elapsed_s >= lasting:
            self._to(_Stage.ENDED)
        return self.running

    def _set(self, view: ViewState) -> None:
        self._setting = True
        try:
            self._session.view = view
        finally:
            self._setting = False

    def _view_changed(self, _new: object, _old: object) -> None:
        if not self._setting and self._stage is _Stage.RUNNING:
            self.touch()

    def _to(self, stage: _Stage) -> None:
        if stage is not self._stage:
            self._stage = stage
            self.changed.emit()
