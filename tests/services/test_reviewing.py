"""A reader's decisions are kept, undone, and found again."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.decision import Answer
from viewer.domain.errors import StorageError
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.geometry import SliceStack
from viewer.domain.labels import Mask
from viewer.domain.session import Session
from viewer.domain.volume import SeriesFacts, Volume
from viewer.io.journal import Journal
from viewer.services.jobs import JobRunner
from viewer.services.navigation import Navigation
from viewer.services.reviewing import Reviewing
from viewer.services.settings import Settings
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def volume() -> Volume:
    stack = SliceStack((64, 64), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(-32.0, -32.0, 2.0 * k) for k in range(20)])
    values = np.zeros(stack.shape_kji, dtype=np.int16)
    return Volume(SeriesFacts("1.2.3", modality="CT"), values, stack, values, stack.as_grid())


def finding(number: int, score: float, at: tuple[int, int, int]) -> Finding:
    i, j, k = at
    mask = Mask(at, np.ones((2, 3, 3), dtype=bool))
    centre = np.array([-32.0 + i, -32.0 + j, 2.0 * k])
    return Finding(
        id=f"f{number}",
        tracking_uid=f"2.25.{number}",
        label_key="bleed",
        label="Bleed",
        source=Source(SourceKind.MODEL, "Test model"),
        centre_lps_mm=centre,
        bounds_lps_mm=np.stack([centre - 2, centre + 2], axis=1),
        score=score,
        mask=mask,
    )


class Desk:
    """A reader at work, on a journal of its own."""

    def __init__(self, folder: Path) -> None:
        self.session = Session()
        self.session.reader = "Dr Example"
        self.runner = JobRunner(lambda call: call())
        navigation = Navigation(self.session, Settings(folder / "settings.json"))
        self.navigation = navigation
        self.journal = Journal(folder / "decisions.sqlite3")
        self.reviewing = Reviewing(self.session, navigation, self.runner, self.journal)
        self.errors: list[StorageError] = []
        self.told: list[StorageError] = []
        self.reviewing.failed.connect(self.errors.append)
        self.reviewing.told.connect(self.told.append)
        opened = volume()
        self.session.volume = opened
        self.session.view = view_of_volume(opened)
        self.session.findings = (
            finding(1, 0.95, (5, 5, 3)),
            finding(2, 0.8, (40, 20, 8)),
            finding(3, 0.6, (20, 50, 15)),
        )

    def close(self) -> None:
        self.reviewing.close()
        self.runner.shutdown()

    def at_rest(self) -> None:
        """Wait until nothing runs in the background: what runs when the program is closed is cancelled."""
        end = time.monotonic() + 20
        while self.runner._jobs:
            assert time.monotonic() < end
            time.sleep(0.005)

    @property
    def in_hand(self) -> str | None:
        self.navigation.finish()
        return self.session.selected.id if self.session.selected else None

    def answers(self) -> dict[str, Answer | None]:
        return {key: decision.answer for key, decision in self.session.decisions.items()}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def test_next_and_previous_go_round_by_score(desk: Desk) -> None:
    seen = []
    for _ in range(4):
        desk.reviewing.next()
        seen.append(desk.in_hand)
    assert seen == ["f1", "f2", "f3", "f1"]
    desk.reviewing.previous()
    assert desk.in_hand == "f3"


def test_going_to_a_finding_centres_all_planes_on_it(desk: Desk) -> None:
    desk.reviewing.select("f2")
    desk.navigation.finish()
    view = desk.session.view
    assert view is not None
    centre = tuple(desk.session.findings[1].centre_lps_mm)
    assert view.cursor_lps_mm == centre
    assert view.axial.centre_lps_mm == view.coronal.centre_lps_mm == view.sagittal.centre_lps_mm == centre


def test_a_decision_is_kept_and_the_next_open_finding_is_in_hand(desk: Desk) -> None:
    desk.reviewing.select("f1")
    desk.navigation.finish()
    desk.reviewing.decide(Answer.ACCEPTED)
    assert desk.in_hand == "f2"
    desk.reviewing.decide(Answer.REJECTED)
    assert desk.in_hand == "f3"
    assert desk.answers() == {"f1": Answer.ACCEPTED, "f2": Answer.REJECTED}
    assert desk.reviewing.decided == 2


def test_a_decision_is_on_disk_before_the_key_press_returns(desk: Desk) -> None:
    desk.reviewing.select("f1")
    desk.navigation.finish()
    desk.reviewing.decide(Answer.UNSURE)
    assert [event.finding_id for event in desk.journal.events("1.2.3")] == ["f1"]
    assert desk.reviewing.writes.saved_at is not None


def test_decisions_comments_and_marks_are_there_after_a_restart(desk: Desk, tmp_path: Path) -> None:
    desk.reviewing.select("f1")
    desk.navigation.finish()
    desk.reviewing.comment("Beside the falx")
    desk.reviewing.decide(Answer.ACCEPTED)
    desk.reviewing.mark_missed((1.0, 2.0, 10.0))
    desk.reviewing.close()
    again = Desk(tmp_path)
    assert again.session.decisions["f1"].answer is Answer.ACCEPTED
    assert again.session.decisions["f1"].comment == "Beside the falx"
    assert again.session.decisions["f1"].reader == "Dr Example"
    marks = [f for f in again.session.findings if f.source.kind is SourceKind.READER]
    assert len(marks) == 1
    assert tuple(marks[0].centre_lps_mm) == (1.0, 2.0, 10.0)
    again.close()


def test_a_comment_stays_with_the_finding_it_was_written_on(desk: Desk) -> None:
    desk.reviewing.select("f2")
    desk.navigation.finish()
    desk.reviewing.comment("Beside the falx", finding_id="f1")
    assert {key: said.comment for key, said in desk.session.decisions.items()} == {"f1": "Beside the falx"}


def test_undo_takes_back_one_decision_at_a_time_and_redo_makes_it_again(desk: Desk) -> None:
    desk.reviewing.select("f1")
    desk.navigation.finish()
    desk.reviewing.decide(Answer.ACCEPTED)
    desk.navigation.finish()
    desk.reviewing.decide(Answer.REJECTED)
    desk.reviewing.undo()
    assert desk.answers() == {"f1": Answer.ACCEPTED}
    desk.reviewing.undo()
    assert desk.answers() == {}
    assert not desk.reviewing.can_undo
    desk.reviewing.redo()
    assert desk.answers() == {"f1": Answer.ACCEPTED}


def test_undo_and_redo_take_the_finding_in_hand_that_they_change(desk: Desk) -> None:
    desk.reviewing.select("f1")
    desk.navigation.finish()
    desk.reviewing.decide(Answer.ACCEPTED)
    desk.navigation.finish()
    assert desk.in_hand == "f2"
    desk.reviewing.undo()
    desk.navigation.finish()
    assert desk.in_hand == "f1"
    desk.reviewing.select("f3")
    desk.navigation.finish()
    desk.reviewing.redo()
    desk.navigation.finish()
    assert desk.in_hand == "f1"


def test_undo_takes_nothing_back_that_was_said_of_findings_which_are_not_there(desk: Desk) -> None:
    for name in ("f1", "f2"):
        desk.reviewing.select(name)
        desk.navigation.finish()
        desk.reviewing.decide(Answer.REJECTED)
    mark = desk.reviewing.mark_missed((0.0, 0.0, 10.0))
    assert mark is not None
    desk.reviewing.remove_mark(mark.id)
    ours = desk.session.findings
    # Another model is asked, which found something else.
    desk.session.findings = (evolve(ours[0], id="g1"),)
    desk.reviewing.undo()
    assert [f.id for f in desk.session.findings] == ["g1", mark.id]
    desk.reviewing.undo()
    assert [f.id for f in desk.session.findings] == ["g1"]
    assert not desk.reviewing.can_undo
    desk.reviewing.undo()
    assert desk.answers() == {"f1": Answer.REJECTED, "f2": Answer.REJECTED}
    desk.session.findings = ours
    assert desk.reviewing.can_undo
    desk.reviewing.undo()
    assert desk.answers() == {"f1": Answer.REJECTED}
    desk.reviewing.redo()
    assert desk.answers() == {"f1": Answer.REJECTED, "f2": Answer.REJECTED}


def test_what_a_reader_marked_waits_for_no_answer(desk: Desk) -> None:
    desk.reviewing.mark_missed((1.0, 2.0, 10.0))
    assert desk.reviewing.decided == 1
    for name in ("f1", "f2", "f3"):
        desk.reviewing.select(name)
        desk.navigation.finish()
        desk.reviewing.decide(Answer.ACCEPTED)
        desk.navigation.finish()
    assert desk.in_hand == "f3"
    assert desk.reviewing.decided == 4


def test_a_mark_can_be_undone(desk: Desk) -> None:
    mark = desk.reviewing.mark_missed((1.0, 2.0, 10.0))
    assert mark is not None
    assert desk.in_hand == mark.id
    desk.reviewing.undo()
    assert [f.id for f in desk.session.findings] == ["f1", "f2", "f3"]


def test_only_what_a_model_was_asked_for_is_called_missed_by_it(desk: Desk) -> None:
    asked = desk.reviewing.mark_missed((1.0, 2.0, 10.0))
    desk.session.findings = ()
    unasked = desk.reviewing.mark_missed((1.0, 2.0, 10.0))
    again = desk.reviewing.mark_missed((2.0, 2.0, 10.0))
    assert [mark.label for mark in (asked, unasked, again) if mark is not None] == [
        "Missed by the model",
        "Marked by the reader",
        "Marked by the reader",
    ]


def test_a_mark_is_removed_for_good_and_a_models_finding_is_not(desk: Desk) -> None:
    mark = desk.reviewing.mark_missed((0.0, 0.0, 10.0))
    assert mark is not None
    desk.reviewing.remove_mark("f1")
    desk.reviewing.remove_mark(mark.id)
    assert [finding.id for finding in desk.session.findings] == ["f1", "f2", "f3"]
    assert desk.journal.marks("1.2.3") == ()


def test_the_ground_truth_takes_no_comment(desk: Desk) -> None:
    truth = evolve(finding(4, 0.0, (9, 9, 9)), source=Source(SourceKind.TRUTH, "Truth"))
    desk.session.findings = (*desk.session.findings, truth)
    desk.reviewing.comment("Not mine to judge", finding_id="f4")
    assert desk.session.decisions == {}


def test_exporting_nothing_says_so(desk: Desk, tmp_path: Path) -> None:
    desk.session.volume = None
    desk.reviewing.export(tmp_path / "out")
    assert [str(error).split("\n")[0] for error in desk.errors] == ["There is nothing to export yet."]


def test_a_mark_outside_the_volume_is_refused(desk: Desk) -> None:
    assert desk.reviewing.mark_missed((500.0, 0.0, 0.0)) is None
    assert len(desk.session.findings) == 3


def test_a_decision_is_exported_also_when_the_threshold_was_moved_above_its_score(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported: list[list[str]] = []

    def write(folder: Path, opened: Volume, findings: tuple[Finding, ...], *_: object) -> None:
        exported.append([f.id for f in findings])

    monkeypatch.setattr("viewer.services.exporting.write_review", write)
    desk.reviewing.select("f3")
    desk.navigation.finish()
    desk.reviewing.decide(Answer.REJECTED)
    assert desk.session.view is not None
    desk.session.view = evolve(desk.session.view, threshold=0.9)
    desk.reviewing.export(tmp_path)
    desk.runner.shutdown()
    assert exported == [["f1", "f3"]]


@pytest.fixture
def disk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Return whether the disk is "full": then nothing is written."""
    said = {"full": False}
    transaction = desk.journal._transaction

    def refuse_while_full() -> object:
        if said["full"]:
            raise StorageError("The disk is full.", "Make room.")
        return transaction()

    monkeypatch.setattr(desk.journal, "_transaction", refuse_while_full)
    return said


