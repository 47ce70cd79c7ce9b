"""A truth may be a segmentation: each piece of it is a lesion, and one that marks nothing says that there is none."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import imagecodecs
import nibabel as nib
import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate

from tests.cli.conftest import write_series, write_small_case
from tests.io.conftest import axial
from tests.io.documents.made import finding
from viewer.analysis import true_lesions
from viewer.domain.errors import CaseStageError
from viewer.domain.finding import Truth
from viewer.domain.job import JobContext
from viewer.io.findings_file import write_findings
from viewer.io.scan import scan
from viewer.io.seg import write_seg
from viewer.services.cohort import series_below
from viewer.services.loading import load_series
from viewer.services.truth_beside import truth_beside

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SHAPE = (24, 20, 10)


def told(folder: Path) -> Truth | None:
    """Return the truth of the one series of a folder."""
    (entry,) = scan(folder, JobContext()).series
    return truth_beside(entry, load_series(entry, JobContext()))


def write(path: Path, values: NDArray[np.int16]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(values, np.diag([-2.0, -2.0, 3.0, 1.0])), path)
    return path


@pytest.fixture
def ct(tmp_path: Path) -> Path:
    values = np.random.default_rng(1).integers(-20, 20, SHAPE).astype(np.int16)
    values[0] = -1000
    return write(tmp_path / "scan" / "ct.nii.gz", values)


@pytest.fixture
def marked() -> NDArray[np.int16]:
    """Return a label map with two pieces of one label, which touch nowhere, and one of another."""
    labels = np.zeros(SHAPE, np.int16)
    labels[2:6, 2:6, 2:5] = 1
    labels[6, 6, 5] = 1
    labels[15:18, 10:13, 4:6] = 1
    labels[10:12, 15:18, 7:9] = 2
    return labels


def test_each_piece_of_each_label_of_a_map_is_a_lesion(ct: Path, marked: NDArray[np.int16]) -> None:
    write(ct.parent / "truth" / "lesions.nii.gz", marked)
    truth = told(ct)
    assert truth is not None
    # The largest first; a voxel that touches a piece by its corner belongs to it.
    assert [lesion.mask.count for lesion in truth.lesions if lesion.mask is not None] == [49, 18, 12]
    assert truth.lesions[1].volume_ml == pytest.approx(18 * 12 / 1000)
    # Each in its place: the file is in RAS, its voxels 2 × 2 × 3 mm.
    bounds = [np.round(lesion.bounds_lps_mm, 6).tolist() for lesion in truth.lesions]
    assert bounds == [
        [[3, 13], [3, 13], [4.5, 16.5]],
        [[29, 35], [19, 25], [10.5, 16.5]],
        [[19, 23], [29, 35], [19.5, 25.5]],
    ]
    assert len({lesion.id for lesion in truth.lesions}) == 3


def test_a_map_that_marks_nothing_says_that_there_is_nothing_to_find(ct: Path) -> None:
    write(ct.parent / "truth" / "lesions.nii.gz", np.zeros(SHAPE, np.int16))
    assert told(ct) == Truth()


def test_a_truth_of_which_a_lesion_lies_between_the_images_is_left_out_and_says_so(ct: Path) -> None:
    # Images 3 mm apart, the label map of 1 mm: the second lesion is thin, and no image goes through it.
    labels = np.zeros((48, 40, 30), np.int16)
    labels[4:12, 4:12, 5:12] = 1
    labels[30:34, 30:34, 13] = 1
    path = ct.parent / "truth" / "lesions.nii.gz"
    path.parent.mkdir()

    def write_fine() -> None:
        nib.save(nib.Nifti1Image(labels, np.diag([-1.0, -1.0, 1.0, 1.0])), path)

    write_fine()
    with pytest.raises(CaseStageError, match="Of the 2 pieces that it marks 1 lies between the images"):
        told(ct)
    labels[30:34, 30:34, 12] = 1
    write_fine()
    truth = told(ct)
    assert truth is not None
    assert len(truth.lesions) == 2


def test_a_truth_of_a_part_of_the_images_is_left_out_and_says_so(ct: Path, marked: NDArray[np.int16]) -> None:
    # What is found beyond it would be called false, although nobody looked there.
    write(ct.parent / "truth" / "lesions.nii.gz", marked[:, :, :6])
    with pytest.raises(CaseStageError, match="It covers 60 % of the series, and says nothing of what lies beyond"):
        told(ct)


def test_of_many_volumes_in_a_folder_each_has_the_truth_of_its_name(ct: Path, marked: NDArray[np.int16]) -> None:
    other = write(ct.parent / "other.nii.gz", np.full(SHAPE, -30, np.int16))
    write(ct.parent / "truth" / "ct.nii.gz", marked)
    truth = told(ct)
    assert truth is not None
    assert len(truth.lesions) == 3
    assert told(other) is None


def test_a_seg_counts_where_it_was_made_from_the_series(tmp_path: Path) -> None:
    write_small_case(tmp_path / "scan")
    (tmp_path / "scan" / "truth" / "findings.json").unlink()
    truth = told(tmp_path / "scan" / "ct")
    assert truth is not None
    assert [(lesion.label, lesion.long_axis_mm is not None) for lesion in truth.lesions] == [("Block", True)]
    shutil.copytree(tmp_path / "scan" / "truth", tmp_path / "other" / "truth")
    assert told(write_series(tmp_path / "other" / "ct", number=2).parent / "ct") is None


def test_two_segs_of_a_series_are_no_truth_and_that_is_told(tmp_path: Path) -> None:
    write_small_case(tmp_path / "scan")
    (tmp_path / "scan" / "truth" / "findings.json").unlink()
    seg = next((tmp_path / "scan" / "truth").iterdir())
    shutil.copy(seg, seg.with_name("another.dcm"))
    with pytest.raises(CaseStageError, match="2 segmentations beside the images are of this series"):
        told(tmp_path / "scan" / "ct")


@pytest.mark.parametrize("document", [False, True])
def test_the_truth_of_one_phase_says_nothing_of_another(document: bool, made_ct: Any) -> None:
    for phase in (1, 2):
        made_ct.stack(axial(5), prefix=f"ct/{phase}", TemporalPositionIdentifier=str(phase))
    entries = scan(made_ct.folder / "ct", JobContext()).series
    first, second = (load_series(entry, JobContext()) for entry in entries)
    marked = np.zeros(first.stack.shape_kji, bool)
    marked[1:4, 3:9, 4:11] = True
    if document:
        write_findings(made_ct.folder / "truth", first, [finding(first, marked, "one")], None)
    else:
        (made_ct.folder / "truth").mkdir()
        write_seg(made_ct.folder / "truth" / "lesions.dcm", first, [finding(first, marked, "one")])
    known = [truth_beside(entry, volume) for entry, volume in zip(entries, (first, second), strict=True)]
    assert known[0] is not None
    assert len(known[0].lesions) == 1
    assert known[1] is None


@pytest.mark.parametrize("left", ["no mark", "no frame", "no segment"])
def test_a_seg_in_which_nothing_is_marked_says_that_there_is_nothing_to_find(tmp_path: Path, left: str) -> None:
    write_small_case(tmp_path / "scan")
    (tmp_path / "scan" / "truth" / "findings.json").unlink()
    place = tmp_path / "scan" / "truth" / "seg.dcm"
    seg = pydicom.dcmread(place)
    if left == "no mark":
        seg.PixelData = bytes(len(seg.PixelData))
    else:
        del seg.PixelData
        seg.NumberOfFrames, seg.PerFrameFunctionalGroupsSequence = 0, []
    if left == "no segment":
        del seg.SegmentSequence
    seg.save_as(place)
    assert told(tmp_path / "scan" / "ct") == Truth()


def test_a_seg_that_lost_its_frames_is_damaged_and_not_empty(tmp_path: Path) -> None:
    write_small_case(tmp_path / "scan")
    (tmp_path / "scan" / "truth" / "findings.json").unlink()
    place = tmp_path / "scan" / "truth" / "seg.dcm"
    seg = pydicom.dcmread(place)
    del seg.PixelData
    seg.save_as(place)
    with pytest.raises(CaseStageError, match="damaged"):
        told(tmp_path / "scan" / "ct")


@pytest.mark.parametrize("listed", [True, False])
def test_a_seg_that_an_image_codec_would_have_to_unpack_is_not_read_by_itself(tmp_path: Path, listed: bool) -> None:
    write_small_case(tmp_path / "scan")
    place = tmp_path / "scan" / "truth" / "seg.dcm"
    seg = pydicom.dcmread(place)
    frames = [imagecodecs.jpeg2k_encode(frame.astype(np.uint8)) for frame in seg.pixel_array]
    seg.BitsAllocated = seg.BitsStored = 8
    seg.HighBit = 7
    seg.PixelData = encapsulate(frames)
    seg["PixelData"].is_undefined_length = True
    seg.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"
    seg.save_as(place)
    if not listed:
        place.with_name("findings.json").unlink()
    with pytest.raises(CaseStageError, match="packed as JPEG 2000"):
        told(tmp_path / "scan" / "ct")


def test_what_falls_into_too_many_pieces_is_no_truth_and_the_reason_is_told(
    ct: Path, marked: NDArray[np.int16], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ct.parent / "truth" / "lesions.nii.gz", marked)
    monkeypatch.setattr(true_lesions, "MOST_LESIONS", 1)
    with pytest.raises(CaseStageError, match="2 pieces"):
        told(ct)


def test_a_label_map_of_a_truth_is_no_scan_of_a_cohort(ct: Path, marked: NDArray[np.int16]) -> None:
    write(ct.parent / "truth" / "lesions.nii.gz", marked)
    assert [entry.files[0] for entry in series_below(ct.parent, JobContext())] == [str(ct)]
