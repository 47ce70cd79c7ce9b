"""The crosshair: where the other planes cut what a tile shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from viewer.scene.acquired import shown_axes
from viewer.scene.plane_geometry import CROSSING_PLANES

if TYPE_CHECKING:
    from viewer.domain.geometry import PlaneName
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.ui.canvas.paint_text import TextLook
    from viewer.ui.canvas.shown import Shown
    from viewer.ui.canvas.tiles import Tile

CROSSHAIR_OPACITY = 0.9
CROSSHAIR_GAP_PX = 22.0
HANDLE_PX = 4.5
HANDLE_SHARE = 0.36
LETTERS_PX = 40.0
LEAST_REACH_PX = CROSSHAIR_GAP_PX + 8.0


def handle_places(tile: Tile, shown_volume: Volume, view: ViewState) -> list[tuple[PlaneName, QPointF]]:
    """Return where the handles stand by which planes are turned: two on each crosshair line, from the tile's corner."""
    plane = tile.view.plane
    # One image cannot be cut at an angle, and what is still coming in is not all there to be cut.
    if plane is None or shown_volume.preview or min(shown_volume.grid.size_ijk) < 2:
        return []
    geometry = tile.geometry(shown_volume, view, plane)
    middle = QPointF(*geometry.screen_from_lps(geometry.cursor_lps_mm))
    side_px = min(tile.area.width(), tile.area.height())
    # In a small tile they keep off the letters at its edges.
    reach = max(min(HANDLE_SHARE * side_px, side_px / 2 - LETTERS_PX), LEAST_REACH_PX)
    found = []
    for other in CROSSING_PLANES[plane]:
        along = QPointF(*geometry.cut_direction(shown_axes(shown_volume, view, other)))
        found += [(other, middle + side * reach) for side in (along, -along)]
    return found


def paint_crosshair(painter: QPainter, tile: Tile, shown: Shown, look: TextLook, *, handles: bool = False) -> None:
    """Draw the lines in which the other planes cut a tile's, in their colours, open around the cursor.

    The painter's origin is the tile's corner. A plane that shows a tilted slice is a slanted line in the others.
    `handles` are the dots on the lines by which the planes are turned.
    """
    plane = tile.view.plane
    if plane is None or shown.veiled or (look.stage and tile.large):
        return
    geometry = tile.geometry(shown.volume, shown.view, plane)
    x, y = geometry.screen_from_lps(geometry.cursor_lps_mm)
    width = 1.5 * look.scale if look.stage else 1.0
    gap = CROSSHAIR_GAP_PX * (look.scale if look.stage else 1.0)
    if not look.stage:
        x, y = int(x) + 0.5, int(y) + 0.5
    middle, reach = QPointF(x, y), abs(x) + abs(y) + tile.area.width() + tile.area.height()
    for other in CROSSING_PLANES[plane]:
        along = QPointF(*geometry.cut_direction(shown_axes(shown.volume, shown.view, other)))
        painter.setPen(QPen(look.theme.on_anatomy(other.value, CROSSHAIR_OPACITY), width))
        for side in (along, -along):
            painter.drawLine(middle + side * gap, middle + side * reach)
    for other, place in handle_places(tile, shown.volume, shown.view) if handles else ():
        painter.setPen(QPen(look.theme.on_anatomy("casing", CROSSHAIR_OPACITY), 1.0))
        painter.setBrush(look.theme.on_anatomy(other.value))
        painter.drawEllipse(place, HANDLE_PX, HANDLE_PX)
        painter.setBrush(Qt.BrushStyle.NoBrush)
