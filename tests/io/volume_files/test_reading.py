"""Reading a volume: without a second copy, in steps that are told and can be stopped, from whatever opens files."""

from __future__ import annotations

import gzip
import io
import os
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import nibabel
import numpy as np
import pytest

from tests.io.volume_files.made import (
    DIRECTIONS,
    PLAIN_MATRIX,
    assert_as_itk,
    assert_lies_as,
    many,
    meta_header,
    nrrd_header,
    opened,
    values,
    written_by_itk,
)
from viewer.domain.errors import CaseStageError, TooLargeError
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.io.thumbnails import thumbnail
from viewer.io.volume_files import is_volume_file, middle_slice, read_volume_file, volume_file_entries

if TYPE_CHECKING:
    from pathlib import Path


ENDINGS = [".nrrd", ".nhdr", ".mha", ".mhd", ".nii", ".nii.gz"]
PACKED = [".nrrd", ".mha", ".nii.gz"]


@pytest.mark.parametrize("name", ["a.NRRD", "a.nii", "a.nii.gz", "A.Nii.Gz", "a.seg.nrrd", "a.nhdr", "a.mha", "a.mhd"])
def test_volume_files_are_known_by_their_ending(name: str) -> None:
    assert is_volume_file(name)


@pytest.mark.parametrize("name", ["a.dcm", "nrrd", "a.raw", "a.gz", "a.zraw", "a.nrrd.txt", "mha"])
def test_other_files_are_not(name: str) -> None:
    assert not is_volume_file(name)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", ["LPS", "left-handed"])
def test_reading_takes_no_more_memory_than_the_volume(tmp_path: Path, name: str, ending: str, packed: bool) -> None:
    path = written_by_itk(tmp_path / f"a{ending}", many(), DIRECTIONS[name], packed=packed)
    (entry,) = volume_file_entries(str(path))
    tracemalloc.start()
    volume = read_volume_file(entry, JobContext())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.3 * volume.slices.nbytes


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize(("slope", "intercept", "dtype"), [(1, -24, np.int16), (2, 0, np.int16), (0.37, 3, np.float32)])
def test_scaling_takes_no_more_memory_than_twice_the_volume(
    tmp_path: Path, ending: str, slope: float, intercept: float, dtype: Any
) -> None:
    path = tmp_path / f"a{ending}"
    scaled(path, many(), slope, intercept)
    (entry,) = volume_file_entries(str(path))
    tracemalloc.start()
    volume = read_volume_file(entry, JobContext())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert volume.slices.dtype == dtype
    assert peak < 2 * volume.slices.nbytes


def scaled(path: Path, array: np.ndarray[Any, Any], slope: float, intercept: float, *, big: bool = False) -> None:
    """Write a NIfTI file with these stored numbers and this scale."""
    header = nibabel.Nifti1Header(endianness=">" if big else "<")
    header.set_data_shape(array.shape[::-1])
    header.set_data_dtype(array.dtype)
    header.set_zooms((0.7, 0.8, 2.5))
    header.set_sform(np.diag([-0.7, -0.8, 2.5, 1]) + 0.0, code=1)
    header["magic"], header["vox_offset"] = b"n+1", 352
    header["scl_slope"], header["scl_inter"] = slope, intercept
    raw = header.binaryblock + bytes(4) + array.astype(array.dtype.newbyteorder(">" if big else "<")).tobytes()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32])
@pytest.mark.parametrize(
    ("slope", "intercept", "whole"),
    [(1, 0, True), (1, -1024, True), (2, -1000, True), (-1, 5, True), (0.5, 0, False), (1, 0.25, False), (0, 7, True)],
)
def test_scaled_values_are_those_of_nibabel(
    tmp_path: Path, dtype: Any, slope: float, intercept: float, whole: bool
) -> None:
    for name, big in (("a.nii", False), ("b.nii", True), ("c.nii.gz", False), ("d.nii.gz", True)):
        path = tmp_path / name
        scaled(path, values(dtype), slope, intercept, big=big)
        image: Any = nibabel.load(path)
        volume = opened(path)
        assert volume.slices.dtype == (np.int16 if whole else np.float32)
        assert np.array_equal(volume.slices, np.asarray(image.dataobj).T)
        if slope:
            # ITK adds the intercept also where a slope of 0 says that nothing is scaled (nifti1.h, "scl_slope").
            assert_as_itk(volume, path)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("big", [False, True], ids=["little endian", "big endian"])
def test_nifti_2_is_read(tmp_path: Path, ending: str, big: bool) -> None:
    affine = np.array([[0, 0, 2.5, 11], [0.7, 0, 0, -22], [0, 0.8, 0, 33], [0, 0, 0, 1]])
    header = nibabel.Nifti2Header(endianness=">" if big else "<")
    header.set_data_dtype(np.int16)
    nibabel.save(nibabel.Nifti2Image(values().T, affine, header), tmp_path / f"a{ending}")
    assert_lies_as(opened(tmp_path / f"a{ending}"), values(), np.diag([-1.0, -1, 1, 1]) @ affine)


