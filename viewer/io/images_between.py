"""Images of one part of a series that lie where another part lacks some, or that may."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.count_words import count_words
from viewer.domain.slice_gaps import commonest_gap_mm, missing_in_gaps
from viewer.io.dicom_geometry import heights_mm, located, same_direction, same_place_mm
from viewer.io.raw_values import numbers, plain
from viewer.io.slice_thickness import apart_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from viewer.io.slice_header import Frame

# How far off an image may lie from where the next would, as a share of the way.
_NEXT = 0.05
_FEWEST = 3
_ENOUGH = 2


def words_between(part: Sequence[Frame], others: Iterable[Sequence[Frame]]) -> str:
    """Return what is to be said of images of other parts that lie where one lacks some, or may; "" for nothing."""
    if not located(part) or part[0].localizer:
        return ""
    first = part[0]
    own = np.sort(heights_mm(part, first))
    own = own[np.diff(own, prepend=-np.inf) > same_place_mm(part)]
    gaps = np.diff(own)
    missing = np.flatnonzero(missing_in_gaps(gaps))
    nearest = commonest_gap_mm(gaps) * (1 + _NEXT * np.array([-1, 1])) if len(gaps) else np.zeros(2)
    within = beyond = nowhere = 0
    for other in others:
        if not located(other):
            nowhere += len(other) if _is_like(first, other[0]) else 0
        elif _faces(first, other[0]):
            found = heights_mm(other, first)
            within += sum(int(np.count_nonzero((found > own[k]) & (found < own[k + 1]))) for k in missing)
            outside = np.maximum(own[0] - found, found - own[-1])
            beyond += int(np.count_nonzero((outside >= nearest[0]) & (outside <= nearest[1]) & (outside > 0)))
    said = []
    if within:
        images = count_words(within, "image")
        said.append(f"Where images are missing, {images} of another part of this series {_verb(within, 'lie')}.")
    if beyond:
        images = count_words(beyond, "image")
        said.append(f"Where these images would go on, {images} of another part of this series {_verb(beyond, 'lie')}.")
    if nowhere:
        images = count_words(nowhere, "image")
        where = "it lies" if nowhere == 1 else "they lie"
        said.append(f"{images} of this series {_verb(nowhere, 'do')} not say where {where}, and may be missing here.")
    return " ".join(said)


def sparser_words(part: Sequence[Frame], others: Sequence[Sequence[Frame]]) -> str:
    """Return what is to be said of a phase that lies evenly at some only of the places of others; "" for nothing.

    Slices as thick as those of one other phase lie as near to each other; where thickness is not said, two others tell.
    """
    others = [other for other in others if len(other) > len(part)]
    if not others or not located(part) or part[0].localizer or len(part) < _FEWEST or apart_words(part):
        return ""
    first, same_mm = part[0], same_place_mm(part)
    own = np.sort(heights_mm(part, first))
    if missing_in_gaps(np.diff(own[np.diff(own, prepend=-np.inf) > same_mm])).any():
        return ""
    more: dict[int, int] = {}
    for other in (one for one in others if located(one) and _faces(first, one[0])):
        found = np.unique(heights_mm(other, first))
        found = found[np.diff(found, prepend=-np.inf) > same_mm]
        at = np.searchsorted(own, found).clip(1, len(own) - 1)
        here = np.minimum(np.abs(found - own[at - 1]), np.abs(found - own[at])) <= same_mm
        between = (found > own[0] + same_mm) & (found < own[-1] - same_mm) & ~here
        count, thickness = int(np.count_nonzero(between)), (_thickness(first), _thickness(other[0]))
        if count and np.count_nonzero(here) == len(own) and thickness[0] == thickness[1]:
            more[count] = more.get(count, 0) + (2 if thickness[0] is not None else 1)
    count = max(more, key=lambda one: more[one], default=0)
    if not count or more[count] < _ENOUGH:
        return ""
    return f"Between these images others of this series have {count} more: {_they(count)} may be missing here."


def _they(count: int) -> str:
    return "it" if count == 1 else "they"


def _thickness(frame: Frame) -> float | None:
    found = numbers(frame.telling.slice_thickness or b"")
    return found[0] if found else None


def _verb(count: int, verb: str) -> str:
    return verb if count != 1 else f"{verb}es" if verb == "do" else f"{verb}s"


def _is_like(a: Frame, b: Frame) -> bool:
    """Return whether an image that does not say where it lies may lie in one stack with another."""
    sizes = {(one.code.rows, one.code.columns, one.sop_class) for one in (a, b)}
    return len(sizes) == 1 and not b.localizer and (_is_secondary(a) or not _is_secondary(b))


def _is_secondary(frame: Frame) -> bool:
    """Return whether an image says that it was not made by an examination, as a page of doses."""
    return plain(frame.telling.image_type).upper().split("\\")[1:2] == ["SECONDARY"]


def _faces(a: Frame, b: Frame) -> bool:
    """Return whether two images could lie in one stack, by size and direction, in the same coordinates."""
    alike = (a.code.rows, a.code.columns, a.kind.frame_of_reference) == (
        b.code.rows,
        b.code.columns,
        b.kind.frame_of_reference,
    )
    return alike and not b.localizer and same_direction(a.orientation or (), b.orientation or ())
