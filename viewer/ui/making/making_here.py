"""The window's part in making a case: the panel beside the picture, saving, and presenting what was saved."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from viewer.domain.count_words import count_words
from viewer.domain.errors import CancelledError, CaseStageError, SignOffError
from viewer.domain.job import JobContext
from viewer.domain.reading_direction import isolated
from viewer.domain.session import Workspace
from viewer.services.navigation import Motion
from viewer.services.places import data_folder
from viewer.ui.dialog_place import begin_in, untraced
from viewer.ui.making_commands import MakingAsks
from viewer.ui.messages import Message
from viewer.ui.present.case_pictures import case_picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.walkthrough import Case
    from viewer.services.case_making import CaseMaking
    from viewer.services.case_saving import Making
    from viewer.services.jobs import Job
    from viewer.ui.main_window import MainWindow
    from viewer.ui.making.contact_sheet import SignOffSheet
    from viewer.ui.making.making_panel import MakingPanel

_SAVING = Message("The case is being saved without its patient.", calm=True, passing=True)


class MakingHere:
    """Stands between one window and the making of a case; `connect` is called once the window is built."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._making: CaseMaking = window.desk.case_making
        self._job: Job | None = None
        self._shown = False
        self._signing: tuple[Making, bool] | None = None
        self.panel: MakingPanel | None = None
        self.sign_off: SignOffSheet | None = None

    def asks(self) -> MakingAsks:
        """Return what the commands ask."""
        return MakingAsks(
            self.start,
            self.capture,
            self.use_view,
            self.save,
            self.choose_picture,
            self._making.put_away,
            lambda: self._job is not None,
            self._changing,
        )

    def connect(self) -> None:
        """Follow the draft."""
        self._making.changed.connect(self._changed)
        self._making.failed.connect(lambda error: self._window.tell(Message.of(error)))

    def start(self, told: bool) -> None:
        """Begin a case, told from the findings or empty; without findings a draft that was left goes on."""
        left = None if told else self._making.left_over()
        try:
            if self._making.draft is not None and not told:
                return
            if left is not None:
                self._making.go_on(left)
                self._window.tell(Message("This is the draft that was left.", "Ctrl+Enter adds a step.", calm=True))
            else:
                self._making.start(told=told)
        except CaseStageError as error:
            self._window.tell(Message.of(error))
        self._window.desk.session.workspace = Workspace.REVIEW
        step = self._making.in_hand
        if self.panel is None or self._making.draft is None:
            return
        if told and step is not None:
            self._look(step.id)
        if not self._making.draft.title:
            self.panel.title.setFocus(Qt.FocusReason.OtherFocusReason)

    def capture(self) -> None:
        """Keep what is seen as a step."""
        self._window.desk.navigation.finish()
        try:
            if self._making.draft is None and (left := self._making.left_over()) is not None:
                self._making.go_on(left)
            self._making.capture()
        except CaseStageError as error:
            self._window.tell(Message.of(error))
            return
        self._tell_what_stays_behind()
        draft = self._making.draft
        if draft is not None and (self.panel is None or not self.panel.isVisible()):
            self._window.status.say(f"Captured: the case has {count_words(len(draft.steps), 'step')}. Review shows it.")

    def use_view(self, step_id: str) -> None:
        """Let a step show what is seen."""
        self._making.set_view(step_id)
        self._tell_what_stays_behind()

    def _tell_what_stays_behind(self) -> None:
        view, step = self._window.desk.session.view, self._making.in_hand
        if view is not None and step is not None and step.view.comparison is not view.comparison:
            words = "The step shows the first scan alone: the second one cannot come along into a case."
            hint = "It holds the same images, or is not DICOM, or not all of it is in."
            self._window.tell(Message(words, hint))

    def choose_picture(self) -> None:
        """Ask for a picture, and add it to the narration of the step in hand."""
        words = "A picture for the narration"
        # Where none is named, a dialog begins where the last one ended.
        start = begin_in(self._window.desk.session, "")
        with untraced():
            chosen, _ = QFileDialog.getOpenFileName(self._window, words, start, "Pictures (*.png *.jpg *.jpeg)")
        if chosen:
            self.add_picture(Path(chosen))

    def add_picture(self, path: Path) -> None:
        """Add a picture to the narration of the step in hand, its pixels alone."""
        from viewer.ui.making.chosen_picture import chosen_picture

        try:
            self._making.pictures.add(*chosen_picture(path))
        except CaseStageError as error:
            self._window.tell(Message.of(error))
            return
        words = "Look that nobody is named in the picture: it leaves with the case."
        self._window.tell(Message(words, "What the file says beside its pixels was left behind.", calm=True))

    def save(self, present: bool) -> None:
        """Save the case in the background, and present it then where that was asked."""
        try:
            self._save(self._making.making(), present)
        except CaseStageError as error:
            self._window.tell(Message.of(error))

    def _save(self, making: Making, present: bool, *, signed_off: bool = False) -> None:
        # What saving stands on is loaded when it is asked for, not with the window.
        from viewer.services.case_saving import save_case

        desk, status = self._window.desk, self._window.status
        cases = data_folder() / "cases"
        stop = threading.Event()

        def work(ctx: JobContext) -> Case | None:
            stoppable = JobContext(ctx.on_progress, lambda: stop.is_set() or ctx.cancelled())
            try:
                return save_case(making, cases, stoppable, desk.decoders, signed_off=signed_off)
            except CancelledError:
                return None

        def failed(error: CaseStageError) -> None:
            self._ended()
            if isinstance(error, SignOffError):
                self._ask_to_look(making, present, error)
            else:
                self._window.tell(Message.of(error))

        self._window.tell(_SAVING)
        self._job = desk.runner.run(
            work,
            done=partial(self._saved, making, present),
            failed=failed,
            progress=lambda progress: status.show_busy(progress, stop.set),
        )
        self._window.refresh_soon()

    def _ended(self) -> None:
        self._job = None
        self._window.status.show_busy(None, None)
        self._window.messages.withdraw(_SAVING)
        self._window.refresh_soon()

    def _saved(self, making: Making, present: bool, case: Case | None) -> None:
        """Tell what came of saving; None where it was cancelled in time."""
        self._ended()
        window = self._window
        if case is None:
            window.tell(Message("Saving was cancelled: no case was written.", "The draft is as it was.", calm=True))
            return
        whole = self._making.became_case(making.draft)
        window.library.refresh()
        if present:
            window.open_case(case)
            return
        words = f"“{isolated(case.title)}” is in the library."
        if not whole:
            words += " What was changed since it was saved is in the draft alone."
        window.tell(Message(words, calm=True, action="Present it", act=lambda: window.open_case(case)))

    def _ask_to_look(self, making: Making, present: bool, error: SignOffError) -> None:
        if self.sign_off is None:
            from viewer.ui.making.contact_sheet import SignOffSheet

            self.sign_off = SignOffSheet(self._window, self._window.theme)
            self.sign_off.signed_off.connect(self._signed_off)
        self._signing = (making, present)
        volumes = [making.volume, *([making.prior.volume] if making.prior is not None else [])]
        self.sign_off.tell(volumes, error)

    def _signed_off(self) -> None:
        signing, self._signing = self._signing, None
        if signing is not None:
            self._save(*signing, signed_off=True)

    def _changed(self) -> None:
        review = self._window.review
        on = self._making.draft is not None
        if on and self.panel is None:
            from viewer.ui.making.card_preview import CardPreview
            from viewer.ui.making.making_panel import MakingPanel

            window = self._window
            preview = CardPreview(window.canvas, window.theme)
            self.panel = MakingPanel(
                self._making, window.desk.session, window.desk.finding_run, window.theme, window.actions_, preview
            )
            self.panel.picked.connect(self._look)
        if on is not self._shown:
            self._shown = on
            self._bring_pictures()
            review.show_instead(self.panel if on else None)
        self._window.refresh_soon()

    def _bring_pictures(self) -> None:
        """Put the pictures of the case that a draft began as beside it."""
        case, pictures = self._window.desk.session.case, self._making.pictures
        missing = pictures.missing() if case is not None else ()
        if case is None or not missing:
            return
        from viewer.ui.making.chosen_picture import pixels_alone

        for name in missing:
            image = case_picture(case.folder, name)
            if image is not None:
                try:
                    pictures.bring(name, pixels_alone(image, "png" if name.lower().endswith("png") else "jpg"))
                except CaseStageError as error:
                    self._window.tell(Message.of(error))

    def _changing(self, change: Callable[[], None]) -> None:
        """Change the draft; where another step is in hand then, that one is looked at."""
        before = self._making.in_hand
        change()
        step = self._making.in_hand
        if step is not None and (before is None or before.id != step.id):
            self._look(step.id)

    def _look(self, step_id: str) -> None:
        """Take a step in hand and fly to what it shows."""
        self._making.choose(step_id)
        draft, step = self._making.draft, self._making.in_hand
        if draft is not None and step is not None:
            self._window.desk.navigation.go(draft.shown(step), Motion.FINDING)
