"""A DICOMDIR lists images that are not there: the series that lacks them says so, and how many."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING, Any

import pydicom
import pytest

from tests.io.dicomdirs import list_images
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.index_rows import series_values
from viewer.io.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.io.series_entry import SeriesEntry

LACKS_TWO = "2 of 6 images that a DICOMDIR lists are not there."


@pytest.fixture
def disc(made_ct: Any) -> Path:
    """Return the folder of a disc with two series, of six and of three images."""
    series = {
        f"1.2.{series}": [
            made_ct.slice(f"SE{series}/IM{k}", made_ct.pixels(k), (0.0, 0.0, 2.0 * k), series=series)
            for k in range(count)
        ]
        for series, count in (("1", 6), ("2", 3))
    }
    list_images(made_ct.folder, series)
    return made_ct.folder


def images(disc: Path) -> list[Path]:
    """Return the files of the series of six images."""
    return sorted((disc / "SE1").iterdir())


def by_count(place: Path) -> dict[int, SeriesEntry]:
    return {entry.count: entry for entry in scan(place, JobContext()).series}


@pytest.mark.parametrize("way", ["the DICOMDIR", "its folder", "an archive of it", "a packed archive of it"])
def test_a_series_of_which_a_dicomdir_lists_more_than_is_there_is_not_trusted(
    way: str, disc: Path, tmp_path: Path
) -> None:
    for file in images(disc)[4:]:
        file.unlink()
    place = {"the DICOMDIR": disc / "DICOMDIR", "its folder": disc}.get(way, tmp_path / "disc.zip")
    if place.suffix:
        packing = zipfile.ZIP_DEFLATED if "packed" in way else zipfile.ZIP_STORED
        with zipfile.ZipFile(place, "w", packing) as archive:
            for file in filter(lambda one: one.is_file(), disc.rglob("*")):
                archive.write(file, f"a disc/{file.relative_to(disc)}")
    found = by_count(place)
    assert sorted(found) == [3, 4]
    volume = assemble(found[4], JobContext())
    assert (volume.verdict, LACKS_TWO in volume.reasons) == (Verdict.UNTRUSTED, True)
    row = series_values(found[4], str(place), str(place), frozenset())
    assert (row["verdict"], row["reason"]) == ("untrusted", LACKS_TWO)
    assert assemble(found[3], JobContext()).verdict is Verdict.OK


def test_a_whole_disc_casts_no_doubt(disc: Path) -> None:
    for place in (disc, disc / "DICOMDIR"):
        assert {entry.incomplete for entry in scan(place, JobContext()).series} == {""}


def test_one_image_that_is_not_there_is_told_as_one(disc: Path) -> None:
    images(disc)[0].unlink()
    said = by_count(disc)[5].incomplete
    assert said == "1 of 6 images that a DICOMDIR lists is not there."


def test_files_that_got_other_names_are_known_by_what_they_say_they_are(disc: Path) -> None:
    files = images(disc)
    shutil.rmtree(disc / "SE2")
    for n, file in enumerate(files[1:]):
        file.rename(disc / f"renamed {n}.dcm")
    files[0].unlink()
    for place in (disc, disc / "DICOMDIR"):
        said = by_count(place)[5].incomplete
        assert said == "1 of 6 images that a DICOMDIR lists is not there."


def test_a_list_copied_along_with_one_series_of_its_disc_casts_no_doubt_on_that(disc: Path) -> None:
    shutil.rmtree(images(disc)[0].parent)
    (entry,) = scan(disc, JobContext()).series
    assert (entry.count, entry.incomplete) == (3, "")


@pytest.mark.parametrize("way", ["the DICOMDIR", "its folder"])
@pytest.mark.parametrize("kept", [0, 200])
def test_images_that_a_dicomdir_lists_and_that_are_damaged_are_missed(kept: int, way: str, disc: Path) -> None:
    last = images(disc)[-1]
    last.write_bytes(last.read_bytes()[:kept])
    place = disc / "DICOMDIR" if way == "the DICOMDIR" else disc
    assert by_count(place)[5].incomplete == "1 of 6 images that a DICOMDIR lists cannot be read."
    images(disc)[0].unlink()
    found = by_count(place)
    assert found[4].incomplete == "2 of 6 images that a DICOMDIR lists are not there or cannot be read."
    assert found[3].incomplete == ""
    assert assemble(found[4], JobContext()).verdict is Verdict.UNTRUSTED


def test_a_copy_of_a_damaged_image_under_another_name_takes_its_place(disc: Path) -> None:
    last = images(disc)[-1]
    shutil.copy(last, disc / "a copy")
    last.write_bytes(b"")
    assert by_count(disc)[6].incomplete == ""


def test_a_colour_picture_that_a_dicomdir_lists_among_the_images_is_no_damaged_one(disc: Path) -> None:
    last = images(disc)[-1]
    picture = pydicom.dcmread(last)
    picture.SamplesPerPixel, picture.PhotometricInterpretation, picture.PlanarConfiguration = 3, "RGB", 0
    picture.PixelData = picture.PixelData * 3
    picture.save_as(last)
    assert by_count(disc)[5].incomplete == ""


def test_files_of_a_folder_beside_the_disc_whose_name_goes_on_are_none_of_it(disc: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    shutil.copytree(disc, both / "A")
    other = pydicom.dcmread(images(both / "A")[0])
    other.SeriesInstanceUID, other.SOPInstanceUID = "1.2.9", "1.2.9.1"
    images(both / "A")[0].unlink()
    (both / "ASE1").mkdir()
    other.save_as(both / "ASE1" / "IM0")
    assert by_count(both)[5].incomplete == "1 of 6 images that a DICOMDIR lists is not there."


@pytest.mark.parametrize("name", ["DICOMDIR", "DICOMDIR-reordered", "DICOMDIR-bigEnd", "DICOMDIR-implicit"])
def test_series_are_told_apart_however_a_dicomdir_is_written(name: str, real_data: Path, tmp_path: Path) -> None:
    disc = tmp_path / "disc"
    shutil.copytree(real_data / "a17_dicomdir" / "dicomdirtests", disc)
    for file in ("98892001/CT5N/3353", "98892001/CT5N/2062"):
        (disc / file).unlink()
    doubted = [entry for entry in scan(disc / name, JobContext()).series if entry.incomplete]
    assert [(entry.count, entry.incomplete) for entry in doubted] == [
        (3, "2 of 5 images that a DICOMDIR lists are not there.")
    ]


@pytest.mark.parametrize("way", ["the DICOMDIR", "its folder"])
@pytest.mark.parametrize("by", ["a copy of its neighbour", "an image of another series"])
def test_an_image_that_was_written_over_by_another_is_missed(by: str, way: str, made_ct: Any, disc: Path) -> None:
    if by == "a copy of its neighbour":
        shutil.copy(images(disc)[4], images(disc)[5])
    else:
        made_ct.slice("SE1/IM5", made_ct.pixels(9), (0.0, 0.0, 4.0), series="3")
    place = disc / "DICOMDIR" if way == "the DICOMDIR" else disc
    lacking = [e for e in scan(place, JobContext()).series if "DICOMDIR" in e.incomplete]
    assert ["IM0" in e.files[0] and e.facts.description for e in lacking] == ["Made 1"]
    volume = assemble(lacking[0], JobContext())
    assert volume.verdict is Verdict.UNTRUSTED
    assert "1 of 6 images that a DICOMDIR lists is not there." in volume.reasons


def test_a_disc_whose_images_all_got_other_uids_misses_none(disc: Path) -> None:
    for n, file in enumerate(images(disc)):
        image = pydicom.dcmread(file)
        image.SOPInstanceUID = f"1.2.99.{n}"
        image.save_as(file)
    assert assemble(by_count(disc)[6], JobContext()).verdict is Verdict.OK


def test_a_series_whose_files_all_got_other_names_is_opened_with_the_others(disc: Path) -> None:
    before = by_count(disc / "DICOMDIR")
    folder = images(disc)[0].parent
    for path in folder.iterdir():
        path.rename(path.with_name(f"{path.name}.dcm"))
    after = by_count(disc / "DICOMDIR")
    assert sorted(after) == sorted(before)
    assert [entry.incomplete for entry in after.values()] == [""] * len(after)


def test_images_that_came_to_a_series_after_its_list_was_written_are_opened_with_it(made_ct: Any, disc: Path) -> None:
    for k in (6, 7):
        made_ct.slice(f"SE1/IM{k}", made_ct.pixels(k), (0.0, 0.0, 2.0 * k))
    entry = by_count(disc / "DICOMDIR")[8]
    volume = assemble(entry, JobContext())
    assert volume.verdict is Verdict.OK
    assert volume.slices[:, 5, 5].tolist() == [int(made_ct.pixels(k)[5, 5]) - 1024 for k in range(8)]


CUT = "The DICOMDIR beside this series is damaged, so that images may be missing which it listed."


def cut_before(name: bytes, disc: Path) -> None:
    """Let the DICOMDIR of a disc end within the record of a file."""
    whole = (disc / "DICOMDIR").read_bytes()
    (disc / "DICOMDIR").write_bytes(whole[: whole.rindex(name)])


@pytest.mark.parametrize("ends", ["within the records", "at once", "as something else"])
@pytest.mark.parametrize("way", ["the DICOMDIR", "its folder"])
def test_series_beside_a_damaged_dicomdir_say_so_and_miss_what_can_still_be_read_of_it(
    way: str, ends: str, disc: Path
) -> None:
    images(disc)[5].unlink()
    if ends == "within the records":
        cut_before(b"SE2\\IM1", disc)
    else:
        (disc / "DICOMDIR").write_bytes(b"" if ends == "at once" else bytes(3000))
    found = scan(disc / "DICOMDIR" if way == "the DICOMDIR" else disc, JobContext())
    lacking, whole = sorted(found.series, key=lambda entry: -entry.count)
    assert (whole.count, whole.remark, whole.incomplete) == (3, CUT, "")
    assert assemble(whole, JobContext()).reasons == (CUT,)
    known = ends == "within the records"
    assert (lacking.count, lacking.remark) == (5, CUT)
    assert lacking.incomplete == ("1 of 6 images that a DICOMDIR lists is not there." if known else "")
    (left_out,) = [one for one in found.skipped if one.file == "DICOMDIR"]
    assert left_out.why == "Lists other files (DICOMDIR), and is damaged: not all of what it lists is known."


@pytest.mark.parametrize("count", [1, 7, 64])
def test_a_dicomdir_that_its_disc_filled_up_with_zeros_is_whole(count: int, disc: Path) -> None:
    with (disc / "DICOMDIR").open("ab") as file:
        file.write(bytes(count))
    images(disc)[5].unlink()
    assert [(entry.remark, entry.incomplete) for entry in scan(disc, JobContext()).series] == [
        ("", "1 of 6 images that a DICOMDIR lists is not there."),
        ("", ""),
    ]


@pytest.mark.parametrize("way", ["the DICOMDIR", "its folder"])
def test_a_dicomdir_that_lists_no_image_is_told_of(way: str, disc: Path) -> None:
    directory = pydicom.dcmread(disc / "DICOMDIR")
    directory.DirectoryRecordSequence = []
    directory.save_as(disc / "DICOMDIR")
    found = scan(disc / "DICOMDIR" if way == "the DICOMDIR" else disc, JobContext())
    assert [(entry.count, entry.remark) for entry in found.series] == [(6, ""), (3, "")]
    assert [one.why for one in found.skipped] == ["Is to list other files (DICOMDIR), and lists no image."]
