"""A reader's decisions and measurements: on disk before the key press returns, undoable; exported as SEG and SR."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve
from psygnal import Signal

from viewer.domain.decision import Answer, Decision
from viewer.domain.drawn_on import InSight, in_sight, on_its_image
from viewer.domain.errors import CaseStageError, StorageError
from viewer.domain.finding import SourceKind
from viewer.domain.model_result import anything_said
from viewer.io.journal_chain import check_chain
from viewer.io.journal_event import series_and_patient
from viewer.services.chain_words import of_series
from viewer.services.finding_listing import FindingListing
from viewer.services.jobs import Lane
from viewer.services.kept_on_series import Kept, kept_elsewhere, kept_on
from viewer.services.kept_writes import KeptWrites, Write
from viewer.services.navigation import Motion, Navigation
from viewer.services.reader_marks import changed_marks, mark_at, marks_among, moved
from viewer.services.views import view_of_finding
from viewer.services.whose_series import others_known, series_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from viewer.domain.finding import Finding
    from viewer.domain.measurement import Measurement
    from viewer.domain.session import Session
    from viewer.domain.view_state import Point
    from viewer.domain.volume import Volume
    from viewer.io.journal import Journal
    from viewer.io.journal_chain import Chain
    from viewer.io.journal_event import AnySeries
    from viewer.services.jobs import JobRunner


class Reviewing:
    """Decides findings and steps through them. Signals are emitted on the main thread.

    `saved` carries when something came onto disk last; `failed` an error to show; `exported` what was written;
    `told` that what was decided on the opened series is not as it was written, which stops nothing;
    `history_changed` tells that undo or redo became possible or not; `measurement_stepped` carries the measurement that
    undo or redo changed, as it is or, where it is gone, as it was. What could not be written stays in the session and
    waits in `writes`, and is tried again with the next one; two volumes that are open share these.
    """

    saved = Signal(object)
    failed = Signal(object)
    told = Signal(object)
    exported = Signal(object)
    history_changed = Signal()
    measurement_stepped = Signal(object)

    def __init__(
        self,
        session: Session,
        navigation: Navigation,
        runner: JobRunner,
        journal: Journal,
        writes: KeptWrites | None = None,
    ) -> None:
        self._session = session
        self._navigation = navigation
        self._runner = runner
        self._journal = journal
        self.writes = KeptWrites() if writes is None else writes
        self.listing = FindingListing(session)
        session.volume_changed.connect(self._volume_changed)
        session.findings_changed.connect(self._findings_changed)

    @property
    def unsaved(self) -> int:
        """How many decisions and measurements are not on disk yet."""
        return len(self.writes.waiting)

    @property
    def can_undo(self) -> bool:
        """True where the newest decision on this series, or measurement on what is open of it, can be taken back."""
        if any(write.series == self._series for write in self.writes.waiting):
            return True
        return self._journal.can_undo(self._series, part=self._part, among=self._among) if self._series else False

    @property
    def can_redo(self) -> bool:
        """True where what was taken back can be made again."""
        return self._journal.can_redo(self._series, part=self._part, among=self._among) if self._series else False

    @property
    def decided(self) -> int:
        """How many of the shown findings are decided; a mark that the reader made counts as said."""
        return sum(1 for f in self._session.shown_findings if not self._open(f))

    def decide(self, answer: Answer) -> None:
        """Answer the finding in hand, keep it on disk, and go to the next undecided one."""
        finding = self._session.selected
        if finding is None or finding.source.kind is SourceKind.TRUTH:
            return
        old = self._session.decisions.get(finding.id)
        self._keep(finding, answer, old.comment if old else "", partial(self._journal.decide, answer=answer))
        self._go_on()

    def comment(self, text: str, *, finding_id: str | None = None) -> None:
        """Keep a comment on a finding; on the one in hand where none is named."""
        wanted = finding_id or (self._session.selected.id if self._session.selected else "")
        finding = next((f for f in self._session.findings if f.id == wanted), None)
        if finding is None or finding.source.kind is SourceKind.TRUTH:
            return
        old = self._session.decisions.get(finding.id)
        if text != (old.comment if old else ""):
            self._keep(finding, old.answer if old else None, text, partial(self._journal.comment, text=text))

    def mark_missed(self, lps_mm: Point) -> Finding | None:
        """Mark a place that the model missed, and take it in hand; None where that is outside the volume.

        Where no model has said anything yet it is the reader's mark alone: nothing was missed.
        """
        volume = self._session.volume
        if volume is None or volume.preview or volume.stack.nearest_ijk(lps_mm) is None:
            return None
        mark = on_its_image(mark_at(lps_mm, self._session.reader, missed=self._a_model_spoke()), volume)
        self._keep_mark(mark)
        self.select(mark.id, fly=False)
        return mark

    def own_mark(self, finding_id: str) -> Finding | None:
        """Return a reader's mark that may be moved or removed: those that the open case carries are the case's."""
        carried = marks_among(self._session.carried)
        return None if finding_id in carried else marks_among(self._session.findings).get(finding_id)

    def move_mark(self, finding_id: str, lps_mm: Point) -> bool:
        """Move a mark that a reader made, with what was said of it; return whether it is there now.

        It stays where it is outside of the volume, as what a model found and what the case carries do everywhere.
        """
        volume, mark = self._session.volume, self.own_mark(finding_id)
        if mark is None or volume is None or volume.preview or volume.stack.nearest_ijk(lps_mm) is None:
            return False
        if tuple(mark.centre_lps_mm) != tuple(lps_mm):
            self._keep_mark(on_its_image(moved(mark, lps_mm, self._session.reader), volume))
        return True

    def _keep_mark(self, mark: Finding) -> None:
        write = partial(self._journal.mark, self._series, mark, self._session.reader, study_uid=self._study)
        self._write(Write(write, self._series, mark_id=mark.id, mark=mark))
        kept = {f.id: f for f in self._session.findings} | {mark.id: mark}
        self._session.findings = tuple(kept.values())

    def _a_model_spoke(self) -> bool:
        session = self._session
        others = tuple(f for f in session.findings if f.source.kind is not SourceKind.READER)
        # Where a case names no model, the marks that it carries are all that was said.
        named = session.case is not None and bool(session.case.model_id)
        case = session.case if named or not session.carried else None
        return bool(session.results) or anything_said(others, (), case)

    def remove_mark(self, finding_id: str) -> None:
        """Take back a mark that a reader made; one that the case carries stays, as its story may point to it."""
        mark = self.own_mark(finding_id)
        if mark is None:
            return
        write = partial(self._journal.unmark, self._series, mark, self._session.reader, study_uid=self._study)
        self._write(Write(write, self._series, mark_id=finding_id))
        self._session.findings = tuple(f for f in self._session.findings if f.id != finding_id)

    def keep_measurement(self, measurement: Measurement) -> None:
        """Keep a measurement, new or changed, on disk and in the session; a new one with its image."""
        kept = {m.id: m for m in self._session.measurements}
        measurement = measurement if measurement.id in kept else on_its_image(measurement, self._session.volume)
        write = partial(self._journal.measure, self._series, measurement, self._session.reader, study_uid=self._study)
        self._write(Write(write, self._series, measurement_id=measurement.id, measurement=measurement))
        self._session.measurements = tuple((kept | {measurement.id: measurement}).values())

    def remove_measurement(self, measurement_id: str) -> None:
        """Take a measurement out again."""
        reader, study = self._session.reader, self._study
        write = partial(self._journal.unmeasure, self._series, measurement_id, reader, study_uid=study)
        self._write(Write(write, self._series, measurement_id=measurement_id))
        self._session.measurements = tuple(m for m in self._session.measurements if m.id != measurement_id)

    def undo(self) -> None:
        """Take back the newest decision, comment, mark or measurement on this series; also after a restart."""
        self._step_history(self._journal.undo)

    def redo(self) -> None:
        """Make again what was taken back last."""
        self._step_history(self._journal.redo)

    def select(self, finding_id: str, *, fly: bool = True) -> None:
        """Take a finding in hand, and fly to it unless told otherwise."""
        session = self._session
        finding = session.finding(finding_id)
        if finding is None or session.view is None or session.volume is None:
            return
        if not fly:
            session.view = evolve(session.view, selected_finding=finding_id)
            return
        start = self._navigation.goal or session.view
        self._navigation.go(view_of_finding(start, finding, session.volume), Motion.FINDING)

    def next(self, among: Sequence[str] = ()) -> None:
        """Fly to the next finding, after the last to the first; `among` are ids in an order of their own."""
        self._neighbour(1, among)

    def previous(self, among: Sequence[str] = ()) -> None:
        """Fly to the finding before."""
        self._neighbour(-1, among)

    def export(self, folder: Path) -> None:
        """Write findings, decisions and measurements as SEG, SR, JSON and CSV, in the background."""
        volume = self._session.volume
        if volume is None or volume.preview:
            self.failed.emit(
                StorageError("There is nothing to export yet.", "Open a volume, and run a model or measure first.")
            )
            return
        # Another program may have decided since.
        self._load()
        # Loaded when something is exported: no window waits for it.
        from viewer.services.exporting import write_review

        # What was decided leaves with the rest, also where the threshold was moved above its score since.
        shown = {f.id for f in self._session.shown_findings} | set(self._session.decisions)
        self._runner.run(
            partial(
                write_review,
                folder,
                volume,
                tuple(f for f in self._session.findings if f.id in shown),
                dict(self._session.decisions),
                self._session.reader,
                self._session.measurements,
                self._session.overlays.labels,
            ),
            done=self.exported.emit,
            failed=self.failed.emit,
        )

    def retry(self, *, quietly: bool = False) -> None:
        """Write what is not on disk yet, in the order it was said; stop at the first that cannot be written.

        `quietly` says nothing of it where it cannot: that is known.
        """
        self.writes.retry((lambda _: None) if quietly else self.failed.emit)
        self._tell_saved()

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    @property
    def _series(self) -> AnySeries:
        volume = self._session.volume
        return series_of(volume.series) if volume is not None else ""

    @property
    def _part(self) -> InSight:
        return in_sight(self._session.volume)

    @property
    def _among(self) -> frozenset[str]:
        return frozenset(finding.id for finding in self._session.findings)

    @property
    def _study(self) -> str:
        volume = self._session.volume
        return volume.series.study_uid if volume is not None else ""

    def _open(self, finding: Finding) -> bool:
        """Return whether a finding waits for an answer; what a reader marked is an answer itself."""
        decision = self._session.decisions.get(finding.id)
        return finding.source.kind is not SourceKind.READER and (decision is None or decision.answer is None)

    def _keep(self, finding: Finding, answer: Answer | None, comment: str, say: Callable[..., object]) -> None:
        """Keep what is said of a finding: `say` writes what is said now, the rest stays as it lies there."""
        reader, series = self._session.reader, self._series
        decision = Decision(finding.id, answer, reader, comment, datetime.now(UTC))
        write = partial(say, series, finding, reader=reader, study_uid=self._study, part=self._part)
        opened = self._journal.openings
        self._write(Write(write, series, self._part, decision=decision))
        self._session.decisions = {**self._session.decisions, finding.id: decision}
        if self._journal.openings != opened:
            # Another program had it until now, and has written since.
            self._load()

    def _write(self, write: Write) -> None:
        self.writes.add(write, self.failed.emit)
        self._tell_saved()

    def _tell_saved(self) -> None:
        if not self.unsaved and self.writes.saved_at is not None:
            self.saved.emit(self.writes.saved_at)
        self.history_changed.emit()

    def _step_history(self, step: Callable[..., object]) -> None:
        if not self._series:
            return
        # The newest is what waits: what lies on disk before it is not to be taken back in its place.
        if self.unsaved:
            self.retry()
            if self.unsaved:
                return
        before, marked = dict(self._session.decisions), marks_among(self._session.findings)
        measured = {m.id: m for m in self._session.measurements}
        try:
            step(self._series, part=self._part, among=self._among)
        except CaseStageError as error:
            self.failed.emit(error)
            return
        self._load()
        # Nothing changes out of sight: the finding whose answer came or went is in hand again.
        now = {m.id: m for m in self._session.measurements}
        stepped = next((m for m in (now | measured).values() if now.get(m.id) != measured.get(m.id)), None)
        self.writes.note_saved("measurement" if stepped is not None else "decision")
        self._tell_saved()
        if stepped is not None:
            self.measurement_stepped.emit(now.get(stepped.id, stepped))
        after = self._session.decisions
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        elsewhere = changed_marks(marked, marks_among(self._session.findings))
        shown = next((f.id for f in self._session.shown_findings if f.id in changed | elsewhere), None)
        selected = self._session.selected
        if shown is not None and (shown in elsewhere or selected is None or selected.id != shown):
            self.select(shown)

    def _go_on(self) -> None:
        findings = self.listing.findings
        selected = self._session.selected
        start = next((n for n, f in enumerate(findings) if selected is not None and f.id == selected.id), -1)
        for offset in range(1, len(findings)):
            following = findings[(start + offset) % len(findings)]
            if self._open(following):
                self.select(following.id)
                return

    def _neighbour(self, step: int, among: Sequence[str] = ()) -> None:
        ids = among or [finding.id for finding in self._session.shown_findings]
        if not ids:
            return
        wanted = self._navigation.goal.selected_finding if self._navigation.goal else None
        here = next((n for n, each in enumerate(ids) if each == wanted), None)
        index = (0 if step > 0 else len(ids) - 1) if here is None else (here + step) % len(ids)
        self.select(ids[index])

    def _volume_changed(self, new: Volume | None, old: Volume | None) -> None:
        if new is not None and not new.preview:
            self._load()
            self._tell_what_lacks()
            self._check_chain()
        if new is None or new.preview:
            Kept({}).show(self._session)
        self.history_changed.emit()

    def _findings_changed(self) -> None:
        # A case or a model brings findings; marks made earlier on this series belong to them.
        volume = self._session.volume
        if volume is not None and not volume.preview:
            self._load()

    def _tell_what_lacks(self) -> None:
        lacking = self._journal.lacking
        # Where it cannot be read that was said already.
        with suppress(CaseStageError):
            if lacking is None and self._series:
                others = self._journal.knows_of_others(self._series)
                lacking = others_known() if others else kept_elsewhere(self._series, self._part, self._journal)
        if lacking is not None:
            self.told.emit(lacking)

    def _check_chain(self) -> None:
        """Look whether the entries of the opened series are as they were written, behind what the reader waits for."""
        series = self._series
        try:
            if not self._journal.knows(series):
                return
        except CaseStageError:
            # Reading said so already.
            return

        def checked(chain: Chain) -> None:
            if not chain.whole and series == self._series:
                self.told.emit(of_series(chain))

        self._runner.run(
            partial(check_chain, self._journal.path, series_uid=series_and_patient(series)[0]),
            done=checked,
            failed=self.failed.emit,
            lane=Lane.BACKGROUND,
        )

    def _load(self) -> None:
        kept_on(self._series, self._part, self._journal, self.writes, self.failed.emit).show(self._session)
