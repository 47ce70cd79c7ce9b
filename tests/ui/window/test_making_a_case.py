"""A case is made beside the picture: captured by a key, told, put in order, saved without its patient, presented."""

from __future__ import annotations

import sys
import threading
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from tests.cli.conftest import PATIENT, PATIENT_ID
from tests.full_disk import room_for
from viewer.analysis.seen_through import seen_through
from viewer.domain.geometry import SliceStack
from viewer.domain.job import JobContext
from viewer.domain.session import Workspace
from viewer.domain.volume import SeriesFacts, Volume
from viewer.io.case_document import read_case
from viewer.services import case_saving
from viewer.services.loading import load_case
from viewer.services.views import view_of_finding
from viewer.ui.making.image_tiles import image_tile
from viewer.ui.messages import Message
from viewer.ui.unsaved import Unsaved
from viewer.ui.widgets import Button

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow
    from viewer.ui.making.making_panel import MakingPanel

CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def _panel(window: MainWindow) -> MakingPanel:
    assert window.making.panel is not None
    return window.making.panel


def _told(window: MainWindow) -> str:
    return window.messages.message.sentence if window.messages.message is not None else ""


def _saved(window: MainWindow, qtbot: QtBot, own_home: Path) -> Path:
    cases = own_home / "data" / "cases"
    qtbot.waitUntil(lambda: bool(list(cases.glob("*/case.json"))), timeout=60_000)
    qtbot.waitUntil(lambda: window.desk.case_making.draft is None, timeout=60_000)
    return next(cases.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit for files")
def test_a_draft_that_a_full_disk_refuses_is_written_by_itself_and_not_lost_by_closing(
    reading: MainWindow, press: Callable[..., None], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.ui.unsaved.RETRY_MS", 20)
    Unsaved(reading)
    kept = reading.desk.case_making.kept
    with room_for(100):
        press(reading, Qt.Key.Key_Return, CONTROL)
        qtbot.waitUntil(lambda: kept.unsaved == 1)
        assert _told(reading) == "The draft could not be saved."
        reading.close()
        assert reading.isVisible()
        assert _told(reading) == "Not on disk yet: the draft of a case."
        reading.desk.case_making.describe(title="A story")
    qtbot.waitUntil(lambda: kept.unsaved == 0)
    assert _told(reading) == "What was not on disk is written now."


def test_saving_shows_how_far_it_is_and_is_cancelled_without_a_trace(
    reading: MainWindow, press: Callable[..., None], qtbot: QtBot, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_images = threading.Event()
    export = case_saving.export_series

    def slow(
        volume: Volume, folder: Path, deidentifier: object, ctx: JobContext, *more: object, **named: object
    ) -> Volume:
        while not at_images.is_set():
            ctx.report(3, 10, "Writing image 3 of 10")
            at_images.wait(0.01)
        return export(volume, folder, deidentifier, ctx, *more, **named)

    monkeypatch.setattr(case_saving, "export_series", slow)
    press(reading, Qt.Key.Key_Return, CONTROL)
    reading.actions_.run("making.save")
    qtbot.waitUntil(lambda: reading.status.is_busy)
    words = [label.text() for label in reading.status.findChildren(QLabel) if label.isVisible()]
    assert "Writing image 3 of 10, 21 %" in words
    assert not reading.actions_["making.save"].isEnabled()
    press(reading, Qt.Key.Key_Period, CONTROL)
    qtbot.waitUntil(lambda: not reading.status.is_busy)
    assert _told(reading) == "Saving was cancelled: no case was written."
    assert not list((own_home / "data" / "cases").glob("*"))
    assert reading.desk.case_making.draft is not None
    at_images.set()
    qtbot.waitUntil(lambda: reading.actions_["making.save"].isEnabled())
    reading.actions_.run("making.save")
    assert (_saved(reading, qtbot, own_home) / "case.json").is_file()


def test_a_case_that_was_saved_before_it_could_be_cancelled_is_told_of(
    reading: MainWindow, press: Callable[..., None], qtbot: QtBot, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, moved, cancelled = case_saving.save_case, threading.Event(), threading.Event()

    def slow(*all_of_it: object, **named: object) -> object:
        case = save(*all_of_it, **named)
        moved.set()
        assert cancelled.wait(30)
        return case

    monkeypatch.setattr(case_saving, "save_case", slow)
    press(reading, Qt.Key.Key_Return, CONTROL)
    reading.actions_.run("making.save")
    qtbot.waitUntil(moved.is_set, timeout=60_000)
    qtbot.waitUntil(lambda: reading.status.is_busy)
    reading.status.cancel()
    cancelled.set()
    qtbot.waitUntil(lambda: _told(reading).endswith("is in the library."))
    assert (_saved(reading, qtbot, own_home) / "case.json").is_file()


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


def test_a_step_that_is_captured_where_the_case_is_not_seen_is_confirmed(
    reading: MainWindow, press: Callable[..., None]
) -> None:
    reading.go(Workspace.INSPECT)
    for count in ("1 step", "2 steps"):
        press(reading, Qt.Key.Key_Return, CONTROL)
        said = [label.toolTip() or label.text() for label in reading.status.findChildren(QLabel)]
        assert f"Captured: the case has {count}. Review shows it." in said


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


def test_a_first_draft_begins_with_what_its_first_step_shows_and_its_title_can_be_typed_at_once(
    reading: MainWindow,
) -> None:
    session = reading.desk.session
    assert session.view is not None
    assert session.volume is not None
    opened_in = (session.view.window_centre, session.view.window_width)
    near = view_of_finding(session.view, session.findings[0], session.volume)
    session.view = evolve(near, window_centre=-600.0, window_width=1500.0)
    reading.actions_.run("making.start")
    panel = _panel(reading)
    assert not panel.steps.isVisible()
    QTest.keyClicks(QApplication.focusWidget(), "Mine")
    reading.actions_.run("making.told")
    draft = reading.desk.case_making.draft
    assert draft is not None
    assert draft.title == "Mine"
    assert session.view == draft.shown(draft.steps[0])
    # The window of the finding that was looked at is not that of all of the body.
    assert (session.view.window_centre, session.view.window_width) == opened_in
    marks = [panel.steps.item(row).toolTip().splitlines()[-1] for row in range(panel.steps.count())]
    assert marks[0] == "Findings are hidden"
    assert set(marks[1:]) == {"Findings are seen"}


def test_ctrl_z_in_the_title_takes_back_what_was_typed_and_then_the_draft(
    reading: MainWindow, press: Callable[..., None]
) -> None:
    reading.actions_.run("making.start")
    panel = _panel(reading)
    reading.actions_.run("making.told")
    told = panel.steps.titles
    assert len(told) > 2
    assert QApplication.focusWidget() is panel.title
    QTest.keyClicks(panel.title, "Mine")
    press(reading, Qt.Key.Key_Z, CONTROL)
    assert panel.title.text() == ""
    assert panel.steps.titles == told
    for _ in range(3):
        press(reading, Qt.Key.Key_Z, CONTROL)
    assert panel.steps.titles == []
    for _ in range(3):
        press(reading, Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert panel.steps.titles == told


def test_a_step_that_is_clicked_is_shown(reading: MainWindow) -> None:
    reading.actions_.run("making.told")
    panel = _panel(reading)
    panel.steps.setCurrentRow(1)
    view = reading.desk.session.view
    assert view is not None
    assert view.selected_finding == "block-1"
    assert panel.hides.isChecked()
    assert panel.narration.toPlainText().startswith("Outlined by the model.")


def test_when_a_step_is_removed_or_comes_back_what_is_seen_is_the_step_in_hand(
    reading: MainWindow, press: Callable[..., None]
) -> None:
    reading.actions_.run("making.told")
    panel, session, making = _panel(reading), reading.desk.session, reading.desk.case_making
    panel.steps.setFocus()
    for _ in range(2):
        press(reading, Qt.Key.Key_Delete)
        assert making.draft is not None
        assert making.in_hand is not None
        assert session.view is not None
        wanted = making.draft.shown(making.in_hand)
        # Viewports that are narrower than those it was made for show all of the body as well.
        fitted = evolve(wanted.camera, height_mm=session.view.camera.height_mm)
        assert session.view == evolve(wanted, camera=fitted)
    before = session.view
    panel.narration.setFocus()
    QTest.keyClicks(panel.narration, "More. ")
    reading.desk.navigation.finish()
    reading.actions_.run("making.undo")
    assert session.view == before


def test_a_first_draft_is_saved_and_presented_with_three_requests_and_names_nobody(
    reading: MainWindow, qtbot: QtBot, own_home: Path
) -> None:
    reading.actions_.run("making.told")
    panel = _panel(reading)
    QTest.keyClicks(panel.title, "Water")
    reading.actions_.run("making.present")
    folder = _saved(reading, qtbot, own_home)
    session = reading.desk.session
    qtbot.waitUntil(lambda: session.workspace is Workspace.PRESENT and session.step == 0, timeout=60_000)
    assert session.case is not None
    assert (session.case.title, folder.name) == ("Water", "water")
    assert session.volume is not None
    assert session.volume.series.identity.patient_id.startswith("CASE-")
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for word in (*PATIENT.split("^"), PATIENT_ID):
        assert word.encode() not in everything
    assert PATIENT.split("^")[1] not in reading.windowTitle()


def test_what_is_told_while_a_case_is_being_saved_stays_in_the_draft_and_that_is_said(
    reading: MainWindow, qtbot: QtBot, own_home: Path
) -> None:
    reading.actions_.run("making.told")
    making = reading.desk.case_making
    QTest.keyClicks(_panel(reading).title, "Water")
    reading.tell(Message("Something else that has to be read."))
    reading.actions_.run("making.save")
    assert making.in_hand is not None
    making.edit(making.in_hand.id, narration="One word more")
    qtbot.waitUntil(lambda: "is in the library" in _told(reading), timeout=60_000)
    (folder,) = own_home.glob("data/cases/*")
    assert "One word more" not in (folder / "case.json").read_text(encoding="utf-8")
    assert making.draft is not None
    assert making.draft.steps[0].narration == "One word more"
    assert "changed since" in _told(reading)
    reading.messages.clear()
    assert _told(reading) == "Something else that has to be read."


def test_images_with_burned_in_text_are_saved_only_after_a_person_looked(
    reading: MainWindow, series: Path, qtbot: QtBot, own_home: Path
) -> None:
    for path in (series / "ct").iterdir():
        image = pydicom.dcmread(path)
        image.BurnedInAnnotation = "YES"
        image.save_as(path)
    reading.actions_.run("making.told")
    reading.actions_.run("making.save")
    qtbot.waitUntil(lambda: reading.making.sign_off is not None and reading.making.sign_off.is_open, timeout=60_000)
    sheet = reading.making.sign_off
    assert sheet is not None
    assert not sheet.save.isEnabled()
    assert sheet.face.isHidden()
    assert not list(own_home.glob("data/cases/*"))
    # Nobody has seen the last ones yet.
    assert not sheet.looked.isEnabled()
    QTest.keyClick(sheet.images, Qt.Key.Key_End)
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
    qtbot.waitUntil(lambda: reading.making.sign_off is not None and reading.making.sign_off.is_open, timeout=60_000)
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, Qt.Key.Key_Escape)
    assert reading.desk.case_making.draft is not None
    assert not list(own_home.glob("data/cases/*"))


def test_images_of_a_head_leave_only_after_a_person_saw_how_much_of_it_they_show(
    reading: MainWindow, series: Path, qtbot: QtBot, own_home: Path
) -> None:
    for path in (series / "ct").iterdir():
        image = pydicom.dcmread(path)
        image.BodyPartExamined = "HEAD"
        del image.SyntheticData
        image.save_as(path)
    loaded = load_case(read_case(series), JobContext())
    session = reading.desk.session
    view = session.view
    session.volume, session.findings = loaded.volume, loaded.findings
    session.view = view
    reading.actions_.run("making.told")
    reading.actions_.run("making.save")
    qtbot.waitUntil(lambda: reading.making.sign_off is not None and reading.making.sign_off.is_open, timeout=60_000)
    sheet = reading.making.sign_off
    assert sheet is not None
    assert "face" in sheet.why.text()
    assert sheet.looked.isHidden()
    assert not sheet.save.isEnabled()
    assert not list(own_home.glob("data/cases/*"))
    sheet.face.click()
    sheet.save.click()
    assert _saved(reading, qtbot, own_home).is_dir()


def test_thin_letters_stay_to_be_seen_among_all_images(reading: MainWindow) -> None:
    volume = reading.desk.session.volume
    assert volume is not None
    fine = np.full((8, 640, 640), -1000, np.int16)
    fine[4, 100, 300] = 3000
    stack = SliceStack((640, 640), (0.5, 0.5), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, float(k)) for k in range(8)])
    made = image_tile(evolve(volume, slices=fine, stack=stack, voxels=fine, grid=stack.as_grid()), 4)
    assert made.shape == (316, 316)
    assert (made.max(), made.min()) == (255, 0)
    assert np.count_nonzero(made == 255) == 1


def test_a_volume_seen_through_stands_upright_whatever_its_axes_are() -> None:
    block = np.full((20, 40, 30), 0, np.int16)
    # High, in front, at the patient's left: x grows to the left, y to the back, z to the head.
    block[14:18, 4:10, 20:28] = 1000
    upright = SliceStack((30, 40), (2.0, 2.0), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 4.0 * k) for k in range(20)])
    flipped = SliceStack((30, 40), (2.0, 2.0), (-1, 0, 0), (0, -1, 0), [(58.0, 78.0, 4.0 * k) for k in range(20)])
    series = SeriesFacts("1.2.3", modality="CT")
    for stack, values in ((upright, block), (flipped, np.ascontiguousarray(block[:, ::-1, ::-1]))):
        volume = Volume(series, values, stack, values, stack.as_grid())
        side, front = (seen_through(volume, axis, 80) for axis in (0, 1))
        assert (side.shape, front.shape) == ((80, 80), (80, 60))
        assert _middle(side) == pytest.approx((0.2, 0.175), abs=0.03)
        assert _middle(front) == pytest.approx((0.2, 0.8), abs=0.03)
    # Air around it all is left out.
    padded = np.pad(block, 6, constant_values=-1000)
    aired = SliceStack((42, 52), (2.0, 2.0), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 4.0 * k) for k in range(32)])
    shown = seen_through(Volume(series, padded, aired, padded, aired.as_grid()), 0, 80)
    assert _middle(shown) == pytest.approx((0.24, 0.2), abs=0.04)


