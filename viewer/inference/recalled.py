"""A run that takes the recorded result where there is one, or is compared with it when run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.domain.errors import StorageError
from viewer.inference.accept import refusal
from viewer.inference.run import check_may_run, run_on
from viewer.inference.run_records import record_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.finding import Finding
    from viewer.domain.job import JobContext
    from viewer.domain.patches import Patches
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Manifest
    from viewer.inference.process import ModelProcess
    from viewer.inference.result import RunResult
    from viewer.inference.run_records import RunRecords

# Scores that differ by less are the same: a model need not give the same last digits on every processor.
_SAME_SCORE = 1e-3
_SAME_PLACE_MM = 5.0


def run_or_recall(
    manifest: Manifest,
    volume: Volume,
    ctx: JobContext,
    records: RunRecords,
    *,
    again: bool = False,
    anyway: bool = False,
    processor_alone: bool = False,
    process: ModelProcess | None = None,
    on_patches: Callable[[Patches], None] | None = None,
) -> RunResult:
    """Return the recorded result, or that of a run, which is recorded then.

    Parameters
    ----------
    again
        Run in any case; the result says how it differs from the recorded one.
    anyway
        As in `run_on`; the result's notes then say what the model was not made for.

    The others, and what is raised, are those of `viewer.inference.run.run_on`.
    """
    check_may_run(manifest, volume, anyway=anyway)
    ctx.report(0, 1, "Looking for a recorded result")
    key = record_key(manifest, volume)
    kept = records.find(manifest, volume, key)
    if kept is not None and not again:
        ctx.report(1, 1, "Recorded result")
        return _cautious(manifest, volume, kept)
    result = run_on(
        manifest,
        volume,
        ctx,
        anyway=anyway,
        processor_alone=processor_alone,
        process=process,
        with_map=True,
        on_patches=on_patches,
    )
    if kept is not None:
        result = evolve(result, comparison=difference_words(kept, result))
    try:
        records.keep(key, result)
    except StorageError as error:
        result = evolve(result, notes=(*result.notes, f"The result was not recorded: {error.sentence}"))
    return _cautious(manifest, volume, result)


def _cautious(manifest: Manifest, volume: Volume, result: RunResult) -> RunResult:
    """Return a result that says first that the model was not made for this volume, where that is so."""
    sentence = refusal(manifest, volume)
    if sentence is None:
        return result
    return evolve(result, notes=(f"{sentence} What it found may mean nothing.", *result.notes))


def difference_words(recorded: RunResult, new: RunResult) -> str:
    """Return in a sentence how a result differs from the recorded one."""
    when = recorded.recorded_on
    rest = list(new.findings)
    lost, scores, outlines = 0, 0.0, 0.0
    for finding in recorded.findings:
        other = _same(finding, rest)
        if other is None:
            lost += 1
            continue
        rest.remove(other)
        scores = max(scores, abs((finding.score or 0.0) - (other.score or 0.0)))
        outlines = max(outlines, 1.0 - _overlap(finding, other))
    case = {scored.label_key: scored.score for scored in recorded.case_scores}
    for scored in new.case_scores:
        scores = max(scores, abs(scored.score - case.get(scored.label_key, 0.0)))
    parts = []
    if rest:
        parts.append(f"{len(rest)} {'finding' if len(rest) == 1 else 'findings'} more")
    if lost:
        parts.append(f"{lost} {'finding' if lost == 1 else 'findings'} fewer")
    if scores > _SAME_SCORE:
        parts.append(f"scores by up to {scores:.3f}")
    if outlines > 0:
        parts.append(f"outlines by up to {outlines:.1%}")
    if not parts:
        return f"Same as the result recorded on {when}."
    return f"Differs from the result recorded on {when}: {', '.join(parts)}."


def _same(finding: Finding, others: list[Finding]) -> Finding | None:
    """Return the finding of the same label that overlaps one most, or lies nearest to it."""
    best: tuple[float, float, Finding] | None = None
    for other in others:
        if other.label_key != finding.label_key or other.localisation is not finding.localisation:
            continue
        overlap = _overlap(finding, other)
        away = float(np.linalg.norm(finding.centre_lps_mm - other.centre_lps_mm))
        if (overlap > 0 or away <= _SAME_PLACE_MM) and (best is None or (overlap, -away) > best[:2]):
            best = (overlap, -away, other)
    return None if best is None else best[2]


def _overlap(a: Finding, b: Finding) -> float:
    if a.mask is None or b.mask is None:
        return 1.0 if a.mask is b.mask else 0.0
    both = a.mask.overlap(b.mask)
    return both / (a.mask.count + b.mask.count - both)
