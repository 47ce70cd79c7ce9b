"""Another story of a case that is there already."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from viewer.domain.errors import CaseDocumentError
from viewer.io.case_document import missing_paths, read_case
from viewer.io.story_document import read_story
from viewer.services.case_checks import narration_words
from viewer.services.cases import case_state, installed_cases


@pytest.fixture
def shelf(repository: Path, tmp_path: Path) -> Path:
    """Return a folder of cases with the head's document and the tour, without pictures."""
    for name, document in (("head-epidural", "case.json"), ("tour", "story.json")):
        (tmp_path / name).mkdir()
        (tmp_path / name / document).write_bytes((repository / "demo_cases" / name / document).read_bytes())
    return tmp_path


def changed(shelf: Path, **fields: Any) -> None:
    path = shelf / "tour" / "story.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **fields}), encoding="utf-8")


def test_the_tour_is_the_last_card_tells_five_steps_and_is_ready(repository: Path) -> None:
    found = installed_cases([repository / "demo_cases"])
    assert found.problems == ()
    tour = found.cases[-1]
    assert tour.id == "tour"
    assert len(tour.steps) == 5
    assert case_state(tour).startswith("Ready")
    assert missing_paths(tour) == ()
    assert all(0 < narration_words(step) <= 25 for step in tour.steps)
    assert tour.steps[1].question is not None
    head = found.named("head-epidural")
    assert (tour.series_sha256, tour.findings_path, tour.folder) == (
        head.series_sha256,
        head.findings_path,
        head.folder,
    )
    assert tour.provenance.synthetic
    assert tour.thumbnail_path != head.thumbnail_path


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"case": "nothing"}, "is not beside it"),
        ({"case": "../head-epidural"}, "is not beside it"),
        ({"thumbnail_path": "../../etc/passwd"}, "leads out"),
        ({"version": 2}, "does not say"),
        ({"title": " "}, "“title” is empty"),
        ({"more": 1}, "more"),
    ],
)
def test_a_story_that_is_wrong_is_named_and_the_others_are_there(shelf: Path, fields: dict[str, Any], why: str) -> None:
    changed(shelf, **fields)
    case = read_case(shelf / "head-epidural")
    with pytest.raises(CaseDocumentError, match=why):
        read_story(shelf / "tour", {case.id: case})
    found = installed_cases([shelf])
    assert [case.id for case in found.cases] == ["head-epidural"]
    assert len(found.problems) == 1


def test_a_story_stays_where_the_user_has_the_same_case_from_elsewhere(shelf: Path, tmp_path: Path) -> None:
    shutil.copytree(shelf / "head-epidural", tmp_path / "own" / "head-epidural")
    found = installed_cases([tmp_path / "own", shelf])
    assert found.problems == ()
    cases = {case.id: case for case in found.cases}
    assert Path(cases["head-epidural"].folder).parent == tmp_path / "own"
    assert Path(cases["tour"].folder).parent == shelf


def test_a_story_never_takes_the_place_of_a_case(shelf: Path) -> None:
    changed(shelf, id="head-epidural")
    (found,) = installed_cases([shelf]).cases
    assert len(found.steps) == 6
