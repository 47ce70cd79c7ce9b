"""Where on a viewport something is said already, and what part of it is seen: values find their place beside that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from viewer.ui.canvas.paint_text import LOWEST_PX, NARROW_PX, SHORT_PX, is_tight

if TYPE_CHECKING:
    from viewer.scene.plane_geometry import ViewportGeometry
    from viewer.ui.canvas.paint_text import TextLook, TextSizes
    from viewer.ui.canvas.shown import CurtainPart

# The four letters come first in the places of the frame.
LETTERS = 4
CORNER_PX = 180.0
# In narrower viewports the scale stands above the lower right text.
SCALE_ABOVE_BELOW_PX = 540
# From the curtain to the far end of a side's brief name beside its knob, and of its whole one where there is room.
TAG_PX, NAME_PX = 92.0, 240.0
NAMED_PX = 640.0


def seen_part(part: CurtainPart | None, geometry: ViewportGeometry) -> QRectF:
    """Return what is seen of a viewport: all of it, or what lies on one side of a curtain."""
    if part is None:
        return QRectF(0, 0, geometry.width_px, geometry.height_px)
    return QRectF(part.left_px, 0, part.right_px - part.left_px, geometry.height_px)


def curtain_places(part: CurtainPart | None, width_px: float, look: TextLook) -> list[QRectF]:
    """Return where the curtain's knob and the names of its sides stand; nowhere where there is none."""
    if part is None:
        return []
    scale = look.scale if look.stage else 1.0
    reach = (NAME_PX if width_px >= NAMED_PX else TAG_PX) * scale
    half = max(look.line_px / 2 + 3, 16 * scale)
    return [QRectF(part.curtain_px - reach, part.knob_px - half, 2 * reach, 2 * half)]


def frame_places(width_px: float, height_px: float, look: TextSizes) -> list[QRectF]:
    """Return where letters, then scale and corner text of a viewport stand."""
    line, margin = look.line_px, look.margin_px
    rows = 2 if width_px >= NARROW_PX and height_px >= SHORT_PX else 1
    block = margin + rows * line + 12
    letter = QRectF(0, 0, 2 * line, margin + 1.5 * line)
    side = QRectF(0, 0, margin + 2.5 * line, 1.5 * line)
    if is_tight(width_px, height_px, look):
        letter, side = QRectF(0, 0, 1.5 * line, line + 4), QRectF(0, 0, 2 * line, line)
    top, left, right = QRectF(letter), QRectF(side), QRectF(side)
    top.moveCenter(QPointF(width_px / 2, letter.height() / 2))
    left.moveCenter(QPointF(side.width() / 2, height_px / 2))
    right.moveCenter(QPointF(width_px - side.width() / 2, height_px / 2))
    bottom = letter.translated(top.left(), height_px - letter.height())
    if height_px < LOWEST_PX and not look.stage:
        return [top, left, right, bottom]
    places = [top, left, right, bottom, QRectF(0, height_px - block, width_px, block)]
    if not look.stage and width_px < SCALE_ABOVE_BELOW_PX:
        scale = line + 14
        places.append(QRectF(width_px / 2, height_px - block - scale, width_px / 2, scale))
    if not look.stage:
        # The name of the view, and whose images they are.
        places.append(QRectF(0, 0, min(CORNER_PX, width_px / 3), margin + 2 * line + 12))
    if not look.stage and rows > 1:
        places.append(QRectF(width_px - width_px / 3, 0, width_px / 3, block))
    return places
