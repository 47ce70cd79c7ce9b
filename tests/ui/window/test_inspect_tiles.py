"""The small pictures of Inspect, in the room that a screen leaves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication

from viewer.domain.finding import Truth
from viewer.domain.session import Workspace

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.ui.inspect.tiles import ErrorTiles
    from viewer.ui.main_window import MainWindow


def listed(window: MainWindow, count: int) -> None:
    """Let there be so many rows: lesions that were missed, and one false positive."""
    session = window.desk.session
    assert session.truth is not None
    lesion = session.truth.lesions[-1]
    session.findings = tuple(finding for finding in session.findings if finding.id == "wrong")
    session.truth = Truth(
        tuple(evolve(lesion, id=f"lesion {n}", tracking_uid=f"2.25.{n + 1}") for n in range(count - 1))
    )


def seen_whole(tiles: ErrorTiles) -> list[bool]:
    """Return of each tile whether all of it is seen."""
    seen = tiles.visibleRegion().boundingRect()
    return [seen.contains(tiles._place(n).toAlignedRect().adjusted(1, 1, -1, -1)) for n in range(len(tiles._rows))]


def settle() -> None:
    for _ in range(5):
        QApplication.processEvents()


@pytest.mark.parametrize("height", [1080, 1030])
def test_two_rows_of_pictures_are_seen_whole_on_a_large_screen(qtbot: QtBot, opened: MainWindow, height: int) -> None:
    opened.go(Workspace.INSPECT)
    opened.resize(1920, height)
    qtbot.waitUntil(lambda: opened.height() == height)
    listed(opened, 6)
    settle()
    assert seen_whole(opened.inspect.tiles) == [True] * 6
    chart = opened.inspect.chart.height()
    opened.inspect.list.chosen.emit("lesion 4")
    settle()
    assert seen_whole(opened.inspect.tiles) == [True] * 6
    assert opened.inspect.chart.height() == chart


def test_one_row_of_pictures_leaves_the_curve_its_height(qtbot: QtBot, opened: MainWindow) -> None:
    opened.go(Workspace.INSPECT)
    opened.resize(1920, 1080)
    qtbot.waitUntil(lambda: opened.height() == 1080)
    listed(opened, 3)
    settle()
    low = opened.inspect.chart.height()
    listed(opened, 24)
    settle()
    assert opened.inspect.chart.height() < low
    assert opened.inspect.chart.height() > low / 2


def test_the_bar_that_scrolls_the_pictures_stands_beside_them(qtbot: QtBot, opened: MainWindow) -> None:
    opened.go(Workspace.INSPECT)
    opened.resize(1920, 1080)
    qtbot.waitUntil(lambda: opened.height() == 1080)
    tiles = opened.inspect.tiles
    listed(opened, 3)
    settle()
    few = tiles._place(2).toAlignedRect().translated(tiles.mapTo(opened, QPoint(0, 0)))
    listed(opened, 24)
    settle()
    many = tiles._place(2).toAlignedRect().translated(tiles.mapTo(opened, QPoint(0, 0)))
    bar = opened.inspect.tiles_box.area.verticalScrollBar()
    assert bar.isVisible()
    assert QRect(bar.mapTo(opened, QPoint(0, 0)), bar.size()).left() >= many.right() + 4
    assert many.width() == few.width()
