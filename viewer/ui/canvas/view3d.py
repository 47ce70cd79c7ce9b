"""The 3D view: asks the scene's thread for pictures and keeps the latest.

They are coarse while something moves; when all is still, a picture of a quarter of the rays or less comes first, then
the fine one, and in a while the finest.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol
from weakref import ref

from attrs import evolve, frozen
from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter

from viewer.domain.finding import Localisation
from viewer.domain.geometry import PlaneName
from viewer.domain.overlay_look import look_of
from viewer.domain.view_state import Camera, OverlayMode
from viewer.scene.clips import clips
from viewer.scene.presets_3d import fitting_preset, preset_3d
from viewer.scene.quality import Quality
from viewer.scene.values_look import values_shown
from viewer.scene.volume_scene import FindingSurface, Picture3D, PlanesShown, VolumeScene
from viewer.ui.canvas.cover import COVERED
from viewer.ui.canvas.paint_frame import Look, paint_frame
from viewer.ui.canvas.paint_overlay import paint_points_in_3d
from viewer.ui.canvas.paint_patches import paint_patches_in_3d
from viewer.ui.canvas.paint_plane import image_of
from viewer.ui.canvas.paint_text import paint_sentence
from viewer.ui.marks import line_of
from viewer.ui.ringing import rings_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.volume import Volume
    from viewer.scene.opengl_probe import Unavailable3D
    from viewer.ui.canvas.shown import Shown
    from viewer.ui.canvas.tiles import Tile
    from viewer.ui.theme import Theme

STILL_AFTER_MS = 150
SETTLE_AFTER_MS = 60
# Both cores work for the finest picture; where the fine one has taken longer than this, it would for too long.
FINEST_AFTER_MS, FINEST_IF_S = 400, 1.2
# A first picture that comes sooner is not announced.
SAID_AFTER_MS = 1000
# A driver that hangs answers nothing any more. What is made before the first picture of a look may take its time.
SILENT_AFTER_MS, FIRST_SILENT_AFTER_MS = 4000, 30_000
AHEAD_PX = 32
PREPARING = "Preparing 3D"
SILENT = "3D does not answer: the graphics driver may hang. The planes do not need it."
UNSELECTED_OPACITY = 0.85
BOX_OPACITY = 0.3
SECOND_OPACITY = 0.45


class Drawing3D(Protocol):
    """What the canvas needs of scene.volume3d.Scene3D."""

    @property
    def unavailable(self) -> Unavailable3D | None:
        """Why there is no 3D."""

    def request(self, scene: VolumeScene, quality: Quality = ...) -> int:
        """Ask for a picture."""

    def draw_aside(self, scene: VolumeScene, then: Callable[[Picture3D | None], None]) -> None:
        """Ask for a picture that is none of those on show."""

    def close(self) -> None:
        """End the thread."""


class Scene3DFactory(Protocol):
    """Makes the drawing thread; scene.volume3d.Scene3D itself is one."""

    def __call__(
        self, on_picture: Callable[[Picture3D], None], on_unavailable: Callable[[Unavailable3D], None]
    ) -> Drawing3D:
        """Return it, not yet started."""


@frozen(eq=False)
class Picture:
    """What is at hand for the 3D tile: a picture, what it shows where not what was asked, from where; or a sentence."""

    image: QImage | None = None
    sentence: str = ""
    drawn: str = ""
    camera: Camera | None = None


def surfaces(shown: Shown, theme: Theme) -> tuple[FindingSurface, ...]:
    """Return the findings as 3D draws them: the selected one in the accent, the others in their state's colour."""
    if shown.view.overlay is OverlayMode.OFF:
        return ()
    made = []
    for drawn in shown.drawn:
        if drawn.finding.mask is None:
            continue
        role = line_of(drawn.mark, selected=True).role if drawn.selected else drawn.mark.role
        chosen = look_of(shown.view.label_looks, drawn.finding.label_key).colour
        colour = QColor(chosen) if chosen and not drawn.selected else theme.on_anatomy(role)
        rgb = (colour.redF(), colour.greenF(), colour.blueF())
        opacity = 1.0 if drawn.selected else UNSELECTED_OPACITY
        if drawn.finding.localisation is Localisation.BOX:
            # What lies in a box is to be seen.
            opacity *= BOX_OPACITY
        if drawn.second:
            # In 3D there are no dashes.
            opacity *= SECOND_OPACITY
        made.append(FindingSurface(drawn.finding.mask, rgb, opacity, drawn.selected))
    return tuple(made)


