"""A reader's mark is shown on the images that it was set on, and leaves with them alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.services.test_measuring import Bench
from tests.services.test_where_measured import phase
from viewer.domain.finding import SourceKind
from viewer.services.opening import Opening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from viewer.domain.volume import Volume
    from viewer.io.decoders import Decoders


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = at_work(tmp_path)
    yield bench
    bench.close()


def at_work(folder: Path) -> Bench:
    bench = Bench(folder)
    bench.session.findings = ()
    return bench


def marks(bench: Bench) -> list[str]:
    return [f.id for f in bench.session.findings if f.source.kind is SourceKind.READER]


def set_at(bench: Bench, z: float = 10.0) -> str:
    made = bench.reviewing.mark_missed((1.0, 2.0, z))
    assert made is not None
    return made.id


def test_a_phase_that_is_still_being_read_shows_no_mark_of_the_one_before(
    bench: Bench, shared_decoders: Decoders
) -> None:
    bench.session.volume = phase(30)
    set_at(bench)
    Opening(bench.session, bench.runner, shared_decoders).close()
    bench.session.volume = evolve(phase(70), arrived=np.zeros(20, dtype=bool))
    assert marks(bench) == []
