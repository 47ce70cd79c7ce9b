"""Which line is whose, where two models are drawn on one picture and no panel says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt

from viewer.ui.canvas.paint_text import paint_plate
from viewer.ui.marks import Mark, line_of

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from viewer.ui.canvas.paint_text import TextLook

SAMPLE_PX = 46.0
_PAD_PX = 8.0
_MOST_SHARE = 0.6


def paint_two_models(painter: QPainter, free: QRectF, names: tuple[str, str], look: TextLook) -> None:
    """Draw both lines with the models' names on a plate in the upper left corner."""
    kind = look.caption_type(name=True)
    measures, scale = look.metrics(kind), look.scale if look.stage else 1.0
    sample, pad = SAMPLE_PX * scale, _PAD_PX * scale
    room = free.width() * _MOST_SHARE - sample - 3 * pad
    lines = [f"{letter}  {name}" for letter, name in zip("AB", names, strict=True)]
    said = [measures.elidedText(line, Qt.TextElideMode.ElideRight, room) for line in lines]
    width = sample + 3 * pad + max(measures.horizontalAdvance(line) for line in said)
    plate = QRectF(free.left() + look.margin_px, free.top() + look.margin_px, width, 2 * look.line_px + pad)
    paint_plate(painter, plate, look.theme)
    painter.setFont(look.font(kind))
    for n, line in enumerate(said):
        row = QRectF(plate.left() + pad, plate.top() + pad / 2 + n * look.line_px, width - 2 * pad, look.line_px)
        pen = line_of(Mark.ACCEPTED, stage=look.stage, second=n == 1).pen(look.theme)
        pen.setColor(look.theme.on_anatomy("text"))
        painter.setPen(pen)
        painter.drawLine(QPointF(row.left(), row.center().y()), QPointF(row.left() + sample, row.center().y()))
        painter.setPen(look.theme.on_anatomy("text"))
        painter.drawText(row.adjusted(sample + pad, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, line)
