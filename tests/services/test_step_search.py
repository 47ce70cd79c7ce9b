"""Steps are found as people ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from viewer.analysis.matching import match
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.walkthrough import Step
from viewer.io.case_document import read_case
from viewer.services.step_search import (
    find_in_cases,
    find_steps,
    finding_names,
    needs_more_digits,
    step_by_number,
)

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.walkthrough import Case


@pytest.fixture(scope="module")
def head(repository: Path) -> Case:
    """Return a bundled case's place with a story of its own, which stays when that of the case is told anew."""
    case = read_case(repository / "demo_cases" / "head-epidural")
    view = evolve(case.steps[0].view, selected_finding=None)
    large, tiny = (evolve(view, selected_finding=ident) for ident in ("large", "tiny"))
    steps = (
        Step("fall", "A fall from a ladder", "Where would you look first?", view, notes="Wait for an answer."),
        Step("skull", "The skull, intact", "There is no fracture line.", view, notes="Turn it with the mouse."),
        Step("bleed", "Blood pressed against the bone", "A lens-shaped bleed.", large),
        Step("surface", "One solid shape", "The same voxels as a surface.", view),
        Step("threshold", "At a threshold of 0.45", "One more comes up.", tiny),
    )
    return evolve(case, steps=steps)


def small(ident: str, volume_ml: float, label: str = "Bleed") -> Finding:
    return Finding(
        ident, "2.25.1", "bleed", label, Source(SourceKind.MODEL, "Finder"), (0, 0, 0), ((0, 1), (0, 1), (0, 1)),
        volume_ml=volume_ml,
    )  # fmt: skip


def titles(case: Case, asked: str, names: dict[str, str] | None = None) -> list[str]:
    return [found.step.title for found in find_steps(case, asked, names)]


def test_nothing_asked_lists_all_steps_in_order(head: Case) -> None:
    assert titles(head, "  ") == [step.title for step in head.steps]


def test_a_whole_sentence_finds_the_step_of_the_finding_it_means(head: Case) -> None:
    one, other = (step for step in head.steps if step.id in ("bleed", "threshold"))
    names = finding_names(
        [small(one.view.selected_finding or "", 17.8), small(other.view.selected_finding or "", 0.18)]
    )
    assert titles(head, "Take me to the small bleed, please", names) == [other.title]
    assert titles(head, "the large bleed", names)[0] == one.title


def test_a_finding_that_is_wrong_is_found_as_a_false_alarm(head: Case) -> None:
    one = next(step for step in head.steps if step.id == "bleed")
    wrong = small(one.view.selected_finding or "", 17.8)
    names = finding_names([wrong], (), match([wrong], (), 0.0))
    assert titles(head, "the false alarm", names) == [one.title]
    assert "alarm" not in finding_names([wrong], (), None)[wrong.id]


def test_words_fit_from_their_beginning_in_titles_narration_and_notes(head: Case) -> None:
    assert titles(head, "LADD") == ["A fall from a ladder"]
    assert "The skull, intact" in titles(head, "fracture")
    assert titles(head, "mouse") == ["The skull, intact"]
    assert titles(head, "no such thing as a giraffe") != []
    assert titles(head, "giraffe") == []


def test_a_word_in_the_title_counts_for_more_than_one_in_the_notes(head: Case) -> None:
    steps = (evolve(head.steps[0], notes="threshold"), *head.steps[1:])
    assert titles(evolve(head, steps=steps), "threshold")[0] == "At a threshold of 0.45"


def test_a_number_names_its_step(head: Case) -> None:
    assert titles(head, "3") == [head.steps[2].title]
    assert step_by_number("9", 8) is None
    assert step_by_number("²", 8) is None
    assert needs_more_digits("1", 12)
    assert needs_more_digits("1", 10)
    assert not needs_more_digits("1", 9)
    assert not needs_more_digits("2", 12)


def test_all_cases_are_searched_by_words_of_case_and_step(repository: Path) -> None:
    cases = [read_case(path.parent) for path in sorted((repository / "demo_cases").glob("*/case.json"))]
    found = find_in_cases(cases, "lung threshold")
    assert [(each.case.id, each.step.id) for each in found][:1] == [("lung-nodules", "threshold")]
    assert {each.case.id for each in find_in_cases(cases, "head")} >= {"head-epidural"}
    assert find_in_cases(cases, "giraffe") == ()
