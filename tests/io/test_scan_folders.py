"""What a folder holds: nested, unsorted, mixed, with junk and traps among the files."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from tests.io.conftest import axial
from viewer.domain.errors import CancelledError, NothingToOpenError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.expected_images import expect
from viewer.io.folder_files import NamesBelow
from viewer.io.scan import scan

if TYPE_CHECKING:
    from pathlib import Path


def test_nested_mixed_folder_with_junk_becomes_a_list_of_series(made_ct: Any) -> None:
    made_ct.stack(axial(5), prefix="one/deep/", SeriesNumber="4")
    made_ct.stack(axial(3), prefix="two/", series="2", SeriesNumber="3")
    made_ct.slice("one/IM_stray", made_ct.pixels(9), (-10, -20, 12.5), SeriesNumber="4")
    (made_ct.folder / "README.txt").write_text("not an image")
    (made_ct.folder / "one" / "picture.png").write_bytes(b"\x89PNG\r\n" + bytes(300))
    (made_ct.folder / "nothing").write_bytes(b"")
    (made_ct.folder / "zeros.bin").write_bytes(bytes(5000))
    found = scan(made_ct.folder, JobContext())
    assert [(e.facts.description, e.count) for e in found.series] == [("Made 2", 3), ("Made 1", 6)]
    assert {s.file: s.why for s in found.skipped} == {
        "README.txt": "Not an image in DICOM, NIfTI, NRRD or MetaImage.",
        os.path.join("one", "picture.png"): "Not an image in DICOM, NIfTI, NRRD or MetaImage.",
        "nothing": "The file is empty.",
        "zeros.bin": "Not an image in DICOM, NIfTI, NRRD or MetaImage.",
    }
    assert assemble(found.series[1], JobContext()).verdict is Verdict.OK


def test_what_a_killed_program_was_writing_is_not_taken_for_a_scan(made_ct: Any) -> None:
    made_ct.stack(axial(5))
    whole = sorted(made_ct.folder.iterdir())
    shutil.copyfile(whole[0], made_ct.folder / ".0006.dcm.0badf00d.part")
    for waiting in (".deadbeef.part/new/dicom", ".case.deadbeef.part/cases/one/dicom", ".casestage-pack-x_1/0/dicom"):
        for path in whole[:3]:
            target = made_ct.folder / waiting / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            image = pydicom.dcmread(path)
            image.SeriesInstanceUID += f".{len(waiting)}"
            image.save_as(target)
    found = scan(made_ct.folder, JobContext())
    assert [entry.count for entry in found.series] == [len(whole)]
    skipped = {s.file: s.why for s in found.skipped}
    assert set(skipped) == {".0006.dcm.0badf00d.part", ".deadbeef.part", ".case.deadbeef.part", ".casestage-pack-x_1"}
    assert set(skipped.values()) == {"CaseStage is still writing this, or was ended while it wrote it."}


def test_images_that_an_archive_still_owes_are_told_of_beside_what_a_killed_program_left(made_ct: Any) -> None:
    made_ct.stack(axial(5))
    for image in tuple(made_ct.folder.iterdir()):
        image.rename(image.with_suffix(".dcm"))
    expect(made_ct.folder, 8)
    (made_ct.folder / ".deadbeef.part").mkdir()
    entry = scan(made_ct.folder, JobContext()).series[0]
    assert assemble(entry, JobContext()).reasons == (
        "Not all images have been retrieved: 5 of 8 images of the archive are here.",
    )


def test_one_file_opens_alone(made_ct: Any) -> None:
    path = made_ct.slice("one.dcm", made_ct.pixels())
    made_ct.slice("two.dcm", made_ct.pixels(1), (0, 0, 5))
    (entry,) = scan(path, JobContext()).series
    assert entry.count == 1
    assert entry.files == (str(path),)


def test_file_without_preamble_and_meta_is_read(made_ct: Any) -> None:
    made_ct.slice("old", made_ct.pixels(), preamble=False)
    (entry,) = scan(made_ct.folder, JobContext()).series
    assert np.array_equal(assemble(entry, JobContext()).slices[0], made_ct.pixels() - 1024)


def test_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(NothingToOpenError) as caught:
        scan(tmp_path, JobContext())
    assert caught.value.sentence == "This folder holds no files."
    assert "CT images" in caught.value.hint


def test_a_folder_that_may_not_be_read_says_so_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: str) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(NothingToOpenError) as caught:
        scan(tmp_path, JobContext())
    assert caught.value.sentence == "The folder cannot be read (Permission denied)."


def test_folders_nested_deeper_than_is_looked_are_named(made_ct: Any) -> None:
    made_ct.stack([(0, 0, 2.0 * k) for k in range(3)])
    deep = "/".join(["d"] * 66)
    made_ct.slice(f"{deep}/lost", made_ct.pixels(), (0, 0, 9))
    found = scan(made_ct.folder, JobContext())
    assert [entry.count for entry in found.series] == [3]
    assert [(one.file, one.why) for one in found.skipped] == [
        ("/".join(["d"] * 65), "Lies more than 64 folders deep; open it by itself.")
    ]


def test_folder_of_junk_says_so_and_lists_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    (tmp_path / "b").write_bytes(os.urandom(4000))
    with pytest.raises(NothingToOpenError) as caught:
        scan(tmp_path, JobContext())
    assert caught.value.sentence == "None of the 2 files in this folder is an image that can be opened."
    assert "a.txt: Not an image in DICOM, NIfTI, NRRD or MetaImage." in caught.value.detail


def test_a_path_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(NothingToOpenError, match="no file or folder"):
        scan(tmp_path / "gone", JobContext())


def test_a_file_that_is_no_image_says_so(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear colleague")
    with pytest.raises(NothingToOpenError, match="Not an image in DICOM, NIfTI, NRRD or MetaImage"):
        scan(path, JobContext())


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_in_circles_and_out_of_the_folder_are_survived(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack(axial(3), prefix="in/")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("x")
    (made_ct.folder / "in" / "loop").symlink_to(made_ct.folder)
    (made_ct.folder / "again").symlink_to(made_ct.folder / "in")
    (made_ct.folder / "out").symlink_to(outside)
    (made_ct.folder / "broken").symlink_to(made_ct.folder / "nowhere")
    os.mkfifo(made_ct.folder / "pipe")
    found = scan(made_ct.folder, JobContext())
    assert [e.count for e in found.series] == [3]
    assert ("out", "A link that leads out of the folder.") in [(s.file, s.why) for s in found.skipped]
    assert not any("secret" in s.file for s in found.skipped)


def test_scan_tells_progress_and_can_be_cancelled(made_ct: Any) -> None:
    made_ct.stack(axial(3))
    told: list[str] = []
    scan(made_ct.folder, JobContext(lambda p: told.append(p.what)))
    assert told[0] == "Looking at file 1 of 3"
    with pytest.raises(CancelledError):
        scan(made_ct.folder, JobContext(cancelled=lambda: True))


def test_images_without_a_series_uid_are_kept_together_by_folder(made_ct: Any) -> None:
    made_ct.stack(axial(3), prefix="a/", SeriesInstanceUID=None)
    made_ct.stack(axial(4), prefix="b/", SeriesInstanceUID=None)
    found = scan(made_ct.folder, JobContext()).series
    assert sorted(e.count for e in found) == [3, 4]
    assert len({e.facts.series_uid for e in found}) == 2
    assert all(e.facts.series_uid.startswith("2.25.") for e in found)


def test_two_scans_stripped_of_all_uids_are_not_taken_for_one_by_the_names_of_their_files(
    made_ct: Any,
) -> None:
    none = dict.fromkeys(("SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "PatientName"))
    for place, more in (("a", 0), ("b", 7)):
        for k in range(4):
            file = made_ct.slice(f"{place}/IM{k}", made_ct.pixels(k) + np.int16(more), (-10, -20, 2.5 * k), **none)
            bare = pydicom.dcmread(file)
            del bare.SOPInstanceUID
            pydicom.dcmwrite(file, bare)
    shutil.copytree(made_ct.folder / "a", made_ct.folder / "a copy")
    found = [scan(made_ct.folder / place, JobContext()).series for place in ("a", "b", "a copy")]
    one, other, copy = (series[0].facts.series_uid for series in found)
    # The same images are the same series wherever they lie, and other images are another one.
    assert one == copy
    assert one != other


def test_identity_stays_out_of_what_is_said_of_skipped_files(made_ct: Any) -> None:
    made_ct.slice("a", made_ct.pixels())
    path = made_ct.slice("cut", made_ct.pixels(), (0, 0, 5), PatientName="Secret^Person")
    path.write_bytes(path.read_bytes()[:600])
    found = scan(made_ct.folder, JobContext())
    assert "Secret" not in repr(found.skipped)


def test_skipped_files_are_named_alike_when_the_folder_is_reached_through_a_link(
    made_ct: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made_ct.stack(axial(3), prefix="deep/")
    (made_ct.folder / "deep" / "README.txt").write_text("not an image")
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    link.symlink_to(made_ct.folder, target_is_directory=True)
    assert [s.file for s in scan(link, JobContext()).skipped] == [os.path.join("deep", "README.txt")]


def test_a_map_of_floating_point_numbers_is_named(made_ct: Any) -> None:
    path = made_ct.slice("a", made_ct.pixels())
    ds = pydicom.dcmread(path)
    ds.SOPClassUID, ds.BitsAllocated = "1.2.840.10008.5.1.4.1.1.30", 32
    ds.FloatPixelData = made_ct.pixels().astype("<f4").tobytes()
    del ds.PixelData
    ds.save_as(path)
    with pytest.raises(NothingToOpenError) as caught:
        scan(made_ct.folder, JobContext())
    assert caught.value.sentence == "The only file in this folder is not an image that can be opened."
    assert "parametric map" in caught.value.detail


@pytest.mark.parametrize("cut", [0, 400], ids=["whole", "cut"])
@pytest.mark.parametrize("kind", ["FloatPixelData", "DoubleFloatPixelData"])
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"])
def test_ct_of_floating_point_numbers_says_why_it_is_not_shown(made_ct: Any, syntax: str, kind: str, cut: int) -> None:
    # Among others: an image with whole numbers is shown.
    made_ct.slice("whole", made_ct.pixels(), (0, 0, 0))
    path = made_ct.slice("a", made_ct.pixels(), (0, 0, 2), syntax=syntax)
    ds = pydicom.dcmread(path)
    single = kind == "FloatPixelData"
    ds.BitsAllocated = 32 if single else 64
    del ds.PixelData, ds.BitsStored, ds.HighBit, ds.PixelRepresentation
    order = ">" if syntax.endswith("1.2.2") else "<"
    setattr(ds, kind, made_ct.pixels().astype(f"{order}f{4 if single else 8}").tobytes())
    ds.save_as(path)
    if cut:
        path.write_bytes(path.read_bytes()[:-cut])
    found = scan(made_ct.folder, JobContext())
    assert [entry.count for entry in found.series] == [1]
    (skipped,) = found.skipped
    assert skipped.why == "Its pixels are floating point numbers, which no CT image has; they are not read."
    assert skipped.hint == "Export it with whole numbers and a rescale, or as NIfTI."


def test_a_folder_is_looked_up_once_however_many_files_in_it_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 100,000 such files that took most of the time."""
    for n in range(40):
        (tmp_path / f"nothing {n}").write_bytes(b"")
    looked_up: list[str] = []
    look_up = os.path.realpath

    def counted(name: str) -> str:
        looked_up.append(name)
        return look_up(name)

    monkeypatch.setattr(os.path, "realpath", counted)
    with pytest.raises(NothingToOpenError) as caught:
        scan(tmp_path, JobContext())
    assert "nothing 39: The file is empty." in caught.value.detail
    assert len(looked_up) < 10


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_files_are_named_below_the_folder_wherever_links_lead(tmp_path: Path) -> None:
    real = tmp_path / "real"
    (real / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(real)
    for root in (real, tmp_path / "link", real / "a", real / "a" / ".." / "a"):
        below = NamesBelow(str(root))
        for name in ("a/b/one", "a/two", "three", "a", ".", "a/", "a/.", "a/..", "a/b"):
            for start in (real, tmp_path / "link"):
                path = os.path.join(start, name)
                folder, file = os.path.split(path)
                expected = os.path.relpath(os.path.join(os.path.realpath(folder), file), os.path.realpath(root))
                assert below.of(path) == expected
