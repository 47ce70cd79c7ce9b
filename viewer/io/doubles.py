"""Images that lie where others do: what is said of them, in the library and when they are opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.errors import CaseStageError
from viewer.io.decode import stored_bytes
from viewer.io.dicom_geometry import frame_place, same_places
from viewer.io.open_images import OpenImages
from viewer.io.slice_header import Frame

if TYPE_CHECKING:
    from collections.abc import Sequence


_MOST_NAMED = 3
_MOST_COMPARED = 64


@frozen
class Doubles:
    """What headers and stored pixels tell of images at one place.

    Attributes
    ----------
    left
        The first image of each place.
    count
        How many more there are.
    copies
        True where each of these is a copy: its pixels are stored as those of the first are or, where that cannot be
        held against each other, it is called by the UID of another at its place. False where some are not; None where
        that is known only once all are decoded.
    contradict
        Those that are no copies.
    """

    left: tuple[Frame, ...]
    count: int
    copies: bool | None
    contradict: tuple[Frame, ...] = ()

    @property
    def words(self) -> str:
        """What there is to say before anybody has looked at pixels."""
        if self.copies:
            return copies_words(self.count)
        if self.contradict:
            return contradiction_words(self.contradict)
        if self.count == 1:
            return "1 image lies where another does; its pixels tell whether it is a copy, once it is opened."
        return f"{self.count} images lie where others do; their pixels tell which are copies, once they are opened."


def copies_words(count: int) -> str:
    """Return that so many images are copies of others."""
    return f"{count} {'image is' if count == 1 else 'images are'} there twice; the copies were left out."


def contradiction_words(frames: Sequence[Frame]) -> str:
    """Return that images lie where others do and show something else."""
    places = list(dict.fromkeys(frame_place(frame) for frame in frames))
    more = f" and {len(places) - _MOST_NAMED} more places" if len(places) > _MOST_NAMED else ""
    where = f"{', '.join(places[:_MOST_NAMED])}{more}"
    return f"Different images lie at the same place near {where}; the first by number is shown."


def doubles(frames: Sequence[Frame]) -> Doubles | None:
    """Return the images that lie where others do; None where there are none."""
    groups = same_places(frames)
    more, copies = set(), True
    for group in groups:
        called = {(group[0].sop_uid, group[0].index)}
        for frame in group[1:]:
            more.add(id(frame))
            copies = copies and (frame.sop_uid, frame.index) in called
            called.add((frame.sop_uid, frame.index))
    if not more:
        return None
    left = tuple(frame for frame in frames if id(frame) not in more)
    contradict = _stored_otherwise(groups)
    alike = (copies or None) if contradict is None else not contradict
    return Doubles(left, len(more), alike, tuple(contradict or ()))


def _stored_otherwise(groups: Sequence[Sequence[Frame]]) -> list[Frame] | None:
    """Return the images whose pixels are stored otherwise than those of the first at their place; None where not known.

    A few are looked at, and of images that all lie at one place those up to the first that differs.
    """
    found: list[Frame] = []
    left = _MOST_COMPARED
    try:
        with OpenImages() as files:
            for group in groups:
                first = stored_bytes(group[0], files)
                for frame in group[1:]:
                    if frame.kind.code != group[0].kind.code or _values(frame) != _values(group[0]):
                        return None
                    if not left:
                        return found or None
                    left -= 1
                    if stored_bytes(frame, files) != first:
                        found.append(frame)
                        if len(groups) == 1:
                            return found
    except CaseStageError:
        return None
    return found


def _values(frame: Frame) -> tuple[float, float]:
    return frame.slope, frame.intercept
