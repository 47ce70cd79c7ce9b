"""The journal's SQLite file: its schema, how it is opened for one writer and for readers, and its backups."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from viewer.domain.errors import StorageError
from viewer.io.atomic_file import replacing
from viewer.io.journal_faults import UnreadJournalError, damaged, newer_schema
from viewer.io.sqlite_files import schema_version

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.io.scratch import Scratch

# "CSTG": tells this file from any other SQLite file.
APPLICATION_ID = 0x43535447
_QUICK_CHECK_BELOW = 64 * 1024 * 1024
_STAMP = "%Y%m%dT%H%M%SZ"
_KEPT_BACKUPS = 7
_BACKUP_EVERY = timedelta(hours=1)
_WAIT_S = 1.0

MIGRATIONS: list[tuple[str, ...]] = [
    (
        """
        CREATE TABLE event (
            sequence INTEGER PRIMARY KEY,
            uuid TEXT NOT NULL UNIQUE,
            time_utc TEXT NOT NULL,
            monotonic_s REAL NOT NULL,
            reader TEXT NOT NULL,
            study_uid TEXT NOT NULL,
            series_uid TEXT NOT NULL,
            finding_id TEXT NOT NULL,
            model_sha256 TEXT NOT NULL,
            program_version TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('decision', 'comment', 'mark', 'unmark', 'undo', 'redo')),
            refers_to INTEGER REFERENCES event (sequence),
            before TEXT NOT NULL,
            after TEXT NOT NULL,
            previous_hash TEXT NOT NULL,
            hash TEXT NOT NULL UNIQUE
        ) STRICT
        """,
        "CREATE INDEX event_of_finding ON event (series_uid, finding_id, sequence)",
        """
        CREATE TRIGGER event_never_changes BEFORE UPDATE ON event
        BEGIN SELECT RAISE(ABORT, 'events are never changed'); END
        """,
        """
        CREATE TRIGGER event_never_goes BEFORE DELETE ON event
        BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END
        """,
    ),
    # States may hold a measurement from here on: the table is the same, but an older program could not read them.
    (),
    # So it is with outlines drawn freehand, arrows and texts.
    (),
    # One UID may stand for two patients' images.
    ("ALTER TABLE event ADD COLUMN patient TEXT NOT NULL DEFAULT ''",),
    # Measurements name their image.
    (),
    # So do marks.
    (),
]
_WITH_PATIENTS = 4


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Return a connection that is durable at COMMIT, with the schema of this program.

    An older schema is brought up to date after a copy of the file was put beside it.

    Raises
    ------
    StorageError
        When the schema is newer, or the file is damaged or another program's.
    sqlite3.Error
        When it cannot be written.
    """
    _own(path)
    if _has_the_log_of_another(path):
        _move_away_the_log(path)
    connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        version = _checked_version(connection)
        if path.stat().st_size < _QUICK_CHECK_BELOW:
            _check(connection)
        if 0 < version < len(MIGRATIONS):
            _copy(path, path.with_name(f"{path.stem}-before-version-{len(MIGRATIONS)}{path.suffix}"))
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        _migrate(connection, version)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    """Look whether all entries can be read and found; what only finds them is made anew where it is damaged.

    Raises
    ------
    UnreadJournalError
        When they cannot.
    """
    for mended in (False, True):
        said = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        if said == "ok":
            return
        if mended or connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise damaged(said)
        connection.execute("REINDEX")


def _has_the_log_of_another(path: Path) -> bool:
    """Return whether a log lies beside a backup that was put in the place of the file which it belongs to.

    SQLite takes it for the backup's own, and mixes both; beside an empty file it removes it. Backups are not in WAL
    mode, and the file itself always is: their header says so (https://sqlite.org/fileformat2.html, offsets 18 and 19).
    """
    try:
        with path.open("rb") as file:
            header = file.read(20)
    except OSError:
        # SQLite says why.
        return False
    return header[18:] in (b"\x01\x01", b"") and path.with_name(path.name + "-wal").exists()


def _move_away_the_log(path: Path) -> None:
    aside = path.with_name(f"{path.stem}-log-{datetime.now(UTC).strftime(_STAMP)}{path.suffix}")
    path.with_name(path.name + "-wal").replace(aside)
    path.with_name(path.name + "-shm").unlink(missing_ok=True)


def _own(path: Path, mode: int = 0o600) -> None:
    """Make a file that nobody else on this machine may read, as a comment may name a patient; one that is there stays.

    SQLite gives its side files the same rights.
    """
    # Where it cannot be made, SQLite says why.
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode))


def open_for_reading(path: Path, scratch: Scratch) -> sqlite3.Connection:
    """Return a connection that only reads, also beside a writer, and on media that cannot be written.

    Parameters
    ----------
    path
        The journal.
    scratch
        SQLite can read a write-ahead log only where it can write: if there is one on read-only media, both files are
        copied there, so that no acknowledged decision is missed. Beside a writer nothing is copied.
    """
    failure: sqlite3.Error | None = None
    for fixed in (True,) if _has_the_log_of_another(path) else (False, True):
        place = _place_that_is_fixed(path, scratch) if fixed else f"{path.as_uri()}?mode=ro"
        connection = sqlite3.connect(place, uri=True, timeout=_WAIT_S, isolation_level=None)
        try:
            version = _checked_version(connection)
            if not version:
                raise sqlite3.OperationalError("it is empty")
            if version < _WITH_PATIENTS:
                connection.execute("PRAGMA temp_store = MEMORY")
                connection.execute("CREATE TEMP VIEW event AS SELECT *, '' AS patient FROM main.event")
            connection.execute("SELECT count(*) FROM event").fetchone()
        except sqlite3.Error as error:
            failure = error
            connection.close()
        except StorageError:
            connection.close()
            raise
        else:
            return connection
    raise failure or sqlite3.OperationalError("it cannot be opened")


