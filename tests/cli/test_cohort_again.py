"""A cohort that is run again runs its models anew on what is another by now: settings of a model, images of a scan."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import casestage, write_series
from tests.cli.test_cohort import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def own_model(anatomy: Path, tmp_path: Path) -> Path:
    """Return a copy of a model, to be changed."""
    return shutil.copytree(anatomy, tmp_path / "model")


def test_a_model_whose_settings_were_changed_is_run_again(own_model: Path, tmp_path: Path) -> None:
    write_series(tmp_path / "scans" / "ct")
    out = tmp_path / "cohort"
    assert run(tmp_path / "scans", own_model, out)[1]["runs"] == 1
    assert run(tmp_path / "scans", own_model, out)[1]["runs"] == 0
    manifest = own_model / "model.toml"
    text = manifest.read_text("utf-8")
    assert "[post]" in text
    manifest.write_text(text.replace("[post]", "[post]\nsmallest_ml = 1.5"), "utf-8")
    assert run(tmp_path / "scans", own_model, out)[1]["runs"] == 1
    assert run(tmp_path / "scans", own_model, out)[1]["runs"] == 0


def test_a_scan_that_has_more_images_by_now_is_run_again(anatomy: Path, tmp_path: Path) -> None:
    folder = write_series(tmp_path / "scans" / "ct")
    last = sorted(folder.iterdir())[-1]
    away = last.rename(tmp_path / "to come")
    out = tmp_path / "cohort"
    assert run(tmp_path / "scans", anatomy, out)[1]["runs"] == 1
    away.rename(last)
    assert run(tmp_path / "scans", anatomy, out)[1]["runs"] == 1
    assert run(tmp_path / "scans", anatomy, out)[1]["runs"] == 0


def test_a_cohort_that_was_moved_is_not_run_again(anatomy: Path, tmp_path: Path) -> None:
    write_series(tmp_path / "scans" / "ct")
    out = tmp_path / "cohort"
    run(tmp_path / "scans", anatomy, out)
    shutil.copytree(tmp_path / "scans", tmp_path / "elsewhere", copy_function=shutil.copyfile)
    assert run(tmp_path / "elsewhere", anatomy, out)[1]["runs"] == 0


def test_what_was_run_before_that_was_watched_counts(anatomy: Path, tmp_path: Path) -> None:
    write_series(tmp_path / "scans" / "ct")
    out = tmp_path / "cohort"
    run(tmp_path / "scans", anatomy, out)
    with closing(sqlite3.connect(out / "cohort.sqlite3")) as made:
        made.executescript(
            "ALTER TABLE run DROP COLUMN made_with; ALTER TABLE run DROP COLUMN settings;"
            "ALTER TABLE run DROP COLUMN due; ALTER TABLE study DROP COLUMN images; PRAGMA user_version = 2;"
        )
    assert run(tmp_path / "scans", anatomy, out)[1]["runs"] == 0


def test_two_models_of_one_file_are_not_counted_as_one(anatomy: Path, own_model: Path, tmp_path: Path) -> None:
    write_series(tmp_path / "scans" / "ct")
    manifest = own_model / "model.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("[post]", "[post]\nsmallest_ml = 1.5"), "utf-8")
    models = ("--model", anatomy, "--model", own_model)
    said = casestage("cohort", "run", tmp_path / "scans", *models, "--out", tmp_path / "cohort", "--anyway")
    assert said.code == 1
    assert "Two of these models are one file with other settings" in said.err
