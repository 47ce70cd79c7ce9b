"""Where each view stands on the canvas, and where its picture and letters go."""

from __future__ import annotations

import math
from enum import Enum, StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen
from PySide6.QtCore import QPointF, QRectF

from viewer.domain.view_state import Layout, ViewName, ViewState, as_point
from viewer.scene.acquired import shown_axes, viewport_geometry
from viewer.scene.camera import panned

if TYPE_CHECKING:
    from viewer.domain.geometry import PlaneName
    from viewer.domain.volume import Volume
    from viewer.scene.plane_geometry import ViewportGeometry

GAP = 2
# Multiples of a scale factor are whole up to this.
_ROUNDED = 1e-3
STAGE_GAP = 8
STAGE_COLUMN_SHARE = 0.284
PORTRAIT_MAIN_SHARE = 0.65
# Of the stage of a 16:9 screen, above its bar.
STAGE_ASPECT = (16 / 9) / (1 - 96 / 1080)
# How much of what a stage is too narrow for is made up by a smaller picture; the card lies over the rest.
_SMALLER = 0.75


class CanvasStyle(Enum):
    """For a reader at the desk, or for an audience four metres away."""

    REVIEW = "review"
    STAGE = "stage"


class Density(StrEnum):
    """How much text stands in the corners."""

    FULL = "full"
    SHORT = "short"
    LETTERS = "letters"

    @property
    def next(self) -> Density:
        """The one that T goes on to."""
        order = list(Density)
        return order[(order.index(self) + 1) % len(order)]


class Tool(StrEnum):
    """What dragging with the left button does on a plane."""

    WINDOW = "window"
    PAN = "pan"
    ZOOM = "zoom"
    CROSSHAIR = "crosshair"
    ALIGN = "align"
    LENGTH = "length"
    TWO_AXES = "two axes"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    ANGLE = "angle"
    COBB = "Cobb angle"
    FREEHAND = "freehand"
    ARROW = "arrow"
    TEXT = "text"
    PATH = "path"

    @property
    def measures(self) -> bool:
        """True where it draws a measurement or a note, False where it moves the view."""
        return self not in (*LOOKING_TOOLS, Tool.ALIGN, Tool.PATH)


LOOKING_TOOLS = (Tool.WINDOW, Tool.PAN, Tool.ZOOM, Tool.CROSSHAIR)


@frozen
class OnPixels:
    """A view of a plane for a picture of so many device pixels, and where that begins, from the tile's corner."""

    state: ViewState
    corner: QPointF
    width_px: int
    height_px: int


@frozen
class Tile:
    """One view on the canvas, in logical pixels.

    Attributes
    ----------
    area
        Its whole rectangle, at whole pixels.
    free
        The part that nothing lies over: the view's centre is shown in its middle, and letters stand at its edges.
    large
        True for the largest view of its layout.
    wider
        How many times the view's height it shows: more than 1 on a stage too narrow for what was rehearsed.
    """

    view: ViewName
    area: QRectF
    free: QRectF = field()
    large: bool = True
    wider: float = 1.0

    @property
    def shift_px(self) -> tuple[float, float]:
        """How far the middle of the free part lies from the middle of the tile."""
        moved = self.free.center() - self.area.center()
        return (moved.x(), moved.y())

    def geometry(self, volume: Volume, state: ViewState, plane: PlaneName, ratio: float = 1.0) -> ViewportGeometry:
        """Return where the plane lies on the tile, in pixels of `ratio` per logical pixel, from the tile's corner."""
        width, height = max(round(self.area.width() * ratio), 1), max(round(self.area.height() * ratio), 1)
        return viewport_geometry(volume, self.shifted(volume, state), plane, width, height)

    def on_pixels(self, volume: Volume, state: ViewState, plane: PlaneName, ratio: float) -> OnPixels:
        """Return what to draw so that a picture on whole device pixels, `ratio` to a logical one, lies where it should.

        Where the tile begins or ends between two of them, its picture begins and ends beside it.
        """
        area = self.area
        left, top, width, height = (n * ratio for n in (area.left(), area.top(), area.width(), area.height()))
        first = (math.floor(left + _ROUNDED), math.floor(top + _ROUNDED))
        last = (math.ceil(left + width - _ROUNDED), math.ceil(top + height - _ROUNDED))
        size = (max(last[0] - first[0], 1), max(last[1] - first[1], 1))
        state = self.shifted(volume, state)
        view = state.plane(plane)
        mm_per_px = view.height_mm / max(height, 1.0)
        aside = (first[0] + size[0] / 2 - left - width / 2, first[1] + size[1] / 2 - top - height / 2)
        if any(aside) or size[1] != height:
            axes = shown_axes(volume, state, plane)
            centre = view.centre_lps_mm + (aside[0] * axes.right + aside[1] * axes.down) * mm_per_px
            view = evolve(view, centre_lps_mm=as_point(centre), height_mm=size[1] * mm_per_px)
        corner = QPointF((first[0] - left) / ratio, (first[1] - top) / ratio)
        return OnPixels(state.with_plane(plane, view), corner, *size)

    def shifted(self, volume: Volume, state: ViewState) -> ViewState:
        """Return the view as this tile draws it: what was in its middle is in the middle of the free part."""
        dx, dy = self.shift_px
        if abs(dx) < 0.01 and abs(dy) < 0.01 and self.wider == 1.0:
            return state
        plane = self.view.plane
        if plane is None:
            camera = evolve(state.camera, height_mm=state.camera.height_mm * self.wider)
            return evolve(state, camera=panned(camera, dx, dy, round(self.area.height())))
        view = state.plane(plane)
        height_mm = view.height_mm * self.wider
        axes = shown_axes(volume, state, plane)
        centre = view.centre_lps_mm - (dx * axes.right + dy * axes.down) * (height_mm / self.area.height())
        return state.with_plane(plane, evolve(view, centre_lps_mm=as_point(centre), height_mm=height_mm))

    def local(self, place: QPointF) -> tuple[float, float]:
        """Return a place on the canvas counted from the tile's corner."""
        moved = place - self.area.topLeft()
        return (moved.x(), moved.y())


