"""The figure of a kiosk that runs for hours: minutes of work, so it is measured only when asked for by name."""

from __future__ import annotations

import os
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

HOURS = 3.0
_LIMIT_S = 3600


def kiosk() -> Iterator[Figure]:
    """Yield how much memory an hour of kiosk keeps; nothing where the system does not tell.

    CASESTAGE_BENCH_TIMES are the hours to live through, 3 unless set.
    """
    if sys.platform != "linux":
        return
    hours = os.environ.get("CASESTAGE_BENCH_TIMES", str(HOURS))
    with tempfile.TemporaryDirectory(prefix="casestage-bench-") as made:
        found = measured_window("kiosk", None, Path(made) / "home", limit_s=_LIMIT_S, CASESTAGE_BENCH_TIMES=hours)
    if found is None or len(found[1].get("resident", ())) < 2:
        return
    told = found[1]
    hours, resident = told["hours"], told["resident"]
    yield figure(
        "kiosk_memory",
        statistics.linear_regression(hours, resident).slope / 2**20,
        "MB grown an hour",
        50.0,
        f"{hours[-1]:.1f} hours of a kiosk with all cases here, as fast as the pictures come, in a real window: "
        f"{told['steps']} steps, a visitor at every third who scrolls and clicks, {told['guesses']} guesses; growth of "
        f"resident memory ({resident[0] / 2**20:.0f} MB at first) by the hours of the story: the slope of a straight "
        f"line through the {len(hours)} times at which the first step was there.",
    )
