"""Findings written as DICOM SEG are the same voxels for us and for other programs."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import highdicom
import numpy as np
import pydicom
import pytest
from attrs import evolve

from tests.io.documents.conftest import write_series
from tests.io.documents.made import anatomy, block, finding, mark_at, nifti_like, opened
from viewer.domain.errors import StorageError, UnreadableFileError
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.io.seg import read_seg, write_seg

if TYPE_CHECKING:
    from pathlib import Path

    from tests.io.conftest import MadeCt
    from viewer.domain.volume import Volume

READER = Source(SourceKind.READER, "Dr. Ä")


def _two(volume: Volume) -> tuple[Finding, Finding]:
    shape = volume.stack.shape_kji
    return (
        finding(volume, block(shape, slice(1, 4), slice(5, 11), slice(7, 19)), "nodule-1", score=0.9),
        finding(volume, block(shape, slice(3, 4), slice(20, 22), slice(0, 40)), "bone-2", "bone", source=READER),
    )


def _errors(path: Path) -> list[str]:
    """Return what dciodvfy calls an error; skip where it is not installed (Debian dicom3tools)."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed (Debian: dicom3tools)")
    done = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False)
    return [line for line in done.stderr.splitlines() if line.startswith("Error")]


def test_masks_come_back_voxel_for_voxel_on_tilted_uneven_slices(tilted: Volume, tmp_path: Path) -> None:
    findings = _two(tilted)
    write_seg(tmp_path / "seg.dcm", tilted, findings, reader="Dr. Ä")
    segments = read_seg(tmp_path / "seg.dcm", tilted)
    for segment, found in zip(segments, findings, strict=True):
        assert segment.mask is not None
        assert found.mask is not None
        assert segment.mask.same_as(found.mask)
        assert segment.mask.first_ijk == found.mask.first_ijk
        assert (segment.tracking_uid, segment.tracking_id) == (found.tracking_uid, found.id)
    assert [s.label for s in segments] == ["Nodule", "Bone"]
    assert [s.type_code for s in segments] == ["27925004", "272673000"]


def test_another_library_reads_the_same_voxels_at_the_same_slices(tilted: Volume, tmp_path: Path) -> None:
    findings = _two(tilted)
    write_seg(tmp_path / "seg.dcm", tilted, findings)
    seg = highdicom.seg.segread(tmp_path / "seg.dcm")
    planes = seg.get_pixels_by_source_instance(
        list(tilted.source_uids), assert_missing_frames_are_empty=True, ignore_spatial_locations=True
    )
    for number, found in enumerate(findings):
        assert found.mask is not None
        assert np.array_equal(planes[..., number].astype(bool), found.mask.full(tilted.stack.shape_kji))


def test_who_found_it_is_said(tilted: Volume, tmp_path: Path) -> None:
    write_seg(tmp_path / "seg.dcm", tilted, _two(tilted), reader="Dr. Ä")
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    model, reader = dataset.SegmentSequence
    assert (model.SegmentAlgorithmType, model.SegmentAlgorithmName) == ("AUTOMATIC", "Anatomy")
    assert model.SegmentationAlgorithmIdentificationSequence[0].AlgorithmVersion == "1.0"
    assert reader.SegmentAlgorithmType == "MANUAL"
    assert dataset.SeriesDescription == "CaseStage findings · Not for diagnostic use"
    assert str(dataset.ContentCreatorName) == "Dr. Ä"


def test_the_patient_is_the_one_of_the_images(tilted: Volume, tmp_path: Path) -> None:
    write_seg(tmp_path / "seg.dcm", tilted, _two(tilted), reader="山田")
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    assert str(dataset.PatientName) == "Müller^Änne"
    assert (dataset.PatientID, dataset.StudyInstanceUID) == ("P-4711", "1.2.826.0.1.5")
    assert dataset.FrameOfReferenceUID == "1.2.826.0.1.8"
    assert dataset.SeriesInstanceUID != "1.2.826.0.1.6"
    assert str(dataset.ContentCreatorName) == "山田"


