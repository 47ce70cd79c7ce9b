"""The figures of a real window: its first painting, and how it follows wheel, links, motions and turning."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.cli.bench_figures import SIZE, figure, noise, write_series
from viewer.cli.bench_window import measured_starts, measured_window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.cli.bench_figures import Figure

SLICES = 400
_STARTS = 7
_PLANES = (("axial", 8.0), ("coronal", 8.0), ("sagittal", 10.0))


def views() -> Iterator[Figure]:
    """Yield how quick a window is; nothing where no window can be opened."""
    with tempfile.TemporaryDirectory(prefix="casestage-bench-") as made:
        folder, home = Path(made) / "series", Path(made) / "home"
        yield from _starts(home)
        write_series(folder, noise(SLICES))
        found = measured_window("views", folder, home)
    if found is None:
        return
    told = found[1]
    size = f"{SIZE}×{SIZE}×{SLICES} int16"
    notch = "from the wheel event until what it changes is painted and handed to the screen, in a real window"
    for plane, target in _PLANES:
        yield _wheel(told, f"wheel_{plane}", plane, target, f"{size}, {plane} alone, {_px(told['alone_px'])}: {notch}")
    four = f"{size}, four views of {_px(told['four_px'])}"
    yield _wheel(told, "wheel_four", "four", 33.0, f"{four}, axial: {notch}; all four are painted")
    yield _wheel(
        told,
        "linked_four",
        "four",
        33.0,
        f"{four}: from moving the cursor by a voxel along all three axes until all four views are painted; every plane "
        "is a new one",
    )
    yield from _moving(told, size)


def _starts(home: Path) -> Iterator[Figure]:
    found, against = measured_starts("first window", None, home, _STARTS)
    if not found:
        return
    window = [each["painted_at"] for each in found]
    cases = [each["cases_at"] for each in found]
    yield figure(
        "first_window",
        statistics.median(window),
        "ms",
        500.0,
        f"The process is started, page cache warm, until its window is painted, told by the monotonic clock; median of "
        f"{len(found)}, quickest {min(window):.0f} ms; {against}. Its cases are in it after "
        f"{statistics.median(cases):.0f} ms.",
    )


def _wheel(told: dict[str, Any], name: str, bare: str, target: float, how: str) -> Figure:
    p50, p95 = np.percentile(told[f"{name}_ms"], [50, 95])
    alone = told[f"bare_{bare}_ms"]
    busy = told.get(f"{name}_worked_ms")
    # On a machine that has other things to do this is less than the time that passes.
    worked = f", {statistics.median(busy):.1f} ms of it this thread's work" if busy else ""
    return figure(
        name,
        float(p95),
        "ms p95",
        target,
        f"{how}. Median {p50:.1f} ms{worked}, {p50 / alone:.2f} × resampling and colouring as many pixels by numpy "
        f"alone ({alone:.1f} ms, measured just before).",
    )


def _moving(told: dict[str, Any], size: str) -> Iterator[Figure]:
    how = f"{size}, four views in {_px(told['moving_px'])}"
    flights = f"{how}, {len(told['flight_per_s'])} motions of 0.6 s to another place, zoom, window and side"
    planes, drawn = statistics.median(told["flight_per_s"]), statistics.median(told["flight_3d_per_s"])
    yield figure(
        "motion_planes",
        1000 / planes,
        "ms a frame",
        1000 / 30,
        f"{flights}; median {planes:.0f} frames/s of the planes.",
    )
    stalls = list(told["flight_stalls_ms"])
    if drawn:
        yield figure(
            "motion_3d", 1000 / drawn, "ms a picture", 1000 / 12, f"{flights}; median {drawn:.0f} 3D pictures/s."
        )
    if "turn_per_s" in told:
        turning = statistics.median(told["turn_per_s"])
        yield figure(
            "turn_window",
            1000 / turning,
            "ms a picture",
            1000 / 25,
            f"{how}: 3D is turned by mouse events at 60/s for 2 s; median {turning:.0f} pictures/s on screen.",
        )
        stalls += told["turn_stalls_ms"]
    yield figure(
        "moving_stall",
        statistics.median(stalls),
        "ms",
        50.0,
        f"{how}: how late a timer of 4 ms comes during motions and turning; median of each one's longest, longest of "
        f"all {max(stalls):.0f} ms.",
    )


def _px(size: list[int]) -> str:
    return f"{size[0]}×{size[1]} px"
