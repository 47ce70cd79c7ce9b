"""Models over a folder of scans: each series is run once, held against its ground truth, and all of them counted."""

from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from viewer.analysis.froc import STANDARD_RATES, FrocPoint, sensitivity_at
from viewer.analysis.matching import match
from viewer.domain.errors import (
    CancelledError,
    CaseStageError,
    ModelError,
    ModelRefusedError,
    NothingToOpenError,
    StorageError,
)
from viewer.domain.finding import MatchRule, MatchState
from viewer.inference.manifest import card
from viewer.inference.recalled import run_or_recall
from viewer.inference.run_records import settings_of
from viewer.io.cohort_store import CohortModel, CohortRun, CohortSeries
from viewer.io.filled_folder import remove_unfinished
from viewer.io.findings_file import model_named, read_findings
from viewer.io.scan import scan
from viewer.io.seg import NotMadeError
from viewer.services.exporting import remove_outputs, write_outputs
from viewer.services.loading import load_series
from viewer.services.scan_copies import without_copies
from viewer.services.truth_beside import is_of_truth, place_of_truth, truth_beside, truth_of, truth_stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from viewer.domain.finding import Finding
    from viewer.domain.job import JobContext
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Manifest
    from viewer.inference.run_records import RunRecords
    from viewer.io.cohort_store import CohortStore
    from viewer.io.series_entry import SeriesEntry

RESULTS = "results"
_LEAST_IMAGES = 2


@frozen
class CohortCount:
    """A model over all scans with a truth, at one threshold.

    `curve` has a point at each score that occurs; `judged` is how many scans are counted, `normal` in how many of them
    there is nothing to find, `clear` in how many of those nothing is found; `failed` how many gave no result,
    `without_truth` how many of the others have none. Of `changed` the truth is another by now than the one
    counted, or there is one where there was none. On `due` it was not run yet, or not with its settings and the images
    of now: they are not counted.
    """

    model: CohortModel
    at: FrocPoint
    curve: tuple[FrocPoint, ...]
    judged: int
    normal: int
    clear: int
    failed: int
    without_truth: int
    changed: int = 0
    due: int = 0

    @property
    def sensitivities(self) -> tuple[tuple[float, float], ...]:
        """(false positives per scan, highest sensitivity with at most so many), at the usual rates."""
        return tuple((rate, sensitivity_at(self.curve, rate)) for rate in STANDARD_RATES)


@frozen
class CohortMade:
    """How many runs of models were made, and how many findings of earlier runs were held against another truth.

    `elsewhere` is how many series of earlier runs do not lie below the folder now, `copies` how many lie there again.
    """

    runs: int
    matched_anew: int
    elsewhere: int = 0
    copies: int = 0


def series_below(folder: Path, ctx: JobContext) -> tuple[SeriesEntry, ...]:
    """Return the series below a folder that a model could run on.

    Raises
    ------
    NothingToOpenError
        When there is none.
    """
    entries = tuple(e for e in scan(folder, ctx).series if e.count >= _LEAST_IMAGES and not is_of_truth(e))
    if not entries:
        raise NothingToOpenError("There is no series here that a model could run on.")
    return entries


def run_cohort(
    folder: Path,
    entries: Sequence[SeriesEntry],
    out: Path,
    manifests: Sequence[Manifest],
    store: CohortStore,
    records: RunRecords,
    ctx: JobContext,
    *,
    anyway: bool = False,
    told: Callable[[CohortRun], None] = lambda _run: None,
) -> CohortMade:
    """Run models on series below a folder that they were not run on yet, and return how many runs were made.

    What a model finds goes into `results` in `out`, in a folder for each series and model. The ground truth of a series
    is the `truth` beside its images or beside their folder (findings.json and its masks), where there is one. What was
    found before that was there, or was another, is held against it now, and no model runs for that. What fails is kept
    with its reason, and tried again the next time; what was run on other images, or with other settings, counts no more
    from the beginning on, and is run again. A series that was moved below the folder is the one that was run; one that
    lies there several times counts once.

    Raises
    ------
    ModelError
        Where two models are one file.
    StorageError
        When results cannot be written.
    CancelledError
        When the work was cancelled; what was done is kept.
    """
    if len({manifest.sha256 for manifest in manifests}) < len(manifests):
        raise ModelError(
            "Two of these models are one file with other settings, and a cohort counts a file once.",
            "Give each a cohort of its own.",
        )
    for manifest in manifests:
        of = card(manifest)
        store.add_model(CohortModel(of.sha256, of.id, of.name, of.version, of.default_threshold))
    runs = matched = 0
    entries, copies = without_copies(entries)
    for copy in copies:
        store.forget(_place(copy, folder), copy.facts.series_uid, copy.part)
    numbers = store.enter(_series_of(entries, folder, store))
    settings = {manifest.sha256: _hash(settings_of(manifest)) for manifest in manifests}
    made_with = [{m.sha256: _made_with(entry, m) for m in manifests} for entry in entries]
    before = [{sha: store.result(number, sha) for sha in settings} for number in numbers]
    other = [
        (n, sha)
        for n, of, now in zip(numbers, before, made_with, strict=True)
        for sha in of
        if of[sha] is not None and _still(of[sha], now[sha]) is None
    ]
    store.note_due(settings, other)
    for n, entry in enumerate(entries):
        truth = _stamp(entry)
        held = [(m, _still(before[n][m.sha256], made_with[n][m.sha256])) for m in manifests]
        wanted = [(m, run) for m, run in held if run is None or truth is None or run.truth != truth]
        ctx.report(n, len(entries), f"Series {n + 1} of {len(entries)}")
        if not wanted:
            continue
        part = ctx.part(n / len(entries), (n + 1) / len(entries))
        for run in _runs(entry, numbers[n], wanted, out, store, records, part, anyway=anyway):
            sha = run.model
            store.keep(evolve(run, made_with=made_with[n][sha], settings=settings[sha]))
            told(run)
            runs, matched = runs + (not run.matched_anew), matched + run.matched_anew
    return CohortMade(runs, matched, store.run_elsewhere(settings, numbers), len(copies))


