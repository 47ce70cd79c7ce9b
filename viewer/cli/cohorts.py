"""`casestage cohort`: models run over many scans, counted against the truth, and written as a table."""

from __future__ import annotations

import csv
import io
import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewer.cli.models import find_model
from viewer.cli.report import Report
from viewer.cli.terminal import progress_context
from viewer.domain.count_words import count_words
from viewer.domain.errors import NothingToOpenError, StorageError
from viewer.inference.manifest_terms import Task
from viewer.inference.run_records import RunRecords
from viewer.io.atomic_file import write_atomically
from viewer.io.cohort_store import CohortStore
from viewer.services.cohort import at_threshold, counted, run_cohort, series_below
from viewer.services.places import run_records_folder

if TYPE_CHECKING:
    import argparse

    from viewer.io.cohort_store import CohortRun
    from viewer.services.cohort import CohortCount

_COLUMNS = ("study", "series", "model", "version", "threshold", "findings", "lesions", "found", "missed")
_LAST = ("false_positives", "seconds", "problem")
_HONEST = "Not for diagnostic use"
_DUE = "“cohort run” runs what is missing."
_CHANGED = "Counted is the truth of before; “cohort run” holds what was found against that of now, and runs no model."


def run(arguments: argparse.Namespace) -> int:
    """Run models on what they were not run on yet; 1 where a series gave no result."""
    folder, told = Path(arguments.folder), Report(arguments)
    if not os.path.isdir(folder):
        raise NothingToOpenError("There is no folder at this place.", "Check the path.")
    manifests = [find_model(name) for name in arguments.model]
    for manifest in manifests:
        if manifest.task is Task.VOLUME_CLASSIFICATION:
            told.note(f"{manifest.name} says nothing of where: what it finds is held against no lesion.")
    problems: list[CohortRun] = []

    def note(one: CohortRun) -> None:
        if one.problem:
            problems.append(one)
            told.note(f"Series {one.study}: {one.problem}")

    out, ctx = Path(arguments.out), progress_context()
    entries = series_below(folder, ctx)
    with closing(CohortStore(out, to_write=True)) as store:
        records = RunRecords(run_records_folder())
        made = run_cohort(folder, entries, out, manifests, store, records, ctx, anyway=arguments.anyway, told=note)
    refused = sum(one.refused for one in problems)
    if refused:
        runs = "It runs" if refused == 1 else f"{refused} of them run"
        told.note(f"{runs} with --anyway, on what the model was not made for; what it then finds may mean nothing.")
    if made.matched_anew:
        earlier = count_words(made.matched_anew, "earlier run")
        told.say(f"Of {earlier} the truth is another by now: what was found is held against it, and no model was run.")
    if made.elsewhere:
        are = "1 scan of earlier runs is" if made.elsewhere == 1 else f"{made.elsewhere} scans of earlier runs are"
        told.note(f"{are} not below this folder now; what was found there is still counted.")
    if made.copies:
        are = "1 scan is a copy of another one" if made.copies == 1 else f"{made.copies} scans are copies of others"
        told.note(f"{are} below this folder, and not counted again.")
    told.say(f"{count_words(made.runs, 'run')} made, {len(problems)} without a result. {_HONEST}.")
    told.say(f"Then: casestage cohort evaluate {arguments.out}")
    told.finish(
        folder=arguments.out,
        runs=made.runs,
        matched_anew=made.matched_anew,
        failed=len(problems),
        not_here=made.elsewhere,
        copies=made.copies,
        not_for_diagnostic_use=True,
    )
    return 1 if problems else 0


def evaluate(arguments: argparse.Namespace) -> int:
    """Count each model's findings against the truth."""
    told = Report(arguments)
    with closing(CohortStore(Path(arguments.cohort), to_write=False)) as store:
        counts = counted(store, arguments.threshold)
    for count in counts:
        for line in _lines(count):
            told.say(line)
    if any(count.changed for count in counts):
        told.note(_CHANGED)
    if any(count.due for count in counts):
        told.note(_DUE)
    if not counts:
        told.say("Nothing was run yet.")
    told.say(f"{_HONEST}.")
    told.finish(models=[_row(count) for count in counts], not_for_diagnostic_use=True)
    return 0


