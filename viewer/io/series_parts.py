"""A series divided into what can each be one volume: localizers, sizes and directions apart, and its phases."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from attrs import evolve

from viewer.io.dicom_geometry import same_direction, same_places
from viewer.io.series_entry import SeriesEntry
from viewer.io.slice_header import Frame, series_facts, with_windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.volume import SeriesFacts


def series_entries(values: dict[int, bytes], transfer_syntax: str, frames: Sequence[Frame]) -> list[SeriesEntry]:
    """Return one entry for each part of a series whose images can be one volume, the largest first.

    `values` and `transfer_syntax` are those of one image of the series; they say what the series is.
    """
    parts: list[list[Frame]] = []
    for frame in frames:
        for part in parts:
            if _alike(part[0], frame):
                part.append(frame)
                break
        else:
            parts.append([frame])
    if len(parts) > 1 and all(len(part) == 1 for part in parts) and len({_size(part[0]) for part in parts}) == 1:
        # Single images in different directions make no volume each; they are shown together and not trusted.
        parts = [list(frames)]
    parts = [phase for part in parts for phase in _phases(part)]
    facts = series_facts(values, transfer_syntax)
    if not facts.series_uid:
        facts = evolve(facts, series_uid=_made_uid(frames))
    parts.sort(key=len, reverse=True)
    return [_entry(facts, tuple(part), _part_words(parts, part) if len(parts) > 1 else "") for part in parts]


def _entry(facts: SeriesFacts, frames: tuple[Frame, ...], words: str) -> SeriesEntry:
    return SeriesEntry(
        facts=with_windows(facts, frames),
        files=tuple(dict.fromkeys(frame.file.name for frame in frames)),
        frames=frames,
        count=len(frames),
        size_ij=(frames[0].code.columns, frames[0].code.rows),
        part=words,
    )


def _size(frame: Frame) -> tuple[int, int]:
    return (frame.code.rows, frame.code.columns)


def _alike(a: Frame, b: Frame) -> bool:
    """Return True where two images can lie in one volume: size, kind, direction, and spacing of pixels."""
    if _size(a) != _size(b) or a.localizer != b.localizer or a.sop_class != b.sop_class or a.unit != b.unit:
        return False
    if (a.position is None) != (b.position is None) or (a.orientation is None) != (b.orientation is None):
        return False
    if a.orientation is not b.orientation and not same_direction(a.orientation or (), b.orientation or ()):
        return False
    first, second = a.row_column_spacing, b.row_column_spacing
    if first is second or first is None or second is None:
        return first is second
    return all(abs(x / y - 1) < 1e-3 for x, y in zip(first, second, strict=True))


def _phases(part: list[Frame]) -> list[list[Frame]]:
    """Return the acquisitions of a part, where images at one place are told apart by their acquisition number."""
    numbers_said = {frame.acquisition for frame in part}
    if len(numbers_said) < 2 or not same_places(part):
        return [part]
    phases = [[f for f in part if f.acquisition == number] for number in sorted(numbers_said)]
    return phases if all(len(phase) > 1 and not same_places(phase) for phase in phases) else [part]


def _part_words(parts: list[list[Frame]], part: list[Frame]) -> str:
    frame = part[0]
    if frame.localizer:
        return "localizer"
    if len({f.acquisition for other in parts for f in other}) > 1 and len({f.acquisition for f in part}) == 1:
        return f"acquisition {frame.acquisition}"
    return f"{frame.code.columns} × {frame.code.rows}, {len(part)} of {sum(map(len, parts))} images"


def _made_uid(frames: Sequence[Frame]) -> str:
    """Return a UID for images that name no series, the same each time (DICOM PS3.5 annex B.2: 2.25 and a number)."""
    joined = "\n".join(sorted(frame.sop_uid or os.path.basename(frame.file.name) for frame in frames))
    return f"2.25.{int.from_bytes(hashlib.sha256(joined.encode()).digest()[:16], 'big')}"
