"""The widget of four linked views as it is painted; what the mouse does stands in `canvas`."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import evolve
from PySide6.QtCore import QPoint, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.domain.view_state import ViewName
from viewer.ui.canvas.coming_in import ComingIn
from viewer.ui.canvas.fine_pictures import FinePictures
from viewer.ui.canvas.hands import Hands, Says
from viewer.ui.canvas.mouse import USUAL
from viewer.ui.canvas.paint_frame import Look
from viewer.ui.canvas.paint_plane import AHEAD, PlanePainter
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.painting import paint_all, paint_words_over
from viewer.ui.canvas.shown import Shown, looked_at, shown_in
from viewer.ui.canvas.tiles import CanvasStyle, Density, Tile, Tool, tiles
from viewer.ui.canvas.view3d import STILL_AFTER_MS, Scene3DFactory, View3D
from viewer.ui.canvas.words_on_images import WordsField
from viewer.ui.ringing import rings_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from psygnal import SignalInstance

    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.services.conventions import MouseConventions
    from viewer.ui.theme import Theme

REST_AFTER_MS = 5000
# Nobody reads quicker what lies under a resting pointer, and to tell it takes as long as half a picture.
TELL_AFTER_MS = 30
STAGE_HEIGHT_PX = 984  # 1080 less the bar below the stage


class PaintedCanvas(QWidget):
    """Paints the session's volume in the views of its layout.

    Signals
    -------
    pointer_moved
        (value in the volume's unit or None, LPS mm or None, ViewName or None) under the pointer; `pointed_at` is the
        volume there.
    image_painted
        An image of a volume that is still being read was painted.
    menu_requested
        Place on the screen of a right click.
    gesture_started
        The user took hold of the view: a running motion has to end.
    active_changed
        ViewName of the viewport that keys act on.
    settings_changed
        Tool or text density changed.
    measured
        A Measurement that was drawn or changed.
    measuring_refused
        The sentence that says why nothing is measured.
    moved_by_hand
        (ViewState before, ViewState after) of a drag that Back is to undo.
    place_clicked
        LPS mm of a plane that was clicked while looking, where no measurement is.
    aligned
        (PlaneName, mm to the right, mm downwards, angle clockwise) by which the second volume was moved in a plane.
    """

    pointer_moved = Signal(object, object, object)
    image_painted = Signal()
    menu_requested = Signal(QPoint)
    gesture_started = Signal()
    active_changed = Signal(object)
    settings_changed = Signal()
    measured = Signal(object)
    measuring_refused = Signal(str)
    moved_by_hand = Signal(object, object)
    place_clicked = Signal(object)
    aligned = Signal(object, float, float, float)

    def __init__(
        self,
        session: Session,
        theme: Theme,
        scene_3d: Scene3DFactory | None,
        *,
        style: CanvasStyle = CanvasStyle.REVIEW,
        other: Session | None = None,
        conventions: MouseConventions = USUAL,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._theme = theme
        self.style_of_canvas = style
        self._fine = FinePictures(self)
        self._planes = PlanePainter(self._fine, works_ahead=True)
        self._fine.arrived.connect(self._fine_came)
        self._view_3d = View3D(scene_3d, theme, self)
        self._view_3d.changed.connect(self._picture_came)
        self._pointer: QPointF | None = None
        self.zoom_of: Callable[[], Volume | None] = lambda: None
        self.pointed_at: Volume | None = None
        self.pointed_beyond = False
        words = WordsField(self)
        words.given.connect(self.update)
        words.given_up.connect(self.update)
        self.hands = Hands(session, other, style, Says.of(self), words, self._fine, conventions)
        self._density = Density.FULL
        self._keys_here: bool | None = None
        self._active = ViewName.AXIAL
        self._reserved = (0.0, 0.0)
        self._stage_scale: float | None = None
        self._motion = rings_once(self, self.update, STILL_AFTER_MS)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName("Images")
        self.setProperty("own_focus", True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        # A hidden canvas gives its 3D memory back; not at once, because people switch to and fro.
        self._resting = rings_once(self, self._view_3d.rest, REST_AFTER_MS)
        self._telling = rings_once(self, self._tell_again, TELL_AFTER_MS)
        beyond = self.hands.beyond
        painters = [self._planes] if beyond is None else [self._planes, beyond.planes]
        self._coming_in = ComingIn(self, session, painters, self._placed)
        self._wires: list[tuple[SignalInstance, Callable[..., Any]]] = [
            *((signal, self._session_changed) for signal in looked_at(session)),
            (session.volume_changed, self._volume_changed),
            (session.slices_in_changed, self._coming_in.soon),
            (session.patches_changed, self._patches_changed),
        ]
        if other is not None:
            self._wires += [
                *((signal, self._other_changed) for signal in looked_at(other)),
                (other.volume_changed, self._other_changed),
                (other.slices_in_changed, self._coming_in.soon),
            ]
        for signal, slot in self._wires:
            signal.connect(slot)

    # --- what others set and ask

    @property
    def session(self) -> Session:
        """The session whose volume is painted."""
        return self._session

    @property
    def theme(self) -> Theme:
        """The colours that it is drawn in."""
        return self._theme

    @property
    def planes(self) -> PlanePainter:
        """What paints the planes."""
        return self._planes

    @property
    def view_3d(self) -> View3D:
        """What draws 3D."""
        return self._view_3d

    @property
    def stage_scale(self) -> float:
        """By how much a stage of this height is larger than one of 1080 pixels."""
        return self._stage_scale if self._stage_scale else max(self.height() / STAGE_HEIGHT_PX, 0.35)

    @property
    def active(self) -> ViewName:
        """The viewport that keys act on: the one used last, or the one that is shown alone."""
        shown = [tile.view for tile in self._placed()]
        return self._active if self._active in shown or not shown else shown[0]

    @active.setter
    def active(self, view: ViewName) -> None:
        if view is not self._active:
            self._active = view
            self.active_changed.emit(view)
            self.update()

    @property
    def tool(self) -> Tool:
        """What dragging with the left button does on a plane."""
        return self.hands.tool

    @tool.setter
    def tool(self, tool: Tool) -> None:
        if tool is not self.hands.tool:
            self.hands.tool = tool
            self.settings_changed.emit()
            self.update()

    @property
    def density(self) -> Density:
        """How much text stands in the corners."""
        return self._density

    @density.setter
    def density(self, density: Density) -> None:
        if density is not self._density:
            self._density = density
            self.settings_changed.emit()
            self.update()

    @property
    def keys_here(self) -> bool | None:
        """Whether keys act on this canvas or on the other one beside it; None where it stands alone."""
        return self._keys_here

    @keys_here.setter
    def keys_here(self, here: bool | None) -> None:
        if here is not self._keys_here:
            self._keys_here = here
            self.update()

    def set_reserved(self, side: str, width_px: float) -> None:
        """Keep the large view's picture and letters clear of something that lies at its "left" or "right"."""
        reserved = (width_px, 0.0) if side == "left" else (0.0, width_px)
        if reserved != self._reserved:
            self._reserved = reserved
            self.update()

    def set_stage_scale(self, scale: float | None) -> None:
        """Scale the stage's type, lines and gaps; None: by the canvas's own height."""
        self._stage_scale = scale
        self.update()

    def set_style(self, style: CanvasStyle) -> None:
        """Draw for a reader or for an audience from now on; the same canvas can serve both."""
        self.style_of_canvas = style
        self.hands.set_style(style)
        self.update()

    def tile(self, view: ViewName) -> Tile | None:
        """Return where a view stands now, or None where the layout leaves it out."""
        return next((tile for tile in self._placed() if tile.view is view), None)

    def close_scene(self) -> None:
        """End the 3D thread and let go of pictures; to be called before the widget goes."""
        for signal, slot in self._wires:
            signal.disconnect(slot, missing_ok=True)
        if self.hands.beyond is not None:
            self.hands.beyond.planes.clear()
        self._coming_in.stop()
        self._motion.stop()
        self._telling.stop()
        self._resting.stop()
        self._view_3d.close()
        self._fine.close()
        self._planes.clear()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return a size to start with."""
        return QSize(1120, 720)

    # --- painting

    def paint_words_over(self, painter: QPainter) -> None:
        """Draw letters, corner text and values once more, for what lies over the canvas and would cross them out."""
        shown = self.shown
        if shown is not None:
            behind = self.hands.beyond.behind if self.hands.beyond is not None else None
            paint_words_over(painter, self._placed(), shown, self._look(), behind)

    def _look(self) -> Look:
        stage = self.style_of_canvas is CanvasStyle.STAGE
        scale = self.stage_scale if stage else 1.0
        handles = not stage and self.tool is Tool.CROSSHAIR
        text = TextLook(self._theme, stage=stage, scale=scale)
        return Look(
            text, self._density, self.active if self._keys_here is not False and not stage else None, handles=handles
        )

    def _placed(self) -> tuple[Tile, ...]:
        state = self._session.view
        return () if self._session.volume is None or state is None else self._tiles_of(state)

    def _tiles_of(self, view: ViewState) -> tuple[Tile, ...]:
        size = (float(self.width()), float(self.height()))
        return tiles(view.layout, view.main, size, style=self.style_of_canvas, reserved=self._reserved)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw everything; what did not change is copied from the last picture."""
        # Ended in any case: a painter that a fault leaves behind takes the program with it, and so does a fault that
        # goes on through Qt's own painting of the widgets around.
        with QPainter(self) as painter:
            try:
                self._paint(painter, event)
            except Exception as error:  # noqa: BLE001 (told by whoever tells of what nobody caught)
                QTimer.singleShot(0, partial(sys.excepthook, type(error), error, error.__traceback__))

    @property
    def shown(self) -> Shown | None:
        """What is painted now, with what is being drawn; None where nothing is open."""
        shown = shown_in(self._session)
        return None if shown is None else self.hands.drawn(evolve(shown, zoom_of=self.zoom_of()))

    def _paint(self, painter: QPainter, event: QPaintEvent) -> None:
        shown = self.shown
        if shown is None:
            painter.fillRect(self.rect(), self._theme.on_anatomy("viewport"))
            return
        placed = self._placed()
        ratio = self.devicePixelRatioF()
        three_d = next((tile for tile in placed if tile.view is ViewName.THREE_D), None)
        if three_d is not None and not shown.view.shows_curved:
            self._view_3d.show(shown, three_d, ratio)
        size = (float(self.width()), float(self.height()))
        paint_all(
            painter,
            size,
            placed,
            shown,
            self._look(),
            self._planes,
            self._view_3d.picture,
            moving=self._motion.isActive(),
            dirty=event.region(),
            behind=self.hands.beyond.behind if self.hands.beyond is not None else None,
            alone=self._keys_here is None,
        )
        self._coming_in.painted()
        if shown.volume.preview:
            self.image_painted.emit()

    def _session_changed(self, _new: Any, _old: Any) -> None:
        self._motion.start()
        self.update()
        # Wheel, keys and motions move the picture under a pointer that rests.
        if self._pointer is not None and not self._telling.isActive():
            self._telling.start()

    def _patches_changed(self, _new: object, _old: object) -> None:
        # Nothing moves: pictures stay as they are, and only what lies over them is drawn anew.
        self.update()

    def _other_changed(self, _new: Any, _old: Any) -> None:
        if self.hands.beyond is not None and self.hands.beyond.there:
            self._motion.start()
            self.update()
        elif self.hands.beyond is not None and self.hands.beyond.session.volume is None:
            self.hands.beyond.planes.clear()

    def _volume_changed(self, new: object, _old: object) -> None:
        self.hands.cancel()
        if new is None:
            self._planes.clear()
            self._view_3d.clear()
        self.update()

    def _fine_came(self, slot: tuple[Any, ...], _key: object, _made: object) -> None:
        if slot[1] != AHEAD:
            self._picture_came(ViewName(slot[1]))

    def _picture_came(self, view: ViewName = ViewName.THREE_D) -> None:
        place = self.tile(view)
        if place is not None:
            self.update(place.area.toAlignedRect())

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """Go on drawing 3D."""
        super().showEvent(event)
        self._resting.stop()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 (Qt's name)
        """Give the 3D memory back if nobody returns soon."""
        super().hideEvent(event)
        self._pointer = None
        self.hands.cancel_measuring()
        self._resting.start()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw at the new size, first without hurry where it is large."""
        super().resizeEvent(event)
        self._motion.start()

    def _tile_at(self, place: QPointF) -> Tile | None:
        return next((tile for tile in self._placed() if tile.area.contains(place)), None)

    def _tell_again(self) -> None:
        if self._pointer is not None and not self.hands.dragging:
            self._tell(self._pointer, moved=False)

    def _tell(self, place: QPointF, *, moved: bool = True) -> None:
        self._pointer = place
        tile, now = self._tile_at(place), self.cursor().shape()
        # One that is hidden, as on stage, shows with the next move alone.
        free = not self.hands.dragging and (moved or now is not Qt.CursorShape.BlankCursor)
        if free and (shape := self.hands.shape(tile, place)) is not now:
            self.setCursor(shape)
        if self.hands.point_at(tile, place):
            self.update()
        pointed = self.hands.pointed(tile, place)
        self.pointed_at, self.pointed_beyond = pointed.volume, pointed.beyond
        self.pointer_moved.emit(pointed.value, pointed.lps_mm, pointed.view)
