"""The list of scans on a small screen: series are told apart by their names, and the marked one is in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication

from tests.ui.window.test_narrow import sized
from viewer.ui.fonts import Type, font
from viewer.ui.library.scan_list import ScanList

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from PySide6.QtGui import QPainter
    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow


def test_names_of_series_are_read_whole_on_a_small_screen(
    listed: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut: list[str] = []
    drawn: list[str] = []
    line = ScanList._line

    def watched(self: ScanList, painter: QPainter, area: QRectF, text: str, kind: Type, role: str) -> None:
        drawn.append(text)
        if QFontMetricsF(font(kind)).horizontalAdvance(text) > area.width():
            cut.append(text)
        line(self, painter, area, text, kind, role)

    monkeypatch.setattr(ScanList, "_line", watched)
    sized(qtbot, listed, 640, 720)
    drawn.clear()
    cut.clear()
    listed.library.scans.list.viewport().repaint()
    assert {"Thorax thin", "Thorax lung"} <= set(drawn)
    assert [text for text in cut if text.startswith("Thorax")] == []


def test_the_marked_series_stays_in_sight_when_the_window_becomes_lower(
    listed: MainWindow, qtbot: QtBot, press: Callable[..., None]
) -> None:
    sized(qtbot, listed, 1280, 720)
    view = listed.library.scans.list
    view.setFocus()
    press(listed, Qt.Key.Key_End)
    sized(qtbot, listed, 1280, 420)
    QApplication.processEvents()
    assert view.viewport().rect().contains(view.visualRect(view.currentIndex()))
    for height in (250, 330, 360):
        sized(qtbot, listed, 640, max(height, 340))
        view.setFixedHeight(height - 200)
        QApplication.processEvents()
        row, seen = view.visualRect(view.currentIndex()), view.viewport().rect()
        assert row.top() >= 0
        assert seen.contains(row) or row.top() == 0


def test_the_tip_tells_all_of_a_patients_and_of_a_series_name(listed: MainWindow) -> None:
    lines = listed.library.scans.lines
    tips = [lines.data(lines.index(n), Qt.ItemDataRole.ToolTipRole).splitlines() for n in range(lines.rowCount())]
    headings = [tip for n, tip in enumerate(tips) if lines.row(n) is None]
    assert headings
    assert all(tip == list(lines.heading(n)) for n, tip in enumerate(tips) if lines.row(n) is None)
    assert all(tip[0] == lines.title(n) for n, tip in enumerate(tips) if lines.row(n) is not None)
    assert any("Thorax thin" in tip for tip in tips)
