"""Whose an SQLite file is, and of which schema."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Where less is free SQLite cannot make its side files, and says no more than that the disk failed.
_LEAST_FREE_BYTES = 256 * 1024


def disk_is_full(error: Exception, path: Path) -> bool:
    """Return whether it is for want of room that a file could not be written."""
    code = int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
    if code not in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        return code == sqlite3.SQLITE_FULL
    try:
        return shutil.disk_usage(path.parent).free < _LEAST_FREE_BYTES
    except OSError:
        return False


def schema_version(connection: sqlite3.Connection, application_id: int) -> int | None:
    """Return the schema's number, 0 for a file that is still empty; None where the file is another program's."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if application == application_id:
        return version
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    return 0 if empty and version == 0 else None
