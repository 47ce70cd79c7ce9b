"""All that a mouse does on a canvas: looking, measuring, drawing a path, drawing the curtain, aligning two volumes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import evolve, frozen
from PySide6.QtCore import QPointF, Qt

from viewer.domain.measurement import Measurement
from viewer.domain.view_state import Point, ViewName, ViewState
from viewer.domain.volume import Volume
from viewer.ui.canvas.beyond import Beyond
from viewer.ui.canvas.caliper import NOT_ALONG, Caliper
from viewer.ui.canvas.curved_hand import CurvedHand
from viewer.ui.canvas.measured_places import image_place, shows_nothing
from viewer.ui.canvas.measuring_hand import MeasuringHand
from viewer.ui.canvas.mouse import Align, Mouse
from viewer.ui.canvas.path_hand import PathHand
from viewer.ui.canvas.tiles import CanvasStyle, Tile, Tool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QMouseEvent, QWheelEvent

    from viewer.domain.session import Session
    from viewer.services.conventions import MouseConventions
    from viewer.ui.canvas.fine_pictures import FinePictures
    from viewer.ui.canvas.painted_canvas import PaintedCanvas
    from viewer.ui.canvas.shown import Shown
    from viewer.ui.canvas.words_on_images import WordsField

NOT_BEYOND = "Measure left of the curtain, or side by side: right of it lies the other volume."
NOT_CURVED = "Measure in the planes: in the curved picture only lengths straight across the path can be."
NO_IMAGE = "No image lies here: scroll to one first."
# What is refused for where it was begun: the tool stays for the right place.
ELSEWHERE = frozenset({NOT_BEYOND, NOT_ALONG, NOT_CURVED, NO_IMAGE})


@frozen(eq=False)
class Says:
    """Whom a canvas tells what happens: something was taken hold of, measured, refused, moved, or one volume shifted.

    `moved` gets the ViewState before and after a drag that Back is to undo.
    """

    begun: Callable[[], None]
    measured: Callable[[Measurement], None]
    refused: Callable[[str], None]
    moved: Callable[[ViewState, ViewState], None]
    clicked: Callable[[Point], None]
    aligned: Align

    @classmethod
    def of(cls, canvas: PaintedCanvas) -> Says:
        """Return what lets a canvas's signals tell."""
        return cls(
            begun=canvas.gesture_started.emit,
            measured=canvas.measured.emit,
            refused=canvas.measuring_refused.emit,
            moved=canvas.moved_by_hand.emit,
            clicked=canvas.place_clicked.emit,
            aligned=canvas.aligned.emit,
        )


@frozen(eq=False)
class Pointed:
    """What is under the pointer: a value and its place, the view, and the volume that the value is of.

    `beyond` is True for the volume on the other side of a curtain, which may be the same one.
    """

    value: float | None = None
    lps_mm: Point | None = None
    view: ViewName | None = None
    volume: Volume | None = None
    beyond: bool = False


