"""Walks an audience through a case: steps are states; wander off at any time and resume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from viewer.domain.view_state import difference_in_words
from viewer.services.navigation import Motion, Navigation

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.walkthrough import Step


class Player:
    """The place in the walkthrough of the session's case. `changed` is emitted whenever what it says differs."""

    changed = Signal()

    def __init__(self, session: Session, navigation: Navigation) -> None:
        self._session = session
        self._navigation = navigation
        self._black = False
        self._said: tuple[object, ...] = ()
        session.view_changed.connect(self._look)
        session.step_changed.connect(self._look)
        session.case_changed.connect(self._case_changed)
        navigation.arrived.connect(self._look)

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
    def exploring_words(self) -> str:
        """What differs from the step, such as "5.0 mm towards the head"; "" on script."""
        step, view = self.step, self._session.view
        if step is None or view is None or self._navigation.moving:
            return ""
        return difference_in_words(step.view, view)

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
        """Fly to the next step; at the last one, back onto it."""
        index = self._session.step
        self.jump(0 if index is None else min(index + 1, len(self.steps) - 1))

    def back(self) -> None:
        """Fly to the step before; at the first one, back onto it."""
        self.jump(max(0, (self._session.step or 0) - 1))

    def resume(self) -> None:
        """Fly back from wherever the user wandered."""
        if self._session.step is not None:
            self.jump(self._session.step)

    def toggle_black(self) -> None:
        """Make the stage black, or show it again."""
        self._black = not self._black
        self._look()

    def _show(self, index: int, motion: Motion) -> None:
        if not 0 <= index < len(self.steps):
            return
        self._black = False
        self._session.step = index
        self._navigation.go(self.steps[index].view, motion, remember=False)
        self._look()

    def _case_changed(self) -> None:
        self._black = False
        self._session.step = 0 if self.steps else None
        self._look()

    def _look(self) -> None:
        said = (self._session.step, self._black, self.exploring_words, self._session.case)
        if said != self._said:
            self._said = said
            self.changed.emit()
