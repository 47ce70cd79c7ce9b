"""The widget of four linked views."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import evolve
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QMouseEvent, QResizeEvent, QShowEvent, QWheelEvent

from viewer.domain.view_state import Layout, ViewName, ViewState
from viewer.ui.canvas.fitted_views import FittedViews
from viewer.ui.canvas.mouse import maximised
from viewer.ui.canvas.painted_canvas import PaintedCanvas
from viewer.ui.canvas.tiles import CanvasStyle, Tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.view_state import Point
    from viewer.ui.canvas.tiles import Tile


class Canvas(PaintedCanvas):
    """Paints the session's volume in the views of its layout, and moves the session's view by mouse and wheel."""

    # --- what keys ask

    _before_single: tuple[Layout, ViewName] | None = None
    # Points of what is measured are set at the crosshair.
    _by_keys = False

    @cached_property
    def _fitted(self) -> FittedViews:
        return FittedViews()

    def toggle_maximised(self, view: ViewName) -> None:
        """Show one viewport alone, or all again."""
        state = self._session.view
        if state is None:
            return
        if state.layout is Layout.SINGLE:
            layout, main = self._before_single or (Layout.FOUR, ViewName.AXIAL)
            self._session.layout_passes = False
            self._session.view = evolve(state, layout=layout, main=main)
        else:
            self._before_single = (state.layout, state.main)
            self._session.layout_passes = True
            self._session.view = maximised(state, view)
        self.active = view

    def fitted(self, view: ViewState) -> ViewState:
        """Return a view in which all of the body is seen in each of its viewports here."""
        volume = self._session.volume
        return view if volume is None else self._fitted.whole(volume, view, self._tiles_of(view))

    def lays_out(self, view: ViewName) -> bool:
        """Return whether the layout has a place for a view."""
        state = self._session.view
        return state is not None and any(tile.view is view for tile in self._tiles_of(state))

    def _refit(self) -> None:
        """Fit again what was fitted, now that viewports have other shapes: nothing of the body is cut off unasked."""
        volume, view = self._session.volume, self._session.view
        seen = self.isVisible() and self.style_of_canvas is CanvasStyle.REVIEW and not self._session.is_second
        if not seen or volume is None or view is None:
            return
        fitted = self._fitted.follow(volume, view, self._tiles_of(view))
        if fitted is view:
            return
        self._session.view_fitting = True
        try:
            self._session.view = fitted
        finally:
            self._session.view_fitting = False

    def focusInEvent(self, _event: QFocusEvent) -> None:  # noqa: N802 (Qt's name)
        """Paint nothing, as Qt would: no picture looks different with the focus."""

    def focusOutEvent(self, _event: QFocusEvent) -> None:  # noqa: N802 (Qt's name)
        """Paint nothing, as `focusInEvent`."""

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Fit again what was fitted."""
        super().resizeEvent(event)
        self._refit()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """Fit what came in while nobody saw it."""
        super().showEvent(event)
        self._refit()

    def _volume_changed(self, new: object, old: object) -> None:
        super()._volume_changed(new, old)
        self._fitted.forget()

    def _session_changed(self, new: Any, old: Any) -> None:
        super()._session_changed(new, old)
        if isinstance(new, ViewState):
            self._laid_out(new, old)
            drawn_on = self.hands.measuring.drawn_on if self._by_keys else None
            place = None if drawn_on is None else self._crosshair(drawn_on)
            if place is not None:
                self.hands.measuring.move(place)
            if not self._session.view_fitting:
                self._refit()

    def _laid_out(self, new: ViewState, old: ViewState | None) -> None:
        """Let keys act on what was laid out large, and forget what another series was shown in."""
        another = old is None or old.series_uid != new.series_uid
        if another:
            self._before_single = None
        changed = another or old is None or (new.layout, new.main) != (old.layout, old.main)
        if changed and new.layout is Layout.STAGE and new.main.plane is not None:
            self.active = new.main

    # The canvas that stands beside this one, where there is one: stepping from view to view goes on there.
    beside: Callable[[], Canvas | None] = staticmethod(lambda: None)

    def step_view(self, by: int) -> None:
        """Let keys act on the next view, or with −1 on the one before; where one stands alone, show the next alone."""
        shown, state = [tile.view for tile in self._placed()], self._session.view
        if not shown or state is None:
            return
        self.gesture_started.emit()
        at, beside = shown.index(self.active) + by, self.beside()
        if 0 <= at < len(shown):
            self.active = shown[at]
        elif beside is not None:
            beside.enter_views(by)
        elif len(shown) > 1:
            self.enter_views(by)
        else:
            names = list(ViewName)
            self._session.view = maximised(state, names[(names.index(shown[0]) + by) % len(names)])

    def enter_views(self, by: int) -> None:
        """Let keys act on the first view, or with −1 on the last."""
        self.gesture_started.emit()
        if shown := [tile.view for tile in self._placed()]:
            self.active = shown[0 if by > 0 else -1]

    def stop_measuring(self) -> bool:
        """Give up what is being drawn, else let go of what is in hand and of the tool; False where there is nothing."""
        if self.hands.cancel_measuring():
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
        self.hands.write_in_hand(self._placed())
        self.update()

    def set_point(self) -> None:
        """Set a point of what is measured at the crosshair, as a click there would; go on where it was begun."""
        measuring = self.hands.measuring
        tile = measuring.drawn_on or self.tile(self.active)
        place = None if tile is None else self._crosshair(tile)
        if tile is None or place is None:
            return
        self._by_keys = True
        self.gesture_started.emit()
        if measuring.press(tile, place):
            measuring.release(place)
        self.update()

    def _crosshair(self, tile: Tile) -> QPointF | None:
        geometry = self.hands.mouse.geometry_at(tile)
        if geometry is None:
            return None
        x, y = geometry.screen_from_lps(geometry.cursor_lps_mm)
        return QPointF(tile.area.left() + x, tile.area.top() + y)

    def lps_at(self, place: QPointF) -> Point | None:
        """Return the LPS mm under a place of the canvas; None where there is no plane."""
        return self.hands.pointed(self._tile_at(place), place).lps_mm

    # --- mouse and wheel

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Begin a drag."""
        tile = self._tile_at(event.position())
        if event.button() == Qt.MouseButton.RightButton and self.hands.cancel_measuring():
            self.update()
        elif tile is not None and not self.hands.dragging and not self._waiting():
            self.active = tile.view
            self.hands.press(tile, event)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Go on with a drag, or tell what is under the pointer."""
        self._by_keys = False
        if self.hands.move(event):
            self.update()
        self._tell(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """End a drag, or ask for the menu."""
        wants_menu = self.hands.release(self._tile_at(event.position()), event)
        if event.button() == Qt.MouseButton.LeftButton:
            self.update()
        if wants_menu:
            self.menu_requested.emit(event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Show the viewport alone, or all again."""
        tile = self._tile_at(event.position())
        if self.hands.write(tile, event):
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
        if tile is not None and not self._waiting() and not self.hands.measuring.drawing:
            self.active = tile.view
            self._pointer, before = event.position(), self._session.view
            self.hands.wheel(tile, event)
            if self._session.view is before:
                self._tell(event.position())
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """Open the menu for the menu key; a right click asks for it when it ends without a drag."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            tile = self.tile(self.active)
            middle = self.rect().center() if tile is None else tile.area.center().toPoint()
            self.menu_requested.emit(self.mapToGlobal(middle))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Tell that the pointer is on nothing."""
        super().leaveEvent(event)
        self._pointer = None
        if self.hands.point_at(None, QPointF()):
            self.update()
        self.pointer_moved.emit(None, None, None)

    def _waiting(self) -> bool:
        return self._session.volume is None
