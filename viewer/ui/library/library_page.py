"""The library: cases first, and the series of a folder that was opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from viewer.domain.session import Workspace
from viewer.services.cases import case_state, installed_cases
from viewer.services.places import case_folders
from viewer.ui.library.cases_page import CasesPage
from viewer.ui.library.series_page import SeriesPage

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from viewer.domain.job import Progress
    from viewer.domain.walkthrough import Case
    from viewer.io.series_entry import ScanResult
    from viewer.services.cases import CaseShelf
    from viewer.services.desk import Desk
    from viewer.ui.theme import Theme


class LibraryPage(QStackedWidget):
    """Cases, or the series of a folder.

    `case_wanted` carries the case to present, `folder_wanted` and `file_wanted` ask for a dialog, `problems_wanted`
    carries the errors of cases that cannot be shown.
    """

    case_wanted = Signal(object)
    folder_wanted = Signal()
    file_wanted = Signal()
    problems_wanted = Signal(object)

    def __init__(self, desk: Desk, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.shelf: CaseShelf | None = None
        self._preparing: str | None = None
        self.setProperty("surface", "window")
        self.cases = CasesPage(theme)
        self.cases.presented.connect(self.case_wanted)
        self.cases.folder_wanted.connect(self.folder_wanted)
        self.cases.file_wanted.connect(self.file_wanted)
        self.cases.problems_wanted.connect(lambda: self.problems_wanted.emit(self.shelf.problems if self.shelf else ()))
        self.series = SeriesPage(theme)
        self.series.opened.connect(desk.opening.open_series)
        self.series.left.connect(self.show_cases)
        self.addWidget(self.cases)
        self.addWidget(self.series)
        desk.opening.listed.connect(self._listed)
        desk.opening.thumbnail_ready.connect(self.series.list.rows.take_picture)
        desk.opening.busy.connect(self._busy)

    def refresh(self) -> None:
        """Look again at which cases are on this machine."""
        self.shelf = installed_cases(case_folders())
        self.cases.show_shelf(self.shelf, {case.id: case_state(case) for case in self.shelf.cases})

    def show_cases(self) -> None:
        """Show the cases."""
        self.setCurrentWidget(self.cases)
        self.take_keys()

    def take_keys(self) -> None:
        """Give the keys to what is chosen from."""
        target = self.cases.grid if self.currentWidget() is self.cases else self.series.list
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def search(self) -> None:
        """Go to the search field."""
        self.setCurrentWidget(self.cases)
        self.cases.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.cases.search.selectAll()

    def prepare(self, case: Case) -> None:
        """Show on a case's card how far its opening is."""
        self._preparing = case.id
        self._busy(None, starting=True)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Go back from the series with Esc."""
        if event.key() == Qt.Key.Key_Escape and self.currentWidget() is self.series:
            self.show_cases()
            return
        super().keyPressEvent(event)

    def _listed(self, result: ScanResult) -> None:
        self.series.show_result(result)
        self.setCurrentWidget(self.series)
        self._desk.session.workspace = Workspace.LIBRARY
        self.take_keys()

    def _busy(self, progress: Progress | None, *, starting: bool = False) -> None:
        card = self.cases.grid.card(self._preparing) if self._preparing else None
        if card is not None:
            card.show_busy(progress.fraction if progress else None, busy=progress is not None or starting)
        if progress is None and not starting:
            self._preparing = None
