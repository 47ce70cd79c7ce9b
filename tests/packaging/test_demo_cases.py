"""The bundled cases say what their script tells, look as their kept pictures show, and know answers to questions."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from tests.cli.conftest import casestage
from viewer.domain.job import JobContext
from viewer.domain.presenter_notes import parse_notes
from viewer.io.case_document import read_case, write_case
from viewer.io.step_pictures import FOLDER, picture_name
from viewer.services.cases import installed_cases
from viewer.services.loading import load_case

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Case

ROOT = Path(__file__).resolve().parents[2]
DEMOS = ROOT / "demo_cases"
sys.path.insert(0, str(ROOT / "packaging"))

from demo_recipes import STORIES  # noqa: E402
from make_demo_cases import stage_of, steps_of  # noqa: E402

CASES = installed_cases((DEMOS,)).cases
LARGEST_BYTES = 1_000_000


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take the cases that come with their pictures, or all where that was asked for."""
    every = metafunc.config.getoption("--every-case")
    if "told" in metafunc.fixturenames:
        stories = [story for story in STORIES if every or not story.at_first_use]
        metafunc.parametrize("told", stories, ids=[story.id for story in stories])
    if "drawn" in metafunc.fixturenames:
        metafunc.parametrize("drawn", [case.id for case in CASES if every or (Path(case.folder) / "dicom").is_dir()])


def test_the_script_tells_what_the_document_says(told: object, tmp_path: Path) -> None:
    folder = DEMOS / told.id
    loaded = load_case(read_case(folder), JobContext())
    steps = steps_of(told, stage_of(told, loaded))
    write_case(tmp_path, evolve(loaded.case, folder=str(tmp_path), steps=steps))
    assert json.loads((tmp_path / "case.json").read_text()) == json.loads((folder / "case.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_line_on_its_card_is_short_enough_to_be_read_whole(case: Case) -> None:
    assert 0 < len(case.summary) <= 50


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_questions_that_may_come_have_short_answers(case: Case) -> None:
    answers = [answer for step in case.steps for answer in parse_notes(step.notes).answers]
    assert len(answers) >= 2
    for answer in answers:
        assert answer.question.endswith("?")
        assert 0 < len(answer.answer.split()) <= 45, answer.question
        assert answer.step is None or answer.step < len(case.steps)


def test_every_step_has_a_small_picture_and_none_is_left_over() -> None:
    wanted = {Path(case.folder) / FOLDER / picture_name(case, step) for case in CASES for step in case.steps}
    there = set(DEMOS.glob(f"*/{FOLDER}/*"))
    assert there == wanted, "packaging/make_demo_cases.py --pictures draws them anew: look at each"
    assert sum(path.stat().st_size for path in there) < LARGEST_BYTES


def test_every_step_looks_as_its_picture_shows(drawn: str) -> None:
    said = casestage("doctor", drawn, "--no-models", "--json")
    looked = {one["name"]: one for one in said.json["checks"]}
    case = next(case for case in CASES if case.id == drawn)
    assert looked["Compared with"]["found"] == f"{len(case.steps)} pictures that came with the case"
    for number in range(len(case.steps)):
        assert "looks like the picture that came with the case" in looked[f"Step {number + 1}"]["found"]