def _middle(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> tuple[float, float]:
    """Return where the bright part lies, as shares of height and width."""
    rows, columns = np.nonzero(picture > 245)
    return float(rows.mean() + 0.5) / picture.shape[0], float(columns.mean() + 0.5) / picture.shape[1]


def test_a_draft_is_there_again_after_a_restart(reading: MainWindow, press: Callable[..., None]) -> None:
    press(reading, Qt.Key.Key_Return, CONTROL)
    making = reading.desk.case_making
    making.put_away()
    assert not _panel(reading).isVisible()
    reading.actions_.run("making.start")
    assert _panel(reading).steps.count() == 1


def test_in_a_low_window_no_field_lies_on_another_and_saving_stays_in_reach(
    reading: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    reading.resize(1280, 640)
    press(reading, Qt.Key.Key_Return, CONTROL)
    panel = _panel(reading)
    qtbot.wait(20)
    fields = (panel.title, panel.summary, panel.steps, panel.step_title, panel.narration, panel.notes, panel.seconds)
    places = [QRect(field.mapTo(panel, QPoint()), field.size()) for field in fields]
    assert all(one.bottom() < other.top() for one, other in pairwise(places))
    save = next(button for button in panel.findChildren(Button) if button.text() == "Save and present")
    assert panel.rect().contains(QRect(save.mapTo(panel, QPoint()), save.size()))


@pytest.mark.parametrize("height", [720, 1000])
def test_fields_and_buttons_end_at_one_line_also_beside_a_scroll_bar(
    reading: MainWindow, press: Callable[..., None], qtbot: QtBot, height: int
) -> None:
    reading.resize(1280, height)
    press(reading, Qt.Key.Key_Return, CONTROL)
    qtbot.waitUntil(lambda: reading.height() == height)
    QApplication.processEvents()
    panel = _panel(reading)
    present = next(button for button in panel.findChildren(Button) if button.text() == "Save and present")
    ends = {widget.mapTo(panel, widget.rect().topRight()).x() for widget in (present, panel.title, panel.notes)}
    assert len(ends) == 1
    assert panel._tall.verticalScrollBar().isVisible() == (height == 720)
