"""What is named by its path is taken, or it is said of it what it lacks; not that nothing has that name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import casestage, write_small_case

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("command", [("case", "check"), ("doctor",), ("case", "export", "--png=x"), ("pack", "build")])
def test_a_folder_that_is_no_case_says_what_it_lacks(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "empty").mkdir()
    out = ("--out", tmp_path / "x.casepack") if command[0] == "pack" else ()
    said = casestage(*command, tmp_path / "empty", *out)
    assert said.is_sentence()
    assert "“empty” is not a case: it holds no case.json." in said.err


def test_a_case_may_be_named_by_its_document(own_home: Path, tmp_path: Path) -> None:
    write_small_case(tmp_path / "small")
    said = casestage("case", "check", tmp_path / "small" / "case.json")
    assert said.code == 0, said.err
    assert "A small case" in said.out


def test_a_model_may_be_named_by_its_file_and_one_without_a_manifest_says_so(own_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lone"
    folder.mkdir()
    (folder / "net.onnx").write_bytes(b"")
    for name in (folder / "net.onnx", folder):
        said = casestage("run", tmp_path, "--model", name, "--out", tmp_path / "out")
        assert said.is_sentence()
        assert "model.toml" in said.err
        assert "called" not in said.err
    (folder / "model.toml").write_text("manifest = 1\n", "utf-8")
    assert "model is missing" in casestage("run", tmp_path, "--model", folder / "net.onnx", "--out", tmp_path / "o").err


def test_a_case_that_is_named_twice_is_not_called_two_files_of_one_name(own_home: Path, tmp_path: Path) -> None:
    write_small_case(tmp_path / "small")
    said = casestage("pack", "build", tmp_path / "small", tmp_path / "small", "--out", tmp_path / "x.casepack")
    assert said.is_sentence()
    assert "“small-case” would go into the pack twice." in said.err
    assert "Name each case and model once." in said.err
