"""What lies within a region drawn on a plane: its voxels' mean, spread and extremes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.geometry import PLANE_AXES, Verdict
from viewer.domain.measured import RegionValues

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.measurement import Measurement
    from viewer.domain.volume import Volume

# How far, in voxels, an image's corner may lie beside the plane of a region on it.
_BESIDE_VOXELS = 0.25
# A plane so near to a slice, as a share of the planes' distance, shows that slice.
_MEETS_SHARE = 0.15
# The cosine of the angle up to which a plane's directions are those of a standard one: a quarter of a degree.
_STRAIGHT = 1 - 1e-5
# Above this an interpolated region is sampled more coarsely: nobody waits for its last digit.
_MOST_SAMPLES = 250_000
# From side to side of an interpolated region, however small it is.
_LEAST_ACROSS = 32
_WITHIN_MM = 1e-3


def region_values(region: Measurement, volume: Volume) -> RegionValues:
    """Return the values within a region.

    They are original voxels wherever its plane shows these: slices in their own plane, also tilted ones shown as
    acquired, and the layers of a regular grid in the other standard planes. Elsewhere they are interpolated linearly.

    Raises
    ------
    ValueError
        For what is no region, and where the volume's geometry is not to be trusted.
    """
    values, interpolated = region_voxels(region, volume)
    if not len(values):
        return RegionValues(None, None, None, None, 0, interpolated)
    exact = values.astype(np.float64)
    return RegionValues(
        float(exact.mean()), float(exact.std()), float(exact.min()), float(exact.max()), len(exact), interpolated
    )


def region_voxels(region: Measurement, volume: Volume) -> tuple[NDArray[Any], bool]:
    """Return the values within a region, shape (n,), and whether they are interpolated; see `region_values`."""
    if not region.kind.is_region or volume.verdict is Verdict.UNTRUSTED or volume.preview:
        raise ValueError("there is no region to measure")
    values = None if volume.interpolated else _of_layer(region, volume)
    if values is None:
        values = _of_slice(region, volume)
    if values is not None:
        return values, False
    return _between_voxels(region, volume), True


def _known(values: NDArray[Any], volume: Volume) -> NDArray[np.bool_]:
    known = np.ones(values.shape, dtype=np.bool_)
    if volume.padding is not None:
        known &= values != volume.padding
    if values.dtype.kind == "f":
        known &= ~np.isnan(values)
    return known


def _turned(region: Measurement) -> bool:
    """Return whether the plane of a region was turned: in itself, or onto another one."""
    axes = PLANE_AXES[region.plane]
    return min(float(axes.right @ region.right), float(axes.down @ region.down)) < _STRAIGHT


def _of_layer(region: Measurement, volume: Volume) -> NDArray[Any] | None:
    """Return the voxels of the grid's layer that a region lies on; None where it lies askew.

    Its plane shows the nearest one; where it was turned, or the grid is oblique to LPS, it shows what lies between two:
    then there is None too.
    """
    grid = volume.grid
    along = np.abs(grid.directions.T @ region.normal)
    axis = int(np.argmax(along))
    others = [a for a in range(3) if a != axis]
    rise_mm = max(float(along[a]) * (grid.size_ijk[a] - 1) * grid.spacing_mm[a] for a in others)
    if rise_mm > _BESIDE_VOXELS * min(grid.spacing_mm):
        return None
    place = float(grid.ijk(region.centre_lps_mm)[axis])
    layer = math.floor(place + 0.5)
    if (_turned(region) or grid.lps_axes is None) and abs(place - layer) > _MEETS_SHARE:
        return None
    if not 0 <= layer < grid.size_ijk[axis] or (axis == 2 and layer in volume.missing_planes):
        return np.zeros(0, dtype=volume.voxels.dtype)
    ijk = grid.ijk(region.corners_lps_mm())
    ranges = [
        np.arange(max(int(np.floor(ijk[:, a].min())), 0), min(int(np.ceil(ijk[:, a].max())), grid.size_ijk[a] - 1) + 1)
        for a in others
    ]
    if 2 in others:
        ranges[others.index(2)] = np.setdiff1d(ranges[others.index(2)], volume.missing_planes).astype(np.intp)
    origin = np.zeros(3)
    origin[axis] = layer
    steps = [grid.lps_from_ijk[:3, a] for a in others]
    one, other = np.nonzero(_within(region, grid.lps(origin), steps, ranges))
    at: list[Any] = [layer, layer, layer]
    at[others[0]], at[others[1]] = ranges[0][one], ranges[1][other]
    values = volume.voxels[at[2], at[1], at[0]]
    return np.asarray(values[_known(values, volume)])


def _of_slice(region: Measurement, volume: Volume) -> NDArray[Any] | None:
    """Return the pixels of the original slice that a region lies on; None where it lies on none."""
    stack = volume.stack
    spans_mm = (np.asarray(stack.size_ij) - 1) * stack.pixel_spacing_mm
    tilts = abs(float(stack.row_direction @ region.normal)), abs(float(stack.column_direction @ region.normal))
    if max(tilts[0] * spans_mm[0], tilts[1] * spans_mm[1]) > _BESIDE_VOXELS * min(stack.pixel_spacing_mm):
        return None
    k = stack.nearest_slice(region.centre_lps_mm)
    beside_mm = abs(float(np.asarray(region.centre_lps_mm) @ stack.normal) - float(stack.heights_mm[k]))
    if beside_mm > _MEETS_SHARE * volume.grid.spacing_mm[2]:
        return None
    first = stack.positions_lps_mm[k]
    offset = region.corners_lps_mm() - first
    ranges = []
    for direction, spacing, size in zip(
        (stack.row_direction, stack.column_direction), stack.pixel_spacing_mm, stack.size_ij, strict=True
    ):
        places = offset @ direction / spacing
        ranges.append(np.arange(max(int(np.floor(places.min())), 0), min(int(np.ceil(places.max())), size - 1) + 1))
    di, dj = stack.pixel_spacing_mm
    i, j = np.nonzero(_within(region, first, [di * stack.row_direction, dj * stack.column_direction], ranges))
    values = volume.slices[k][ranges[1][j], ranges[0][i]]
    return np.asarray(values[_known(values, volume)])


def _between_voxels(region: Measurement, volume: Volume) -> NDArray[np.float64]:
    """Return values sampled evenly within a region, linearly between the grid's voxels.

    Samples lie no farther apart than voxels along their shortest side, and so close that a region smaller than a pixel
    has its spread too.
    """
    # Slow to load, and only planes through tilted or oblique volumes need it.
    from scipy.ndimage import map_coordinates

    finest_mm = min(*volume.stack.pixel_spacing_mm, *volume.grid.spacing_mm)
    counts = [max(size / finest_mm, _LEAST_ACROSS) for size in region.size_mm]
    fewer = max(1.0, math.sqrt(counts[0] * counts[1] / _MOST_SAMPLES))
    halves = [math.ceil(count / fewer / 2) for count in counts]
    # Up to the outline, and as near to one side as to the other: of what lies on a drawn line only some is inside.
    within_mm = 0.0 if region.kind.is_box else _WITHIN_MM
    ends = [max(size / 2 - within_mm, 0.0) for size in region.size_mm]
    across, down = (np.linspace(-end, end, 2 * half + 1) for end, half in zip(ends, halves, strict=True))
    u, v = np.meshgrid(across, down, indexing="ij")
    inside = region.encloses(u, v)
    right, downwards = np.asarray(region.right), np.asarray(region.down)
    points = region.centre_lps_mm + u[inside][:, None] * right + v[inside][:, None] * downwards
    places = volume.grid.ijk(points)
    sizes = np.asarray(volume.grid.size_ijk)
    places = places[((places >= -0.5) & (places < sizes - 0.5)).all(axis=1)]
    if not len(places):
        return np.zeros(0)
    low = np.maximum(np.floor(places.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(places.max(axis=0)).astype(int), sizes - 1)
    box = tuple(slice(int(low[a]), int(high[a]) + 1) for a in (2, 1, 0))
    piece = volume.voxels[box]
    unknown = ~_known(piece, volume)
    unknown[np.isin(np.arange(low[2], high[2] + 1), volume.missing_planes)] = True
    at = (places - low)[:, ::-1].T
    values = map_coordinates(np.where(unknown, 0, piece).astype(np.float64), at, order=1, mode="nearest")
    touched = map_coordinates(unknown.astype(np.float64), at, order=1, mode="nearest")
    # What is mixed with padding is no value of the patient.
    return np.asarray(values[touched < 1e-6])


def _within(
    region: Measurement,
    origin_lps_mm: NDArray[np.float64],
    steps_mm: list[NDArray[np.float64]],
    ranges: list[NDArray[np.intp]],
) -> NDArray[np.bool_]:
    """Return which voxels of two ranges of numbers, counted in steps from an origin, have their centre in a region."""
    offset = origin_lps_mm - np.asarray(region.centre_lps_mm)
    along = [
        float(offset @ direction)
        + (ranges[0] * float(steps_mm[0] @ direction))[:, None]
        + ranges[1] * float(steps_mm[1] @ direction)
        for direction in (np.asarray(region.right), np.asarray(region.down))
    ]
    return region.encloses(along[0], along[1])
