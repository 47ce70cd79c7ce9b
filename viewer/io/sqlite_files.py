"""Whose an SQLite file is, and of which schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


def schema_version(connection: sqlite3.Connection, application_id: int) -> int | None:
    """Return the schema's number, 0 for a file that is still empty; None where the file is another program's."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if application == application_id:
        return version
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    return 0 if empty and version == 0 else None
