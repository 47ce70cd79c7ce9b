"""Images of one part of a series that lie where another part lacks some."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.count_words import count_words
from viewer.domain.slice_gaps import missing_in_gaps
from viewer.io.dicom_geometry import heights_mm, located, same_direction, same_place_mm

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from viewer.io.slice_header import Frame


def words_between(part: Sequence[Frame], others: Iterable[Sequence[Frame]]) -> str:
    """Return what is to be said of images of other parts that lie where one lacks some; "" for nothing."""
    if not located(part):
        return ""
    first = part[0]
    own = np.sort(heights_mm(part, first))
    own = own[np.diff(own, prepend=-np.inf) > same_place_mm(part)]
    missing = np.flatnonzero(missing_in_gaps(np.diff(own)))
    count = 0
    for other in others:
        if located(other) and _faces(first, other[0]):
            found = heights_mm(other, first)
            count += sum(int(np.count_nonzero((found > own[k]) & (found < own[k + 1]))) for k in missing)
    if not count:
        return ""
    lie = "lies" if count == 1 else "lie"
    return f"Where images are missing, {count_words(count, 'image')} of another part of this series {lie}."


def _faces(a: Frame, b: Frame) -> bool:
    """Return whether two images could lie in one stack, by size and direction, in the same coordinates."""
    alike = (a.code.rows, a.code.columns, a.kind.frame_of_reference) == (
        b.code.rows,
        b.code.columns,
        b.kind.frame_of_reference,
    )
    return alike and not b.localizer and same_direction(a.orientation or (), b.orientation or ())
