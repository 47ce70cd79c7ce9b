"""What comes from archives: one after another, each with its own way to stop it."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from viewer.domain.errors import ArchiveError
from viewer.io.archive.description import Archive
from viewer.services.jobs import JobRunner
from viewer.services.retrieving import RetrieveQueue, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from viewer.domain.job import JobContext, Progress

ARCHIVE = Archive("A", url="https://pacs.example.org")
ONE, TWO, THREE = (Wanted(ARCHIVE, f"1.2.{n}") for n in (1, 2, 3))


class Pacs:
    """Brings studies when it is told to."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.go = {wanted.study_uid: threading.Event() for wanted in (ONE, TWO, THREE)}
        self.refused: set[str] = set()
        self.closing_s = 0.0

    def fetch(self, wanted: Wanted, ctx: JobContext) -> Any:
        uid = wanted.study_uid
        self.log.append(f"begins {uid}")
        ctx.report(1, 4, "1 of 4 images")
        try:
            while not self.go[uid].wait(0.005):
                ctx.stop_if_cancelled()
        finally:
            time.sleep(self.closing_s)
            self.log.append(f"ends {uid}")
        if uid in self.refused:
            raise ArchiveError("The archive went away.", "Ask it.")
        return uid


class Stage:
    """The queue, and what it told."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.pacs = Pacs()
        self.runner = JobRunner(self._calls.put)
        self.queue = RetrieveQueue(self.runner, self.pacs.fetch)
        self.came: list[tuple[str, bool]] = []
        self.failed: list[str] = []
        self.busy: list[Progress | None] = []
        self.queue.retrieved.connect(lambda _wanted, brought, alone: self.came.append((brought, alone)))
        self.queue.failed.connect(lambda wanted, _error: self.failed.append(wanted.study_uid))
        self.queue.busy.connect(self.busy.append)

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + 5
        while not condition():
            assert time.monotonic() < end, "it did not come about"
            try:
                self._calls.get(timeout=0.02)()
            except queue.Empty:
                continue


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Return a queue of which nothing was asked yet."""
    found = Stage()
    yield found
    found.queue.cancel_all()
    found.runner.shutdown()


def test_they_come_one_after_another_in_the_order_in_which_they_were_asked_for(stage: Stage) -> None:
    for wanted in (ONE, TWO, THREE, TWO, ONE):
        stage.queue.add(wanted)
    assert (stage.queue.coming, stage.queue.waiting) == (ONE, (TWO, THREE))
    stage.until(lambda: stage.queue.fraction == 0.25)
    assert stage.busy[-1] is not None
    assert stage.busy[-1].what == "1 of 4 images · 2 more to come"
    for event in stage.pacs.go.values():
        event.set()
    stage.until(lambda: len(stage.came) == 3)
    assert stage.came == [("1.2.1", False), ("1.2.2", False), ("1.2.3", False)]
    assert stage.pacs.log == [f"{what} 1.2.{n}" for n in (1, 2, 3) for what in ("begins", "ends")]
    assert stage.queue.coming is None
    assert stage.busy[-1] is None


def test_one_that_was_asked_for_alone_says_so(stage: Stage) -> None:
    for _ in range(2):
        stage.pacs.go[ONE.study_uid].set()
        stage.queue.add(ONE)
        stage.until(lambda: stage.queue.coming is None)
    assert stage.came == [("1.2.1", True)] * 2


def test_each_is_stopped_by_itself_and_the_next_begins_once_the_last_has_ended(stage: Stage) -> None:
    stage.pacs.closing_s = 0.1
    for wanted in (ONE, TWO, THREE):
        stage.queue.add(wanted)
    stage.until(lambda: stage.queue.fraction)
    stage.queue.cancel(TWO)
    assert (stage.queue.coming, stage.queue.waiting) == (ONE, (THREE,))
    stage.queue.cancel(ONE)
    assert (stage.queue.coming, stage.queue.waiting) == (THREE, ())
    stage.pacs.go[THREE.study_uid].set()
    stage.until(lambda: stage.came)
    assert stage.came == [("1.2.3", False)]
    assert stage.pacs.log == ["begins 1.2.1", "ends 1.2.1", "begins 1.2.3", "ends 1.2.3"]
    assert stage.failed == []


def test_one_that_fails_keeps_no_other_from_coming(stage: Stage) -> None:
    stage.pacs.refused.add(ONE.study_uid)
    for wanted in (ONE, TWO):
        stage.pacs.go[wanted.study_uid].set()
        stage.queue.add(wanted)
    stage.until(lambda: stage.came)
    assert (stage.failed, stage.came) == (["1.2.1"], [("1.2.2", False)])


def test_all_are_stopped_at_once(stage: Stage) -> None:
    for wanted in (ONE, TWO, THREE):
        stage.queue.add(wanted)
    stage.queue.cancel_all()
    assert (stage.queue.coming, stage.queue.waiting, stage.busy[-1]) == (None, (), None)
    stage.until(lambda: not stage.runner._jobs)
    assert stage.came == stage.failed == []
