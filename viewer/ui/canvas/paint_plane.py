"""One plane on its tile: picture, findings, crosshair, letters, corner text, scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QBrush, QImage, QPainter, QPen, QPolygonF

from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import Interpolation, ViewName
from viewer.scene.acquired import viewport_geometry
from viewer.scene.arrival import along_slices, faces_slices, grown_from, growth, image_is_in
from viewer.scene.missing_places import missing_areas, on_missing_image
from viewer.scene.plane_slices import plane_runs
from viewer.scene.planes import MOST_PX_MOVING, MOST_PX_MOVING_OBLIQUE, PlaneRenderer, slow_at_rest
from viewer.scene.voi import shown_lut
from viewer.scene.window_table import BLACK
from viewer.ui.canvas.facts import corners, edge_letters, view_words
from viewer.ui.canvas.measurement_layer import MeasurementLayers
from viewer.ui.canvas.overlay_layers import OverlayLayers
from viewer.ui.canvas.paint_colour_bar import paint_colour_bar
from viewer.ui.canvas.paint_crosshair import paint_crosshair
from viewer.ui.canvas.paint_curved import CurvedPainter
from viewer.ui.canvas.paint_map import MapLayer, paint_map_bar
from viewer.ui.canvas.paint_patches import paint_patches_on_plane
from viewer.ui.canvas.paint_path import paint_path
from viewer.ui.canvas.paint_text import (
    TextLook,
    paint_corners,
    paint_letters,
    paint_notice,
    paint_scale_bar,
    paint_sentence,
    paint_stage_name,
)
from viewer.ui.canvas.tiles import Density, Tile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.scene.plane_geometry import ViewportGeometry
    from viewer.ui.canvas.fine_pictures import FinePictures
    from viewer.ui.canvas.shown import Shown

    Between = Callable[[], None]

MISSING_OPACITY = 0.8
# Pictures of steps that are still to come; what they are called among all fine pictures.
MOST_AHEAD, AHEAD = 12, "ahead"
PLANE_LINE_PX = 3.0
ACTIVE_BORDER_PX = 2.0
NARROW_PX = 430
SHORT_PX = 260
# Lower viewports have room for letters alone.
LOWEST_PX = 120


@frozen(eq=False)
class Look:
    """How a canvas is drawn, apart from what is on it."""

    text: TextLook
    density: Density = Density.FULL
    active: ViewName | None = None
    decorated: bool = True
    handles: bool = False

    @property
    def stage(self) -> bool:
        """True for an audience."""
        return self.text.stage


def image_of(pixels: NDArray[np.uint32]) -> QImage:
    """Return a QImage of its own from an array 0xFFRRGGBB, [row, column]."""
    height, width = pixels.shape
    view = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
    return view.copy()


@frozen(eq=False)
class _Held:
    """The last picture of a plane, and what it shows."""

    key: tuple[object, ...]
    growth: int
    coarse: bool
    image: QImage
    px_per_pixel: int


class PlanePainter:
    """Paints planes; keeps the last picture of each, so that what did not change is only copied.

    With `fine`, pictures that would take long are made there: until one has come, a coarse one is painted.
    """

    def __init__(self, fine: FinePictures | None = None, *, works_ahead: bool = False) -> None:
        self._renderer = PlaneRenderer()
        self._fine = fine
        self._fine_renderer = PlaneRenderer()
        self.curved = CurvedPainter(fine)
        if fine is not None:
            fine.arrived.connect(self._take)
        self._overlay = OverlayLayers(works_ahead=works_ahead)
        self._map = MapLayer()
        self._measured = MeasurementLayers()
        self._pictures: dict[PlaneName, _Held] = {}
        self._most_moving = MOST_PX_MOVING
        self._volume: Volume | None = None
        self._volumes = 0
        self._ahead: dict[object, tuple[QImage, int]] = {}
        self._asked_ahead: set[object] = set()
        self.rendered: list[PlaneName] = []
        self.turn: PlaneName | None = None
        self.behind: set[PlaneName] = set()

    def clear(self) -> None:
        """Let go of the volume and its pictures."""
        self._renderer.clear()
        self._drop_fine()
        self._overlay.clear()
        self._map.clear()
        self._measured.clear()
        self._pictures.clear()
        self.curved.clear()
        self.behind.clear()
        self._volume = None

    def _drop_fine(self) -> None:
        """Want no fine picture of the volume any more; one of another volume may look the same way."""
        self._volumes += 1
        self._ahead.clear()
        self._drop_ahead()
        if self._fine is not None:
            for plane in PlaneName:
                self._fine.drop(self._slot(plane))
        # The other one may be at work still.
        self._fine_renderer = PlaneRenderer()

    @property
    def working_ahead(self) -> bool:
        """True while overlays of images that may come next are still being made."""
        return self._overlay.working_ahead

    def take_turn(self, shown: Sequence[PlaneName]) -> PlaneName | None:
        """Let the next of the planes that are behind follow; return the one whose turn it is."""
        waiting = [plane for plane in shown if plane in self.behind]
        if waiting:
            at = shown.index(self.turn) + 1 if self.turn in shown else 0
            self.turn = next(plane for plane in (*shown[at:], *shown[:at]) if plane in waiting)
        return self.turn

    def picture(
        self, volume: Volume, state: ViewState, plane: PlaneName, width_px: int, height_px: int, *, moving: bool = False
    ) -> tuple[QImage, int]:
        """Return the plane's picture and the side of its pixels in device pixels.

        A coarser picture is made only where the fine one would be slow and is not there yet: while something moves,
        and until it has come from beside the main thread.
        While slices come in, planes across them follow in turn, one at a time (`turn`), and begin black; those that
        show fewer slices than there are by now are `behind`.
        """
        if volume is not self._volume:
            if self._volume is None or not grown_from(volume, self._volume):
                self._pictures.clear()
                self.behind.clear()
                self._drop_fine()
            self._volume = volume
            oblique = any(plane_runs(volume.grid, name) is None for name in PlaneName)
            self._most_moving = MOST_PX_MOVING_OBLIQUE if oblique else MOST_PX_MOVING
        key, one_slice, turned = self._key(volume, state, plane, width_px, height_px)
        most = self._most_moving if not turned else MOST_PX_MOVING_OBLIQUE
        slow = slow_at_rest(volume, state, plane, width_px, height_px)
        coarse = moving and (slow or width_px * height_px > (MOST_PX_MOVING if one_slice else most))
        grown = growth(volume, state, plane)
        held = self._pictures.get(plane)
        if held is not None and held.key == key and (coarse or not held.coarse):
            if held.growth == grown:
                return held.image, held.px_per_pixel
            if plane is not self.turn and not along_slices(volume, state, plane):
                self.behind.add(plane)
                return held.image, held.px_per_pixel
        elif (
            held is None
            and volume.preview
            and plane is not self.turn
            and not (one_slice or faces_slices(volume, plane))
        ):
            self.behind.add(plane)
            return image_of(np.full((1, 1), BLACK, dtype=np.uint32)), max(width_px, height_px)
        self.behind.discard(plane)
        if slow and not moving and key in self._ahead:
            image, px_ahead = self._ahead[key]
            self._pictures[plane] = _Held(key, grown, False, image, px_ahead)
            return image, px_ahead
        if slow and not moving and self._fine is not None:
            # What is looked at now comes first.
            self._drop_ahead()
            self._ask_fine(self._fine, volume, state, plane, (width_px, height_px), (key, grown, self._volumes))
            if held is not None and held.key == key:
                return held.image, held.px_per_pixel
            coarse = True
        made = self._renderer.render(volume, state, plane, width_px, height_px, moving=coarse)
        self.rendered.append(plane)
        image = image_of(made.pixels)
        self._pictures[plane] = _Held(key, grown, coarse, image, made.px_per_pixel)
        return image, made.px_per_pixel

    def make_ahead(self, volume: Volume, state: ViewState, plane: PlaneName, width_px: int, height_px: int) -> None:
        """Make a fine picture that will be shown soon, beside the main thread; nothing where it would be quick."""
        if self._fine is None or volume is not self._volume or volume.preview:
            return
        key, _, _ = self._key(volume, state, plane, width_px, height_px)
        if key in self._ahead or not slow_at_rest(volume, state, plane, width_px, height_px):
            return
        renderer, slot = self._fine_renderer, (id(self), AHEAD, key)

        def work(between: Between) -> object:
            made = renderer.render(volume, state, plane, width_px, height_px, between=between)
            return image_of(made.pixels), made.px_per_pixel

        self._asked_ahead.add(slot)
        self._fine.ask(slot, self._volumes, work)

    def _drop_ahead(self) -> None:
        for slot in self._asked_ahead:
            if self._fine is not None:
                self._fine.drop(slot)
        self._asked_ahead.clear()

    def _key(
        self, volume: Volume, state: ViewState, plane: PlaneName, width_px: int, height_px: int
    ) -> tuple[tuple[object, ...], bool, bool]:
        """Return what a plane's picture depends on, and whether it is of one slice, and of a turned plane."""
        geometry = viewport_geometry(volume, state, plane, width_px, height_px)
        depth = sum(a * c for a, c in zip(geometry.axes.into.tolist(), geometry.cursor_lps_mm, strict=True))
        one_slice = geometry.image is not None
        slab = () if one_slice or not state.slab_mm else (state.slab_mm, state.slab_mode)
        window = (
            state.window_centre,
            state.window_width,
            state.invert,
            state.colours,
            slab,
            state.interpolation,
            id(shown_lut(volume, state)),
        )
        key = (geometry.view, geometry.image, round(depth, 4), window, width_px, height_px)
        return key, one_slice, geometry.view.turned is not None

    def _ask_fine(
        self,
        fine: FinePictures,
        volume: Volume,
        state: ViewState,
        plane: PlaneName,
        size: tuple[int, int],
        key: tuple[object, ...],
    ) -> None:
        renderer = self._fine_renderer

        def work(between: Between) -> object:
            made = renderer.render(volume, state, plane, *size, between=between)
            return image_of(made.pixels), made.px_per_pixel

        fine.ask(self._slot(plane), key, work)

    def _slot(self, plane: PlaneName) -> tuple[int, str]:
        """Return what a plane is called among the pictures of all painters that share a thread."""
        return id(self), plane.value

    def _take(self, slot: object, asked: object, made: tuple[QImage, int] | None) -> None:
        if isinstance(slot, tuple) and slot in self._asked_ahead:
            self._asked_ahead.discard(slot)
            if made is not None and asked == self._volumes:
                if len(self._ahead) >= MOST_AHEAD:
                    self._ahead.pop(next(iter(self._ahead)))
                self._ahead[slot[2]] = made
            return
        plane = next((plane for plane in PlaneName if self._slot(plane) == slot), None)
        held = self._pictures.get(plane) if plane is not None else None
        if plane is None or held is None or (held.key, held.growth, self._volumes) != asked:
            return
        image, px = made or (held.image, held.px_per_pixel)
        # Where the fine one could not be made, the coarse one has to do.
        self._pictures[plane] = _Held(held.key, held.growth, False, image, px)

    def paint(
        self, painter: QPainter, tile: Tile, shown: Shown, look: Look, *, first: bool, moving: bool = False
    ) -> None:
        """Draw a plane's tile with all that belongs on it."""
        plane = tile.view.plane
        assert plane is not None
        ratio = painter.device().devicePixelRatio()
        drawn = tile.on_pixels(shown.volume, shown.view, plane, ratio)
        if min(drawn.width_px, drawn.height_px) < 2:
            return
        image, px = self.picture(shown.volume, drawn.state, plane, drawn.width_px, drawn.height_px, moving=moving)
        painter.save()
        painter.setClipRect(tile.area, Qt.ClipOperation.IntersectClip)
        painter.translate(tile.area.topLeft())
        smooth = px > 1 and shown.view.interpolation is not Interpolation.NEAREST
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        size = QSizeF(image.width() * px / ratio, image.height() * px / ratio)
        painter.drawImage(QRectF(drawn.corner, size), image)
        self._map.paint(painter, shown, plane, drawn, ratio, moving=moving)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        geometry = tile.geometry(shown.volume, shown.view, plane)
        paint_missing(painter, shown.volume, geometry, look)
        if shown.patches is not None:
            paint_patches_on_plane(painter, shown.patches, geometry, look.text)
        self._overlay.paint(painter, tile, shown, geometry, look.text)
        if look.decorated:
            paint_crosshair(painter, tile, shown, look.text, handles=look.handles)
        self._measured.paint(painter, tile, shown, geometry, look.text)
        if look.decorated:
            paint_path(painter, shown, geometry, look.text)
        painter.translate(-tile.area.topLeft())
        if look.decorated:
            paint_frame(painter, tile, shown, look, first=first, mm_per_px=geometry.mm_per_px)
        painter.restore()


