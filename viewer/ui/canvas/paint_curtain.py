"""A plane of two volumes that lie on each other: the first left of the curtain, the second right of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from viewer.ui.canvas.beyond import HANDLE_PX, curtain_px, handle_place, right_part
from viewer.ui.canvas.facts import window_words
from viewer.ui.canvas.frame_places import NAMED_PX
from viewer.ui.canvas.paint_crosshair import paint_crosshair
from viewer.ui.canvas.paint_frame import paint_frame, paint_what_is_not_there
from viewer.ui.canvas.paint_text import paint_plate
from viewer.ui.canvas.shown import CurtainPart
from viewer.ui.fonts import fitting_words

if TYPE_CHECKING:
    from viewer.ui.canvas.beyond import Behind
    from viewer.ui.canvas.paint_frame import Look
    from viewer.ui.canvas.paint_plane import PlanePainter
    from viewer.ui.canvas.shown import Shown
    from viewer.ui.canvas.tiles import Tile

LINE_PX = 2.0
CASING_PX = 2.5
CASING_OPACITY = 0.55
TAG_GAP_PX = 8.0
LEAST_TAG_PX = 64.0
LEAST_TAG_SHARE = 0.7


def paint_curtained(
    painter: QPainter,
    tile: Tile,
    shown: Shown,
    look: Look,
    planes: PlanePainter,
    behind: Behind,
    *,
    first: bool,
    moving: bool,
) -> None:
    """Draw a plane's tile with the second volume right of the curtain, and what belongs to both over it."""
    share, bare = shown.view.curtain, evolve(look, decorated=False)
    right = right_part(tile, share)
    here, there = curtain_parts(tile, share)
    planes.paint(painter, tile, evolve(shown, part=here), bare, first=first, moving=moving)
    painter.save()
    painter.setClipRect(right)
    painter.fillRect(right, look.text.theme.on_anatomy("viewport"))
    behind.planes.paint(painter, tile, evolve(behind.shown, part=there), bare, first=first, moving=moving)
    painter.restore()
    if not look.decorated:
        return
    painter.save()
    painter.setClipRect(tile.area)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(tile.area.topLeft())
    plane = tile.view.plane
    assert plane is not None
    paint_crosshair(painter, tile, shown, look.text, handles=look.handles)
    painter.translate(-tile.area.topLeft())
    _paint_line(painter, tile, share, look)
    mm_per_px = tile.geometry(shown.volume, shown.view, plane).mm_per_px
    left = QRectF(tile.free.topLeft(), QPointF(right.left(), tile.free.bottom()))
    shown = told_of_both(shown, behind)
    scale = paint_frame(painter, tile, shown, look, first=first, mm_per_px=mm_per_px, said_on=left)
    paint_what_is_not_there(painter, evolve(tile, free=right.intersected(tile.free)), behind.shown, look)
    _paint_knob(painter, tile, share, look)
    _paint_tags(painter, tile, shown, behind, look, scale)
    painter.restore()


def told_of_both(shown: Shown, behind: Behind) -> Shown:
    """Return what is painted so that the corners, which lie on either side, tell of both or say of which they tell."""
    windows = _windows(shown, behind)
    # The corner with the window lies on the other side.
    window_of = behind.names[0][0].partition("  ")[0] if windows[0] != windows[1] else ""
    return evolve(shown, beyond=behind.shown.volume, window_of=window_of)


def curtain_parts(tile: Tile, share: float) -> tuple[CurtainPart, CurtainPart]:
    """Return what is seen of a tile on the left and on the right of the curtain."""
    knob = handle_place(tile, share) - tile.area.topLeft()
    x, wide = knob.x(), tile.area.width()
    return CurtainPart(0.0, x, x, knob.y()), CurtainPart(x, wide, x, knob.y())


