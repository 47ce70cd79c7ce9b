"""The drawn path on a plane: full where it runs near the image that is shown, faint where it lies elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from viewer.analysis.path_curve import curve_through
from viewer.ui.canvas.measured_places import image_place
from viewer.ui.canvas.path_hand import NEAR_MM
from viewer.ui.marks import CASING_WIDER_PX
from viewer.ui.theme import CASING_OPACITY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.scene.plane_geometry import ViewportGeometry
    from viewer.ui.canvas.paint_text import TextLook
    from viewer.ui.canvas.shown import Shown

LINE_PX = 1.5
POINT_PX = 4.0
FAINT = 0.4


def paint_path(painter: QPainter, shown: Shown, geometry: ViewportGeometry, look: TextLook) -> None:
    """Draw the path of a view, where it is being drawn or its straightened picture is shown."""
    path = shown.view.path_lps_mm
    if not path or not (shown.drawing_path or shown.view.shows_curved):
        return
    image = image_place(shown.volume, geometry, shown.view.slab_mm)
    into, near_mm = np.asarray(image.into), max(image.reach_mm, NEAR_MM)
    scale = look.scale if look.stage else 1.0
    casing = look.theme.on_anatomy("casing", CASING_OPACITY)
    strong, faint = look.theme.on_anatomy("accent"), look.theme.on_anatomy("accent", FAINT)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    curve = curve_through(path)
    if curve is not None:
        spots = geometry.screen_points(curve.points_lps_mm)
        near = np.abs(curve.points_lps_mm @ into - image.depth_mm) <= near_mm
        painter.setPen(QPen(faint, scale))
        painter.drawPolyline(_polygon(spots))
        for first, last in _runs(near):
            part = _polygon(spots[first : last + 1])
            for pen in (QPen(casing, (LINE_PX + CASING_WIDER_PX) * scale), QPen(strong, LINE_PX * scale)):
                painter.setPen(pen)
                painter.drawPolyline(part)
    if look.stage:
        return
    points = geometry.screen_points(path)
    depths = image.depths_mm(path)
    for (x, y), depth in zip(points.tolist(), depths, strict=True):
        here = abs(depth) <= near_mm
        painter.setPen(QPen(casing if here else faint, 1.0))
        # A point that lies elsewhere is hollow.
        painter.setBrush(strong if here else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(x, y), POINT_PX, POINT_PX)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _polygon(spots: NDArray[np.float64]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in spots.tolist()])


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and last of each run of True, of at least two."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1]