def paint_frame(
    painter: QPainter,
    tile: Tile,
    shown: Shown,
    look: Look,
    *,
    first: bool,
    mm_per_px: float | None = None,
    said_on: QRectF | None = None,
) -> None:
    """Draw what stands at the edges of any tile: letters, corner text, scale, plane line, active border.

    `said_on` is the part on which is said that something is not there; None for all of it.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    theme = look.text.theme
    plane = tile.view.plane
    if look.stage:
        if mm_per_px is not None and tile.large:
            paint_scale_bar(painter, tile.free, mm_per_px, look.text)
        if not tile.large:
            paint_stage_name(painter, tile.free, view_words(shown, tile.view), plane.value if plane else "", look.text)
    else:
        density = look.density
        narrow = tile.area.width() < NARROW_PX or tile.area.height() < SHORT_PX
        if narrow and density is Density.FULL:
            density = Density.SHORT
        if tile.area.height() < LOWEST_PX:
            density = Density.LETTERS
        body = tile.area.adjusted(0, PLANE_LINE_PX, 0, 0)
        beside = paint_corners(painter, body, corners(shown, tile.view, density, first=first), look.text)
        if mm_per_px is not None and density is not Density.LETTERS:
            paint_scale_bar(painter, body, mm_per_px, look.text, beside)
    if plane is not None:
        taken = paint_colour_bar(painter, tile.free, shown.volume, shown.view, look.text)
        paint_map_bar(painter, tile.free, shown, look.text, beside=taken)
    letters_area = tile.free if look.stage else tile.area.adjusted(0, PLANE_LINE_PX, 0, 0)
    paint_letters(painter, letters_area, edge_letters(shown, tile.view), look.text, large=tile.large)
    paint_what_is_not_there(painter, tile if said_on is None else evolve(tile, free=said_on), shown, look)
    if look.stage:
        return
    line = QRectF(tile.area.left(), tile.area.top(), tile.area.width(), PLANE_LINE_PX)
    if plane is not None:
        painter.fillRect(line, theme.on_anatomy(plane.value))
    if look.active is tile.view:
        painter.setPen(QPen(theme.on_anatomy("accent"), ACTIVE_BORDER_PX))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        half = ACTIVE_BORDER_PX / 2
        top = PLANE_LINE_PX if plane is not None else 0
        painter.drawRect(tile.area.adjusted(half, half + top, -half, -half))


def paint_missing(painter: QPainter, volume: Volume, geometry: ViewportGeometry, look: Look) -> None:
    """Hatch where images are missing: nothing there is air. An original slice is never one of them."""
    if geometry.image is not None:
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(look.text.theme.on_anatomy("disagree", MISSING_OPACITY), Qt.BrushStyle.BDiagPattern))
    for area in missing_areas(volume, geometry) if volume.missing_planes else ():
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in area]))


def paint_what_is_not_there(painter: QPainter, tile: Tile, shown: Shown, look: Look) -> None:
    """Say why a tile shows nothing: its image is missing, or has, as with 3D any image, still to be read."""
    volume, plane = shown.volume, tile.view.plane
    geometry = tile.geometry(volume, shown.view, plane) if plane is not None else None
    interpolated = geometry is not None and geometry.image is None
    if geometry is not None and interpolated and volume.missing_planes and on_missing_image(volume, geometry):
        paint_notice(painter, tile.free, "This image is missing", look.text, role="disagree")
    elif not volume.preview:
        return
    elif plane is None:
        paint_sentence(painter, tile.free, f"{volume.slices_in} of {volume.stack.count} images are in", look.text)
    elif not image_is_in(volume, shown.view, plane):
        paint_notice(painter, tile.free, "This image is being read", look.text)
