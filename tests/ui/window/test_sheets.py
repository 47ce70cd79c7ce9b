"""Sheets over the window while something comes in below them: the keys stay with what is on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel

from viewer.domain.session import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.ui.main_window import MainWindow
    from viewer.ui.palette import Palette

CONTROL = Qt.KeyboardModifier.ControlModifier


def _palette_over_the_library(window: MainWindow, press: Callable[..., None]) -> Palette:
    window.go(Workspace.LIBRARY)
    press(window, Qt.Key.Key_K, CONTROL)
    return window.asking.palette_sheet


def test_the_keys_stay_with_a_sheet_when_a_scan_comes_in_below_it(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    palette = _palette_over_the_library(opened, press)
    opened.desk.session.workspace = Workspace.REVIEW
    assert QApplication.focusWidget() is palette.field
    press(opened, Qt.Key.Key_Escape)
    assert not palette.is_open
    assert QApplication.focusWidget() is opened.canvas


def test_the_palette_lists_what_can_be_asked_for_where_one_has_come_to(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    palette = _palette_over_the_library(opened, press)
    assert "library.scans" in {command.id for command in palette.shown}
    opened.desk.session.workspace = Workspace.REVIEW
    listed = {command.id for command in palette.shown}
    assert "library.scans" not in listed
    assert "measure.length" in listed


def test_the_sheet_of_keys_tells_those_of_where_one_has_come_to(opened: MainWindow) -> None:
    opened.go(Workspace.LIBRARY)
    opened.asking.keys()
    opened.desk.session.workspace = Workspace.REVIEW
    said = {label.text() for label in opened.asking.keys_sheet.findChildren(QLabel)}
    assert "Measure length" in said
