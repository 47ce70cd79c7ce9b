"""Where the edges of parts of a volume lie: in 3D, with those at the back told apart, and cut by a plane."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Ends of the twelve edges as corner numbers, and the axis (0 to 2) along which each runs.
_ENDS = np.array(
    [
        (first, first | 1 << axis)
        for axis in range(3)
        for first in range(8)
        if not first & 1 << axis
    ]
)  # fmt: skip
_AXES = np.repeat(np.arange(3), 4)


def edges_seen(boxes_lps_mm: NDArray[np.float64], to_eye: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the edges of boxes, shape (n, 12, 2, 3), and which of them are at the front, shape (n, 12).

    Parameters
    ----------
    boxes_lps_mm
        Corners, shape (n, 8, 3); corners whose numbers differ in one bit share an edge.
    to_eye
        The direction in which the eye is.
    """
    boxes, eye = np.asarray(boxes_lps_mm, dtype=np.float64), np.asarray(to_eye, dtype=np.float64)
    along = np.stack([boxes[:, 1] - boxes[:, 0], boxes[:, 2] - boxes[:, 0], boxes[:, 4] - boxes[:, 0]], axis=1)
    towards = np.empty((len(boxes), 3))
    for axis in range(3):
        first, second = along[:, (axis + 1) % 3], along[:, (axis + 2) % 3]
        normal = np.cross(first, second)
        outwards = np.sign(np.sum(normal * along[:, axis], axis=1))
        towards[:, axis] = (normal @ eye) * outwards
    seen = np.zeros((len(boxes), 12), dtype=bool)
    for number, ((start, _), axis) in enumerate(zip(_ENDS.tolist(), _AXES.tolist(), strict=True)):
        for other in ((axis + 1) % 3, (axis + 2) % 3):
            far = bool(start & 1 << other)
            seen[:, number] |= towards[:, other] > 0 if far else towards[:, other] < 0
    return boxes[:, _ENDS], seen


def cut_by_plane(
    boxes_lps_mm: NDArray[np.float64], through_lps_mm: ArrayLike, normal: ArrayLike
) -> list[tuple[int, NDArray[np.float64]]]:
    """Return the number of each box that a plane cuts, with the corners of the cut in order, shape (m, 3)."""
    boxes, into = np.asarray(boxes_lps_mm, dtype=np.float64), np.asarray(normal, dtype=np.float64)
    depth = (boxes - np.asarray(through_lps_mm, dtype=np.float64)) @ into
    made = []
    for number in np.flatnonzero((depth.min(axis=1) < 0) & (depth.max(axis=1) > 0)):
        starts, ends = depth[number, _ENDS[:, 0]], depth[number, _ENDS[:, 1]]
        crossing = (starts < 0) != (ends < 0)
        share = starts[crossing] / (starts[crossing] - ends[crossing])
        first, last = boxes[number, _ENDS[crossing, 0]], boxes[number, _ENDS[crossing, 1]]
        points = first + (last - first) * share[:, None]
        around = points - points.mean(axis=0)
        up = np.cross(into, around[0])
        angles = np.arctan2(around @ up / np.linalg.norm(up), around @ around[0] / np.linalg.norm(around[0]))
        made.append((int(number), points[np.argsort(angles)]))
    return made


def hull(boxes_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the box along the edges of the first one around all of them, shape (1, 8, 3)."""
    boxes = np.asarray(boxes_lps_mm, dtype=np.float64)
    frame = np.stack([boxes[0, 1] - boxes[0, 0], boxes[0, 2] - boxes[0, 0], boxes[0, 4] - boxes[0, 0]])
    places = (boxes.reshape(-1, 3) - boxes[0, 0]) @ np.linalg.inv(frame)
    low, high = places.min(axis=0), places.max(axis=0)
    corners = np.array([[high[a] if bits[2 - a] else low[a] for a in range(3)] for bits in product((0, 1), repeat=3)])
    return np.asarray(boxes[0, 0] + corners @ frame)[None]
