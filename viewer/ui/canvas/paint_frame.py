"""What stands at the edges of a tile and over what is not there: letters, corner text, scale, hatching, sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPen, QPolygonF

from viewer.domain.view_state import ViewName
from viewer.scene.arrival import image_is_in
from viewer.scene.missing_places import missing_areas, on_missing_image
from viewer.scene.planes import beyond_images
from viewer.ui.canvas.facts import VIEW_WORDS, corners, edge_letters, view_words
from viewer.ui.canvas.paint_colour_bar import paint_colour_bar
from viewer.ui.canvas.paint_corners import paint_corners
from viewer.ui.canvas.paint_map import has_bars, paint_map_bar
from viewer.ui.canvas.paint_measurements import value_in_hand
from viewer.ui.canvas.paint_text import (
    LOWEST_PX,
    NARROW_PX,
    SHORT_PX,
    TextLook,
    paint_letters,
    paint_notice,
    paint_scale_bar,
    paint_sentence,
    paint_stage_name,
)
from viewer.ui.canvas.paint_two_models import paint_two_models
from viewer.ui.canvas.tiles import Density, Tile

if TYPE_CHECKING:
    from viewer.domain.geometry import PlaneName
    from viewer.domain.volume import Volume
    from viewer.scene.plane_geometry import ViewportGeometry
    from viewer.ui.canvas.shown import Shown

MISSING_OPACITY = 0.8
PLANE_LINE_PX = 3.0
ACTIVE_BORDER_PX = 2.0


@frozen(eq=False)
class Look:
    """How a canvas is drawn, apart from what is on it."""

    text: TextLook
    density: Density = Density.FULL
    active: ViewName | None = None
    decorated: bool = True
    handles: bool = False

    @property
    def stage(self) -> bool:
        """True for an audience."""
        return self.text.stage


def paint_frame(
    painter: QPainter,
    tile: Tile,
    shown: Shown,
    look: Look,
    *,
    first: bool,
    mm_per_px: float | None = None,
    said_on: QRectF | None = None,
    letters: bool = True,
) -> QRectF:
    """Draw what stands at the edges of any tile: letters, corner text, scale, plane line, active border.

    `said_on` is the part on which is said that something is not there; None for all of it. `letters` is False where
    there is no picture that they would say something of. Returns where the scale stands, nothing where it does not.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    theme = look.text.theme
    plane = tile.view.plane
    scale = paint_edge_words(painter, tile, shown, look, first=first, mm_per_px=mm_per_px, letters=letters)
    paint_what_is_not_there(painter, tile if said_on is None else evolve(tile, free=said_on), shown, look)
    if look.stage:
        return scale
    line = QRectF(tile.area.left(), tile.area.top(), tile.area.width(), PLANE_LINE_PX)
    if plane is not None:
        painter.fillRect(line, theme.on_anatomy(plane.value))
    if look.active is tile.view:
        painter.setPen(QPen(theme.on_anatomy("accent"), ACTIVE_BORDER_PX))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        half = ACTIVE_BORDER_PX / 2
        top = PLANE_LINE_PX if plane is not None else 0
        painter.drawRect(tile.area.adjusted(half, half + top, -half, -half))
    return scale


