"""Looking at places that a user points at, or at known ones again, with the help of the index."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from viewer.domain.errors import CaseDocumentError, CaseStageError, NothingToOpenError
from viewer.domain.walkthrough import Case
from viewer.io.case_document import DOCUMENT, read_case
from viewer.io.dicomdir import is_dicomdir
from viewer.io.index_rows import Place, storable, which_of
from viewer.io.scan import scan, scan_files
from viewer.io.series_entry import ScanResult, SeriesEntry, Skipped
from viewer.io.volume_files import is_volume_file
from viewer.io.zip_archive import is_archive
from viewer.services.place_state import PlaceState, state_at

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from viewer.domain.job import JobContext
    from viewer.io.index import LibraryIndex
    from viewer.io.index_rows import SeriesRow, StudyRow
    from viewer.io.index_tables import Kept


_MODEL, _PACK = "model.toml", ".casepack"


@frozen(eq=False)
class Looked:
    """What lies at the paths that a user pointed at.

    Attributes
    ----------
    places
        Those that can be listed; none for loose files that are one series.
    only
        The one series that there is, as read from its files just now; None where there are several.
    skipped, errors
        Files that were passed over, and paths at which there is nothing to open.
    known
        True where nothing was looked at, because it is listed already.
    all_places
        Every place that the index knows by now.
    keep
        Where there is only one series: keeps what was found in the index, which can wait until it is on screen, and
        returns its place and all places.
    to_install
        Packs and models among the paths, which hold no scans to be listed.
    case
        The case that the path is, whose images alone are opened or listed; None where it is none.
    """

    places: tuple[Place, ...]
    only: SeriesEntry | None = None
    skipped: tuple[Skipped, ...] = ()
    errors: tuple[CaseStageError, ...] = ()
    known: bool = False
    all_places: tuple[Place, ...] = ()
    keep: Callable[[], tuple[Place | None, tuple[Place, ...]]] | None = None
    to_install: tuple[Path, ...] = ()
    case: Case | None = None

    @property
    def told_skipped(self) -> tuple[Skipped, ...]:
        """What was passed over and is to be told: a case's documents are no news, images that nobody may read are."""
        return tuple(one for one in self.skipped if self.case is None or one.unread)


def model_folder(path: Path) -> Path | None:
    """Return the folder of a model that is pointed at, or of its manifest; None for anything else."""
    folder = path.parent if path.name == _MODEL else path
    return folder if os.path.isfile(folder / _MODEL) else None


def _is_pack(path: Path) -> bool:
    return path.suffix.lower() == _PACK and os.path.isfile(path)


def opened_at(index: LibraryIndex, paths: Sequence[Path], ctx: JobContext) -> Looked:
    """Return what lies at some paths as `look_at` does; of one case also that, though no images lie in its folder.

    Raises
    ------
    NothingToOpenError, CancelledError
        As in `look_at`.
    """
    folder = paths[0].parent if paths and paths[0].name == DOCUMENT else paths[0]
    case = None
    if len(paths) == 1:
        with suppress(CaseDocumentError):
            case = read_case(folder)
    if case is None:
        return look_at(index, paths, ctx)
    try:
        found = look_at(index, [folder], ctx)
    except NothingToOpenError:
        found = Looked((), all_places=index.places())
    return evolve(found, case=case)


def look_at(index: LibraryIndex, paths: Sequence[Path], ctx: JobContext) -> Looked:
    """Return what lies at some paths; what is listed in the index already is not looked at.

    What is found is kept there, at once or by `Looked.keep`.

    Raises
    ------
    NothingToOpenError
        Where there is nothing to open at any of them.
    CancelledError
        When the work was cancelled.
    """
    to_install = tuple(path for path in paths if _is_pack(path) or model_folder(path) is not None)
    if not to_install:
        return _look_at_scans(index, paths, ctx)
    scans = [path for path in paths if path not in to_install]
    found = _look_at_scans(index, scans, ctx) if scans else Looked((), all_places=index.places())
    return evolve(found, to_install=to_install)


