from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from viewer.io import sole_writer
from viewer.io.sole_writer import SoleWriter
from viewer.io.staging import made_beside, staging

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_program_that_begins_just_as_the_last_one_clears_up_has_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, cleared, take = tmp_path / "making", list[str](), SoleWriter.take

    def just_cleared(lock: SoleWriter) -> bool:
        if not cleared:
            cleared.append("by the other")
            root.rmdir()
        return take(lock)

    monkeypatch.setattr(SoleWriter, "take", just_cleared)
    with staging(root) as folder:
        assert list(folder.iterdir()) == []
    assert cleared
    assert list(tmp_path.iterdir()) == []


def test_where_a_network_drive_knows_no_locks_files_are_made_and_those_of_others_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_file: object) -> bool:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(sole_writer, "_lock", refused)
    with made_beside(tmp_path / "one.webm", "The film") as waiting:
        waiting.write_bytes(b"one")
        with made_beside(tmp_path / "two.webm", "The film") as other:
            other.write_bytes(b"two")
        assert waiting.read_bytes() == b"one"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"one.webm": b"one", "two.webm": b"two"}
