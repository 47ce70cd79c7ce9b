"""Images of which several may lie at one place, and the parts that they are divided into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from viewer.domain.errors import CaseStageError
from viewer.io.decode import stored_bytes
from viewer.io.open_images import OpenImages
from viewer.io.slice_header import Frame
from viewer.io.telling import Codes
from viewer.io.unsaid_phases import doubts_of

if TYPE_CHECKING:
    from viewer.io.telling import Told


@frozen(eq=False)
class Phase:
    """Images that can be one volume, and what sets them apart from the others, in words; `doubt` a sentence or ""."""

    frames: list[Frame]
    words: str
    doubt: str = ""


@frozen(eq=False)
class Crowd:
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

    def once(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return one image of each place, in their order along the normal, and for each image which of these it is."""
        _, first, place = np.unique(self.places, return_index=True, return_inverse=True)
        return first, place

    def few_doubles(self, codes: Codes) -> bool:
        """Return True where hardly an image is too many at its place in its group: that is the group's own trouble."""
        return int(self.surplus(codes).sum()) <= max(1, len(self.frames) // 50)

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


def crowd_of(frames: Sequence[Frame], heights: NDArray[np.float64], apart_mm: float) -> Crowd:
    """Return images along their normal; those no further apart than `apart_mm` lie at one place."""
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
    return Crowd(frames, heights, places, images, int(counts.max()), common)


def _identity(frame: Frame) -> object:
    """Return what is equal for copies of one image alone."""
    if not frame.sop_uid:
        return (frame.file.name, frame.index)
    return (frame.sop_uid, frame.index, frame.instance, frame.telling)
