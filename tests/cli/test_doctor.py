from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from tests.cli.conftest import casestage
from viewer.domain.decision import Answer
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.io.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path


def test_the_doctor_names_what_models_run_on_and_where_things_are_kept(own_home: Path) -> None:
    said = casestage("doctor", "--json")
    checks = {check["name"]: check for check in said.json["checks"]}
    assert "processor" in checks["Models run on"]["found"]
    assert str(own_home / "data") in checks["Data folder"]["found"]
    for name in ("CaseStage", "Python", "vtk", "onnxruntime", "OpenGL", "Memory", "Models"):
        assert checks[name]["found"]
    assert said.code == (0 if all(check["ok"] for check in said.json["checks"]) else 1)


def test_the_doctor_says_what_is_wrong_with_a_hint(own_home: Path) -> None:
    broken = own_home / "data" / "models" / "broken"
    broken.mkdir(parents=True)
    (broken / "model.toml").write_text("manifest = 1\n", encoding="utf-8")
    said = casestage("doctor")
    assert said.code == 1
    assert "NOT  Models: " in said.out
    assert "casestage models list names what is wrong." in said.out


def test_the_doctor_says_where_decisions_were_changed_behind_the_program_s_back(own_home: Path) -> None:
    def decisions() -> dict[str, object]:
        return next(check for check in casestage("doctor", "--json").json["checks"] if check["name"] == "Decisions")

    assert decisions()["found"] == "none yet"
    path = own_home / "data" / "decisions.sqlite3"
    journal = Journal(path)
    source = Source(SourceKind.MODEL, "Finder")
    for number in range(3):
        finding = Finding(f"f{number}", "2.25.1", "bleed", "Bleed", source, np.zeros(3), np.zeros((3, 2)))
        journal.decide("1.2.3", finding, Answer.ACCEPTED, "Dr Example")
    journal.close()
    assert decisions() == {"name": "Decisions", "found": "3 entries on disk, as written", "ok": True, "hint": ""}
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TRIGGER event_never_changes")
        other.execute("UPDATE event SET reader = 'B' WHERE sequence = 2")
        other.commit()
    assert decisions()["found"] == "not as they were written: 1 of 3 entries was changed; number 2"
    assert not decisions()["ok"]
    assert "backups" in str(decisions()["hint"])
