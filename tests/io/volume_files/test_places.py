"""Whatever the format and the axes of a file: every voxel has its value, and lies where ITK says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import SimpleITK as sitk

from tests.io.volume_files.made import (
    DIRECTIONS,
    PLAIN_MATRIX,
    RAW,
    assert_as_itk,
    assert_lies_as,
    meta_header,
    nrrd_header,
    opened,
    values,
    written_by_itk,
)
from viewer.domain.errors import NothingToOpenError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.scan import scan
from viewer.io.thumbnails import thumbnail

if TYPE_CHECKING:
    from pathlib import Path

ENDINGS = [".nrrd", ".nhdr", ".mha", ".mhd", ".nii", ".nii.gz"]
WHOLE = [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64, np.float32, np.float64]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", DIRECTIONS)
def test_every_voxel_lies_where_itk_says(tmp_path: Path, name: str, ending: str) -> None:
    path = written_by_itk(tmp_path / f"ct{ending}", values(), DIRECTIONS[name])
    volume = opened(path)
    assert_as_itk(volume, path)
    assert volume.verdict is Verdict.OK


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("dtype", WHOLE)
def test_whole_numbers_of_any_type_become_int16(tmp_path: Path, dtype: Any, ending: str, packed: bool) -> None:
    path = written_by_itk(tmp_path / f"ct{ending}", values(dtype), DIRECTIONS["oblique, left-handed"], packed=packed)
    volume = opened(path)
    assert volume.slices.dtype == np.int16
    assert_as_itk(volume, path)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.uint32, np.int64, np.float32, np.float64])
def test_a_number_too_large_for_int16_makes_float32(tmp_path: Path, dtype: Any, ending: str) -> None:
    array = values(dtype)
    array[3, 2, 1] = 60_000
    path = written_by_itk(tmp_path / f"ct{ending}", array, DIRECTIONS["left-handed"])
    volume = opened(path)
    assert volume.slices.dtype == np.float32
    assert volume.slices.max() == 60_000
    assert_as_itk(volume, path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_fractions_are_kept(tmp_path: Path, ending: str) -> None:
    array = values(np.float32)
    array[4, 5, 6] += 0.25
    path = written_by_itk(tmp_path / f"ct{ending}", array, DIRECTIONS["sagittal"])
    volume = opened(path)
    assert volume.slices.dtype == np.float32
    assert_as_itk(volume, path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_single_slice_is_a_volume(tmp_path: Path, ending: str) -> None:
    path = written_by_itk(tmp_path / f"ct{ending}", values()[:1], DIRECTIONS["oblique"])
    assert_as_itk(opened(path), path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_colours_are_not_shown_as_values(tmp_path: Path, ending: str) -> None:
    picture = np.zeros((5, 6, 7, 3), np.uint8)
    sitk.WriteImage(sitk.GetImageFromArray(picture, isVector=True), str(tmp_path / f"a{ending}"))
    with pytest.raises(NothingToOpenError, match="colours, not measured values"):
        scan(tmp_path / f"a{ending}", JobContext())


@pytest.mark.parametrize("ending", [".nhdr", ".mhd"])
def test_a_folder_with_header_and_voxels_is_one_series(tmp_path: Path, ending: str) -> None:
    written_by_itk(tmp_path / f"head{ending}", values(), DIRECTIONS["LPS"])
    found = scan(tmp_path, JobContext())
    assert [(e.facts.description, e.count, e.size_ij) for e in found.series] == [("head", 5, (7, 6))]
    assert found.skipped == ()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", ["LPS", "left-handed", "feet last"])
def test_a_picture_of_any_file_is_upright(tmp_path: Path, name: str, ending: str) -> None:
    directions = DIRECTIONS[name]
    array = np.zeros((3, 40, 40), np.int16)
    # The marked corner is at the patient's right and front, whichever way the axes run.
    rows = slice(0, 10) if directions[1, 1] > 0 else slice(30, 40)
    columns = slice(0, 10) if directions[0, 0] > 0 else slice(30, 40)
    array[1, rows, columns] = 1000
    image = sitk.GetImageFromArray(array)
    image.SetDirection(directions.flatten().tolist())
    sitk.WriteImage(image, str(tmp_path / f"a{ending}"))
    picture = thumbnail(scan(tmp_path / f"a{ending}", JobContext()).series[0])
    assert picture[20, 20] == 255
    assert picture[20, 172] == picture[172, 20] == picture[172, 172] == 0


@pytest.mark.parametrize(
    ("name", "voxels"),
    [
        ("a06_seg_liver_3slice/liver_seg.nrrd", 107098),
        ("a06_seg_liver_3slice/partial_overlaps-1.nrrd", None),
        ("a06_seg_liver_3slice/heart_seg.nrrd", None),
        ("a07_seg_nonsquare/23x38x3/nrrd/label.nrrd", 322),
        ("a07_seg_nonsquare/24x38x3/nrrd/label.nrrd", 315),
        ("a07_seg_nonsquare/sparse_labelmap_noppv_seg.nrrd", 630),
        ("a10_rtstruct_sarcoma/STS_001/CT_mask.nii.gz", 117145),
        ("a10_rtstruct_sarcoma/STS_007/CT_mask.nii.gz", 174544),
    ],
)
def test_real_label_maps_have_the_voxels_that_their_makers_counted(
    real_data: Path, name: str, voxels: int | None
) -> None:
    volume = opened(real_data / name)
    assert_as_itk(volume, real_data / name)
    assert voxels is None or int(np.count_nonzero(volume.slices)) == voxels
    assert volume.unit == "unknown"


def test_real_liver_label_map_lies_on_its_ct(real_data: Path) -> None:
    folder = real_data / "a06_seg_liver_3slice"
    label, ct = opened(folder / "liver_seg.nrrd"), opened(folder / "ct")
    assert np.allclose(label.stack.positions_lps_mm, ct.stack.positions_lps_mm, atol=0.01)
    # The mean that its makers give (QIICR/dcmqi).
    assert float(ct.slices[label.slices > 0].mean()) == pytest.approx(37.3289, abs=1e-3)


def test_real_orientation_phantom_has_every_value_at_its_place(real_data: Path) -> None:
    path = real_data / "a18_orientation_phantom" / "dicom" / "orientation.nii.gz"
    volume = opened(path)
    assert_as_itk(volume, path)
    nk, nj, ni = volume.slices.shape
    k, j, i = np.mgrid[0:nk, 0:nj, 0:ni]
    x, y, z = np.moveaxis(volume.grid.lps(np.stack([i, j, k], axis=-1)), -1, 0)
    # The same values as in the DICOM beside it, but this file lies head first from 0 mm on.
    assert np.allclose(volume.slices, (x + y + z) / 2, atol=0.01)


@pytest.mark.parametrize(
    ("line", "size"),
    [
        ('space units: "m" "m" "m"', "800"),
        ("space directions: (0.00006,0,0) (0,0.00007,0) (0,0,0.0001)", "6e-05"),
    ],
)
def test_pixels_larger_or_smaller_than_those_of_any_scan_are_not_trusted(tmp_path: Path, line: str, size: str) -> None:
    (tmp_path / "a.nrrd").write_bytes(nrrd_header(line) + RAW)
    volume = opened(tmp_path / "a.nrrd")
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons[0] == f"The pixels are said to be {size} mm large, which no scan's are."


@pytest.mark.parametrize("name", ["a.nhdr", "a.mhd"])
def test_voxels_are_found_whatever_the_capital_letters_of_their_name(tmp_path: Path, name: str) -> None:
    said = nrrd_header("data file: Voxels.raw") if name == "a.nhdr" else meta_header("ElementDataFile = Voxels.raw")
    (tmp_path / name).write_bytes(said)
    (tmp_path / "VOXELS.RAW").write_bytes(RAW)
    assert_lies_as(opened(tmp_path / name), values(), PLAIN_MATRIX)
    assert not scan(tmp_path, JobContext()).skipped
    (tmp_path / "voxels.RAW").write_bytes(RAW)
    with pytest.raises(NothingToOpenError, match="not beside its header"):
        scan(tmp_path / name, JobContext())
