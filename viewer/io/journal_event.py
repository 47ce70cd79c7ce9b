"""One line of the review journal, and how it is written to and read from its table."""

from __future__ import annotations

import json
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import asdict, fields, frozen

from viewer.domain.drawn_on import InSight
from viewer.io.journal_faults import damaged
from viewer.io.spoken_of import SpokenOf

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping


@frozen
class SeriesOf:
    """A series, its study and a mark of its patient, as one UID may stand for two patients' images.

    What was kept without a study, or without a mark, is of all of them.
    """

    series_uid: str
    patient: str = ""
    study_uid: str = ""


AnySeries: TypeAlias = str | SeriesOf
AnyPart: TypeAlias = str | InSight
# Takes what `_values` gives.
_OF_SERIES = "series_uid = ? AND (? = '' OR patient IN ('', ?)) AND (? = '' OR study_uid IN ('', ?))"


def here_of(part: AnyPart) -> InSight:
    """Return what is open of a series, also where only the name of its part is given."""
    return InSight(part) if isinstance(part, str) else part


def series_and_patient(series: AnySeries) -> tuple[str, str]:
    """Return a series' UID, and the mark of its patient; "" for no mark."""
    return (series, "") if isinstance(series, str) else (series.series_uid, series.patient)


def _values(series: AnySeries) -> tuple[str, ...]:
    uid, patient = series_and_patient(series)
    study = "" if isinstance(series, str) else series.study_uid
    return (uid, patient, patient, study, study)


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

    `finding_id` is the name of a `SpokenOf`, `before` and `after` are its states as JSON; `refers_to` is the sequence
    of the event that an undo takes back or a redo makes again. `hash` covers all other fields, and `previous_hash`
    chains it to the event before. `patient` is that of `SeriesOf`, "" where it was not kept.
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
    patient: str = ""

    def true_hash(self) -> str:
        """Return the hash that this event must carry."""
        return hash_of(asdict(self))


