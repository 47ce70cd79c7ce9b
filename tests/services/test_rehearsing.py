"""The clock of a talk, and what a rehearsal leaves behind."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from viewer.domain.session import Session
from viewer.io.case_document import read_case, write_case
from viewer.io.rehearsal_file import Cue, Rehearsal, StepTime, read_rehearsal, rehearsal_path, write_rehearsal
from viewer.services.navigation import Navigation
from viewer.services.pace import Pace, clock_words
from viewer.services.player import Player
from viewer.services.rehearsing import Rehearsals, Rehearsing, paces, rounded_s
from viewer.services.settings import Settings

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Case

TODAY = date(2026, 11, 26)


class Watch:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def own_cases(tmp_path: Path) -> Path:
    return tmp_path / "cases"


@pytest.fixture
def case(repository: Path, own_cases: Path) -> Case:
    """Return a case of the user's with the pace of a story of its own: 40, 45 and 60 seconds, then more."""
    copytree(repository / "demo_cases" / "head-epidural", own_cases / "mine", ignore=ignore_patterns("dicom"))
    case = read_case(own_cases / "mine")
    planned = (40.0, 45.0, 60.0, *(50.0 for _ in case.steps[3:]))
    steps = tuple(
        evolve(step, duration_s=seconds, notes="" if n else "Wait for an answer.")
        for n, (step, seconds) in enumerate(zip(case.steps, planned, strict=True))
    )
    write_case(own_cases / "mine", evolve(case, steps=steps))
    return read_case(own_cases / "mine")


@pytest.fixture
def session(case: Case, tmp_path: Path) -> Session:
    made = Session()
    made.case = case
    return made


@pytest.fixture
def player(session: Session, tmp_path: Path) -> Player:
    made = Player(session, Navigation(session, Settings(tmp_path / "settings.json")))
    made.start()
    return made


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def pace(player: Player, watch: Watch) -> Pace:
    return Pace(player, watch)


@pytest.fixture
def kept(tmp_path: Path, own_cases: Path) -> Rehearsals:
    return Rehearsals(tmp_path / "rehearsals", own_cases, lambda: TODAY)


def test_time_is_added_up_at_each_step_and_coming_back_goes_on(player: Player, pace: Pace, watch: Watch) -> None:
    pace.start()
    watch.now += 30
    player.jump(1)
    watch.now += 20
    player.jump(0)
    watch.now += 5
    assert pace.spent == {"fall": 35.0, "skull": 20.0}
    assert pace.elapsed_s == 55.0
    assert pace.step_s == 35.0
    assert pace.step_planned_s == 40
    assert pace.planned_s == sum(step.duration_s for step in player.steps)


def test_a_clock_that_is_stopped_counts_nothing_and_zero_is_zero(player: Player, pace: Pace, watch: Watch) -> None:
    pace.start()
    watch.now += 10
    pace.pause()
    watch.now += 100
    player.jump(2)
    watch.now += 100
    assert pace.elapsed_s == 10.0
    pace.start()
    watch.now += 2
    assert pace.step_s == 2.0
    pace.reset()
    assert pace.elapsed_s == 0.0
    watch.now += 1
    assert pace.elapsed_s == 1.0


def test_being_late_or_early_is_said_at_the_place_of_the_story(player: Player, pace: Pace, watch: Watch) -> None:
    pace.start()
    assert pace.plan_words == "On plan"
    watch.now += 40 + 25
    assert pace.plan_words == "0:25 behind"
    player.jump(3)
    assert pace.plan_words == "1:20 ahead"


def test_a_talk_that_begins_or_goes_on_in_the_middle_is_not_ahead_by_what_was_not_told(
    player: Player, pace: Pace, watch: Watch
) -> None:
    player.jump(3)
    pace.start()
    watch.now += 5
    assert pace.plan_words == "On plan"
    watch.now += player.steps[3].duration_s + 15
    assert pace.plan_words == "0:20 behind"
    player.jump(4)
    assert pace.plan_words == "0:20 behind"
    pace.reset()
    assert pace.plan_words == "On plan"


def test_times_are_written_as_clocks_write_them() -> None:
    assert [clock_words(s) for s in (0, 134, 3723)] == ["00:00", "02:14", "1:02:03"]


