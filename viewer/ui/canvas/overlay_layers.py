"""Findings and labels as pictures of their own, kept by image: drawn once, then only laid over.

Lines take many times longer to draw than the image below them. Pictures of what comes next while scrolling are made
ahead, between other things; what is shown before its picture is there is drawn at once. What else changes (window,
crosshair, other planes) leaves them as they are.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, evolve, field, frozen
from PySide6.QtCore import QPointF, QTimer
from PySide6.QtGui import QImage, QPainter

from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import OverlayMode
from viewer.scene.acquired import scrolled_cursor
from viewer.ui.canvas.paint_overlay import OutlinePaths, Painted, overlay_steps, paint_measure, paint_overlay
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.shown import Shown
from viewer.ui.canvas.tiles import Tile

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from viewer.scene.plane_geometry import ViewportGeometry

MOST_BYTES = 48 * 1024 * 1024
AHEAD_IMAGES = 6
AT_REST_IMAGES = 2
AT_A_TIME_S = 0.003
# A step further than this is a jump: what lies beyond it is not what comes next.
_FARTHEST_STEPS = 12.0


@frozen(eq=False)
class Layer:
    """A picture to lay over a tile, cut to what is on it: where it begins, and what was painted; None for nothing."""

    image: QImage | None
    at: QPointF
    painted: Painted = Painted()

    @property
    def size_bytes(self) -> int:
        """Memory that the picture takes."""
        return self.image.sizeInBytes() if self.image is not None else 0


class _Canvas:
    """A transparent picture of a tile's size on whole device pixels, and the way to cut it to what is on it."""

    def __init__(self, tile: Tile, ratio: float) -> None:
        left, top = tile.area.left() * ratio, tile.area.top() * ratio
        # Where a tile begins between two device pixels, its picture begins on the one before.
        self._phase = QPointF((left - np.floor(left)) / ratio, (top - np.floor(top)) / ratio)
        size = (int(np.ceil(tile.area.width() * ratio)) + 1, int(np.ceil(tile.area.height() * ratio)) + 1)
        self.image = QImage(size[0], size[1], QImage.Format.Format_ARGB32_Premultiplied)
        self.image.setDevicePixelRatio(ratio)
        self.image.fill(0)
        self._ratio = ratio

    def prepare(self, painter: QPainter) -> None:
        """Let a painter on the picture paint as on the tile."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(self._phase)

    def layer(self, painted: Painted) -> Layer:
        """Return what was painted, cut."""
        width, height = self.image.width(), self.image.height()
        pixels = np.frombuffer(self.image.constBits(), np.uint32).reshape(height, self.image.bytesPerLine() // 4)
        rows = np.flatnonzero(pixels.any(axis=1))
        if not len(rows):
            return Layer(None, QPointF(), painted)
        columns = np.flatnonzero(pixels[rows[0] : rows[-1] + 1, :width].any(axis=0))
        x, y = int(columns[0]), int(rows[0])
        cut = self.image.copy(x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1)
        cut.setDevicePixelRatio(self._ratio)
        return Layer(cut, QPointF(x / self._ratio, y / self._ratio) - self._phase, painted)


def made_layer(tile: Tile, ratio: float, draw: Callable[[QPainter], None]) -> Layer:
    """Return what `draw` paints on a tile, in its own coordinates, as a picture."""
    canvas = _Canvas(tile, ratio)
    with QPainter(canvas.image) as painter:
        canvas.prepare(painter)
        draw(painter)
    return canvas.layer(Painted())


@define(eq=False)
class _OfPlane:
    """The layers of one plane: of what, by image; the image painted last, and whether it was without a layer."""

    what: tuple[object, ...]
    layers: OrderedDict[tuple[object, ...], Layer] = field(factory=OrderedDict)
    last: tuple[object, ...] | None = None
    last_depth: float = 0.0
    drawn_at_once: bool = False
    forward: int = 0


@frozen(eq=False)
class _Scene:
    """What was painted last: where the images that come next are looked for."""

    kept: _OfPlane
    tile: Tile
    shown: Shown
    look: TextLook
    ratio: float
    plane: PlaneName

    def first_missing(self) -> tuple[tuple[object, ...], ViewportGeometry] | None:
        """Return the next image that has no layer yet: its place, and how it lies on the viewport."""
        way = self.kept.forward
        # Who did not keep up with the last step would not with the next: the one after it can still be ready in time.
        first = 2 if self.kept.drawn_at_once else 1
        wanted = [way * n for n in range(first, first + AHEAD_IMAGES)]
        if not way:
            wanted = [n * side for n in range(1, AT_REST_IMAGES + 1) for side in (1, -1)]
        for images in wanted:
            cursor = scrolled_cursor(self.shown.volume, self.shown.view, self.plane, images)
            state = evolve(self.shown.view, cursor_lps_mm=cursor)
            geometry = self.tile.geometry(self.shown.volume, state, self.plane)
            place, _ = _place(geometry)
            if place not in self.kept.layers and place != self.kept.last:
                return place, geometry
        return None


class OverlayLayers:
    """Paints findings and labels of planes from pictures where it can.

    Parameters
    ----------
    works_ahead
        True where an event loop runs: pictures of the next images are then made between other events.
    """

    def __init__(self, *, works_ahead: bool = False) -> None:
        self._outlines = OutlinePaths()
        self._planes: dict[PlaneName, _OfPlane] = {}
        self._work: Generator[None, None, None] | None = None
        self._scene: _Scene | None = None
        self._in_work: tuple[_OfPlane, tuple[object, ...]] | None = None
        self._timer: QTimer | None = None
        if works_ahead:
            self._timer = QTimer()
            self._timer.setInterval(0)
            self._timer.timeout.connect(self._go_on)

    @property
    def working_ahead(self) -> bool:
        """True while something is left to be made ahead."""
        return self._work is not None

    def clear(self) -> None:
        """Let go of all pictures, and work no further ahead."""
        self._stop()
        self._planes.clear()

    def paint(self, painter: QPainter, tile: Tile, shown: Shown, geometry: ViewportGeometry, look: TextLook) -> None:
        """Draw labels and findings that a tile's plane goes through; the painter stands at the tile's corner."""
        if shown.view.overlay is OverlayMode.OFF or not (shown.drawn or shown.labels):
            return
        ratio = painter.device().devicePixelRatio()
        plane, what = geometry.plane, _what(tile, shown, geometry, look, ratio)
        kept = self._planes.get(plane)
        if kept is None or kept.what != what:
            kept = self._planes[plane] = _OfPlane(what)
        place, depth = _place(geometry)
        step = depth - kept.last_depth if kept.last is not None else 0.0
        again = kept.last == place and kept.drawn_at_once
        layer = kept.layers.get(place)
        if layer is None and again:
            layer = self._whole(tile, shown, geometry, look, ratio)
            self._keep(kept, place, layer)
        if layer is None:
            painted = paint_overlay(painter, shown, geometry, self._outlines, look)
        else:
            kept.layers.move_to_end(place)
            painted = layer.painted
            if layer.image is not None:
                painter.drawImage(layer.at, layer.image)
        paint_measure(painter, painted, shown, geometry, look)
        if kept.last != place:
            kept.forward = int(np.sign(step)) if abs(step) < _FARTHEST_STEPS else 0
        kept.last, kept.last_depth, kept.drawn_at_once = place, depth, layer is None
        if self._timer is not None and not shown.volume.preview:
            self._next(_Scene(kept, tile, shown, look, ratio, plane))

    def _whole(self, tile: Tile, shown: Shown, geometry: ViewportGeometry, look: TextLook, ratio: float) -> Layer:
        steps = self._steps(tile, shown, geometry, look, ratio)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                layer: Layer = done.value
                return layer

    def _steps(
        self, tile: Tile, shown: Shown, geometry: ViewportGeometry, look: TextLook, ratio: float
    ) -> Generator[None, None, Layer]:
        """Paint a layer a little at a time."""
        canvas = _Canvas(tile, ratio)
        # Ended in any case, also where the work is given up: a painter left behind takes the program with it.
        with QPainter(canvas.image) as painter:
            canvas.prepare(painter)
            painted = yield from overlay_steps(painter, shown, geometry, self._outlines, look)
        return canvas.layer(painted)

    def _next(self, scene: _Scene) -> None:
        """Let what is made ahead be that of what was just painted."""
        here = self._in_work is not None and self._in_work[1] == scene.kept.last
        if self._in_work is None or self._in_work[0] is not scene.kept or here:
            self._stop()
        self._scene = scene
        if self._work is None:
            self._work = self._ahead()
        if self._timer is not None:
            self._timer.start()

    def _ahead(self) -> Generator[None, None, None]:
        """Make the layers of the images that will probably be looked at next, as that changes meanwhile."""
        while (scene := self._scene) is not None:
            wanted = scene.first_missing()
            if wanted is None:
                return
            place, geometry = wanted
            self._in_work = (scene.kept, place)
            layer = yield from self._steps(scene.tile, scene.shown, geometry, scene.look, scene.ratio)
            self._keep(scene.kept, place, layer)
            self._in_work = None
            yield

    def _keep(self, kept: _OfPlane, place: tuple[object, ...], layer: Layer) -> None:
        kept.layers[place] = layer
        total = sum(one.size_bytes for one in kept.layers.values())
        while total > MOST_BYTES and len(kept.layers) > 1:
            total -= kept.layers.popitem(last=False)[1].size_bytes

    def _go_on(self) -> None:
        until = time.perf_counter() + AT_A_TIME_S
        while self._work is not None and time.perf_counter() < until:
            try:
                next(self._work)
            except StopIteration:
                self._stop()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        if self._work is not None:
            self._work.close()
        self._work = self._in_work = self._scene = None


def _what(tile: Tile, shown: Shown, geometry: ViewportGeometry, look: TextLook, ratio: float) -> tuple[object, ...]:
    """Return all that the overlay of a tile depends on, apart from how deep its image lies."""
    view = shown.view
    return (
        shown.volume,
        tile,
        view.plane(geometry.plane),
        view.acquired,
        view.overlay,
        view.fill_opacity,
        view.label_looks,
        tuple((drawn.finding, drawn.mark, drawn.selected, drawn.second) for drawn in shown.drawn),
        shown.labels,
        ratio,
        look.stage,
        look.scale,
    )


def _place(geometry: ViewportGeometry) -> tuple[tuple[object, ...], float]:
    """Return which image a viewport shows, and how deep it lies in mm."""
    depth = float(np.asarray(geometry.cursor_lps_mm) @ geometry.axes.into)
    return (geometry.image, round(depth, 3)), depth
