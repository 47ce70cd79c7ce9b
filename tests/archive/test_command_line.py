"""`casestage archive` against a real Orthanc."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.archive.orthanc import PASSWORD, PATIENT, PATIENT_ID
from tests.cli.conftest import casestage

if TYPE_CHECKING:
    from tests.archive.conftest import Held


@pytest.fixture
def known(held: Held, monkeypatch: pytest.MonkeyPatch) -> Held:
    """Return the archive, which the program knows as Web, Get and Move."""
    server = held.server
    place = f"ARCHIVE@127.0.0.1:{server.dicom_port}"
    assert casestage("archive", "add", "Web", "--url", server.web.url, "--user", "reader").code == 0
    assert casestage("archive", "add", "Get", "--dimse", place).code == 0
    assert (
        casestage("archive", "add", "Move", "--dimse", place, "--move", f"127.0.0.1:{server.receiver_port}").code == 0
    )
    monkeypatch.setenv("CASESTAGE_ARCHIVE_PASSWORD", PASSWORD)
    return held


def test_archives_are_listed_added_and_forgotten(own_home: Path) -> None:
    said = casestage("archive", "list")
    assert "No archive is known" in said.out
    assert casestage("archive", "--json").json == {"archives": []}
    casestage("archive", "add", "PACS", "--url", "https://pacs.example.org/dicom-web", "--user", "me")
    (row,) = casestage("archive", "list", "--json").json["archives"]
    assert row == {
        "name": "PACS",
        "kind": "dicomweb",
        "place": "https://pacs.example.org/dicom-web",
        "user": "me",
        "retrieve_by": "DICOMweb",
    }
    for name in ("PACS", "pacs"):
        assert casestage("archive", "add", name, "--url", "https://other.example.org").is_sentence()
    assert casestage("archive", "add", "X", "--dimse", "nonsense").is_sentence()
    assert casestage("archive", "add", "X", "--dimse", "TITLE@host:99999").is_sentence()
    assert casestage("archive", "add", "X", "--url", "https://user:secret@pacs.example.org").is_sentence()
    assert "secret" not in (own_home / "config" / "settings.json").read_text("utf-8")
    assert casestage("archive", "remove", "pacs").code == 0
    assert casestage("archive", "list", "--json").json == {"archives": []}
    assert casestage("archive", "query", "PACS").is_sentence()


@pytest.mark.parametrize("name", ["Web", "Get"])
def test_a_query_names_studies_and_says_who_they_are_of_only_when_asked(name: str, known: Held) -> None:
    assert casestage("archive", "test", name).out == "It answers.\n"
    said = casestage("archive", "query", name, "--patient", "canary", "--json")
    (study,) = said.json["studies"]
    assert (study["uid"], study["series"], study["images"]) == (known.mixed_study, 16, 16)
    words = casestage("archive", "query", name, "--patient", "canary")
    assert "16 series  16 images" in words.out
    for quiet in (said, words):
        assert "canary" not in (quiet.out + quiet.err).casefold()
        assert PATIENT_ID not in quiet.out
    loud = casestage("archive", "query", name, "--patient", "canary", "--json", "--identity")
    assert loud.json["studies"][0]["patient"] == PATIENT
    assert "Nothing there matches." in casestage("archive", "query", name, "--id", "nobody").out
    series = casestage("archive", "query", name, "--study", known.mixed_study, "--json").json["series"]
    assert len(series) == 16
    assert {one["images"] for one in series} == {1}


def test_a_study_is_retrieved_into_a_folder_or_the_programs_own(known: Held, tmp_path: Path, own_home: Path) -> None:
    out = tmp_path / "ct"
    said = casestage("archive", "retrieve", "Web", known.abdomen_study, "--out", out, "--json")
    assert said.code == 0
    assert (said.json["images"], said.json["missing"], said.json["problems"]) == (41, 0, [])
    (here,) = casestage("info", out, "--json", "--hash").json["series"]
    (there,) = casestage("info", known.abdomen, "--json", "--hash").json["series"]
    assert here == there
    words = casestage("archive", "retrieve", "Move", known.mixed_study, "--series", f"{known.mixed_study}.3")
    assert words.code == 0
    folder = Path(words.out.splitlines()[0].removeprefix("1 image in "))
    assert folder.is_relative_to(own_home / "data" / "received")
    assert len(list(folder.iterdir())) == 1


def test_failures_are_sentences(known: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert casestage("archive", "retrieve", "Get", "1.2.3").is_sentence()
    assert casestage("archive", "retrieve", "Get", "../../x").is_sentence()
    (tmp_path / "file").write_text("")
    assert casestage("archive", "retrieve", "Get", known.mixed_study, "--out", tmp_path / "file").is_sentence()
    monkeypatch.setenv("CASESTAGE_ARCHIVE_PASSWORD", "wrong")
    assert casestage("archive", "query", "Web").is_sentence()
    monkeypatch.setitem(sys.modules, "pynetdicom", None)
    without = casestage("archive", "query", "Web")
    assert without.is_sentence()
    assert "-m pip install" in without.err


def test_ctrl_c_stops_a_retrieve_and_says_so(known: Held, tmp_path: Path) -> None:
    out = tmp_path / "ct"
    command = [sys.executable, "-m", "viewer", "archive", "retrieve", "Get", known.abdomen_study, "--out", str(out)]
    # So slow that there is a middle to stop in.
    slow = (
        "import sys, time, runpy; from viewer.io.archive.landing import Landing; take = Landing.take;"
        "Landing.take = lambda *a, **k: (time.sleep(0.05), take(*a, **k))[1];"
        "sys.argv = ['casestage', *sys.argv[1:]]; runpy.run_module('viewer', run_name='__main__')"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", slow, *command[3:]], stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    )
    until = time.monotonic() + 20
    while len(list(out.rglob("*.dcm"))) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    said, err = running.communicate(timeout=10)
    assert running.returncode == 130
    assert err.decode().strip() == "casestage: stopped."
    assert said == b""
    assert 2 <= len(list(out.rglob("*.dcm"))) < 41
    assert not list(out.rglob("*.part"))
