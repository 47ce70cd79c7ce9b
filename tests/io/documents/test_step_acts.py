"""What a step asks, sweeps and draws is kept in the case's document, and what cannot be shown is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from viewer.domain.errors import CaseDocumentError
from viewer.domain.geometry import Grid
from viewer.domain.step_acts import CurtainDraw, LiveRun, Question, Sweep, acted
from viewer.domain.view_state import Comparison, overview
from viewer.domain.walkthrough import Case, Prior, Provenance, Step
from viewer.io.case_document import read_case, write_case

if TYPE_CHECKING:
    from pathlib import Path

SERIES = "1.2.826.0.1.3680043.8.498.1"


def _case(**acts: Any) -> Case:
    grid = Grid.from_directions((64, 48, 20), origin_lps_mm=(-30.0, -20.0, 5.0), spacing_mm=(1.0, 1.0, 2.5))
    whole = overview(SERIES, grid)
    # As a document keeps it, which rounds.
    view = evolve(whole, comparison=Comparison.CURTAIN, camera=evolve(whole.camera, height_mm=57.5))
    step = Step("one", "One", "Here.", view, **acts)
    prior = Prior("before", "1.2.3", "0" * 64)
    made = Provenance("Test", "CC0", synthetic=True)
    return Case("asked", "Asked", "One line.", "head", made, "", "dicom", SERIES, "0" * 64, (step,), prior=prior)


def _stored(folder: Path, case: Case) -> dict[str, Any]:
    write_case(folder, case)
    read: dict[str, Any] = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize(
    "acts",
    [
        {"question": Question("Where is it?")},
        {"question": Question("Where is it?", finding="t1")},
        {"question": Question("Where is the small one?", at_lps_mm=(1.25, -2.0, 0.0))},
        {"sweep": Sweep(0.9, 0.2, 6.0)},
        {"curtain": CurtainDraw(0.95, 0.05)},
        {"live": LiveRun("head-bleed", 6.0)},
        {"live": LiveRun("head-bleed", on_key=True), "question": Question("Where is it?")},
        {"question": Question("Where?"), "sweep": Sweep(0.1, 0.5), "curtain": CurtainDraw(0.0, 1.0, 2.5)},
    ],
)
def test_what_a_step_asks_sweeps_and_draws_is_read_back(tmp_path: Path, acts: dict[str, Any]) -> None:
    write_case(tmp_path, _case(**acts))

    assert read_case(tmp_path).steps == _case(**acts).steps


def test_a_step_without_any_of_it_says_nothing_of_it_as_older_documents_do(tmp_path: Path) -> None:
    stored = _stored(tmp_path, _case())

    assert not {"question", "sweep", "curtain", "live"} & set(stored["steps"][0])
    assert read_case(tmp_path).steps == _case().steps


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("question", {"text": " "}, "steps[0].question.text: it must ask something"),
        ("question", {"text": "x" * 81}, "more than 80 characters"),
        ("question", {"text": "Where?", "answer": "t1"}, "steps[0].question: “answer” is not known there"),
        ("question", {"text": "Where?", "finding": "t1", "at_lps_mm": [0, 0, 0]}, "one alone can be the answer"),
        ("question", "Where?", "steps[0].question"),
        ("sweep", {"start": 1.2, "end": 0.5}, "steps[0].sweep: “start” and “end” must lie between 0 and 1"),
        ("sweep", {"start": 0.5, "end": 0.5}, "steps[0].sweep: “start” and “end” must differ"),
        ("sweep", {"start": 0.9}, "steps[0].sweep: it lacks “end”"),
        ("sweep", {"start": 0.9, "end": 0.1, "duration_s": 0}, "steps[0].sweep.duration_s: it must lie between"),
        ("live", {"model_id": " "}, "steps[0].live.model_id: it must name a model"),
        ("live", {"model_id": "m", "most_s": 0}, "steps[0].live.most_s: it must lie between 0.1 and 120"),
        ("curtain", {"start": -1, "end": 0.1}, "steps[0].curtain: “start” and “end” must lie between 0 and 1"),
    ],
)
def test_what_nobody_could_answer_or_see_is_refused_by_its_name(
    tmp_path: Path, key: str, value: object, words: str
) -> None:
    stored = _stored(tmp_path, _case())
    stored["steps"][0][key] = value
    (tmp_path / "case.json").write_text(json.dumps(stored), encoding="utf-8")

    with pytest.raises(CaseDocumentError) as caught:
        read_case(tmp_path)

    assert words in caught.value.sentence


def test_a_curtain_is_drawn_only_where_the_step_compares_behind_one(tmp_path: Path) -> None:
    case = _case(curtain=CurtainDraw(0.9, 0.1))
    step = evolve(case.steps[0], view=evolve(case.steps[0].view, comparison=Comparison.BESIDE))

    with pytest.raises(CaseDocumentError) as caught:
        write_case(tmp_path, evolve(case, steps=(step,)))

    assert "does not compare behind a curtain" in caught.value.sentence


def test_sweep_and_curtain_go_evenly_and_then_stay() -> None:
    view = _case().steps[0].view

    halfway = acted(view, Sweep(0.9, 0.1, 8.0), CurtainDraw(0.2, 0.6, 4.0), 4.0)

    assert (halfway.threshold, halfway.curtain) == pytest.approx((0.5, 0.6))
    assert acted(view, Sweep(0.9, 0.1, 8.0), None, 100.0).threshold == pytest.approx(0.1)
    assert acted(view, Sweep(0.9, 0.1, 8.0), None, -1.0).threshold == pytest.approx(0.9)
