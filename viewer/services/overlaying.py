"""Lays segmentations and maps over the open series, in the background, and lets go of them with it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve
from psygnal import Signal

from viewer.domain.errors import GeometryError
from viewer.domain.overlay_look import MapLook
from viewer.domain.overlays import Overlays, Segmentation
from viewer.domain.view_state import OverlayMode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.errors import CaseStageError
    from viewer.domain.job import JobContext
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.services.jobs import Job, JobRunner
    from viewer.services.overlay_files import Laid

    Read = Callable[[Path, Volume, JobContext], Laid]


class Overlaying:
    """Opens what is laid over the session's volume. Signals are emitted on the main thread.

    `busy` carries Progress, or None when nothing runs; `failed` an error to show; `told` a sentence about what was
    opened.
    """

    busy = Signal(object)
    failed = Signal(object)
    told = Signal(str)

    def __init__(self, session: Session, runner: JobRunner) -> None:
        self._session = session
        self._runner = runner
        self._job: Job | None = None
        session.volume_changed.connect(self._volume_changed)

    def open_labels(self, path: Path) -> None:
        """Open a segmentation over the series; it takes the place of one that is there."""

        def read(path: Path, volume: Volume, ctx: JobContext) -> Laid:
            from viewer.services.overlay_files import read_labels

            return read_labels(path, volume, ctx)

        self._open(path, read)

    def open_map(self, path: Path) -> None:
        """Open a map of values over the series; it takes the place of one that is there."""

        def read(path: Path, volume: Volume, ctx: JobContext) -> Laid:
            from viewer.services.overlay_files import read_map

            return read_map(path, volume, ctx)

        self._open(path, read)

    def close_labels(self) -> None:
        """Take the segmentation away again."""
        self._session.overlays = evolve(self._session.overlays, segmentation=None)

    def close_map(self) -> None:
        """Take the map away again."""
        self._session.overlays = evolve(self._session.overlays, value_map=None)

    def cancel(self) -> None:
        """Stop opening; what is there stays."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
            self.busy.emit(None)

    def _open(self, path: Path, read: Read) -> None:
        self.cancel()
        volume = self._session.volume
        if volume is None:
            self.failed.emit(GeometryError("There is no series to lay it over.", "Open the CT first."))
            return
        self._job = self._runner.run(
            partial(read, path, volume),
            done=partial(self._laid, volume),
            failed=self._fail,
            progress=self.busy.emit,
        )

    def _laid(self, volume: Volume, laid: Laid) -> None:
        self._job = None
        self.busy.emit(None)
        session, view = self._session, self._session.view
        if session.volume is not volume:
            return
        if isinstance(laid.what, Segmentation):
            session.overlays = evolve(session.overlays, segmentation=laid.what)
        else:
            session.overlays = evolve(session.overlays, value_map=laid.what)
        if view is not None:
            # What was opened is seen; its threshold is in the map's own unit.
            look = view.map_look if isinstance(laid.what, Segmentation) else MapLook()
            shown = OverlayMode.OUTLINE if view.overlay is OverlayMode.OFF else view.overlay
            session.view = evolve(view, overlay=shown, map_look=look)
        if laid.note:
            self.told.emit(laid.note)

    def _fail(self, error: CaseStageError) -> None:
        self._job = None
        self.busy.emit(None)
        self.failed.emit(error)

    def _volume_changed(self, new: Volume | None, old: Volume | None) -> None:
        if new is not None and old is not None and new.stack is old.stack:
            return
        self.cancel()
        self._session.overlays = Overlays()
