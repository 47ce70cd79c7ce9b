"""Small pictures of listed series, made while nothing is being opened, for what is on screen first."""

from __future__ import annotations

import os
from collections import deque
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from viewer.domain.errors import CancelledError, CaseStageError
from viewer.io.index import NO_PICTURE
from viewer.io.scan import scan
from viewer.io.series_entry import SeriesEntry
from viewer.io.thumbnails import thumbnail
from viewer.services.jobs import Lane
from viewer.services.places_looking import matching

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from viewer.domain.job import JobContext, Progress
    from viewer.io.decoders import Decoders
    from viewer.io.index import LibraryIndex
    from viewer.io.index_rows import SeriesRow
    from viewer.services.jobs import Job, JobRunner
    from viewer.services.opening import Opening


class Pictures:
    """Pictures of series from the index, and the making of those that are missing.

    `ready` carries the id of a series whose picture is there now; emitted on the main thread.
    """

    ready = Signal(int)

    def __init__(self, index: LibraryIndex, runner: JobRunner, opening: Opening, decoders: Decoders) -> None:
        self._index = index
        self._runner = runner
        self._opening = opening
        self._decoders = decoders
        self._wanted: deque[int] = deque()
        self._job: Job | None = None
        opening.busy.connect(self._opening_busy)

    def of(self, series: int) -> NDArray[np.uint8] | None:
        """Return a picture, shape (h, w) grey; empty where none can be made, None where none was made yet."""
        return self._index.picture(series)

    def want(self, series: Iterable[int]) -> None:
        """Make pictures of these, in this order, in the place of what was wanted before."""
        self._wanted = deque(series)
        self._go_on()

    def _opening_busy(self, progress: Progress | None) -> None:
        if progress is not None and self._job is not None:
            self._job.cancel()
            self._job = None
        elif progress is None:
            self._go_on()

    def _go_on(self) -> None:
        if not self._wanted or self._opening.running or (self._job is not None and self._job.running):
            return
        self._job = self._runner.run(self._make, done=lambda _: self._go_on(), failed=lambda _: None, lane=Lane.PLACES)

    def _make(self, ctx: JobContext) -> None:
        home, entries = "", tuple[SeriesEntry, ...]()
        while self._wanted:
            ctx.stop_if_cancelled()
            try:
                ident = self._wanted.popleft()
            except IndexError:
                return
            row = self._index.series([ident]).get(ident)
            if row is None or self._index.picture(ident) is not None:
                continue
            if row.home != home:
                home, entries = row.home, self._entries(row, ctx)
            entry = matching(entries, row, self._index.studies([row.study]).get(row.study))
            if entry is None:
                continue
            try:
                pixels = thumbnail(entry, self._decoders)
            except CaseStageError:
                pixels = NO_PICTURE
            self._index.keep_picture(ident, pixels)
            self._runner.deliver(partial(self.ready.emit, ident))

    def _entries(self, row: SeriesRow, ctx: JobContext) -> tuple[SeriesEntry, ...]:
        path = Path(row.home)
        if not os.path.exists(path):
            return ()
        try:
            return scan(path, ctx, self._index.known_files(path)).series
        except CancelledError:
            raise
        except CaseStageError:
            return ()
