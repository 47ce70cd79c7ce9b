"""What is being drawn: places that are fixed, and the one that follows the pointer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from viewer.domain import outline
from viewer.domain.measurement import MOST_POINTS, MeasurementKind, with_second_axis
from viewer.domain.view_state import Point
from viewer.ui.canvas.measured_places import HANDLE_GRIP_PX, ImagePlace
from viewer.ui.canvas.tiles import Tile

if TYPE_CHECKING:
    from collections.abc import Sequence

CLICK_PX = 4.0
# Shorter or smaller than this on the screen, nothing was meant.
LEAST_PX = 3.0
# A line drawn freehand takes in a place so far from the last, and afterwards only those that shape it.
STROKE_STEP_PX = 2.0
STROKE_TOLERANCE_PX = 0.75


@frozen(eq=False)
class Draft:
    """A measurement in the making.

    Attributes
    ----------
    stroke
        While an outline is drawn with the button held: how many points were fixed before; else None.
    by_clicks
        True where corners of an outline were clicked: letting go of the button then does not close it.
    """

    kind: MeasurementKind
    tile: Tile
    fixed: tuple[Point, ...]
    floating: Point
    stroke: int | None = None
    by_clicks: bool = False

    @property
    def begins_a_line(self) -> bool:
        """True where the next point is the first one of a second line, and not joined to the last."""
        return self.kind is MeasurementKind.COBB and len(self.fixed) == 2

    @property
    def drawn_needed(self) -> int:
        """How many points are drawn: the second of two axes is put in its place."""
        return 2 if self.kind is MeasurementKind.TWO_AXES else self.kind.points_needed

    def points(self, image: ImagePlace) -> tuple[Point, ...]:
        """Return the points of what it would be if it ended now."""
        if self.kind is MeasurementKind.TEXT:
            return (self.floating,)
        drawn = self.fixed if self.begins_a_line else (*self.fixed, self.floating)
        if self.kind is MeasurementKind.FREEHAND and self.floating == self.fixed[-1]:
            drawn = self.fixed
        if self.kind is MeasurementKind.TWO_AXES:
            axes = image.geometry.axes
            drawn = with_second_axis((drawn[0], drawn[1]), np.cross(axes.right, axes.down))
        # What is not drawn yet lies where the last point does.
        return (*drawn, *(drawn[-1:] * (self.kind.points_needed - len(drawn))))

    # --- outlines

    def dragged(self, image: ImagePlace) -> Draft:
        """Return an outline that goes on to where the pointer is, while the button is held."""
        begun = evolve(self, stroke=len(self.fixed)) if self.stroke is None else self
        if apart_px(image, self.fixed[-1], self.floating) < STROKE_STEP_PX or len(self.fixed) >= MOST_POINTS - 1:
            return begun
        return evolve(begun, fixed=(*self.fixed, self.floating))

    def let_go(self, image: ImagePlace) -> tuple[Draft, bool]:
        """Return an outline after the button was released, and whether that closes it.

        One that was drawn in one go closes at once; one that was begun with clicks where it is clicked on its first
        corner, or twice on one place.
        """
        home = len(self.fixed) >= 3 and apart_px(image, self.floating, self.fixed[0]) <= HANDLE_GRIP_PX
        if self.stroke is not None:
            since = max(self.stroke - 1, 0)
            drawn = self.fixed[since:]
            if apart_px(image, drawn[-1], self.floating) >= LEAST_PX:
                drawn = (*drawn, self.floating)
            kept = outline.simplified(drawn, STROKE_TOLERANCE_PX * image.geometry.mm_per_px).tolist()
            fixed = (*self.fixed[:since], *((x, y, z) for x, y, z in kept))
            if not self.by_clicks:
                fixed = self._closed(fixed, image)
            return evolve(self, fixed=fixed, floating=fixed[-1], stroke=None), home or not self.by_clicks
        again = apart_px(image, self.floating, self.fixed[-1]) < CLICK_PX
        if home or (again and len(self.fixed) >= 3):
            return evolve(self, floating=self.fixed[-1]), True
        fixed = self.fixed if again or len(self.fixed) >= MOST_POINTS - 1 else (*self.fixed, self.floating)
        return evolve(self, fixed=fixed, by_clicks=True), False

    def _closed(self, drawn: tuple[Point, ...], image: ImagePlace) -> tuple[Point, ...]:
        """Return the corners of a line drawn in one go, without what hangs over where its ends meet."""
        places = image.geometry.screen_points(drawn)
        corners = outline.joined(places, HANDLE_GRIP_PX)
        return tuple(image.lps((x, y)) for x, y in corners.tolist())

    def too_small(self, image: ImagePlace) -> bool:
        """Return whether what is drawn of a region is hardly larger than a pixel of the screen: nothing was meant."""
        places = image.geometry.screen_points(self.points(image))
        if self.kind is MeasurementKind.FREEHAND:
            return outline.area(np.asarray(places)) < LEAST_PX**2
        (x, y), (to_x, to_y) = places[0].tolist(), places[1].tolist()
        return self.kind.is_region and min(abs(to_x - x), abs(to_y - y)) < LEAST_PX


def apart_px(image: ImagePlace, one: Sequence[float], other: Sequence[float]) -> float:
    """Return how far two points lie from each other on the screen."""
    return math.dist(image.geometry.screen_from_lps(one), image.geometry.screen_from_lps(other))
