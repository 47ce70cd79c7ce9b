"""A command that could not write anything leaves no folder behind that it made; one that was there stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import casestage
from tests.full_disk import room_for

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.walkthrough import Case


def commands(series: Path, model: Path, case: Case, out: Path) -> dict[str, tuple[object, ...]]:
    return {
        "run": ("run", series, "--model", model, "--out", out),
        "phantom": ("phantom", "abdomen", "--seed", 1, "--pixel", 4, "--thickness", 20, "--out", out),
        "pictures": ("case", "export", case.id, "--png", out),
    }


@pytest.mark.usefixtures("made_once")
@pytest.mark.parametrize("name", ["run", "phantom", "pictures"])
def test_what_could_not_be_written_leaves_no_empty_folder(
    name: str, small_series: Path, anatomy: Path, small_case: Case, tmp_path: Path
) -> None:
    out = tmp_path / "results" / "of today"
    with room_for(50):
        said = casestage(*commands(small_series, anatomy, small_case, out)[name])
    assert said.is_sentence()
    assert "could not be saved" in said.err
    assert not out.parent.exists()
    out.mkdir(parents=True)
    with room_for(50):
        assert casestage(*commands(small_series, anatomy, small_case, out)[name]).code == 1
    assert list(out.iterdir()) == []