def _look_at_scans(index: LibraryIndex, paths: Sequence[Path], ctx: JobContext) -> Looked:
    known = [index.place_at(path) for path in paths]
    there = [place for place in known if place is not None and place.series and os.path.exists(place.path)]
    if len(there) == len(paths) and sum(place.series for place in there) > 1:
        opened = tuple(index.opened(Path(place.path)) for place in there)
        return Looked(opened, known=True, all_places=index.places())
    entries: dict[tuple[str, str, str], SeriesEntry] = {}
    skipped: list[Skipped] = []
    errors: list[CaseStageError] = []
    places: list[Place] = []
    targets = _targets(paths)
    if len(targets) == 1:
        return _looked_at_one(index, targets[0], ctx)
    for n, target in enumerate(targets):
        try:
            result, keep = _opened(index, target, ctx.part(n / len(targets), (n + 1) / len(targets)))
            place = keep()
        except NothingToOpenError as error:
            errors.append(error)
            continue
        entries.update({(e.facts.series_uid, e.files[0], which_of(e)): e for e in result.series})
        skipped += result.skipped
        places += [place] if place is not None else []
    if not entries:
        raise errors[0]
    only = next(iter(entries.values())) if len(entries) == 1 else None
    return Looked(tuple(places), only, tuple(skipped), tuple(errors), all_places=index.places())


def _looked_at_one(index: LibraryIndex, target: Path | tuple[Path, ...], ctx: JobContext) -> Looked:
    result, keep = _opened(index, target, ctx)
    if len(result.series) == 1:

        def kept() -> tuple[Place | None, tuple[Place, ...]]:
            return keep(), index.places()

        return Looked((), result.series[0], result.skipped, all_places=index.places(), keep=kept)
    place = keep()
    return Looked((place,) if place is not None else (), None, result.skipped, all_places=index.places())


def _targets(paths: Sequence[Path]) -> list[Path | tuple[Path, ...]]:
    """Return what to look at: each path, but loose files of one folder together, which may be one series."""
    loose: dict[Path, list[Path]] = {}
    targets: list[Path | tuple[Path, ...]] = []
    for path in dict.fromkeys(paths):
        alone = not os.path.isfile(path) or is_archive(str(path)) or is_dicomdir(str(path)) or is_volume_file(str(path))
        if alone:
            targets.append(path)
        else:
            loose.setdefault(path.parent, []).append(path)
    return targets + [tuple(files) if len(files) > 1 else files[0] for files in loose.values()]


def _opened(
    index: LibraryIndex, target: Path | tuple[Path, ...], ctx: JobContext
) -> tuple[ScanResult, Callable[[], Place | None]]:
    """Return what a scan finds, and what keeps it in the index and returns its place."""
    if isinstance(target, tuple):
        result = scan_files(target, ctx)
        if len(result.series) == 1:
            return result, lambda: None
        # To be chosen from they need a place.
        target = target[0].parent
    place = index.place_at(target)
    anew = None
    if place is not None and place.series == 1:
        ids = [series for series, _ in index.find("", (place.id,))]
        anew = next((row.uid for row in index.series(ids).values()), None)
    known = index.known_files(target, read_anew=anew)
    try:
        result = scan(target, ctx, known)
    except CaseStageError:
        index.learn(known)
        raise
    if len(result.series) == 1 and not known.read.issuperset(result.series[0].files):
        # It will be opened at once, and what is opened is read from its files.
        index.learn(known)
        known = index.known_files(target, read_anew=result.series[0].facts.series_uid)
        result = scan(target, ctx, known)

    def keep() -> Place | None:
        index.keep(target, result, known)
        return index.place_at(target)

    return result, keep


def entry_of(index: LibraryIndex, row: SeriesRow, ctx: JobContext) -> SeriesEntry:
    """Return a series of the list as its files are now, read from them and not from the index.

    Raises
    ------
    NothingToOpenError
        Where it is not there any more.
    CancelledError
        When the work was cancelled.
    """
    state, why = state_at(row.home)
    if state is PlaceState.CLOSED:
        raise NothingToOpenError(
            f"The folder of this series cannot be read ({why}).",
            "Look whether its disk or network place is connected and may be read.",
        )
    if state is PlaceState.GONE:
        raise NothingToOpenError(
            "The folder of this series is not there.",
            "Connect the disk or the network place that it lies on, or forget the place.",
        )
    around = _with_its_list(index, row)
    known = index.known_files(around, read_anew=row.uid)
    try:
        found = scan(around, ctx, known).series
    except NothingToOpenError:
        found = ()
    index.learn(known)
    entry = matching(found, row, index.studies([row.study]).get(row.study))
    if entry is None:
        raise NothingToOpenError("This series is not in its folder any more.", "Its place is being looked at again.")
    return entry


