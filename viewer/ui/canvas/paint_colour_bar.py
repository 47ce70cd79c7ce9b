"""The bar that says which colour stands for which value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from viewer.scene.colour_maps import COLOUR_MAPS, GREY
from viewer.scene.voi import table_for
from viewer.ui.canvas.facts import signed
from viewer.ui.canvas.paint_text import paint_plate

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.ui.canvas.paint_text import TextLook

BAR_WIDTH = 12.0
MOST_HEIGHT = 180.0
LEAST_HEIGHT = 40.0
TICK = 4.0
STEPS = 256


def paint_colour_bar(painter: QPainter, free: QRectF, volume: Volume, view: ViewState, look: TextLook) -> None:
    """Draw the colours of the window at the left edge of a plane, above its letter, with three values and the unit.

    Only where colours are in use; a viewport too small for it goes without.
    """
    if volume.is_hu or view.colours == GREY or view.colours not in COLOUR_MAPS:
        return
    line, scale = look.line_px, look.scale if look.stage else 1.0
    measures = look.metrics(look.caption_type())
    top = free.top() + free.height() * 0.16 + line
    height = min(MOST_HEIGHT * scale, free.top() + free.height() / 2 - 24 * scale - line - top)
    if height < LEAST_HEIGHT * scale:
        return
    low, high = view.window_centre - view.window_width / 2, view.window_centre + view.window_width / 2
    values = (high, view.window_centre, low)
    words = [_number(value, view.window_width) for value in values]
    unit = "unit unknown" if volume.unit == "unknown" else volume.unit
    width = BAR_WIDTH * scale + 10 + max(measures.horizontalAdvance(word) for word in words)
    plate = QRectF(
        round(free.left() + look.margin_px - 2),
        round(top - line - 6),
        round(max(width, measures.horizontalAdvance(unit)) + 12),
        round(height + 2 * line + 6),
    )
    paint_plate(painter, plate, look.theme)
    bar = QRectF(plate.left() + 6, top + line / 2 - 2, round(BAR_WIDTH * scale), round(height))
    table = table_for(volume, view)
    column = table.of(np.linspace(high, low, STEPS, dtype=np.float32)).reshape(STEPS, 1)
    image = QImage(column.data, 1, STEPS, 4, QImage.Format.Format_RGB32)
    painter.drawImage(bar, image)
    painter.setFont(look.font(look.caption_type()))
    painter.setPen(look.theme.on_anatomy("text"))
    painter.drawText(QRectF(bar.left(), plate.top() + 2, plate.width() - 8, line), Qt.AlignmentFlag.AlignVCenter, unit)
    for share, word in zip((0.0, 0.5, 1.0), words, strict=True):
        y = bar.top() + share * bar.height()
        painter.setPen(QPen(look.theme.on_anatomy("text"), 1.0))
        painter.drawLine(QPointF(bar.right(), y), QPointF(bar.right() + TICK, y))
        row = QRectF(bar.right() + TICK + 4, y - line / 2, plate.right() - bar.right() - TICK - 4, line)
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, word)


def _number(value: float, width: float) -> str:
    digits = max(0, 2 - math.floor(math.log10(max(width, 1e-9)))) if width < 100 else 0
    return signed(round(value, digits) + 0.0, digits)
