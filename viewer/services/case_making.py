"""Makes a case out of what is open: steps are captured from the view, put in order, told, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, evolve
from psygnal import Signal

from viewer.domain.draft import Draft
from viewer.domain.errors import CaseDocumentError, StorageError
from viewer.domain.history import History
from viewer.domain.step_acts import CurtainDraw, LiveRun, Question, Sweep
from viewer.domain.view_state import Comparison
from viewer.domain.walkthrough import Step
from viewer.services.draft_pictures import DraftPictures
from viewer.services.kept_drafts import KeptDrafts

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.services.case_saving import Making, PriorScan
    from viewer.services.comparing import Comparing


@define(eq=False)
class _Edit:
    before: Draft
    after: Draft


class CaseMaking:
    """A draft about the open series. `changed` tells that it, or the step in hand, is different.

    Every change can be undone and is on disk when the call returns; where the disk refuses, `failed` carries why, the
    draft goes on in memory, and is `kept` there until a later try. Opening another series puts the draft away; it is
    there again with its series.

    Parameters
    ----------
    session, other, comparing
        What is open, and the second volume that it is compared with, where there is one.
    folder
        Where drafts are kept.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(
        self, session: Session, folder: Path, other: Session | None = None, comparing: Comparing | None = None
    ) -> None:
        self._session = session
        self._other, self._comparing = other, comparing
        self._draft: Draft | None = None
        self._in_hand = ""
        self.kept = KeptDrafts(folder, self.failed.emit)
        self._history: History[_Edit] = History()
        self._last: tuple[object, _Edit] | None = None
        self.pictures = DraftPictures(self, folder)
        session.volume_changed.connect(self._volume_changed)

    # --- the draft

    @property
    def draft(self) -> Draft | None:
        """The draft; None while no case is being made."""
        return self._draft

    @property
    def in_hand(self) -> Step | None:
        """The step that was captured or chosen last."""
        draft = self._draft
        return None if draft is None else next((step for step in draft.steps if step.id == self._in_hand), None)

    @property
    def why_not(self) -> str:
        """Why no case can be made of what is open, in a sentence; "" where one can."""
        volume = self._session.volume
        if volume is None:
            return "Nothing is open."
        if volume.preview:
            return "Wait until all images are in."
        return "" if volume.source_uids else "Only DICOM CT can be made into a case."

    def left_over(self) -> Draft | None:
        """Return the newest draft about the open series; None where there is none."""
        volume = self._session.volume
        return None if volume is None else self.kept.newest_of(volume)

    def start(self, *, told: bool = False) -> Draft:
        """Begin a draft and return it: of the open case where there is one, else empty; or told from the findings.

        Told while there is a draft, the steps take the place of its own, and undo brings those back.

        Raises
        ------
        CaseDocumentError
            When no case can be made of what is open.
        """
        from viewer.services.first_draft import first_draft

        volume, view = self._session.volume, self._session.view
        if self.why_not or volume is None or view is None:
            raise CaseDocumentError(self.why_not or "Nothing is open.", "Open a DICOM CT first.")
        case = self._session.case
        steps: tuple[Step, ...] = ()
        if not told and case is not None and case.series_uid == volume.series.series_uid:
            return self._begin(Draft.of(volume, title=case.title, summary=case.summary, steps=case.steps))
        if told:
            session, prior = self._session, self._prior()
            beside = prior.titles if prior is not None else None
            steps = first_draft(
                volume, session.findings, session.truth, view, said=session.anything_said, beside=beside
            )
        first = next((step.id for step in steps if step.id.startswith("finding-")), "")
        if not told or self._draft is None:
            return self._begin(Draft.of(volume, steps=steps, hidden_until=first))
        # What was made so far comes back with undo.
        return self._change(evolve(self._draft, steps=steps, hidden_until=first), steps[0].id)

    def go_on(self, draft: Draft) -> None:
        """Take up a draft that was left."""
        self._begin(draft)

    def put_away(self) -> None:
        """End making; the draft stays on disk."""
        if self._draft is not None:
            self._draft, self._in_hand = None, ""
            self._history.clear()
            self._last = None
            self.changed.emit()

    def became_case(self, saved: Draft) -> bool:
        """Remove a draft that became a case, wherever it is; return False where it was changed since: it stays."""
        if not self.kept.is_as(saved):
            return False
        if self._draft is not None and self._draft.id == saved.id:
            self.put_away()
        try:
            self.kept.remove(saved.id)
        except StorageError as error:
            self.failed.emit(error)
        return True

    def _begin(self, draft: Draft) -> Draft:
        self._draft = draft
        self._in_hand = draft.steps[0].id if draft.steps else ""
        self._history.clear()
        self._last = None
        self._keep()
        return draft

    # --- steps

    def capture(self) -> Step:
        """Add what is looked at as a step behind the one in hand, with a title that fits, and return it.

        A draft is begun where there is none.

        Raises
        ------
        CaseDocumentError
            When no case can be made of what is open.
        """
        from viewer.services.step_titles import step_title

        if self._draft is None:
            self.start()
        draft, volume, view = self._draft, self._session.volume, self._view()
        assert draft is not None
        assert volume is not None
        step = Step(draft.free_id(), step_title(view, volume, self._session.selected), "", view)
        place = draft.index(self._in_hand) + 1 if self.in_hand is not None else len(draft.steps)
        self._change(draft.with_step(step, place), step.id)
        return step

    def choose(self, step_id: str) -> None:
        """Take a step in hand."""
        if self._draft is not None and step_id != self._in_hand:
            self._draft.index(step_id)
            self._in_hand = step_id
            self._last = None
            self.changed.emit()

    def edit(
        self,
        step_id: str,
        *,
        title: str | None = None,
        narration: str | None = None,
        notes: str | None = None,
        duration_s: float | None = None,
        alone: bool = False,
    ) -> None:
        """Change what is said in a step, or how long it takes; typing on in one field is one change.

        With `alone` it is a change by itself.
        """
        given: dict[str, Any] = {"title": title, "narration": narration, "notes": notes, "duration_s": duration_s}
        changes = {key: value for key, value in given.items() if value is not None}
        draft = self._there()
        step = draft.steps[draft.index(step_id)]
        gesture = None if alone else (step_id, *changes)
        self._change(draft.with_changed(evolve(step, **changes)), step_id, gesture=gesture)

    def ask(self, step_id: str, question: Question | None) -> None:
        """Let a step ask first, or ask nothing any more; typing on is one change."""
        self._act(step_id, "question", question)

    def sweep(self, step_id: str, sweep: Sweep | None) -> None:
        """Let a step sweep the threshold, or leave it where it is."""
        self._act(step_id, "sweep", sweep)

    def draw_curtain(self, step_id: str, curtain: CurtainDraw | None) -> None:
        """Let a step draw the curtain, or leave it where it hangs."""
        self._act(step_id, "curtain", curtain)

    def run_live(self, step_id: str, live: LiveRun | None) -> None:
        """Let a step run a model on stage, or show what was recorded."""
        self._act(step_id, "live", live)

    def _act(self, step_id: str, name: str, what: Question | Sweep | CurtainDraw | LiveRun | None) -> None:
        draft = self._there()
        step = draft.steps[draft.index(step_id)]
        old: Question | Sweep | CurtainDraw | LiveRun | None = getattr(step, name)
        same_answer = not isinstance(old, Question) or (
            isinstance(what, Question) and (old.finding, old.at_lps_mm) == (what.finding, what.at_lps_mm)
        )
        # Typing on is one change; beginning, ending, and another answer are changes of their own.
        gesture = (step_id, name) if what is not None and same_answer else None
        changes: dict[str, Any] = {name: what}
        self._change(draft.with_changed(evolve(step, **changes)), step_id, gesture=gesture)

    def describe(self, *, title: str | None = None, summary: str | None = None) -> None:
        """Change the case's own title or its line."""
        draft = self._there()
        new = evolve(
            draft,
            title=draft.title if title is None else title,
            summary=draft.summary if summary is None else summary,
        )
        self._change(new, self._in_hand, gesture=("case", title is None, summary is None))

    def set_view(self, step_id: str) -> None:
        """Let a step show what is looked at now."""
        draft = self._there()
        step = draft.steps[draft.index(step_id)]
        view = self._view()
        # A curtain is drawn only where one hangs.
        curtain = step.curtain if view.comparison is Comparison.CURTAIN else None
        self._change(draft.with_changed(evolve(step, view=view, curtain=curtain)), step_id)

    def move(self, step_id: str, place: int) -> None:
        """Put a step at another place, from 0."""
        self._change(self._there().with_moved(step_id, place), step_id)

    def duplicate(self, step_id: str) -> None:
        """Put a copy of a step behind it."""
        draft = self._there()
        self._change(draft.with_twin(step_id), draft.free_id())

    def delete(self, step_id: str) -> None:
        """Remove a step; the one that was behind it is in hand then."""
        draft = self._there()
        place = draft.index(step_id)
        left = draft.without(step_id)
        following = left.steps[min(place, len(left.steps) - 1)].id if left.steps else ""
        self._change(left, following)

    def hide_findings_until(self, step_id: str) -> None:
        """Show no findings before a step; "" shows them wherever the views do."""
        draft = self._there()
        if step_id:
            draft.index(step_id)
        self._change(evolve(draft, hidden_until=step_id), step_id or self._in_hand)

    # --- undo

    @property
    def can_undo(self) -> bool:
        """True where there is a change to take back."""
        return self._draft is not None and self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """True where there is a change to make again."""
        return self._draft is not None and self._history.can_redo

    def undo(self) -> None:
        """Take the last change back."""
        edit = self._history.undo()
        if edit is not None:
            self._show(edit.before)

    def redo(self) -> None:
        """Make a change again that was taken back."""
        edit = self._history.redo()
        if edit is not None:
            self._show(edit.after)

    def _show(self, draft: Draft) -> None:
        # It may have got another id since.
        self._draft, self._last = evolve(draft, id=self._there().id), None
        if self.in_hand is None:
            self._in_hand = draft.steps[-1].id if draft.steps else ""
        self._keep()

    # --- saving

    def making(self) -> Making:
        """Return all that saving needs, for `viewer.services.case_saving.save_case` in another thread.

        Raises
        ------
        CaseDocumentError
            When there is nothing to save yet.
        """
        from viewer.services.case_saving import Making

        draft, volume = self._draft, self._session.volume
        if draft is None or volume is None or not draft.steps:
            raise CaseDocumentError("The case has no steps yet.", "Set the view and press Ctrl+Enter to capture one.")
        wanted = dict.fromkeys(model for step in draft.steps for model in step.view.models or ())
        results = tuple(self._session.results[model] for model in wanted if model in self._session.results)
        session = self._session
        # One that has found nothing has said so.
        silent = next((result.source for result in session.results.values() if not result.findings), None)
        return Making(
            draft, volume, session.findings, session.truth, self._prior(), results, self.pictures.home, silent
        )

    def _prior(self) -> PriorScan | None:
        """Return the scan that the open one is compared with; None where there is none, or it is the same."""
        from viewer.services.case_saving import PriorScan
        from viewer.services.compared_titles import titles_beside

        here = self._session.volume
        there = self._other.volume if self._other is not None else None
        if here is None or there is None or there.preview or self._comparing is None or self._other is None:
            return None
        if there.source_uids == here.source_uids or not there.source_uids:
            return None
        told = self._session.case.prior if self._session.case is not None else None
        titles = titles_beside(here, there)
        if told is not None and told.series_uid == there.series.series_uid:
            titles = (told.own_title, told.title)
        alignment = self._comparing.aligning.alignment
        return PriorScan(there, self._other.findings, alignment, titles, self._comparing.same_patient)

    # --- within

    def _there(self) -> Draft:
        if self._draft is None:
            raise CaseDocumentError("No case is being made.", "Choose “Make a case” first.")
        return self._draft

    def _view(self) -> ViewState:
        view = self._session.view
        if view is None:
            raise CaseDocumentError("Nothing is open.", "Open a DICOM CT first.")
        if view.models is not None or self._prior() is not None:
            return view
        return evolve(view, comparison=Comparison.OFF)

    def _change(self, new: Draft, in_hand: str, gesture: object = None) -> Draft:
        old = self._there()
        self._in_hand = in_hand
        if new == old:
            self.changed.emit()
            return old
        if gesture is not None and self._last is not None and self._last[0] == gesture:
            self._last[1].after = new
        else:
            edit = _Edit(old, new)
            self._history.push(edit)
            self._last = (gesture, edit) if gesture is not None else None
        self._draft = new
        self._keep()
        return new

    def _keep(self) -> None:
        assert self._draft is not None
        try:
            self._draft = self.kept.of_its_own(self._draft)
            self.kept.keep(self._draft)
        except StorageError as error:
            self.failed.emit(error)
        self.changed.emit()

    def _volume_changed(self, *_: object) -> None:
        volume, draft = self._session.volume, self._draft
        if draft is not None and (volume is None or not draft.is_of(volume)):
            self.put_away()
