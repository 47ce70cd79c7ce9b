"""The runs of a cohort, in an SQLite file of their own: one row for each series and model, once it is done.

A row is on disk when the call returns, and names nothing twice: what was cut off goes on where it was. It keeps the
places of scans below the cohort's folder, which may name patients, and is readable for its user alone, as is a folder
that is made for it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.errors import StorageError
from viewer.io.atomic_file import private_folder
from viewer.io.sole_writer import SoleWriter
from viewer.io.sqlite_files import schema_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

FILE_NAME = "cohort.sqlite3"
# "CSCO": tells this file from any other SQLite file.
_APPLICATION_ID, _VERSION = 0x4353434F, 4
_SCHEMA = """
CREATE TABLE study (number INTEGER PRIMARY KEY, place TEXT NOT NULL, series TEXT NOT NULL, part TEXT NOT NULL,
                    images TEXT NOT NULL DEFAULT '', UNIQUE (place, series, part)) STRICT;
CREATE TABLE model (sha256 TEXT PRIMARY KEY, id TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
                    threshold REAL NOT NULL) STRICT;
CREATE TABLE run (study INTEGER NOT NULL REFERENCES study, model TEXT NOT NULL REFERENCES model,
                  problem TEXT NOT NULL, findings INTEGER NOT NULL, lesions INTEGER, points TEXT NOT NULL,
                  seconds REAL NOT NULL, truth TEXT NOT NULL DEFAULT '', truth_file BLOB NOT NULL DEFAULT x'',
                  made_with TEXT NOT NULL DEFAULT '', settings TEXT NOT NULL DEFAULT '',
                  due INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (study, model)) STRICT, WITHOUT ROWID;
"""
_WATCHES_TRUTHS, _WATCHES_SETTINGS, _WATCHES_MOVES = 2, 3, 4
_FROM_VERSION_1 = """
ALTER TABLE run ADD COLUMN truth TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN truth_file BLOB NOT NULL DEFAULT x'';
"""
_FROM_VERSION_2 = "ALTER TABLE run ADD COLUMN made_with TEXT NOT NULL DEFAULT '';"
_FROM_VERSION_3 = """
ALTER TABLE study ADD COLUMN images TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN settings TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN due INTEGER NOT NULL DEFAULT 0;
"""
_STEPS = {
    0: _SCHEMA,
    1: _FROM_VERSION_1 + _FROM_VERSION_2 + _FROM_VERSION_3,
    2: _FROM_VERSION_2 + _FROM_VERSION_3,
    3: _FROM_VERSION_3,
}


@frozen
class CohortSeries:
    """A series below the cohort's folder: where it lies there, its UID, which part of it, and its images as a hash."""

    place: str
    series: str
    part: str
    images: str


@frozen
class CohortModel:
    """A model that was run, and the threshold that its manifest asks for."""

    sha256: str
    id: str
    name: str
    version: str
    threshold: float


@frozen
class CohortRun:
    """What a model said of one series.

    Attributes
    ----------
    study
        The number of the series in its cohort, which says nothing of whose it is.
    problem
        Why there is no result, "" where there is one.
    lesions
        How many true lesions there are; None where no truth is known.
    points
        (threshold, lesions found, false positives) at each score that occurs, highest first.
    truth, truth_file
        SHA-256 of the file that the truth was read from, and its path; where no truth is known "" and the path of the
        first image, beside which one may come.
    made_with
        What the result depends on beside the model's file: its settings and the images, as a hash; "" where that was
        not kept.
    settings
        The model's settings alone, as a hash; "" where they were not kept.
    refused, matched_anew
        True where the model was not made for this series, and was not told to run anyway; where only the truth was
        another, and what the model had found was held against it. Not kept.
    """

    study: int
    series: str
    model: str
    problem: str
    findings: int
    lesions: int | None
    points: tuple[tuple[float, int, int], ...]
    seconds: float
    truth: str = ""
    truth_file: str = ""
    made_with: str = ""
    settings: str = ""
    refused: bool = False
    matched_anew: bool = False


_RUN_BY = "SELECT study FROM run WHERE model"


