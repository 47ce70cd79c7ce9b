"""The index's file: private, shared by two programs, and never a reason not to open something."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from viewer.domain.job import JobContext
from viewer.io.index import LibraryIndex
from viewer.io.index_store import SCHEMA_VERSION
from viewer.io.known_files import KnownFiles
from viewer.io.scan import scan
from viewer.io.series_entry import ScanResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BUSY = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
print("holding", flush=True)
sys.stdin.read()
"""
SECOND = """
import sys
from pathlib import Path
from viewer.domain.job import JobContext
from viewer.io.index import LibraryIndex
from viewer.io.scan import scan
index = LibraryIndex(Path(sys.argv[1]), lambda problem: sys.exit(problem.sentence))
for _ in range(20):
    for folder in sys.argv[2:]:
        known = index.known_files(Path(folder))
        index.keep(Path(folder), scan(Path(folder), JobContext(), known), known)
index.close()
"""


def listed(library: Any, folder: Path) -> list[str]:
    """Return the descriptions in the list after a folder was looked at."""
    library.look(folder)
    ids = [series for series, _ in library.index.find()]
    rows = library.index.series(ids)
    return [rows[ident].description for ident in ids]


def test_only_the_user_may_read_it(library: Any, two_series: Path) -> None:
    library.look(two_series)
    for path in library.path.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(20_000))


def holes(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for at in range(4096, len(content), 4096):
        content[at : at + 512] = bytes(512)
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9000])


