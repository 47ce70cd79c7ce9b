"""A case made and checked without a window."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from tests.cli.conftest import PATIENT, PATIENT_ID, casestage, write_small_case
from viewer.domain.view_state import PlaneView
from viewer.io.case_document import read_case, write_case
from viewer.services.case_checks import narration_words

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Case


def objections(case: Case) -> tuple[int, list[dict[str, Any]]]:
    said = casestage("case", "check", case.folder, "--json")
    return said.code, json.loads(said.out)["objections"]


def test_a_case_is_made_of_a_folder_and_a_model_and_can_be_shown(
    small_series: Path, tmp_path: Path, anatomy: Path
) -> None:
    out = tmp_path / "made" / "Bone Story"
    out.parent.mkdir()
    said = casestage("case", "new", small_series, "--model", anatomy, "--out", out, "--anyway", "--images-looked-at")
    assert said.code == 0, said.err
    case = read_case(out)
    assert case.id == "bone-story"
    assert case.steps[0].id == "overview"
    assert case.steps[-1].id == "end"
    assert any(step.view.selected_finding for step in case.steps)
    assert sorted(path.name for path in out.parent.iterdir()) == ["Bone Story"]
    checked = casestage("case", "check", out)
    assert checked.code == 0, checked.out
    for path in out.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(part.encode() in content for part in (*PATIENT.split("^"), PATIENT_ID)), path.name
    again = casestage("case", "new", small_series, "--model", anatomy, "--out", out)
    assert again.code == 1
    assert "is there already" in again.err


def test_a_case_brings_the_truth_that_lies_beside_the_images_be_it_nothing(tmp_path: Path, anatomy: Path) -> None:
    write_small_case(tmp_path / "scan")
    place, out = tmp_path / "scan" / "truth" / "findings.json", tmp_path / "normal"
    place.write_text(json.dumps(json.loads(place.read_text()) | {"findings": [], "segmentation": None}))
    given = ("--model", anatomy, "--out", out, "--anyway", "--images-looked-at")
    assert casestage("case", "new", tmp_path / "scan" / "ct", *given).code == 0
    case = read_case(out)
    assert case.truth_path == "truth"
    assert json.loads((out / "truth" / "findings.json").read_text())["findings"] == []
    assert "false alarm" in case.steps[-1].title


def test_a_case_that_is_fine_is_said_to_be(small_case: Case) -> None:
    code, found = objections(small_case)
    assert code == 0
    assert found == []
    assert casestage("case", "check", small_case.id).out.strip().endswith("Fine")


def test_what_an_audience_cannot_read_is_named_with_its_step(small_case: Case) -> None:
    steps = (
        evolve(small_case.steps[0], narration="word " * 30, title="A title that is far too long to stand on a card"),
        evolve(small_case.steps[1], narration=" "),
    )
    write_case(Path(small_case.folder), evolve(small_case, steps=steps, summary="x" * 60))
    code, found = objections(small_case)
    assert code == 0
    said = {(one["where"], one["what"]) for one in found}
    assert ("Step 1", "Its narration has 30 words.") in said
    assert ("Step 2", "It tells nothing.") in said
    assert ("Summary", "It has 60 characters.") in said
    assert not any(one["grave"] for one in found)
    assert all(one["hint"] for one in found)


def test_steps_that_point_at_nothing_are_to_be_mended(small_case: Case) -> None:
    view = small_case.steps[1].view
    far = PlaneView((9000.0, 0.0, 0.0), 100.0)
    steps = (
        evolve(small_case.steps[0], view=evolve(view, selected_finding="nothing")),
        evolve(small_case.steps[1], view=evolve(view, cursor_lps_mm=(9000.0, 0.0, 0.0), axial=far)),
    )
    write_case(Path(small_case.folder), evolve(small_case, steps=steps))
    code, found = objections(small_case)
    assert code == 1
    said = {(one["where"], one["what"]) for one in found if one["grave"]}
    assert ("Step 1", "It points at a finding that the case does not have.") in said
    assert ("Step 2", "It looks at a place outside of the pictures.") in said


def test_a_card_that_lies_over_its_finding_is_noticed_on_each_screen(small_case: Case) -> None:
    step = small_case.steps[1]
    assert step.view.main.plane is not None
    # So close that what is pointed at fills the stage, the card's place too.
    seen = evolve(step.view.plane(step.view.main.plane), height_mm=6.0)
    view = step.view.with_plane(step.view.main.plane, seen)
    write_case(Path(small_case.folder), evolve(small_case, steps=(evolve(step, view=view),)))
    code, found = objections(small_case)
    assert code == 0
    assert "Its card lies over the finding at 1920×1080, 1280×720, 1024×768." in {one["what"] for one in found}


def test_a_document_that_cannot_be_read_and_pictures_that_are_gone_are_said(small_case: Case) -> None:
    folder = Path(small_case.folder)
    for path in (folder / "ct").iterdir():
        path.unlink()
    (folder / "ct").rmdir()
    code, found = objections(small_case)
    assert code == 1
    assert found[0]["what"] == "“ct” is not there."
    (folder / "case.json").write_text("{", encoding="utf-8")
    code, found = objections(small_case)
    assert code == 1
    assert found[0]["where"] == "Document"
    said = casestage("case", "check", "nowhere")
    assert said.code == 1
    assert "no case called “nowhere”" in said.err


def test_marks_of_markdown_are_no_words(small_case: Case) -> None:
    step = evolve(small_case.steps[0], narration="# A heading of many words\n\n**17.8 mL**, score **0.82** ![x](y.png)")
    assert narration_words(step) == 4
