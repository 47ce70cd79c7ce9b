from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.cli.conftest import PATIENT, casestage
from viewer.phantom.phantom import Phantom, PhantomLesion

if TYPE_CHECKING:
    import pytest

    from viewer.domain.job import JobContext
    from viewer.domain.walkthrough import Case
    from viewer.phantom.recipe import Recipe


def test_cases_are_listed_as_agreed(small_case: Case) -> None:
    said = casestage("demo", "--list", "--json")
    assert said.code == 0
    assert set(said.json) == {"cases"}
    assert {"id": "small-case", "title": "A small case", "steps": 2} in said.json["cases"]
    for case in said.json["cases"]:
        assert set(case) == {"id", "title", "steps"}
    assert "small-case  A small case, 2 steps" in casestage("demo", "--list").out


def test_a_case_opens_at_the_step_that_was_asked_for(small_case: Case) -> None:
    said = casestage("demo", small_case.id, "--step", 2)
    assert said.windows == [{"paths": (), "case": "small-case", "step": 1, "kiosk": False, "compare": None}]


def test_without_a_name_the_first_case_is_presented(small_case: Case) -> None:
    assert casestage("demo").windows == [
        {"paths": (), "case": "small-case", "step": 0, "kiosk": False, "compare": None}
    ]


def test_a_kiosk_is_asked_for(small_case: Case) -> None:
    assert casestage("demo", "--kiosk").windows[0]["kiosk"] is True


def test_a_case_or_step_that_is_not_there(small_case: Case) -> None:
    unknown = casestage("demo", "atlantis")
    assert unknown.is_sentence()
    assert "small-case" in unknown.err
    for step in (0, 3, -1):
        assert casestage("demo", small_case.id, f"--step={step}").is_sentence()
    assert unknown.windows == []


def test_a_case_from_a_newer_program_is_told_and_the_others_are_listed(small_case: Case) -> None:
    folder = Path(small_case.folder)
    newer = folder.with_name("newer")
    shutil.copytree(folder, newer)
    document = json.loads((newer / "case.json").read_text(encoding="utf-8"))
    (newer / "case.json").write_text(json.dumps({**document, "id": "newer", "version": 99}), encoding="utf-8")
    said = casestage("demo", "--list", "--json")
    assert said.is_sentence()
    assert "newer CaseStage" in said.err
    assert "small-case" in {case["id"] for case in said.json["cases"]}


def test_a_damaged_case_is_told_by_what_is_wrong(small_case: Case) -> None:
    document = Path(small_case.folder) / "case.json"
    document.write_text(document.read_text(encoding="utf-8").replace('"narration"', '"naration"'), encoding="utf-8")
    said = casestage("demo", "--list")
    assert said.is_sentence()
    assert "naration" in said.err


def test_a_case_whose_pictures_were_exchanged_is_not_shown(small_case: Case, tmp_path: Path) -> None:
    last = sorted((Path(small_case.folder) / "ct").iterdir())[-1]
    content = bytearray(last.read_bytes())
    content[-1] ^= 1
    last.write_bytes(content)
    said = casestage("render", small_case.id, "--out", tmp_path / "x.png")
    assert said.is_sentence()
    assert "changed" in said.err


def test_a_case_without_its_pictures(small_case: Case, tmp_path: Path) -> None:
    shutil.rmtree(Path(small_case.folder) / "ct")
    assert casestage("render", small_case.id, "--out", tmp_path / "x.png").is_sentence()


def test_paths_are_opened_in_the_window(small_series: Path, tmp_path: Path) -> None:
    assert casestage("open", small_series, tmp_path).windows == [
        {"paths": (small_series, tmp_path), "case": "", "step": 0, "kiosk": False, "compare": None}
    ]


def test_a_second_series_is_opened_beside(small_series: Path, tmp_path: Path) -> None:
    said = casestage("open", small_series, "--compare", tmp_path)
    assert said.windows[0]["compare"] == tmp_path
    refused = casestage("open", small_series, "--compare", tmp_path / "nothing")
    assert refused.is_sentence()
    assert refused.windows == []


def test_a_path_that_is_not_there_opens_no_window(small_series: Path, tmp_path: Path) -> None:
    said = casestage("open", small_series, tmp_path / "nowhere")
    assert said.is_sentence()
    assert said.windows == []


