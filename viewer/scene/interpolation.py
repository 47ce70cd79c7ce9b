"""Values between voxel centres, painted through a window table: a strip of rows at a time, to stay in the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import define
from numpy.typing import NDArray

if TYPE_CHECKING:
    from viewer.scene.plane_slices import Run
    from viewer.scene.window_table import WindowTable

_STRIP_ROWS = 48


@define(frozen=True, eq=False)
class Samples:
    """Where a picture's columns (or rows) fall between voxel centres; only those inside the volume.

    Attributes
    ----------
    start
        First of the picture's columns that lies inside.
    shrink
        So many voxels are averaged before interpolation.
    lower, share
        For each column the voxel (or average) before it, and how far it is on to the next.
    nearest
        For each column the voxel it lies in.
    """

    start: int
    shrink: int
    lower: NDArray[np.intp]
    share: NDArray[np.float32]
    nearest: NDArray[np.intp]

    @property
    def count(self) -> int:
        """Number of columns inside."""
        return len(self.lower)

    @classmethod
    def along(cls, run: Run, first_mm: float, step_mm: float, count: int) -> Samples | None:
        """Return the samples of `count` pixels whose centres lie at `first_mm` + n · `step_mm`; None where none do."""
        places = (first_mm + np.arange(count) * step_mm - run.first_mm) / run.spacing_mm
        inside = np.flatnonzero((places >= -0.5) & (places < run.count - 0.5))
        if not len(inside):
            return None
        places = places[inside]
        nearest = np.floor(places + 0.5).astype(np.intp)
        # Several voxels to a pixel: average them first, or fine structures would flicker in and out.
        shrink = max(1, int(step_mm / run.spacing_mm + 0.25))
        if run.count // shrink < 2:
            shrink = 1
        most = run.count // shrink - 1
        places = np.clip((places - (shrink - 1) / 2) / shrink, 0, most)
        lower = np.minimum(places.astype(np.intp), most - 1)
        return cls(int(inside[0]), shrink, lower, (places - lower).astype(np.float32), nearest)


def paint(
    picture: NDArray[np.uint32],
    image: NDArray[np.float32],
    down: Samples,
    across: Samples,
    table: WindowTable,
) -> None:
    """Fill a picture with an image interpolated linearly at (down, across), then windowed.

    Parameters
    ----------
    picture
        [row, column], shape (down.count, across.count); written.
    image
        Values of voxels, [down, right].
    """
    image = _shrunk(image, down.shrink, across.shrink)
    left, right = int(across.lower[0]), int(across.lower[-1]) + 2
    low_columns, high_columns = across.lower - left, across.lower - left + 1
    across_share = across.share
    for start in range(0, down.count, _STRIP_ROWS):
        lower = down.lower[start : start + _STRIP_ROWS]
        top = int(lower[0])
        rows = image[top : int(lower[-1]) + 2, left:right] - np.float32(table.first)
        rows *= np.float32(table.per_unit)
        values = np.take(rows, low_columns, axis=1, mode="clip")
        values += (np.take(rows, high_columns, axis=1, mode="clip") - values) * across_share
        low = np.take(values, lower - top, axis=0, mode="clip")
        high = np.take(values, lower - top + 1, axis=0, mode="clip")
        high -= low
        high *= down.share[start : start + _STRIP_ROWS, None]
        low += high
        picture[start : start + _STRIP_ROWS] = table.of_entries(low)


def _shrunk(image: NDArray[np.float32], down: int, across: int) -> NDArray[np.float32]:
    if down > 1:
        rows = len(image) // down
        image = image[: rows * down].reshape(rows, down, -1).mean(axis=1)
    if across > 1:
        columns = image.shape[1] // across
        image = image[:, : columns * across].reshape(len(image), columns, across).mean(axis=2)
    return image
