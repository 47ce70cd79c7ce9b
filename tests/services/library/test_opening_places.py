"""Opening folders, files and archives: what is one series opens, what is several is listed, what was seen is known."""

from __future__ import annotations

import shutil
import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
import pytest
from attrs import evolve

from tests.io.dicomdirs import list_images
from viewer.domain.errors import NothingToOpenError
from viewer.domain.geometry import Verdict
from viewer.services import places_looking, scan_library
from viewer.services.place_state import PlaceState

if TYPE_CHECKING:
    from collections.abc import Callable


def described(program: Any, words: str = "", place: str = "") -> list[str]:
    return sorted(row.description for row in program.rows(words, place))


def test_a_folder_of_several_series_is_listed(program: Any, folder: Path) -> None:
    program.open(folder)
    assert program.listed == [("ct",)]
    assert program.opened == []
    assert described(program) == ["Thorax lung", "Thorax thin"]
    assert program.library.state(program.place("ct").id) is PlaceState.CHECKED
    (skipped,) = program.library.skipped_files([program.place("ct").id])
    assert (skipped.file, skipped.why) == ("letter.txt", "Not an image in DICOM, NIfTI, NRRD or MetaImage.")


def test_a_folder_of_one_series_opens_at_once_and_says_what_was_skipped(program: Any, folder: Path) -> None:
    shutil.rmtree(folder / "lung")
    program.open(folder)
    assert program.listed == []
    assert [volume.stack.count for volume in program.opened] == [5]
    assert [item.file for item in program.skipped[0]] == ["letter.txt"]
    assert described(program) == ["Thorax thin"]


