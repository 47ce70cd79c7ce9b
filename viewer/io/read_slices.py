"""The slices of a series on their way into one preallocated array, those that are looked at first.

Uncompressed slices are read by threads of the program, straight into their place: their lengths were checked, and
nothing has to be decoded. Compressed ones are decoded by processes of their own (`viewer.io.decoders`).
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from viewer.domain.errors import CaseStageError, TooLargeError, UnreadableFileError
from viewer.io.decoders import Decoders
from viewer.io.decoding_process import InexactError
from viewer.io.fill_slice import NotExactError, fill_shrunk
from viewer.io.memory import refuse_if_too_large
from viewer.io.open_images import OpenImages
from viewer.io.page_choice import PageChoice
from viewer.io.reading_order import ReadingOrder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.job import JobContext
    from viewer.io.decoding_process import Answer
    from viewer.io.slice_header import Frame

_THREADS = 2
# Neighbours that one thread reads together: two that fill parts of one large page both clear all of it first.
_RUN = 8
# Slow storage: several requests wait for it better than two.
_THREADS_WHEN_SLOW = 8
_SLOW_BYTES_PER_S = 60e6
_JUDGED_AFTER = 8
_TELL_EVERY_S = 0.04
_SHOWN_AT_LATEST = 8
_RATE_AFTER_S = 0.3


@define
class SlicesRead:
    """Values [k, j, i] of the slices, which of them could not be read and why, and what else is to be said.

    Slices that failed are in `values` too, with no meaning.
    """

    values: NDArray[np.int16] | NDArray[np.float32]
    failures: dict[int, CaseStageError] = field(factory=dict)
    notes: list[str] = field(factory=list)


class Onlooker:
    """Is told while slices come in, on the reading thread; does nothing by itself."""

    def first_slice(self) -> int | None:
        """Return the slice to read first; None for the middle one."""
        return None

    def begun(self, values: NDArray[Any], arrived: NDArray[np.bool_], order: ReadingOrder) -> None:
        """Take the array that is being filled, which slices of it are in, and the order to steer; the first is in."""

    def arrived(self) -> None:
        """Look again at which slices are in; called a few times a second."""


class _Progress:
    """Which slices are in, told now and then."""

    def __init__(self, frames: Sequence[Frame], result: SlicesRead, order: ReadingOrder, onlooker: Onlooker) -> None:
        self.result = result
        self._frames, self._order, self._onlooker = frames, order, onlooker
        self._arrived = np.zeros(len(frames), dtype=np.bool_)
        self._begun_at = self._told_at = time.monotonic()
        self._lock = threading.Lock()
        self._shown = False
        self._wanted = order.focus
        self.done = 0
        self.bytes_read = 0

    def take(self, k: int, answer: Answer) -> None:
        """Note that a slice is in, or why it is not."""
        frame = self._frames[k]
        with self._lock:
            self.done += 1
            self.bytes_read += frame.code.frame_bytes if frame.code.native else frame.file.size // frame.file.frames
            if isinstance(answer, CaseStageError):
                self.result.failures[k] = answer
                return
            if answer and answer not in self.result.notes:
                self.result.notes.append(answer)
            self._arrived[k] = True
            begins = not self._shown and self._worth_showing()
            self._shown |= begins
        if begins:
            self._onlooker.begun(self.result.values, self._arrived, self._order)

    def _worth_showing(self) -> bool:
        """Return True once the slice wanted first is in: of several processes another one may be the quickest.

        It may also have failed, or take its time; then the others are shown.
        """
        wanted = self._wanted
        return bool(self._arrived[wanted]) or wanted in self.result.failures or self.done >= _SHOWN_AT_LATEST

    def tell(self, ctx: JobContext) -> None:
        """Say how far it is, not more often than anyone can see."""
        now = time.monotonic()
        if now - self._told_at < _TELL_EVERY_S:
            return
        self._told_at = now
        ctx.report(self.done, len(self._frames), self.words(now))
        if self._shown:
            self._onlooker.arrived()

    def words(self, now: float) -> str:
        """Return what is going on."""
        words = f"Reading slice {min(self.done + 1, len(self._frames))} of {len(self._frames)}"
        passed = now - self._begun_at
        return f"{words}, {self.rate(passed):.0f} MB/s" if passed > _RATE_AFTER_S else words

    def rate(self, passed_s: float) -> float:
        """Return megabytes read per second."""
        return self.bytes_read / 1e6 / max(passed_s, 1e-6)

    def slow(self) -> bool:
        """Return whether what was read so far came slowly; False where that is too little to tell."""
        return self.done >= _JUDGED_AFTER and not self.quick()

    def quick(self) -> bool:
        """Return whether what was read so far came quickly; False where that is too little to tell."""
        passed = time.monotonic() - self._begun_at
        return self.done >= _JUDGED_AFTER and self.bytes_read >= _SLOW_BYTES_PER_S * passed


def read_slices(
    frames: Sequence[Frame],
    ctx: JobContext,
    decoders: Decoders | None = None,
    onlooker: Onlooker | None = None,
    shrink: int = 1,
) -> SlicesRead:
    """Return the rescaled values of frames of one size, in their order; a slice that fails is named.

    Parameters
    ----------
    decoders
        Processes to decode with, where the frames are compressed; without, some are started for this call alone.
    onlooker
        Is shown the slices as they come in, and says which one first.
    shrink
        Means over squares of so many pixels instead of all pixels, where all would not fit into memory.

    Raises
    ------
    TooLargeError
        Where the values would not fit into memory.
    CancelledError
        When the work was cancelled.
    """
    whole_numbers = all(f.slope == int(f.slope) and f.intercept == int(f.intercept) for f in frames)
    dtypes: list[np.dtype[Any]] = (
        [np.dtype(np.int16), np.dtype(np.float32)] if whole_numbers else [np.dtype(np.float32)]
    )
    code = frames[0].code
    shape = (len(frames), code.rows // shrink, code.columns // shrink)
    native = all(f.code.native for f in frames)
    for dtype in dtypes:
        refuse_if_too_large(*shape, dtype.itemsize)
        try:
            if native:
                return _read_here(frames, _memory(shape, dtype), onlooker or Onlooker(), ctx, shrink)
            return _read_elsewhere(frames, _memory(shape, dtype), decoders, onlooker or Onlooker(), ctx, shrink)
        except (NotExactError, InexactError):
            # Read again as float32, which holds any value.
            continue
    raise AssertionError("float32 holds any value")


def _memory(shape: tuple[int, int, int], dtype: np.dtype[Any]) -> PageChoice:
    try:
        return PageChoice(shape, dtype)
    except MemoryError as error:
        raise TooLargeError("The series does not fit into memory.", "Close other programs.") from error


def _order(frames: Sequence[Frame], onlooker: Onlooker) -> ReadingOrder:
    first = onlooker.first_slice()
    return ReadingOrder(len(frames), len(frames) // 2 if first is None else first)


def _read_here(
    frames: Sequence[Frame], memory: PageChoice, onlooker: Onlooker, ctx: JobContext, shrink: int
) -> SlicesRead:
    values = memory.values
    order = _order(frames, onlooker)
    progress = _Progress(frames, SlicesRead(values), order, onlooker)
    stop = threading.Event()
    ended_by: list[BaseException] = []

    def read_some(files: OpenImages) -> bool:
        run = order.next_run(_RUN if progress.quick() else 1)
        for k in run:
            if stop.is_set():
                return False
            ctx.stop_if_cancelled()
            began = time.thread_time()
            try:
                answer: Answer = fill_shrunk(values[k], frames[k], files, shrink)
            except (UnreadableFileError, TooLargeError) as error:
                answer = error
            memory.took(time.thread_time() - began, values[k].nbytes)
            progress.take(k, answer)
        return bool(run)

    def work() -> None:
        try:
            with OpenImages(waits=False) as files:
                while not stop.is_set() and read_some(files):
                    pass
        except BaseException as error:  # noqa: BLE001 - carried to the caller's thread and raised there
            ended_by.append(error)
            stop.set()

    ctx.report(0, len(frames), f"Reading slice 1 of {len(frames)}")
    others: list[threading.Thread] = []
    try:
        with OpenImages(waits=False) as files:
            more = True
            while more and not stop.is_set():
                more = read_some(files)
                # The first slice is on its way to the screen before others compete with it.
                wanted = min((_THREADS_WHEN_SLOW if progress.slow() else _THREADS), len(frames)) - 1
                if more and len(others) < wanted:
                    others.append(threading.Thread(target=work, name="casestage-reading", daemon=True))
                    others[-1].start()
                progress.tell(ctx)
    except BaseException:
        stop.set()
        raise
    finally:
        for thread in others:
            thread.join()
    if ended_by:
        raise ended_by[0]
    return _finished(progress, ctx)


def _read_elsewhere(
    frames: Sequence[Frame],
    memory: PageChoice,
    decoders: Decoders | None,
    onlooker: Onlooker,
    ctx: JobContext,
    shrink: int,
) -> SlicesRead:
    if decoders is None:
        with Decoders(1 if len(frames) == 1 else None) as own:
            return _read_elsewhere(frames, memory, own, onlooker, ctx, shrink)
    order = _order(frames, onlooker)
    progress = _Progress(frames, SlicesRead(memory.values), order, onlooker)

    def taken(k: int, answer: Answer) -> None:
        progress.take(k, answer)
        progress.tell(ctx)

    ctx.report(0, len(frames), f"Reading slice 1 of {len(frames)}")
    decoders.read(frames, memory, order.next, taken, ctx, shrink=shrink)
    return _finished(progress, ctx)


def _finished(progress: _Progress, ctx: JobContext) -> SlicesRead:
    count = len(progress.result.values)
    ctx.report(count, count, f"Reading slice {count} of {count}")
    return progress.result
