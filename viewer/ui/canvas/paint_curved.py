"""The straightened picture on its tile: the picture, where images are missing, a ruler, and the crosshair's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from viewer.domain.geometry import direction_letters
from viewer.domain.view_state import Interpolation, ViewName
from viewer.scene.curved import CurvedGeometry, CurvedRenderer, curved_geometry
from viewer.scene.voi import shown_lut
from viewer.services.drawn_path import why_no_path
from viewer.ui.canvas.cover import COVERED
from viewer.ui.canvas.facts import Corners, Words, slab_words, window_line
from viewer.ui.canvas.paint_corners import paint_corners
from viewer.ui.canvas.paint_curved_lengths import paint_lengths
from viewer.ui.canvas.paint_text import paint_plate, paint_sentence, paint_stage_name
from viewer.ui.canvas.tiles import Density
from viewer.ui.theme import CASING_OPACITY

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from viewer.domain.volume import Volume
    from viewer.scene.curved import CurvedPicture
    from viewer.ui.canvas.fine_pictures import FinePictures
    from viewer.ui.canvas.paint_frame import Look
    from viewer.ui.canvas.paint_text import TextLook
    from viewer.ui.canvas.shown import Shown
    from viewer.ui.canvas.tiles import Tile

    Between = Callable[[], None]

NARROW_PX, SHORT_PX = 430, 260
BORDER_PX = 2.0
RULER_PX = 24.0
LEAST_BETWEEN_NUMBERS_PX = 64.0
STEPS_MM = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
HATCH_PX = 8
BESIDE_MM = 1.0
MARK_GAP_PX = 14.0
# The letters stand on the mark's line, so far from the middle.
LETTER_SHARE = 0.26
CORNER_PX = 280.0


@frozen(eq=False)
class _Held:
    """The last picture, and what it shows."""

    key: tuple[object, ...]
    coarse: bool
    image: QImage
    hatch: QImage | None
    px_per_pixel: int
    folded: bool


class CurvedPainter:
    """Paints the straightened picture; keeps the last one. With `fine`, the fine one is made beside the main thread."""

    def __init__(self, fine: FinePictures | None = None) -> None:
        self._fine = fine
        self._held: _Held | None = None
        self._volume: Volume | None = None
        if fine is not None:
            fine.arrived.connect(self._take)

    def clear(self) -> None:
        """Let go of the volume and its picture."""
        self._held, self._volume = None, None
        if self._fine is not None:
            self._fine.drop(self._slot)

    @property
    def _slot(self) -> tuple[int, str]:
        return id(self), ViewName.THREE_D.value

    def _picture(self, shown: Shown, geometry: CurvedGeometry, look: Look, *, moving: bool) -> _Held:
        volume, view = shown.volume, shown.view
        if volume is not self._volume:
            self.clear()
            self._volume = volume
        window = (view.window_centre, view.window_width, view.invert, view.colours, view.slab_mm, view.slab_mode)
        size = (geometry.width_px, geometry.height_px, geometry.middle_mm, geometry.lower_px, geometry.mm_per_px)
        key = (view.path_lps_mm, view.curved, window, id(shown_lut(volume, view)), view.interpolation, size)
        held = self._held
        if held is not None and held.key == key and (moving or not held.coarse):
            return held
        missing_colour = int(look.text.theme.on_anatomy("disagree").rgba())

        def work(coarse: bool, between: Between | None = None) -> _Held:
            made = CurvedRenderer().render(volume, view, geometry, moving=coarse, between=between)
            return _held(key, made, missing_colour, coarse=coarse)

        if moving or self._fine is None:
            self._held = work(moving)
        else:
            self._fine.ask(self._slot, key, lambda between: work(False, between))
            if held is None or held.key != key:
                self._held = work(True)
        assert self._held is not None
        return self._held

    def _take(self, view: object, key: object, made: _Held | None) -> None:
        held = self._held
        if view != self._slot or held is None or held.key != key:
            return
        # Where the fine one could not be made, the coarse one has to do.
        self._held = made if made is not None else evolve(held, coarse=False)

    def paint(self, painter: QPainter, tile: Tile, shown: Shown, look: Look, *, moving: bool = False) -> None:
        """Draw the tile with all that belongs on it."""
        area = tile.free
        ratio = painter.device().devicePixelRatio()
        why_not = COVERED if shown.covered else why_no_path(shown.volume)
        geometry = curved_geometry(shown.view, max(round(area.width()), 1), max(round(area.height()), 1))
        painter.save()
        painter.setClipRect(tile.area)
        if why_not or geometry is None:
            paint_sentence(painter, area, why_not or "A path needs two points.", look.text)
            painter.restore()
            return
        on_pixels, left, top = geometry.on_pixels(area.left(), area.top(), ratio)
        picture = self._picture(shown, on_pixels, look, moving=moving)
        smooth = picture.px_per_pixel > 1 and shown.view.interpolation is not Interpolation.NEAREST
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        px = picture.px_per_pixel / ratio
        place = QRectF(
            area.topLeft() + QPointF(left, top), QSizeF(picture.image.width() * px, picture.image.height() * px)
        )
        painter.setClipRect(area)
        painter.drawImage(place, picture.image)
        if picture.hatch is not None:
            painter.drawImage(place, picture.hatch)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if look.decorated:
            painter.translate(area.topLeft())
            whole = QRectF(0, 0, area.width(), area.height())
            _paint_ruler(painter, whole, geometry, look.text)
            _paint_mark(painter, whole, geometry, shown, look)
            paint_lengths(painter, *_room(whole, look.text), geometry, shown, look.text)
            _paint_words(painter, whole, geometry, shown, look, large=tile.large, folded=picture.folded)
            painter.translate(-area.topLeft())
            if look.active is tile.view and not look.stage:
                painter.setPen(QPen(look.text.theme.on_anatomy("accent"), BORDER_PX))
                half = BORDER_PX / 2
                painter.drawRect(tile.area.adjusted(half, half, -half, -half))
        painter.restore()


def _held(key: tuple[object, ...], made: CurvedPicture, colour: int, *, coarse: bool) -> _Held:
    height, width = int(made.pixels.shape[0]), int(made.pixels.shape[1])
    image = QImage(made.pixels.data, width, height, width * 4, QImage.Format.Format_RGB32).copy()
    hatch = None
    if made.missing is not None:
        drawn = _hatched(made.missing, colour, max(2, HATCH_PX // made.px_per_pixel))
        hatch = QImage(drawn.data, width, height, width * 4, QImage.Format.Format_ARGB32).copy()
    return _Held(key, coarse, image, hatch, made.px_per_pixel, made.folded)


def _hatched(where: NDArray[np.bool_], colour: int, apart: int) -> NDArray[np.uint32]:
    """Return 0xAARRGGBB with slanted lines where a mask is True, clear elsewhere."""
    slanted = np.add.outer(np.arange(where.shape[0]), np.arange(where.shape[1])) % apart == 0
    return np.where(where & slanted, np.uint32(colour), np.uint32(0)).astype(np.uint32)


def _paint_ruler(painter: QPainter, area: QRectF, geometry: CurvedGeometry, look: TextLook) -> None:
    """Draw the length along the path below the picture, from 0 at its beginning."""
    scale = look.scale if look.stage else 1.0
    height = RULER_PX * scale
    length, per_px = geometry.curve.length_mm, geometry.mm_per_px
    strip = QRectF(0, area.height() - height, area.width(), height)
    painter.fillRect(strip, look.theme.on_anatomy("viewport"))
    top = strip.top() + 1
    ink = look.theme.on_anatomy("text")
    start, end = geometry.screen(0.0)[0], geometry.screen(length)[0]
    painter.setPen(QPen(ink, 1.0 * scale))
    painter.drawLine(QPointF(max(start, 0), top), QPointF(min(end, area.width()), top))
    step = next((s for s in STEPS_MM if s / per_px >= LEAST_BETWEEN_NUMBERS_PX * scale), STEPS_MM[-1])
    kind = look.caption_type()
    painter.setFont(look.font(kind))
    metrics = look.metrics(kind)
    first = max(0, int(np.ceil(geometry.place_mm(0.0) / (step / 5))))
    last = int(min(length, geometry.place_mm(area.width())) / (step / 5))
    for n in range(first, last + 1):
        x = geometry.screen(n * step / 5)[0]
        long = n % 5 == 0
        painter.drawLine(QPointF(x, top), QPointF(x, top + (6 if long else 3) * scale))
        words = f"{n // 5 * step:g}" + (" mm" if n == 0 else "")
        width = metrics.horizontalAdvance(words)
        if long and width / 2 + 2 < x < area.width() - width / 2 - 2:
            painter.drawText(QPointF(x - width / 2, strip.bottom() - 3 * scale), words)
    # Where points were drawn.
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.theme.on_anatomy("accent"))
    for place in geometry.curve.drawn_at_mm:
        painter.drawEllipse(QPointF(geometry.screen(place)[0], top), 2.5 * scale, 2.5 * scale)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_mark(painter: QPainter, area: QRectF, geometry: CurvedGeometry, shown: Shown, look: Look) -> None:
    """Draw the crosshair's place along the path, and which way the patient lies there."""
    text = look.text
    scale = text.scale if text.stage else 1.0
    place, above, _ = geometry.beside(shown.view.cursor_lps_mm)
    x, y = geometry.screen(place, above)
    middle = area.height() / 2
    bottom = area.height() - RULER_PX * scale
    gap = MARK_GAP_PX * scale
    if not 0 <= x <= area.width():
        return
    for pen in (
        QPen(text.theme.on_anatomy("casing", CASING_OPACITY), 3.0 * scale),
        QPen(text.theme.on_anatomy("accent", 0.9), 1.2 * scale),
    ):
        painter.setPen(pen)
        painter.drawLine(QPointF(x, 0), QPointF(x, min(y, middle) - gap))
        painter.drawLine(QPointF(x, max(y, middle) + gap), QPointF(x, bottom))
    _, _, up, _ = geometry.axes_at(np.array([place]))
    kind = text.letter_type(large=False)
    measures = text.metrics(kind)
    painter.setFont(text.font(kind))
    height = measures.capHeight() + 10
    for letters, at in (
        (direction_letters(up[0]), middle - LETTER_SHARE * area.height()),
        (direction_letters(-up[0]), middle + LETTER_SHARE * area.height()),
    ):
        width = max(measures.horizontalAdvance(letters) + 10, height)
        plate = QRectF(
            round(min(max(x - width / 2, 2), area.width() - width - 2)), round(at - height / 2), width, height
        )
        paint_plate(painter, plate, text.theme)
        painter.setPen(text.theme.on_anatomy("text"))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, letters)


