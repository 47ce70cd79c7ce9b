"""A volume looked through from one side, as a scout view shows it: how far the images reach, at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.volume import Volume

# A mean over so many voxels of a ray tells as much as one over all of them.
_ALONG = 128
_SOLID_HU = -500


def seen_through(volume: Volume, axis: int, size_px: int) -> NDArray[np.uint8]:
    """Return the mean of all values along a patient axis as a picture of at most `size_px` a side, shape (h, w).

    Parameters
    ----------
    axis
        0 looks from the patient's left, anterior at the left; 1 from the front, the patient's right at the left. Head
        up. Oblique volumes are taken along the axes of their grid that are nearest.
    size_px
        Of the longer side; voxels are as wide as they are high in mm. Air around all that there is, is left out.
    """
    directions = volume.grid.directions
    # Of each patient axis the axis of the array ([k, j, i]) that runs along it, and whether it runs the other way.
    nearest = [int(np.argmax(np.abs(directions[lps]))) for lps in range(3)]
    if len(set(nearest)) < 3:
        nearest = [0, 1, 2]
    x, y, z = (2 - ijk for ijk in nearest)
    backward = [directions[lps, ijk] < 0 for lps, ijk in enumerate(nearest)]
    spacing = [volume.grid.spacing_mm[ijk] for ijk in nearest]
    values = volume.voxels.transpose(z, y, x)
    values = values[:: 1 if backward[2] else -1, :: -1 if backward[1] else 1, :: -1 if backward[0] else 1]
    across = 1 - axis
    values = values[_with_body(values, volume)]
    spans = (values.shape[0] * spacing[2], values.shape[2 - across] * spacing[across])
    scale = size_px / max(spans)
    height, width = (max(1, round(span * scale)) for span in spans)
    rows, columns = _places(height, values.shape[0]), _places(width, values.shape[2 - across])
    along = slice(None, None, max(1, values.shape[2 - axis] // _ALONG))
    mean = np.empty((height, width), dtype=np.float32)
    # Image by image: all that is picked at once would be copied through memory several times.
    for n, row in enumerate(rows):
        if n and row == rows[n - 1]:
            mean[n] = mean[n - 1]
            continue
        rays = values[row][columns, along] if axis == 0 else values[row][along][:, columns]
        if volume.padding is not None:
            rays = np.where(rays == volume.padding, rays.dtype.type(-1000), rays)
        mean[n] = np.clip(rays, -1000, 1500).mean(axis=1 if axis == 0 else 0, dtype=np.float32)
    low, high = float(mean.min()), float(mean.max())
    return np.asarray(((mean - low) / max(high - low, 1e-6)) ** 0.6 * 255, dtype=np.uint8)


def _with_body(values: NDArray[np.int16] | NDArray[np.float32], volume: Volume) -> tuple[slice, ...]:
    """Return the smallest box that holds all that is denser than air; of all voxels where nothing is."""
    steps = tuple(max(1, length // _ALONG) for length in values.shape)
    few = values[:: steps[0], :: steps[1], :: steps[2]]
    solid = np.asarray(few > _SOLID_HU)
    if volume.padding is not None:
        solid &= np.asarray(few != volume.padding)
    if not solid.any():
        return tuple(slice(None) for _ in steps)
    found = []
    for n, step in enumerate(steps):
        there = np.flatnonzero(solid.any(axis=tuple(other for other in range(3) if other != n)))
        found.append(slice(max(0, int(there[0] - 1) * step), int(there[-1] + 2) * step))
    return tuple(found)


def _places(count: int, of: int) -> NDArray[np.intp]:
    return np.minimum(np.arange(count) * of // count, of - 1)
