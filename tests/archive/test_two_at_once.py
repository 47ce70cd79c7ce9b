"""Two retrieves into one study's folder, and a study that the archive has changed meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.archive.conftest import SERIES, STUDY, small_series
from viewer.io.archive.landing import INCOMING, Landing

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_one_retrieve_that_ends_leaves_what_arrives_for_another_alone(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    content = small_series(tmp_path / "given", 1)[0].read_bytes()
    mine, other = Landing(tmp_path / "study", STUDY), Landing(tmp_path / "study", STUDY, SERIES)
    mine.take(lambda file: (file.write(content[:100]), other.tidy(), file.write(content[100:])))
    assert mine.count == 1
    mine.tidy()
    assert not (tmp_path / "study" / INCOMING).exists()


def test_what_a_retrieve_left_that_was_killed_goes_another_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / "study" / INCOMING / "x" / "y.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(bytes(100))
    Landing(tmp_path / "study", STUDY).tidy()
    assert left.exists()
    monkeypatch.setattr("viewer.io.archive.landing.time.time", lambda: left.stat().st_mtime + 100_000)
    Landing(tmp_path / "study", STUDY).tidy()
    assert not (tmp_path / "study").exists()
