"""Free-response ROC: sensitivity for lesions against false positives per scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from viewer.analysis.matching import Overlaps
from viewer.domain.finding import Finding, MatchRule, MatchState

if TYPE_CHECKING:
    from collections.abc import Sequence

STANDARD_RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


@frozen
class FrocPoint:
    """All cases at one threshold: lesions found of those there are, and false positives."""

    threshold: float
    found: int
    lesions: int
    false_positives: int
    scans: int

    @property
    def sensitivity(self) -> float | None:
        """Share of lesions found; None where there is no lesion."""
        return self.found / self.lesions if self.lesions else None

    @property
    def false_positives_per_scan(self) -> float:
        """False positives in an average scan."""
        return self.false_positives / self.scans


def froc(
    cases: Sequence[tuple[Sequence[Finding], Sequence[Finding]]], rule: MatchRule | None = None
) -> tuple[FrocPoint, ...]:
    """Return one point for every score that occurs, highest threshold first.

    Parameters
    ----------
    cases
        (findings, truth) of each scan; scans without lesions count too.
    """
    thresholds = sorted({f.score for findings, _ in cases for f in findings if f.score is not None}, reverse=True)
    looked_at = [Overlaps(findings, truth, rule) for findings, truth in cases]
    points = []
    for threshold in thresholds:
        matchings = [overlaps.matching(threshold) for overlaps in looked_at]
        points.append(
            FrocPoint(
                threshold=threshold,
                found=sum(m.count(MatchState.FOUND) for m in matchings),
                lesions=sum(len(m.of_truth) for m in matchings),
                false_positives=sum(m.count(MatchState.FALSE_POSITIVE) for m in matchings),
                scans=len(cases),
            )
        )
    return tuple(points)


def sensitivity_at(points: Sequence[FrocPoint], rate: float) -> float:
    """Return the highest sensitivity reached with at most so many false positives per scan; 0 where none."""
    return max(
        (p.sensitivity or 0.0 for p in points if p.false_positives_per_scan <= rate),
        default=0.0,
    )
