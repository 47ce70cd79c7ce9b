"""Flat images cut from a volume along its own voxels, and the steps from one to the next."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define

from viewer.domain.geometry import PLANE_AXES, Grid, PlaneName
from viewer.domain.view_state import Point, SlabMode, as_point
from viewer.scene.plane_geometry import AXIS_ALONG
from viewer.scene.slabs import combined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.volume import Volume

# Of a step; a cursor on the outer face of the last image is on that image.
_AT_THE_EDGE = 0.01
# Of a step; an image on the outer face of a slab is in it, however its place is rounded in documents.
_WITHIN_SLAB = 0.02


@define(frozen=True)
class Run:
    """Voxel centres along one screen direction: the grid axis, its sign, and where the first lies.

    Attributes
    ----------
    grid_axis
        0, 1, 2 for i, j, k.
    forward
        True where the index grows in the screen direction.
    first_mm
        Position of the first voxel centre, measured along the screen direction.
    """

    grid_axis: int
    forward: bool
    first_mm: float
    spacing_mm: float
    count: int

    def place(self, along_mm: float) -> float:
        """Return the continuous number, from 0 in screen direction, of a position along the direction."""
        return (along_mm - self.first_mm) / self.spacing_mm

    def index(self, number: int) -> int:
        """Return the array index of a number in screen direction."""
        return number if self.forward else self.count - 1 - number


@define(frozen=True)
class PlaneRuns:
    """How a standard plane runs through a grid whose directions are signed LPS axes."""

    right: Run
    down: Run
    into: Run


@lru_cache(maxsize=64)
def plane_runs(grid: Grid, plane: PlaneName) -> PlaneRuns | None:
    """Return how a plane runs through a grid, or None where the grid is oblique to LPS; kept, as every picture asks."""
    axis_of = grid.lps_axes
    if axis_of is None:
        return None
    directions, screen = grid.directions, PLANE_AXES[plane]
    runs = []
    middle = grid.centre_lps_mm
    for lps_axis, direction in zip(AXIS_ALONG[plane], (screen.right, screen.down, screen.into), strict=True):
        grid_axis = axis_of.index(lps_axis)
        count = grid.size_ijk[grid_axis]
        spacing = grid.spacing_mm[grid_axis]
        forward = float(directions[:, grid_axis] @ direction) > 0
        first = float(middle @ direction) - (count - 1) / 2 * spacing
        runs.append(Run(grid_axis, forward, first, spacing, count))
    return PlaneRuns(*runs)


def cut(
    voxels: NDArray[Any],
    runs: PlaneRuns,
    first: int,
    last: int,
    mode: SlabMode = SlabMode.MAX,
    padding: float | None = None,
) -> NDArray[Any]:
    """Return the image, [down, right], of slices `first`…`last` in screen direction, as `combined` where several.

    Parameters
    ----------
    voxels
        [k, j, i].
    """
    axis = 2 - runs.into.grid_axis
    lowest, highest = sorted((runs.into.index(first), runs.into.index(last)))
    span = voxels[(slice(None),) * axis + (slice(lowest, highest + 1),)]
    if axis == 2 and highest > lowest:
        # Neighbours along i share cache lines: fetch them together once.
        span = span.copy()
    layers = np.moveaxis(span, axis, 0)
    flat: NDArray[Any] = layers[0] if len(layers) == 1 else combined(layers, mode, padding)
    # What is left of (k, j, i) without the axis through the screen.
    return turned(flat, runs.right, runs.down)


def turned(image: NDArray[Any], right: Run, down: Run) -> NDArray[Any]:
    """Return an image of two grid axes, the later one first as in [k, j, i], as it lies on screen: [down, right]."""
    if down.grid_axis < right.grid_axis:
        image = image.T
    flipped: NDArray[Any] = image[:: 1 if down.forward else -1, :: 1 if right.forward else -1]
    return flipped


def layers_at(into: Run, along_mm: float, slab_mm: float) -> tuple[int, int] | None:
    """Return first and last layer of the slab around a position, or None beyond the volume's faces."""
    place = into.place(along_mm)
    if not -0.5 <= place < into.count - 0.5:
        return None
    middle = int(np.floor(place + 0.5))
    half = slab_mm / 2 / into.spacing_mm + _WITHIN_SLAB
    first, last = int(np.ceil(place - half)), int(np.floor(place + half))
    return (max(min(first, middle), 0), min(max(last, middle), into.count - 1))


@define(frozen=True)
class PlaneSteps:
    """The images along a plane's normal: "Image `number` of `count`", and the distance between them."""

    step_mm: float
    count: int
    first_mm: float

    def number(self, along_mm: float) -> int:
        """Return the image (1…count) nearest to a position along the normal, counted in screen direction."""
        return min(max(int(np.floor((along_mm - self.first_mm) / self.step_mm + 0.5)), 0), self.count - 1) + 1

    def position_mm(self, number: int) -> float:
        """Return where along the normal an image lies."""
        return self.first_mm + (number - 1) * self.step_mm


def plane_steps(volume: Volume, plane: PlaneName) -> PlaneSteps:
    """Return the images of a volume along a plane's normal, one for each voxel layer.

    In a grid oblique to LPS they lie as far apart as the layers of the grid axis nearest to the normal, with one of
    them through the middle of the volume.
    """
    grid = volume.grid
    runs = plane_runs(grid, plane)
    if runs is not None:
        return PlaneSteps(runs.into.spacing_mm, runs.into.count, runs.into.first_mm)
    into = PLANE_AXES[plane].into
    axis = int(np.argmax(np.abs(grid.directions.T @ into)))
    step = grid.spacing_mm[axis]
    lower, upper = grid.bounds_lps_mm[AXIS_ALONG[plane][2]]
    each_side = max(int((upper - lower) / 2 / step), 0)
    middle = float(grid.centre_lps_mm @ into)
    return PlaneSteps(step, 2 * each_side + 1, middle - each_side * step)


def snapped(volume: Volume, plane: PlaneName, cursor_lps_mm: Point) -> Point:
    """Return the cursor moved along a plane's normal onto the nearest image."""
    return stepped(volume, plane, cursor_lps_mm, 0)


def stepped(volume: Volume, plane: PlaneName, cursor_lps_mm: Point, images: int) -> Point:
    """Return the cursor on the image so many further (into the screen), stopping at the first and last."""
    steps = plane_steps(volume, plane)
    into = PLANE_AXES[plane].into
    along = float(np.asarray(cursor_lps_mm) @ into)
    number = min(max(steps.number(along) + images, 1), steps.count)
    return as_point(np.asarray(cursor_lps_mm) + (steps.position_mm(number) - along) * into)


def image_number(volume: Volume, plane: PlaneName, cursor_lps_mm: Point) -> tuple[int, int]:
    """Return (number, count) of the image that the cursor is on, such as (121, 256), counted into the screen."""
    steps = plane_steps(volume, plane)
    return steps.number(float(np.asarray(cursor_lps_mm) @ PLANE_AXES[plane].into)), steps.count


def beyond_images(volume: Volume, plane: PlaneName, cursor_lps_mm: Point) -> bool:
    """Return whether a plane through the cursor lies before the first image or behind the last, where nothing is."""
    steps = plane_steps(volume, plane)
    place = (float(np.asarray(cursor_lps_mm) @ PLANE_AXES[plane].into) - steps.first_mm) / steps.step_mm
    return not -0.5 - _AT_THE_EDGE <= place <= steps.count - 0.5 + _AT_THE_EDGE