def test_a_packed_file_without_its_ending_is_read(tmp_path: Path) -> None:
    written_by_itk(tmp_path / "a.nii.gz", values(), DIRECTIONS["LPS"])
    (tmp_path / "a.nii.gz").rename(tmp_path / "b.nii")
    assert_lies_as(opened(tmp_path / "b.nii"), values(), PLAIN_MATRIX)


def test_nifti_that_says_in_two_ways_where_it_lies_is_not_trusted(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(values().T, np.diag([-0.7, -0.8, 2.5, 1]))
    image.header.set_sform(np.diag([-0.7, -0.8, 2.5, 1]), code=1)
    image.header.set_qform(np.diag([0.7, -0.8, 2.5, 1]), code=1)
    nibabel.save(image, tmp_path / "a.nii")
    volume = opened(tmp_path / "a.nii")
    assert not volume.measurable
    assert volume.reasons[0] == "The file says in two ways where it lies, and they differ."
    # Aligned to another scan and as scanned are two places that a file may well have.
    image.header.set_sform(np.diag([-0.7, -0.8, 2.5, 1]), code=2)
    nibabel.save(image, tmp_path / "b.nii")
    assert opened(tmp_path / "b.nii").measurable


def test_nifti_with_several_numbers_for_each_voxel_shows_channels(tmp_path: Path) -> None:
    array = np.stack([values() - 900, values()], axis=-1).transpose(2, 1, 0, 3)[:, :, :, None]
    nibabel.save(nibabel.Nifti1Image(array, np.diag([-1, -1, 1, 1])), tmp_path / "a.nii")
    entries = scan(tmp_path / "a.nii", JobContext()).series
    assert [e.part for e in entries] == ["channel 1 of 2", "channel 2 of 2"]
    for entry, expected in zip(entries, (values() - 900, values()), strict=True):
        volume = assemble(entry, JobContext())
        assert np.array_equal(volume.slices, expected)
        assert volume.unit == "unknown"


@pytest.mark.parametrize("ending", [".nrrd", ".mha", ".nii"])
@pytest.mark.parametrize("fraction", [0.0, 0.5])
def test_voxels_that_hold_no_number_are_kept_apart(tmp_path: Path, ending: str, fraction: float) -> None:
    array = values(np.float32) + np.float32(fraction)
    for k, j, i, one in ((0, 0, 0, np.nan), (2, 3, 4, np.inf), (4, 5, 6, -np.inf)):
        array[k, j, i] = one
    path = written_by_itk(tmp_path / f"a{ending}", array, DIRECTIONS["left-handed by k"])
    volume = opened(path)
    numbers = np.isfinite(array)
    assert "3 voxels hold no number." in volume.reasons
    assert volume.padding == np.floor(array[numbers].min()) - 1000
    found = volume.slices[::-1]
    assert np.array_equal(found[numbers], array[numbers])
    assert np.all(found[~numbers] == volume.padding)
    assert volume.slices.dtype == (np.float32 if fraction else np.int16)
    assert volume.value_at(volume.stack.lps((0, 0, 4))) is None
    assert volume.unit == "unknown"


@pytest.mark.parametrize("slope", [0.5, 1.0])
def test_a_signalling_nan_is_no_number_either_and_is_not_complained_of(tmp_path: Path, slope: float) -> None:
    array = values(np.float32) + np.float32(0.25)
    array.view(np.uint32)[2, 3, 4] = 0x7FA00001
    scaled(tmp_path / "a.nii", array, slope, 0.0)
    volume = opened(tmp_path / "a.nii")
    assert "1 voxel holds no number." in volume.reasons
    assert volume.value_at(volume.stack.lps((4, 3, 2))) is None


def test_a_file_without_any_number_is_refused(tmp_path: Path) -> None:
    written_by_itk(tmp_path / "a.nrrd", np.full((2, 3, 4), np.nan, np.float32), DIRECTIONS["LPS"])
    with pytest.raises(CaseStageError, match="holds no numbers"):
        opened(tmp_path / "a.nrrd")


def test_numbers_that_float32_does_not_hold_are_said_to_be_rounded(tmp_path: Path) -> None:
    array = values(np.int32)
    array[0, 0, 0] = 100_000_001
    written_by_itk(tmp_path / "a.nrrd", array, DIRECTIONS["LPS"])
    assert "Numbers above 16,777,216 are rounded." in opened(tmp_path / "a.nrrd").reasons
    array[0, 0, 0] = 60_000
    written_by_itk(tmp_path / "b.nrrd", array, DIRECTIONS["LPS"])
    assert len(opened(tmp_path / "b.nrrd").reasons) == 1


def test_a_volume_larger_than_memory_is_refused_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.io.memory.free_bytes", lambda: 100)
    for name, content in (("a.nrrd", nrrd_header()), ("a.mha", meta_header())):
        (tmp_path / name).write_bytes(content + values().tobytes())
        with pytest.raises(TooLargeError, match="of memory"):
            opened(tmp_path / name)


def in_zip(files: dict[str, bytes]) -> Any:
    """Return what opens members of an archive in memory beside a header in `case/`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"case/{name}", content)

    def opener(name: str) -> BinaryIO:
        with zipfile.ZipFile(packed) as archive:
            try:
                return io.BytesIO(archive.read(f"case/{name}"))
            except KeyError:
                raise FileNotFoundError(name) from None

    return opener


def test_volumes_are_read_from_whatever_opens_them(tmp_path: Path) -> None:
    for ending in ENDINGS:
        folder = tmp_path / ending
        folder.mkdir()
        path = written_by_itk(folder / f"a{ending}", values(), DIRECTIONS["oblique, left-handed"])
        opener = in_zip({one.name: one.read_bytes() for one in folder.iterdir()})
        (entry,) = volume_file_entries(f"archive.zip/case/a{ending}", opener)
        assert entry.files[0] == f"archive.zip/case/a{ending}"
        volume = read_volume_file(entry, JobContext(), opener=opener)
        assert_as_itk(volume, path)
        assert volume.series.series_uid == opened(path).series.series_uid
        values_, stack = middle_slice(entry, opener)
        assert np.array_equal(values_, volume.slices[stack.count // 2])


def test_an_opener_is_never_asked_for_what_lies_outside() -> None:
    asked: list[str] = []
    inside = in_zip({"a.nhdr": nrrd_header("data file: ../b.raw"), "a.mhd": meta_header("ElementDataFile = /b.raw")})

    def opener(name: str) -> BinaryIO:
        asked.append(name)
        return cast("BinaryIO", inside(name))

    for name in ("a.nhdr", "a.mhd"):
        with pytest.raises(CaseStageError, match="outside of its folder"):
            volume_file_entries(f"case/{name}", opener)
    assert asked == ["a.nhdr", "a.mhd"]


def test_voxels_missing_beside_a_header_are_missed_by_name_of_what_they_are(tmp_path: Path) -> None:
    for name, content in (
        ("a.nhdr", nrrd_header("data file: a.raw")),
        ("a.mhd", meta_header("ElementDataFile = a.raw")),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CaseStageError, match="The file with the voxels is not beside its header"):
            opened(tmp_path / name)


@pytest.mark.parametrize("ending", PACKED)
def test_a_file_that_changed_since_it_was_listed_is_not_taken_for_the_same(tmp_path: Path, ending: str) -> None:
    path = written_by_itk(tmp_path / f"a{ending}", values(), DIRECTIONS["LPS"])
    (entry,) = volume_file_entries(str(path))
    written_by_itk(path, values()[:3], DIRECTIONS["LPS"])
    with pytest.raises(CaseStageError, match="changed since it was listed"):
        read_volume_file(entry, JobContext())


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_file_has_the_same_uid_wherever_it_is(tmp_path: Path, ending: str) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        written_by_itk(tmp_path / folder / f"a{ending}", values(), DIRECTIONS["LPS"])
    written_by_itk(tmp_path / f"a{ending}", values() + 1, DIRECTIONS["LPS"])
    places = [tmp_path / "one", tmp_path / "two", tmp_path]
    uids = [volume_file_entries(str(place / f"a{ending}"))[0].facts.series_uid for place in places]
    assert uids[0] == uids[1] != uids[2]


def test_a_picture_of_a_far_volume_of_a_packed_file_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.io.volume_files._MOST_UNPACKED_FOR_A_PICTURE", 1000)
    lines = ["dimension: 4", "sizes: 7 6 5 3", "kinds: domain domain domain time"]
    header = nrrd_header(*lines, "space directions: (1,0,0) (0,1,0) (0,0,1) none", "encoding: gzip")
    (tmp_path / "a.nrrd").write_bytes(header + gzip.compress(np.stack([values()] * 3).tobytes()))
    entries = scan(tmp_path / "a.nrrd", JobContext()).series
    assert thumbnail(entries[0]).size
    with pytest.raises(TooLargeError, match="for a picture"):
        thumbnail(entries[2])


def test_a_header_without_a_folder_in_its_path_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written_by_itk(tmp_path / "a.mhd", values(), DIRECTIONS["LPS"])
    monkeypatch.chdir(tmp_path)
    (entry,) = volume_file_entries("a.mhd")
    assert entry.files == ("a.mhd", "a.raw")
    assert_lies_as(read_volume_file(entry, JobContext()), values(), PLAIN_MATRIX)


def test_a_header_reached_through_a_link_finds_voxels_beside_the_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    written_by_itk(tmp_path / "real" / "a.mhd", values(), DIRECTIONS["LPS"])
    os.symlink(tmp_path / "real", tmp_path / "way")
    assert_lies_as(opened(tmp_path / "way" / "a.mhd"), values(), PLAIN_MATRIX)