def test_a_rehearsal_keeps_times_and_cues_and_steps_that_were_told(
    session: Session, player: Player, pace: Pace, watch: Watch
) -> None:
    rehearsing = Rehearsing(session, player, pace, lambda: datetime(2026, 11, 26, 9, 30))
    watch.now += 500
    rehearsing.start()
    watch.now += 12
    rehearsing.cue("  Ask who has   seen one ")
    watch.now += 30
    player.jump(1)
    watch.now += 0.5
    player.jump(2)
    watch.now += 61
    rehearsing.cue()
    record = rehearsing.finish()
    assert record is not None
    assert record.times == (StepTime("fall", 42.0), StepTime("bleed", 61.0))
    assert record.cues == (Cue("fall", 12.0, "Ask who has seen one"), Cue("bleed", 61.0, ""))
    assert record.when == "2026-11-26T09:30:00"
    assert rehearsing.finish() is None


def record_of(case: Case) -> Rehearsal:
    times = (StepTime("fall", 42.0), StepTime("bleed", 61.2))
    return Rehearsal(case.id, "2026-11-25T18:00:00", times, (Cue("fall", 12.4, "Ask them"),))


def test_planned_and_measured_stand_beside_each_other(case: Case) -> None:
    rows = paces(case, record_of(case))
    assert [(row.planned_s, row.measured_s) for row in rows][:3] == [(40.0, 42.0), (45.0, None), (60.0, 61.2)]


def test_measured_times_are_taken_over_into_the_users_own_case(case: Case, kept: Rehearsals) -> None:
    kept.take_over(case, record_of(case))
    again = read_case(Path(case.folder))
    assert [step.duration_s for step in again.steps][:3] == [45.0, 45.0, 65.0]
    assert again.steps[0].notes.endswith("0:12 Ask them")
    assert again.steps[2].notes == case.steps[2].notes
    assert [step.view for step in again.steps] == [step.view for step in case.steps]


def test_what_came_with_the_program_stays_and_its_times_are_kept_beside(
    repository: Path, kept: Rehearsals, tmp_path: Path
) -> None:
    folder = repository / "demo_cases" / "head-epidural"
    before = (folder / "case.json").read_bytes()
    case = read_case(folder)
    record = record_of(case)
    kept.keep(record)
    assert kept.told_as(case) == case
    told = kept.take_over(case, record, cues=False)
    assert told.steps[0].duration_s == 45.0
    assert (folder / "case.json").read_bytes() == before
    assert kept.told_as(case) == told
    # The next rehearsal does not lose what was taken over.
    kept.keep(evolve(record, times=(StepTime("fall", 10.0),), cues=()))
    assert kept.told_as(case) == told


def test_cues_stand_before_prepared_answers(case: Case, kept: Rehearsals) -> None:
    asked = evolve(case.steps[0], notes="Wait.\n\nQ: Why?\nA: Because.")
    told = kept.take_over(evolve(case, steps=(asked, *case.steps[1:])), record_of(case), times=False)
    assert told.steps[0].notes == "Wait.\n\n0:12 Ask them\n\nQ: Why?\nA: Because."
    assert told.steps[0].duration_s == 40.0


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("2026-11-26T08:00:00", "Rehearsed today"),
        ("2026-11-25T23:59:00", "Rehearsed yesterday"),
        ("2026-11-06T10:00:00", "Rehearsed 20 days ago"),
        ("2026-03-06T10:00:00", "Rehearsed Mar 2026"),
        # Time zones differ by a day at most; beyond that a clock was wrong.
        ("2026-11-27T02:00:00", "Rehearsed today"),
        ("2106-02-07T06:28:15", "Rehearsed Feb 2106 by the clock of then"),
        ("some day", "Not rehearsed"),
    ],
)
def test_when_a_case_was_last_rehearsed_is_said_in_words(case: Case, kept: Rehearsals, when: str, words: str) -> None:
    assert kept.words(case.id) == "Not rehearsed"
    kept.keep(evolve(record_of(case), when=when))
    assert kept.words(case.id) == words


def test_a_damaged_record_counts_as_none(case: Case, tmp_path: Path) -> None:
    write_rehearsal(tmp_path, record_of(case))
    assert read_rehearsal(tmp_path, case.id) == record_of(case)
    path = rehearsal_path(tmp_path, case.id)
    path.write_text(path.read_text().replace("42.0", '"x"'))
    assert read_rehearsal(tmp_path, case.id) is None
    assert read_rehearsal(tmp_path, "../../etc") is None
    assert rehearsal_path(tmp_path, "../../etc").parent == tmp_path


def test_times_are_rounded_up_to_five_seconds() -> None:
    assert [rounded_s(s) for s in (1, 5, 41.2)] == [5.0, 5.0, 45.0]
