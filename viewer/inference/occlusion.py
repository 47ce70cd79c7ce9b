"""Where a classifier looked, found out by covering parts of a slice and seeing how far its score falls.

The cover is a square of the slice's own mean, moved by half its width; the map at a place is the mean fall of the
covers over it (Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, 2014, section 4.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Covers along each side of a slice, so that one slice costs their square in runs.
COVERS = 12
# A score that falls by less of itself under every cover tells no place.
_LEAST_FALL = 0.05


def occlusion_map(
    image: NDArray[Any], score: float, scores_of: Callable[[NDArray[Any]], NDArray[np.float32]], batch: int
) -> NDArray[np.float32] | None:
    """Return where a score comes from, [j, i] from 0 to 1, or None where no place can be told.

    Parameters
    ----------
    image
        The channels of one slice as they are fed, [channel, j, i].
    score
        Of the slice uncovered.
    scores_of
        Gives the score of each of some images [n, channel, j, i].
    batch
        How many images at once.
    """
    _, nj, ni = image.shape
    boxes = [(rows, columns) for rows in _spans(nj) for columns in _spans(ni)]
    mean = image.astype(np.float64).mean(axis=(1, 2), keepdims=True).astype(image.dtype)
    falls = np.zeros((nj, ni), np.float32)
    over = np.zeros((nj, ni), np.float32)
    for start in range(0, len(boxes), batch):
        part = boxes[start : start + batch]
        covered = np.repeat(image[None], len(part), axis=0)
        for n, (rows, columns) in enumerate(part):
            covered[n, :, rows, columns] = mean
        for (rows, columns), other in zip(part, scores_of(covered), strict=True):
            falls[rows, columns] += max(0.0, score - float(other))
            over[rows, columns] += 1
    falls /= np.maximum(over, 1)
    largest = float(falls.max())
    return falls / np.float32(largest) if largest > max(1e-6, _LEAST_FALL * score) else None


def runs_for_one(shape_ji: tuple[int, int]) -> int:
    """Return how many runs the map of one slice of a size takes."""
    return len(_spans(shape_ji[0])) * len(_spans(shape_ji[1]))


def _spans(length: int) -> list[slice]:
    """Return covers of a line, each overlapping the next by half."""
    edges = np.unique(np.linspace(0, length, COVERS + 2).round().astype(int))
    if len(edges) < 3:
        return [slice(0, length)]
    return [slice(int(a), int(b)) for a, b in zip(edges[:-2], edges[2:], strict=True)]
