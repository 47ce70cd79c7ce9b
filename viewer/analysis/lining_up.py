"""How far one body has to be shifted to lie on another: by what both show, without turning anything.

The shift with the greatest normalised cross-correlation over the part that both volumes cover (Padfield, "Masked object
registration in the Fourier domain", IEEE TIP 2012), on coarse grids, then refined on finer ones around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from viewer.domain.view_state import Point

if TYPE_CHECKING:
    from viewer.domain.job import JobContext
    from viewer.domain.volume import Volume

COARSE_MM = 8.0
FINE_MM = (4.0, 2.0, 1.0)
# Of the smaller body at least this share has to be covered: two corners that touch look alike too easily.
LEAST_OVERLAP = 0.3
# Below this nothing alike was found: where all of the smaller body is covered, and where next to nothing of it is.
LEAST_LIKENESS, LEAST_LIKENESS_APART = 0.6, 0.85
# Of the values of each, 0…1: what FFTs make of values that are all the same is far below.
LEAST_SPREAD = 1e-3
# What tells tissues apart: from fat to dense bone; air counts as one, contrast agent hardly.
LOW_HU, HIGH_HU = -300.0, 700.0
_MOST_POINTS = 60_000
# So much of what overlaps at the coarse place has to on finer grids too, and so few steps it may be wrong: else one
# walks to where both hardly overlap any more, as little is easily alike.
_STILL_OVERLAP, _MOST_STEPS = 0.7, 4


@frozen
class LinedUp:
    """The shift that brings places of the first volume onto the second, and how alike both are there, at most 1."""

    shift_mm: Point
    likeness: float


@frozen(eq=False)
class _Coarse:
    """A volume on a coarse grid along LPS: values [x, y, z], where they are known, and its first point."""

    values: NDArray[np.float32]
    known: NDArray[np.float32]
    first_mm: NDArray[np.float64]


def lined_up(here: Volume, there: Volume, ctx: JobContext) -> LinedUp | None:
    """Return the shift from one volume of HU to another; None where nothing alike was found.

    Raises
    ------
    CancelledError
        When the job was cancelled.
    """
    ctx.report(0, 3, "lining up")
    a, b = _coarse(here), _coarse(there)
    ctx.report(1, 3, "lining up")
    found = _correlated(a, b)
    if found is None:
        return None
    ctx.report(2, 3, "lining up")
    shift = found.shift_mm
    likeness = found.likeness
    for step_mm in FINE_MM:
        shift, likeness = _refined(here, there, np.asarray(shift), step_mm)
        ctx.report(3, 3, "lining up")
    apart = 1.0 - _overlap(_body_mm(here), _body_mm(there), shift)
    least = LEAST_LIKENESS + apart * (LEAST_LIKENESS_APART - LEAST_LIKENESS)
    return LinedUp(shift, likeness) if likeness >= least else None


def _body_mm(volume: Volume) -> NDArray[np.float64]:
    return volume.grid.bounds_lps_mm if volume.body_lps_mm is None else volume.body_lps_mm


def _overlap(here_mm: NDArray[np.float64], there_mm: NDArray[np.float64], shift_mm: Point) -> float:
    """Return how much of the smaller of two boxes, shape (3, 2), the other covers once the first is shifted."""
    moved = here_mm + np.asarray(shift_mm)[:, None]
    both = np.minimum(moved[:, 1], there_mm[:, 1]) - np.maximum(moved[:, 0], there_mm[:, 0])
    smaller = min(float(np.prod(np.ptp(box, axis=1))) for box in (here_mm, there_mm))
    return float(np.prod(np.maximum(both, 0.0))) / max(smaller, 1e-9)


def _values_at(volume: Volume, lps_mm: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the nearest voxels' values at points, shape (n, 3), 0…1 from fat to bone, and which lie inside."""
    ijk = np.rint(volume.grid.ijk(lps_mm)).astype(np.intp)
    inside = np.all((ijk >= 0) & (ijk < volume.grid.size_ijk), axis=1)
    values = np.zeros(len(ijk), dtype=np.float32)
    i, j, k = ijk[inside].T
    values[inside] = volume.voxels[k, j, i]
    if volume.padding is not None:
        values[values == volume.padding] = LOW_HU
    values = np.nan_to_num(values, nan=LOW_HU)
    return (np.clip(values, LOW_HU, HIGH_HU) - LOW_HU) / np.float32(HIGH_HU - LOW_HU), inside


