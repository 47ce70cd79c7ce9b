"""Text in a viewport's corners: blocks of lines, each block on one plate; what was drawn is kept."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import frozen
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt

from viewer.ui.canvas.kept_pictures import Pixels, paint_kept
from viewer.ui.canvas.paint_text import TextLook, paint_plates
from viewer.ui.fonts import Type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QFontMetricsF, QPainter

    from viewer.ui.canvas.facts import Corners, Words

_MOST_KEPT = 64


@frozen
class _Line:
    """A line as it is drawn, and its width in pixels."""

    text: str
    kind: Type
    role: str
    width_px: float


def paint_corners(
    painter: QPainter, free: QRectF, corners: Corners, look: TextLook, *, open_middle: bool = False
) -> QRectF | None:
    """Draw the corner text, each block on one plate, and return the lower right one, None where there is none.

    Titles too long for their half are said shorter, or elided in the middle; numbers are left out, since half a number
    says nothing.
    With an `open_middle`, where no letter stands, what has nothing opposite has all the width.
    """
    lower_right: QRectF | None = None
    pixels = Pixels.under(painter)
    for lines, right, bottom in (
        (corners.top_left, False, False),
        (corners.top_right, True, False),
        (corners.bottom_left, False, True),
        (corners.bottom_right, True, True),
    ):
        left_lines, right_lines = (
            (corners.bottom_left, corners.bottom_right) if bottom else (corners.top_left, corners.top_right)
        )
        beside = left_lines if right else right_lines
        room = free.width() if open_middle and not beside else free.width() / 2
        plate = _paint_block(painter, pixels, free, lines, look, room - look.margin_px, right=right, bottom=bottom)
        if right and bottom:
            lower_right = plate
    return lower_right


def fitting(words: Words, measures: QFontMetricsF, most_px: float) -> str:
    """Return the longest way to say something for which there is room; the shortest where there is none for any."""
    ways = (words.text, *words.shorter)
    return next((way for way in ways if measures.horizontalAdvance(way) <= most_px), ways[-1])


def _paint_block(
    painter: QPainter,
    pixels: Pixels | None,
    free: QRectF,
    words: tuple[Words, ...],
    look: TextLook,
    room: float,
    *,
    right: bool,
    bottom: bool,
) -> QRectF | None:
    lines = _fitted(words, look, room, bottom)
    if not lines:
        return None
    size = _size(lines, look)
    left, top = free.left() + look.margin_px - 2, free.top() + look.margin_px
    if right:
        left = free.right() - look.margin_px + 2 - size.width()
    if bottom:
        top = free.bottom() - look.margin_px + 2 - size.height()
    place = QPointF(round(left), round(top))
    plate = QRectF(place, QSizeF(round(size.width()), round(size.height())))
    paint_kept(painter, pixels, plate, _draw_block, lines, look, right)
    return plate


@lru_cache(maxsize=_MOST_KEPT)
def _fitted(block: tuple[Words, ...], look: TextLook, room: float, bottom: bool) -> tuple[_Line, ...]:
    """Return the lines as there is room for them."""
    fitted = []
    for words in block:
        most = room - (28 if words.name else look.margin_px + 28)
        kind = look.caption_type(name=words.name)
        measures = look.metrics(kind)
        text = fitting(words, measures, most)
        width = measures.horizontalAdvance(text)
        if width > most and bottom:
            continue
        if width > most:
            text = measures.elidedText(text, Qt.TextElideMode.ElideMiddle, most)
            width = measures.horizontalAdvance(text)
        fitted.append(_Line(text, kind, words.role, width))
    return tuple(fitted)


def _size(lines: Sequence[_Line], look: TextLook) -> QSizeF:
    return QSizeF(max(line.width_px for line in lines) + 12, look.line_px * len(lines) + 6)


def _draw_block(painter: QPainter, plate: QRectF, lines: Sequence[_Line], look: TextLook, right: bool) -> None:
    height = look.line_px + 6
    tops = [plate.top() + 3 + n * look.line_px for n in range(len(lines))]
    grounds = [
        QRectF(plate.right() - line.width_px - 12 if right else plate.left(), top - 3, line.width_px + 12, height)
        for top, line in zip(tops, lines, strict=True)
    ]
    paint_plates(painter, grounds, look.theme)
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    for top, line in zip(tops, lines, strict=True):
        painter.setFont(look.font(line.kind))
        painter.setPen(look.theme.on_anatomy(line.role))
        row = QRectF(plate.left() + 6, top, plate.width() - 12, look.line_px)
        painter.drawText(row, side | Qt.AlignmentFlag.AlignVCenter, line.text)
