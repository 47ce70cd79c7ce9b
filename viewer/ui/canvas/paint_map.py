"""A map over a plane, and the bar that says which colour stands for which value of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen
from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter

from viewer.domain.view_state import Layout, ViewName
from viewer.scene.acquired import viewport_geometry
from viewer.scene.colour_maps import colour_table
from viewer.scene.map_planes import MapRenderer, map_colours, map_least
from viewer.ui.canvas.facts import signed
from viewer.ui.canvas.measured_places import image_place
from viewer.ui.canvas.paint_colour_bar import ColourBar, bar_plate, colour_bar, paint_bar

if TYPE_CHECKING:
    from viewer.domain.geometry import PlaneName
    from viewer.domain.view_state import ViewState
    from viewer.ui.canvas.paint_text import TextLook
    from viewer.ui.canvas.shown import Shown
    from viewer.ui.canvas.tiles import OnPixels


@frozen(eq=False)
class _Held:
    """The last picture of a map on a plane, and what it shows."""

    key: tuple[object, ...]
    coarse: bool
    image: QImage
    px_per_pixel: int


class MapLayer:
    """Paints a map over planes; keeps the last picture of each."""

    def __init__(self) -> None:
        self._renderer = MapRenderer()
        self._held: dict[PlaneName, _Held] = {}

    def clear(self) -> None:
        """Let go of the map and its pictures."""
        self._renderer.clear()
        self._held.clear()

    def paint(
        self, painter: QPainter, shown: Shown, plane: PlaneName, drawn: OnPixels, ratio: float, *, moving: bool
    ) -> None:
        """Draw the map of what is shown on the picture of a plane."""
        value_map = shown.value_map
        if value_map is None:
            self.clear()
            return
        geometry = viewport_geometry(shown.volume, drawn.state, plane, drawn.width_px, drawn.height_px)
        # On the image that is seen: the crosshair may lie between two.
        on_image = image_place(shown.volume, geometry).onto(geometry.cursor_lps_mm)
        geometry = evolve(geometry, cursor_lps_mm=on_image)
        depth = round(float(np.asarray(geometry.cursor_lps_mm) @ geometry.axes.into), 4)
        key = (value_map, shown.view.map_look, geometry.view, geometry.image, depth, drawn.width_px, drawn.height_px)
        held = self._held.get(plane)
        if held is None or held.key != key or (held.coarse and not moving):
            made = self._renderer.render(value_map, shown.view.map_look, geometry, moving=moving)
            height, width = made.pixels.shape
            image = QImage(made.pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)
            held = self._held[plane] = _Held(key, moving, image.copy(), made.px_per_pixel)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, held.px_per_pixel > 1)
        scale = held.px_per_pixel / ratio
        painter.drawImage(
            QRectF(drawn.corner, QSizeF(held.image.width() * scale, held.image.height() * scale)), held.image
        )
        painter.restore()


def paint_map_bar(painter: QPainter, free: QRectF, shown: Shown, look: TextLook, *, beside: float = 0.0) -> None:
    """Draw the colours of the map with their values and unit, at the left edge of a plane or `beside` px from it.

    What the threshold leaves out is left open in the bar.
    """
    bar = map_bar(shown)
    if bar is not None:
        paint_bar(painter, free.adjusted(beside, 0, 0, 0), bar, look)


def bar_places(shown: Shown, plane: PlaneName, free: QRectF, look: TextLook) -> list[QRectF]:
    """Return where bars stand on the viewport of a plane, with their words."""
    if not has_bars(shown.view, ViewName(plane.value), stage=look.stage):
        return []
    places: list[QRectF] = []
    for bar in (colour_bar(shown.volume, shown.view), map_bar(shown)):
        if bar is not None and (plate := bar_plate(free, bar, look)) is not None:
            places.append(plate)
            free = free.adjusted(plate.width() + 4, 0, 0, 0)
    return places


def has_bars(view: ViewState, name: ViewName, *, stage: bool) -> bool:
    """Return whether a viewport tells what colours stand for: where one view is large it says it for all."""
    return stage or view.layout is not Layout.STAGE or view.main in (name, ViewName.THREE_D)


def map_bar(shown: Shown) -> ColourBar | None:
    """Return what the bar of the map says; None where none is shown."""
    value_map = shown.value_map
    if value_map is None:
        return None
    low, high = value_map.low, value_map.high
    least = map_least(value_map, shown.view.map_look)
    middle = (low + high) / 2
    values = (high, middle, low)
    steps = np.linspace(high, low, 256)
    column = colour_table(map_colours(value_map, shown.view.map_look))[::-1].copy()
    column[(np.abs(steps) if value_map.diverging else steps) < least] = 0
    return ColourBar(value_map.unit, values, tuple(map_words(v, high - low) for v in values), column)


def map_words(value: float, span: float) -> str:
    """Return a value of a map with as many digits as its range can tell apart."""
    digits = max(0, min(6, 2 - math.floor(math.log10(max(span, 1e-9))))) if span < 100 else 0
    return signed(round(value, digits) + 0.0, digits)