def small_phantom(recipe: Recipe, _: JobContext) -> Phantom:
    voxels = np.full((6, 32, 32), 30, np.int16)
    truth = np.zeros(voxels.shape, np.uint8)
    truth[2:4, 10:16, 10:16] = 1
    voxels[truth > 0] = 65
    lesion = PhantomLesion(1, "bleed", "Bleed", (0.0, 0.0, 0.0), 0.9)
    said = f"A {recipe.kind}, seed {recipe.seed}"
    return Phantom(
        recipe.kind,
        recipe.seed,
        voxels,
        (-32.0, -32.0, 0.0),
        (2.0, 2.0, 3.0),
        truth,
        (lesion,),
        said,
        contents=("A clot that somebody put there.",),
    )


def test_a_phantom_is_ct_with_its_truth_and_says_what_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.phantom.write.made", small_phantom)
    out = tmp_path / "made" / "head7"
    said = casestage("phantom", "head", "--seed", 7, "--out", out)
    assert said.code == 0, said.err
    assert "A clot that somebody put there." in said.out
    (series,) = casestage("info", out / "dicom", "--json").json["series"]
    assert series["slices"] == 6
    assert series["description"].startswith("Synthetic")
    truth = json.loads((out / "truth" / "findings.json").read_text(encoding="utf-8"))
    assert truth["synthetic"] is True
    assert [f["label"] for f in truth["findings"]] == ["Bleed"]
    # 2 slices of 6 × 6 voxels of 2 × 2 × 3 mm.
    assert [f["volume_ml"] for f in truth["findings"]] == [0.864]
    assert (out / "truth" / "seg.dcm").is_file()
    contents = (out / "contents.txt").read_text(encoding="utf-8")
    assert "A clot that somebody put there." in contents
    assert "Not for diagnostic use" in contents
    assert json.loads((out / "recipe.json").read_text(encoding="utf-8"))["phantom"] == {"kind": "head", "seed": 7}


def test_a_phantom_takes_the_place_of_the_one_that_was_made_there_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.phantom.write.made", small_phantom)
    (tmp_path / "letter.txt").write_text("Dear colleague")
    assert casestage("phantom", "head", "--seed", 7, "--out", tmp_path).code == 0
    # The one before was a longer scan.
    (tmp_path / "dicom" / "0007.dcm").write_bytes((tmp_path / "dicom" / "0006.dcm").read_bytes())
    assert casestage("phantom", "head", "--seed", 8, "--out", tmp_path).code == 0
    (series,) = casestage("info", tmp_path / "dicom", "--json").json["series"]
    assert (series["slices"], series["description"]) == (6, "Synthetic head phantom, seed 8")
    there = {path.name for path in tmp_path.iterdir()}
    assert there == {"dicom", "truth", "contents.txt", "recipe.json", "letter.txt"}


def test_a_phantom_is_never_laid_over_images_of_another_origin(small_series: Path, tmp_path: Path) -> None:
    shutil.copytree(small_series, tmp_path / "scan" / "dicom")
    before = sorted(path.name for path in (tmp_path / "scan" / "dicom").iterdir())
    said = casestage("phantom", "abdomen", "--seed", 1, "--pixel", 4, "--thickness", 20, "--out", tmp_path / "scan")
    assert said.is_sentence()
    assert "scan holds other images." in said.err
    assert sorted(path.name for path in (tmp_path / "scan" / "dicom").iterdir()) == before
    assert [path.name for path in (tmp_path / "scan").iterdir()] == ["dicom"]


def test_a_phantom_that_was_stopped_while_it_was_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("viewer.phantom.write.made", small_phantom)
    monkeypatch.setattr("viewer.phantom.write.write_findings", stopped)
    assert casestage("phantom", "head", "--seed", 7, "--out", tmp_path / "made" / "head7").code == 130
    assert list(tmp_path.iterdir()) == []


def test_a_phantom_that_cannot_be_says_what_there_is(tmp_path: Path) -> None:
    for asked, there in (
        (("head", "--lesions", "unicorn"), "subdural"),
        (("abdomen", "--contrast", "arterial"), "portal"),
        (("abdomen", "--tilt", "12"), "head"),
        (("head", "--tilt", "80"), "30"),
        (("abdomen", "--thickness", "0.2", "--pixel", "0.2"), "thicker"),
        (("head", "--dose", "low"), "Leave it out"),
    ):
        said = casestage("phantom", *asked, "--seed", 1, "--out", tmp_path / "none")
        assert said.is_sentence()
        assert there in said.err
    assert not (tmp_path / "none").exists()


def test_no_name_of_a_patient_in_a_listing(small_case: Case) -> None:
    said = casestage("demo", "--list")
    assert PATIENT.split("^")[0] not in said.out + said.err
