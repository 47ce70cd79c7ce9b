"""Background work and what comes home of it."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from viewer.services import jobs
from viewer.services.jobs import JobRunner, Lane

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


def test_places_that_do_not_answer_hold_up_neither_other_places_nor_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_LONGEST_END_S", 0.1)
    calls: queue.Queue[Callable[[], None]] = queue.Queue()
    runner = JobRunner(calls.put)
    answers, seen = threading.Event(), list[str]()
    for _ in range(20):
        job = runner.run(lambda _: answers.wait(60), done=lambda _: seen.append("late"), failed=print, lane=Lane.PLACES)
        job.cancel()
    runner.run(lambda _: None, done=lambda _: seen.append("other"), failed=print, lane=Lane.PLACES)
    calls.get(timeout=10)()
    assert seen == ["other"]
    began = time.monotonic()
    runner.shutdown()
    assert time.monotonic() - began < 30
    answers.set()
    for thread in tuple(runner._at_places):
        thread.join(10)
    assert calls.empty()


def test_a_program_ends_although_a_share_does_not_answer() -> None:
    program = """
import threading, time
from viewer.domain.job import JobContext
from viewer.io import scan
from viewer.services.jobs import JobRunner, Lane
begun, n = threading.Event(), []
def look(*_):
    n.append(0)
    if len(n) > scan._FIRST_TIMED:
        begun.set()
        time.sleep(60)
scan._look_at, scan._SLOW_FILE_S = look, 0
runner = JobRunner(lambda call: None)
work = lambda ctx: list(scan._looked_at([None] * 50, ctx))
runner.run(work, done=print, failed=print, lane=Lane.PLACES)
assert begun.wait(20)
runner.shutdown()
print("ended")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout, done.returncode) == ("ended\n", 0), done.stderr
