"""Closed outlines in a plane: what lies inside, how large that is, and how a drawn one becomes a few corners.

One rule holds for outlines that cross themselves, in every number and on the screen: a place is inside where a ray from
it crosses the outline an odd number of times (even-odd). A part that was gone around twice is a hole.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Edges that are crossed nearer to an end than this share of their length meet there, and do not cross.
_AT_AN_END = 1e-9
# So much of a line may hang over where its ends meet.
_OVERHANG = 0.1
# Two lines are compared at so many places of each.
_COMPARED = 64


def inside(corners: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether places lie within an outline, by the even-odd rule.

    A place exactly on the line counts at a left and upper side and not at a right and lower one (x to the right, y
    down), so that of two outlines that share a side exactly one holds it.

    Parameters
    ----------
    corners
        Shape (n, 2), columns x and y; the last one is joined to the first.
    x, y
        Shapes that broadcast to one another.
    """
    across, down = np.broadcast_arrays(x, y)
    shape = across.shape
    order = np.argsort(down, axis=None, kind="stable")
    # Sorted by height, the places that an edge can be beside are one run: each is looked at a few times, not n times.
    across, down = across.ravel()[order], down.ravel()[order]
    odd = np.zeros(len(order), dtype=np.bool_)
    ends = np.roll(corners, -1, axis=0)
    lower = np.searchsorted(down, np.minimum(corners[:, 1], ends[:, 1]), side="left")
    upper = np.searchsorted(down, np.maximum(corners[:, 1], ends[:, 1]), side="left")
    for (x0, y0), (x1, y1), first, last in zip(corners, ends, lower, upper, strict=True):
        if first < last:
            run = slice(first, last)
            odd[run] ^= across[run] >= x0 + (down[run] - y0) * ((x1 - x0) / (y1 - y0))
    found = np.empty(len(order), dtype=np.bool_)
    found[order] = odd
    return found.reshape(shape)


def area(corners: NDArray[np.float64]) -> float:
    """Return the area within an outline, shape (n, 2), by the even-odd rule.

    Of an outline that does not cross itself by the polygon formula, half of |Σ (x·y' − x'·y)|; else the sum of the
    trapezoids between the heights at which sides end or cross.
    """
    x, y = (corners - corners.mean(axis=0)).T
    heights = _crossing_heights(x, y)
    if not len(heights):
        return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
    levels = np.unique(np.concatenate([y, heights]))
    x1, y1 = np.roll(x, -1), np.roll(y, -1)
    total = 0.0
    for low, high in zip(levels[:-1], levels[1:], strict=True):
        middle = (low + high) / 2
        there = (y <= middle) != (y1 <= middle)
        if there.any():
            at = np.sort(x[there] + (middle - y[there]) * (x1[there] - x[there]) / (y1[there] - y[there]))
            total += float((at[1::2] - at[::2]).sum() * (high - low))
    return total


def crosses_itself(corners: NDArray[np.float64]) -> bool:
    """Return whether sides of an outline, shape (n, 2), go through each other."""
    x, y = (corners - corners.mean(axis=0)).T
    return bool(len(_crossing_heights(x, y)))


