"""What the gaps between the slices of a stack say: the usual one, and where slices are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MISSING_SHARE = 0.05


def commonest_gap_mm(gaps_mm: NDArray[np.float64]) -> float:
    """Return the gap that occurs most, up to rounding; the smaller one where two occur equally often."""
    ordered = np.sort(gaps_mm)
    width = np.maximum(0.03, 0.01 * ordered)
    members = np.searchsorted(ordered, ordered + width, side="right") - np.arange(len(ordered))
    start = int(np.argmax(members))
    return float(ordered[start + (members[start] - 1) // 2])


def missing_in_gaps(gaps_mm: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return how many slices are missing in each gap.

    Slices are missing where a gap is a whole multiple, 2 or more, of the commonest gap, within 5 %.
    """
    if not len(gaps_mm):
        return np.zeros(0, dtype=np.intp)
    common = commonest_gap_mm(gaps_mm)
    times = np.rint(gaps_mm / common)
    missing = (times >= 2) & (np.abs(gaps_mm / (np.maximum(times, 1) * common) - 1) <= _MISSING_SHARE)
    return np.where(missing, times - 1, 0).astype(np.intp)
