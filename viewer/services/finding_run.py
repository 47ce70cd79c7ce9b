"""Runs a model on the open volume and puts what it found into the session."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve
from psygnal import Signal

from viewer.domain.errors import CaseStageError, ModelError, ModelRefusedError
from viewer.domain.finding import SourceKind
from viewer.domain.model_result import ModelResult
from viewer.domain.overlay_look import MapLook
from viewer.services.jobs import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

    from viewer.domain.job import JobContext
    from viewer.domain.model_card import ModelCard
    from viewer.domain.overlays import ValueMap
    from viewer.domain.patches import Patches
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Manifest
    from viewer.inference.process import ModelProcess
    from viewer.inference.result import RunResult
    from viewer.services.jobs import Job, JobRunner


class FindingRun:
    """One model run at a time. Signals are emitted on the main thread.

    What models need is loaded when they are first asked for, not before the window is there. `listed` is emitted when
    the models have been looked for; `busy` carries Progress, or None when nothing runs; what the model is through with
    stands in the session's `patches` meanwhile; `refused` carries the card and the sentence of a model that was not
    made for this volume; `done` the findings; `told` what else there is to say of the run, in sentences; `failed` an
    error to show. `result` is what the last run gave for the open volume, `last` the model that ran last on any;
    `beside` says what else is to be told of a model that ran, "" for nothing, and is given the hashes of the others.
    """

    listed = Signal()
    busy = Signal(object)
    told = Signal(str)
    refused = Signal(object, str)
    done = Signal(object)
    failed = Signal(object)

    def __init__(self, session: Session, runner: JobRunner, folders: Iterable[Path], records: Path) -> None:
        self._session = session
        self._runner = runner
        self._folders = tuple(folders)
        self._records = records
        self._job: Job | None = None
        self._ready: ModelProcess | None = None
        self._starting = False
        self._manifests: tuple[Manifest, ...] | None = None
        self.problems: tuple[CaseStageError, ...] = ()
        self.result: RunResult | None = None
        self.last: ModelCard | None = None
        self.beside: Callable[[ModelCard, Collection[str]], str] = lambda _ran, _others: ""
        session.volume_changed.connect(self._forget)

    def models(self) -> tuple[ModelCard, ...]:
        """Return the cards of the models on this machine; `problems` says what is wrong with others."""
        from viewer.inference.installed import installed_models
        from viewer.inference.manifest import Manifest, card

        if self._manifests is None:
            found = installed_models(self._folders)
            self._manifests = tuple(m for m in found if isinstance(m, Manifest))
            self.problems = tuple(m for m in found if isinstance(m, CaseStageError))
        return tuple(card(m) for m in self._manifests)

    def look_for_models(self) -> None:
        """Find out in the background which models are on this machine; `listed` tells when that is known."""
        self._runner.run(lambda _ctx: self.models(), done=lambda _cards: self.listed.emit(), failed=self.failed.emit)

    def look_again(self) -> None:
        """Find out anew which models are on this machine, once one was added."""
        self._manifests = None
        self.look_for_models()

    @property
    def known(self) -> bool:
        """True once it is known which models are on this machine."""
        return self._manifests is not None

    @property
    def running(self) -> bool:
        """True while a model runs."""
        return self._job is not None

    def start(self, model_id: str, *, anyway: bool = False) -> None:
        """Run a model on the open volume; `anyway` overrides its manifest's refusal.

        A recorded result is shown where there is one. Where one of this model is shown already, it is computed anew
        and compared.
        """
        again = any(f.recorded and f.source.model_id == model_id for f in self._session.findings)
        self.compute(model_id, self._finish, self._fail, again=again, anyway=anyway)

    def start_last(self) -> None:
        """Run the model that ran last on the open volume."""
        if self.last is not None:
            self.start(self.last.id)

    def compute(
        self,
        model_id: str,
        done: Callable[[ModelCard, RunResult], None],
        failed: Callable[[ModelCard | None, CaseStageError], None],
        *,
        again: bool = False,
        anyway: bool = False,
    ) -> None:
        """Run a model on the open volume, or recall what it said, and give `done` the result; nothing else changes.

        What runs now is cancelled first. A result that comes when another volume is open is dropped.

        Parameters
        ----------
        failed
            Told why there is no result, on the main thread; without a card where there is no such model.
        again
            Run also where there is a recorded result.
        """
        self.cancel()
        volume = self._session.volume
        if volume is None or volume.preview:
            error = ModelError("The images are still being read.", "Wait until all of them are in, then run again.")
            failed(None, error if volume is not None else ModelError("No scan is open.", "Open one, then run again."))
            return
        cards = self.models()
        index = next((n for n, c in enumerate(cards) if c.id == model_id), None)
        if index is None or self._manifests is None:
            failed(None, ModelError(f"There is no model called “{model_id}” here."))
            return
        process, self._ready = self._ready, None
        card = cards[index]

        def keep_process() -> None:
            # It was not asked anything where the result is a recorded one, or the model refused.
            if process is not None and process.usable:
                self._ready = process

        def come(result: RunResult) -> None:
            keep_process()
            self._end()
            if self._session.volume is volume:
                done(card, result)

        def fail(error: CaseStageError) -> None:
            keep_process()
            self._end()
            failed(card, error)

        self._job = job = self._runner.run(
            partial(
                _run,
                self._manifests[index],
                volume,
                self._records,
                again=again,
                anyway=anyway,
                process=process,
                on_patches=lambda patches: self._runner.deliver(lambda: self._through(job, patches)),
            ),
            done=come,
            failed=fail,
            progress=self.busy.emit,
            lane=Lane.ALONE,
        )

    def get_ready(self) -> None:
        """Start the process that the next run will use, in the background: a run then begins at once."""
        if self._starting or (self._ready is not None and self._ready.usable):
            return
        self._starting = True

        def started(process: ModelProcess) -> None:
            self._starting, self._ready = False, process

        def failed(_error: CaseStageError) -> None:
            # The run itself will say so.
            self._starting = False

        self._runner.run(_started, done=started, failed=failed)

    def cancel(self) -> None:
        """Stop the running model; the findings stay as they were."""
        if self._job is not None:
            self._job.cancel()
            self._end()

    def close(self) -> None:
        """Stop the running model, and let go of the process that waits for the next one."""
        self.cancel()
        if self._ready is not None:
            self._ready.end()
            self._ready = None

    def _end(self) -> None:
        self._job = None
        self._session.patches = None
        self.busy.emit(None)

    def _forget(self) -> None:
        self.result = None
        self.cancel()

    def _through(self, job: Job, patches: Patches) -> None:
        if self._job is job:
            self._session.patches = patches

    def _finish(self, model: ModelCard, result: RunResult) -> None:
        findings = result.findings
        session, self.last = self._session, model
        if session.view is not None:
            session.view = evolve(session.view, threshold=model.default_threshold)
        self._lay_over(result.value_map)
        session.results = {**session.results, model.id: result_in(model, result)}
        marks = tuple(f for f in session.findings if f.source.kind is SourceKind.READER)
        session.findings = (*sorted(findings, key=lambda f: f.order), *marks)
        self.result = result
        self.done.emit(findings)
        words = [*result.notes, *([result.comparison] if result.comparison else [])]
        if result.recorded:
            words.append(f"Recorded on {result.recorded_on}. Run {model.name} again to compute it anew.")
        try:
            words.append(self.beside(model, {card.sha256 for card in self.models()} - {model.sha256}))
        except CaseStageError as error:
            self.failed.emit(error)
        if words := [*filter(None, words)]:
            self.told.emit(" ".join(words))

    def _lay_over(self, made: ValueMap | None) -> None:
        """Let the model's map be there to be looked at, not yet drawn; one that the user opened stays."""
        session, before = self._session, self._session.overlays.value_map
        if before is not None and not before.made_by:
            return
        session.overlays = evolve(session.overlays, value_map=made)
        if made is not None and session.view is not None:
            session.view = evolve(session.view, map_look=MapLook(shown=False))

    def _fail(self, model: ModelCard | None, error: CaseStageError) -> None:
        if isinstance(error, ModelRefusedError):
            self.refused.emit(model, error.sentence)
        else:
            self.failed.emit(error)


def result_in(model: ModelCard, result: RunResult) -> ModelResult:
    """Return what a run gave, as the session keeps it."""
    return ModelResult(
        model.id, model.name, tuple(sorted(result.findings, key=lambda f: f.order)), model.default_threshold,
        result.value_map, recorded=result.recorded, source=model.source,
    )  # fmt: skip


def _run(
    manifest: Manifest,
    volume: Volume,
    records: Path,
    ctx: JobContext,
    *,
    again: bool,
    anyway: bool,
    process: ModelProcess | None,
    on_patches: Callable[[Patches], None],
) -> RunResult:
    from viewer.inference.recalled import run_or_recall
    from viewer.inference.run_records import RunRecords

    return run_or_recall(
        manifest, volume, ctx, RunRecords(records), again=again, anyway=anyway, process=process, on_patches=on_patches
    )


def _started(_ctx: JobContext) -> ModelProcess:
    from viewer.inference.process import ModelProcess

    return ModelProcess()