def test_synthetic_images_give_a_segmentation_that_says_so(synthetic: Volume, tmp_path: Path) -> None:
    found = finding(synthetic, block(synthetic.stack.shape_kji, slice(0, 2), slice(3, 5), slice(3, 5)), "n")
    write_seg(tmp_path / "seg.dcm", synthetic, (found,))
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    assert dataset[0x0008001C].value == "YES"
    assert dataset.SeriesDescription == "CaseStage findings · Synthetic · Not for diagnostic use"


def test_findings_that_overlap_keep_their_shared_voxels(tilted: Volume, tmp_path: Path) -> None:
    shape = tilted.stack.shape_kji
    large = finding(tilted, block(shape, slice(0, 5), slice(2, 20), slice(2, 20)), "large")
    small = finding(tilted, block(shape, slice(1, 3), slice(4, 9), slice(4, 9)), "small")
    write_seg(tmp_path / "seg.dcm", tilted, (large, small))
    segments = read_seg(tmp_path / "seg.dcm", tilted)
    for segment, found in zip(segments, (large, small), strict=True):
        assert segment.mask is not None
        assert found.mask is not None
        assert segment.mask.same_as(found.mask)


def test_a_single_finding_is_named_in_each_of_its_frames(tilted: Volume, tmp_path: Path) -> None:
    write_seg(tmp_path / "seg.dcm", tilted, _two(tilted)[:1])
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    numbers = [
        group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        for group in dataset.PerFrameFunctionalGroupsSequence
    ]
    assert numbers == [1, 1, 1]
    assert _errors(tmp_path / "seg.dcm") == []


def test_more_findings_than_fit_a_byte_are_told_apart(tilted: Volume, tmp_path: Path) -> None:
    shape = tilted.stack.shape_kji
    places = [(k, 3 * j, 4 * i) for k in range(3) for j in range(9) for i in range(10)]
    findings = [
        finding(tilted, block(shape, slice(k, k + 1), slice(j, j + 1), slice(i, i + 2)), f"f{n}")
        for n, (k, j, i) in enumerate(places)
    ]
    assert len(findings) > 256
    write_seg(tmp_path / "seg.dcm", tilted, findings)
    segments = read_seg(tmp_path / "seg.dcm", tilted)
    assert [s.mask.first_ijk for s in segments if s.mask] == [f.mask.first_ijk for f in findings if f.mask]


def test_a_mark_without_outline_is_left_out_and_nothing_outlined_is_a_sentence(tilted: Volume, tmp_path: Path) -> None:
    mark = mark_at(tilted, (10, 10, 2), "A")
    write_seg(tmp_path / "seg.dcm", tilted, (mark, *_two(tilted)))
    assert [s.tracking_id for s in read_seg(tmp_path / "seg.dcm", tilted)] == ["nodule-1", "bone-2"]
    with pytest.raises(StorageError, match="no outlined finding") as raised:
        write_seg(tmp_path / "none.dcm", tilted, (mark,))
    assert raised.value.hint
    assert not (tmp_path / "none.dcm").exists()


def test_a_volume_without_dicom_gives_no_seg_but_a_sentence(tmp_path: Path) -> None:
    volume = nifti_like()
    found = finding(volume, volume.slices > 5, "n")
    with pytest.raises(StorageError, match="not read from DICOM"):
        write_seg(tmp_path / "seg.dcm", volume, (found,))


def test_source_files_that_are_gone_are_a_sentence(tilted: Volume, tmp_path: Path) -> None:
    gone = evolve(tilted, source_files=tuple(str(tmp_path / "gone") for _ in tilted.source_files))
    with pytest.raises(StorageError, match="cannot be read any more"):
        write_seg(tmp_path / "seg.dcm", gone, _two(tilted))


def test_a_segmentation_of_another_series_is_refused(tilted: Volume, synthetic: Volume, tmp_path: Path) -> None:
    write_seg(tmp_path / "seg.dcm", tilted, _two(tilted))
    with pytest.raises(UnreadableFileError, match="does not lie on this series"):
        read_seg(tmp_path / "seg.dcm", synthetic)


