"""Outlines, words and histograms in the whole window: commands, lists, menus, and what is told to whom."""

from __future__ import annotations

import csv
import logging
import math
import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.acquired.hands import drag, move_to, place_in
from viewer.analysis.histogram import histogram as histogram_of
from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.session import Workspace
from viewer.domain.view_state import ViewName, as_point
from viewer.services.spreads import Spread
from viewer.ui.canvas import Tool
from viewer.ui.canvas.words_on_images import WordsField
from viewer.ui.histogram_sheet import HistogramSheet
from viewer.ui.measuring_commands import menu_in_hand

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.domain.volume import Volume
    from viewer.services.exporting import Written
    from viewer.ui.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


def outline(window: MainWindow, radius: int = 40) -> None:
    canvas = window.canvas
    centre = place_in(canvas, ViewName.AXIAL, 0.5, 0.5)
    places = [
        centre + QPoint(round(radius * math.cos(n / 20 * math.pi)), round(radius * math.sin(n / 20 * math.pi)))
        for n in range(40)
    ]
    QTest.mousePress(canvas, LEFT, NONE, places[0])
    for place in places[1:]:
        QTest.mouseMove(canvas, place)
    QTest.mouseRelease(canvas, LEFT, NONE, places[-1])
    QApplication.processEvents()


def note(window: MainWindow, text: str) -> None:
    canvas = window.canvas
    window.actions_.run("measure.text")
    place = place_in(canvas, ViewName.AXIAL, 0.4, 0.4)
    move_to(canvas, place)
    QTest.mouseClick(canvas, LEFT, NONE, place)
    (field,) = canvas.findChildren(WordsField)
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    QApplication.processEvents()


def histogram(window: MainWindow, qtbot: QtBot) -> HistogramSheet:
    window.actions_.run("measure.histogram")
    qtbot.waitUntil(lambda: window.asking.histogram_sheet is not None and window.asking.histogram_sheet.is_open)
    sheet = window.asking.histogram_sheet
    assert sheet is not None
    return sheet


def test_f_draws_an_outline_that_is_undone_and_made_again_and_there_after_opening_again(
    opened: MainWindow, press: Callable[..., None], head: Volume
) -> None:
    session = opened.desk.session
    press(opened, Qt.Key.Key_F)
    assert opened.canvas.tool is Tool.FREEHAND
    outline(opened)
    (made,) = session.measurements
    press(opened, Qt.Key.Key_Z, CONTROL)
    assert session.measurements == ()
    press(opened, Qt.Key.Key_Y, CONTROL)
    session.volume = None
    session.volume = head
    assert session.measurements == (made,)


def test_the_bar_says_what_was_saved(opened: MainWindow, press: Callable[..., None]) -> None:
    press(opened, Qt.Key.Key_F)
    outline(opened)
    assert opened.status.saved_words.startswith("Measurements saved ")
    press(opened, Qt.Key.Key_N)
    press(opened, Qt.Key.Key_A)
    assert opened.status.saved_words.startswith("Decisions and measurements saved ")


