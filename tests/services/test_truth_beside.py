"""A scan brings the truth that lies beside its images; an empty one is told from none, and a broken one hinders not."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import write_series, write_small_case
from tests.services.test_case_ahead import Desk
from viewer.domain.finding import Truth
from viewer.domain.job import JobContext
from viewer.io.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from viewer.domain.errors import CaseStageError
    from viewer.io.decoders import Decoders


@pytest.fixture
def desk(shared_decoders: Decoders) -> Iterator[Desk]:
    made = Desk(shared_decoders)
    yield made
    made.runner.shutdown()


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Return a folder with images in `ct` and their truth in `truth`."""
    write_small_case(tmp_path / "scan")
    shutil.rmtree(tmp_path / "scan" / "findings")
    return tmp_path / "scan"


def opened(desk: Desk, folder: Path) -> list[CaseStageError]:
    """Open the one series of a folder, and return what was told of it."""
    told: list[CaseStageError] = []
    desk.opening.told.connect(told.append)
    (entry,) = scan(folder, JobContext()).series
    desk.opening.open_series(entry)
    desk.settle()
    assert desk.session.volume is not None
    return told


def rewrite(scans: Path, **changed: object) -> None:
    place = scans / "truth" / "findings.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | changed))


@pytest.mark.parametrize("inside", [False, True], ids=["beside the folder", "beside the images"])
def test_the_truth_is_found_in_either_place(desk: Desk, scans: Path, *, inside: bool) -> None:
    if inside:
        shutil.move(scans / "truth", scans / "ct" / "truth")
    assert opened(desk, scans / "ct") == []
    assert [lesion.id for lesion in desk.session.lesions] == ["truth-1"]
    # Another scan does not keep it.
    opened(desk, write_series(scans.parent / "other" / "ct", number=2))
    assert desk.session.truth is None


def test_a_truth_that_lists_nothing_says_so(desk: Desk, scans: Path) -> None:
    rewrite(scans, findings=[], segmentation=None)
    assert opened(desk, scans / "ct") == []
    assert desk.session.truth == Truth()


def test_a_segmentation_of_which_no_segment_is_a_lesion_says_that_there_is_none(desk: Desk, scans: Path) -> None:
    rewrite(scans, findings=[])
    opened(desk, scans / "ct")
    assert desk.session.truth == Truth()


@pytest.mark.parametrize("left", ["", "another series"])
def test_an_empty_folder_and_the_truth_of_another_series_say_nothing(desk: Desk, scans: Path, left: str) -> None:
    if left:
        rewrite(scans, series="2.25.4711")
    else:
        for path in (scans / "truth").iterdir():
            path.unlink()
    assert opened(desk, scans / "ct") == []
    assert desk.session.truth is None


def test_a_damaged_truth_is_left_out_and_told_and_the_scan_opens(desk: Desk, scans: Path) -> None:
    (scans / "truth" / "seg.dcm").write_bytes(b"none")
    (told,) = opened(desk, scans / "ct")
    assert told.sentence.startswith("The ground truth beside the images is left out.")
    assert "seg.dcm is not the one" in told.sentence
    assert desk.session.truth is None
