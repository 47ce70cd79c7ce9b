"""With --json standard output is one document and nothing else, of every command whose output a script would read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import PATIENT, PATIENT_ID, casestage

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Case


def test_a_run_tells_what_it_found_and_what_it_wrote(small_series: Path, anatomy: Path, tmp_path: Path) -> None:
    out = tmp_path / "found"
    said = casestage("run", small_series, "--model", anatomy, "--out", out, "--json").json
    assert said["model"]["id"] == "anatomy"
    assert said["folder"] == str(out)
    assert sorted(said["files"]) == sorted(path.name for path in out.iterdir())
    assert {"id", "label", "score", "volume_ml"} <= set(said["findings"][0])
    assert said["not_for_diagnostic_use"] is True
    assert said["recorded"] is False
    assert isinstance(said["notes"], list)


def test_a_picture_and_what_is_left_behind_are_named(small_case: Case, tmp_path: Path) -> None:
    out = tmp_path / "one.png"
    said = casestage("render", small_case.id, "--step", 1, "--size", "320x200", "--out", out, "--json").json
    assert (said["file"], said["width"], said["height"]) == (str(out), 320, 200)
    folder = tmp_path / "pictures"
    written = casestage("case", "export", small_case.id, "--png", folder, "--json").json["written"]
    assert {one["file"] for one in written} == {str(path) for path in folder.iterdir()}
    assert all(one["bytes"] == Path(one["file"]).stat().st_size for one in written)


@pytest.mark.usefixtures("made_once")
def test_a_new_case_and_synthetic_ct_tell_what_they_hold(small_series: Path, anatomy: Path, tmp_path: Path) -> None:
    out = tmp_path / "bone"
    asked = ("case", "new", small_series, "--model", anatomy, "--out", out, "--anyway", "--images-looked-at", "--json")
    made = casestage(*asked)
    assert (made.json["id"], made.json["folder"]) == ("bone", str(out))
    assert made.json["steps"] >= 2
    assert not any(word in made.out for word in (*PATIENT.split("^"), PATIENT_ID))
    place = tmp_path / "abdomen"
    asked = ("phantom", "abdomen", "--seed", 1, "--pixel", 4, "--thickness", 20, "--out", place, "--json")
    said = casestage(*asked).json
    assert (said["kind"], said["seed"], said["folder"], said["synthetic"]) == ("abdomen", 1, str(place), True)
    assert all(line in (place / "contents.txt").read_text() for line in said["contents"])


def test_models_are_checked_and_proposed_for_another_program(
    anatomy: Path, repository: Path, tmp_path: Path, small_series: Path
) -> None:
    said = casestage("models", "check", anatomy, "--on", small_series, "--json").json
    assert (said["ok"], said["id"]) == (True, "anatomy")
    assert said["file"]
    assert said["fed"]["lines"]
    onnx = next((repository / "resources" / "models" / "head-bleed").glob("*.onnx"))
    alone = tmp_path / "alone" / "net.onnx"
    alone.parent.mkdir()
    alone.write_bytes(onnx.read_bytes())
    wrong = casestage("models", "check", alone, "--json")
    assert wrong.code == 1
    assert wrong.json["ok"] is False
    assert "manifest" in wrong.json["problem"]
    assert wrong.json["hint"]
    made = casestage("models", "propose", alone, "--task", "segmentation", "--out", tmp_path / "mine", "--json").json
    assert made["files"] == ["model.onnx", "model.toml"]
    assert made["open"] > 0
    printed = casestage("models", "propose", alone, "--task", "segmentation", "--json").json
    assert printed["open"] == made["open"]
    assert "[model]" in printed["manifest"]


def test_a_model_that_was_added_tells_where_it_is(anatomy: Path, tmp_path: Path, own_home: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    for path in anatomy.iterdir():
        if path.is_file():
            (mine / path.name).write_bytes(path.read_bytes())
    manifest = mine / "model.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"anatomy"', '"mine"'), encoding="utf-8")
    said = casestage("models", "add", mine, "--json")
    assert said.code == 0, said.err
    assert said.json["id"] == "mine"
    assert Path(said.json["folder"]) == own_home / "data" / "models" / "mine"


def test_keys_tell_their_fingerprints(tmp_path: Path) -> None:
    made = casestage("pack", "key", "new", "--out", tmp_path / "a.key", "--json").json
    shown = casestage("pack", "key", "show", made["public"], "--json").json
    assert shown == {"fingerprint": made["fingerprint"], "trusted": False, "name": "", "notes": []}
    casestage("pack", "key", "trust", made["public"], "--name", "Acme", "--json")
    listed = casestage("pack", "key", "list", "--json").json["keys"]
    assert listed == [{"name": "Acme", "fingerprint": made["fingerprint"]}]
    assert casestage("pack", "key", "forget", "acme", "--json").json["trusted"] is False


def test_archives_that_are_added_and_removed_say_so() -> None:
    added = casestage("archive", "add", "PACS", "--dimse", "ARCHIVE@pacs.example.org:104", "--json").json
    assert added["name"] == "PACS"
    (listed,) = casestage("archive", "list", "--json").json["archives"]
    assert {key: added[key] for key in listed} == listed
    assert casestage("archive", "remove", "PACS", "--json").json["known"] is False
