"""What the list of real cases says of each, beyond the numbers that every series has (test_scan_facts.py)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import nibabel
import numpy as np
import pytest

from viewer.domain.errors import NothingToOpenError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.scan import scan
from viewer.io.volume_hash import volume_sha256
from viewer.services.loading import load_series

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.volume import Volume
    from viewer.io.series_entry import ScanResult


def found(path: Path) -> ScanResult:
    return scan(path, JobContext())


def opened(path: Path) -> Volume:
    (entry,) = (e for e in found(path).series if e.kind == "dicom")
    return load_series(entry, JobContext())


def test_a01_tilted_head_with_two_spacings_is_where_it_was_scanned(real_data: Path) -> None:
    volume = opened(real_data / "a01_head_ge_tilt_uneven")
    assert volume.reasons == ("The gantry was tilted by 18.5°.", "The slices are 1.08 to 7.00 mm apart.")
    assert volume.padding == -1500
    assert volume.stack.lps((256, 256, 7))[2] == pytest.approx(-4.287, abs=1e-3)
    heights = (volume.stack.heights_mm - volume.stack.heights_mm[0]) / np.median(volume.stack.gaps_mm)
    assert np.abs(heights - np.round(heights)).max() > 0.2


DCM2NIIX = [
    "a02_head_phantom_philips/S21610/S2010",
    "a02_head_phantom_philips/S21610/S3010",
    "a12_edge_series/gantrytilting",
]


@pytest.mark.parametrize("series", DCM2NIIX)
def test_tilt_is_taken_out_as_dcm2niix_does(real_data: Path, series: str) -> None:
    as_scanned, corrected = json.loads((real_data / "DCM2NIIX_FACTS.json").read_text())[series]["outputs"]
    volume = opened(real_data / series)
    assert volume.stack.tilt_deg > 10
    assert [*volume.stack.size_ij, volume.stack.count] == as_scanned["size"]
    columns, rows, planes = corrected["size"]
    assert volume.grid.size_ijk == (columns, pytest.approx(rows, abs=1), planes)
    assert volume.grid.spacing_mm == pytest.approx(corrected["spacing"], abs=1e-4)


def test_uneven_and_tilted_slices_are_made_regular_over_the_extent_that_dcm2niix_gives(real_data: Path) -> None:
    _, corrected = json.loads((real_data / "DCM2NIIX_FACTS.json").read_text())["a01_head_ge_tilt_uneven"]["outputs"]
    grid = opened(real_data / "a01_head_ge_tilt_uneven").grid
    assert grid.size_ijk[:2] == (corrected["size"][0], pytest.approx(corrected["size"][1], abs=1))
    extent = (corrected["size"][2] - 1) * corrected["spacing"][2]
    assert (grid.size_ijk[2] - 1) * grid.spacing_mm[2] == pytest.approx(extent, abs=grid.spacing_mm[2])


@pytest.mark.parametrize(
    "series",
    [
        "a01_head_ge_tilt_uneven",
        *DCM2NIIX,
        "a12_edge_series/sliceincrement_001",
        "a13_abdomen_contrast_CRLM-1004",
        "a18_orientation_phantom/dicom",
    ],
)
def test_first_voxel_lies_where_dcm2niix_puts_it(real_data: Path, series: str) -> None:
    theirs = json.loads((real_data / "DCM2NIIX_FACTS.json").read_text())[series]["outputs"][0]
    stack = opened(real_data / series).stack
    # dcm2niix turns the rows over, so that its first voxel is the first of the last row; it may turn the slices too.
    ends = [stack.lps((0, stack.size_ij[1] - 1, k)) for k in (0, stack.count - 1)]
    assert min(float(np.linalg.norm(end - theirs["origin_LPS"])) for end in ends) < 0.01
    assert stack.pixel_spacing_mm == pytest.approx(theirs["spacing"][:2], abs=1e-4)


def test_a02_study_of_a_phantom_lists_scout_scans_and_screen_pages_apart(real_data: Path) -> None:
    listed = found(real_data / "a02_head_phantom_philips")
    assert [(e.count, e.size_ij) for e in listed.series] == [
        (1, (512, 256)),
        (28, (512, 512)),
        (54, (512, 512)),
        (58, (512, 512)),
        (2, (512, 256)),
    ]
    volumes = [load_series(e, JobContext()) for e in listed.series]
    assert [v.unit for v in volumes] == ["unknown", "HU", "HU", "HU", "unknown"]
    assert [v.verdict.value for v in volumes] == ["ok", "ok", "resampled", "resampled", "ok"]
    assert [(w.centre, w.width) for w in volumes[1].series.windows] == [(40, 80), (40, 80)]
    assert sum("colour picture" in s.why for s in listed.skipped) == 3


def test_a03_head_has_no_windows_and_no_hu(real_data: Path) -> None:
    volume = opened(real_data / "a03_head_slicer_64")
    assert volume.series.windows == ()
    assert volume.unit == "unknown"
    assert volume.verdict is Verdict.OK


def test_a04_lossless_versions_of_one_slice_are_identical_and_lossy_ones_close_and_marked(real_data: Path) -> None:
    folders = [real_data / "a04_transfer_syntaxes" / name for name in ("CT1", "CT1_jpegls_encapsulation", "CTImage")]
    volumes = {path: opened(path) for folder in folders for path in sorted(folder.iterdir())}
    lossy = {path.name.rpartition(".dcm_")[2]: v for path, v in volumes.items() if v.series.lossy}
    assert len(volumes) == 25
    assert {name.split("TransferSyntax")[0] for name in lossy} == {
        "JPEG2000",
        "JPEGLSLossy",
        "JPEGProcess1",
        "JPEGProcess2_4",
        "JPEGProcess6_8",
        "JPEGProcess10_12",
    }
    lossless = [volume_sha256(v) or "" for v in volumes.values() if not v.series.lossy]
    assert {sha256[:12] for sha256 in lossless} == {"d36b58a8274f", "55b5bcd16ec6"}
    true = volumes[folders[2] / "CTImage.dcm"].slices.astype(float)
    for name, volume in lossy.items():
        apart = np.abs(volume.slices.astype(float) - true)
        assert apart.mean() < (25 if "Process1T" in name else 5), name
        # The slopes of the others are no whole numbers: 2.0002442, or nearly 16 for eight bits.
        assert volume.slices.dtype == (np.float32 if "Process" in name else np.int16)


def test_a05_frames_in_any_encoding_are_the_same(real_data: Path) -> None:
    hashes = {}
    for path in sorted((real_data / "a05_enhanced_ct_multiframe").glob("*.dcm")):
        volume = opened(path)
        assert volume.stack.count == 2
        assert volume.source_frames in ((1, 2), (2, 1))
        hashes[path.name] = "" if volume.series.lossy else str(volume_sha256(volume))[:12]
    assert len(hashes) == 10
    assert set(hashes.values()) == {"", "8b83565d4fe8"}
    # Fragments that span frames, and no table: the frames are found by their marks.
    assert hashes["CT0012.fragmented_no_bot_jpeg_ls.80.dcm"] == "8b83565d4fe8"


def test_a06_slices_lie_closer_than_they_are_thick(real_data: Path) -> None:
    volume = opened(real_data / "a06_seg_liver_3slice" / "ct")
    assert np.allclose(volume.stack.gaps_mm, 1.0)
    assert volume.grid.spacing_mm[2] == pytest.approx(1.0)


@pytest.mark.parametrize("size", ["23x38x3", "24x38x3"])
def test_a07_frames_and_files_of_the_same_image_are_the_same_volume(real_data: Path, size: str) -> None:
    files = opened(real_data / "a07_seg_nonsquare" / size / "image")
    frames = opened(real_data / "a07_seg_nonsquare" / size / "multiframe")
    assert volume_sha256(files) == volume_sha256(frames)
    assert np.allclose(files.grid.lps_from_ijk, frames.grid.lps_from_ijk, atol=1e-5)


def test_a08_hole_of_twenty_centimetres_is_named_and_a_report_under_the_series_is_no_image(real_data: Path) -> None:
    listed = found(real_data / "a08_highdicom_seg_sr")
    assert [e.count for e in listed.series] == [1, 4]
    hole = load_series(listed.series[1], JobContext())
    assert hole.reasons == ("161 slices are missing near H 1.8 mm.",)
    assert max(hole.stack.gaps_mm) == pytest.approx(202.5)
    assert not hole.measurable


def test_a09_objects_without_their_images_are_listed_not_opened(real_data: Path) -> None:
    with pytest.raises(NothingToOpenError) as caught:
        found(real_data / "a09_sr_tid1500_refs_absent")
    assert "seg.dcm: The file is a segmentation, not an image." in caught.value.detail
    assert "sr.dcm: The file is a structured report, not an image." in caught.value.detail


@pytest.mark.parametrize(("case", "ml"), [("STS_001", 365.318), ("STS_007", 544.318)])
def test_a10_authors_mask_lies_on_the_tumour_that_they_measured(real_data: Path, case: str, ml: float) -> None:
    facts = json.loads((real_data / "ROI_HU_FACTS.json").read_text())[case]
    base = real_data / "a10_rtstruct_sarcoma" / case
    volume = opened(base / "image")
    mask = nibabel.load(base / "CT_mask.nii.gz")
    marked = np.argwhere(np.asarray(mask.dataobj) > 0)
    # RAS, as NIfTI says where a voxel lies, to LPS.
    lps = nibabel.affines.apply_affine(np.diag([-1, -1, 1, 1]) @ mask.affine, marked)
    ijk = np.rint(volume.grid.ijk(lps)).astype(int)
    assert np.abs(volume.grid.lps(ijk) - lps).max() < 0.05
    values = volume.slices[ijk[:, 2], ijk[:, 1], ijk[:, 0]].astype(float)
    assert values.mean() == pytest.approx(facts["GTV_mean_HU"], abs=0.001)
    assert values.std() == pytest.approx(facts["sd"], abs=0.002)
    assert (values.min(), values.max()) == (facts["min"], facts["max"])
    assert len(values) * np.prod(volume.grid.spacing_mm) / 1000 == pytest.approx(ml, abs=0.01)


def test_a11_oblique_slices_lie_along_their_normal(real_data: Path) -> None:
    stack = opened(real_data / "a11_rtstruct_phantom" / "oriented_data").stack
    assert (stack.size_ij, stack.count, stack.pixel_spacing_mm) == ((100, 50), 3, (2.5, 3.5))
    assert np.allclose(stack.gaps_mm, 4.5, atol=1e-3)
    assert stack.tilt_deg < 0.01
    listed = {e.count: load_series(e, JobContext()) for e in found(real_data / "a11_rtstruct_phantom").series}
    assert listed[4].stack.count == 3
    assert listed[4].reasons[0] == "1 image is there twice; the copies were left out."


def test_a13_abdomen_keeps_padding_apart(real_data: Path) -> None:
    volume = opened(real_data / "a13_abdomen_contrast_CRLM-1004")
    assert (volume.padding, volume.slices.dtype) == (-3024, np.int16)
    assert volume.value_at(volume.stack.lps((0, 0, 20))) is None
    assert volume.value_at((5.8, 0.0, -275.0)) == 143


def test_a16_slices_without_most_tags_are_hu(real_data: Path) -> None:
    volume = opened(real_data / "a16_missing_tags")
    assert (volume.series.modality, volume.series.windows, volume.unit) == ("", (), "HU")
    assert volume.grid.spacing_mm == pytest.approx((0.625, 0.625, 1.0))


def test_a17_images_without_a_header_are_named(real_data: Path) -> None:
    listed = found(real_data / "a17_dicomdir" / "dicomdirtests")
    assert sum(s.why == "An image without its pixels." for s in listed.skipped) == 50
    counts = {(e.facts.modality, e.count) for e in listed.series}
    assert {("CT", 4), ("CT", 5), ("CT", 2), ("MR", 7), ("CR", 1)} <= counts


def test_a18_every_voxel_of_the_orientation_phantom_says_where_it_lies(real_data: Path) -> None:
    volume = opened(real_data / "a18_orientation_phantom" / "dicom")
    k, j, i = np.indices(volume.slices.shape)
    assert np.array_equal(volume.slices, i + j + (63 - k))
    lps = volume.stack.lps(np.stack([i, j, k], axis=-1))
    assert np.allclose((lps[..., 0] + lps[..., 1] - lps[..., 2]) / 2, volume.slices, atol=1e-6)
    for point in ((0, 0, 0), (62, 94, -126), (32, 48, -62)):
        assert volume.value_at(point) == (point[0] + point[1] - point[2]) / 2


def test_a20_presentation_states_beside_an_image_are_no_series(real_data: Path) -> None:
    listed = found(real_data / "a20_gsps_derived")
    assert [e.count for e in listed.series] == [1]
    assert sum("presentation state" in s.why for s in listed.skipped) == 2
