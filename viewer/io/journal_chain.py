"""Whether the review journal is as it was written: each event carries its own hash and that of the event before."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from attrs import fields, frozen

from viewer.domain.job import JobContext
from viewer.io import journal_store
from viewer.io.journal_event import Event, hash_of
from viewer.io.journal_faults import FAULTS, error_in_words
from viewer.io.scratch import Scratch

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

_NAMES = tuple(field.name for field in fields(Event))
_AT_ONCE = 500


@frozen
class Changed:
    """An event that is not as it was written."""

    sequence: int
    finding_id: str


@frozen
class Chain:
    """How many events were looked at, which of them were changed, and how many are missing from the whole journal.

    Newest events that were taken away leave no trace, and neither does a journal that was written anew from the first
    changed event on: a hash is no signature.
    """

    events: int = 0
    changed: tuple[Changed, ...] = ()
    missing: int = 0

    @property
    def whole(self) -> bool:
        """True where everything is as it was written."""
        return not self.changed and not self.missing


def check_chain(path: Path, ctx: JobContext | None = None, *, series_uid: str = "") -> Chain:
    """Return whether a journal's events are as they were written. Opens the file anew, so it may run in any thread.

    A journal that is not there has no events; one that a newer program wrote, and may have hashed otherwise, is not
    judged.

    Parameters
    ----------
    path
        The SQLite file.
    series_uid
        Looks at the events of one series alone, which takes as long as that series has events; "" at all.

    Raises
    ------
    StorageError
        When the file cannot be read.
    """
    ctx = ctx or JobContext()
    if not path.is_file() or not path.stat().st_size:
        return Chain()
    scratch = Scratch()
    try:
        with closing(journal_store.open_for_reading(path.absolute(), scratch)) as connection:
            if connection.execute("PRAGMA user_version").fetchone()[0] > len(journal_store.MIGRATIONS):
                return Chain()
            return _checked(connection, series_uid, ctx)
    except FAULTS as error:
        raise error_in_words(error, path) from error
    finally:
        scratch.close()


def _checked(connection: sqlite3.Connection, series_uid: str, ctx: JobContext) -> Chain:
    count, newest = connection.execute("SELECT count(*), coalesce(max(sequence), 0) FROM event").fetchone()
    changed: dict[int, Changed] = {}
    looked_at = 0
    previous: dict[str, Any] | None = None
    for event in _rows(connection, series_uid):
        if looked_at % _AT_ONCE == 0:
            ctx.report(looked_at, 0 if series_uid else count, "checking the decisions")
        looked_at += not series_uid or event["series_uid"] == series_uid
        before = previous["sequence"] if previous is not None else 0
        expected = previous["hash"] if previous is not None else ""
        wrong: dict[str, Any] | None = None
        if event["hash"] != _hash_of(event):
            wrong = event
        elif before == event["sequence"] - 1 and event["previous_hash"] != expected:
            # It is true to itself and does not follow the one before: that one was changed and hashed anew.
            wrong = previous or event
        if wrong is not None and (not series_uid or wrong["series_uid"] == series_uid):
            changed[wrong["sequence"]] = Changed(wrong["sequence"], wrong["finding_id"])
        previous = event
    return Chain(looked_at, tuple(changed[number] for number in sorted(changed)), max(0, newest - count))


def _hash_of(event: dict[str, Any]) -> str:
    try:
        return hash_of(event)
    except (TypeError, ValueError):
        # Bytes where words stood.
        return ""


def _rows(connection: sqlite3.Connection, series_uid: str) -> Iterator[dict[str, Any]]:
    """Yield events oldest first; for a series its own, and each that follows one of them in the journal."""
    query = f"SELECT {', '.join(_NAMES)} FROM event"
    values: tuple[str, ...] = ()
    if series_uid:
        of_series = "FROM event WHERE series_uid = ?"
        query += f" WHERE sequence IN (SELECT sequence {of_series} UNION SELECT sequence + 1 {of_series})"
        values = (series_uid, series_uid)
    cursor = connection.execute(f"{query} ORDER BY sequence", values)
    while rows := cursor.fetchmany(_AT_ONCE):
        for row in rows:
            yield dict(zip(_NAMES, row, strict=True))
