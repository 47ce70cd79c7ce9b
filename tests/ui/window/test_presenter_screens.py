"""The presenter's window and the screens: where it opens, displays that come and go, notes on one screen, fingers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QInputDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from viewer.domain.session import Workspace
from viewer.ui.canvas.view3d import Picture
from viewer.ui.presenter.screens import ScreenFacts
from viewer.ui.snapshot import picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow
    from viewer.ui.presenter.presenter_window import PresenterWindow


LAPTOP = ScreenFacts("eDP-1", QRect(0, 0, 1280, 720), QRect(0, 0, 1280, 720), primary=True)


PROJECTOR = ScreenFacts("HDMI-1", QRect(1280, 0, 1920, 1080), QRect(1280, 0, 1920, 1080))


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> list[ScreenFacts]:
    """Return the screens that the program believes in, to be changed by the test."""
    there = [LAPTOP, PROJECTOR]
    monkeypatch.setattr("viewer.ui.presenter.screens.Screens.now", property(lambda _self: tuple(there)))
    return there


def test_with_a_second_screen_the_window_opens_by_itself_where_the_audience_does_not_look(
    opened: MainWindow, plugged: list[ScreenFacts]
) -> None:
    opened.present_from(0)
    window = opened.presenting.window
    assert window is not None
    assert window.isVisible()
    assert LAPTOP.area.contains(window.geometry())
    assert window.audience.text() == "Audience on HDMI-1, 1920 × 1080"


def test_the_audiences_screen_is_told_in_its_own_pixels(opened: MainWindow, plugged: list[ScreenFacts]) -> None:
    plugged[1] = evolve(PROJECTOR, ratio=2.0)
    opened.present_from(0)
    window = opened.presenting.window
    assert window is not None
    assert window.audience.text() == "Audience on HDMI-1, 3840 × 2160"


def test_it_stays_closed_where_the_setting_or_a_kiosk_says_so(opened: MainWindow, plugged: list[ScreenFacts]) -> None:
    opened.desk.settings.change(presenter_opens=False)
    opened.present_from(0)
    assert not opened.presenting.is_shown
    opened.leave_present()
    opened.desk.settings.change(presenter_opens=True)
    opened.kiosk = True
    opened.present_from(0)
    assert not opened.presenting.is_shown
    assert not opened.actions_.run("presenter.window")


def test_a_display_that_is_unplugged_and_comes_back_loses_nothing(
    opened: MainWindow, told: Case, plugged: list[ScreenFacts], qtbot: QtBot
) -> None:
    opened.desk.session.case = told
    opened.present_from(1)
    window = opened.presenting.window
    assert window is not None
    window.setGeometry(300, 200, 960, 560)
    place = opened.desk.session.view
    plugged[:] = [ScreenFacts("eDP-1", QRect(0, 0, 1024, 640), QRect(0, 0, 1024, 640), primary=True)]
    opened.presenting.screens.changed.emit()
    assert opened.full_screen.on
    assert opened.size() == opened.screen().size()
    assert window.isVisible()
    assert plugged[0].area.contains(window.geometry())
    assert opened.desk.session.view == place
    assert opened.desk.player.index == 1
    assert not opened.actions_["presenter.swap"].isEnabled()
    plugged[:] = [LAPTOP, PROJECTOR]
    opened.presenting.screens.changed.emit()
    assert LAPTOP.area.contains(window.geometry())
    assert opened.desk.player.index == 1


def test_swapping_is_remembered(opened: MainWindow, plugged: list[ScreenFacts]) -> None:
    opened.present_from(0)
    assert opened.actions_.run("presenter.swap")
    window = opened.presenting.window
    assert window is not None
    assert window.audience.text() == "Audience on eDP-1, 1280 × 720"
    assert opened.desk.settings.now.presenter_screen == "HDMI-1"
    assert PROJECTOR.area.contains(window.geometry().center())


def test_the_windows_place_is_remembered(staged: MainWindow, presenter: PresenterWindow, qtbot: QtBot) -> None:
    presenter.setGeometry(40, 60, 1000, 600)
    qtbot.waitUntil(lambda: staged.desk.settings.now.presenter_geometry == "40 60 1000 600", timeout=5000)
    presenter.close()
    assert not staged.presenting.is_shown
    staged.presenting.toggle_window()
    assert presenter.geometry() == QRect(40, 60, 1000, 600)


def test_notes_on_a_key_stand_below_the_picture_and_in_no_export(
    staged: MainWindow, press: Callable[..., None], head: Volume, told: Case
) -> None:
    drawer = staged.presenting.drawer
    assert drawer is None
    whole = staged.stage.canvas.height()
    press(staged, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    drawer = staged.presenting.drawer
    assert drawer is not None
    assert "Wait for an answer." in drawer.words
    assert "Why is it bright" not in drawer.words
    assert staged.stage.canvas.geometry().bottom() < drawer.geometry().top()
    assert not staged.stage.card.geometry().intersects(drawer.geometry())
    press(staged, Qt.Key.Key_Right)
    assert "Say s1." in drawer.words
    with_notes = picture(head, told.steps[1].view, (), (960, 540), step=told.steps[1], solid=lambda _: Picture())
    assert with_notes == picture(
        head, told.steps[1].view, (), (960, 540), step=evolve(told.steps[1], notes=""), solid=lambda _: Picture()
    )
    press(staged, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    assert drawer.words == ""
    assert staged.stage.canvas.height() == whole


def test_notes_are_not_shown_on_a_stage_that_the_audience_has_for_itself(
    staged: MainWindow, plugged: list[ScreenFacts]
) -> None:
    assert not staged.actions_.run("presenter.notes")
    assert "The audience would read them" in staged.actions_["presenter.notes"].toolTip()


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (1920, 1080)])
def test_what_is_searched_for_is_typed_into_a_field_that_is_whole(
    staged: MainWindow, press: Callable[..., None], size: tuple[int, int]
) -> None:
    staged.setMinimumSize(320, 240)
    staged.resize(*size)
    press(staged, Qt.Key.Key_Slash)
    search = staged.presenting.search
    assert search is not None
    for typed in ("", "left"):
        search.field.setText(typed)
        QApplication.processEvents()
        assert search.rect().contains(search.field.geometry())
        assert search.parentWidget().rect().contains(search.geometry())


def test_a_step_is_searched_on_the_stage_too(staged: MainWindow, press: Callable[..., None], qtbot: QtBot) -> None:
    press(staged, Qt.Key.Key_Slash)
    search = staged.presenting.search
    assert search is not None
    assert search.is_open
    assert QApplication.focusWidget() is search.field
    QTest.keyClicks(search.field, "left")
    assert search.lines[0] == "2 Blood on the left"
    press(staged, Qt.Key.Key_Return)
    assert not search.is_open
    assert staged.desk.player.index == 1
    press(staged, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    press(staged, Qt.Key.Key_3)
    assert staged.desk.player.index == 2
    press(staged, Qt.Key.Key_Slash)
    QTest.keyClicks(search.field, "giraffe")
    assert search.lines == []
    press(staged, Qt.Key.Key_Return)
    assert search.is_open
    press(staged, Qt.Key.Key_Escape)
    press(staged, Qt.Key.Key_Escape)
    assert not search.is_open
    assert staged.desk.session.workspace is Workspace.PRESENT


def test_no_card_covers_the_search_also_when_the_theme_is_switched(
    staged: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    press(staged, Qt.Key.Key_Slash)
    search = staged.presenting.search
    assert search is not None
    for theme in ("light", "dark"):
        staged.desk.settings.change(theme=theme)
        staged.desk.player.jump(1)
        qtbot.waitUntil(lambda: staged.stage.card.isVisible(), timeout=5000)
        order = [child for child in staged.stage.children() if child in (search, staged.stage.card)]
        assert order == [staged.stage.card, search]


def test_a_clicker_works_while_the_search_is_open(staged: MainWindow, press: Callable[..., None]) -> None:
    press(staged, Qt.Key.Key_Slash)
    press(staged, Qt.Key.Key_PageDown)
    assert staged.desk.player.index == 1


def test_a_finger_taps_at_an_edge_or_swipes(staged: MainWindow, qtbot: QtBot) -> None:
    canvas = staged.stage.canvas
    device = QTest.createTouchDevice(QInputDevice.DeviceType.TouchScreen)
    middle = canvas.height() // 2
    assert staged.presenting._touch is not None
    staged.presenting._touch.when_s = lambda _event: 0.0

    def touch(start: int, end: int) -> None:
        QTest.touchEvent(canvas, device).press(0, QPoint(start, middle)).commit()
        QTest.touchEvent(canvas, device).move(0, QPoint((start + end) // 2, middle)).commit()
        QTest.touchEvent(canvas, device).release(0, QPoint(end, middle)).commit()
        qtbot.wait(20)

    touch(canvas.width() - 20, canvas.width() - 20)
    assert staged.desk.player.index == 1
    touch(canvas.width() // 2, canvas.width() // 2 - canvas.width() // 4)
    assert staged.desk.player.index == 2
    touch(20, 20)
    assert staged.desk.player.index == 1


def test_the_screen_is_kept_awake_on_stage_alone(opened: MainWindow) -> None:
    awake = opened.presenting.awake
    assert not awake.on
    opened.present_from(0)
    assert awake.on
    opened.leave_present()
    assert not awake.on