def test_measurements_are_listed_in_inspect_as_in_review_and_a_row_goes_there(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    session = opened.desk.session
    press(opened, Qt.Key.Key_F)
    outline(opened)
    press(opened, Qt.Key.Key_Escape)
    opened.go(Workspace.INSPECT)
    box = opened.inspect.measurements
    assert box.isVisible()
    review, inspect = (page.list.rows for page in (opened.review.panel.measurements, box))
    assert [inspect.value(n) for n in range(inspect.rowCount())] == [review.value(n) for n in range(review.rowCount())]
    for _ in range(4):
        press(opened, Qt.Key.Key_Down)
    box.list.clicked.emit(inspect.index(0))
    assert session.view is not None
    assert session.view.cursor_lps_mm == pytest.approx(session.measurements[0].centre_lps_mm)
    opened.actions_.refresh()
    press(opened, Qt.Key.Key_Delete)
    assert not box.isVisible()


def test_a_note_is_listed_with_its_words_and_without_them_while_identity_is_hidden(
    opened: MainWindow, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    note(opened, "Jane Doe, old scar")
    rows = opened.review.panel.measurements.list.rows
    assert rows.value(0) == "Jane Doe, old scar"
    assert "Jane" in rows.data(rows.index(0), Qt.ItemDataRole.ToolTipRole)
    opened.desk.session.masked = True
    assert rows.value(0) == "Words hidden"
    for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
        assert "Jane" not in rows.data(rows.index(0), role)
    assert "Jane" not in opened.windowTitle()
    assert "Jane" not in caplog.text


def test_words_typed_on_the_image_run_no_commands_of_the_window(opened: MainWindow) -> None:
    session = opened.desk.session
    before = session.view
    # Every letter of it is a command's key.
    note(opened, "lfrvygdnpw")
    assert [m.text for m in session.measurements] == ["lfrvygdnpw"]
    assert opened.canvas.tool is Tool.TEXT
    assert session.view == before


def test_f2_changes_the_words_in_hand(opened: MainWindow, press: Callable[..., None]) -> None:
    note(opened, "Scar")
    assert opened.actions_["measure.words"].isEnabled()
    press(opened, Qt.Key.Key_F2)
    (field,) = opened.canvas.findChildren(WordsField)
    assert field.text() == "Scar"
    QTest.keyClicks(field, "Old scar")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert [m.text for m in opened.desk.session.measurements] == ["Old scar"]
    press(opened, Qt.Key.Key_Z, CONTROL)
    assert [m.text for m in opened.desk.session.measurements] == ["Scar"]


def test_texts_are_off_with_a_reason_while_identity_is_hidden(opened: MainWindow) -> None:
    opened.desk.session.masked = True
    opened.actions_.refresh()
    action = opened.actions_["measure.text"]
    assert not action.isEnabled()
    assert "words may name somebody" in action.toolTip()
    assert opened.actions_["measure.arrow"].isEnabled()


def test_a_right_click_offers_what_can_be_done_with_what_is_in_hand(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    assert menu_in_hand(opened.desk.session) == ()
    press(opened, Qt.Key.Key_F)
    outline(opened)
    assert menu_in_hand(opened.desk.session) == ("measure.copy", "measure.histogram", "review.remove", None)
    press(opened, Qt.Key.Key_Escape)
    note(opened, "Scar")
    assert menu_in_hand(opened.desk.session) == ("measure.words", "measure.copy", "review.remove", None)


def test_the_histogram_of_an_area_says_its_numbers_and_copies_them_as_a_table(
    opened: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    assert not opened.actions_["measure.histogram"].isEnabled()
    press(opened, Qt.Key.Key_R)
    start = place_in(opened.canvas, ViewName.AXIAL, 0.05, 0.5)
    drag(opened.canvas, LEFT, start, QPoint(160, 60))
    QApplication.processEvents()
    (made,) = opened.desk.session.measurements
    sheet = histogram(opened, qtbot)
    assert sheet.title.text().startswith("Histogram: Ellipse, ")
    assert sheet.value("Smallest to largest") == "−1000 to 35 HU"
    view = opened.desk.session.view
    assert view is not None
    low = view.window_centre - view.window_width / 2
    assert sheet.value("Window").startswith(f"{low:.0f} to ".replace("-", "−"))
    QTest.mouseClick(sheet.copy, LEFT)
    text = QGuiApplication.clipboard().text()
    said, _, bins = text.partition("\n\n")
    facts = dict(csv.reader(said.splitlines()))
    assert (facts["of"], facts["unit"]) == ("Ellipse", "HU")
    assert "Not for diagnostic use" in facts["note"]
    assert made.id not in text
    table = list(csv.DictReader(bins.splitlines()))
    assert sum(int(row["count"]) for row in table) == int(facts["count"])
    assert float(table[0]["from"]) < -1000 < float(table[0]["to"])
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.is_open


def test_a_value_a_little_below_nothing_is_nought_without_a_sign(opened: MainWindow) -> None:
    axes = PLANE_AXES[PlaneName.AXIAL]
    corners = ((0.0, 0.0, 30.0), (9.0, 9.0, 30.0))
    kind = MeasurementKind.RECTANGLE
    box = Measurement("m", kind, corners, PlaneName.AXIAL, as_point(axes.right), as_point(axes.down))
    volume = opened.desk.session.volume
    assert volume is not None
    shape = histogram_of(np.array([-0.3, 4.0, 12.0]))
    sheet = HistogramSheet(opened, opened.theme)
    sheet.tell(Spread(box, volume, opened.desk.session.view, shape, interpolated=True))
    assert sheet.value("Smallest to largest") == "0 to 12 HU"


def test_the_histogram_of_a_finding_is_of_its_voxels(
    opened: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    press(opened, Qt.Key.Key_N)
    selected = opened.desk.session.selected
    assert selected is not None
    assert selected.mask is not None
    sheet = histogram(opened, qtbot)
    assert sheet.title.text() == f"Histogram: {selected.label}, 0.51 mL"
    assert sheet.value("Values") == f"{selected.mask.count} voxels"


def test_export_names_the_tables_of_what_was_measured(
    opened: MainWindow, press: Callable[..., None], tmp_path: Path, qtbot: QtBot
) -> None:
    press(opened, Qt.Key.Key_F)
    outline(opened)
    told: list[Written] = []
    opened.desk.reviewing.exported.connect(told.append)
    opened.desk.reviewing.export(tmp_path / "out")
    qtbot.waitUntil(lambda: bool(told), timeout=20_000)
    assert {"measurements.json", "measurements.csv"} <= {file.name for file in told[0].files}


def test_export_names_no_folder_of_the_patient_while_identity_is_hidden(
    opened: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    session = opened.desk.session
    assert session.volume is not None
    session.volume = evolve(session.volume, series=evolve(session.volume.series, synthetic=False))
    folder = tmp_path / "Doe, Jane" / "out"
    for masked in (False, True):
        session.masked = masked
        opened.messages.clear()
        opened.desk.reviewing.export(folder)
        qtbot.waitUntil(lambda: opened.messages.message is not None, timeout=20_000)
        message = opened.messages.message
        assert message is not None
        assert message.sentence.startswith("Exported ")
        assert ("Doe, Jane" in message.report) is not masked
        assert f"{tmp_path.name}{os.sep}{'Masked' if masked else 'Doe, Jane'}{os.sep}out" in message.hint
