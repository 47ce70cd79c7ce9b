"""A series divided into what can each be one volume: localizers, sizes and directions apart, and its phases."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.domain.count_words import count_words
from viewer.domain.errors import CaseStageError
from viewer.domain.value_units import unit_words
from viewer.io.dicom_geometry import same_direction, same_spacing
from viewer.io.encapsulated import HTJ2K, JPEG, JPEG_2000, JPEG_LS, first_bytes, loses
from viewer.io.file_bytes import reading
from viewer.io.image_elements import facts_of_images, series_facts
from viewer.io.image_names import left_out_words, of_their_own, one_uid_words
from viewer.io.images_between import sparser_words, words_between
from viewer.io.made_alike import differing_words
from viewer.io.missing_parts import with_lacks
from viewer.io.open_images import OpenImages
from viewer.io.phases import phases
from viewer.io.series_entry import SeriesEntry, with_doubt
from viewer.io.slice_thickness import apart_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.volume import SeriesFacts
    from viewer.io.slice_header import Frame

# In which a code stream says how it was made; comments may stand before it.
_HEAD_BYTES = 1 << 16
_SAMPLE_BYTES = 1 << 12
_WITHIN_10_DEG = 0.985
# A list of more than that would help nobody.
_MOST_KINDS = 200


def series_entries(values: dict[int, bytes], transfer_syntax: str, frames: Sequence[Frame]) -> list[SeriesEntry]:
    """Return one entry for each part of a series whose images can be one volume.

    The largest kind of images comes first; the phases of one kind are in their own order. `values` and
    `transfer_syntax` are those of one image of the series; they say what the series is.
    """
    # Some writers give every image coordinates of its own, which then tell nothing.
    coordinates = not of_their_own(len({f.kind.frame_of_reference for f in frames}), len(frames))
    kinds = _kinds(frames, coordinates=coordinates)
    kinds.sort(key=len, reverse=True)
    facts = series_facts(values, transfer_syntax)
    if not facts.series_uid:
        facts = evolve(facts, series_uid=_made_uid(frames))
    found = []
    for kind in kinds:
        words = _kind_words(kinds, kind, coordinates=coordinates) if len(kinds) > 1 else ""
        remark = words_between(kind, [other for other in kinds if other is not kind]) if len(kinds) > 1 else ""
        divided = phases(kind)
        for phase in divided:
            entry = _entry(facts, phase.frames, ", ".join(filter(None, [words, phase.words])))
            sparser = sparser_words(phase.frames, [other.frames for other in divided if other is not phase])
            found.append(with_doubt(entry, phase.doubt, " ".join(filter(None, [remark, sparser]))))
        if not divided:
            count = f"{len(kind)} of {len(frames)} images" if len(kinds) > 1 and not kind[0].localizer else ""
            entry = _entry(facts, kind, ", ".join(filter(None, [words, count])))
            found.append(with_doubt(entry, "", remark))
    numbers = {frame.instance for frame in frames}
    for tell in (lambda own: left_out_words(own, numbers), apart_words, differing_words):
        found = [with_doubt(entry, "", tell(entry.frames)) for entry in found]
    return with_lacks(_told_apart(_beside_cut(found)))


def _beside_cut(entries: list[SeriesEntry]) -> list[SeriesEntry]:
    """Return parts of a series, in doubt where images of another end within their header: these may be their own."""
    cut = [all(frame.problem and frame.file.pixel_offset < 0 for frame in entry.frames) for entry in entries]
    count = sum(entry.count for entry, ends in zip(entries, cut, strict=True) if ends)
    if not count:
        return entries
    what = "ends early and does not say to which part it belongs"
    if count > 1:
        what = "end early and do not say to which part they belong"
    doubt = f"{count_words(count, 'image')} of this series {what}."
    return [entry if ends else with_doubt(entry, doubt) for entry, ends in zip(entries, cut, strict=True)]


def _told_apart(entries: list[SeriesEntry]) -> list[SeriesEntry]:
    """Return parts of a series so that no two are called the same: what is drawn on one is kept by that name."""
    names = [entry.part for entry in entries]
    if len(set(names)) == len(names):
        return entries
    several = {name: names.count(name) for name in names}
    return [
        evolve(entry, part=f"{name}, part {names[: n + 1].count(name)} of {several[name]}")
        if several[name] > 1
        else entry
        for n, (entry, name) in enumerate(zip(entries, names, strict=True))
    ]


def _kinds(frames: Sequence[Frame], *, coordinates: bool) -> list[list[Frame]]:
    """Return images that can lie in one volume together, by what each says it is."""
    kinds: list[list[Frame]] = []
    # Images that name their coordinates come first: any of those that name none would fit all others.
    for frame in sorted(frames, key=lambda f: not f.kind.frame_of_reference):
        for kind in kinds:
            if _alike(kind[0], frame) and (not coordinates or _same_coordinates(kind[0], frame)):
                kind.append(frame)
                break
        else:
            kinds.append([frame])
            if len(kinds) > _MOST_KINDS:
                break
    single = all(len(kind) == 1 for kind in kinds) and len({_size(kind[0]) for kind in kinds}) == 1
    if len(kinds) > _MOST_KINDS or (len(kinds) > 1 and single):
        # Single images in different directions make no volume each; they are shown together and not trusted.
        together: dict[object, list[Frame]] = {}
        several = len({f.kind.modality for f in frames} - {""}) > 1
        for frame in frames:
            modality, origin = frame.kind.modality, frame.kind.frame_of_reference
            said = (modality if several else "", origin if coordinates else "")
            key = (_size(frame), *_what(frame), *said)
            together.setdefault(key, []).append(frame)
        return list(together.values())
    return kinds


def _entry(facts: SeriesFacts, part: Sequence[Frame], words: str) -> SeriesEntry:
    frames = tuple(part)
    facts = facts_of_images(facts, frames)
    return SeriesEntry(
        remark=one_uid_words(frames),
        facts=facts if facts.lossy else evolve(facts, lossy=_has_lost(frames[len(frames) // 2])),
        files=tuple(dict.fromkeys(frame.file.name for frame in frames)),
        frames=frames,
        count=len(frames),
        size_ij=(frames[0].code.columns, frames[0].code.rows),
        part=words,
    )


def _has_lost(frame: Frame) -> bool:
    """Return True where an image's compressed pixels say that they were changed, whatever its header says."""
    if frame.problem or frame.code.transfer_syntax not in JPEG | JPEG_LS | JPEG_2000 | HTJ2K:
        return False
    try:
        with OpenImages() as files, reading():
            return loses(first_bytes(files.source(frame.file), frame.file, _HEAD_BYTES)) is True
    except CaseStageError:
        return False


