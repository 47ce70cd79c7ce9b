"""What is decided is on disk and stays there, whatever other programs and people do to its file meanwhile."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from tests.services.test_reviewing import Desk
from viewer.domain.decision import Answer
from viewer.domain.geometry import PlaneName
from viewer.domain.identifiers import new_uid
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.io import journal_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume

_FILE = "decisions.sqlite3"
_on_posix = pytest.mark.skipif(sys.platform == "win32", reason="an open file stays where it is there")


def decide(desk: Desk, finding: str, answer: Answer = Answer.REJECTED) -> None:
    desk.reviewing.select(finding)
    desk.navigation.finish()
    desk.reviewing.decide(answer)


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Callable[[], Desk]]:
    """Return what starts the program anew on one folder."""
    started: list[Desk] = []

    def start() -> Desk:
        started.append(Desk(tmp_path))
        return started[-1]

    yield start
    for desk in started:
        desk.close()


def test_what_was_said_in_a_first_program_stays_when_a_second_goes_on_with_the_same_finding(
    work: Callable[[], Desk],
) -> None:
    first = work()
    second = work()
    first.reviewing.comment("ask surgery", finding_id="f1")
    decide(first, "f2")
    decide(first, "f3")
    first.close()
    decide(second, "f1", Answer.ACCEPTED)
    # It has seen by now what the first one said, and what it says next is said of that.
    assert second.answers() == {"f1": Answer.ACCEPTED, "f2": Answer.REJECTED, "f3": Answer.REJECTED}
    second.reviewing.comment("look again", finding_id="f2")
    assert second.reviewing.unsaved == 0
    second.close()
    held = work().session.decisions
    assert {name: (one.answer, one.comment) for name, one in held.items()} == {
        "f1": (Answer.ACCEPTED, "ask surgery"),
        "f2": (Answer.REJECTED, "look again"),
        "f3": (Answer.REJECTED, ""),
    }


def test_a_program_that_reads_alone_exports_what_the_other_decided(
    work: Callable[[], Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = work()
    second = work()
    decide(first, "f1")
    given: list[dict[str, object]] = []
    monkeypatch.setattr("viewer.services.exporting.write_review", lambda *args: given.append(args[3]))
    second.reviewing.export(tmp_path / "out")
    second.at_rest()
    assert [list(decisions) for decisions in given] == [["f1"]]


@_on_posix
def test_decisions_are_not_lost_where_their_file_was_taken_away_while_it_was_open(
    work: Callable[[], Desk], tmp_path: Path
) -> None:
    desk = work()
    decide(desk, "f1")
    for path in tmp_path.glob(f"{_FILE}*"):
        path.unlink()
    decide(desk, "f2")
    assert (desk.errors, desk.reviewing.unsaved) == ([], 0)
    desk.close()
    assert work().answers() == {"f1": Answer.REJECTED, "f2": Answer.REJECTED}


@_on_posix
def test_nothing_is_called_saved_in_a_file_that_another_took_the_place_of(
    work: Callable[[], Desk], tmp_path: Path
) -> None:
    desk = work()
    decide(desk, "f1")
    desk.close()
    shutil.copy(tmp_path / _FILE, tmp_path / "older")
    desk = work()
    decide(desk, "f2")
    (tmp_path / "older").replace(tmp_path / _FILE)
    decide(desk, "f3")
    assert desk.reviewing.unsaved == 1
    assert [error.sentence for error in desk.errors] == [
        "The file with the decisions was replaced while CaseStage was open; what it held is kept in “backups”."
    ]
    assert desk.answers() == {"f1": Answer.REJECTED, "f3": Answer.REJECTED}
    desk.reviewing.retry()
    assert desk.reviewing.unsaved == 0
    desk.close()
    assert work().answers() == {"f1": Answer.REJECTED, "f3": Answer.REJECTED}
    held = sorted((tmp_path / "backups").iterdir())[-1]
    with closing(sqlite3.connect(held)) as before:
        assert [row[0] for row in before.execute("SELECT finding_id FROM event")] == ["f1", "f2"]


def test_a_damaged_file_is_told_of_when_a_series_is_opened_and_not_only_once_something_is_decided(
    work: Callable[[], Desk], tmp_path: Path
) -> None:
    desk = work()
    decide(desk, "f1")
    desk.close()
    content = (tmp_path / _FILE).read_bytes()
    for length in (700, 5000, len(content) - 5000):
        (tmp_path / _FILE).write_bytes(content[:length])
        desk = work()
        desk.at_rest()
        assert desk.told[0].sentence.startswith("The file with the decisions on this machine is damaged")
        desk.close()


@pytest.mark.parametrize("empty", [False, True])
def test_a_journal_that_is_gone_or_empty_is_told_of_and_its_newest_copy_stays(
    work: Callable[[], Desk], tmp_path: Path, *, empty: bool
) -> None:
    desk = work()
    decide(desk, "f1")
    assert journal_store.back_up_if_due(tmp_path / _FILE) is not None
    desk.close()
    for path in tmp_path.glob(f"{_FILE}*"):
        path.unlink()
    if empty:
        (tmp_path / _FILE).touch()
    desk = work()
    assert [told.sentence for told in desk.told] == [
        "The file with the decisions on this computer was gone or empty, and a new one was begun."
    ]
    (kept,) = tmp_path.glob("decisions-until-*.sqlite3")
    assert kept.name in desk.told[0].hint
    decide(desk, "f2")
    for hour in range(1, 10):
        journal_store.back_up_if_due(tmp_path / _FILE, datetime.now(UTC) + timedelta(hours=hour))
    desk.close()
    kept.replace(tmp_path / _FILE)
    assert work().answers() == {"f1": Answer.REJECTED}


def test_what_was_measured_on_a_series_is_not_drawn_on_the_next_whose_entries_cannot_be_read(
    work: Callable[[], Desk], tmp_path: Path
) -> None:
    desk = work()
    ends = ((-10.0, -10.0, 10.0), (10.0, -10.0, 10.0))
    made = Measurement(new_uid(), MeasurementKind.LENGTH, ends, PlaneName.AXIAL, (1, 0, 0), (0, 1, 0))
    desk.reviewing.keep_measurement(made)
    volume = desk.session.volume
    assert volume is not None
    other: Volume = evolve(volume, series=evolve(volume.series, series_uid="1.2.4"))
    finding: Finding = desk.session.findings[0]
    desk.journal.decide("1.2.4", finding, Answer.ACCEPTED, "A")
    desk.close()
    with closing(sqlite3.connect(tmp_path / _FILE)) as file:
        file.execute("DROP TRIGGER event_never_changes")
        file.execute("UPDATE event SET after = ? WHERE series_uid = '1.2.4'", (json.dumps({"said": 7}),))
        file.commit()
    desk = work()
    assert desk.session.measurements == (made,)
    desk.session.volume = other
    assert desk.errors
    assert desk.session.measurements == ()
    assert desk.session.decisions == {}
