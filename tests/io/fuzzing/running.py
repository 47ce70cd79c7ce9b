"""Opens mutated files one after another, or in several processes."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING

from tests.io.fuzzing.cases import case
from tests.io.fuzzing.checking import Checker, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH = 500


def outcomes(numbers: range) -> list[Outcome]:
    """Return what came of mutated files, opened one after another in this process."""
    checker = Checker()
    found = [checker.check(one) for one in map(case, numbers) if one is not None]
    left = checker.close()
    if found:
        found[-1].problems += left
    return found


def in_processes(numbers: range, processes: int) -> Iterator[Outcome]:
    """Yield what comes of mutated files, in no order.

    Raises
    ------
    BrokenProcessPool
        Where a file ended the process that opened it.
    """
    batches = [numbers[at : at + _BATCH] for at in range(0, len(numbers), _BATCH)]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn, max_tasks_per_child=1) as pool:
        for done in as_completed([pool.submit(outcomes, batch) for batch in batches]):
            yield from done.result()
