"""`casestage bench`: the speed figures as ratios measured in one run, with their method."""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import asdict, frozen

from viewer.cli.terminal import progress_context, say, say_json
from viewer.domain.geometry import PlaneName, SliceStack
from viewer.domain.view_state import ViewState, as_point
from viewer.domain.volume import SeriesFacts, Volume
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.io.synthetic_dicom import write_ct_series
from viewer.scene.planes import PlaneRenderer, stepped
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

_SLICES = 400
_SIZE = 512
_TIMES = 5


@frozen
class Figure:
    """One measured figure; `target` is the largest value that is good enough, or None where none is set."""

    name: str
    value: float
    unit: str
    target: float | None
    ok: bool
    method: str


def _figure(name: str, value: float, unit: str, target: float | None, method: str) -> Figure:
    return Figure(name, round(value, 3), unit, target, target is None or value <= target, method)


def bench(arguments: argparse.Namespace) -> int:
    """Measure and print; with --check fail where a target is missed."""
    context = progress_context()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="casestage-bench-") as folder:
        voxels = _noise(_SLICES)
        context.report(0, 4, "Writing 400 slices")
        _write_series(Path(folder), voxels)
        context.report(1, 4, "Opening them")
        figures += _opening(Path(folder))
    context.report(2, 4, "Scrolling")
    figures += _scrolling(_volume(voxels))
    context.report(3, 4, "Running the model")
    figures += _inference()
    context.report(4, 4, "Done")
    if arguments.json:
        say_json([asdict(figure) for figure in figures])
    else:
        for figure in figures:
            target = f"target ≤ {figure.target:g}" if figure.target is not None else "no target"
            mark = "reached" if figure.ok else "MISSED"
            say(f"{figure.name}: {figure.value:g} {figure.unit} ({target}{', ' + mark if figure.target else ''})")
            say(f"    {figure.method}")
    return 1 if arguments.check and not all(figure.ok for figure in figures) else 0


def _noise(count: int) -> NDArray[np.int16]:
    """Return [k, j, i] with the texture of a body in air; slices differ so that no cache helps."""
    rng = np.random.default_rng(1)
    j, i = np.mgrid[0:_SIZE, 0:_SIZE]
    body = np.where(np.hypot((i - 256) / 200, (j - 256) / 150) < 1, 40, -1000).astype(np.int16)
    noise = rng.normal(0, 15, (8, _SIZE, _SIZE)).astype(np.int16)
    return np.stack([body + np.roll(noise[k % 8], k, axis=1) for k in range(count)])


def _write_series(folder: Path, voxels: NDArray[np.int16]) -> None:
    write_ct_series(
        folder,
        voxels,
        origin_lps_mm=(-180.0, -180.0, 0.0),
        spacing_mm=(0.7, 0.7, 1.0),
        description="Bench, synthetic",
        body_part="CHEST",
        series_uid="2.25.1001",
        study_uid="2.25.1002",
        frame_uid="2.25.1003",
        compressed=False,
    )


def _volume(voxels: NDArray[np.int16]) -> Volume:
    positions = [(-180.0, -180.0, float(k)) for k in range(len(voxels))]
    stack = SliceStack((_SIZE, _SIZE), (0.7, 0.7), (1, 0, 0), (0, 1, 0), positions)
    return Volume(SeriesFacts("2.25.1001", modality="CT", synthetic=True), voxels, stack, voxels, stack.as_grid())


def _seconds(call: Callable[[], Any]) -> float:
    gc.collect()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _opening(folder: Path) -> Iterator[Figure]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    total = sum(path.stat().st_size for path in files)

    def read() -> None:
        target = np.empty(total, dtype=np.uint8)
        view, start = memoryview(target.data), 0
        for path in files:
            with path.open("rb", buffering=0) as stream:
                start += stream.readinto(view[start:]) or 0

    def opened() -> None:
        assemble(scan(folder, progress_context()).series[0], progress_context())

    first: list[float] = []

    def first_image() -> None:
        start = time.perf_counter()
        assemble(
            scan(folder, progress_context()).series[0],
            progress_context(),
            lambda _: first.append(time.perf_counter() - start),
        )

    read()
    opened()
    pairs = [(_seconds(read), _seconds(opened)) for _ in range(_TIMES)]
    first_image()
    first.clear()
    for _ in range(_TIMES):
        first_image()
    bare = statistics.median(pair[0] for pair in pairs)
    how = f"{_SLICES} uncompressed files of {_SIZE}×{_SIZE}, page cache warm, medians of {_TIMES}, alternating"
    yield _figure(
        "open_vs_read",
        statistics.median(pair[1] for pair in pairs) / bare,
        "× reading the same bytes",
        2.0,
        f"{how}: folder path to int16 HU volume, scan and sort included, ÷ reading the files into memory "
        f"({bare * 1000:.0f} ms).",
    )
    yield _figure(
        "first_image", statistics.median(first) * 1000, "ms", 100.0, f"{how}: folder path to the middle slice in HU."
    )


def _scrolling(volume: Volume) -> Iterator[Figure]:
    renderer = PlaneRenderer()
    table = np.arange(65536, dtype=np.uint32)
    picture = np.zeros((900, 900), dtype=np.int16)
    raw = statistics.median(_seconds(lambda: table[picture.view(np.uint16)]) for _ in range(9)) * 1000
    for plane, target in ((PlaneName.AXIAL, 8.0), (PlaneName.CORONAL, 8.0), (PlaneName.SAGITTAL, 10.0)):
        times = _scroll_times(renderer, volume, plane)
        yield _figure(
            f"scroll_{plane.value}",
            float(np.percentile(times, 95)),
            "ms p95",
            target,
            f"60 single-image steps through 512×512×400 int16, picture of a 900×900 viewport without painting; "
            f"median {np.median(times):.1f} ms; {np.median(times) / raw:.1f} × colouring 900×900 pixels by a table "
            f"({raw:.1f} ms).",
        )


def _scroll_times(renderer: PlaneRenderer, volume: Volume, plane: PlaneName) -> list[float]:
    state: ViewState = view_of_volume(volume)
    times = []
    for number in range(65):
        cursor = stepped(volume, plane, state.cursor_lps_mm, 1)
        state = state.looking_at(as_point(cursor))
        start = time.perf_counter()
        renderer.render(volume, state, plane, 900, 900)
        if number >= 5:
            times.append((time.perf_counter() - start) * 1000)
    return times


def _inference() -> Iterator[Figure]:
    yield from ()
