"""The phases, acquisitions and reconstructions in images that lie several at one place, told apart and in order."""

from __future__ import annotations

import itertools
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.io.crowd import Crowd, Phase, crowd_of
from viewer.io.dicom_geometry import heights_mm, located, same_place_mm, same_places
from viewer.io.in_turn import FEWEST, numbered_along, scans_in_turn
from viewer.io.phase_order import by_passes, in_order
from viewer.io.phase_words import numbered, starts, words_of
from viewer.io.scanned_again import even, even_but_for_missing, over_each_other, scans_in_time
from viewer.io.slice_header import Telling
from viewer.io.telling import ATTRIBUTES, CLOCKS, Told, joined, told_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from viewer.io.slice_header import Frame
    from viewer.io.telling import Codes

# Positions of two phases may be rounded apart.
_ROUNDED_APART_MM = 0.05
_LEAST_SHARE_OF_SPAN = 0.5
_MOST_CROSSED = 200
_MOST_TOGETHER = 3
_MOST_TRIED = 10
_LASTING = {
    "temporal_position": "temporal position",
    "acquisition_number": "acquisition",
    "cardiac_phase": "cardiac phase",
    "respiratory_phase": "respiratory phase",
    "kernel": "kernel",
    "tube_voltage": "tube voltage",
    "contrast_agent": "contrast",
    "stack": "stack",
    "image_type": "image type",
    "field_of_view": "field of view",
    "slice_thickness": "slice thickness",
    "series_number": "series number",
}
_lasting = itemgetter(*(Telling._fields.index(name) for name in _LASTING))
_NAMED = {attribute.name: attribute for attribute in ATTRIBUTES}


def phases(frames: Sequence[Frame]) -> list[Phase]:
    """Return the parts of images that cannot be one volume, in their order; empty where there is nothing to divide.

    Images at one place are divided by the first attribute that leaves one image at each place and parts of nearly
    equal extent, then by two or three attributes together, then by the order in which the images of every place were
    taken or numbered, then by what leaves parts of other extent, or by the passes in which they were taken. Images
    that lie nowhere together, but cross, are divided by what lasts through an acquisition. A part whose images lie
    nowhere together, but for a copy or two, is then looked at as if there were nothing else.
    """
    return [
        phase
        if own is phase
        else Phase(own.frames, f"{phase.words}, {own.words}", " ".join(filter(None, (phase.doubt, own.doubt))))
        for phase in _divided(frames)
        for own in (phases(phase.frames) if _few_doubled(phase.frames) else []) or [phase]
    ]


