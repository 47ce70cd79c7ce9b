"""Cases are carried from one computer to another in one file, and are the same there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from attrs import evolve

from tests.cli.conftest import PATIENT, casestage, write_small_case
from viewer.domain.errors import PackError, StorageError
from viewer.domain.job import JobContext, Progress
from viewer.domain.step_acts import LiveRun
from viewer.io.case_document import read_case, write_case
from viewer.io.pack import check_pack
from viewer.io.pack_writing import write_pack
from viewer.services import packing
from viewer.services.kept_pictures import folder_for
from viewer.services.loading import load_case
from viewer.services.packing import install_pack


def _installed(own_home: Path) -> Path:
    return own_home / "data" / "cases"


def test_a_case_is_packed_on_one_computer_and_presented_on_another(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_small_case(_installed(own_home) / "small-case")
    pack = tmp_path / "small.casepack"
    written = casestage("pack", "build", "small-case", "--out", pack)
    assert written.code == 0, written.err
    assert "A small case" in written.out
    there = tmp_path / "another computer"
    monkeypatch.setenv("CASESTAGE_HOME", str(there))
    assert casestage("pack", "verify", pack).code == 0
    assert casestage("pack", "install", pack).code == 0
    listed = casestage("demo", "--list", "--json").json
    assert {"id": "small-case", "title": "A small case", "steps": 2} in listed["cases"]
    case = read_case(there / "data" / "cases" / "small-case")
    assert len(load_case(case, JobContext()).findings) == 1
    assert not list((there / "data").glob("installing/*"))


def test_a_model_that_a_step_runs_live_and_the_pack_does_not_bring_is_told_of(own_home: Path, tmp_path: Path) -> None:
    case = write_small_case(_installed(own_home) / "small-case")
    for model_id, told in (("my-model", True), ("head-bleed", False)):
        first = evolve(case.steps[0], live=LiveRun(model_id))
        write_case(_installed(own_home) / "small-case", evolve(case, steps=(first, *case.steps[1:])))
        out = tmp_path / f"{model_id}.casepack"
        written = casestage("pack", "build", "small-case", "--out", out)
        assert written.code == 0, written.err
        words = "Step 1 of “A small case” runs “my-model” live, which the pack does not bring."
        assert (words in written.out) is told
        notes = casestage("pack", "build", "small-case", "--out", out, "--json").json["notes"]
        assert notes == ([f"{words} Name it: --model my-model"] if told else [])


def test_packing_again_gives_the_same_file_and_its_hash_is_said(own_home: Path, tmp_path: Path) -> None:
    write_small_case(_installed(own_home) / "small-case")
    said = [casestage("pack", "build", "small-case", "--out", tmp_path / f"{n}.casepack", "--json").json for n in "ab"]
    assert (tmp_path / "a.casepack").read_bytes() == (tmp_path / "b.casepack").read_bytes()
    assert said[0] == said[1]
    assert casestage("pack", "verify", tmp_path / "a.casepack", "--json").json["sha256"] == said[0]["sha256"]


def test_what_happens_to_lie_in_the_folder_stays_at_home(tmp_path: Path) -> None:
    write_small_case(tmp_path / "case")
    (tmp_path / "case" / "letter to Mrs Tweety.txt").write_text("secret")
    (tmp_path / "case" / ".hidden").write_text("secret")
    (tmp_path / "case" / "ct" / ".DS_Store").write_text("secret")
    pack = write_pack(tmp_path / "x.casepack", [tmp_path / "case"], [], JobContext())
    assert {Path(file.path).suffix for file in pack.files} == {".json", ".dcm"}
    assert b"secret" not in (tmp_path / "x.casepack").read_bytes()


def test_images_that_still_name_their_patient_are_not_packed(tmp_path: Path) -> None:
    case = write_small_case(tmp_path / "case")
    for path in (tmp_path / "case" / "ct").iterdir():
        image = pydicom.dcmread(path)
        del image.SyntheticData
        image.save_as(path)
    with pytest.raises(PackError, match="are not de-identified") as refusal:
        write_pack(tmp_path / "x.casepack", [tmp_path / "case"], [], JobContext())
    assert PATIENT.split("^")[1] not in f"{refusal.value.sentence} {refusal.value.hint} {refusal.value.detail}"
    assert case.title in refusal.value.sentence
    assert not (tmp_path / "x.casepack").exists()
    assert not list(tmp_path.glob(".*.part"))


def test_a_link_in_a_case_is_not_followed_into_a_pack(tmp_path: Path) -> None:
    write_small_case(tmp_path / "case")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "case" / "ct" / "0099.dcm").symlink_to(tmp_path / "secret")
    with pytest.raises(PackError, match="link"):
        write_pack(tmp_path / "x.casepack", [tmp_path / "case"], [], JobContext())


def test_a_case_that_is_here_already_is_replaced_only_when_told_to(own_home: Path, tmp_path: Path) -> None:
    write_small_case(_installed(own_home) / "small-case")
    casestage("pack", "build", "small-case", "--out", tmp_path / "x.casepack")
    (_installed(own_home) / "small-case" / "mine").write_text("a note")
    refused = casestage("pack", "install", tmp_path / "x.casepack")
    assert refused.is_sentence(), refused.err
    assert (_installed(own_home) / "small-case" / "mine").exists()
    assert casestage("pack", "install", tmp_path / "x.casepack", "--replace").code == 0
    assert not (_installed(own_home) / "small-case" / "mine").exists()


def test_a_model_comes_along_when_it_is_named(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_small_case(_installed(own_home) / "small-case")
    pack = tmp_path / "x.casepack"
    assert casestage("pack", "build", "small-case", "--model", "anatomy", "--out", pack).code == 0
    monkeypatch.setenv("CASESTAGE_HOME", str(tmp_path / "there"))
    assert casestage("pack", "install", pack).code == 0
    assert (tmp_path / "there" / "data" / "models" / "anatomy" / "model.toml").is_file()


def test_two_packs_may_bring_the_same_model_and_another_version_is_named(
    own_home: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anatomy = repository / "resources" / "models" / "anatomy"
    for n in ("one", "two", "three"):
        write_small_case(_installed(own_home) / n, n)
        manifest = Path(shutil.copytree(anatomy, tmp_path / n)) / "model.toml"
        text = manifest.read_text("utf-8").replace('id = "anatomy"', 'id = "mine"')
        manifest.write_text(text.replace('version = "1.1.0"', 'version = "0.9.0"') if n == "three" else text, "utf-8")
        packed = ("pack", "build", n, "--model", tmp_path / n, "--out", tmp_path / f"{n}.casepack")
        assert casestage(*packed).code == 0
    monkeypatch.setenv("CASESTAGE_HOME", str(tmp_path / "there"))
    assert casestage("pack", "install", tmp_path / "one.casepack").code == 0
    said = casestage("pack", "install", tmp_path / "two.casepack")
    assert said.code == 0, said.err
    listed = {case["id"] for case in casestage("demo", "--list", "--json").json["cases"]}
    assert {"one", "two"} <= listed
    refused = casestage("pack", "install", tmp_path / "three.casepack")
    assert "Here already: “mine” 1.1.0." in refused.err
    assert casestage("pack", "install", tmp_path / "three.casepack", "--replace").code == 0
    assert 'version = "0.9.0"' in (tmp_path / "there" / "data" / "models" / "mine" / "model.toml").read_text("utf-8")


def test_a_pack_does_not_put_another_version_before_a_model_of_the_program_unasked(
    own_home: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_small_case(_installed(own_home) / "one", "one")
    manifest = Path(shutil.copytree(repository / "resources" / "models" / "anatomy", tmp_path / "old")) / "model.toml"
    now = 'version = "1.1.0"'
    manifest.write_text(manifest.read_text("utf-8").replace(now, 'version = "0.9.0"'), "utf-8")
    pack = tmp_path / "one.casepack"
    assert casestage("pack", "build", "one", "--model", tmp_path / "old", "--out", pack).code == 0
    monkeypatch.setenv("CASESTAGE_HOME", str(tmp_path / "there"))
    said = casestage("pack", "install", pack)
    assert said.is_sentence()
    assert "Here already: “anatomy” 1.1.0 of the program." in said.err
    assert "--replace" in said.err
    listed = casestage("models", "list", "--json")
    assert listed.code == 0
    assert {m["version"] for m in listed.json["models"] if m["id"] == "anatomy"} == {"1.1.0"}


@pytest.mark.parametrize(
    "arguments",
    [("pack", "build", "nowhere", "--out", "x.casepack"), ("pack", "build", "head-epidural", "--out", "x.zip")],
)
def test_what_cannot_be_packed_is_said_in_a_sentence(arguments: tuple[str, ...]) -> None:
    outcome = casestage(*arguments)
    assert outcome.is_sentence(), outcome.err


def test_a_full_disk_is_said_before_anything_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_small_case(tmp_path / "case")
    write_pack(tmp_path / "x.casepack", [tmp_path / "case"], [], JobContext())
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(packing.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StorageError, match=r"needs \d+ MB, and only 0 MB are free"):
        install_pack(tmp_path / "x.casepack", tmp_path / "data", JobContext())


_KILLED = """
import os, sys
from pathlib import Path
from viewer.domain.job import JobContext
from viewer.services import packing
count = int(sys.argv[3])
real = os.replace
def replace(a, b):
    global count
    count -= 1
    if count < 0:
        os._exit(9)
    real(a, b)