def _size(frame: Frame) -> tuple[int, int]:
    return (frame.code.rows, frame.code.columns)


def _what(frame: Frame) -> tuple[object, ...]:
    """Return what an image is but for its modality, which some do not name."""
    return (frame.localizer, frame.sop_class, frame.unit, frame.kind.synthetic)


def _alike(a: Frame, b: Frame) -> bool:
    """Return True where two images can lie in one volume: size, kind, direction, and spacing of pixels."""
    if a.kind is b.kind and (a.position is None) == (b.position is None):
        return True
    if _size(a) != _size(b) or _what(a) != _what(b) or _of_other_modality(a, b):
        return False
    if (a.position is None) != (b.position is None) or (a.orientation is None) != (b.orientation is None):
        return False
    if a.orientation is not b.orientation and not same_direction(a.orientation or (), b.orientation or ()):
        return False
    first, second = a.row_column_spacing, b.row_column_spacing
    if first is second or first is None or second is None:
        return first is second
    return same_spacing(first, second)


def _of_other_modality(a: Frame, b: Frame) -> bool:
    """Return True where two images name different modalities; one that names none may be of any."""
    return bool(a.kind.modality and b.kind.modality) and a.kind.modality != b.kind.modality


def _same_coordinates(a: Frame, b: Frame) -> bool:
    """Return True where two images name the same frame of reference, or one of them none."""
    return a.kind.frame_of_reference == b.kind.frame_of_reference or not (
        a.kind.frame_of_reference and b.kind.frame_of_reference
    )