def _few_doubled(frames: Sequence[Frame]) -> bool:
    """Return whether hardly an image lies where another does: a copy hides nothing of what lies between what."""
    return sum(len(group) - 1 for group in same_places(frames)) <= max(1, len(frames) // 50)


def _divided(frames: Sequence[Frame]) -> list[Phase]:
    if len(frames) < 2 or not located(frames):
        return []
    heights = heights_mm(frames, frames[0])
    gaps = np.diff(np.sort(heights))
    same_mm = same_place_mm(frames)
    if float(gaps.max()) <= same_mm:
        return []
    apart_mm = max(same_mm, min(_ROUNDED_APART_MM, 0.1 * float(gaps.max())))
    if gaps.min() > apart_mm and _one_after_another(frames, heights):
        evenly = even(np.sort(heights))
        if evenly and not scans_in_turn(frames, heights) and not scans_in_time(frames, heights, ATTRIBUTES):
            return []
        crowd = crowd_of(frames, heights, apart_mm)
        if evenly:
            return _in_turn(crowd) or _again(crowd)
        return _stacks_apart(frames, heights) or _crossing(crowd) or _again(crowd)
    crowd = crowd_of(frames, heights, apart_mm)
    if crowd.most == 1:
        return _crossing(crowd) or _in_turn(crowd) or _again(crowd)
    exactly = crowd_of(frames, heights, same_mm)
    found = _told_apart(crowd) or in_order(exactly) or _each_divided(crowd) or _roughly(crowd) or _checks(crowd)
    if not found and _few_doubled(frames):
        found = _crossing(crowd) or _in_turn(crowd) or _again(crowd)
    return found or _roughly(crowd, doubles=True) or by_passes(exactly) or _place_by_place(crowd)


def _stacks_apart(frames: Sequence[Frame], heights: NDArray[np.float64]) -> list[Phase]:
    """Return the stacks that images, uneven together, say to be in (PS3.3 C.7.6.16.2.2.4), where each is even.

    What lies between two of them was never taken, and is not missing.
    """
    if frames[0].telling.stack is None:
        return []
    stacks = told_by(_NAMED["stack"], frames)
    own = [np.flatnonzero(stacks.codes == n) for n in range(len(stacks.values))]
    if len(own) < 2 or None in stacks.values or not all(len(n) > 1 and even(np.sort(heights[n])) for n in own):
        return []
    words = words_of(stacks.codes, [stacks], [stacks])
    return [Phase([frames[i] for i in n.tolist()], said) for n, said in zip(own, words, strict=True)]


def _in_turn(crowd: Crowd) -> list[Phase]:
    """Return scans whose images lie in turn, even together, each of one time or thickness of its own; [] for one."""
    once, place = crowd.once()
    told = scans_in_turn([crowd.frames[i] for i in once.tolist()], crowd.heights[once])
    if told is None:
        return []
    told = Told(told.attribute, told.values, told.codes[place])
    return crowd.divided(told.codes, words_of(told.codes, [told], [told]), [told])


def _again(crowd: Crowd) -> list[Phase]:
    """Return scans that only a running clock tells apart, of which one goes over a place again."""
    once, place = crowd.once()
    found = scans_in_time([crowd.frames[i] for i in once.tolist()], crowd.heights[once], ATTRIBUTES)
    if found is None:
        return []
    codes, clock = found
    return crowd.divided(codes[place], numbered(starts(codes, [clock])))


def _one_after_another(frames: Sequence[Frame], heights: NDArray[np.float64]) -> bool:
    """Return True where the images of an acquisition follow each other along the normal, none of another between."""
    first = _lasting(frames[0].telling)
    if all(_lasting(f.telling) == first for f in frames):
        return True
    ordered = [frames[n] for n in np.argsort(heights).tolist()]
    # Each attribute for itself: one that is another on every image would hide that the others alternate.
    each = zip(*(_lasting(f.telling) for f in ordered), strict=True)
    for name, said in zip(_LASTING.values(), each, strict=True):
        # One value may be written in several ways.
        if not _never_again(said) and not _never_again(told_by(_NAMED[name], ordered).codes.tolist()):
            return False
    return True


def _never_again(said: Sequence[Any]) -> bool:
    """Return True where no value comes back once another one followed it."""
    return sum(bool(a != b) for a, b in itertools.pairwise(said)) == len(set(said)) - 1


def _told(crowd: Crowd) -> list[Told]:
    found = (told_by(attribute, crowd.frames) for attribute in ATTRIBUTES)
    return [told for told in found if len(told.values) > 1]


def _told_apart(crowd: Crowd) -> list[Phase]:
    """Return phases by attributes that leave as many of them as there are images at one place."""
    told = _told(crowd)
    few = [t for t in told if len(t.values) <= max(crowd.most, crowd.common)][:_MOST_TRIED]
    # A clock may be that of one of several computers that reconstructed all in turn.
    few.sort(key=lambda t: not t.attribute.lasting)
    for few_doubles in (False, True):
        for together in _together(few, _MOST_TOGETHER):
            codes = joined(together)
            if not _of_equal_extent(crowd, codes) or not _proven(crowd, together):
                continue
            if crowd.few_doubles(codes) if few_doubles else not crowd.surplus(codes).any():
                return crowd.divided(codes, words_of(codes, together, told), together)
    return []


def _each_divided(crowd: Crowd) -> list[Phase]:
    """Return phases of several reconstructions or acquisitions of which each has as many, told apart in its own way."""
    for one in (t for t in _told(crowd) if t.attribute.lasting and 2 * len(t.values) <= crowd.most):
        if crowd.common % len(one.values) or not _of_one_extent(crowd, one.codes):
            continue
        own = [[crowd.frames[i] for i in np.flatnonzero(one.codes == n).tolist()] for n in range(len(one.values))]
        divided = [phases(frames) for frames in own]
        if all(len(found) == crowd.common // len(own) for found in divided):
            words = words_of(one.codes, [one], [one])
            return [
                Phase(phase.frames, f"{said}, {phase.words}", phase.doubt)
                for said, found in zip(words, divided, strict=True)
                for phase in found
            ]
    return []


def _together(told: Sequence[Told], most: int) -> Iterator[tuple[Told, ...]]:
    """Yield each attribute, then pairs of them, and so on."""
    return itertools.chain.from_iterable(itertools.combinations(told, count) for count in range(1, most + 1))


def _proven(crowd: Crowd, together: Sequence[Told]) -> bool:
    """Return False where only a clock or a file tells images apart whose pixels are equal: those are copies."""
    return any(t.attribute.name not in (*CLOCKS, "image") for t in together) or crowd.pixels_differ()


def _of_equal_extent(crowd: Crowd, codes: Codes) -> bool:
    return int(codes.max()) + 1 in (crowd.most, crowd.common) and _of_one_extent(crowd, codes)


def _of_one_extent(crowd: Crowd, codes: Codes) -> bool:
    low, high = crowd.ends(codes)
    spans = high - low
    return bool(spans.min() >= _LEAST_SHARE_OF_SPAN * spans.max())


def _roughly(crowd: Crowd, *, doubles: bool = False) -> list[Phase]:
    """Return parts of different extent by what lasts through an acquisition, or by a clock that stands for each.

    With `doubles` an image or two may be too many at their place.
    """
    few = _in_few_parts(crowd)
    lasting = [t for t in few if t.attribute.lasting]
    standing = [t for t in few if t.attribute.name in CLOCKS and _stands_for_scans(crowd, t)]
    for together in (*_together(lasting, 2), *_together(standing, 1)):
        codes = joined(together)
        if doubles and not crowd.few_doubles(codes):
            continue
        if _of_any_extent(crowd, codes, extended=True, doubles=doubles) and _proven(crowd, together):
            return crowd.divided(codes, words_of(codes, together, _told(crowd)), together)
    return []


def _checks(crowd: Crowd) -> list[Phase]:
    """Return short scans of one place over and over, each of an acquisition or a time of its own."""
    for one in _told(crowd):
        told = one.attribute.lasting or one.attribute.name in CLOCKS
        if told and None not in one.values and over_each_other(crowd.heights, one.codes) and _proven(crowd, [one]):
            return crowd.divided(one.codes, words_of(one.codes, [one], _told(crowd)), [one])
    return []


def _place_by_place(crowd: Crowd) -> list[Phase]:
    """Return series of images at one place each, where these say that they are acquisitions of their own."""
    for together in _together([t for t in _in_few_parts(crowd) if t.attribute.lasting], 2):
        codes = joined(together)
        if _of_any_extent(crowd, codes, extended=False):
            return crowd.divided(codes, words_of(codes, together, _told(crowd)), together)
    return []


def _in_few_parts(crowd: Crowd) -> list[Told]:
    return [t for t in _told(crowd) if len(t.values) <= 2 * crowd.most + 1]


def _of_any_extent(crowd: Crowd, codes: Codes, *, extended: bool, doubles: bool = False) -> bool:
    """Return True where few groups, one of them `extended`, have one image at each place, or all at one."""
    low, high = crowd.ends(codes)
    sizes, several = np.bincount(codes), high > low + same_place_mm(crowd.frames)
    if len(sizes) > 2 * crowd.most + 1 or (not doubles and crowd.surplus(codes)[several].any()):
        return False
    return bool((sizes[several] if extended else sizes).max(initial=0) >= FEWEST)


def _stands_for_scans(crowd: Crowd, clock: Told) -> bool:
    """Return True where the images of each time lie evenly, and are no few."""
    own = [np.unique(crowd.heights[clock.codes == n]) for n in range(len(clock.values))]
    return None not in clock.values and all(len(one) >= FEWEST and even(one) for one in own)


def _crossing(crowd: Crowd) -> list[Phase]:
    """Return acquisitions whose images lie between those of another."""
    told = _told(crowd)
    for one in told:
        # In a small stack two images count as well; in a large one they may be some that were taken anew.
        small = len(one.values) == 2 and one.attribute.lasting and len(crowd.frames) < 2 * FEWEST
        fewest = FEWEST - small
        large = np.flatnonzero(np.bincount(one.codes) >= fewest)[:_MOST_CROSSED].tolist()
        # A clock that stands still for many images, and for all of them, is that of the acquisition.
        stands = one.attribute.name in CLOCKS and len(large) == len(one.values) and not _numbered_as_one(crowd)
        if not (one.attribute.lasting or one.attribute.mostly_lasting or stands):
            continue
        sure = one.attribute.lasting
        # Of images that a group has several of at one place one counts: a copy makes no stack uneven.
        _, once = np.unique(one.codes * (crowd.places.max() + 1) + crowd.places, return_index=True)
        heights, codes = crowd.heights[once], one.codes[once]
        if any(_mingled(heights, codes, a, b, sure=sure) for a, b in itertools.combinations(large, 2)):
            return crowd.divided(one.codes, words_of(one.codes, [one], told), [one])
    return []


def _numbered_as_one(crowd: Crowd) -> bool:
    """Return True where images, even but for what is missing, are numbered along the patient."""
    once, _ = crowd.once()
    if not even_but_for_missing(crowd.heights[once]):
        return False
    return numbered_along([crowd.frames[i] for i in once.tolist()], np.arange(len(once)))


def _mingled(heights: NDArray[np.float64], codes: Codes, a: int, b: int, *, sure: bool) -> bool:
    """Return True where two groups alternate along the normal, or are each even but not together.

    That they alternate counts where it is `sure` that no volume has images of both. One after another, or one in a gap
    of the other, they may well be one volume.
    """
    own, others = np.sort(heights[codes == a]), np.sort(heights[codes == b])
    both = np.concatenate([own, others])
    order = np.argsort(both)
    switches = int(np.count_nonzero(np.diff(order < len(own))))
    if switches < FEWEST:
        return False
    return (sure and switches >= min(len(own), len(others))) or any(
        alike(own) and alike(others) and not alike(both[order]) for alike in (even, even_but_for_missing)
    )
