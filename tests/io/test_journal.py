"""What a reader decides is kept: after a crash, after a restart, and with its whole history."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.io.journal_parts import OTHER_SERIES, SERIES, finding_of_a_model
from viewer.domain.decision import Answer
from viewer.domain.errors import StorageError
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.labels import Mask
from viewer.io import journal_store
from viewer.io.journal import Journal
from viewer.io.journal_chain import check_chain
from viewer.io.journal_event import EventKind, newest_states
from viewer.io.scratch import Scratch


def _mark(name: str = "mark-1") -> Finding:
    centre = np.array([12.25, -3.5, 100.125])
    bounds = np.stack([centre - 5, centre + 5], axis=1)
    return Finding(name, "2.25.77", "reader-mark", "Missed", Source(SourceKind.READER, "Dr. Ä"), centre, bounds)


def test_a_decision_is_there_after_a_restart(path: Path) -> None:
    before = datetime.now(UTC)
    journal = Journal(path)
    event = journal.decide(SERIES, finding_of_a_model(), Answer.REJECTED, "Dr. Ä", "vessel", study_uid="1.2.3")
    journal.close()
    assert event is not None
    assert (event.kind, event.study_uid, event.model_sha256) == (EventKind.DECISION, "1.2.3", "ab" * 32)
    journal = Journal(path)
    decision = journal.decisions(SERIES)["nodule-1"]
    journal.close()
    assert (decision.answer, decision.reader, decision.comment) == (Answer.REJECTED, "Dr. Ä", "vessel")
    assert before <= decision.time_utc <= datetime.now(UTC)


@pytest.mark.skipif(sys.platform == "win32", reason="files there have no modes")
@pytest.mark.parametrize("mode", [None, 0o640])
def test_only_those_may_read_decisions_and_their_copies_who_may_read_the_file_and_at_first_the_user_alone(
    path: Path, mode: int | None
) -> None:
    Journal(path).close()
    if mode is not None:
        path.chmod(mode)
    journal = Journal(path)
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A", "as in 2019 of Ms Doe")
    copied = journal_store.back_up_if_due(path, datetime.now(UTC) + timedelta(days=1))
    assert copied is not None
    files = [copied, path, *(path.with_name(f"{path.name}{side}") for side in ("-wal", "-shm"))]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {mode or 0o600}
    journal.close()


def test_a_newer_decision_takes_the_place_of_the_older_and_both_stay_on_record(journal: Journal) -> None:
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    journal.decide(SERIES, finding_of_a_model(), Answer.UNSURE, "B")
    assert journal.decisions(SERIES)["nodule-1"].answer is Answer.UNSURE
    assert [json.loads(e.after)["said"]["answer"] for e in journal.events(SERIES)] == ["accepted", "unsure"]
    assert journal.decisions(OTHER_SERIES) == {}


def test_saying_the_same_again_is_no_event(journal: Journal) -> None:
    assert journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A", "sure") is not None
    assert journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A") is None
    assert journal.comment(SERIES, finding_of_a_model(), "sure", "A") is None
    assert len(journal.events(SERIES)) == 1


def test_a_comment_leaves_the_answer_and_an_answer_leaves_the_comment(journal: Journal) -> None:
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    event = journal.comment(SERIES, finding_of_a_model(), "calcified", "A")
    assert event is not None
    assert event.kind is EventKind.COMMENT
    assert journal.decisions(SERIES)["nodule-1"].answer is Answer.ACCEPTED
    journal.decide(SERIES, finding_of_a_model(), Answer.UNSURE, "A")
    assert journal.decisions(SERIES)["nodule-1"].comment == "calcified"


def test_a_comment_without_an_answer_is_kept(journal: Journal) -> None:
    journal.comment(SERIES, finding_of_a_model(), "look again", "A")
    decision = journal.decisions(SERIES)["nodule-1"]
    assert (decision.answer, decision.comment) == (None, "look again")


def test_undo_and_redo_work_after_a_restart(path: Path) -> None:
    journal = Journal(path)
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    journal.decide(SERIES, finding_of_a_model(), Answer.REJECTED, "A")
    journal.decide(SERIES, finding_of_a_model("nodule-2"), Answer.UNSURE, "A")
    journal.close()

    journal = Journal(path)
    journal.undo(SERIES)
    assert set(journal.decisions(SERIES)) == {"nodule-1"}
    journal.undo(SERIES)
    assert journal.decisions(SERIES)["nodule-1"].answer is Answer.ACCEPTED
    journal.close()

    journal = Journal(path)
    journal.redo(SERIES)
    assert journal.decisions(SERIES)["nodule-1"].answer is Answer.REJECTED
    journal.undo(SERIES)
    journal.undo(SERIES)
    assert journal.decisions(SERIES) == {}
    assert not journal.can_undo(SERIES)
    assert journal.undo(SERIES) is None
    assert journal.can_redo(SERIES)
    journal.close()


def test_something_new_ends_what_can_be_redone_but_nothing_is_erased(journal: Journal) -> None:
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    journal.undo(SERIES)
    journal.decide(SERIES, finding_of_a_model(), Answer.REJECTED, "A")
    assert not journal.can_redo(SERIES)
    assert journal.redo(SERIES) is None
    kinds = [e.kind for e in journal.events(SERIES)]
    assert kinds == [EventKind.DECISION, EventKind.UNDO, EventKind.DECISION]


def test_undo_stays_within_its_series(journal: Journal) -> None:
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    journal.decide(OTHER_SERIES, finding_of_a_model(), Answer.REJECTED, "A")
    journal.undo(SERIES)
    assert journal.decisions(SERIES) == {}
    assert journal.decisions(OTHER_SERIES)["nodule-1"].answer is Answer.REJECTED


def test_a_mark_comes_back_as_the_same_finding(path: Path) -> None:
    journal = Journal(path)
    mark = _mark()
    journal.mark(SERIES, mark, "Dr. Ä")
    journal.comment(SERIES, mark, "behind the heart", "Dr. Ä")
    journal.close()
    journal = Journal(path)
    (kept,) = journal.marks(SERIES)
    assert kept.id == mark.id
    assert kept.source == mark.source
    assert (kept.centre_lps_mm == mark.centre_lps_mm).all()
    assert (kept.bounds_lps_mm == mark.bounds_lps_mm).all()
    assert kept.mask is None
    journal.unmark(SERIES, mark, "Dr. Ä")
    assert journal.marks(SERIES) == ()
    assert journal.decisions(SERIES) == {}
    journal.undo(SERIES)
    assert [m.id for m in journal.marks(SERIES)] == [mark.id]
    assert journal.decisions(SERIES)[mark.id].comment == "behind the heart"
    journal.close()


def test_a_mark_with_an_outline_is_not_silently_cut_down(journal: Journal) -> None:
    mask = Mask((0, 0, 0), np.ones((1, 1, 1), bool))
    source = Source(SourceKind.READER, "A")
    drawn = Finding("m", "2.25.1", "k", "l", source, np.zeros(3), np.zeros((3, 2)), mask=mask)
    with pytest.raises(ValueError, match="mask"):
        journal.mark(SERIES, drawn, "A")


def test_events_can_be_neither_changed_nor_deleted(journal: Journal, path: Path) -> None:
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    with closing(sqlite3.connect(path)) as other:
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            other.execute("UPDATE event SET reader = 'B'")
        with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
            other.execute("DELETE FROM event")


def test_a_commit_is_on_disk_before_the_call_returns(journal: Journal) -> None:
    connection = journal._connection
    assert connection is not None
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    assert not connection.in_transaction


def test_no_acknowledged_decision_is_lost_when_the_program_is_killed(repository: Path) -> None:
    loop = repository / "tests" / "io" / "journal_crash_loop.py"
    done = subprocess.run([sys.executable, str(loop), "--kills", "4"], capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    assert (said["lost"], done.returncode) == (0, 0)
    assert said["acknowledged"] >= 4
    assert said["slowest_reopening_s"] < 5


def test_a_second_program_reads_and_says_who_holds_the_journal(journal: Journal, path: Path) -> None:
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    second = Journal(path)
    assert second.decisions(SERIES)["nodule-1"].answer is Answer.ACCEPTED
    with pytest.raises(StorageError, match=r"open already \(process \d+ on ") as raised:
        second.decide(SERIES, finding_of_a_model(), Answer.REJECTED, "B")
    assert raised.value.hint
    journal.decide(SERIES, finding_of_a_model("nodule-2"), Answer.UNSURE, "A")
    assert set(second.decisions(SERIES)) == {"nodule-1", "nodule-2"}
    journal.close()
    assert second.decide(SERIES, finding_of_a_model(), Answer.REJECTED, "B") is not None
    second.close()


def test_a_journal_from_a_newer_version_is_read_but_not_written(path: Path) -> None:
    journal = Journal(path)
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    journal.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")
    newer = Journal(path)
    assert newer.decisions(SERIES)["nodule-1"].answer is Answer.ACCEPTED
    with pytest.raises(StorageError, match="newer CaseStage"):
        newer.decide(SERIES, finding_of_a_model(), Answer.REJECTED, "A")
    newer.close()


def test_an_older_journal_is_copied_before_it_is_brought_up_to_date(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(path)
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    journal.close()
    step, version = ("CREATE TABLE later (x)",), len(journal_store.MIGRATIONS)
    monkeypatch.setattr(journal_store, "MIGRATIONS", [*journal_store.MIGRATIONS, step])
    journal = Journal(path)
    assert journal.read_only is None
    assert set(journal.decisions(SERIES)) == {"nodule-1"}
    journal.close()
    with (
        closing(sqlite3.connect(path)) as now,
        closing(sqlite3.connect(path.with_name(f"decisions-before-version-{version + 1}.sqlite3"))) as before,
    ):
        assert now.execute("PRAGMA user_version").fetchone() == (version + 1,)
        assert before.execute("PRAGMA user_version").fetchone() == (version,)
        assert before.execute("SELECT count(*) FROM event").fetchone() == (1,)


def test_a_file_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (x)")
        other.commit()
    before = path.read_bytes()
    journal = Journal(path)
    with pytest.raises(StorageError, match="another program"):
        journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    journal.close()
    assert path.read_bytes() == before


def test_a_damaged_file_is_named_and_not_written_over(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    journal = Journal(path)
    assert journal.decisions(SERIES) == {}
    with pytest.raises(StorageError, match="damaged") as raised:
        journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    journal.close()
    assert "backups" in raised.value.hint
    assert path.read_bytes() == b"no database at all" * 100


def test_a_full_disk_is_said_and_the_next_try_works(journal: Journal) -> None:
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    connection = journal._connection
    assert connection is not None
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="disk is full") as raised:
        journal.decide(SERIES, finding_of_a_model("large"), Answer.REJECTED, "A", "x" * 100_000)
    assert raised.value.hint
    assert set(journal.decisions(SERIES)) == {"nodule-1"}
    connection.execute("PRAGMA max_page_count = 1000000")
    journal.decide(SERIES, finding_of_a_model("large"), Answer.REJECTED, "A", "x" * 100_000)
    assert journal.decisions(SERIES)["large"].answer is Answer.REJECTED
    assert check_chain(journal.path).whole


def test_a_folder_that_cannot_be_made_is_said_and_the_next_try_works(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    journal = Journal(blocked / "decisions.sqlite3")
    assert journal.decisions(SERIES) == {}
    with pytest.raises(StorageError, match="could not be saved") as raised:
        journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    assert raised.value.hint
    blocked.unlink()
    assert journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A") is not None
    assert journal.read_only is None
    journal.close()


def _mounted(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a read-only disk")
def test_a_journal_on_a_read_only_disk_is_read_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if not _mounted("-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)):
        pytest.skip("this user may not mount a disk")
    try:
        script = (
            "import os, sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
            "from journal_crash_loop import SERIES, finding, Journal, Answer\n"
            "j = Journal(Path(sys.argv[1]) / 'd.sqlite3'); j.decide(SERIES, finding(1), Answer.ACCEPTED, 'A')\n"
            "os.kill(os.getpid(), 9)"
        )
        subprocess.run([sys.executable, "-c", script, str(disk), str(Path(__file__).parent)], check=False)
        assert (disk / "d.sqlite3-wal").stat().st_size > 0
        assert _mounted("-o", "remount,ro", str(disk))
        journal = Journal(disk / "d.sqlite3")
        assert set(journal.decisions("1.2.3")) == {"finding-1"}
        with pytest.raises(StorageError, match="cannot be written to|could not be saved") as refused:
            journal.decide("1.2.3", finding_of_a_model(), Answer.ACCEPTED, "A")
        assert refused.value.hint.startswith("Make the disk writable;")
        assert _mounted("-o", "remount,rw", str(disk))
        assert journal.decide("1.2.3", finding_of_a_model(), Answer.ACCEPTED, "A") is not None
        journal.close()
    finally:
        # Lazily: where the test failed, a file on it may still be open, and a disk left here stops later runs.
        subprocess.run(["umount", "--lazy", str(disk)], capture_output=True, check=False)


def test_backups_are_made_hourly_and_seven_are_kept(journal: Journal, path: Path) -> None:
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = [journal_store.back_up_if_due(path, start + timedelta(minutes=30 * n)) for n in range(20)]
    assert sum(m is not None for m in made) == 10
    kept = sorted((path.parent / "backups").iterdir())
    assert len(kept) == 7
    assert kept[-1] == made[-2]
    with closing(sqlite3.connect(kept[-1])) as copy:
        assert copy.execute("SELECT finding_id FROM event").fetchall() == [("nodule-1",)]


def test_a_clock_that_was_put_back_stops_no_backups(journal: Journal, path: Path) -> None:
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    wrong, right = datetime(2031, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    for n in range(9):
        journal_store.back_up_if_due(path, wrong + timedelta(hours=n))
    made = [journal_store.back_up_if_due(path, right + timedelta(minutes=30 * n)) for n in range(20)]
    assert sum(copy is not None for copy in made) == 10
    assert sorted((path.parent / "backups").iterdir()) == [copy for copy in made if copy is not None][-7:]


def test_opening_makes_a_backup_of_what_was_decided(path: Path) -> None:
    for _ in range(2):
        journal = Journal(path)
        journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
        journal.close()
    assert len(list((path.parent / "backups").iterdir())) == 1


def test_a_backup_put_in_the_place_of_a_damaged_file_is_not_mixed_with_what_a_crash_left_beside_it(
    journal: Journal, path: Path
) -> None:
    def decide(numbers: range) -> None:
        for number in numbers:
            journal.decide(SERIES, finding_of_a_model(f"f{number}"), Answer.ACCEPTED, "A", "as before " * 20)

    decide(range(200))
    copy = journal_store.back_up_if_due(path)
    assert copy is not None
    # Pages that are in the file now are not written to the log again, and others are.
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    decide(range(200, 300))
    crashed = path.parent / "crashed"
    crashed.mkdir()
    log = path.with_name(f"{path.name}-wal")
    shutil.copy(log, crashed / log.name)
    shutil.copy(copy, crashed / path.name)
    with closing(journal_store.open_for_reading(crashed / path.name, Scratch())) as reader:
        assert len(newest_states(reader, SERIES)) == 200
    restored = Journal(crashed / path.name)
    try:
        assert restored.read_only is None
        assert len(restored.decisions(SERIES)) == 200
        restored.decide(SERIES, finding_of_a_model("new"), Answer.REJECTED, "A")
        assert check_chain(crashed / path.name).whole
    finally:
        restored.close()
    # Nothing is thrown away.
    (kept,) = crashed.glob("decisions-log-*")
    assert kept.read_bytes() == log.read_bytes()
