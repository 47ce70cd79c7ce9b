"""How the values of an area or a finding are spread: bins that follow the data's own steps, and what describes them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

_MOST_BINS = 160
_NICE = (1, 2, 5, 10)


@frozen(eq=False)
class Histogram:
    """Values in bins of one width.

    Attributes
    ----------
    first
        The lower edge of the first bin, in the unit of the values.
    width
        Of each bin. Where values are whole multiples of a step it is a multiple of that, and edges lie between them.
    counts
        How many values each bin holds, from its lower edge on; shape (n,).
    mean, sd, median, low, high, least, most
        Of the values themselves, not of the bins; `sd` is divided by n; `low` and `high` are the 5th and 95th
        percentile, interpolated linearly.
    count
        How many values there are.
    """

    first: float
    width: float
    counts: NDArray[np.int64] = field(repr=False)
    mean: float
    sd: float
    median: float
    low: float
    high: float
    least: float
    most: float
    count: int

    @property
    def edges(self) -> NDArray[np.float64]:
        """Edges of the bins, shape (n + 1,)."""
        return np.asarray(self.first + self.width * np.arange(len(self.counts) + 1), dtype=np.float64)


def histogram(values: NDArray[Any]) -> Histogram | None:
    """Return the histogram of values, shape (n,); None where there are none.

    The width of a bin is that of Freedman and Diaconis (Z. Wahrscheinlichkeitstheorie verw. Gebiete 57 (1981) 453),
    2 · interquartile range / ∛n, made wider to the next of 1, 2 or 5 times a power of ten steps of the data, or such a
    number itself where the data have none; never so narrow that there are more than 160 bins.
    """
    if not len(values):
        return None
    exact = values.astype(np.float64)
    least, most = float(exact.min()), float(exact.max())
    low, first_quarter, median, third_quarter, high = np.percentile(exact, (5, 25, 50, 75, 95)).tolist()
    wanted = 2 * (third_quarter - first_quarter) / math.cbrt(len(values))
    wanted = max(wanted, (most - least) / (_MOST_BINS - 2))
    step = _step(values)
    if step is not None:
        width = step * _nice_from(max(1.0, wanted / step))
        first = width * math.floor((least - least % step) / width) + least % step - step / 2
    else:
        width = _nice_from(wanted) if wanted > 0 else max(1e-6, abs(least) * 1e-6)
        first = width * math.floor(least / width)
    places = np.floor((exact - first) / width).astype(np.int64)
    return Histogram(
        first=float(first),
        width=float(width),
        counts=np.bincount(np.maximum(places, 0)).astype(np.int64),
        mean=float(exact.mean()),
        sd=float(exact.std()),
        median=median,
        low=low,
        high=high,
        least=least,
        most=most,
        count=len(values),
    )


def _step(values: NDArray[Any]) -> float | None:
    """Return the largest step of which all values are apart by whole multiples, 1 of equal ones; None for fractions."""
    if values.dtype.kind not in "iu":
        whole = np.rint(values)
        if not np.array_equal(whole, values):
            return None
        values = whole.astype(np.int64)
    found = int(np.gcd.reduce(np.unique(values).astype(np.int64) - int(values.min())))
    return float(max(found, 1))


def _nice_from(least: float) -> float:
    """Return the smallest of 1, 2 or 5 times a power of ten that is not below a number."""
    power = 10.0 ** math.floor(math.log10(least) + 1e-12)
    return next(nice * power for nice in _NICE if nice * power >= least * (1 - 1e-9))
