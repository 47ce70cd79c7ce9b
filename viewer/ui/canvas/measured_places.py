"""Where measurements lie on a viewport: which of them its plane shows, and what of them lies under the pointer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.view_state import Point, as_point
from viewer.scene.acquired import acquired_slices, image_step_mm
from viewer.scene.plane_geometry import ViewportGeometry
from viewer.scene.plane_slices import beyond_images, plane_runs, snapped
from viewer.ui.canvas.words_on_images import place_of_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

    from viewer.domain.volume import Volume

HANDLE_GRIP_PX = 10.0
LINE_GRIP_PX = 6.0
# The cosine of the angle up to which two planes are one: 0.08 degrees.
PARALLEL = 1 - 1e-6
Place = tuple[float, float]


@frozen
class Grip:
    """What of a measurement is under the pointer: one of its handles, or the whole of it where `handle` is None."""

    measurement: Measurement
    handle: int | None


@frozen(eq=False)
class ImagePlace:
    """The image that a viewport shows: where it lies, and how far from its middle what lies on it is shown.

    `into` is the geometry's, as plain numbers: most measurements are only found to lie elsewhere, and that is quick.
    """

    geometry: ViewportGeometry
    into: Point
    depth_mm: float
    reach_mm: float

    def onto(self, lps_mm: ArrayLike) -> Point:
        """Return a point moved along the normal onto the middle of the image."""
        point = np.asarray(lps_mm, dtype=np.float64)
        into = self.geometry.axes.into
        return as_point(point + (self.depth_mm - float(point @ into)) * into)

    def lps(self, place: Place) -> Point:
        """Return the point of the image under a place of the viewport."""
        return self.onto(self.geometry.lps_from_screen(*place))

    def depths_mm(self, points_lps_mm: Iterable[Sequence[float]]) -> list[float]:
        """Return how far behind the image points lie; negative in front of it."""
        return [_dot(point, self.into) - self.depth_mm for point in points_lps_mm]

    def holds(self, measurement: Measurement) -> bool:
        """Return whether all of a measurement lies on the image; a region only where its plane is the image's."""
        if any(abs(depth) > self.reach_mm for depth in self.depths_mm(measurement.points_lps_mm)):
            return False
        return not measurement.kind.is_region or abs(float(measurement.normal @ self.into)) >= PARALLEL

    def crossings(self, measurement: Measurement) -> list[Place]:
        """Return where the line of a measurement that lies on another plane goes through the image."""
        if measurement.kind.is_region and not self._cuts_box(measurement):
            return []
        places = []
        for line in measurement.lines_lps_mm():
            depths = self.depths_mm(line.tolist())
            for n in range(len(depths) - 1):
                before, after = depths[n], depths[n + 1]
                if (before < 0) != (after < 0):
                    share = before / (before - after)
                    places.append(self.geometry.screen_from_lps(line[n] + share * (line[n + 1] - line[n])))
        return places

    def _cuts_box(self, region: Measurement) -> bool:
        """Return whether the image goes through the box around a region."""
        if region.kind is MeasurementKind.FREEHAND:
            depths = self.depths_mm(region.points_lps_mm)
            return min(depths) < 0 <= max(depths)
        one, other = region.points_lps_mm
        across = (other[0] - one[0], other[1] - one[1], other[2] - one[2])
        half = sum(abs(_dot(across, way) * _dot(way, self.into)) for way in (region.right, region.down)) / 2
        return abs(sum(self.depths_mm((one, other))) / 2) <= half


def image_place(volume: Volume, geometry: ViewportGeometry, slab_mm: float = 0.0) -> ImagePlace:
    """Return where the image on a viewport lies.

    The cursor may lie between two images of a plane along the grid; what is drawn belongs to the one that is seen.
    A turned plane, or one askew to the grid, is seen where the cursor is; and beyond all images none is.
    """
    middle = geometry.cursor_lps_mm
    straight = geometry.image is None and geometry.view.turned is None
    if straight and plane_runs(volume.grid, geometry.plane) is not None and not shows_nothing(volume, geometry):
        middle = snapped(volume, geometry.plane, middle)
    acquired = acquired_slices(volume) if geometry.image is not None else None
    if acquired is not None and geometry.image is not None:
        # The nearer neighbour counts: it may lie much nearer than the other.
        step = min((gap for gap in acquired.gaps_mm(geometry.image) if gap is not None), default=0.0)
    else:
        step = image_step_mm(volume, geometry)
    # A little less than half: what lies between two images is shown on one of them.
    half = 0.499 * step if step > 0 else 1.0
    reach = half if geometry.image is not None else max(half, slab_mm / 2)
    into = as_point(geometry.axes.into)
    return ImagePlace(geometry, into, _dot(middle, into), reach)


def shows_nothing(volume: Volume, geometry: ViewportGeometry) -> bool:
    """Return whether a standard plane lies beyond all images, as where the cursor is that of another series."""
    straight = geometry.image is None and geometry.view.turned is None
    return straight and beyond_images(volume, geometry.plane, geometry.cursor_lps_mm)


def grip_at(
    place: Place, measurements: tuple[Measurement, ...], image: ImagePlace, *, words: bool = True
) -> Grip | None:
    """Return what of the measurements on an image is at a place of the viewport: a handle first, then words or a line.

    The last one lies on top. `words` is False where none are shown.
    """
    geometry = image.geometry
    shown = [m for m in reversed(measurements) if image.holds(m)]
    for measurement in shown:
        spots = geometry.screen_points(measurement.handles_lps_mm()).tolist()
        distances = [math.dist(place, spot) for spot in spots]
        nearest = min(range(len(spots)), key=distances.__getitem__, default=0)
        if distances and distances[nearest] <= HANDLE_GRIP_PX:
            return Grip(measurement, nearest)
    for measurement in shown:
        if words and measurement.text and place_of_words(measurement, geometry).contains(*place):
            return Grip(measurement, None)
        for corners in measurement.lines_lps_mm():
            line = geometry.screen_points(corners).tolist()
            if any(_beside(place, line[n], line[n + 1]) <= LINE_GRIP_PX for n in range(len(line) - 1)):
                return Grip(measurement, None)
    return None


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _beside(place: Place, start: list[float], end: list[float]) -> float:
    """Distance of a place from a line between two others."""
    (x, y), (ax, ay), (bx, by) = place, start, end
    dx, dy = bx - ax, by - ay
    squared = dx * dx + dy * dy
    share = 0.0 if squared == 0 else min(max(((x - ax) * dx + (y - ay) * dy) / squared, 0.0), 1.0)
    return math.hypot(x - ax - share * dx, y - ay - share * dy)
