"""Copies of the decisions in the folder for temporary files go with their process, or at the next start."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from viewer.io.journal import Journal
from viewer.io.scratch import Scratch, remove_left_behind

_HOLDS = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from viewer.io.scratch import Scratch
scratch = Scratch()
(scratch.folder / "decisions.sqlite3").write_text("a comment")
print(scratch.folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_what_a_killed_program_left_is_removed_at_the_next_start_and_what_a_living_one_holds_is_not(
    temporary: Path, tmp_path: Path
) -> None:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", _HOLDS, str(temporary)]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as other:
        assert other.stdout is not None
        folder = Path(other.stdout.readline().strip())
        assert folder.parent == temporary
        Journal(tmp_path / "decisions.sqlite3").close()
        assert (folder / "decisions.sqlite3").read_text() == "a comment"
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert folder.exists()
    Journal(tmp_path / "decisions.sqlite3").close()
    assert list(temporary.iterdir()) == []


def test_beside_a_program_that_writes_nothing_is_copied(temporary: Path, tmp_path: Path) -> None:
    writes, reads = (Journal(tmp_path / "decisions.sqlite3") for _ in range(2))
    assert reads.read_only is not None
    assert list(temporary.iterdir()) == []
    for journal in (reads, writes):
        journal.close()


def test_a_folder_of_one_process_is_private_and_gone_when_it_is_closed(temporary: Path) -> None:
    scratch = Scratch()
    assert list(temporary.iterdir()) == []
    folder = scratch.folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert scratch.folder == folder
    assert remove_left_behind() == 0
    scratch.close()
    assert list(temporary.iterdir()) == []
    scratch.close()


def test_what_an_older_program_left_without_a_lock_goes_and_what_only_looks_like_it_stays(
    temporary: Path, tmp_path: Path
) -> None:
    (temporary / "casestage-journal-abcd1234").mkdir()
    (temporary / "casestage-journal-abcd1234" / "decisions.sqlite3").write_text("a comment")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").write_text("mine")
    (temporary / "casestage-journal-link").symlink_to(elsewhere)
    (temporary / "other").mkdir()
    assert remove_left_behind() == 1
    assert (elsewhere / "mine").read_text() == "mine"
    assert sorted(path.name for path in temporary.iterdir()) == ["casestage-journal-link", "other"]
