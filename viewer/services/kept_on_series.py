"""What readers said, marked and measured on a series: from the journal, with what still waits for the disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.count_words import count_words
from viewer.domain.decision import Decision
from viewer.domain.errors import CaseStageError, StorageError
from viewer.domain.finding import Finding, SourceKind
from viewer.domain.measurement import Measurement
from viewer.services.reader_marks import changed_marks, marks_among

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.drawn_on import InSight
    from viewer.domain.session import Session
    from viewer.io.journal import Journal
    from viewer.io.journal_event import AnySeries
    from viewer.services.kept_writes import KeptWrites


@frozen(eq=False)
class Kept:
    """Decisions by finding id, marks and measurements."""

    decisions: Mapping[str, Decision]
    marks: tuple[Finding, ...] = ()
    measurements: tuple[Measurement, ...] = ()

    def show(self, session: Session) -> None:
        """Let a session hold this, beside what models found and the marks that the open case carries.

        Where both have a mark, it is as it was kept here.
        """
        session.decisions = dict(self.decisions)
        session.measurements = self.measurements
        marks = marks_among((*session.carried, *self.marks))
        if changed_marks(marks_among(session.findings), marks):
            others = (f for f in session.findings if f.source.kind is not SourceKind.READER)
            session.findings = (*others, *marks.values())


def kept_on(
    series: AnySeries,
    here: InSight,
    journal: Journal,
    writes: KeptWrites,
    failed: Callable[[CaseStageError], None],
) -> Kept:
    """Return what holds of what is open of a series; where the journal cannot be read, what waits for it alone.

    `failed` is then called with why. What was said of a mark goes with it.
    """
    try:
        decisions = journal.decisions(series, part=here)
        marks = journal.marks(series)
        measured = journal.measurements(series)
    except CaseStageError as error:
        # Those of the series before are none of this one.
        decisions, marks, measured = {}, (), ()
        failed(error)
    waiting, marks, measured = writes.over(series, here, marks, measured)
    elsewhere = {mark.id for mark in marks if not here.holds_mark(mark)}
    return Kept(
        {ident: said for ident, said in {**decisions, **waiting}.items() if ident not in elsewhere},
        tuple(mark for mark in marks if mark.id not in elsewhere),
        tuple(m for m in measured if here.holds(m)),
    )


def kept_elsewhere(series: AnySeries, here: InSight, journal: Journal) -> StorageError | None:
    """Return what is told where something is kept on images of a series that are not open; None where nothing is.

    Where other parts of the series are known beside this one, it is there with them, and nothing is told.

    Raises
    ------
    StorageError
        When the journal cannot be read.
    """
    if here.part or not here.images:
        return None
    marks = journal.marks(series)
    decided = journal.decisions(series).keys() - journal.decisions(series, part=here).keys() - {m.id for m in marks}
    counts = (
        (len(decided), "decision"),
        (sum(1 for mark in marks if not here.holds_mark(mark)), "mark"),
        (sum(1 for one in journal.measurements(series) if not here.holds(one)), "measurement"),
    )
    words = [count_words(count, what) for count, what in counts if count]
    if not words:
        return None
    *others, last = words
    said, is_one = f"{', '.join(others)} and {last}" if others else last, sum(count for count, _ in counts) == 1
    return StorageError(
        f"{said} on this series {'belongs' if is_one else 'belong'} to images that are not open.",
        "Nothing is lost: open those images, such as another phase or an earlier copy.",
    )
