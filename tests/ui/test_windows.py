"""The windows that a file names, a window from a region, and colours for what is not HU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from tests.ui.looking import Looking, seen
from viewer.domain.view_state import ViewName
from viewer.domain.volume import Volume, Window
from viewer.services.views import view_of_volume
from viewer.ui.canvas.facts import corners, window_words
from viewer.ui.canvas.region import RegionPicker
from viewer.ui.canvas.shown import shown_from
from viewer.ui.canvas.tiles import Density
from viewer.ui.palette import matching_commands
from viewer.ui.view_commands import CANVAS_MENU
from viewer.ui.window_commands import WINDOW_MENU

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.domain.session import Session


@pytest.fixture
def window(qtbot: QtBot, session: Session) -> Looking:
    return seen(qtbot, Looking(session))


def shown(session: Session) -> tuple[float, float]:
    assert session.view is not None
    return session.view.window_width, session.view.window_centre


def offered(window: Looking) -> list[str]:
    menu = window.actions_of.menu(WINDOW_MENU, window)
    return [action.text() for action in menu.actions() if action.isVisible() and not action.isSeparator()]


def name_windows(session: Session, volume: Volume, *windows: Window) -> None:
    session.volume = evolve(volume, series=evolve(volume.series, windows=windows))


def test_windows_of_the_file_stand_in_the_menu_by_name(
    window: Looking, session: Session, small_ct_volume: Volume
) -> None:
    name_windows(session, small_ct_volume, Window(60, 350, "ABDOMEN"), Window(-500, 1400, ""))
    names = offered(window)
    assert names[:3] == ["Next window of the file", "File: ABDOMEN  W 350  L 60", "File: Window 2  W 1400  L −500"]
    assert window.actions_of.run("view.file_window_2")
    assert shown(session) == (1400, -500)
    assert window.actions_of["view.file_window_2"].isChecked()
    found = matching_commands(window.table.offered(session.workspace), "abdomen")
    assert found[0].id == "view.file_window_1"


def test_the_0_key_goes_through_the_windows_of_the_file(
    window: Looking, session: Session, small_ct_volume: Volume
) -> None:
    name_windows(session, small_ct_volume, Window(60, 350, "A"), Window(-500, 1400, "B"))
    seen = []
    for _ in range(3):
        QTest.keyClicks(window, "0")
        seen.append(shown(session))
    assert seen == [(350, 60), (1400, -500), (350, 60)]
    QTest.keyClicks(window, "20")
    assert shown(session) == (350, 60)


def test_a_file_with_one_window_or_none_offers_no_more_than_the_key(window: Looking, session: Session) -> None:
    assert [name for name in offered(window) if "ile" in name] == ["Window of the file"]
    assert not window.actions_of.run("view.file_window_1")


def test_the_only_window_of_a_file_is_offered_by_its_name(
    window: Looking, session: Session, small_ct_volume: Volume
) -> None:
    name_windows(session, small_ct_volume, Window(60, 350, "ABDOMEN"))
    assert [name for name in offered(window) if "ile" in name] == ["Window of the file: ABDOMEN"]


def test_a_window_of_the_file_is_called_by_its_name_in_the_corner_too_while_identity_is_shown(
    window: Looking, session: Session, small_ct_volume: Volume
) -> None:
    name_windows(session, small_ct_volume, Window(60, 350, "ABDOMEN"), Window(-500, 1400))

    def said(*, masked: bool = False) -> tuple[str, ...]:
        assert session.view is not None
        assert session.volume is not None
        shown = shown_from(session.volume, session.view, masked=masked)
        line = corners(shown, ViewName.AXIAL, Density.FULL, first=True).bottom_right[0]
        return (line.text, *line.shorter)

    assert window.actions_of.run("view.file_window_1")
    assert said() == ("ABDOMEN  W 350  L 60", "W 350  L 60")
    # What a file calls it may name somebody.
    assert said(masked=True) == ("W 350  L 60",)
    assert window.actions_of.run("view.file_window_2")
    assert said() == ("W 1400  L −500",)


def test_a_file_that_shows_its_values_along_a_curve_says_so_beside_the_window(
    window: Looking, session: Session, small_ct_volume: Volume
) -> None:
    assert session.view is not None
    assert "sigmoid" not in window_words(session.view, small_ct_volume)
    curved = evolve(small_ct_volume, series=evolve(small_ct_volume.series, voi_function="SIGMOID"))
    assert window_words(session.view, curved).endswith("  sigmoid")


def drag(picker: RegionPicker, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(picker, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(picker, end)
    QTest.mouseRelease(picker, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)


def place_of(window: Looking, lps_mm: np.ndarray) -> QPointF:
    tile = window.canvas.tile(ViewName.AXIAL)
    session = window.canvas._session
    assert tile is not None
    assert session.volume is not None
    assert session.view is not None
    plane = ViewName.AXIAL.plane
    assert plane is not None
    x, y = tile.geometry(session.volume, session.view, plane).screen_from_lps(lps_mm)
    return QPointF(tile.area.left() + x, tile.area.top() + y)


def test_a_rectangle_dragged_after_shift_w_sets_the_window_to_what_is_in_it(
    window: Looking, session: Session, small_ct_volume: Volume
) -> None:
    stack = small_ct_volume.stack
    QTest.keyClicks(window, "W", Qt.KeyboardModifier.ShiftModifier)
    picker = window.canvas.findChild(RegionPicker)
    assert picker is not None
    # Body alone, far from the lesion: values from 30 + k to 36 + k.
    start, end = (place_of(window, stack.lps((i, j, 17))).toPoint() for i, j in ((30, 40), (55, 60)))
    drag(picker, start, end)
    width, centre = shown(session)
    assert width == 20
    assert centre == pytest.approx(50, abs=1)
    assert window.canvas.findChild(RegionPicker) is None


def test_escape_another_button_and_a_mere_click_leave_the_window_as_it_is(window: Looking, session: Session) -> None:
    before = shown(session)
    middle = window.canvas.rect().center() - QPoint(200, 200)

    def picker() -> RegionPicker:
        assert window.actions_of.run("view.region_window")
        found = window.canvas.findChild(RegionPicker)
        assert found is not None
        return found

    picker()
    QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert window.canvas.findChild(RegionPicker) is None
    QTest.mouseClick(picker(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, middle)
    assert window.canvas.findChild(RegionPicker) is None
    QTest.mouseClick(picker(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    assert window.canvas.findChild(RegionPicker) is None
    assert shown(session) == before


def test_colours_are_offered_for_maps_alone(window: Looking, session: Session, small_ct_volume: Volume) -> None:
    assert not [name for name in offered(window) if "Colours" in name]
    assert not window.actions_of.run("view.colours_hot_iron")
    session.volume = evolve(small_ct_volume, unit="BQML")
    assert "Colours: hot iron" in offered(window)
    assert window.actions_of.run("view.colours_hot_iron")
    assert session.view is not None
    assert session.view.colours == "hot_iron"


def test_the_colour_bar_is_there_with_colours_and_not_without(
    window: Looking, session: Session, small_ct_volume: Volume
) -> None:
    session.volume = evolve(small_ct_volume, unit="BQML")
    tile = window.canvas.tile(ViewName.CORONAL)
    assert tile is not None

    def left_edge() -> bytes:
        image = window.canvas.grab().toImage()
        ratio = image.devicePixelRatio()
        area = tile.area if tile is not None else None
        assert area is not None
        part = image.copy(
            round((area.left() + 8) * ratio), round((area.top() + 60) * ratio), round(60 * ratio), round(90 * ratio)
        )
        return bytes(part.constBits())

    assert session.view is not None
    grey = left_edge()
    session.view = evolve(session.view, colours="blue_yellow")
    coloured = left_edge()
    assert coloured != grey
    session.volume = small_ct_volume
    assert left_edge() == grey


def test_a_map_between_0_and_1_is_opened_dragged_and_told_finely(
    window: Looking, session: Session, small_ct_volume: Volume
) -> None:
    values = np.random.default_rng(1).random(small_ct_volume.slices.shape).astype(np.float32)
    volume = evolve(small_ct_volume, slices=values, voxels=values, unit="unknown")
    session.view = None
    session.volume = volume
    session.view = view_of_volume(volume)
    width, _ = shown(session)
    assert width == pytest.approx(0.98, abs=0.01)
    tile = window.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    start = (tile.area.topLeft() + QPointF(60, 60)).toPoint()
    QTest.mousePress(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(window.canvas, start - QPoint(100, 0))
    QTest.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start - QPoint(100, 0))
    narrower, _ = shown(session)
    assert 0.4 < narrower < 0.9
    assert session.view is not None
    assert window_words(session.view).startswith(f"W {narrower:.3f}")


def test_a_window_in_fractions_is_told_as_its_colour_bar_tells_it(session: Session, small_ct_volume: Volume) -> None:
    values = small_ct_volume.slices.astype(np.float32)
    uptake = evolve(small_ct_volume, slices=values, voxels=values, unit="GML")
    assert session.view is not None
    view = session.view.windowed(1.4, 12.8)
    assert window_words(view, uptake) == "W 12.8  L 1.4"
    assert window_words(view.windowed(40, 80), uptake) == "W 80  L 40"
    # While it is dragged, a window of HU is told as it will be once it is let go.
    assert window_words(view.windowed(40.3, 80.4), small_ct_volume) == "W 80  L 40"


def test_the_canvas_menu_offers_windows_and_slabs_in_menus_of_their_own(window: Looking) -> None:
    below = {a.text(): a.menu() for a in window.actions_of.menu(CANVAS_MENU, window).actions() if a.menu()}
    titles = {title: [a.text() for a in menu.actions() if a.text()] for title, menu in below.items()}
    assert "Window from a region" in titles["Window"]
    assert "Slab off" in titles["Slab"]


def test_each_press_of_t_changes_the_text_also_where_views_are_too_small_for_more(window: Looking) -> None:
    window.resize(700, 420)
    seen = [window.canvas.grab().toImage()]
    for _ in range(3):
        window.actions_of.run("view.text")
        seen.append(window.canvas.grab().toImage())
        assert seen[-1] != seen[-2]