def test_nothing_is_lost_while_the_disk_refuses_and_a_retry_writes_it(desk: Desk, disk: dict[str, bool]) -> None:
    disk["full"] = True
    desk.reviewing.select("f1")
    desk.navigation.finish()
    desk.reviewing.decide(Answer.ACCEPTED)
    desk.reviewing.mark_missed((1.0, 2.0, 10.0))
    assert desk.reviewing.unsaved == 2
    assert desk.errors[0].sentence == "The disk is full."
    assert desk.answers() == {"f1": Answer.ACCEPTED}
    assert len(desk.session.findings) == 4
    disk["full"] = False
    desk.reviewing.retry()
    assert desk.reviewing.unsaved == 0
    assert len(desk.journal.events("1.2.3")) == 2


def test_while_the_disk_refuses_a_mark_stays_where_it_was_moved_and_one_that_was_removed_stays_away(
    desk: Desk, disk: dict[str, bool]
) -> None:
    moved, removed = (desk.reviewing.mark_missed((x, 0.0, 10.0)) for x in (0.0, 3.0))
    assert moved is not None
    assert removed is not None
    disk["full"] = True
    assert desk.reviewing.move_mark(moved.id, (4.0, 5.0, 20.0))
    desk.reviewing.remove_mark(removed.id)
    marks = [f for f in desk.session.findings if f.source.kind is SourceKind.READER]
    assert [tuple(f.centre_lps_mm) for f in marks] == [(4.0, 5.0, 20.0)]
    disk["full"] = False
    desk.reviewing.retry()
    assert [tuple(f.centre_lps_mm) for f in desk.journal.marks("1.2.3")] == [(4.0, 5.0, 20.0)]


