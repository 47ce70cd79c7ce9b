"""What one model says of the open volume, and how two models differ."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.overlays import ValueMap

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from viewer.domain.walkthrough import Case


@frozen(eq=False)
class ModelResult:
    """The findings of one model, best first, with the threshold that it is used at.

    Attributes
    ----------
    value_map
        The map that its findings were cut from, where there is one.
    recorded
        True where it was computed earlier.
    source
        The model as the source of findings, also where it has none; None where only its findings are known.
    """

    model_id: str
    name: str
    findings: tuple[Finding, ...]
    threshold: float = 0.5
    value_map: ValueMap | None = None
    recorded: bool = False
    source: Source | None = None

    @property
    def shown(self) -> tuple[Finding, ...]:
        """Findings at or above the threshold; those without a score always."""
        return tuple(f for f in self.findings if f.score is None or f.score >= self.threshold)


def anything_said(findings: Collection[Finding], results: Iterable[ModelResult], case: Case | None) -> bool:
    """Return whether a model or a reader has said what is there, be it nothing; the truth itself does not count.

    Parameters
    ----------
    findings
        Those that are shown. Where there are none, a model that has found something was asked beside them.
    results
        What models said of the volume: one without findings has said that there is nothing.
    case
        The open case, if any: where it has a place for findings and there are none, none were found.
    """
    if findings:
        return any(finding.source.kind is not SourceKind.TRUTH for finding in findings)
    silent = any(not result.findings for result in results)
    return silent or (case is not None and bool(case.findings_path))


class SaidBy(StrEnum):
    """Which of two models says something."""

    BOTH = "both"
    ONLY_A = "only A"
    ONLY_B = "only B"
    NEITHER = "neither"


@frozen(eq=False)
class Apart:
    """One thing that two models say, or that only one of them does, or a true lesion that both missed.

    `overlap` is the IoU of the two findings, where both have one.
    """

    a: Finding | None = None
    b: Finding | None = None
    missed: Finding | None = None
    overlap: float = 0.0

    @property
    def said_by(self) -> SaidBy:
        """Which of the two says it."""
        if self.a is not None:
            return SaidBy.ONLY_A if self.b is None else SaidBy.BOTH
        return SaidBy.NEITHER if self.b is None else SaidBy.ONLY_B

    @property
    def finding(self) -> Finding:
        """The finding by which it is called and found: A's, else B's, else the lesion itself."""
        found = self.a or self.b or self.missed
        assert found is not None
        return found