def test_a_folder_seen_before_is_listed_before_it_is_looked_at(
    start: Callable[[], Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start().open(folder)
    program = start()
    listed = threading.Event()
    look_again = scan_library.look_again

    def held(*given: Any) -> Any:
        assert listed.wait(10)
        return look_again(*given)

    monkeypatch.setattr(scan_library, "look_again", held)
    program.library.open([folder])
    program.until(lambda: program.listed)
    assert described(program) == ["Thorax lung", "Thorax thin"]
    assert program.library.state(program.place("ct").id) is PlaceState.CHECKING
    listed.set()
    program.rest()
    assert program.library.state(program.place("ct").id) is PlaceState.CHECKED


def test_what_changed_meanwhile_is_seen_in_place(start: Callable[[], Any], folder: Path, made: Any) -> None:
    first = start()
    first.open(folder)
    kept = {row.description: row.id for row in first.rows()}
    program = start()
    made.slice("bone/IM1", made.pixels(1), series="9", SeriesDescription="Thorax bone")
    made.slice("thin/more", made.pixels(7), (-10, -20, 12.5), series="5", SeriesDescription="Thorax thin")
    changed: list[Any] = []
    program.library.changed.connect(changed.append)
    program.open(folder)
    assert described(program) == ["Thorax bone", "Thorax lung", "Thorax thin"]
    rows = {row.description: row for row in program.rows()}
    assert rows["Thorax thin"].images == 6
    assert {name: rows[name].id for name in kept} == kept
    assert frozenset({program.place("ct").id}) in changed


def test_several_things_at_once_are_listed_together(program: Any, folder: Path, made: Any, tmp_path: Path) -> None:
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted((folder / "lung").iterdir()):
            packed.write(path, path.name)
    volume = tmp_path / "volume.nii"
    nibabel.save(nibabel.Nifti1Image(np.zeros((9, 8, 7), np.int16), np.eye(4)), volume)
    program.open(folder / "thin", archive, volume)
    assert program.listed == [("thin", "study.zip", "volume.nii")]
    assert described(program) == ["Thorax lung", "Thorax thin", "volume"]
    assert {place.kind for place in program.library.places} == {"folder", "archive", "file"}


def test_loose_slices_of_one_series_are_one_volume_and_no_place_each(program: Any, folder: Path) -> None:
    files = sorted((folder / "thin").iterdir())
    program.open(*files)
    assert [volume.stack.count for volume in program.opened] == [5]
    assert program.library.places == ()


def test_loose_slices_of_several_series_are_listed_by_their_folder(program: Any, folder: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in [*(folder / "thin").iterdir(), *(folder / "lung").iterdir()]:
        shutil.copy(path, flat / f"{path.parent.name}{path.name}")
    program.open(*sorted(flat.iterdir())[:7])
    assert program.listed == [("flat",)]
    assert described(program) == ["Thorax lung", "Thorax thin"]


def test_what_cannot_be_opened_among_several_is_told_and_the_others_are_listed(
    program: Any, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    program.open(tmp_path / "empty", folder)
    assert program.listed == [("ct",)]
    assert [error.sentence for error in program.failures] == ["This folder holds no files."]
    assert [place.name for place in program.library.places] == ["ct"]


def test_shares_that_do_not_answer_keep_nothing_else_from_opening(
    program: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    real = places_looking.scan

    def scan(path: Path, *rest: Any) -> Any:
        if "share" in path.name:
            answers.wait(20)
        return real(path, *rest)

    monkeypatch.setattr(places_looking, "scan", scan)
    for n in range(4):
        (tmp_path / f"share{n}").mkdir()
        program.library.open([tmp_path / f"share{n}"])
    program.library.open([folder / "thin"])
    program.until(lambda: program.opened)
    assert program.opened[0].stack.count == 5
    answers.set()
    program.rest()
    assert len(program.opened) == 1


def test_where_there_is_nothing_it_is_said_and_nothing_is_listed(program: Any, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("no image")
    program.open(tmp_path / "letter.txt")
    assert [type(error) for error in program.failures] == [NothingToOpenError]
    assert program.library.places == ()
    assert program.listed == []


def test_a_series_of_the_list_opens(program: Any, folder: Path) -> None:
    program.open(folder)
    (row,) = program.rows("lung")
    program.library.open_series(row.id)
    program.rest()
    assert [volume.series.description for volume in program.opened] == ["Thorax lung"]
    assert program.opened[0].verdict is Verdict.OK


def test_a_place_named_from_where_the_program_stands_is_found_from_elsewhere(
    program: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    one = next(iter(sorted((folder / "thin").iterdir())))
    program.open(Path("thin") / one.name, Path("lung"))
    monkeypatch.chdir("/")
    program.library.open_series(program.rows("thin")[0].id)
    program.rest()
    assert [volume.stack.count for volume in program.opened] == [1]
    assert {place.path for place in program.library.places} == {str(folder / "lung"), str(one)}


def test_next_and_previous_go_through_the_list_that_was_shown(program: Any, folder: Path) -> None:
    program.open(folder)
    ids = [row.id for row in program.rows()]
    assert not program.library.has_neighbours
    program.library.open_series(ids[0], ids)
    program.rest()
    assert program.library.has_neighbours
    for step in (1, 1, -1):
        program.library.open_neighbour(step)
        program.rest()
    wanted = [program.rows()[n].description for n in (0, 1, 0, 1)]
    assert [volume.series.description for volume in program.opened] == wanted


def test_the_next_series_in_the_same_frame_of_reference_keeps_the_place(program: Any, folder: Path) -> None:
    program.open(folder)
    ids = [row.id for row in program.rows()]
    program.library.open_series(ids[0], ids)
    program.rest()
    program.session.view = evolve(program.session.view, cursor_lps_mm=(-6.0, -16.0, 2.5), window_width=77.0)
    program.library.open_neighbour(1)
    program.rest()
    assert program.session.view.cursor_lps_mm == (-6.0, -16.0, 2.5)
    program.library.open_series(ids[0], ids)
    program.rest()
    assert program.session.view.cursor_lps_mm != (-6.0, -16.0, 2.5)


def test_a_series_is_opened_as_its_files_are_now(start: Callable[[], Any], folder: Path) -> None:
    start().open(folder)
    program = start()
    path = next((folder / "thin").glob("*_4"))
    path.unlink()
    (row,) = program.rows("thin")
    assert row.images == 5
    program.library.open_series(row.id)
    program.rest()
    assert [volume.stack.count for volume in program.opened] == [4]


def test_a_list_that_an_opened_series_contradicts_is_brought_up_to_date(start: Callable[[], Any], folder: Path) -> None:
    program = start()
    program.open(folder)
    row = next(row for row in program.rows() if row.description == "Thorax thin")
    next(file for file in (folder / "thin").iterdir() if file.name.endswith("_2")).unlink()
    program.library.open_series(row.id)
    program.rest()
    assert program.opened[-1].verdict is Verdict.UNTRUSTED
    (now,) = (row for row in program.rows() if row.description == "Thorax thin")
    assert (now.images, now.verdict) == (4, Verdict.UNTRUSTED)


def test_a_series_that_goes_on_in_a_folder_beside_its_own_says_so_once_it_is_open(
    start: Callable[[], Any], folder: Path, made: Any
) -> None:
    start().open(folder)
    program = start()
    for k in range(5, 8):
        made.slice(f"thin 2/{k}", made.pixels(k), (-10.0, -20.0, 2.5 * k), series="5", SeriesDescription="Thorax thin")
    (row,) = program.rows("thin")
    program.library.open_series(row.id)
    program.rest()
    assert program.opened[-1].stack.count == 5
    assert program.arrived == [("ct", 0, 1, 0)]
    (row,) = program.rows("thin")
    program.library.open_series(row.id)
    program.rest()
    assert program.opened[-1].stack.count == 8
    assert len(program.arrived) == 1


def test_a_series_that_has_not_changed_says_nothing_once_it_is_open(start: Callable[[], Any], folder: Path) -> None:
    start().open(folder)
    program = start()
    for row in program.rows():
        program.library.open_series(row.id)
        program.rest()
    assert program.arrived == []


@pytest.mark.parametrize("linked", [False, True])
def test_a_series_of_the_list_that_lacks_images_which_a_dicomdir_names_is_not_trusted_when_it_is_opened_either(
    linked: bool, program: Any, folder: Path, tmp_path: Path
) -> None:
    images = sorted((folder / "thin").iterdir(), key=lambda file: file.name[-1])
    list_images(folder, {"1": images, "2": list((folder / "lung").iterdir())})
    images[-1].unlink()
    place = tmp_path / "a link" if linked else folder
    if linked:
        place.symlink_to(folder)
    program.open(place)
    row = next(row for row in program.rows() if row.description == "Thorax thin")
    said = "1 of 5 images that a DICOMDIR lists is not there."
    assert (row.verdict, row.reason) == (Verdict.UNTRUSTED, said)
    program.library.open_series(row.id)
    program.rest()
    assert (program.opened[-1].verdict, program.opened[-1].reasons) == (Verdict.UNTRUSTED, (said,))


def test_images_that_are_there_twice_are_not_called_untrusted_before_anybody_has_looked(
    program: Any, folder: Path, made: Any
) -> None:
    source = sorted((folder / "thin").iterdir())[2]
    shutil.copy(source, folder / "thin" / "copy.dcm")
    program.open(folder)
    row = next(row for row in program.rows() if row.description == "Thorax thin")
    assert (row.verdict, row.reason) == (Verdict.OK, "1 image is there twice; the copies were left out.")
    program.library.open_series(row.id)
    program.rest()
    opened = program.opened[-1]
    assert (opened.verdict, opened.reasons) == (row.verdict, (row.reason,))
    # Of one that is called and packed otherwise nobody knows before its pixels were unpacked.
    for n, k in enumerate((0, 1, 2, 3, 4, 2)):
        syntax = {"syntax": "1.2.840.10008.1.2.5"} if n == 5 else {}
        made.slice(f"other/{n}", made.pixels(k), (0, 0, 2.5 * k), series="8", SeriesDescription="O", **syntax)
    program.open(folder)
    row = next(row for row in program.rows() if row.description == "O")
    assert row.verdict is None
    assert row.reason.startswith("1 image lies where another does; its pixels tell")
    for k in range(4):
        made.slice(f"one place/{k}", made.pixels(k), (0, 0, 5), series="9", SeriesDescription="One place")
    program.open(folder)
    (stack,) = (row for row in program.rows() if row.description == "One place")
    assert stack.verdict is Verdict.UNTRUSTED


def test_a_series_whose_folder_is_gone_says_so(start: Callable[[], Any], folder: Path) -> None:
    start().open(folder)
    program = start()
    (row,) = program.rows("thin")
    folder.rename(folder.with_name("elsewhere"))
    program.library.open_series(row.id)
    program.rest()
    assert program.opened == []
    assert [error.sentence for error in program.failures] == ["The folder of this series is not there."]
    assert program.library.state(program.place("ct").id) is PlaceState.GONE
    assert described(program) == ["Thorax lung", "Thorax thin"]
    folder.with_name("elsewhere").rename(folder)
    program.library.check([program.place("ct").id])
    program.rest()
    assert program.library.state(program.place("ct").id) is PlaceState.CHECKED


def test_a_series_whose_folder_is_closed_says_so_and_stays_in_the_list(
    start: Callable[[], Any], folder: Path, closing: Callable[[Path], Callable[[], None]]
) -> None:
    start().open(folder)
    program = start()
    (row,) = program.rows("thin")
    reopen = closing(folder)
    program.library.open_series(row.id)
    program.rest()
    (error,) = program.failures
    assert error.sentence == "The folder of this series cannot be read (Permission denied)."
    assert "may be read" in error.hint
    assert program.library.state(program.place("ct").id) is PlaceState.CLOSED
    assert described(program) == ["Thorax lung", "Thorax thin"]
    reopen()
    program.library.refresh()
    program.rest()
    assert program.library.state(program.place("ct").id) is PlaceState.REMEMBERED
    program.library.open_series(row.id)
    program.rest()
    assert len(program.opened) == 1


def test_a_series_that_is_gone_from_its_folder_says_so_and_leaves_the_list(
    start: Callable[[], Any], folder: Path
) -> None:
    start().open(folder)
    program = start()
    (row,) = program.rows("lung")
    for path in (folder / "lung").iterdir():
        path.unlink()
    (folder / "lung" / "note.txt").write_text("moved")
    program.library.open_series(row.id)
    program.rest()
    assert [error.sentence for error in program.failures] == ["This series is not in its folder any more."]
    assert described(program) == ["Thorax thin"]


def test_the_series_of_another_patient_is_never_opened_for_one_that_is_gone(program: Any, made: Any) -> None:
    for name in ("Doe^Jane", "Roe^John"):
        for k in range(3):
            said = {"PatientName": name, "PatientID": name[0], "StudyInstanceUID": f"1.2.{ord(name[0])}"}
            made.slice(f"all/{name[0]}{k}", made.pixels(k), (0, 0, 2 * k), SeriesInstanceUID="1.2.3", **said)
    program.open(made.folder / "all")
    rows = {program.index.studies([row.study])[row.study].patient: row for row in program.rows()}
    assert set(rows) == {"Doe^Jane", "Roe^John"}
    for path in (made.folder / "all").glob("D*"):
        path.unlink()
    program.library.open_series(rows["Doe^Jane"].id)
    program.rest()
    assert program.opened == []
    assert [error.sentence for error in program.failures] == ["This series is not in its folder any more."]
    program.library.open_series(rows["Roe^John"].id)
    program.rest()
    assert [volume.series.identity.name for volume in program.opened] == ["Roe^John"]


def test_a_forgotten_place_leaves_the_list_and_its_files_stay(program: Any, folder: Path) -> None:
    program.open(folder)
    program.library.forget(program.place("ct").id)
    program.rest()
    assert program.library.places == ()
    assert program.rows() == []
    assert len(list((folder / "thin").iterdir())) == 5


def test_places_come_in_the_order_in_which_they_were_opened(
    start: Callable[[], Any], folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    program = start()
    for path in (folder, other, folder):
        program.open(path)
    assert [place.name for place in program.library.places] == ["ct", "other"]
    assert program.library.last_folder == str(folder)
    assert [place.name for place in start().library.places] == ["ct", "other"]


def test_places_remembered_by_an_earlier_version_are_taken_over(program: Any, folder: Path, tmp_path: Path) -> None:
    program.library.adopt([str(folder), str(tmp_path / "gone"), str(folder / "thin")])
    program.rest()
    assert [place.name for place in program.library.places] == ["ct", "thin"]
    program.open(folder)
    assert described(program, place="ct") == ["Thorax lung", "Thorax thin"]


def test_pictures_are_made_for_what_is_wanted_and_kept(start: Callable[[], Any], folder: Path) -> None:
    program = start()
    program.open(folder)
    ids = [row.id for row in program.rows()]
    ready: list[int] = []
    program.pictures.ready.connect(ready.append)
    assert program.pictures.of(ids[0]) is None
    program.pictures.want(ids[:1])
    program.rest()
    assert ready == ids[:1]
    picture = program.pictures.of(ids[0])
    assert max(picture.shape) == 192
    assert program.pictures.of(ids[1]) is None
    again = start()
    assert np.array_equal(again.pictures.of(ids[0]), picture)


def test_a_picture_that_cannot_be_made_is_not_tried_again(program: Any, folder: Path) -> None:
    for path in (folder / "lung").iterdir():
        path.write_bytes(path.read_bytes()[:-300])
    program.open(folder)
    (row,) = program.rows("lung")
    assert row.verdict is Verdict.UNTRUSTED
    program.pictures.want([row.id])
    program.rest()
    assert program.pictures.of(row.id).size == 0


def test_pictures_wait_while_something_is_opened(program: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program.open(folder)
    ids = [row.id for row in program.rows()]
    made: list[bool] = []
    monkeypatch.setattr(
        "viewer.services.pictures.thumbnail",
        lambda *_: made.append(program.opening.running) or np.ones((9, 9), np.uint8),
    )
    program.library.open_series(ids[0])
    program.pictures.want(ids)
    program.rest()
    assert made == [False, False]
