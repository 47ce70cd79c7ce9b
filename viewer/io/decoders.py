"""Worker processes that decode compressed images into shared memory.

A file that crashes, hangs or bloats a decoder costs its worker, which is replaced, and that one image a sentence.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from viewer.domain.errors import UnreadableFileError
from viewer.io.decoding_process import DecodingProcess, messages_ahead, taken_later, together
from viewer.io.ears import Ears
from viewer.io.own_processes import deaf_to_interrupts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from viewer.domain.job import JobContext
    from viewer.io.decoding_process import Answer, Asked
    from viewer.io.page_choice import PageChoice
    from viewer.io.slice_header import Frame

_LOOK_S = 0.05
_MOST_WORKERS = 8
_MOST_FAILED_STARTS = 3


class _Turns:
    """Which images to ask for next, and how many at once.

    The first comes alone, because somebody waits for it, as does each that was given back, so that it is known which
    one a decoder stops at. Towards the end there are fewer at once, so that all processes end together.
    """

    def __init__(self, next_turn: Callable[[], int | None], count: int, most_together: int) -> None:
        self.together = most_together
        self.more = True
        self._next, self._left = next_turn, count
        self._again: deque[int] = deque()
        self._first = True

    def taken(self, workers: int) -> list[int]:
        """Return the next images for one of so many workers; none is left where it returns none."""
        if self._again:
            return [self._again.popleft()]
        many = 1 if self._first else max(1, min(self.together, self._left // (2 * workers)))
        self._first = False
        found: list[int] = []
        while len(found) < many:
            k = self._next()
            if k is None:
                self.more = False
                break
            found.append(k)
        self._left -= len(found)
        return found

    def give_back(self, ks: list[int]) -> None:
        """Have images asked for again."""
        self._again.extend(ks)
        self.more = True


class Decoders:
    """A pool of decoding processes; any thread may read. They start when first needed, or by `warm`.

    Parameters
    ----------
    count
        How many processes at most (`most`); by default as many as there are processor cores, but not more than eight.
    """

    def __init__(self, count: int | None = None) -> None:
        self.most = count or max(1, min(_MOST_WORKERS, os.cpu_count() or 1))
        self._there = threading.Condition()
        self._idle: list[DecodingProcess] = []
        self._all: list[DecodingProcess] = []
        self._failed_starts = 0
        self._closed = False

    def __enter__(self) -> Decoders:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def warm(self) -> None:
        """Start all processes ahead of need; returns before they are up.

        Raises
        ------
        UnreadableFileError
            Where none can be started.
        """
        with self._there:
            while not self._closed and len(self._all) < self.most:
                self._idle.append(self._started())
            self._there.notify_all()

    def read(
        self,
        frames: Sequence[Frame],
        memory: PageChoice,
        next_turn: Callable[[], int | None],
        on_slice: Callable[[int, Answer], None],
        ctx: JobContext,
        *,
        shrink: int = 1,
        most: int | None = None,
    ) -> None:
        """Fill slices of an array in the order of the turns; `on_slice` gets k, and a note or what is wrong.

        Parameters
        ----------
        frames
            One for each slice, all of one size.
        memory
            Holds the array [k, j, i], int16 or float32.
        next_turn
            Gives the k to read next, None when all were given. Called by this thread alone, as is `on_slice`.
        shrink
            Each pixel of the array is the mean of so many by so many.
        most
            How many processes to use at most.

        Raises
        ------
        InexactError
            Where a value does not fit int16 and the array is of that.
        CancelledError
            When the work was cancelled.
        UnreadableFileError
            Where no process can be started.
        """
        values = memory.values
        turns = _Turns(next_turn, len(frames), min(together(frame, values[0].nbytes) for frame in frames))
        tried: set[int] = set()
        mine: list[DecodingProcess] = []
        ears = Ears()
        messages, later = messages_ahead(values[0].nbytes), taken_later(values[0].nbytes)
        most_workers = min(most or self.most, len(frames))

        def ask(worker: DecodingProcess) -> None:
            while turns.more and len(worker.asked) < messages:
                if ks := turns.taken(most_workers):
                    worker.ask(ks, turns.together, frames, values.dtype, shrink)

        def take(asked: Asked, answers: list[Answer]) -> None:
            for k, room, answer in zip(asked.ks, asked.rooms, answers, strict=True):
                if isinstance(answer, str):
                    memory.put(k, room)
                on_slice(k, answer)

        try:
            while True:
                ctx.stop_if_cancelled()
                if turns.more and len(mine) < most_workers:
                    ears.open_for(self._borrow(mine, most_workers))
                for worker in mine:
                    ask(worker)
                if not turns.more and not any(worker.busy for worker in mine):
                    return
                for worker in ears.heard(_LOOK_S):
                    if (answered := worker.hear()) is not None:
                        if later:
                            ask(worker)
                        take(*answered)
                for worker in tuple(mine):
                    if worker.gone or worker.overdue:
                        mine.remove(worker)
                        ears.close_for(worker)
                        turns.give_back(self._lost(worker, tried, on_slice))
        finally:
            self._give_back(mine)

    def close(self) -> None:
        """End all processes; what is being read elsewhere fails."""
        with self._there:
            self._closed = True
            workers, self._all, self._idle = self._all, [], []
            self._there.notify_all()
        for worker in workers:
            worker.end()

    def _started(self) -> DecodingProcess:
        """Return a new process; the lock is held."""
        # Loaded with the first process: no window waits for it.
        import multiprocessing

        from viewer.io.decode_worker import serve

        spawn = multiprocessing.get_context("spawn")
        ours: Any
        ours, theirs = spawn.Pipe(duplex=True)
        process: Any = spawn.Process(target=serve, args=(theirs,), name="casestage-decoder", daemon=True)
        try:
            with deaf_to_interrupts():
                process.start()
        except OSError as error:
            ours.close()
            raise _no_process(str(error)) from error
        finally:
            theirs.close()
        worker = DecodingProcess(process, ours, time.monotonic())
        self._all.append(worker)
        return worker

    def _borrow(self, mine: list[DecodingProcess], most: int) -> list[DecodingProcess]:
        """Take idle processes up to so many, and return those; start one or wait for one where there is none."""
        with self._there:
            if self._closed:
                raise _no_process("The pool is closed.")
            for worker in [worker for worker in self._idle if not worker.process.is_alive()]:
                # No image is to blame for what ended while it had nothing to do.
                self._idle.remove(worker)
                self._all.remove(worker)
                worker.end()
            if not self._idle and len(self._all) < self.most:
                self._idle.append(self._started())
            if not self._idle and not mine:
                self._there.wait(_LOOK_S)
            borrowed = [self._idle.pop() for _ in range(min(len(self._idle), most - len(mine)))]
            mine += borrowed
            return borrowed

    def _give_back(self, mine: list[DecodingProcess]) -> None:
        for worker in mine:
            for asked in worker.asked:
                asked.wanted = False
            worker.send(("rest",))
            worker.proven = False
        with self._there:
            self._idle += [worker for worker in mine if worker in self._all]
            self._there.notify_all()

    def _lost(self, worker: DecodingProcess, tried: set[int], on_slice: Callable[[int, Answer], None]) -> list[int]:
        """Replace a process that died or hangs; returns the k that others have to read.

        The image it worked on gets one more try, because a process can also die for a reason of its own. Of several
        that it was asked for at once none is to blame yet.
        """
        overdue = worker.overdue
        with self._there:
            if worker in self._all:
                self._all.remove(worker)
            if not worker.ready:
                self._failed_starts += 1
            failed_starts = self._failed_starts
        worker.end()
        if failed_starts >= _MOST_FAILED_STARTS:
            raise _no_process("They end before they are up.")
        left = [k for asked in worker.asked if asked.wanted for k in asked.ks]
        head = worker.asked[0] if worker.asked and worker.asked[0].wanted and worker.ready else None
        if head is None or len(head.ks) > 1 or not (worker.proven or overdue):
            return left
        k = head.ks[0]
        if overdue:
            on_slice(k, UnreadableFileError(f"The image took longer than {head.limit_s:.0f} s to decode."))
        elif k in tried:
            on_slice(k, UnreadableFileError("The compressed pixels are damaged: their decoder stopped."))
        else:
            tried.add(k)
            return left
        return left[1:]


def _no_process(detail: str) -> UnreadableFileError:
    return UnreadableFileError(
        "The processes that decode compressed images cannot be started.",
        "Close other programs and start this one again.",
        detail,
    )
