"""Walks an audience through a case: steps are states; wander off at any time and resume."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from viewer.domain.session import Workspace
from viewer.domain.sturdy_signal import sturdy
from viewer.domain.view_difference import difference_in_words
from viewer.services.acting import Acting
from viewer.services.asking import Asking, without_the_answer
from viewer.services.navigation import Motion, Navigation

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.domain.walkthrough import Step


class Player:
    """The place in the walkthrough of the session's case. `changed` is emitted whenever what it says differs.

    `asking` holds the question of a step that asks first, `acting` what a step does by itself.
    """

    changed = sturdy()

    def __init__(self, session: Session, navigation: Navigation, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._navigation = navigation
        self.asking = Asking(session)
        self.acting = Acting(session, clock)
        self._black = False
        self._said: tuple[object, ...] = ()
        session.view_changed.connect(self._look)
        session.step_changed.connect(self._look)
        session.case_changed.connect(self._case_changed)
        session.workspace_changed.connect(self._workspace_changed)
        navigation.arrived.connect(self._arrived)
        self.asking.changed.connect(self._look)
        self.acting.changed.connect(self._look)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the open case."""
        return self._session.case.steps if self._session.case else ()

    @property
    def step(self) -> Step | None:
        """The step that the story is at."""
        index = self._session.step
        return self.steps[index] if index is not None and index < len(self.steps) else None

    @property
    def index(self) -> int | None:
        """The number of that step, from 0."""
        return self._session.step if self.step else None

    @property
    def black(self) -> bool:
        """True while the stage is black."""
        return self._black

    @property
    def script(self) -> ViewState | None:
        """What the step shows at this moment of its story, were nothing touched."""
        step = self.step
        return None if step is None else self._script(step)

    @property
    def exploring_words(self) -> str:
        """What differs from the step, such as "5.0 mm towards the head"; "" on script."""
        script, view = self.script, self._session.view
        if script is None or view is None or self._navigation.moving:
            return ""
        return difference_in_words(script, view)

    @property
    def exploring(self) -> bool:
        """True where the view is not the step's."""
        return bool(self.exploring_words)

    def start(self, index: int = 0) -> None:
        """Show a step at once, without a motion."""
        self._show(index, Motion.NONE)

    def jump(self, index: int) -> None:
        """Fly to a step; one that does not exist is ignored."""
        self._show(index, Motion.STEP)

    def next(self) -> None:
        """Reveal what the step asks; where nothing is asked, fly to the next step, at the last one back onto it."""
        if self.asking.open:
            self.reveal()
            return
        self.skip()

    def skip(self) -> None:
        """Fly to the next step, whatever is asked; at the last one, back onto it."""
        index = self._session.step
        self.jump(0 if index is None else min(index + 1, len(self.steps) - 1))

    def back(self) -> None:
        """Fly to the step before; at the first one, back onto it. What it asks it asks again."""
        self.jump(max(0, (self._session.step or 0) - 1))

    def resume(self) -> None:
        """Fly back from wherever the user wandered; guesses stay, and what a step did by itself it does not repeat."""
        step = self.step
        if step is not None:
            self._black = False
            self.acting.settle()
            self._navigation.go(self._script(step), Motion.STEP, remember=False)
            self._look()

    def reveal(self) -> None:
        """Show the answer to what the step asks, and fly to where it is."""
        step = self.step
        if step is None or not self.asking.open:
            return
        self._black = False
        self.asking.reveal()
        self.acting.prepare(step)
        self._navigation.go(self.acting.script(step), Motion.STEP, remember=False)
        self._look()

    def proceed(self) -> None:
        """Reveal what the step asks; where nothing is asked, fly back from wherever the user wandered."""
        if self.asking.open:
            self.reveal()
        else:
            self.resume()

    def toggle_black(self) -> None:
        """Make the stage black, or show it again."""
        self._black = not self._black
        self._look()

    def _script(self, step: Step) -> ViewState:
        """Return what a step shows at this moment; while it asks, the other planes do not pass through the answer."""
        view = self.acting.script(step)
        return without_the_answer(view) if self.asking.open else view

    def _show(self, index: int, motion: Motion) -> None:
        if not 0 <= index < len(self.steps):
            return
        self._black = False
        step = self.steps[index]
        self._session.step = index
        self.acting.stop()
        # Who left the stage before the case was whole is at the desk by now.
        if self._session.workspace in (Workspace.REVIEW, Workspace.INSPECT):
            self.asking.end()
        else:
            self.asking.begin(step)
            if not self.asking.open:
                self.acting.prepare(step)
        self._navigation.go(self._script(step), motion, remember=False)
        self._look()

    def _arrived(self) -> None:
        self.acting.arrived()
        self._look()

    def _workspace_changed(self, new: Workspace, _old: Workspace) -> None:
        # At the desk nothing is hidden, and nothing moves by itself.
        if new is not Workspace.PRESENT:
            self.asking.end()
            self.acting.stop()

    def _case_changed(self) -> None:
        self.asking.end()
        self.acting.stop()
        self._black = False
        self._session.step = 0 if self.steps else None
        self._look()

    def _look(self) -> None:
        asked = (self.asking.open, self.asking.guesses, self.asking.revealed)
        said = (self._session.step, self._black, self.exploring_words, self._session.case, asked, self.acting.running)
        if said != self._said:
            self._said = said
            self.changed.emit()
