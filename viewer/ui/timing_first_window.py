"""When a starting program has painted its window, for `casestage bench`."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

from viewer.ui.when_painted import when_painted

if TYPE_CHECKING:
    from viewer.ui.main_window import MainWindow


def tell_first_window(window: MainWindow) -> None:
    """Print one line of JSON once the window is on screen, and again once it shows its cases; then close it.

    `painted_at` and `cases_at` are in seconds of the system's monotonic clock, which whoever started the program can
    read too.
    """
    times: dict[str, float] = {}

    def cases() -> None:
        times["cases_at"] = time.monotonic()
        sys.stdout.write(json.dumps(times) + "\n")
        sys.stdout.flush()
        window.close()

    def painted() -> None:
        times["painted_at"] = time.monotonic()
        when_painted(window.library, cases)

    when_painted(window, painted)
