"""The figures of presenting: from a case to its first step, from a step to the next, and after having been killed."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.cli.bench_figures import figure
from viewer.cli.bench_window import measured_window
from viewer.services.cases import installed_cases
from viewer.services.places import case_folders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.cli.bench_figures import Figure

_TIMES = 3
_LIMIT_S = 300.0
_STEP = 4


def present() -> Iterator[Figure]:
    """Yield how long an audience waits; nothing where no window can be opened."""
    with tempfile.TemporaryDirectory(prefix="casestage-bench-") as made:
        found = measured_window("present", None, Path(made) / "home", limit_s=_LIMIT_S)
        if found is not None and found[1].get("opened_s"):
            told = found[1]
            how = f"{told['cases']} bundled cases in a real window, files in the page cache, until the step is painted"
            yield figure(
                "case_to_first_step",
                statistics.median(told["opened_s"]),
                "s",
                1.0,
                f"{how}: opened after another case, median (longest {max(told['opened_s']):.2f} s).",
            )
            if told["picked_s"]:
                yield figure(
                    "picked_case_to_first_step",
                    statistics.median(told["picked_s"]),
                    "s",
                    1.0,
                    f"{how}: picked in the library so long before that it had been read ahead, median "
                    f"({statistics.median(told['opened_s']) / statistics.median(told['picked_s']):.1f} times sooner "
                    "than one that had not).",
                )
            if told["steps_ms"]:
                yield figure(
                    "step_to_motion",
                    max(told["steps_ms"]),
                    "ms",
                    300.0,
                    f"{len(told['steps_ms'])} steps of the same cases, the longest: from “next” until the first "
                    f"picture that has moved is painted (median {statistics.median(told['steps_ms']):.0f} ms).",
                )
        yield from _going_on(Path(made) / "killed")


def _going_on(home: Path) -> Iterator[Figure]:
    """Kill a program on stage, then measure until the next one shows that step."""
    cases = [case for case in installed_cases(case_folders()).cases if len(case.steps) >= _STEP]
    case = next((case for case in cases if not case.recipe_path), None)
    if case is None or not _killed_on_stage(home, case.id):
        return
    kept = (home / "data" / "presenting.json").read_bytes()
    seconds, cases_s = [], []
    for _ in range(_TIMES):
        plain = measured_window("first window", None, home.parent / "plain")
        if plain is not None:
            cases_s.append(plain[1]["cases_at"] - plain[0])
        (home / "data" / "presenting.json").write_bytes(kept)
        found = measured_window("go on", None, home)
        if found is not None and found[1].get("step") == _STEP - 1:
            seconds.append(found[1]["shown_at"] - found[0])
    if seconds:
        yield figure(
            "killed_to_same_step",
            statistics.median(seconds),
            "s",
            3.0,
            f"“casestage demo {case.id} --step {_STEP}” is ended by kill -9; then, median of {len(seconds)}: the "
            "program is started, what it offers is accepted as soon as it does, until that step is painted"
            + (
                f"; a start until the library shows its cases took {statistics.median(cases_s):.2f} s."
                if cases_s
                else "."
            ),
        )


def _killed_on_stage(home: Path, case_id: str) -> bool:
    """Present a step and kill the program; return whether it had kept its place."""
    environment = {**os.environ, "CASESTAGE_HOME": str(home)}
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and sys.platform == "linux":
        environment["QT_QPA_PLATFORM"] = "offscreen"
    command = [sys.executable, "-P", "-m", "viewer", "demo", case_id, "--step", str(_STEP)]
    place = home / "data" / "presenting.json"
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60.0
        while time.monotonic() < until and process.poll() is None:
            try:
                if json.loads(place.read_bytes())["step"] == _STEP - 1:
                    return True
            except (OSError, ValueError, KeyError):
                pass
            time.sleep(0.05)
        return False
    finally:
        process.kill()
        process.wait()
