"""Original values at many places at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.volume import Volume


def original_values(volume: Volume, points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the value of the original voxel at each point, shape (n,); NaN outside, on padding, or not yet read.

    The same voxel as `Volume.value_at` gives: nearest slice, not further than half the gap, nor nearer to an
    image that is missing, then nearest pixel.

    Parameters
    ----------
    points_lps_mm
        Shape (n, 3).
    """
    stack = volume.stack
    heights = points_lps_mm @ stack.normal
    between = (stack.heights_mm[1:] + stack.heights_mm[:-1]) / 2
    k = np.searchsorted(between, heights, side="right")
    short = np.abs(heights - stack.heights_mm[k])
    gaps = stack.own_gaps_mm if stack.count > 1 else np.array([stack.alone_mm])
    inside = short <= gaps[np.clip(k - (heights < stack.heights_mm[k]), 0, len(gaps) - 1)] / 2 + 1e-6
    if volume.unread_lps_mm is not None and len(volume.unread_lps_mm):
        inside &= np.abs(heights[:, None] - volume.unread_lps_mm @ stack.normal).min(axis=1) >= short
    offset = points_lps_mm - stack.positions_lps_mm[k]
    i = np.floor(offset @ stack.row_direction / stack.pixel_spacing_mm[0] + 0.5).astype(np.intp)
    j = np.floor(offset @ stack.column_direction / stack.pixel_spacing_mm[1] + 0.5).astype(np.intp)
    inside &= (i >= 0) & (i < stack.size_ij[0]) & (j >= 0) & (j < stack.size_ij[1])
    if volume.arrived is not None:
        inside &= volume.arrived[k]
    values = np.full(len(points_lps_mm), np.nan)
    values[inside] = volume.slices[k[inside], j[inside], i[inside]]
    if volume.padding is not None:
        values[values == volume.padding] = np.nan
    return values
