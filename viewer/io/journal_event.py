"""One line of the review journal, and how it is written to and read from its table."""

from __future__ import annotations

import json
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from attrs import asdict, fields, frozen

if TYPE_CHECKING:
    import sqlite3


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
        fields = asdict(self, filter=lambda attribute, _: attribute.name != "hash")
        return sha256(json.dumps(fields, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


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


def undo_and_redo(connection: sqlite3.Connection, series_uid: str) -> tuple[list[int], list[int]]:
    """Return the sequences of what can be taken back and of what can be made again; the next one is last in each."""
    done: list[int] = []
    undone: list[int] = []
    rows = connection.execute("SELECT sequence, kind FROM event WHERE series_uid = ? ORDER BY sequence", (series_uid,))
    for sequence, kind in rows:
        if kind == EventKind.UNDO:
            if done:
                undone.append(done.pop())
        elif kind == EventKind.REDO:
            if undone:
                done.append(undone.pop())
        else:
            done.append(sequence)
            undone.clear()
    return done, undone