class CohortStore:
    """The runs of one cohort. Used by one thread, and by one program at a time.

    Parameters
    ----------
    folder
        The cohort's folder, which is made where it is missing unless it is only read.

    Raises
    ------
    StorageError
        When it cannot be opened: it is not there, is another program's, newer, or in use.
    """

    def __init__(self, folder: Path, *, to_write: bool) -> None:
        path = folder / FILE_NAME
        if to_write:
            # One that is there already may be others' too; who may look into it is for them to say.
            if not folder.is_dir():
                private_folder(folder, "The cohort")
        elif not path.is_file():
            raise StorageError(
                "There is no cohort in this folder.", "Make one: casestage cohort run FOLDER --model ID --out DIR"
            )
        self._writer = SoleWriter(path.with_name(path.name + ".lock"))
        if to_write and not self._writer.take():
            raise StorageError(f"This cohort is being run already ({self._writer.holder}).", "Wait until that ends.")
        try:
            place = path if to_write else f"{path.absolute().as_uri()}?mode=ro"
            self._db = sqlite3.connect(place, uri=not to_write, isolation_level=None)
            version = schema_version(self._db, _APPLICATION_ID)
            if version is None or version > _VERSION:
                raise StorageError(
                    "The cohort's file belongs to another program, or to a newer CaseStage.", "Choose another folder."
                )
            if version < _VERSION and to_write:
                self._db.executescript(
                    f"BEGIN; {_STEPS[version]} "
                    f"PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {_VERSION}; COMMIT;"
                )
                os.chmod(path, 0o600)
            self._version = _VERSION if to_write else version
            if to_write:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error as error:
            self._writer.release()
            raise _in_words(error) from error
        except StorageError:
            self._writer.release()
            raise

    def close(self) -> None:
        """Close the file and let others write."""
        self._db.close()
        self._writer.release()

    def enter(self, found: Sequence[CohortSeries]) -> tuple[int, ...]:
        """Return the number of each series below the cohort's folder; a new one for one that was not seen before.

        One that was moved keeps its number, and what models said of it. What is there no more and was never run is
        forgotten.
        """
        numbers = []
        with self._at_once():
            rows = self._db.execute("SELECT place, series, part, number, images FROM study").fetchall()
            known = {(place, series, part): (number, images) for place, series, part, number, images in rows}
            here = {(one.place, one.series, one.part) for one in found}
            gone = {(key[1], images): number for key, (number, images) in known.items() if images and key not in here}
            for one in found:
                key = (one.place, one.series, one.part)
                number, images = known.get(key, (None, ""))
                if number is None and (number := gone.pop((one.series, one.images), None)) is not None:
                    self._db.execute("UPDATE study SET place = ?, part = ? WHERE number = ?", (*key[::2], number))
                    images = one.images
                if number is None:
                    made = self._db.execute(
                        "INSERT INTO study (place, series, part, images) VALUES (?, ?, ?, ?)", (*key, one.images)
                    )
                    number = int(made.lastrowid or 0)
                elif images != one.images:
                    self._db.execute("UPDATE study SET images = ? WHERE number = ?", (one.images, number))
                numbers.append(int(number))
            never = "SELECT number FROM study WHERE number NOT IN (SELECT study FROM run)"
            idle = {row[0] for row in self._db.execute(never)} - set(numbers)
            self._db.executemany("DELETE FROM study WHERE number = ?", [(number,) for number in idle])
        return tuple(numbers)

    def note_due(self, settings: Mapping[str, str], other_images: Iterable[tuple[int, str]]) -> None:
        """Note what does not hold any more and counts no longer: runs of other settings, or on other images.

        Parameters
        ----------
        settings
            Those of each model, by the hash of its file.
        other_images
            Runs, by number of the series and hash of the model's file.
        """
        with self._at_once():
            rule = "UPDATE run SET due = (settings NOT IN ('', ?)) WHERE model = ?"
            self._db.executemany(rule, [(now, model) for model, now in settings.items()])
            self._db.executemany("UPDATE run SET due = 1 WHERE study = ? AND model = ?", other_images)

    def drop(self, study: int, model: str) -> None:
        """Forget what a model said of a series, before its files are written anew."""
        with self._words():
            self._db.execute("DELETE FROM run WHERE study = ? AND model = ?", (study, model))

    def due(self, model: str) -> int:
        """Return on how many series a model was not run yet, or has to be run anew."""
        again = " OR run.due" if self._version >= _WATCHES_MOVES else ""
        with self._words():
            query = f"LEFT JOIN run ON run.study = number AND run.model = ? WHERE run.study IS NULL{again}"
            return int(self._db.execute(f"SELECT count(*) FROM study {query}", (model,)).fetchone()[0])

    def run_elsewhere(self, models: Iterable[str], numbers: Iterable[int]) -> int:
        """Return how many series were run by some of these models and are not among these numbers."""
        with self._words():
            run = {row[0] for model in models for row in self._db.execute(f"{_RUN_BY} = ? AND NOT due", (model,))}
        return len(run - set(numbers))

    def forget(self, place: str, series: str, part: str) -> None:
        """Forget a series, and what models said of it."""
        key = (place, series, part)
        with self._words():
            known = "(SELECT number FROM study WHERE place = ? AND series = ? AND part = ?)"
            self._db.execute(f"DELETE FROM run WHERE study IN {known}", key)
            self._db.execute("DELETE FROM study WHERE place = ? AND series = ? AND part = ?", key)

    def add_model(self, model: CohortModel) -> None:
        """Remember a model."""
        with self._words():
            values = (model.sha256, model.id, model.name, model.version, model.threshold)
            self._db.execute("INSERT OR REPLACE INTO model VALUES (?, ?, ?, ?, ?)", values)

    def result(self, study: int, model: str) -> CohortRun | None:
        """Return what a model said of a series; None where it was not run on it, or gave no result."""
        return next((run for run in self._runs("study = ? AND model = ?", study, model) if not run.problem), None)

    def keep(self, run: CohortRun) -> None:
        """Write what a model said of a series, in the place of an earlier try."""
        with self._words():
            values = (run.study, run.model, run.problem, run.findings, run.lesions, json.dumps(run.points), run.seconds)
            more = (run.truth, os.fsencode(run.truth_file), run.made_with, run.settings)
            self._db.execute(
                "INSERT OR REPLACE INTO run (study, model, problem, findings, lesions, points, seconds, truth, "
                "truth_file, made_with, settings) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, *more),
            )

    def models(self) -> tuple[CohortModel, ...]:
        """Return the models, by name."""
        with self._words():
            rows = self._db.execute("SELECT sha256, id, name, version, threshold FROM model ORDER BY name, version")
            return tuple(CohortModel(*row) for row in rows)

    def runs(self, model: str) -> Iterator[CohortRun]:
        """Yield the runs of a model that hold, by number."""
        yield from self._runs("model = ? AND NOT due" if self._version >= _WATCHES_MOVES else "model = ?", model)

    def _runs(self, which: str, *values: object) -> Iterator[CohortRun]:
        with self._words():
            more = "truth, truth_file" if self._version >= _WATCHES_TRUTHS else "'', x''"
            more += ", made_with" if self._version >= _WATCHES_SETTINGS else ", ''"
            rows = self._db.execute(
                f"SELECT study, series, model, problem, findings, lesions, points, seconds, {more} FROM run "
                f"JOIN study ON study.number = run.study WHERE {which} ORDER BY study",
                values,
            )
            for study, series, of, problem, findings, lesions, points, seconds, stamp, file, made_with in rows:
                told = tuple((least, found, false) for least, found, false in json.loads(points))
                truth = (stamp, os.fsdecode(file))
                yield CohortRun(study, series, of, problem, findings, lesions, told, seconds, *truth, made_with)

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        with self._words():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _in_words(error) from error


def _in_words(error: sqlite3.Error) -> StorageError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StorageError("The cohort cannot be kept: the disk is full.", "Free some space, then run it again.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StorageError("The cohort's file is damaged.", "Choose another folder, or remove it.", str(error))
    return StorageError("The cohort's file cannot be used.", "Check the disk and the folder.", str(error))
