"""Background work: plain functions on threads, whose answers come home on the main thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import partial
from typing import TypeVar

from viewer.domain.errors import CancelledError, CaseStageError, unexpected
from viewer.domain.job import JobContext, Progress

Result = TypeVar("Result")
Deliver = Callable[[Callable[[], None]], None]

_log = logging.getLogger(__name__)


class Lane(StrEnum):
    """Which jobs wait for each other: none waits for one of another lane.

    PARALLEL is for what the user waits for, ALONE for inference, NETWORK for what waits for others, BACKGROUND for
    the program's own files. What reads where the user points may never be answered, by a share that has gone: each job
    of PLACES has a thread of its own, and the program ends without it.
    """

    PARALLEL = "parallel"
    ALONE = "alone"
    NETWORK = "network"
    BACKGROUND = "background"
    PLACES = "places"


_THREADS = {Lane.PARALLEL: 2, Lane.ALONE: 1, Lane.NETWORK: 4, Lane.BACKGROUND: 2}
_LONGEST_END_S = 2.0


class Job:
    """A running piece of work that can be cancelled; after that it delivers nothing more."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self.running = True

    def cancel(self) -> None:
        """Ask the work to stop; its result, if any, is dropped."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """True once cancelled."""
        return self._cancelled.is_set()


class JobRunner:
    """Runs jobs on its lanes.

    Parameters
    ----------
    deliver
        Puts a callable on the main thread; called from worker threads.
    """

    def __init__(self, deliver: Deliver) -> None:
        self.deliver = deliver
        self._pools = {
            lane: ThreadPoolExecutor(count, thread_name_prefix=f"casestage-{lane}") for lane, count in _THREADS.items()
        }
        self._jobs: set[Job] = set()
        self._at_places: set[threading.Thread] = set()
        self._ended = False

    def run(
        self,
        work: Callable[[JobContext], Result],
        *,
        done: Callable[[Result], None],
        failed: Callable[[CaseStageError], None],
        progress: Callable[[Progress], None] | None = None,
        lane: Lane = Lane.PARALLEL,
    ) -> Job:
        """Start `work` and return its job; `done`, `failed` and `progress` are called on the main thread.

        After `shutdown` nothing is started any more.
        """
        job = Job()
        if self._ended:
            job.cancel()
            job.running = False
            return job
        self._jobs.add(job)
        newest: list[Progress] = []
        # Between looking whether something waits and adding to it, the main thread must not take it away.
        at_newest = threading.Lock()

        def tell() -> None:
            with at_newest:
                latest = newest.pop()
                newest.clear()
            if not job.cancelled and job.running and progress is not None:
                progress(latest)

        def on_progress(now: Progress) -> None:
            with at_newest:
                waiting = bool(newest)
                newest.append(now)
            if not waiting and not self._ended:
                self.deliver(tell)

        def body() -> None:
            try:
                result = work(JobContext(on_progress, lambda: job.cancelled))
            except CancelledError:
                self._bring(job)
            except CaseStageError as error:
                self._bring(job, partial(failed, error))
            except Exception as error:  # noqa: BLE001 - the last net: a bug must not take the program down
                wrapped = unexpected(error)
                if not self._ended:
                    _log.error("a job failed unexpectedly: %s", wrapped.detail)
                self._bring(job, partial(failed, wrapped))
            else:
                self._bring(job, partial(done, result))

        if lane is not Lane.PLACES:
            self._pools[lane].submit(body)
            return job

        def alone() -> None:
            body()
            self._at_places.discard(threading.current_thread())

        thread = threading.Thread(target=alone, name=f"casestage-{lane}", daemon=True)
        self._at_places.add(thread)
        thread.start()
        return job

    def _bring(self, job: Job, then: Callable[[], None] | None = None) -> None:
        if not self._ended:
            self.deliver(partial(self._end, job, then))

    def _end(self, job: Job, then: Callable[[], None] | None = None) -> None:
        job.running = False
        self._jobs.discard(job)
        if then is not None and not job.cancelled:
            then()

    def shutdown(self) -> None:
        """Cancel everything and wait until the threads are gone; not for long for those that read at places."""
        self._ended = True
        for job in tuple(self._jobs):
            job.cancel()
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
        until = time.monotonic() + _LONGEST_END_S
        for thread in tuple(self._at_places):
            thread.join(max(0.0, until - time.monotonic()))
