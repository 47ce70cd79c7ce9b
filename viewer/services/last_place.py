"""Where a case was being presented, on disk at each step: a program that was killed goes on there."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.session import Workspace
from viewer.io.sole_writer import SoleWriter

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.session import Session

_FILE, _LOCK = "presenting.json", "presenting.lock"
_MOST_BYTES = 4096


@frozen
class Place:
    """A step of a case, from 0."""

    case_id: str
    step: int


class LastPlace:
    """Keeps the case and step on stage; nothing else, and nothing that names anybody.

    `left` is where the program ended without leaving the stage, None where it did not, or where another one that runs
    is presenting. Writing is a file of a few bytes that is put in the place of the last one: a killed program loses
    nothing of it, and no step waits for the disk. Where it cannot be written, presenting goes on without it.
    """

    def __init__(self, session: Session, folder: Path) -> None:
        self._session, self._folder = session, folder
        self._written: Place | None = None
        self._lock = SoleWriter(folder / _LOCK)
        self._ours = False
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            self._ours = self._lock.take()
        self.left = self._read() if self._ours else None
        for signal in (session.workspace_changed, session.case_changed, session.step_changed):
            signal.connect(self._keep)

    def forget(self) -> None:
        """Let the next start offer nothing."""
        self.left = None
        self._remove()

    def close(self) -> None:
        """Leave the stage in order: there is nothing to go on with."""
        if self._written is not None:
            self._remove()
        self._lock.release()

    def _keep(self, *_: object) -> None:
        session = self._session
        if not self._ours:
            return
        on_stage = session.workspace is Workspace.PRESENT and session.case is not None and session.step is not None
        if not on_stage or session.case is None or session.step is None:
            if self._written is not None:
                self._remove()
            return
        place = Place(session.case.id, session.step)
        if place == self._written:
            return
        beside = self._folder / f"{_FILE}.new"
        with contextlib.suppress(OSError):
            # Not synced: what is in the system's hands outlives the program, and a step is shown now.
            beside.write_text(json.dumps({"case": place.case_id, "step": place.step}), encoding="utf-8")
            os.replace(beside, self._folder / _FILE)
            self._written = place

    def _remove(self) -> None:
        self._written = None
        with contextlib.suppress(OSError):
            (self._folder / _FILE).unlink()

    def _read(self) -> Place | None:
        try:
            with (self._folder / _FILE).open("rb") as file:
                said = json.loads(file.read(_MOST_BYTES))
            case, step = said["case"], said["step"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        good = isinstance(case, str) and isinstance(step, int) and not isinstance(step, bool) and step >= 0
        return Place(case, step) if good else None
