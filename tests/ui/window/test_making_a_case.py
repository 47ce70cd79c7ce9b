"""A case is made beside the picture: captured by a key, told, put in order, saved without its patient, presented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.cli.conftest import PATIENT, PATIENT_ID, write_small_case
from viewer.domain.job import JobContext
from viewer.domain.session import Workspace
from viewer.io.case_document import read_case
from viewer.services.loading import load_case
from viewer.services.views import view_of_finding
from viewer.ui.making.contact_sheet import contact_sheet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow
    from viewer.ui.making.making_panel import MakingPanel

CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def series(tmp_path: Path) -> Path:
    write_small_case(tmp_path / "source")
    return tmp_path / "source"


@pytest.fixture
def reading(window: MainWindow, series: Path) -> MainWindow:
    """Return the window with a patient's series open in Review, with a finding of a model."""
    loaded = load_case(read_case(series), JobContext())
    session = window.desk.session
    session.volume, session.findings, session.truth = loaded.volume, loaded.findings, loaded.truth
    session.view = loaded.case.steps[0].view
    session.workspace = Workspace.REVIEW
    window.desk.settings.change(reader="Dr Example", reduce_motion=True)
    return window


def _panel(window: MainWindow) -> MakingPanel:
    assert window.making.panel is not None
    return window.making.panel


def _saved(window: MainWindow, qtbot: QtBot, own_home: Path) -> Path:
    cases = own_home / "data" / "cases"
    qtbot.waitUntil(lambda: bool(list(cases.glob("*/case.json"))), timeout=20_000)
    qtbot.waitUntil(lambda: window.desk.case_making.draft is None, timeout=20_000)
    return next(cases.iterdir())


def test_ctrl_enter_captures_what_is_seen_and_shows_the_steps(reading: MainWindow, press: Callable[..., None]) -> None:
    session = reading.desk.session
    assert session.view is not None
    assert session.volume is not None
    session.view = view_of_finding(session.view, session.findings[0], session.volume)
    press(reading, Qt.Key.Key_Return, CONTROL)
    panel = _panel(reading)
    assert panel.isVisible()
    assert not reading.review.panel.isVisible()
    assert panel.steps.titles == ["1   Block, 20 mm"]
    assert panel.seconds.text() == "45"
    panel.seconds.selectAll()
    QTest.keyClicks(panel.seconds, "30")
    assert reading.desk.case_making.in_hand is not None
    assert reading.desk.case_making.in_hand.duration_s == 30
    assert panel.step_title.text() == "Block, 20 mm"
    reading.actions_.run("making.close")
    assert not panel.isVisible()
    assert reading.review.panel.isVisible()


def test_steps_are_told_moved_removed_and_brought_back_from_the_keyboard(
    reading: MainWindow, press: Callable[..., None]
) -> None:
    for _ in range(3):
        press(reading, Qt.Key.Key_Return, CONTROL)
    panel = _panel(reading)
    for row, title in enumerate("abc"):
        panel.steps.setCurrentRow(row)
        panel.step_title.setFocus()
        panel.step_title.selectAll()
        QTest.keyClicks(panel.step_title, title)
    panel.narration.setFocus()
    QTest.keyClicks(panel.narration, "Look here.")
    panel.steps.setFocus()
    press(reading, Qt.Key.Key_Up, ALT)
    assert panel.steps.titles == ["1   a", "2   c", "3   b"]
    assert panel.narration.toPlainText() == "Look here."
    press(reading, Qt.Key.Key_Delete)
    assert panel.steps.titles == ["1   a", "2   b"]
    press(reading, Qt.Key.Key_Z, CONTROL)
    assert panel.steps.titles == ["1   a", "2   c", "3   b"]
    press(reading, Qt.Key.Key_Z, CONTROL)
    assert panel.steps.titles == ["1   a", "2   b", "3   c"]


def test_a_step_that_is_clicked_is_shown(reading: MainWindow) -> None:
    reading.actions_.run("making.told")
    panel = _panel(reading)
    panel.steps.setCurrentRow(1)
    view = reading.desk.session.view
    assert view is not None
    assert view.selected_finding == "block-1"
    assert panel.hides.isChecked()
    assert panel.narration.toPlainText().startswith("Outlined by the model.")


def test_a_first_draft_is_saved_and_presented_with_three_requests_and_names_nobody(
    reading: MainWindow, qtbot: QtBot, own_home: Path
) -> None:
    reading.actions_.run("making.told")
    panel = _panel(reading)
    QTest.keyClicks(panel.title, "Water")
    reading.actions_.run("making.present")
    folder = _saved(reading, qtbot, own_home)
    session = reading.desk.session
    qtbot.waitUntil(lambda: session.workspace is Workspace.PRESENT and session.step == 0, timeout=20_000)
    assert session.case is not None
    assert (session.case.title, folder.name) == ("Water", "water")
    assert session.volume is not None
    assert session.volume.series.identity.patient_id.startswith("CASE-")
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for word in (*PATIENT.split("^"), PATIENT_ID):
        assert word.encode() not in everything
    assert PATIENT.split("^")[1] not in reading.windowTitle()


def test_images_with_burned_in_text_are_saved_only_after_a_person_looked(
    reading: MainWindow, series: Path, qtbot: QtBot, own_home: Path
) -> None:
    for path in (series / "ct").iterdir():
        image = pydicom.dcmread(path)
        image.BurnedInAnnotation = "YES"
        image.save_as(path)
    reading.actions_.run("making.told")
    reading.actions_.run("making.save")
    qtbot.waitUntil(lambda: reading.making.sign_off is not None and reading.making.sign_off.is_open, timeout=20_000)
    sheet = reading.making.sign_off
    assert sheet is not None
    assert not sheet.save.isEnabled()
    assert not list(own_home.glob("data/cases/*"))
    sheet.looked.click()
    assert sheet.save.isEnabled()
    sheet.save.click()
    assert _saved(reading, qtbot, own_home).name == "where-would-you-look"


def test_closed_without_looking_nothing_is_saved(
    reading: MainWindow, series: Path, qtbot: QtBot, own_home: Path
) -> None:
    for path in (series / "ct").iterdir():
        image = pydicom.dcmread(path)
        image.BurnedInAnnotation = "YES"
        image.save_as(path)
    reading.actions_.run("making.told")
    reading.actions_.run("making.save")
    qtbot.waitUntil(lambda: reading.making.sign_off is not None and reading.making.sign_off.is_open, timeout=20_000)
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, Qt.Key.Key_Escape)
    assert reading.desk.case_making.draft is not None
    assert not list(own_home.glob("data/cases/*"))


def test_thin_letters_stay_to_be_seen_among_all_images(reading: MainWindow) -> None:
    volume = reading.desk.session.volume
    assert volume is not None
    sheet = contact_sheet([volume])
    assert sheet.shape[1] == 960
    # The brightest voxel of the block, and the darkest of the air around it.
    assert (sheet.max(), sheet.min()) == (255, 0)
    assert np.count_nonzero(sheet == 255) > 100


def test_a_draft_is_there_again_after_a_restart(reading: MainWindow, press: Callable[..., None]) -> None:
    press(reading, Qt.Key.Key_Return, CONTROL)
    making = reading.desk.case_making
    making.put_away()
    assert not _panel(reading).isVisible()
    reading.actions_.run("making.start")
    assert _panel(reading).steps.count() == 1
