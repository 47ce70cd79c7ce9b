"""A second volume beside the first, or behind a curtain: looked at alike, each in its own coordinates."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve, frozen
from psygnal import Signal

from viewer.domain.view_state import Comparison, Layout, ViewName, ViewState
from viewer.services.aligning import Aligning, How, share_frame
from viewer.services.linked_views import Links, followed
from viewer.services.reader_marks import carried_among
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.job import JobContext
    from viewer.domain.model_result import ModelResult
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.io.series_entry import SeriesEntry
    from viewer.services.jobs import JobRunner
    from viewer.services.kept_alignments import KeptAlignments
    from viewer.services.loading import LoadedPrior
    from viewer.services.opening import Opening


@frozen
class LookedAt:
    """How two volumes were looked at: both views, of the second one where it is known, and what was linked."""

    here: ViewState
    there: ViewState | None = None
    links: Links | None = None


class Comparing:
    """Keeps the view of a second session at the same place as that of the first. Signals are on the main thread.

    `changed` tells that a comparison began or ended, or that links or alignment are different.
    """

    changed = Signal()

    def __init__(
        self,
        session: Session,
        other: Session,
        opening: Opening,
        runner: JobRunner,
        kept: KeptAlignments | None = None,
    ) -> None:
        self._session, self._other, self._opening = session, other, opening
        self.aligning = Aligning(session, other, runner, kept)
        self._links = Links()
        self._begun: tuple[str, str] | None = None
        self._following = self._told = self._of_case = False
        self._before: tuple[Layout, ViewName] | None = None
        self._wanted = Comparison.BESIDE
        self._prior: LoadedPrior | None = None
        self._second: ModelResult | None = None
        self._as_before: LookedAt | None = None
        session.view_changed.connect(self._here_moved)
        other.view_changed.connect(self._there_moved)
        other.volume_changed.connect(self._there_changed)
        self.aligning.changed.connect(self._aligned)
        for here, there in ((session, other), (other, session)):
            here.measurements_changed.connect(partial(self._same_said, here, there))
            here.decisions_changed.connect(partial(self._same_said, here, there))
            here.findings_changed.connect(partial(self._same_said, here, there))
            here.overlays_changed.connect(partial(self._same_said, here, there))
        for signal in (
            session.workspace_changed,
            session.masked_changed,
            session.reader_changed,
            session.veiled_changed,
            session.measured_on_stage_changed,
        ):
            signal.connect(self._mirror)
        self._mirror()

    # --- what is compared

    @property
    def on(self) -> bool:
        """True while a second volume is open, if only in part."""
        return self._other.volume is not None

    @property
    def mode(self) -> Comparison:
        """How the second volume is shown; off where there is none."""
        view = self._session.view
        return view.comparison if view is not None and self.on else Comparison.OFF

    @mode.setter
    def mode(self, mode: Comparison) -> None:
        view = self._session.view
        if view is None or not self.on:
            return
        self.prefer(mode)
        if mode is Comparison.BESIDE and view.comparison is not Comparison.BESIDE and view.layout is not Layout.SINGLE:
            # Two pictures, each as large as can be; all planes of both are one key away.
            self._before = (view.layout, view.main)
            main = ViewName.AXIAL if view.main is ViewName.THREE_D else view.main
            view = evolve(view, layout=Layout.SINGLE, main=main)
        elif mode is not Comparison.BESIDE and self._before is not None and view.layout is Layout.SINGLE:
            view = evolve(view, layout=self._before[0], main=self._before[1])
            self._before = None
        if mode is Comparison.CURTAIN:
            # Behind a curtain the two lie on each other: nothing else would be true.
            view = evolve(view, acquired=False)
            self.links = evolve(self._links, place=True)
        self._session.view = evolve(view, comparison=mode)
        self.changed.emit()

    def prefer(self, mode: Comparison) -> None:
        """Show the next second volume in this way."""
        if mode in (Comparison.BESIDE, Comparison.CURTAIN):
            self._wanted = mode

    @property
    def same_patient(self) -> bool | None:
        """True where both volumes say that they are of one patient, False where not, None where one does not say."""
        here, there = self._session.volume, self._other.volume
        if here is None or there is None:
            return None
        ids = [volume.series.identity.patient_id for volume in (here, there)]
        return ids[0] == ids[1] if all(ids) else None

    @property
    def same_frame(self) -> bool:
        """True where both volumes lie in one frame of reference."""
        return share_frame(self._session.volume, self._other.volume)

    def open(self, find: Callable[[JobContext], SeriesEntry]) -> None:
        """Open the series that `find` returns, called in another thread, beside the first."""
        self._of_case, self._as_before = False, None
        self._opening.open_found(find)

    def open_as_before(self, find: Callable[[JobContext], SeriesEntry], looked: LookedAt) -> None:
        """Open the series that `find` returns beside the first, and look at both as they were looked at once."""
        self.prefer(looked.here.comparison)
        self.open(find)
        self._as_before = looked

    def bring(self, prior: LoadedPrior) -> None:
        """Open what a case is compared with; how it is shown is for the case's steps to say."""
        here = self._session.volume
        if here is None:
            return
        self._prior, self._second, self._as_before = prior, None, None
        self._opening.close()
        self.aligning.told(here, prior.volume, prior.alignment)
        self._told = self._of_case = True
        try:
            self._other.carried = carried_among(prior.findings)
            self._other.findings = prior.findings
            self._other.volume = prior.volume
            self._other.view = view_of_volume(prior.volume)
        finally:
            self._told = False

    def show_second(self, second: ModelResult) -> None:
        """Let the other side show the open volume too, with what a second model says of it."""
        session, other = self._session, self._other
        view = session.view
        if session.volume is None or view is None:
            return
        self._told, self._second = True, second
        try:
            if other.volume is not session.volume:
                self._opening.close()
                other.carried = session.carried
                other.volume = session.volume
            other.results = session.results
            other.case = session.case
            other.decisions = {}
            other.view = evolve(view, threshold=second.threshold)
            other.truth = session.truth
            other.findings = second.findings
        finally:
            self._told = False
        self._of_case = session.case is not None
        self.changed.emit()

    def end_second(self) -> None:
        """Take the second model's side away; what a case is compared with is there again."""
        if self._second is None:
            return
        self._second, prior = None, self._prior
        self._of_case = False
        self._opening.close()
        if prior is not None and self._session.case is not None:
            self.bring(prior)
        self.changed.emit()

    def show_same(self) -> None:
        """Compare the open volume with itself: in another window, another plane, or elsewhere."""
        self._of_case = False
        self._second = self._as_before = None
        self._opening.close()
        self._other.carried = self._session.carried
        self._other.findings = self._session.findings
        self._other.truth = self._session.truth
        self._other.volume = self._session.volume
        self._other.overlays = self._session.overlays
        self._other.decisions = self._session.decisions
        self._other.measurements = self._session.measurements
        self._other.view = self._session.view

    def close(self) -> None:
        """End the comparison; the first volume stays as it is."""
        if self.on or self._opening.running:
            self.mode = Comparison.OFF
            self._of_case = False
            self._opening.close()
            self._second = self._as_before = None
            self.changed.emit()

    # --- links and alignment

    @property
    def links(self) -> Links:
        """What is linked."""
        return self._links

    @links.setter
    def links(self, links: Links) -> None:
        before, self._links = self._links, links
        if links == before:
            return
        if not links.place and self.mode is Comparison.CURTAIN:
            self.mode = Comparison.BESIDE
        here, there = self._session.view, self._other.view
        if links.place and not before.place and here is not None and there is not None:
            # Whoever let go, moved and links again says what belongs together.
            self.aligning.alignment = self.aligning.alignment.meeting(here.cursor_lps_mm, there.cursor_lps_mm)
        if links.window and not before.window:
            self._follow()
        self.changed.emit()

    # --- following

    def _here_moved(self, new: ViewState | None, old: ViewState | None) -> None:
        if new is None or not self.on or self._following:
            return
        if old is None or old.series_uid != new.series_uid:
            self._here_exchanged()
        elif self.mode is Comparison.CURTAIN and new.acquired:
            self.mode = Comparison.BESIDE
        else:
            self._follow()

    def _there_moved(self, new: ViewState | None, old: ViewState | None) -> None:
        here, there = self._session.view, self._other.volume
        if new is None or there is None or here is None or self._following:
            return
        if old is None:
            self._begin()
            return
        self._following = True
        try:
            self._session.view = followed(here, new, self.aligning.alignment.back, self._links)
        finally:
            self._following = False

    def _aligned(self) -> None:
        self._follow()
        self.changed.emit()

    def _follow(self) -> None:
        here, there = self._session.view, self._other.view
        if here is None or there is None or self._following or not self.on:
            return
        self._following = True
        try:
            self._other.view = followed(there, here, self.aligning.alignment, self._links)
        finally:
            self._following = False

    def _here_exchanged(self) -> None:
        # What stands beside another patient, or beside a story that knows nothing of it, would mislead.
        alike = self.same_patient or self.same_frame
        if self._session.case is not None or self._of_case or not alike:
            self.close()
        else:
            self._begin()

    def _begin(self) -> None:
        here, there, pair = self._session.volume, self._other.volume, self.aligning.pair
        if here is None or there is None or pair is None:
            return
        if pair != self._begun:
            self._begun = pair
            self._links = Links.of(here, there)
            self.aligning.begin()
        looked, self._as_before = self._as_before, None
        if looked is not None:
            self._look_as_before(looked)
        else:
            if not self._told:
                self.mode = self._wanted
            self._follow()
        self.changed.emit()

    def _look_as_before(self, looked: LookedAt) -> None:
        here, there = self._session.view, self._other.view
        if here is None or there is None:
            return
        if looked.links is not None:
            self._links = looked.links
        was = looked.here
        self._session.view = evolve(here, comparison=was.comparison, layout=was.layout, main=was.main)
        here = self._session.view or here
        if looked.there is not None and looked.there.series_uid == there.series_uid:
            there = looked.there
        self._following = True
        try:
            self._other.view = followed(there, here, self.aligning.alignment, self._links)
        finally:
            self._following = False

    def _there_changed(self, new: Volume | None, old: Volume | None) -> None:
        if new is None and old is not None:
            self.aligning.stop()
            self.changed.emit()
        elif new is not None and not new.preview and self.aligning.pair == self._begun:
            if self.aligning.how is How.MIDDLES:
                self.aligning.begin()

    def _same_said(self, here: Session, there: Session, *_: object) -> None:
        """Say of a volume that is compared with itself the same on both sides; of two models each says its own."""
        # A side that has no view is being let go of, or comes: what it forgets on its way is said of the other still.
        if here.volume is not None and here.volume is there.volume and here.view is not None:
            if self._second is None:
                there.findings = here.findings
                there.decisions = here.decisions
                there.overlays = here.overlays
            there.measurements = here.measurements

    def _mirror(self, *_: object) -> None:
        # A second volume's identity is hidden where the first one's is.
        self._other.workspace = self._session.workspace
        self._other.masked = self._session.masked
        self._other.veiled = self._session.veiled
        self._other.measured_on_stage = self._session.measured_on_stage
        self._other.reader = self._session.reader
