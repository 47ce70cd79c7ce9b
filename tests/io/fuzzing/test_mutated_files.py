"""Damaged files of every kind, made by number: none ends or hangs the program, and none shows what is not there."""

from __future__ import annotations

import collections
import os
from typing import TYPE_CHECKING

import pytest

from tests.io.fuzzing.cases import case
from tests.io.fuzzing.running import in_processes

if TYPE_CHECKING:
    from tests.io.fuzzing.checking import Outcome

_COUNT = 2000


@pytest.fixture(scope="module")
def found() -> list[Outcome]:
    """Return what came of the first mutated files."""
    return list(in_processes(range(_COUNT), min(4, os.cpu_count() or 1)))


def test_each_is_shown_rightly_or_refused_with_a_sentence(found: list[Outcome]) -> None:
    wrong = [f"{o.number} ({o.kind}: {', '.join(o.done)}): {problem}" for o in found for problem in o.problems]
    assert not wrong, "\n".join(wrong) + "\nTo get the files: packaging/fuzz 1 --from NUMBER --keep FOLDER"


def test_they_are_of_all_sorts(found: list[Outcome]) -> None:
    """Guards the test above: it would hold of nothing."""
    states, compared = (collections.Counter(getattr(o, name) for o in found) for name in ("state", "compared"))
    assert len(found) > 0.95 * _COUNT
    assert len({o.kind for o in found}) >= 34
    assert min(states["shown"], states["partly"] * 10, states["refused"]) > 300
    assert compared["as pydicom"] > 150
    assert compared["as ITK"] > 100
    assert sum(o.state == "refused" and not o.said for o in found) < 60


def test_the_same_number_gives_the_same_bytes() -> None:
    for number in range(0, _COUNT, 97):
        one, again = case(number), case(number)
        assert (one and dict(one.files)) == (again and dict(again.files))
