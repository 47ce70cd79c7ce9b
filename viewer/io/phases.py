"""The phases, acquisitions and reconstructions in images that lie several at one place, told apart and in order."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from viewer.domain.errors import CaseStageError
from viewer.domain.slice_gaps import commonest_gap_mm
from viewer.io.decode import stored_bytes
from viewer.io.dicom_geometry import heights_mm, located, same_place_mm, same_places
from viewer.io.in_turn import FEWEST, scans_in_turn
from viewer.io.open_images import OpenImages
from viewer.io.phase_words import numbered, starts, words_of
from viewer.io.scanned_again import even, over_each_other, scans_in_time
from viewer.io.slice_header import Frame, Telling
from viewer.io.telling import ATTRIBUTES, CLOCKS, Codes, Told, joined, told_by
from viewer.io.unsaid_phases import doubts_of

# Positions of two phases may be rounded apart.
_ROUNDED_APART_MM = 0.05
_LEAST_SHARE_OF_SPAN = 0.5
_EVEN = 0.1
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


@frozen(eq=False)
class Phase:
    """Images that can be one volume, and what sets them apart from the others, in words; `doubt` a sentence or ""."""

    frames: list[Frame]
    words: str
    doubt: str = ""


@frozen(eq=False)
class _Crowd:
    """Images along their normal.

    Attributes
    ----------
    heights, places
        Height in mm, and number of the place, of each image.
    images
        Number of the image; copies of a file have the same.
    most, common
        The most images at one place, and the commonest number of images at places that have several.
    """

    frames: Sequence[Frame]
    heights: NDArray[np.float64]
    places: Codes
    images: Codes
    most: int
    common: int

    def surplus(self, codes: Codes) -> NDArray[np.int64]:
        """Return how many images of each group are too many at their place."""
        places, copies = int(self.places.max()) + 1, int(self.images.max()) + 1
        images = np.unique((codes * places + self.places) * copies + self.images) // copies
        count = int(codes.max()) + 1
        at_places = np.bincount(np.unique(images) // places, minlength=count)
        return np.asarray(np.bincount(images // places, minlength=count) - at_places)

    def ends(self, codes: Codes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the lowest and highest place of each group in mm."""
        low, high = np.full(codes.max() + 1, np.inf), np.full(codes.max() + 1, -np.inf)
        np.minimum.at(low, codes, self.heights)
        np.maximum.at(high, codes, self.heights)
        return low, high

    def divided(self, codes: Codes, words: Sequence[str], by: Sequence[Told] = ()) -> list[Phase]:
        """Return the groups in their order with their words, numbered where these are the same."""
        if len(set(words)) < len(words):
            words = [f"{said}, {n + 1} of {len(words)}" for n, said in enumerate(words)]
        members = [np.flatnonzero(codes == n).tolist() for n in range(len(words))]
        doubts = doubts_of(codes, self.places, by)
        return [
            Phase([self.frames[i] for i in found], *said) for found, *said in zip(members, words, doubts, strict=True)
        ]

    def pixels_differ(self) -> bool:
        """Return True where images at one place, in the middle of those that have several, are no copies."""
        several = np.flatnonzero(np.bincount(self.places) > 1)
        there = np.flatnonzero(self.places == several[len(several) // 2]).tolist()
        try:
            with OpenImages() as files:
                stored = [stored_bytes(self.frames[n], files) for n in there]
        except CaseStageError:
            return False
        return any(other != stored[0] for other in stored[1:])


def phases(frames: Sequence[Frame]) -> list[Phase]:
    """Return the parts of images that cannot be one volume, in their order; empty where there is nothing to divide.

    Images at one place are divided by the first attribute that leaves one image at each place and parts of nearly
    equal extent, then by two or three attributes together, then by the order in which the images of every place were
    taken or numbered. Images that lie nowhere together, but cross, are divided by what lasts through an acquisition.
    A part whose images lie nowhere together, but for a copy or two, is then looked at as if there were nothing else.
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
        if even(np.sort(heights)):
            return _in_turn(frames, heights, apart_mm)
        crowd = _crowd(frames, heights, apart_mm)
        return _stacks_apart(frames, heights) or _crossing(crowd) or _again(crowd)
    crowd = _crowd(frames, heights, apart_mm)
    if crowd.most == 1:
        return _crossing(crowd) or _in_turn(frames, heights, apart_mm) or _again(crowd)
    found = _told_apart(crowd) or _in_order(_crowd(frames, heights, same_mm)) or _roughly(crowd) or _checks(crowd)
    return found or (_crossing(crowd) if _few_doubled(frames) else [])


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


def _in_turn(frames: Sequence[Frame], heights: NDArray[np.float64], apart_mm: float) -> list[Phase]:
    """Return scans whose images lie in turn, even together, each of one time or thickness of its own; [] for one."""
    told = scans_in_turn(frames, heights)
    if told is None:
        return []
    return _crowd(frames, heights, apart_mm).divided(told.codes, words_of(told.codes, [told], [told]), [told])


def _again(crowd: _Crowd) -> list[Phase]:
    """Return scans that only a running clock tells apart, of which one goes over a place again."""
    found = scans_in_time(crowd.frames, crowd.heights, ATTRIBUTES)
    if found is None:
        return []
    codes, clock = found
    return crowd.divided(codes, numbered(starts(codes, [clock])))


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


def _crowd(frames: Sequence[Frame], heights: NDArray[np.float64], apart_mm: float) -> _Crowd:
    places = np.zeros(len(frames), np.int64)
    order = np.argsort(heights, kind="stable")
    place, start = 0, float(heights[order[0]])
    for n in order:
        if heights[n] - start > apart_mm:
            place, start = place + 1, float(heights[n])
        places[n] = place
    seen: dict[object, int] = {}
    images = np.asarray([seen.setdefault(_identity(f), len(seen)) for f in frames])
    counts = np.bincount(np.unique(np.stack([places, images], axis=1), axis=0)[:, 0])
    several = counts[counts > 1]
    common = int(np.bincount(several).argmax()) if len(several) else 1
    return _Crowd(frames, heights, places, images, int(counts.max()), common)


def _identity(frame: Frame) -> object:
    """Return what is equal for copies of one image alone."""
    if not frame.sop_uid:
        return (frame.file.name, frame.index)
    return (frame.sop_uid, frame.index, frame.instance, frame.telling)


def _told(crowd: _Crowd) -> list[Told]:
    found = (told_by(attribute, crowd.frames) for attribute in ATTRIBUTES)
    return [told for told in found if len(told.values) > 1]


def _told_apart(crowd: _Crowd) -> list[Phase]:
    """Return phases by attributes that leave as many of them as there are images at one place."""
    told = _told(crowd)
    few = [t for t in told if len(t.values) <= max(crowd.most, crowd.common)][:_MOST_TRIED]
    # A clock may be that of one of several computers that reconstructed all in turn.
    few.sort(key=lambda t: not t.attribute.lasting)
    for count in range(1, _MOST_TOGETHER + 1):
        for together in itertools.combinations(few, count):
            codes = joined(together)
            if _of_equal_extent(crowd, codes) and not crowd.surplus(codes).any() and _proven(crowd, together):
                return crowd.divided(codes, words_of(codes, together, told), together)
    # One image too many in a phase is that phase's own trouble.
    for one in few:
        few_doubles = int(crowd.surplus(one.codes).sum()) <= max(1, len(crowd.frames) // 50)
        if few_doubles and _of_equal_extent(crowd, one.codes) and _proven(crowd, [one]):
            return crowd.divided(one.codes, words_of(one.codes, [one], told), [one])
    return []


def _proven(crowd: _Crowd, together: Sequence[Told]) -> bool:
    """Return False where only a clock or a file tells images apart whose pixels are equal: those are copies."""
    return any(t.attribute.name not in (*CLOCKS, "image") for t in together) or crowd.pixels_differ()


def _of_equal_extent(crowd: _Crowd, codes: Codes) -> bool:
    low, high = crowd.ends(codes)
    spans = high - low
    return len(spans) in (crowd.most, crowd.common) and bool(spans.min() >= _LEAST_SHARE_OF_SPAN * spans.max())


def _in_order(crowd: _Crowd) -> list[Phase]:
    """Return phases by the order of the images of each place: by time, else by number where pixels prove them.

    Every place must have the same number of images, and the order must run through the phases or through the places.
    """
    count = crowd.most
    if count < 2 or len(np.unique(crowd.images)) < len(crowd.frames) or set(np.bincount(crowd.places)) != {count}:
        return []
    for attribute in (a for a in ATTRIBUTES if a.name in CLOCKS):
        time = told_by(attribute, crowd.frames)
        codes = None if None in time.values else _ranks(crowd, time.codes)
        if codes is not None and crowd.pixels_differ():
            return crowd.divided(codes, numbered(starts(codes, [time])))
    numbers = {key: n for n, key in enumerate(sorted({(f.instance, f.index) for f in crowd.frames}))}
    codes = _ranks(crowd, np.asarray([numbers[f.instance, f.index] for f in crowd.frames]))
    if codes is None or not crowd.pixels_differ():
        return []
    return crowd.divided(codes, numbered([", by image number"] * count))


def _ranks(crowd: _Crowd, keys: Codes) -> Codes | None:
    """Return for each image its number by key among those at its place, or None where the order proves nothing."""
    order = np.lexsort([keys, crowd.places])
    by_place = keys[order].reshape(-1, crowd.most)
    if not (np.diff(by_place, axis=1) > 0).all():
        return None
    phase_after_phase = (by_place[:, :-1].max(axis=0) < by_place[:, 1:].min(axis=0)).all()
    up = (by_place[:-1].max(axis=1) < by_place[1:].min(axis=1)).all()
    down = (by_place[:-1].min(axis=1) > by_place[1:].max(axis=1)).all()
    if not (phase_after_phase or up or down):
        return None
    codes = np.empty(len(keys), np.int64)
    codes[order] = np.tile(np.arange(crowd.most), len(by_place))
    return codes


def _roughly(crowd: _Crowd) -> list[Phase]:
    """Return parts of different extent by what lasts through an acquisition; series of images at one place may stay."""
    told, same_mm = _told(crowd), same_place_mm(crowd.frames)
    lasting = [t for t in told if t.attribute.lasting and len(t.values) <= 2 * crowd.most + 1]
    for count in (1, 2):
        for together in itertools.combinations(lasting, count):
            codes = joined(together)
            low, high = crowd.ends(codes)
            sizes = np.bincount(codes)
            if len(sizes) <= 2 * crowd.most + 1 and not crowd.surplus(codes)[high > low + same_mm].any():
                if sizes.max() >= FEWEST:
                    return crowd.divided(codes, words_of(codes, together, told), together)
    return []


def _checks(crowd: _Crowd) -> list[Phase]:
    """Return short scans of one place over and over, each of an acquisition or a time of its own."""
    for one in _told(crowd):
        told = one.attribute.lasting or one.attribute.name in CLOCKS
        if told and None not in one.values and over_each_other(crowd.heights, one.codes) and _proven(crowd, [one]):
            return crowd.divided(one.codes, words_of(one.codes, [one], _told(crowd)), [one])
    return []


def _crossing(crowd: _Crowd) -> list[Phase]:
    """Return acquisitions whose images lie between those of another."""
    told = _told(crowd)
    for one in told:
        # In a small stack two images count as well; in a large one they may be some that were taken anew.
        small = len(one.values) == 2 and one.attribute.lasting and len(crowd.frames) < 2 * FEWEST
        fewest = FEWEST - small
        large = np.flatnonzero(np.bincount(one.codes) >= fewest)[:_MOST_CROSSED].tolist()
        # A clock that stands still for many images, and for all of them, is that of the acquisition.
        stands = one.attribute.name in CLOCKS and len(large) == len(one.values)
        if not (one.attribute.lasting or one.attribute.mostly_lasting or stands):
            continue
        sure = one.attribute.lasting
        # Of images that a group has several of at one place one counts: a copy makes no stack uneven.
        _, once = np.unique(one.codes * (crowd.places.max() + 1) + crowd.places, return_index=True)
        heights, codes = crowd.heights[once], one.codes[once]
        if any(_mingled(heights, codes, a, b, sure=sure) for a, b in itertools.combinations(large, 2)):
            return crowd.divided(one.codes, words_of(one.codes, [one], told), [one])
    return []


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
        alike(own) and alike(others) and not alike(both[order]) for alike in (even, _even_but_for_missing)
    )


def _even_but_for_missing(heights: NDArray[np.float64]) -> bool:
    """Return True where all gaps are whole multiples of the commonest, as where slices are missing."""
    gaps = np.diff(heights)
    times = gaps / commonest_gap_mm(gaps)
    return bool(np.rint(times).min() >= 1 and np.abs(times - np.rint(times)).max() <= _EVEN)
