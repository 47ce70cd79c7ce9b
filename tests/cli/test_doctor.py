from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.conftest import casestage

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
