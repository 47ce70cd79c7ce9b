"""What holds of one finding or measurement after an event, and how an event with it is added to the journal."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from viewer.domain.decision import Answer, Decision
from viewer.domain.measurement import Measurement
from viewer.io.journal_event import (
    Event,
    EventKind,
    here_of,
    names_of,
    newest_after,
    read_events,
    series_and_patient,
    write_event,
)
from viewer.io.journal_faults import damaged
from viewer.io.mark_record import MarkRecord, stored_mark
from viewer.io.program import program_version
from viewer.io.spoken_of import SpokenOf, by_finding, name_here
from viewer.io.strict_json import WrongJsonError, parse_json, structure, unstructure

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from viewer.domain.finding import Finding
    from viewer.io.journal_event import AnyPart, AnySeries


@frozen
class Said:
    """What a reader said of a finding."""

    answer: Answer | None
    comment: str
    reader: str
    time_utc: str


@frozen
class State:
    """What holds of one finding or measurement: what was said of it, and its record where a reader made it."""

    said: Said | None = None
    mark: MarkRecord | None = None
    measured: Measurement | None = None


def decision_in(state: State, finding_id: str) -> Decision | None:
    """Return what a reader said of a finding; None where there is neither answer nor comment.

    Raises
    ------
    StorageError
        When it was said at no time: the file is damaged.
    """
    said = state.said
    if said is None or (said.answer is None and not said.comment):
        return None
    try:
        when = datetime.fromisoformat(said.time_utc)
    except ValueError as error:
        raise damaged(str(error)) from error
    return Decision(finding_id, said.answer, said.reader, said.comment, when)


def decisions_in(states: Iterable[tuple[str, State]], part: AnyPart) -> dict[str, Decision]:
    """Return the decisions on what is open, by finding id, from the states that hold under names; as `decision_in`."""
    said = [(name, decision_in(state, SpokenOf.read(name).finding_id)) for name, state in states]
    return by_finding([(name, decision) for name, decision in said if decision is not None], here_of(part))


def state_from(text: str) -> State:
    """Return a state from the JSON that an event keeps.

    Raises
    ------
    StorageError
        When it is none: the file is damaged.
    """
    try:
        return structure(parse_json(text), State)
    except (WrongJsonError, TypeError) as error:
        raise damaged(str(error)) from error


def state_of(connection: sqlite3.Connection, series: AnySeries, name: str) -> State:
    """Return what holds now under a name; an empty state where nothing was said yet."""
    after = newest_after(connection, series, name)
    return State() if after is None else state_from(after)


def state_here(
    connection: sqlite3.Connection, series: AnySeries, finding: Finding, part: AnyPart
) -> tuple[str, State, Said | None]:
    """Return what a finding is decided under on what is open of a series.

    That is the name, what holds under it, and what a reader said of the finding that holds there, also under its id.
    """
    name = name_here(finding, here_of(part), names_of(connection, series, finding.id))
    state = state_of(connection, series, name)
    if name != finding.id and decision_in(state, finding.id) is None:
        return name, state, state_of(connection, series, finding.id).said
    return name, state, state.said


def append_event(
    connection: sqlite3.Connection,
    kind: EventKind,
    before: State,
    after: State,
    *,
    now: datetime,
    reader: str,
    series: AnySeries,
    study_uid: str,
    finding_id: str,
    model_sha256: str,
    refers_to: int | None = None,
) -> Event:
    """Add an event, sealed by its hash and chained to the one before; the caller commits."""
    uid, patient = series_and_patient(series)
    last = connection.execute("SELECT sequence, hash FROM event ORDER BY sequence DESC LIMIT 1").fetchone()
    unsealed = Event(
        sequence=(last[0] if last else 0) + 1,
        uuid=str(uuid.uuid4()),
        time_utc=now.isoformat(),
        monotonic_s=time.monotonic(),
        reader=reader,
        study_uid=study_uid,
        series_uid=uid,
        finding_id=finding_id,
        model_sha256=model_sha256,
        program_version=program_version(),
        kind=kind,
        refers_to=refers_to,
        before=_text(before),
        after=_text(after),
        previous_hash=last[1] if last else "",
        patient=patient,
    )
    event = evolve(unsealed, hash=unsealed.true_hash())
    write_event(connection, event)
    return event


def append_step(
    connection: sqlite3.Connection, kind: EventKind, sequence: int, *, reader: str, series: AnySeries
) -> Event:
    """Add the event that takes back what was done, or makes it again; the caller commits."""
    (action,) = read_events(connection, "sequence = ?", sequence)
    return append_event(
        connection,
        kind,
        state_of(connection, series, action.finding_id),
        state_from(action.before if kind is EventKind.UNDO else action.after),
        now=datetime.now(UTC),
        reader=reader or action.reader,
        series=series,
        study_uid=action.study_uid,
        finding_id=action.finding_id,
        model_sha256=action.model_sha256,
        refers_to=action.sequence,
    )


def _text(state: State) -> str:
    stored = unstructure(state)
    if state.measured is None:
        # What is said of findings reads as it did before there were measurements.
        del stored["measured"]
    if state.mark is not None:
        stored["mark"] = stored_mark(state.mark)
    return json.dumps(stored, ensure_ascii=False)
