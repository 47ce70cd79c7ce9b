"""Files that are replaced between the reading of their headers and of their pixels, as while a folder is copied."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from viewer.domain.errors import StorageError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.decoders import Decoders
from viewer.io.scan import scan
from viewer.io.source_headers import source_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.io.conftest import MadeCt
    from viewer.domain.volume import Volume

COUNT = 7


@pytest.fixture(scope="module")
def decoders() -> Iterator[Decoders]:
    """Return processes that decode, shared by all tests here."""
    with Decoders(1) as found:
        yield found


def _longer_header(_made: MadeCt, files: list[Path]) -> None:
    image = pydicom.dcmread(files[2])
    image.StudyComments = "x" * 40
    image.save_as(files[2])


def _another_image(made: MadeCt, files: list[Path]) -> None:
    made.slice(files[2].name, made.pixels(50), (0, 0, 99.0), series="9")


def _exchanged(_made: MadeCt, files: list[Path]) -> None:
    spare = files[2].with_name("spare")
    files[2].rename(spare)
    files[4].rename(files[2])
    spare.rename(files[4])


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5"])
@pytest.mark.parametrize("replace", [_longer_header, _another_image, _exchanged])
def test_pixels_of_another_image_never_stand_in_the_place_of_one_that_was_replaced(
    made_ct: MadeCt, decoders: Decoders, replace: Callable[[MadeCt, list[Path]], None], syntax: str
) -> None:
    stored = made_ct.stack([(0, 0, 2.0 * k) for k in range(COUNT)], syntax=syntax)
    (entry,) = scan(made_ct.folder, JobContext()).series
    replace(made_ct, sorted(made_ct.folder.iterdir()))
    volume = assemble(entry, JobContext(), decoders=decoders)
    assert volume.verdict is Verdict.UNTRUSTED
    assert any("H 4.0 mm could not be read: the file was replaced" in reason for reason in volume.reasons)
    for k, (_, _, height) in enumerate(volume.stack.positions_lps_mm):
        assert np.array_equal(volume.slices[k], stored[round(height / 2)].astype(int) - 1024), height


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes among files here")
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(made_ct: MadeCt) -> None:
    made_ct.stack([(0, 0, 2.0 * k) for k in range(COUNT)])
    (entry,) = scan(made_ct.folder, JobContext()).series
    path = sorted(made_ct.folder.iterdir())[2]
    path.unlink()
    os.mkfifo(path)
    found: list[Volume] = []
    reading = threading.Thread(target=lambda: found.append(assemble(entry, JobContext())), daemon=True)
    reading.start()
    reading.join(5)
    assert found, "it waits for somebody to write into the pipe"
    assert any("H 4.0 mm could not be read" in reason for reason in found[0].reasons)


def test_findings_are_never_given_to_whoever_the_files_are_of_by_now(made_ct: MadeCt) -> None:
    made_ct.stack([(0, 0, 2.0 * k) for k in range(COUNT)])
    (entry,) = scan(made_ct.folder, JobContext()).series
    volume = assemble(entry, JobContext())
    assert [h.SOPInstanceUID for h in source_headers(volume, range(COUNT))] == list(volume.source_uids)
    made_ct.slice(Path(volume.source_files[3]).name, made_ct.pixels(3), (0, 0, 6.0), PatientName="ANOTHER^PATIENT")
    assert len(source_headers(volume, range(3))) == 3
    with pytest.raises(StorageError, match="replaced by others"):
        source_headers(volume, range(COUNT))


def test_a_file_that_was_only_written_anew_is_read(made_ct: Any) -> None:
    made_ct.stack([(0, 0, 2.0 * k) for k in range(COUNT)])
    (entry,) = scan(made_ct.folder, JobContext()).series
    for path in made_ct.folder.iterdir():
        os.utime(path, ns=(1, 1))
    assert assemble(entry, JobContext()).verdict is Verdict.OK
