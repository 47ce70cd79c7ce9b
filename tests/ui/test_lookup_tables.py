"""Lookup tables of a file: offered by name beside its windows, left by dragging, and said where they are in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from tests.ui.looking import Looking, seen
from viewer.domain.view_difference import difference_in_words
from viewer.domain.view_state import ViewName
from viewer.domain.voi_lut import LutTable, VoiLut
from viewer.domain.volume import Volume, Window
from viewer.services.views import view_of_volume
from viewer.ui.canvas.facts import window_words
from viewer.ui.window_commands import WINDOW_MENU

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.domain.session import Session


@pytest.fixture
def window(qtbot: QtBot, session: Session, small_ct_volume: Volume) -> Looking:
    steep = LutTable(0, 12, np.linspace(0, 4095, 101).astype(np.uint16))
    flat = LutTable(-1000, 12, np.linspace(0, 4095, 2001).astype(np.uint16))
    of_slice = (0,) * small_ct_volume.stack.count
    luts = (VoiLut("STEEP", (steep,), of_slice), VoiLut("A FLAT ONE WITH A LONG NAME", (flat,), of_slice))
    series = evolve(small_ct_volume.series, windows=(Window(60, 350, "BODY"),))
    session.volume = evolve(small_ct_volume, luts=luts, series=series)
    return seen(qtbot, Looking(session))


def test_lookup_tables_stand_in_the_menu_by_name_after_the_windows(window: Looking, session: Session) -> None:
    menu = window.actions_of.menu(WINDOW_MENU, window)
    names = [action.text() for action in menu.actions() if action.isVisible() and "File" in action.text()]
    assert names == ["File: BODY  W 350  L 60", "File: STEEP, lookup table", "File: A FLAT ONE WITH A…, lookup table"]
    assert window.actions_of.run("view.file_lut_1")
    assert session.view is not None
    assert session.view.lut == "STEEP"
    assert window.actions_of["view.file_lut_1"].isChecked()
    assert window_words(session.view, session.volume) == "LUT STEEP"


def test_the_picture_takes_the_greys_of_the_table(window: Looking, session: Session) -> None:
    tile = window.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    place = tile.area.center().toPoint() + QPoint(-60, 40)

    def grey() -> int:
        image = window.canvas.grab().toImage()
        ratio = image.devicePixelRatio()
        return image.pixelColor(round(place.x() * ratio), round(place.y() * ratio)).red()

    window.actions_of.run("view.preset_4")
    before = grey()
    window.actions_of.run("view.file_lut_1")
    in_table = grey()
    window.actions_of.run("view.file_lut_2")
    assert len({before, in_table, grey()}) == 3


def test_the_0_key_goes_through_windows_and_tables(window: Looking, session: Session) -> None:
    seen = []
    for _ in range(4):
        QTest.keyClicks(window, "0")
        assert session.view is not None
        seen.append(session.view.lut or session.view.window_width)
    assert seen == [350, "STEEP", "A FLAT ONE WITH A LONG NAME", 350]


def test_dragging_the_window_goes_on_from_the_table_as_a_plain_window(window: Looking, session: Session) -> None:
    window.actions_of.run("view.file_lut_1")
    tile = window.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    start = (tile.area.topLeft() + QPointF(60, 60)).toPoint()
    QTest.mousePress(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(window.canvas, start + QPoint(26, 0))
    QTest.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start + QPoint(26, 0))
    assert session.view is not None
    assert session.view.lut == ""
    assert session.view.window_width == pytest.approx(100 * np.exp(0.1), abs=1)
    assert window_words(session.view, session.volume).startswith("W 11")


@pytest.mark.parametrize("command", ["view.preset_1", "view.preset_0"])
def test_choosing_a_window_leaves_the_table(window: Looking, session: Session, command: str) -> None:
    window.actions_of.run("view.file_lut_2")
    assert session.view is not None
    before = session.view
    window.actions_of.run(command)
    assert session.view.lut == ""
    assert difference_in_words(before, session.view) == "another window"


def test_a_series_with_tables_alone_opens_in_the_first(session: Session, window: Looking) -> None:
    volume = session.volume
    assert volume is not None
    view = view_of_volume(evolve(volume, series=evolve(volume.series, windows=())))
    assert (view.lut, view.window_centre, view.window_width) == ("STEEP", 50, 100)
    assert view_of_volume(volume).lut == ""
