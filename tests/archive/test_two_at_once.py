"""Two retrieves into one study's folder, and a study that the archive has changed meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydicom import dcmread

from tests.archive.conftest import SERIES, STUDY, small_series
from tests.archive.orthanc import PASSWORD
from tests.cli.conftest import casestage
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.archive import ask
from viewer.io.archive.landing import INCOMING, Landing
from viewer.io.archive.received import held_count, name_of
from viewer.io.archive.rows import InstanceRow, StudyRow
from viewer.io.assemble import assemble
from viewer.io.expected_images import expect, lacking
from viewer.io.scan import scan
from viewer.ui.archive.coming import brought_words
from viewer.ui.archive.study_rows import StudyLine, held_words

if TYPE_CHECKING:
    from pathlib import Path

    from tests.archive.conftest import Held


def test_one_retrieve_that_ends_leaves_what_arrives_for_another_alone(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    content = small_series(tmp_path / "given", 1)[0].read_bytes()
    mine, other = Landing(tmp_path / "study", STUDY), Landing(tmp_path / "study", STUDY, SERIES)
    mine.take(lambda file: (file.write(content[:100]), other.tidy(), file.write(content[100:])))
    assert mine.count == 1
    mine.tidy()
    assert not (tmp_path / "study" / INCOMING).exists()


def test_what_a_retrieve_left_that_was_killed_goes_another_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / "study" / INCOMING / "x" / "y.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(bytes(100))
    Landing(tmp_path / "study", STUDY).tidy()
    assert left.exists()
    monkeypatch.setattr("viewer.io.archive.landing.time.time", lambda: left.stat().st_mtime + 100_000)
    Landing(tmp_path / "study", STUDY).tidy()
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize("way", ["web", "get"])
def test_images_that_the_archive_has_no_longer_are_said(way: str, held: Held, tmp_path: Path) -> None:
    archive, series = getattr(held.server, way), f"{held.mixed_study}.2"
    asked = (archive, held.mixed_study, series, tmp_path / "study", JobContext(), PASSWORD)
    brought = ask.retrieve(*asked)
    assert (brought.images, brought.withdrawn) == (1, 0)
    (path,) = brought.folder.iterdir()
    path.with_name(f"{'f' * 24}.dcm").write_bytes(path.read_bytes())
    path.with_name("own.dcm").write_bytes(b"not from an archive")
    brought = ask.retrieve(*asked)
    assert (brought.images, brought.missing, brought.withdrawn) == (1, 0, 1)
    said = brought_words(brought)
    assert said is not None
    assert said.sentence.startswith("1 image on this computer is no longer in the archive")


def test_images_that_were_withdrawn_do_not_stand_for_those_that_are_still_to_come(tmp_path: Path) -> None:
    files = small_series(tmp_path / "archive", 8)
    rows = [InstanceRow(SERIES, str(dcmread(path, stop_before_pixels=True).SOPInstanceUID)) for path in files]
    here = tmp_path / "study" / name_of(SERIES)

    def come(listed: list[int], numbers: list[int]) -> None:
        landing = Landing(tmp_path / "study", STUDY)
        landing.expect({SERIES: [rows[n] for n in listed]})
        for n in numbers:
            landing.take(lambda file, n=n: file.write(files[n].read_bytes()), rows[n].sop_uid)
        landing.tidy()

    come([0, 1, 2, 3], [0, 1, 2])
    # The archive withdraws three and gets others; the retrieve is interrupted after one of them.
    come([2, 4, 5, 6], [4])
    assert held_count(here) == 2
    (entry,) = scan(here, JobContext()).series
    volume = assemble(entry, JobContext())
    assert volume.verdict is Verdict.UNTRUSTED
    assert "Not all images have been retrieved: 2 of 4 images of the archive are here." in volume.reasons
    come([2, 4, 5, 6], [5, 6])
    (entry,) = scan(here, JobContext()).series
    assert not entry.incomplete
    assert held_words(held_count(here), 4) == "Changed there"


def test_the_command_says_what_the_archive_has_no_longer(held: Held, tmp_path: Path) -> None:
    place = f"ARCHIVE@127.0.0.1:{held.server.dicom_port}"
    casestage("archive", "add", "Get", "--dimse", place)
    asked = ("archive", "retrieve", "Get", held.mixed_study, "--out", tmp_path / "study")
    assert "no longer" not in casestage(*asked).out
    lost = tmp_path / "study" / ("e" * 24) / f"{'f' * 24}.dcm"
    lost.parent.mkdir()
    lost.write_bytes(b"of a series that was withdrawn")
    said = casestage(*asked)
    assert said.code == 0
    assert "1 image here is no longer in the archive" in said.out
    assert casestage(*asked, "--json").json["withdrawn"] == 1


def test_a_study_that_became_smaller_is_not_opened_as_if_nothing_had_happened() -> None:
    line = StudyLine(StudyRow("1.2.3", image_count=40), held=41)
    assert not line.here
    assert held_words(41, 40) == "Changed there"


def test_where_more_lie_withdrawn_than_are_there_none_is_said_to_be_here(tmp_path: Path) -> None:
    expect(tmp_path, 3, withdrawn=2)
    told = lacking(str(tmp_path), ["1.dcm"], "study")
    assert told is not None
    assert told.why == "0 of 3 images of the archive are here."