def _with_its_list(index: LibraryIndex, row: SeriesRow) -> Path:
    """Return the folder of a series of the list, or the one around it whose DICOMDIR may list more of its images."""
    home = Path(row.home)
    place = next((place.path for place in index.places() if place.id == row.place), row.home)
    tops = {Path(place), Path(os.path.realpath(place))} if home.is_dir() else set()
    within = [folder for folder in home.parents if any(folder.is_relative_to(top) for top in tops)]
    return next((folder for folder in reversed(within) if _has_a_list(folder)), home)


def _has_a_list(folder: Path) -> bool:
    with suppress(OSError), os.scandir(folder) as listing:
        return any(is_dicomdir(file.name) for file in listing)
    return False


def entry_or_copy(index: LibraryIndex, row: SeriesRow, ctx: JobContext) -> SeriesEntry:
    """Return a series of the list as `entry_of` does, or a copy of as many images where it is not there any more.

    Raises
    ------
    NothingToOpenError
        Where none of them is there, for the reason that the series itself is not.
    CancelledError
        When the work was cancelled.
    """
    try:
        return entry_of(index, row, ctx)
    except NothingToOpenError:
        for copy in index.copies([row.id]).get(row.id, ()):
            if copy.images == row.images:
                with suppress(NothingToOpenError):
                    return entry_of(index, copy, ctx)
        raise


def only_series_at(index: LibraryIndex, path: Path, ctx: JobContext) -> SeriesEntry:
    """Return the one series of a path, as its files are now.

    Raises
    ------
    NothingToOpenError
        Where there is none, or there are several.
    CancelledError
        When the work was cancelled.
    """
    looked = look_at(index, [path], ctx)
    if looked.only is not None:
        if looked.keep is not None:
            looked.keep()
        return looked.only
    if looked.errors:
        raise looked.errors[0]
    rows = index.series(series for series, _ in index.find("", {place.id for place in looked.places}))
    if len(rows) == 1:
        return entry_or_copy(index, next(iter(rows.values())), ctx)
    raise NothingToOpenError(
        "There are several series in this folder.", "It is in the list now: choose one of them to compare with."
    )


def matching(entries: Sequence[SeriesEntry], row: SeriesRow, study: StudyRow | None) -> SeriesEntry | None:
    """Return the entry that a series of the list, of that study, stands for; None where there is none.

    Careless anonymising gives series of several patients one UID: what is of another study is never taken for it.
    """
    same = [entry for entry in entries if entry.facts.series_uid == row.uid and _of_study(entry, study)]
    exact = [entry for entry in same if (entry.files[0], which_of(entry)) == (row.first, row.which)]
    alike = same if len(same) == 1 else [entry for entry in same if entry.part == row.part]
    return next(iter(exact or alike), None)


def _of_study(entry: SeriesEntry, study: StudyRow | None) -> bool:
    facts = entry.facts
    who = (storable(facts.identity.name), storable(facts.identity.patient_id))
    return (
        study is not None
        and (study.patient, study.patient_id) == who
        and (not facts.study_uid or study.uid == facts.study_uid)
    )


def look_again(index: LibraryIndex, path: Path, ctx: JobContext, passed_over: Collection[str] = frozenset()) -> Kept:
    """Return what is different at a place since it was looked at last, and keep that.

    Raises
    ------
    CancelledError
        When the work was cancelled.
    """
    known = index.known_files(path, passed_over=passed_over)
    try:
        result = scan(path, ctx, known)
    except NothingToOpenError:
        # It is there, and holds nothing any more.
        result = ScanResult((), ())
    return index.keep(path, result, known, opened=False)
