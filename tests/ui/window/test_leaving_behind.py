from __future__ import annotations

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
    assert asked == [["case", "export", str(tmp_path), "--pdf", str(tmp_path / "bleed.pdf")]]
    run.progressed.emit(0.5, "Step 2 of 3")
    assert sheet.words.text() == "Step 2 of 3, 50 %"
    assert not sheet.buttons["film"].isEnabled()
    assert sheet.cancel.isVisible()
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
