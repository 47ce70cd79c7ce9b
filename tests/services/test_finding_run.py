from __future__ import annotations

import queue
import shutil
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from viewer.domain.geometry import SliceStack
from viewer.domain.session import Session
from viewer.domain.volume import SeriesFacts, Volume
from viewer.services.finding_run import FindingRun
from viewer.services.jobs import JobRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from viewer.domain.patches import Patches


class Running:
    """A finding run whose answers are taken home here, as the window's event loop would."""

    def __init__(self, folders: tuple[Path, ...], records: Path) -> None:
        self._calls: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.runner = JobRunner(self._calls.put)
        self.session = Session()
        self.run = FindingRun(self.session, self.runner, folders, records)
        self.told: list[str] = []
        self.failed: list[str] = []
        self.parts: list[Patches | None] = []
        self.run.told.connect(self.told.append)
        self.run.failed.connect(lambda error: self.failed.append(error.sentence))
        self.session.patches_changed.connect(lambda new, _old: self.parts.append(new))

    def wait(self) -> None:
        end = time.monotonic() + 60
        while self.run.running:
            assert time.monotonic() < end
            self._calls.get(timeout=60)()


def block() -> Volume:
    slices = np.full((5, 20, 20), -1000, np.int16)
    slices[:, 4:16, 4:16] = 40
    slices[1:4, 8:12, 8:12] = 600
    stack = SliceStack((20, 20), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [[0.0, 0, float(z)] for z in range(5)])
    return Volume(SeriesFacts("1.2.3", modality="CT"), slices, stack, slices, stack.as_grid())


@pytest.fixture
def running(repository: Path, tmp_path: Path) -> Iterator[Running]:
    shutil.copytree(repository / "resources" / "models" / "anatomy", tmp_path / "models" / "anatomy")
    made = Running((tmp_path / "models",), tmp_path / "runs")
    yield made
    made.run.cancel()
    made.runner.shutdown()


def test_what_was_run_before_is_shown_as_recorded_and_run_again_it_is_compared(running: Running) -> None:
    running.session.volume = block()
    running.run.start("anatomy")
    running.wait()
    assert running.failed == []
    found = running.session.findings
    assert found
    assert not any(f.recorded for f in found)
    assert running.told == []
    done = [patches.done for patches in running.parts if patches is not None]
    assert done == list(range(len(done)))
    assert len(done) > 1
    assert running.session.patches is None
    assert running.run.result is not None

    # The same voxels opened anew, as another session would.
    running.session.volume = block()
    assert running.run.result is None
    running.session.findings = ()
    running.run.start("anatomy")
    running.wait()
    assert all(f.recorded for f in running.session.findings)
    assert [f.id for f in running.session.findings] == [f.id for f in found]
    assert "Recorded on 20" in running.told[-1]
    assert "again to compute it anew" in running.told[-1]

    running.run.start("anatomy")
    running.wait()
    assert not any(f.recorded for f in running.session.findings)
    assert running.told[-1].startswith("Same as the result recorded on 20")
