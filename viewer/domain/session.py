"""The only mutable object: what is open, what was found and decided, and what is looked at."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from viewer.domain.finding import Finding, Matching, MatchRule, Truth, lesions_of
from viewer.domain.model_result import anything_said
from viewer.domain.overlays import Overlays
from viewer.domain.sturdy_signal import sturdy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psygnal import SignalInstance

    from viewer.domain.decision import Decision
    from viewer.domain.measurement import Measurement
    from viewer.domain.model_result import ModelResult
    from viewer.domain.patches import Patches
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case

Value = TypeVar("Value")


class Workspace(StrEnum):
    """The four places of the program."""

    LIBRARY = "library"
    PRESENT = "present"
    REVIEW = "review"
    INSPECT = "inspect"


class Session:
    """Holds frozen values; setting one emits one signal `(new, old)`, an equal value emits nothing.

    Touched by the main thread only. `is_second` is True of the session that stands beside another one. `findings` are
    what the model or readers say, best first; `truth` is what is known to be there; `decisions` are by finding id.
    """

    workspace_changed = sturdy(object, object)
    case_changed = sturdy(object, object)
    volume_changed = sturdy(object, object)
    slices_in_changed = sturdy(object, object)
    findings_changed = sturdy(object, object)
    truth_changed = sturdy(object, object)
    matching_changed = sturdy(object, object)
    match_rule_changed = sturdy(object, object)
    decisions_changed = sturdy(object, object)
    view_changed = sturdy(object, object)
    reader_changed = sturdy(object, object)
    masked_changed = sturdy(object, object)
    step_changed = sturdy(object, object)
    measurements_changed = sturdy(object, object)
    measurement_in_hand_changed = sturdy(object, object)
    overlays_changed = sturdy(object, object)
    veiled_changed = sturdy(object, object)
    measured_on_stage_changed = sturdy(object, object)
    awaited_changed = sturdy(object, object)
    patches_changed = sturdy(object, object)
    results_changed = sturdy(object, object)

    def __init__(self, *, second: bool = False) -> None:
        self.is_second = second
        self._workspace = Workspace.LIBRARY
        self._case: Case | None = None
        self._volume: Volume | None = None
        self._slices_in = 0
        self._findings: tuple[Finding, ...] = ()
        self._truth: Truth | None = None
        self._matching: Matching | None = None
        self._match_rule = MatchRule()
        self._decisions: Mapping[str, Decision] = MappingProxyType({})
        self._view: ViewState | None = None
        self._reader = ""
        self._masked = False
        self._step: int | None = None
        self._measurements: tuple[Measurement, ...] = ()
        self._measurement_in_hand: str | None = None
        self._overlays = Overlays()
        self._veiled = False
        self._measured_on_stage = False
        # True while the layout is nobody's choice for other scans too: one view is maximised, or rules chose it.
        self.layout_passes = False
        # True while the view is only fitted to where it is shown: nobody has moved it.
        self.view_fitting = False
        self._awaited = False
        self._patches: Patches | None = None
        self._results: Mapping[str, ModelResult] = MappingProxyType({})
        # The readers' marks of the open case: they stay what they are in it, whatever was marked on its series here.
        self.carried: tuple[Finding, ...] = ()

    def _set(self, name: str, new: Any, signal: SignalInstance) -> None:
        old = getattr(self, name)
        if new is old or new == old:
            return
        setattr(self, name, new)
        signal.emit(new, old)

    @property
    def workspace(self) -> Workspace:
        """The place that is shown."""
        return self._workspace

    @workspace.setter
    def workspace(self, new: Workspace) -> None:
        if new is not Workspace.PRESENT:
            self.measured_on_stage = False
        self._set("_workspace", new, self.workspace_changed)

    @property
    def case(self) -> Case | None:
        """The open case, or None where a plain series is open."""
        return self._case

    @case.setter
    def case(self, new: Case | None) -> None:
        if new != self._case:
            self.measured_on_stage = False
        self._set("_case", new, self.case_changed)

    @property
    def volume(self) -> Volume | None:
        """The open volume."""
        return self._volume

    @volume.setter
    def volume(self, new: Volume | None) -> None:
        self._set("_volume", new, self.volume_changed)

    @property
    def slices_in(self) -> int:
        """How many slices of a volume that is still being read were in when last looked at."""
        return self._slices_in

    @slices_in.setter
    def slices_in(self, new: int) -> None:
        self._set("_slices_in", new, self.slices_in_changed)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the model and readers say, best first."""
        return self._findings

    @findings.setter
    def findings(self, new: tuple[Finding, ...]) -> None:
        self._set("_findings", new, self.findings_changed)

    @property
    def truth(self) -> Truth | None:
        """What is known to be there; None where nothing is known."""
        return self._truth

    @truth.setter
    def truth(self, new: Truth | None) -> None:
        self._set("_truth", new, self.truth_changed)

    @property
    def matching(self) -> Matching | None:
        """Findings held against truth at the view's threshold."""
        return self._matching

    @matching.setter
    def matching(self, new: Matching | None) -> None:
        self._set("_matching", new, self.matching_changed)

    @property
    def match_rule(self) -> MatchRule:
        """When a finding counts as having found a true lesion."""
        return self._match_rule

    @match_rule.setter
    def match_rule(self, new: MatchRule) -> None:
        self._set("_match_rule", new, self.match_rule_changed)

    @property
    def decisions(self) -> Mapping[str, Decision]:
        """What the reader said, by finding id; read-only."""
        return self._decisions

    @decisions.setter
    def decisions(self, new: Mapping[str, Decision]) -> None:
        self._set("_decisions", MappingProxyType(dict(new)), self.decisions_changed)

    @property
    def view(self) -> ViewState | None:
        """What is looked at."""
        return self._view

    @view.setter
    def view(self, new: ViewState | None) -> None:
        self._set("_view", new, self.view_changed)

    @property
    def reader(self) -> str:
        """The name under which decisions are kept; empty until asked."""
        return self._reader

    @reader.setter
    def reader(self, new: str) -> None:
        self._set("_reader", new, self.reader_changed)

    @property
    def masked(self) -> bool:
        """True where patient identity is not shown; Present hides it whatever this says."""
        return self._masked or self._workspace is Workspace.PRESENT

    @masked.setter
    def masked(self, new: bool) -> None:
        self._set("_masked", new, self.masked_changed)

    @property
    def step(self) -> int | None:
        """The step of the walkthrough that was shown last, from 0."""
        return self._step

    @step.setter
    def step(self, new: int | None) -> None:
        self._set("_step", new, self.step_changed)

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """What was measured on the open series, oldest first."""
        return self._measurements

    @measurements.setter
    def measurements(self, new: tuple[Measurement, ...]) -> None:
        self._set("_measurements", new, self.measurements_changed)

    @property
    def measured_on_stage(self) -> bool:
        """True where an audience was to see what was measured; ends with the case, and where the stage is left.

        A story is told alike on every computer, whatever was measured on it before.
        """
        return self._measured_on_stage

    @measured_on_stage.setter
    def measured_on_stage(self, new: bool) -> None:
        self._set("_measured_on_stage", new, self.measured_on_stage_changed)

    @property
    def measurement_in_hand(self) -> str | None:
        """The id of the measurement that is selected, to be pulled or removed."""
        return self._measurement_in_hand

    @measurement_in_hand.setter
    def measurement_in_hand(self, new: str | None) -> None:
        self._set("_measurement_in_hand", new, self.measurement_in_hand_changed)

    @property
    def measured_in_hand(self) -> Measurement | None:
        """The measurement that is selected."""
        return next((m for m in self._measurements if m.id == self._measurement_in_hand), None)

    @property
    def overlays(self) -> Overlays:
        """What was opened over the volume: labels of a segmentation, a map."""
        return self._overlays

    @overlays.setter
    def overlays(self, new: Overlays) -> None:
        self._set("_overlays", new, self.overlays_changed)

    @property
    def veiled(self) -> bool:
        """True while an audience is asked: findings, truth and what would give them away are not shown."""
        return self._veiled

    @veiled.setter
    def veiled(self, new: bool) -> None:
        self._set("_veiled", new, self.veiled_changed)

    @property
    def awaited(self) -> bool:
        """True while an audience watches a model at work: what was recorded of it is not shown."""
        return self._awaited

    @awaited.setter
    def awaited(self, new: bool) -> None:
        self._set("_awaited", new, self.awaited_changed)

    @property
    def patches(self) -> Patches | None:
        """What a model that runs on the volume looks at, and how far it is; None while none runs."""
        return self._patches

    @patches.setter
    def patches(self, new: Patches | None) -> None:
        self._set("_patches", new, self.patches_changed)

    @property
    def results(self) -> Mapping[str, ModelResult]:
        """What models said of the open volume, by model id; read-only."""
        return self._results

    @results.setter
    def results(self, new: Mapping[str, ModelResult]) -> None:
        self._set("_results", MappingProxyType(dict(new)), self.results_changed)

    @property
    def anything_said(self) -> bool:
        """True once a model or a reader has said what is there, be it nothing."""
        return anything_said(self._findings, self._results.values(), self._case)

    @property
    def second(self) -> ModelResult | None:
        """What the second of two compared models said; None where none are compared, or it has said nothing yet."""
        models = self._view.models if self._view is not None else None
        return self._results.get(models[1]) if models is not None else None

    @property
    def shown_findings(self) -> tuple[Finding, ...]:
        """Findings at or above the view's threshold whose label is not hidden; those without a score always.

        None of them while the session is veiled, or a model is awaited.
        """
        if self._veiled or self._awaited:
            return ()
        if self._view is None:
            return self._findings
        view = self._view
        return tuple(
            f
            for f in self._findings
            if (f.score is None or f.score >= view.threshold) and f.label_key not in view.hidden_labels
        )

    @property
    def selected(self) -> Finding | None:
        """The finding in hand: a finding or a truth."""
        return self.finding(self._view.selected_finding if self._view else None)

    @property
    def lesions(self) -> tuple[Finding, ...]:
        """The true lesions that are known; none where there is nothing to find, and where nothing is known."""
        return lesions_of(self._truth)

    def finding(self, wanted: str | None) -> Finding | None:
        """Return the finding or true lesion of an id; None where there is none."""
        return next((f for f in (*self._findings, *self.lesions) if f.id == wanted), None)
