"""Values between voxel centres, painted through a window table: a strip of rows at a time, to stay in the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import define
from numpy.typing import NDArray

from viewer.domain.view_state import Interpolation
from viewer.scene.strips import make_strips

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.scene.plane_slices import Run
    from viewer.scene.window_table import WindowTable

# Larger strips would no longer stay in the cache; and the more there are, the less one core waits for another.
_STRIP_ROWS, _STRIP_PX = 225, 200_000
# Smaller pictures are made before a second core has begun.
_LEAST_SHARED_PX = 200_000


def interpolation_of(volume: Volume, state: ViewState, *, moving: bool = False) -> Interpolation:
    """Return how pictures are interpolated now: cubic ones are only made at rest, and of whole volumes."""
    cubic = state.interpolation is Interpolation.CUBIC
    return Interpolation.LINEAR if cubic and (moving or volume.preview) else state.interpolation


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
    interpolation: Interpolation = Interpolation.LINEAR,
    padded: NDArray[np.bool_] | None = None,
) -> None:
    """Fill a picture with an image interpolated at (down, across), then windowed.

    Cubic is cubic convolution (Keys 1981, a = −0.5), which runs through the voxels' own values. Where one of its
    4 × 4 voxels is padding, and where several voxels come to a pixel, it is linear.

    Parameters
    ----------
    picture
        [row, column], shape (down.count, across.count); written.
    image
        Values of voxels, [down, right].
    padded
        Which of them are padding.
    """
    if interpolation is Interpolation.NEAREST:
        _paint_squares(picture, image, down, across, table)
        return
    cubic = interpolation is Interpolation.CUBIC and down.shrink == across.shrink == 1
    _paint_linear(picture, _shrunk(image, down.shrink, across.shrink), down, across, table, cubic=cubic)
    if cubic and padded is not None:
        near = near_on_axis(near_on_axis(padded, 0), 1)
        mixed = near[down.lower][:, across.lower]
        if mixed.any():
            straight = np.empty_like(picture)
            _paint_linear(straight, image, down, across, table, cubic=False)
            picture[mixed] = straight[mixed]


def _paint_squares(
    picture: NDArray[np.uint32], image: NDArray[np.float32], down: Samples, across: Samples, table: WindowTable
) -> None:
    top, left = int(down.nearest[0]), int(across.nearest[0])
    image = image[top : int(down.nearest[-1]) + 1, left : int(across.nearest[-1]) + 1]
    if image.size > picture.size:
        picture[:] = table.of(image[down.nearest - top][:, across.nearest - left])
        return
    wide = np.take(table.of(image), across.nearest - left, axis=1)
    picture[:] = np.take(wide, down.nearest - top, axis=0)


def _paint_linear(
    picture: NDArray[np.uint32],
    image: NDArray[np.float32],
    down: Samples,
    across: Samples,
    table: WindowTable,
    *,
    cubic: bool,
) -> None:
    taps = (-1, 0, 1, 2) if cubic else (0, 1)
    first, last = taps[0], taps[-1]
    height, width = image.shape
    left, right = max(int(across.lower[0]) + first, 0), min(int(across.lower[-1]) + last, width - 1) + 1
    # Beyond the image's edge its outermost voxels go on.
    columns = [np.clip(across.lower + tap, 0, width - 1) - left for tap in taps]
    all_rows = [np.clip(down.lower + tap, 0, height - 1) for tap in taps]
    weights = _weights(across.share, cubic=cubic)
    down_weights = _weights(down.share, cubic=cubic)

    rows = max(1, min(_STRIP_ROWS, _STRIP_PX // across.count))

    def make(start: int) -> None:
        lower = down.lower[start : start + rows]
        top, bottom = max(int(lower[0]) + first, 0), min(int(lower[-1]) + last, height - 1) + 1
        wide = _weighted(table.to_mix(image[top:bottom, left:right]), columns, weights, axis=1)
        numbers = [number[start : start + rows] - top for number in all_rows]
        strip = [weight[start : start + rows, None] for weight in down_weights]
        table.of_mixed(_weighted(wide, numbers, strip, axis=0), into=picture[start : start + rows])

    starts = range(0, down.count, rows)
    if picture.size >= _LEAST_SHARED_PX:
        make_strips(starts, make)
        return
    for start in starts:
        make(start)


def _weighted(
    values: NDArray[np.float32], numbers: list[NDArray[np.intp]], weights: list[NDArray[np.float32]], *, axis: int
) -> NDArray[np.float32]:
    """Return the weighted sum of values at several places along an axis.

    Of two the first weight is what the second leaves of 1.
    """
    low = values.take(numbers[0], axis, mode="clip")
    if len(numbers) == 2:
        high = values.take(numbers[1], axis, mode="clip")
        high -= low
        high *= weights[1]
        low += high
        return low
    low *= weights[0]
    for number, weight in zip(numbers[1:], weights[1:], strict=True):
        other = values.take(number, axis, mode="clip")
        other *= weight
        low += other
    return low


def _weights(share: NDArray[np.float32], *, cubic: bool) -> list[NDArray[np.float32]]:
    """Return the weights of the two, or four, voxels around places that are `share` on the way between two."""
    t = share
    if not cubic:
        return [1 - t, t]
    two, three = t * t, t * t * t
    return [
        -0.5 * three + two - 0.5 * t,
        1.5 * three - 2.5 * two + 1,
        -1.5 * three + 2 * two + 0.5 * t,
        0.5 * three - 0.5 * two,
    ]


def near_on_axis(padded: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    """Return for each voxel whether one from its predecessor to its next but one along an axis is padding."""
    wide = np.pad(padded, [(1, 2) if n == axis else (0, 0) for n in range(padded.ndim)])
    found = np.zeros_like(padded)
    for first in range(4):
        part = [slice(None)] * padded.ndim
        part[axis] = slice(first, first + padded.shape[axis])
        found |= wide[tuple(part)]
    return found


def _shrunk(image: NDArray[np.float32], down: int, across: int) -> NDArray[np.float32]:
    if down > 1:
        rows = len(image) // down
        image = image[: rows * down].reshape(rows, down, -1).mean(axis=1)
    if across > 1:
        columns = image.shape[1] // across
        image = image[:, : columns * across].reshape(len(image), columns, across).mean(axis=2)
    return image
