"""Showing slices as acquired and paging through them: keys, wheel, and what the corners say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow

from tests.open_session import view_of
from tests.tilted_series import tilted_volume, with_slices_missing
from tests.ui.acquired.hands import COUNT, on_slice, said, slice_of, turn_wheel
from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import ViewName, as_point, overview
from viewer.ui.canvas import Canvas, Density, shown_from
from viewer.ui.canvas.facts import edge_letters
from viewer.ui.commands import CommandActions, CommandTable
from viewer.ui.theme import Theme
from viewer.ui.view_commands import CANVAS_MENU, view_commands

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.domain.session import Session
    from viewer.domain.volume import Volume

AXIAL = PlaneName.AXIAL


class Window(QMainWindow):
    """A canvas with the commands of looking."""

    def __init__(self, session: Session, canvas: Canvas) -> None:
        super().__init__()
        self.table = CommandTable(view_commands(session, lambda: canvas))
        self.actions_of = CommandActions(self, self.table, Theme(), lambda: session.workspace)
        self.setCentralWidget(canvas)


@pytest.fixture
def window(qtbot: QtBot, looking: Session, canvas: Canvas) -> Window:
    made = Window(looking, canvas)
    made.resize(1000, 700)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def test_o_shows_slices_as_acquired_and_again_what_is_interpolated(window: Window, looking: Session) -> None:
    looking.view = evolve(view_of(looking), acquired=False, cursor_lps_mm=(12.0, -6.0, 31.0))
    QTest.keyClick(window, Qt.Key.Key_O)
    assert view_of(looking).acquired
    assert window.actions_of["view.acquired"].isChecked()
    # On the slice straight above or below: coronal and sagittal do not move.
    assert view_of(looking).cursor_lps_mm[:2] == pytest.approx((12.0, -6.0))
    assert on_slice(looking) == pytest.approx(0, abs=1e-9)
    QTest.keyClick(window, Qt.Key.Key_O)
    assert not view_of(looking).acquired
    assert not window.actions_of["view.acquired"].isChecked()


def test_where_slices_are_shown_as_acquired_anyway_the_command_says_so(
    window: Window, looking: Session, small_ct_volume: Volume
) -> None:
    action = window.actions_of["view.acquired"]
    window.actions_of.refresh()
    assert action.isEnabled()
    assert "anyway" not in action.toolTip()
    looking.volume = small_ct_volume
    window.actions_of.refresh()
    assert not action.isEnabled()
    assert not action.isChecked()
    assert "others are shown as acquired anyway" in action.toolTip()
    assert said(looking)["image"][0].startswith("Image ")


def test_the_menu_of_the_canvas_offers_it(window: Window) -> None:
    texts = {a.text(): a for a in window.actions_of.menu(CANVAS_MENU, window).actions()}
    assert texts["As acquired"].isChecked()


def test_a_notch_and_a_key_are_one_slice_and_the_ends_hold(window: Window, canvas: Canvas, looking: Session) -> None:
    assert slice_of(looking) == 7
    before = view_of(looking).cursor_lps_mm
    turn_wheel(canvas, ViewName.AXIAL, -1)
    assert slice_of(looking) == 6
    assert view_of(looking).cursor_lps_mm[2] < before[2], "down is towards the feet"
    assert view_of(looking).cursor_lps_mm[:2] == pytest.approx(before[:2])
    QTest.keyClick(window, Qt.Key.Key_Down)
    assert slice_of(looking) == 5
    QTest.keyClick(window, Qt.Key.Key_Up)
    QTest.keyClick(window, Qt.Key.Key_Up)
    assert slice_of(looking) == 7
    QTest.keyClick(window, Qt.Key.Key_Home)
    assert slice_of(looking) == COUNT - 1
    QTest.keyClick(window, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert slice_of(looking) == COUNT - 11
    QTest.keyClick(window, Qt.Key.Key_End)
    assert slice_of(looking) == 0
    assert on_slice(looking) == pytest.approx(0, abs=1e-9)


def test_the_frame_of_a_tilted_series_keeps_its_place_on_the_screen(canvas: Canvas, looking: Session) -> None:
    volume = looking.volume
    assert volume is not None
    tile = canvas.tile(ViewName.AXIAL)
    assert tile is not None
    places = []
    for _ in range(4):
        corner = volume.stack.lps((0, 0, slice_of(looking)))
        places.append(tile.geometry(volume, view_of(looking), AXIAL).screen_from_lps(corner))
        turn_wheel(canvas, ViewName.AXIAL, -1)
    assert np.ptp(places, axis=0) == pytest.approx((0, 0), abs=1e-6)


def test_scrolling_the_coronal_view_renders_no_new_slice(canvas: Canvas, looking: Session) -> None:
    canvas.grab()
    canvas._planes.rendered.clear()
    turn_wheel(canvas, ViewName.CORONAL, -1)
    canvas.grab()
    assert canvas._planes.rendered == [PlaneName.CORONAL]
    assert slice_of(looking) == 7


def test_corners_say_which_acquired_image_where_and_how_tilted(looking: Session) -> None:
    z = view_of(looking).cursor_lps_mm[2]
    words = said(looking)
    assert words["name"] == ["Axial, as acquired"]
    assert words["image"] == ["Acquired image 7 of 14", f"H {z:.1f} mm  Tilt 18.5°"]
    assert words["window"] == ["W 400  L 40", "Zoom 1.0×  7.00 mm"]
    coronal = said(looking, ViewName.CORONAL)
    assert coronal["name"] == ["Coronal"]
    assert coronal["image"][0].startswith("Interpolated image")
    # The next one lies 7 mm from this and 4 mm from the one after it.
    assert looking.volume is not None
    looking.view = evolve(view_of(looking), cursor_lps_mm=as_point(looking.volume.stack.lps((80, 70, 6))))
    assert said(looking)["image"][0] == "Acquired image 8 of 14"
    assert said(looking)["window"][1] == "Zoom 1.0×  7.00 / 4.00 mm"
    # A small viewport says it too.
    assert said(looking, density=Density.SHORT)["name"] == ["Axial, as acquired"]


def test_a_slab_is_for_the_other_views_and_the_corner_says_so(looking: Session) -> None:
    looking.view = evolve(view_of(looking), slab_mm=10.0)
    assert said(looking)["window"][-1].endswith("No slab")
    assert said(looking, density=Density.SHORT)["window"][-1] == "No slab"
    assert said(looking, ViewName.CORONAL)["window"][-1].endswith("MIP 10 mm")


def test_letters_are_combined_as_the_slices_lie(looking: Session) -> None:
    assert looking.volume is not None
    shown = shown_from(looking.volume, view_of(looking))
    found = edge_letters(shown, ViewName.AXIAL)
    assert (found.left, found.right, found.top, found.bottom) == ("R", "L", "AH", "PF")
    found = edge_letters(shown, ViewName.SAGITTAL)
    assert (found.left, found.right, found.top, found.bottom) == ("A", "P", "H", "F")


def test_it_says_between_which_images_others_are_missing(looking: Session) -> None:
    whole = tilted_volume(tilt_deg=0.0, gaps_mm=(5.0,) * 9)
    looking.volume = volume = with_slices_missing(whole, 3, 4)
    looking.view = evolve(
        overview("1.2.3", volume.grid), acquired=True, cursor_lps_mm=as_point(volume.stack.lps((5, 5, 3)))
    )
    assert said(looking)["image"][:2] == ["2 images are missing after this one", "Acquired image 5 of 8"]
    looking.view = evolve(view_of(looking), cursor_lps_mm=as_point(volume.stack.lps((5, 5, 2))))
    assert said(looking)["image"][:2] == ["2 images are missing before this one", "Acquired image 6 of 8"]
    looking.view = evolve(view_of(looking), cursor_lps_mm=as_point(volume.stack.lps((5, 5, 1))))
    assert said(looking)["image"][0] == "Acquired image 7 of 8"
