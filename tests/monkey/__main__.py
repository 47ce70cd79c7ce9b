"""A monkey at the window: `python -m tests.monkey [--seed N] [--steps N] [--only STEP,…]`; says what it broke, and how.

Every step draws from its own random numbers, seed and step alone, so that a run can be played again, from anywhere or
with the steps that matter alone. It needs a screen; without one it makes its own.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.own_screen import own_screen

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data"
_SETTLES_EVERY = 40
_TOLD_BEFORE = 14


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.monkey", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the first run (1)")
    parser.add_argument("--seeds", type=int, default=1, help="how many runs, one after the other in one window (1)")
    parser.add_argument("--steps", type=int, default=1000, help="of each run (1000)")
    parser.add_argument("--only", default="", help="numbers of steps, or ranges such as 10-20, and no others")
    parser.add_argument("--tell", action="store_true", help="print every step")
    parser.add_argument("--stop", action="store_true", help="stop at the first fault")
    return parser.parse_args()


def _steps(asked: argparse.Namespace) -> list[int]:
    if not asked.only:
        return list(range(asked.steps))
    ranges = [part.partition("-") for part in asked.only.split(",")]
    return [n for first, _, last in ranges for n in range(int(first), int(last or first) + 1)]


def main() -> int:
    """Let the monkey in; returns 0 where nothing was broken."""
    asked = _arguments()
    faulthandler.register(signal.SIGUSR1)
    if not os.environ.get("DISPLAY"):
        os.environ["DISPLAY"] = own_screen()
    with tempfile.TemporaryDirectory(prefix="casestage-monkey-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        os.environ["CASESTAGE_HOME"] = str(folder / "home")
        named = os.environ.get("CASESTAGE_REAL_DATA")
        real = Path(named) if named else REAL
        return _run(asked, folder, real if (real / "MANIFEST.md").is_file() else None)


def _run(asked: argparse.Namespace, folder: Path, real: Path | None) -> int:
    from PySide6.QtCore import QTimer
    from PySide6.QtGui import QDesktopServices
    from PySide6.QtWidgets import QApplication

    from tests.monkey.acts import Acts
    from tests.monkey.checks import busy_with, check, open_sheets
    from tests.monkey.hands import Hands
    from tests.monkey.material import NAMES, make_material
    from tests.monkey.watching import Faults, Heart
    from viewer.app import build_application, build_window
    from viewer.domain.session import Workspace
    from viewer.io.memory import resident_bytes
    from viewer.ui.program_run import ProgramRun

    places = make_material(folder, real)
    QDesktopServices.openUrl = lambda _url: True
    ProgramRun.start = lambda run, _words: QTimer.singleShot(200, lambda: run.ended.emit(1, "", "No."))
    build_application()
    window = build_window()
    window.desk.settings.change(reader="Dr Monkey")
    faults = Faults(NAMES, lambda: window.desk.session.masked)
    heart = Heart(faults)
    window.show()
    window.library.fill()
    window.activateWindow()
    hands = Hands(window, folder, places, Random(0))
    acts = Acts(window, hands, places, ["head-epidural", "head-small-bleed", "lung-nodules", "tour"], faults, heart)
    acts.pause(2.0)
    broken, done, began = 0, list[str](), time.monotonic()
    known: set[str] = set()
    numbers = _steps(asked)
    for seed in range(asked.seed, asked.seed + asked.seeds):
        for n in numbers:
            hands.rng = Random(f"{seed} {n}")
            told = f"{seed}:{n} {acts.one()}"
            done.append(told)
            if asked.tell:
                print(told, flush=True)
            acts.pause(0.02)
            if QApplication.activeWindow() is None:
                # Without a window manager nobody else gives the window the keys after a dialog.
                window.activateWindow()
            with heart.resting():
                check(window, faults, Random(f"{seed} {n} looking"))
            if n % _SETTLES_EVERY == _SETTLES_EVERY - 1:
                if still := acts.settle():
                    faults.add("never done", still)
                    window.desk.opening.cancel()
                for _ in range(8):
                    if open_sheets(window):
                        hands.key(0x01000000)
                        acts.pause(0.05)
                if sheets := open_sheets(window):
                    keys = type(hands.with_keys()).__name__
                    faults.add("cannot be closed", f"{type(sheets[0]).__name__} while {keys} has the keys")
            found = faults.take()
            before, known = known, set(found)
            for fault in found:
                if fault in before:
                    continue
                broken += 1
                print(f"--- fault {broken} at {told}\n{fault}\n  after:", flush=True)
                print(*(f"    {line}" for line in done[-_TOLD_BEFORE:]), sep="\n", flush=True)
            if broken and asked.stop:
                break
            if n % 100 == 99:
                mb = resident_bytes() / 1e6
                widgets = len(window.findChildren(object))
                print(
                    f"{seed}:{n} {time.monotonic() - began:.0f} s, {mb:.0f} MB, {widgets} objects, {broken} faults",
                    flush=True,
                )
    acts.settle()
    print(
        f"{len(numbers) * asked.seeds:,} steps, {broken} faults. "
        f"Of {acts.looked} commands nothing was seen: {acts.silent}",
        flush=True,
    )
    window.desk.session.workspace = Workspace.LIBRARY
    heart.stop()
    hands.stop()
    if busy_with(window):
        window.desk.opening.cancel()
    window.close()
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
