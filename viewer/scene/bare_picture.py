"""What a picture costs where numpy alone resamples and colours as many pixels; the bench holds ours against it."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import numpy as np

from viewer.scene.plane_geometry import AXIS_ALONG

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.geometry import PlaneName
    from viewer.domain.volume import Volume


def bare_picture(image: NDArray[np.int16], size_px: int, table: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return a square picture of an image, resampled linearly row by row and column by column, then coloured.

    Parameters
    ----------
    image
        Shape (rows, columns).
    table
        A colour, 0xFFRRGGBB, for each uint16 that an int16 value can be read as.
    """
    values = np.asarray(image, dtype=np.float32)
    top, down = _between(values.shape[0], size_px)
    left, across = _between(values.shape[1], size_px)
    rows = values[top] + (values[top + 1] - values[top]) * down[:, None]
    picture = rows[:, left] + (rows[:, left + 1] - rows[:, left]) * across
    return table[picture.astype(np.int16).view(np.uint16)]


def _between(count: int, size_px: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    places = np.linspace(0, count - 1, size_px, endpoint=False, dtype=np.float32)
    first = places.astype(np.intp)
    return first, places - first


def bare_ms(volume: Volume, planes: tuple[PlaneName, ...], *, size_px: int = 900, times: int = 15) -> float:
    """Return the median of how long pictures of the middle of some planes take this way, one after the other."""
    table = np.arange(65536, dtype=np.uint32) | np.uint32(0xFF000000)
    seconds = []
    for n in range(times):
        start = time.perf_counter()
        for plane in planes:
            axis = 2 - AXIS_ALONG[plane][2]
            image = np.take(volume.voxels, (volume.voxels.shape[axis] // 2 + n) % volume.voxels.shape[axis], axis=axis)
            bare_picture(image, size_px, table)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds) * 1000
