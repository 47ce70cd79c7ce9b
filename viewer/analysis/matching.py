"""Findings held against ground truth, one to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.finding import Finding, Matching, MatchRule, MatchState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# What a pair without two masks counts in the assignment: less than any overlap, more than nothing.
_POINT_WORTH = 1e-6


def match(
    findings: Sequence[Finding], truth: Sequence[Finding], threshold: float, rule: MatchRule | None = None
) -> Matching:
    """Return which findings at or above a threshold are true, which are false, and which true lesions are missed.

    Each finding goes with at most one true lesion and the other way round, so that the sum of overlaps (IoU) of
    pairs that pass the rule's gate is largest. Where a mask is missing on one side, a pair passes when the centres
    lie nearer than half the long axis of the other. Findings without a score (rules, readers) always take part.
    True lesions below the rule's least volume are left out, and so are findings that lie on one of them and on no
    other.
    """
    rule = rule or MatchRule()
    counted = [t for t in truth if not _ignored(t, rule)]
    ignored = [t for t in truth if _ignored(t, rule)]
    overlaps = _overlaps(findings, counted)
    gated = _gated(findings, counted, overlaps, rule)
    shown = [n for n, f in enumerate(findings) if f.score is None or f.score >= threshold]
    pairs = []
    if shown and counted:
        worth = np.where(gated[shown], np.maximum(overlaps[shown], _POINT_WORTH), 0.0)
        pairs = [(shown[row], column) for row, column in _assigned(worth)]
    true = {n for n, _ in pairs}
    near_ignored = _gated(findings, ignored, _overlaps(findings, ignored), rule)
    of_finding = {
        findings[n].id: MatchState.TRUE_POSITIVE if n in true else MatchState.FALSE_POSITIVE
        for n in shown
        if n in true or not near_ignored[n].any()
    }
    found = {c for _, c in pairs}
    best: dict[str, float] = {}
    for column, lesion in enumerate(counted):
        scores = [f.score for n, f in enumerate(findings) if gated[n, column] and f.score is not None]
        if scores:
            best[lesion.id] = max(scores)
    return Matching(
        threshold=threshold,
        of_finding=of_finding,
        of_truth={t.id: MatchState.FOUND if c in found else MatchState.MISSED for c, t in enumerate(counted)},
        pairs=tuple((findings[n].id, counted[c].id, float(overlaps[n, c])) for n, c in pairs),
        best_score_of_truth=best,
        rule=rule,
    )


def _assigned(worth: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return rows and columns of worth, one to one, so that their sum is largest; nothing is worth 0."""
    possible = worth > 0
    if (possible.sum(axis=0) <= 1).all() and (possible.sum(axis=1) <= 1).all():
        # Nothing to weigh up, as in most cases; then the library, which is slow to load, is not waited for.
        rows, columns = np.nonzero(possible)
    else:
        from scipy.optimize import linear_sum_assignment

        rows, columns = linear_sum_assignment(worth, maximize=True)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if possible[r, c]]


def _ignored(lesion: Finding, rule: MatchRule) -> bool:
    return lesion.volume_ml is not None and lesion.volume_ml < rule.least_truth_ml


def iou(a: Finding, b: Finding) -> float:
    """Return the overlap of two masks: voxels in both over voxels in either; 0 where a mask is missing."""
    if a.mask is None or b.mask is None:
        return 0.0
    both = a.mask.overlap(b.mask)
    return both / (a.mask.count + b.mask.count - both) if both else 0.0


def _overlaps(findings: Sequence[Finding], truth: Sequence[Finding]) -> NDArray[np.float64]:
    table = [[iou(f, t) for t in truth] for f in findings]
    return np.array(table, dtype=np.float64).reshape(len(findings), len(truth))


def _gated(
    findings: Sequence[Finding], truth: Sequence[Finding], overlaps: NDArray[np.float64], rule: MatchRule
) -> NDArray[np.bool_]:
    passed = (overlaps >= rule.least_iou) & (overlaps > 0)
    for n, finding in enumerate(findings):
        for column, lesion in enumerate(truth):
            if finding.mask is None or lesion.mask is None:
                reach = max(finding.long_axis_mm or 0.0, lesion.long_axis_mm or 0.0) / 2
                distance = float(np.linalg.norm(finding.centre_lps_mm - lesion.centre_lps_mm))
                passed[n, column] = distance < reach
    return np.asarray(passed, dtype=np.bool_)
