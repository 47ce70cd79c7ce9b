"""All tiles onto one painter: the same code for the window and for headless pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QRegion

from viewer.domain.view_state import ViewName
from viewer.ui.canvas.beyond import right_part
from viewer.ui.canvas.paint_curtain import curtain_parts, paint_curtained, told_of_both
from viewer.ui.canvas.paint_frame import paint_edge_words
from viewer.ui.canvas.paint_measurements import paint_measured_words
from viewer.ui.canvas.tiles import CanvasStyle, Tile, tiles
from viewer.ui.canvas.view3d import Picture, paint_3d

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from viewer.domain.geometry import PlaneName
    from viewer.ui.canvas.beyond import Behind
    from viewer.ui.canvas.paint_frame import Look
    from viewer.ui.canvas.paint_plane import PlanePainter
    from viewer.ui.canvas.shown import Shown


def tiles_for(
    shown: Shown, size: tuple[float, float], style: CanvasStyle, reserved: tuple[float, float] = (0.0, 0.0)
) -> tuple[Tile, ...]:
    """Return the tiles of what is shown."""
    return tiles(shown.view.layout, shown.view.main, size, style=style, reserved=reserved)


def paint_all(
    painter: QPainter,
    size: tuple[float, float],
    placed: tuple[Tile, ...],
    shown: Shown,
    look: Look,
    planes: PlanePainter,
    picture_3d: Picture,
    *,
    moving: bool = False,
    dirty: QRegion | None = None,
    behind: Behind | None = None,
    alone: bool = True,
) -> None:
    """Draw every tile, the gaps between them in the window's colour, on stage in black.

    Tiles that lie wholly outside of the region `dirty` are left as they are. `behind` is what the curtain uncovers.
    `alone` is False where another canvas stands beside this one.
    """
    theme = look.text.theme
    whole = QRectF(0, 0, *size).toAlignedRect()
    gaps = QRegion(whole)
    for tile in placed:
        gaps -= QRegion(tile.area.toRect())
    painter.setClipRegion(gaps)
    painter.fillRect(whole, theme.on_anatomy("viewport" if look.stage else "hairline"))
    painter.setClipping(False)
    if alone and len(placed) == 1:
        look = evolve(look, active=None)
    first = next((tile.view for tile in placed if tile.view is not ViewName.THREE_D), None)
    for tile in placed:
        if dirty is not None and not dirty.intersects(tile.area.toAlignedRect()):
            continue
        if tile.view is ViewName.THREE_D and shown.view.shows_curved:
            painter.fillRect(tile.area, theme.on_anatomy("viewport"))
            planes.curved.paint(painter, tile, shown, look, moving=moving)
        elif tile.view is ViewName.THREE_D:
            painter.fillRect(tile.area, theme.on_anatomy("viewport"))
            paint_3d(painter, tile, shown, look, picture_3d)
        elif behind is not None:
            paint_curtained(painter, tile, shown, look, planes, behind, first=tile.view is first, moving=moving)
        else:
            planes.paint(painter, tile, shown, look, first=tile.view is first, moving=moving)


def paint_words_over(
    painter: QPainter, placed: tuple[Tile, ...], shown: Shown, look: Look, behind: Behind | None = None
) -> None:
    """Draw what is said on all tiles once more, over lines that were drawn on the canvas since.

    That is what stands at their edges, and in planes the words and values of measurements. `behind` is what the curtain
    uncovers.
    """
    first = next((tile.view for tile in placed if tile.view is not ViewName.THREE_D), None)
    for tile in placed:
        if tile.view is ViewName.THREE_D and shown.view.shows_curved:
            continue
        painter.save()
        painter.setClipRect(tile.area)
        plane = tile.view.plane
        geometry = tile.geometry(shown.volume, shown.view, plane) if plane is not None else None
        mm_per_px = geometry.mm_per_px if geometry is not None else None
        if plane is not None:
            for side, area in _sides(tile, shown, behind):
                _paint_values(painter, tile, plane, side, area, look)
        said = told_of_both(shown, behind) if behind is not None and plane is not None else shown
        paint_edge_words(painter, tile, said, look, first=tile.view is first, mm_per_px=mm_per_px)
        painter.restore()


def _sides(tile: Tile, shown: Shown, behind: Behind | None) -> list[tuple[Shown, QRectF]]:
    """Return what a plane's tile shows, and where: one volume on all of it, or two beside the curtain."""
    if behind is None:
        return [(shown, tile.area)]
    share = shown.view.curtain
    here, there = curtain_parts(tile, share)
    right = right_part(tile, share)
    left = QRectF(tile.area.topLeft(), QPointF(right.left(), tile.area.bottom()))
    return [(evolve(shown, part=here), left), (evolve(behind.shown, part=there), right)]


def _paint_values(painter: QPainter, tile: Tile, plane: PlaneName, shown: Shown, area: QRectF, look: Look) -> None:
    painter.save()
    painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
    painter.translate(tile.area.topLeft())
    paint_measured_words(painter, shown, tile.geometry(shown.volume, shown.view, plane), look.text)
    painter.restore()
