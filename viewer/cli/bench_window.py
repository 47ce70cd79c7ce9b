"""The figures of a window that opens a folder: its first image, and how long it stands still meanwhile."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewer.cli.bench_figures import EXPLICIT_LITTLE, SIZE, figure, noise, seconds, write_series
from viewer.io.lossless_frames import COMPRESSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.cli.bench_figures import Figure

SLICES = 400
_STARTS = 5
_LIMIT_S = 180
_KINDS = (("uncompressed", EXPLICIT_LITTLE, 100.0), ("JPEG-LS", COMPRESSIONS["JPEG-LS"], 150.0),
          ("JPEG 2000", COMPRESSIONS["JPEG 2000"], 200.0))  # fmt: skip


def window() -> Iterator[Figure]:
    """Yield what a window shows when; nothing where no window can be opened."""
    voxels = noise(SLICES)
    for name, syntax, target in _KINDS:
        with tempfile.TemporaryDirectory(prefix="casestage-bench-") as made:
            folder, home = Path(made) / "series", Path(made) / "home"
            write_series(folder, voxels, syntax)
            if name == "uncompressed":
                yield from _starts(folder, home)
            yield from _clicks(folder, home, name, target)


def measured_window(
    mode: str, folder: Path | None, home: Path, *, limit_s: float = _LIMIT_S, **more: str
) -> tuple[float, dict[str, Any]] | None:
    """Return when a window was started (monotonic seconds) and what it tells, or None where it told nothing.

    `mode` is what it measures, `folder` what it opens, `home` the user's folder, `more` goes into its environment.
    """
    environment = {**os.environ, "CASESTAGE_BENCH": mode, "CASESTAGE_HOME": str(home), **more}
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and sys.platform == "linux":
        environment["QT_QPA_PLATFORM"] = "offscreen"
    started = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "viewer", *(("open", str(folder)) if folder is not None else ())],
            env=environment,
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
        )
        return started, json.loads(done.stdout)
    except (ValueError, OSError, subprocess.TimeoutExpired):
        return None


def measured_starts(mode: str, folder: Path | None, home: Path, times: int) -> tuple[list[dict[str, float]], str]:
    """Return when something happened after each of several starts, in ms, and words that hold it against a bare start.

    Names that end in `_at` hold for what `mode` measures; how quick a machine is at the moment shows in how long
    Python takes to start with Qt and numpy alone, measured in turns.
    """
    measured_window(mode, folder, home)
    found: list[dict[str, float]] = []
    bare: list[float] = []
    for _ in range(times):
        bare.append(seconds(_start_bare) * 1000)
        if (window := measured_window(mode, folder, home)) is not None:
            started, told = window
            found.append({name: (at - started) * 1000 for name, at in told.items() if name.endswith("_at")})
    alone = statistics.median(bare)
    painted = statistics.median(each["painted_at"] for each in found) if found else 0.0
    how = f"{painted / alone:.1f} × Python's start with Qt and numpy and nothing else ({alone:.0f} ms, in turns)"
    return found, how


def _start_bare() -> None:
    subprocess.run([sys.executable, "-P", "-c", "import numpy, PySide6.QtWidgets"], check=False)


def _starts(folder: Path, home: Path) -> Iterator[Figure]:
    found, against = measured_starts("start", folder, home, _STARTS)
    if found:
        yield figure(
            "first_image_start",
            statistics.median(each["painted_at"] for each in found),
            "ms",
            700.0,
            f"“casestage open” on {SLICES} uncompressed files of {SIZE}×{SIZE}, page cache warm, median of "
            f"{len(found)}: the process is started until its window has painted the first image; {against}.",
        )


def _clicks(folder: Path, home: Path, name: str, target: float) -> Iterator[Figure]:
    found = measured_window("click", folder, home)
    if found is None:
        return
    told = found[1]
    key = name.lower().replace(" ", "_").replace("-", "_")
    how = f"{SLICES} files of {SIZE}×{SIZE}, {name}, opened {len(told['first_ms'])} times in a settled window"
    yield figure(
        f"first_image_click_{key}",
        statistics.median(told["first_ms"]),
        "ms",
        target,
        f"{how}, median: from asking for the folder until the first image is painted.",
    )
    yield figure(
        f"window_stall_{key}",
        statistics.median(told["stalls_ms"]),
        "ms",
        50.0,
        f"{how}, median of each one's longest: how late a timer of 4 ms comes until the series is whole.",
    )
