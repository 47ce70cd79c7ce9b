"""What a folder, an archive or a file holds: series that can be opened, and what was skipped and why."""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
import time
from collections import Counter, deque
from typing import TYPE_CHECKING

from attrs import evolve

from viewer.domain.count_words import count_words
from viewer.domain.errors import CaseStageError, NothingToOpenError, UnreadableFileError
from viewer.io.dicomdir import NOT_THERE, is_dicomdir, listed_files, plain_name
from viewer.io.file_bytes import FilePlace
from viewer.io.folder_files import NamesBelow, files_below
from viewer.io.forsaken_threads import ForsakenThreads
from viewer.io.header_layout import Layouts
from viewer.io.image_header import KNOWN_KINDS, read_image_header
from viewer.io.kind_at import kind_at
from viewer.io.listed_images import with_listed
from viewer.io.series_entry import (
    LISTS_OTHERS,
    NO_IMAGE,
    ScanResult,
    SeriesEntry,
    Skipped,
    advice,
    readable_name,
    with_doubt,
)
from viewer.io.series_groups import Groups, add_image, series_of
from viewer.io.unread_files import UnreadFiles
from viewer.io.volume_files import is_volume_file, volume_file_entries
from viewer.io.zip_archive import is_archive, members

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from viewer.domain.job import JobContext
    from viewer.io.header_pack import Found, Read
    from viewer.io.known_files import KnownFiles

# A folder on a slow share is read by several threads, which wait for it together; a fast disk by one, whose time goes
# into understanding what was read.
WHAT_OPENS = "DICOM, NIfTI, NRRD and MetaImage are opened, also in a zip archive."
"""What to choose instead of what could not be opened."""
_BROKE_OFF = "The archive broke off, so images of this series may be missing."
_DAMAGE = ("damaged", "ends early", "cannot be read")
_SLOW_FILE_S = 0.001
_FIRST_TIMED = 16
_THREADS = 8


def scan(path: Path, ctx: JobContext, known: KnownFiles | None = None) -> ScanResult:
    """Return the series below a folder, in an archive, listed in a DICOMDIR, or of one file.

    Damaged and foreign files are skipped and named; links are followed only inside the folder, each folder once.

    Parameters
    ----------
    path, ctx
        Where to look; progress in files, and cancel between them.
    known
        What an index remembers of these files: those that have not changed are not read again. It learns the others.

    Raises
    ------
    NothingToOpenError
        Where there is nothing to open, or nothing there at all.
    CancelledError
        When the work was cancelled.
    """
    kind = kind_at(path)
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        raise NothingToOpenError("This is neither a file nor a folder.", WHAT_OPENS, str(path))
    skipped: list[Skipped] = []
    root, places = _places(path, skipped, ctx)
    return _result(path, root, places, skipped, ctx, known)


def scan_files(paths: Sequence[Path], ctx: JobContext) -> ScanResult:
    """Return the series of some files of one folder, as if nothing else lay in it.

    Raises
    ------
    NothingToOpenError
        Where none of them can be opened.
    CancelledError
        When the work was cancelled.
    """
    folder = paths[0].parent
    return _result(folder, str(folder), [FilePlace(str(path)) for path in paths], [], ctx, None)


