"""Scans whose images lie evenly in turn, told apart by a time or a thickness of their own."""

from __future__ import annotations

import itertools
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.io.slice_thickness import side_by_side
from viewer.io.telling import ATTRIBUTES, CLOCKS, CLOCKS_OF_DAY, told_by

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from viewer.io.slice_header import Frame, Telling
    from viewer.io.telling import Codes, Told

FEWEST = 3
_MOSTLY_IN_TURN = 0.9
_NEARLY = 1.1
_RAW: dict[str, Callable[[Telling], Any]] = {
    "acquisition date and time": attrgetter("acquisition_date_time"),
    "acquisition time": attrgetter("acquisition_date", "acquisition_time"),
    "content time": attrgetter("content_date", "content_time"),
    "trigger time": attrgetter("trigger_time"),
    "slice thickness": attrgetter("slice_thickness"),
}


def scans_in_turn(frames: Sequence[Frame], heights: NDArray[np.float64]) -> Told | None:
    """Return what tells scans apart whose images lie in turn, even together; None for one scan.

    The clock of one scan runs, or stands for images that lie side by side. Where several computers reconstruct one
    scan in turn, each by a clock of its own, its images are numbered along the patient all the same.
    """
    order = np.argsort(heights)
    lowest, next_to_it = (frames[i].telling for i in order[:2].tolist())
    for attribute in (one for one in ATTRIBUTES if one.name in _RAW):
        said = _RAW[attribute.name]
        if said(lowest) == said(next_to_it):
            continue
        raw = [said(f.telling) for f in frames]
        number = {one: n for n, one in enumerate(dict.fromkeys(raw))}
        if not _take_turns(np.asarray([number[one] for one in raw])[order], len(number)):
            continue
        told = told_by(attribute, frames)
        # One number may be written in several ways.
        if not _take_turns(told.codes[order], len(told.values)) or (None in told.values and side_by_side(frames)):
            continue
        if attribute.name in CLOCKS_OF_DAY and _made_as_one(frames, order, told.codes):
            continue
        if attribute.name in CLOCKS or _far_apart(told.values):
            return told
    return None


def _take_turns(codes: Codes, count: int) -> bool:
    """Return True where images, in the order of their places, are by turns of so many scans."""
    if count < 2 or FEWEST * count > len(codes) or (codes[:-1] == codes[1:]).any():
        return False
    return bool(np.mean(codes[:-count] == codes[count:]) >= _MOSTLY_IN_TURN)


def _made_as_one(frames: Sequence[Frame], order: NDArray[np.intp], codes: Codes) -> bool:
    """Return True where images of several times, given in their `order` along the normal, are those of one scan.

    They are numbered along the patient; or not so within each time either, and lie as far apart as they are thick.
    """
    if numbered_along(frames, order):
        return True
    each = (order[codes[order] == n] for n in range(int(codes.max()) + 1))
    return side_by_side(frames) and not all(numbered_along(frames, own) for own in each)


def numbered_along(frames: Sequence[Frame], order: NDArray[np.intp]) -> bool:
    """Return True where images, given in their `order` along the normal, are numbered up or down."""
    numbers = [(frames[i].instance, frames[i].index) for i in order.tolist()]
    up = numbers[0] < numbers[-1]
    return all(a != b and (a < b) is up for a, b in itertools.pairwise(numbers))


def _far_apart(values: Sequence[float | None]) -> bool:
    """Return True where no two numbers, in their order, are nearly the same."""
    said = [value for value in values if value]
    return len(said) == len(values) and all(b > _NEARLY * a for a, b in itertools.pairwise(said))
