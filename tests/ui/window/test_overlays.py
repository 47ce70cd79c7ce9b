"""Labels and maps over a series in the window: opened by command, listed, changed by mouse and keys, refused."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.window.looking import view_of
from viewer.domain.label_palette import COLOURS
from viewer.domain.overlay_look import look_of
from viewer.domain.session import Workspace
from viewer.domain.view_state import OverlayMode
from viewer.ui.label_menu import label_menu
from viewer.ui.overlay_commands import HOLD_S
from viewer.ui.review.detail_box import AnswerButton
from viewer.ui.review.label_list import EYE_X, ROW_HEIGHT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow


def test_labels_are_listed_and_hidden_by_a_click_on_their_eye(laid: MainWindow) -> None:
    box = laid.review.panel.labels
    assert not box.isHidden()
    assert [box.list.rows.row(row).name for row in range(box.list.rows.rowCount())] == [
        "Label 1",
        "Label 2",
        "Label 7",
    ]
    place = QPoint(EYE_X + 6, ROW_HEIGHT + ROW_HEIGHT // 2)
    QTest.mouseClick(box.list.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert [key.split()[1] for key in view_of(laid).hidden_labels] == ["2"]
    assert box.count_words == "2 of 3 shown"
    assert laid.actions_.run("view.all_labels")
    assert view_of(laid).hidden_labels == ()


def test_the_keyboard_hides_shows_alone_and_goes_to_a_label(laid: MainWindow) -> None:
    rows = laid.review.panel.labels.list
    rows.setFocus()
    rows.setCurrentIndex(rows.rows.index(2))
    QTest.keyClick(rows, Qt.Key.Key_S)
    assert [key.split()[1] for key in view_of(laid).hidden_labels] == ["1", "2"]
    QTest.keyClick(rows, Qt.Key.Key_S)
    QTest.keyClick(rows, Qt.Key.Key_Space)
    assert [key.split()[1] for key in view_of(laid).hidden_labels] == ["7"]
    QTest.keyClick(rows, Qt.Key.Key_Return)
    session = laid.desk.session
    assert session.volume is not None
    # There, and seen.
    assert view_of(laid).hidden_labels == ()
    ijk = session.volume.stack.nearest_ijk(view_of(laid).cursor_lps_mm)
    mask = session.overlays.labels[2].mask
    assert ijk is not None
    assert mask.full(session.volume.stack.shape_kji)[ijk[2], ijk[1], ijk[0]]


def test_the_menu_of_a_label_changes_its_colour_and_its_fill(laid: MainWindow) -> None:
    entry = laid.review.panel.labels.list.rows.row(0)
    menu = label_menu(laid.desk.session, laid.theme, entry, laid)
    colours, fills = (next(a.menu() for a in menu.actions() if a.text() == name) for name in ("Colour", "Fill"))
    next(a for a in colours.actions() if a.text() == "Crimson").trigger()
    next(a for a in fills.actions() if a.text() == "60 %").trigger()
    look = look_of(view_of(laid).label_looks, entry.key)
    assert look.colour in COLOURS
    assert look.opacity == pytest.approx(0.6)
    # What was only outlined is filled, or nothing would be seen of the choice.
    assert view_of(laid).overlay is OverlayMode.FILL
    assert laid.review.panel.labels.list.rows.row(0).colour == look.colour
    menu.deleteLater()


def test_holding_g_hides_labels_and_map_and_letting_go_brings_them_back(
    laid: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    QTest.keyPress(laid, Qt.Key.Key_G)
    assert view_of(laid).overlay is OverlayMode.OFF
    now[0] += HOLD_S + 0.1
    QTest.keyRelease(laid, Qt.Key.Key_G)
    monkeypatch.undo()
    deadline = time.monotonic() + 2
    while view_of(laid).overlay is OverlayMode.OFF and time.monotonic() < deadline:
        QApplication.processEvents()
    assert view_of(laid).overlay is OverlayMode.OUTLINE


def test_the_map_has_a_switch_a_threshold_and_an_opacity(laid: MainWindow) -> None:
    box = laid.review.panel.map
    assert not box.isHidden()
    assert box.least_words == "0.10"
    box.least.setValue(box.least.maximum() // 2)
    assert view_of(laid).map_look.least == pytest.approx(0.5)
    assert laid.actions_.run("view.map_less")
    assert view_of(laid).map_look.least == pytest.approx(0.55)
    assert box.least_words == "0.55"
    box.opacity.setValue(box.opacity.maximum())
    assert view_of(laid).map_look.opacity == pytest.approx(1.0)
    assert laid.actions_.run("view.map")
    assert not view_of(laid).map_look.shown
    assert laid.actions_.run("view.map_colours_blue_yellow")
    assert view_of(laid).map_look.colours == "blue_yellow"


def test_labels_and_map_are_closed_and_their_boxes_with_them(laid: MainWindow) -> None:
    assert laid.actions_.run("overlay.close_labels")
    assert laid.actions_.run("overlay.close_map")
    panel = laid.review.panel
    assert panel.labels.isHidden()
    assert panel.map.isHidden()
    assert not laid.actions_.run("overlay.close_map")
    assert not laid.actions_.run("view.map")


def test_a_map_in_the_wrong_place_is_refused_in_the_strip_and_nothing_is_drawn(
    opened: MainWindow, files: dict[str, Path], choose: Callable[[Path], None], qtbot: QtBot
) -> None:
    opened.desk.session.workspace = Workspace.REVIEW
    choose(files["elsewhere"])
    opened.actions_.run("overlay.open_map")
    qtbot.waitUntil(lambda: opened.messages.message is not None)
    assert opened.messages.message is not None
    assert opened.messages.message.sentence == "It lies beside this series: the two do not overlap anywhere."
    assert opened.desk.session.overlays.value_map is None


def test_colours_stay_with_the_view_when_it_goes_back_and_forth(laid: MainWindow) -> None:
    session = laid.desk.session
    entry = laid.review.panel.labels.list.rows.row(0)
    coloured = evolve(view_of(laid), label_looks=(evolve(look_of((), entry.key), colour=COLOURS[4]),))
    session.view = coloured
    session.workspace = Workspace.INSPECT
    session.workspace = Workspace.REVIEW
    assert view_of(laid).label_looks == coloured.label_looks


def test_in_a_low_window_labels_and_map_are_folded_and_hide_no_button(laid: MainWindow, qtbot: QtBot) -> None:
    panel = laid.review.panel
    laid.desk.reviewing.select("left", fly=False)
    laid.resize(1280, 720)
    laid.show()
    for box in (panel.labels, panel.map):
        if box.fold.opened:
            box.fold.click()
    qtbot.waitUntil(lambda: panel.detail.isVisible() and not panel.labels.list.isVisible())
    buttons = panel.detail.findChildren(AnswerButton)
    qtbot.waitUntil(lambda: all(button.isVisible() for button in buttons))

    def apart() -> bool:
        upper, lower = sorted({button.geometry().top() for button in buttons})
        return lower - upper >= buttons[0].height() and lower + buttons[0].height() <= panel.detail.height()

    qtbot.waitUntil(apart)
    panel.labels.fold.click()
    qtbot.waitUntil(lambda: panel.labels.list.isVisible() and not panel.detail.isVisible())
    assert panel.labels.list.height() >= 3 * ROW_HEIGHT
