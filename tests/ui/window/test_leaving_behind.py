from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtWidgets import QFileDialog

from viewer.domain.session import Workspace
from viewer.services.cases import CaseShelf
from viewer.ui.program_run import ProgramRun

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow


@pytest.fixture
def picked(window: MainWindow, case: Case, tmp_path: Path) -> Case:
    """Return a case that is picked in the library; its pictures are there, and empty."""
    (tmp_path / "dicom").mkdir()
    there = evolve(case, folder=str(tmp_path))
    window.desk.session.workspace = Workspace.LIBRARY
    window.library.cases.show_shelf(CaseShelf((there,), ()), {there.id: "Ready"})
    window.actions_.refresh()
    return there


def test_a_case_in_the_library_is_left_behind_as_a_hand_out(
    window: MainWindow, picked: Case, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(ProgramRun, "start", lambda _run, words: asked.append(list(words)))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "bleed"), ""))
    window.actions_["case.leave"].trigger()
    sheet, run = window.leaving.sheet, window.leaving.run
    assert sheet is not None
    assert run is not None
    assert sheet.is_open
    sheet.buttons["pdf"].click()
    assert asked == [["case", "export", picked.id, "--pdf", str(tmp_path / "bleed.pdf")]]
    run.progressed.emit(0.5, "Step 2 of 3")
    assert sheet.words.text() == "Step 2 of 3, 50 %"
    assert not sheet.buttons["film"].isEnabled()
    assert sheet.cancel.isVisible()
    # A part of a film takes seconds to end.
    sheet.cancel.click()
    assert sheet.words.text() == "Stopping …"
    run.ended.emit(0, f"Written: {tmp_path / 'bleed.pdf'}, 2.1 MB, 5 pages\n", "")
    assert sheet.words.text() == "bleed.pdf, 2.1 MB, 5 pages"
    assert sheet.reveal.isVisible()
    assert sheet.buttons["film"].isEnabled()


def test_what_went_wrong_is_said_where_it_was_asked(
    window: MainWindow, picked: Case, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "bleed.webm"), ""))
    window.actions_["case.leave"].trigger()
    sheet, run = window.leaving.sheet, window.leaving.run
    assert sheet is not None
    assert run is not None
    with qtbot.waitSignal(run.ended, timeout=20_000):
        sheet.buttons["film"].click()
    assert "is not a case" in sheet.words.text() or "There is no case called" in sheet.words.text()
    assert not sheet.reveal.isVisible()


def test_an_audience_in_front_of_a_kiosk_is_not_asked_for_files(window: MainWindow, picked: Case) -> None:
    assert window.actions_["case.leave"].isEnabled()
    window.kiosk = True
    window.actions_.refresh()
    assert not window.actions_["case.leave"].isEnabled()


def test_the_library_says_whether_this_computer_is_ready(
    window: MainWindow, picked: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(ProgramRun, "start", lambda _run, words: asked.append(list(words)))
    window.actions_["case.ready"].trigger()
    here = window.leaving.ready
    assert here.sheet is not None
    assert here.run is not None
    assert asked == [["doctor", picked.id, "--json"]]
    assert here.sheet.verdict.text() == "Looking"
    rows = [
        {"name": "Files", "found": "all there", "state": "ok", "hint": "", "short": ""},
        {"name": "Step 2", "found": "in 3.0 s", "state": "slow", "hint": "Plug it in.", "short": "step 2 takes 3.0 s"},
    ]
    here.run.ended.emit(0, json.dumps({"title": picked.title, "checks": rows}), "")
    assert here.sheet.verdict.text() == "Ready but slow (step 2 takes 3.0 s)"
    assert here.sheet.rows[0] == "Step 2: in 3.0 s\nPlug it in."
    assert any(row.startswith("Screen") for row in here.sheet.rows)
    here.sheet.keep.click()
    assert asked[-1] == ["doctor", picked.id, "--json", "--keep"]
    here.run.ended.emit(-1, "", "")
    assert here.sheet.verdict.text() == "Stopped"
