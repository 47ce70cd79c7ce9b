"""Measuring in the whole window: keys, buttons, list, undo, and what is there after the series is opened again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu

from tests.open_session import view_of
from tests.ui.acquired.hands import drag, place_in
from viewer.domain.decision import Answer
from viewer.domain.geometry import PlaneName, Verdict
from viewer.domain.measurement import MeasurementKind
from viewer.domain.session import Workspace
from viewer.domain.view_state import ViewName
from viewer.scene.turned_planes import turned_about
from viewer.ui.canvas import Tool
from viewer.ui.canvas.hands import NO_IMAGE
from viewer.ui.canvas.words_on_images import WordsField
from viewer.ui.review.toolbar import ToolsButton

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.measurement import Measurement
    from viewer.domain.volume import Volume
    from viewer.ui.main_window import MainWindow

CONTROL = Qt.KeyboardModifier.ControlModifier


def draw(window: MainWindow, by: QPoint | None = None) -> Measurement:
    """Drag in the axial view with the tool in use, and return what is newest then."""
    start = place_in(window.canvas, ViewName.AXIAL, 0.35, 0.4)
    drag(window.canvas, Qt.MouseButton.LeftButton, start, by or QPoint(60, 20))
    QApplication.processEvents()
    return window.desk.session.measurements[-1]


def test_l_draws_a_length_that_is_kept_listed_and_there_after_opening_again(
    opened: MainWindow, press: Callable[..., None], head: Volume
) -> None:
    box = opened.review.panel.measurements
    assert not box.isVisible()
    press(opened, Qt.Key.Key_L)
    assert opened.actions_["measure.length"].isChecked()
    made = draw(opened)
    assert box.isVisible()
    assert [box.list.rows.value(n) for n in range(box.list.rows.rowCount())] == [f"{made.length_mm:.1f} mm"]
    session = opened.desk.session
    session.volume = None
    assert not box.isVisible()
    session.volume = head
    assert session.measurements == (made,)


def test_undo_and_redo_take_the_newest_first_whether_decision_or_measurement(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    session = opened.desk.session
    press(opened, Qt.Key.Key_N)
    press(opened, Qt.Key.Key_A)
    press(opened, Qt.Key.Key_L)
    draw(opened)
    press(opened, Qt.Key.Key_Z, CONTROL)
    assert session.measurements == ()
    assert session.decisions["left"].answer is Answer.ACCEPTED
    press(opened, Qt.Key.Key_Z, CONTROL)
    assert not session.decisions
    press(opened, Qt.Key.Key_Y, CONTROL)
    press(opened, Qt.Key.Key_Y, CONTROL)
    assert len(session.measurements) == 1


def test_delete_removes_the_measurement_in_hand_and_undo_brings_it_back(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    press(opened, Qt.Key.Key_R)
    made = draw(opened, QPoint(60, 40))
    press(opened, Qt.Key.Key_Delete)
    assert opened.desk.session.measurements == ()
    press(opened, Qt.Key.Key_Z, CONTROL)
    assert opened.desk.session.measurements == (made,)


def test_the_menu_of_a_region_in_hand_stands_in_one_column_on_a_low_screen(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    press(opened, Qt.Key.Key_R)
    draw(opened, QPoint(60, 40))
    offered: list[tuple[set[str], int]] = []

    def look() -> None:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        offered.append(({action.text() for action in menu.actions()}, menu.sizeHint().height()))
        menu.close()

    QTimer.singleShot(100, look)
    opened.canvas.menu_requested.emit(QPoint(100, 20))
    ((titles, height),) = offered
    assert {"Histogram", "Remove", "Measure", "Compare", "Case"} <= titles
    assert height <= 700, "a screen is 720 high"


def test_a_right_click_in_the_list_takes_a_measurement_in_hand_and_offers_what_can_be_done_with_it(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    press(opened, Qt.Key.Key_R)
    made = draw(opened, QPoint(60, 40))
    press(opened, Qt.Key.Key_Escape)
    rows = opened.review.panel.measurements.list
    offered: list[str] = []

    def look() -> None:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        offered.extend(action.text() for action in menu.actions() if action.text())
        menu.close()

    QTimer.singleShot(100, look)
    at = rows.visualRect(rows.rows.index(0)).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, rows.viewport().mapToGlobal(at))
    QApplication.sendEvent(rows.viewport(), event)
    assert offered == ["Copy value", "Histogram", "Remove"]
    assert opened.desk.session.measurement_in_hand == made.id


@pytest.mark.parametrize("workspace", [Workspace.REVIEW, Workspace.INSPECT])
def test_enter_in_a_list_goes_to_its_row_and_sets_no_point(
    opened: MainWindow, press: Callable[..., None], workspace: Workspace
) -> None:
    opened.go(workspace)
    rows = opened.review.panel.list if workspace is Workspace.REVIEW else opened.inspect.list
    rows.setFocus(Qt.FocusReason.TabFocusReason)
    press(opened, Qt.Key.Key_Down)
    there = view_of(opened.desk.session).cursor_lps_mm
    press(opened, Qt.Key.Key_L)
    opened.desk.session.view = evolve(view_of(opened.desk.session), cursor_lps_mm=(0.0, 0.0, 30.0))
    press(opened, Qt.Key.Key_Return)
    assert opened.canvas.hands.measuring.drawn() == ()
    assert view_of(opened.desk.session).cursor_lps_mm == there
    opened.canvas.setFocus()
    press(opened, Qt.Key.Key_Return)
    assert opened.canvas.hands.measuring.drawn() != ()


def test_a_length_is_measured_from_the_keyboard_alone(opened: MainWindow, press: Callable[..., None]) -> None:
    session = opened.desk.session
    opened.canvas.active = ViewName.AXIAL
    start = view_of(session).cursor_lps_mm
    press(opened, Qt.Key.Key_L)
    press(opened, Qt.Key.Key_Return)
    opened.canvas.active = ViewName.SAGITTAL
    for _ in range(2):
        press(opened, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    drawn = opened.canvas.hands.measuring.drawn()
    end = view_of(session).cursor_lps_mm
    # The line follows.
    assert drawn[-1].measurement.points_lps_mm == (pytest.approx(start, abs=1e-6), pytest.approx(end, abs=1e-6))
    press(opened, Qt.Key.Key_Return)
    (made,) = session.measurements
    assert made.plane is PlaneName.AXIAL
    assert made.length_mm == pytest.approx(math.dist(start, end))
    assert made.length_mm > 10


def test_the_list_that_goes_leaves_its_keys_to_the_window_and_no_button(
    opened: MainWindow, press: Callable[..., None], head: Volume
) -> None:
    press(opened, Qt.Key.Key_L)
    draw(opened)
    rows = opened.review.panel.measurements.list
    rows.setFocus(Qt.FocusReason.MouseFocusReason)
    assert rows.hasFocus()
    opened.desk.session.volume = evolve(head, series=evolve(head.series, series_uid="1.2.3.77"))
    QApplication.processEvents()
    assert not rows.isVisible()
    assert not isinstance(QApplication.focusWidget(), QAbstractButton)


def test_enter_ends_the_words_of_an_arrow_and_sets_no_point_at_the_crosshair(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    opened.show()
    opened.activateWindow()
    press(opened, Qt.Key.Key_Y)
    start = place_in(opened.canvas, ViewName.AXIAL, 0.35, 0.4)
    drag(opened.canvas, Qt.MouseButton.LeftButton, start, QPoint(60, 20))
    field = next(field for field in opened.canvas.findChildren(WordsField) if field.isVisible())
    QTest.keyClicks(field, "Here")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert [made.text for made in opened.desk.session.measurements] == ["Here"]
    assert not opened.canvas.hands.measuring.drawing


def test_what_a_measurement_says_is_copied_without_whose_it_is(
    opened: MainWindow, press: Callable[..., None], head: Volume
) -> None:
    copy = opened.actions_["measure.copy"]
    press(opened, Qt.Key.Key_C, CONTROL | Qt.KeyboardModifier.AltModifier)
    assert not copy.isEnabled()
    press(opened, Qt.Key.Key_L)
    made = draw(opened)
    press(opened, Qt.Key.Key_C, CONTROL | Qt.KeyboardModifier.AltModifier)
    z = made.centre_lps_mm[2]
    said = f"Length {made.length_mm:.1f} mm, Axial, H {z:.1f} mm (Synthetic · Not for diagnostic use)"
    assert QApplication.clipboard().text() == said
    words = evolve(made, id="noted", kind=MeasurementKind.ARROW, text="As Mrs Doe said")
    opened.desk.measuring.keep(words)
    QApplication.processEvents()
    assert copy.isEnabled()
    opened.desk.session.masked = True
    assert not opened.actions_.run("measure.copy")
    assert QApplication.clipboard().text() == said


def test_the_list_says_of_a_measurement_on_a_turned_plane_that_it_was_turned(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    session = opened.desk.session
    session.view = turned_about(view_of(session), PlaneName.CORONAL, math.radians(20))
    QApplication.processEvents()
    press(opened, Qt.Key.Key_L)
    made = draw(opened)
    rows = opened.review.panel.measurements.list.rows
    assert f"Axial, turned 20°, H {made.centre_lps_mm[2]:.1f} mm" in rows.index(0).data()


def test_delete_removes_a_measurement_before_a_mark(opened: MainWindow, press: Callable[..., None]) -> None:
    press(opened, Qt.Key.Key_M)
    press(opened, Qt.Key.Key_L)
    draw(opened)
    press(opened, Qt.Key.Key_Delete)
    assert opened.desk.session.measurements == ()
    assert len(opened.desk.session.findings) == 4
    press(opened, Qt.Key.Key_Delete)
    assert len(opened.desk.session.findings) == 3


def test_esc_ends_measuring_wherever_the_focus_is(opened: MainWindow, press: Callable[..., None]) -> None:
    press(opened, Qt.Key.Key_L)
    draw(opened)
    opened.review.panel.list.setFocus()
    press(opened, Qt.Key.Key_Escape)
    assert opened.canvas.tool is Tool.WINDOW
    assert opened.desk.session.measurement_in_hand is None
    assert not opened.actions_["measure.length"].isChecked()


def test_asked_again_a_tool_is_put_down(opened: MainWindow, press: Callable[..., None]) -> None:
    press(opened, Qt.Key.Key_V)
    assert opened.canvas.tool is Tool.ANGLE
    press(opened, Qt.Key.Key_V)
    assert opened.canvas.tool is Tool.WINDOW


def test_a_row_of_the_list_goes_to_its_image(opened: MainWindow, press: Callable[..., None]) -> None:
    session = opened.desk.session
    press(opened, Qt.Key.Key_L)
    made = draw(opened)
    press(opened, Qt.Key.Key_Escape)
    for _ in range(3):
        press(opened, Qt.Key.Key_Down)
    assert session.view is not None
    assert session.view.cursor_lps_mm[2] != pytest.approx(made.centre_lps_mm[2])
    rows = opened.review.panel.measurements.list
    rows.clicked.emit(rows.rows.index(0))
    assert session.view.cursor_lps_mm == pytest.approx(made.centre_lps_mm)
    assert session.measurement_in_hand == made.id


def test_inspect_measures_and_undoes_too_and_present_does_not(opened: MainWindow, press: Callable[..., None]) -> None:
    opened.go(Workspace.INSPECT)
    press(opened, Qt.Key.Key_L)
    draw(opened)
    press(opened, Qt.Key.Key_Z, CONTROL)
    assert opened.desk.session.measurements == ()
    opened.present_from(0)
    assert not opened.actions_["measure.length"].isEnabled()


def test_what_was_measured_is_not_part_of_the_story_until_the_presenter_asks_for_it(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    press(opened, Qt.Key.Key_L)
    draw(opened)
    opened.present_from(0)
    assert not opened.stage_canvas.hands.measuring.drawn()
    assert opened.actions_.run("present.measured")
    assert len(opened.stage_canvas.hands.measuring.drawn()) == 1
    opened.leave_present()
    opened.present_from(0)
    assert not opened.stage_canvas.hands.measuring.drawn()


def test_measuring_is_off_with_a_reason_where_the_geometry_is_not_trusted(
    opened: MainWindow, press: Callable[..., None], head: Volume
) -> None:
    session = opened.desk.session
    session.volume = evolve(head, verdict=Verdict.UNTRUSTED, reasons=("2 slices are missing.",))
    opened.actions_.refresh()
    action = opened.actions_["measure.length"]
    assert not action.isEnabled()
    assert "geometry of the series is trusted" in action.toolTip()
    press(opened, Qt.Key.Key_L)
    assert opened.canvas.tool is Tool.WINDOW


def test_a_tool_still_in_hand_says_why_it_draws_nothing(
    opened: MainWindow, press: Callable[..., None], head: Volume
) -> None:
    press(opened, Qt.Key.Key_L)
    opened.desk.session.volume = evolve(head, verdict=Verdict.UNTRUSTED, reasons=("2 slices are missing.",))
    start = place_in(opened.canvas, ViewName.AXIAL, 0.35, 0.4)
    drag(opened.canvas, Qt.MouseButton.LeftButton, start, QPoint(60, 20))
    assert opened.desk.session.measurements == ()
    assert opened.messages.isVisible()
    assert opened.canvas.tool is Tool.WINDOW


def test_where_to_measure_is_said_calmly_until_something_is_measured(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    press(opened, Qt.Key.Key_L)
    opened.canvas.measuring_refused.emit(NO_IMAGE)
    said = opened.messages.message
    assert said is not None
    assert said.sentence == NO_IMAGE
    assert said.calm
    assert opened.actions_["measure.length"].isChecked()
    draw(opened)
    assert opened.messages.message is None


def test_the_bar_shows_which_of_the_other_tools_is_in_use(opened: MainWindow, press: Callable[..., None]) -> None:
    (button,) = opened.review.toolbar.findChildren(ToolsButton)
    assert (button.isChecked(), button.icon_name) == (False, "diameter")
    press(opened, Qt.Key.Key_V)
    assert (button.isChecked(), button.icon_name) == (True, "triangle-right")
    press(opened, Qt.Key.Key_W)
    assert not button.isChecked()


def test_measurements_say_nothing_of_the_patient_on_disk(
    opened: MainWindow, press: Callable[..., None], own_home: Path
) -> None:
    press(opened, Qt.Key.Key_L)
    draw(opened)
    folder = own_home
    names = [path.name for path in folder.rglob("*")]
    contents = b"".join(path.read_bytes() for path in folder.rglob("decisions*") if path.is_file())
    assert b"length" in contents
    assert b"DOE" not in contents
    assert not any("DOE" in name for name in names)
