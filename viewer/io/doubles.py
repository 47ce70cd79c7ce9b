"""Images that lie where others do: what is said of them, in the library and when they are opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from viewer.io.dicom_geometry import same_places
from viewer.io.slice_header import Frame

if TYPE_CHECKING:
    from collections.abc import Sequence


@frozen
class Doubles:
    """What headers tell of images at one place.

    Attributes
    ----------
    left
        The first image of each place.
    count
        How many more there are.
    copies
        True where each of these is called by the UID of another at its place: a file that was copied. Of others only
        pixels tell.
    """

    left: tuple[Frame, ...]
    count: int
    copies: bool

    @property
    def words(self) -> str:
        """What there is to say before anybody has looked at pixels."""
        if self.copies:
            return copies_words(self.count)
        if self.count == 1:
            return "1 image lies where another does; its pixels tell whether it is a copy, once it is opened."
        return f"{self.count} images lie where others do; their pixels tell which are copies, once they are opened."


def copies_words(count: int) -> str:
    """Return that so many images are copies of others."""
    return f"{count} {'image is' if count == 1 else 'images are'} there twice; the copies were left out."


def doubles(frames: Sequence[Frame]) -> Doubles | None:
    """Return the images that lie where others do.

    None where there are none, and where all lie at one place and are no copies by name: a stack of images.
    """
    more, copies = set(), True
    for group in same_places(frames):
        called = {(group[0].sop_uid, group[0].index)}
        for frame in group[1:]:
            more.add(id(frame))
            copies = copies and (frame.sop_uid, frame.index) in called
            called.add((frame.sop_uid, frame.index))
    left = tuple(frame for frame in frames if id(frame) not in more)
    return Doubles(left, len(more), copies) if more and (copies or len(left) > 1) else None