@pytest.mark.parametrize("about", [0, 2])
def test_a_segmentation_turned_by_half_a_degree_is_not_laid_on_other_pixels(about: int, tmp_path: Path) -> None:
    volume = opened(write_series(tmp_path / "ct", [0.0, 2.0, 4.0], size=(200, 160)))
    shape = volume.stack.shape_kji
    found = finding(volume, block(shape, slice(0, 2), slice(150, 155), slice(190, 196)), "n")
    write_seg(tmp_path / "seg.dcm", volume, (found,))
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    turn = np.radians(0.5)
    column = (0, np.cos(turn), np.sin(turn)) if about == 0 else (-np.sin(turn), np.cos(turn), 0)
    row = (1, 0, 0) if about == 0 else (np.cos(turn), np.sin(turn), 0)
    orientation = dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
    # Two pixels at the far corner within the image, or a millimetre out of it.
    orientation.ImageOrientationPatient = [round(float(part), 6) for part in (*row, *column)]
    dataset.save_as(tmp_path / "turned.dcm")
    assert read_seg(tmp_path / "seg.dcm", volume)[0].mask is not None
    with pytest.raises(UnreadableFileError, match="turned otherwise"):
        read_seg(tmp_path / "turned.dcm", volume)


@pytest.mark.parametrize("marked", [slice(0, 1), slice(0, 3)], ids=["one image", "several"])
def test_a_segmentation_of_thick_images_is_not_laid_on_a_few_thin_ones(marked: slice, tmp_path: Path) -> None:
    thick = opened(write_series(tmp_path / "thick", [0.0, 5.0, 10.0]))
    thin = opened(write_series(tmp_path / "thin", [float(n) for n in range(11)]))
    found = finding(thick, block(thick.stack.shape_kji, marked, slice(5, 9), slice(5, 9)), "n")
    write_seg(tmp_path / "seg.dcm", thick, (found,))
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices = "5"
    if marked.stop == 1:
        dataset.ReferencedSeriesSequence[0].SeriesInstanceUID = "1.2.826.0.1.66"
    dataset.save_as(tmp_path / "seg.dcm")
    assert read_seg(tmp_path / "seg.dcm", thick)[0].mask is not None
    with pytest.raises(UnreadableFileError, match=r"its images lie 5\.00 mm apart, those of the series 1\.00 mm"):
        read_seg(tmp_path / "seg.dcm", thin)


@pytest.mark.parametrize(("off_mm", "there"), [(0.04, True), (0.2, False), (0.5, False)])
def test_a_segmentation_between_the_images_lies_on_none_of_them_and_is_refused(
    off_mm: float, there: bool, tmp_path: Path
) -> None:
    volume = opened(write_series(tmp_path / "ct", [float(n) for n in range(8)]))
    found = finding(volume, block(volume.stack.shape_kji, slice(2, 5), slice(5, 9), slice(5, 9)), "n")
    write_seg(tmp_path / "seg.dcm", volume, (found,))
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    for group in dataset.PerFrameFunctionalGroupsSequence:
        place = group.PlanePositionSequence[0]
        x, y, z = (float(v) for v in place.ImagePositionPatient)
        place.ImagePositionPatient = [x, y, round(z + off_mm, 3)]
    dataset.save_as(tmp_path / "seg.dcm")
    if there:
        assert read_seg(tmp_path / "seg.dcm", volume)[0].mask is not None
        return
    with pytest.raises(UnreadableFileError, match="one of its images lies where the series has none"):
        read_seg(tmp_path / "seg.dcm", volume)


