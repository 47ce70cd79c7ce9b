"""Changing what is drawn already: by a handle, by its line, or by drawing a stretch of an outline anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from viewer.domain import outline
from viewer.domain.measurement import MOST_POINTS, Measurement, MeasurementKind
from viewer.domain.view_state import Point, as_point
from viewer.ui.canvas.drafts import STROKE_STEP_PX, STROKE_TOLERANCE_PX, apart_px
from viewer.ui.canvas.measured_places import HANDLE_GRIP_PX, Grip, ImagePlace
from viewer.ui.canvas.tiles import Tile

if TYPE_CHECKING:
    from PySide6.QtCore import QPointF

# A corner of an outline stands alone where the lines to both neighbours are at least so long.
ALONE_PX = 30.0


@frozen(eq=False)
class Pull:
    """A measurement that is being pulled: by which grip, from where, and what it has become.

    `stroke` is the line by which a stretch of its outline is drawn anew; empty where it is moved.
    """

    grip: Grip
    tile: Tile
    start: Point
    now: Measurement
    stroke: tuple[Point, ...] = ()

    def followed(self, image: ImagePlace, place: QPointF) -> Pull:
        """Return it after the pointer went to a place of the canvas."""
        if self.stroke:
            return self._drawn_on(image, image.lps(self.tile.local(place)))
        to, before = image.geometry.lps_from_screen(*self.tile.local(place)), self.grip.measurement
        by = tuple(a - b for a, b in zip(image.onto(to), self.start, strict=True))
        if self.grip.handle is None:
            return evolve(self, now=before.moved(by))
        held = before.handles_lps_mm()[self.grip.handle]
        # By as much as the pointer moved: grasped a little beside its middle, a handle does not jump.
        return evolve(self, now=before.pulled(self.grip.handle, as_point(held + by)))

    def _drawn_on(self, image: ImagePlace, to: Point) -> Pull:
        pull, mm_per_px = self, image.geometry.mm_per_px
        if apart_px(image, self.stroke[-1], to) >= STROKE_STEP_PX and len(self.stroke) < MOST_POINTS:
            pull = evolve(self, stroke=(*self.stroke, to))
        line = outline.simplified(pull.stroke, STROKE_TOLERANCE_PX * mm_per_px)
        if len(line) < 2:
            return pull
        return evolve(pull, now=self.grip.measurement.redrawn(line, HANDLE_GRIP_PX * mm_per_px))


def draws_anew(tool: MeasurementKind | None, grip: Grip, image: ImagePlace) -> bool:
    """Return whether dragging draws a stretch of an outline anew: by its line, with the tool that draws outlines.

    A corner that stands alone is pulled as with any other tool.
    """
    freehand = MeasurementKind.FREEHAND
    if tool is not freehand or grip.measurement.kind is not freehand:
        return False
    return grip.handle is None or not _stands_alone(grip.measurement, grip.handle, image)


def _stands_alone(measurement: Measurement, corner: int, image: ImagePlace) -> bool:
    """Return whether a corner of an outline lies far from its neighbours, so that it was set and not drawn."""
    points = measurement.points_lps_mm
    beside = (points[corner - 1], points[(corner + 1) % len(points)])
    return all(apart_px(image, points[corner], other) >= ALONE_PX for other in beside)
