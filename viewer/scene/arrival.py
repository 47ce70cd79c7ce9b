"""What of a volume that is still being read can be seen already, and when pictures of it have to be made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.scene.acquired import acquired_on
from viewer.scene.plane_slices import PlaneRuns, layers_at, plane_runs

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume

_FACING = 0.8


def grown_from(volume: Volume, before: Volume) -> bool:
    """Return whether a volume is another one grown further: the same voxels in the same place."""
    return (
        before.preview
        and np.shares_memory(volume.voxels, before.voxels)
        and volume.voxels.shape == before.voxels.shape
        and np.array_equal(volume.grid.lps_from_ijk, before.grid.lps_from_ijk)
        and volume.padding == before.padding
        and volume.unit == before.unit
    )


def growth(volume: Volume, state: ViewState, plane: PlaneName) -> int:
    """Return a number that is another one when a plane's picture is different because more slices are in.

    Across the slices it is how many are in; along them only whether all that the picture is made of are.
    """
    if along_slices(volume, state, plane):
        return int(image_is_in(volume, state, plane))
    return reading(volume)


def reading(volume: Volume) -> int:
    """Return a number that grows while a volume is read, and once more when it is whole.

    The last slices can be in before the regular grid between them is made.
    """
    return volume.slices_in if volume.preview else volume.stack.count + 1


def along_slices(volume: Volume, state: ViewState, plane: PlaneName) -> bool:
    """Return whether a plane of a view runs along the slices as they were read, whole images to a picture."""
    if acquired_on(volume, state, plane) is not None:
        return True
    if volume.regridded or state.plane(plane).turned is not None:
        return False
    runs = plane_runs(volume.grid, plane)
    return runs is not None and runs.into.grid_axis == 2


def faces_slices(volume: Volume, plane: PlaneName) -> bool:
    """Return whether a plane is seen as the slices are, apart from tilt."""
    return abs(float(volume.stack.normal @ PLANE_AXES[plane].into)) > _FACING


def image_is_in(volume: Volume, state: ViewState, plane: PlaneName) -> bool:
    """Return whether the image at the cursor has been read, or all of a slab; True where a plane crosses images."""
    if volume.arrived is None:
        return True
    cursor_lps_mm = state.cursor_lps_mm
    acquired = acquired_on(volume, state, plane)
    if acquired is not None:
        return bool(volume.arrived[acquired.nearest(cursor_lps_mm)])
    if state.plane(plane).turned is not None:
        return True
    runs = plane_runs(volume.grid, plane)
    if runs is None or volume.regridded:
        return not faces_slices(volume, plane) or bool(volume.arrived[volume.stack.nearest_slice(cursor_lps_mm)])
    layers = layers_at(runs.into, float(np.asarray(cursor_lps_mm) @ PLANE_AXES[plane].into), state.slab_mm)
    return layers is None or layers_in(volume, runs, layers)


def layers_in(volume: Volume, runs: PlaneRuns, layers: tuple[int, int]) -> bool:
    """Return whether all slices of a layer along the stack have been read; True for layers across it."""
    if volume.arrived is None or volume.regridded or runs.into.grid_axis != 2:
        return True
    lowest, highest = sorted(runs.into.index(n) for n in layers)
    return bool(volume.arrived[lowest : highest + 1].all())
