"""Runs a model on the open volume and puts what it found into the session."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve
from psygnal import Signal

from viewer.domain.errors import CaseStageError, ModelError, ModelRefusedError
from viewer.domain.finding import SourceKind
from viewer.domain.overlay_look import MapLook
from viewer.services.jobs import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from viewer.domain.job import JobContext
    from viewer.domain.model_card import ModelCard
    from viewer.domain.overlays import ValueMap
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Manifest
    from viewer.inference.result import RunResult
    from viewer.services.jobs import Job, JobRunner


class FindingRun:
    """One model run at a time. Signals are emitted on the main thread.

    What models need is loaded when they are first asked for, not before the window is there. `listed` is emitted when
    the models have been looked for;
    `busy` carries Progress, or None when nothing runs; `part_done` the corners (LPS mm, shape (8, 3)) of each part of
    the volume that the model is through with; `refused` the card and the sentence of a model that was not made for
    this volume; `done` the findings; `told` what else there is to say of the run, in sentences; `failed` an error to
    show. `result` is what the last run gave for the open volume.
    """

    listed = Signal()
    busy = Signal(object)
    part_done = Signal(object)
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
        self._manifests: tuple[Manifest, ...] | None = None
        self.problems: tuple[CaseStageError, ...] = ()
        self.result: RunResult | None = None
        session.volume_changed.connect(self._forget)

    def models(self) -> tuple[ModelCard, ...]:
        """Return the cards of the models on this machine; `problems` says what is wrong with others."""
        from viewer.inference.manifest import Manifest, card
        from viewer.inference.models import installed_models

        if self._manifests is None:
            found = installed_models(self._folders)
            self._manifests = tuple(m for m in found if isinstance(m, Manifest))
            self.problems = tuple(m for m in found if isinstance(m, CaseStageError))
        return tuple(card(m) for m in self._manifests)

    def look_for_models(self) -> None:
        """Find out in the background which models are on this machine; `listed` tells when that is known."""
        self._runner.run(lambda _ctx: self.models(), done=lambda _cards: self.listed.emit(), failed=self.failed.emit)

    @property
    def running(self) -> bool:
        """True while a model runs."""
        return self._job is not None

    def start(self, model_id: str, *, anyway: bool = False) -> None:
        """Run a model on the open volume; `anyway` overrides its manifest's refusal.

        A recorded result is shown where there is one. Where one of this model is shown already, it is computed anew
        and compared.
        """
        self.cancel()
        volume = self._session.volume
        if volume is None or volume.preview:
            words = "The images are still being read." if volume is not None else "No volume is open yet."
            self.failed.emit(ModelError(words, "Wait until all of them are in, then run again."))
            return
        cards = self.models()
        index = next((n for n, c in enumerate(cards) if c.id == model_id), None)
        if index is None or self._manifests is None:
            self.failed.emit(ModelError(f"There is no model called “{model_id}” here."))
            return
        self._job = self._runner.run(
            partial(
                _run,
                self._manifests[index],
                volume,
                self._records,
                again=any(f.recorded and f.source.model_id == model_id for f in self._session.findings),
                anyway=anyway,
                on_part=self._part_is_done,
            ),
            done=partial(self._finish, cards[index], volume),
            failed=partial(self._fail, cards[index]),
            progress=self.busy.emit,
            lane=Lane.ALONE,
        )

    def cancel(self) -> None:
        """Stop the running model; the findings stay as they were."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
            self.busy.emit(None)

    def _forget(self) -> None:
        self.result = None
        self.cancel()

    def _part_is_done(self, corners_lps_mm: NDArray[np.float64]) -> None:
        """Tell on the main thread; called from the job's."""
        self._runner.deliver(lambda: self.part_done.emit(corners_lps_mm) if self.running else None)

    def _finish(self, model: ModelCard, volume: Volume, result: RunResult) -> None:
        self._job = None
        self.busy.emit(None)
        findings = result.findings
        session = self._session
        if session.volume is not volume:
            return
        if session.view is not None:
            session.view = evolve(session.view, threshold=model.default_threshold)
        self._lay_over(result.value_map)
        marks = tuple(f for f in session.findings if f.source.kind is SourceKind.READER)
        session.findings = (*sorted(findings, key=lambda f: f.order), *marks)
        self.result = result
        self.done.emit(findings)
        words = list(result.notes)
        if result.comparison:
            words.insert(0, result.comparison)
        if result.recorded:
            words.append(f"Recorded on {result.recorded_at[:10]}. Run {model.name} again to compute it anew.")
        if words:
            self.told.emit(" ".join(words))

    def _lay_over(self, made: ValueMap | None) -> None:
        """Let the model's map be there to be looked at, not yet drawn; one that the user opened stays."""
        session, before = self._session, self._session.overlays.value_map
        if before is not None and not before.made_by:
            return
        session.overlays = evolve(session.overlays, value_map=made)
        if made is not None and session.view is not None:
            session.view = evolve(session.view, map_look=MapLook(shown=False))

    def _fail(self, model: ModelCard, error: CaseStageError) -> None:
        self._job = None
        self.busy.emit(None)
        if isinstance(error, ModelRefusedError):
            self.refused.emit(model, error.sentence)
        else:
            self.failed.emit(error)


def _run(
    manifest: Manifest,
    volume: Volume,
    records: Path,
    ctx: JobContext,
    *,
    again: bool,
    anyway: bool,
    on_part: Callable[[NDArray[np.float64]], None],
) -> RunResult:
    from viewer.inference.recalled import run_or_recall
    from viewer.inference.run_records import RunRecords

    return run_or_recall(manifest, volume, ctx, RunRecords(records), again=again, anyway=anyway, on_patch=on_part)
