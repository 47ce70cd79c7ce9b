"""Volumes in single files: the one place that knows their endings, and the way from such a file to a volume.

NIfTI (.nii, .nii.gz, or .hdr beside its voxels), NRRD (.nrrd, or .nhdr beside its voxels) and MetaImage (.mha, or .mhd
beside its voxels). A format only says what its header says (`describe`); voxels are read in one way for all.
"""

from __future__ import annotations

import hashlib
import os
import time
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from attrs import evolve

from viewer.domain.errors import TooLargeError, UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.domain.value_units import PLAUSIBLE_AIR_HU, is_on_hu_scale
from viewer.domain.volume import SeriesFacts, Volume
from viewer.io.beside_header import beside, open_named
from viewer.io.memory import shrunk_words
from viewer.io.reading_order import ReadingOrder
from viewer.io.series_entry import SeriesEntry

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from viewer.domain.geometry import SliceStack
    from viewer.io.beside_header import Opener
    from viewer.io.stored_volume import Place, StoredVolume
    from viewer.io.voxel_filling import Voxels
    from viewer.io.watcher import Watcher

_NIFTI = (".nii.gz", ".nii", ".hdr")
_NRRD = (".nrrd", ".nhdr")
_METAIMAGE = (".mha", ".mhd")
VOLUME_FILE_ENDINGS = (*_NIFTI, *_NRRD, *_METAIMAGE)
_IDENTIFYING_BYTES = 1 << 20
_PIECES, _PIECE_BYTES = 32, 1 << 15
_LONGEST_PLAIN_HEADER = 1 << 12
_MOST_UNPACKED_FOR_A_PICTURE = 512 << 20
_TELL_EVERY_S = 0.04


def is_volume_file(name: str) -> bool:
    """Return True for the name of a file that is a volume of its own, or the header of one."""
    return name.lower().endswith(VOLUME_FILE_ENDINGS)


def bare_name(name: str) -> str:
    """Return the name of a volume in a file without its ending, such as "case-1" of "case-1.nii.gz"."""
    ending = next((ending for ending in VOLUME_FILE_ENDINGS if name.lower().endswith(ending)), "")
    return name[: len(name) - len(ending)]


def volume_file_entries(path: str, opener: Opener | None = None) -> tuple[SeriesEntry, ...]:
    """Return what can be opened of a file: one entry, or one for each volume (time point, channel) that it holds.

    Its header alone is read. A UID is made from the file's size and first bytes, another one for each volume.

    Parameters
    ----------
    path
        The file; of a volume in several files, its header.
    opener
        Opens the header by its own name, and what it names beside it; by default files on disk or, where the path
        runs through a zip archive, its members.

    Raises
    ------
    UnreadableFileError
        Where the file is damaged, holds no volume of measured values, or names files outside of its folder.
    TooLargeError
        Where it says that it is larger than any volume.
    """
    from viewer.io.stored_volume import place_of
    from viewer.io.voxel_stream import VoxelStream
    from viewer.io.voxels_left import with_doubt_of_sizes

    opener = opener or beside(path)
    name = os.path.basename(path)
    volume = _describe(name, opener)
    if volume.parts > 1:
        # Thousands of entries are made only of a file that can hold as many volumes.
        with VoxelStream(volume.stored, opener, JobContext()) as stream:
            stream.check()
    uid = _uid(name, volume, opener)
    place = place_of(with_doubt_of_sizes(volume, opener))
    stem = next(name[: -len(ending)] for ending in VOLUME_FILE_ENDINGS if name.lower().endswith(ending))
    folder = os.path.dirname(path)
    named = [piece.name for piece in volume.stored.pieces if piece.name != name]
    files = (path, *(os.path.join(folder, one) for one in named))
    return tuple(
        SeriesEntry(
            facts=SeriesFacts(series_uid=_uid_of_part(uid, n), modality=volume.modality, description=stem),
            files=files,
            frames=(),
            count=volume.size_ijk[2],
            size_ij=volume.size_ijk[:2],
            kind=volume.kind,
            part=volume.part_words(n),
            index_in_file=n,
            foreseen=(place.verdict, place.reasons[0] if place.reasons else ""),
        )
        for n in range(volume.parts)
    )


