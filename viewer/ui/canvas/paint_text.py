"""Text on anatomy: plates, letters at the edges, corner blocks, scale bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from viewer.ui.canvas.facts import EdgeLetters, scale_bar
from viewer.ui.canvas.kept_pictures import Pixels, paint_kept
from viewer.ui.fonts import Type, font, metrics
from viewer.ui.theme import PLATE_OPACITY, Theme

if TYPE_CHECKING:
    from collections.abc import Iterable

PLATE_RADIUS = 3.0
_LEAST_SCALE_PX = 36
# A shorter one stands above the text, where it can be longer: a dash measures nothing.
_GOOD_SCALE_PX = 64
# What its plate is wider than the scale, and the gap to the text beside it.
_BESIDE_SCALE_PX = 28
# The longest scale: on large viewports a share of their width, as it is read from where all of them is seen.
_LONGEST_SCALE_PX, _LONGEST_SCALE_SHARE = 150, 0.2
# Half a head is 5 cm and more: seen from the back of a room, 2 cm are a dash.
_LONGEST_STAGE_SHARE = 0.3
# Narrower or lower viewports say less in their corners.
NARROW_PX, SHORT_PX = 430, 260
# Lower ones have room for letters alone.
LOWEST_PX = 120
# In smaller ones large letters would cover most of the anatomy.
TIGHT_PX, TIGHT_MARGIN_PX = 100, 3.0


@frozen(kw_only=True)
class TextSizes:
    """Sizes of the text on a viewport: for the desk, or for the stage at its scale."""

    stage: bool = False
    scale: float = 1.0

    def letter_type(self, *, large: bool) -> Type:
        """Return the type of edge letters."""
        if not self.stage:
            return Type.LETTER
        return Type.STAGE_LETTER if large else Type.STAGE_SMALL_LETTER

    def caption_type(self, *, name: bool = False) -> Type:
        """Return the type of corner text and scale."""
        if self.stage:
            return Type.STAGE_SMALL
        return Type.CAPTION_NAME if name else Type.CAPTION

    def font(self, kind: Type) -> QFont:
        """Return a type's font at this scale."""
        return font(kind, scale=self.scale if self.stage else 1.0)

    def metrics(self, kind: Type) -> QFontMetricsF:
        """Return the measures of a type at this scale."""
        return metrics(kind, scale=self.scale if self.stage else 1.0)

    @property
    def line_px(self) -> float:
        """Line height of corner text."""
        return Type.STAGE_SMALL.line_px * self.scale if self.stage else Type.CAPTION.line_px

    @property
    def margin_px(self) -> float:
        """Distance of letters and blocks from the viewport's edge."""
        return 12 * self.scale if self.stage else 8


@frozen
class TextLook(TextSizes):
    """Those sizes with the theme's colours."""

    theme: Theme


