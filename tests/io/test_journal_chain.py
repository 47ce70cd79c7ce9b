"""What was changed in the journal behind the program's back is found, and where."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.decision import Answer
from viewer.domain.errors import CancelledError
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.job import JobContext
from viewer.io.journal import Journal
from viewer.io.journal_chain import Chain, Changed, check_chain

if TYPE_CHECKING:
    from pathlib import Path

SERIES = "1.2.840.1"
OTHER = "1.2.840.2"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a journal of six decisions, of two series in turn; it is open no more."""
    path = tmp_path / "decisions.sqlite3"
    journal = Journal(path)
    source = Source(SourceKind.MODEL, "Nodules", "1.2", "nodules", "ab" * 32)
    for number in range(6):
        finding = Finding(f"f{number}", "2.25.1", "nodule", "Nodule", source, np.zeros(3), np.zeros((3, 2)))
        journal.decide(OTHER if number % 2 else SERIES, finding, Answer.ACCEPTED, "A")
    journal.close()
    return path


def forge(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TRIGGER IF EXISTS event_never_changes")
        other.execute("DROP TRIGGER IF EXISTS event_never_goes")
        other.execute(statement, values)
        other.commit()


def test_what_was_written_is_whole_also_while_it_is_open(path: Path) -> None:
    assert check_chain(path) == Chain(6)
    journal = Journal(path)
    assert check_chain(path, series_uid=SERIES) == Chain(3)
    journal.close()


def test_a_journal_that_is_not_there_is_whole_and_is_not_made(tmp_path: Path) -> None:
    assert check_chain(tmp_path / "none.sqlite3") == Chain()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET reader = 'B' WHERE sequence = 3",
        "UPDATE event SET after = replace(after, 'accepted', 'rejected') WHERE sequence = 3",
        "UPDATE event SET previous_hash = 'x' WHERE sequence = 3",
        "UPDATE event SET hash = 'x' WHERE sequence = 3",
    ],
)
def test_a_changed_event_is_named_on_its_series_and_on_no_other(path: Path, statement: str) -> None:
    forge(path, statement)
    changed = (Changed(3, "f2"),)
    assert check_chain(path) == Chain(6, changed)
    assert check_chain(path, series_uid=SERIES) == Chain(3, changed)
    assert check_chain(path, series_uid=OTHER) == Chain(3)


def test_an_event_that_was_changed_and_hashed_anew_is_named(path: Path) -> None:
    journal = Journal(path)
    event = journal.events(SERIES)[1]
    journal.close()
    after = json.dumps(json.loads(event.after) | {"said": None}, ensure_ascii=False)
    forge(
        path, "UPDATE event SET after = ?, hash = ? WHERE sequence = 3", after, evolve(event, after=after).true_hash()
    )
    assert check_chain(path).changed == (Changed(3, "f2"),)
    assert check_chain(path, series_uid=SERIES).changed == (Changed(3, "f2"),)
    assert check_chain(path, series_uid=OTHER).whole


@pytest.mark.parametrize("sequence", [1, 3, 5])
def test_an_event_that_was_taken_out_is_missing(path: Path, sequence: int) -> None:
    forge(path, "DELETE FROM event WHERE sequence = ?", sequence)
    assert check_chain(path) == Chain(5, (), 1)
    assert check_chain(path, series_uid=OTHER).missing == 1


def test_decisions_go_on_after_a_changed_one_and_are_true_themselves(path: Path) -> None:
    forge(path, "UPDATE event SET reader = 'B' WHERE sequence = 6")
    journal = Journal(path)
    source = Source(SourceKind.MODEL, "Nodules", "1.2", "nodules", "ab" * 32)
    finding = Finding("new", "2.25.1", "nodule", "Nodule", source, np.zeros(3), np.zeros((3, 2)))
    assert journal.decide(OTHER, finding, Answer.UNSURE, "A") is not None
    journal.close()
    assert check_chain(path) == Chain(7, (Changed(6, "f5"),))


def test_a_journal_of_a_newer_program_is_not_judged(path: Path) -> None:
    forge(path, "UPDATE event SET reader = 'B' WHERE sequence = 3")
    forge(path, "PRAGMA user_version = 99")
    assert check_chain(path).whole


def test_checking_can_be_stopped(path: Path) -> None:
    with pytest.raises(CancelledError):
        check_chain(path, JobContext(cancelled=lambda: True))
