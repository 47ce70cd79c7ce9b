"""The bar that says which colour stands for which value: of the images themselves, or of a map over them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from viewer.domain.overlays import UNKNOWN_UNIT
from viewer.domain.value_units import unit_words
from viewer.scene.colour_maps import COLOUR_MAPS, GREY
from viewer.scene.voi import table_for
from viewer.ui.canvas.facts import signed
from viewer.ui.canvas.paint_text import paint_plates

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.ui.canvas.paint_text import TextLook

BAR_WIDTH = 12.0
MOST_HEIGHT = 180.0
LEAST_HEIGHT = 40.0
BESIDE_LETTER_PX = 32.0
TICK = 4.0
STEPS = 256


@frozen(eq=False)
class ColourBar:
    """What a bar says: the unit, values from top to bottom with their words, and a column of pixels to draw.

    `pixels` are uint32 0xAARRGGBB, premultiplied, from the top down; 0 leaves the bar open.
    """

    unit: str
    values: tuple[float, ...]
    words: tuple[str, ...]
    pixels: NDArray[np.uint32]


def paint_colour_bar(painter: QPainter, free: QRectF, volume: Volume, view: ViewState, look: TextLook) -> float:
    """Draw the colours of the window at the left edge of a plane, above its letter, with three values and the unit.

    Only where colours are in use; a viewport too small for it goes without. Returns how much of the edge it takes.
    """
    bar = colour_bar(volume, view)
    return paint_bar(painter, free, bar, look) if bar is not None else 0.0


def colour_bar(volume: Volume, view: ViewState) -> ColourBar | None:
    """Return what the bar of the images says; None where they are grey."""
    if volume.on_hu_scale or view.colours == GREY or view.colours not in COLOUR_MAPS:
        return None
    low, high = view.window_centre - view.window_width / 2, view.window_centre + view.window_width / 2
    values = (high, view.window_centre, low)
    table = table_for(volume, view)
    return ColourBar(
        unit_words(volume.unit) or UNKNOWN_UNIT,
        values,
        tuple(_number(value, view.window_width) for value in values),
        table.of(np.linspace(high, low, STEPS, dtype=np.float32)),
    )


def bar_plate(free: QRectF, bar: ColourBar, look: TextLook) -> QRectF | None:
    """Return where a bar stands, with its words; None without room.

    Above the letter in the middle; where there is no room, beside that letter, between the corner texts.
    """
    line, scale = look.line_px, look.scale if look.stage else 1.0
    measures = look.metrics(look.caption_type())
    top = free.top() + free.height() * 0.16 + line
    height = min(MOST_HEIGHT * scale, free.top() + free.height() / 2 - 24 * scale - line - top)
    if height < LEAST_HEIGHT * scale and not look.stage:
        corner = look.margin_px + 2 * line + 12
        top = free.top() + corner + line + 4
        height = min(MOST_HEIGHT, free.bottom() - corner - line - top)
        free = free.adjusted(BESIDE_LETTER_PX, 0, 0, 0)
    if height < LEAST_HEIGHT * scale:
        return None
    return QRectF(
        round(free.left() + look.margin_px - 2),
        round(top - line - 6),
        round(max(_width(bar, look), measures.horizontalAdvance(bar.unit)) + 12),
        round(height + 2 * line + 6),
    )


def _width(bar: ColourBar, look: TextLook) -> float:
    """Return how wide the colours are with their values, without the unit above them."""
    measures, scale = look.metrics(look.caption_type()), look.scale if look.stage else 1.0
    return BAR_WIDTH * scale + 10 + max(measures.horizontalAdvance(word) for word in bar.words)


def _grounds(plate: QRectF, bar: ColourBar, look: TextLook) -> tuple[QRectF, QRectF]:
    """Return what is dark behind a bar: a strip below the unit, and below it one as wide as colours and values."""
    unit = look.metrics(look.caption_type()).horizontalAdvance(bar.unit)
    strip = QRectF(plate.left(), plate.top(), round(unit + 12), look.line_px + 6)
    below = QRectF(plate.left(), plate.top(), round(_width(bar, look) + 12), plate.height())
    return strip, below


def paint_bar(painter: QPainter, free: QRectF, bar: ColourBar, look: TextLook) -> float:
    """Draw a bar at the left edge and return how much of the edge it takes; 0 without room."""
    plate = bar_plate(free, bar, look)
    if plate is None:
        return 0.0
    line, scale = look.line_px, look.scale if look.stage else 1.0
    paint_plates(painter, _grounds(plate, bar, look), look.theme)
    above = 1.5 * line + 4
    place = QRectF(
        plate.left() + 6, plate.top() + above, round(BAR_WIDTH * scale), plate.height() - round(2 * line + 6)
    )
    column = np.ascontiguousarray(bar.pixels).reshape(-1, 1)
    image = QImage(column.data, 1, len(column), 4, QImage.Format.Format_ARGB32_Premultiplied)
    painter.drawImage(place, image)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(look.theme.on_anatomy("field"), 1.0))
    painter.drawRect(place)
    painter.setFont(look.font(look.caption_type()))
    painter.setPen(look.theme.on_anatomy("text"))
    unit = QRectF(place.left(), plate.top() + 2, plate.width() - 8, line)
    painter.drawText(unit, Qt.AlignmentFlag.AlignVCenter, bar.unit)
    for n, word in enumerate(bar.words):
        y = place.top() + n / (len(bar.words) - 1) * place.height()
        painter.setPen(QPen(look.theme.on_anatomy("text"), 1.0))
        painter.drawLine(QPointF(place.right(), y), QPointF(place.right() + TICK, y))
        row = QRectF(place.right() + TICK + 4, y - line / 2, plate.right() - place.right() - TICK - 4, line)
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, word)
    return plate.width() + 4


def _number(value: float, width: float) -> str:
    digits = max(0, 2 - math.floor(math.log10(max(width, 1e-9)))) if width < 100 else 0
    return signed(round(value, digits) + 0.0, digits)
