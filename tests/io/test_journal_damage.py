"""A decisions file that was damaged is either read as it was written or said to be damaged, and stops no start."""

from __future__ import annotations

import random
import shutil
import sqlite3
import sys
from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from tests.full_disk import room_for
from tests.io.journal_parts import SERIES, finding_of_a_model
from viewer.domain.decision import Answer
from viewer.domain.errors import StorageError
from viewer.io.index import LibraryIndex
from viewer.io.journal import Journal
from viewer.io.journal_chain import check_chain
from viewer.io.sole_writer import SoleWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DECISIONS = 24


@pytest.fixture
def killed(path: Path, tmp_path: Path) -> Path:
    """Return the decisions as a killed program leaves them: the newest lie in SQLite's log."""
    journal = Journal(path)
    for n in range(DECISIONS):
        journal.decide(SERIES, finding_of_a_model(f"nodule-{n}"), Answer.ACCEPTED, "A", f"comment {n}")
    left = tmp_path / "left"
    shutil.copytree(path.parent, left)
    journal.close()
    return left / path.name


def changed(path: Path, statement: str) -> None:
    """Write into the schema or a table of a file, as damage would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DROP TRIGGER IF EXISTS event_never_changes")
        db.execute("PRAGMA writable_schema = ON")
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute(statement)


def decided(path: Path) -> tuple[int, StorageError | None]:
    """Return how many decisions a start finds, and what it says of the others."""
    journal = Journal(path)
    try:
        return len(journal.decisions(SERIES)), journal.lacking
    finally:
        journal.close()


def test_decisions_of_a_killed_program_are_all_there_and_nothing_is_said(killed: Path) -> None:
    assert decided(killed) == (DECISIONS, None)
    assert decided(killed) == (DECISIONS, None)


@pytest.mark.parametrize(
    "taken",
    [
        lambda log: log.unlink(),
        lambda log: log.write_bytes(b""),
        lambda log: log.write_bytes(log.read_bytes()[: log.stat().st_size // 2]),
        lambda log: log.write_bytes(log.read_bytes().replace(b"comment 12", b"comment 1X")),
    ],
)
def test_decisions_that_went_with_the_log_beside_their_file_are_said_to_be_gone_once(
    killed: Path, taken: Callable[[Path], object]
) -> None:
    taken(killed.with_name(killed.name + "-wal"))
    there, said = decided(killed)
    assert there < DECISIONS
    assert said is not None
    assert f"newest {DECISIONS - there} entries" in said.sentence
    assert decided(killed) == (there, None)


def test_an_older_file_in_the_place_of_the_decisions_is_said_once(path: Path) -> None:
    journal = Journal(path)
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    journal.close()
    older = path.read_bytes()
    journal = Journal(path)
    journal.decide(SERIES, finding_of_a_model(), Answer.REJECTED, "A")
    journal.close()
    path.write_bytes(older)
    there, said = decided(path)
    assert (there, said is not None and "newest entry" in said.sentence) == (1, True)
    assert decided(path) == (1, None)


def test_a_program_that_only_reads_says_that_decisions_are_gone_too(killed: Path) -> None:
    killed.with_name(killed.name + "-wal").unlink()
    Journal(killed).close()
    killed.with_name(killed.name + ".newest").write_text(str(DECISIONS))
    other = SoleWriter(killed.with_name(killed.name + ".lock"))
    assert other.take()
    for _ in range(2):
        there, said = decided(killed)
        assert (there, said is not None and "entries" in said.sentence) == (0, True)
    other.release()


def test_an_empty_file_beside_a_log_loses_nothing_that_the_log_holds(killed: Path) -> None:
    log = killed.with_name(killed.name + "-wal")
    held = log.read_bytes()
    killed.write_bytes(b"")
    there, said = decided(killed)
    assert (there, said is not None) == (0, True)
    assert [file.read_bytes() == held for file in killed.parent.glob("decisions-log-*")] == [True]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sqlite_master SET sql = CAST(replace(sql, 'sequence', x'ff') AS TEXT) WHERE name = 'event'",
        "UPDATE sqlite_master SET sql = CAST(replace(sql, 'uuid', x'ff') AS TEXT) WHERE name = 'event'",
        "UPDATE event SET after = json_replace(after, '$.said.time_utc', 'noon') WHERE sequence = 5",
        "UPDATE event SET after = 'nothing' WHERE sequence = 5",
        "UPDATE event SET reader = CAST(x'ff41' AS TEXT) WHERE sequence = 5",
        "UPDATE event SET kind = 'lecision' WHERE sequence = 5",
    ],
)
def test_an_entry_that_is_none_any_more_is_said_and_stops_no_start(killed: Path, statement: str) -> None:
    Journal(killed).close()
    changed(killed, statement)
    journal = Journal(killed)
    said = [journal.read_only]
    for read in (journal.decisions, journal.events):
        try:
            read(SERIES)
        except StorageError as error:
            said.append(error)
    journal.close()
    assert any(error is not None and "damaged" in error.sentence and error.hint for error in said)


def test_what_only_finds_the_decisions_is_made_anew_where_it_is_damaged(killed: Path) -> None:
    Journal(killed).close()
    with closing(sqlite3.connect(killed, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'event_of_finding'").fetchone()
        page = db.execute("PRAGMA page_size").fetchone()[0]
    content = bytearray(killed.read_bytes())
    # One finding's name in the index, not in the table.
    at = content.index(b"nodule-7", (root - 1) * page)
    content[at : at + 8] = b"nodule-X"
    killed.write_bytes(content)
    assert decided(killed) == (DECISIONS, None)


def test_bytes_where_words_stood_are_a_changed_entry(killed: Path) -> None:
    Journal(killed).close()
    with closing(sqlite3.connect(killed, isolation_level=None)) as db:
        db.execute("DROP TRIGGER event_never_changes")
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_master SET sql = replace(sql, ') STRICT', ')') WHERE type = 'table'")
    with closing(sqlite3.connect(killed, isolation_level=None)) as db:
        db.execute("UPDATE event SET program_version = x'00ff' WHERE sequence = 5")
    assert [one.sequence for one in check_chain(killed).changed] == [5]


@pytest.mark.parametrize("seed", range(12))
def test_random_damage_is_noticed_or_harms_nothing(killed: Path, seed: int) -> None:
    whole = Journal(killed)
    expected = whole.decisions(SERIES)
    whole.close()
    chance = random.Random(seed)
    content = bytearray(killed.read_bytes())
    at, length = chance.randrange(len(content)), chance.choice([1, 2, 16, 512])
    content[at : at + length] = chance.randbytes(len(content[at : at + length]))
    killed.write_bytes(content)
    journal = Journal(killed)
    try:
        found = journal.decisions(SERIES)
        noticed = journal.lacking is not None or not check_chain(killed).whole
    except StorageError:
        found, noticed = {}, True
    journal.close()
    assert found == expected or noticed


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit for files")
@pytest.mark.parametrize(("free", "full"), [(0, True), (10**9, False)])
def test_a_disk_without_room_for_what_lies_beside_the_file_is_said_to_be_full(
    path: Path, monkeypatch: pytest.MonkeyPatch, free: int, full: bool
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=free))
    told: list[StorageError] = []
    with room_for(100):
        journal = Journal(path)
        with pytest.raises(StorageError) as raised:
            journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
        index = LibraryIndex(path.with_name("library.sqlite3"), told.append)
        index.opened(path.parent)
        index.close()
    assert ["disk is full" in error.sentence for error in (raised.value, *told)] == [full, full]
    assert journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A") is not None
    journal.close()


def test_what_a_newer_version_says_in_its_own_way_is_not_called_damage_for_which_a_backup_is_put_in_place(
    path: Path,
) -> None:
    journal = Journal(path)
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    journal.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TRIGGER event_never_changes")
        other.execute("UPDATE event SET after = json_set(after, '$.seen_by', 'B')")
        other.commit()
        other.execute("PRAGMA user_version = 99")
    newer = Journal(path)
    with pytest.raises(StorageError) as raised:
        newer.decisions(SERIES)
    newer.close()
    assert raised.value.sentence == "What is kept on this series was kept by a newer CaseStage and cannot be read here."
    assert raised.value.hint == "Nothing is lost: install the newest CaseStage to see it."
