"""Background work and what comes home of it."""

from __future__ import annotations

import queue
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from viewer.services.jobs import JobRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from viewer.domain.job import JobContext, Progress

REPORTS = 60_000


@pytest.fixture
def eager_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_threads")
def test_the_newest_progress_is_told_however_fast_it_comes() -> None:
    calls: queue.Queue[Callable[[], None]] = queue.Queue()
    runner = JobRunner(calls.put)
    seen: list[Progress] = []
    reported, ended, may_end = threading.Event(), threading.Event(), threading.Event()

    def work(ctx: JobContext) -> None:
        for number in range(REPORTS):
            ctx.report(number, REPORTS, "Counting")
        reported.set()
        may_end.wait(20)

    runner.run(work, done=lambda _: ended.set(), failed=lambda _: None, progress=seen.append)
    while not (reported.is_set() and calls.empty()):
        try:
            calls.get(timeout=0.05)()
        except queue.Empty:
            continue
    may_end.set()
    calls.get(timeout=20)()
    runner.shutdown()
    assert ended.is_set()
    assert seen[-1].done == REPORTS - 1
