"""A monkey at the window: `python -m tests.monkey [--seed N] [--steps N] [--only STEP,…]`; says what it broke, and how.

Every step draws from its own random numbers, seed and step alone, so that a run can be played again, from anywhere or
with the steps that matter alone. It needs a screen; without one it makes its own (Linux).
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path

from tests.own_screen import own_screen

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data"


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
    # So that what was started for it ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if not os.environ.get("DISPLAY"):
        os.environ["DISPLAY"] = own_screen()
    with tempfile.TemporaryDirectory(prefix="casestage-monkey-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        # Read once, when the program is imported.
        os.environ["CASESTAGE_HOME"] = str(folder / "home")
        from tests.monkey.monkey import Monkey

        named = os.environ.get("CASESTAGE_REAL_DATA")
        real = Path(named) if named else REAL
        monkey = Monkey(folder, real if (real / "MANIFEST.md").is_file() else None, print)
        try:
            for seed in range(asked.seed, asked.seed + asked.seeds):
                monkey.play(seed, _steps(asked), every_step=asked.tell, stop=asked.stop)
        except Exception:
            # What would print it is the monkey's by now.
            traceback.print_exc()
            raise
        finally:
            monkey.leave()
    return 1 if monkey.broken else 0


if __name__ == "__main__":
    sys.exit(main())
