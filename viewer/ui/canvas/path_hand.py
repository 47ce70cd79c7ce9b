"""Drawing a path by mouse: points are clicked in any plane, pulled, and put between others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen
from PySide6.QtCore import QPointF, Qt

from viewer.analysis.path_curve import curve_through
from viewer.domain.curved_view import CurvedView
from viewer.domain.view_state import MOST_PATH_POINTS, Point
from viewer.scene.acquired import with_cursor
from viewer.services.drawn_path import why_no_path
from viewer.ui.canvas.measured_places import ImagePlace, image_place
from viewer.ui.canvas.tiles import CanvasStyle, Tile, Tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QMouseEvent

    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.ui.canvas.mouse import Mouse

POINT_GRIP_PX = 9.0
LINE_GRIP_PX = 6.0
CLICK_PX = 4.0
# Points so near to the image that is shown are seen on it, and can be pulled there.
NEAR_MM = 2.5


@frozen(eq=False)
class _Pull:
    """A point that is being pulled: which, on which tile, from where, and where it is now."""

    index: int
    tile: Tile
    pressed: QPointF
    start: Point
    path: tuple[Point, ...]
    moved: bool = False


class PathHand:
    """Follows the left button over planes while a path is drawn. Sets `session.view` once for each gesture."""

    def __init__(self, session: Session, mouse: Mouse, refused: Callable[[str], None]) -> None:
        self._session = session
        self._mouse = mouse
        self._refused = refused
        self._pull: _Pull | None = None
        self.in_hand: int | None = None

    @property
    def drawing(self) -> bool:
        """True while the tool that draws a path is in use."""
        return self._mouse.tool is Tool.PATH and self._mouse.style is not CanvasStyle.STAGE

    @property
    def holding(self) -> bool:
        """True while the button is held on a point."""
        return self._pull is not None

    def drawn(self, view: ViewState) -> ViewState:
        """Return the view with a point where it is being pulled to."""
        return view if self._pull is None else evolve(view, path_lps_mm=self._pull.path)

    def press(self, tile: Tile, event: QMouseEvent) -> bool:
        """Take a press of the left button; return False where it is meant for something else."""
        view, image = self._session.view, self._image(tile)
        if not self.drawing or event.button() != Qt.MouseButton.LeftButton or view is None or image is None:
            return False
        why_not = why_no_path(self._session.volume)
        if why_not:
            self._refused(why_not)
            return True
        place = event.position()
        path, index = view.path_lps_mm, self.point_under(tile, place)
        point = image.lps(tile.local(place))
        if index is None:
            if len(path) >= MOST_PATH_POINTS:
                self._refused(f"A path has {MOST_PATH_POINTS} points at most.")
                return True
            before = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            index = self._between(tile, place)
            if index is None:
                index = 0 if before else len(path)
            path = (*path[:index], point, *path[index:])
        self.in_hand = index
        self._pull = _Pull(index, tile, place, point, path)
        return True

    def move(self, place: QPointF) -> bool:
        """Follow the pointer with the point that is held; return False where none is."""
        pull = self._pull
        image = self._image(pull.tile) if pull is not None else None
        if pull is None or image is None:
            return False
        if not pull.moved and (place - pull.pressed).manhattanLength() < CLICK_PX:
            return True
        # By as much as the pointer moved, within the image: a point beside it keeps its distance.
        by = np.subtract(image.lps(pull.tile.local(place)), pull.start)
        held = np.asarray(self._before(pull)) + by
        moved = (float(held[0]), float(held[1]), float(held[2]))
        path = (*pull.path[: pull.index], moved, *pull.path[pull.index + 1 :])
        self._pull = evolve(pull, path=path, moved=True)
        return True

    def release(self) -> None:
        """Let go: the path is as drawn now, and the crosshair goes to the point, so that all planes show it."""
        pull, self._pull = self._pull, None
        view, volume = self._session.view, self._session.volume
        if pull is None or view is None or volume is None:
            return
        drawn = evolve(view, path_lps_mm=pull.path, curved=view.curved or CurvedView())
        self._session.view = with_cursor(volume, drawn, pull.path[pull.index])

    def cancel(self) -> None:
        """Forget what is being pulled."""
        self._pull = None

    def remove(self) -> None:
        """Take out the point in hand, else the last one."""
        view = self._session.view
        if view is None or not view.path_lps_mm:
            return
        path = view.path_lps_mm
        index = self.in_hand if self.in_hand is not None and self.in_hand < len(path) else len(path) - 1
        self.in_hand = None
        self._session.view = evolve(view, path_lps_mm=(*path[:index], *path[index + 1 :]))

    def shape(self, tile: Tile | None, place: QPointF) -> Qt.CursorShape | None:
        """Return the pointer's shape while a path is drawn."""
        if not self.drawing or tile is None or tile.view.plane is None:
            return None
        if self.point_under(tile, place) is not None:
            return Qt.CursorShape.PointingHandCursor
        return Qt.CursorShape.CrossCursor

    def point_under(self, tile: Tile, place: QPointF) -> int | None:
        """Return which point of the path is at a place of a plane, of those that lie near its image."""
        view, image = self._session.view, self._image(tile)
        if view is None or image is None or not view.path_lps_mm:
            return None
        spots = image.geometry.screen_points(view.path_lps_mm).tolist()
        depths = image.depths_mm(view.path_lps_mm)
        local = tile.local(place)
        found = [
            (math.dist(local, spot), n)
            for n, (spot, depth) in enumerate(zip(spots, depths, strict=True))
            if abs(depth) <= max(image.reach_mm, NEAR_MM)
        ]
        distance, index = min(found, default=(math.inf, 0))
        return index if distance <= POINT_GRIP_PX else None

    def _between(self, tile: Tile, place: QPointF) -> int | None:
        """Return before which point a new one goes that is put on the line of the path; None beside it."""
        view, image = self._session.view, self._image(tile)
        curve = curve_through(view.path_lps_mm) if view is not None else None
        if image is None or curve is None:
            return None
        spots = image.geometry.screen_points(curve.points_lps_mm)
        depths = (curve.points_lps_mm @ np.asarray(image.into)) - image.depth_mm
        away = np.hypot(*(spots - np.asarray(tile.local(place))).T)
        away[np.abs(depths) > max(image.reach_mm, NEAR_MM)] = np.inf
        nearest = int(np.argmin(away))
        if away[nearest] > LINE_GRIP_PX:
            return None
        return int(np.searchsorted(curve.drawn_at_mm, curve.places_mm[nearest]))

    def _before(self, pull: _Pull) -> Point:
        """Return where the point that is pulled was."""
        view = self._session.view
        path = view.path_lps_mm if view is not None else ()
        return path[pull.index] if len(path) == len(pull.path) else pull.start

    def _image(self, tile: Tile) -> ImagePlace | None:
        geometry, volume, view = self._mouse.geometry_at(tile), self._session.volume, self._session.view
        if geometry is None or volume is None or view is None:
            return None
        return image_place(volume, geometry, view.slab_mm)
