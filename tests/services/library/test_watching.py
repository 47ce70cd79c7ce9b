"""Watched folders: what arrives is listed once it is whole, whatever happens to the folder meanwhile."""

from __future__ import annotations

import os
import shutil
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from viewer.services.place_state import PlaceState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def watched(program: Any, folder: Path) -> Any:
    """Return a program that watches a folder of two series, and has looked at it."""
    program.open(folder)
    program.library.watch(program.place("ct").id, on=True)
    program.rest()
    program.look(2)
    return program


def words(program: Any) -> list[str]:
    return sorted(row.description for row in program.rows())


def test_a_series_that_arrives_is_listed_and_told_once(watched: Any, made: Any) -> None:
    for k in range(4):
        made.slice(f"bone/IM{k}", made.pixels(k), (0, 0, 2 * k), series="9", SeriesDescription="Thorax bone")
    watched.look(2)
    assert watched.arrived == [("ct", 1, 0, 0)]
    assert words(watched) == ["Thorax bone", "Thorax lung", "Thorax thin"]
    assert watched.rows("bone")[0].images == 4
    watched.look(2)
    assert len(watched.arrived) == 1


def test_nothing_is_told_where_nothing_arrives(watched: Any) -> None:
    watched.look(3)
    assert watched.arrived == []
    assert watched.failures == []


