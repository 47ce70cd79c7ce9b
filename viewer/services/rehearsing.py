"""Rehearsing a case: the time at each step and spoken cues are recorded, and taken over where that is wanted."""

from __future__ import annotations

import math
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen
from psygnal import Signal

from viewer.domain.masking import identity_words, masked_sentences
from viewer.domain.walkthrough import Step
from viewer.io.case_document import write_case
from viewer.io.rehearsal_file import MOST_CUES, Cue, Rehearsal, StepTime, read_rehearsal, write_rehearsal
from viewer.services.pace import short_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.session import Session
    from viewer.domain.walkthrough import Case
    from viewer.services.pace import Pace
    from viewer.services.player import Player

# A step that was only passed on the way to another was not told.
PASSED_WITHIN_S = 1.5
ROUNDED_TO_S = 5
MARK_WORDS = "(marked)"


@frozen
class StepPace:
    """A step beside its plan; `measured_s` is None where it was not told."""

    step: Step
    planned_s: float
    measured_s: float | None


class Rehearsing:
    """Records one rehearsal of the case that a player shows. `changed` is emitted when it begins, ends, or a cue comes.

    Parameters
    ----------
    pace
        Adds up the times; it is reset when a rehearsal begins.
    now
        Local time, for the record.
    """

    changed = Signal()

    def __init__(
        self, session: Session, player: Player, pace: Pace, now: Callable[[], datetime] = datetime.now
    ) -> None:
        self._session, self._player, self._pace, self._now = session, player, pace, now
        self._case: Case | None = None
        self._cues: list[Cue] = []

    @property
    def running(self) -> bool:
        """True while a rehearsal is recorded."""
        return self._case is not None

    @property
    def cues(self) -> tuple[Cue, ...]:
        """The cues so far."""
        return tuple(self._cues)

    def start(self) -> None:
        """Begin with the case that is open; a rehearsal that runs begins anew."""
        self._case = self._session.case
        self._cues.clear()
        self._pace.reset()
        self._pace.start()
        self.changed.emit()

    def cue(self, text: str = "") -> None:
        """Keep what was said at this moment, or a mere mark; words that name a patient are masked."""
        step = self._player.step
        if step is None or self._case is None or len(self._cues) >= MOST_CUES:
            return
        volume = self._session.volume
        naming = identity_words(volume.series.identity) if volume is not None else ()
        said = masked_sentences(" ".join(text.split()), naming)
        self._cues.append(Cue(step.id, round(self._pace.step_s, 1), said))
        self.changed.emit()

    def finish(self) -> Rehearsal | None:
        """Return the record and end; None where nothing was rehearsed."""
        case, self._case = self._case, None
        self.changed.emit()
        if case is None:
            return None
        ids = [step.id for step in case.steps]
        spent = self._pace.spent
        times = tuple(StepTime(i, round(spent[i], 1)) for i in ids if spent.get(i, 0.0) >= PASSED_WITHIN_S)
        if not times:
            return None
        cues = tuple(cue for cue in self._cues if cue.step in ids)
        return Rehearsal(case.id, self._now().isoformat(timespec="seconds"), times, cues)


class Rehearsals:
    """The records of rehearsals on this machine.

    Parameters
    ----------
    folder
        Where records are.
    own_cases
        The folder of the user's cases, whose documents may be written.
    today
        The date, for words such as "yesterday".
    """

    def __init__(self, folder: Path, own_cases: Path, today: Callable[[], date] = date.today) -> None:
        self._folder, self._own_cases, self._today = folder, own_cases, today

    def of(self, case_id: str) -> Rehearsal | None:
        """Return the newest record of a case."""
        return read_rehearsal(self._folder, case_id)

    def words(self, case_id: str) -> str:
        """Return when a case was last rehearsed, such as "Rehearsed yesterday"."""
        record = self.of(case_id)
        try:
            when = datetime.fromisoformat(record.when).date() if record is not None else None
        except ValueError:
            when = None
        if when is None:
            return "Not rehearsed"
        days = (self._today() - when).days
        if days < -1:
            # The clock was put back since; a day's difference may be one of time zones.
            return f"Rehearsed {when:%b} {when.year} by the clock of then"
        if days <= 0:
            return "Rehearsed today"
        if days == 1:
            return "Rehearsed yesterday"
        return f"Rehearsed {days} days ago" if days < 60 else f"Rehearsed {when:%b} {when.year}"

    def keep(self, record: Rehearsal) -> None:
        """Write a record; times and cues that were taken over before stay.

        Raises
        ------
        StorageError
            When it cannot be written.
        """
        before = self.of(record.case)
        if before is not None:
            record = evolve(record, planned=before.planned, added=before.added)
        write_rehearsal(self._folder, record)

    def told_as(self, case: Case) -> Case:
        """Return a case with what was taken over from its rehearsals beside its document."""
        record = self.of(case.id)
        return case if record is None else _with(case, record.planned, record.added)

    def take_over(self, case: Case, record: Rehearsal, *, times: bool = True, cues: bool = True) -> Case:
        """Return a case with a rehearsal's times (up to the next 5 s) and cues, and keep it so.

        The user's own cases are written; what came with the program stays, and its times and cues are kept beside.

        Raises
        ------
        StorageError
            When it cannot be written.
        CaseDocumentError
            When the case could not be read back.
        """
        planned = tuple(StepTime(time.step, rounded_s(time.seconds)) for time in record.times) if times else ()
        added = record.cues if cues else ()
        told = _with(case, planned, added)
        if Path(case.folder).parent == self._own_cases:
            write_case(Path(case.folder), told)
            return told
        before = self.of(case.id)
        old_times = {time.step: time for time in before.planned} if before is not None else {}
        old_cues = before.added if before is not None else ()
        kept = {**old_times, **{time.step: time for time in planned}}
        write_rehearsal(
            self._folder, evolve(before or record, planned=tuple(kept.values()), added=(*old_cues, *added)[-MOST_CUES:])
        )
        return told


def rounded_s(seconds: float) -> float:
    """Return a measured time as a plan says it: up to the next five seconds."""
    return float(max(ROUNDED_TO_S, math.ceil(seconds / ROUNDED_TO_S) * ROUNDED_TO_S))


def paces(case: Case, record: Rehearsal) -> tuple[StepPace, ...]:
    """Return each step's planned and measured time."""
    measured = {time.step: time.seconds for time in record.times}
    return tuple(StepPace(step, step.duration_s, measured.get(step.id)) for step in case.steps)


def cue_words(cue: Cue) -> str:
    """Return a cue as a line of notes, such as "0:12 Ask who has seen one"."""
    return f"{short_words(cue.at_s)} {cue.text or MARK_WORDS}"


def _with(case: Case, planned: tuple[StepTime, ...], cues: tuple[Cue, ...]) -> Case:
    seconds = {time.step: time.seconds for time in planned}

    def told(step: Step) -> Step:
        lines = [cue_words(cue) for cue in cues if cue.step == step.id]
        notes = _with_lines(step.notes, lines) if lines else step.notes
        return evolve(step, duration_s=seconds.get(step.id, step.duration_s), notes=notes)

    return evolve(case, steps=tuple(told(step) for step in case.steps))


def _with_lines(notes: str, lines: list[str]) -> str:
    """Return notes with lines before their prepared answers."""
    kept = notes.rstrip().splitlines()
    first = next((n for n, line in enumerate(kept) if line.strip().upper().startswith("Q:")), len(kept))
    parts = ("\n".join(kept[:first]).strip(), "\n".join(lines), "\n".join(kept[first:]).strip())
    return "\n\n".join(part for part in parts if part)
