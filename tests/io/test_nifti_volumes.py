"""NIfTI: turned to LPS at the door, values named for what they are known to be."""

from __future__ import annotations

import json
import os
import shutil
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
import pytest
import SimpleITK

from tests.io.conftest import opened
from viewer.domain.errors import CaseStageError, NothingToOpenError, UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.io.thumbnails import thumbnail

if TYPE_CHECKING:
    from pathlib import Path


AXES = [
    (np.diag([0.7, 0.8, 2.5, 1.0]), "RAS"),
    (np.diag([-0.7, -0.8, 2.5, 1.0]), "LPS"),
    (np.diag([-0.7, 0.8, 2.5, 1.0]), "LAS, left-handed"),
    (np.diag([0.7, 0.8, -2.5, 1.0]), "feet last"),
    (np.array([[0, 0, 2.5, 0], [0.7, 0, 0, 0], [0, 0.8, 0, 0], [0, 0, 0, 1.0]]), "sagittal"),
]


def written(path: Path, values: np.ndarray[Any, Any], affine: np.ndarray[Any, Any]) -> Path:
    nibabel.save(nibabel.Nifti1Image(values, affine), path)
    return path


def ct_values() -> np.ndarray[Any, Any]:
    values = np.full((9, 8, 6), -1000, np.int16)
    values[3, 2, 4] = 777
    return values


@pytest.mark.parametrize(("affine", "name"), AXES, ids=[name for _, name in AXES])
def test_mark_is_found_at_its_place_whatever_the_axes(tmp_path: Path, affine: Any, name: str) -> None:
    affine = affine.copy()
    affine[:3, 3] = (11, -22, 33)
    volume = opened(written(tmp_path / "ct.nii.gz", ct_values(), affine))
    ras = affine @ (3, 2, 4, 1)
    place = (-ras[0], -ras[1], ras[2])
    assert volume.value_at(place) == 777, name
    assert np.all(volume.stack.gaps_mm > 0)
    k, j, i = np.argwhere(volume.slices == 777)[0]
    assert np.linalg.norm(volume.grid.lps((i, j, k)) - place) < 0.05
    assert volume.verdict is Verdict.OK


