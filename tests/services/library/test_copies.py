"""A series and copies of it in other places: listed once where they are alike, and told apart where not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pydicom
import pytest

from viewer.domain.session import Session, Workspace
from viewer.services.left_open import LeftOpen
from viewer.services.linked_views import Links
from viewer.ui.library.series_words import copies_words


@pytest.fixture
def original(made: Any, tmp_path: Path) -> Path:
    """Return a folder of one series of five images, apart from all others."""
    for k in range(5):
        made.slice(f"first/IM{k}", made.pixels(k), (0.0, 0.0, 2.0 * k), SeriesDescription="Thorax")
    return shutil.move(made.folder / "first", tmp_path / "first")


def copied(original: Path, name: str, images: int = 5) -> Path:
    copy = shutil.copytree(original, original.parent / name)
    for file in sorted(copy.iterdir())[images:]:
        file.unlink()
    return copy


def lying(program: Any, row: Any) -> list[tuple[str, int]]:
    copies = program.library.copies([row.id]).get(row.id, [])
    return [(program.library.place(copy.place).name, copy.images) for copy in copies]


def test_a_series_and_its_copy_are_listed_once_and_both_places_are_known(program: Any, original: Path) -> None:
    copy = copied(original, "second")
    program.open(original)
    program.open(copy)
    (row,) = program.rows()
    assert program.library.place(row.place).name == "first"
    assert lying(program, row) == [("second", 5)]
    (other,) = program.rows(place="second")
    assert lying(program, other) == [("first", 5)]


def test_a_copy_is_found_by_the_name_of_its_own_folder(program: Any, original: Path) -> None:
    program.open(original)
    program.open(copied(original, "second"))
    (found,) = program.rows("second")
    assert program.library.place(found.place).name == "second"
    (both,) = program.rows("thorax")
    assert program.library.place(both.place).name == "first"


def test_a_copy_that_lacks_images_is_listed_beside_the_whole_one(program: Any, original: Path) -> None:
    program.open(original)
    program.open(copied(original, "part", images=3))
    by_images = {row.images: row for row in program.rows()}
    assert sorted(by_images) == [3, 5]
    assert lying(program, by_images[3]) == [("first", 5)]
    assert lying(program, by_images[5]) == [("part", 3)]


def test_where_the_first_is_gone_the_copy_opens(program: Any, original: Path) -> None:
    program.open(original)
    copy = copied(original, "second")
    program.open(copy)
    (row,) = program.rows()
    shutil.rmtree(original)
    before = len(program.opened)
    program.library.open_series(row.id)
    program.rest()
    assert program.failures == []
    assert len(program.opened) == before + 1
    assert {file.rpartition("/")[0] for file in program.opened[-1].source_files} == {str(copy)}


def test_where_only_a_part_is_left_it_does_not_open_in_the_place_of_the_whole(program: Any, original: Path) -> None:
    program.open(original)
    program.open(copied(original, "part", images=3))
    row = next(row for row in program.rows() if row.images == 5)
    shutil.rmtree(original)
    before = len(program.opened)
    program.library.open_series(row.id)
    program.rest()
    assert len(program.opened) == before
    assert "is not there" in program.failures[-1].sentence


@pytest.fixture
def later(made: Any, original: Path) -> Path:
    """Return another phase of the series in a folder of its own: as many images, under UIDs of their own."""
    for k in range(5):
        made.slice(f"later/IM{k}", made.pixels(k + 9), (0.0, 0.0, 2.0 * k), SeriesDescription="Thorax")
    folder = Path(shutil.move(made.folder / "later", original.parent / "later"))
    for file in folder.iterdir():
        image = pydicom.dcmread(file)
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"{image.SOPInstanceUID}.2"
        image.save_as(file)
    return folder


def test_two_phases_of_one_series_that_lie_in_folders_of_their_own_are_no_copies(
    program: Any, original: Path, later: Path
) -> None:
    program.open(original)
    program.open(later)
    rows = program.rows()
    assert sorted(program.library.place(row.place).name for row in rows) == ["first", "later"]
    assert [lying(program, row) for row in rows] == [[], []]
    shutil.rmtree(original)
    gone = next(row for row in rows if program.library.place(row.place).name == "first")
    before = len(program.opened)
    program.library.open_series(gone.id)
    program.rest()
    assert len(program.opened) == before
    assert "is not there" in program.failures[-1].sentence


def test_in_a_list_that_was_kept_before_this_phases_are_told_apart_once_they_are_looked_at(
    program: Any, original: Path, later: Path
) -> None:
    program.open(original)
    program.index._store._through(1, lambda db: db.execute("UPDATE series SET images_mark = ''"))
    program.open(later)
    assert len(program.rows()) == 1
    program.open(original)
    assert len(program.rows()) == 2


def test_the_phase_that_was_open_is_the_one_that_the_next_start_goes_on_with(
    program: Any, original: Path, later: Path, tmp_path: Path
) -> None:
    kept = LeftOpen(program.session, tmp_path, program.index)
    program.session.workspace = Workspace.REVIEW
    program.open(later)
    kept.keep(Session(), Links())
    # The place that was opened last comes first.
    program.open(original)
    left = kept.read()
    assert left is not None
    assert left.series is not None
    row = kept.row(left.series)
    assert row is not None
    assert program.library.place(row.place).name == "later"
    program.library.forget(program.place("later").id)
    program.rest()
    assert kept.row(left.series) is None


def test_a_forgotten_place_leaves_the_copy_in_the_list(program: Any, original: Path) -> None:
    program.open(original)
    program.open(copied(original, "second"))
    program.library.forget(program.place("first").id)
    program.rest()
    (row,) = program.rows()
    assert program.library.place(row.place).name == "second"
    assert lying(program, row) == []


def test_a_folder_around_both_is_no_copy_of_either(program: Any, original: Path) -> None:
    program.open(original)
    program.open(original.parent)
    (row,) = program.rows()
    assert lying(program, row) == []


def test_volumes_in_files_of_their_own_have_copies_too(program: Any, tmp_path: Path) -> None:
    import nibabel as nib
    import numpy as np

    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        nib.save(nib.Nifti1Image(np.zeros((4, 4, 4), np.int16), np.eye(4)), tmp_path / name / "scan.nii")
        program.open(tmp_path / name)
    (row,) = program.rows()
    assert lying(program, row) == [("second", 4)]


def test_it_is_said_where_copies_lie_and_which_is_whole() -> None:
    assert copies_words([]) == copies_words([], "Here") == ""
    assert copies_words([("CD 1", 0, "")]) == "Also in CD 1."
    assert copies_words([("CD 1", 3, "")], "Part") == "In Part, 3 images fewer than in CD 1."
    assert copies_words([("CD 1", -1, "not there")]) == "1 image more than in CD 1 (not there)."
    assert copies_words([("A", 0, ""), ("B", -2, ""), ("C", 0, "")]) == ("Also in A and C; 2 images more than in B.")
    assert copies_words([(name, 0, "") for name in "ABCD"]) == "Also in A, B and 2 more places."


def test_a_single_image_and_a_copy_of_its_file_are_an_image_that_is_there_twice(
    program: Any, made: Any, tmp_path: Path
) -> None:
    scout = made.slice("scout/a.dcm", made.pixels(), (0.0, 0.0, 0.0), SeriesDescription="Scout")
    shutil.copy(scout, scout.with_name("b.dcm"))
    program.open(scout.parent)
    (row,) = program.rows()
    opened = program.opened[-1]
    assert row.reason == "1 image is there twice; the copies were left out."
    assert (row.verdict, row.reason) == (opened.verdict, opened.reasons[0])
