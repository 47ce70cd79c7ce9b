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
from viewer.domain.volume import SeriesFacts, Volume
from viewer.inference.accept import refusal
from viewer.inference.manifest import Manifest
from viewer.inference.models import installed_models
from viewer.inference.timing import time_model
from viewer.io.assemble import Watcher, assemble
from viewer.io.scan import scan
from viewer.io.shipped import shipped
from viewer.io.synthetic_dicom import INTERCEPT_HU, write_ct_series
from viewer.phantom.head import make_head
from viewer.scene.timing import scroll_times, turning_times
from viewer.scene.volume3d import Quality

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


def figure(name: str, value: float, unit: str, target: float | None, method: str) -> Figure:
    """Return a figure with its value rounded and held against its target."""
    return Figure(name, round(value, 3), unit, target, target is None or value <= target, method)


def bench(arguments: argparse.Namespace) -> int:
    """Measure and print; with --check fail where a target is missed."""
    # Takes what it measures with from here.
    from viewer.cli.bench_scan import scanning

    context = progress_context()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="casestage-bench-") as folder:
        voxels = _noise(_SLICES)
        context.report(0, 5, "Writing 400 slices")
        _write_series(Path(folder), voxels)
        context.report(1, 5, "Opening them")
        figures += _opening(Path(folder))
    context.report(2, 5, "Listing 10,000 files")
    figures += scanning()
    context.report(3, 5, "Scrolling")
    figures += _scrolling(_volume(voxels))
    context.report(4, 5, "Running the model")
    figures += _inference()
    context.report(5, 5, "Done")
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
    return np.stack([np.maximum(body + np.roll(noise[k % 8], k, axis=1), INTERCEPT_HU) for k in range(count)])


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
        syntax="1.2.840.10008.1.2.1",
    )


def _volume(voxels: NDArray[np.int16]) -> Volume:
    positions = [(-180.0, -180.0, float(k)) for k in range(len(voxels))]
    stack = SliceStack((_SIZE, _SIZE), (0.7, 0.7), (1, 0, 0), (0, 1, 0), positions)
    return Volume(SeriesFacts("2.25.1001", modality="CT", synthetic=True), voxels, stack, voxels, stack.as_grid())


def seconds(call: Callable[[], Any]) -> float:
    """Return how long a call takes."""
    gc.collect()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


class _FirstImage(Watcher):
    """Notes when the first image is in."""

    def __init__(self, start: float) -> None:
        self._start = start
        self.seconds = 0.0

    def begun(self, _volume: Volume, _order: object) -> None:
        self.seconds = time.perf_counter() - self._start

    def grown(self) -> None:
        pass


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
        watcher = _FirstImage(start)
        assemble(scan(folder, progress_context()).series[0], progress_context(), watcher)
        first.append(watcher.seconds)

    read()
    opened()
    pairs = [(seconds(read), seconds(opened)) for _ in range(_TIMES)]
    first_image()
    first.clear()
    for _ in range(_TIMES):
        first_image()
    bare = statistics.median(pair[0] for pair in pairs)
    how = f"{_SLICES} uncompressed files of {_SIZE}×{_SIZE}, page cache warm, medians of {_TIMES}, alternating"
    yield figure(
        "open_vs_read",
        statistics.median(pair[1] for pair in pairs) / bare,
        "× reading the same bytes",
        2.0,
        f"{how}: folder path to int16 HU volume, scan and sort included, ÷ reading the files into memory "
        f"({bare * 1000:.0f} ms).",
    )
    yield figure(
        "first_image", statistics.median(first) * 1000, "ms", 100.0, f"{how}: folder path to the middle slice in HU."
    )


def _scrolling(volume: Volume) -> Iterator[Figure]:
    table = np.arange(65536, dtype=np.uint32)
    picture = np.zeros((900, 900), dtype=np.uint16)
    raw = statistics.median(seconds(lambda: table[picture]) for _ in range(9)) * 1000
    size = f"{_SIZE}×{_SIZE}×{_SLICES} int16, 900×900 viewport, the picture without painting it"
    for plane, target in ((PlaneName.AXIAL, 8.0), (PlaneName.CORONAL, 8.0), (PlaneName.SAGITTAL, 10.0)):
        times = scroll_times(volume, plane)
        yield figure(
            f"scroll_{plane.value}",
            times.p95_ms,
            "ms p95",
            target,
            f"{times.count} single-image steps through {size}; median {times.p50_ms:.1f} ms, "
            f"{times.p50_ms / raw:.1f} × colouring as many pixels by a table ({raw:.1f} ms).",
        )
    slab = scroll_times(volume, PlaneName.AXIAL, slab_mm=10.0)
    yield figure(
        "scroll_slab", slab.p95_ms, "ms p95", 20.0, f"As scroll_axial, 10 mm MIP; median {slab.p50_ms:.1f} ms."
    )
    turning = turning_times(volume, Quality.MOVING)
    if turning is not None:
        yield figure(
            "turn_3d",
            turning.p50_ms,
            "ms median",
            40.0,
            f"{turning.count} pictures of 600×600 while turning, coarse quality; p95 {turning.p95_ms:.0f} ms.",
        )


def _inference() -> Iterator[Figure]:
    manifests = [m for m in installed_models((shipped("resources/models"),)) if isinstance(m, Manifest)]
    if not manifests:
        return
    phantom = make_head(1, spacing_mm=(0.9, 0.9, 3.0), size_ij=256)
    positions = [
        (*phantom.origin_lps_mm[:2], phantom.origin_lps_mm[2] + k * phantom.spacing_mm[2])
        for k in range(len(phantom.voxels_hu))
    ]
    size = (phantom.voxels_hu.shape[2], phantom.voxels_hu.shape[1])
    stack = SliceStack(size, phantom.spacing_mm[:2], (1, 0, 0), (0, 1, 0), positions)
    facts = SeriesFacts("2.25.1004", modality="CT", body_part="HEAD", synthetic=True)
    volume = Volume(facts, phantom.voxels_hu, stack, phantom.voxels_hu, stack.as_grid())
    for manifest in manifests:
        if refusal(manifest, volume) is not None:
            continue
        timing = time_model(manifest, volume)
        yield figure(
            f"model_{manifest.id}",
            timing.ratio,
            "× bare session.run",
            1.15 if not manifest.rules else None,
            f"{manifest.name} on a synthetic head of {'×'.join(map(str, reversed(volume.slices.shape)))}: preparing, "
            f"running and making findings ({timing.total_s:.2f} s) ÷ the same {timing.calls} calls of session.run "
            f"alone ({timing.bare_s:.2f} s), in one process, smallest of 3.",
        )