def _coarse(volume: Volume) -> _Coarse:
    bounds = _body_mm(volume)
    # The same lattice for both, so that a shift is a whole number of its steps.
    first = np.ceil(bounds[:, 0] / COARSE_MM).astype(int)
    last = np.maximum(np.floor(bounds[:, 1] / COARSE_MM).astype(int), first)
    axes = [np.arange(a, b + 1) * COARSE_MM for a, b in zip(first, last, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    values, inside = _values_at(volume, points.reshape(-1, 3))
    shape = points.shape[:3]
    known = inside.reshape(shape).astype(np.float32)
    return _Coarse(values.reshape(shape) * known, known, first * COARSE_MM)


def _correlated(a: _Coarse, b: _Coarse) -> LinedUp | None:
    """Return the shift of whole steps with the greatest correlation where both are known."""
    if any(not one.known.any() or float(one.values[one.known > 0].std()) < LEAST_SPREAD for one in (a, b)):
        # Thinner than the lattice, or the same all over: it fits everywhere and nowhere.
        return None
    size = [_quick(n + m - 1) for n, m in zip(a.values.shape, b.values.shape, strict=True)]

    def spectrum(values: NDArray[np.float32]) -> NDArray[np.complex64]:
        return np.asarray(np.fft.rfftn(values, size, axes=(0, 1, 2)), dtype=np.complex64)

    def together(x: NDArray[np.complex64], y: NDArray[np.complex64]) -> NDArray[np.float64]:
        return np.asarray(np.fft.irfftn(np.conj(x) * y, size, axes=(0, 1, 2)), dtype=np.float64)

    ka, kb = spectrum(a.known), spectrum(b.known)
    va, vb = spectrum(a.values), spectrum(b.values)
    count = np.maximum(np.rint(together(ka, kb)), 0)
    enough = count >= LEAST_OVERLAP * min(float(a.known.sum()), float(b.known.sum()))
    if not enough.any():
        return None
    n = np.maximum(count, 1)
    sum_a, sum_b = together(va, kb), together(ka, vb)
    var_a = together(spectrum(a.values**2), kb) - sum_a**2 / n
    var_b = together(ka, spectrum(b.values**2)) - sum_b**2 / n
    spread = np.sqrt(np.maximum(var_a, 0) * np.maximum(var_b, 0))
    floor = 1e-3 * float(spread.max())
    likeness = np.where(
        enough & (spread > floor), (together(va, vb) - sum_a * sum_b / n) / np.maximum(spread, floor), -1
    )
    best = np.unravel_index(int(np.argmax(likeness)), likeness.shape)
    steps = [at if at < m else at - s for at, m, s in zip(best, b.values.shape, size, strict=True)]
    shift = b.first_mm - a.first_mm + np.asarray(steps) * COARSE_MM
    x, y, z = shift.tolist()
    return LinedUp((x, y, z), float(likeness[best]))


def _refined(here: Volume, there: Volume, shift: NDArray[np.float64], step_mm: float) -> tuple[Point, float]:
    """Return the best shift around one, in steps, going on while a neighbour is better, though not far."""
    bounds = _body_mm(here)
    share = (np.prod(np.ptp(bounds, axis=1) / step_mm) / _MOST_POINTS) ** (1 / 3)
    axes = [np.arange(low, high, step_mm * max(share, 1.0)) for low, high in bounds]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    mine, inside = _values_at(here, points)
    points, mine = points[inside], mine[inside]
    known: dict[tuple[int, int, int], float] = {}
    least = _STILL_OVERLAP * np.count_nonzero(_values_at(there, points + shift)[1])

    def likeness(at: tuple[int, int, int]) -> float:
        if max(map(abs, at)) > _MOST_STEPS:
            return -1.0
        if at not in known:
            theirs, covered = _values_at(there, points + shift + np.asarray(at) * step_mm)
            x, y = mine[covered], theirs[covered]
            alike = x.std() * y.std() if len(x) >= least and len(x) > 1 else 0.0
            known[at] = float(((x - x.mean()) * (y - y.mean())).mean() / alike) if alike > 0 else -1.0
        return known[at]

    here_now = (0, 0, 0)
    while True:
        beside = [
            (here_now[0] + dx, here_now[1] + dy, here_now[2] + dz)
            for dx, dy, dz in ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))
        ]
        best = max((here_now, *beside), key=likeness)
        if best == here_now:
            x, y, z = (shift + np.asarray(here_now) * step_mm).tolist()
            return (x, y, z), likeness(here_now)
        here_now = best


def _quick(n: int) -> int:
    """Return the next number that has no prime factors above 5: its transform is quick."""
    while True:
        rest = n
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return n
        n += 1
