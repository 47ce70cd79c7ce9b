"""What a folder or a file holds: series that can be opened, and what was skipped and why."""

from __future__ import annotations

import hashlib
import os
import stat
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, evolve, field

from viewer.domain.errors import CaseStageError, NothingToOpenError, UnreadableFileError
from viewer.io.decode import MOST_PIXELS
from viewer.io.dicom_geometry import same_direction, same_places
from viewer.io.header_walk import (
    DEFLATED_LITTLE,
    EXPLICIT_LITTLE,
    FileSource,
    InflatedSource,
    Source,
    Start,
    find_start,
    walk,
)
from viewer.io.pydicom_headers import PARSER_FAILURES, read_elements, read_frames
from viewer.io.series_entry import ScanResult, SeriesEntry, Skipped
from viewer.io.slice_header import (
    Frame,
    ImageFile,
    code_of,
    frame_of,
    numbers,
    pixel_problem,
    plain,
    series_facts,
    whole,
    with_windows,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import FileIO

    from viewer.domain.job import JobContext
    from viewer.io.header_walk import Elements

NIFTI_ENDINGS = (".nii", ".nii.gz")
_DEEPEST_FOLDER = 64
_MOST_FRAMES = 20_000
_OBJECTS = {
    "SR": "is a structured report, not an image",
    "SEG": "is a segmentation, not an image",
    "RTSTRUCT": "holds outlines (RTSTRUCT), not an image",
    "RTDOSE": "is a radiation dose, not an image",
    "RTPLAN": "is a radiotherapy plan, not an image",
    "PR": "is a presentation state, not an image",
    "KO": "is a selection of images, not an image",
    "RWV": "is a mapping of values, not an image",
    "REG": "is a registration, not an image",
}
_SEGMENTATIONS = "1.2.840.10008.5.1.4.1.1.66."


@define
class _Group:
    """The images of one series as they come in."""

    values: dict[int, bytes]
    transfer_syntax: str
    frames: list[Frame] = field(factory=list)


class _NotAnImageError(UnreadableFileError):
    """A file is sound but holds no image that can be shown."""


def scan(path: Path, ctx: JobContext) -> ScanResult:
    """Return the series below a folder, of the folder of a DICOMDIR, or of one file.

    Damaged and foreign files are skipped and named; links are followed only inside the folder, each folder once.

    Raises
    ------
    NothingToOpenError
        Where there is nothing to open, or nothing there at all.
    CancelledError
        When the work was cancelled.
    """
    if not path.exists():
        raise NothingToOpenError("There is no file or folder at this place.", "Check the path.", str(path))
    if not path.is_file() and not path.is_dir():
        raise NothingToOpenError(
            "This is neither a file nor a folder.", "Choose a DICOM or NIfTI file, or a folder of them.", str(path)
        )
    if path.is_file() and path.name.upper() == "DICOMDIR":
        path = path.parent
    root = path if path.is_dir() else path.parent
    skipped: list[Skipped] = []
    files = list(_files(path, skipped, ctx)) if path.is_dir() else [str(path)]
    groups: dict[tuple[str, str], _Group] = {}
    entries: list[SeriesEntry] = []
    for n, name in enumerate(files):
        if n % 64 == 0:
            ctx.report(n, len(files), f"Looking at file {n + 1} of {len(files)}")
        try:
            if name.lower().endswith(NIFTI_ENDINGS):
                # nibabel takes a while to import, and most folders hold none.
                from viewer.io.nifti import nifti_entry

                entries.append(nifti_entry(name))
            else:
                _add_dicom(name, groups)
        except CaseStageError as error:
            skipped.append(Skipped(_below(root, name), error.sentence))
    for group in groups.values():
        entries += _entries(group)
    if not entries:
        raise _nothing(path, files, skipped)
    entries.sort(key=lambda e: (e.facts.number is None, e.facts.number or 0, e.facts.description, -e.count, e.files[0]))
    return ScanResult(tuple(entries), tuple(sorted(skipped, key=lambda s: s.file)))


def _nothing(path: Path, files: list[str], skipped: list[Skipped]) -> NothingToOpenError:
    if not files:
        return NothingToOpenError(
            "This folder holds no files.", "Choose the folder that holds the CT images, or one of its files."
        )
    listed = "\n".join(f"{s.file}: {s.why}" for s in skipped)
    if len(files) == 1 and path.is_file():
        return NothingToOpenError(
            "This file is no image that can be opened." if not skipped else skipped[0].why,
            "Choose a DICOM or NIfTI file, or a folder of them.",
            listed,
        )
    return NothingToOpenError(
        f"None of the {len(files)} files in this folder is an image that can be opened.",
        "Choose the folder that holds the CT images; DICOM and NIfTI files are understood.",
        listed,
    )


def _below(root: Path, name: str) -> str:
    # Both by where they really are: the folder may have been reached through a link.
    folder, file = os.path.split(name)
    return os.path.relpath(os.path.join(os.path.realpath(folder), file), os.path.realpath(root))


def _files(folder: Path, skipped: list[Skipped], ctx: JobContext) -> Iterator[str]:
    """Yield regular files below a folder in the order of their names, each folder and file once."""
    root = os.path.realpath(folder)
    seen: set[tuple[int, int]] = set()
    waiting = [(root, 0)]
    while waiting:
        current, depth = waiting.pop()
        ctx.stop_if_cancelled()
        try:
            there = os.stat(current)
            if (there.st_dev, there.st_ino) in seen and there.st_ino:
                continue
            seen.add((there.st_dev, there.st_ino))
            with os.scandir(current) as listing:
                entries = sorted(listing, key=lambda e: e.name)
        except OSError as error:
            skipped.append(Skipped(_below(Path(root), current), f"The folder cannot be read ({error.strerror})."))
            continue
        folders = []
        for entry in entries:
            try:
                if entry.is_symlink() and not _inside(root, entry.path):
                    skipped.append(Skipped(_below(Path(root), entry.path), "A link that leads out of the folder."))
                elif entry.is_dir():
                    folders.append((entry.path, depth + 1))
                elif entry.is_file():
                    if entry.is_symlink():
                        target = entry.stat()
                        if (target.st_dev, target.st_ino) in seen:
                            continue
                        seen.add((target.st_dev, target.st_ino))
                    yield entry.path
                elif not stat.S_ISDIR(entry.stat(follow_symlinks=False).st_mode):
                    skipped.append(Skipped(_below(Path(root), entry.path), "Not a file that can be read."))
            except OSError as error:
                skipped.append(Skipped(_below(Path(root), entry.path), f"Cannot be read ({error.strerror})."))
        if depth < _DEEPEST_FOLDER:
            waiting += reversed(folders)


def _inside(root: str, path: str) -> bool:
    target = os.path.realpath(path)
    return target == root or target.startswith(root.rstrip(os.sep) + os.sep)


def _add_dicom(name: str, groups: dict[tuple[str, str], _Group]) -> None:
    """Add a file's images to their series; raises CaseStageError where it holds none."""
    try:
        with open(name, "rb", buffering=0) as file:
            values, frames, syntax = _read_image(file, name)
    except OSError as error:
        raise UnreadableFileError(f"The file cannot be read ({error.strerror or error}).") from error
    except PARSER_FAILURES as error:
        raise UnreadableFileError("The file is damaged.", detail=repr(error)) from error
    uid = plain(values.get(0x0020000E))
    key = (uid, "" if uid else os.path.dirname(name))
    group = groups.get(key)
    if group is None:
        group = groups[key] = _Group(values, syntax)
    group.frames += frames


def read_header(file: FileIO) -> tuple[Elements, Start, Source, int]:
    """Return an open DICOM file's elements, start, source and size.

    Raises
    ------
    UnreadableFileError
        Where it is not DICOM or its header is damaged.
    """
    size = os.fstat(file.fileno()).st_size
    source: Source = FileSource(file)
    start = find_start(source)
    if start is None:
        raise _NotAnImageError("The file is empty." if not size else "Not a DICOM or NIfTI image.")
    limit: int | None = size
    if start.transfer_syntax == DEFLATED_LITTLE:
        source = InflatedSource(file, start.offset, size)
        start, limit = Start(0, EXPLICIT_LITTLE), None
    found = walk(source, start, limit)
    if found is None:
        found = read_elements(file, source, start, limit)
    return found, start, source, size


def _read_image(file: FileIO, name: str) -> tuple[dict[int, bytes], list[Frame], str]:
    found, start, source, size = read_header(file)
    values = found.values
    _refuse_other_objects(found, name)
    count_said = numbers(values.get(0x00280008, b""))
    count = max(1, int(count_said[0])) if count_said else 1
    rows, columns = whole(values.get(0x00280010)), whole(values.get(0x00280011))
    if not rows or not columns:
        raise UnreadableFileError("The image says that it has no pixels.")
    if rows * columns > MOST_PIXELS or count > _MOST_FRAMES:
        raise UnreadableFileError(f"The image says that it is {columns} × {rows} pixels × {count} frames large.")
    deflated = isinstance(source, InflatedSource)
    image = ImageFile(
        name,
        size,
        found.pixel_offset,
        found.pixel_length,
        count,
        source.start if isinstance(source, InflatedSource) else -1,
    )
    syntax = start.transfer_syntax
    described: tuple[dict[int, bytes], ...] = ()
    if found.functional_groups:
        described = read_frames(file, source, start)
        if len(described) != count:
            raise UnreadableFileError(f"The file says that it holds {count} frames, but describes {len(described)}.")
    elif count > 1:
        # One position cannot be that of several frames.
        described = ({0x00200032: b""},) * count
    problem = pixel_problem(found, code_of(values, syntax), count, None if deflated else size)
    if not described:
        return values, [frame_of(image, 0, values, syntax, problem)], syntax
    frames = [frame_of(image, n, {**values, **one}, syntax, problem) for n, one in enumerate(described)]
    return {**values, **described[count // 2]}, frames, syntax


def _refuse_other_objects(found: Elements, name: str) -> None:
    values = found.values
    objection = _objection(*map(values.get, (0x00080016, 0x00080060, 0x00280002, 0x00280100)))
    if not values.get(0x00080016) and os.path.basename(name).upper().startswith("DICOMDIR"):
        raise _NotAnImageError("Lists other files (DICOMDIR); the files themselves were read.")
    if not values.get(0x00280010) or not values.get(0x00280011) or (found.pixel_offset < 0 and found.complete):
        if not found.complete:
            raise UnreadableFileError("The file ends early, before its image.")
        raise _NotAnImageError(objection or "A DICOM file without an image.")
    if objection:
        raise _NotAnImageError(objection)


@lru_cache(maxsize=256)
def _objection(
    sop_class: bytes | None, modality: bytes | None, samples: bytes | None, bits_allocated: bytes | None
) -> str:
    """Return why a DICOM object holds no measured values, "" where it can."""
    kind = plain(modality)
    if plain(sop_class).startswith(_SEGMENTATIONS) or kind in _OBJECTS:
        return f"The file {_OBJECTS.get(kind, _OBJECTS['SEG'])}."
    if whole(samples, 1) != 1:
        return "A colour picture, not measured values."
    if whole(bits_allocated, 16) == 1:
        return "A picture of single bits, not measured values."
    return ""


def _entries(group: _Group) -> Iterable[SeriesEntry]:
    """Return one entry for each part of a series whose images can be one volume."""
    parts: list[list[Frame]] = []
    for frame in group.frames:
        for part in parts:
            if _alike(part[0], frame):
                part.append(frame)
                break
        else:
            parts.append([frame])
    if len(parts) > 1 and all(len(part) == 1 for part in parts) and len({_size(part[0]) for part in parts}) == 1:
        # Single images in different directions make no volume each; they are shown together and not trusted.
        parts = [group.frames]
    parts = [phase for part in parts for phase in _phases(part)]
    facts = series_facts(group.values, group.transfer_syntax)
    if not facts.series_uid:
        facts = evolve(facts, series_uid=_made_uid(group.frames))
    parts.sort(key=len, reverse=True)
    for part in parts:
        frames = tuple(part)
        yield SeriesEntry(
            facts=with_windows(facts, frames),
            files=tuple(dict.fromkeys(frame.file.path for frame in frames)),
            frames=frames,
            count=len(frames),
            size_ij=(frames[0].code.columns, frames[0].code.rows),
            part=_part_words(parts, part) if len(parts) > 1 else "",
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


def _made_uid(frames: list[Frame]) -> str:
    """Return a UID for images that name no series, the same each time (DICOM PS3.5 annex B.2: 2.25 and a number)."""
    joined = "\n".join(sorted(frame.sop_uid or os.path.basename(frame.file.path) for frame in frames))
    return f"2.25.{int.from_bytes(hashlib.sha256(joined.encode()).digest()[:16], 'big')}"
