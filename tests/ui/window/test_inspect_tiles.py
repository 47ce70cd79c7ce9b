"""The small pictures of Inspect, in the room that a screen leaves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication

from viewer.domain.finding import Truth
from viewer.domain.session import Workspace
from viewer.domain.view_state import SlabMode

if TYPE_CHECKING:
    from PySide6.QtGui import QImage
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


@pytest.mark.parametrize("size", [(1280, 720), (1366, 768)])
def test_on_a_laptops_screen_the_first_errors_are_seen_as_pictures(
    qtbot: QtBot, opened: MainWindow, size: tuple[int, int]
) -> None:
    opened.go(Workspace.INSPECT)
    opened.resize(*size)
    qtbot.waitUntil(lambda: opened.height() == size[1])
    listed(opened, 5)
    settle()
    box, tiles = opened.inspect.tiles_box, opened.inspect.tiles
    assert box.isVisible()
    seen = QRect(box.area.mapTo(opened, QPoint(0, 0)), box.area.size())
    first = tiles._place(0).toAlignedRect().translated(tiles.mapTo(opened, QPoint(0, 0)))
    assert seen.contains(first)


def pictures(qtbot: QtBot, window: MainWindow) -> list[QImage]:
    """Return the pictures of all tiles, once they are drawn."""
    tiles = window.inspect.tiles
    qtbot.waitUntil(lambda: bool(tiles.rows) and tiles.ready)
    return [tiles._pictures[tiles._key(row)] for row in tiles.rows]


def test_a_tile_shows_the_lesion_of_the_truth_in_use_also_where_another_had_one_of_the_same_name(
    qtbot: QtBot, opened: MainWindow
) -> None:
    opened.go(Workspace.INSPECT)
    session = opened.desk.session
    assert session.truth is not None
    session.findings = tuple(finding for finding in session.findings if finding.id == "wrong")
    left, right = session.truth.lesions[0], session.truth.lesions[-1]
    seen = []
    for lesion in (left, right):
        session.truth = Truth((evolve(lesion, id="truth-1", tracking_uid="2.25.1"),))
        seen.append(pictures(qtbot, opened)[0])
    session.truth = Truth((evolve(right, id="truth-2", tracking_uid="2.25.2"),))
    assert pictures(qtbot, opened)[0] == seen[1]
    assert seen[0] != seen[1]


def test_a_tile_shows_one_image_also_where_the_planes_show_a_slab(qtbot: QtBot, opened: MainWindow) -> None:
    opened.go(Workspace.INSPECT)
    session = opened.desk.session
    assert session.truth is not None
    assert session.view is not None
    assert session.volume is not None
    deeper = (session.volume.voxels + 2 * np.arange(len(session.volume.voxels))[:, None, None]).astype(np.int16)
    session.volume = evolve(session.volume, slices=deeper, voxels=deeper)
    lesion = session.truth.lesions[-1]
    session.findings = tuple(finding for finding in session.findings if finding.id == "wrong")
    session.truth = Truth((lesion,))
    alone = pictures(qtbot, opened)
    session.view = evolve(session.view, slab_mm=30.0, slab_mode=SlabMode.MIN)
    session.truth = Truth((evolve(lesion, id="again"),))
    assert pictures(qtbot, opened) == alone


def test_tiles_are_seen_in_the_window_that_is_set(qtbot: QtBot, opened: MainWindow) -> None:
    opened.go(Workspace.INSPECT)
    session = opened.desk.session
    assert session.view is not None
    # Where a finding has a window of its own it keeps that one.
    session.findings = tuple(finding for finding in session.findings if finding.id == "wrong")
    before = session.view
    first = pictures(qtbot, opened)
    session.view = evolve(before, invert=True)
    inverted = pictures(qtbot, opened)
    assert all(now != was for now, was in zip(inverted, first, strict=True))
    session.view = before
    assert pictures(qtbot, opened) == first


def test_tiles_of_images_that_may_name_their_patient_are_covered_once_identity_is_hidden(
    qtbot: QtBot, opened: MainWindow
) -> None:
    opened.go(Workspace.INSPECT)
    session = opened.desk.session
    assert session.volume is not None
    series = evolve(session.volume.series, synthetic=False)
    session.volume = evolve(session.volume, worded=True, series=series)
    session.masked = False
    opened.inspect.tiles.show_rows(opened.desk.inspecting.rows(), None)
    shown = pictures(qtbot, opened)
    session.masked = True
    covered = pictures(qtbot, opened)
    greys = [
        [float(np.median(np.frombuffer(tile.constBits(), np.uint8))) for tile in tiles] for tiles in (shown, covered)
    ]
    assert min(greys[0]) > 0
    assert max(greys[1]) == 0
