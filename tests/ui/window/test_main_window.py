"""The window as a whole: honest words, commands, sheets, messages, and an orderly end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QRect, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel

from viewer.domain.errors import StorageError, UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.session import Workspace
from viewer.domain.view_state import Layout, ViewName
from viewer.ui.messages import Message
from viewer.ui.palette import fuzzy_score, matching_commands
from viewer.ui.status_bar import place_words, value_words
from viewer.ui.widgets import KeyChip
from viewer.ui.window_place import first_place, suggest_scale, suggested_scale

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow


def test_the_banner_stands_in_every_workspace_and_the_title_names_nobody(opened: MainWindow) -> None:
    for place in Workspace:
        opened.go(place)
        shown = opened.stage.bar.words if place is Workspace.PRESENT else opened.status.banner.words.text()
        assert "Synthetic · Not for diagnostic use" in shown
        banner = opened.stage.bar if place is Workspace.PRESENT else opened.status
        assert banner.isVisible()
        assert opened.windowTitle() == "A small head – CaseStage"


def test_every_command_can_be_asked_for_and_explained(opened: MainWindow) -> None:
    table = opened.actions_.table
    assert len(table) > 60
    for command in table:
        assert command.tooltip
        assert opened.actions_[command.id].toolTip()


def test_every_button_has_words_or_a_name_for_screen_readers(opened: MainWindow) -> None:
    for button in opened.findChildren(QAbstractButton):
        if "QLineEditIconButton" not in button.metaObject().className():
            assert button.text() or button.accessibleName(), button


def test_places_that_need_a_case_say_why_they_are_off(window: MainWindow) -> None:
    action = window.actions_["place.present"]
    assert not action.isEnabled()
    assert "Open a case first" in action.toolTip()


def test_the_palette_finds_a_command_by_a_few_letters_and_runs_it(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    press(opened, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = opened.asking.palette_sheet
    assert palette.is_open
    QTest.keyClicks(palette.field, "lung win")
    assert palette.shown[0].id == "view.preset_2"
    press(opened, Qt.Key.Key_Return)
    assert not palette.is_open
    assert opened.desk.session.view is not None
    assert opened.desk.session.view.window_width == 1500


@pytest.mark.parametrize("view", list(ViewName))
def test_who_types_the_name_of_a_view_gets_it_alone(
    opened: MainWindow, press: Callable[..., None], view: ViewName
) -> None:
    press(opened, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = opened.asking.palette_sheet
    QTest.keyClicks(palette.field, f"{view.value} alone")
    press(opened, Qt.Key.Key_Return)
    seen = opened.desk.session.view
    assert seen is not None
    assert (seen.layout, seen.main) == (Layout.SINGLE, view)
    opened.actions_.refresh()
    alone = [other for other in ViewName if opened.actions_[f"view.{other.value}_alone"].isChecked()]
    assert alone == [view]


def test_a_slab_that_is_off_cannot_be_made_thinner_and_says_so(opened: MainWindow, press: Callable[..., None]) -> None:
    thinner = opened.actions_["view.slab_thinner"]
    opened.actions_.refresh()
    assert not thinner.isEnabled()
    assert "The slab is off" in thinner.toolTip()
    press(opened, Qt.Key.Key_BracketRight)
    assert thinner.isEnabled()
    press(opened, Qt.Key.Key_BracketLeft)
    assert not thinner.isEnabled()


def test_a_key_from_which_nothing_can_come_says_why(opened: MainWindow, press: Callable[..., None]) -> None:
    volume = opened.desk.session.volume
    assert volume is not None
    opened.desk.session.volume = evolve(volume, verdict=Verdict.UNTRUSTED)
    opened.actions_.refresh()
    said: list[str] = []
    opened.actions_.refused.connect(said.append)
    press(opened, Qt.Key.Key_L)
    assert said == [opened.actions_.table["measure.length"].why_not]
    assert said[0] in [label.text() for label in opened.status.findChildren(QLabel)]
    press(opened, Qt.Key.Key_D)
    press(opened, Qt.Key.Key_Escape)
    press(opened, Qt.Key.Key_F1)
    press(opened, Qt.Key.Key_L)
    assert len(said) == 1


def test_why_nothing_came_of_a_key_is_old_news_once_something_came_of_one(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    def said() -> list[str]:
        return [label.text() for label in opened.status.findChildren(QLabel)]

    why = opened.actions_.table["go.back"].why_not
    press(opened, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert why in said()
    press(opened, Qt.Key.Key_2)
    assert why not in said()


def test_letters_in_order_are_found_and_others_are_not(opened: MainWindow) -> None:
    assert fuzzy_score("nxf", "Next finding") is not None
    assert fuzzy_score("xyz", "Next finding") is None
    offered = opened.actions_.table.offered(Workspace.REVIEW)
    assert matching_commands(offered, "next f")[0].id == "finding.next"
    # "Remove path point" begins with it too.
    assert matching_commands(offered, "remove path")[0].words == "Remove path"
    assert len(matching_commands(offered, "")) == len(offered)


def test_of_commands_that_fit_alike_those_that_can_be_asked_for_come_first(opened: MainWindow) -> None:
    volume = opened.desk.session.volume
    assert volume is not None
    opened.desk.session.volume = evolve(volume, unit="MGML")
    palette = opened.asking.palette_sheet
    palette.ask(Workspace.REVIEW)
    palette.field.setText("hot iron")
    assert [command.words for command in palette.shown][:2] == ["Colours: hot iron", "Map in hot iron"]
    palette.field.setText("map in hot iron")
    assert palette.shown[0].words == "Map in hot iron"


def test_keys_rest_while_a_sheet_lies_over_the_window(opened: MainWindow, press: Callable[..., None]) -> None:
    press(opened, Qt.Key.Key_N)
    press(opened, Qt.Key.Key_F1)
    assert opened.asking.keys_sheet.is_open
    press(opened, Qt.Key.Key_A)
    assert opened.desk.session.decisions == {}
    press(opened, Qt.Key.Key_Escape)
    assert not opened.asking.keys_sheet.is_open
    press(opened, Qt.Key.Key_A)
    assert len(opened.desk.session.decisions) == 1


@pytest.mark.parametrize("where", list(Workspace))
def test_the_sheet_of_keys_holds_every_key_under_a_title_of_its_own(opened: MainWindow, where: Workspace) -> None:
    sheet = opened.asking.keys_sheet
    sheet.ask(where)
    commands = [command for command in opened.actions_.table.offered(where) if command.shortcuts]
    said = [label.text() for label in sheet.findChildren(QLabel)]
    assert not {command.title.removesuffix("…") for command in commands} - set(said)
    assert "Other" not in said
    keys = sum(len([key for key in command.shortcuts if key != "Enter"]) for command in commands)
    assert len(sheet.findChildren(KeyChip)) == keys
    sheet.dismiss()


def test_an_error_is_told_once_with_a_hint_and_details_to_copy(opened: MainWindow) -> None:
    error = UnreadableFileError("The file ends early.", "Copy the folder again.", "expected 512 bytes")
    opened.desk.opening.failed.emit(error)
    assert opened.messages.isVisible()
    assert opened.messages.message is not None
    assert opened.messages.message.report == "The file ends early.\n\nCopy the folder again.\n\nexpected 512 bytes"
    opened.messages._show_details()
    opened.details._copy()
    assert "expected 512 bytes" in QGuiApplication.clipboard().text()
    opened.details.dismiss()
    opened.messages.clear()
    assert not opened.messages.isVisible()


def test_the_first_start_fills_a_screen_that_is_not_much_larger_than_the_window() -> None:
    assert first_place(QRect(0, 0, 1280, 720)) is None
    assert first_place(QRect(0, 0, 1920, 1080)) is None
    place = first_place(QRect(0, 0, 2560, 1440))
    assert place is not None
    assert (place.width(), place.height()) == (1440, 900)


def test_information_never_goes_by_itself_so_that_no_click_misses(opened: MainWindow) -> None:
    opened.tell(
        Message("1 file was skipped.", "notes.txt: Not an image in DICOM, NIfTI, NRRD or MetaImage.", calm=True)
    )
    assert not [timer for timer in opened.messages.findChildren(QTimer) if timer.isActive()]
    opened.desk.session.workspace = Workspace.INSPECT
    assert not opened.messages.isVisible()
    opened.tell(Message("The file ends early."))
    opened.desk.session.workspace = Workspace.REVIEW
    assert opened.messages.isVisible()


def test_the_theme_is_switched_with_one_key_and_kept(opened: MainWindow, press: Callable[..., None]) -> None:
    press(opened, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert not opened.theme.dark
    assert opened.desk.settings.now.theme == "light"


def test_a_setting_that_cannot_be_kept_says_so_and_holds(
    opened: MainWindow, press: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StorageError("The settings could not be saved.", "Check the disk.")

    monkeypatch.setattr("viewer.services.settings._write", fail)
    press(opened, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert not opened.theme.dark
    assert opened.messages.message is not None
    assert opened.messages.message.sentence == "The settings could not be saved."


def test_settings_show_and_change_what_holds(opened: MainWindow, press: Callable[..., None]) -> None:
    press(opened, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    sheet = opened.asking.settings_sheet
    assert sheet.is_open
    assert sheet.reader.text() == "Dr Example"
    sheet.motion.button("off").click()
    assert not opened.desk.settings.now.reduce_motion
    sheet.masked.button("on").click()
    assert opened.desk.session.masked


def test_the_pointer_tells_value_and_place() -> None:
    assert value_words(-614.0, "HU") == "−614 HU"
    assert value_words(-0.4, "HU") == "0 HU"
    assert value_words(None, "HU") == ""
    assert value_words(2.5, "unknown") == "2.5"
    assert place_words((-88.0, -26.4, 9.9)) == "R 88.0  A 26.4  H 9.9 mm"


def test_the_pointer_over_the_pictures_is_told_in_the_status_bar(opened: MainWindow) -> None:
    assert opened.desk.session.view is not None
    tile = opened.canvas.tile(opened.desk.session.view.main)
    assert tile is not None
    QTest.mouseMove(opened.canvas, tile.area.center().toPoint())
    opened.canvas.pointer_moved.emit(35.0, (0.0, 0.0, 40.0), None)
    assert opened.status._value.text() == "35 HU"
    assert opened.status._place.text() == "L 0.0  P 0.0  H 40.0 mm"


def test_decisions_that_are_not_on_disk_keep_the_window_open_once(
    opened: MainWindow, press: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError("The disk is full.", "Make room.")

    monkeypatch.setattr(opened.desk.reviewing._journal, "decide", full)
    press(opened, Qt.Key.Key_N)
    press(opened, Qt.Key.Key_A)
    assert opened.status.saved_words == "1 decision not saved"
    assert not opened.close()
    assert opened.messages.message is not None
    assert opened.close()


def test_closing_ends_every_thread_of_the_program(opened: MainWindow) -> None:
    opened.close()
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("casestage")]
    assert left == []


def test_what_a_start_has_to_tell_is_there_also_where_it_opens_a_scan(window: MainWindow, tmp_path: Path) -> None:
    window.hide()
    window.tell(Message("Text may be small on this screen.", calm=True))
    window.open_paths([tmp_path])
    window.show()
    assert window.messages.message is not None
    assert window.messages.message.sentence == "Text may be small on this screen."
    window.open_paths([tmp_path])
    assert window.messages.message is None


def test_what_a_start_has_to_tell_waits_until_the_stage_is_left(opened: MainWindow) -> None:
    case = opened.desk.session.case
    assert case is not None
    opened.go(Workspace.LIBRARY)
    opened.tell(Message("Text may be small on this screen.", calm=True))
    opened.going.open_case(case, at_start=True)
    assert opened.desk.session.workspace is Workspace.PRESENT
    assert not opened.messages.isVisible()
    opened.going.open_case(case)
    opened.leave_present()
    assert opened.messages.isVisible()
    assert opened.messages.message is not None
    assert opened.messages.message.sentence == "Text may be small on this screen."
    opened.open_case(case)
    opened.leave_present()
    assert not opened.messages.isVisible()


def test_of_two_things_that_a_start_has_to_tell_the_first_is_read_once_the_second_is_closed(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.messages.clear()
    window.hide()
    window.tell(Message("Text may be small on this screen.", calm=True))
    window.tell(Message("A key in conventions.toml is taken twice."))
    window.show()
    strip = window.messages
    assert strip.message is not None
    assert strip.message.sentence == "A key in conventions.toml is taken twice."
    assert strip.more_words == "1 more"
    qtbot.mouseClick(strip.close_button, Qt.MouseButton.LeftButton)
    assert strip.message is not None
    assert strip.message.sentence == "Text may be small on this screen."
    assert strip.more_words == ""
    qtbot.mouseClick(strip.close_button, Qt.MouseButton.LeftButton)
    assert strip.message is None


def test_what_was_read_or_only_told_what_is_going_on_does_not_come_back(window: MainWindow, qtbot: QtBot) -> None:
    strip = window.messages
    strip.clear()
    window.tell(Message("The folder is not there any more."))
    qtbot.waitUntil(lambda: strip.read)
    window.tell(Message("A pack was found. It is being checked…", calm=True, passing=True))
    window.tell(Message("The pack was installed.", calm=True))
    assert strip.more_words == ""
    strip.clear()
    assert strip.message is None


def test_what_was_wrong_is_not_told_once_it_is_mended_also_where_it_waits(window: MainWindow) -> None:
    strip = window.messages
    strip.clear()
    window.hide()
    gone = Message("The watched folder is not there any more.")
    window.tell(gone)
    window.tell(Message("Text may be small on this screen.", calm=True))
    strip.withdraw(gone)
    assert strip.more_words == ""
    strip.clear()
    assert strip.message is None


def test_a_larger_interface_is_offered_once_on_a_screen_of_small_pixels(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine = QRect(0, 0, 3840, 2160)
    assert suggested_scale(fine, 1.0) == 2.0
    # Where the system makes everything larger itself, and on usual screens, nothing is said.
    assert suggested_scale(QRect(0, 0, 1920, 1080), 2.0) == suggested_scale(QRect(0, 0, 2560, 1440), 1.0) == 1.0
    monkeypatch.setattr("viewer.ui.window_place.suggested_scale", lambda *_: 2.0)
    suggest_scale(window)
    offered = window.messages.message
    assert offered is not None
    assert offered.action == "Use 200 %"
    window.messages.act()
    assert window.desk.settings.now.interface_scale == 2.0
    window.messages.clear()
    suggest_scale(window)
    assert window.messages.message is None