def _result(
    path: Path, root: str, places: list[FilePlace], skipped: list[Skipped], ctx: JobContext, known: KnownFiles | None
) -> ScanResult:
    below = NamesBelow(root)
    groups: Groups = {}
    series: list[list[SeriesEntry]] = []
    unread = UnreadFiles()
    damaged: set[str] = set()
    for one in filter(lambda one: one.unseen, skipped):
        unread.note_member(one.unseen)
    lists = [FilePlace(os.path.join(os.path.realpath(path.parent), path.name))] if is_dicomdir(path.name) else []
    for place, found in _looked_at(places, ctx) if known is None else _recalled(known, places, ctx):
        if isinstance(found, CaseStageError):
            skipped.append(Skipped(below.of(place.name), found.sentence, advice(found)))
            unread.note(place, found)
            lists += [place] if found.sentence == LISTS_OTHERS or _is_called_dicomdir(place.name) else []
            damaged |= {place.name} if found.sentence not in KNOWN_KINDS else set()
        elif isinstance(found, list):
            series.append(found)
        else:
            add_image(place, found if isinstance(found, tuple) else found.images(place), groups)
    # The voxels beside a header are no image of their own.
    held = {
        readable_name(below.of(file)).lower()
        for one in series
        for e in one
        if not e.index_in_file
        for file in e.files[1:]
    }
    skipped = [one for one in skipped if one.file.lower() not in held]
    of_images = [group.entries() for group in series_of(groups)]
    of_images, told, lists_said = with_listed(_incomplete(of_images, below, skipped), lists, places, damaged, ctx)
    said = {readable_name(below.of(name)): why for name, why in lists_said.items()}
    skipped = [evolve(one, why=said[one.file], hint="") if one.file in said else one for one in skipped]
    series += unread.doubted(of_images, places, told)
    if not series:
        raise _nothing(path, len(places), skipped)
    # The parts of a series stay together and in their order.
    entries = tuple(entry for parts in sorted(series, key=_by_number) for entry in parts)
    return ScanResult(entries, tuple(sorted(skipped, key=lambda s: s.file)))


def _incomplete(series: list[list[SeriesEntry]], below: NamesBelow, skipped: list[Skipped]) -> list[list[SeriesEntry]]:
    """Return series of images, those marked of which an archive holds more, or may have held before it broke off."""
    cut = tuple(one.file + os.sep for one in skipped if one.in_part)
    lacks = {one.file: f"Not all images have been retrieved: {one.why}" for one in skipped if one.lacking}
    if not cut and not lacks:
        return series

    def marked(entry: SeriesEntry) -> SeriesEntry:
        names = [readable_name(below.of(file)) for file in entry.files]
        folders = dict.fromkeys(os.path.dirname(name) or os.curdir for name in names)
        doubts = [lacks[folder] for folder in folders if folder in lacks]
        if cut and any(name.startswith(cut) for name in names):
            doubts.append(_BROKE_OFF)
        return with_doubt(entry, " ".join(doubts)) if doubts else entry

    return [[marked(entry) for entry in parts] for parts in series]


def _is_called_dicomdir(name: str) -> bool:
    return plain_name(os.path.basename(name)) == "DICOMDIR"


def _by_number(parts: list[SeriesEntry]) -> tuple[bool, int, str, int, str]:
    facts = parts[0].facts
    return (facts.number is None, facts.number or 0, facts.description, -parts[0].count, parts[0].files[0])


def _places(path: Path, skipped: list[Skipped], ctx: JobContext) -> tuple[str, list[FilePlace]]:
    """Return the folder below which files are named, and the files to look at."""
    name = str(path)
    if os.path.isdir(path):
        return name, list(files_below(name, skipped, ctx))
    root = str(path.parent)
    if is_dicomdir(name):
        found, folders = listed_files(name, skipped, ctx)
        if found:
            return root, found + _beside(found, folders)
        # One that is damaged, or was copied without its files or with other names for them: what lies beside it is
        # looked at, and where there is any, no name that it lists is missed.
        beside = list(files_below(root, skipped, ctx))
        if len(beside) > 1:
            skipped[:] = [one for one in skipped if one.why != NOT_THERE]
        return root, beside
    if is_archive(name):
        return root, members(name, root, skipped)
    return root, [FilePlace(name)]


def _beside(listed: list[FilePlace], folders: set[str]) -> list[FilePlace]:
    """Return the other files in the folders of a DICOMDIR: a list that is old knows not all of a series."""
    names = {place.name for place in listed}
    found = []
    for folder in sorted(folders):
        with contextlib.suppress(OSError), os.scandir(folder) as there:
            files = sorted(one.path for one in there if one.is_file(follow_symlinks=False))
            found += [FilePlace(file) for file in files if file not in names and not is_dicomdir(file)]
    return found


