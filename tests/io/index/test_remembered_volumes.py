"""Volumes in files of their own are remembered too: NIfTI, voxels beside a header, several in one file, archives."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.io.index.test_remembered_headers import same
from viewer.domain.errors import NothingToOpenError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.scan import scan

if TYPE_CHECKING:
    from pathlib import Path


def test_a_nifti_file_is_known_and_its_change_is_seen(library: Any, tmp_path: Path) -> None:
    import nibabel

    folder = tmp_path / "nifti"
    folder.mkdir()

    def write(columns: int) -> None:
        values = np.zeros((columns, 20, 6), np.int16)
        nibabel.save(nibabel.Nifti1Image(values, np.diag([1, 1, 2, 1])), folder / "a.nii.gz")

    write(24)
    library.look(folder)
    found, _ = library.look(folder)
    assert same(found, scan(folder, JobContext()))
    assert library.index.known_files(folder).unread([]) == []
    write(31)
    found, _ = library.look(folder)
    assert found.series[0].size_ij == (31, 20)


def test_a_volume_in_a_file_of_its_own_is_listed_with_its_verdict(library: Any, tmp_path: Path) -> None:
    import nibabel

    sheared = np.diag([1.0, 1, 2, 1])
    sheared[1, 2] = 1
    for name, affine in (("straight", np.diag([1, 1, 2, 1])), ("tilted", sheared)):
        nibabel.save(nibabel.Nifti1Image(np.zeros((9, 8, 7), np.int16), affine), tmp_path / f"{name}.nii")
    for _ in range(2):
        library.look(tmp_path)
        rows = {row.description: row for row in library.index.series(i for i, _ in library.index.find()).values()}
        assert (rows["straight"].verdict, rows["straight"].reason) == (Verdict.OK, "")
        assert rows["tilted"].verdict is Verdict.RESAMPLED
        assert "lean by 26.6°" in rows["tilted"].reason


def test_voxels_beside_their_header_count_as_part_of_it(library: Any, tmp_path: Path) -> None:
    folder = tmp_path / "nrrd"
    folder.mkdir()
    header = "NRRD0004\ntype: short\ndimension: 3\nsizes: 4 5 6\nencoding: raw\nendian: little\ndata file: a.raw\n\n"
    (folder / "a.nhdr").write_text(header)
    (folder / "a.raw").write_bytes(bytes(240))
    first, kept = library.look(folder)
    assert [entry.files for entry in first.series] == [(str(folder / "a.nhdr"), str(folder / "a.raw"))]
    assert first.skipped == ()
    again, kept = library.look(folder)
    assert same(again, first)
    assert (kept.new, kept.grown, kept.gone) == ((), (), ())
    (folder / "a.raw").unlink()
    with pytest.raises(NothingToOpenError):
        library.look(folder)


def test_each_volume_of_one_file_is_listed(library: Any, tmp_path: Path) -> None:
    import nibabel

    values = np.zeros((9, 8, 7, 3), np.int16)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "four.nii")
    first, kept = library.look(tmp_path / "four.nii")
    assert len(kept.new) == 3
    rows = library.index.series(i for i, _ in library.index.find())
    assert sorted(row.part for row in rows.values()) == ["volume 1 of 3", "volume 2 of 3", "volume 3 of 3"]
    again, kept = library.look(tmp_path / "four.nii", read_anew=first.series[1].facts.series_uid)
    assert same(again, first)
    assert kept.new == ()


def test_volumes_inside_an_archive_are_known_too(library: Any, tmp_path: Path) -> None:
    import nibabel

    nibabel.save(nibabel.Nifti1Image(np.zeros((9, 8, 7), np.int16), np.eye(4)), tmp_path / "a.nii")
    folder = tmp_path / "packed"
    folder.mkdir()
    with zipfile.ZipFile(folder / "study.zip", "w") as made:
        made.write(tmp_path / "a.nii", "inner/a.nii")
    first, _ = library.look(folder)
    again, kept = library.look(folder)
    assert same(again, first)
    assert kept.new == ()
    (row,) = library.index.series(i for i, _ in library.index.find()).values()
    assert row.home == str(folder / "study.zip")
