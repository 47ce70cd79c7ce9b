"""The figure of presenting a thousand cases: minutes of work, so it is measured only when asked for by name."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.cli.bench_figures import figure
from viewer.cli.bench_window import measured_window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.cli.bench_figures import Figure

SWITCHES = 1000
_LIMIT_S = 3600


def switching() -> Iterator[Figure]:
    """Yield how much memory a window keeps of cases that are gone; nothing where the system does not tell."""
    if sys.platform != "linux":
        return
    with tempfile.TemporaryDirectory(prefix="casestage-bench-") as made:
        found = measured_window(
            "switching", None, Path(made) / "home", limit_s=_LIMIT_S, CASESTAGE_BENCH_TIMES=str(SWITCHES)
        )
    if found is None or not found[1].get("resident"):
        return
    told = found[1]
    yield figure(
        "switching_memory",
        (told["resident"][-1] - told["resident"][0]) / 2**20,
        "MB grown",
        64.0,
        f"{told['switches']} times another of two bundled cases is presented in a real window, every fifth time "
        f"until 3D shows it too; growth of resident memory ({told['resident'][0] / 2**20:.0f} MB after the first 20). "
        f"Median {statistics.median(told['seconds']) * 1000:.0f} ms a switch.",
    )
