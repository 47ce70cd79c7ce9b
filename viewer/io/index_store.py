"""The index's SQLite file: opened, made anew where it is damaged, and left alone where it cannot be used.

It is a cache: whatever goes wrong with it is said once, and a store in memory takes its place until the program ends.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import zlib
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from attrs import define, field

from viewer.domain.errors import StorageError
from viewer.io.images_mark import let_ask
from viewer.io.sqlite_files import disk_is_full, schema_version

if TYPE_CHECKING:
    from pathlib import Path

Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Result]

# "CSTL": tells this file from any other SQLite file.
APPLICATION_ID = 0x4353544C
_WAIT_S = 2.0
# The last is what a file gives that lacks a table or column of this program.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
# What SQLite says of a damaged schema may be no text, and what a damaged row holds no value.
_NO_VALUE = (UnicodeDecodeError, TypeError, ValueError, zlib.error)
_log = logging.getLogger(__name__)

# A change of these tables gets a new number; an older file is then emptied and filled again by looking at the places.
SCHEMA_VERSION = 1
_SCHEMA = (
    """
    CREATE TABLE place (
        id INTEGER PRIMARY KEY,
        path BLOB NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        opened REAL NOT NULL,
        checked REAL NOT NULL DEFAULT 0,
        watched INTEGER NOT NULL DEFAULT 0,
        skipped TEXT NOT NULL DEFAULT '[]'
    ) STRICT
    """,
    """
    CREATE TABLE study (
        id INTEGER PRIMARY KEY,
        uid TEXT NOT NULL,
        date TEXT NOT NULL,
        description TEXT NOT NULL,
        patient TEXT NOT NULL,
        patient_id TEXT NOT NULL,
        accession TEXT NOT NULL,
        birth_date TEXT NOT NULL DEFAULT '',
        UNIQUE (uid, patient, patient_id)
    ) STRICT
    """,
    """
    CREATE TABLE series (
        id INTEGER PRIMARY KEY,
        place INTEGER NOT NULL REFERENCES place (id) ON DELETE CASCADE,
        study INTEGER NOT NULL REFERENCES study (id),
        uid TEXT NOT NULL,
        first BLOB NOT NULL,
        which TEXT NOT NULL,
        home BLOB NOT NULL,
        part TEXT NOT NULL,
        kind TEXT NOT NULL,
        number INTEGER,
        modality TEXT NOT NULL,
        description TEXT NOT NULL,
        body_part TEXT NOT NULL,
        images INTEGER NOT NULL,
        columns INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        unit TEXT NOT NULL,
        verdict TEXT NOT NULL,
        reason TEXT NOT NULL,
        synthetic INTEGER NOT NULL,
        lossy INTEGER NOT NULL,
        frame TEXT NOT NULL,
        words TEXT NOT NULL,
        who TEXT NOT NULL,
        twin INTEGER NOT NULL DEFAULT 0,
        sort TEXT NOT NULL DEFAULT '',
        UNIQUE (place, uid, first, which)
    ) STRICT
    """,
    "CREATE INDEX series_of_study ON series (study)",
    "CREATE INDEX series_of_file ON series (first, uid, which)",
    "CREATE INDEX series_in_order ON series (sort, study, twin, place)",
    """
    CREATE TABLE picture (
        series INTEGER PRIMARY KEY REFERENCES series (id) ON DELETE CASCADE,
        height INTEGER NOT NULL,
        width INTEGER NOT NULL,
        pixels BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE header (
        folder BLOB PRIMARY KEY,
        made_by TEXT NOT NULL,
        files BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)
# Table and column of what later versions keep beside.
_LATER = (("study", "birth_date"), ("series", "images_mark"))
_INDEX_OF_UIDS = "CREATE INDEX IF NOT EXISTS series_of_uid ON series (uid, id)"


@define(eq=False)
class _Door:
    """A connection, used by one thread at a time."""

    connection: sqlite3.Connection
    lock: threading.Lock = field(factory=threading.Lock)

    def through(self, work: Work[Result]) -> Result:
        with self.lock:
            return work(self.connection)

    def close(self) -> None:
        with self.lock:
            self.connection.close()


class IndexStore:
    """One SQLite file for reading and writing from any thread, or one in memory where that cannot be used.

    Parameters
    ----------
    path
        The file; it is opened when it is first used.
    on_problem
        Called once, from whatever thread, with why the file is not used or began anew.
    """

    def __init__(self, path: Path, on_problem: Callable[[StorageError], None]) -> None:
        self._path = path
        self._on_problem = on_problem
        self._told = False
        # Readers have a door of their own, so that whoever shows a list waits for nobody who writes.
        self._doors: tuple[_Door, _Door] | None = None
        self._changing = threading.Lock()

    def read(self, work: Work[Result]) -> Result:
        """Return what `work` finds."""
        return self._through(0, work)

    def write(self, work: Work[Result]) -> Result:
        """Return what `work` returns, once all that it wrote is kept; where it raises, nothing is."""

        def kept(connection: sqlite3.Connection) -> Result:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

        return self._through(1, kept)

    def flush(self) -> None:
        """Bring what was written from the log into the file, so that nothing overwritten is left in it."""
        self._through(1, lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone())

    def close(self) -> None:
        """Close the file."""
        with self._changing:
            self._shut()

    def _through(self, which: int, work: Work[Result]) -> Result:
        doors = self._open()
        try:
            return doors[which].through(work)
        except UnicodeEncodeError:
            raise
        except (sqlite3.Error, *_NO_VALUE) as error:
            with self._changing:
                # Where another thread met it before, the doors are new already.
                if self._doors is None or self._doors is doors:
                    self._begin_anew(error)
        return self._open()[which].through(work)

    def _open(self) -> tuple[_Door, _Door]:
        if self._doors is None:
            with self._changing:
                if self._doors is None:
                    try:
                        self._doors = self._to_file()
                    except (sqlite3.Error, OSError, StorageError, UnicodeDecodeError) as error:
                        self._begin_anew(error)
        assert self._doors is not None
        return self._doors

    def _shut(self) -> None:
        for door in self._doors or ():
            door.close()
        self._doors = None

    def _begin_anew(self, error: Exception) -> None:
        """Make the file anew where it is damaged; else, or where that fails too, go on in memory."""
        self._shut()
        problem = error if isinstance(error, StorageError) else _in_words(error, self._path)
        if _code(error) in _DAMAGED:
            try:
                for ending in ("", "-wal", "-shm"):
                    self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
                self._doors = self._to_file()
            except (sqlite3.Error, OSError, StorageError) as again:
                problem = again if isinstance(again, StorageError) else _in_words(again, self._path)
        if self._doors is None:
            both = _Door(self._in_memory(copied=_code(error) not in _DAMAGED))
            self._doors = (both, both)
        self._tell(problem)

    def _to_file(self) -> tuple[_Door, _Door]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Nobody else on this machine may read whose scans were opened; SQLite gives its side files the same rights.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        writer = _Door(_made(_connected(self._path)))
        try:
            reader = _Door(_connected(self._path))
            reader.connection.execute("PRAGMA query_only = ON")
        except BaseException:
            writer.close()
            raise
        return (reader, writer)

    def _in_memory(self, *, copied: bool) -> sqlite3.Connection:
        """Return tables in memory, with what the file holds already where it can still be read."""
        memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        if copied and self._path.is_file():
            try:
                with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=0)) as file:
                    if schema_version(file, APPLICATION_ID) == SCHEMA_VERSION:
                        file.backup(memory)
            except (sqlite3.Error, UnicodeDecodeError):
                memory.close()
                memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        return _made(let_ask(memory))

    def _tell(self, problem: StorageError) -> None:
        _log.warning("%s", problem.sentence)
        if not self._told:
            self._told = True
            self._on_problem(problem)


