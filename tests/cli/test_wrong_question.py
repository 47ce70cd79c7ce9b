"""A step that asks for a finding which the case does not have: refused before anybody is asked, with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from tests.cli.conftest import casestage
from viewer.domain.errors import CaseDocumentError
from viewer.domain.job import JobContext
from viewer.domain.step_acts import Question
from viewer.io.case_document import read_case, write_case
from viewer.services.loading import load_case

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Case


def asking(case: Case, finding: str) -> Case:
    """Write the case with a question for a finding at its second step, and return it as it is read."""
    steps = (case.steps[0], evolve(case.steps[1], question=Question("Where is it?", finding=finding)))
    write_case(Path(case.folder), evolve(case, steps=steps))
    return read_case(Path(case.folder))


@pytest.mark.parametrize("finding", ["block-1", "truth-1"])
def test_what_the_model_or_the_truth_names_can_be_asked_for(small_case: Case, finding: str) -> None:
    case = asking(small_case, finding)
    assert load_case(case, JobContext()).case == case
    assert casestage("case", "check", case.folder).code == 0


def test_an_unknown_finding_is_refused_with_its_place_in_the_document(small_case: Case) -> None:
    case = asking(small_case, "truth-9")
    with pytest.raises(CaseDocumentError) as refused:
        load_case(case, JobContext())
    assert "steps[1].question.finding: the case has no finding “truth-9”" in refused.value.sentence
    assert "block-1, truth-1" in refused.value.hint
    said = casestage("case", "check", case.folder, "--json")
    assert said.code == 1
    objection = json.loads(said.out)["objections"][0]
    assert objection["where"] == "Document"
    assert "steps[1].question.finding" in objection["what"]
    assert objection["grave"]