def _crossing_heights(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the heights at which sides that are not neighbours go through each other."""
    dx, dy = np.roll(x, -1) - x, np.roll(y, -1) - y
    found = []
    for n in range(len(x) - 2):
        others = np.arange(n + 2, len(x) - (n == 0))
        turned = dx[n] * dy[others] - dy[n] * dx[others]
        away_x, away_y = x[others] - x[n], y[others] - y[n]
        slanted = np.abs(turned) > 1e-12
        with np.errstate(divide="ignore", invalid="ignore"):
            own = (away_x * dy[others] - away_y * dx[others]) / turned
            its = (away_x * dy[n] - away_y * dx[n]) / turned
            through = slanted & (own > -_AT_AN_END) & (own < 1 + _AT_AN_END) & (its > -_AT_AN_END)
            through &= its < 1 + _AT_AN_END
        found.append(y[n] + own[through] * dy[n])
    return np.concatenate(found) if found else np.zeros(0)


def joined(points: ArrayLike, near: float) -> NDArray[np.float64]:
    """Return a line drawn by hand as the corners of an outline, without what hangs over where its ends meet.

    What comes nearer to its beginning than `near`, and stays there, ends where it is nearest. Where both ends cross
    each other, and lie beyond that by less than a tenth of the line together, they are cut off: a hand that closes an
    outline draws a little too far.

    Parameters
    ----------
    points
        Shape (n, 2).
    """
    line = np.asarray(points, dtype=np.float64)
    line = line[: _home(line, near) + 1]
    steps = np.diff(line, axis=0)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))])
    spare = _OVERHANG * along[-1]
    first = np.flatnonzero(along[:-1] < spare)
    last = np.flatnonzero(along[1:] > along[-1] - spare)
    for i in first.tolist():
        for j in last[last > i + 1].tolist():
            turned = steps[i, 0] * steps[j, 1] - steps[i, 1] * steps[j, 0]
            if abs(turned) < 1e-12:
                continue
            away = line[j] - line[i]
            own = (away[0] * steps[j, 1] - away[1] * steps[j, 0]) / turned
            its = (away[0] * steps[i, 1] - away[1] * steps[i, 0]) / turned
            over = along[i] + own * (along[i + 1] - along[i]) + along[-1] - along[j] - its * (along[j + 1] - along[j])
            if 0 <= own <= 1 and 0 <= its <= 1 and over < spare:
                return np.concatenate([[line[i] + own * steps[i]], line[i + 1 : j + 1]])
    return line


def _home(line: NDArray[np.float64], near: float) -> int:
    """Return the number of the corner with which a line ends that comes back to its beginning; else of its last one.

    It is looked for in the second half: all of a small outline may be near to its beginning.
    """
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    away = np.linalg.norm(line - line[0], axis=1)
    there = (away < near) & (np.append(0.0, np.cumsum(steps)) > steps.sum() / 2)
    there[:3] = False
    elsewhere = np.flatnonzero(~there)
    since = int(elsewhere[-1]) + 1
    if since == len(line):
        return since - 1
    n = since + int(away[since:].argmin())
    # One that went past the beginning would turn back to it.
    return n - 1 if float((line[0] - line[n]) @ (line[n - 1] - line[n])) > 0 else n


def pulled(points: ArrayLike, n: int, by: ArrayLike) -> NDArray[np.float64]:
    """Return the corners of an outline, shape (n, d), with one of them moved, and those near to it taken along.

    A corner nearer to it along the outline than it is moved comes along, the less the farther it is (cos²), so that a
    line drawn by hand is not pulled into a spike; corners that were set far apart move one at a time.
    """
    corners = np.asarray(points, dtype=np.float64)
    move = np.asarray(by, dtype=np.float64)
    reach = math.sqrt(float(move @ move))
    if reach == 0:
        return corners
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    along = np.concatenate([[0.0], np.cumsum(np.roll(sides, -n)[:-1])])
    away = np.roll(np.minimum(along, sides.sum() - along), n)
    weight = np.cos(np.minimum(away / reach, 1.0) * (math.pi / 2)) ** 2
    return np.asarray(corners + weight[:, None] * move)


def redrawn(points: ArrayLike, stroke: ArrayLike, near: float) -> NDArray[np.float64]:
    """Return the corners of an outline, shape (n, d), with a stretch of it drawn anew.

    Both ends of the new line are joined to the nearest places of the outline. Of the two ways between these, that one
    goes which lies nearer to the new line; so a bulge replaces what it bulges from, and a line across the outline cuts
    the smaller part off.

    Parameters
    ----------
    stroke
        The new line, shape (m, d).
    near
        An end that lies no farther than this beside the outline lies on it.
    """
    corners, line = np.asarray(points, dtype=np.float64), np.asarray(stroke, dtype=np.float64)
    start, from_place = _on_outline(corners, line[0])
    end, to_place = _on_outline(corners, line[-1])
    inner = line[1:] if math.dist(line[-1], to_place) > near else line[1:-1]
    new = np.concatenate([from_place[None], inner, to_place[None]])
    ahead, back = _corners_between(corners, start, end), _corners_between(corners, end, start)
    if start == end:
        # Neither way has a length of its own: nothing goes, or all.
        ahead = corners[:0]
    forth = _apart(np.concatenate([from_place[None], ahead, to_place[None]]), new)
    around = _apart(np.concatenate([to_place[None], back, from_place[None]]), new)
    made = np.concatenate([new, back] if forth <= around else [new[::-1], ahead])
    return made[np.any(made != np.roll(made, 1, axis=0), axis=1)]


def _on_outline(corners: NDArray[np.float64], place: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return the nearest place on an outline: the number of the corner before it and the share to the next, and it."""
    sides = np.roll(corners, -1, axis=0) - corners
    squared = np.maximum(np.einsum("nd,nd->n", sides, sides), 1e-30)
    share = np.clip(np.einsum("nd,nd->n", place - corners, sides) / squared, 0.0, 1.0)
    places = corners + share[:, None] * sides
    n = int(np.linalg.norm(places - place, axis=1).argmin())
    return float(n + share[n]) % len(corners), places[n]


def _corners_between(corners: NDArray[np.float64], start: float, end: float) -> NDArray[np.float64]:
    """Return the corners that are met going forward from one place on an outline to another."""
    end += len(corners) if end <= start else 0
    return corners[np.arange(math.floor(start) + 1, math.ceil(end)) % len(corners)]


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return how far two lines lie from each other, on average both ways."""
    between = np.linalg.norm(_evenly(one)[:, None] - _evenly(other)[None], axis=2)
    return float(between.min(axis=0).mean() + between.min(axis=1).mean())


def _evenly(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return places along a line, all equally far apart."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.linspace(0.0, along[-1], _COMPARED)
    return np.stack([np.interp(at, along, numbers) for numbers in line.T], axis=1)


def simplified(points: ArrayLike, tolerance: float) -> NDArray[np.float64]:
    """Return some of the points of a line, so that none that is left out lies farther from it than a tolerance.

    The first and the last stay. Douglas and Peucker, The Canadian Cartographer 10 (1973) 112.

    Parameters
    ----------
    points
        Shape (n, d), in the unit of `tolerance`.
    """
    line = np.asarray(points, dtype=np.float64)
    kept = np.zeros(len(line), dtype=np.bool_)
    kept[[0, -1]] = True
    waiting = [(0, len(line) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        along = line[last] - line[first]
        length = math.sqrt(float(along @ along))
        away = line[first + 1 : last] - line[first]
        if length > 0:
            share = np.clip(away @ along / length**2, 0.0, 1.0)
            away = away - share[:, None] * along
        distances = np.sqrt(np.einsum("nd,nd->n", away, away))
        farthest = int(distances.argmax())
        if distances[farthest] > tolerance:
            middle = first + 1 + farthest
            kept[middle] = True
            waiting += [(first, middle), (middle, last)]
    return line[kept]
