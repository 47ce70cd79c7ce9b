"""The review journal: every decision, comment, mark and measurement as an event that is never changed.

Undo is one more event.

The events are the truth; what holds now is read from them. A call that writes returns after COMMIT returned, with
SQLite's write-ahead log and synchronous FULL, so that an acknowledged decision survives `kill -9` and power loss.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from attrs import evolve

from viewer.domain.errors import StorageError
from viewer.io import journal_store
from viewer.io.journal_event import (
    Event,
    EventKind,
    any_event,
    any_of_others,
    newest_models,
    newest_sequence,
    newest_states,
    read_events,
    series_and_patient,
    undo_and_redo,
)
from viewer.io.journal_faults import FAULTS, UnreadJournalError, error_in_words, reading
from viewer.io.journal_newest import forget_newest, note_newest, what_is_gone
from viewer.io.journal_state import (
    Said,
    State,
    append_event,
    append_step,
    decisions_in,
    state_from,
    state_here,
    state_of,
)
from viewer.io.mark_record import mark_of, mark_record
from viewer.io.scratch import Scratch, remove_left_behind
from viewer.io.sole_writer import SoleWriter
from viewer.io.spoken_of import SpokenOf

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from viewer.domain.decision import Answer, Decision
    from viewer.domain.finding import Finding
    from viewer.domain.measurement import Measurement
    from viewer.io.journal_event import AnyPart, AnySeries

Value = TypeVar("Value")
_Undoable: TypeAlias = tuple[list[int], list[int]]
Among: TypeAlias = frozenset[str] | None

_log = logging.getLogger(__name__)


class Journal:
    """The decisions of this machine. Used by one thread.

    Opening never fails: where it cannot be written (read-only disk, newer schema, a second program), `read_only`
    says why, what is there can be read, and a call that writes tries again and raises that error. `openings` grows
    whenever the file is opened, with all that others have written since.

    Parameters
    ----------
    path
        The SQLite file, on a local disk. Made with its folder where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._writer = SoleWriter(self._path.with_name(self._path.name + ".lock"))
        self._connection: sqlite3.Connection | None = None
        self._scratch = Scratch()
        self._known_history: tuple[tuple[object, ...], _Undoable] = ((), ([], []))
        self._begun_anew: StorageError | None = None
        self._file: tuple[int, int] | None = None
        self.openings = 0
        self.read_only: StorageError | None = None
        # A reader of a read-only disk that was killed leaves its copy of the decisions.
        remove_left_behind()
        self._open()

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return self._path

    @property
    def lacking(self) -> StorageError | None:
        """Why decisions that were made may not be among those that can be read; None where all are there."""
        return self.read_only if isinstance(self.read_only, UnreadJournalError) else self._begun_anew

    def decide(
        self,
        series: AnySeries,
        finding: Finding,
        answer: Answer | None,
        reader: str,
        comment: str | None = None,
        *,
        study_uid: str = "",
        part: AnyPart = "",
    ) -> Event | None:
        """Write what a reader says of a finding; return the event, or None where that holds already.

        Parameters
        ----------
        series, study_uid
            The series that the finding lies in, and its study.
        part
            What is open of the series: what is said of a model's finding holds there alone.
        finding
            What is decided.
        answer
            None leaves it open, with a comment alone.
        reader
            Who decides.
        comment
            None keeps the comment as it is.

        Raises
        ------
        StorageError
            When it is not on disk. Nothing of it is then in the journal; call again to try again.
        """
        return self._say(
            series, finding, reader, study_uid, part, lambda old: (answer, old.comment if comment is None else comment)
        )

    def comment(
        self, series: AnySeries, finding: Finding, text: str, reader: str, *, study_uid: str = "", part: AnyPart = ""
    ) -> Event | None:
        """Write a comment and leave the answer as it is; see `decide`."""
        return self._say(series, finding, reader, study_uid, part, lambda old: (old.answer, text))

    def mark(self, series: AnySeries, finding: Finding, reader: str, *, study_uid: str = "") -> Event | None:
        """Write a finding that a reader made, as a place without a mask; see `decide`."""
        if finding.mask is not None:
            raise ValueError("the journal keeps marks as places; a mask would be lost")
        change = partial(evolve, mark=mark_record(finding))
        return self._put(EventKind.MARK, series, finding.id, change, reader, study_uid)

    def unmark(self, series: AnySeries, finding: Finding, reader: str, *, study_uid: str = "") -> Event | None:
        """Take a reader's finding out again, with what was said of it; see `decide`."""
        return self._put(EventKind.UNMARK, series, finding.id, _nothing, reader, study_uid)

    def measure(self, series: AnySeries, measurement: Measurement, reader: str, *, study_uid: str = "") -> Event | None:
        """Write a measurement, new or changed; see `decide`."""
        change = partial(evolve, measured=measurement)
        return self._put(EventKind.MARK, series, measurement.id, change, reader, study_uid)

    def unmeasure(self, series: AnySeries, measurement_id: str, reader: str, *, study_uid: str = "") -> Event | None:
        """Take a measurement out again; see `decide`."""
        return self._put(EventKind.UNMARK, series, measurement_id, _nothing, reader, study_uid)

    def undo(self, series: AnySeries, reader: str = "", *, part: AnyPart = "", among: Among = None) -> Event | None:
        """Take back the newest thing done on a series, also one of an earlier session; None where there is none.

        What was done on images out of sight, such as another phase, is passed over, and what was said of a model's
        findings that are not `among` those in sight: nothing changes out of it.
        """
        return self._step(EventKind.UNDO, series, reader, part, among)

    def redo(self, series: AnySeries, reader: str = "", *, part: AnyPart = "", among: Among = None) -> Event | None:
        """Make again what was taken back last; None where there is nothing, or something new was done since."""
        return self._step(EventKind.REDO, series, reader, part, among)

    def can_undo(self, series: AnySeries, *, part: AnyPart = "", among: Among = None) -> bool:
        """Return True where `undo` would do something."""
        return bool(self._history(series, part, among)[0])

    def can_redo(self, series: AnySeries, *, part: AnyPart = "", among: Among = None) -> bool:
        """Return True where `redo` would do something."""
        return bool(self._history(series, part, among)[1])

    def decisions(self, series: AnySeries, *, part: AnyPart = "") -> Mapping[str, Decision]:
        """Return what holds now of a part of a series, or without its images of all, by finding id; nothing empty."""
        return decisions_in(self._states(series), part)

    def marks(self, series: AnySeries) -> tuple[Finding, ...]:
        """Return the findings that readers made on a series, in the order they were made."""
        return tuple(mark_of(state.mark) for _, state in self._states(series) if state.mark is not None)

    def measurements(self, series: AnySeries) -> tuple[Measurement, ...]:
        """Return what was measured on a series, in the order it was first drawn."""
        return tuple(state.measured for _, state in self._states(series) if state.measured is not None)

    def events(self, series: AnySeries) -> tuple[Event, ...]:
        """Return everything that happened on a series, oldest first."""
        return self._rows("series_uid = ?", series_and_patient(series)[0])

    def decided_models(self, series: AnySeries) -> Mapping[str, str]:
        """Return the hash of the model whose finding was decided last, by finding id; "" for a reader's."""
        named = self._read(lambda connection: newest_models(connection, series)) or ()
        return {SpokenOf.read(name).finding_id: model for name, model in named}

    def knows(self, series: AnySeries) -> bool:
        """Return whether anything ever happened on a series."""
        return bool(self._read(lambda connection: any_event(connection, series)))

    def knows_of_others(self, series: AnySeries) -> bool:
        """Return whether anything under the UID of a series is of another patient, and so not among what is given."""
        return bool(self._read(lambda connection: any_of_others(connection, series)))

    def close(self) -> None:
        """Close the file and let others write."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._writer.release()
        self._scratch.close()

    def _open(self) -> None:
        self.close()
        self.read_only = None
        self.openings += 1
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not self._writer.take():
                self.read_only = StorageError(
                    f"Decisions can only be read here: CaseStage is open already ({self._writer.holder}).",
                    "Decide there, or close it and try again.",
                )
            else:
                self._begun_anew = journal_store.begun_anew(self._path) or self._begun_anew
                self._connection = journal_store.open_for_writing(self._path)
                self._file = journal_store.which_file(self._path)
                self._begun_anew = self._begun_anew or what_is_gone(self._connection, self._path, writing=True)
        except StorageError as error:
            self.read_only = error
        except (*FAULTS, OSError) as error:
            self.read_only = error_in_words(error, self._path)
        if self._connection is None:
            self._writer.release()
            self._open_for_reading()
        else:
            self._back_up()

    def _open_for_reading(self) -> None:
        try:
            if not self._path.is_file():
                return
            self._connection = journal_store.open_for_reading(self._path, self._scratch)
            self._begun_anew = self._begun_anew or what_is_gone(self._connection, self._path, writing=False)
        except (*FAULTS, StorageError, OSError) as error:
            # Why it cannot be written was said already, and says more; reading then finds nothing.
            _log.warning("the journal cannot be read: %s", type(error).__name__)

    def _back_up(self) -> None:
        try:
            if self._rows("sequence = 1"):
                journal_store.back_up_if_due(self._path)
        except (*FAULTS, StorageError, OSError) as error:
            _log.warning("the journal has no new backup: %s", type(error).__name__)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self.read_only is not None:
            self._open()
        elif self._connection is not None and journal_store.which_file(self._path) != self._file:
            self._open_what_is_there(self._connection)
        if self.read_only is not None or self._connection is None:
            raise self.read_only or StorageError("The decisions on this machine are closed.")
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                newest = newest_sequence(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except FAULTS as error:
            raise error_in_words(error, self._path) from error
        note_newest(self._path, newest or 0)

    def _open_what_is_there(self, gone: sqlite3.Connection) -> None:
        """Open the file that took the place of the open one, to which nobody would come back."""
        try:
            another = journal_store.rescue(gone, self._path)
        except (*FAULTS, OSError) as error:
            raise error_in_words(error, self._path) from error
        if another:
            forget_newest(self._path)
        self._open()
        _log.warning("the journal's file was %s while it was open", "replaced" if another else "taken away")
        if another:
            raise StorageError(
                "The file with the decisions was replaced while CaseStage was open; what it held is kept in “backups”.",
                "What you did last is written to the new one with what you do next.",
            )

    def _say(
        self,
        series: AnySeries,
        finding: Finding,
        reader: str,
        study_uid: str,
        part: AnyPart,
        change: Callable[[Said], tuple[Answer | None, str]],
    ) -> Event | None:
        """Write what follows from what holds on disk, which may be more than the caller has seen."""
        with self._transaction() as connection:
            name, before, said = state_here(connection, series, finding, part)
            old = said or Said(None, "", reader, "")
            answer, text = change(old)
            if (answer, text, reader) == (old.answer, old.comment, old.reader):
                return None
            now = datetime.now(UTC)
            only_text = answer is old.answer and text != old.comment
            return append_event(
                connection,
                EventKind.COMMENT if only_text else EventKind.DECISION,
                before,
                evolve(before, said=Said(answer, text, reader, now.isoformat())),
                now=now,
                reader=reader,
                series=series,
                study_uid=study_uid,
                finding_id=name,
                model_sha256=finding.source.model_sha256,
            )

    def _put(
        self,
        kind: EventKind,
        series: AnySeries,
        finding_id: str,
        change: Callable[[State], State],
        reader: str,
        study_uid: str,
    ) -> Event | None:
        with self._transaction() as connection:
            before = state_of(connection, series, finding_id)
            after = change(before)
            if after == before:
                return None
            return append_event(
                connection,
                kind,
                before,
                after,
                now=datetime.now(UTC),
                reader=reader,
                series=series,
                study_uid=study_uid,
                finding_id=finding_id,
                model_sha256="",
            )

    def _step(self, kind: EventKind, series: AnySeries, reader: str, part: AnyPart, among: Among) -> Event | None:
        with self._transaction() as connection:
            done, undone = undo_and_redo(connection, series, part, among)
            stack = done if kind is EventKind.UNDO else undone
            if not stack:
                return None
            return append_step(connection, kind, stack[-1], reader=reader, series=series)

    def _history(self, series: AnySeries, part: AnyPart, among: Among) -> _Undoable:
        # Asked for with every refresh of the buttons, and only another event changes it.
        newest = self._read(newest_sequence)
        if self._known_history[0] != (series, part, among, newest):
            history = self._read(lambda connection: undo_and_redo(connection, series, part, among)) or ([], [])
            self._known_history = ((series, part, among, newest), history)
        return self._known_history[1]

    def _states(self, series: AnySeries) -> list[tuple[str, State]]:
        newest = self._read(lambda connection: newest_states(connection, series)) or []
        with reading(self.read_only):
            return [(finding_id, state_from(after)) for finding_id, after in newest]

    def _rows(self, where: str, *values: Any) -> tuple[Event, ...]:
        return self._read(lambda connection: read_events(connection, where, *values)) or ()

    def _read(self, read: Callable[[sqlite3.Connection], Value]) -> Value | None:
        if self._connection is None:
            return None
        try:
            return read(self._connection)
        except FAULTS as error:
            raise error_in_words(error, self._path) from error


def _nothing(_state: State) -> State:
    return State()
