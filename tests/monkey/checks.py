"""What has to hold of the window whatever was done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication, QWidget

from viewer.domain.session import Workspace
from viewer.scene.acquired import acquired_on
from viewer.ui.canvas import Canvas
from viewer.ui.canvas.facts import edge_letters
from viewer.ui.canvas.shown import shown_in
from viewer.ui.sheet import Sheet

if TYPE_CHECKING:
    from random import Random

    from numpy.typing import NDArray

    from tests.monkey.watching import Faults
    from viewer.domain.volume import Volume
    from viewer.ui.canvas.tiles import Tile
    from viewer.ui.main_window import MainWindow

_AXES = {"axial": ((1, 0, 0), (0, 1, 0)), "coronal": ((1, 0, 0), (0, 0, -1)), "sagittal": ((0, 1, 0), (0, 0, -1))}


def check(window: MainWindow, faults: Faults, rng: Random) -> None:
    """Look at everything that is quick to look at."""
    canvas = shown_canvas(window)
    if canvas is not None:
        _pointer(window, canvas, faults, rng)
    focus = QApplication.focusWidget()
    # Where views wait for room, or for a scan, the keys are theirs all the same.
    if focus is not None and not focus.isVisible() and not isinstance(focus, Canvas):
        faults.add("keys", f"they go to {_path(focus)}, which is not shown")


def _path(widget: QWidget) -> str:
    names = [type(widget).__name__]
    while (above := widget.parentWidget()) is not None:
        names.append(type(above).__name__)
        widget = above
    return " in ".join(names)


def shown_canvas(window: MainWindow) -> Canvas | None:
    """Return a canvas that is seen."""
    seen = [c for c in (window.canvas, window.compare.there, window.stage_canvas) if c.isVisible()]
    return seen[0] if seen else None


def open_sheets(window: MainWindow) -> list[Sheet]:
    """Return the sheets that are open."""
    return [sheet for sheet in window.findChildren(Sheet) if sheet.is_open]


# --- values and letters


def _value(volume: Volume, lps_mm: NDArray[np.float64]) -> float | None:
    """Return the value of the original voxel that holds a place, by arithmetic of our own; None where there is none."""
    stack = volume.stack
    row, column = np.asarray(stack.row_direction), np.asarray(stack.column_direction)
    normal = np.cross(row, column)
    heights = stack.positions_lps_mm @ normal
    height = lps_mm @ normal
    k = int(np.abs(heights - height).argmin())
    gap = 1.0  # what an image alone is taken to be thick
    if len(heights) > 1:
        neighbour = k + (1 if height >= heights[k] else -1)
        if not 0 <= neighbour < len(heights):
            neighbour = k - (neighbour - k)
        gap = abs(heights[neighbour] - heights[k])
        usual = float(np.median(np.abs(np.diff(heights))))
        # Nothing is known of where images are missing.
        gap = usual if volume.missing_planes and gap > 1.5 * usual else gap
    if abs(height - heights[k]) > gap / 2 + 1e-6:
        return None
    offset = lps_mm - stack.positions_lps_mm[k]
    i = int(np.floor(offset @ row / stack.pixel_spacing_mm[0] + 0.5))
    j = int(np.floor(offset @ column / stack.pixel_spacing_mm[1] + 0.5))
    if not (0 <= i < stack.size_ij[0] and 0 <= j < stack.size_ij[1]):
        return None
    if volume.arrived is not None and not volume.arrived[k]:
        return None
    value = float(volume.slices[k, j, i])
    return None if value == volume.padding else value


def _pointer(window: MainWindow, canvas: Canvas, faults: Faults, rng: Random) -> None:
    place = QPointF(rng.uniform(0, canvas.width() - 1), rng.uniform(0, canvas.height() - 1))
    tile = next((tile for tile in canvas._placed() if tile.area.contains(place)), None)
    view, volume = canvas.session.view, canvas.session.volume
    if tile is None or view is None or volume is None:
        return
    pointed = canvas.hands.pointed(tile, place)
    if pointed.lps_mm is not None and pointed.volume is not None:
        lps_mm = np.asarray(pointed.lps_mm)
        expected = _value(pointed.volume, lps_mm)
        coming_in = pointed.volume.preview
        if expected != pointed.value and not (expected is not None and np.isnan(expected)) and not coming_in:
            faults.add("value", f"{pointed.value} at {lps_mm} in {tile.view}, where {expected} is")
    other = pointed.beyond or pointed.volume is not volume
    if tile.view.plane is None or view.shows_curved or other or pointed.lps_mm is None:
        return
    _place(canvas, tile, place, np.asarray(pointed.lps_mm), faults)
    _letters(canvas, tile, faults)


def _place(canvas: Canvas, tile: Tile, place: QPointF, lps_mm: NDArray[np.float64], faults: Faults) -> None:
    """Hold a place of a standard plane against where the picture's middle and scale put it."""
    view, volume, plane = canvas.session.view, canvas.session.volume, tile.view.plane
    assert view is not None
    assert volume is not None
    assert plane is not None
    seen = view.plane(plane)
    if seen.turned is not None or acquired_on(volume, view, plane) is not None:
        return
    mm_per_px = seen.height_mm * tile.wider / tile.area.height()
    away = (place - tile.free.center()) * mm_per_px
    for axis, by in zip(_AXES[plane.value], (away.x(), away.y()), strict=True):
        wrong_mm = abs(np.dot(axis, lps_mm) - np.dot(axis, seen.centre_lps_mm) - by)
        if wrong_mm > mm_per_px:
            faults.add("place", f"{lps_mm} in {tile.view} is {wrong_mm:.2f} mm away from where it is drawn")


