"""Sheets over the window while something comes in below them: the keys stay with what is on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QLabel, QLineEdit

from viewer.domain.session import Workspace
from viewer.ui.sheet import Sheet

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


@pytest.mark.parametrize("typed", ["", "left"])
def test_esc_closes_what_was_opened_to_search_in_also_where_words_are_typed(
    opened: MainWindow, press: Callable[..., None], typed: str
) -> None:
    palette = _palette_over_the_library(opened, press)
    QTest.keyClicks(palette.field, typed)
    press(opened, Qt.Key.Key_Escape)
    assert not palette.is_open
    press(opened, Qt.Key.Key_F, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    finder = opened.presenting.finder
    assert finder is not None
    assert finder.is_open
    QTest.keyClicks(finder.field, typed)
    press(opened, Qt.Key.Key_Escape)
    assert not finder.is_open


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


@pytest.mark.parametrize("command", ["app.settings", "app.keys", "app.palette", "file.archive"])
def test_tab_goes_round_within_a_sheet_both_ways(opened: MainWindow, press: Callable[..., None], command: str) -> None:
    opened.show()
    opened.go(Workspace.REVIEW)
    opened.actions_.run(command)
    sheet = next(sheet for sheet in opened.findChildren(Sheet) if sheet.is_open)
    wanted = {
        button
        for button in sheet.findChildren(QAbstractButton)
        # Of one choice of several Tab goes to the one that is made, arrows to the others.
        if button.isVisible()
        and button.isEnabled()
        and (button.group() is None or button.isChecked())
        and button.focusPolicy() & Qt.FocusPolicy.TabFocus
    }
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
        seen = []
        for _ in range(40):
            press(opened, key)
            focused = QApplication.focusWidget()
            assert focused is not None
            assert focused is not sheet
            assert sheet.isAncestorOf(focused), focused
            seen.append(focused)
        assert wanted <= set(seen)


@pytest.mark.parametrize("had", ["nobody", "what went since"])
def test_a_sheet_that_was_closed_keeps_no_keys(opened: MainWindow, had: str) -> None:
    """Closing moves the focus on within the sheet, as Tab does: letters went to what nobody sees."""
    before = QLineEdit(opened)
    before.show()
    before.setFocus()
    if had == "nobody":
        before.clearFocus()
    assert opened.actions_.run("app.settings")
    before.hide()
    sheet = next(one for one in opened.findChildren(Sheet) if one.is_open)
    QTest.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    assert not sheet.is_open
    focused = QApplication.focusWidget()
    assert focused is None or focused.isVisible()


@pytest.mark.parametrize(("width", "least"), [(1280, 0.97), (640, 0.75)])
def test_the_palette_tells_titles_whole_and_nearly_all_of_what_commands_do(
    opened: MainWindow, press: Callable[..., None], monkeypatch: pytest.MonkeyPatch, width: int, least: float
) -> None:
    opened.setMinimumSize(320, 240)
    opened.resize(width, 720)
    opened.go(Workspace.REVIEW)
    press(opened, Qt.Key.Key_K, CONTROL)
    palette = opened.asking.palette_sheet
    told: list[str] = []
    drawn = QPainter.drawText

    def draw(painter: QPainter, place: object, *rest: object) -> object:
        text = str(rest[-1])
        if isinstance(place, QRectF):
            assert QFontMetricsF(painter.font()).horizontalAdvance(text) <= place.width() + 0.5, text
            told.append(text)
        return drawn(painter, place, *rest)

    monkeypatch.setattr(QPainter, "drawText", draw)
    rows = palette.list.model()
    for n in range(rows.rowCount()):
        palette.list.scrollTo(rows.index(n, 0), QAbstractItemView.ScrollHint.PositionAtTop)
        palette.list.grab()
    said = " ".join(told)
    asked = [command for command in palette.shown if opened.actions_[command.id].isEnabled()]
    assert len(asked) > 50
    for command in palette.shown:
        assert all(word in said for word in command.words.split(" ")), command.words
    cut = {text for text in told if text.endswith("…")} - {command.words for command in palette.shown}
    assert len(cut) <= (1 - least) * len(palette.shown), cut
    held = next(n for n, command in enumerate(palette.shown) if not opened.actions_[command.id].isEnabled())
    assert rows.data(rows.index(held, 0), Qt.ItemDataRole.ToolTipRole) == palette.shown[held].why_not


def test_why_a_command_cannot_be_asked_for_is_read_as_well_as_what_others_do(
    opened: MainWindow, press: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.go(Workspace.REVIEW)
    press(opened, Qt.Key.Key_K, CONTROL)
    palette = opened.asking.palette_sheet
    QTest.keyClicks(palette.field, "cancel")
    assert not opened.actions_[palette.shown[0].id].isEnabled()
    inks: dict[str, str] = {}
    drawn = QPainter.drawText

    def draw(painter: QPainter, *rest: object) -> object:
        inks[str(rest[-1])] = painter.pen().color().name().upper()
        return drawn(painter, *rest)

    monkeypatch.setattr(QPainter, "drawText", draw)
    palette.list.grab()
    assert inks[palette.shown[0].why_not] == opened.theme.hex("text2").upper()
