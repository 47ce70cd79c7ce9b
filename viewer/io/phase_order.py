"""Phases told apart by the order alone in which the images of each place were taken or numbered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.io.phase_words import numbered, starts
from viewer.io.telling import ATTRIBUTES, CLOCKS, told_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from viewer.io.crowd import Crowd, Phase
    from viewer.io.telling import Codes

# Images in no order at all seldom make passes so large.
_FEWEST_OF_A_PASS = 5
_LEAST_SHARE_OF_SPAN = 0.5


def in_order(crowd: Crowd) -> list[Phase]:
    """Return phases by the order of the images of each place: by time, else by number where pixels prove them.

    Every place must have the same number of images, and the order must run through the phases or through the places.
    """
    return _ordered(crowd, lambda first, keys: _ranks(crowd.places[first], keys))


def by_passes(crowd: Crowd) -> list[Phase]:
    """Return phases by the pass over the patient in which images were taken, or numbered; some may be missing."""
    return _ordered(crowd, lambda first, keys: _passes(crowd, first, keys))


def _ordered(crowd: Crowd, told: Callable[[NDArray[np.intp], Codes], Codes | None]) -> list[Phase]:
    """Return phases that an order tells of the first copy of each image; other copies are of the same phase."""
    if crowd.most < 2:
        return []
    both = np.stack([crowd.places, crowd.images], axis=1)
    _, first, image = np.unique(both, axis=0, return_index=True, return_inverse=True)
    for attribute in (a for a in ATTRIBUTES if a.name in CLOCKS):
        time = told_by(attribute, crowd.frames)
        codes = None if None in time.values else told(first, time.codes[first])
        if codes is not None and crowd.pixels_differ():
            return crowd.divided(codes[image], numbered(starts(codes[image], [time])))
    numbers = {key: n for n, key in enumerate(sorted({(f.instance, f.index) for f in crowd.frames}))}
    codes = told(first, np.asarray([numbers[f.instance, f.index] for f in crowd.frames])[first])
    if codes is None or not crowd.pixels_differ():
        return []
    return crowd.divided(codes[image], numbered([", by image number"] * (int(codes.max()) + 1)))


def _ranks(places: Codes, keys: Codes) -> Codes | None:
    """Return for each image its number by key among those at its place, or None where the order proves nothing."""
    at_places = np.bincount(places)
    count = int(at_places.max())
    if count < 2 or int(at_places.min()) != count:
        return None
    order = np.lexsort([keys, places])
    by_place = keys[order].reshape(-1, count)
    if not (np.diff(by_place, axis=1) > 0).all():
        return None
    phase_after_phase = (by_place[:, :-1].max(axis=0) < by_place[:, 1:].min(axis=0)).all()
    up = (by_place[:-1].max(axis=1) < by_place[1:].min(axis=1)).all()
    down = (by_place[:-1].min(axis=1) > by_place[1:].max(axis=1)).all()
    if not (phase_after_phase or up or down):
        return None
    codes = np.empty(len(keys), np.int64)
    codes[order] = np.tile(np.arange(count), len(by_place))
    return codes


def _passes(crowd: Crowd, first: NDArray[np.intp], keys: Codes) -> Codes | None:
    """Return for each image by which pass over the patient it was taken, where some are missing or one too many.

    In the order of keys the images of a pass go on in one direction, and the next one begins further back. There are
    as many passes as most places have images, none of few images or of much less of the patient.
    """
    _, codes = np.unique(keys, return_inverse=True)
    at = np.bincount(codes, weights=crowd.heights[first]) / np.bincount(codes)
    steps = np.diff(at)
    back = np.sign(steps) == -np.sign(np.median(steps)) if len(steps) else np.zeros(0, np.bool_)
    passes = np.concatenate([[0], np.cumsum(back)])[codes]
    count = int(passes.max()) + 1
    there = np.unique(np.stack([crowd.places[first], passes], axis=1), axis=0)[:, 0]
    if count < 2 or count != int(np.bincount(np.bincount(there)).argmax()):
        return None
    if len(passes) - len(there) > max(1, len(passes) // 50):
        return None
    own = [crowd.heights[first[passes == n]] for n in range(count)]
    spans = [float(np.ptp(one)) for one in own]
    alike = min(spans) >= _LEAST_SHARE_OF_SPAN * max(spans)
    return passes if alike and min(map(len, own)) >= _FEWEST_OF_A_PASS else None