@pytest.mark.parametrize(
    ("heights", "marked", "said_mm"),
    [
        # Of two marked images some programs take how far they are apart.
        ([float(n) for n in range(11)], [2, 8], 6),
        # Where images lie further apart than most do, none is between them.
        ([*(float(n) for n in range(10)), 13.0, 17.0, 21.0], [10, 11, 12], 4),
    ],
)
def test_a_segmentation_of_this_series_lies_on_its_images_however_far_apart_it_says_they_are(
    heights: list[float], marked: list[int], said_mm: float, tmp_path: Path
) -> None:
    volume = opened(write_series(tmp_path / "ct", heights))
    mask = np.zeros(volume.stack.shape_kji, dtype=np.bool_)
    mask[marked, 5:9, 5:9] = True
    found = finding(volume, mask, "n")
    write_seg(tmp_path / "seg.dcm", volume, (found,))
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices = str(said_mm)
    dataset.save_as(tmp_path / "seg.dcm")
    (segment,) = read_seg(tmp_path / "seg.dcm", volume)
    assert found.mask is not None
    assert segment.mask is not None
    assert segment.mask.same_as(found.mask)


def test_a_segmentation_that_only_says_a_wrong_distance_of_images_lies_on_all_of_them(tmp_path: Path) -> None:
    volume = opened(write_series(tmp_path / "ct", [float(n) for n in range(11)]))
    found = finding(volume, block(volume.stack.shape_kji, slice(2, 6), slice(5, 9), slice(5, 9)), "n")
    write_seg(tmp_path / "seg.dcm", volume, (found,))
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices = "5"
    dataset.save_as(tmp_path / "seg.dcm")
    (segment,) = read_seg(tmp_path / "seg.dcm", volume)
    assert found.mask is not None
    assert segment.mask is not None
    assert segment.mask.same_as(found.mask)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.999])
def test_a_segmentation_that_ends_early_is_refused(tilted: Volume, tmp_path: Path, share: float) -> None:
    path = tmp_path / "seg.dcm"
    write_seg(path, tilted, _two(tilted))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(UnreadableFileError):
        read_seg(path, tilted)


def test_junk_and_other_dicom_are_refused(tilted: Volume, tmp_path: Path) -> None:
    (tmp_path / "junk.dcm").write_bytes(b"junk" * 500)
    with pytest.raises(UnreadableFileError):
        read_seg(tmp_path / "junk.dcm", tilted)
    with pytest.raises(UnreadableFileError):
        read_seg(tmp_path / "absent.dcm", tilted)
    with pytest.raises(UnreadableFileError, match="not a DICOM segmentation"):
        read_seg(type(tmp_path)(tilted.source_files[0]), tilted)


def test_the_small_form_holds_the_same(tilted: Volume, tmp_path: Path) -> None:
    write_seg(tmp_path / "plain.dcm", tilted, _two(tilted))
    write_seg(tmp_path / "small.dcm", tilted, _two(tilted), compressed=True)
    assert (tmp_path / "small.dcm").stat().st_size < (tmp_path / "plain.dcm").stat().st_size
    for a, b in zip(read_seg(tmp_path / "plain.dcm", tilted), read_seg(tmp_path / "small.dcm", tilted), strict=True):
        assert a.mask is not None
        assert b.mask is not None
        assert a.mask.same_as(b.mask)


def test_an_independent_checker_finds_no_error(tilted: Volume, tmp_path: Path) -> None:
    write_seg(tmp_path / "seg.dcm", tilted, _two(tilted), reader="Dr. Ä")
    assert _errors(tmp_path / "seg.dcm") == []


@pytest.mark.parametrize(
    "series",
    [
        "a13_abdomen_contrast_CRLM-1004",
        "a01_head_ge_tilt_uneven",
        "a05_enhanced_ct_multiframe",
        "a07_seg_nonsquare/23x38x3/multiframe",
        "a12_edge_series/sliceincrement_001",
        "a16_missing_tags",
    ],
)
def test_real_ct_gives_segments_that_read_back_and_pass_an_independent_check(
    real_data: Path, tmp_path: Path, series: str
) -> None:
    volume = opened(real_data / series)
    middle = float(np.median(volume.slices))
    findings = (
        anatomy(volume)
        if series.startswith(("a13", "a01"))
        else (finding(volume, volume.slices > middle, "above"), finding(volume, volume.slices <= middle, "below"))
    )
    write_seg(tmp_path / "seg.dcm", volume, findings, reader="Reader^Test")
    for segment, found in zip(read_seg(tmp_path / "seg.dcm", volume), findings, strict=True):
        assert segment.mask is not None
        assert found.mask is not None
        assert segment.mask.same_as(found.mask)
    assert highdicom.seg.segread(tmp_path / "seg.dcm").number_of_segments == 2
    assert _errors(tmp_path / "seg.dcm") == []


