"""Decoding elsewhere: a file that crashes, hangs or bloats its decoder costs one slice and a sentence."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.io.conftest import axial
from viewer.domain.errors import CancelledError, UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io import decoding_process
from viewer.io.assemble import assemble
from viewer.io.decoders import Decoders
from viewer.io.page_choice import PageChoice
from viewer.io.read_slices import read_slices
from viewer.io.scan import scan
from viewer.io.shared_array import SharedArray

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.io.series_entry import SeriesEntry

JPEG_LS = "1.2.840.10008.1.2.4.80"
RLE = "1.2.840.10008.1.2.5"


def series(made_ct: Any, count: int = 6, syntax: str = JPEG_LS, **elements: Any) -> tuple[SeriesEntry, list[Any]]:
    stored = made_ct.stack(axial(count), syntax=syntax, **elements)
    (entry,) = scan(made_ct.folder, JobContext()).series
    return entry, stored


def as_pipe(made_ct: Any, k: int) -> Path:
    """Put a pipe in the place of a file: whoever opens it waits for ever, as at a dead server."""
    (path,) = made_ct.folder.glob(f"*_{k}")
    path.unlink()
    os.mkfifo(path)
    return Path(path)


@pytest.fixture
def pool() -> Iterator[Decoders]:
    with Decoders(2) as made:
        yield made


def pids(pool: Decoders) -> set[int]:
    return {worker.process.pid for worker in pool._all}


def test_decoding_happens_in_other_processes_and_the_array_is_shared(made_ct: Any, pool: Decoders) -> None:
    entry, stored = series(made_ct)
    volume = assemble(entry, JobContext(), decoders=pool)
    assert os.getpid() not in pids(pool)
    assert len(pids(pool)) == 2
    assert np.array_equal(volume.slices, np.stack(stored) - 1024)


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="Windows has no niceness")
def test_the_window_goes_before_the_processes_that_decode(made_ct: Any, pool: Decoders) -> None:
    made_ct.stack(axial(4), syntax="1.2.840.10008.1.2.4.80")
    assemble(scan(made_ct.folder, JobContext()).series[0], JobContext(), None, pool)
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert all(os.getpriority(os.PRIO_PROCESS, worker.process.pid) > min(ours, 18) for worker in pool._all)


def test_file_that_hangs_its_reader_costs_one_slice(
    made_ct: Any, pool: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, stored = series(made_ct)
    assemble(entry, JobContext(), decoders=pool)
    as_pipe(made_ct, 2)
    monkeypatch.setattr(decoding_process, "_LEAST_LIMIT_S", 0.3)
    volume = assemble(entry, JobContext(), decoders=pool)
    assert volume.verdict is Verdict.UNTRUSTED
    assert any("H 5.0 mm" in r and "took longer than" in r for r in volume.reasons)
    assert np.array_equal(volume.slices, np.stack([s for k, s in enumerate(stored) if k != 2]) - 1024)


def test_file_that_crashes_its_decoder_costs_one_slice(
    made_ct: Any, pool: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, stored = series(made_ct)
    before = assemble(entry, JobContext(), decoders=pool)
    as_pipe(made_ct, 3)
    monkeypatch.setattr(decoding_process, "_LEAST_LIMIT_S", 30.0)
    stop = threading.Event()

    def crash_whoever_has_it() -> None:
        while not stop.is_set():
            for worker in tuple(pool._all):
                if worker.ready and worker.asked and worker.asked[0].ks == [3]:
                    os.kill(worker.process.pid, signal.SIGSEGV)
            time.sleep(0.02)

    killer = threading.Thread(target=crash_whoever_has_it)
    killer.start()
    try:
        volume = assemble(entry, JobContext(), decoders=pool)
    finally:
        stop.set()
        killer.join()
    assert any("H 7.5 mm" in r and "their decoder stopped" in r for r in volume.reasons)
    assert volume.stack.count == before.stack.count - 1
    assert np.array_equal(volume.slices, np.stack([s for k, s in enumerate(stored) if k != 3]) - 1024)


def test_quick_images_are_asked_for_several_at_once_and_lie_where_they_belong(made_ct: Any, pool: Decoders) -> None:
    entry, stored = series(made_ct, 45, RLE)
    asked: list[int] = []
    with pytest.MonkeyPatch.context() as patched:
        ask = decoding_process.DecodingProcess.ask
        patched.setattr(
            decoding_process.DecodingProcess,
            "ask",
            lambda process, ks, *rest: (asked.append(len(ks)), ask(process, ks, *rest)),
        )
        volume = assemble(entry, JobContext(), decoders=pool)
    assert np.array_equal(volume.slices, np.stack(stored) - 1024)
    assert asked[0] == 1, "somebody waits for the first image"
    assert max(asked) == 6
    assert len(asked) < 20


def test_file_that_hangs_among_many_asked_for_at_once_costs_itself_alone(
    made_ct: Any, pool: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, stored = series(made_ct, 45, RLE)
    assemble(entry, JobContext(), decoders=pool)
    as_pipe(made_ct, 19)
    monkeypatch.setattr(decoding_process, "_LEAST_LIMIT_S", 0.3)
    volume = assemble(entry, JobContext(), decoders=pool)
    assert any("H 47.5 mm" in r and "took longer than" in r for r in volume.reasons)
    assert np.array_equal(volume.slices, np.stack([s for k, s in enumerate(stored) if k != 19]) - 1024)


def test_images_taken_slowly_are_not_overwritten_by_those_asked_for_meanwhile(made_ct: Any, pool: Decoders) -> None:
    entry, stored = series(made_ct, 60, RLE)
    frames = sorted(entry.frames, key=lambda frame: frame.position or ())
    memory = PageChoice((60, *stored[0].shape), np.dtype(np.int16))
    waiting: list[bool] = []

    def taken(_k: int, answer: Any) -> None:
        assert answer == ""
        waiting.append(all(len(worker.asked) == 2 for worker in pool._all))
        time.sleep(0.003)

    pool.warm()
    pool.read(frames, memory, iter([*range(60), None]).__next__, taken, JobContext())
    assert np.array_equal(memory.values, np.stack(stored) - 1024)
    assert all(waiting[:40]), "they have work while somebody takes what they did"


def test_one_image_takes_one_process_and_leaves_the_others_to_who_comes_next(made_ct: Any, pool: Decoders) -> None:
    entry, _ = series(made_ct, 1)
    pool.warm()
    left: list[int] = []
    with pytest.MonkeyPatch.context() as patched:
        ask = decoding_process.DecodingProcess.ask
        patched.setattr(
            decoding_process.DecodingProcess,
            "ask",
            lambda process, *rest: (left.append(len(pool._idle)), ask(process, *rest)),
        )
        read_slices(entry.frames, JobContext(), pool)
    assert left == [1]


def test_what_a_process_answered_before_it_ended_is_still_heard(made_ct: Any) -> None:
    entry, _ = series(made_ct, 2)
    ours, theirs = multiprocessing.Pipe()
    worker = decoding_process.DecodingProcess(SimpleNamespace(pid=os.getpid()), ours, time.monotonic(), ready=True)
    worker.memory = SharedArray((1 << 20,), np.uint8)
    worker.ask([0], 1, entry.frames, np.dtype(np.int16), 1)
    theirs.send_bytes(b'{"ticket": 0, "images": [{"note": ""}]}')
    theirs.close()
    worker.ask([1], 1, entry.frames, np.dtype(np.int16), 1)
    assert not worker.gone
    heard = worker.hear()
    assert heard is not None
    assert heard[0].ks == [0]
    assert worker.hear() is None
    assert worker.gone
    assert [asked.ks for asked in worker.asked] == [[1]]


def test_process_killed_while_idle_is_replaced_and_no_image_is_blamed(made_ct: Any, pool: Decoders) -> None:
    entry, stored = series(made_ct)
    assemble(entry, JobContext(), decoders=pool)
    for pid in pids(pool):
        os.kill(pid, signal.SIGKILL)
    # The system may take its time with them: for a moment they still seem to be there.
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(BaseProcess, "is_alive", lambda _process: True)
        volume = assemble(entry, JobContext(), decoders=pool)
    assert volume.verdict is Verdict.OK
    assert np.array_equal(volume.slices, np.stack(stored) - 1024)


def test_cancel_while_a_decoder_hangs_is_immediate(made_ct: Any, pool: Decoders) -> None:
    entry, _ = series(made_ct)
    assemble(entry, JobContext(), decoders=pool)
    for k in (2, 3, 4):
        as_pipe(made_ct, k)
    asked = time.monotonic() + 0.2
    with pytest.raises(CancelledError):
        assemble(entry, JobContext(cancelled=lambda: time.monotonic() > asked), decoders=pool)
    assert time.monotonic() - asked < decoding_process._LEAST_LIMIT_S, "so long a decoder may take"


def test_answers_for_what_was_cancelled_do_not_reach_the_next_series(made_ct: Any, pool: Decoders) -> None:
    entry, stored = series(made_ct, 12)
    for _ in range(5):
        turns = iter([False] * 3)
        with pytest.raises(CancelledError):
            assemble(entry, JobContext(cancelled=lambda turns=turns: next(turns, True)), decoders=pool)
        volume = assemble(entry, JobContext(), decoders=pool)
        assert np.array_equal(volume.slices, np.stack(stored) - 1024)


def test_file_can_be_replaced_once_its_series_is_whole(made_ct: Any, pool: Decoders) -> None:
    entry, _ = series(made_ct, 2)
    assemble(entry, JobContext(), decoders=pool)
    other = made_ct.pixels(9)
    for path in made_ct.folder.iterdir():
        path.unlink()
    made_ct.written = 0
    made_ct.stack(axial(2), syntax=JPEG_LS)
    (path,) = made_ct.folder.glob("*_0")
    path.unlink()
    made_ct.written = 0
    made_ct.slice(path.name, other, (-10.0, -20.0, 0.0), syntax=JPEG_LS)
    volume = assemble(scan(made_ct.folder, JobContext()).series[0], JobContext(), decoders=pool)
    assert np.array_equal(volume.slices[0], other - 1024)


def test_values_beyond_int16_make_the_whole_series_float(made_ct: Any, pool: Decoders) -> None:
    for k in range(4):
        stored = made_ct.pixels(k).astype(np.uint16)
        stored[5, 5] = 60000 if k == 3 else 100
        made_ct.slice(f"a{k}", stored, (0, 0, 2.0 * k), syntax=JPEG_LS)
    (entry,) = scan(made_ct.folder, JobContext()).series
    volume = assemble(entry, JobContext(), decoders=pool)
    assert volume.slices.dtype == np.float32
    assert volume.slices[3, 5, 5] == 60000 - 1024


def test_pool_that_is_closed_is_a_sentence(made_ct: Any) -> None:
    entry, _ = series(made_ct)
    pool = Decoders(1)
    pool.close()
    with pytest.raises(UnreadableFileError, match="cannot be started"):
        read_slices(entry.frames, JobContext(), pool)


def test_processes_end_with_the_pool(made_ct: Any) -> None:
    entry, _ = series(made_ct)
    with Decoders(2) as pool:
        assemble(entry, JobContext(), decoders=pool)
        there = pids(pool)
    for pid in there:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_shared_memory_that_cannot_be_had_is_a_sentence() -> None:
    with pytest.raises(Exception, match="does not fit into memory"):
        SharedArray((1 << 20, 1 << 20, 1 << 10), np.int16)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux keeps the memory limit")
def test_image_that_asks_for_too_much_memory_is_refused_by_the_limit(
    made_ct: Any, pool: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, stored = series(made_ct)
    greedy = [f if k != 1 else _greedy(f) for k, f in enumerate(entry.frames)]
    result = read_slices(greedy, JobContext(), pool)
    assert list(result.failures) == [1]
    left = [k for k in range(6) if k != 1]
    assert len(stored) == len(result.values)
    assert np.array_equal(result.values[left].shape, (5, 24, 32))


def _greedy(frame: Any) -> Any:
    """Return a frame whose file says to hold 4 GB of pixels in one fragment."""
    from attrs import evolve

    path = Path(frame.file.place.path)
    raw = bytearray(path.read_bytes())
    at = frame.file.pixel_offset
    raw[at + 12 : at + 16] = (0xFFFFFFF0).to_bytes(4, "little")
    path.write_bytes(raw)
    os.truncate(path, 5 << 30)
    return evolve(frame, file=evolve(frame.file, size=5 << 30))
