"""What is painted in place of images that may name their patient, while identity is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from viewer.ui.canvas.paint_text import paint_sentence

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from viewer.ui.canvas.paint_text import TextLook
    from viewer.ui.canvas.shown import Shown
    from viewer.ui.canvas.tiles import Tile

COVERED = "Covered while identity is hidden: words may be burned into these images."


def paint_cover(painter: QPainter, tile: Tile, shown: Shown, look: TextLook) -> None:
    """Cover a tile, and say why in what of it is free and on this side of a curtain."""
    painter.fillRect(tile.area, look.theme.on_anatomy("viewport"))
    free, part = tile.free, shown.part
    if part is not None:
        left, wide = tile.area.left() + part.left_px, part.right_px - part.left_px
        free = free.intersected(QRectF(left, tile.area.top(), wide, tile.area.height()))
    paint_sentence(painter, free, COVERED, look)
