"""Gaps that are wider than others because the slices beside them are as much thicker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.slice_gaps import commonest_gap_mm, missing_in_gaps
from viewer.io.raw_values import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from viewer.io.slice_header import Frame

_SAME_SHARE = 0.05


def wide_for_thickness(frames: Sequence[Frame], gaps_mm: NDArray[np.float64]) -> tuple[int, ...]:
    """Return which gaps hold no missing slice though they are a whole multiple of the commonest one.

    Heads were scanned in thin slices at the base and in some twice as thick above; a gap within 5 % of what the mean
    thickness of the slices beside it would make of the commonest gap is such a one. Where one image does not say how
    thick it is, or all say the same, there is none.

    Parameters
    ----------
    frames
        In the order of their height.
    gaps_mm
        From each to the next, shape (n − 1,).
    """
    multiple = np.flatnonzero(missing_in_gaps(gaps_mm))
    said = [numbers(frame.telling.slice_thickness or b"") for frame in frames] if len(multiple) else []
    thick_mm = np.array([one[0] if one else 0.0 for one in said])
    if not len(thick_mm) or thick_mm.min() <= 0 or np.ptp(thick_mm) == 0:
        return ()
    between_mm = (thick_mm[:-1] + thick_mm[1:]) / 2
    common_mm = commonest_gap_mm(gaps_mm)
    usual_mm = float(np.median(between_mm[np.abs(gaps_mm / common_mm - 1) <= _SAME_SHARE]))
    meant_mm = common_mm * between_mm / usual_mm
    return tuple(int(k) for k in multiple if abs(gaps_mm[k] / meant_mm[k] - 1) <= _SAME_SHARE)
