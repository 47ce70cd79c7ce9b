"""What a reader said or measured on its way to disk: written at once, and kept and tried again where that fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

from viewer.domain.count_words import count_words
from viewer.domain.decision import Decision
from viewer.domain.drawn_on import InSight
from viewer.domain.errors import StorageError
from viewer.domain.finding import Finding
from viewer.domain.measurement import Measurement
from viewer.io.journal_event import AnySeries

if TYPE_CHECKING:
    from collections.abc import Iterable


@frozen(eq=False)
class Write:
    """A write and what it says: a decision, with a `mark_id` a reader's mark or its end, so with a `measurement_id`.

    What was open as a decision was made is `here`.

    `write` raises StorageError where nothing of it is on disk.
    """

    write: Callable[[], object]
    series: AnySeries
    here: InSight = InSight()
    decision: Decision | None = None
    mark_id: str = ""
    mark: Finding | None = None
    measurement_id: str = ""
    measurement: Measurement | None = None

    @property
    def what(self) -> str:
        """What it is in one word; a mark is a reader's word on a place, as a decision is."""
        return "measurement" if self.measurement_id else "decision"


class KeptWrites:
    """Writes to one journal in the order they were said, of all volumes that are open; `why` the first still waits."""

    def __init__(self) -> None:
        self._waiting: list[Write] = []
        self._saved: set[str] = set()
        self.saved_at: datetime | None = None
        self.why: StorageError | None = None

    @property
    def waiting(self) -> tuple[Write, ...]:
        """What is not on disk yet."""
        return tuple(self._waiting)

    @property
    def waiting_words(self) -> str:
        """What is not on disk yet, such as "1 decision and 2 measurements"; "" for nothing."""
        counts = [(what, sum(1 for w in self._waiting if w.what == what)) for what in ("decision", "measurement")]
        return " and ".join(count_words(count, what) for what, count in counts if count)

    @property
    def saved_words(self) -> str:
        """What this session put on disk, such as "Decisions and measurements"; "" for nothing."""
        return " and ".join(f"{what}s" for what in ("decision", "measurement") if what in self._saved).capitalize()

    def add(self, write: Write, failed: Callable[[StorageError], None]) -> None:
        """Write this after all that waits; see `retry`."""
        self._waiting.append(write)
        self.retry(failed)

    def retry(self, failed: Callable[[StorageError], None]) -> None:
        """Write what waits, in the order it was said; stop at the first that cannot be, and call `failed` with why."""
        self.why = None
        while self._waiting:
            try:
                self._waiting[0].write()
            except StorageError as error:
                self.why = error
                failed(error)
                return
            self.note_saved(self._waiting.pop(0).what)

    def note_saved(self, what: str) -> None:
        """Remember that a decision or a measurement is on disk now, as after undo."""
        self._saved.add(what)
        self.saved_at = datetime.now(UTC)

    def over(
        self, series: AnySeries, here: InSight, marked: Iterable[Finding], measured: Iterable[Measurement]
    ) -> tuple[dict[str, Decision], tuple[Finding, ...], tuple[Measurement, ...]]:
        """Return what waits of a series: decisions by finding id, and marks and measurements with what waits in place.

        Parameters
        ----------
        here
            What is open of the series, of which decisions are wanted.
        marked, measured
            The marks and measurements that are on disk.
        """
        own = [write for write in self._waiting if write.series == series]
        said = [write for write in own if write.here.images == here.images]
        decisions = {write.decision.finding_id: write.decision for write in said if write.decision is not None}
        marks = _changed(marked, ((write.mark_id, write.mark) for write in own))
        return decisions, marks, _changed(measured, ((write.measurement_id, write.measurement) for write in own))


Kept = TypeVar("Kept", Finding, Measurement)


def _changed(on_disk: Iterable[Kept], changes: Iterable[tuple[str, Kept | None]]) -> tuple[Kept, ...]:
    """Return what is kept once changes by id are made; None takes one out, and what has no id is none."""
    known = {kept.id: kept for kept in on_disk}
    for ident, kept in changes:
        if kept is None:
            known.pop(ident, None)
        else:
            known[ident] = kept
    return tuple(known.values())
