"""An Orthanc that holds real CT, and jobs that can be stopped in their middle."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from tests.archive.orthanc import DICOMWEB, MIXED_STUDY, PROGRAM, Orthanc, in_every_syntax
from tests.archive.web_server import Server
from viewer.domain.job import JobContext, Progress
from viewer.io.synthetic_dicom import write_ct_series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STUDY, SERIES = "1.2.3", "1.2.3.4"
ABDOMEN = "a13_abdomen_contrast_CRLM-1004"


def small_series(folder: Path, count: int) -> list[Path]:
    """Write a series of a patient who is looked for afterwards wherever no name may be, and return its files."""
    write_ct_series(
        folder,
        np.zeros((count, 32, 32), np.int16),
        origin_lps_mm=(0, 0, 0),
        spacing_mm=(1, 1, 2),
        description="Synthetic",
        body_part="CHEST",
        series_uid=SERIES,
        study_uid=STUDY,
        frame_uid="1.2.3.5",
        patient_name="CANARY^TWEETY",
        patient_id="ID-90210",
        series_number=1,
        syntax="1.2.840.10008.1.2.1",
    )
    return sorted(folder.iterdir())


@dataclass(frozen=True)
class Held:
    """An archive and what it holds: the abdomen of a13, and one slice in every transfer syntax of a04."""

    server: Orthanc
    abdomen: Path
    abdomen_study: str
    abdomen_series: str
    mixed: Path
    mixed_study: str = MIXED_STUDY


@pytest.fixture(autouse=True, scope="module")
def _no_line_stays_open() -> Iterator[None]:
    """Collect what the tests of a module left: a socket that nobody closed fails here, and not in another's test."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _nothing_goes_on() -> Iterator[None]:
    """Let no thread of the program outlive its test: it would be found by another's."""
    yield
    until = time.monotonic() + 10
    while left := [thread.name for thread in threading.enumerate() if thread.name.startswith("casestage")]:
        assert time.monotonic() < until, left
        time.sleep(0.01)


@pytest.fixture(scope="session")
def orthanc_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for archives; skip where Orthanc is not installed."""
    if not (PROGRAM.exists() and DICOMWEB.exists()):
        pytest.skip("Orthanc is not installed: packaging/test installs it, or apt-get install orthanc orthanc-dicomweb")
    return tmp_path_factory.mktemp("orthanc")


@pytest.fixture(scope="session")
def held(orthanc_folder: Path, real_data: Path) -> Iterator[Held]:
    """Return an archive that answers."""
    server = Orthanc(orthanc_folder / "shared")
    server.start()
    try:
        abdomen = real_data / ABDOMEN
        files = sorted(abdomen.glob("*.dcm"))
        server.load(path.read_bytes() for path in files)
        mixed = orthanc_folder / "mixed"
        mixed.mkdir()
        contents = in_every_syntax(real_data)
        for name, content in contents.items():
            (mixed / f"{name}.dcm").write_bytes(content)
        server.load(contents.values())
        first = dcmread(files[0], stop_before_pixels=True)
        yield Held(server, abdomen, str(first.StudyInstanceUID), str(first.SeriesInstanceUID), mixed)
    finally:
        server.stop(at_once=True)


@dataclass
class Watched:
    """A job's context that notes progress, and stops or acts when enough has come."""

    when: int = 1 << 30
    act: Callable[[], object] | None = None
    stops: bool = False
    told: list[Progress] = field(default_factory=list)
    stopped: bool = False

    @property
    def context(self) -> JobContext:
        """What to hand to the job."""
        return JobContext(self._note, lambda: self.stopped)

    def _note(self, progress: Progress) -> None:
        self.told.append(progress)
        if progress.done >= self.when:
            self.stopped = self.stops
            act, self.act = self.act, None
            if act is not None:
                act()


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look every 2 ms instead of every 50, so that the middle of a quick retrieve is not missed."""
    monkeypatch.setattr("viewer.io.archive.stopping.LOOK_EVERY_S", 0.002)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> list[Dataset]:
    """Return a small series as data sets."""
    return [dcmread(path) for path in small_series(tmp_path_factory.mktemp("slices"), 6)]