def a_table_less(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE header")


@pytest.mark.parametrize(("damage", "told"), [(a_table_less, 1), (garbage, 1), (holes, 1), (cut, 1), (empty, 0)])
def test_a_damaged_index_begins_anew(library: Any, two_series: Path, damage: Callable[[Path], None], told: int) -> None:
    library.look(two_series)
    library.index.close()
    damage(library.path)
    assert sorted(listed(library, two_series)) == ["Thorax lung", "Thorax thin"]
    assert [problem.sentence for problem in library.problems] == [
        "The list of opened scans was damaged and begins anew."
    ] * told
    again = LibraryIndex(library.path, library.problems.append)
    assert len(again.find()) == 2
    again.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE place SET path = NULL",
        "UPDATE place SET skipped = '[[half'",
        "UPDATE series SET verdict = 'oj'",
        "UPDATE series SET description = CAST(x'ff41' AS TEXT)",
        "UPDATE picture SET pixels = x'0011'",
        "UPDATE sqlite_master SET sql = CAST(replace(sql, 'TABLE place', x'ff') AS TEXT) WHERE name = 'place'",
    ],
)
def test_a_row_that_says_nothing_any_more_lets_the_list_begin_anew(
    library: Any, two_series: Path, statement: str
) -> None:
    def seen() -> None:
        rows = library.index.series(series for series, _ in library.index.find())
        for row in rows.values():
            library.index.picture(row.id)
        for place in library.index.places():
            library.index.skipped(place.id)

    library.look(two_series)
    (first, _), *_ = library.index.find()
    library.index.keep_picture(first, np.zeros((4, 4), np.uint8))
    seen()
    assert library.problems == []
    library.index.close()
    with closing(sqlite3.connect(library.path, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            "UPDATE sqlite_master SET sql = replace(replace(sql, 'path BLOB NOT NULL', 'path BLOB'), 'STRICT', '')"
        )
    with closing(sqlite3.connect(library.path, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute(statement)
    seen()
    assert [problem.sentence for problem in library.problems] == [
        "The list of opened scans was damaged and begins anew."
    ]
    assert sorted(listed(library, two_series)) == ["Thorax lung", "Thorax thin"]


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE their_own (value)")
        db.commit()


@pytest.mark.parametrize(
    ("change", "words"), [(newer, "kept by a newer CaseStage"), (foreign, "belongs to another program")]
)
def test_an_index_of_others_is_left_alone_and_lists_work(
    library: Any, two_series: Path, change: Callable[[Path], None], words: str
) -> None:
    library.look(two_series)
    library.index.close()
    change(library.path)
    content = library.path.read_bytes()
    assert sorted(listed(library, two_series)) == ["Thorax lung", "Thorax thin"]
    library.look(two_series)
    assert library.read == []
    assert len(library.problems) == 1
    assert words in library.problems[0].sentence
    library.index.close()
    assert library.path.read_bytes() == content


def a_folder_in_its_place(path: Path, _: pytest.MonkeyPatch) -> None:
    path.mkdir(parents=True)


def a_file_in_place_of_its_folder(path: Path, _: pytest.MonkeyPatch) -> None:
    path.parent.write_text("no folder")


def a_disk_that_takes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opening = os.open

    def refuse(path: str, flags: int, *rest: Any, **more: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(30, "Read-only file system")
        return opening(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)


@pytest.mark.parametrize("hindrance", [a_folder_in_its_place, a_file_in_place_of_its_folder, a_disk_that_takes_nothing])
def test_where_it_cannot_be_kept_lists_work_until_the_end_and_it_is_said_once(
    library: Any, two_series: Path, monkeypatch: pytest.MonkeyPatch, hindrance: Callable[..., None]
) -> None:
    hindrance(library.path, monkeypatch)
    assert sorted(listed(library, two_series)) == ["Thorax lung", "Thorax thin"]
    assert sorted(listed(library, two_series)) == ["Thorax lung", "Thorax thin"]
    assert [problem.sentence for problem in library.problems] == [
        "The list of opened scans cannot be kept: the program's folder cannot be written to."
    ]
    assert str(library.path.parent) not in library.problems[0].detail


def test_one_that_another_program_holds_is_done_without(
    library: Any, two_series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.io.index_store._WAIT_S", 0.05)
    library.look(two_series)
    library.index.close()
    holder = subprocess.Popen(
        [sys.executable, "-c", BUSY, str(library.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holding\n"
        assert sorted(listed(library, two_series)) == ["Thorax lung", "Thorax thin"]
    finally:
        holder.communicate(timeout=10)
    assert [problem.sentence for problem in library.problems] == [
        "The list of opened scans cannot be kept: another program holds it."
    ]


def test_a_full_disk_costs_only_the_memory_of_it(library: Any, two_series: Path) -> None:
    library.look(two_series)

    def fill(db: sqlite3.Connection) -> None:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")

    library.index._store._through(1, fill)
    for n in range(60):
        library.index.opened(two_series / f"{'x' * 200}{n}")
    assert [problem.sentence for problem in library.problems] == [
        "The list of opened scans cannot be kept: the disk is full."
    ]
    assert sorted(listed(library, two_series)) == ["Thorax lung", "Thorax thin"]


def test_what_is_opened_while_the_disk_is_full_is_listed_beside_what_was(
    library: Any, two_series: Path, made_ct: Any, tmp_path: Path
) -> None:
    before = tmp_path / "before"
    shutil.copytree(two_series, before)
    library.look(before)
    # The place itself still fits, what lies in it does not.
    library.index.opened(two_series)
    library.index._store._through(1, lambda db: db.execute("PRAGMA max_page_count = 1"))
    made_ct.stack([(0, 0, 2.0 * k) for k in range(3)], series="77")
    _, kept = library.look(two_series)
    assert len(kept.new) == 3
    places = {place.path: place.series for place in library.index.places()}
    assert places == {str(before): 2, str(two_series): 3}
    assert [problem.sentence for problem in library.problems] == [
        "The list of opened scans cannot be kept: the disk is full."
    ]


def test_an_older_form_is_filled_again(library: Any, two_series: Path) -> None:
    library.path.parent.mkdir()
    with closing(sqlite3.connect(library.path)) as db:
        db.execute("CREATE TABLE place (id INTEGER PRIMARY KEY, other TEXT)")
        db.execute("CREATE TABLE study (id INTEGER PRIMARY KEY, place INTEGER REFERENCES place (id))")
        db.execute("INSERT INTO place VALUES (1, 'a')")
        db.execute("INSERT INTO study VALUES (1, 1)")
        db.execute("PRAGMA application_id = 0x4353544C")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION - 1 or 99_999}")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION - 1}")
        db.commit()
    assert sorted(listed(library, two_series)) == ["Thorax lung", "Thorax thin"]
    assert library.problems == []


def test_a_list_without_dates_of_birth_stays_and_takes_them(library: Any, two_series: Path) -> None:
    library.look(two_series)
    library.index.close()
    with closing(sqlite3.connect(library.path)) as db:
        db.execute("ALTER TABLE study DROP COLUMN birth_date")
    assert sorted(listed(library, two_series)) == ["Thorax lung", "Thorax thin"]
    assert library.problems == []
    again = LibraryIndex(library.path, library.problems.append)
    assert len(again.find()) == 2
    again.close()


def test_two_programs_use_it_at_once(library: Any, two_series: Path, repository: Path) -> None:
    library.look(two_series)
    second = subprocess.Popen(
        [sys.executable, "-c", SECOND, str(library.path), str(two_series / "thin"), str(two_series)],
        cwd=repository,
        stderr=subprocess.PIPE,
    )
    for _ in range(20):
        library.look(two_series)
        library.look(two_series / "lung")
    _, complaint = second.communicate(timeout=60)
    assert (second.returncode, complaint) == (0, b"")
    assert library.problems == []
    names = {place.name: place.series for place in library.index.places()}
    assert names == {"ct": 2, "thin": 1, "lung": 1}


def test_what_is_forgotten_is_nowhere_in_the_file(library: Any, two_series: Path, made_ct: Any, tmp_path: Path) -> None:
    for k in range(3):
        made_ct.slice(f"jane/IM{k}", made_ct.pixels(k), (0, 0, 2 * k), series="77", PatientName="Canary^Jane")
    library.look(two_series)
    library.look(two_series / "thin")
    ids = [series for series, _ in library.index.find("canary")]
    assert len(ids) == 1
    library.index.keep_picture(ids[0], made_ct.pixels().astype("uint8"))
    place = library.index.place_at(two_series)
    assert place is not None
    library.index.forget(place.id)
    library.index.close()
    for path in library.path.parent.iterdir():
        content = path.read_bytes()
        assert b"Canary" not in content
        assert b"canary" not in content
        assert b"jane" not in content
    library.look(two_series / "thin")
    assert library.read == []
    library.look(two_series)
    assert len(library.read) == 7


def test_a_place_forgotten_while_it_is_looked_at_does_not_come_back(library: Any, two_series: Path) -> None:
    library.look(two_series)
    known = library.index.known_files(two_series)
    result = scan(two_series, JobContext(), known)
    library.index.forget(library.index.places()[0].id)
    kept = library.index.keep(two_series, result, known, opened=False)
    assert kept.new == ()
    assert library.index.places() == ()
    assert library.index.find() == []


def test_a_folder_that_holds_nothing_any_more_stays_a_place(library: Any, two_series: Path) -> None:
    library.look(two_series)
    library.index.keep(two_series, ScanResult((), ()), KnownFiles({}), opened=False)
    (place,) = library.index.places()
    assert place.series == 0
    assert library.index.find() == []


def test_a_series_of_scout_views_alone_is_listed_as_that(library: Any, made_ct: Any) -> None:
    made_ct.slice("scout", made_ct.pixels(), ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    library.look(made_ct.folder)
    ((series, _),) = library.index.find("localizer")
    assert library.index.series([series])[series].part == "localizer"


def test_what_is_opened_after_the_clock_was_put_back_is_first_among_the_places(tmp_path: Path) -> None:
    now = [1_800_000_000]
    index = LibraryIndex(tmp_path / "library.sqlite3", pytest.fail, lambda: now[0] * 1_000_000_000)
    names = ["CD 1", "CD 2", "CD 3"]
    for name in names:
        (tmp_path / name).mkdir()
    for name in names[:2]:
        index.opened(tmp_path / name)
        now[0] += 60
    now[0] -= 3600
    for name in ("CD 3", "CD 1"):
        index.opened(tmp_path / name)
    assert [place.name for place in index.places()] == ["CD 1", "CD 3", "CD 2"]
    index.close()
