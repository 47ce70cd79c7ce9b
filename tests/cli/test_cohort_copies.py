"""A scan that lies twice below a folder counts once, and that is said."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest

from tests.cli.conftest import casestage, write_series, write_small_case
from tests.cli.test_cohort import run
from viewer.domain.errors import CaseStageError
from viewer.domain.job import JobContext
from viewer.io.scan import scan
from viewer.services.truth_beside import place_of_truth


def judged(out: Path) -> tuple[int, int]:
    """Return how many scans are counted, and how many have no truth."""
    (count,) = casestage("cohort", "evaluate", out, "--json").json["models"]
    return count["scans"], count["without_truth"]


def saved(file: Path, value: int = 20) -> Path:
    """Write a scan of soft tissue in air, with a voxel of a value in its last image."""
    voxels = np.full((24, 20, 8), -1000, np.int16)
    voxels[4:20, 4:16] = 20
    voxels[8, 8, 7] = value
    file.parent.mkdir(parents=True)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([3.0, 3.0, 3.0, 1.0])), file)
    return file


def truth(folder: Path, at: int = 8, name: str = "lesions.nii") -> None:
    """Write the truth of a scan beside it: one lesion."""
    mask = np.zeros((24, 20, 8), np.uint8)
    mask[at, 8, 4] = 1
    (folder / "truth").mkdir()
    nibabel.save(nibabel.Nifti1Image(mask, np.diag([3.0, 3.0, 3.0, 1.0])), folder / "truth" / name)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Return a folder with a scan and its truth."""
    truth(saved(tmp_path / "scans" / "one" / "ct.nii").parent)
    return tmp_path / "scans"


def test_a_backup_beside_the_scan_is_not_counted_again(scans: Path, anatomy: Path, tmp_path: Path) -> None:
    shutil.copytree(scans / "one", scans / "a backup")
    told = run(scans, anatomy, tmp_path / "cohort")[1]
    assert (told["runs"], told["copies"]) == (1, 1)
    assert judged(tmp_path / "cohort") == (1, 0)
    said = casestage("cohort", "run", scans, "--model", anatomy, "--out", tmp_path / "cohort", "--anyway")
    assert "1 scan is a copy of another one below this folder, and not counted again." in said.out + said.err


def test_of_copies_the_one_with_the_truth_counts(scans: Path, anatomy: Path, tmp_path: Path) -> None:
    saved(scans / "a copy without a truth" / "ct.nii")
    run(scans, anatomy, tmp_path / "cohort")
    assert judged(tmp_path / "cohort") == (1, 0)


def test_a_dicom_scan_of_which_another_copy_has_the_truth_is_counted(anatomy: Path, tmp_path: Path) -> None:
    write_small_case(tmp_path / "scans" / "one")
    shutil.copytree(tmp_path / "scans" / "one" / "ct", tmp_path / "scans" / "a copy without a truth")
    run(tmp_path / "scans", anatomy, tmp_path / "cohort")
    assert judged(tmp_path / "cohort") == (1, 0)


def test_of_copies_of_a_dicom_scan_with_two_truths_none_is_taken_without_a_word(anatomy: Path, tmp_path: Path) -> None:
    write_small_case(tmp_path / "scans" / "one")
    other = shutil.copytree(tmp_path / "scans" / "one", tmp_path / "scans" / "second reader")
    code, told = run(tmp_path / "scans", anatomy, tmp_path / "cohort")
    assert (code, told["runs"], told["failed"]) == (0, 1, 0)
    document = other / "truth" / "findings.json"
    document.write_text(document.read_text("utf-8").replace('"truth-1"', '"truth-of-two"'), "utf-8")
    said = casestage("cohort", "run", tmp_path / "scans", "--model", anatomy, "--out", tmp_path / "new", "--anyway")
    assert "Copies of this scan have ground truths beside them that differ." in said.out + said.err
    assert said.code == 1


def test_a_scan_that_was_counted_is_not_counted_beside_a_copy_with_the_truth(
    scans: Path, anatomy: Path, tmp_path: Path
) -> None:
    saved(scans / "two" / "ct.nii")
    (scans / "one").rename(tmp_path / "one")
    assert run(scans, anatomy, tmp_path / "cohort")[1]["runs"] == 1
    (tmp_path / "one").rename(scans / "one")
    told = run(scans, anatomy, tmp_path / "cohort")[1]
    assert (told["copies"], told["not_here"]) == (1, 0)
    assert judged(tmp_path / "cohort") == (1, 0)


