"""Two models on one volume: both are run or recalled, and what they say is shown on two sides or as a difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve
from psygnal import Signal

from viewer.domain.errors import CaseStageError, ModelRefusedError
from viewer.domain.finding import MatchState, SourceKind
from viewer.domain.overlay_look import MapLook
from viewer.domain.session import Workspace
from viewer.domain.view_state import Comparison
from viewer.services.finding_run import result_in
from viewer.services.navigation import Motion
from viewer.services.views import view_of_finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.finding import Finding, Matching
    from viewer.domain.model_card import ModelCard
    from viewer.domain.model_result import Apart, ModelResult
    from viewer.domain.overlays import ValueMap
    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.inference.result import RunResult
    from viewer.services.comparing import Comparing
    from viewer.services.finding_run import FindingRun
    from viewer.services.jobs import JobRunner
    from viewer.services.navigation import Navigation

Pair = tuple[str, str]


class TwoModels:
    """Follows the `models` of the session's view. Signals are emitted on the main thread.

    `changed` tells that what the two say is different, or that a comparison began or ended; `failed` carries an error
    to show; `refused` the card of a model that was not made for this volume, its sentence, and the pair that was
    wanted.

    Findings of the first become those of the session, findings of the second those of the other session, which shows
    the same volume then. When the comparison ends, what was there before comes back.
    """

    changed = Signal()
    failed = Signal(object)
    refused = Signal(object, str, object)

    def __init__(
        self,
        session: Session,
        other: Session,
        comparing: Comparing,
        run: FindingRun,
        navigation: Navigation,
        runner: JobRunner,
    ) -> None:
        self._session, self._other, self._comparing = session, other, comparing
        self._run, self._navigation, self._runner = run, navigation, runner
        self._shown: Pair | None = None
        self._before: tuple[Finding, ...] | None = None
        self._rows: tuple[Apart, ...] | None = None
        self._difference: ValueMap | None = None
        self._difference_of: tuple[object, object] | None = None
        self._again: set[str] = set()
        session.view_changed.connect(self._view_changed)
        session.workspace_changed.connect(self._workspace_changed)
        session.volume_changed.connect(self._forget)
        session.results_changed.connect(self._results_changed)
        comparing.changed.connect(self._comparing_changed)
        for signal in (session.findings_changed, session.matching_changed, other.matching_changed):
            signal.connect(self._said_otherwise)

    # --- what is compared

    @property
    def pair(self) -> Pair | None:
        """The ids of the two models, while both have said something and are compared."""
        return self._shown

    @property
    def names(self) -> tuple[str, str]:
        """The names of the two models; empty where none are compared."""
        results = self._session.results
        return ("", "") if self._shown is None else (results[self._shown[0]].name, results[self._shown[1]].name)

    @property
    def has_difference_map(self) -> bool:
        """True where both models give maps that can be held against each other, and the difference is there."""
        return self._difference is not None

    def compare(self, a: str, b: str, *, again: bool = False, anyway: bool = False) -> None:
        """Show what two models say of the open volume; what is not known of them is recalled, or run.

        Parameters
        ----------
        again
            Run both in any case.
        anyway
            Also where a model was not made for this volume.
        """
        if self._session.volume is None or self._session.view is None or a == b:
            return
        self._again = {a, b} if again else set()
        self._next((a, b), anyway=anyway)

    def close(self) -> None:
        """End the comparison."""
        self._run.cancel()
        view = self._session.view
        if view is not None and view.models is not None:
            self._comparing.mode = Comparison.OFF
            view = self._session.view or view
            self._session.view = evolve(view, models=None, comparison=Comparison.OFF)

    def show_map(self, shown: bool) -> None:
        """Lay the difference of the two maps over the picture, or take it away."""
        view = self._session.view
        if view is not None:
            self._session.view = evolve(view, map_look=evolve(view.map_look, shown=shown))

    # --- how they differ

    def rows(self) -> tuple[Apart, ...]:
        """Return what the two say, differences first; in Inspect also true lesions that both missed."""
        if self._shown is None:
            return ()
        if self._rows is None:
            # Needs what takes a moment to load; no window waits for it.
            from viewer.analysis.models_apart import apart

            first, second = self._session.shown_findings, self._other.shown_findings
            self._rows = apart(_of_models(first), _of_models(second), self._session.match_rule, self._missed())
        return self._rows

    def states(self, row: Apart) -> tuple[MatchState | None, MatchState | None]:
        """Return how A and B fare against the truth in a row; None where there is none to see or nothing was said."""
        mine, theirs = self._matchings()
        if mine is None or theirs is None:
            return None, None
        if row.missed is not None:
            return MatchState.MISSED, MatchState.MISSED
        return (
            mine.of_finding.get(row.a.id) if row.a is not None else None,
            theirs.of_finding.get(row.b.id) if row.b is not None else None,
        )

    def counts(self) -> tuple[tuple[int, int, int], tuple[int, int, int]] | None:
        """Return true positives, false positives and missed lesions of A and of B; None without truth to see."""
        made = []
        for matching in self._matchings():
            if matching is None:
                return None
            states = (MatchState.TRUE_POSITIVE, MatchState.FALSE_POSITIVE, MatchState.MISSED)
            made.append((matching.count(states[0]), matching.count(states[1]), matching.count(states[2])))
        return made[0], made[1]

    def select(self, finding_id: str) -> None:
        """Fly to what a row says, by the id of its finding."""
        row = next((row for row in self.rows() if row.finding.id == finding_id), None)
        view, volume = self._session.view, self._session.volume
        if row is None or view is None or volume is None:
            return
        start = self._navigation.goal or view
        self._navigation.go(view_of_finding(start, row.finding, volume), Motion.FINDING)

    def step(self, by: int) -> None:
        """Fly to the next row, or the one before."""
        rows = self.rows()
        goal = self._navigation.goal
        if not rows or goal is None:
            return
        here = next((n for n, row in enumerate(rows) if row.finding.id == goal.selected_finding), None)
        place = (0 if by > 0 else len(rows) - 1) if here is None else (here + by) % len(rows)
        self.select(rows[place].finding.id)

    def _matchings(self) -> tuple[Matching | None, Matching | None]:
        # A reader decides without having seen the answer.
        if self._session.workspace is not Workspace.INSPECT:
            return None, None
        return self._session.matching, self._other.matching

    def _missed(self) -> Sequence[Finding]:
        mine, theirs = self._matchings()
        if mine is None or theirs is None:
            return ()
        missed = MatchState.MISSED
        return [
            t
            for t in self._session.lesions
            if mine.of_truth.get(t.id) is missed and theirs.of_truth.get(t.id) is missed
        ]

    # --- running

    def _next(self, pair: Pair, *, anyway: bool) -> None:
        """Run the first of the two that has said nothing yet; show both when there is none."""
        known = self._session.results
        wanted = next((model for model in pair if model not in known or model in self._again), None)
        if wanted is None:
            self._show(pair)
            return

        def done(card: ModelCard, result: RunResult) -> None:
            self._again.discard(wanted)
            self._session.results = {**self._session.results, wanted: result_in(card, result)}
            self._next(pair, anyway=anyway)

        def failed(card: ModelCard | None, error: CaseStageError) -> None:
            if card is not None and isinstance(error, ModelRefusedError):
                self.refused.emit(card, error.sentence, pair)
            else:
                self.failed.emit(error)

        self._run.compute(wanted, done, failed, again=wanted in self._again, anyway=anyway)

    def _show(self, pair: Pair) -> None:
        view = self._session.view
        if view is None:
            return
        if view.models == pair:
            # The same two, run anew.
            self._apply(pair)
        else:
            self._session.view = evolve(view, models=pair, map_look=MapLook(shown=False))
        if self._comparing.mode is Comparison.OFF:
            self._comparing.mode = Comparison.BESIDE

    # --- following the view

    def _view_changed(self, new: ViewState | None, old: ViewState | None) -> None:
        models = new.models if new is not None else None
        if models != self._shown:
            self._apply(models)
        if self._shown is None or new is None:
            return
        if old is None or old.comparison is not new.comparison:
            self._lay_over()
        if old is None or old.selected_finding != new.selected_finding or old.map_look != new.map_look:
            self._follow(new)
        if old is not None and old.threshold != new.threshold:
            self._said_otherwise()

    def _comparing_changed(self) -> None:
        # Ended from beside, as any comparison can be.
        view = self._session.view
        if self._shown is not None and self._other.volume is None and view is not None:
            self._session.view = evolve(view, models=None, comparison=Comparison.OFF)

    def _results_changed(self, _new: object, _old: object) -> None:
        view = self._session.view
        if view is not None and view.models is not None and self._shown is None:
            self._apply(view.models)

    def _apply(self, models: Pair | None) -> None:
        results = self._session.results
        known = models if models is not None and all(model in results for model in models) else None
        if known is None:
            if self._shown is not None:
                self._shown = None
                self._give_back()
                self._tell()
            return
        if self._before is None:
            self._before = self._session.findings
        self._shown = known
        a, b = results[known[0]], results[known[1]]
        marks = tuple(f for f in self._session.findings if f.source.kind is SourceKind.READER)
        self._session.findings = (*a.findings, *marks)
        self._comparing.show_second(b)
        self._subtract(a, b)
        self._lay_over()
        self._tell()

    def _give_back(self) -> None:
        before, self._before = self._before, None
        self._comparing.end_second()
        if before is not None and self._session.volume is not None:
            self._session.findings = before
        self._difference = self._difference_of = None

    def _forget(self) -> None:
        self._session.results = {}
        self._before = None
        self._shown = None
        self._difference = self._difference_of = None
        self._tell()

    def _follow(self, view: ViewState) -> None:
        """Let the other side have the same thing in hand, and show its map as this one does."""
        theirs = self._other.view
        if theirs is None:
            return
        row = next((r for r in self.rows() if view.selected_finding in {f.id for f in (r.a, r.b) if f}), None)
        wanted = view.selected_finding if row is None else row.b.id if row.b is not None else None
        self._other.view = evolve(theirs, selected_finding=wanted, map_look=view.map_look)

    def _subtract(self, a: ModelResult, b: ModelResult) -> None:
        of = (a.value_map, b.value_map)
        if of == self._difference_of:
            return
        self._difference, self._difference_of = None, of
        first, second = of
        if first is None or second is None:
            return
        from viewer.analysis.models_apart import map_difference

        def done(made: ValueMap | None) -> None:
            if self._difference_of == of:
                self._difference = made
                self._lay_over()
                self.changed.emit()

        self._runner.run(lambda _ctx: map_difference(first, second), done=done, failed=self.failed.emit)

    def _lay_over(self) -> None:
        """Let the map be that of the picture: the difference on one, of each model on two; one from a file stays.

        On stage there is none, as a case brings none: a step looks the same whether its models ran here or not.
        """
        session, shown = self._session, self._shown
        now = session.overlays.value_map
        if shown is None or (now is not None and not now.made_by):
            return
        results = session.results
        apart = session.view is not None and session.view.comparison is Comparison.DIFFERENCE
        staged = session.workspace is Workspace.PRESENT
        own = None if staged else self._difference if apart else results[shown[0]].value_map
        if own is not now:
            session.overlays = evolve(session.overlays, value_map=own)
        theirs = None if staged else results[shown[1]].value_map
        self._other.overlays = evolve(self._other.overlays, value_map=theirs)

    def _workspace_changed(self, *_: object) -> None:
        self._lay_over()
        self._said_otherwise()

    def _said_otherwise(self, *_: object) -> None:
        if self._shown is not None:
            self._rows = None
            self.changed.emit()

    def _tell(self) -> None:
        self._rows = None
        self.changed.emit()


def _of_models(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(f for f in findings if f.source.kind is SourceKind.MODEL)
