"""The window's part in rehearsing: a case from its start with the clock, and at the end what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.errors import CaseStageError, StorageError
from viewer.domain.session import Workspace
from viewer.ui.messages import Message

KEEPING = "Keeping how these steps look"
KEPT = "How these steps look is kept: “Is this computer ready?” compares with it"
NOT_KEPT = "How these steps look could not be kept; “Is this computer ready?” says why"

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.walkthrough import Case
    from viewer.io.rehearsal_file import Rehearsal
    from viewer.services.rehearsing import Rehearsing
    from viewer.ui.main_window import MainWindow
    from viewer.ui.presenter.rehearsal_sheet import RehearsalSheet
    from viewer.ui.program_run import ProgramRun


class RehearsalsHere:
    """Stands between one window and whoever rehearses.

    Parameters
    ----------
    notes_shown
        Shows the notes when a rehearsal begins (True), and takes them away when it ends.
    """

    def __init__(self, window: MainWindow, rehearsing: Rehearsing, notes_shown: Callable[[bool], None]) -> None:
        self._window, self._rehearsing, self._notes_shown = window, rehearsing, notes_shown
        self._desk = window.desk
        self.sheet: RehearsalSheet | None = None
        self._next = ""
        self._told: tuple[Case, Rehearsal] | None = None
        self.keeping: ProgramRun | None = None

    @property
    def case(self) -> Case | None:
        """The case that would be rehearsed: the one in hand in the library, elsewhere the open one."""
        session = self._desk.session
        if session.workspace is Workspace.LIBRARY:
            return self._window.library.case_in_hand
        return session.case if session.case is not None and session.case.steps else None

    def rehearse(self) -> None:
        """Present the case in hand from its start, with the clock; asked again, end and show what it took."""
        if self._rehearsing.running:
            self._window.leave_present()
            return
        case = self.case
        if case is None:
            return
        self._next = case.id
        self._window.open_case(case)
        self.begin()

    def begin(self) -> None:
        """Start the clock once the case that is to be rehearsed is on stage."""
        case = self._desk.session.case
        ready = case is not None and case.id == self._next and not self._window.stage.preparing
        if not ready or self._desk.session.workspace is not Workspace.PRESENT:
            return
        self._next = ""
        self._rehearsing.start()
        self._notes_shown(True)

    def forget(self) -> None:
        """Rehearse nothing that is still being opened."""
        self._next = ""

    def end(self) -> None:
        """Keep what was measured, and show it beside what was planned."""
        case = self._desk.session.case
        record = self._rehearsing.finish()
        self._notes_shown(False)
        if record is None or case is None or case.id != record.case:
            return
        try:
            self._desk.rehearsals.keep(record)
        except StorageError as error:
            self._window.tell(Message.of(error))
        if self.sheet is None:
            from viewer.ui.presenter.rehearsal_sheet import RehearsalSheet

            self.sheet = RehearsalSheet(self._window, self._window.theme)
            self.sheet.taken_over.connect(self._take_over)
        self._told = (case, record)
        self.sheet.tell(case, record)
        self._keep_pictures(case, record)
        self._window.library.refresh()

    def close(self) -> None:
        """Stop what runs."""
        if self.keeping is not None:
            self.keeping.close()

    def _keep_pictures(self, case: Case, record: Rehearsal) -> None:
        """Let another process draw and keep the steps that were told, for the doctor to compare with."""
        assert self.sheet is not None
        if self.keeping is None:
            from viewer.ui.program_run import ProgramRun

            self.keeping = ProgramRun(self._window)
            self.keeping.ended.connect(self._pictures_kept)
        told = {time.step for time in record.times}
        numbers = ",".join(str(n) for n, step in enumerate(case.steps, start=1) if step.id in told)
        self.sheet.say_pictures(KEEPING)
        self.keeping.start(["doctor", case.id, "--keep", "--steps", numbers, "--no-models", "--json"])

    def _pictures_kept(self, code: int, said: str, _complained: str) -> None:
        assert self.sheet is not None
        self.sheet.say_pictures(KEPT if code == 0 or '"Compared with"' in said else NOT_KEPT)

    def _take_over(self, times: bool, cues: bool) -> None:
        told, self._told = self._told, None
        if told is None:
            return
        case, record = told
        try:
            new = self._desk.rehearsals.take_over(case, record, times=times, cues=cues)
        except CaseStageError as error:
            self._window.tell(Message.of(error))
            return
        session = self._desk.session
        if session.case is not None and session.case.id == new.id:
            step = session.step
            session.case = new
            session.step = step
        self._window.library.refresh()
