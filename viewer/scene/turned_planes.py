"""Planes turned about the crosshair: the steps through them, and turning two of them about the third."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.plane_turn import about, followed_by, rotated, turned_axes
from viewer.domain.view_state import Point, ViewState, as_point
from viewer.scene.plane_geometry import CROSSING_PLANES
from viewer.scene.plane_slices import PlaneSteps, plane_steps

if TYPE_CHECKING:
    from viewer.domain.plane_turn import Turn
    from viewer.domain.volume import Volume


def steps_along(volume: Volume, plane: PlaneName, turn: Turn | None) -> PlaneSteps:
    """Return the images along a plane's normal; those of a turned plane lie as far apart as the finest voxels.

    One of them goes through the middle of the volume, the first and the last still cut it.
    """
    if turn is None:
        return plane_steps(volume, plane)
    grid = volume.grid
    into = rotated(PLANE_AXES[plane].into, turn)
    corners = grid.lps((np.array(list(np.ndindex(2, 2, 2))) * (np.asarray(grid.size_ijk) - 1)).astype(np.float64))
    depths, step = corners @ into, min(grid.spacing_mm)
    each_side = int(np.ptp(depths) / 2 / step)
    return PlaneSteps(step, 2 * each_side + 1, float(depths.mean()) - each_side * step)


def shown_steps(volume: Volume, state: ViewState, plane: PlaneName) -> PlaneSteps:
    """Return the images along the normal of a view's plane, as it stands."""
    return steps_along(volume, plane, state.plane(plane).turned)


def turned_stepped(volume: Volume, state: ViewState, plane: PlaneName, images: int) -> Point:
    """Return the cursor so many images further into a turned plane, stopping at the first and the last."""
    steps = shown_steps(volume, state, plane)
    into = turned_axes(PLANE_AXES[plane], state.plane(plane).turned).into
    along = float(np.asarray(state.cursor_lps_mm) @ into)
    last = steps.position_mm(steps.count)
    goal = min(max(along + images * steps.step_mm, steps.first_mm), last)
    return as_point(np.asarray(state.cursor_lps_mm) + (goal - along) * into)


def turned_about(state: ViewState, plane: PlaneName, clockwise_rad: float) -> ViewState:
    """Return a view whose other two planes are turned about the normal of one, clockwise as seen in it.

    They turn about the crosshair, which stays in its place in each of them. The plane itself stays as it is.
    """
    axes = turned_axes(PLANE_AXES[plane], state.plane(plane).turned)
    # From right to down is clockwise, whether or not right, down and into are a right-handed system.
    turn = about(np.cross(axes.right, axes.down), clockwise_rad)
    cursor = np.asarray(state.cursor_lps_mm)
    for other in CROSSING_PLANES[plane]:
        view = state.plane(other)
        centre = cursor + rotated(np.asarray(view.centre_lps_mm) - cursor, turn)
        turned = followed_by(view.turned, turn)
        state = state.with_plane(other, evolve(view, centre_lps_mm=as_point(centre), turned=turned))
    return evolve(state, acquired=False)