def _series_of(entries: Sequence[SeriesEntry], folder: Path, store: CohortStore) -> list[CohortSeries]:
    """Return how the store knows series below a folder."""
    keys = Counter((_place(entry, folder), entry.facts.series_uid, entry.part) for entry in entries)
    found = []
    for entry in entries:
        place, uid, part = _place(entry, folder), entry.facts.series_uid, entry.part
        if keys[place, uid, part] > 1:
            # Careless anonymising gives two patients' images one UID; which of them was run before is not known.
            store.forget(place, uid, part)
            part = f"{part} {_whose(entry)}"
        found.append(CohortSeries(place, uid, part, _hash((entry.count, _images(entry), _written_at(entry)))))
    return found


def counted(store: CohortStore, threshold: float | None = None) -> tuple[CohortCount, ...]:
    """Return how each model of a cohort fares, at a threshold or at that of its manifest."""
    found = []
    for model in store.models():
        runs = list(store.runs(model.sha256))
        whole = [run for run in runs if not run.problem]
        judged = [run for run in whole if run.lesions is not None]
        thresholds = sorted({point[0] for run in judged for point in run.points}, reverse=True)
        at = model.threshold if threshold is None else threshold
        normal = [run for run in judged if run.lesions == 0]
        found.append(
            CohortCount(
                model,
                _point(judged, at),
                tuple(_point(judged, each) for each in thresholds),
                len(judged),
                len(normal),
                sum(at_threshold(run, at) == (0, 0) for run in normal),
                len(runs) - len(whole),
                len(whole) - len(judged),
                sum(map(_truth_changed, whole)),
                store.due(model.sha256),
            )
        )
    return tuple(found)


def at_threshold(run: CohortRun, threshold: float) -> tuple[int, int]:
    """Return how many lesions of a scan are found at a threshold, and how many findings are false."""
    return next(((found, false) for least, found, false in reversed(run.points) if least >= threshold), (0, 0))


def _point(runs: Iterable[CohortRun], threshold: float) -> FrocPoint:
    found = lesions = false = scans = 0
    for run in runs:
        more, wrong = at_threshold(run, threshold)
        found, false, lesions, scans = found + more, false + wrong, lesions + (run.lesions or 0), scans + 1
    return FrocPoint(threshold, found, lesions, false, max(scans, 1))


def _runs(
    entry: SeriesEntry,
    number: int,
    wanted: Sequence[tuple[Manifest, CohortRun | None]],
    out: Path,
    store: CohortStore,
    records: RunRecords,
    ctx: JobContext,
    *,
    anyway: bool,
) -> Iterable[CohortRun]:
    """Yield what each model says of a series; of one that has said it before, what it said held against the truth."""
    uid = entry.facts.series_uid

    def failed(manifest: Manifest, error: CaseStageError, seconds: float = 0.0) -> CohortRun:
        refused = isinstance(error, ModelRefusedError)
        # Those of an earlier run would be taken for its own.
        remove_outputs(_results(out, number, card(manifest).id))
        return CohortRun(number, uid, card(manifest).sha256, error.sentence, 0, None, (), seconds, refused=refused)

    try:
        volume = load_series(entry, ctx.part(0.0, 0.3))
        place = place_of_truth(entry)
        stamp = truth_stamp(place)
        truth = truth_beside(entry, volume)
    except CancelledError:
        raise
    except CaseStageError as error:
        yield from (failed(manifest, error) for manifest, _ in wanted)
        return

    def judged(run: CohortRun, findings: Sequence[Finding]) -> CohortRun:
        if truth is None:
            # Beside it may be one of another phase.
            return evolve(run, lesions=None, points=(), truth=stamp, truth_file=str(place or entry.files[0]))
        points = _points(findings, truth.lesions)
        return evolve(run, lesions=len(truth.lesions), points=points, truth=stamp, truth_file=str(place))

    for n, (manifest, before) in enumerate(wanted):
        started = time.monotonic()
        share = ctx.part(0.3 + 0.7 * n / len(wanted), 0.3 + 0.7 * (n + 1) / len(wanted))
        known = card(manifest)
        if before is not None and (kept := _kept(_results(out, number, known.id), volume, known.sha256)) is not None:
            yield judged(evolve(before, matched_anew=True), kept)
            continue
        try:
            result = run_or_recall(manifest, volume, share, records, anyway=anyway)
            # A program that is killed here must not leave files of now beside what was counted before.
            store.drop(number, known.sha256)
            remove_unfinished(_results(out, number, known.id))
            with suppress(NotMadeError):
                # What is found counts all the same, and findings.json says why it is alone.
                write_outputs(
                    _results(out, number, known.id),
                    volume,
                    result.findings,
                    known.source,
                    recorded=result.recorded,
                    case_scores=result.case_scores,
                )
        except (CancelledError, StorageError):
            raise
        except CaseStageError as error:
            yield failed(manifest, error, time.monotonic() - started)
            continue
        seconds = time.monotonic() - started
        run = CohortRun(number, uid, known.sha256, "", len(result.findings), None, (), seconds)
        yield judged(run, result.findings)


