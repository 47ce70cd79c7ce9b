"""Finds steps by words: "take me to the small bleed"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.finding import MatchState
from viewer.domain.masking import words_of
from viewer.domain.walkthrough import Case

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from viewer.domain.finding import Finding, Matching
    from viewer.domain.walkthrough import Step

# What people say around what they look for.
_SAID_ALONG = frozenset(
    "a again an and at back bring can find for get give go have i in is it let me now of on one please see show "
    "slide step take tell that the there this to us was we what where which with you".split()
)
_TITLE, _FINDING, _NARRATION, _NOTES = 8.0, 5.0, 3.0, 2.0
_SMALLEST = "small smaller smallest little tiny"
_MISSED = "missed overlooked"
_FALSE = "false alarm wrong"
_LARGEST = "large larger largest big bigger biggest"


@frozen
class FoundStep:
    """A step that was looked for: its case, its number from 0, and how well it fits."""

    case: Case
    index: int
    score: float

    @property
    def step(self) -> Step:
        """The step."""
        return self.case.steps[self.index]


def step_by_number(text: str, count: int) -> int | None:
    """Return the step from 0 that a typed number names, None where the text is none of `count` steps' numbers."""
    said = text.strip()
    return int(said) - 1 if said.isascii() and said.isdigit() and 1 <= int(said) <= count else None


def needs_more_digits(text: str, count: int) -> bool:
    """Return whether a number that was typed could be the beginning of another step's."""
    number = step_by_number(text, count)
    return number is not None and (number + 1) * 10 <= count


def find_steps(case: Case, asked: str, names: Mapping[str, str] | None = None) -> tuple[FoundStep, ...]:
    """Return the steps that words fit, the best first; all of them, in order, where nothing is asked.

    A step is searched in its title, narration and notes, and in what the finding that it has in hand may be called:
    `names` of `finding_names`, by id. Words fit from their beginning ("epid"). Steps that fit fewer words than the
    best does are left out.
    """
    number = step_by_number(asked, len(case.steps))
    if number is not None:
        return (FoundStep(case, number, 1.0),)
    said = [word for word in words_of(asked) if word]
    wanted = [word for word in said if word not in _SAID_ALONG] or said
    if not wanted:
        return tuple(FoundStep(case, n, 0.0) for n in range(len(case.steps)))
    named = names or {}
    scored = [
        (_fitting(step, named.get(step.view.selected_finding or "", ""), wanted), n)
        for n, step in enumerate(case.steps)
    ]
    most = max((fits for (fits, _), _ in scored), default=0)
    if not most:
        return ()
    best = sorted((-score, n) for (fits, score), n in scored if fits == most)
    return tuple(FoundStep(case, n, -score) for score, n in best)


def find_in_cases(cases: Iterable[Case], asked: str) -> tuple[FoundStep, ...]:
    """Return steps of many cases that words fit, the best first; where a case alone fits, its first step.

    Words of a case's title, summary and part of the body count for each of its steps.
    """
    wanted = [word for word in words_of(asked) if word and word not in _SAID_ALONG]
    found: list[tuple[int, FoundStep]] = []
    for case in cases:
        if not case.steps:
            continue
        about = f"{case.title} {case.summary} {case.body_part}"
        of_case = sum(_has(about, word) for word in wanted)
        scored = []
        for n, step in enumerate(case.steps):
            told, score = _fitting(step, "", wanted)
            both = sum(_has(about, word) or _fitting(step, "", [word])[0] > 0 for word in wanted)
            if told:
                scored.append((both, FoundStep(case, n, score)))
        best = max((both for both, _ in scored), default=0)
        if scored and (best > of_case or max(each.score for _, each in scored) >= _TITLE):
            found += scored
        elif of_case or not wanted:
            found.append((of_case, FoundStep(case, 0, _TITLE)))
    most = max((fits for fits, _ in found), default=0)
    return tuple(sorted((each for fits, each in found if fits == most), key=lambda each: -each.score))


def _fitting(step: Step, named: str, wanted: list[str]) -> tuple[int, float]:
    """Return how many of the words fit a step, and how well."""
    fits, score = 0, 0.0
    told = step.narration if step.question is None else f"{step.narration} {step.question.text}"
    places = ((step.title, _TITLE), (named, _FINDING), (told, _NARRATION), (step.notes, _NOTES))
    for word in wanted:
        best = max((weight for text, weight in places if _has(text, word)), default=0.0)
        fits += best > 0
        score += best
    return fits, score


def _has(text: str, word: str) -> bool:
    return any(each.startswith(word) or (len(word) > 3 and _stem(each) == _stem(word)) for each in words_of(text))


def _stem(word: str) -> str:
    """Return an English word without the ending that makes it many."""
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def finding_names(
    findings: Iterable[Finding], truth: Iterable[Finding] = (), matching: Matching | None = None
) -> dict[str, str]:
    """Return what each finding may be called, by its id: label, place, side, its size beside the others', missed.

    Of several findings the smallest is called small and the largest large, of the truth likewise; a truth that nothing
    matches is missed, and a finding that matches no truth a false alarm.
    """
    names: dict[str, str] = {}
    for group in (tuple(findings), tuple(truth)):
        names |= {f.id: " ".join((f.label, f.label_key, f.place, f.region, f.laterality)) for f in group}
        sized = sorted((size, f.id) for f in group if (size := f.volume_ml or f.long_axis_mm))
        if len(sized) > 1:
            names[sized[0][1]] += f" {_SMALLEST}"
            names[sized[-1][1]] += f" {_LARGEST}"
    for truth_id, state in (matching.of_truth if matching is not None else {}).items():
        if state is MatchState.MISSED and truth_id in names:
            names[truth_id] += f" {_MISSED}"
    for finding_id, state in (matching.of_finding if matching is not None else {}).items():
        if state is MatchState.FALSE_POSITIVE and finding_id in names:
            names[finding_id] += f" {_FALSE}"
    return names
