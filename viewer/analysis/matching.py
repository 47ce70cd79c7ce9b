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
    """Return which findings at or above a threshold are true, which are false, and which true lesions are missed."""
    return Overlaps(findings, truth, rule).matching(threshold)


class Overlaps:
    """What of findings and true lesions lies on each other: looked at once, and matched at any threshold.

    Each finding goes with at most one true lesion and the other way round, so that the sum of overlaps (IoU) of
    pairs that pass the rule's gate is largest. Where a mask is missing on one side, a pair passes when the centres
    lie nearer than half the long axis of the other. Findings without a score (rules, readers) always take part.
    What is said of the series, or of slices alone, lies on no lesion and beside none: it takes no part where there are
    any, and is false where there is nothing to find.
    True lesions below the rule's least volume are left out, and so are findings that lie on one of them and on no
    other.
    """

    def __init__(self, findings: Sequence[Finding], truth: Sequence[Finding], rule: MatchRule | None = None) -> None:
        self._rule = rule = rule or MatchRule()
        self._findings = findings
        self._counted = [t for t in truth if not _ignored(t, rule)]
        ignored = [t for t in truth if _ignored(t, rule)]
        self._overlaps = _overlaps(findings, self._counted)
        self._gated = _gated(findings, self._counted, self._overlaps, rule)
        near = _gated(findings, ignored, _overlaps(findings, ignored), rule)
        self._near_ignored: NDArray[np.bool_] = np.logical_or.reduce(near, axis=1)
        self._worth = np.where(self._gated, np.maximum(self._overlaps, _POINT_WORTH), 0.0)
        scores = np.array([np.inf if f.score is None else f.score for f in findings], dtype=np.float64)
        unplaced = np.array([bool(truth) and not f.placed for f in findings], dtype=np.bool_)
        self._scores, self._unplaced = np.where(unplaced, -np.inf, scores), scores[unplaced]

    def matching(self, threshold: float) -> Matching:
        """Return who goes with whom, of findings at or above a threshold."""
        findings, counted = self._findings, self._counted
        pairs = self._pairs(threshold)
        true, found = {n for n, _ in pairs}, {c for _, c in pairs}
        return Matching(
            threshold=threshold,
            of_finding={
                findings[n].id: MatchState.TRUE_POSITIVE if n in true else MatchState.FALSE_POSITIVE
                for n in map(int, np.flatnonzero(self._scores >= threshold))
                if n in true or not self._near_ignored[n]
            },
            of_truth={t.id: MatchState.FOUND if c in found else MatchState.MISSED for c, t in enumerate(counted)},
            pairs=tuple((findings[n].id, counted[c].id, float(self._overlaps[n, c])) for n, c in pairs),
            best_score_of_truth=self._best(),
            rule=self._rule,
            unplaced=int(np.count_nonzero(self._unplaced >= threshold)),
        )

    def counted(self, threshold: float) -> tuple[int, int]:
        """Return how many true lesions are found at a threshold, and how many findings are false."""
        pairs = self._pairs(threshold)
        left = (self._scores >= threshold) & ~self._near_ignored
        left[[n for n, _ in pairs]] = False
        return len(pairs), int(np.count_nonzero(left))

    def _pairs(self, threshold: float) -> list[tuple[int, int]]:
        # Most findings lie on no lesion, and the others are few.
        rows = np.flatnonzero((self._scores >= threshold) & self._gated.any(axis=1))
        return [(int(rows[row]), column) for row, column in _assigned(self._worth[rows])]

    def _best(self) -> dict[str, float]:
        best = {}
        for column, lesion in enumerate(self._counted):
            scores = self._scores[self._gated[:, column] & np.isfinite(self._scores)]
            if len(scores):
                best[lesion.id] = float(scores.max())
        return best


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
    table = np.zeros((len(findings), len(truth)))
    (first, last), (true_first, true_last) = _boxes(findings), _boxes(truth)
    meet = ((first[:, None] < true_last[None]) & (true_first[None] < last[:, None])).all(axis=2)
    for n, column in np.argwhere(meet):
        table[n, column] = iou(findings[n], truth[column])
    return table


def _boxes(findings: Sequence[Finding]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first voxel of each mask's box and the one behind its last [n, ijk]; nothing where there is none."""
    boxes = [((0, 0, 0), (0, 0, 0)) if f.mask is None else (f.mask.first_ijk, f.mask.behind_ijk) for f in findings]
    both = np.array(boxes, dtype=np.int64).reshape(len(findings), 2, 3)
    return both[:, 0], both[:, 1]


def _gated(
    findings: Sequence[Finding], truth: Sequence[Finding], overlaps: NDArray[np.float64], rule: MatchRule
) -> NDArray[np.bool_]:
    passed = (overlaps >= rule.least_iou) & (overlaps > 0)
    without = _without_mask(findings)[:, None] | _without_mask(truth)[None]
    if without.any():
        reach = np.maximum(_long_axes(findings)[:, None], _long_axes(truth)[None]) / 2
        apart = np.linalg.norm(_centres(findings)[:, None] - _centres(truth)[None], axis=2)
        passed = np.where(without, apart < reach, passed)
    return np.asarray(passed, dtype=np.bool_)


def _without_mask(findings: Sequence[Finding]) -> NDArray[np.bool_]:
    return np.array([f.mask is None for f in findings], dtype=np.bool_)


def _long_axes(findings: Sequence[Finding]) -> NDArray[np.float64]:
    return np.array([f.long_axis_mm or 0.0 for f in findings], dtype=np.float64)


def _centres(findings: Sequence[Finding]) -> NDArray[np.float64]:
    return np.array([f.centre_lps_mm for f in findings], dtype=np.float64).reshape(len(findings), 3)
