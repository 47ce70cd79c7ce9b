"""Whether a computer is ready to present a case, as `casestage doctor CASE` says it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.cli.conftest import PATIENT, casestage
from viewer.ui.leaving import replay

if TYPE_CHECKING:
    import pytest

    from viewer.domain.walkthrough import Case


def checks(*words: object) -> tuple[int, dict[str, dict[str, Any]], str]:
    said = casestage("doctor", *words, "--json", "--no-models")
    told = json.loads(said.out)
    return said.code, {one["name"]: one for one in told["checks"]}, told["verdict"]


def test_a_case_is_ready_once_its_steps_look_as_they_were_kept(small_case: Case) -> None:
    code, looked, verdict = checks(small_case.id)
    assert code == 0
    assert verdict.startswith("Ready")
    assert "no picture was kept" in looked["Step 1"]["found"]
    assert casestage("doctor", small_case.id, "--keep", "--no-models").code == 0
    assert len(list((Path(small_case.folder) / "rehearsed").glob("*.png"))) == 2
    code, looked, verdict = checks(small_case.id)
    assert code == 0
    assert "looks as it was rehearsed" in looked["Step 2"]["found"]


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
    assert "looks as it was rehearsed" in looked["Step 1"]["found"]
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