def read_volume_file(
    entry: SeriesEntry,
    ctx: JobContext,
    watcher: Watcher | None = None,
    opener: Opener | None = None,
    *,
    shrink: int = 1,
) -> Volume:
    """Return the volume of an entry of `volume_file_entries`, slices sorted so that they rise along their normal.

    int16 where every value is a whole number that fits, else float32. The unit is what the file names; "HU" is
    assumed only where values go as low as air in CT does, and the reasons say so.

    Parameters
    ----------
    watcher
        Is shown the volume while it is being read: outwards from the slice that it wants first where the voxels lie
        unpacked in a file on disk, else in the order in which they are stored.
    shrink
        Each voxel is the mean of so many by so many in its slice, where all would not fit into memory.

    Raises
    ------
    UnreadableFileError
        Where a file is damaged, ends early, or is not beside its header.
    TooLargeError
        Where the values would not fit into memory.
    CancelledError
        When the work was cancelled.
    """
    from viewer.io.stored_volume import place_of
    from viewer.io.voxel_filling import read_voxels
    from viewer.io.voxels_left import with_doubt_of_sizes

    opener = opener or beside(entry.files[0])
    volume = with_doubt_of_sizes(_same(entry, opener), opener)
    place = place_of(volume)
    onlooker = _Onlooker(entry, volume, place, watcher, shrink) if watcher is not None and entry.count > 1 else None
    turns = onlooker.turns if onlooker is not None else None
    read = read_voxels(
        volume, entry.index_in_file, range(entry.count), place.order, opener, ctx, onlooker, turns, shrink
    )
    return _volume(entry, volume, place, read, shrink)


def _volume(entry: SeriesEntry, volume: StoredVolume, place: Place, read: Voxels, shrink: int) -> Volume:
    from viewer.io.voxels_left import MORE_SLICES

    stack, verdict, smaller = place.stack.shrunk(shrink), place.verdict, []
    more = [MORE_SLICES] if read.more and MORE_SLICES not in place.reasons else []
    if shrink > 1:
        smaller = [shrunk_words(shrink)]
        verdict = verdict if verdict is Verdict.UNTRUSTED else Verdict.RESAMPLED
    if more:
        verdict = Verdict.UNTRUSTED
    unit, why = _unit(volume, read.lowest)
    part = [f"This is {entry.part} in the file."] if entry.part else []
    facts = entry.facts
    if read.values.dtype.kind == "f" and not is_on_hu_scale(unit):
        # LINEAR takes values for whole numbers, half a number at each end: too coarse for maps between 0 and 1.
        facts = evolve(facts, voi_function="LINEAR_EXACT")
    return Volume(
        series=facts,
        slices=read.values,
        stack=stack,
        voxels=read.values,
        grid=stack.as_grid(),
        unit=unit,
        verdict=verdict,
        reasons=(*more, *place.reasons, *part, *volume.notes, *read.notes, *why, *smaller),
        padding=read.padding,
        source_files=entry.files,
        placed=place.known,
        shrunk=shrink,
    )


class _Onlooker:
    """Makes a volume of slices that are coming in; it stops growing where values turn out to be of another type."""

    def __init__(self, entry: SeriesEntry, volume: StoredVolume, place: Place, watcher: Watcher, shrink: int) -> None:
        self._shrink = shrink
        self._entry, self._volume, self._place, self._watcher = entry, volume, place, watcher
        self._values: NDArray[Any] | None = None
        self._arrived = np.zeros(entry.count, dtype=np.bool_)
        self._told_at = 0.0
        self.turns = ReadingOrder(entry.count, watcher.first_slice(place.stack))

    def __call__(self, values: NDArray[Any], k: int, lowest: float) -> None:
        if self._values is not None and values is not self._values:
            return
        self._arrived[k] = True
        now = time.monotonic()
        if self._values is None:
            self._values = values
            self._watcher.begun(self._shown(values, lowest), self.turns)
        elif now - self._told_at > _TELL_EVERY_S:
            self._watcher.grown()
            self._told_at = now

    def _shown(self, values: NDArray[Any], lowest: float) -> Volume:
        from viewer.io.voxel_filling import Voxels

        # A view: the volume makes its arrays read-only, and these are still being filled.
        volume = _volume(self._entry, self._volume, self._place, Voxels(values[:], lowest), self._shrink)
        return evolve(volume, arrived=self._arrived)