def paint_edge_words(
    painter: QPainter,
    tile: Tile,
    shown: Shown,
    look: Look,
    *,
    first: bool,
    mm_per_px: float | None = None,
    letters: bool = True,
) -> QRectF:
    """Draw what is said at the edges of a tile: letters, corner text, scale, colour bars; return where the scale is."""
    plane, scale = tile.view.plane, QRectF()
    if look.stage:
        if mm_per_px is not None and tile.large and shown.volume.sized:
            scale = paint_scale_bar(painter, tile.free, mm_per_px, look.text)
        if tile.large and shown.two_models is not None:
            paint_two_models(painter, tile.free, shown.two_models, look.text)
        name = view_words(shown, tile.view, stage=True)
        # A large plane is known by what it shows; of two scans 3D shows one, which nobody sees.
        if not tile.large or (plane is None and name != VIEW_WORDS[tile.view]):
            paint_stage_name(painter, tile.free, name, plane.value if plane else "", look.text)
    else:
        density = density_on(tile, look.density)
        body = tile.area.adjusted(0, PLANE_LINE_PX, 0, 0)
        aspect = max(tile.area.width(), 1.0) / max(tile.area.height(), 1.0)
        said = corners(shown, tile.view, density, first=first, aspect=aspect)
        beside = paint_corners(painter, body, said, look.text)
        if mm_per_px is not None and density is not Density.LETTERS and shown.volume.sized:
            scale = paint_scale_bar(painter, body, mm_per_px, look.text, beside)
    if plane is not None and has_bars(shown.view, tile.view, stage=look.stage):
        taken = paint_colour_bar(painter, tile.free, shown.volume, shown.view, look.text)
        paint_map_bar(painter, tile.free, shown, look.text, beside=taken)
    if not letters or not shown.volume.oriented:
        return scale
    letters_area = tile.free if look.stage else tile.area.adjusted(0, PLANE_LINE_PX, 0, 0)
    value = None
    if plane is not None and shown.measured:
        value = value_in_hand(shown, tile.geometry(shown.volume, shown.view, plane), look.text)
        value = value.translated(tile.area.topLeft()) if value is not None else None
    ways = edge_letters(shown, tile.view)
    paint_letters(painter, letters_area, ways, look.text, large=tile.large, value=value, high=tile.wider > 1)
    return scale


def density_on(tile: Tile, wanted: Density) -> Density:
    """Return how much text there is room for on a tile, where so much is wanted."""
    if tile.area.height() < LOWEST_PX:
        return Density.LETTERS
    narrow = tile.area.width() < NARROW_PX or tile.area.height() < SHORT_PX
    return Density.SHORT if narrow and wanted is Density.FULL else wanted


def paint_missing(painter: QPainter, volume: Volume, geometry: ViewportGeometry, look: Look) -> None:
    """Hatch where images are missing: nothing there is air. An original slice is never one of them."""
    if geometry.image is not None:
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(look.text.theme.on_anatomy("disagree", MISSING_OPACITY), Qt.BrushStyle.BDiagPattern))
    for area in missing_areas(volume, geometry) if volume.missing_planes else ():
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in area]))


def paint_what_is_not_there(painter: QPainter, tile: Tile, shown: Shown, look: Look) -> None:
    """Say why a tile shows nothing: its image is missing, or has, as with 3D any image, still to be read."""
    if shown.covered:
        # What covers it says why, in the same place.
        return
    volume, plane = shown.volume, tile.view.plane
    geometry = tile.geometry(volume, shown.view, plane) if plane is not None else None
    interpolated = geometry is not None and geometry.image is None
    if geometry is not None and interpolated and volume.missing_planes and on_missing_image(volume, geometry):
        paint_notice(painter, tile.free, "This image is missing", look.text, role="disagree")
    elif plane is not None and interpolated and _is_beyond(shown, plane):
        paint_notice(painter, tile.free, "No image lies here", look.text)
    elif plane is None and min(volume.grid.size_ijk) < 2:
        paint_sentence(painter, tile.free, "One image alone is not shown in 3D.", look.text)
    elif plane is None and volume.loose:
        paint_sentence(painter, tile.free, "Images that make no volume are not shown in 3D.", look.text)
    elif not volume.preview:
        return
    elif plane is None:
        paint_sentence(painter, tile.free, f"{volume.slices_in} of {volume.stack.count} images are in", look.text)
    elif not image_is_in(volume, shown.view, plane):
        paint_notice(painter, tile.free, "This image is being read", look.text)


def _is_beyond(shown: Shown, plane: PlaneName) -> bool:
    """Return whether a plane shows nothing as it lies beyond the images: of two volumes one ends before the other."""
    state = shown.view
    return state.plane(plane).turned is None and beyond_images(shown.volume, plane, state.cursor_lps_mm)
