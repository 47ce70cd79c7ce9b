"""Kills a program that is deciding, again and again, and looks whether any acknowledged decision is lost.

    python tests/io/journal_crash_loop.py --kills 300

Each round starts a process that decides as fast as it can and tells each decision after it was acknowledged; it is
killed by SIGKILL at a random moment. Prints one line of JSON; exits 1 when anything was lost.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from viewer.domain.decision import Answer
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.io.journal import Journal
from viewer.io.journal_chain import check_chain

SERIES = "1.2.3"


def finding(number: int) -> Finding:
    source = Source(SourceKind.MODEL, "Model", "1.0", "model", "ab" * 32)
    return Finding(f"finding-{number}", f"2.25.{number}", "nodule", "Nodule", source, np.zeros(3), np.zeros((3, 2)))


def decide_for_ever(path: Path, start: int) -> None:
    journal = Journal(path)
    number = start
    while True:
        before = time.perf_counter()
        journal.decide(SERIES, finding(number), Answer.ACCEPTED, "Reader", f"comment {number}")
        milliseconds = (time.perf_counter() - before) * 1000
        sys.stdout.write(f"{number} {milliseconds:.3f}\n")
        sys.stdout.flush()
        number += 1


def kill_again_and_again(path: Path, kills: int, seed: int) -> dict[str, float]:
    chance = random.Random(seed)
    acknowledged: list[int] = []
    times: list[float] = []
    lost = 0
    reopened: list[float] = []
    for _ in range(kills):
        start = acknowledged[-1] + 1000 if acknowledged else 0
        command = [sys.executable, __file__, "--decide", str(path), "--start", str(start)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        time.sleep(chance.uniform(0.0, 0.15))
        process.kill()
        lines += process.stdout.read().splitlines()
        process.wait()
        process.stdout.close()
        for line in lines:
            if len(parts := line.split()) == 2 and "." in parts[1]:
                acknowledged.append(int(parts[0]))
                times.append(float(parts[1]))
        before = time.perf_counter()
        journal = Journal(path)
        kept = journal.decisions(SERIES)
        journal.can_undo(SERIES)
        reopened.append(time.perf_counter() - before)
        lost += sum(f"finding-{number}" not in kept for number in acknowledged)
        lost += journal.read_only is not None or not check_chain(path).whole
        journal.close()
    return {
        "kills": kills,
        "acknowledged": len(acknowledged),
        "lost": lost,
        "median_ms": round(float(np.median(times)), 2),
        "slowest_ms": round(max(times), 2),
        "slowest_reopening_s": round(max(reopened), 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--decide", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--start", type=int, default=0, help=argparse.SUPPRESS)
    choices = parser.parse_args()
    if choices.decide:
        decide_for_ever(choices.decide, choices.start)
    with tempfile.TemporaryDirectory() as folder:
        said = kill_again_and_again(Path(folder) / "decisions.sqlite3", choices.kills, choices.seed)
    sys.stdout.write(json.dumps(said) + "\n")
    return 1 if said["lost"] else 0


if __name__ == "__main__":
    sys.exit(main())
