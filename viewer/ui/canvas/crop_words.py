"""What the crop box says on the canvas: where a face lies, and how large the box is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt

from viewer.ui.canvas.frame_places import LETTERS, frame_places
from viewer.ui.canvas.paint_text import paint_plate

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from viewer.ui.canvas.paint_text import TextLook

# From the middle of a handle to that of the words above it, or below it and a letter, and to their end beside it.
_ABOVE_PX, _BELOW_PX, _BESIDE_PX = 22.0, 34.0, 14.0
_EDGE_PX = 4


def paint_words(painter: QPainter, words: str, middle: QPointF, within: QRectF, look: TextLook) -> None:
    """Write words on a plate, with their middle as near to a place as what they have to stay within allows."""
    _paint(painter, words, _kept_in(_plate(words, look), middle, within), look)


def paint_beside(painter: QPainter, words: str, handle: QPointF, tile: QRectF, look: TextLook) -> None:
    """Write words above a handle of a tile; below or beside it where something is said above it already."""
    said = [place.translated(tile.topLeft()) for place in frame_places(tile.width(), tile.height(), look)]
    plate = _plate(words, look)
    aside = plate.width() / 2 + _BESIDE_PX
    ways = (QPointF(0, -_ABOVE_PX), QPointF(0, _BELOW_PX), QPointF(aside, 0), QPointF(-aside, 0))
    places = [_kept_in(plate, handle + way, tile) for way in ways]
    # Of what stands in the corners the room is kept, which is seldom full; of a letter the place.
    clear = [place for among in (said, said[:LETTERS]) for place in places if not _hidden(place, among)]
    _paint(painter, words, (clear or places)[0], look)


def _hidden(plate: QRectF, others: list[QRectF]) -> bool:
    return any(plate.intersects(other) for other in others)


def _plate(words: str, look: TextLook) -> QRectF:
    metrics = look.metrics(look.caption_type(name=True))
    return QRectF(0, 0, round(metrics.horizontalAdvance(words) + 14), round(metrics.height() + 6))


def _kept_in(plate: QRectF, middle: QPointF, within: QRectF) -> QRectF:
    """Return a plate around a place, moved so that it lies within."""
    placed = QRectF(plate)
    placed.moveCenter(middle)
    right, bottom = within.right() - _EDGE_PX - plate.width(), within.bottom() - _EDGE_PX - plate.height()
    placed.moveLeft(round(min(max(placed.left(), within.left() + _EDGE_PX), right)))
    placed.moveTop(round(min(max(placed.top(), within.top() + _EDGE_PX), bottom)))
    return placed


def _paint(painter: QPainter, words: str, plate: QRectF, look: TextLook) -> None:
    paint_plate(painter, plate, look.theme)
    painter.setFont(look.font(look.caption_type(name=True)))
    painter.setPen(look.theme.on_anatomy("text"))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)
