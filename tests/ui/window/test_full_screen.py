"""Where the window is on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow

from viewer.ui import full_screen
from viewer.ui.canvas.tiles import Tool
from viewer.ui.full_screen import FullScreen, centred, places_itself, within
from viewer.ui.presenter import presenter_window

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow
    from viewer.ui.presenter.presenter_window import PresenterWindow

SCREEN = QRect(0, 0, 1920, 1080)
PROJECTOR = QRect(0, 0, 1280, 720)


@pytest.mark.parametrize("wanted", [QRect(0, 0, 1440, 900), QRect(900, 500, 1440, 900), QRect(-700, -300, 1440, 900)])
def test_title_and_status_bar_are_always_on_the_screen(wanted: QRect) -> None:
    place = within(wanted, SCREEN)
    assert place is not None
    assert place.size() == wanted.size()
    assert SCREEN.adjusted(8, 40, -8, -8).contains(place)


def test_a_window_that_would_hang_over_a_small_screen_fills_it_instead() -> None:
    assert within(QRect(0, 0, 1280, 720), PROJECTOR) is None
    assert centred(1440, 900, PROJECTOR) is None


def test_the_first_window_stands_in_the_middle() -> None:
    place = centred(1440, 900, SCREEN)
    assert place is not None
    assert abs(place.center().x() - SCREEN.center().x()) <= 1


def test_leaving_full_screen_brings_the_window_back_onto_the_screen(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setGeometry(0, 0, 640, 400)
    full = FullScreen(window)
    full.enter()
    full.leave()
    assert not full.on
    assert not window.isMaximized()
    assert window.screen().availableGeometry().adjusted(8, 40, -8, -8).contains(window.geometry())


def test_under_wayland_no_window_that_fills_a_screen_is_given_a_size(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A compositor ends the program for it.
    monkeypatch.setattr(full_screen, "places_itself", lambda: False)
    monkeypatch.setattr(presenter_window, "places_itself", lambda: False)
    placed: list[QRect] = []

    class Placed(QMainWindow):
        def setGeometry(self, *place: object) -> None:  # noqa: N802 (Qt's name)
            placed.append(QRect(*place))

    for maximised in (True, False):
        window = Placed()
        qtbot.addWidget(window)
        window.showMaximized() if maximised else window.show()
        full = FullScreen(window)
        full.enter()
        assert window.isFullScreen()
        full.leave()
        assert window.isVisible()
        assert not window.isFullScreen()
        assert window.isMaximized() is maximised
    assert placed == []
    assert places_itself() is not QGuiApplication.platformName().startswith("wayland")


def test_the_presenters_window_fills_its_screen_where_it_cannot_say_where_it_stands(
    presenter: PresenterWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presenter_window, "places_itself", lambda: False)
    presenter.place_at(PROJECTOR, maximised=True)
    assert presenter.isFullScreen()
    presenter.place_at(PROJECTOR)
    assert not presenter.isFullScreen()
    assert presenter.isVisible()


def test_esc_ends_measuring_first_and_then_leaves_the_full_screen(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    press(opened, Qt.Key.Key_F11)
    press(opened, Qt.Key.Key_L)
    assert opened.full_screen.on
    press(opened, Qt.Key.Key_Escape)
    assert opened.canvas.tool is Tool.WINDOW
    assert opened.full_screen.on
    press(opened, Qt.Key.Key_Escape)
    assert not opened.full_screen.on
