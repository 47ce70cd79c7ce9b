"""Models over a folder of scans: each series is run once, held against its ground truth, and all of them counted."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.analysis.froc import STANDARD_RATES, FrocPoint, sensitivity_at
from viewer.analysis.matching import match
from viewer.domain.errors import CancelledError, CaseStageError, NothingToOpenError, StorageError
from viewer.domain.finding import MatchRule, MatchState
from viewer.inference.manifest import card
from viewer.inference.recalled import run_or_recall
from viewer.io.cohort_store import CohortModel, CohortRun
from viewer.io.scan import scan
from viewer.services.exporting import write_outputs
from viewer.services.loading import load_series
from viewer.services.truth_beside import is_of_truth, place_of_truth, truth_beside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from viewer.domain.finding import Finding
    from viewer.domain.job import JobContext
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
    `without_truth` how many of the others have none.
    """

    model: CohortModel
    at: FrocPoint
    curve: tuple[FrocPoint, ...]
    judged: int
    normal: int
    clear: int
    failed: int
    without_truth: int

    @property
    def sensitivities(self) -> tuple[tuple[float, float], ...]:
        """(false positives per scan, highest sensitivity with at most so many), at the usual rates."""
        return tuple((rate, sensitivity_at(self.curve, rate)) for rate in STANDARD_RATES)


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
) -> int:
    """Run models on series below a folder that they were not run on yet, and return how many runs were made.

    What a model finds goes into `results` in `out`, in a folder for each series and model. The ground truth of a series
    is the `truth` beside its images or beside their folder (findings.json and its masks), where there is one; what was
    run before that was there is held against it now. What fails is kept with its reason, and tried again the next time.

    Raises
    ------
    StorageError
        When results cannot be written.
    CancelledError
        When the work was cancelled; what was done is kept.
    """
    for manifest in manifests:
        of = card(manifest)
        store.add_model(CohortModel(of.sha256, of.id, of.name, of.version, of.default_threshold))
    made = 0
    for n, entry in enumerate(entries):
        place = _place(entry, folder)
        number = store.number(place, entry.facts.series_uid, entry.part)
        known = _truth_is_there(entry)
        wanted = [m for m in manifests if not store.done(number, card(m).sha256, judged=known)]
        ctx.report(n, len(entries), f"Series {n + 1} of {len(entries)}")
        if not wanted:
            continue
        part = ctx.part(n / len(entries), (n + 1) / len(entries))
        for run in _runs(entry, number, wanted, out, records, part, anyway=anyway):
            store.keep(run)
            told(run)
            made += 1
    return made


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
    manifests: Sequence[Manifest],
    out: Path,
    records: RunRecords,
    ctx: JobContext,
    *,
    anyway: bool,
) -> Iterable[CohortRun]:
    uid = entry.facts.series_uid

    def failed(manifest: Manifest, error: CaseStageError, seconds: float = 0.0) -> CohortRun:
        return CohortRun(number, uid, card(manifest).sha256, error.sentence, 0, None, (), seconds)

    try:
        volume = load_series(entry, ctx.part(0.0, 0.3))
        truth = truth_beside(entry, volume)
    except CancelledError:
        raise
    except CaseStageError as error:
        yield from (failed(manifest, error) for manifest in manifests)
        return
    for n, manifest in enumerate(manifests):
        started = time.monotonic()
        share = ctx.part(0.3 + 0.7 * n / len(manifests), 0.3 + 0.7 * (n + 1) / len(manifests))
        known = card(manifest)
        try:
            result = run_or_recall(manifest, volume, share, records, anyway=anyway)
            place = out / RESULTS / f"{number:06d}-{known.id}"
            write_outputs(
                place, volume, result.findings, known.source, recorded=result.recorded, case_scores=result.case_scores
            )
        except (CancelledError, StorageError):
            raise
        except CaseStageError as error:
            yield failed(manifest, error, time.monotonic() - started)
            continue
        lesions = None if truth is None else len(truth.lesions)
        points = () if truth is None else _points(result.findings, truth.lesions)
        seconds = time.monotonic() - started
        yield CohortRun(number, uid, known.sha256, "", len(result.findings), lesions, points, seconds)


def _points(findings: Sequence[Finding], truth: Sequence[Finding]) -> tuple[tuple[float, int, int], ...]:
    """Return the points of one scan; findings of rules have no score, and count at every threshold."""
    scores = {finding.score for finding in findings if finding.score is not None}
    points = []
    for threshold in sorted({1.0, *scores}, reverse=True):
        matching = match(findings, truth, threshold, MatchRule())
        points.append((threshold, matching.count(MatchState.FOUND), matching.count(MatchState.FALSE_POSITIVE)))
    return tuple(points)


def _truth_is_there(entry: SeriesEntry) -> bool:
    try:
        return place_of_truth(entry) is not None
    except CaseStageError:
        # One that cannot be read is a reason to try again, and to say so.
        return True


def _place(entry: SeriesEntry, folder: Path) -> str:
    first = Path(entry.files[0]).parent
    return first.relative_to(folder).as_posix() if first.is_relative_to(folder) else ""