def middle_slice(entry: SeriesEntry, opener: Opener | None = None) -> tuple[NDArray[np.float32], SliceStack]:
    """Return the values [j, i] of the middle slice of an entry, and where all its slices lie.

    Raises
    ------
    UnreadableFileError
        As `read_volume_file`.
    TooLargeError
        Where too much of a packed file would have to be unpacked for one picture.
    """
    from viewer.io.stored_volume import place_of
    from viewer.io.voxel_filling import read_voxels

    opener = opener or beside(entry.files[0])
    volume = _same(entry, opener)
    place = place_of(volume)
    middle = entry.count // 2 if place.order > 0 else entry.count - 1 - entry.count // 2
    before = volume.bytes_before(entry.index_in_file, middle) + max(piece.skip for piece in volume.stored.pieces)
    if volume.stored.packed and before > _MOST_UNPACKED_FOR_A_PICTURE:
        raise TooLargeError("Too much of the file would have to be unpacked for a picture of it.")
    read = read_voxels(volume, entry.index_in_file, range(middle, middle + 1), 1, opener, JobContext())
    return read.values[0].astype(np.float32), place.stack


def _describe(name: str, opener: Opener) -> StoredVolume:
    try:
        with np.errstate(all="ignore"):
            return _describer(name.lower())(name, opener)
    except OSError as error:
        raise UnreadableFileError("The file cannot be read.", detail=repr(error)) from error


def _describer(name: str) -> Callable[[str, Opener], StoredVolume]:
    """Return what reads the headers of a format, imported when it is needed: nibabel takes a while."""
    if name.endswith(_NIFTI):
        from viewer.io.nifti import describe as describe_nifti

        return describe_nifti
    if name.endswith(_NRRD):
        from viewer.io.nrrd import describe as describe_nrrd

        return describe_nrrd
    from viewer.io.metaimage import describe as describe_metaimage

    return describe_metaimage


def _same(entry: SeriesEntry, opener: Opener) -> StoredVolume:
    volume = _describe(os.path.basename(entry.files[0]), opener)
    if volume.size_ijk != (*entry.size_ij, entry.count) or entry.index_in_file >= volume.parts:
        raise UnreadableFileError("The file has changed since it was listed.", "Open it again.")
    return volume


def _uid(name: str, volume: StoredVolume, opener: Opener) -> str:
    digest = hashlib.sha256()
    for one in dict.fromkeys((name, volume.stored.pieces[0].name)):
        try:
            with open_named(opener, one) as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(0)
                digest.update(str(size).encode() + _identifying(file, size))
        except OSError as error:
            raise UnreadableFileError("The file cannot be read.", detail=repr(error)) from error
    return f"2.25.{int.from_bytes(digest.digest()[:16], 'big')}"


def _identifying(file: IO[bytes], size: int) -> bytes:
    """Return bytes that tell apart files of one size: its beginning, and where that is blank pieces of all of it.

    Volumes of many patients that were cut out of their background begin alike.
    """
    head = file.read(_IDENTIFYING_BYTES)
    if size <= len(head) or not _blank(head):
        return head
    pieces = [head]
    for n in range(1, _PIECES + 1):
        file.seek(size * n // (_PIECES + 1))
        pieces.append(file.read(_PIECE_BYTES))
    return b"".join(pieces)


def _blank(head: bytes) -> bool:
    """Return whether a file's beginning is one value again and again behind its header, of up to eight bytes."""
    values = np.frombuffer(head[_LONGEST_PLAIN_HEADER : len(head) // 8 * 8], np.uint64)
    return bool(len(values)) and bool((values == values[0]).all())


def _uid_of_part(uid: str, n: int) -> str:
    if n == 0:
        return uid
    digest = hashlib.sha256(f"{uid} {n}".encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def _unit(volume: StoredVolume, lowest: float) -> tuple[str, tuple[str, ...]]:
    """Return the unit of the values and what is to be said of it.

    A unit that the file states is taken as it is. Where it states none, and does not say that it is no CT, values are
    taken for HU where one of them is as low as air in CT (`PLAUSIBLE_AIR_HU`), and for values of an unknown unit else:
    images of MR, labels, probabilities and maps have no such values, and a CT without any air is not told from them.
    """
    if volume.unit and not (volume.unit == "HU" and volume.never_hu):
        return volume.unit, ()
    if volume.never_hu:
        return "unknown", (volume.never_hu,)
    if volume.modality not in ("", "CT"):
        return "unknown", (f"{volume.format_name} does not say a unit, and the file is {volume.modality}, not CT.",)
    if lowest <= PLAUSIBLE_AIR_HU:
        words = "does not say a unit; HU is assumed because the values go as low as air in CT."
        return "HU", (f"{volume.format_name} {words}",)
    return "unknown", (f"{volume.format_name} does not say a unit, and the values are not those of CT.",)