def test_every_frame_refers_to_the_slice_it_lies_on(tilted: Volume, tmp_path: Path) -> None:
    write_seg(tmp_path / "seg.dcm", tilted, _two(tilted))
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    assert len(dataset.PerFrameFunctionalGroupsSequence) == 4
    for group in dataset.PerFrameFunctionalGroupsSequence:
        uid = group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        k = tilted.source_uids.index(uid)
        position = [float(v) for v in group.PlanePositionSequence[0].ImagePositionPatient]
        assert np.allclose(position, tilted.stack.positions_lps_mm[k], atol=1e-4)


def _between_slices(path: Path) -> float | None:
    """Return how far apart slices lie, as other programs are told."""
    shared = pydicom.dcmread(path).SharedFunctionalGroupsSequence[0]
    said = shared.PixelMeasuresSequence[0].get("SpacingBetweenSlices")
    return None if said is None else float(said)


@pytest.mark.parametrize("marked", [(2,), (0, 3), (0, 1, 2, 3)])
def test_slices_are_said_to_lie_as_far_apart_as_they_do_whichever_of_them_are_marked(
    tmp_path: Path, marked: tuple[int, ...]
) -> None:
    volume = opened(write_series(tmp_path / "ct", [0.0, 5.0, 10.0, 15.0]))
    voxels = np.zeros(volume.stack.shape_kji, dtype=bool)
    voxels[list(marked), 4:9, 6:12] = True
    write_seg(tmp_path / "seg.dcm", volume, (finding(volume, voxels, "nodule-1"),))
    assert _between_slices(tmp_path / "seg.dcm") == 5.0
    assert _errors(tmp_path / "seg.dcm") == []


def test_of_uneven_slices_no_distance_is_said_also_where_one_alone_is_marked(tilted: Volume, tmp_path: Path) -> None:
    shape = tilted.stack.shape_kji
    one = finding(tilted, block(shape, slice(4, 5), slice(5, 11), slice(7, 19)), "nodule-1")
    write_seg(tmp_path / "seg.dcm", tilted, (one,))
    assert _between_slices(tmp_path / "seg.dcm") is None


def test_names_stay_one_text_each_whatever_stands_in_them(tilted: Volume, tmp_path: Path) -> None:
    named = evolve(_two(tilted)[0], label="Bleed\\Clot\tsmall", source=Source(SourceKind.MODEL, "A\\B", "1", "ab"))
    write_seg(tmp_path / "seg.dcm", tilted, (named,))
    (segment,) = read_seg(tmp_path / "seg.dcm", tilted)
    assert (segment.label, segment.algorithm_name) == ("Bleed/Clot small", "A/B")
    assert _errors(tmp_path / "seg.dcm") == []


def test_an_enhanced_image_of_one_frame_gives_a_segmentation(made_ct: MadeCt, tmp_path: Path) -> None:
    made_ct.frames("enhanced", [made_ct.pixels()], [{"PlanePositionSequence": {"ImagePositionPatient": [-10, -20, 4]}}])
    volume = opened(made_ct.folder)
    one = finding(volume, block(volume.stack.shape_kji, slice(0, 1), slice(5, 9), slice(7, 11)), "nodule-1")
    write_seg(tmp_path / "seg.dcm", volume, (one,))
    (segment,) = read_seg(tmp_path / "seg.dcm", volume)
    assert segment.mask is not None
    assert one.mask is not None
    assert segment.mask.same_as(one.mask)


def test_no_patient_is_in_the_name_of_a_temporary_file(tilted: Volume, tmp_path: Path) -> None:
    write_seg(tmp_path / "seg.dcm", tilted, _two(tilted))
    assert [p.name for p in tmp_path.iterdir()] == ["seg.dcm"]
    assert not re.search("ller", str(list(tmp_path.iterdir())))
