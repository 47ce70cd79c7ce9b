"""A series made into a volume: original slices in order, where they lie, and what can be trusted about them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve

from viewer.domain.count_words import count_words
from viewer.domain.errors import CaseStageError, UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.volume import Volume
from viewer.io.decode import in_doubt, why
from viewer.io.dicom_geometry import arranged, frame_place, same_direction, same_places
from viewer.io.doubles import contradiction_words, copies_words
from viewer.io.memory import shrunk_words
from viewer.io.moments import moments_of
from viewer.io.padding import padding_value, with_one_padding
from viewer.io.pixels_beyond import more_pixels_words
from viewer.io.read_slices import Onlooker, read_slices
from viewer.io.voi_luts import Luts, read_luts
from viewer.io.volume_files import read_volume_file
from viewer.io.volume_hash import values_equal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from viewer.domain.job import JobContext
    from viewer.io.decoders import Decoders
    from viewer.io.dicom_geometry import Arrangement
    from viewer.io.reading_order import ReadingOrder
    from viewer.io.series_entry import SeriesEntry
    from viewer.io.slice_header import Frame
    from viewer.io.watcher import Watcher

BURNED_IN = "Words may be burned into these images, a name among them: they are covered while identity is hidden."
_MOST_NAMED = 3


def assemble(
    entry: SeriesEntry,
    ctx: JobContext,
    watcher: Watcher | None = None,
    decoders: Decoders | None = None,
    *,
    shrink: int = 1,
) -> Volume:
    """Return the volume of a series: `slices` as read, `voxels` the same array, and the verdict on its geometry.

    Where the verdict is `resampled` the caller regrids; the grid given here is then only nearly right.

    Parameters
    ----------
    entry
        What `viewer.io.scan.scan` found.
    ctx
        Progress in slices; cancel between slices.
    decoders
        Processes to decode compressed images with; without, some are started for this call alone.
    watcher
        Is shown the volume while it is being read: the middle slice first; a volume in one file as it is stored.

    Raises
    ------
    UnreadableFileError
        Where no image can be read.
    TooLargeError
        Where the values would not fit into memory.
    CancelledError
        When the work was cancelled.
    """
    if entry.kind != "dicom":
        return read_volume_file(entry, ctx, watcher, shrink=shrink)
    frames, refused, said = _refused(entry.frames)
    beyond = more_pixels_words(frames)
    said += [beyond] if beyond else []
    frames = with_one_padding(frames)
    arrangement = arranged(frames, refused)
    doubled = [] if arrangement.placed else same_places(frames)
    doubles: list[str] = []
    if doubled:
        frames, doubles, bad = _without_doubles(frames, doubled, ctx, decoders)
        said += bad
        arrangement = arranged(frames, refused)
    luts = read_luts(arrangement.frames, ctx)
    onlooker = _Onlooker(entry, arrangement, watcher, shrink, luts) if watcher is not None and len(frames) > 1 else None
    read = read_slices(arrangement.frames, ctx, decoders, onlooker, shrink)
    values: Any = read.values
    if read.failures:
        failed = [(arrangement.frames[k], read.failures[k]) for k in sorted(read.failures)]
        left = [k for k in range(len(arrangement.frames)) if k not in read.failures]
        said += _named([(f, why(error)) for f, error in failed])
        if not left:
            raise _nothing_readable(said, list(read.failures.values()))
        refused += [f for f, _ in failed]
        arrangement = arranged([arrangement.frames[k] for k in left], refused)
        values = values[left]
    said += [entry.incomplete] if entry.incomplete else []
    more = [*doubles, *read.notes, *luts.said, *([entry.remark] if entry.remark else [])]
    doubted = bool(said) or any(map(in_doubt, read.notes))
    volume = _volume(entry, arrangement, values, [*said, *more], doubted, shrink, luts)
    unread = _positions(refused, arrangement.frames[0])
    if unread is not None and shrink > 1:
        unread = evolve(arrangement.stack, positions_lps_mm=unread).shrunk(shrink).positions_lps_mm
    return evolve(volume, unread_lps_mm=unread)


class _Onlooker(Onlooker):
    """Makes a volume of slices that are coming in."""

    def __init__(self, entry: SeriesEntry, arrangement: Arrangement, watcher: Watcher, shrink: int, luts: Luts) -> None:
        self._luts = luts
        self._entry, self._arrangement, self._watcher, self._shrink = entry, arrangement, watcher, shrink

    def first_slice(self) -> int:
        return self._watcher.first_slice(self._arrangement.stack)

    def begun(self, values: NDArray[Any], arrived: NDArray[np.bool_], order: ReadingOrder) -> None:
        # A view: the volume makes its arrays read-only, and these are still being filled.
        volume = _volume(self._entry, self._arrangement, values[:], [], False, self._shrink, self._luts)
        self._watcher.begun(evolve(volume, arrived=arrived), order)

    def arrived(self) -> None:
        self._watcher.grown()


def _positions(frames: Sequence[Frame], like: Frame) -> NDArray[np.float64] | None:
    """Return where images lie that look in the direction of another, shape (n, 3); None for none."""
    if like.orientation is None:
        return None
    alike = [f for f in frames if f.orientation and same_direction(f.orientation, like.orientation)]
    found = [f.position for f in alike if f.position]
    return np.asarray(found, dtype=np.float64) if found else None


def _refused(frames: Sequence[Frame]) -> tuple[list[Frame], list[Frame], list[str]]:
    """Return the frames whose pixels can be there, those whose cannot, and sentences about these."""
    bad = [(f, f"the file {f.problem}") for f in sorted(frames, key=lambda f: f.order) if f.problem]
    good = [f for f in frames if not f.problem]
    said = _named(bad)
    if not good:
        raise _nothing_readable(said, [UnreadableFileError(f"The file {f.problem}.") for f, _ in bad])
    return good, [f for f, _ in bad], said


def _named(bad: Sequence[tuple[Frame, str]]) -> list[str]:
    said = [f"The image at {frame_place(f)} could not be read: {reason}." for f, reason in bad[:_MOST_NAMED]]
    if len(bad) > _MOST_NAMED:
        said.append(f"{count_words(len(bad) - _MOST_NAMED, 'more image')} could not be read.")
    return said


def _nothing_readable(said: Sequence[str], errors: Sequence[CaseStageError]) -> UnreadableFileError:
    """Return that no image can be read, with what keeps most of them from it, and what to do about that."""
    commonest, _ = Counter(error.sentence for error in errors).most_common(1)[0]
    error = next(error for error in errors if error.sentence == commonest)
    return UnreadableFileError(
        said[0] if len(said) == 1 else f"None of the images of this series can be read: {why(error)}.",
        error.hint,
        "\n".join([*said, error.detail]).strip(),
    )


def _without_doubles(
    frames: list[Frame], groups: list[list[Frame]], ctx: JobContext, decoders: Decoders | None
) -> tuple[list[Frame], list[str], list[str]]:
    """Return frames with one image at each place, sentences about copies, and about images that fail or contradict.

    Copies of the same pixels are left out. Where pixels differ the first by number is kept; where that would leave
    a single image of several, all are kept as a stack of images.
    """
    drop: set[int] = set()
    copies = 0
    contradict: list[Frame] = []
    failed: list[tuple[Frame, str]] = []
    for group in groups:
        read = read_slices(group, ctx, decoders)
        kept = [k for k in range(len(group)) if k not in read.failures]
        if kept:
            failed += [(group[k], why(error)) for k, error in read.failures.items()]
            drop.update(id(group[k]) for k in read.failures)
        for k in kept[1:]:
            if values_equal(read.values[k], read.values[kept[0]]):
                copies += 1
            else:
                contradict.append(group[k])
            drop.add(id(group[k]))
    left = [f for f in frames if id(f) not in drop]
    if len(left) == 1 and contradict:
        other = {id(f) for f in contradict}
        left = [f for f in frames if id(f) in other or id(f) not in drop]
        return left, [], _named(failed)
    said, bad = [], _named(failed)
    if copies:
        said.append(copies_words(copies))
    if contradict:
        bad.append(contradiction_words(contradict))
    return left, said, bad


def _volume(
    entry: SeriesEntry,
    arrangement: Arrangement,
    values: Any,
    said: list[str],
    untrusted: bool,
    shrink: int,
    luts: Luts,
) -> Volume:
    frames, stack = arrangement.frames, arrangement.stack.shrunk(shrink)
    units = {f.unit for f in frames}
    unit = frames[0].unit if len(units) == 1 else "unknown"
    reasons = [*arrangement.reasons, *said]
    if any(f.kind.needs_table for f in frames):
        reasons.append("The values need a table (Modality LUT) that is not applied, so they have no known unit.")
    elif unit == "unknown":
        reasons.append("The values have no known unit.")
    reasons += dict.fromkeys(f.kind.mapped for f in frames if f.kind.mapped)
    worded = any(f.kind.worded for f in frames)
    if worded and not entry.facts.synthetic:
        reasons.append(BURNED_IN)
    verdict = Verdict.UNTRUSTED if untrusted else arrangement.verdict
    if shrink > 1:
        reasons.append(shrunk_words(shrink))
        verdict = verdict if verdict is Verdict.UNTRUSTED else Verdict.RESAMPLED
    several = any(f.file.frames > 1 for f in frames)
    uids = tuple(f.sop_uid for f in frames)
    slices = np.ascontiguousarray(values)
    first = frames[0].orientation or ()
    placed = arrangement.placed and all(same_direction(first, f.orientation or ()) for f in frames)
    return Volume(
        series=entry.facts,
        slices=slices,
        stack=stack,
        voxels=slices,
        grid=stack.as_grid(),
        unit=unit,
        verdict=verdict,
        reasons=tuple(reasons),
        padding=padding_value(frames, slices.dtype),
        source_uids=uids if shrink == 1 else (),
        shrunk_uids=uids if shrink > 1 else (),
        source_frames=tuple(f.index + 1 for f in frames) if several else (),
        source_class_uid=frames[0].sop_class,
        source_files=tuple(f.file.name for f in frames),
        placed=placed,
        loose=not placed,
        sized=all(f.row_column_spacing for f in frames),
        oriented=all(f.orientation for f in frames),
        shrunk=shrink,
        part=entry.part,
        luts=luts.of(frames),
        worded=worded,
        moments=() if placed else moments_of(frames),
    )
