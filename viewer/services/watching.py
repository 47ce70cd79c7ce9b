"""Watching folders: what arrives in them is listed once it is whole."""

from __future__ import annotations

import logging
import os
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define
from psygnal import Signal

from viewer.domain.errors import CaseStageError
from viewer.domain.job import JobContext
from viewer.io.folder_stamps import Stamp, folder_stamps
from viewer.io.index_rows import Place
from viewer.services.place_state import why_closed
from viewer.services.places_looking import look_again

if TYPE_CHECKING:
    from collections.abc import Iterable

    from viewer.io.index import LibraryIndex
    from viewer.services.jobs import Deliver

Stamps = dict[str, Stamp]

EVERY_S = 2.0
# Asking how a large folder is may take long; it gets no more than a twentieth of one core.
_SHARE = 20
# A folder in which something is written all the time is looked at nevertheless, without what is being written.
_LONGEST_WAIT_S = 60.0
_LONGEST_END_S = 5.0
_log = logging.getLogger(__name__)


@define
class _Watched:
    """One folder: how its files were at the last look, and when they were taken into the list last.

    None is before the first time: all may be gone that the list holds from an earlier start. `away` is why it cannot be
    read, "" where it is not there, and None where all is well.
    """

    place: Place
    seen: Stamps | None = None
    taken: Stamps | None = None
    changed_at: float | None = None
    away: str | None = None


class FolderWatch:
    """Looks at watched folders every two seconds, in a thread of its own that runs while any are watched.

    Polling, because network shares and many file systems tell nobody of changes. A file that is still growing waits
    until two looks found it the same, and with it the others of its folder. Signals are emitted on the main thread:
    `arrived` carries a place and what is different there (`Kept`); `vanished` a place and why it cannot be read, ""
    where it is not there; `returned` a place.

    Parameters
    ----------
    every_s
        Seconds between two looks; 0 where nobody looks but who calls `look`.
    """

    arrived = Signal(object, object)
    vanished = Signal(object, str)
    returned = Signal(object)

    def __init__(self, index: LibraryIndex, deliver: Deliver, every_s: float = EVERY_S) -> None:
        self._index = index
        self._deliver = deliver
        self._every_s = every_s
        self._watched: dict[int, _Watched] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def follow(self, places: Iterable[Place]) -> None:
        """Watch these places and no others."""
        with self._lock:
            before = self._watched
            self._watched = {place.id: before.get(place.id) or _Watched(place) for place in places}
            wanted = bool(self._watched)
        if wanted and self._every_s and self._thread is None and not self._stopped.is_set():
            self._thread = threading.Thread(target=self._run, name="casestage-watch", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Watch nothing any more, and wait until the thread is gone."""
        self._stopped.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            # A network place that does not answer must not keep the program from ending.
            thread.join(_LONGEST_END_S)

    def look(self) -> None:
        """Look at each watched folder once."""
        with self._lock:
            watched = tuple(self._watched.values())
        for one in watched:
            if self._stopped.is_set():
                return
            try:
                self._look(one)
            except CaseStageError:
                # Stopped, or what stands in the way will be met by whoever opens the place.
                continue
            except Exception as error:  # noqa: BLE001 - one folder must not end the watching of the others
                _log.error("looking at a watched folder failed: %s", type(error).__name__)

    def _run(self) -> None:
        pause = 0.0
        while not self._stopped.wait(pause):
            begun = time.monotonic()
            self.look()
            pause = max(self._every_s, _SHARE * (time.monotonic() - begun))

    def _look(self, one: _Watched) -> None:
        try:
            stamps = folder_stamps(one.place.path)
        except OSError as error:
            why = why_closed(error)
            if one.away != why:
                one.away = why
                self._deliver(partial(self.vanished.emit, one.place, why))
            return
        if one.away is not None:
            one.away = None
            self._deliver(partial(self.returned.emit, one.place))
        before, one.seen = one.seen, stamps
        if stamps == one.taken or before is None:
            one.changed_at = None
            return
        now = time.monotonic()
        one.changed_at = now if one.changed_at is None else one.changed_at
        moving = {name for name, stamp in stamps.items() if before.get(name) != stamp}
        if now - one.changed_at < _LONGEST_WAIT_S:
            # Slices come one by one; what has not been listed yet waits for the others of its folder.
            busy = {os.path.dirname(name) for name in moving}
            taken = one.taken or {}
            new = {name for name, stamp in stamps.items() if taken.get(name) != stamp}
            moving = {name for name in new if os.path.dirname(name) in busy}
            if moving and moving == new and taken.keys() <= stamps.keys():
                return
        kept = look_again(self._index, Path(one.place.path), JobContext(cancelled=self._stopped.is_set), moving)
        one.taken = {name: stamp for name, stamp in stamps.items() if name not in moving}
        one.changed_at = now if moving else None
        if kept.in_series or kept.skipped:
            self._deliver(partial(self.arrived.emit, one.place, kept))
