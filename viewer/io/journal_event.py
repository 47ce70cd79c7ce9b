"""One line of the review journal, and how it is written to and read from its table."""

from __future__ import annotations

import json
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from attrs import asdict, fields, frozen

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable


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


def undo_and_redo(events: Iterable[Event]) -> tuple[list[Event], list[Event]]:
    """Return what can be taken back and what can be made again, the next one last in each."""
    done: list[Event] = []
    undone: list[Event] = []
    for event in events:
        if event.kind is EventKind.UNDO and done:
            undone.append(done.pop())
        elif event.kind is EventKind.REDO and undone:
            done.append(undone.pop())
        elif event.kind not in (EventKind.UNDO, EventKind.REDO):
            done.append(event)
            undone.clear()
    return done, undone
