"""The words of a question and of its answer, as Markdown for the narration card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.domain.count_words import count_words
from viewer.domain.finding import SourceKind
from viewer.ui.finding_words import volume_words

if TYPE_CHECKING:
    from viewer.domain.finding import Finding
    from viewer.domain.step_acts import Question
    from viewer.domain.walkthrough import Step
    from viewer.services.asking import Asking, Guess, Revealed

# The patient's own sides, whatever side of the screen they are on.
_WAYS = (
    ("on the patient’s right of it", "on the patient’s left of it"),
    ("in front of it", "behind it"),
    ("below it", "above it"),
)


def told_now(step: Step, asking: Asking, visitors: int = 0) -> Step:
    """Return a step with what is told at this moment: its question, or its narration and what came out.

    `visitors` is how many earlier guesses are shown over the anatomy; 0 where none are.
    """
    question = asking.question
    if question is None:
        return step
    if asking.open:
        return asking_step(step, question, len(asking.guesses))
    if asking.revealed is None:
        return step
    # One paragraph, a line each.
    said = "  \n".join(_lines(asking.revealed, visitors))
    return evolve(step, narration=f"{step.narration.strip()}\n\n{said}")


def asking_step(step: Step, question: Question, guesses: int) -> Step:
    """Return a step with its question in the place of what it tells, and how often was guessed."""
    return evolve(step, title=question.text, narration=_asking_words(guesses))


def distance_words(guess: Guess) -> str:
    """Return how near a guess came: "inside", "12 mm", or "" where there is nothing to hold it against."""
    if guess.near is None:
        return ""
    return "inside" if guess.near.inside else _mm(guess.near.distance_mm)


def place_words(guess: Guess) -> str:
    """Return how near a guess came and on which side, such as "12 mm, on the patient’s right of it"."""
    if guess.near is None or guess.near.inside:
        return distance_words(guess)
    away = np.subtract(guess.place_lps_mm, guess.near.nearest_lps_mm)
    axis = int(np.argmax(np.abs(away)))
    if abs(float(away[axis])) < 0.05:
        return distance_words(guess)
    return f"{distance_words(guess)}, {_WAYS[axis][int(away[axis] > 0)]}"


def _mm(distance: float) -> str:
    # Whole millimetres: nobody points more exactly than that.
    return f"{distance:.0f} mm" if distance >= 1 else "1 mm"


def _asking_words(count: int) -> str:
    if not count:
        return "Click where you see it."
    return f"**{count} {'guess' if count == 1 else 'guesses'}**\n\n*Click one again to take it back.*"


def _lines(revealed: Revealed, visitors: int) -> list[str]:
    best, said = revealed.best, []
    if best is not None:
        name = "Guess" if len(revealed.guesses) == 1 else f"Best of {len(revealed.guesses)} guesses"
        said.append(f"**{name}** {place_words(best)}")
    elif revealed.guesses and revealed.alarms is not None:
        name = "Guess" if len(revealed.guesses) == 1 else f"{len(revealed.guesses)} guesses"
        said.append(f"**{name}** nothing is there")
    told = revealed.said and not revealed.awaited
    if revealed.sought is not None:
        if told:
            said.append(f"**Model** {_model_words(revealed)}")
        # Of what has no place the truth of lesions says neither that it is there nor that it is not.
        if revealed.sought.placed and (revealed.truth_known or revealed.sought.source.kind is SourceKind.TRUTH):
            said.append(f"**Truth** {_truth_words(revealed)}")
    elif revealed.alarms is not None:
        if told:
            said.append(f"**Model** {_alarm_words(revealed.alarms)}")
        said.append("**Truth** nothing to find here")
    if visitors:
        said.append(f"*{visitors} {'guess' if visitors == 1 else 'guesses'} of visitors, brighter where more*")
    return said


def _model_words(revealed: Revealed) -> str:
    model = revealed.model
    if model is None:
        return "names no place" if revealed.placeless else "missed it"
    score = f", score {model.score:.2f}" if model.score is not None else ""
    sought = revealed.sought
    alarm = revealed.truth_known and sought is not None and sought.source.kind is not SourceKind.TRUTH
    nowhere = sought is not None and not sought.placed
    return ("reported it" if alarm or nowhere else "found it") + score + (" *recorded*" if model.recorded else "")


def _alarm_words(alarms: tuple[Finding, ...]) -> str:
    if not alarms:
        return "reported nothing"
    recorded = " *recorded*" if any(alarm.recorded for alarm in alarms) else ""
    return f"reported {count_words(len(alarms), 'finding')}{recorded}"


def _truth_words(revealed: Revealed) -> str:
    sought = revealed.sought
    assert sought is not None
    if sought.source.kind is not SourceKind.TRUTH:
        return "nothing is there"
    volume = volume_words(sought) if sought.volume_ml is not None else "it is there"
    return f"{volume}, {sought.place.lower()}" if sought.place else volume
