"""One line of the review journal, and how it is written to and read from its table."""

from __future__ import annotations

import json
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from attrs import asdict, fields, frozen

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping


class EventKind(StrEnum):
    """What happened."""

    DECISION = "decision"
    COMMENT = "comment"
    MARK = "mark"
    UNMARK = "unmark"
    UNDO = "undo"
    REDO = "redo"


@frozen
class Event:
    """One line of the journal.

    `before` and `after` are the finding's state as JSON; `refers_to` is the sequence of the event that an undo takes
    back or a redo makes again. `hash` covers all other fields, and `previous_hash` chains it to the event before.
    """

    sequence: int
    uuid: str
    time_utc: str
    monotonic_s: float
    reader: str
    study_uid: str
    series_uid: str
    finding_id: str
    model_sha256: str
    program_version: str
    kind: EventKind
    refers_to: int | None
    before: str
    after: str
    previous_hash: str
    hash: str = ""

    def true_hash(self) -> str:
        """Return the hash that this event must carry."""
        return hash_of(asdict(self))


def hash_of(event: Mapping[str, Any]) -> str:
    """Return the hash that the fields of an event must carry; the one that they do carry takes no part."""
    covered = {name: value for name, value in event.items() if name != "hash"}
    return sha256(json.dumps(covered, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


_KIND = [field.name for field in fields(Event)].index("kind")
_COLUMNS = ", ".join(field.name for field in fields(Event))


def read_events(connection: sqlite3.Connection, where: str, *values: Any) -> tuple[Event, ...]:
    """Return the events that fulfil an SQL condition, oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM event WHERE {where} ORDER BY sequence", values)
    names = [field.name for field in fields(Event)]
    return tuple(Event(**{**dict(zip(names, row, strict=True)), "kind": EventKind(row[_KIND])}) for row in rows)


def write_event(connection: sqlite3.Connection, event: Event) -> None:
    """Add an event to the table; the caller commits."""
    values = tuple(asdict(event).values())
    connection.execute(f"INSERT INTO event ({_COLUMNS}) VALUES ({', '.join('?' * len(values))})", values)


def newest_states(connection: sqlite3.Connection, series_uid: str) -> list[tuple[str, str]]:
    """Return (finding id, state after its newest event) of a series, in the order findings were first spoken of."""
    return connection.execute(
        "SELECT finding_id, after FROM event WHERE sequence IN "
        "(SELECT max(sequence) FROM event WHERE series_uid = ? GROUP BY finding_id) "
        "ORDER BY (SELECT min(first.sequence) FROM event AS first "
        "WHERE first.series_uid = event.series_uid AND first.finding_id = event.finding_id)",
        (series_uid,),
    ).fetchall()


def newest_models(connection: sqlite3.Connection, series_uid: str) -> list[tuple[str, str]]:
    """Return (finding id, hash of its model) of the newest event of each finding of a series."""
    return connection.execute(
        "SELECT finding_id, model_sha256 FROM event WHERE sequence IN "
        "(SELECT max(sequence) FROM event WHERE series_uid = ? GROUP BY finding_id)",
        (series_uid,),
    ).fetchall()


def any_event(connection: sqlite3.Connection, series_uid: str) -> bool:
    """Return whether there is any event of a series."""
    query = "SELECT EXISTS (SELECT 1 FROM event WHERE series_uid = ?)"
    return bool(connection.execute(query, (series_uid,)).fetchone()[0])


def newest_sequence(connection: sqlite3.Connection) -> int | None:
    """Return the sequence of the newest event, None where there is none."""
    newest: int | None = connection.execute("SELECT max(sequence) FROM event").fetchone()[0]
    return newest


def undo_and_redo(connection: sqlite3.Connection, series_uid: str, part: str) -> tuple[list[int], list[int]]:
    """Return the sequences of what can be taken back and of what can be made again; the next one is last in each.

    What was measured on another part of the series is left out; decisions and marks belong to all parts.
    """
    done: list[int] = []
    undone: list[int] = []
    rows = connection.execute(
        "SELECT sequence, kind, refers_to FROM event WHERE series_uid = ? AND "
        "coalesce(json_extract(after, '$.measured.part'), json_extract(before, '$.measured.part'), ?) = ? "
        "ORDER BY sequence",
        (series_uid, part, part),
    )
    for sequence, kind, refers_to in rows:
        # By what they refer to, not by what is newest here: undo may have been asked for on another part.
        if kind == EventKind.UNDO:
            if refers_to in done:
                done.remove(refers_to)
                undone.append(refers_to)
        elif kind == EventKind.REDO:
            if refers_to in undone:
                undone.remove(refers_to)
            if refers_to not in done:
                done.append(refers_to)
        else:
            done.append(sequence)
            undone.clear()
    return done, undone