class Hands:
    """Follows the mouse from button down to up, and gives each press to whom it is meant for.

    Parameters
    ----------
    other
        The session of a second volume, which a curtain may uncover; None for none.
    """

    def __init__(
        self,
        session: Session,
        other: Session | None,
        style: CanvasStyle,
        says: Says,
        words: WordsField,
        fine: FinePictures,
        conventions: MouseConventions,
    ) -> None:
        self._session, self._says = session, says
        self.mouse = Mouse(session, style, says.begun, says.aligned, conventions)
        self.beyond = (
            Beyond(session, other, style, says.begun, says.aligned, fine, conventions) if other is not None else None
        )
        self.measuring = MeasuringHand(session, self.mouse, says.measured, says.refused, words)
        self.path = PathHand(session, self.mouse, says.refused)
        self._curved = CurvedHand(session, self.mouse, says.begun)
        self.caliper = Caliper(session, self._curved, says.measured, says.refused)

    @property
    def tool(self) -> Tool:
        """What dragging with the left button does on a plane."""
        return self.mouse.tool

    @tool.setter
    def tool(self, tool: Tool) -> None:
        self.cancel()
        for mouse in self._mice:
            mouse.tool = tool

    def set_style(self, style: CanvasStyle) -> None:
        """Serve a reader or an audience."""
        for mouse in self._mice:
            mouse.style = style

    @property
    def dragging(self) -> bool:
        """True while a button is held to move the view."""
        return self._dragging is not None

    def drawn(self, shown: Shown) -> Shown:
        """Return what is shown with what is being drawn on it."""
        view = self.path.drawn(shown.view)
        measured = (*self.measuring.drawn(), *self.caliper.drawn())
        return evolve(shown, view=view, measured=measured, drawing_path=self.path.drawing)

    def cancel(self) -> None:
        """Give up what is being drawn."""
        self.cancel_measuring()
        self.path.cancel()

    def cancel_measuring(self) -> bool:
        """Give up what is being measured; return False where there is nothing."""
        across = self.caliper.cancel()
        return self.measuring.cancel() or across

    # --- from button down to up

    def press(self, tile: Tile, event: QMouseEvent) -> None:
        """Begin what a press on a tile is meant for."""
        held, place, beyond = self.measuring.holding or self.caliper.holding, event.position(), self.beyond
        left = event.button() == Qt.MouseButton.LeftButton and not held
        if left and beyond is not None and beyond.press(tile, place):
            return
        there = beyond is not None and beyond.covers(tile, place)
        draws = left and (self.tool.measures or self.tool is Tool.PATH)
        if draws and there:
            self._says.refused(NOT_BEYOND)
        elif draws and self._nowhere(tile):
            self._says.refused(NO_IMAGE)
        elif left and not there and self.tool.measures and self._curved.beside_mark(tile, place):
            self._measure_across(tile, place)
        elif not there and (self.path.press(tile, event) or self._curved.press(tile, event)):
            return
        elif left and not there and self.measuring.press(tile, place, even=_even(event)):
            self._says.begun()
        elif not held:
            self._mouse_on(tile, place).press(tile, event)

    def _nowhere(self, tile: Tile) -> bool:
        geometry, volume = self.mouse.geometry_at(tile), self._session.volume
        return geometry is not None and volume is not None and shows_nothing(volume, geometry)

    def _measure_across(self, tile: Tile, place: QPointF) -> None:
        if self.tool is Tool.LENGTH:
            self._says.begun()
            self.caliper.press(tile, place)
        else:
            self._says.refused(NOT_CURVED)

    def move(self, event: QMouseEvent) -> bool:
        """Go on with what was begun; return whether something that is being drawn looks different."""
        dragging = self._dragging
        if self.beyond is not None and self.beyond.drawing:
            self.beyond.move(event.position())
        elif dragging is not None:
            dragging.move(event)
        else:
            place = event.position()
            drawn = self.caliper.move(place) or self.path.move(place) or self._curved.move(place)
            return drawn or self.measuring.move(event.position(), even=_even(event))
        return False

    def release(self, tile: Tile | None, event: QMouseEvent) -> bool:
        """End what was begun; return whether it was a right click that asks for the menu."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.path.release()
            self.caliper.release(event.position())
            self.measuring.release(event.position())
            if self.beyond is not None:
                self.beyond.release()
        if self._curved.holding and self._curved.release():
            return True
        dragging = self._dragging
        before, clicks = self.mouse.turns_from, self.mouse.only_clicks and not self.measuring.picked
        asks_for_menu = dragging is not None and dragging.release(event)
        after = self._session.view
        if before is not None and after is not None and after != before:
            self._says.moved(before, after)
        there = self.pointed(tile, event.position()).lps_mm if clicks else None
        if there is not None:
            self._says.clicked(there)
        if not asks_for_menu:
            return False
        self.measuring.pick(tile, event.position())
        return True

    def wheel(self, tile: Tile, event: QWheelEvent) -> None:
        """Scroll, zoom, or change the slab."""
        if not self._curved.wheel(tile, event):
            self._mouse_on(tile, event.position()).wheel(tile, event)

    # --- what is under the pointer

    def shape(self, tile: Tile | None, place: QPointF) -> Qt.CursorShape:
        """Return the pointer's shape at a place."""
        beyond, mouse = self.beyond, self._mouse_on(tile, place)
        if beyond is not None and (beyond.drawing or beyond.grips(tile, place)):
            return Qt.CursorShape.SplitHCursor
        if mouse is self.mouse:
            shapes = (hand.shape(tile, place) for hand in (self.path, self._curved, self.measuring))
            drawing = next((shape for shape in shapes if shape is not None), None)
            if drawing is not None:
                return drawing
        return mouse.shape(tile, place)

    def point_at(self, tile: Tile | None, place: QPointF) -> bool:
        """Take in where the pointer is; return whether something that is drawn looks different under it."""
        here = self._mouse_on(tile, place) is self.mouse
        return not self.measuring.holding and self.measuring.point_at(tile if here else None, place)

    def pointed(self, tile: Tile | None, place: QPointF) -> Pointed:
        """Return what is under the pointer, of the volume that is seen there."""
        if tile is None:
            return Pointed()
        along, here = self._curved.lps(tile, place), self._session.volume
        if along is not None and here is not None:
            return Pointed(here.value_at(along), along, tile.view, here)
        mouse = self._mouse_on(tile, place)
        geometry, volume = mouse.geometry_at(tile), mouse.session.volume
        if geometry is None or volume is None:
            return Pointed(view=tile.view)
        # On the image that is seen: the crosshair may lie between two.
        lps_mm = image_place(volume, geometry).lps(tile.local(place))
        return Pointed(volume.value_at(lps_mm), lps_mm, tile.view, volume, mouse is not self.mouse)

    # --- words

    def write(self, tile: Tile | None, event: QMouseEvent) -> bool:
        """Let the words under a double click be changed; False where there are none."""
        return event.button() == Qt.MouseButton.LeftButton and self.measuring.write(tile, event.position())

    def write_in_hand(self, tiles: Iterable[Tile]) -> None:
        """Let the words of the text or arrow in hand be changed, where it is shown."""
        self.measuring.write_in_hand(tiles)

    @property
    def _mice(self) -> tuple[Mouse, ...]:
        return (self.mouse, self.beyond.mouse) if self.beyond is not None else (self.mouse,)

    @property
    def _dragging(self) -> Mouse | None:
        return next((mouse for mouse in self._mice if mouse.dragging), None)

    def _mouse_on(self, tile: Tile | None, place: QPointF) -> Mouse:
        """Return what moves the view of the volume that is seen at a place."""
        beyond = self.beyond
        return beyond.mouse if beyond is not None and beyond.covers(tile, place) else self.mouse


def _even(event: QMouseEvent) -> bool:
    """Return whether a region is to be drawn as wide as high."""
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
