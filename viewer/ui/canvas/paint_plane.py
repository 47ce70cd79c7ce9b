"""One plane on its tile: picture, findings, crosshair, letters, corner text, scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter

from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import Interpolation
from viewer.scene.acquired import viewport_geometry
from viewer.scene.arrival import along_slices, faces_slices, grown_from, growth, reading
from viewer.scene.interpolation import interpolation_of
from viewer.scene.plane_slices import plane_runs
from viewer.scene.planes import MOST_PX_MOVING_OBLIQUE, PlaneRenderer, slow_at_rest
from viewer.scene.voi import shown_lut
from viewer.scene.window_table import BLACK
from viewer.ui.canvas.cover import paint_cover
from viewer.ui.canvas.measurement_layer import MeasurementLayers
from viewer.ui.canvas.overlay_layers import OverlayLayers
from viewer.ui.canvas.paint_crosshair import paint_crosshair
from viewer.ui.canvas.paint_curved import CurvedPainter
from viewer.ui.canvas.paint_frame import Look, paint_frame, paint_missing
from viewer.ui.canvas.paint_map import MapLayer
from viewer.ui.canvas.paint_patches import paint_patches_on_plane
from viewer.ui.canvas.paint_path import paint_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.ui.canvas.fine_pictures import FinePictures
    from viewer.ui.canvas.shown import Shown
    from viewer.ui.canvas.tiles import Tile

    Between = Callable[[], None]

# Pictures of steps that are still to come; what they are called among all fine pictures.
MOST_AHEAD, AHEAD = 12, "ahead"


def image_of(pixels: NDArray[np.uint32]) -> QImage:
    """Return a QImage of its own from an array 0xFFRRGGBB, [row, column]."""
    return _image_over(pixels).copy()


def _image_over(pixels: NDArray[np.uint32]) -> QImage:
    """Return a QImage that shows an array and is good as long as that."""
    height, width = pixels.shape
    return QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)


@frozen(eq=False)
class _Held:
    """The last picture of a plane, and what it shows; `along` where that is one image as it was read.

    `pixels` are those that the image shows, where it has none of its own.
    """

    key: tuple[object, ...]
    growth: int
    along: bool
    coarse: bool
    image: QImage
    px_per_pixel: int
    pixels: NDArray[np.uint32] | None = None


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
        # Pixels of the picture before the last: those of the last are shown.
        self._spare: dict[PlaneName, NDArray[np.uint32]] = {}
        self._oblique = False
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
        self._spare.clear()
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

    def waiting(self, shown: Sequence[PlaneName]) -> list[PlaneName]:
        """Return which planes show fewer slices than there are by now, also of those that were not painted since."""
        return [plane for plane in shown if plane in self.behind or self._outgrown(plane)]

    def _outgrown(self, plane: PlaneName) -> bool:
        held, volume = self._pictures.get(plane), self._volume
        if held is None or held.along or volume is None or not volume.preview:
            return False
        return held.growth < reading(volume)

    def take_turn(self, shown: Sequence[PlaneName]) -> PlaneName | None:
        """Let the next of the planes that are behind follow; return the one whose turn it is."""
        waiting = self.waiting(shown)
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
            self._oblique = any(plane_runs(volume.grid, name) is None for name in PlaneName)
        key, one_slice, turned = self._key(volume, state, plane, width_px, height_px)
        slow = slow_at_rest(volume, state, plane, width_px, height_px)
        askew = turned or (self._oblique and not one_slice)
        coarse = moving and (slow or (askew and width_px * height_px > MOST_PX_MOVING_OBLIQUE))
        grown, along = growth(volume, state, plane), along_slices(volume, state, plane)
        held = self._pictures.get(plane)
        if held is not None and held.key == key and (coarse or not held.coarse):
            if held.growth == grown:
                return held.image, held.px_per_pixel
            if plane is not self.turn and not along:
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
            self._pictures[plane] = _Held(key, grown, along, False, image, px_ahead)
            return image, px_ahead
        if slow and not moving and self._fine is not None:
            # What is looked at now comes first.
            self._drop_ahead()
            self._ask_fine(self._fine, volume, state, plane, (width_px, height_px), (key, grown, self._volumes))
            if held is not None and (held.key, held.growth) == (key, grown):
                return held.image, held.px_per_pixel
            # One that shows fewer slices must not stay either: it would wait for a picture of them all in vain.
            coarse = True
        spare = self._spare.pop(plane, None)
        made = self._renderer.render(volume, state, plane, width_px, height_px, moving=coarse, into=spare)
        self.rendered.append(plane)
        image = _image_over(made.pixels)
        if held is not None and held.pixels is not None:
            self._spare[plane] = held.pixels
        self._pictures[plane] = _Held(key, grown, along, coarse, image, made.px_per_pixel, made.pixels)
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
            interpolation_of(volume, state),
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
        if made is None:
            # The coarse one has to do.
            self._pictures[plane] = evolve(held, coarse=False)
        else:
            self._pictures[plane] = _Held(held.key, held.growth, held.along, False, *made)

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
        if shown.covered:
            painter.save()
            painter.setClipRect(tile.area, Qt.ClipOperation.IntersectClip)
            paint_cover(painter, tile, shown, look.text)
            if look.decorated:
                paint_frame(painter, tile, shown, look, first=first, letters=False)
            painter.restore()
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
        if look.decorated:
            # A value is read in one piece: the path goes below it.
            paint_path(painter, shown, geometry, look.text)
        self._measured.paint(painter, tile, shown, geometry, look.text)
        painter.translate(-tile.area.topLeft())
        if look.decorated:
            paint_frame(painter, tile, shown, look, first=first, mm_per_px=geometry.mm_per_px)
        painter.restore()
