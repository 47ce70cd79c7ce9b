"""Opens mutated files by the thousand and prints what is wrong with what came of them: `packaging/fuzz [COUNT]`."""

from __future__ import annotations

import argparse
import collections
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.io.fuzzing.cases import case
from tests.io.fuzzing.checking import LONGEST_CPU_S
from tests.io.fuzzing.running import in_processes

if TYPE_CHECKING:
    from tests.io.fuzzing.checking import Outcome

_COUNT = 100_000
_TOLD_EVERY = 5000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="packaging/fuzz", description="Open mutated files of every kind and check what comes of them."
    )
    parser.add_argument("count", type=int, nargs="?", default=_COUNT, help=f"how many files ({_COUNT:,})")
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="NUMBER", help="number of the first (0)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many at once (all processors)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write the files themselves there, and open none")
    return parser.parse_args()


def _keep(number: int, folder: Path) -> None:
    """Write the files of a case."""
    one = case(number)
    if one is None:
        print(f"{number}: a real file, and there are none")
        return
    target = folder / str(number)
    target.mkdir(parents=True, exist_ok=True)
    for name, content in one.files.items():
        (target / name).write_bytes(content)
    print(f"{target / one.mutated}: {one.seed.kind}, {', '.join(one.done)}")


def _tell(outcome: Outcome) -> None:
    print(f"{outcome.number} {outcome.kind} ({', '.join(outcome.done)}), {outcome.state}:")
    print(*(f"  {problem}" for problem in outcome.problems), sep="\n", flush=True)


def _in_words(counts: collections.Counter[str]) -> str:
    return ", ".join(f"{n:,} {what}" for what, n in counts.most_common())


def main() -> int:
    """Run the command line; returns 0 where nothing is wrong."""
    asked = _arguments()
    numbers = range(asked.first, asked.first + asked.count)
    if asked.keep:
        for number in numbers:
            _keep(number, asked.keep)
        return 0
    began = time.monotonic()
    faulty = count = 0
    states, compared = collections.Counter[str](), collections.Counter[str]()
    longest = (0.0, 0)
    for outcome in in_processes(numbers, asked.processes):
        count += 1
        states[outcome.state] += 1
        compared[outcome.compared or "not shown"] += 1
        longest = max(longest, (outcome.cpu_s, outcome.number))
        if outcome.problems:
            faulty += 1
            _tell(outcome)
        if count % _TOLD_EVERY == 0:
            print(f"{count:,} in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(f"{count:,} mutated files in {time.monotonic() - began:.0f} s; something is wrong with {faulty:,}.")
    print(f"Their images: {_in_words(states)}. Values: {_in_words(compared)}.")
    print(f"The longest took {longest[0]:.1f} s of {LONGEST_CPU_S:g} s (number {longest[1]}).")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
