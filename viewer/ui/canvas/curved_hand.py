"""Mouse and wheel on the straightened picture: its place along the path, its turn, zoom and window."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import QPointF, Qt

from viewer.domain.curved_view import CurvedView
from viewer.domain.view_state import Point, ViewName
from viewer.scene.curved import (
    LEAST_HEIGHT_MM,
    MOST_HEIGHT_MM,
    CurvedGeometry,
    curved_geometry,
    in_sight,
    turned_by,
)
from viewer.services.drawn_path import along_path, looking_at, step_along_mm, why_no_path
from viewer.ui.canvas.moves import ZOOM_PER_NOTCH, ZOOM_PER_PX, settled_window, thicker, windowed
from viewer.ui.canvas.tiles import Tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QMouseEvent, QWheelEvent

    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.ui.canvas.mouse import Mouse
    from viewer.ui.canvas.tiles import Tile

MARK_GRIP_PX = 6.0
CLICK_PX = 4.0
NOTCH = 120
TURN_STEP_DEG = 5.0
TURN_PER_PX_DEG = 0.5


class _Drag(Enum):
    MARK = "mark"
    TURN = "turn"
    WINDOW = "window"
    PAN = "pan"
    ZOOM = "zoom"


class CurvedHand:
    """Follows mouse and wheel over the straightened picture; touches `session.view` alone."""

    def __init__(self, session: Session, mouse: Mouse, begun: Callable[[], None]) -> None:
        self._session = session
        self._mouse = mouse
        self._begun = begun
        self._drag: _Drag | None = None
        self._tile: Tile | None = None
        self._pressed = QPointF()
        self._last = QPointF()
        self._moved = False
        self._notches = 0.0

    @property
    def holding(self) -> bool:
        """True while a button is held."""
        return self._drag is not None

    def geometry(self, tile: Tile | None) -> CurvedGeometry | None:
        """Return where the straightened picture lies on a tile, in logical pixels; None where the tile shows none."""
        view, volume = self._session.view, self._session.volume
        if tile is None or tile.view is not ViewName.THREE_D or view is None or not view.shows_curved:
            return None
        if volume is None or why_no_path(volume):
            return None
        return curved_geometry(view, max(round(tile.free.width()), 1), max(round(tile.free.height()), 1))

    def press(self, tile: Tile, event: QMouseEvent) -> bool:
        """Begin a drag; return False where the tile shows no straightened picture."""
        geometry = self.geometry(tile)
        if geometry is None:
            return False
        place, button = event.position(), event.button()
        if self._drag is not None:
            return True
        self._begun()
        self._tile, self._pressed, self._last, self._moved = tile, place, place, False
        if button == Qt.MouseButton.MiddleButton:
            self._drag = _Drag.PAN
        elif button == Qt.MouseButton.RightButton:
            self._drag = _Drag.ZOOM
        elif button == Qt.MouseButton.LeftButton:
            self._drag = self._left(tile, event)
            if self._drag is _Drag.MARK:
                self._mark(geometry, tile, place)
        return True

    def _left(self, tile: Tile, event: QMouseEvent) -> _Drag:
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            return _Drag.TURN
        if self.mark_under(tile, event.position()):
            return _Drag.MARK
        tool = self._mouse.tool
        return {Tool.WINDOW: _Drag.WINDOW, Tool.PAN: _Drag.PAN, Tool.ZOOM: _Drag.ZOOM}.get(tool, _Drag.MARK)

    def move(self, place: QPointF) -> bool:
        """Go on with the drag; return False where there is none."""
        view, volume, tile = self._session.view, self._session.volume, self._tile
        geometry = self.geometry(tile)
        if self._drag is None:
            return False
        if view is None or volume is None or tile is None or geometry is None or view.curved is None:
            return True
        if not self._moved and (place - self._pressed).manhattanLength() < CLICK_PX:
            return True
        self._moved = True
        step, self._last = place - self._last, place
        if self._drag is _Drag.MARK:
            self._mark(geometry, tile, place)
        elif self._drag is _Drag.WINDOW:
            self._session.view = windowed(volume, view, step.x(), step.y())
        elif self._drag is _Drag.TURN:
            self._session.view = evolve(view, curved=turned_by(view.curved, -step.y() * TURN_PER_PX_DEG))
        elif self._drag is _Drag.PAN:
            middle = geometry.middle_mm - step.x() * geometry.mm_per_px
            self._session.view = evolve(view, curved=_framed(view.curved, geometry, middle))
        else:
            self._zoom(view, geometry, 2.0 ** (-step.y() * ZOOM_PER_PX * 1.5), _local(tile, self._pressed)[0])
        return True

    def release(self) -> bool:
        """End the drag; return True where it was a right click that asks for the menu."""
        wants_menu = self._drag is _Drag.ZOOM and not self._moved and self._mouse.tool is not Tool.ZOOM
        view, volume = self._session.view, self._session.volume
        if self._drag is _Drag.WINDOW and self._moved and view is not None and volume is not None:
            self._session.view = settled_window(volume, view)
        self._drag = None
        return wants_menu

    def wheel(self, tile: Tile, event: QWheelEvent) -> bool:
        """Go along the path, turn with Alt, change the slab with Shift, zoom with Ctrl; False on another tile."""
        geometry = self.geometry(tile)
        view, volume = self._session.view, self._session.volume
        if geometry is None or view is None or volume is None or view.curved is None:
            return False
        # Alt makes some platforms send the other direction.
        turned = event.angleDelta().y() or event.angleDelta().x()
        modifiers = event.modifiers()
        self._begun()
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            self._zoom(view, geometry, ZOOM_PER_NOTCH ** (turned / NOTCH), _local(tile, event.position())[0])
            return True
        notches = self._whole_notches(turned)
        if not notches:
            return True
        if modifiers & Qt.KeyboardModifier.AltModifier:
            self._session.view = evolve(view, curved=turned_by(view.curved, notches * TURN_STEP_DEG))
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._session.view = thicker(view, notches)
        else:
            self._session.view = in_sight(along_path(volume, view, -notches * step_along_mm(volume)), geometry)
        return True

    def beside_mark(self, tile: Tile, place: QPointF) -> bool:
        """Return whether the pointer is on the straightened picture, and not on the line that marks the crosshair."""
        return self.geometry(tile) is not None and not self.mark_under(tile, place)

    def mark_under(self, tile: Tile, place: QPointF) -> bool:
        """Return whether the pointer is on the line that marks the crosshair's place along the path."""
        view, geometry = self._session.view, self.geometry(tile)
        if view is None or geometry is None:
            return False
        x, _ = geometry.screen(geometry.curve.nearest(view.cursor_lps_mm)[0])
        return abs(_local(tile, place)[0] - x) <= MARK_GRIP_PX

    def shape(self, tile: Tile | None, place: QPointF) -> Qt.CursorShape | None:
        """Return the pointer's shape over the straightened picture; None elsewhere."""
        if tile is None or self.geometry(tile) is None:
            return None
        if self.mark_under(tile, place):
            return Qt.CursorShape.SplitHCursor
        tool = self._mouse.tool
        if tool in (Tool.CROSSHAIR, Tool.LENGTH):
            return Qt.CursorShape.CrossCursor
        return Qt.CursorShape.OpenHandCursor if tool is Tool.PAN else Qt.CursorShape.ArrowCursor

    def lps(self, tile: Tile | None, place: QPointF) -> Point | None:
        """Return the point of the patient under a place; None where the tile shows no straightened picture."""
        geometry = self.geometry(tile)
        return geometry.lps(*_local(tile, place)) if geometry is not None and tile is not None else None

    def _mark(self, geometry: CurvedGeometry, tile: Tile, place: QPointF) -> None:
        view, volume = self._session.view, self._session.volume
        if view is None or volume is None:
            return
        x, _ = _local(tile, place)
        along = min(max(geometry.place_mm(x), 0.0), geometry.curve.length_mm)
        # On the path itself: a place beside it may be nearer to another part of a path that bends.
        self._session.view = looking_at(volume, view, geometry.curve.point_at(along))

    def _zoom(self, view: ViewState, geometry: CurvedGeometry, factor: float, x: float) -> None:
        assert view.curved is not None
        height = min(max(geometry.mm_per_px * geometry.height_px / factor, LEAST_HEIGHT_MM), MOST_HEIGHT_MM)
        under = geometry.place_mm(x)
        middle = under + (geometry.width_px / 2 - x) * height / geometry.height_px
        self._session.view = evolve(view, curved=CurvedView(view.curved.turned_deg, middle, height))

    def _whole_notches(self, turned_by_units: int) -> int:
        if turned_by_units * self._notches < 0:
            self._notches = 0.0
        self._notches += turned_by_units / NOTCH
        whole = int(self._notches)
        self._notches -= whole
        return whole


def _framed(curved: CurvedView, geometry: CurvedGeometry, middle_mm: float) -> CurvedView:
    within = min(max(middle_mm, 0.0), geometry.curve.length_mm)
    return CurvedView(curved.turned_deg, within, geometry.mm_per_px * geometry.height_px)


def _local(tile: Tile, place: QPointF) -> tuple[float, float]:
    """Return a place on the canvas counted from the corner of the part of a tile that nothing lies over."""
    moved = place - tile.free.topLeft()
    return (moved.x(), moved.y())
