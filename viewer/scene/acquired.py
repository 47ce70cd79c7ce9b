"""Slices as they were acquired: the plane that faces them shows each in its own plane, with its own pixels.

A plane cut through a regular grid shows what was interpolated from tilted, oblique or unevenly spaced slices. Here
the plane that faces the slices shows one of them instead: the one nearest to the cursor along the normal. The cursor
and the middle of the view are moved onto that slice straight along the standard plane's direction (for axial towards
head or feet), so that the other planes stay where they are, all planes meet in one point, and the frame of a tilted
series stays in its place on the screen from one slice to the next, as at the scanner.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, evolve

from viewer.analysis.whole_stack import whole_stack
from viewer.domain.geometry import PLANE_AXES, PlaneAxes, PlaneName, SliceStack
from viewer.domain.plane_turn import turned_axes
from viewer.domain.view_state import Point, ViewState, as_point
from viewer.scene.plane_geometry import ViewportGeometry
from viewer.scene.plane_slices import Run, plane_runs, stepped
from viewer.scene.turned_planes import steps_along, turned_stepped

if TYPE_CHECKING:
    from viewer.domain.volume import Volume


@define(frozen=True, eq=False)
class AcquiredSlices:
    """The slices of a stack as the standard plane that faces them shows them.

    Attributes
    ----------
    axes
        To the right and downwards on the screen: the signed directions of rows and columns nearest to the plane's, so
        that slices acquired head down or flipped are turned; into the screen: along the normal.
    rows_go_across
        True where the direction of rows runs across the screen, False where it runs up and down.
    """

    stack: SliceStack
    plane: PlaneName
    axes: PlaneAxes
    rows_go_across: bool

    @property
    def forward(self) -> bool:
        """True where slices follow one another into the screen."""
        return float(self.stack.normal @ self.axes.into) > 0

    def nearest(self, lps_mm: Point) -> int:
        """Return the slice k nearest to a point along the normal."""
        return self.stack.nearest_slice(lps_mm)

    def onto(self, lps_mm: Point, k: int) -> Point:
        """Return a point moved straight along the standard plane's direction onto a slice's plane."""
        along, normal = PLANE_AXES[self.plane].into, self.stack.normal
        point = np.asarray(lps_mm)
        short = float(self.stack.heights_mm[k] - point @ normal)
        return as_point(point + short / float(along @ normal) * along)

    def stepped(self, lps_mm: Point, images: int) -> Point:
        """Return a point on the slice so many further into the screen, stopping at the first and last."""
        k = self.nearest(lps_mm) + (images if self.forward else -images)
        return self.onto(lps_mm, min(max(k, 0), self.stack.count - 1))

    def number(self, k: int) -> int:
        """Return the number (from 1) of a slice among those that there are, counted into the screen."""
        return k + 1 if self.forward else self.stack.count - k

    def gaps_mm(self, k: int) -> tuple[float | None, float | None]:
        """Return the distances along the normal to the slice before and the slice after, None at the ends."""
        gaps = self.stack.gaps_mm
        below = float(gaps[k - 1]) if k > 0 else None
        above = float(gaps[k]) if k < len(gaps) else None
        return (below, above) if self.forward else (above, below)

    def runs(self, k: int) -> tuple[Run, Run]:
        """Return how the pixels of a slice run to the right and downwards on the screen."""
        across, down = (0, 1) if self.rows_go_across else (1, 0)
        return self._run(k, across, self.axes.right), self._run(k, down, self.axes.down)

    def _run(self, k: int, axis: int, direction: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Run:
        grows = self.stack.row_direction if axis == 0 else self.stack.column_direction
        forward = float(grows @ direction) > 0
        count, spacing = self.stack.size_ij[axis], self.stack.pixel_spacing_mm[axis]
        first = float(self.stack.positions_lps_mm[k] @ direction)
        return Run(axis, forward, first if forward else first - (count - 1) * spacing, spacing, count)


def acquired_slices(volume: Volume) -> AcquiredSlices | None:
    """Return the slices as the plane that faces them can show them; None where it shows nothing else anyway."""
    normal = volume.stack.normal
    plane = max(PlaneName, key=lambda name: abs(float(normal @ PLANE_AXES[name].into)))
    if volume.regridded or plane_runs(volume.grid, plane) is None:
        return _slices_facing(volume.stack, plane)
    return None


def image_at(volume: Volume, lps_mm: Point) -> int:
    """Return the original slice k that the plane which faces the slices shows of a place, or the nearest to it.

    Half way between two it is the one that is drawn, whichever way the slices run.
    """
    normal = volume.stack.normal
    plane = max(PlaneName, key=lambda name: abs(float(normal @ PLANE_AXES[name].into)))
    runs = None if volume.regridded else plane_runs(volume.grid, plane)
    if runs is None or runs.into.grid_axis != 2:
        return volume.stack.nearest_slice(lps_mm)
    number = int(np.floor(runs.into.place(float(np.asarray(lps_mm) @ PLANE_AXES[plane].into)) + 0.5))
    return runs.into.index(min(max(number, 0), runs.into.count - 1))


@lru_cache(maxsize=8)
def _slices_facing(stack: SliceStack, plane: PlaneName) -> AcquiredSlices:
    screen = PLANE_AXES[plane]
    rows, columns, normal = stack.row_direction, stack.column_direction, stack.normal
    # The larger product keeps right and down from making a mirror image.
    upright = abs(float(rows @ screen.right) * float(columns @ screen.down))
    rows_go_across = upright >= abs(float(rows @ screen.down) * float(columns @ screen.right))
    right, down = (rows, columns) if rows_go_across else (columns, rows)
    axes = PlaneAxes(
        right if right @ screen.right > 0 else -right,
        down if down @ screen.down > 0 else -down,
        normal if normal @ screen.into > 0 else -normal,
    )
    return AcquiredSlices(stack, plane, axes, rows_go_across)


def acquired_in(volume: Volume, state: ViewState) -> AcquiredSlices | None:
    """Return the slices where a view shows them as acquired and that makes a difference, else None.

    Images that make no volume are always shown so: a plane through several of them would mix what has no place.
    """
    return acquired_slices(volume) if state.acquired or volume.loose else None


def acquired_on(volume: Volume, state: ViewState, plane: PlaneName) -> AcquiredSlices | None:
    """Return the slices where a plane of a view shows them as acquired, else None."""
    acquired = acquired_in(volume, state)
    return acquired if acquired is not None and acquired.plane is plane else None


def shown_axes(volume: Volume, state: ViewState, plane: PlaneName) -> PlaneAxes:
    """Return the screen directions of what a plane of a view shows."""
    acquired = acquired_on(volume, state, plane)
    return turned_axes(PLANE_AXES[plane], state.plane(plane).turned) if acquired is None else acquired.axes


def crosshair_lps_mm(volume: Volume, state: ViewState) -> Point:
    """Return where the planes of a view meet: at the cursor, on the slice that is shown where one is."""
    acquired = acquired_in(volume, state)
    cursor = state.cursor_lps_mm
    return cursor if acquired is None else acquired.onto(cursor, acquired.nearest(cursor))


def with_cursor(volume: Volume, state: ViewState, lps_mm: Point) -> ViewState:
    """Return a view with the cursor at a point, or on the slice nearest to it where slices are shown as acquired."""
    moved = evolve(state, cursor_lps_mm=lps_mm)
    return evolve(moved, cursor_lps_mm=crosshair_lps_mm(volume, moved))


def viewport_geometry(
    volume: Volume, state: ViewState, plane: PlaneName, width_px: int, height_px: int
) -> ViewportGeometry:
    """Return where what a plane of a view shows, a standard plane or an original slice, lies on a viewport."""
    meeting = crosshair_lps_mm(volume, state)
    view = state.plane(plane)
    acquired = acquired_on(volume, state, plane)
    if acquired is None:
        axes = shown_axes(volume, state, plane)
        return ViewportGeometry(plane, view, meeting, width_px, height_px, axes=axes)
    k = acquired.nearest(meeting)
    view = evolve(view, centre_lps_mm=acquired.onto(view.centre_lps_mm, k))
    return ViewportGeometry(plane, view, meeting, width_px, height_px, axes=acquired.axes, image=k)


def scrolled_cursor(volume: Volume, state: ViewState, plane: PlaneName, images: int) -> Point:
    """Return the cursor on a plane's image so many further into the screen, stopping at the first and last.

    Where slices are shown as acquired, these are the slices that there are, however far apart; scrolling another
    plane leaves the slice that is shown.
    """
    acquired = acquired_in(volume, state)
    if state.plane(plane).turned is not None and acquired_on(volume, state, plane) is None:
        return turned_stepped(volume, state, plane, images)
    if acquired is None:
        return stepped(volume, plane, state.cursor_lps_mm, images)
    meeting = crosshair_lps_mm(volume, state)
    if plane is acquired.plane:
        return acquired.stepped(meeting, images)
    return acquired.onto(stepped(volume, plane, meeting, images), acquired.nearest(meeting))


def image_step_mm(volume: Volume, geometry: ViewportGeometry) -> float:
    """Return how far the image on a viewport lies from the next one, the farther one where two differ."""
    acquired = acquired_slices(volume) if geometry.image is not None else None
    if acquired is None or geometry.image is None:
        return steps_along(volume, geometry.plane, geometry.view.turned).step_mm
    return max((gap for gap in acquired.gaps_mm(geometry.image) if gap is not None), default=0.0)


def missing_beside(volume: Volume, acquired: AcquiredSlices, k: int) -> tuple[int, int]:
    """Return how many images are missing between a slice and the one before it, and the one after it."""
    whole = whole_stack(volume.stack, volume.unread_lps_mm)
    there = np.flatnonzero(whole.slice_of >= 0)
    # Places of images in the whole stack: what lies between two of them is missing.
    absent = np.diff(there) - 1
    below = int(absent[k - 1]) if k > 0 else int(there[0])
    above = int(absent[k]) if k < len(absent) else int(len(whole.slice_of) - 1 - there[-1])
    return (below, above) if acquired.forward else (above, below)
