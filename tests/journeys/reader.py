"""A reader at the program without a window: the same services that the window works with, and a queue for its loop."""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING, Any

from viewer.services.desk import Desk, build_desk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.errors import CaseStageError
    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume

LONGEST_WAIT_S = 90.0


class Reader:
    """Someone at the desk; what services tell is kept in the order in which it was told."""

    def __init__(self, name: str = "Dr Journey") -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.desk: Desk = build_desk(self._calls.put)
        self.desk.session.reader = name
        self.volumes: list[Volume] = []
        self.skipped: list[Any] = []
        self.errors: list[CaseStageError] = []
        self.refusals: list[str] = []
        self.exports: list[Any] = []
        self._done = 0
        desk = self.desk
        desk.session.volume_changed.connect(self._volume_in)
        desk.library.skipped.connect(lambda skipped, _naming: self._skipped(skipped))
        desk.opening.failed.connect(self._failed)
        desk.library.failed.connect(self._failed)
        desk.finding_run.failed.connect(self._failed)
        desk.finding_run.refused.connect(self._refused)
        desk.finding_run.done.connect(self._found)
        desk.reviewing.failed.connect(self._failed)
        desk.reviewing.exported.connect(self._exported)

    def open(self, path: Path) -> Volume:
        """Open the one series of a path and return it when it is whole."""
        self.desk.library.open([path])
        self._wait(lambda: bool(self.volumes) and not self.volumes[-1].preview)
        return self.volumes[-1]

    def run(self, model_id: str) -> tuple[Finding, ...]:
        """Run a model and return what is then listed."""
        before = self._done
        self.desk.finding_run.start(model_id)
        self._wait(lambda: self._done > before)
        return self.desk.session.findings

    def ask_for(self, model_id: str) -> str:
        """Run a model that declines, and return its sentence."""
        before = len(self.refusals)
        self.desk.finding_run.start(model_id)
        self._wait(lambda: len(self.refusals) > before)
        return self.refusals[-1]

    def export(self, folder: Path) -> tuple[str, ...]:
        """Export the review and return the names of the files."""
        before = len(self.exports)
        self.desk.reviewing.export(folder)
        self._wait(lambda: len(self.exports) > before)
        return tuple(sorted(path.name for path in self.exports[-1].files))

    def arrive(self) -> Finding:
        """Let the flight end, and return the finding in hand."""
        self.desk.navigation.finish()
        selected = self.desk.session.selected
        assert selected is not None
        return selected

    def leave(self) -> None:
        """Close the program."""
        self.desk.close()

    def _wait(self, until: Callable[[], bool]) -> None:
        end = time.monotonic() + LONGEST_WAIT_S
        while not until():
            if self.errors:
                raise self.errors[0]
            self._calls.get(timeout=max(0.01, end - time.monotonic()))()

    def _volume_in(self, new: Volume | None, old: Volume | None) -> None:
        if new is not None:
            self.volumes.append(new)

    def _skipped(self, files: Any) -> None:
        self.skipped.extend(files)

    def _failed(self, error: CaseStageError) -> None:
        self.errors.append(error)

    def _refused(self, card: Any, sentence: str) -> None:
        self.refusals.append(sentence)

    def _found(self, findings: Any) -> None:
        self._done += 1

    def _exported(self, written: Any) -> None:
        self.exports.append(written)
