"""Without a mouse: every command is found in the palette, and Tab visits every control of each page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSlider, QApplication, QLineEdit, QScrollBar

from viewer.domain.session import Workspace
from viewer.domain.view_state import Layout, ViewName
from viewer.ui.buttons import Button
from viewer.ui.listed_icons import listed_icon
from viewer.ui.palette import matching_commands

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow

CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSlider, QLineEdit)


def test_every_command_is_found_in_the_palette_by_its_title(opened: MainWindow) -> None:
    for place in Workspace:
        offered = opened.actions_.table.offered(place)
        for command in offered:
            words = command.words
            if words:
                found = matching_commands(offered, words)
                assert command.id in [each.id for each in found[:12]], f"{command.id} in {place.value}"


def test_every_command_has_a_place_in_the_palette_of_some_workspace(opened: MainWindow) -> None:
    table = opened.actions_.table
    offered = {command.id for place in Workspace for command in table.offered(place)}
    assert offered == {command.id for command in table}


def test_every_command_in_the_palette_has_an_icon(opened: MainWindow, repository: Path) -> None:
    known = {path.stem for path in (repository / "resources" / "icons").glob("*.svg")}
    assert [command.id for command in opened.actions_.table if listed_icon(command) not in known] == []


def controls(window: MainWindow) -> set[QWidget]:
    """Return what can be seen and used: buttons, lists, sliders and fields."""
    found: set[QWidget] = set()
    for kind in CONTROLS:
        for widget in window.findChildren(kind):
            if not widget.isVisible() or not widget.isEnabled() or widget.visibleRegion().isEmpty():
                continue
            # The magnifier of a search field does nothing.
            if (
                isinstance(widget, QScrollBar)
                or isinstance(widget.parent(), QLineEdit)
                or widget.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            ):
                continue
            found.add(widget)
    return found


def visited(window: MainWindow) -> list[QWidget]:
    """Return what has the focus after each press of Tab, once round."""
    seen: list[QWidget] = []
    for _ in range(200):
        target = QApplication.focusWidget() or window
        QTest.keyClick(target, Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        if now is None or (seen and now is seen[0]):
            break
        seen.append(now)
    return seen


@pytest.mark.parametrize("place", list(Workspace))
def test_who_hears_the_window_read_out_is_told_what_has_the_focus(opened: MainWindow, place: Workspace) -> None:
    opened.go(place)
    for widget in [*visited(opened), opened.focusWidget()]:
        interface = QAccessible.queryAccessibleInterface(widget)
        assert interface.text(QAccessible.Text.Name), f"{type(widget).__name__} in {type(widget.parent()).__name__}"


@pytest.mark.parametrize("place", [Workspace.REVIEW, Workspace.INSPECT])
def test_space_presses_the_button_that_tab_went_to_and_leaves_the_view(
    opened: MainWindow, place: Workspace, qtbot: QtBot
) -> None:
    opened.go(place)
    # The views take the keys when they come in.
    qtbot.wait(50)
    session = opened.desk.session
    assert session.view is not None
    session.view = session.view.windowed(77.0, 333.0).looking_at((1.0, 2.0, 30.0), height_mm=50.0)
    looked_at = session.view
    button = opened.inspect.head.word("volume")
    if place is Workspace.REVIEW:
        button = next(b for b in opened.review.findChildren(Button) if b.isVisible() and b.isEnabled())
    button.setFocus(Qt.FocusReason.TabFocusReason)
    pressed: list[bool] = []
    button.clicked.connect(lambda *_: pressed.append(True))
    assert button.hasFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert len(pressed) == 1
    assert session.view.axial == looked_at.axial
    opened.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
    QTest.keyClick(opened.canvas, Qt.Key.Key_Space)
    assert session.view.axial != looked_at.axial


def in_a_row(widget: QWidget, seen: set[QWidget]) -> bool:
    """Return whether a neighbour in the same group of one choice has the focus, from where arrows lead on."""
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    return group is not None and group.exclusive() and any(other in seen for other in group.buttons())


@pytest.mark.parametrize("place", [Workspace.LIBRARY, Workspace.REVIEW, Workspace.INSPECT])
def test_tab_visits_every_control_of_a_page(opened: MainWindow, place: Workspace) -> None:
    opened.go(place)
    QApplication.processEvents()
    seen = set(visited(opened))
    missed = [
        f"{type(widget).__name__} {widget.accessibleName() or widget.toolTip()}"
        for widget in controls(opened)
        if widget not in seen and not in_a_row(widget, seen)
    ]
    assert not missed


@pytest.mark.parametrize("place", [Workspace.LIBRARY, Workspace.REVIEW, Workspace.INSPECT])
def test_every_control_says_its_name_to_who_cannot_see_it(opened: MainWindow, place: Workspace) -> None:
    opened.go(place)
    QApplication.processEvents()
    nameless = [
        f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}"
        for widget in controls(opened)
        if not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()))
    ]
    assert nameless == []


def test_f6_goes_from_view_to_view_and_keys_act_there(opened: MainWindow) -> None:
    canvas = opened.canvas
    visited = []
    for _ in range(4):
        visited.append(canvas.active)
        assert opened.actions_.run("view.next_view")
    assert visited == list(ViewName)
    assert canvas.active is ViewName.AXIAL
    opened.actions_.run("view.previous_view")
    assert canvas.active is ViewName.THREE_D
    opened.actions_.run("view.previous_view")
    before = opened.desk.session.view
    opened.actions_.run("view.next_image")
    after = opened.desk.session.view
    assert before is not None
    assert after is not None
    assert after.cursor_lps_mm[0] != before.cursor_lps_mm[0]


def test_f6_shows_the_next_view_where_one_stands_alone_and_all_are_there_again_after(opened: MainWindow) -> None:
    session = opened.desk.session
    opened.actions_.run("view.maximise")
    opened.actions_.run("view.next_view")
    assert session.view is not None
    assert (session.view.layout, session.view.main) == (Layout.SINGLE, ViewName.CORONAL)
    opened.actions_.run("view.maximise")
    assert session.view.layout is Layout.FOUR


def test_f6_goes_on_in_the_second_series_and_comes_back(opened: MainWindow) -> None:
    opened.actions_.run("compare.itself")
    opened.actions_.run("compare.beside")
    assert opened.canvas_here() is opened.canvas
    opened.actions_.run("view.next_view")
    assert opened.canvas_here() is opened.compare.there
    opened.actions_.run("view.next_view")
    assert opened.canvas_here() is opened.canvas


def test_pictures_are_moved_and_3d_is_turned_from_the_keyboard(opened: MainWindow) -> None:
    session = opened.desk.session
    before = session.view
    assert before is not None
    assert opened.actions_.run("view.move_left")
    moved = session.view
    assert moved is not None
    # The picture goes to the left: what is seen in the middle lies further towards the patient's left.
    assert moved.axial.centre_lps_mm[0] > before.axial.centre_lps_mm[0]
    assert moved.axial.centre_lps_mm[1:] == before.axial.centre_lps_mm[1:]
    opened.actions_.run("view.move_right")
    assert session.view is not None
    assert session.view.axial.centre_lps_mm == pytest.approx(before.axial.centre_lps_mm)
    opened.canvas.active = ViewName.THREE_D
    opened.actions_.run("view.move_up")
    assert session.view.camera.to_eye != before.camera.to_eye


@pytest.fixture
def asked(opened: MainWindow, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the commands that are asked for from now on; none of them is done."""
    said: list[str] = []
    monkeypatch.setattr(opened.actions_, "_triggered", lambda command: said.append(command.id))
    return said


CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_a_field_leaves_keys_to_the_window_that_are_no_typing(
    opened: MainWindow, press: Callable[..., None], asked: list[str]
) -> None:
    press(opened, Qt.Key.Key_N)
    asked.clear()
    opened.desk.reviewing.select("left")
    comment = opened.review.panel.detail.comment
    comment.setFocus(Qt.FocusReason.TabFocusReason)
    press(opened, Qt.Key.Key_E, CONTROL)
    press(opened, Qt.Key.Key_A, CONTROL | SHIFT)
    press(opened, Qt.Key.Key_C, CONTROL | SHIFT)
    assert asked == ["review.export", "file.archive", "picture.save"]


def test_a_field_keeps_what_edits_its_text(opened: MainWindow, press: Callable[..., None], asked: list[str]) -> None:
    opened.desk.reviewing.select("left")
    comment = opened.review.panel.detail.comment
    comment.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClicks(comment, "as seen")
    press(opened, Qt.Key.Key_A, CONTROL)
    assert comment.selectedText() == "as seen"
    press(opened, Qt.Key.Key_X, CONTROL)
    assert comment.text() == ""
    press(opened, Qt.Key.Key_V, CONTROL)
    assert comment.text() == "as seen"
    press(opened, Qt.Key.Key_Z, CONTROL)
    assert comment.text() == ""
    press(opened, Qt.Key.Key_Z, CONTROL | SHIFT)
    assert comment.text() == "as seen"
    press(opened, Qt.Key.Key_Left, CONTROL | SHIFT)
    assert comment.selectedText() == "seen"
    assert asked == []


def test_with_the_keys_in_a_list_shift_and_arrows_go_ten_images(
    opened: MainWindow, press: Callable[..., None], asked: list[str]
) -> None:
    opened.desk.reviewing.select("left")
    rows = opened.review.panel.list
    rows.setFocus(Qt.FocusReason.TabFocusReason)
    before = rows.currentIndex().row()
    press(opened, Qt.Key.Key_Down, SHIFT)
    press(opened, Qt.Key.Key_Up, SHIFT)
    assert asked == ["view.on_10", "view.back_10"]
    assert rows.currentIndex().row() == before
    press(opened, Qt.Key.Key_Down)
    assert rows.currentIndex().row() == before + 1


def test_no_command_is_done_behind_a_sheet_from_its_field(
    opened: MainWindow, press: Callable[..., None], asked: list[str]
) -> None:
    opened.asking.palette()
    field = opened.asking.palette_sheet.field
    assert field.hasFocus()
    press(opened, Qt.Key.Key_E, CONTROL)
    press(opened, Qt.Key.Key_A, CONTROL | SHIFT)
    press(opened, Qt.Key.Key_S, CONTROL)
    assert asked == []
    assert opened.asking.palette_sheet.is_open
