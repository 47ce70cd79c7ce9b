"""Mouse and wheel on the canvas: from events to moves of the session's view."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import QPointF, Qt

from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import Layout, ViewName, ViewState
from viewer.scene.acquired import shown_axes
from viewer.scene.camera import panned, turned, zoomed
from viewer.scene.plane_geometry import CROSSING_PLANES
from viewer.scene.turned_planes import turned_about
from viewer.services.conventions import MouseConventions
from viewer.ui.canvas.moves import (
    ZOOM_PER_NOTCH,
    ZOOM_PER_PX,
    angle_turned,
    cursor_dragged,
    panned_plane,
    scrolled,
    settled_window,
    thicker,
    windowed,
    zoomed_plane,
)
from viewer.ui.canvas.paint_crosshair import handle_places
from viewer.ui.canvas.tiles import CanvasStyle, Tile, Tool

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QWheelEvent

    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.scene.plane_geometry import ViewportGeometry

GRIP_PX = 6.0
# Dragging through images goes on by one for so many pixels.
PX_PER_IMAGE = 8.0
HANDLE_GRIP_PX = 10.0
CLICK_PX = 4.0
NOTCH = 120
USUAL = MouseConventions()


class Drag(Enum):
    """What a press has begun."""

    WINDOW = "window"
    PAN = "pan"
    ZOOM = "zoom"
    CURSOR = "cursor"
    TURN = "turn"
    TURN_PLANES = "turn planes"
    IMAGES = "images"
    ALIGN = "align"


_OF_TOOL = {Tool.WINDOW: Drag.WINDOW, Tool.PAN: Drag.PAN, Tool.ZOOM: Drag.ZOOM, Tool.CROSSHAIR: Drag.CURSOR}
_TOUCHES_NOTHING = frozenset({Tool.WINDOW, Tool.PAN, Tool.ZOOM})
# Of two volumes: by how many mm to the right and downwards in a plane, and by which angle clockwise, one is moved.
Align = Callable[[PlaneName, float, float, float], None]


class Mouse:
    """Follows one press from button down to up, and counts wheel notches.

    Touches `session.view` alone. `begun` is called when the user takes hold of the view, `align` where one of two
    volumes is shifted or turned against the other.
    """

    def __init__(
        self,
        session: Session,
        style: CanvasStyle,
        begun: Callable[[], None],
        align: Align | None = None,
        conventions: MouseConventions = USUAL,
    ) -> None:
        self._session, self._conventions = session, conventions
        self.style = style
        self._begun = begun
        self._align = align
        self.tool = Tool.WINDOW
        self._drag: Drag | None = None
        self._tile: Tile | None = None
        self._pressed = QPointF()
        self._last = QPointF()
        self._lines = (False, False)
        self._before_turn: ViewState | None = None
        self._moved = self._by_left = False
        self._notches = 0.0
        self._images = 0

    @property
    def session(self) -> Session:
        """The session whose view is moved."""
        return self._session

    @property
    def dragging(self) -> bool:
        """True while a button is held."""
        return self._drag is not None

    @property
    def turns_from(self) -> ViewState | None:
        """The view from which planes are being turned; None while none are."""
        return self._before_turn if self._drag is Drag.TURN_PLANES else None

    @property
    def only_clicks(self) -> bool:
        """True while the left button is held and has not moved, with a tool of which a click does nothing itself."""
        return self._drag is not None and self._by_left and not self._moved and self.tool in _TOUCHES_NOTHING

    def press(self, tile: Tile, event: QMouseEvent) -> None:
        """Begin a drag on a tile."""
        place = event.position()
        button = event.button()
        if button not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton):
            return
        # A running motion ends first: what follows starts from where it has led.
        self._begun()
        self._tile, self._pressed, self._last, self._moved = tile, place, place, False
        self._by_left = button == Qt.MouseButton.LeftButton
        if self._by_left:
            self._drag = self._left(tile, place)
        else:
            self._drag = self._other_button(tile, middle=button == Qt.MouseButton.MiddleButton)
            self._images = 0

    def _other_button(self, tile: Tile, *, middle: bool) -> Drag:
        drag = Drag((self._conventions.middle if middle else self._conventions.right).value)
        if tile.view is ViewName.THREE_D and drag not in (Drag.PAN, Drag.ZOOM):
            return Drag.PAN if middle else Drag.ZOOM
        return drag

    def _left(self, tile: Tile, place: QPointF) -> Drag:
        if tile.view is ViewName.THREE_D:
            return {Tool.PAN: Drag.PAN, Tool.ZOOM: Drag.ZOOM}.get(self.tool, Drag.TURN)
        if self.tool is Tool.ALIGN and self._align is not None:
            return Drag.ALIGN
        if self.handle_under(tile, place):
            self._before_turn = self._session.view
            return Drag.TURN_PLANES
        self._lines = self.lines_under(tile, place)
        if any(self._lines):
            return Drag.CURSOR
        if self.tool is Tool.CROSSHAIR:
            self._lines = (True, True)
            self._set_cursor(tile, place)
        # Measuring is not this class's; in 3D and where nothing can be measured its tools change the window.
        return _OF_TOOL.get(self.tool, Drag.WINDOW)

    def move(self, event: QMouseEvent) -> None:
        """Go on with the drag."""
        view, volume, tile = self._session.view, self._session.volume, self._tile
        if self._drag is None or view is None or volume is None or tile is None:
            return
        place = event.position()
        if not self._moved and (place - self._pressed).manhattanLength() < CLICK_PX:
            return
        self._moved = True
        step, self._last = place - self._last, place
        if tile.view is ViewName.THREE_D:
            self._session.view = self._moved_3d(view, tile, step)
            return
        plane = tile.view.plane
        assert plane is not None
        geometry = tile.geometry(volume, view, plane)
        if self._drag is Drag.WINDOW:
            ways = self._conventions
            dx, dy = (-step.x() if ways.narrower else step.x()), (-step.y() if ways.darker else step.y())
            self._session.view = windowed(volume, view, dx, dy)
        elif self._drag is Drag.IMAGES:
            self._drag_images(volume, view, plane, place)
        elif self._drag is Drag.PAN:
            self._session.view = panned_plane(view, geometry, step.x(), step.y())
        elif self._drag is Drag.ZOOM:
            factor = 2.0 ** (-step.y() * ZOOM_PER_PX * 1.5)
            self._session.view = zoomed_plane(view, geometry, factor, tile.local(self._pressed))
        elif self._drag is Drag.ALIGN and self._align is not None:
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                angle = angle_turned(geometry, tile.local(place - step), tile.local(place))
                self._align(plane, 0.0, 0.0, angle)
            else:
                self._align(plane, step.x() * geometry.mm_per_px, step.y() * geometry.mm_per_px, 0.0)
        elif self._drag is Drag.TURN_PLANES and self._before_turn is not None:
            steps = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            angle = angle_turned(geometry, tile.local(self._pressed), tile.local(place), whole_steps=steps)
            self._session.view = turned_about(self._before_turn, plane, angle)
        elif self._drag is Drag.CURSOR:
            across, down = self._lines
            self._session.view = cursor_dragged(volume, view, geometry, tile.local(place), across=across, down=down)

    def _moved_3d(self, view: ViewState, tile: Tile, step: QPointF) -> ViewState:
        camera = view.camera
        if self._drag is Drag.TURN:
            camera = turned(camera, step.x(), step.y())
        elif self._drag is Drag.PAN:
            camera = panned(camera, step.x(), step.y(), round(tile.area.height() / tile.wider))
        else:
            camera = zoomed(camera, 2.0 ** (-step.y() * ZOOM_PER_PX * 1.5))
        return evolve(view, camera=camera)

    def release(self, event: QMouseEvent) -> bool:
        """End the drag; return True where it was a right click that asks for the menu."""
        wants_menu = event.button() == Qt.MouseButton.RightButton and self._drag is not None and not self._moved
        view, volume = self._session.view, self._session.volume
        if self._drag is Drag.WINDOW and self._moved and view is not None and volume is not None:
            self._session.view = settled_window(volume, view)
        self._drag = None
        return wants_menu

    def wheel(self, tile: Tile, event: QWheelEvent) -> None:
        """Scroll images, zoom with Ctrl, change the slab with Shift; zoom in 3D."""
        turned_by = event.angleDelta().y() or event.angleDelta().x()
        modifiers = event.modifiers()
        plane = tile.view.plane
        zooms = plane is None or bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        notches = 0 if zooms else self._whole_notches(turned_by)
        if not zooms and not notches:
            return
        self._begun()
        view, volume = self._session.view, self._session.volume
        if view is None or volume is None:
            return
        factor = ZOOM_PER_NOTCH ** (turned_by / NOTCH)
        if plane is None:
            self._session.view = evolve(view, camera=zoomed(view.camera, factor))
        elif zooms:
            geometry = tile.geometry(volume, view, plane)
            self._session.view = zoomed_plane(view, geometry, factor, tile.local(event.position()))
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._session.view = thicker(view, notches)
        else:
            self._session.view = scrolled(volume, view, plane, notches if self._conventions.towards_head else -notches)

    def _drag_images(self, volume: Volume, view: ViewState, plane: PlaneName, place: QPointF) -> None:
        images = int((place.y() - self._pressed.y()) / PX_PER_IMAGE)
        on, self._images = images - self._images, images
        if on:
            self._session.view = scrolled(volume, view, plane, -on if self._conventions.towards_head else on)

    def _whole_notches(self, turned_by: int) -> int:
        """Return how many whole notches have come together; fine wheels and touchpads send parts of one."""
        if turned_by * self._notches < 0:
            self._notches = 0.0
        self._notches += turned_by / NOTCH
        whole = int(self._notches)
        self._notches -= whole
        return whole

    def lines_under(self, tile: Tile, place: QPointF) -> tuple[bool, bool]:
        """Return whether the pointer is on the upright and on the level crosshair line."""
        view, volume, geometry = self._session.view, self._session.volume, self.geometry_at(tile)
        if view is None or volume is None or geometry is None or self._session.veiled:
            return (False, False)
        if self.style is CanvasStyle.STAGE and tile.large:
            return (False, False)
        x, y = geometry.screen_from_lps(geometry.cursor_lps_mm)
        across, down = (at - middle for at, middle in zip(tile.local(place), (x, y), strict=True))
        on = []
        for other in CROSSING_PLANES[geometry.plane]:
            dx, dy = geometry.cut_direction(shown_axes(volume, view, other))
            on.append(abs(across * dy - down * dx) <= GRIP_PX)
        return (on[0], on[1])

    def handle_under(self, tile: Tile, place: QPointF) -> bool:
        """Return whether the pointer is on a dot by which planes are turned."""
        view, volume = self._session.view, self._session.volume
        if view is None or volume is None or self.tool is not Tool.CROSSHAIR or self.style is CanvasStyle.STAGE:
            return False
        at = QPointF(*tile.local(place))
        handles = handle_places(tile, volume, view)
        return any((at - handle).manhattanLength() <= HANDLE_GRIP_PX for _, handle in handles)

    def shape(self, tile: Tile | None, place: QPointF) -> Qt.CursorShape:
        """Return the pointer's shape at a place."""
        if tile is None or tile.view is ViewName.THREE_D:
            return Qt.CursorShape.ArrowCursor
        if self.tool is Tool.ALIGN:
            return Qt.CursorShape.SizeAllCursor
        if self.handle_under(tile, place):
            return Qt.CursorShape.PointingHandCursor
        upright, level = self.lines_under(tile, place)
        if upright and level:
            return Qt.CursorShape.SizeAllCursor
        if upright:
            return Qt.CursorShape.SplitHCursor
        if level:
            return Qt.CursorShape.SplitVCursor
        return {Tool.PAN: Qt.CursorShape.OpenHandCursor, Tool.CROSSHAIR: Qt.CursorShape.CrossCursor}.get(
            self.tool, Qt.CursorShape.ArrowCursor
        )

    def geometry_at(self, tile: Tile) -> ViewportGeometry | None:
        """Return the geometry of a plane's tile; None for 3D."""
        view, volume, plane = self._session.view, self._session.volume, tile.view.plane
        if view is None or volume is None or plane is None:
            return None
        return tile.geometry(volume, view, plane)

    def _set_cursor(self, tile: Tile, place: QPointF) -> None:
        view, geometry = self._session.view, self.geometry_at(tile)
        volume = self._session.volume
        if view is not None and geometry is not None and volume is not None:
            self._session.view = cursor_dragged(volume, view, geometry, tile.local(place), across=True, down=True)


def maximised(view: ViewState, name: ViewName) -> ViewState:
    """Return the view with one viewport alone."""
    return evolve(view, layout=Layout.SINGLE, main=name)
