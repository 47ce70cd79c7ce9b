"""The figures of opening a series: against reading the same bytes, bare decoders, and how others read it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.cli.bench_figures import SIZE, figure, median_s, memory_handed_over, noise, seconds, write_series
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.decoders import Decoders
from viewer.io.lossless_frames import COMPRESSIONS
from viewer.io.own_processes import deaf_to_interrupts
from viewer.io.scan import scan
from viewer.io.timing import bare_decoding_s, read_with_simpleitk, stack_with_pydicom
from viewer.io.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from viewer.cli.bench_figures import Figure
    from viewer.domain.volume import Volume
    from viewer.io.reading_order import ReadingOrder

SLICES = 400
COMPRESSED_SLICES = 100
_TIMES = 5
_DECODED_ALONE = 20
# As many times the volume, so that what a volume then gets is among it.
_HANDED_OVER = 4
# Against the fastest decoder ÷ cores, and against SimpleITK.
_TARGETS = {"RLE": (2.0, 1 / 3), "JPEG 2000": (1.2, 1.0)}


class _FirstImage(Watcher):
    """Notes when the first image is in."""

    seconds = 0.0

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def begun(self, volume: Volume, order: ReadingOrder) -> None:
        self.seconds = time.perf_counter() - self._start

    def grown(self) -> None:
        pass


def opening() -> Iterator[Figure]:
    """Yield how long an uncompressed series takes, and how much memory."""
    with tempfile.TemporaryDirectory(prefix="casestage-bench-") as made:
        folder = Path(made)
        write_series(folder, noise(SLICES))
        files = sorted(folder.iterdir())
        total = sum(path.stat().st_size for path in files)

        def read() -> None:
            target = np.empty(total, dtype=np.uint8)
            view, start = memoryview(target.data), 0
            for path in files:
                with path.open("rb", buffering=0) as stream:
                    start += stream.readinto(view[start:]) or 0

        def opened() -> None:
            _open(folder)

        read()
        opened()
        pairs = [(_warm_s(read, SLICES), _warm_s(opened, SLICES)) for _ in range(_TIMES)]
        bare, ours = (statistics.median(pair[n] for pair in pairs) for n in (0, 1))
        first = [_first_image_s(folder) for _ in range(_TIMES)]
        how = f"{SLICES} uncompressed files of {SIZE}×{SIZE}, page cache and memory warm"
        yield figure(
            "open_vs_read",
            ours / bare,
            "× reading the same bytes",
            2.0,
            f"{how}, medians of {_TIMES}, alternating: folder path to int16 HU volume, scan and sort included "
            f"({ours * 1000:.0f} ms), ÷ reading the files into memory ({bare * 1000:.0f} ms).",
        )
        yield figure(
            "first_image",
            statistics.median(first) * 1000,
            "ms",
            100.0,
            f"{how}, median of {_TIMES}: folder path to the middle slice in HU.",
        )
        yield from _against_simpleitk("open_vs_simpleitk", folder, ours, 0.1, how)
        theirs = statistics.median(_warm_s(lambda: stack_with_pydicom(files), SLICES) for _ in range(_TIMES))
        yield figure(
            "open_vs_pixel_array",
            ours / theirs,
            "× pydicom's time",
            1 / 40,
            f"{how}, median of {_TIMES}: as open_vs_read, ÷ dcmread, pixel_array and rescale of each file, stacked "
            f"({theirs:.2f} s).",
        )
        above = _peak_memory(folder)
        if above is not None:
            volume = SLICES * SIZE * SIZE * 2
            yield figure(
                "open_memory",
                above / volume,
                "× the volume",
                1.3,
                f"{how}: peak resident memory of a process of its own while it opens the folder, above what it had "
                f"before, ÷ the volume's {volume / 1e6:.0f} MB.",
            )


def _warm_s(call: Callable[[], Any], slices: int) -> float:
    """Return how long a call takes that makes a volume of so many slices, in memory that was there before."""
    memory_handed_over(_HANDED_OVER * slices * SIZE * SIZE * 2)
    return seconds(call)


def _open(folder: Path, decoders: Decoders | None = None, watcher: Watcher | None = None) -> Volume:
    return assemble(scan(folder, JobContext()).series[0], JobContext(), watcher, decoders)


def _first_image_s(folder: Path, decoders: Decoders | None = None) -> float:
    watcher = _FirstImage()
    _open(folder, decoders, watcher)
    return watcher.seconds


def _against_simpleitk(name: str, folder: Path, ours: float, target: float, how: str) -> Iterator[Figure]:
    """Yield our time ÷ SimpleITK's, where it is installed and can read the folder."""
    try:
        if not read_with_simpleitk(folder):
            return
        slices = len(list(folder.iterdir()))
        theirs = statistics.median(_warm_s(lambda: read_with_simpleitk(folder), slices) for _ in range(_TIMES))
    except RuntimeError:
        return
    yield figure(
        name,
        ours / theirs,
        "× SimpleITK's time",
        target,
        f"{how}: folder path to volume, scan and sort included ({ours * 1000:.0f} ms), ÷ SimpleITK's series reader "
        f"({theirs * 1000:.0f} ms).",
    )


