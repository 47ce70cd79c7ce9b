"""Guesses over the anatomy: where they were made, how far from the lesion, and where visitors guessed before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from viewer.domain.view_state import ViewName
from viewer.scene.acquired import image_step_mm
from viewer.scene.colour_maps import colour_table
from viewer.ui.canvas.paint_text import paint_plate
from viewer.ui.fonts import Type, font
from viewer.ui.present.answer_words import distance_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from PySide6.QtGui import QColor

    from viewer.domain.finding import Finding
    from viewer.domain.view_state import Point
    from viewer.scene.plane_geometry import ViewportGeometry
    from viewer.services.asking import Asking, Guess
    from viewer.ui.canvas import Canvas
    from viewer.ui.canvas.tiles import Tile
    from viewer.ui.theme import Theme

RING_PX = 13.0
# Darker than that of outlines: a guess is often in the middle of what is bright.
CASING = 0.8
LINE_PX = 3.0
LETTER_PX = 48.0
FAR_OPACITY = 0.55
# So many guesses each get their distance beside them; of more only the best does.
MOST_NAMED = 3
HEAT_PX = 6.0
HEAT_SPREAD_MM = 7.0
HEAT_DEPTH_MM = 12.0
HEAT_OPACITY = 0.6
HEAT_COLOURS = "blue_yellow"


def heat(
    guesses: NDArray[np.float64], geometry: ViewportGeometry, *, cell_px: float = HEAT_PX
) -> NDArray[np.float64] | None:
    """Return how much was guessed in each cell of a plane, 0…1 of its brightest; shape (rows, columns).

    Each of the guesses, LPS mm, shape (n, 3), is a round spot of 7 mm, which fades with its distance from the plane.
    None where none of them is near it.
    """
    if not len(guesses):
        return None
    depths = (guesses - np.asarray(geometry.cursor_lps_mm)) @ geometry.axes.into
    weights = np.exp(-0.5 * (depths / HEAT_DEPTH_MM) ** 2)
    kept = weights > 0.05
    if not kept.any():
        return None
    spots = geometry.screen_points(guesses[kept])
    spread = HEAT_SPREAD_MM / geometry.mm_per_px
    columns = (np.arange(int(np.ceil(geometry.width_px / cell_px))) + 0.5) * cell_px
    rows = (np.arange(int(np.ceil(geometry.height_px / cell_px))) + 0.5) * cell_px
    across = np.exp(-0.5 * ((columns[None, :] - spots[:, :1]) / spread) ** 2)
    down = np.exp(-0.5 * ((rows[None, :] - spots[:, 1:]) / spread) ** 2) * weights[kept][:, None]
    summed: NDArray[np.float64] = down.T @ across
    most = float(summed.max())
    return summed / most if most > 0.02 else None


def heat_image(shares: NDArray[np.float64]) -> QImage:
    """Return the picture of a heat map, clear where nothing was guessed."""
    indices = np.clip((shares * 255).astype(np.int64), 0, 255)
    rgb = colour_table(HEAT_COLOURS)[indices]
    alpha = (np.clip(shares * 2.2, 0, 1) * HEAT_OPACITY * 255).astype(np.uint32)
    pixels = np.ascontiguousarray((rgb & np.uint32(0x00FFFFFF)) | alpha << np.uint32(24))
    high, wide = pixels.shape
    return QImage(pixels.data, wide, high, wide * 4, QImage.Format.Format_ARGB32).copy()


def _on_screen(sought: Finding | None, geometry: ViewportGeometry) -> QRectF | None:
    """Return the box around a lesion on a plane's tile."""
    if sought is None:
        return None
    corners = np.array(np.meshgrid(*sought.bounds_lps_mm)).reshape(3, -1).T
    spots = geometry.screen_points(corners)
    return QRectF(QPointF(*spots.min(axis=0)), QPointF(*spots.max(axis=0)))