def _recalled(known: KnownFiles, places: list[FilePlace], ctx: JobContext) -> Iterator[tuple[FilePlace, Found]]:
    """Yield what each file holds in their order; only those that are new or have changed are read."""
    for place, found in _looked_at(known.unread(places), ctx):
        known.learn(place, found)
    yield from known.found()


def _looked_at(places: list[FilePlace], ctx: JobContext) -> Iterator[tuple[FilePlace, Read]]:
    """Yield what each file holds, or why it holds nothing, in their order."""
    waiting = iter(places)
    layouts = Layouts()
    began = time.perf_counter()
    for n, place in enumerate(itertools.islice(waiting, _FIRST_TIMED)):
        ctx.report(n, len(places), f"Looking at file {n + 1} of {len(places)}")
        yield place, _look_at(place, layouts)
    if (time.perf_counter() - began) / _FIRST_TIMED < _SLOW_FILE_S or len(places) <= _FIRST_TIMED:
        for n, place in enumerate(waiting, _FIRST_TIMED):
            if n % 64 == 0:
                ctx.report(n, len(places), f"Looking at file {n + 1} of {len(places)}")
            yield place, _look_at(place, layouts)
        return
    pool = ForsakenThreads(_THREADS, "casestage-scan")
    try:
        ahead = deque((p, pool.submit(_look_at, p, layouts)) for p in itertools.islice(waiting, 4 * _THREADS))
        for n in itertools.count(_FIRST_TIMED):
            if not ahead:
                return
            ctx.report(n, len(places), f"Looking at file {n + 1} of {len(places)}")
            place, answer = ahead.popleft()
            ahead.extend((p, pool.submit(_look_at, p, layouts)) for p in itertools.islice(waiting, 1))
            yield place, answer.result()
    finally:
        pool.close()


def _look_at(place: FilePlace, layouts: Layouts) -> Read:
    try:
        if is_volume_file(place.name):
            return list(volume_file_entries(place.name))
        return read_image_header(place, layouts)
    except CaseStageError as error:
        return error


def _nothing(path: Path, count: int, skipped: list[Skipped]) -> NothingToOpenError:
    listed = "\n".join(f"{s.file}: {s.words}" for s in skipped)
    where = "archive" if is_archive(str(path)) else "folder"
    if os.path.isfile(path) and not is_dicomdir(path.name) and count <= 1 and len(skipped) <= 1:
        return NothingToOpenError(
            skipped[0].why if skipped else f"This {'archive holds no files' if count == 0 else 'file is no image'}.",
            _advice(skipped[0]) if skipped else WHAT_OPENS,
            listed,
        )
    if not count and not skipped:
        return NothingToOpenError(
            "This folder holds no files.", "Choose the folder that holds the CT images, or one of its files."
        )
    if not count and [one.file for one in skipped] == ["."]:
        return NothingToOpenError(skipped[0].why, "Look whether its place is connected and may be read.")
    files = max(count, len(skipped))
    said = f"None of the {files:,} files in this {where} is" if files > 1 else f"The only file in this {where} is not"
    return NothingToOpenError(
        f"{said} an image that can be opened.",
        _commonest_obstacle(skipped) or f"Choose the folder that holds the CT images. {WHAT_OPENS}",
        listed,
    )


def _advice(one: Skipped) -> str:
    damaged = any(word in one.why for word in _DAMAGE)
    return one.hint or (UnreadableFileError.usual_hint if damaged else WHAT_OPENS)


def _commonest_obstacle(skipped: list[Skipped]) -> str:
    """Return what keeps most of the files from being opened, where it is more than that they are no images."""
    obstacles = Counter((one.why, one.hint) for one in skipped if one.why not in (NO_IMAGE, LISTS_OTHERS))
    if not obstacles:
        return ""
    (why, hint), count = obstacles.most_common(1)[0]
    return f"{count_words(count, 'file')}: {why} {hint}".rstrip()