def paint_plate(painter: QPainter, area: QRectF, theme: Theme) -> None:
    """Draw the black plate on which text can be read over white bone."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.on_anatomy("viewport", PLATE_OPACITY))
    painter.drawRoundedRect(area, PLATE_RADIUS, PLATE_RADIUS)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def paint_plates(painter: QPainter, areas: Iterable[QRectF], theme: Theme) -> None:
    """Draw one plate behind areas that overlap, as wide as each: no anatomy is dimmed where nothing is said."""
    shape = QPainterPath()
    shape.setFillRule(Qt.FillRule.WindingFill)
    for area in areas:
        shape.addRoundedRect(area, PLATE_RADIUS, PLATE_RADIUS)
    painter.fillPath(shape, theme.on_anatomy("viewport", PLATE_OPACITY))


def is_tight(width_px: float, height_px: float, look: TextSizes) -> bool:
    """Return whether a viewport has room for small letters alone."""
    return not look.stage and min(width_px, height_px) < TIGHT_PX


# Higher than any card of as many words as are told.
_HIGH = 0.3


def paint_letters(
    painter: QPainter,
    free: QRectF,
    letters: EdgeLetters,
    look: TextLook,
    *,
    large: bool,
    value: QRectF | None = None,
    high: bool = False,
) -> None:
    """Draw the letters at the middles of a viewport's edges, but none over the `value` that is in hand.

    `high` puts those at the sides above the middle, where a card may reach into the lower half.
    """
    tight = is_tight(free.width(), free.height(), look)
    kind = look.caption_type(name=True) if tight else look.letter_type(large=large)
    measures, pixels = look.metrics(kind), Pixels.under(painter)
    height = measures.capHeight() + (6 if tight else 10)
    margin = TIGHT_MARGIN_PX if tight else look.margin_px
    top = margin if tight else 6.0 if not look.stage else margin * 0.8
    for text, side in ((letters.left, "l"), (letters.right, "r"), (letters.top, "t"), (letters.bottom, "b")):
        width = max(measures.horizontalAdvance(text) + (6 if tight else 10), height)
        plate = QRectF(0, 0, width, height)
        plate.moveCenter(free.center())
        if high and side in "lr":
            plate.moveCenter(QPointF(free.center().x(), free.top() + _HIGH * free.height()))
        if side == "l":
            plate.moveLeft(free.left() + margin)
        elif side == "r":
            plate.moveRight(free.right() - margin)
        elif side == "t":
            plate.moveTop(free.top() + top)
        else:
            plate.moveBottom(free.bottom() - margin)
        plate.moveTopLeft(QPointF(round(plate.x()), round(plate.y())))
        if value is not None and value.intersects(plate):
            # Half a number would be another one; the other three letters say the same.
            continue
        paint_kept(painter, pixels, plate, _draw_letter, text, kind, look)


def _draw_letter(painter: QPainter, plate: QRectF, text: str, kind: Type, look: TextLook) -> None:
    measures = look.metrics(kind)
    paint_plate(painter, plate, look.theme)
    painter.setFont(look.font(kind))
    painter.setPen(look.theme.on_anatomy("text"))
    baseline = plate.center().y() + measures.capHeight() / 2
    painter.drawText(QPointF(plate.center().x() - measures.horizontalAdvance(text) / 2, baseline), text)


def paint_scale_bar(
    painter: QPainter, free: QRectF, mm_per_px: float, look: TextLook, beside: QRectF | None = None
) -> QRectF:
    """Draw the scale at the bottom, between the middle letter and a block of text, or above it for want of room.

    Returns where it stands; nothing where it has no room.
    """
    left_edge, right_edge = free.center().x() + 28 * look.scale, free.right() if beside is None else beside.left()
    foot_edge = free.bottom() - look.margin_px + 2
    height = look.line_px + 10
    room = right_edge - left_edge - _BESIDE_SCALE_PX
    above = beside is not None and room < _GOOD_SCALE_PX
    if above and beside is not None:
        letter = look.metrics(look.letter_type(large=True)).capHeight() / 2 + 6
        if beside.top() - 4 - height >= free.center().y() + letter:
            right_edge, foot_edge = beside.right() + 8, beside.top() - 4
        elif room < _LEAST_SCALE_PX:
            # The letter at the right edge stands there.
            return QRectF()
        else:
            above = False
    share = _LONGEST_STAGE_SHARE if look.stage else _LONGEST_SCALE_SHARE
    longest = max(_LONGEST_SCALE_PX * look.scale, free.width() * share)
    most = min(longest, right_edge - left_edge - _BESIDE_SCALE_PX)
    if most < _LEAST_SCALE_PX:
        return QRectF()
    length, words = scale_bar(mm_per_px, most)
    kind = look.caption_type()
    width = max(length, look.metrics(kind).horizontalAdvance(words)) + 20
    if not above and width > right_edge - left_edge:
        # Of a scale that is cut nobody knows where it ends.
        return QRectF()
    plate = QRectF(0, 0, round(width), round(height))
    middle = free.center().x() + free.width() * (0.31 if look.stage else 0.155)
    plate.moveLeft(round(max(left_edge, min(middle - plate.width() / 2, right_edge - 8 - plate.width()))))
    if above and beside is not None:
        plate.moveRight(beside.right())
    plate.moveTop(round(foot_edge - plate.height()))
    paint_kept(painter, Pixels.under(painter), plate, _draw_scale, length, words, look)
    return plate


def _draw_scale(painter: QPainter, plate: QRectF, length: float, words: str, look: TextLook) -> None:
    paint_plate(painter, plate, look.theme)
    painter.setPen(look.theme.on_anatomy("text"))
    painter.setFont(look.font(look.caption_type()))
    words_row = QRectF(plate.left(), plate.top() + 1, plate.width(), look.line_px)
    painter.drawText(words_row, Qt.AlignmentFlag.AlignCenter, words)
    left = plate.center().x() - length / 2
    foot = plate.bottom() - 5.5
    tick = 4 * look.scale
    painter.setPen(QPen(look.theme.on_anatomy("text"), 1.2 * look.scale))
    painter.drawPolyline(
        [
            QPointF(left, foot - tick),
            QPointF(left, foot),
            QPointF(left + length, foot),
            QPointF(left + length, foot - tick),
        ]
    )


def paint_stage_name(painter: QPainter, free: QRectF, name: str, role: str, look: TextLook) -> None:
    """Draw a plane's name with its coloured square in the upper left corner of a small stage viewport."""
    measures = look.metrics(Type.STAGE_SMALL)
    side = 14 * look.scale
    gap = 10 * look.scale if role else 0.0
    height = measures.height() + 4
    square = side if role else 0.0
    left, top = free.left() + look.margin_px, free.top() + look.margin_px * 0.6
    plate = QRectF(left, top, square + gap + measures.horizontalAdvance(name) + 12, height)
    paint_plate(painter, plate, look.theme)
    x = plate.left() + 6
    if role:
        box = QRectF(round(x), round(plate.center().y() - side / 2), round(side), round(side))
        painter.fillRect(box, look.theme.on_anatomy(role))
        x += side + gap
    painter.setFont(look.font(Type.STAGE_SMALL))
    painter.setPen(look.theme.on_anatomy("text"))
    row = QRectF(x, plate.top(), plate.width(), plate.height())
    painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)


def paint_notice(painter: QPainter, free: QRectF, text: str, look: TextLook, *, role: str = "text") -> None:
    """Draw a line on a plate, a quarter down from a viewport's top, where no crosshair crosses it."""
    face = look.font(Type.STAGE_SMALL if look.stage else Type.BODY)
    metrics = QFontMetricsF(face)
    box = QRectF(0, 0, metrics.horizontalAdvance(text) + 24, metrics.height() + 12)
    box.moveCenter(QPointF(free.center().x(), free.top() + free.height() / 4))
    paint_plate(painter, box, look.theme)
    painter.setFont(face)
    painter.setPen(look.theme.on_anatomy(role))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def paint_sentence(painter: QPainter, free: QRectF, text: str, look: TextLook, *, role: str = "text2") -> None:
    """Draw a calm sentence in the middle of a viewport, on as many lines as it needs."""
    painter.setFont(look.font(Type.STAGE_SMALL if look.stage else Type.BODY))
    painter.setPen(look.theme.on_anatomy(role))
    painter.drawText(
        free.adjusted(24, 24, -24, -24), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap.value, text
    )
