from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.io.sole_writer import SoleWriter
from viewer.io.staging import staging

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