def report(arguments: argparse.Namespace) -> int:
    """Write the runs as a table."""
    out = Path(arguments.out)
    if out.suffix.lower() != ".csv":
        raise StorageError("The table is written as CSV.", "End the name of --out in .csv.")
    written, rows, due = io.StringIO(), 0, 0
    table = csv.writer(written)
    table.writerow([f"# {_HONEST}"])
    table.writerow([*_COLUMNS, *_LAST])
    with closing(CohortStore(Path(arguments.cohort), to_write=False)) as store:
        for model in store.models():
            at = model.threshold if arguments.threshold is None else arguments.threshold
            due += store.due(model.sha256)
            for one in store.runs(model.sha256):
                judged: tuple[object, ...] = ("", "", "", "")
                if one.lesions is not None:
                    found, false = at_threshold(one, at)
                    judged = (one.lesions, found, one.lesions - found, false)
                start = (one.study, one.series, model.id, model.version, at, one.findings)
                table.writerow([*start, *judged, round(one.seconds, 2), one.problem])
                rows += 1
    write_atomically(out, written.getvalue().encode("utf-8"), "The table")
    told = Report(arguments)
    told.say(f"Written: {out}, {count_words(rows, 'row')}")
    if due:
        are = "1 run is" if due == 1 else f"{due} runs are"
        told.note(f"{are} not in it: not made yet, or with other settings or images. {_DUE}")
    told.finish(file=str(out), rows=rows, not_run=due, not_for_diagnostic_use=True)
    return 0


def _lines(count: CohortCount) -> list[str]:
    at = count.at
    lines = [f"{count.model.name} {count.model.version}, at {at.threshold:.2f}"]
    if not count.judged and count.due and not count.without_truth:
        pass
    elif not count.judged:
        lines.append("  of no scan the truth is known, so nothing is counted")
    else:
        lines += _counted(count)
    if count.without_truth:
        lines.append(f"  {count_words(count.without_truth, 'scan')} without a truth, not counted")
    if count.changed:
        lines.append(f"  the truth of {count_words(count.changed, 'scan')} has changed since, or has come")
    if count.due:
        of = "not run yet, or with other settings or images than those of now"
        lines.append(f"  {count_words(count.due, 'scan')} {of}, not counted")
    if count.failed:
        lines.append(f"  {count_words(count.failed, 'scan')} without a result")
    return lines


def _counted(count: CohortCount) -> list[str]:
    at, lines = count.at, []
    if at.sensitivity is None:
        lines.append("  there is nothing to find in these scans")
    else:
        lines.append(f"  {at.found} of {count_words(at.lesions, 'lesion')} found, {at.lesions - at.found} missed")
    scans, rate = count_words(count.judged, "scan"), at.false_positives_per_scan
    lines.append(f"  {count_words(at.false_positives, 'false positive')} in {scans}, {rate:.2f} in each")
    if count.normal:
        normal = count_words(count.normal, "scan")
        lines.append(f"  nothing to find in {normal}, and nothing found in {count.clear} of them")
    if len(count.curve) > 1 and at.sensitivity is not None:
        lines += [f"  at most {most:g} false in each: {share:.0%} found" for most, share in count.sensitivities]
    return lines


def _row(count: CohortCount) -> dict[str, Any]:
    at = count.at
    return {
        "model": {"id": count.model.id, "name": count.model.name, "version": count.model.version},
        "threshold": at.threshold,
        "scans": count.judged,
        "lesions": at.lesions,
        "found": at.found,
        "false_positives": at.false_positives,
        "normal": count.normal,
        "normal_clear": count.clear,
        "without_truth": count.without_truth,
        "failed": count.failed,
        "not_run": count.due,
        "truth_changed": count.changed,
        "curve": [
            {"threshold": p.threshold, "found": p.found, "false_positives": p.false_positives} for p in count.curve
        ],
    }