def label_surfaces(shown: Shown) -> tuple[FindingSurface, ...]:
    """Return the labels of a segmentation as solids, in their colours; none unless the view asks for them."""
    if not shown.view.labels_3d or shown.view.overlay is OverlayMode.OFF:
        return ()
    made = []
    for label in shown.labels:
        colour = QColor(look_of(shown.view.label_looks, label.key).colour or label.colour)
        rgb = (colour.redF(), colour.greenF(), colour.blueF())
        made.append(FindingSurface(label.mask, rgb, label=True))
    return tuple(made)


def _made_of(scene: VolumeScene) -> set[object]:
    """Return what has to be made before a scene can be drawn."""
    return {(scene.preset, scene.table), *(id(surface.mask) for surface in scene.surfaces)}


def volume_scene(shown: Shown, tile: Tile, theme: Theme, ratio: float) -> VolumeScene:
    """Return what is to be drawn on a tile, in device pixels."""
    of_values = preset_3d(fitting_preset(shown.volume, shown.view.preset_3d)).of_values
    return VolumeScene(
        shown.volume,
        tile.shifted(shown.volume, shown.view).camera,
        max(round(tile.area.width() * ratio), 1),
        max(round(tile.area.height() * ratio), 1),
        shown.view.preset_3d,
        (*surfaces(shown, theme), *label_surfaces(shown)),
        masked=shown.masked,
        table=shown.view.table_3d,
        clips=clips(shown.volume, shown.view),
        planes=_planes(shown, theme) if shown.view.planes_3d and not shown.veiled else None,
        values=values_shown(shown.volume, shown.view) if of_values else None,
    )


def _planes(shown: Shown, theme: Theme) -> PlanesShown:
    view = shown.view
    colours = [theme.on_anatomy(plane.value) for plane in PlaneName]
    rgb = tuple((colour.redF(), colour.greenF(), colour.blueF()) for colour in colours)
    turned = tuple(view.plane(plane).turned for plane in PlaneName)
    return PlanesShown(
        view.cursor_lps_mm, view.window_centre, view.window_width, view.invert, rgb, turned, view.acquired, view.lut
    )


def _look_of(scene: VolumeScene) -> tuple[object, ...]:
    return (scene.preset, scene.surfaces, scene.masked, scene.table, scene.clips, scene.planes, scene.values)


def paint_3d(painter: QPainter, tile: Tile, shown: Shown, look: Look, picture: Picture) -> None:
    """Draw the 3D tile."""
    painter.save()
    painter.setClipRect(tile.area)
    if shown.covered:
        picture = Picture(sentence=COVERED)
    if picture.image is not None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(tile.area, picture.image, QRectF(picture.image.rect()))
    elif picture.sentence:
        paint_sentence(painter, tile.free, picture.sentence, look.text)
    # A slow machine's picture may be of a moment ago, and what is drawn over it has to be right for it.
    camera = tile.shifted(shown.volume, shown.view).camera if picture.camera is None else picture.camera
    if picture.image is not None:
        if shown.patches is not None:
            paint_patches_in_3d(painter, shown.patches, camera, tile.area, look.text)
        paint_points_in_3d(painter, shown, camera, tile.area, look.text)
    if look.decorated:
        shown = evolve(shown, drawn_3d=picture.drawn, view=evolve(shown.view, camera=camera))
        # Over a sentence they would only make it hard to read.
        letters = picture.image is not None or not picture.sentence
        paint_frame(painter, tile, shown, look, first=False, letters=letters)
    painter.restore()


