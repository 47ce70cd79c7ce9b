"""A smoothed surface brought back to the size of the voxels that it stands for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CLOSE_ENOUGH = 0.002
_ROUNDS = 20
# Of the radius of a ball of the same volume: how far a surface moves in one round.
_STEP_SHARE = 0.2
_NOTHING = 1e-12
# Below this share of triangles that still move it pays to look at these alone.
_NARROW_SHARE = 0.7


def as_large(
    smooth_mm: NDArray[np.float64],
    voxels_mm: NDArray[np.float64],
    triangles: NDArray[np.intp],
    piece_of: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return smoothed points moved along their normals until each piece encloses as much as its voxels do.

    Smoothing draws a surface together, the more the fewer voxels it goes around: a ball three voxels wide to half its
    width, one voxel to a point.

    Parameters
    ----------
    smooth_mm, voxels_mm
        The points after smoothing, and where they lie on the faces of the voxels, both (n, 3).
    triangles
        Three points each, all going round in one direction, (m, 3).
    piece_of
        The number of each point's piece, (n,).
    """
    count = int(piece_of.max(initial=0)) + 1
    of_triangle = piece_of[triangles[:, 0]]
    # Far from the origin the sums of large volumes would lose the small ones.
    middle = voxels_mm.mean(axis=0)
    wanted = _volumes(voxels_mm - middle, triangles, of_triangle, count)[0]
    side, most = np.sign(wanted), _STEP_SHARE * (3 * np.abs(wanted) / (4 * math.pi)) ** (1 / 3)
    points = smooth_mm - middle
    moving, at = np.ones(count, dtype=bool), np.arange(len(points))
    for _ in range(_ROUNDS):
        now, area, normals = _volumes(points[at], triangles, of_triangle, count)
        short = wanted - now
        moving &= np.abs(short) > _CLOSE_ENOUGH * np.abs(wanted)
        if not moving.any():
            break
        outwards = np.where(moving, np.clip(short * side / np.maximum(area, _NOTHING), -most, most) * side, 0.0)
        points[at] += outwards[piece_of[at]][:, None] * normals
        left = moving[of_triangle]
        # Specks take most rounds, and large pieces next to none.
        if left.mean() < _NARROW_SHARE:
            used = np.zeros(len(at), dtype=bool)
            used[triangles[left]] = True
            triangles, of_triangle = (np.cumsum(used) - 1)[triangles[left]], of_triangle[left]
            at = at[used]
    return np.asarray(points + middle, dtype=np.float64)


def _volumes(
    points: NDArray[np.float64], triangles: NDArray[np.intp], of_triangle: NDArray[np.intp], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the volume of each piece, with the sign of its triangles' direction, its area, and normals of points."""
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    across = np.cross(b - a, c - a)
    volume = _sums(of_triangle, np.einsum("ij,ij->i", a, np.cross(b, c)) / 6, count)
    area = _sums(of_triangle, np.linalg.norm(across, axis=1) / 2, count)
    corners = triangles.ravel()
    normals = np.stack([_sums(corners, np.repeat(along, 3), len(points)) for along in across.T], axis=1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1), _NOTHING)[:, None]
    return volume, area, normals


def _sums(of: NDArray[np.intp], values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    return np.asarray(np.bincount(of, values, count), dtype=np.float64)