packing.os.replace = replace
packing.install_pack(Path(sys.argv[1]), Path(sys.argv[2]), JobContext(), replace=True)
"""


@pytest.mark.parametrize("moves", [0, 1, 2, 3])
def test_an_install_that_is_killed_leaves_every_case_whole(tmp_path: Path, moves: int) -> None:
    for n in ("one", "two"):
        write_small_case(tmp_path / n, n)
    pack, data = tmp_path / "x.casepack", tmp_path / "data"
    write_pack(pack, [tmp_path / "one", tmp_path / "two"], [], JobContext())
    install_pack(pack, data, JobContext())
    root = Path(__file__).resolve().parents[2]
    run = [sys.executable, "-c", _KILLED, str(pack), str(data), str(moves)]
    assert subprocess.run(run, env={**os.environ, "PYTHONPATH": str(root)}, check=False).returncode == 9
    for place in (data / "cases").iterdir():
        assert load_case(read_case(place), JobContext()).volume.stack.count == 8
    # The next install brings back what was put aside, and cleans up.
    install_pack(pack, data, JobContext(), replace=True)
    assert sorted(place.name for place in (data / "cases").iterdir()) == ["one", "two"]
    assert not list(data.glob("installing/*"))
    assert json.loads((data / "cases" / "one" / "case.json").read_text())["id"] == "one"


def test_two_programs_may_install_packs_at_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for n in ("one", "two"):
        write_small_case(tmp_path / n, n)
        write_pack(tmp_path / f"{n}.casepack", [tmp_path / n], [], JobContext())
        install_pack(tmp_path / f"{n}.casepack", data, JobContext())
    begun: list[Progress] = []

    def meanwhile(progress: Progress) -> None:
        begun.append(progress)
        if len(begun) == 1:
            install_pack(tmp_path / "two.casepack", data, JobContext(), replace=True)

    install_pack(tmp_path / "one.casepack", data, JobContext(meanwhile), replace=True)
    assert begun
    for place in (data / "cases").iterdir():
        assert load_case(read_case(place), JobContext()).volume.stack.count == 8
    assert not list(data.glob("installing/*"))


def test_a_story_that_tells_another_case_anew_is_packed_with_the_pictures_of_that_one(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = write_small_case(_installed(own_home) / "small-case")
    story = _installed(own_home) / "tour"
    story.mkdir()
    document = json.loads((_installed(own_home) / "small-case" / "case.json").read_text())
    (story / "thumbnail.png").write_bytes(b"a picture")
    words = {"format": "casestage story", "version": 1, "id": "tour", "title": "A tour", "summary": "Told anew."}
    rest = {"case": "small-case", "thumbnail_path": "thumbnail.png", "steps": document["steps"][:1]}
    (story / "story.json").write_text(json.dumps({**words, **rest}))
    built = casestage("pack", "build", "tour", "--out", tmp_path / "x.casepack")
    assert built.code == 0, built.err
    assert "A tour" in built.out
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith(".casestage")} == set()
    there = tmp_path / "another computer"
    monkeypatch.setenv("CASESTAGE_HOME", str(there))
    assert casestage("pack", "install", tmp_path / "x.casepack").code == 0
    case = read_case(there / "data" / "cases" / "tour")
    assert (case.title, len(case.steps), case.series_sha256) == ("A tour", 1, told.series_sha256)
    assert (Path(case.folder) / case.thumbnail_path).read_bytes() == b"a picture"
    assert len(load_case(case, JobContext()).findings) == 1


def test_a_story_takes_nothing_along_that_lies_outside_of_its_case(own_home: Path, tmp_path: Path) -> None:
    write_small_case(_installed(own_home) / "small-case")
    (own_home / "data" / "secret.png").write_bytes(b"secret")
    story = _installed(own_home) / "tour"
    story.mkdir()
    document = json.loads((_installed(own_home) / "small-case" / "case.json").read_text())
    document["steps"][0]["narration"] = "![](../../secret.png)"
    words = {"format": "casestage story", "version": 1, "id": "tour", "title": "A tour", "summary": ""}
    (story / "story.json").write_text(json.dumps({**words, "case": "small-case", "steps": document["steps"]}))
    built = casestage("pack", "build", "tour", "--out", tmp_path / "x.casepack")
    assert built.is_sentence(), built.err
    assert not (tmp_path / "x.casepack").exists()


def test_the_bundled_cases_can_be_packed(repository: Path, tmp_path: Path) -> None:
    cases = sorted(path.parent for path in (repository / "demo_cases").glob("*/case.json"))
    pack = write_pack(tmp_path / "demo.casepack", cases, [], JobContext())
    assert len(check_pack(tmp_path / "demo.casepack", JobContext()).cases) == len(cases) == len(pack.cases)


@pytest.mark.parametrize("name", ["../../elsewhere", "{away}"])
def test_a_story_whose_id_leads_elsewhere_is_not_written_there(own_home: Path, tmp_path: Path, name: str) -> None:
    write_small_case(_installed(own_home) / "small-case")
    story = _installed(own_home) / "tour"
    story.mkdir()
    document = json.loads((_installed(own_home) / "small-case" / "case.json").read_text())
    identity = name.format(away=tmp_path / "away")
    words = {"format": "casestage story", "version": 1, "id": identity, "title": "A tour", "summary": ""}
    (story / "story.json").write_text(json.dumps({**words, "case": "small-case", "steps": document["steps"]}))
    out = tmp_path / "deep" / "out"
    out.mkdir(parents=True)
    before = sorted(path for path in tmp_path.rglob("*") if own_home not in path.parents)
    built = casestage("pack", "build", identity, "--out", out / "x.casepack")
    assert built.is_sentence(), built.err
    assert sorted(path for path in tmp_path.rglob("*") if own_home not in path.parents) == before


@pytest.mark.parametrize("name", ["../../elsewhere", "a/b", "con", "..", "C:x", "small-case"])
def test_pictures_of_a_case_whose_id_leads_elsewhere_are_kept_among_those_of_others(
    own_home: Path, tmp_path: Path, name: str
) -> None:
    case = evolve(write_small_case(tmp_path / "case"), id=name)
    place = folder_for(case)
    assert place.parent == own_home / "data" / "rehearsed"
    assert (place.name == name) is (name == "small-case")
