"""The widget of four linked views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QHideEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.domain.view_state import Layout, OverlayMode, ViewName
from viewer.scene.arrival import along_slices
from viewer.ui.canvas.beyond import Beyond
from viewer.ui.canvas.curved_hand import CurvedHand
from viewer.ui.canvas.fine_pictures import FinePictures
from viewer.ui.canvas.measuring_hand import MeasuringHand
from viewer.ui.canvas.mouse import Mouse, maximised
from viewer.ui.canvas.paint_plane import Look, PlanePainter
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.painting import paint_all, tiles_for
from viewer.ui.canvas.path_hand import PathHand
from viewer.ui.canvas.shown import Shown, shown_in
from viewer.ui.canvas.tiles import CanvasStyle, Density, Tile, Tool
from viewer.ui.canvas.view3d import STILL_AFTER_MS, Scene3DFactory, View3D
from viewer.ui.canvas.words_on_images import WordsField

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.ui.theme import Theme

REST_AFTER_MS = 5000
GROW_EVERY_MS = 50
NOT_BEYOND = "Measure left of the curtain, or side by side: right of it lies the other volume."
STAGE_HEIGHT_PX = 984  # 1080 less the bar below the stage


class Canvas(QWidget):
    """Paints the session's volume in the views of its layout, and moves the session's view by mouse and wheel.

    Signals
    -------
    pointer_moved
        (value in the volume's unit or None, LPS mm or None, ViewName or None) under the pointer; `pointed_at` is the
        volume there.
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
    aligned
        (PlaneName, mm to the right, mm downwards, angle clockwise) by which the second volume was moved in a plane.
    """

    pointer_moved = Signal(object, object, object)
    menu_requested = Signal(QPoint)
    gesture_started = Signal()
    active_changed = Signal(object)
    settings_changed = Signal()
    measured = Signal(object)
    measuring_refused = Signal(str)
    moved_by_hand = Signal(object, object)
    aligned = Signal(object, float, float, float)

    def __init__(
        self,
        session: Session,
        theme: Theme,
        scene_3d: Scene3DFactory | None,
        *,
        style: CanvasStyle = CanvasStyle.REVIEW,
        other: Session | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._theme = theme
        self.style_of_canvas = style
        self._fine = FinePictures(self)
        self._planes = PlanePainter(self._fine, works_ahead=True)
        self._fine.arrived.connect(lambda *_: self.update())
        self._view_3d = View3D(scene_3d, theme, self)
        self._view_3d.changed.connect(self._picture_came)
        self._pointer: QPointF | None = None
        self.pointed_at: Volume | None = None
        self._mouse = Mouse(session, style, self.gesture_started.emit, self.aligned.emit)
        begun, align = self.gesture_started.emit, self.aligned.emit
        self._beyond = Beyond(session, other, style, begun, align, self._fine) if other else None
        self._words = WordsField(self)
        self._words.given.connect(self.update)
        self._words.given_up.connect(self.update)
        self._hand = MeasuringHand(session, self._mouse, self.measured.emit, self.measuring_refused.emit, self._words)
        self.path_hand = PathHand(session, self._mouse, self.measuring_refused.emit)
        self._curved_hand = CurvedHand(session, self._mouse, self.gesture_started.emit)
        self._density = Density.FULL
        self._keys_here: bool | None = None
        self._active = ViewName.AXIAL
        self._reserved = (0.0, 0.0)
        self._before_single: tuple[Layout, ViewName] = (Layout.FOUR, ViewName.AXIAL)
        self._tiles: tuple[Tile, ...] = ()
        self._stage_scale: float | None = None
        self._motion = QTimer(self)
        self._motion.setSingleShot(True)
        self._motion.setInterval(STILL_AFTER_MS)
        self._motion.timeout.connect(self.update)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setProperty("own_focus", True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        # A hidden canvas gives its 3D memory back; not at once, because people switch to and fro.
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(REST_AFTER_MS)
        self._resting.timeout.connect(self._view_3d.rest)
        self._signals = (
            session.view_changed,
            session.findings_changed,
            session.truth_changed,
            session.matching_changed,
            session.decisions_changed,
            session.masked_changed,
            session.case_changed,
            session.workspace_changed,
            session.measurements_changed,
            session.measurement_in_hand_changed,
            session.overlays_changed,
        )
        for signal in self._signals:
            signal.connect(self._session_changed)
        session.volume_changed.connect(self._volume_changed)
        session.slices_in_changed.connect(self._slices_came)
        if other is not None:
            self._others_signals = (
                other.view_changed,
                other.volume_changed,
                other.findings_changed,
                other.measurements_changed,
            )
            for signal in self._others_signals:
                signal.connect(self._other_changed)
            other.slices_in_changed.connect(self._slices_came)
        self._coming_in = QTimer(self)
        self._coming_in.setSingleShot(True)
        self._coming_in.setInterval(GROW_EVERY_MS)
        self._coming_in.timeout.connect(self._next_turn)

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
        return self._mouse.tool

    @tool.setter
    def tool(self, tool: Tool) -> None:
        if tool is not self._mouse.tool:
            self._hand.cancel()
            self.path_hand.cancel()
            for mouse in self._mice:
                mouse.tool = tool
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

    @property
    def _mice(self) -> tuple[Mouse, ...]:
        return (self._mouse, self._beyond.mouse) if self._beyond is not None else (self._mouse,)

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
        for mouse in self._mice:
            mouse.style = style
        self.update()

    def tile(self, view: ViewName) -> Tile | None:
        """Return where a view stands now, or None where the layout leaves it out."""
        return next((tile for tile in self._placed() if tile.view is view), None)

    def toggle_maximised(self, view: ViewName) -> None:
        """Show one viewport alone, or all again."""
        state = self._session.view
        if state is None:
            return
        if state.layout is Layout.SINGLE:
            layout, main = self._before_single
            self._session.view = evolve(state, layout=layout, main=main)
        else:
            self._before_single = (state.layout, state.main)
            self._session.view = maximised(state, view)
        self.active = view

    def stop_measuring(self) -> bool:
        """Give up what is being drawn, else let go of what is in hand and of the tool; False where there is nothing."""
        if self._hand.cancel():
            self.update()
            return True
        if self.tool is Tool.PATH:
            self.tool = Tool.WINDOW
            return True
        measures, in_hand = self.tool.measures, self._session.measurement_in_hand is not None
        self._session.measurement_in_hand = None
        if measures:
            self.tool = Tool.WINDOW
        return measures or in_hand

    def stop_aligning(self) -> None:
        """Put away the tool by which one volume is laid on another."""
        if self.tool is Tool.ALIGN:
            self.tool = Tool.WINDOW

    def write_words(self) -> None:
        """Let the words of the text or arrow in hand be changed, where it is shown."""
        self._hand.write_in_hand(self._placed())
        self.update()

    def close_scene(self) -> None:
        """End the 3D thread and let go of pictures; to be called before the widget goes."""
        for signal in self._signals:
            signal.disconnect(self._session_changed, missing_ok=True)
        self._session.volume_changed.disconnect(self._volume_changed, missing_ok=True)
        self._session.slices_in_changed.disconnect(self._slices_came, missing_ok=True)
        if self._beyond is not None:
            for signal in self._others_signals:
                signal.disconnect(self._other_changed, missing_ok=True)
            self._beyond.session.slices_in_changed.disconnect(self._slices_came, missing_ok=True)
            self._beyond.planes.clear()
        self._coming_in.stop()
        self._motion.stop()
        self._resting.stop()
        self._view_3d.close()
        self._fine.close()
        self._planes.clear()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return a size to start with."""
        return QSize(1120, 720)

    # --- painting

    def _look(self) -> Look:
        stage = self.style_of_canvas is CanvasStyle.STAGE
        scale = 1.0
        if stage:
            scale = self._stage_scale if self._stage_scale else max(self.height() / STAGE_HEIGHT_PX, 0.35)
        handles = not stage and self.tool is Tool.CROSSHAIR
        text = TextLook(self._theme, stage=stage, scale=scale)
        return Look(
            text, self._density, self.active if self._keys_here is not False and not stage else None, handles=handles
        )

    def _placed(self, shown: Shown | None = None) -> tuple[Tile, ...]:
        shown = shown or shown_in(self._session)
        if shown is None:
            return ()
        size = (float(self.width()), float(self.height()))
        return tiles_for(shown, size, self.style_of_canvas, self._reserved)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw everything; what did not change is copied from the last picture."""
        # Ended in any case: a painter that is left behind by a fault takes the program with it.
        with QPainter(self) as painter:
            self._paint(painter, event)

    def _paint(self, painter: QPainter, event: QPaintEvent) -> None:
        shown = shown_in(self._session)
        if shown is None:
            painter.fillRect(self.rect(), self._theme.on_anatomy("viewport"))
            return
        view = self.path_hand.drawn(shown.view)
        shown = evolve(shown, view=view, measured=self._hand.drawn(), drawing_path=self.path_hand.drawing)
        self._tiles = self._placed(shown)
        ratio = self.devicePixelRatioF()
        three_d = next((tile for tile in self._tiles if tile.view is ViewName.THREE_D), None)
        if three_d is not None and not view.shows_curved:
            self._view_3d.show(shown, three_d, ratio)
        size = (float(self.width()), float(self.height()))
        paint_all(
            painter,
            size,
            self._tiles,
            shown,
            self._look(),
            self._planes,
            self._view_3d.picture,
            moving=self._motion.isActive(),
            dirty=event.region(),
            behind=self._beyond.behind if self._beyond is not None else None,
            alone=self._keys_here is None,
        )
        if any(planes.behind for planes in self._painters) and not self._coming_in.isActive():
            self._coming_in.start()

    def _session_changed(self, _new: Any, _old: Any) -> None:
        self._motion.start()
        self.update()
        # Keys and motions move the picture under a pointer that rests.
        if self._pointer is not None and self._dragging is None:
            self._tell(self._pointer)

    @property
    def _painters(self) -> tuple[PlanePainter, ...]:
        return (self._planes, self._beyond.planes) if self._beyond is not None else (self._planes,)

    def _other_changed(self, _new: Any, _old: Any) -> None:
        if self._beyond is not None and self._beyond.there:
            self._motion.start()
            self.update()
        elif self._beyond is not None and self._beyond.session.volume is None:
            self._beyond.planes.clear()

    def _volume_changed(self, new: object, _old: object) -> None:
        self._hand.cancel()
        self.path_hand.cancel()
        if new is None:
            self._planes.clear()
            self._view_3d.clear()
        self.update()

    def _slices_came(self, _new: int, _old: int) -> None:
        # Pictures of a growing volume are made anew now and then, not with every slice.
        if not self._coming_in.isActive():
            self._coming_in.start()

    def _next_turn(self) -> None:
        """Bring one more view up to date with the slices that came in, and those that wait for their one image."""
        shown = [tile.view.plane for tile in self._placed() if tile.view.plane is not None]
        turns = {painter.take_turn(shown) for painter in self._painters}
        volume, view = self._session.volume, self._session.view
        for tile in self._placed():
            plane = tile.view.plane
            own = plane is None or (volume is not None and view is not None and along_slices(volume, view, plane))
            if own or plane in turns:
                self.update(tile.area.toAlignedRect())

    def _picture_came(self) -> None:
        place = self.tile(ViewName.THREE_D)
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
        self._hand.cancel()
        self._resting.start()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw at the new size, first without hurry where it is large."""
        super().resizeEvent(event)
        self._motion.start()

    # --- mouse

    def _tile_at(self, place: QPointF) -> Tile | None:
        return next((tile for tile in self._placed() if tile.area.contains(place)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Begin a drag."""
        tile = self._tile_at(event.position())
        if event.button() == Qt.MouseButton.RightButton and self._hand.cancel():
            self.update()
        elif tile is not None and self._dragging is None and not self._waiting():
            self.active = tile.view
            left, place = event.button() == Qt.MouseButton.LeftButton and not self._hand.holding, event.position()
            beyond = self._beyond
            if left and beyond is not None and beyond.press(tile, place):
                return
            there = beyond is not None and beyond.covers(tile, place)
            if left and there and (self.tool.measures or self.tool is Tool.PATH):
                self.measuring_refused.emit(NOT_BEYOND)
                return
            if not there and (self.path_hand.press(tile, event) or self._curved_hand.press(tile, event)):
                self.update()
                return
            if left and not there and self._hand.press(tile, place, even=_even(event)):
                self.gesture_started.emit()
                self.update()
                return
            if not self._hand.holding:
                self._mouse_on(tile, place).press(tile, event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Go on with a drag, or tell what is under the pointer."""
        dragging = self._dragging
        if self._beyond is not None and self._beyond.drawing:
            self._beyond.move(event.position())
        elif dragging is not None:
            dragging.move(event)
        elif self.path_hand.move(event.position()) or self._curved_hand.move(event.position()):
            self.update()
        elif self._hand.move(event.position(), even=_even(event)):
            self.update()
        self._tell(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """End a drag, or ask for the menu."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.path_hand.release()
            self._hand.release(event.position())
            if self._beyond is not None:
                self._beyond.release()
            self.update()
        if self._curved_hand.holding and self._curved_hand.release():
            self.menu_requested.emit(event.globalPosition().toPoint())
        dragging = self._dragging
        if dragging is not None and dragging.release(event):
            self._hand.pick(self._tile_at(event.position()), event.position())
            self.menu_requested.emit(event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Show the viewport alone, or all again."""
        tile = self._tile_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and self._hand.write(tile, event.position()):
            self.update()
        elif self.tool.measures and tile is not None and tile.view.plane is not None:
            # Two quick clicks are two points.
            self.mousePressEvent(event)
        elif self.tool is Tool.PATH and tile is not None and tile.view.plane is not None:
            # The first of the two clicks was the last point.
            self.tool = Tool.WINDOW
        elif tile is not None and event.button() == Qt.MouseButton.LeftButton and not self._waiting():
            self.gesture_started.emit()
            self.toggle_maximised(tile.view)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 (Qt's name)
        """Scroll, zoom, or change the slab."""
        tile = self._tile_at(event.position())
        # What is being drawn belongs to the image that is shown.
        if tile is not None and not self._waiting() and not self._hand.drawing:
            self.active = tile.view
            self._pointer, before = event.position(), self._session.view
            if not self._curved_hand.wheel(tile, event):
                self._mouse_on(tile, event.position()).wheel(tile, event)
            if self._session.view is before:
                self._tell(event.position())
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """Open the menu for the menu key; a right click asks for it when it ends without a drag."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.menu_requested.emit(self.mapToGlobal(self.rect().center()))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Tell that the pointer is on nothing."""
        super().leaveEvent(event)
        self._pointer = None
        self.pointer_moved.emit(None, None, None)

    def _waiting(self) -> bool:
        return self._session.volume is None

    @property
    def _dragging(self) -> Mouse | None:
        return next((mouse for mouse in self._mice if mouse.dragging), None)

    def _mouse_on(self, tile: Tile | None, place: QPointF) -> Mouse:
        """Return what moves the view of the volume that is seen at a place."""
        beyond = self._beyond
        return beyond.mouse if beyond is not None and beyond.covers(tile, place) else self._mouse

    def _shape(self, tile: Tile | None, place: QPointF) -> Qt.CursorShape | None:
        """Return the pointer's shape where drawing, measuring or a straightened picture have a say in it."""
        hands = (self.path_hand, self._curved_hand, self._hand)
        return next((shape for hand in hands if (shape := hand.shape(tile, place)) is not None), None)

    def _tell(self, place: QPointF) -> None:
        self._pointer = place
        tile, mouse, beyond = self._tile_at(place), self._mouse_on(self._tile_at(place), place), self._beyond
        if self._dragging is None:
            shape = self._shape(tile, place) if mouse is self._mouse else None
            if beyond is not None and (beyond.drawing or beyond.grips(tile, place)):
                shape = Qt.CursorShape.SplitHCursor
            self.setCursor(mouse.shape(tile, place) if shape is None else shape)
        along = self._curved_hand.lps(tile, place)
        if along is not None and tile is not None and self._session.volume is not None:
            self.pointed_at = self._session.volume
            self.pointer_moved.emit(self.pointed_at.value_at(along), along, tile.view)
            return
        geometry = mouse.geometry_at(tile) if tile is not None else None
        volume = self.pointed_at = mouse.session.volume
        if tile is None or geometry is None or volume is None:
            self.pointer_moved.emit(None, None, tile.view if tile else None)
            return
        lps_mm = geometry.lps_from_screen(*tile.local(place))
        self.pointer_moved.emit(volume.value_at(lps_mm), lps_mm, tile.view)

    @property
    def overlay_shown(self) -> bool:
        """True while findings are drawn."""
        return self._session.view is not None and self._session.view.overlay is not OverlayMode.OFF


def _even(event: QMouseEvent) -> bool:
    """Return whether a region is to be drawn as wide as high."""
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