def _room(area: QRectF, look: TextLook) -> tuple[QRectF, list[QRectF]]:
    """Return where values may stand: above the ruler, and beside what is said in the corners."""
    seen = area.adjusted(0, 0, 0, -RULER_PX * (look.scale if look.stage else 1.0))
    rows = 2 * look.line_px + look.margin_px + 12
    name = QRectF(0, 0, min(CORNER_PX, area.width() / 2), rows)
    return seen, [name, QRectF(0, seen.bottom() - rows, area.width(), rows)]


def _paint_words(
    painter: QPainter,
    area: QRectF,
    geometry: CurvedGeometry,
    shown: Shown,
    look: Look,
    *,
    large: bool,
    folded: bool,
) -> None:
    """Draw what the picture is, where the mark stands, and where lengths are true."""
    if look.stage:
        if not large:
            paint_stage_name(painter, area, "Along the path", "", look.text)
        return
    density = look.density
    if density is Density.LETTERS:
        return
    if density is Density.FULL and (area.width() < NARROW_PX or area.height() < SHORT_PX):
        density = Density.SHORT
    view, volume = shown.view, shown.volume
    place, above, behind = geometry.beside(view.cursor_lps_mm)
    beside = float(np.hypot(above, behind))
    at = [Words(f"At {place:.1f} of {geometry.curve.length_mm:.1f} mm")]
    if beside >= BESIDE_MM:
        at.append(Words(f"Crosshair {beside:.1f} mm beside the path"))
    name = [Words("Curved, along the path", name=True, shorter=("Curved",))]
    if volume.series.lossy:
        name.append(Words("Lossy compressed", name=True, role="failed"))
    if density is Density.FULL:
        name.append(Words("True lengths along and across only"))
        if folded:
            name.append(Words("Black: beyond a sharp bend"))
    turned = round(view.curved.turned_deg) if view.curved is not None else 0
    right = [window_line(view, volume)]
    facts = "  ".join(
        part for part in (f"Turned {turned}°".replace("-", "−") if turned else "", slab_words(view)) if part
    )
    if facts:
        right.append(Words(facts))
    body = area.adjusted(0, 0, 0, -RULER_PX)
    paint_corners(painter, body, Corners(tuple(name), (), tuple(at), tuple(right)), look.text, open_middle=True)
