"""The parts that a running model looks at: thin boxes in 3D and frames in the planes, lit as they are done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from viewer.scene.camera import screen_axes
from viewer.scene.patch_boxes import cut_by_plane, edges_seen, hull

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QColor

    from viewer.domain.patches import Patches
    from viewer.domain.view_state import Camera
    from viewer.scene.plane_geometry import ViewportGeometry
    from viewer.ui.canvas.paint_text import TextLook

# More boxes would be a mesh that nobody can read: then what is done is shown as one box that grows.
MOST_BOXES = 96
LINE_PX, LATEST_PX = 1.0, 1.75
WAITING, DONE, BEHIND = 0.28, 0.7, 0.3
LATEST_FILL = 0.1
# On a plane lines lie right over what is looked at.
FLAT_WAITING, FLAT_DONE, FLAT_LATEST, FLAT_LATEST_PX = 0.18, 0.42, 0.75, 1.25


def _groups(patches: Patches) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the boxes that wait, those that are done, and the one that was done last; each (n, 8, 3)."""
    boxes, done = patches.boxes_lps_mm, patches.done
    latest = boxes[max(done - 1, 0) : done]
    if len(boxes) <= MOST_BOXES:
        return boxes[done:], boxes[: max(done - 1, 0)], latest
    return hull(boxes), hull(boxes[:done]) if done else boxes[:0], latest


def paint_patches_in_3d(painter: QPainter, patches: Patches, camera: Camera, area: QRectF, look: TextLook) -> None:
    """Draw the boxes over a 3D picture that was taken from a camera; their far edges faintly."""
    if not len(patches.boxes_lps_mm):
        return
    right, down, eye = screen_axes(camera)
    flat = np.stack([right, down], axis=1) * (area.height() / camera.height_mm)
    middle = np.array([area.center().x(), area.center().y()])

    def draw(boxes: NDArray[np.float64], colour: QColor, width_px: float) -> None:
        if not len(boxes):
            return
        ends, seen = edges_seen(boxes, eye)
        places = (ends - np.asarray(camera.focal_lps_mm)) @ flat + middle
        faint = type(colour)(colour)
        faint.setAlphaF(colour.alphaF() * BEHIND)
        for which, pen_colour in ((~seen, faint), (seen, colour)):
            painter.setPen(QPen(pen_colour, width_px * look.scale))
            painter.drawLines([QLineF(*line) for line in places[which].reshape(-1, 4).tolist()])

    waiting, done, latest = _groups(patches)
    theme = look.theme
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if len(latest):
        outline = _silhouette((latest[0] - np.asarray(camera.focal_lps_mm)) @ flat + middle)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.on_anatomy("text", LATEST_FILL))
        painter.drawPolygon(outline)
        painter.setBrush(Qt.BrushStyle.NoBrush)
    draw(waiting, theme.on_anatomy("text3", WAITING), LINE_PX)
    draw(done, theme.on_anatomy("text2", DONE), LINE_PX)
    draw(latest, theme.on_anatomy("text"), LATEST_PX)
    painter.restore()


def paint_patches_on_plane(painter: QPainter, patches: Patches, geometry: ViewportGeometry, look: TextLook) -> None:
    """Draw where a plane cuts the boxes, in pixels of its viewport."""
    if not len(patches.boxes_lps_mm):
        return
    theme = look.theme
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    groups = zip(
        _groups(patches),
        (
            theme.on_anatomy("text3", FLAT_WAITING),
            theme.on_anatomy("text2", FLAT_DONE),
            theme.on_anatomy("text", FLAT_LATEST),
        ),
        (LINE_PX, LINE_PX, FLAT_LATEST_PX),
        strict=True,
    )
    for boxes, colour, width_px in groups:
        painter.setPen(QPen(colour, width_px * look.scale))
        for _, corners in cut_by_plane(boxes, geometry.cursor_lps_mm, geometry.axes.into):
            points = geometry.screen_points(corners)
            painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in points]))
    painter.restore()


def _silhouette(points: NDArray[np.float64]) -> QPolygonF:
    """Return the convex outline of points on the screen, shape (n, 2). Method: A. M. Andrew's monotone chain (1979)."""
    ordered = sorted(map(tuple, points.tolist()))

    def half(places: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
        made: list[tuple[float, ...]] = []
        for x, y in places:
            while len(made) > 1:
                (ax, ay), (bx, by) = made[-2], made[-1]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                made.pop()
            made.append((x, y))
        return made[:-1]

    return QPolygonF([QPointF(x, y) for x, y in half(ordered) + half(ordered[::-1])])
