"""Images of several scans, of which a later one went over a place again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.slice_gaps import commonest_gap_mm
from viewer.io.in_turn import numbered_along
from viewer.io.slice_thickness import side_by_side
from viewer.io.telling import CLOCKS_OF_DAY, told_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from viewer.io.slice_header import Frame
    from viewer.io.telling import Attribute, Codes, Told

_EVEN = 0.1
_FEWEST = 3
_MOSTLY = 0.5
_MOST_SCANS = 20
_MOST_CHECKS = 200
_APART_MM = 0.01


def even(heights: NDArray[np.float64]) -> bool:
    """Return True where sorted heights lie evenly."""
    gaps = np.diff(heights)
    return bool(np.ptp(gaps) <= _EVEN * gaps.mean())


def even_but_for_missing(heights: NDArray[np.float64]) -> bool:
    """Return True where all gaps are whole multiples of the commonest, as where slices are missing."""
    gaps = np.diff(heights)
    times = gaps / commonest_gap_mm(gaps)
    return bool(np.rint(times).min() >= 1 and np.abs(times - np.rint(times)).max() <= _EVEN)


def scans_in_time(
    frames: Sequence[Frame], heights: NDArray[np.float64], attributes: Sequence[Attribute]
) -> tuple[Codes, Told] | None:
    """Return for each image the number of its scan, and the clock that tells; None for one scan, or where none tells.

    In the order of time the images of a scan go on in one direction. Where that jumps back, what lies on both sides is
    each even but for what is missing and at least three images, and the two lie between each other, they are two. Where
    they are even together too they are not, if they are numbered along the patient or as far apart as they are thick.
    """
    order = np.argsort(heights)
    together = even_but_for_missing(heights[order])
    if together and numbered_along(frames, order):
        return None
    for clock in (attribute for attribute in attributes if attribute.name in CLOCKS_OF_DAY):
        told = told_by(clock, frames)
        if None in told.values or len(told.values) < 2 * _FEWEST:
            continue
        at = np.bincount(told.codes, weights=heights) / np.bincount(told.codes)
        steps = np.diff(at)
        back = np.sign(steps) != np.sign(np.median(steps))
        if not 0 < np.count_nonzero(back) < _MOST_SCANS:
            continue
        codes = np.concatenate([[0], np.cumsum(back)])[told.codes]
        own = [np.sort(heights[codes == n]) for n in range(int(codes.max()) + 1)]
        if not all(len(one) >= _FEWEST and even_but_for_missing(one) for one in own) or not _overlap(own):
            continue
        if not together or not side_by_side(frames):
            return codes, told
    return None


def over_each_other(heights: NDArray[np.float64], codes: Codes) -> bool:
    """Return whether groups of images are scans of one place over and over, as those that follow a needle.

    Each is even and at least three images, and of the images beside the longest scan, on which the others may have been
    planned, more than half lie within another one.
    """
    own = [np.sort(heights[codes == n]) for n in range(int(codes.max()) + 1)]
    if not 1 < len(own) <= _MOST_CHECKS:
        return False
    if not all(len(one) >= _FEWEST and np.diff(one).min() > _APART_MM and even(one) for one in own):
        return False
    within = np.zeros(len(heights), dtype=np.intp)
    for one in own:
        within += (heights >= one[0] - _APART_MM) & (heights <= one[-1] + _APART_MM)
    longest = int(np.argmax([one[-1] - one[0] for one in own]))
    return bool(np.mean(within[codes != longest] > 1) > _MOSTLY)


def _overlap(own: Sequence[NDArray[np.float64]]) -> bool:
    """Return whether a scan begins within another one."""
    ends = sorted((float(one[0]), float(one[-1])) for one in own)
    return any(b[0] < a[1] for a, b in zip(ends, ends[1:], strict=False))