def _peak_memory(folder: Path) -> int | None:
    """Return how many bytes opening a folder needs at its peak, None where the system does not tell."""
    if sys.platform != "linux":
        return None
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    process: Any = spawn.Process(target=_open_and_tell, args=(str(folder), theirs), daemon=True)
    with deaf_to_interrupts():
        process.start()
    theirs.close()
    with contextlib.suppress(EOFError):
        found: int = ours.recv()
        process.join()
        return found
    return None


def _open_and_tell(folder: str, connection: Connection) -> None:
    # What reading needs is loaded by looking at one file.
    _open(Path(next(os.scandir(folder)).path))
    before = _most_resident()
    volume = _open(Path(folder))
    connection.send(_most_resident() - before)
    del volume


def _most_resident() -> int:
    """Return the most memory that this process has had resident, in bytes."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def compressed() -> Iterator[Figure]:
    """Yield how long compressed series take."""
    voxels = noise(COMPRESSED_SLICES)
    with Decoders() as decoders:
        decoders.warm()
        for name, syntax in COMPRESSIONS.items():
            with tempfile.TemporaryDirectory(prefix="casestage-bench-") as made:
                folder = Path(made)
                write_series(folder, voxels, syntax)
                yield from _decoding(name, folder, decoders)


def _decoding(name: str, folder: Path, decoders: Decoders) -> Iterator[Figure]:
    target, against_itk = _TARGETS.get(name, (1.2, 1 / 3))
    key = name.lower().replace(" ", "_").replace("-", "_")
    entry = scan(folder, JobContext()).series[0]
    count = decoders.most
    some = entry.frames[:: max(1, len(entry.frames) // _DECODED_ALONE)]

    def load() -> None:
        assemble(entry, JobContext(), None, decoders)

    load()
    pairs = []
    for _ in range(_TIMES):
        pairs.append((bare_decoding_s(some, _TIMES), _warm_s(load, len(entry.frames))))
    alone, loading = (statistics.median(pair[n] for pair in pairs) for n in (0, 1))
    decoded = statistics.median(ours / bare for bare, ours in pairs)
    scanning = median_s(lambda: scan(folder, JobContext()), _TIMES)
    first = statistics.median(_first_image_s(folder, decoders) for _ in range(_TIMES))
    how = f"{len(entry.frames)} files of {SIZE}×{SIZE}, {name}, page cache and memory warm, medians of {_TIMES}"
    yield figure(
        f"decode_{key}",
        decoded * count / len(entry.frames),
        "× the decoder ÷ cores",
        target,
        f"{how} in turns: list of files to int16 HU volume ({loading * 1000:.0f} ms; the scan takes "
        f"{scanning * 1000:.0f} ms more, the first image is there after {first * 1000:.0f} ms), ÷ the decoder alone, "
        f"one thread, {alone * 1000:.2f} ms a slice, ÷ {count} processes.",
    )
    at_once = _bare_at_once(folder, count)
    if at_once is not None:
        yield figure(
            f"decode_{key}_bare",
            at_once,
            "× the decoder ÷ cores",
            None,
            f"As many bare decoders at once as there are processes ({count}), which do nothing else and keep nothing: "
            "how long an image takes each of them, ÷ one alone, medians in turns. No way of opening can be below it.",
        )
    yield from _against_simpleitk(f"decode_{key}_vs_simpleitk", folder, loading + scanning, against_itk, how)


def _bare_at_once(folder: Path, count: int) -> float | None:
    """Return by how much longer an image takes a bare decoder while as many as there are processes work at once."""
    spawn = multiprocessing.get_context("spawn")
    ends = [spawn.Pipe() for _ in range(count)]
    made: list[Any] = [
        spawn.Process(target=_decode_when_asked, args=(str(folder), theirs), daemon=True) for _, theirs in ends
    ]
    with deaf_to_interrupts():
        for process in made:
            process.start()
    for _, theirs in ends:
        theirs.close()
    asked = [ours for ours, _ in ends]
    try:
        for each in asked:
            each.recv()
        pairs = [(_answers(asked[:1]), _answers(asked)) for _ in range(_TIMES)]
    except EOFError:
        return None
    finally:
        for each in asked:
            each.close()
        for process in made:
            process.join()
    return statistics.median(together / alone for alone, together in pairs)


def _answers(asked: list[Any]) -> float:
    for each in asked:
        each.send(None)
    return float(statistics.mean(each.recv() for each in asked))


def _decode_when_asked(folder: str, connection: Any) -> None:  # noqa: ANN401 (one kind on each system)
    frames = scan(Path(folder), JobContext()).series[0].frames
    some = frames[:: max(1, len(frames) // _DECODED_ALONE)]
    bare_decoding_s(some, 1)
    connection.send(None)
    with contextlib.suppress(EOFError):
        while True:
            connection.recv()
            connection.send(bare_decoding_s(some, _TIMES))
