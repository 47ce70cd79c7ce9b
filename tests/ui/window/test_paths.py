"""Drawing a path in the whole window: keys, menus, undo, layout, and what is kept between starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.acquired.hands import place_in
from tests.ui.window.looking import view_of
from viewer.domain.curved_view import CurvedView
from viewer.domain.decision import Answer
from viewer.domain.geometry import Verdict
from viewer.domain.view_state import Interpolation, Layout, ViewName
from viewer.services.desk import build_desk
from viewer.services.settings import Settings
from viewer.ui.canvas import Tool
from viewer.ui.path_commands import CURVED_MENU

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.volume import Volume
    from viewer.ui.main_window import MainWindow

CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
PLACES = ((0.3, 0.4), (0.4, 0.6), (0.62, 0.65))


def click(window: MainWindow, across: float, down: float) -> None:
    place: QPoint = place_in(window.canvas, ViewName.AXIAL, across, down)
    QTest.mouseClick(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    QApplication.processEvents()


def draw(window: MainWindow, press: Callable[..., None]) -> None:
    press(window, Qt.Key.Key_D, ALT)
    for place in PLACES:
        click(window, *place)


def test_alt_d_draws_ctrl_z_takes_points_back_and_esc_ends(opened: MainWindow, press: Callable[..., None]) -> None:
    draw(opened, press)
    assert opened.actions_["path.draw"].isChecked()
    assert len(view_of(opened).path_lps_mm) == 3
    press(opened, Qt.Key.Key_Z, CONTROL)
    assert len(view_of(opened).path_lps_mm) == 2
    press(opened, Qt.Key.Key_Y, CONTROL)
    assert len(view_of(opened).path_lps_mm) == 3
    press(opened, Qt.Key.Key_Backspace)
    assert len(view_of(opened).path_lps_mm) == 2
    press(opened, Qt.Key.Key_Escape)
    assert opened.canvas.tool is Tool.WINDOW
    assert view_of(opened).shows_curved


def test_decisions_are_taken_back_after_the_path(opened: MainWindow, press: Callable[..., None]) -> None:
    session = opened.desk.session
    press(opened, Qt.Key.Key_N)
    press(opened, Qt.Key.Key_A)
    draw(opened, press)
    for _ in range(3):
        press(opened, Qt.Key.Key_Z, CONTROL)
        assert session.decisions["left"].answer is Answer.ACCEPTED
    press(opened, Qt.Key.Key_Z, CONTROL)
    assert not session.decisions


def test_alt_u_closes_the_curved_picture_and_shows_it_again(opened: MainWindow, press: Callable[..., None]) -> None:
    assert not opened.actions_["path.curved"].isEnabled()
    draw(opened, press)
    press(opened, Qt.Key.Key_Escape)
    press(opened, Qt.Key.Key_U, ALT)
    assert not view_of(opened).shows_curved
    assert len(view_of(opened).path_lps_mm) == 3
    press(opened, Qt.Key.Key_U, ALT)
    assert view_of(opened).shows_curved


def test_the_curved_picture_is_shown_again_as_it_was_left_and_that_of_another_path_anew(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    draw(opened, press)
    press(opened, Qt.Key.Key_Escape)
    opened.actions_.run("path.turn_right")
    opened.actions_.run("path.turn_right")
    turned = view_of(opened).curved
    assert turned is not None
    assert turned.turned_deg
    press(opened, Qt.Key.Key_U, ALT)
    press(opened, Qt.Key.Key_U, ALT)
    assert view_of(opened).curved == turned
    press(opened, Qt.Key.Key_U, ALT)
    opened.desk.session.view = evolve(view_of(opened), path_lps_mm=view_of(opened).path_lps_mm[:2])
    press(opened, Qt.Key.Key_U, ALT)
    assert view_of(opened).curved == CurvedView()


def test_keys_go_along_and_turn_and_fit(opened: MainWindow, press: Callable[..., None]) -> None:
    draw(opened, press)
    press(opened, Qt.Key.Key_Escape)
    before = view_of(opened).cursor_lps_mm
    press(opened, Qt.Key.Key_J)
    assert view_of(opened).cursor_lps_mm != before
    press(opened, Qt.Key.Key_BracketRight, ALT)
    press(opened, Qt.Key.Key_BracketRight, ALT)
    curved = view_of(opened).curved
    assert curved is not None
    assert curved.turned_deg == 10.0
    opened.canvas.active = ViewName.THREE_D
    press(opened, Qt.Key.Key_Plus)
    zoomed = view_of(opened).curved
    assert zoomed is not None
    assert zoomed.height_mm is not None
    press(opened, Qt.Key.Key_Equal)
    fitted = view_of(opened).curved
    assert fitted is not None
    assert fitted.height_mm is None
    assert fitted.turned_deg == 10.0


def test_drawn_in_one_view_alone_the_picture_appears_when_drawing_ends(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    opened.desk.session.view = evolve(view_of(opened), layout=Layout.SINGLE, main=ViewName.AXIAL)
    draw(opened, press)
    assert view_of(opened).layout is Layout.SINGLE
    press(opened, Qt.Key.Key_Escape)
    assert view_of(opened).layout is Layout.FOUR


def test_a_single_point_leaves_no_curved_picture_behind(opened: MainWindow, press: Callable[..., None]) -> None:
    press(opened, Qt.Key.Key_D, ALT)
    click(opened, 0.3, 0.4)
    press(opened, Qt.Key.Key_Escape)
    assert view_of(opened).curved is None


def test_it_is_not_offered_where_the_geometry_is_not_trusted(opened: MainWindow, head: Volume) -> None:
    opened.desk.session.volume = evolve(head, verdict=Verdict.UNTRUSTED, reasons=("Images are missing.",))
    assert not opened.actions_.run("path.draw")


def test_everything_of_the_path_is_in_the_menus_and_works_from_there(opened: MainWindow) -> None:
    for name in ("path.draw", "path.curved", "path.remove_point", "path.clear", "path.turn_left", "path.on"):
        assert name in CURVED_MENU
    menu = opened.actions_.menu(CURVED_MENU, opened)
    assert len(menu.actions()) >= 10


@pytest.mark.parametrize("chosen", [Interpolation.NEAREST, Interpolation.CUBIC])
def test_the_interpolation_chosen_last_is_there_at_the_next_start(
    opened: MainWindow, chosen: Interpolation, own_home: Path
) -> None:
    assert opened.actions_.run(f"view.interpolation_{chosen.value}")
    assert view_of(opened).interpolation is chosen
    assert opened.actions_[f"view.interpolation_{chosen.value}"].isChecked()
    path = opened.desk.settings._path
    assert Settings(path).now.interpolation == chosen.value
    again = build_desk(lambda call: call())
    try:
        assert again.opening.usual.interpolation is chosen
    finally:
        again.close()


def test_alt_i_goes_round_the_interpolations(opened: MainWindow, press: Callable[..., None]) -> None:
    seen = []
    for _ in range(3):
        press(opened, Qt.Key.Key_I, ALT)
        seen.append(view_of(opened).interpolation)
    assert seen == [Interpolation.CUBIC, Interpolation.NEAREST, Interpolation.LINEAR]