class GuessLayer(QWidget):
    """Lies over the stage's canvas and paints what was guessed; the mouse goes through it.

    `aim` gives the place that the keyboard points at on the large view, or None; `visitors` where was guessed before.
    """

    def __init__(
        self,
        canvas: Canvas,
        theme: Theme,
        asking: Asking,
        aim: Callable[[], Point | None],
        visitors: Callable[[], NDArray[np.float64]],
    ) -> None:
        super().__init__(canvas)
        self._canvas, self._theme, self._asking = canvas, theme, asking
        self._aim, self._visitors = aim, visitors
        self._heat: tuple[object, QImage | None] = ((), None)
        self._edge_px = 0.0
        self.scale = 1.0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw guesses on every plane, distances and earlier guesses on the large one."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            session = self._canvas.session
            volume, view = session.volume, session.view
            if volume is None or view is None:
                return
            for name in ViewName:
                tile = self._canvas.tile(name)
                if tile is None or name.plane is None:
                    continue
                painter.save()
                painter.setClipRect(tile.area)
                painter.translate(tile.area.topLeft())
                geometry = tile.geometry(volume, view, name.plane)
                self._paint_plane(painter, tile, geometry, max(image_step_mm(volume, geometry), 2.0))
                painter.restore()

    def _paint_plane(self, painter: QPainter, tile: Tile, geometry: ViewportGeometry, reach_mm: float) -> None:
        self._edge_px = tile.free.right() - tile.area.left()
        if tile.large and not self._asking.open:
            self._paint_heat(painter, geometry)
        revealed = self._asking.revealed
        if revealed is None:
            for number, place in enumerate(self._asking.guesses, start=1):
                self._paint_guess(painter, geometry, place, reach_mm, str(number), large=tile.large)
            aim = self._aim() if tile.large and self._asking.open else None
            if aim is not None:
                self._paint_aim(painter, QPointF(*geometry.screen_from_lps(aim)))
            return
        named = revealed.guesses if len(revealed.guesses) <= MOST_NAMED else (revealed.best,)
        for number, guess in enumerate(revealed.guesses, start=1):
            words = ""
            if tile.large:
                words = distance_words(guess) if guess in named else ""
                self._paint_way(painter, geometry, guess)
            mark = str(number) if len(revealed.guesses) > 1 else ""
            self._paint_guess(
                painter,
                geometry,
                guess.place_lps_mm,
                reach_mm,
                mark,
                large=tile.large,
                words=words,
                beside=_on_screen(guess.sought, geometry),
            )

    def _paint_guess(
        self,
        painter: QPainter,
        geometry: ViewportGeometry,
        place: Point,
        reach_mm: float,
        number: str,
        *,
        large: bool,
        words: str = "",
        beside: QRectF | None = None,
    ) -> None:
        """Draw a ring with a point, in another slice than its own a fainter, broken one.

        Its words stand clear of `beside`, where the lesion is on the screen.
        """
        here = abs(geometry.distance_mm(place)) <= reach_mm
        middle = QPointF(*geometry.screen_from_lps(place))
        radius = (RING_PX if large else RING_PX * 0.6) * self.scale
        opacity = 1.0 if here else FAR_OPACITY
        ink = self._theme.on_anatomy("text", opacity)
        style = Qt.PenStyle.SolidLine if here else Qt.PenStyle.DashLine
        self._stroke(painter, ink, style, lambda: painter.drawEllipse(middle, radius, radius))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(middle, 2.5 * self.scale, 2.5 * self.scale)
        said = "  ".join(part for part in (number, words) if part)
        if large and said:
            self._paint_words(painter, middle, radius, said, ink, beside)

    def _paint_words(
        self,
        painter: QPainter,
        middle: QPointF,
        radius: float,
        words: str,
        ink: QColor,
        beside: QRectF | None,
    ) -> None:
        face = font(Type.STAGE_SMALL, scale=self.scale)
        size = QFontMetricsF(face).size(0, words)
        pad, gap = 6 * self.scale, 8 * self.scale
        plate = QRectF(0, 0, size.width() + 2 * pad, size.height() + pad)
        right, left = middle.x() + radius, middle.x() - radius
        if beside is not None and beside.left() < middle.x() < beside.right():
            right, left = max(right, beside.right()), min(left, beside.left())
        # The letter of that side stands at the edge.
        to_the_left = right + gap + plate.width() > self._edge_px - LETTER_PX * self.scale
        if beside is not None and middle.x() <= beside.left():
            to_the_left = left - gap - plate.width() >= 0
        plate.moveTo(left - gap - plate.width() if to_the_left else right + gap, middle.y() - plate.height() / 2)
        paint_plate(painter, plate, self._theme)
        painter.setFont(face)
        painter.setPen(ink)
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_way(self, painter: QPainter, geometry: ViewportGeometry, guess: Guess) -> None:
        """Draw the way from a guess to the nearest part of the lesion."""
        if guess.near is None or guess.near.inside:
            return
        start = QPointF(*geometry.screen_from_lps(guess.place_lps_mm))
        end = QPointF(*geometry.screen_from_lps(guess.near.nearest_lps_mm))
        length = float(np.hypot(end.x() - start.x(), end.y() - start.y()))
        if length <= RING_PX * self.scale:
            return
        begin = start + (end - start) * (RING_PX * self.scale / length)
        ink = self._theme.on_anatomy("text")
        self._stroke(painter, ink, Qt.PenStyle.DotLine, lambda: painter.drawLine(begin, end), width=2.0)

    def _paint_aim(self, painter: QPainter, middle: QPointF) -> None:
        """Draw the cross that the keyboard moves."""
        inner, outer = 8 * self.scale, 22 * self.scale
        ways = (QPointF(1, 0), QPointF(-1, 0), QPointF(0, 1), QPointF(0, -1))

        def cross() -> None:
            for way in ways:
                painter.drawLine(middle + way * inner, middle + way * outer)

        self._stroke(painter, self._theme.on_anatomy("accent"), Qt.PenStyle.SolidLine, cross)

    def _stroke(
        self, painter: QPainter, ink: QColor, style: Qt.PenStyle, draw: Callable[[], None], *, width: float = LINE_PX
    ) -> None:
        """Draw lines twice: a dark casing, so that they stand out on every tissue, and the line itself."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        casing = self._theme.on_anatomy("casing", CASING)
        for colour, wide in ((casing, width + 3.0), (ink, width)):
            painter.setPen(QPen(colour, wide * self.scale, style, Qt.PenCapStyle.FlatCap))
            draw()

    def _paint_heat(self, painter: QPainter, geometry: ViewportGeometry) -> None:
        guesses = self._visitors()
        size = geometry.width_px, geometry.height_px
        key = (geometry.plane, geometry.view, geometry.cursor_lps_mm, size, guesses.tobytes())
        if key != self._heat[0]:
            shares = heat(guesses, geometry)
            self._heat = (key, heat_image(shares) if shares is not None else None)
        image = self._heat[1]
        if image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(0, 0, image.width() * HEAT_PX, image.height() * HEAT_PX), image)