def _made_with(entry: SeriesEntry, manifest: Manifest) -> str:
    """Return what a result depends on beside the model's file, as a hash; the same where scans were moved."""
    return _hash((entry.count, _images(entry), settings_of(manifest)))


def _images(entry: SeriesEntry) -> list[tuple[str, int, int]]:
    if entry.frames:
        files = {frame.file.place.name: frame.file for frame in entry.frames}.values()
        return sorted((file.sop_uid.hex(), file.size, file.frames) for file in files)
    return sorted((Path(file).name, _size(file), 1) for file in entry.files)


def _written_at(entry: SeriesEntry) -> list[int]:
    """Return when the files of a volume were written, which tells two of one name and size apart that name no UID."""
    if entry.frames:
        return []
    try:
        return [os.stat(file).st_mtime_ns for file in entry.files]
    except OSError:
        # In an archive.
        return []


def _hash(told: object) -> str:
    return hashlib.sha256(repr(told).encode("utf-8", "surrogateescape")).hexdigest()


def _size(file: str) -> int:
    try:
        return os.path.getsize(file)
    except OSError:
        # In an archive.
        return 0


def _still(run: CohortRun | None, made_with: str) -> CohortRun | None:
    """Return a run that holds for settings and images of now; what was made before they were watched does."""
    return run if run is not None and run.made_with in ("", made_with) else None


def _results(out: Path, number: int, model_id: str) -> Path:
    return out / RESULTS / f"{number:06d}-{model_id}"


def _kept(folder: Path, volume: Volume, model_sha256: str) -> tuple[Finding, ...] | None:
    """Return what a model found earlier, as it was written; None where that is not there, or not whole, or changed."""
    try:
        model = model_named(folder)
        if model is None or model.model_sha256 != model_sha256:
            return None
        kept = read_findings(folder, volume)
    except CaseStageError:
        return None
    # Where no segmentation could be made, outlines were not written.
    return None if any(f.mask is None and f.volume_ml is not None for f in kept) else kept


def _truth_changed(run: CohortRun) -> bool:
    """Return whether the truth of a scan is another now, or has come; not where the scan is not there to see."""
    place = Path(run.truth_file)
    if not run.truth_file or not place.parent.parent.is_dir():
        return False
    if run.truth:
        return truth_stamp(place) != run.truth
    try:
        return place.parent.is_dir() and truth_of(place, run.series) is not None
    except CaseStageError:
        # There is one, and when the cohort is run it says what is wrong with it.
        return True


def _points(findings: Sequence[Finding], truth: Sequence[Finding]) -> tuple[tuple[float, int, int], ...]:
    """Return the points of one scan; findings of rules have no score, and count at every threshold."""
    scores = {finding.score for finding in findings if finding.score is not None}
    points = []
    for threshold in sorted({1.0, *scores}, reverse=True):
        matching = match(findings, truth, threshold, MatchRule())
        points.append((threshold, matching.count(MatchState.FOUND), matching.count(MatchState.FALSE_POSITIVE)))
    return tuple(points)


def _stamp(entry: SeriesEntry) -> str | None:
    """Return what the truth of a series is told apart by, "" for none."""
    try:
        return truth_stamp(place_of_truth(entry))
    except CaseStageError:
        # One that cannot be read is a reason to try again, and to say so.
        return None


def _whose(entry: SeriesEntry) -> str:
    """Return what tells the study and patient of a series from others, and says nothing else of them."""
    told = f"{entry.facts.series_uid}|{entry.facts.study_uid}|{entry.facts.identity.patient_id}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _place(entry: SeriesEntry, folder: Path) -> str:
    first = Path(entry.files[0]).parent
    return first.relative_to(folder).as_posix() if first.is_relative_to(folder) else ""
