"""A step that asks first: findings are veiled until it is revealed, and guesses are held against what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from viewer.analysis.nearness import Nearness, nearness, nearness_to_point
from viewer.domain.finding import Finding, MatchState, SourceKind
from viewer.domain.geometry import PLANE_AXES
from viewer.domain.sturdy_signal import sturdy
from viewer.domain.view_state import Point, as_point

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.step_acts import Question
    from viewer.domain.view_state import ViewState
    from viewer.domain.walkthrough import Step

MOST_GUESSES = 12


def without_the_answer(view: ViewState) -> ViewState:
    """Return a view whose other planes pass through the middle of the large one, and not through what is asked for."""
    plane = view.main.plane
    if plane is None:
        return view
    seen, into = view.plane(plane), PLANE_AXES[plane].into
    if seen.turned is not None:
        return view
    middle = np.asarray(seen.centre_lps_mm)
    depth = float((np.asarray(view.cursor_lps_mm) - middle) @ into)
    return evolve(view, cursor_lps_mm=as_point(middle + depth * into))


@frozen(eq=False)
class Guess:
    """A guess and how near it came; `sought` is the lesion that it was held against, None for a bare place."""

    place_lps_mm: Point
    near: Nearness | None = None
    sought: Finding | None = None


@frozen(eq=False)
class Revealed:
    """What there is to say once a step has been revealed.

    Attributes
    ----------
    guesses
        As they were made, each with its distance.
    sought
        The lesion that was looked for, or the one nearest to a guess: a truth where the case brings one.
    model
        The model's finding of it at the view's threshold; None where it reported nothing there.
    truth_known
        True where the ground truth is known.
    awaited
        True while the model runs live, and nothing is known of what it says.
    said
        True where a model or a reader has said something, be it nothing.
    alarms
        Where there is nothing to find, what was said to be there all the same; None where there is something.
    placeless
        True where the model said something without a place, which finds no lesion and misses none.
    """

    guesses: tuple[Guess, ...]
    sought: Finding | None
    model: Finding | None
    truth_known: bool
    awaited: bool = False
    said: bool = True
    alarms: tuple[Finding, ...] | None = None
    placeless: bool = False

    @property
    def best(self) -> Guess | None:
        """The guess that came nearest."""
        near = [guess for guess in self.guesses if guess.near is not None]
        return min(near, key=lambda guess: guess.near.distance_mm if guess.near else 0.0, default=None)


class Asking:
    """The question of the step that is shown. `changed` tells that it, or a guess, is different.

    While it is `open`, the session is veiled. `given` carries the step and its guesses when it is revealed.
    """

    changed = sturdy()
    given = sturdy(object, object)

    def __init__(self, session: Session) -> None:
        self._session = session
        self._step: Step | None = None
        self._open = False
        self._guesses: tuple[Point, ...] = ()
        self._revealed: Revealed | None = None
        for signal in (session.findings_changed, session.matching_changed, session.awaited_changed):
            signal.connect(self._model_changed)

    @property
    def question(self) -> Question | None:
        """The question of the step, whether it is open or not; None where it has none."""
        return self._step.question if self._step is not None else None

    @property
    def open(self) -> bool:
        """True while the answer is hidden."""
        return self._open

    @property
    def guesses(self) -> tuple[Point, ...]:
        """Where it was guessed, LPS mm, the first first."""
        return self._guesses

    @property
    def revealed(self) -> Revealed | None:
        """What came out; None while the question is open, and on steps that ask nothing."""
        return self._revealed

    def begin(self, step: Step) -> None:
        """Ask what a step asks, anew; a step that asks nothing ends what was asked."""
        self._step = step if step.question is not None else None
        self._open = self._step is not None
        self._guesses, self._revealed = (), None
        self._session.veiled = self._open
        self.changed.emit()

    def end(self) -> None:
        """Ask nothing any more, and hide nothing."""
        if self._step is None and not self._open:
            return
        self._step, self._open, self._guesses, self._revealed = None, False, (), None
        self._session.veiled = False
        self.changed.emit()

    def guess(self, place_lps_mm: Point) -> None:
        """Mark a guess; of very many the first are forgotten."""
        if self._open:
            self._guesses = (*self._guesses, place_lps_mm)[-MOST_GUESSES:]
            self.changed.emit()

    def take_back(self, number: int = -1) -> None:
        """Take a guess back, counted from 0; without a number the last one."""
        if self._open and self._guesses:
            left = list(self._guesses)
            del left[number]
            self._guesses = tuple(left)
            self.changed.emit()

    def reveal(self) -> None:
        """Show the answer, and hold every guess against it."""
        step = self._step
        if step is None or not self._open:
            return
        self._open = False
        self._session.veiled = False
        self._revealed = self._answer(step)
        self.given.emit(step, self._guesses)
        self.changed.emit()

    # --- the answer

    def _answer(self, step: Step) -> Revealed:
        session, question = self._session, step.question
        assert question is not None
        sought = self._sought(step)
        guesses = tuple(self._held(place, question.at_lps_mm, sought) for place in self._guesses)
        best = Revealed(guesses, None, None, truth_known=session.truth is not None).best
        one = best.sought if best is not None else None
        if one is None and len(sought) == 1:
            one = sought[0]
        return Revealed(
            guesses, one, self._found(one), session.truth is not None, session.awaited, session.anything_said,
            None if sought or question.at_lps_mm is not None or not self._nothing_to_find else session.shown_findings,
            self._placeless,
        )  # fmt: skip

    @property
    def _placeless(self) -> bool:
        matching = self._session.matching
        return matching is not None and matching.unplaced > 0

    @property
    def _nothing_to_find(self) -> bool:
        return self._session.truth is not None and not self._session.lesions

    def _model_changed(self, *_: object) -> None:
        """Say anew what the model says: it ran on stage, or the threshold moved. Distances stay."""
        told = self._revealed
        if told is None:
            return
        session = self._session
        model, awaited, said = self._found(told.sought), session.awaited, session.anything_said
        alarms = None if told.alarms is None else session.shown_findings
        now, before = (awaited, said, alarms, self._placeless), (told.awaited, told.said, told.alarms, told.placeless)
        if model is not told.model or now != before:
            self._revealed = evolve(
                told, model=model, awaited=awaited, said=said, alarms=alarms, placeless=self._placeless
            )
            self.changed.emit()

    def _sought(self, step: Step) -> tuple[Finding, ...]:
        """Return the lesions that count as the answer, each as the truth has it where there is truth."""
        session, question = self._session, step.question
        assert question is not None
        if question.at_lps_mm is not None:
            return ()
        named = question.finding or step.view.selected_finding
        if named:
            return tuple(self._as_truth(one) for one in (*session.lesions, *session.findings) if one.id == named)[:1]
        placed = [one for one in session.lesions if one.placed]
        if not placed and not self._nothing_to_find:
            shown = (one for one in session.findings if one.score is None or one.score >= step.view.threshold)
            placed = [one for one in shown if one.placed]
        return tuple(placed)

    def _as_truth(self, one: Finding) -> Finding:
        pairs = self._session.matching.pairs if self._session.matching is not None else ()
        wanted = next((truth for found, truth, _ in pairs if found == one.id), None)
        return next((truth for truth in self._session.lesions if truth.id == wanted), one)

    def _found(self, one: Finding | None) -> Finding | None:
        """Return the model's finding of a lesion at the operating point."""
        session = self._session
        if one is None:
            return None
        if one.source.kind is not SourceKind.TRUTH:
            # A finding keeps its id when the model runs again.
            said = next((finding for finding in session.findings if finding.id == one.id), None)
            threshold = session.view.threshold if session.view is not None else 0.0
            return said if said is not None and (said.score is None or said.score >= threshold) else None
        matching = session.matching
        if matching is None or matching.of_truth.get(one.id) is not MatchState.FOUND:
            return None
        wanted = next((found for found, truth, _ in matching.pairs if truth == one.id), None)
        return next((finding for finding in session.findings if finding.id == wanted), None)

    def _held(self, place: Point, point: Point | None, sought: tuple[Finding, ...]) -> Guess:
        volume = self._session.volume
        if volume is None or not volume.measurable:
            # Where places cannot be trusted, nothing is measured between them.
            return Guess(place)
        if point is not None:
            return Guess(place, nearness_to_point(place, point))
        # What is said of the series, or of slices alone, lies nowhere that a guess could be near to.
        near = [(nearness(place, one, volume.stack), one) for one in sought if one.placed]
        if not near:
            return Guess(place)
        nearest, one = min(near, key=lambda pair: pair[0].distance_mm)
        return Guess(place, nearest, one)
