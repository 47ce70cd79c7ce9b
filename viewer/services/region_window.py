"""The window that fits a region of a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.analysis.original_values import original_values
from viewer.domain.view_state import SlabMode
from viewer.domain.volume import Window
from viewer.scene.plane_slices import beyond_images, layers_at, plane_runs, snapped
from viewer.scene.slabs import layers_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.scene.plane_geometry import ViewportGeometry
    from viewer.scene.plane_slices import PlaneRuns

LOW_PERCENT, HIGH_PERCENT = 5.0, 95.0
LEAST_WIDTH_HU = 20.0
_MOST_POINTS = 40_000
# Of all layers of a slab together.
_MOST_VALUES = 600_000


def window_of_region(
    volume: Volume, view: ViewState, geometry: ViewportGeometry, corners_px: tuple[float, float, float, float]
) -> Window | None:
    """Return the window from the 5th to the 95th percentile of the original values in a rectangle on a plane.

    Padding and what lies outside are left out; of a slab it is what the slab shows. HU come in whole numbers and at
    least 20 wide, so that noise alone does not fill the window.

    Parameters
    ----------
    corners_px
        Two opposite corners x0, y0, x1, y1 on the viewport of `geometry`.

    Returns
    -------
    Window | None
        None where there is no value in the rectangle.
    """
    values = _shown_values(volume, view, geometry, corners_px)
    values = values[~np.isnan(values)]
    if not values.size:
        return None
    low, high = np.percentile(values, (LOW_PERCENT, HIGH_PERCENT))
    if volume.on_hu_scale:
        return Window(float(round((low + high) / 2)), float(max(round(high - low), LEAST_WIDTH_HU)))
    width = high - low
    if width <= 0:
        width = max(abs(high) * 0.1, 1e-3)
    digits = 2 - int(np.floor(np.log10(width)))
    return Window(round(float(low + high) / 2, digits), round(float(width), digits))


def _shown_values(
    volume: Volume, view: ViewState, geometry: ViewportGeometry, corners_px: tuple[float, float, float, float]
) -> NDArray[np.float64]:
    x0, y0, x1, y1 = corners_px
    (left, right), (top, bottom) = sorted((x0, x1)), sorted((y0, y1))
    slab_mm = 0.0 if geometry.image is not None else view.slab_mm
    turned = geometry.image is not None or geometry.view.turned is not None
    runs = None if turned else plane_runs(volume.grid, geometry.plane)
    if runs is not None and slab_mm <= 0 and not beyond_images(volume, geometry.plane, geometry.cursor_lps_mm):
        # On the image that is seen: the crosshair may lie between two.
        geometry = evolve(geometry, cursor_lps_mm=snapped(volume, geometry.plane, geometry.cursor_lps_mm))
    depths_mm = _depths_mm(volume, geometry, runs, slab_mm)
    step_px = min(volume.stack.pixel_spacing_mm) / geometry.mm_per_px
    area_px = max((right - left) * (bottom - top), 1.0)
    most_points = min(_MOST_POINTS, _MOST_VALUES // max(len(depths_mm), 1))
    step_px = max(step_px, float(np.sqrt(area_px / most_points)))
    across = _places(left, right, step_px)
    down = _places(top, bottom, step_px)
    x, y = (part.ravel() for part in np.meshgrid(across, down))
    corner = np.asarray(geometry.lps_from_screen(0.0, 0.0))
    points = corner + geometry.mm_per_px * (x[:, None] * geometry.axes.right + y[:, None] * geometry.axes.down)
    if slab_mm <= 0:
        return original_values(volume, points)
    if not len(depths_mm):
        return np.zeros(0)
    stacked = np.stack([original_values(volume, points + depth * geometry.axes.into) for depth in depths_mm])
    stacked = stacked[:, ~np.isnan(stacked).all(axis=0)]
    if not stacked.size:
        return np.zeros(0)
    if view.slab_mode is SlabMode.MEAN:
        return np.asarray(np.nanmean(stacked, axis=0), dtype=np.float64)
    most = np.nanmax if view.slab_mode is SlabMode.MAX else np.nanmin
    return np.asarray(most(stacked, axis=0), dtype=np.float64)


def _depths_mm(
    volume: Volume, geometry: ViewportGeometry, runs: PlaneRuns | None, slab_mm: float
) -> NDArray[np.float64]:
    """Return how far into the screen from the plane the layers lie that a slab shows: none beyond the volume."""
    if slab_mm <= 0:
        return np.zeros(1)
    if runs is None:
        count = layers_of(slab_mm, min(volume.grid.spacing_mm))
        return np.asarray(np.linspace(-slab_mm / 2, slab_mm / 2, count), dtype=np.float64)
    along_mm = float(np.asarray(geometry.cursor_lps_mm) @ geometry.axes.into)
    layers = layers_at(runs.into, along_mm, slab_mm)
    if layers is None:
        return np.zeros(0)
    numbers = np.arange(layers[0], layers[1] + 1, dtype=np.float64)
    return np.asarray(runs.into.first_mm + numbers * runs.into.spacing_mm - along_mm, dtype=np.float64)


def _places(first: float, last: float, step: float) -> NDArray[np.float64]:
    count = max(int((last - first) / step), 1)
    return np.asarray(first + (np.arange(count) + 0.5) * (last - first) / count, dtype=np.float64)
