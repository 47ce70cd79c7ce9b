"""Clots in the pulmonary arteries: what can be asked for, and the tubes that they fill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.phantom.chest_shape import PULMONARY_LEFT, PULMONARY_RIGHT
from viewer.phantom.fields import Point

if TYPE_CHECKING:
    from viewer.phantom.chest_vessels import Tree
    from viewer.phantom.fields import FloatArray

NAMES = {
    "saddle-embolus": "Saddle embolus",
    "lobar-embolus": "Lobar embolus",
    "segmental-embolus": "Segmental embolus",
    "subsegmental-embolus": "Subsegmental embolus",
}
# Radii in mm of the arteries that a kind of embolus sits in, and how long it may be.
_RADII_MM = {
    "lobar-embolus": (4.2, 9.0),
    "segmental-embolus": (2.3, 4.2),
    "subsegmental-embolus": (1.4, 2.3),
}
_LONGEST_MM = {"lobar-embolus": 42.0, "segmental-embolus": 26.0, "subsegmental-embolus": 14.0}


@frozen
class Embolus:
    """One clot: its kind, the place in LPS mm whose nearest artery of that kind it fills, and the seed of its shape."""

    key: str
    place_lps_mm: Point = (0.0, 0.0, 0.0)
    seed: int = 0


def drawn_emboli(rng: np.random.Generator, trees: list[Tree]) -> tuple[Embolus, ...]:
    """Return the clots of one seed: none in two of five, a saddle in one of six of the others."""
    if rng.random() < 0.4:
        return ()
    clots = [Embolus("saddle-embolus", seed=int(rng.integers(1 << 30)))] if rng.random() < 0.16 else []
    for key, most in (("lobar-embolus", 3), ("segmental-embolus", 4), ("subsegmental-embolus", 4)):
        for _ in range(int(rng.integers(0, most))):
            tree = trees[int(rng.integers(len(trees)))]
            inside = np.flatnonzero((tree.radius_mm > _RADII_MM[key][0]) & (tree.radius_mm < _RADII_MM[key][1]))
            if len(inside):
                x, y, z = tree.points[int(rng.choice(inside))]
                clots.append(Embolus(key, (float(x), float(y), float(z)), int(rng.integers(1 << 30))))
    return tuple(clots)


def clot_tubes(embolus: Embolus, trees: list[Tree], largest_mm: float) -> FloatArray:
    """Return the tubes (ax, ay, az, bx, by, bz, ra, rb), LPS mm, that a clot fills: narrower than its artery.

    `largest_mm` is the radius at which arteries are cut off when they are drawn.
    """
    rng = np.random.default_rng(embolus.seed)
    share = float(rng.uniform(0.55, 0.85))
    if embolus.key == "saddle-embolus":
        left, right = np.asarray(PULMONARY_LEFT), np.asarray(PULMONARY_RIGHT)
        points = np.vstack([left[3], left[2], (left[1] + right[0]) / 2, right[1], right[2]])
        points[1:4] += rng.uniform(-1.8, 1.8, (3, 3))
        points[0] += (points[1] - points[0]) * rng.uniform(0.1, 0.6)
        points[4] += (points[3] - points[4]) * rng.uniform(0.1, 0.6)
        points[2] += (-1.0, 0.0, 2.0)
        return _tube(rng, points, np.array([4.0, 5.4, 3.6, 5.2, 4.2]) * share / 0.75)
    low, high = _RADII_MM[embolus.key]
    best, tree, node = np.inf, trees[0], 0
    for some in trees:
        inside = np.flatnonzero((some.radius_mm > low) & (some.radius_mm < high))
        if len(inside) == 0:
            continue
        away = np.linalg.norm(some.points[inside] - np.asarray(embolus.place_lps_mm), axis=1)
        if away.min() < best:
            best, tree, node = float(away.min()), some, int(inside[away.argmin()])
    path, length = [node], 0.0
    longest = _LONGEST_MM[embolus.key] * float(rng.uniform(0.5, 1.0))
    while length < longest:
        children = np.flatnonzero(tree.parent == path[-1])
        if len(children) == 0:
            break
        step = int(children[tree.radius_mm[children].argmax()])
        if tree.radius_mm[step] < 0.8:
            break
        length += float(np.linalg.norm(tree.points[step] - tree.points[path[-1]]))
        path.append(step)
    if len(path) == 1:
        path = [max(int(tree.parent[node]), 0), node]
    radii = np.minimum(tree.radius_mm[path], largest_mm) * share
    return _tube(rng, tree.points[path], radii)


def _tube(rng: np.random.Generator, points: FloatArray, radii: FloatArray) -> FloatArray:
    """Return tubes along points, thinner and thicker by chance."""
    uneven = radii * rng.uniform(0.88, 1.12, len(radii))
    return np.hstack([points[:-1], points[1:], uneven[:-1, None], uneven[1:, None]]).astype(np.float32)


def clusters(clots: list[FloatArray]) -> list[tuple[int, FloatArray]]:
    """Return clots (tubes each) that touch as one: (index of the first and so largest, tubes)."""
    groups: list[tuple[int, FloatArray]] = []
    for index, tubes in enumerate(clots):
        mine, first = tubes, index
        apart = []
        for start, other in groups:
            if _touch(mine, other):
                mine, first = np.vstack([other, mine]), min(start, first)
            else:
                apart.append((start, other))
        groups = [*apart, (first, mine)]
    return sorted(groups, key=lambda group: group[0])


def _touch(a: FloatArray, b: FloatArray) -> bool:
    """Return whether tubes come nearer to each other than their radii."""
    share = np.linspace(0.0, 1.0, 9, dtype=np.float32)[None, :, None]
    at = [(t[:, None, :3] * (1 - share) + t[:, None, 3:6] * share).reshape(-1, 3) for t in (a, b)]
    wide = [np.repeat(t[:, 6:8].max(axis=1), 9) for t in (a, b)]
    gap = np.linalg.norm(at[0][:, None] - at[1][None], axis=2) - wide[0][:, None] - wide[1][None]
    return bool((gap < 0.5).any())