@lru_cache(maxsize=32)
def tiles(
    layout: Layout,
    main: ViewName,
    size: tuple[float, float],
    *,
    style: CanvasStyle = CanvasStyle.REVIEW,
    reserved: tuple[float, float] = (0.0, 0.0),
) -> tuple[Tile, ...]:
    """Return the tiles of a layout.

    Parameters
    ----------
    size
        Width and height of the canvas in logical pixels.
    reserved
        Pixels at the left and at the right of the large view that something lies over.
    """
    width, height = size
    narrow = width / (height * STAGE_ASPECT) if style is CanvasStyle.STAGE and reserved != (0.0, 0.0) else 1.0
    if layout is Layout.SINGLE:
        return (_tile(main, QRectF(0, 0, width, height), reserved, narrow),)
    if layout is Layout.FOUR:
        x, y = round((width - GAP) / 2), round((height - GAP) / 2)
        spans = ((0, x), (x + GAP, width - x - GAP))
        lines = ((0, y), (y + GAP, height - y - GAP))
        order = (ViewName.AXIAL, ViewName.CORONAL, ViewName.SAGITTAL, ViewName.THREE_D)
        places = [QRectF(left, top, w, h) for top, h in lines for left, w in spans]
        return tuple(Tile(view, place, place) for view, place in zip(order, places, strict=True))
    others = [view for view in ViewName if view is not main]
    gap = STAGE_GAP if style is CanvasStyle.STAGE else GAP
    if height > width and style is CanvasStyle.REVIEW:
        return _portrait(main, [view for view in others if view is not ViewName.THREE_D], width, height, reserved)
    column = round(width * STAGE_COLUMN_SHARE)
    left = width - column
    each = (height - 2 * gap) / 3
    made = [_tile(main, QRectF(0, 0, left - gap, height), reserved, narrow)]
    for n, view in enumerate(others):
        top = round(n * (each + gap))
        place = QRectF(left, top, column, round(n * (each + gap) + each) - top)
        made.append(Tile(view, place, place, large=False))
    return tuple(made)


def _portrait(
    main: ViewName, others: list[ViewName], width: float, height: float, reserved: tuple[float, float]
) -> tuple[Tile, ...]:
    top = round(height * PORTRAIT_MAIN_SHARE)
    each = (width - GAP * (len(others) - 1)) / len(others)
    made = [_tile(main, QRectF(0, 0, width, top), reserved)]
    for n, view in enumerate(others):
        left = round(n * (each + GAP))
        place = QRectF(left, top + GAP, round(n * (each + GAP) + each) - left, height - top - GAP)
        made.append(Tile(view, place, place, large=False))
    return tuple(made)


def _tile(view: ViewName, place: QRectF, reserved: tuple[float, float], narrow: float = 1.0) -> Tile:
    """Return the tile of a large view.

    `narrow` is the width of the stage over that of 16:9, at which cases are rehearsed. On a narrower one as much of the
    anatomy is seen beside the card: the picture becomes smaller, and the card lies over some of what is far from it.
    """
    wider, taken = 1.0, sum(reserved)
    if narrow < 1 - _ROUNDED:
        wider = narrow**-_SMALLER
        needed = (place.width() / narrow - taken) / wider
        share = min(1.0, max(0.0, place.width() - needed) / taken)
        reserved = (reserved[0] * share, reserved[1] * share)
    left, right = reserved
    free = place.adjusted(left, 0, -right, 0)
    return Tile(view, place, free if free.width() > 80 else place, wider=wider)
