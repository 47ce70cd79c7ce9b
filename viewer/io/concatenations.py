"""Images that were stored in several files (DICOM PS3.3 C.7.6.16.2.2.4)."""

from __future__ import annotations

from attrs import frozen

from viewer.io.raw_values import plain, whole

_UID, _NUMBER, _TOTAL = 0x00209161, 0x00209162, 0x00209163


@frozen
class PartOf:
    """Which part of an image a file holds, and of how many; 0 where it does not say."""

    uid: str
    number: int
    total: int


def part_of(values: dict[int, bytes]) -> PartOf | None:
    """Return which part of an image a file is, by its raw elements; None where it is a whole one."""
    uid = plain(values.get(_UID))
    return PartOf(uid, whole(values.get(_NUMBER)), whole(values.get(_TOTAL))) if uid else None