@pytest.mark.parametrize(("unit", "mm"), [(1, 1000.0), (2, 1.0), (3, 0.001), (0, 1.0)])
def test_lengths_are_millimetres_whatever_unit_the_file_counts_in(tmp_path: Path, unit: int, mm: float) -> None:
    affine = np.diag([0.7 / mm, 0.8 / mm, 2.5 / mm, 1.0])
    image = nibabel.Nifti1Image(ct_values(), affine)
    image.header["xyzt_units"] = unit
    nibabel.save(image, tmp_path / "ct.nii")
    volume = opened(tmp_path / "ct.nii")
    assert volume.stack.pixel_spacing_mm == pytest.approx((0.7, 0.8), rel=1e-5)
    assert volume.stack.gaps_mm == pytest.approx(2.5, rel=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_whole_numbers_of_any_type_become_int16(tmp_path: Path, dtype: Any) -> None:
    values = np.arange(4 * 5 * 6).reshape(4, 5, 6).astype(dtype)
    volume = opened(written(tmp_path / "a.nii", values, np.eye(4)))
    assert volume.slices.dtype == np.int16
    assert np.array_equal(volume.slices, values.transpose(2, 1, 0))


def test_fractions_and_large_numbers_stay_float32(tmp_path: Path) -> None:
    values = ct_values().astype(np.float32) + 0.25
    assert opened(written(tmp_path / "a.nii", values, np.eye(4))).slices.dtype == np.float32
    large = ct_values().astype(np.int32)
    large[0, 0, 0] = 100_000
    volume = opened(written(tmp_path / "b.nii", large, np.eye(4)))
    assert volume.slices.dtype == np.float32
    assert volume.slices.max() == 100_000


def test_hu_is_assumed_only_where_there_is_air_and_said(tmp_path: Path) -> None:
    ct = opened(written(tmp_path / "a.nii", ct_values(), np.eye(4)))
    assert ct.unit == "HU"
    assert "HU is assumed" in ct.reasons[0]
    other = opened(written(tmp_path / "b.nii", np.abs(ct_values()), np.eye(4)))
    assert other.unit == "unknown"
    assert other.verdict is Verdict.OK


def test_no_place_in_the_file_is_not_trusted(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(ct_values(), None)
    image.header.set_zooms((0.7, 0.7, 2.0))
    nibabel.save(image, tmp_path / "a.nii")
    volume = opened(tmp_path / "a.nii")
    assert volume.verdict is Verdict.UNTRUSTED
    assert "does not say where it lies" in volume.reasons[0]


def test_sheared_slices_are_a_tilt(tmp_path: Path) -> None:
    affine = np.diag([0.7, 0.7, 3.0, 1.0])
    affine[1, 2] = 0.8
    volume = opened(written(tmp_path / "a.nii", ct_values(), affine))
    assert volume.verdict is Verdict.RESAMPLED
    assert volume.stack.tilt_deg == pytest.approx(np.degrees(np.arctan(0.8 / 3)), abs=0.01)
    assert volume.reasons[0] == "The file's slices do not lie straight behind one another, but lean by 14.9°."


def test_voxels_that_hold_no_number_are_named_and_kept_apart(tmp_path: Path) -> None:
    values = ct_values().astype(np.float32)
    values[0, 0, 0] = np.nan
    volume = opened(written(tmp_path / "a.nii", values, np.eye(4)))
    assert "1 voxel holds no number." in volume.reasons
    assert volume.padding == -2000
    assert volume.value_at((0, 0, 0)) is None


def test_voxels_begin_behind_the_header_where_the_file_does_not_say(tmp_path: Path) -> None:
    path = written(tmp_path / "a.nii", ct_values(), np.eye(4))
    raw = bytearray(path.read_bytes())
    raw[108:112] = bytes(4)
    path.write_bytes(raw)
    assert np.array_equal(opened(path).slices, ct_values().transpose(2, 1, 0))


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_several_volumes_in_one_file_can_be_chosen(tmp_path: Path, ending: str) -> None:
    values = np.stack([ct_values() + 5 * n for n in range(3)], axis=-1)
    entries = scan(written(tmp_path / f"a{ending}", values, np.eye(4)), JobContext()).series
    assert [(e.part, e.count) for e in entries] == [(f"volume {n} of 3", 6) for n in (1, 2, 3)]
    assert len({e.facts.series_uid for e in entries}) == 3
    for n, entry in enumerate(entries):
        volume = assemble(entry, JobContext())
        assert np.array_equal(volume.slices, values[..., n].transpose(2, 1, 0))
        assert f"This is volume {n + 1} of 3 in the file." in volume.reasons
        assert volume.series.series_uid == entry.facts.series_uid


def test_same_file_has_the_same_uid_and_another_has_not(tmp_path: Path) -> None:
    first = opened(written(tmp_path / "a.nii", ct_values(), np.eye(4)))
    again = opened(tmp_path / "a.nii")
    other = opened(written(tmp_path / "b.nii", ct_values() + 1, np.eye(4)))
    assert first.series.series_uid == again.series.series_uid != other.series.series_uid
    assert first.series.series_uid.startswith("2.25.")


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_two_patients_whose_volumes_begin_with_the_same_background_are_two_series(tmp_path: Path, ending: str) -> None:
    for number, name in enumerate(("a", "b")):
        values = np.full((20, 256, 256), -1024, np.int16)
        values[10:14, 60:200, 60:200] = np.random.default_rng(number).integers(-100, 200, (4, 140, 140))
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(values), str(tmp_path / f"{name}{ending}"))
    shutil.copy(tmp_path / f"a{ending}", tmp_path / f"a copy{ending}")
    uids = {e.files[0].rsplit(os.sep, 1)[-1]: e.facts.series_uid for e in scan(tmp_path, JobContext()).series}
    assert uids[f"a{ending}"] == uids[f"a copy{ending}"]
    assert uids[f"a{ending}"] != uids[f"b{ending}"]


def test_a_nifti_file_in_a_folder_is_found(tmp_path: Path) -> None:
    written(tmp_path / "head.nii.gz", ct_values(), np.eye(4))
    (tmp_path / "notes.txt").write_text("x")
    found = scan(tmp_path, JobContext())
    assert [(e.kind, e.facts.description, e.count) for e in found.series] == [("nifti", "head", 6)]
    assert len(found.skipped) == 1


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_damaged_nifti_is_a_sentence(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    path.write_bytes(b"\x5c\x01\x00\x00" + bytes(100))
    with pytest.raises(NothingToOpenError, match="NIfTI"):
        scan(path, JobContext())


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_truncated_nifti_is_refused_not_filled_up(tmp_path: Path, ending: str) -> None:
    values = np.random.default_rng(3).integers(-1000, 1000, (30, 30, 30)).astype(np.int16)
    path = written(tmp_path / f"a{ending}", values, np.eye(4))
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(UnreadableFileError, match="ends early"):
        opened(path)


def test_huge_nifti_header_is_refused_without_memory(tmp_path: Path) -> None:
    path = written(tmp_path / "a.nii", ct_values(), np.eye(4))
    raw = bytearray(path.read_bytes())
    raw[42:48] = np.array([30000, 30000, 30000], "<i2").tobytes()
    path.write_bytes(bytes(raw))
    with pytest.raises(CaseStageError):
        opened(path)


def patched(path: Path, *edits: tuple[int, str, Any], affine: Any = None, form: str = "sform") -> Path:
    """Write a file that says by one of its two ways where it lies, then change numbers of its header."""
    image = nibabel.Nifti1Image(ct_values(), None)
    image.header.set_zooms((0.7, 0.8, 2.5))
    getattr(image.header, f"set_{form}")(np.diag([0.7, 0.8, 2.5, 1.0]) if affine is None else affine, code=1)
    nibabel.save(image, path)
    raw = bytearray(path.read_bytes())
    for at, kind, value in edits:
        struct.pack_into(f"<{kind}", raw, at, value)
    path.write_bytes(raw)
    return path


_SIZE_OF_I, _SIZE_OF_K = 80, 88


@pytest.mark.parametrize("size", [0.0, np.nan, np.inf])
def test_a_voxel_size_that_the_file_does_not_give_is_not_made_up(tmp_path: Path, size: float) -> None:
    volume = opened(patched(tmp_path / "a.nii", (_SIZE_OF_K, "f", size), form="qform"))
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons[0] == "The file does not say how large its voxels are."


def test_a_negative_voxel_size_could_mean_the_other_side(tmp_path: Path) -> None:
    volume = opened(patched(tmp_path / "a.nii", (_SIZE_OF_I, "f", -0.7), form="qform"))
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons[0].startswith("The file gives its voxels a negative size, which programs read in two ways")


@pytest.mark.parametrize(("turn", "trusted"), [(-1.0, True), (1.0, True), (0.0, True), (3.0, True), (-0.5, False)])
def test_a_side_that_programs_read_in_two_ways_is_not_trusted(tmp_path: Path, turn: float, trusted: bool) -> None:
    # ITK stacks the slices the other way for any negative number, nibabel for -1 alone.
    volume = opened(patched(tmp_path / "a.nii", (76, "f", turn), form="qform"))
    assert (volume.verdict is Verdict.OK) is trusted
    assert ("The file says which way its slices are stacked" in "".join(volume.reasons)) is not trusted
    # What lies by its matrix alone does not use that number.
    assert opened(patched(tmp_path / "b.nii", (76, "f", turn))).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("size", "said"),
    [(-0.7, "The file gives its voxels a negative size,"), (0.0, "The file does not say how large its voxels are.")],
)
@pytest.mark.parametrize("order", "<>")
def test_a_size_that_cannot_be_is_told_of_the_newer_format_too(
    tmp_path: Path, order: str, size: float, said: str
) -> None:
    image = nibabel.Nifti2Image(ct_values(), None)
    image.header.set_qform(np.diag([0.7, 0.8, 2.5, 1.0]), code=1)
    nibabel.save(nibabel.Nifti2Image(ct_values(), None, image.header.as_byteswapped(order)), tmp_path / "a.nii")
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    struct.pack_into(f"{order}d", raw, 112, size)
    (tmp_path / "a.nii").write_bytes(raw)
    volume = opened(tmp_path / "a.nii")
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons[0].startswith(said)


@pytest.mark.parametrize("size", [0.0, -0.7, 0.7])
def test_voxel_sizes_are_those_of_the_matrix_where_nothing_speaks_against_them(tmp_path: Path, size: float) -> None:
    volume = opened(patched(tmp_path / "a.nii", (_SIZE_OF_I, "f", size)))
    assert volume.verdict is Verdict.OK
    assert volume.stack.pixel_spacing_mm == pytest.approx((0.7, 0.8))


def test_a_matrix_that_makes_voxels_larger_than_the_file_says_is_not_trusted(tmp_path: Path) -> None:
    # As after a registration that scales: its millimetres are those of another head.
    volume = opened(patched(tmp_path / "a.nii", affine=np.diag([0.84, 0.8, 2.5, 1.0])))
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons[0] == "The file says in two ways how large its voxels are, and they differ."


_CODES, _SHIFT = ((252, "h", 1), (254, "h", 2)), (268, "f", 40.0)


def test_of_two_spaces_that_differ_the_one_that_is_used_is_named(tmp_path: Path) -> None:
    # Other readers take the other one: the same file lies elsewhere there.
    image = nibabel.Nifti1Image(ct_values(), np.diag([0.7, 0.8, 2.5, 1.0]))
    image.header.set_qform(np.diag([0.7, 0.8, 2.5, 1.0]), code=1)
    nibabel.save(image, tmp_path / "a.nii")
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    for shifted in (False, True):
        for at, kind, value in (*_CODES, *([_SHIFT] if shifted else [])):
            struct.pack_into(f"<{kind}", raw, at, value)
        (tmp_path / "a.nii").write_bytes(raw)
        volume = opened(tmp_path / "a.nii")
        assert volume.verdict is Verdict.OK
        assert volume.value_at((-0.7 * 3, -0.8 * 2, 2.5 * 4)) == 777
        assert any("(sform) is used" in reason for reason in volume.reasons) is shifted


_SLOPE, _SHIFT_OF_VALUES = 112, 116


@pytest.mark.parametrize(
    ("slope", "shift", "said"),
    [(0.0, 5.0, True), (np.nan, 5.0, True), (0.0, 0.0, False), (np.nan, np.nan, False), (1.0, 5.0, False)],
)
def test_a_shift_without_a_scale_is_said_as_programs_differ(
    tmp_path: Path, slope: float, shift: float, said: bool
) -> None:
    volume = opened(patched(tmp_path / "a.nii", (_SLOPE, "f", slope), (_SHIFT_OF_VALUES, "f", shift)))
    applied = 5 if slope == 1 else 0
    assert np.array_equal(volume.slices, ct_values().transpose(2, 1, 0) + applied)
    assert any("names a shift for its values but no scale" in reason for reason in volume.reasons) is said
    assert volume.verdict is Verdict.OK


def test_a_scale_with_a_shift_that_is_no_number_is_told_from_a_damaged_file(tmp_path: Path) -> None:
    with pytest.raises(CaseStageError) as caught:
        opened(patched(tmp_path / "a.nii", (_SLOPE, "f", 2.0), (_SHIFT_OF_VALUES, "f", np.nan)))
    assert caught.value.sentence == "The file gives a shift for its values that is no number, so they are not known."


def test_a_tilt_whose_slice_distance_is_given_along_the_normal_is_no_contradiction(tmp_path: Path) -> None:
    affine = np.diag([0.7, 0.8, 2.5, 1.0])
    affine[1, 2] = 0.8
    assert opened(patched(tmp_path / "a.nii", affine=affine)).verdict is Verdict.RESAMPLED


def test_a_fourth_size_of_none_is_one_volume(tmp_path: Path) -> None:
    path = patched(tmp_path / "a.nii", (40, "h", 4), (48, "h", 0))
    assert np.array_equal(opened(path).slices, ct_values().transpose(2, 1, 0))


@pytest.mark.parametrize("kind", [nibabel.Nifti1Pair, nibabel.Nifti2Pair])
@pytest.mark.parametrize("opened_as", ["folder", "header", "zip"])
def test_a_header_beside_its_voxels_is_one_volume(tmp_path: Path, kind: Any, opened_as: str) -> None:
    folder = tmp_path / "pair"
    folder.mkdir()
    nibabel.save(kind(ct_values(), np.diag([0.7, 0.8, 2.5, 1.0])), folder / "head.img")
    where = {"folder": folder, "header": folder / "head.hdr", "zip": tmp_path / "pair.zip"}[opened_as]
    with zipfile.ZipFile(tmp_path / "pair.zip", "w") as archive:
        for name in ("head.hdr", "head.img"):
            archive.write(folder / name, name)
    found = scan(where, JobContext())
    assert [entry.facts.description for entry in found.series] == ["head"]
    assert not found.skipped
    volume = assemble(found.series[0], JobContext())
    assert np.array_equal(volume.slices, ct_values().transpose(2, 1, 0))
    assert volume.value_at((-0.7 * 3, -0.8 * 2, 2.5 * 4)) == 777
    assert volume.verdict is Verdict.OK


def test_the_voxels_of_a_pair_alone_name_their_header(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Pair(ct_values(), np.eye(4)), tmp_path / "head.img")
    with pytest.raises(NothingToOpenError, match=r"header is the \.hdr file beside it"):
        scan(tmp_path / "head.img", JobContext())
    (tmp_path / "head.img").unlink()
    with pytest.raises(NothingToOpenError, match="voxels is not beside its header"):
        scan(tmp_path / "head.hdr", JobContext())


def test_a_header_of_another_program_is_no_damaged_nifti(tmp_path: Path) -> None:
    written(tmp_path / "ct.nii", ct_values(), np.eye(4))
    (tmp_path / "photo.hdr").write_bytes(b"#?RADIANCE\n" + bytes(600))
    assert [(one.why, one.unread) for one in scan(tmp_path, JobContext()).skipped] == [
        ("Not an image in DICOM, NIfTI, NRRD or MetaImage.", False)
    ]


def test_analyze_is_refused_for_what_it_does_not_say(tmp_path: Path) -> None:
    nibabel.save(nibabel.AnalyzeImage(ct_values(), np.eye(4)), tmp_path / "head.img")
    with pytest.raises(NothingToOpenError, match=r"Analyze .*left .*right") as refused:
        scan(tmp_path / "head.hdr", JobContext())
    assert "NIfTI" in refused.value.hint


def test_real_ct_has_the_values_and_the_place_that_other_tools_see(real_data: Path) -> None:
    facts = json.loads((real_data / "NIFTI_FACTS.json").read_text())
    checked = 0
    for name, fact in facts.items():
        path = real_data / name.partition("/")[2]
        if not path.exists() or fact.get("comp") != 1:
            continue
        volume = opened(path)
        assert [*volume.stack.size_ij, volume.stack.count] == fact["size"], name
        assert (float(volume.slices.min()), float(volume.slices.max())) == (fact["min"], fact["max"]), name
        assert float(volume.slices.mean()) == pytest.approx(fact["mean"], abs=1e-3), name
        # The first voxel of the file is a corner of the volume, at the first or the last slice.
        corners = np.asarray([volume.stack.lps((0, 0, 0)), volume.stack.lps((0, 0, volume.stack.count - 1))])
        assert np.linalg.norm(corners - fact["origin_LPS"], axis=1).min() < 0.05, name
        checked += 1
    assert checked >= 3


def test_real_colour_nifti_is_not_shown_as_values(real_data: Path) -> None:
    with pytest.raises(CaseStageError, match="colours"):
        opened(real_data / "a15_nifti_misc" / "ct_perfusion.nii.gz")


def test_real_oblique_eight_bit_nifti_is_no_hu(real_data: Path) -> None:
    volume = opened(real_data / "a15_nifti_misc" / "CT_pitch.nii.gz")
    assert volume.unit == "unknown"
    assert volume.verdict is Verdict.OK
    assert volume.stack.normal[2] == pytest.approx(np.cos(np.radians(16.5)), abs=0.01)


def test_thumbnail_of_a_nifti_file_is_upright(tmp_path: Path) -> None:
    # With this affine i grows to the patient's right, which is left on the screen, and j to the front, which is up.
    values = np.zeros((40, 40, 3), np.int16)
    values[30:, 30:, 1] = 1000
    picture = thumbnail(scan(written(tmp_path / "a.nii", values, np.eye(4)), JobContext()).series[0])
    assert picture.shape == (192, 192)
    assert picture[20, 20] == 255
    assert picture[20, 172] == picture[172, 20] == picture[172, 172] == 0
