"""Studies and series on their way from archives: one after another, in the order in which they were asked for."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve, frozen
from psygnal import Signal

from viewer.domain.job import Progress
from viewer.io.archive.description import Archive
from viewer.services.jobs import Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.errors import CaseStageError
    from viewer.domain.job import JobContext
    from viewer.io.archive.retrieved import Retrieved
    from viewer.services.jobs import Job, JobRunner

_BEGINNING = Progress(0.0, 0.0, "Asking the archive")
_LOOK_EVERY_S = 0.05


@frozen
class Wanted:
    """A study to retrieve, or one series of it where `series_uid` is given."""

    archive: Archive
    study_uid: str
    series_uid: str = ""


class RetrieveQueue:
    """What comes from archives now, and what waits for it. Signals are emitted on the main thread.

    `busy` carries the Progress of what comes, or None when nothing does; `changed` tells that something else comes or
    waits; `retrieved` a Wanted, what came, and whether it was the only one that was asked for; `failed` a Wanted and an
    error. Whatever becomes of one, the next begins.

    Parameters
    ----------
    fetch
        Brings one; called in another thread.
    """

    busy = Signal(object)
    changed = Signal()
    retrieved = Signal(object, object, bool)
    failed = Signal(object, object)

    def __init__(self, runner: JobRunner, fetch: Callable[[Wanted, JobContext], Retrieved]) -> None:
        self._runner, self._fetch = runner, fetch
        self._waiting: list[Wanted] = []
        self._coming: Wanted | None = None
        self._job: Job | None = None
        self._progress = _BEGINNING
        self._in_a_row = 0
        # One that was stopped may still be closing its connections; a receiver listens at one port.
        self._turn = threading.Lock()

    @property
    def coming(self) -> Wanted | None:
        """What comes now."""
        return self._coming

    @property
    def fraction(self) -> float | None:
        """How much of what comes now is here, 0…1; None where that is not known."""
        return self._progress.fraction

    @property
    def waiting(self) -> tuple[Wanted, ...]:
        """What waits, in its order."""
        return tuple(self._waiting)

    def add(self, wanted: Wanted) -> None:
        """Bring something after all that was asked for before; what comes or waits already is not asked for twice."""
        if wanted == self._coming or wanted in self._waiting:
            return
        self._waiting.append(wanted)
        self._in_a_row += 1
        if self._coming is None:
            self._next()
        else:
            self._tell()

    def cancel(self, wanted: Wanted | None = None) -> None:
        """Stop what comes now, or something of what waits; what has arrived is kept, and the next begins."""
        if wanted is not None and wanted != self._coming:
            if wanted in self._waiting:
                self._waiting.remove(wanted)
                self._tell()
            return
        if self._job is not None:
            self._job.cancel()
        self._next()

    def cancel_all(self) -> None:
        """Stop everything."""
        self._waiting.clear()
        if self._coming is not None:
            self.cancel()

    def _next(self) -> None:
        self._job = self._coming = None
        if not self._waiting:
            self._in_a_row = 0
            self.busy.emit(None)
            self.changed.emit()
            return
        wanted = self._coming = self._waiting.pop(0)
        self._progress = _BEGINNING
        self._tell()
        self._job = self._runner.run(
            partial(self._bring, wanted),
            done=partial(self._done, wanted),
            failed=partial(self._lost, wanted),
            progress=self._on_its_way,
            lane=Lane.NETWORK,
        )

    def _bring(self, wanted: Wanted, ctx: JobContext) -> Retrieved:
        while not self._turn.acquire(timeout=_LOOK_EVERY_S):
            ctx.stop_if_cancelled()
        try:
            ctx.stop_if_cancelled()
            return self._fetch(wanted, ctx)
        finally:
            self._turn.release()

    def _done(self, wanted: Wanted, brought: Retrieved) -> None:
        alone = self._in_a_row == 1
        self._next()
        self.retrieved.emit(wanted, brought, alone)

    def _lost(self, wanted: Wanted, error: CaseStageError) -> None:
        self._next()
        self.failed.emit(wanted, error)

    def _on_its_way(self, progress: Progress) -> None:
        self._progress = progress
        self._tell_progress()

    def _tell(self) -> None:
        self._tell_progress()
        self.changed.emit()

    def _tell_progress(self) -> None:
        if self._coming is not None:
            more = f" · {len(self._waiting)} more to come" if self._waiting else ""
            self.busy.emit(evolve(self._progress, what=f"{self._progress.what}{more}"))
