"""The runs of a cohort, in an SQLite file of their own: one row for each series and model, once it is done.

A row is on disk when the call returns, and names nothing twice: what was cut off goes on where it was. It keeps the
places of scans below the cohort's folder, which may name patients, and is readable for its user alone.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.errors import StorageError
from viewer.io.atomic_file import private_folder
from viewer.io.sole_writer import SoleWriter
from viewer.io.sqlite_files import schema_version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_NAME = "cohort.sqlite3"
# "CSCO": tells this file from any other SQLite file.
_APPLICATION_ID, _VERSION = 0x4353434F, 3
_SCHEMA = """
CREATE TABLE study (number INTEGER PRIMARY KEY, place TEXT NOT NULL, series TEXT NOT NULL, part TEXT NOT NULL,
                    UNIQUE (place, series, part)) STRICT;
CREATE TABLE model (sha256 TEXT PRIMARY KEY, id TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
                    threshold REAL NOT NULL) STRICT;
CREATE TABLE run (study INTEGER NOT NULL REFERENCES study, model TEXT NOT NULL REFERENCES model,
                  problem TEXT NOT NULL, findings INTEGER NOT NULL, lesions INTEGER, points TEXT NOT NULL,
                  seconds REAL NOT NULL, truth TEXT NOT NULL DEFAULT '', truth_file BLOB NOT NULL DEFAULT x'',
                  made_with TEXT NOT NULL DEFAULT '', PRIMARY KEY (study, model)) STRICT, WITHOUT ROWID;
"""
_WATCHES_TRUTHS = 2
_FROM_VERSION_1 = """
ALTER TABLE run ADD COLUMN truth TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN truth_file BLOB NOT NULL DEFAULT x'';
"""
_FROM_VERSION_2 = "ALTER TABLE run ADD COLUMN made_with TEXT NOT NULL DEFAULT '';"
_STEPS = {0: _SCHEMA, 1: _FROM_VERSION_1 + _FROM_VERSION_2, 2: _FROM_VERSION_2}


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
    refused: bool = False
    matched_anew: bool = False


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

    def number(self, place: str, series: str, part: str) -> int:
        """Return the number of a series; a new one for one that was not seen before."""
        with self._words():
            self._db.execute(
                "INSERT OR IGNORE INTO study (place, series, part) VALUES (?, ?, ?)", (place, series, part)
            )
            query = "SELECT number FROM study WHERE place = ? AND series = ? AND part = ?"
            return int(self._db.execute(query, (place, series, part)).fetchone()[0])

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
            more = (run.truth, os.fsencode(run.truth_file), run.made_with)
            self._db.execute(
                "INSERT OR REPLACE INTO run (study, model, problem, findings, lesions, points, seconds, truth, "
                "truth_file, made_with) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, *more),
            )

    def models(self) -> tuple[CohortModel, ...]:
        """Return the models, by name."""
        with self._words():
            rows = self._db.execute("SELECT sha256, id, name, version, threshold FROM model ORDER BY name, version")
            return tuple(CohortModel(*row) for row in rows)

    def runs(self, model: str) -> Iterator[CohortRun]:
        """Yield the runs of a model, by number."""
        yield from self._runs("model = ?", model)

    def _runs(self, which: str, *values: object) -> Iterator[CohortRun]:
        with self._words():
            more = "truth, truth_file" if self._version >= _WATCHES_TRUTHS else "'', x''"
            more += ", made_with" if self._version >= _VERSION else ", ''"
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
