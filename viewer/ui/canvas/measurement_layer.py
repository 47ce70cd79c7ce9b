"""Measurements as a picture that is kept while their image stays as it is: labels take long to place and write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define
from PySide6.QtCore import QRectF

from viewer.ui.canvas.overlay_layers import Layer, made_layer
from viewer.ui.canvas.paint_map import bar_places
from viewer.ui.canvas.paint_measurements import paint_measurements

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from viewer.domain.geometry import PlaneName
    from viewer.scene.plane_geometry import ViewportGeometry
    from viewer.ui.canvas.paint_text import TextLook
    from viewer.ui.canvas.shown import Shown
    from viewer.ui.canvas.tiles import Tile

# Fewer are drawn at once as quickly.
LEAST = 2


@define(eq=False)
class _Held:
    """What was drawn last on a plane, and its picture once it was drawn twice."""

    key: tuple[object, ...]
    layer: Layer | None = None


class MeasurementLayers:
    """Paints measurements of planes; what is drawn the second time as it was is kept."""

    def __init__(self) -> None:
        self._held: dict[PlaneName, _Held] = {}

    def clear(self) -> None:
        """Let go of all pictures."""
        self._held.clear()

    def paint(self, painter: QPainter, tile: Tile, shown: Shown, geometry: ViewportGeometry, look: TextLook) -> None:
        """Draw the measurements of a tile's plane; the painter stands at the tile's corner."""
        if len(shown.measured) < LEAST:
            paint_measurements(painter, shown, geometry, look)
            return
        ratio = painter.device().devicePixelRatio()
        key = _key(tile, shown, geometry, look, ratio)
        held = self._held.get(geometry.plane)
        if held is None or held.key != key:
            self._held[geometry.plane] = _Held(key)
            paint_measurements(painter, shown, geometry, look)
            return
        if held.layer is None:
            held.layer = made_layer(tile, ratio, lambda on_layer: paint_measurements(on_layer, shown, geometry, look))
        if held.layer.image is not None:
            painter.drawImage(held.layer.at, held.layer.image)


def _key(tile: Tile, shown: Shown, geometry: ViewportGeometry, look: TextLook, ratio: float) -> tuple[object, ...]:
    """Return all that the measurements of a tile depend on."""
    return (
        shown.volume,
        tile,
        geometry.view,
        geometry.cursor_lps_mm,
        geometry.image,
        shown.view.slab_mm,
        shown.part,
        tuple((drawn.measurement, drawn.in_hand, drawn.hovered) for drawn in shown.measured),
        tuple(drawn.finding for drawn in shown.drawn),
        # Values keep clear of the bars of maps and colours.
        tuple(bar.getRect() for bar in bar_places(shown, geometry.plane, QRectF(tile.area), look)),
        ratio,
        look.theme.name,
        look.stage,
        look.scale,
    )
