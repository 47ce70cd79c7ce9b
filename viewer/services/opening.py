"""Opens a series or a case and brings it into the session: first image, whole volume, findings and truth."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from attrs import evolve
from psygnal import Signal

from viewer.domain.errors import CaseStageError, TooLargeError
from viewer.domain.job import JobContext
from viewer.domain.session import Workspace
from viewer.domain.view_state import Comparison
from viewer.io.watcher import Watcher
from viewer.services.case_ahead import CaseAhead
from viewer.services.jobs import Lane
from viewer.services.kept_looks import UsualLook
from viewer.services.reader_marks import carried_among
from viewer.services.views import as_before, as_first_seen, view_of_volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.finding import Truth
    from viewer.domain.geometry import SliceStack
    from viewer.domain.session import Session
    from viewer.domain.view_state import Point, ViewState
    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case
    from viewer.io.decoders import Decoders
    from viewer.io.reading_order import ReadingOrder
    from viewer.io.series_entry import SeriesEntry
    from viewer.services.hanging import HangingRules
    from viewer.services.jobs import Deliver, Job, JobRunner
    from viewer.services.loading import LoadedCase

Result = TypeVar("Result")
# A volume, the truth beside its images, and why that is left out.
LoadedSeries = tuple["Volume", "Truth | None", CaseStageError | None]
_LAID_OUT = frozenset({"layout", "main"})
_HUNG = _LAID_OUT | frozenset(
    "window_centre window_width lut invert axial coronal sagittal camera preset_3d slab_mm slab_mode table_3d "
    "planes_3d cuts_3d box_3d curved".split()
)
_SEEN_FOR_S = 1.0
# Longer than any window takes to paint its first image.
_HELD_FOR_S = 0.15


class _Bringing(Watcher):
    """Brings a volume that is being read onto the main thread, at most one message on its way at a time.

    `look_at` is what will be looked at first; None for the middle.
    """

    def __init__(
        self,
        deliver: Deliver,
        begun: Callable[[Volume, ReadingOrder], None],
        grown: Callable[[], None],
        look_at: Point | None,
    ) -> None:
        self._deliver, self._begun, self._grown, self._look_at = deliver, begun, grown, look_at
        self._on_its_way = False

    def first_slice(self, stack: SliceStack) -> int:
        return stack.middle_slice if self._look_at is None else stack.nearest_slice(self._look_at)

    def begun(self, volume: Volume, order: ReadingOrder) -> None:
        # Reading threads and the one that paints would take turns; the first image comes first.
        order.hold(_HELD_FOR_S)
        self._deliver(partial(self._begun, volume, order))

    def grown(self) -> None:
        if not self._on_its_way:
            self._on_its_way = True
            self._deliver(self._tell)

    def _tell(self) -> None:
        self._on_its_way = False
        self._grown()


class Opening:
    """Brings volumes and cases into the session. Signals are emitted on the main thread.

    `busy` carries Progress, or None when nothing runs; `opened` the volume once it is whole, and
    `prior_opened` the LoadedPrior that a case brings along; `failed` an error to
    show; `told` one that hinders nothing; `rules_sound` that hanging rules in which something was wrong are sound by
    now; `too_large` a SeriesEntry and the error that says how much smaller it would
    fit; `seen` that the first image of what is being read is on the screen.

    While a volume is being read, slices around what the session's view looks at are read first.
    """

    busy = Signal(object)
    failed = Signal(object)
    told = Signal(object)
    rules_sound = Signal()
    too_large = Signal(object, object)
    opened = Signal(object)
    prior_opened = Signal(object)
    seen = Signal()

    def __init__(
        self, session: Session, runner: JobRunner, decoders: Decoders, hanging: HangingRules | None = None
    ) -> None:
        self._session = session
        self._hanging = hanging
        self._runner = runner
        self._decoders = decoders
        self._job: Job | None = None
        self._generation = 0
        self._order: ReadingOrder | None = None
        self._shown_at = 0.0
        self._first_view: ViewState | None = None
        self._like: ViewState | None = None
        self._like_unit = ("", True)
        self._entry: SeriesEntry | None = None
        self._acquired = False
        self.ahead = CaseAhead(runner, decoders)
        self.usual = UsualLook()
        session.view_changed.connect(self._looked_elsewhere)

    @property
    def running(self) -> bool:
        """True while something is being opened."""
        return self._job is not None and self._job.running and not self._job.cancelled

    def open_series(self, entry: SeriesEntry, shrink: int = 1) -> None:
        """Open one series; its first image is in the session before the whole volume is.

        `shrink` makes each pixel the mean of so many by so many.
        """
        self.open_found(lambda _ctx: entry, shrink=shrink)

    def open_found(
        self, find: Callable[[JobContext], SeriesEntry], frame_of_reference_uid: str = "", *, shrink: int = 1
    ) -> None:
        """Open the series that `find` returns, which runs in the background too.

        Parameters
        ----------
        find
            Called in another thread.
        frame_of_reference_uid
            That of the series, to look at it as at what is open where the two share it: phases of one series are
            looked at alike, and the place stays.
        shrink
            As in `open_series`.
        """
        self._entry = None
        watcher = self._watcher(None, self._view_for(frame_of_reference_uid))

        generation = self._generation + 1

        def work(ctx: JobContext) -> LoadedSeries:
            entry = find(ctx)
            self._runner.deliver(partial(self._found, generation, entry))
            # Loaded when something is opened: no window waits for it.
            from viewer.services.loading import load_series
            from viewer.services.truth_beside import truth_or_why_not

            volume = load_series(entry, ctx, watcher, self._decoders, shrink=shrink)
            return volume, *truth_or_why_not(entry, volume, JobContext(cancelled=ctx.cancelled))

        self.start(work, self._series_in)

    def _found(self, generation: int, entry: SeriesEntry) -> None:
        if generation == self._generation:
            self._entry = entry

    def _view_for(self, frame: str) -> ViewState | None:
        volume, view = self._session.volume, self._session.view
        if volume is None or view is None or volume.one_by_one or not frame:
            return None
        return view if frame == volume.series.frame_of_reference_uid else None

    def open_case(self, case: Case, then: Callable[[], None] | None = None, step: int = 0) -> None:
        """Open a case; `then` is called when all of it is in. What a step shows is read first.

        One that was read ahead is there at once.
        """
        self._entry = None
        known = self.ahead.take(case)
        if known is not None:
            self._clear()
            self.start(lambda _ctx: known, partial(self._case_in, then=then))
            return
        watcher = self._watcher(case, case.steps[step].view if step < len(case.steps) else None)

        def work(ctx: JobContext) -> LoadedCase:
            from viewer.services.loading import load_case

            return load_case(case, ctx, watcher, self._decoders)

        self.start(work, partial(self._case_in, then=then))

    def cancel(self) -> None:
        """Stop opening; what was open before the first image stays open."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
            self.busy.emit(None)
        self._drop_half()

    def first_image_seen(self) -> None:
        """Read on: what is there is on the screen."""
        if self._order is not None:
            self._order.go_on()
            self.seen.emit()

    def close(self) -> None:
        """Stop opening, and let go of what is open."""
        self.cancel()
        self._clear()

    def start(self, work: Callable[[JobContext], Result], done: Callable[[Result], None]) -> None:
        """Run what leads to something being opened, in the place of what runs now; `done` gets its result."""
        if self._job is not None:
            self._job.cancel()
        # What is asked for now has the memory and the processors for itself.
        self.ahead.forget()
        self._generation += 1

        def finish(result: Result) -> None:
            self._job = None
            self.busy.emit(None)
            done(result)
            if self._job is None:
                self._drop_half()

        self._job = self._runner.run(work, done=finish, failed=self._fail, progress=self.busy.emit, lane=Lane.PLACES)

    def _watcher(self, case: Case | None, view: ViewState | None) -> Watcher:
        generation = self._generation + 1

        def begun(volume: Volume, order: ReadingOrder) -> None:
            if generation == self._generation and self.running:
                self._begun(case, volume, order)

        def grown() -> None:
            if generation == self._generation and self._session.volume is not None and self._session.volume.preview:
                self._session.slices_in = self._session.volume.slices_in

        before = self._session.volume if case is None else None
        self._like = view
        self._like_unit = ("", True) if before is None else (before.unit, before.suits_hu)
        return _Bringing(self._runner.deliver, begun, grown, None if view is None else view.cursor_lps_mm)

    def _fail(self, error: CaseStageError) -> None:
        self._job = None
        self.busy.emit(None)
        self._drop_half()
        if isinstance(error, TooLargeError) and error.shrink and self._entry is not None:
            self.too_large.emit(self._entry, error)
        else:
            self.failed.emit(error)

    def _begun(self, case: Case | None, volume: Volume, order: ReadingOrder) -> None:
        self._clear()
        self._order = order
        self._shown_at = time.monotonic()
        self._session.case = case
        self._session.volume = volume
        self._session.slices_in = volume.slices_in
        self._first_view = self._view_of(volume)
        self._session.view = self._first_view
        seen = volume.stack.nearest_slice(self._first_view.cursor_lps_mm)
        if case is not None or volume.arrived is None or not volume.arrived[seen]:
            # A story's pictures stay covered until all of them are there; and what is looked at may still be missing.
            order.go_on()

    def _looked_elsewhere(self, view: ViewState | None, old: ViewState | None) -> None:
        if self._session.view_fitting and old is self._first_view:
            self._first_view = view
        if view is not None and old is not None and view.acquired != old.acquired:
            # What is opened next is looked at alike. What a step of a story shows is nobody's choice.
            if self._session.workspace is not Workspace.PRESENT:
                self._acquired = view.acquired
        volume = self._session.volume
        if self._order is not None and view is not None and volume is not None and volume.preview:
            self._order.focus = volume.stack.nearest_slice(view.cursor_lps_mm)

    def _drop_half(self) -> None:
        """Let go of what was read in part and is read no more: the rest of it would be waited for in vain."""
        if self._session.volume is not None and self._session.volume.preview:
            self._clear()

    def _clear(self) -> None:
        session = self._session
        self._order = None
        session.view = None
        session.carried = ()
        session.findings = ()
        session.truth = None
        session.decisions = {}
        session.case = None
        session.volume = None

    def _series_in(self, loaded: LoadedSeries) -> None:
        volume, truth, problem = loaded
        self._volume_in(volume, truth)
        if problem is not None:
            self.told.emit(problem)

    def _volume_in(self, volume: Volume, truth: Truth | None = None) -> None:
        looked_at = self._kept_view(volume)
        self._make_way(volume)
        self._session.volume = volume
        self._session.truth = truth
        self._session.view = looked_at or self._view_of(volume)
        self.opened.emit(volume)

    def _view_of(self, volume: Volume) -> ViewState:
        """Return the view of a volume: as what it follows was looked at, where that is known and meets it."""
        fitted, like = evolve(self._hung(volume), acquired=self._acquired), self._like
        unit, suited_hu = self._like_unit
        # Only a step of a case, of which no unit is known beforehand, was made for images that are no volume.
        alone = volume.one_by_one and bool(unit)
        if like is None or alone or volume.grid.nearest_ijk(like.cursor_lps_mm) is None:
            return fitted
        if like.series_uid == volume.series.series_uid and unit in ("", volume.unit):
            # What was in hand is a finding of the images before; a step of a case has it in hand again.
            return evolve(like, selected_finding=None) if unit else like
        return as_before(like, fitted, with_preset=suited_hu == volume.suits_hu)

    def _hung(self, volume: Volume) -> ViewState:
        """Return the first view of a volume, by the hanging rules."""
        view = self.usual.on(volume, view_of_volume(volume))
        if self._hanging is None:
            return view
        was_wrong = self._hanging.wrong is not None
        view, problem = self._hanging.shown(volume, view)
        if problem is not None:
            self.told.emit(problem)
        elif was_wrong and self._hanging.wrong is None:
            self.rules_sound.emit()
        return view

    def hang_again(self, go: Callable[[ViewState], None]) -> None:
        """Let `go` show what is open as it opens by the rules of now; layouts of a comparison stay.

        The place stays, and what lies over the picture.
        """
        volume, view = self._session.volume, self._session.view
        if volume is None or view is None:
            return
        hung = self._hung(volume)
        parts = _HUNG if view.comparison is Comparison.OFF else _HUNG - _LAID_OUT
        # It is the rules' choice and not the user's.
        self._session.layout_passes = True
        try:
            go(evolve(view, **{name: getattr(hung, name) for name in parts}))
        finally:
            self._session.layout_passes = False

    def _make_way(self, volume: Volume) -> None:
        """Clear the session, but leave the same volume in it that was being read: it is still looked at."""
        before = self._session.volume
        if before is None or not before.preview or not np.shares_memory(before.slices, volume.slices):
            self._clear()
        self._order = None

    def _kept_view(self, volume: Volume) -> ViewState | None:
        """Return the view of the same series while it was read, if it is to stay, and None where there was none.

        It stays as it is where the user has moved it, or has seen it for so long that any change would be felt; else
        the image that was seen stays.
        """
        before, view = self._session.volume, self._session.view
        if before is None or not before.preview or view is None or view.series_uid != volume.series.series_uid:
            return None
        if view != self._first_view or time.monotonic() - self._shown_at > _SEEN_FOR_S:
            return view
        bounds = before.grid.bounds_lps_mm if before.body_lps_mm is None else before.body_lps_mm
        return as_first_seen(volume, self._view_of(volume), view, bounds)

    def _case_in(self, loaded: LoadedCase, then: Callable[[], None] | None) -> None:
        self._make_way(loaded.volume)
        session = self._session
        session.volume = loaded.volume
        session.case = loaded.case
        session.truth = loaded.truth
        session.carried = carried_among(loaded.findings)
        session.findings = loaded.findings
        session.results = {result.model_id: result for result in loaded.results}
        view = evolve(self._hung(loaded.volume), acquired=self._acquired)
        first = loaded.case.steps[0].view if loaded.case.steps else view
        session.view = first if loaded.case.steps else evolve(view, show_truth=False)
        self.opened.emit(loaded.volume)
        if loaded.note:
            self.told.emit(CaseStageError(loaded.note, ""))
        if loaded.prior is not None:
            self.prior_opened.emit(loaded.prior)
        if then is not None:
            then()