def hash_of(event: Mapping[str, Any]) -> str:
    """Return the hash that the fields of an event must carry; the one that they do carry takes no part."""
    covered = {name: value for name, value in event.items() if name != "hash"}
    if not covered["patient"]:
        # As it was hashed before there were marks of patients.
        del covered["patient"]
    return sha256(json.dumps(covered, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


_KIND = [field.name for field in fields(Event)].index("kind")
_COLUMNS = ", ".join(field.name for field in fields(Event))


def read_events(connection: sqlite3.Connection, where: str, *values: Any) -> tuple[Event, ...]:
    """Return the events that fulfil an SQL condition, oldest first.

    Raises
    ------
    StorageError
        When one is of no kind: the file is damaged.
    """
    rows = connection.execute(f"SELECT {_COLUMNS} FROM event WHERE {where} ORDER BY sequence", values)
    names = [field.name for field in fields(Event)]
    try:
        return tuple(Event(**{**dict(zip(names, row, strict=True)), "kind": EventKind(row[_KIND])}) for row in rows)
    except ValueError as error:
        raise damaged(str(error)) from error


def write_event(connection: sqlite3.Connection, event: Event) -> None:
    """Add an event to the table; the caller commits."""
    values = tuple(asdict(event).values())
    connection.execute(f"INSERT INTO event ({_COLUMNS}) VALUES ({', '.join('?' * len(values))})", values)


def newest_states(connection: sqlite3.Connection, series: AnySeries) -> list[tuple[str, str]]:
    """Return (name, state after its newest event) of a series, in the order findings were first spoken of."""
    return connection.execute(
        "SELECT finding_id, after FROM event WHERE sequence IN "
        f"(SELECT max(sequence) FROM event WHERE {_OF_SERIES} GROUP BY finding_id) "
        "ORDER BY (SELECT min(first.sequence) FROM event AS first "
        "WHERE first.series_uid = event.series_uid AND first.finding_id = event.finding_id)",
        _values(series),
    ).fetchall()


def newest_models(connection: sqlite3.Connection, series: AnySeries) -> list[tuple[str, str]]:
    """Return (name, hash of its model) of the newest event of each finding of a series, oldest first."""
    return connection.execute(
        "SELECT finding_id, model_sha256 FROM event WHERE sequence IN "
        f"(SELECT max(sequence) FROM event WHERE {_OF_SERIES} GROUP BY finding_id) ORDER BY sequence",
        _values(series),
    ).fetchall()


def any_event(connection: sqlite3.Connection, series: AnySeries) -> bool:
    """Return whether there is any event of a series."""
    query = f"SELECT EXISTS (SELECT 1 FROM event WHERE {_OF_SERIES})"
    return bool(connection.execute(query, _values(series)).fetchone()[0])


def any_of_others(connection: sqlite3.Connection, series: AnySeries) -> bool:
    """Return whether there is any event under the UID of a series that is surely of another patient or study."""
    query = f"SELECT EXISTS (SELECT 1 FROM event WHERE series_uid = ? AND NOT ({_OF_SERIES}))"
    return bool(connection.execute(query, (series_and_patient(series)[0], *_values(series))).fetchone()[0])


def names_of(connection: sqlite3.Connection, series: AnySeries, finding_id: str) -> list[str]:
    """Return the names under which anything was said of a finding, in the order that it was first said."""
    least = SpokenOf(finding_id, ("",)).name
    rows = connection.execute(
        f"SELECT finding_id FROM event WHERE {_OF_SERIES} AND (finding_id = ? OR substr(finding_id, 1, ?) = ?) "
        "GROUP BY finding_id ORDER BY min(sequence)",
        (*_values(series), finding_id, len(least), least),
    )
    return [name for (name,) in rows]


def newest_after(connection: sqlite3.Connection, series: AnySeries, name: str) -> str | None:
    """Return the state after the newest event under a name; None where there is none."""
    row = connection.execute(
        f"SELECT after FROM event WHERE {_OF_SERIES} AND finding_id = ? ORDER BY sequence DESC LIMIT 1",
        (*_values(series), name),
    ).fetchone()
    return None if row is None else row[0]


def newest_sequence(connection: sqlite3.Connection) -> int | None:
    """Return the sequence of the newest event, None where there is none."""
    newest: int | None = connection.execute("SELECT max(sequence) FROM event").fetchone()[0]
    return newest


def undo_and_redo(
    connection: sqlite3.Connection, series: AnySeries, part: AnyPart, among: frozenset[str] | None
) -> tuple[list[int], list[int]]:
    """Return the sequences of what can be taken back and of what can be made again; the next one is last in each.

    What was measured, marked or decided out of sight, as on another part of the series, is left out; so is what was
    said of findings of models other than those `among`, by their ids; None leaves out none.
    """
    done: list[int] = []
    undone: list[int] = []
    sides, kinds = ("after", "before"), ("mark", "measured")
    kept = ", ".join(f"json_extract({side}, '$.{what}')" for side in sides for what in kinds)
    images = ", ".join(f"json_extract({side}, '$.{what}.image')" for side in sides for what in kinds)
    here = here_of(part)
    # As `InSight.holds` and `holds_mark` say.
    rows = connection.execute(
        f"SELECT sequence, kind, refers_to, finding_id, coalesce({kept}) IS NULL, CASE coalesce({images}, '') "
        "WHEN '' THEN coalesce(json_extract(after, '$.measured.part'), json_extract(before, '$.measured.part'), ?) = ? "
        f"ELSE coalesce({images}) IN (SELECT value FROM json_each(?)) END FROM event WHERE {_OF_SERIES} "
        "ORDER BY sequence",
        (here.part, here.part, json.dumps(sorted(here.images)), *_values(series)),
    ).fetchall()
    # A mark that was set anew on another part is there now, with all that was done to it.
    there = {name: in_sight for _, _, _, name, _, in_sight in rows}
    for sequence, kind, refers_to, name, of_a_model, in_sight in rows:
        one = SpokenOf.read(name)
        if not in_sight or not there[name] or not one.is_in(here):
            continue
        if of_a_model and among is not None and one.finding_id not in among:
            continue
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
