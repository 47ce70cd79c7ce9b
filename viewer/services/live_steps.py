"""Steps that run a model on stage: what it finds takes the recorded result's place, or that one says that it is."""

from __future__ import annotations

import threading
from enum import Enum
from typing import TYPE_CHECKING

from psygnal import Signal

from viewer.domain.finding import SourceKind
from viewer.domain.going_on import going_on
from viewer.domain.session import Workspace

if TYPE_CHECKING:
    from viewer.domain.errors import CaseStageError
    from viewer.domain.finding import Finding
    from viewer.domain.model_card import ModelCard
    from viewer.domain.session import Session
    from viewer.domain.walkthrough import Case, Step
    from viewer.inference.result import RunResult
    from viewer.services.finding_run import FindingRun
    from viewer.services.jobs import JobRunner
    from viewer.services.navigation import Navigation
    from viewer.services.player import Player


class LiveStage(Enum):
    """Where a live run is."""

    NONE = "none"
    COMING = "coming"
    ASKED = "waits for the key"
    RUNNING = "running"
    LIVE = "live"
    RECORDED = "recorded"


class LiveSteps:
    """Runs the model of the step that is shown, once it is shown. `changed` tells that what is said of it is different.

    What was recorded is not shown meanwhile. Where the model is not through in the step's time, fails, or is not here,
    it is stopped and the recorded result is shown. Leaving the step brings the recorded result back for the others, so
    that each lands where it was rehearsed.
    """

    changed = Signal()

    def __init__(
        self, session: Session, player: Player, navigation: Navigation, run: FindingRun, runner: JobRunner
    ) -> None:
        self._session, self._player, self._navigation = session, player, navigation
        self._run, self._runner = run, runner
        self._step: Step | None = None
        self._case: Case | None = None
        self._stage = LiveStage.NONE
        self._seconds = 0.0
        self._why = ""
        self._recorded: tuple[Finding, ...] = ()
        self._timer: threading.Timer | None = None
        self._listing = False
        player.changed.connect(self._follow)
        navigation.arrived.connect(self._arrived)
        session.workspace_changed.connect(self._arrived)
        session.volume_changed.connect(self._follow)
        session.patches_changed.connect(self._through)
        run.listed.connect(self._listed)

    @property
    def stage(self) -> LiveStage:
        """Where the run of the step is; NONE on steps that run nothing."""
        return self._stage

    @property
    def model_name(self) -> str:
        """The name of the step's model, or its id where that is not known; "" on steps that run nothing."""
        live = self._step.live if self._step is not None else None
        if live is None:
            return ""
        if not self._run.known:
            return "The model"
        cards = self._run.models()
        return next((card.name for card in cards if card.id == live.model_id), live.model_id)

    @property
    def words(self) -> str:
        """What is said of it: "Live, 0.8 s", "Recorded · it took longer than 6 s"; "" on steps that run nothing."""
        match self._stage:
            case LiveStage.COMING | LiveStage.NONE:
                return ""
            case LiveStage.ASKED:
                return f"L runs {self.model_name if self._run.known else 'the model'}"
            case LiveStage.RUNNING:
                patches = self._session.patches
                parts = len(patches.boxes_lps_mm) if patches is not None else 0
                far = f" · {patches.done} of {parts}" if patches is not None and parts > 1 else ""
                return f"{self.model_name} is running live{far}"
            case LiveStage.LIVE:
                return f"Live, {self._seconds:.1f} s"
        label = "Recorded" if self._recorded else "No result"
        return f"{label} · {self._why}" if self._why else label

    def start(self) -> None:
        """Run the step's model now: for the first time, or once more."""
        if self._stage in (LiveStage.ASKED, LiveStage.LIVE, LiveStage.RECORDED):
            self._begin()

    def close(self) -> None:
        """Stop; nothing is shown afterwards."""
        self._stop_timer()
        self._step = None

    # --- following the story

    def _follow(self, *_: object) -> None:
        session, step = self._session, self._player.step
        shown = session.workspace is Workspace.PRESENT and session.volume is not None and not session.volume.preview
        if not shown:
            step = None
        if step is not self._step or session.case is not self._case:
            self._leave()
            self._step, self._case = step, session.case
            if step is not None and step.live is not None:
                self._recorded = session.findings
                session.awaited = True
                self._to(LiveStage.COMING)

    def _arrived(self, *_: object) -> None:
        self._follow()
        if self._stage is LiveStage.COMING and not self._navigation.moving and not self._player.asking.open:
            live = self._step.live if self._step is not None else None
            if live is not None and live.on_key:
                self._to(LiveStage.ASKED)
            else:
                self._begin()

    def _begin(self) -> None:
        step, volume = self._step, self._session.volume
        if step is None or step.live is None or volume is None:
            return
        self._session.awaited = True
        self._start_timer(step.live.most_s)
        self._to(LiveStage.RUNNING)
        if self._run.known:
            self._compute()
        elif not self._listing:
            # Finding out which models are here takes a moment; the stage does not wait for it.
            self._listing = True
            self._run.look_for_models()

    def _listed(self) -> None:
        if self._listing and self._stage is LiveStage.RUNNING and not self._run.running:
            self._compute()
        self._listing = False

    def _compute(self) -> None:
        step = self._step
        assert step is not None
        assert step.live is not None

        def done(_card: ModelCard, result: RunResult) -> None:
            if self._step is step and self._stage is LiveStage.RUNNING:
                self._show(result)

        def failed(_card: ModelCard | None, error: CaseStageError) -> None:
            if self._step is step and self._stage is LiveStage.RUNNING:
                self._fall_back(going_on(error.sentence.rstrip(".")))

        self._run.compute(step.live.model_id, done, failed, again=True)

    def _show(self, result: RunResult) -> None:
        self._stop_timer()
        self._seconds = result.seconds
        marks = tuple(f for f in self._recorded if f.source.kind is SourceKind.READER)
        self._session.findings = (*sorted(result.findings, key=lambda f: f.order), *marks)
        self._session.awaited = False
        self._to(LiveStage.LIVE)

    def _fall_back(self, why: str) -> None:
        self._stop_timer()
        self._why = why
        self._run.cancel()
        self._session.findings = self._recorded
        self._session.awaited = False
        self._to(LiveStage.RECORDED)

    def _leave(self) -> None:
        if self._stage is LiveStage.NONE:
            return
        before, self._stage = self._stage, LiveStage.NONE
        self._stop_timer()
        if before is LiveStage.RUNNING:
            self._run.cancel()
        if self._session.case is self._case and self._session.volume is not None:
            self._session.findings = self._recorded
        self._session.awaited = False
        self._recorded, self._why = (), ""
        self.changed.emit()

    def _through(self, *_: object) -> None:
        if self._stage is LiveStage.RUNNING:
            self.changed.emit()

    # --- time

    def _start_timer(self, most_s: float) -> None:
        self._stop_timer()
        timer = threading.Timer(most_s, lambda: self._runner.deliver(lambda: self._late(timer, most_s)))
        timer.daemon = True
        self._timer = timer
        timer.start()

    def _late(self, timer: threading.Timer, most_s: float) -> None:
        if timer is self._timer and self._stage is LiveStage.RUNNING:
            self._fall_back(f"the live run took longer than {most_s:g} s")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _to(self, stage: LiveStage) -> None:
        self._stage = stage
        self.changed.emit()
