"""The ground truth of a series on disk: a folder `truth` beside its images, or beside their folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.errors import CancelledError, CaseStageError, UnreadableFileError
from viewer.domain.finding import Truth
from viewer.domain.job import JobContext
from viewer.io.findings_file import DOCUMENT, SEG, read_findings, series_named
from viewer.io.volume_files import bare_name, is_volume_file, read_volume_file, volume_file_entries

if TYPE_CHECKING:
    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume
    from viewer.io.series_entry import SeriesEntry

TRUTH = "truth"
SAID_BY = "Ground truth"
# Programs write one place with as many digits as they like.
_SAME_MM = 1e-3


def truth_beside(entry: SeriesEntry, volume: Volume, ctx: JobContext | None = None) -> Truth | None:
    """Return the ground truth of a series, in the nearer of the two folders; None where there is none.

    It is `findings.json` with its masks; or where there is none a DICOM SEG made from the series, or a label map, of
    which each separate piece of each label is a lesion. A document that lists no finding, and masks that mark nothing,
    say that there is nothing to find. An empty folder says nothing, and so does the truth of another series or phase.

    Raises
    ------
    CaseStageError
        When there is one that cannot be read.
    """
    place = place_of_truth(entry)
    if place is None:
        return None
    if not is_volume_file(place.name):
        # Loaded late: most scans have none.
        from viewer.io.seg_reading import refuse_image_codecs

        seg = place.with_name(SEG) if place.name == DOCUMENT else place
        refuse_image_codecs(seg)
        if volume.part and _of_another_phase(seg, volume):
            return None
    if place.name == DOCUMENT:
        return Truth(read_findings(place.parent, volume))
    return Truth(_lesions(place, volume, ctx or JobContext()))


def truth_or_why_not(
    entry: SeriesEntry, volume: Volume, ctx: JobContext | None = None
) -> tuple[Truth | None, CaseStageError | None]:
    """Return the ground truth of a series, and why there is none where one is there that cannot be read."""
    try:
        return truth_beside(entry, volume, ctx), None
    except CancelledError:
        raise
    except CaseStageError as error:
        return None, CaseStageError(
            f"The ground truth beside the images is left out. {error.sentence}", error.hint, error.detail
        )


def place_of_truth(entry: SeriesEntry) -> Path | None:
    """Return the file that holds the ground truth of a series; None where there is none.

    Of images that lie in several folders, as copies do, it is that of the first folder that has one.

    Raises
    ------
    CaseStageError
        When there is one of which it cannot be told whose it is, or copies have others.
    """
    first_in: dict[Path, Path] = {}
    for file in map(Path, entry.files):
        first_in.setdefault(file.parent, file)
    found = (truth_of(first, entry.facts.series_uid) for first in first_in.values())
    places = list(dict.fromkeys(place for place in found if place is not None))
    if not all(say_the_same(places[0], other) for other in places[1:]):
        raise CaseStageError(
            "Copies of this scan have ground truths beside them that differ.",
            "Keep one of them, or open the folder of one copy.",
        )
    return places[0] if places else None


def truth_of(images: Path, series_uid: str) -> Path | None:
    """Return the file that holds the ground truth of a series by the first of its files; as `place_of_truth`."""
    for folder in (images.parent / TRUTH, images.parent.parent / TRUTH):
        if (folder / DOCUMENT).is_file():
            if series_named(folder) == series_uid:
                return folder / DOCUMENT
        elif folder.is_dir() and (found := _masks_of(series_uid, images, folder)) is not None:
            return found
    return None


def truth_stamp(place: Path | None) -> str:
    """Return the SHA-256 of a file that holds a truth, which changes with it; "" for none, or one that is not there.

    A document of findings names the hash of its masks.
    """
    try:
        if place is not None:
            with place.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        pass
    return ""


def say_the_same(one: Path, other: Path) -> bool:
    """Return whether two files of truth say the same: to the last byte, or as label maps by voxel, place and name.

    What wrote and packed them, and when, counts for nothing there.
    """
    if truth_stamp(one) == truth_stamp(other):
        return True
    if not (is_volume_file(one.name) and is_volume_file(other.name)):
        return False
    # Loaded late: hardly any scan lies there twice.
    from viewer.io.label_names import label_names

    try:
        pair = volume_file_entries(str(one)), volume_file_entries(str(other))
        if len(pair[0]) != len(pair[1]):
            return False
        names = [label_names(place, len(pair[0])) for place in (one, other)]
        return names[0] == names[1] and all(map(_same_labels, *pair))
    except CaseStageError:
        return False


def _same_labels(one: SeriesEntry, other: SeriesEntry) -> bool:
    a, b = (read_volume_file(entry, JobContext()) for entry in (one, other))
    same_place = np.allclose(a.grid.lps_from_ijk, b.grid.lps_from_ijk, rtol=0, atol=_SAME_MM)
    return bool(np.array_equal(a.voxels, b.voxels) and same_place)


def is_of_truth(entry: SeriesEntry) -> bool:
    """Return whether something that can be opened is itself a part of a truth, and no scan."""
    return Path(entry.files[0]).parent.name == TRUTH


def _of_another_phase(seg: Path, volume: Volume) -> bool:
    from viewer.io.seg_sources import OTHER_PHASE, made_from_others

    return made_from_others(seg, volume) == OTHER_PHASE


def _masks_of(series_uid: str, images: Path, folder: Path) -> Path | None:
    """Return the file of a folder that marks the lesions of a series."""
    # Only where there is no document of findings.
    from viewer.io.seg_reading import series_of_seg

    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise UnreadableFileError("The folder cannot be read.", "Check who may read it.", str(error)) from error
    maps = [path for path in files if is_volume_file(path.name)]
    if not is_volume_file(images.name):
        segs = [path for path in files if path not in maps and series_of_seg(path) == series_uid]
        if len(segs) > 1:
            raise UnreadableFileError(
                f"{len(segs)} segmentations beside the images are of this series, and which holds its lesions is open.",
                f"Leave one in the folder “{TRUTH}”, with every lesion in it.",
            )
        # A label map does not say whose it is: there has to be no choice.
        return segs[0] if len(segs) == 1 else maps[0] if len(maps) == 1 and not segs else None
    same = [path for path in maps if bare_name(path.name) == bare_name(images.name)]
    beside = [path for path in images.parent.iterdir() if is_volume_file(path.name)]
    return same[0] if len(same) == 1 else maps[0] if len(maps) == 1 and len(beside) == 1 else None


def _lesions(path: Path, volume: Volume, ctx: JobContext) -> tuple[Finding, ...]:
    from viewer.analysis.true_lesions import pieces_of, true_lesion
    from viewer.services.overlay_files import named_masks

    found = [(name or "Lesion", piece) for name, mask in named_masks(path, volume, ctx) for piece in pieces_of(mask)]
    lesions = [
        true_lesion(piece, volume, number, key="lesion", label=name, said_by=SAID_BY)
        for number, (name, piece) in enumerate(found, start=1)
    ]
    return tuple(sorted(lesions, key=lambda lesion: lesion.order))
