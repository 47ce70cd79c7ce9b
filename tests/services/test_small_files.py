"""Small files that the program keeps or a user edits, damaged or with mistakes: none of them stops a start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from viewer.domain.session import Session
from viewer.io.sole_writer import SoleWriter
from viewer.services.conventions import ConventionsError, read_conventions
from viewer.services.hanging import HangingRulesError, rules_from
from viewer.services.kept_alignments import KeptAlignments
from viewer.services.last_place import LastPlace, Place

if TYPE_CHECKING:
    from pathlib import Path

DAMAGED = [
    b"",
    b"null",
    b"\xff\xfe",
    b"[" * 4096,
    b'{"case":' * 500,
    b'{"case": "a", "step": 1' + b"0" * 3000 + b"}",
    b'{"x": 1' + b"0" * 400 + b', "y": 0, "z": 0}',
    b'{"x": 0, "y": 0, "z": 0, "turned": [1' + b"0" * 400 + b", 0, 0, 0]}",
    b'{"process": 1' + b"0" * 400 + b', "computer": []}',
]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_note_of_the_last_place_offers_none_or_a_place(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "presenting.json").write_bytes(content)
    place = LastPlace(Session(), tmp_path)
    assert place.left is None or place.left.case_id == "a"
    place.close()


def test_who_was_killed_on_the_first_step_is_offered_to_go_on_there(tmp_path: Path) -> None:
    (tmp_path / "presenting.json").write_bytes(b'{"case": "a", "step": 0}')
    place = LastPlace(Session(), tmp_path)
    assert place.left == Place("a", 0)
    place.close()


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_alignment_is_none(tmp_path: Path, content: bytes) -> None:
    kept = KeptAlignments(tmp_path)
    kept._place(("a", "b"))[0].write_bytes(content)
    assert kept.of(("a", "b")) is None


@pytest.mark.parametrize("content", DAMAGED)
def test_who_holds_a_lock_is_another_process_where_it_does_not_say(tmp_path: Path, content: bytes) -> None:
    first, second = SoleWriter(tmp_path / "lock"), SoleWriter(tmp_path / "lock")
    assert first.take()
    (tmp_path / "lock").write_bytes(content)
    assert not second.take()
    assert "process" in second.holder
    first.release()


def test_files_of_a_user_that_are_nested_too_deeply_are_told_of(tmp_path: Path) -> None:
    path = tmp_path / "edited.toml"
    path.write_text("x = " + "[" * 5000)
    with pytest.raises(HangingRulesError, match="nested too deeply"):
        rules_from(path)
    with pytest.raises(ConventionsError, match="nested too deeply"):
        read_conventions(path)