def _connected(path: Path) -> sqlite3.Connection:
    return let_ask(sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False))


def _made(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return a connection to tables of this program's form; older ones are emptied.

    Raises
    ------
    StorageError
        Where they are of a newer program, or another program's.
    sqlite3.Error
        Where the file cannot be read or written.
    """
    try:
        # What is forgotten is overwritten: it says whose scans were opened.
        connection.execute("PRAGMA secure_delete = ON")
        version = _checked_version(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        # A power cut may cost the newest entries, never the file; all of it can be found again.
        connection.execute("PRAGMA synchronous = NORMAL")
        if version != SCHEMA_VERSION:
            _make_tables(connection)
        # Files that were made before these go on without a new number, which would empty them.
        for table, column in _LATER:
            _make_room(connection, table, column)
        connection.execute(_INDEX_OF_UIDS)
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _make_room(connection: sqlite3.Connection, table: str, column: str) -> None:
    """Make room for what later versions keep where there is none, unless another instance has done so meanwhile."""
    here = f"SELECT 1 FROM pragma_table_info('{table}') WHERE name = '{column}'"
    if connection.execute(here).fetchone() is None:
        try:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
        except sqlite3.OperationalError:
            if connection.execute(here).fetchone() is None:
                raise


def _checked_version(connection: sqlite3.Connection) -> int:
    version = schema_version(connection, APPLICATION_ID)
    if version is None:
        raise StorageError(
            "The list of opened scans cannot be kept: its file belongs to another program.",
            "Move that file away; until then what you open is forgotten when you close the program.",
        )
    if version > SCHEMA_VERSION:
        raise StorageError(
            "The list of opened scans was kept by a newer CaseStage; it is not used here.",
            "Install the newest CaseStage; until then what you open is forgotten when you close the program.",
        )
    return version


def _make_tables(connection: sqlite3.Connection) -> None:
    # Tables go one by one; what refers to those that went already is no error then.
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another instance may have made them while this one waited.
        if int(connection.execute("PRAGMA user_version").fetchone()[0]) != SCHEMA_VERSION:
            old = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            for (name,) in connection.execute(old).fetchall():
                connection.execute(f'DROP TABLE "{name}"')
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _code(error: Exception) -> int:
    if isinstance(error, _NO_VALUE) or "Could not decode" in str(error):
        return sqlite3.SQLITE_CORRUPT
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _in_words(error: Exception, path: Path) -> StorageError:
    """Return why the list cannot be kept, in a sentence."""
    hint = "What you open is forgotten when you close the program."
    code = _code(error)
    if code in _DAMAGED:
        return StorageError(
            "The list of opened scans was damaged and begins anew.",
            "Folders come back into it when you open them.",
            str(error),
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        why = "another program holds it"
    elif disk_is_full(error, path):
        why = "the disk is full"
    elif code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN) or isinstance(error, OSError):
        why = "the program's folder cannot be written to"
    else:
        why = "the disk does not take it"
    # The system's words would name the user's folder.
    detail = (error.strerror or "") if isinstance(error, OSError) else str(error)
    return StorageError(f"The list of opened scans cannot be kept: {why}.", hint, detail)
