"""The window's part in what is done with a case as a whole: it is left behind in another process."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from viewer.domain.session import Workspace
from viewer.services.cases import can_be_presented, case_state
from viewer.ui.case_commands import CASE_MENU, CaseAsks
from viewer.ui.dialog_place import begin_in, untraced
from viewer.ui.leaving.ready_here import ReadyHere
from viewer.ui.library.page_head import Page

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Case
    from viewer.ui.leaving.leaving_sheet import Form, LeavingSheet
    from viewer.ui.library.library_page import LibraryPage
    from viewer.ui.main_window import MainWindow
    from viewer.ui.program_run import ProgramRun

_FAILED = "It could not be written."


class LeavingHere:
    """Stands between one window and what becomes of a whole case."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        # Commands are there before the page is.
        self._page: LibraryPage | None = None
        self._case: Case | None = None
        self._written: Path | None = None
        self.run: ProgramRun | None = None
        self.sheet: LeavingSheet | None = None
        self.ready = ReadyHere(window, self.case)

    def asks(self) -> CaseAsks:
        """Return what the commands ask."""
        return CaseAsks(self.case, self._present, self.leave, self.ready.ask)

    def connect(self) -> None:
        """Follow which case is picked in the library."""
        self._page = self._window.library
        self._page.case_menu_wanted.connect(partial(self._window.menu, CASE_MENU))
        self._page.case_picked.connect(self._window.refresh_soon)

    def case(self) -> Case | None:
        """Return the case that commands are about: the one picked in the library, elsewhere the open one.

        None in a kiosk, and where it cannot be presented.
        """
        window = self._window
        if window.kiosk:
            return None
        if window.desk.session.workspace is not Workspace.LIBRARY:
            case = window.desk.session.case
        elif self._page is not None and self._page.page is Page.CASES:
            case = self._page.cases.grid.selected
        else:
            return None
        return case if case is not None and can_be_presented(case_state(case)) else None

    def close(self) -> None:
        """Stop what runs."""
        self.ready.close()
        if self.run is not None:
            self.run.close()

    def leave(self) -> None:
        """Ask in which form the case is left behind."""
        case = self.case()
        if case is None:
            return
        if self.sheet is None:
            from viewer.ui.leaving.leaving_sheet import LeavingSheet
            from viewer.ui.program_run import ProgramRun

            self.sheet = LeavingSheet(self._window, self._window.theme)
            self.run = ProgramRun(self._window)
            self.sheet.wanted.connect(self._wanted)
            self.sheet.cancelled.connect(self._stop)
            self.sheet.closed.connect(self.run.cancel)
            self.sheet.reveal_wanted.connect(self._reveal)
            self.run.progressed.connect(self.sheet.say_progress)
            self.run.ended.connect(self._ended)
        self._case = case
        self.sheet.ask(case)

    def _wanted(self, form: Form) -> None:
        case, sheet, run = self._case, self.sheet, self.run
        if case is None or sheet is None or run is None:
            return
        path = self._asked_for(form, case)
        if path is None:
            return
        self._written = path
        sheet.say_progress(None, "Opening the case")
        run.start(["case", "export", case.id, f"--{form.option}", str(path)])

    def _asked_for(self, form: Form, case: Case) -> Path | None:
        desk = self._window.desk
        start = Path(begin_in(desk.session, desk.settings.now.export_folder or str(Path.home())))
        if not form.ending:
            with untraced():
                chosen = QFileDialog.getExistingDirectory(self._window, "Pictures into a folder", str(start))
            return Path(chosen) if chosen else None
        proposed = str(start / f"{case.id}{form.ending}")
        with untraced():
            chosen, _ = QFileDialog.getSaveFileName(
                self._window, f"Save the {form.name.lower()}", proposed, form.filter
            )
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix else path.with_name(path.name + form.ending)

    def _stop(self) -> None:
        if self.run is not None and self.sheet is not None:
            self.run.cancel()
            self.sheet.say_progress(None, "Stopping")

    def _ended(self, code: int, said: str, complained: str) -> None:
        if self.sheet is None:
            return
        if code == 0:
            written = said.strip().removeprefix("Written: ")
            if self._written is not None:
                # Where it is, is known to whoever chose it; the folder's name may say more than it should.
                written = written.replace(f"{self._written}", self._written.name)
            self.sheet.say(written, revealable=True)
        elif code == -1 and not complained:
            self.sheet.say("Stopped. Nothing was written.")
        else:
            self.sheet.say(" ".join(complained.removeprefix("casestage: ").split()) or _FAILED)

    def _reveal(self) -> None:
        if self._written is not None:
            folder = self._written if self._written.is_dir() else self._written.parent
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _present(self) -> None:
        case = self.case()
        if case is not None:
            self._window.open_case(case)
