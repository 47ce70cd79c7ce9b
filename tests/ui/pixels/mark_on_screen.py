"""Prints as JSON how far from its place a mark of known LPS position is drawn; QT_SCALE_FACTOR sets the scale."""

from __future__ import annotations

import itertools
import json
import math
import sys

import numpy as np
from attrs import evolve
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from viewer.domain.geometry import Grid, PlaneName, SliceStack
from viewer.domain.session import Session
from viewer.domain.view_state import Layout, PlaneView, ViewName, as_point, overview
from viewer.domain.volume import SeriesFacts, Volume
from viewer.scene.turned_planes import turned_about
from viewer.ui.canvas import Canvas, Density
from viewer.ui.theme import Theme

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
    ratio = canvas.devicePixelRatioF()
    found = []
    for height_mm, turned, layout in itertools.product((150.0, 171.3, 233.0), (False, True), LAYOUTS):
        state = evolve(start, layout=layout)
        if turned:
            state = turned_about(turned_about(state, PlaneName.AXIAL, 0.4), PlaneName.SAGITTAL, -0.25)
        for plane in PlaneName:
            middle = as_point(np.add(MARK_LPS_MM, (7.3, -4.1, 5.7)))
            state = state.with_plane(plane, PlaneView(middle, height_mm, state.plane(plane).turned))
        session.view = state
        app.processEvents()
        image = canvas.grab().toImage()
        for plane in PlaneName:
            tile = canvas.tile(ViewName(plane.value))
            assert tile is not None
            x, y = tile.geometry(volume, state, plane).screen_from_lps(MARK_LPS_MM)
            x, y = (x + tile.area.left()) * ratio, (y + tile.area.top()) * ratio
            there = seen_at(image, x, y, round(REACH * ratio))
            found.append([f"{plane.value}, {layout.value}", height_mm, turned, there[0] - x, there[1] - y])
    canvas.close_scene()
    sys.stdout.write(json.dumps({"ratio": ratio, "found": found}))


if __name__ == "__main__":
    main()