def back_up_if_due(path: Path, now: datetime | None = None) -> Path | None:
    """Return the copy made now, or None where the newest is less than an hour old; seven are kept.

    Opens the file anew, so it may run in any thread.

    Raises
    ------
    StorageError
        When the copy cannot be written.
    """
    now = now or datetime.now(UTC)
    kept = _backups(path, now)
    if kept and timedelta(0) <= now - _made(kept[-1]) < _BACKUP_EVERY:
        return None
    target = _next_backup(path, now)
    _copy(path, target)
    for old in _backups(path, now)[:-_KEPT_BACKUPS]:
        old.unlink(missing_ok=True)
    return target


def _made(copy: Path) -> datetime:
    try:
        return datetime.strptime(copy.stem[-16:], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _backups(path: Path, now: datetime) -> list[Path]:
    """Return the hourly copies, the newest last."""
    copies = (path.parent / "backups").glob(f"{path.stem}-*{path.suffix}")
    # What seems to come from the future was made before the clock was put back.
    return sorted(copies, key=lambda copy: (_made(copy) <= now, copy.name))


def _next_backup(path: Path, now: datetime) -> Path:
    return path.parent / "backups" / f"{path.stem}-{now.strftime(_STAMP)}{path.suffix}"


def begun_anew(path: Path) -> UnreadJournalError | None:
    """Return what is told where a journal is gone, or empty, of which there are copies; None where all is well.

    The newest copy is put beside it, where copies of the new journal do not take its place.

    Raises
    ------
    OSError
        When it cannot be put there.
    """
    if path.is_file() and path.stat().st_size:
        return None
    copies = _backups(path, datetime.now(UTC))
    if not copies:
        return None
    kept = path.with_name(f"{path.stem}-until-{copies[-1].stem[-16:]}{path.suffix}")
    if not kept.exists():
        shutil.copy2(copies[-1], kept)
    return UnreadJournalError(
        "The file with the decisions on this computer was gone or empty, and a new one was begun.",
        f"What was decided before lies in “{kept.name}” beside it: close CaseStage and put that in its place, unless "
        "the file was taken away on purpose.",
    )


def which_file(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one in its place; None where there is none."""
    try:
        there = path.stat()
    except OSError:
        return None
    return (there.st_dev, there.st_ino)


def rescue(connection: sqlite3.Connection, path: Path) -> bool:
    """Close a journal whose file was taken away or replaced while it was open; return whether there is another now.

    All that it held is a backup then, and where there is no other file is put in its place.

    Raises
    ------
    StorageError, sqlite3.Error
        When that cannot be written; it stays open.
    """
    target = _next_backup(path, datetime.now(UTC))
    with replacing(target, "The backup of the decisions") as waiting:
        _own(waiting)
        with closing(sqlite3.connect(waiting)) as copy:
            connection.backup(copy)
            _without_log(copy)
    another = path.exists()
    connection.close()
    # The log is that of the file which is no more there: another one must not take it for its own.
    for side in ("-wal", "-shm"):
        path.with_name(path.name + side).unlink(missing_ok=True)
    if not another:
        _copy(target, path)
    return another


def _place_that_is_fixed(path: Path, scratch: Scratch) -> str:
    """Return where a journal is read that nobody can write to."""
    log = path.with_name(path.name + "-wal")
    if _has_the_log_of_another(path) or not (log.exists() and log.stat().st_size):
        return f"{path.as_uri()}?mode=ro&immutable=1"
    for source in (path, log):
        shutil.copy(source, scratch.folder)
    return (scratch.folder / path.name).as_uri()


def _checked_version(connection: sqlite3.Connection) -> int:
    version = schema_version(connection, APPLICATION_ID)
    if version is None:
        raise UnreadJournalError(
            "The file for decisions belongs to another program; nothing is added to it.",
            "Move it away; CaseStage then starts a new one.",
        )
    return version


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    if version > len(MIGRATIONS):
        raise newer_schema()
    if version == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _private(path: Path, like: Path) -> sqlite3.Connection:
    """Return a connection to a new file that those may read who may read another."""
    _own(path, stat.S_IMODE(like.stat().st_mode))
    return sqlite3.connect(path)


def _without_log(copy: sqlite3.Connection) -> None:
    # A copy in WAL mode could not be opened from a read-only medium.
    copy.execute("PRAGMA journal_mode = DELETE")
    copy.commit()


def _copy(path: Path, target: Path) -> None:
    with (
        replacing(target, "The backup of the decisions") as waiting,
        closing(sqlite3.connect(path, timeout=_WAIT_S)) as source,
        closing(_private(waiting, path)) as copy,
    ):
        source.backup(copy)
        _without_log(copy)
    for leftover in ("-wal", "-shm"):
        try:
            os.unlink(f"{waiting}{leftover}")
        except FileNotFoundError:
            continue
