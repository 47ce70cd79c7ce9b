"""What images are called by: UIDs that stand for several, numbers that leave some out."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from viewer.domain.count_words import count_words
from viewer.io.slice_thickness import thickness_and_gap_mm

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from viewer.io.raw_values import Triple
    from viewer.io.slice_header import Frame

_FEWEST_NUMBERED = 5
_FEWEST_OWN = 3
# As a share of the thickness.
_CLOSEST = 0.24


def one_uid_words(frames: Sequence[Frame]) -> str:
    """Return what is to be said of images that bear another's SOP Instance UID elsewhere in the patient; "" for none.

    Those at one place may be copies.
    """
    if len({(frame.sop_uid, frame.index) for frame in frames}) == len(frames):
        return ""
    places: dict[tuple[str, int], set[Triple | None]] = {}
    for frame in frames:
        if frame.sop_uid:
            places.setdefault((frame.sop_uid, frame.index), set()).add(frame.position)
    more = sum(len(found) - 1 for found in places.values())
    if not more:
        return ""
    bear = "bears" if more == 1 else "bear"
    return f"{count_words(more, 'image')} {bear} the UID of another, so no DICOM SEG and SR are made of this series."


def left_out_words(frames: Sequence[Frame], numbers: Collection[int]) -> str:
    """Return what is to be said of images whose numbers leave out as many between each two of them; "" for nothing.

    Where every second image is lost the others lie as evenly as all did. `numbers` are those of the whole series. Of
    those that would lie within a small part of a slice's thickness there never were any: some number in tens.
    """
    own = sorted({frame.instance for frame in frames})
    if len(own) < _FEWEST_NUMBERED or len(own) < len(frames):
        return ""
    step = own[1] - own[0]
    if step < 2 or any(b - a != step for a, b in itertools.pairwise(own)):
        return ""
    if any(own[0] < number < own[-1] and (number - own[0]) % step for number in numbers):
        return ""
    thickness, gap = thickness_and_gap_mm(frames)
    if gap < _CLOSEST * step * thickness:
        return ""
    return f"The images are numbered {own[0]}, {own[1]}, {own[2]} and so on: those between them may be missing."


def of_their_own(values: int, count: int) -> bool:
    """Return whether so many images say so many different things that nearly each says its own, which tells nothing."""
    return values >= _FEWEST_OWN and 2 * values > count