def _letters(canvas: Canvas, tile: Tile, faults: Faults) -> None:
    shown = shown_in(canvas.session)
    if shown is None:
        return
    places = (tile.free.center() + QPointF(x, y) for x, y in ((0, 0), (20, 0), (0, 20)))
    pointed = [canvas.hands.pointed(tile, place) for place in places]
    middle, side, below = (each.lps_mm for each in pointed)
    of_one = all(each.volume is canvas.session.volume for each in pointed)
    if middle is None or side is None or below is None or not of_one:
        return
    letters = edge_letters(shown, tile.view)
    right, down = np.subtract(side, middle), np.subtract(below, middle)
    expected = tuple(_letter(way) for way in (-right, right, -down, down))
    told = (letters.left, letters.right, letters.top, letters.bottom)
    for letter, first in zip(told, expected, strict=True):
        if not letter or letter[0] not in first:
            faults.add("letters", f"{told} in {tile.view}, where {expected} are")
            return


def _letter(way: NDArray[np.float64]) -> str:
    """Return the letter of the largest component; several where they are nearly alike."""
    size = np.abs(way)
    return "".join("RAF"[axis] if way[axis] < 0 else "LPH"[axis] for axis in range(3) if size[axis] > 0.99 * size.max())


# --- at rest


def busy_with(window: MainWindow) -> str:
    """Return what is still going on, or ""."""
    desk = window.desk
    for words, going_on in (
        ("a scan", desk.opening.running),
        ("the other scan", desk.other.opening.running),
        *(
            (f"images of {whose}: {s.volume.slices_in} of {s.volume.stack.count}", s.volume.preview)
            for whose, s in (("the scan", desk.session), ("the other scan", desk.other.session))
            if s.volume is not None
        ),
        ("lining up", desk.comparing.aligning.lining_up),
        ("a model", desk.finding_run.running),
        ("the stage", desk.session.workspace is Workspace.PRESENT and window.stage.preparing),
        ("the bar below", not window.status._busy.isHidden()),
        ("a motion", desk.navigation.moving),
    ):
        if going_on:
            return words
    return ""
