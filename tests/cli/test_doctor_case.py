"""Whether a computer is ready to present a case, as `casestage doctor CASE` says it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from tests.cli.conftest import PATIENT, PATIENT_ID, casestage
from viewer.io.case_document import write_case
from viewer.ui.leaving import replay

if TYPE_CHECKING:
    import pytest

    from viewer.domain.walkthrough import Case


def checks(*words: object) -> tuple[int, dict[str, dict[str, Any]], str]:
    said = casestage("doctor", *words, "--json", "--no-models")
    told = json.loads(said.out)
    return said.code, {one["name"]: one for one in told["checks"]}, told["verdict"]


def kept(case: Case) -> list[Path]:
    return sorted((Path(case.folder) / "rehearsed").glob("*.jpg"))


def test_the_first_look_at_a_case_keeps_how_its_steps_look_and_the_next_compares(small_case: Case) -> None:
    code, looked, verdict = checks(small_case.id)
    assert code == 0
    assert verdict.startswith("Ready")
    assert "no picture to compare it with" in looked["Step 1"]["found"]
    assert looked["Compared with"]["found"] == "Nothing yet for 2 steps, kept now"
    assert looked["Compared with"]["state"] == "note"
    pictures = {path: path.read_bytes() for path in kept(small_case)}
    assert len(pictures) == 2
    code, looked, verdict = checks(small_case.id)
    assert code == 0
    assert "looks like the picture kept with the case" in looked["Step 2"]["found"]
    assert looked["Compared with"]["found"] == "2 pictures kept with the case"
    assert {path: path.read_bytes() for path in kept(small_case)} == pictures
    assert not any(part.encode() in data for data in pictures.values() for part in (*PATIENT.split("^"), PATIENT_ID))


def test_a_step_that_was_changed_is_kept_anew_and_the_others_are_compared(small_case: Case) -> None:
    checks(small_case.id)
    # A link is not drawn, and the step's picture is found all the same.
    steps = (small_case.steps[0], evolve(small_case.steps[1], narration="Here, [at last](https://example.org)."))
    write_case(Path(small_case.folder), evolve(small_case, steps=steps))
    _, looked, _ = checks(small_case.id)
    assert looked["Compared with"]["found"] == "1 picture kept with the case, none yet for 1 step, kept now"
    _, looked, _ = checks(small_case.id)
    assert looked["Compared with"]["found"] == "2 pictures kept with the case"


def test_nothing_is_kept_of_a_case_of_which_anything_looks_wrong(
    small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert casestage("doctor", small_case.id, "--keep", "--steps", "1", "--no-models").code == 0
    assert len(kept(small_case)) == 1
    still = replay.StageFrames.still

    def wrong(frames: replay.StageFrames, number: int) -> Any:
        image = still(frames, number)
        image.invertPixels()
        return image

    monkeypatch.setattr(replay.StageFrames, "still", wrong)
    code, looked, _ = checks(small_case.id)
    assert code == 1
    assert looked["Compared with"]["found"].endswith("nothing for 1 step: no picture was kept")
    assert len(kept(small_case)) == 1
    assert casestage("doctor", small_case.id, "--steps", "3").is_sentence()


def test_a_case_that_came_with_the_program_is_held_against_the_pictures_that_came_along(
    small_case: Case, tmp_path: Path, own_home: Path
) -> None:
    casestage("doctor", small_case.id, "--keep", "--no-models")
    folder = shutil.move(small_case.folder, tmp_path / "shipped")
    code, looked, _ = checks(folder)
    assert code == 0
    assert looked["Compared with"]["found"] == "2 pictures that came with the case"
    # What is found right here counts for more, and what came stays as it is.
    came = {path.name: path.read_bytes() for path in (Path(folder) / "rehearsed").iterdir()}
    assert casestage("doctor", folder, "--keep", "--steps", "2", "--no-models").code == 0
    assert len(list((own_home / "data" / "rehearsed" / small_case.id).iterdir())) == 1
    _, looked, _ = checks(folder)
    assert looked["Compared with"]["found"] == "1 picture that came with the case, 1 picture kept on this computer"
    assert {path.name: path.read_bytes() for path in (Path(folder) / "rehearsed").iterdir()} == came


def test_a_step_that_looks_different_here_is_named(small_case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    casestage("doctor", small_case.id, "--keep", "--no-models")
    still = replay.StageFrames.still

    def wrong(frames: replay.StageFrames, number: int) -> Any:
        image = still(frames, number)
        if number == 1:
            image.invertPixels()
        return image

    monkeypatch.setattr(replay.StageFrames, "still", wrong)
    code, looked, verdict = checks(small_case.id)
    assert code == 1
    assert verdict == "Not ready (step 2 looks different)"
    assert looked["Step 1"]["state"] != "bad"
    assert looked["Step 2"]["hint"]


def test_pictures_that_are_missing_or_changed_are_not_ready(small_case: Case) -> None:
    slices = sorted((Path(small_case.folder) / "ct").iterdir())
    slices[0].unlink()
    code, looked, verdict = checks(small_case.id)
    assert code == 1
    assert verdict == "Not ready (the pictures do not open)"
    assert "have changed since it was made" in looked["Pictures"]["found"]
    for path in slices[1:]:
        path.unlink()
    (Path(small_case.folder) / "ct").rmdir()
    code, looked, verdict = checks(small_case.id)
    assert code == 1
    assert "pictures are missing" in verdict


def test_a_model_that_is_not_here_is_said_and_is_in_nobodys_way(small_case: Case) -> None:
    said = casestage("doctor", small_case.id)
    assert said.code == 0
    assert "“small” is not on this computer; the recorded result is shown, and says so" in said.out
    assert said.out.strip().splitlines()[-1].startswith("Ready")
    assert PATIENT.split("^")[0] not in said.out


def test_a_pack_is_looked_at_before_it_is_installed_and_brings_its_pictures(small_case: Case, tmp_path: Path) -> None:
    casestage("doctor", small_case.id, "--keep", "--no-models")
    pack = tmp_path / "small.casepack"
    assert casestage("pack", "build", small_case.id, "--out", pack).code == 0
    code, looked, verdict = checks(pack)
    assert code == 0
    assert "Whole and unchanged: 1 case" in looked["Pack"]["found"]
    assert "looks like the picture that came with the case" in looked["Step 1"]["found"]
    damaged = bytearray(pack.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    pack.write_bytes(damaged)
    code, looked, verdict = checks(pack)
    assert code == 1
    assert verdict == "Not ready (the pack is refused)"


def test_a_case_too_large_for_the_memory_is_said(small_case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.services.readiness.free_bytes", lambda: 1000)
    code, looked, verdict = checks(small_case.id)
    assert code == 1
    assert verdict == "Not ready (little memory)"
