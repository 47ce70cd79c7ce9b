"""What is drawn over the images is named under the pointer, and taken in hand by a click on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu

from tests.open_session import view_of, volume_of
from viewer.domain.view_state import Layout, OverlayMode, ViewName

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.domain.view_state import Point
    from viewer.ui.main_window import MainWindow


@pytest.fixture
def four(laid: MainWindow) -> MainWindow:
    """Return the window with labels over its series and four views, outlined."""
    session = laid.desk.session
    session.view = evolve(view_of(session), layout=Layout.FOUR, overlay=OverlayMode.OUTLINE)
    laid.show()
    QApplication.processEvents()
    return laid


def look_at(window: MainWindow, lps_mm: Point) -> QPoint:
    """Go to a place, and return where it is on the axial view."""
    session = window.desk.session
    session.view = view_of(session).looking_at(lps_mm)
    QApplication.processEvents()
    tile = window.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    plane = ViewName.AXIAL.plane
    assert plane is not None
    x, y = tile.geometry(volume_of(session), view_of(session), plane).screen_from_lps(lps_mm)
    return QPoint(round(tile.area.left() + x), round(tile.area.top() + y))


def label_place(window: MainWindow, n: int) -> Point:
    """Return the LPS mm of the middle of a label's box, a little off the crosshair's lines."""
    session = window.desk.session
    mask = session.overlays.labels[n].mask
    middle = (np.asarray(mask.first_ijk) + np.asarray(mask.behind_ijk) - 1) // 2
    x, y, z = volume_of(session).stack.lps(middle)
    return (float(x), float(y), float(z))


def said(window: MainWindow) -> list[str]:
    return [label.text() for label in window.status.findChildren(QLabel)]


# Off the crosshair, which meets in the middle of what is looked at.
BESIDE = QPoint(9, 9)


def test_the_bar_names_the_label_under_the_pointer_unless_it_is_hidden(four: MainWindow, qtbot: QtBot) -> None:
    place = look_at(four, label_place(four, 1)) + BESIDE
    # A screen tells of where the pointer was put when it likes.
    QTest.mouseMove(four.canvas, place)
    qtbot.waitUntil(lambda: any(words.startswith("Label 2") for words in said(four)))
    session = four.desk.session
    session.view = evolve(view_of(session), hidden_labels=(session.overlays.labels[1].key,))
    QTest.mouseMove(four.canvas, place + QPoint(1, 0))
    qtbot.waitUntil(lambda: not any(words.startswith("Label 2") for words in said(four)))


def test_a_click_on_a_label_marks_its_row_and_one_beside_it_none(four: MainWindow) -> None:
    rows = four.review.panel.labels.list
    QTest.mouseClick(four.canvas, Qt.MouseButton.LeftButton, pos=look_at(four, label_place(four, 2)) + BESIDE)
    assert rows.currentIndex().row() == 2
    assert rows.selectionModel().isSelected(rows.currentIndex())
    beside = label_place(four, 2)
    QTest.mouseClick(four.canvas, Qt.MouseButton.LeftButton, pos=look_at(four, (beside[0], beside[1], 80.0)) + BESIDE)
    assert not rows.selectionModel().hasSelection()


def test_a_click_on_a_finding_takes_it_in_hand_and_moves_nothing(four: MainWindow) -> None:
    session = four.desk.session
    finding = session.findings[1]
    x, y, z = finding.centre_lps_mm
    place = look_at(four, (float(x), float(y), float(z))) + QPoint(3, 3)
    session.view = before = evolve(view_of(session), selected_finding=None)
    QTest.mouseClick(four.canvas, Qt.MouseButton.LeftButton, pos=place)
    assert view_of(session) == evolve(before, selected_finding=finding.id)
    session.view = evolve(before, overlay=OverlayMode.OFF)
    QTest.mouseClick(four.canvas, Qt.MouseButton.LeftButton, pos=place)
    assert view_of(session).selected_finding is None


def test_a_drag_over_a_finding_changes_the_window_and_takes_nothing_in_hand(four: MainWindow) -> None:
    session = four.desk.session
    x, y, z = session.findings[1].centre_lps_mm
    place = look_at(four, (float(x), float(y), float(z))) + QPoint(3, 3)
    session.view = evolve(view_of(session), selected_finding=None)
    QTest.mousePress(four.canvas, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseMove(four.canvas, place + QPoint(40, 0))
    QTest.mouseRelease(four.canvas, Qt.MouseButton.LeftButton, pos=place + QPoint(40, 0))
    assert view_of(session).selected_finding is None


def test_a_right_click_on_a_label_offers_what_its_row_offers_before_everything_else(four: MainWindow) -> None:
    place = look_at(four, label_place(four, 0)) + BESIDE
    offered: list[str] = []

    def look() -> None:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        first = menu.actions()[0]
        below = first.menu()
        assert isinstance(below, QMenu)
        offered.extend([first.text(), *(action.text() for action in below.actions() if action.text())])
        next(action for action in below.actions() if action.text() == "Show alone").trigger()
        menu.close()

    QTimer.singleShot(100, look)
    four.canvas.menu_requested.emit(four.canvas.mapToGlobal(place))
    assert offered == ["Label 1", "Hide", "Show alone", "Colour", "Fill"]
    assert len(view_of(four.desk.session).hidden_labels) == 2