class View3D(QObject):
    """The latest 3D picture of what is shown; `changed` is emitted when there is a new one.

    The thread starts with the first request. `close` ends it, and has to be called before the widget goes.
    """

    changed = Signal()
    _aside = Signal(object, object)
    _arrived = Signal(object)
    _gave_up = Signal(object)

    def __init__(self, factory: Scene3DFactory | None, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._factory = factory
        self._theme = theme
        self._drawing: Drawing3D | None = None
        self._wanted: VolumeScene | None = None
        self._asked: tuple[object, ...] = ()
        self._image: QImage | None = None
        # Weakly: the last picture stays where its volume may go.
        self._image_of: Callable[[], Volume | None] = lambda: None
        self._drawn = ""
        self._camera: Camera | None = None
        self._image_masked = True
        self._sentence = "" if factory else "3D is switched off."
        self._closed = False
        self._arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._aside.connect(lambda then, made: then(made), Qt.ConnectionType.QueuedConnection)
        self._gave_up.connect(self._explain, Qt.ConnectionType.QueuedConnection)
        self._still = rings_once(self, self._ask_still, SETTLE_AFTER_MS)
        self._finest = rings_once(self, self._ask_finest, FINEST_AFTER_MS)
        self._late = rings_once(self, self._say_preparing, SAID_AFTER_MS)
        self._newest = self._last = 0
        self._silent = rings_once(self, self._say_silent)

    @property
    def awaited(self) -> bool:
        """True where 3D was asked for, and its first picture is still to come."""
        return self._wanted is not None and self._image is None and (not self._sentence or self._says_preparing)

    @property
    def working(self) -> bool:
        """True while another picture than the last is being drawn, or will soon be."""
        drawn = self._drawing is not None and self._drawing.unavailable is None
        soon = self._still.isActive() or self._finest.isActive()
        return drawn and self._wanted is not None and (soon or self._last < self._newest)

    @property
    def _says_preparing(self) -> bool:
        return self._sentence == PREPARING

    @property
    def picture(self) -> Picture:
        """What to draw now."""
        if self._image is None:
            return Picture(None, self._sentence)
        return Picture(self._image, self._sentence, self._drawn, self._camera)

    @property
    def shows_no_face(self) -> bool:
        """True where identity was hidden when the picture was drawn, so that no face can be in it."""
        return self._image is None or self._image_masked

    def show(self, shown: Shown, tile: Tile, ratio: float) -> None:
        """Ask for what is shown, if it differs from what was asked last: coarse now, fine when all is still."""
        if self._factory is None or self._closed or shown.volume.preview:
            return
        if shown.covered:
            self.clear()
            return
        scene = volume_scene(shown, tile, self._theme, ratio)
        asked = (id(scene.volume), scene.camera, scene.width_px, scene.height_px, *_look_of(scene))
        if asked == self._asked:
            return
        if self._image_of() is not scene.volume:
            self._image = None
        if scene.masked and not self._image_masked:
            # The last picture may show a face.
            self._image = None
        first, before = self._image is None, self._wanted
        made_anew = before is None or _made_of(scene) - _made_of(before)
        self._asked, self._wanted = asked, scene
        self._finest.stop()
        if self._drawing is None:
            self._drawing = self._factory(self._arrived.emit, self._gave_up.emit)
        if first and not self._sentence:
            self._late.start()
        self._request(scene, Quality.MOVING)
        self._listen(FIRST_SILENT_AFTER_MS if first or made_anew else SILENT_AFTER_MS)
        self._still.start()

    def _request(self, scene: VolumeScene, quality: Quality) -> None:
        if self._drawing is not None:
            self._newest = self._drawing.request(scene, quality)

    def _listen(self, at_most_ms: int) -> None:
        """Wait for a picture, at most for so long from the first one on that is awaited."""
        if not self._silent.isActive() or self._silent.remainingTime() > at_most_ms:
            self._silent.start(at_most_ms)

    def make_ahead(self, shown: Shown, tile: Tile, ratio: float) -> None:
        """Have 3D that is not shown yet made ready: what is drawn is small, and only what it takes is kept."""
        if self._factory is None or self._closed or shown.volume.preview or self._wanted is not None:
            return
        whole = volume_scene(shown, tile, self._theme, ratio)
        if self._drawing is None:
            self._drawing = self._factory(self._arrived.emit, self._gave_up.emit)
        self._drawing.request(evolve(whole, width_px=AHEAD_PX, height_px=AHEAD_PX), Quality.MOVING)

    def draw_aside(self, scene: VolumeScene, then: Callable[[Picture3D | None], None]) -> bool:
        """Have a picture drawn that is not for this view, and call `then` with it here; False where it cannot be.

        On macOS it cannot: 3D is drawn in the main thread there, which would hold up what is on show.
        """
        if self._factory is None or self._closed or sys.platform == "darwin":
            return False
        if self._drawing is None:
            self._drawing = self._factory(self._arrived.emit, self._gave_up.emit)
        self._drawing.draw_aside(scene, lambda picture: self._aside.emit(then, picture))
        return True

    def outlive(self) -> None:
        """Draw anew after the computer slept; the last picture stays until the new one is there."""
        outlive = getattr(self._drawing, "outlive", None)
        if outlive is not None:
            outlive()
        # Nobody answers while the computer sleeps.
        self._silent.stop()
        if self._sentence == SILENT:
            self._sentence = ""
        self._asked = ()

    def clear(self) -> None:
        """Let go of the picture and of the volume."""
        for timer in (self._still, self._finest, self._silent):
            timer.stop()
        self._wanted, self._asked, self._image = None, (), None

    def rest(self) -> None:
        """End the thread and free its memory; the last picture stays, and the next request starts a new thread."""
        for timer in (self._still, self._finest, self._silent):
            timer.stop()
        if self._drawing is not None and self._drawing.unavailable is None:
            self._drawing.close()
            self._drawing = None
        self._wanted, self._asked, self._last = None, (), 0

    def close(self) -> None:
        """End the thread; nothing is drawn afterwards."""
        self._closed = True
        self._still.stop()
        if self._drawing is not None:
            self._drawing.close()
            self._drawing = None
        self.clear()

    def _say_preparing(self) -> None:
        if self.awaited:
            self._sentence = PREPARING
            self.changed.emit()

    def _say_silent(self) -> None:
        if self._sentence in ("", PREPARING):
            # An older picture would be taken for what the step, or the hand, asks for now.
            self._image, self._sentence = None, SILENT
            self.changed.emit()

    def _ask_still(self) -> None:
        if self._wanted is not None:
            self._request(self._wanted, Quality.SETTLING)

    def _ask_finest(self) -> None:
        if self._wanted is not None:
            self._request(self._wanted, Quality.FINEST)

    def _take(self, picture: Picture3D) -> None:
        if self._closed or self._wanted is None:
            return
        if self._wanted.masked and not picture.masked:
            return
        if picture.volume is not None and picture.volume is not self._wanted.volume:
            # It was being drawn when another volume came; the thread goes on with that one.
            self._silent.start(FIRST_SILENT_AFTER_MS)
            return
        self._image_of = ref(self._wanted.volume)
        self._image, self._drawn, self._camera = image_of(picture.pixels), picture.drawn, picture.camera
        self._image_masked = picture.masked
        self._sentence = ""
        self._silent.stop()
        self._last = picture.generation
        if picture.generation < self._newest:
            self._listen(FIRST_SILENT_AFTER_MS)
        self.changed.emit()
        if picture.quality is Quality.SETTLING and not self._still.isActive():
            self._request(self._wanted, Quality.STILL if picture.whole else Quality.SETTLING)
        elif picture.finer and picture.generation == self._newest and picture.seconds <= FINEST_IF_S:
            self._finest.start()

    def _explain(self, why: Unavailable3D) -> None:
        self._silent.stop()
        self._sentence = f"{why.sentence}\n{why.hint}".strip()
        self._image = None
        self.changed.emit()
