"""What may go into a pack and come out of it: nothing from elsewhere, nothing half, nothing under two names."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from tests.cli.conftest import write_small_case
from viewer.domain.errors import CaseStageError, PackError, StorageError
from viewer.domain.job import JobContext, Progress
from viewer.io import pack_writing
from viewer.io.case_document import read_case, write_case
from viewer.io.pack_writing import write_pack
from viewer.services import packing
from viewer.services.packing import install_pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _link_within(case: Path) -> None:
    (case / "ct" / "0099.dcm").symlink_to(case / "ct" / "0001.dcm")


def _folder_elsewhere(case: Path) -> None:
    outside = case.parent / "outside"
    outside.mkdir()
    (outside / "secret.png").write_bytes(b"secret")
    (case / "pictures").symlink_to(outside)
    told = read_case(case)
    first = evolve(told.steps[0], narration="![](pictures/secret.png)")
    write_case(case, evolve(told, steps=(first, *told.steps[1:])))


def _device(case: Path) -> None:
    (case / "ct" / "nul.dcm").write_bytes((case / "ct" / "0001.dcm").read_bytes())


def _two_cases(case: Path) -> None:
    for name in ("one.dcm", "ONE.dcm"):
        (case / "ct" / name).write_bytes((case / "ct" / "0001.dcm").read_bytes())


def _half(case: Path) -> None:
    shutil.rmtree(case / "findings")


IN: dict[str, tuple[Callable[[Path], None], str]] = {
    "a link to a file of its own": (_link_within, "is a link"),
    "a picture in a folder that lies elsewhere": (_folder_elsewhere, "is a link|not whole|outside"),
    "a name that a system keeps for a device": (_device, "cannot go into a pack"),
    "two files of one name where case does not count": (_two_cases, "the same name"),
    "no findings where its document names some": (_half, "not whole"),
}


@pytest.mark.parametrize("what", IN)
def test_a_case_is_not_packed_that_holds(tmp_path: Path, what: str) -> None:
    spoil, words = IN[what]
    write_small_case(tmp_path / "case")
    spoil(tmp_path / "case")
    with pytest.raises(CaseStageError, match=words):
        write_pack(tmp_path / "x.casepack", [tmp_path / "case"], [], JobContext())
    assert not (tmp_path / "x.casepack").exists()


@pytest.mark.parametrize(("limit", "most"), [("MOST_FILES", 3), ("LARGEST_FILE", 100)])
def test_more_than_a_pack_may_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    write_small_case(tmp_path / "case")
    monkeypatch.setattr(pack_writing, limit, most)
    with pytest.raises(PackError, match="at most 3 files|too large"):
        write_pack(tmp_path / "x.casepack", [tmp_path / "case"], [], JobContext())
    assert not (tmp_path / "x.casepack").exists()


def test_a_file_that_changes_while_it_is_packed_is_not_packed(tmp_path: Path) -> None:
    write_small_case(tmp_path / "case")

    def changed(progress: Progress) -> None:
        if progress.what.startswith("Packing file 1 "):
            document = tmp_path / "case" / "case.json"
            document.write_text(document.read_text().replace("A block in water.", "A block in waters"))

    with pytest.raises(PackError, match="changed while"):
        write_pack(tmp_path / "x.casepack", [tmp_path / "case"], [], JobContext(on_progress=changed))
    assert not (tmp_path / "x.casepack").exists()


def test_a_model_that_is_none_is_not_installed_and_nothing_that_came_with_it(tmp_path: Path) -> None:
    write_small_case(tmp_path / "case")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.toml").write_text("manifest = 1\n[model]\nid = 'another'\n")
    write_pack(tmp_path / "x.casepack", [tmp_path / "case"], [("tiny", tmp_path / "model")], JobContext())
    with pytest.raises(CaseStageError):
        install_pack(tmp_path / "x.casepack", tmp_path / "data", JobContext())
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("move", [1, 2, 3, 4])
def test_an_install_that_fails_in_its_middle_puts_all_back_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, move: int
) -> None:
    data = tmp_path / "data"
    for n in ("one", "two"):
        write_small_case(tmp_path / n, n)
    pack = tmp_path / "x.casepack"
    write_pack(pack, [tmp_path / "one", tmp_path / "two"], [], JobContext())
    install_pack(pack, data, JobContext())
    for n in ("one", "two"):
        (data / "cases" / n / "mine").write_text("a note")
    moves, real = 0, os.replace

    def replace(old: Path, new: Path) -> None:
        nonlocal moves
        moves += 1
        if moves == move:
            raise OSError(28, "No space left on device")
        real(old, new)

    monkeypatch.setattr(packing.os, "replace", replace)
    with pytest.raises(StorageError):
        install_pack(pack, data, JobContext(), replace=True)
    assert sorted(path.name for path in (data / "cases").iterdir()) == ["one", "two"]
    for n in ("one", "two"):
        assert (data / "cases" / n / "mine").read_text() == "a note"
        assert json.loads((data / "cases" / n / "case.json").read_text())["id"] == n