def test_a_file_that_grows_is_waited_for(watched: Any, made: Any) -> None:
    path = made.slice("bone/IM0", made.pixels(), series="9", SeriesDescription="Thorax bone")
    whole = path.read_bytes()
    for share in range(1, 10):
        path.write_bytes(whole[: len(whole) * share // 9])
        watched.look()
        assert watched.arrived == []
    watched.look()
    assert watched.arrived == [("ct", 1, 0, 0)]
    assert watched.rows("bone")[0].reason == ""
    assert all("bone" not in item.file for item in watched.library.skipped_files([watched.place("ct").id]))


def test_slices_that_come_one_by_one_are_listed_together(watched: Any, made: Any) -> None:
    for k in range(5):
        made.slice(f"bone/IM{k}", made.pixels(k), (0, 0, 2 * k), series="9", SeriesDescription="Thorax bone")
        watched.look()
        assert watched.arrived == []
    watched.look()
    assert watched.arrived == [("ct", 1, 0, 0)]
    assert watched.rows("bone")[0].images == 5


def test_a_finished_folder_does_not_wait_for_one_that_is_being_written(watched: Any, made: Any, folder: Path) -> None:
    made.slice("bone/IM0", made.pixels(), series="9", SeriesDescription="Thorax bone")
    kept = [row.id for row in watched.rows()]
    for n in range(2):
        made.slice(f"thin/more{n}", made.pixels(7), (-10, -20, 12.5), series="5", SeriesDescription="Thorax thin")
        watched.look()
    assert watched.arrived == [("ct", 1, 0, 0)]
    assert {row.description: row.images for row in watched.rows()} == {
        "Thorax bone": 1,
        "Thorax lung": 3,
        "Thorax thin": 5,
    }
    assert set(kept) <= {row.id for row in watched.rows()}


def test_a_folder_in_which_something_is_always_written_is_listed_too(
    watched: Any, made: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.services.watching._LONGEST_WAIT_S", 0.05)
    made.slice("bone/IM0", made.pixels(), series="9", SeriesDescription="Thorax bone")
    with (folder / "bone" / "running.txt").open("w") as log:
        for _ in range(3):
            log.write("more")
            log.flush()
            watched.look()
            time.sleep(0.06)
    assert watched.arrived == [("ct", 1, 0, 0)]


def test_more_images_of_a_listed_series_are_taken_in(watched: Any, made: Any) -> None:
    made.slice("thin/more", made.pixels(7), (-10, -20, 12.5), series="5", SeriesDescription="Thorax thin")
    watched.look(2)
    assert watched.arrived == [("ct", 0, 1, 0)]
    assert watched.rows("thin")[0].images == 6


def test_images_that_go_or_are_replaced_one_for_one_are_seen_in_the_list(watched: Any, made: Any, folder: Path) -> None:
    kept: list[Any] = []
    watched.watching.arrived.connect(lambda _place, what: kept.append(what))
    (before,) = watched.rows("thin")
    assert before.reason == ""
    second = sorted((folder / "thin").iterdir())[1]
    content = second.read_bytes()
    second.unlink()
    watched.look(2)
    (now,) = watched.rows("thin")
    assert now.images == before.images - 1
    assert "missing" in now.reason
    assert [what.replaced for what in kept] == [(now.id,)]
    second.write_bytes(content)
    watched.look(2)
    assert [what.grown for what in kept[1:]] == [(now.id,)]
    made.slice(f"thin/{second.name}", made.pixels(9), (-10, -20, 30.0), series="5", SeriesDescription="Thorax thin")
    watched.look(2)
    (now,) = watched.rows("thin")
    assert now.images == before.images
    assert "missing" in now.reason
    assert [what.replaced for what in kept[2:]] == [(now.id,)]


def test_a_file_that_is_written_anew_with_its_old_size_and_time_is_seen(watched: Any, folder: Path) -> None:
    for path in (folder / "thin").iterdir():
        before = path.stat()
        path.write_bytes(path.read_bytes().replace(b"Thorax thin", b"Thorax thim"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    watched.look(2)
    assert words(watched) == ["Thorax lung", "Thorax thim"]


def test_a_link_that_leads_out_is_named_once_it_is_there(watched: Any, folder: Path, tmp_path: Path) -> None:
    (folder / "elsewhere").symlink_to(tmp_path)
    watched.look(2)
    said = watched.library.skipped_files([watched.place("ct").id])
    assert [item.why for item in said if item.file == "elsewhere"] == ["A link that leads out of the folder."]
    assert watched.arrived == []


def test_a_series_that_loses_its_first_file_has_not_arrived(watched: Any, folder: Path) -> None:
    kept: list[Any] = []
    watched.watching.arrived.connect(lambda _place, what: kept.append(what))
    min((folder / "thin").iterdir()).unlink()
    watched.look(2)
    (what,) = kept
    assert (what.new, len(what.replaced)) == ((), 1)
    assert watched.rows("thin")[0].images == 4


def test_a_series_that_goes_leaves_the_list(watched: Any, folder: Path) -> None:
    shutil.rmtree(folder / "lung")
    watched.look()
    assert watched.arrived == [("ct", 0, 0, 1)]
    assert words(watched) == ["Thorax thin"]


def test_what_arrives_while_the_program_is_closed_is_told_at_the_next_start(
    start: Callable[..., Any], folder: Path, made: Any
) -> None:
    program = start()
    program.open(folder)
    program.library.watch(program.place("ct").id, on=True)
    program.rest()
    program.end()
    made.slice("bone/IM0", made.pixels(), series="9", SeriesDescription="Thorax bone")
    program = start(look_every_s=0.05)
    program.until(lambda: program.arrived)
    program.rest()
    assert program.arrived == [("ct", 1, 0, 0)]
    program.end()
    assert program.watching._thread is None


def test_a_folder_that_was_emptied_while_the_program_is_closed_lists_nothing_at_the_next_start(
    start: Callable[..., Any], folder: Path
) -> None:
    program = start()
    program.open(folder)
    program.library.watch(program.place("ct").id, on=True)
    program.rest()
    program.end()
    for inside in folder.iterdir():
        shutil.rmtree(inside) if inside.is_dir() else inside.unlink()
    program = start()
    program.look(2)
    assert words(program) == []
    assert program.arrived == [("ct", 0, 0, 2)]


def test_a_folder_that_vanishes_is_told_once_and_watched_again_when_it_is_back(
    watched: Any, folder: Path, made: Any
) -> None:
    away = folder.with_name("away")
    folder.rename(away)
    watched.look(3)
    assert watched.vanished == ["ct"]
    assert watched.library.state(watched.place("ct").id) is PlaceState.GONE
    assert len(watched.rows()) == 2
    away.rename(folder)
    watched.look()
    assert watched.library.state(watched.place("ct").id) is PlaceState.CHECKED
    made.slice("bone/IM0", made.pixels(), series="9", SeriesDescription="Thorax bone")
    watched.look(2)
    assert watched.arrived == [("ct", 1, 0, 0)]


def test_a_folder_that_nobody_may_look_into_any_more_is_said_to_be_closed_and_not_to_be_gone(
    watched: Any, folder: Path, closing: Callable[[Path], Callable[[], None]]
) -> None:
    reopen = closing(folder)
    watched.look(3)
    assert watched.vanished == ["ct"]
    assert watched.why_vanished == ["Permission denied"]
    assert watched.library.state(watched.place("ct").id) is PlaceState.CLOSED
    watched.library.check([watched.place("ct").id])
    watched.rest()
    assert watched.library.state(watched.place("ct").id) is PlaceState.CLOSED
    assert len(watched.rows()) == 2
    reopen()
    watched.look()
    assert watched.library.state(watched.place("ct").id) is PlaceState.CHECKED
    folder.rename(folder.with_name("away"))
    watched.look()
    assert watched.why_vanished == ["Permission denied", ""]


def test_an_archive_that_is_still_being_copied_is_waited_for(watched: Any, folder: Path, made: Any) -> None:
    outside = made.slice("../outside/IM0", made.pixels(), series="9", SeriesDescription="Thorax bone")
    made_there = folder / "in" / "study.zip"
    made_there.parent.mkdir()
    archive = outside.with_name("study.zip")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(outside, "IM0")
    whole = archive.read_bytes()
    for share in range(1, 4):
        made_there.write_bytes(whole[: len(whole) * share // 3])
        watched.look()
        assert watched.arrived == []
    watched.look()
    assert watched.arrived == [("ct", 1, 0, 0)]


def test_what_is_not_watched_any_more_is_left_alone(watched: Any, made: Any) -> None:
    watched.library.watch(watched.place("ct").id, on=False)
    watched.rest()
    made.slice("bone/IM0", made.pixels(), series="9", SeriesDescription="Thorax bone")
    watched.look(2)
    assert watched.arrived == []


def test_a_forgotten_place_is_not_watched(watched: Any, made: Any) -> None:
    watched.library.forget(watched.place("ct").id)
    watched.rest()
    made.slice("bone/IM0", made.pixels(), series="9", SeriesDescription="Thorax bone")
    watched.look(2)
    assert watched.arrived == []
    assert watched.library.places == ()


def test_an_image_that_arrives_damaged_is_among_what_was_skipped_as_soon_as_it_was_looked_at(
    watched: Any, made: Any, folder: Path
) -> None:
    changed: list[frozenset[int]] = []
    watched.library.changed.connect(changed.append)
    whole = made.slice("bone/IM0", made.pixels(), series="9", SeriesDescription="Thorax bone")
    whole.write_bytes(whole.read_bytes()[:40] + b"nothing of DICOM" * 9)
    watched.look(2)
    place = watched.place("ct").id
    assert os.path.join("bone", "IM0") in [item.file for item in watched.library.skipped_files([place])]
    assert frozenset({place}) in changed
    changed.clear()
    watched.look(3)
    assert changed == []
