"""Prints as JSON how far from its place a mark of known LPS position is drawn; QT_SCALE_FACTOR sets the scale.

An interpolation may be named: the pictures at rest are looked at then, the straightened one along a path too.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from viewer.domain.curved_view import CurvedView
from viewer.domain.geometry import Grid, PlaneName, SliceStack
from viewer.domain.session import Session
from viewer.domain.view_state import Interpolation, Layout, PlaneView, ViewName, as_point, overview
from viewer.domain.volume import SeriesFacts, Volume
from viewer.scene.curved import curved_geometry
from viewer.scene.turned_planes import turned_about
from viewer.ui.canvas import Canvas, Density
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState

# Beside the middles of voxels and of pixels alike.
MARK_LPS_MM = (-11.37, 21.81, 43.53)
SPREAD_MM = 2.0
# Logical pixels around the mark, inside the gap of the crosshair.
REACH = 16
# Tiles of the second begin and end at other places, some of them narrow.
LAYOUTS = (Layout.FOUR, Layout.STAGE)


def marked_volume() -> Volume:
    """Return a volume with a soft bright mark in it, on voxels that are no cubes."""
    stack = SliceStack((90, 80), (0.9, 1.1), (1, 0, 0), (0, 1, 0), [(-55.0, -20.0, 10.0 + 1.3 * k) for k in range(60)])
    grid: Grid = stack.as_grid()
    points = grid.lps(np.stack(np.meshgrid(*(np.arange(n) for n in grid.size_ijk), indexing="ij"), axis=-1))
    away = np.linalg.norm(points - MARK_LPS_MM, axis=-1).transpose(2, 1, 0)
    values = np.round(-1000 + 2000 * np.exp(-(away**2) / (2 * SPREAD_MM**2))).astype(np.int16)
    return Volume(SeriesFacts("1.2.3", modality="CT"), values, stack, values, grid)


def seen_at(image: QImage, x: float, y: float, reach: int) -> tuple[float, float]:
    """Return the middle of what is bright around a place, in the image's pixels, as QPainter counts them."""
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())[:, : grey.width()]
    left, top = math.floor(x) - reach, math.floor(y) - reach
    part = rows[top : top + 2 * reach + 1, left : left + 2 * reach + 1].astype(np.float64)
    part -= part.min()
    row, column = np.mgrid[0 : part.shape[0], 0 : part.shape[1]]
    return (
        left + float((part * (column + 0.5)).sum() / part.sum()),
        top + float((part * (row + 0.5)).sum() / part.sum()),
    )


def at_rest(app: QApplication, canvas: Canvas) -> None:
    """Wait for the fine pictures."""
    app.processEvents()
    while canvas._motion.isActive() or canvas._fine.busy:
        app.processEvents()
        time.sleep(0.005)
        canvas.grab()


def on_the_path(canvas: Canvas, session: Session, state: ViewState, ratio: float) -> tuple[float, float]:
    """Return how far from its place the mark is in the straightened picture."""
    # The crosshair's mark stands elsewhere.
    session.view = evolve(state, cursor_lps_mm=state.path_lps_mm[0])
    at_rest(QApplication.instance(), canvas)
    tile = canvas.tile(ViewName.THREE_D)
    assert tile is not None
    geometry = curved_geometry(state, round(tile.area.width()), round(tile.area.height()))
    assert geometry is not None
    place, above, _ = geometry.beside(MARK_LPS_MM)
    x, y = geometry.screen(place, above)
    x, y = (x + tile.area.left()) * ratio, (y + tile.area.top()) * ratio
    there = seen_at(canvas.grab().toImage(), x, y, round(REACH * 2 * ratio))
    return there[0] - x, there[1] - y


def main() -> None:
    """Draw the mark in all planes at several zooms, straight and turned."""
    app = QApplication(sys.argv)
    session, volume = Session(), marked_volume()
    canvas = Canvas(session, Theme(), None)
    canvas.resize(1003, 707)
    canvas.density = Density.LETTERS
    canvas.show()
    session.volume = volume
    start = evolve(overview("1.2.3", volume.grid), cursor_lps_mm=MARK_LPS_MM, window_centre=0.0, window_width=2000.0)
    kind = Interpolation(sys.argv[1]) if len(sys.argv) > 1 else None
    if kind is not None:
        path = tuple(as_point(np.add(MARK_LPS_MM, by)) for by in ((-9, 3, -22), (0, 0, 0), (9, -3, 22)))
        start = evolve(start, interpolation=kind, path_lps_mm=path, curved=CurvedView(25.0))
    ratio = canvas.devicePixelRatioF()
    found = []
    layouts = LAYOUTS if kind is None else (Layout.FOUR,)
    for height_mm, turned, layout in itertools.product((150.0, 171.3, 233.0), (False, True), layouts):
        state = evolve(start, layout=layout)
        if turned:
            state = turned_about(turned_about(state, PlaneName.AXIAL, 0.4), PlaneName.SAGITTAL, -0.25)
        for plane in PlaneName:
            middle = as_point(np.add(MARK_LPS_MM, (7.3, -4.1, 5.7)))
            state = state.with_plane(plane, PlaneView(middle, height_mm, state.plane(plane).turned))
        session.view = state
        app.processEvents()
        if kind is not None:
            at_rest(app, canvas)
        # The path itself would be bright where it is drawn.
        session.view = evolve(state, path_lps_mm=())
        image = canvas.grab().toImage()
        for plane in PlaneName:
            tile = canvas.tile(ViewName(plane.value))
            assert tile is not None
            x, y = tile.geometry(volume, state, plane).screen_from_lps(MARK_LPS_MM)
            x, y = (x + tile.area.left()) * ratio, (y + tile.area.top()) * ratio
            there = seen_at(image, x, y, round(REACH * ratio))
            found.append([f"{plane.value}, {layout.value}", height_mm, turned, there[0] - x, there[1] - y])
        if kind is not None:
            found.append(["curved", height_mm, turned, *on_the_path(canvas, session, state, ratio)])
    canvas.close_scene()
    sys.stdout.write(json.dumps({"ratio": ratio, "found": found}))


if __name__ == "__main__":
    main()
