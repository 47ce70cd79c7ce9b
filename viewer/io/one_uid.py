"""Images that are called by one UID and are not one image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.count_words import count_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.io.raw_values import Triple
    from viewer.io.slice_header import Frame


def one_uid_words(frames: Sequence[Frame]) -> str:
    """Return what is to be said of images that bear another's SOP Instance UID elsewhere in the patient; "" for none.

    Those at one place may be copies.
    """
    places: dict[tuple[str, int], set[Triple | None]] = {}
    for frame in frames:
        if frame.sop_uid:
            places.setdefault((frame.sop_uid, frame.index), set()).add(frame.position)
    more = sum(len(found) - 1 for found in places.values())
    if not more:
        return ""
    bear = "bears" if more == 1 else "bear"
    return f"{count_words(more, 'image')} {bear} the UID of another, so no DICOM SEG and SR are made of this series."