def _paint_line(painter: QPainter, tile: Tile, share: float, look: Look) -> None:
    theme, scale = look.text.theme, look.text.scale if look.stage else 1.0
    x = curtain_px(tile, share)
    ends = (QPointF(x, tile.area.top()), QPointF(x, tile.area.bottom()))
    painter.setPen(QPen(theme.on_anatomy("casing", CASING_OPACITY), (LINE_PX + CASING_PX) * scale))
    painter.drawLine(*ends)
    painter.setPen(QPen(theme.on_anatomy("text"), LINE_PX * scale))
    painter.drawLine(*ends)


def _paint_knob(painter: QPainter, tile: Tile, share: float, look: Look) -> None:
    theme, scale = look.text.theme, look.text.scale if look.stage else 1.0
    middle, radius = handle_place(tile, share), HANDLE_PX * scale
    painter.setPen(QPen(theme.on_anatomy("casing", CASING_OPACITY), CASING_PX))
    painter.setBrush(theme.on_anatomy("accent"))
    painter.drawEllipse(middle, radius, radius)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.on_anatomy("accent_text"))
    for side in (-1, 1):
        tip, back, half = 0.62 * radius * side, 0.2 * radius * side, 0.34 * radius
        corners = ((tip, 0.0), (back, -half), (back, half))
        painter.drawPolygon(QPolygonF([middle + QPointF(dx, dy) for dx, dy in corners]))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_tags(painter: QPainter, tile: Tile, shown: Shown, behind: Behind, look: Look, scale: QRectF) -> None:
    """Name the two sides beside the line, in full where there is room for it, and never over the scale."""
    x, y = curtain_px(tile, shown.view.curtain), handle_place(tile, shown.view.curtain).y()
    gap = (HANDLE_PX + TAG_GAP_PX) * (look.text.scale if look.stage else 1.0)
    windows = _windows(shown, behind)
    kind = look.text.caption_type(name=True)
    measures, height = look.text.metrics(kind), look.text.line_px + 6
    painter.setFont(look.text.font(kind))
    named = tile.area.width() >= NAMED_PX
    brief = tuple(_brief(names[0], models=shown.view.models is not None) for names in behind.names)
    named_sides = tuple((*names, *short) for names, short in zip(behind.names, brief, strict=True)) if named else brief
    for side, names, window in zip((-1, 1), named_sides, windows, strict=True):
        room = _room_for_tag(tile, scale, x, y, height, side) - gap - look.text.margin_px - 12
        words = names if windows[0] == windows[1] else tuple(f"{name}  {window}" for name in names)
        wanted = measures.horizontalAdvance(words[-1])
        # Half a name says little, and the large view says it whole.
        if room < min(max(LEAST_TAG_PX, LEAST_TAG_SHARE * wanted), wanted) or (not tile.large and room < wanted):
            continue
        text = fitting_words(measures, words, room)
        width = measures.horizontalAdvance(text) + 12
        plate = QRectF(x + gap if side > 0 else x - gap - width, y - height / 2, width, height)
        paint_plate(painter, plate, look.text.theme)
        painter.setPen(look.text.theme.on_anatomy("text"))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)


def _windows(shown: Shown, behind: Behind) -> tuple[str, str]:
    units = shown.volume.unit != behind.shown.volume.unit
    here, there = (window_words(each.view, each.volume, unit=units) for each in (shown, behind.shown))
    return here, there


def _room_for_tag(tile: Tile, scale: QRectF, x: float, y: float, height: float, side: int) -> float:
    """Return how far a row of a height at y is free, left (-1) or right (1) of the curtain at x."""
    end = tile.free.left() if side < 0 else tile.free.right()
    if scale.top() < y + height / 2 and scale.bottom() > y - height / 2:
        if side < 0 and scale.left() < x:
            end = min(scale.right(), x)
        elif side > 0 and scale.right() > x:
            end = max(scale.left(), x)
    return abs(end - x)


def _brief(name: str, *, models: bool) -> tuple[str, ...]:
    """Return a side's name for a small view: never a letter alone, which there means a direction in the patient."""
    letter, apart, _ = name.partition("  ")
    return (f"{'Model' if models else 'Scan'} {letter}",) if apart else (name,)
