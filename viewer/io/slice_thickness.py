"""How thick slices are, held against how far apart they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.slice_gaps import commonest_gap_mm
from viewer.io.dicom_geometry import heights_mm, located, same_direction, same_place_mm
from viewer.io.raw_values import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.io.slice_header import Frame

_FEWEST = 3
_APART = 1.25


def apart_words(frames: Sequence[Frame]) -> str:
    """Return what is to be said of slices that lie further apart than they are thick; "" for nothing.

    Where every second slice is lost the others lie as evenly as all did.
    """
    thickness, gap = thickness_and_gap_mm(frames)
    if thickness <= 0 or gap <= _APART * thickness:
        return ""
    return (
        f"The slices are {thickness:.3g} mm thick and lie {gap:.3g} mm apart: "
        "what is between them was not scanned, or is missing."
    )


def side_by_side(frames: Sequence[Frame]) -> bool:
    """Return whether slices lie as far apart as they are thick, where both are known."""
    thickness, gap = thickness_and_gap_mm(frames)
    return thickness > 0 and 1 / _APART <= gap / thickness <= _APART


def thickness_and_gap_mm(frames: Sequence[Frame]) -> tuple[float, float]:
    """Return how thick slices are and how far apart they lie, both in mm; 0 for both where that is not known."""
    if len(frames) < _FEWEST or frames[0].localizer or not located(frames):
        return 0.0, 0.0
    first, *others = {frame.kind.orientation or () for frame in frames}
    if not all(same_direction(first, other) for other in others):
        return 0.0, 0.0
    said = [numbers(raw or b"") for raw in {frame.telling.slice_thickness for frame in frames}]
    if not all(said):
        return 0.0, 0.0
    gaps = np.diff(np.sort(heights_mm(frames, frames[0])))
    gaps = gaps[gaps > same_place_mm(frames)]
    return (max(one[0] for one in said), commonest_gap_mm(gaps)) if len(gaps) else (0.0, 0.0)
