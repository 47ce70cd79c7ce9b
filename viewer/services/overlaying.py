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
from viewer.services.aligning import share_frame
from viewer.services.laid_files import LaidFiles, LaidKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from viewer.domain.errors import CaseStageError
    from viewer.domain.job import JobContext
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.services.jobs import Job, JobRunner
    from viewer.services.overlay_files import Laid
    from viewer.services.settings import Choices, Settings


class Overlaying:
    """Opens what is laid over the session's volume. Signals are emitted on the main thread.

    `busy` carries Progress, or None when nothing runs; `failed` an error to show; `told` a sentence about what was
    opened.

    Parameters
    ----------
    files
        Remembers what lies over which series, for both of two that are compared.
    settings
        Says whether labels have the colours that their file recommends.
    story
        The session whose case, while one is open, is told as it was made: nothing else is laid over it by itself.
    """

    busy = Signal(object)
    failed = Signal(object)
    told = Signal(str)

    def __init__(
        self,
        session: Session,
        runner: JobRunner,
        files: LaidFiles | None = None,
        settings: Settings | None = None,
        story: Session | None = None,
    ) -> None:
        self._session = session
        self._runner = runner
        self._settings = settings
        if settings is not None:
            settings.changed.connect(self._recolour)
        self._files, self._story = files or LaidFiles(), story or session
        self._job: Job | None = None
        session.volume_changed.connect(self._volume_changed)
        self._files.laid.connect(self._laid_elsewhere)

    def open_labels(self, path: Path) -> None:
        """Open a segmentation over the series; it takes the place of one that is there."""
        self._open(path, LaidKind.LABELS)

    def open_map(self, path: Path) -> None:
        """Open a map of values over the series; it takes the place of one that is there."""
        self._open(path, LaidKind.MAP)

    def lay_again(self) -> None:
        """Lay over the series what lay over it, or over another one of its frame of reference, and was not closed."""
        volume, there = self._session.volume, self._session.overlays
        if volume is None or volume.preview or self._story.case is not None:
            return
        free = [LaidKind.LABELS] if there.segmentation is None else []
        # Two models that are compared bring a map of each.
        free += [LaidKind.MAP] if there.value_map is None and not self._session.is_second else []
        known = [(path, kind) for kind in free if (path := self._files.over(volume, kind)) is not None]
        if known:
            self._open(*known[0], then=known[1:], by_itself=True)

    @property
    def in_file_colours(self) -> bool:
        """True where labels have the colours that their file recommends."""
        return self._settings is not None and self._settings.now.label_colours_of_file

    def close_labels(self) -> None:
        """Take the segmentation away again."""
        self._session.overlays = evolve(self._session.overlays, segmentation=None)
        self._forget(LaidKind.LABELS)

    def close_map(self) -> None:
        """Take the map away again."""
        self._session.overlays = evolve(self._session.overlays, value_map=None)
        self._forget(LaidKind.MAP)

    def cancel(self) -> None:
        """Stop opening; what is there stays."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
            self.busy.emit(None)

    def _recolour(self, _new: Choices, _old: Choices) -> None:
        over = self._session.overlays
        if over.segmentation is not None:
            recoloured = over.segmentation.in_file_colours(self.in_file_colours)
            if recoloured is not over.segmentation:
                self._session.overlays = evolve(over, segmentation=recoloured)

    def _forget(self, kind: LaidKind) -> None:
        if self._session.volume is not None:
            self._files.forget(self._session.volume, kind)

    def _open(
        self,
        path: Path,
        kind: LaidKind,
        *,
        then: Sequence[tuple[Path, LaidKind]] = (),
        by_itself: bool = False,
    ) -> None:
        """Open a file, `then` others; of those that are laid over a series again by themselves nothing is said."""
        self.cancel()
        volume = self._session.volume
        if volume is None:
            self.failed.emit(GeometryError("There is no series to lay it over.", "Open the CT first."))
            return

        def done(laid: Laid | None) -> None:
            self._job = None
            self.busy.emit(None)
            if laid is not None and self._session.volume is volume:
                self._laid(laid, by_itself=by_itself)
                if not by_itself and self._story.case is None:
                    self._files.keep(volume, kind, path)
            if then and self._session.volume is volume:
                self._open(*then[0], then=then[1:], by_itself=by_itself)

        def failed(error: CaseStageError) -> None:
            if by_itself:
                # It lies over another series of this frame of reference, and not over this one.
                done(None)
            else:
                self._fail(error)

        self._job = self._runner.run(
            partial(_read, path, kind, volume), done=done, failed=failed, progress=self.busy.emit
        )

    def _laid(self, laid: Laid, *, by_itself: bool) -> None:
        session, view = self._session, self._session.view
        if isinstance(laid.what, Segmentation):
            segmentation = laid.what.in_file_colours(self.in_file_colours)
            session.overlays = evolve(session.overlays, segmentation=segmentation)
        else:
            session.overlays = evolve(session.overlays, value_map=laid.what)
        if by_itself:
            return
        if view is not None:
            # What was opened is seen; its threshold is in the map's own unit.
            look = view.map_look if isinstance(laid.what, Segmentation) else MapLook()
            shown = OverlayMode.OUTLINE if view.overlay is OverlayMode.OFF else view.overlay
            session.view = evolve(view, overlay=shown, map_look=look)
        if laid.note:
            self.told.emit(laid.note)

    def _laid_elsewhere(self, over: Volume) -> None:
        """Show on this side of two that are compared what was laid over the other one."""
        here = self._session.volume
        if here is not None and here is not over and share_frame(here, over):
            self.lay_again()

    def _fail(self, error: CaseStageError) -> None:
        self._job = None
        self.busy.emit(None)
        self.failed.emit(error)

    def _volume_changed(self, new: Volume | None, old: Volume | None) -> None:
        if new is not None and old is not None and new.stack is old.stack:
            return
        self.cancel()
        self._session.overlays = Overlays()


def _read(path: Path, kind: LaidKind, volume: Volume, ctx: JobContext) -> Laid:
    # Slow to load, and few series have anything laid over them.
    from viewer.services.overlay_files import read_labels, read_map

    return read_labels(path, volume, ctx) if kind is LaidKind.LABELS else read_map(path, volume, ctx)
