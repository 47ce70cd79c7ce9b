"""Rehearse: the case with the clock, what it took beside what was planned, and the library that knows of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from viewer.domain.session import Workspace
from viewer.io.case_document import read_case, write_case
from viewer.ui.presenter.rehearsals_here import KEEPING, KEPT, NOT_KEPT
from viewer.ui.presenter.stage_drawer import REHEARSING
from viewer.ui.program_run import ProgramRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow


class Watch:
    """A clock that goes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def mine(opened: MainWindow, case: Case, own_home: Path) -> Case:
    """Return the case as one of the user's own, in the library and open."""
    folder = own_home / "data" / "cases" / "mine"
    (folder / "dicom").mkdir(parents=True)
    write_case(folder, evolve(case, folder=str(folder)))
    made = read_case(folder)
    opened.desk.session.case = made
    opened.library.refresh()
    return made


@pytest.fixture
def watch(opened: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Return the clock that the window goes by."""
    made = Watch()
    monkeypatch.setattr(opened.presenting.pace, "_now", made)
    opened.presenting.pace.reset()
    return made


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return what the program would be started a second time for."""
    words: list[list[str]] = []
    monkeypatch.setattr(ProgramRun, "start", lambda _run, asked: words.append(list(asked)))
    return words


def rehearse(window: MainWindow, watch: Watch) -> None:
    """Go through two of three steps, with a cue at the first."""
    assert window.actions_.run("present.rehearse")
    assert window.presenting.rehearsing.running
    watch.now += 12
    drawer = window.presenting.drawer
    assert drawer is not None
    drawer.cue.setFocus()
    QTest.keyClicks(drawer.cue, "Ask who has seen one")
    QTest.keyClick(drawer.cue, Qt.Key.Key_Return)
    watch.now += 41
    window.desk.player.next()
    watch.now += 33
    assert window.actions_.run("present.mark")
    window.leave_present()


def test_asking_to_rehearse_again_ends_the_rehearsal_and_loses_nothing(
    opened: MainWindow, mine: Case, watch: Watch
) -> None:
    assert opened.actions_.run("present.rehearse")
    assert opened.presenting.drawer is not None
    assert "Esc ends it" in opened.presenting.drawer.words
    watch.now += 40
    assert opened.actions_.run("present.rehearse")
    sheet = opened.presenting.rehearsals.sheet
    assert sheet is not None
    assert sheet.is_open
    assert "0:40" in sheet.lines[0]


def test_a_rehearsal_ends_in_planned_and_measured_times_and_the_case_takes_them(
    opened: MainWindow, mine: Case, watch: Watch
) -> None:
    rehearse(opened, watch)
    sheet = opened.presenting.rehearsals.sheet
    assert sheet is not None
    assert sheet.is_open
    assert sheet.lines == [
        "1 Where would you look?, planned 0:45, 0:53, 0:08 longer",
        "2 Blood on the left, planned 0:45, 0:33, 0:12 shorter",
        "3 And on the right, planned 0:45, not told",
    ]
    assert "2 of 3 steps told in 1:26; planned for these was 1:30" in sheet.summary.text()
    sheet.take.click()
    again = read_case(Path(mine.folder))
    assert [step.duration_s for step in again.steps] == [55.0, 35.0, 45.0]
    assert again.steps[0].notes == "0:12 Ask who has seen one"
    assert again.steps[1].notes == "0:33 (marked)"
    assert opened.desk.session.case is not None
    assert opened.desk.session.case.duration_s == 135.0
    assert not opened.presenting.rehearsing.running


def test_the_plan_may_stay_and_the_library_knows_of_the_rehearsal(opened: MainWindow, mine: Case, watch: Watch) -> None:
    card = opened.library.cases.grid.card(mine.id)
    assert card is not None
    assert card.foot_words == "2 min    3 steps    Not rehearsed"
    # Half a word tells nobody anything.
    assert card.foot_within(card.foot_px - 1) == "2 min    3 steps"
    assert card.foot_within(card.foot_px) == card.foot_words
    rehearse(opened, watch)
    sheet = opened.presenting.rehearsals.sheet
    assert sheet is not None
    sheet.cues.click()
    sheet.keep.click()
    assert read_case(Path(mine.folder)).steps == mine.steps
    card = opened.library.cases.grid.card(mine.id)
    assert card is not None
    assert card.foot_words == "2 min    3 steps    Rehearsed today"
    assert card.state == "Ready"


def test_a_case_is_rehearsed_from_the_library_by_its_card(
    opened: MainWindow, mine: Case, watch: Watch, press: Callable[..., None]
) -> None:
    opened.go(Workspace.LIBRARY)
    opened.library.cases.grid.pick(0)
    press(opened, Qt.Key.Key_F5, Qt.KeyboardModifier.ControlModifier)
    assert opened.desk.session.workspace is Workspace.PRESENT
    assert opened.presenting.rehearsing.running
    assert opened.presenting.drawer is not None
    assert opened.presenting.drawer.heading.text() == REHEARSING


def test_how_the_steps_that_were_told_look_is_kept_by_itself(
    opened: MainWindow, mine: Case, watch: Watch, asked: list[list[str]]
) -> None:
    rehearse(opened, watch)
    assert asked == [["doctor", mine.id, "--keep", "--steps", "1,2", "--no-models", "--json"]]
    rehearsals = opened.presenting.rehearsals
    sheet = rehearsals.sheet
    assert sheet is not None
    assert sheet.pictures.text() == KEEPING
    assert rehearsals.keeping is not None
    rehearsals.keeping.ended.emit(0, "{}", "")
    assert sheet.pictures.text() == KEPT
    rehearsals.keeping.ended.emit(1, "", "casestage: The disk is full.")
    assert sheet.pictures.text() == NOT_KEPT


def test_leaving_at_once_is_no_rehearsal(opened: MainWindow, mine: Case, watch: Watch) -> None:
    assert opened.actions_.run("present.rehearse")
    watch.now += 1.0
    opened.leave_present()
    assert opened.presenting.rehearsals.sheet is None
    assert opened.desk.rehearsals.of(mine.id) is None


def test_steps_of_all_cases_are_found_from_the_library(
    opened: MainWindow, mine: Case, press: Callable[..., None], qtbot: QtBot
) -> None:
    opened.go(Workspace.LIBRARY)
    press(opened, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    finder = opened.presenting.finder
    assert finder is not None
    assert finder.is_open
    QTest.keyClicks(finder.field, "blood left")
    assert finder.lines == ["Blood on the left, step 2 of A small head"]
    press(opened, Qt.Key.Key_Return)
    assert opened.desk.session.workspace is Workspace.PRESENT
    assert opened.desk.player.index == 1