def test_undo_takes_back_what_waits_for_the_disk_and_never_what_was_decided_before_it(
    desk: Desk, disk: dict[str, bool]
) -> None:
    for name, full in (("f1", False), ("f2", True)):
        disk["full"] = full
        desk.reviewing.select(name)
        desk.navigation.finish()
        desk.reviewing.decide(Answer.ACCEPTED)
    both = {"f1": Answer.ACCEPTED, "f2": Answer.ACCEPTED}
    assert desk.reviewing.can_undo
    desk.reviewing.undo()
    assert [error.sentence for error in desk.errors] == ["The disk is full."] * 2
    assert desk.answers() == both
    disk["full"] = False
    desk.reviewing.undo()
    assert desk.reviewing.unsaved == 0
    assert desk.answers() == {"f1": Answer.ACCEPTED}
    desk.reviewing.redo()
    assert desk.answers() == both


def test_a_reader_is_told_of_decisions_that_were_changed_behind_the_program_s_back(desk: Desk, tmp_path: Path) -> None:
    for name in ("f1", "f2"):
        desk.reviewing.select(name)
        desk.navigation.finish()
        desk.reviewing.decide(Answer.ACCEPTED)
    desk.close()
    whole = Desk(tmp_path)
    whole.at_rest()
    whole.close()
    assert whole.told == []
    with closing(sqlite3.connect(tmp_path / "decisions.sqlite3")) as other:
        other.execute("DROP TRIGGER event_never_changes")
        other.execute("UPDATE event SET after = replace(after, 'accepted', 'rejected') WHERE sequence = 1")
        other.commit()
    again = Desk(tmp_path)
    again.at_rest()
    # Nothing is lost, and the review goes on.
    assert again.answers() == {"f1": Answer.REJECTED, "f2": Answer.ACCEPTED}
    again.reviewing.select("f3")
    again.navigation.finish()
    again.reviewing.decide(Answer.UNSURE)
    assert again.reviewing.unsaved == 0
    again.close()
    (told,) = again.told
    assert told.sentence == "Decisions on this series were changed outside of CaseStage: 1 of 2 entries."
    assert "Nothing was taken away" in told.hint
    assert told.detail == "Entry 1: f1"
    assert again.errors == []
