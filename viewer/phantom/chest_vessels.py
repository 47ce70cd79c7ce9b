"""Branching vessels and bronchi of the lungs, and drawing thin tubes into a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from viewer.phantom.fields import FloatArray

if TYPE_CHECKING:
    from viewer.phantom.fields import OutputGrid, Point


@frozen(eq=False)
class Tree:
    """A tree of tubes: points (n, 3) in LPS mm, the parent of each point (−1 at the root), radius in mm."""

    points: FloatArray
    parent: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    radius_mm: FloatArray


def grown(rng: np.random.Generator, inside: FloatArray, root: Point, count: int, tip_mm: float) -> Tree:
    """Return a tree from `root` that reaches `count` points drawn from `inside` (n, 3), in LPS mm.

    Shortest paths through a graph of neighbours, with long steps made dear, share their way and so branch; radii
    follow Murray's law (r³ of a parent is the sum over its branches), from `tip_mm` upwards.
    """
    chosen = inside[rng.choice(len(inside), min(count, len(inside)), replace=False)]
    points = np.vstack([np.asarray([root]), chosen + rng.uniform(-1.2, 1.2, chosen.shape)]).astype(np.float64)
    found = cKDTree(points).query(points, k=9)
    reach, near = np.asarray(found[0]), np.asarray(found[1])
    start = np.repeat(np.arange(len(points)), 8)
    cost = reach[:, 1:].ravel() ** 1.6 + 0.01
    graph = csr_matrix((cost, (start, near[:, 1:].ravel())), shape=(len(points), len(points)))
    paths = dijkstra(graph, directed=False, indices=np.array([0]), return_predecessors=True)
    far, before = paths[0][0], paths[1][0]
    parent = np.where(before < 0, -1, before).astype(np.int64)
    order = np.argsort(-np.where(np.isfinite(far), far, -1.0))
    cubes = np.full(len(points), 0.0)
    for node in order:
        cubes[node] = max(cubes[node], tip_mm**3)
        if parent[node] >= 0:
            cubes[parent[node]] += cubes[node]
    for _ in range(3):
        total, weight = np.zeros_like(points), np.zeros(len(points))
        child = np.flatnonzero(parent >= 0)
        np.add.at(total, parent[child], points[child] * cubes[child, None])
        np.add.at(weight, parent[child], cubes[child])
        inner = child[weight[child] > 0]
        mean = total[inner] / weight[inner, None]
        points[inner] = 0.5 * points[inner] + 0.25 * mean + 0.25 * points[parent[inner]]
    return Tree(points.astype(np.float32), parent, np.cbrt(cubes).astype(np.float32))


def segments(tree: Tree, *, thicker_than_mm: float = 0.0, largest_mm: float = 9.0) -> FloatArray:
    """Return the tubes of a tree as rows (ax, ay, az, bx, by, bz, ra, rb), LPS mm."""
    child = np.flatnonzero((tree.parent >= 0) & (tree.radius_mm > thicker_than_mm))
    up = tree.parent[child]
    ra = np.minimum(tree.radius_mm[up], tree.radius_mm[child] * 1.35)
    both = np.minimum(np.stack([ra, tree.radius_mm[child]], axis=1), largest_mm)
    return np.hstack([tree.points[up], tree.points[child], both]).astype(np.float32)


def bronchi_beside(arteries: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return airway tubes that run beside the larger arteries, a little narrower."""
    away = rng.normal(size=3)
    axis = arteries[:, 3:6] - arteries[:, :3]
    axis = axis / (np.linalg.norm(axis, axis=1, keepdims=True) + 1e-6)
    side = np.cross(axis, away / np.linalg.norm(away))
    side /= np.linalg.norm(side, axis=1, keepdims=True) + 1e-6
    tubes = arteries.copy()
    shift = side * (1.75 * arteries[:, 7:8] + 0.6)
    tubes[:, :3] += shift
    tubes[:, 3:6] += shift
    tubes[:, 6:8] = np.clip(0.80 * arteries[:, 6:8], 0.8, 3.6)
    return tubes.astype(np.float32)


def walls_of(bronchi: FloatArray) -> FloatArray:
    """Return the tubes grown by the thickness of their walls, which is about a seventh of the width."""
    out = bronchi.copy()
    out[:, 6:8] += 0.22 + 0.16 * bronchi[:, 6:8]
    return out


def draw_tubes(grid: OutputGrid, into: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], tubes: FloatArray) -> None:
    """Raise `into` (uint8 coverage, 255 is full, `[k, j, i]`) by tubes; thick slices average a tube that they cut."""
    xs, ys, zs = grid.axes()
    spacing = np.asarray(grid.spacing_mm, np.float32)
    origin = np.asarray(grid.origin_lps_mm, np.float32)
    width = float(max(0.8, spacing[0]))
    half_slice = float(spacing[2]) / 2
    for tube in tubes:
        a, b = tube[:3], tube[3:6]
        ra, rb = float(tube[6]), float(tube[7])
        reach = max(ra, rb) + 0.5 * width + np.array([0, 0, 0.8 * half_slice], np.float32)
        least, most = np.minimum(a, b) - reach, np.maximum(a, b) + reach
        low = np.maximum(np.ceil((least - origin) / spacing).astype(int), 0)
        high = np.floor((most - origin) / spacing).astype(int) + 1
        high = np.minimum(high, [len(xs), len(ys), len(zs)])
        low[2], high[2] = np.searchsorted(zs, [least[2], most[2]])
        if (high <= low).any():
            continue
        x = xs[low[0] : high[0]][None, None, :] - a[0]
        y = ys[low[1] : high[1]][None, :, None] - a[1]
        z = zs[low[2] : high[2]][:, None, None] - a[2]
        axis = b - a
        length2 = float(axis @ axis) + 1e-6
        t = np.clip((x * axis[0] + y * axis[1] + z * axis[2]) / length2, 0.0, 1.0)
        dz = np.maximum(np.abs(z - t * axis[2]) - 0.7 * half_slice, 0.0)
        distance = np.sqrt((x - t * axis[0]) ** 2 + (y - t * axis[1]) ** 2 + dz**2) - (ra + t * (rb - ra))
        radius = 0.5 * (ra + rb)
        upright = abs(float(axis[2])) / np.sqrt(length2)
        share = min(1.0, 1.6 * radius / half_slice / 2 + upright) * min(1.0, 0.35 + 1.3 * radius / width)
        amount = (np.clip(0.5 - distance / width, 0.0, 1.0) * (255.0 * share)).astype(np.uint8)
        part = into[low[2] : high[2], low[1] : high[1], low[0] : high[0]]
        np.maximum(part, amount, out=part)
