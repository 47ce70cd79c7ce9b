"""Worker processes that decode compressed images into shared memory.

A file that crashes, hangs or bloats a decoder costs its worker, which is replaced, and that one image a sentence.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from multiprocessing import connection as pipes
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from viewer.domain.errors import CaseStageError, UnreadableFileError
from viewer.io.encapsulated import HTJ2K, JPEG, RLE
from viewer.io.own_processes import deaf_to_interrupts
from viewer.io.shared_array import SharedArray
from viewer.io.slice_header import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from viewer.domain.job import JobContext

_LARGE_BYTES = 64 << 20
_QUICK = frozenset({RLE, *JPEG, *HTJ2K})
# Frames are described to a process so many at a time: they share most of what they say.
_BLOCK = 64
_LOOK_S = 0.05
# No image takes as long on any computer; a hung decoder does.
_LEAST_LIMIT_S = 3.0
_LIMIT_S_PER_PIXEL = 4e-6
_START_LIMIT_S = 60.0
_MOST_WORKERS = 8
_MOST_FAILED_STARTS = 3

Answer = str | CaseStageError


class InexactError(Exception):
    """A value does not fit int16."""


@define(eq=False)
class _Asked:
    """One image that a worker was asked for, where it will lie, and whether anybody still waits for it."""

    ticket: int
    k: int
    frame: Frame
    room: NDArray[Any]
    wanted: bool = True


@define(eq=False)
class _Worker:
    """One process, what it has not answered yet, and since when it works on the first of it.

    `proven` is False from when it is borrowed after a rest until it answers: it may have ended while it rested.
    """

    process: Any
    connection: Connection
    since: float
    asked: deque[_Asked] = field(factory=deque)
    tickets: Iterator[int] = field(factory=itertools.count)
    told: set[int] = field(factory=set)
    memory: SharedArray | None = None
    ready: bool = False
    gone: bool = False
    proven: bool = True

    @property
    def busy(self) -> bool:
        return any(asked.wanted for asked in self.asked)

    @property
    def overdue(self) -> bool:
        waited = time.monotonic() - self.since
        if not self.ready:
            return waited > _START_LIMIT_S
        return bool(self.asked) and waited > limit_s(self.asked[0].frame)

    def send(self, message: tuple[object, ...]) -> None:
        try:
            self.connection.send(message)
        except (OSError, ValueError):
            self.gone = True

    def ask(self, k: int, frames: Sequence[Frame], dtype: np.dtype[Any], shrink: int) -> None:
        """Ask for an image. It will lie in one of the places of the shared memory, which take turns.

        A place is free again when its answer was heard, and there are as many places as images asked for at a time.
        """
        ticket, frame = next(self.tickets), frames[k]
        first = k - k % _BLOCK
        if first not in self.told:
            self.told.add(first)
            self.send(("frames", first, frames[first : first + _BLOCK]))
        shape = (frame.code.rows // shrink, frame.code.columns // shrink)
        size = shape[0] * shape[1] * dtype.itemsize
        places = ahead(frame, size)
        offset = ticket % places * size
        room: NDArray[Any] = np.ndarray(shape, dtype, self._memory_for(places * size), offset)
        if not self.asked and self.ready:
            self.since = time.monotonic()
        self.asked.append(_Asked(ticket, k, frame, room))
        self.send(("read", ticket, offset, dtype.str, k, shrink))

    def _memory_for(self, size: int) -> NDArray[np.uint8]:
        if self.memory is None or self.memory.array.nbytes < size:
            self.memory = SharedArray((size,), np.uint8)
            try:
                self.memory.pass_to(self.connection, self.process.pid)
            except (OSError, ValueError):
                self.gone = True
            self.memory.close()
        return self.memory.array

    def end(self) -> None:
        self.connection.close()
        with contextlib.suppress(ValueError):
            self.process.kill()
            self.process.join(5.0)
            self.process.close()


def ahead(frame: Frame, size: int) -> int:
    """Return how many images of so many bytes are under way to one process: one is decoded, others are waiting.

    More where an image takes hardly longer than its message; few where whoever asks next would have to wait for them.
    """
    if size > _LARGE_BYTES:
        return 1
    return 4 if frame.code.transfer_syntax in _QUICK else 2


def limit_s(frame: Frame) -> float:
    """Return how long an image may take to decode."""
    return _LEAST_LIMIT_S + _LIMIT_S_PER_PIXEL * frame.code.rows * frame.code.columns


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
        self._idle: list[_Worker] = []
        self._all: list[_Worker] = []
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
        values: NDArray[Any],
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
        values
            The array [k, j, i], int16 or float32.
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
        again: deque[int] = deque()
        tried: set[int] = set()
        mine: list[_Worker] = []
        most_asked = min(ahead(frame, values[0].nbytes) for frame in frames)
        more = True

        def taken(asked: _Asked, answer: Answer) -> None:
            if isinstance(answer, str):
                values[asked.k] = asked.room
            on_slice(asked.k, answer)

        try:
            while True:
                ctx.stop_if_cancelled()
                if more and len(mine) < (most or self.most):
                    self._borrow(mine)
                for worker in mine:
                    while more and len(worker.asked) < most_asked:
                        k = again.popleft() if again else next_turn()
                        if k is None:
                            more = False
                        else:
                            worker.ask(k, frames, values.dtype, shrink)
                if not more and not any(worker.busy for worker in mine):
                    return
                pipes.wait([worker.connection for worker in mine], timeout=_LOOK_S)
                for worker in tuple(mine):
                    _hear(worker, taken)
                    if worker.gone or worker.overdue:
                        mine.remove(worker)
                        again.extend(self._lost(worker, tried, on_slice))
                        more = True
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

    def _started(self) -> _Worker:
        """Return a new process; the lock is held."""
        # Loaded with the first process: no window waits for it.
        from viewer.io.decode_worker import serve

        spawn = multiprocessing.get_context("spawn")
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
        worker = _Worker(process, ours, time.monotonic())
        self._all.append(worker)
        return worker

    def _borrow(self, mine: list[_Worker]) -> None:
        """Take one more idle process; start one or wait for one where there is none."""
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
            if self._idle:
                mine.append(self._idle.pop())

    def _give_back(self, mine: list[_Worker]) -> None:
        for worker in mine:
            for asked in worker.asked:
                asked.wanted = False
            worker.told.clear()
            worker.send(("rest",))
            worker.proven = False
        with self._there:
            self._idle += [worker for worker in mine if worker in self._all]
            self._there.notify_all()

    def _lost(self, worker: _Worker, tried: set[int], on_slice: Callable[[int, Answer], None]) -> list[int]:
        """Replace a process that died or hangs; returns the k that others have to read.

        The image it worked on gets one more try, because a process can also die for a reason of its own.
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
        left = [asked.k for asked in worker.asked if asked.wanted]
        head = worker.asked[0] if worker.asked and worker.asked[0].wanted and worker.ready else None
        if head is None or not (worker.proven or overdue):
            return left
        if overdue:
            on_slice(head.k, UnreadableFileError(f"The image took longer than {limit_s(head.frame):.0f} s to decode."))
        elif head.k in tried:
            on_slice(head.k, UnreadableFileError("The compressed pixels are damaged: their decoder stopped."))
        else:
            tried.add(head.k)
            return left
        return left[1:]


def _hear(worker: _Worker, taken: Callable[[_Asked, Answer], None]) -> None:
    """Take what a process has answered so far."""
    try:
        while not worker.gone and worker.connection.poll(0):
            answer = json.loads(worker.connection.recv_bytes())
            worker.since = time.monotonic()
            if "ready" in answer:
                worker.ready = True
                continue
            worker.proven = True
            asked = worker.asked.popleft()
            if answer["ticket"] != asked.ticket:
                worker.gone = True
            elif asked.wanted:
                taken(asked, _understood(answer))
    except (EOFError, OSError, ValueError, LookupError, TypeError):
        worker.gone = True


def _understood(answer: dict[str, Any]) -> Answer:
    if "inexact" in answer:
        raise InexactError
    if "error" in answer:
        sentence, hint, detail = map(str, answer["error"])
        return UnreadableFileError(sentence, hint, detail)
    return str(answer["note"])


def _no_process(detail: str) -> UnreadableFileError:
    return UnreadableFileError(
        "The processes that decode compressed images cannot be started.",
        "Close other programs and start this one again.",
        detail,
    )
