"""Holds the findings against the ground truth, live, at the view's operating point."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import evolve, frozen
from psygnal import Signal

from viewer.analysis.matching import Overlaps
from viewer.domain.count_words import threshold_words
from viewer.domain.finding import Finding, Matching, MatchState, SourceKind

if TYPE_CHECKING:
    from viewer.domain.session import Session

_ERRORS_FIRST = {
    MatchState.MISSED: 0,
    MatchState.FALSE_POSITIVE: 1,
    MatchState.TRUE_POSITIVE: 2,
    MatchState.FOUND: 3,
}


class RowOrder(StrEnum):
    """What comes first in the list."""

    ERRORS = "errors"
    VOLUME = "volume"
    SCORE = "score"


@frozen(eq=False)
class InspectRow:
    """One line of the error list: a finding or a missed truth, its state, and why.

    `score` is the finding's; of a missed truth the highest of any finding that overlaps it, None where none does.
    """

    finding: Finding
    state: MatchState
    why: str
    score: float | None


class Inspecting:
    """Keeps the session's matching up to date. `changed` is emitted after each update."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        self._session = session
        self._order = RowOrder.ERRORS
        self._overlaps_of: tuple[object, ...] = ()
        self._overlaps: tuple[Overlaps, Overlaps | None] | None = None
        for signal in (
            session.findings_changed,
            session.truth_changed,
            session.match_rule_changed,
            session.results_changed,
            session.case_changed,
        ):
            signal.connect(self._update)
        session.view_changed.connect(self._view_changed)

    @property
    def order(self) -> RowOrder:
        """What comes first; N and P go through the rows in it too."""
        return self._order

    @order.setter
    def order(self, order: RowOrder) -> None:
        if order is not self._order:
            self._order = order
            self.changed.emit()

    def set_threshold(self, threshold: float) -> None:
        """Move the operating point."""
        if self._session.view is not None:
            self._session.view = evolve(self._session.view, threshold=round(min(1.0, max(0.0, threshold)), 3))

    def rows(self) -> tuple[InspectRow, ...]:
        """Return false positives, misses and true positives: errors first, then the largest, or by `order`."""
        matching = self._session.matching
        if matching is None:
            return ()
        rows = [
            InspectRow(f, matching.of_finding[f.id], _why(f, matching, self._session), f.score)
            for f in self._session.findings
            if f.id in matching.of_finding
        ]
        rows += [
            InspectRow(t, MatchState.MISSED, _why(t, matching, self._session), matching.best_score_of_truth.get(t.id))
            for t in self._session.lesions
            if matching.of_truth.get(t.id) is MatchState.MISSED
        ]
        if self._order is RowOrder.ERRORS:
            rows.sort(key=lambda row: (_ERRORS_FIRST[row.state], -(row.finding.volume_ml or 0)))
        elif self._order is RowOrder.VOLUME:
            rows.sort(key=lambda row: -(row.finding.volume_ml or 0))
        else:
            # What no finding lies on has no score, and comes last.
            rows.sort(key=lambda row: -1.0 if row.score is None else row.score, reverse=True)
        return tuple(rows)

    def curve(self) -> tuple[tuple[float, int, int], ...]:
        """Return (threshold, true lesions found, false positives) of this case, highest threshold first.

        A reader's own marks beside a model's findings are not the model's, and count for nothing.
        """
        scores = sorted({f.score for f in self._session.findings if f.score is not None}, reverse=True)
        overlaps, _ = self._looked_at()
        return tuple((threshold, *overlaps.counted(threshold)) for threshold in (1.0, *scores))

    def _looked_at(self) -> tuple[Overlaps, Overlaps | None]:
        """Return what lies on each other: of the model's findings, and of a reader's marks beside them, if any.

        It is looked at once for all thresholds. Where no model has said anything the marks stand in their place.
        """
        session = self._session
        of = (session.findings, session.lesions, session.match_rule)
        if self._overlaps is None or any(a is not b for a, b in zip(of, self._overlaps_of, strict=True)):
            marks = tuple(f for f in session.findings if f.source.kind is SourceKind.READER)
            others = tuple(f for f in session.findings if f.source.kind is not SourceKind.READER)
            aside = bool(marks) and (bool(others) or self._model_found_nothing())
            first = Overlaps(others if aside else session.findings, *of[1:])
            self._overlaps_of, self._overlaps = of, (first, Overlaps(marks, *of[1:]) if aside else None)
        return self._overlaps

    def _model_found_nothing(self) -> bool:
        """Return whether a model was asked, where no finding of one is shown."""
        session = self._session
        recorded = session.case is not None and bool(session.case.findings_path and session.case.model_id)
        return recorded or any(not result.findings for result in session.results.values())

    def _view_changed(self) -> None:
        view, matching = self._session.view, self._session.matching
        if view is not None and (matching is None or matching.threshold != view.threshold):
            self._update()

    def _update(self) -> None:
        session = self._session
        # Where nobody has said anything there is nothing to hold against the truth: no lesion was missed.
        if session.truth is None or session.view is None or not session.anything_said:
            session.matching = self._overlaps = None
        else:
            findings, marks = self._looked_at()
            matching = findings.matching(session.view.threshold)
            session.matching = matching if marks is None else matching.beside(marks.matching(matching.threshold))
        self.changed.emit()


def _why(finding: Finding, matching: Matching, session: Session) -> str:
    if finding.id in matching.marks:
        return f"A reader’s own mark, which does not count. {_held(finding, matching, session)}"
    return _held(finding, matching, session)


def _held(finding: Finding, matching: Matching, session: Session) -> str:
    state = matching.of_finding.get(finding.id) or matching.of_truth.get(finding.id)
    if state is MatchState.TRUE_POSITIVE:
        lesion, overlap = next((of, iou) for found, of, iou in matching.pairs if found == finding.id)
        if finding.mask is None:
            apart_mm = _apart_mm(finding, next(one for one in session.lesions if one.id == lesion))
            return f"Its middle is {apart_mm:.1f} mm from that of a true lesion; it has no outline to overlap."
        return f"Overlaps a true lesion (IoU {overlap:.2f})."
    if state is MatchState.FALSE_POSITIVE and not session.lesions:
        return "The truth says that there is nothing to find."
    if state is MatchState.FALSE_POSITIVE and finding.mask is None:
        return "No true lesion is so large and near that its middle would lie in it, or another finding has it."
    if state is MatchState.FALSE_POSITIVE:
        return f"No true lesion overlaps it enough (IoU {matching.rule.least_iou:g} or more) or another finding has it."
    best = matching.best_score_of_truth.get(finding.id)
    if best is not None and best < matching.threshold:
        # Rounded to two digits it may seem to reach what it lies below.
        two = f"{best:.2f}"
        score = two if float(two) < matching.threshold else f"{math.floor(best * 1000) / 1000:.3f}"
        return f"No finding overlaps it at {threshold_words(matching.threshold)}; its highest score is {score}."
    return "No finding overlaps it at any threshold."


def _apart_mm(a: Finding, b: Finding) -> float:
    return math.dist(a.centre_lps_mm, b.centre_lps_mm)