def test_a_scan_that_two_readers_were_given_counts_for_each_of_them(scans: Path, anatomy: Path, tmp_path: Path) -> None:
    truth(saved(scans / "second reader" / "ct.nii").parent, at=12)
    assert run(scans, anatomy, tmp_path / "cohort")[1]["copies"] == 0
    assert judged(tmp_path / "cohort") == (2, 0)


def test_scans_of_one_name_and_size_of_which_one_voxel_differs_are_no_copies(
    scans: Path, anatomy: Path, tmp_path: Path
) -> None:
    saved(scans / "two" / "ct.nii", value=30)
    told = run(scans, anatomy, tmp_path / "cohort")[1]
    assert (told["runs"], told["copies"]) == (2, 0)


@pytest.mark.parametrize("name", ["lesions.nii.gz", "lesions.nii"])
def test_copies_whose_truths_say_the_same_in_other_bytes_are_one_scan(
    scans: Path, anatomy: Path, tmp_path: Path, name: str
) -> None:
    second = saved(scans / "second" / "ct.nii").parent
    truth(second, name=name)
    file = second / "truth" / name
    if name.endswith("gz"):
        file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()), compresslevel=1, mtime=1))
    else:
        # What wrote it stands in the header.
        raw = bytearray(file.read_bytes())
        raw[148:152] = b"ITK "
        file.write_bytes(raw)
    assert file.read_bytes() != (scans / "one" / "truth" / "lesions.nii").read_bytes()
    assert run(scans, anatomy, tmp_path / "cohort")[1]["copies"] == 1
    assert judged(tmp_path / "cohort") == (1, 0)


def test_copies_of_a_dicom_scan_whose_label_maps_say_the_same_in_other_bytes_are_no_two_truths(
    anatomy: Path, tmp_path: Path
) -> None:
    mask = np.zeros((24, 24, 12), np.uint8)
    mask[8:12, 8:12, 4:6] = 1
    for folder, packed in (("one", "lesions.nii"), ("second", "lesions.nii.gz")):
        write_series(tmp_path / "scans" / folder / "ct")
        (tmp_path / "scans" / folder / "truth").mkdir()
        (tmp_path / "scans" / folder / "truth" / packed).touch()
        nibabel.save(nibabel.Nifti1Image(mask, np.eye(4)), tmp_path / "scans" / folder / "truth" / packed)
    entry = scan(tmp_path / "scans", JobContext()).series[0]
    assert len({Path(file).parent for file in entry.files}) == 2
    assert place_of_truth(entry) is not None
    mask[8, 8, 4] = 0
    nibabel.save(nibabel.Nifti1Image(mask, np.eye(4)), tmp_path / "scans" / "second" / "truth" / "lesions.nii.gz")
    with pytest.raises(CaseStageError, match="differ"):
        place_of_truth(entry)


def test_a_truth_that_says_the_same_elsewhere_is_another_one(scans: Path, anatomy: Path, tmp_path: Path) -> None:
    second = saved(scans / "second" / "ct.nii").parent
    truth(second)
    file = second / "truth" / "lesions.nii"
    image = nibabel.load(scans / "one" / "truth" / "lesions.nii")
    nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj), np.diag([-3.0, 3.0, 3.0, 1.0])), file)
    assert run(scans, anatomy, tmp_path / "cohort")[1]["copies"] == 0


def test_a_copy_under_another_name_is_not_counted_again(scans: Path, anatomy: Path, tmp_path: Path) -> None:
    shutil.copy(scans / "one" / "ct.nii", saved(scans / "by the date" / "old.nii").with_name("2024-01-31.nii"))
    (scans / "by the date" / "old.nii").unlink()
    saved(scans / "another scan" / "ct.nii", value=30)
    told = run(scans, anatomy, tmp_path / "cohort")[1]
    assert (told["runs"], told["copies"]) == (2, 1)
    assert judged(tmp_path / "cohort") == (1, 1)
