"""Whether the scale at the foot of a picture is as long as it says: counted in painted pixels, from the view alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtGui import QImage

from viewer.ui.canvas import paint_frame, paint_text

if TYPE_CHECKING:
    from PySide6.QtCore import QRectF

    from tests.monkey.watching import Faults
    from viewer.ui.canvas import Canvas

# Of the plate from its lower edge up, in px: the row in which the bar lies.
_LOWEST_PX, _HIGHEST_PX = 3.0, 8.0
_BRIGHT = 110
_PX_APART, _SHARE_APART = 2.5, 0.01
_MM = {"mm": 1.0, "cm": 10.0}


def scale_bars(canvas: Canvas, faults: Faults) -> None:
    """Hold each scale that stands on a canvas at rest against its words."""
    view = canvas.session.view
    if view is None or view.shows_curved:
        return
    drawn: list[tuple[QRectF, QRectF, str]] = []
    words: list[str] = []
    paint, lengths = paint_frame.paint_scale_bar, paint_text.scale_bar

    def noted(mm_per_px: float, most_px: float) -> tuple[float, str]:
        found = lengths(mm_per_px, most_px)
        words.append(found[1])
        return found

    def painted(painter: Any, free: QRectF, *more: Any) -> QRectF:
        words.clear()
        plate = paint(painter, free, *more)
        if not plate.isEmpty():
            drawn.append((free, plate, words[-1]))
        return plate

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paint_text, "scale_bar", noted)
        patch.setattr(paint_frame, "paint_scale_bar", painted)
        image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    ratio = canvas.devicePixelRatioF()
    grey = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)[:, : image.width()]
    for free, plate, said in drawn:
        tile = next(tile for tile in canvas._placed() if tile.area.contains(free.center()))
        if tile.view.plane is None:
            continue
        mm_per_px = view.plane(tile.view.plane).height_mm * tile.wider / tile.area.height() / ratio
        rows = [int((plate.bottom() - away) * ratio) for away in (_HIGHEST_PX, _LOWEST_PX)]
        part = grey[rows[0] : rows[1], int(plate.left() * ratio) : int(plate.right() * ratio)] > _BRIGHT
        seen_mm = max((_longest(row) for row in part), default=0) * mm_per_px
        number, unit = re.fullmatch(r"([\d.]+) (mm|cm)", said).groups()
        wanted_mm = float(number) * _MM[unit]
        if abs(seen_mm - wanted_mm) > _PX_APART * mm_per_px + _SHARE_APART * wanted_mm:
            faults.add("scale", f"{said} in {tile.view} is {seen_mm:.2f} mm long")


def _longest(row: Any) -> int:
    """Return the length of the longest run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))