def _kind_words(kinds: list[list[Frame]], kind: list[Frame], *, coordinates: bool) -> str:
    """Return what a kind of images is: its size, and where that is not its own, whatever else sets it apart."""
    first = kind[0]
    if first.localizer:
        turned = any(other[0].localizer and _turned(first, other[0]) for other in kinds)
        return f"localizer, {_plane_words(first)}" if turned else "localizer"
    words = [f"{first.code.columns} × {first.code.rows}"]
    others = [other[0] for other in kinds if other is not kind and _size(other[0]) == _size(first)]
    others = [other for other in others if not other.localizer]
    if any(_turned(first, other) for other in others):
        words.append(_plane_words(first))
    if first.row_column_spacing and any(first.row_column_spacing != other.row_column_spacing for other in others):
        words.append("pixels of {1:.4g} × {0:.4g} mm".format(*first.row_column_spacing))
    if any(first.position is None and other.position is not None for other in others):
        words.append("without a place")
    origins = list(dict.fromkeys(k[0].kind.frame_of_reference for k in kinds if not k[0].localizer))
    if coordinates and any(not _same_coordinates(first, other) for other in others):
        words.append(f"coordinates {origins.index(first.kind.frame_of_reference) + 1} of {len(origins)}")
    if any(_of_other_modality(first, other) for other in others):
        words.append(first.kind.modality)
    if any(first.kind.synthetic != other.kind.synthetic for other in others):
        words.append("synthetic" if first.kind.synthetic else "not synthetic")
    if any(first.unit != other.unit for other in others):
        words.append("HU" if first.unit == "HU" else f"unit {unit_words(first.unit) or first.unit}")
    return ", ".join(words)


def _turned(a: Frame, b: Frame) -> bool:
    return bool(a.orientation and b.orientation) and not same_direction(a.orientation or (), b.orientation or ())


def _plane_words(frame: Frame) -> str:
    """Return "axial", "coronal" or "sagittal" by the axis nearest to the normal, "oblique" where none is within 10°."""
    if frame.orientation is None:
        return "without a direction"
    normal = np.abs(np.cross(frame.orientation[:3], frame.orientation[3:]))
    nearest = int(np.argmax(normal))
    plane = ("sagittal", "coronal", "axial")[nearest]
    return plane if normal[nearest] > _WITHIN_10_DEG else f"oblique {plane}"


def _made_uid(frames: Sequence[Frame]) -> str:
    """Return a UID for images that name no series, the same each time (DICOM PS3.5 annex B.2: 2.25 and a number)."""
    said = sorted(frame.sop_uid or os.path.basename(frame.file.name) for frame in frames)
    unnamed = sorted((frame for frame in frames if not frame.sop_uid), key=lambda f: f.order)
    # Files of one name lie in many folders, and hold other images in each.
    said += [repr((frame.position, frame.file.size, frame.index)) for frame in unnamed]
    said += [_sample(unnamed[n]) for n in sorted({0, len(unnamed) // 2, len(unnamed) - 1}) if unnamed]
    digest = hashlib.sha256("\n".join(said).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def _sample(frame: Frame) -> str:
    """Return some of the stored bytes from the middle of an image's pixels; "" where they cannot be read."""
    middle = frame.file.pixel_offset + frame.file.pixel_length // 2
    try:
        with OpenImages() as files, reading():
            return files.source(frame.file).read_at(middle, _SAMPLE_BYTES).hex()
    except CaseStageError:
        return ""
