"""The library: cases to present, and scans that were opened."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from viewer.domain.count_words import count_words
from viewer.domain.errors import StorageError
from viewer.domain.session import Workspace
from viewer.services.cases import ShelfReading, case_state
from viewer.services.places import case_folders
from viewer.ui.library.cases_page import CasesPage
from viewer.ui.library.page_head import Page

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QShowEvent

    from viewer.domain.job import Progress
    from viewer.domain.walkthrough import Case
    from viewer.io.index_rows import Place
    from viewer.services.cases import CaseShelf, KnownCases
    from viewer.services.desk import Desk
    from viewer.ui.library.scans_page import ScansPage
    from viewer.ui.theme import Theme

# The few cases of most computers come in one go, without a word; of many the first screenful does.
_FIRST_S = 0.05
_AT_ONCE_S = 0.012
_TOGETHER = 100


class LibraryPage(QStackedWidget):
    """Cases or scans.

    `case_wanted` carries the case to present, `case_menu_wanted` where a menu for the picked one is to be,
    `case_picked` tells that another is picked, `folder_wanted` and `file_wanted` ask for a dialog, `problems_wanted`
    carries the errors of cases that cannot be shown, `place_menu_wanted` and
    `series_menu_wanted` where a menu for the chosen place or series is to be,
    `failed` an error to show, `told` what the library holds, in words.
    """

    case_wanted = Signal(object)
    folder_wanted = Signal()
    file_wanted = Signal()
    problems_wanted = Signal(object)
    place_menu_wanted = Signal(QPoint)
    case_menu_wanted = Signal(QPoint)
    case_picked = Signal()
    series_menu_wanted = Signal(QPoint)
    failed = Signal(object)
    told = Signal(str)

    def __init__(self, desk: Desk, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.shelf: CaseShelf | None = None
        self._known: KnownCases = {}
        self._reading: ShelfReading | None = None
        self._taken = 0
        self._in_parts = QTimer(self)
        self._in_parts.setInterval(0)
        self._in_parts.timeout.connect(self._read_on)
        self._preparing: str | None = None
        self.setProperty("surface", "window")
        self._theme, self._picked_open = theme, ""
        # A first image does not wait for the page that is not shown.
        self.page = Page.SCANS if desk.settings.now.library_page == Page.SCANS else Page.CASES
        self.setCurrentWidget(self._shown)
        desk.library.listed.connect(self._listed)
        desk.library.changed.connect(lambda _: self._tell())
        desk.opening.busy.connect(self._busy)

    @cached_property
    def cases(self) -> CasesPage:
        """The cards of cases."""
        page = CasesPage(self._theme)
        page.presented.connect(self.case_wanted)
        page.grid.menu_wanted.connect(self.case_menu_wanted)
        page.grid.selection_changed.connect(lambda _case: self.case_picked.emit())
        page.folder_wanted.connect(self.folder_wanted)
        page.file_wanted.connect(self.file_wanted)
        page.problems_wanted.connect(lambda: self.problems_wanted.emit(self.shelf.problems if self.shelf else ()))
        self._add(page)
        self._show_shelf(page)
        return page

    @cached_property
    def scans(self) -> ScansPage:
        """The lists of scans."""
        # Styled lists take long to load, and the window mostly begins without.
        from viewer.ui.library.scans_page import ScansPage

        page = ScansPage(self._desk, self._theme)
        page.opened.connect(self._desk.library.open_series)
        page.folder_wanted.connect(self.folder_wanted)
        page.menu_wanted.connect(self.place_menu_wanted)
        page.list.menu_wanted.connect(self.series_menu_wanted)
        page.forget_wanted.connect(self.forget_place)
        page.check_wanted.connect(self.check_place)
        self._add(page)
        return page

    def _add(self, page: CasesPage | ScansPage) -> None:
        page.head.switch.chosen.connect(lambda name: self.show_page(Page(name)))
        self.addWidget(page)

    @property
    def _shown(self) -> CasesPage | ScansPage:
        return self.cases if self.page is Page.CASES else self.scans

    @property
    def place(self) -> Place | None:
        """The place that commands are about: the one whose scans are shown."""
        return self.scans.place if self.page is Page.SCANS else None

    @property
    def filling(self) -> bool:
        """True while cases are still being read; `shelf` holds those that are."""
        return self._reading is not None

    def refresh(self) -> None:
        """Look again at which cases are on this machine."""
        reading = ShelfReading(case_folders(), self._known)
        reading.go_on()
        self._end_reading()
        self._take(reading.shelf)

    def fill(self) -> None:
        """Look at which cases are on this machine, and show them as they come where they are many."""
        self._reading = ShelfReading(case_folders(), self._known)
        self._read_on(_FIRST_S)

    def _read_on(self, for_s: float = _AT_ONCE_S) -> None:
        reading = self._reading
        if reading is None:
            return
        reading.go_on(time.monotonic() + for_s)
        if not reading.going_on:
            self._end_reading()
        elif not self._in_parts.isActive():
            self._in_parts.start()
        elif reading.done < self._taken + _TOGETHER:
            return
        self._taken = reading.done
        self._take(reading.shelf)

    def _end_reading(self) -> None:
        self._reading = None
        self._in_parts.stop()

    def _take(self, shelf: CaseShelf) -> None:
        self.shelf = evolve(shelf, cases=tuple(self._desk.rehearsals.told_as(case) for case in shelf.cases))
        if "cases" in self.__dict__:
            self._show_shelf(self.cases)
        self._tell()

    def _show_shelf(self, page: CasesPage) -> None:
        if self.shelf is not None:
            states = {case.id: case_state(case) for case in self.shelf.cases}
            rehearsed = {name: self._desk.rehearsals.words(name) for name in states}
            page.show_shelf(self.shelf, states, rehearsed, more=self.filling)
            self._pick_open(page)

    def _pick_open(self, page: CasesPage) -> None:
        """Pick the case that is open, once: whoever leaves the stage and presents again means the same one."""
        case = self._desk.session.case
        if case is not None and case.id != self._picked_open and page.grid.pick_case(case.id):
            self._picked_open = case.id

    def pick(self, case_id: str) -> None:
        """Pick the card of a case, where it is shown."""
        if "cases" in self.__dict__:
            self.cases.grid.pick_case(case_id)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """Say of each case what holds now: its pictures may have been made, or taken away, since it was seen."""
        super().showEvent(event)
        if "cases" in self.__dict__:
            self._show_shelf(self.cases)

    @property
    def case_in_hand(self) -> Case | None:
        """The case whose card is picked, where it can be presented."""
        if self.page is not Page.CASES or "cases" not in self.__dict__ or self.cases.grid.selected is None:
            return None
        card = self.cases.grid.card(self.cases.grid.selected.id)
        return card.case if card is not None and card.ready else None

    def show_page(self, page: Page) -> None:
        """Show cases or scans, and remember which."""
        self.page = page
        self.setCurrentWidget(self._shown)
        if page is Page.SCANS:
            self._desk.library.refresh()
        self._tell()
        self.take_keys()
        try:
            self._desk.settings.change(library_page=page.value)
        except StorageError as error:
            self.failed.emit(error)

    def take_keys(self) -> None:
        """Give the keys to what is chosen from."""
        if self.page is Page.CASES:
            self.cases.grid.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.scans.take_keys()

    def search(self) -> None:
        """Go to the search field of the page that is shown."""
        field = self._shown.search
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        field.selectAll()

    def show_over(self, over: bool) -> None:
        """Show that what is dragged over the window would be taken."""
        self._shown.show_over(over)

    def show_scans(self, places: tuple[int, ...] | None, series: int | None = None) -> None:
        """Show the scans of some places, or all, with one marked."""
        self._desk.session.workspace = Workspace.LIBRARY
        self.scans.show_places(places, series=series)
        self.show_page(Page.SCANS)

    def check_place(self) -> None:
        """Look again at the place that is shown."""
        if self.place is not None:
            self._desk.library.check((self.place.id,))

    def watch_place(self) -> None:
        """Watch the place that is shown, or stop."""
        if self.place is not None:
            self._desk.library.watch(self.place.id, on=not self.place.watched)

    def forget_place(self) -> None:
        """Take the place that is shown out of the list."""
        if self.place is not None:
            self._desk.library.forget(self.place.id)

    def prepare(self, case: Case) -> None:
        """Show on a case's card how far its opening is."""
        self._preparing = case.id
        self._busy(None, starting=True)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Go back from the scans to the cases with Esc."""
        if event.key() == Qt.Key.Key_Escape and self.page is Page.SCANS:
            self.show_page(Page.CASES)
            return
        super().keyPressEvent(event)

    def _listed(self, places: tuple[Place, ...]) -> None:
        self.show_scans(tuple(place.id for place in places))

    def _tell(self) -> None:
        if self.page is Page.CASES:
            count = len(self.shelf.cases) if self.shelf is not None else 0
            if self._reading is not None:
                self.told.emit(f"Reading the cases on this computer, {count:,} of {self._reading.total:,}")
            else:
                self.told.emit(f"{count_words(count, 'case')} on this computer")
        else:
            library = self._desk.library
            # As many as the list of all scans holds: a copy in another place is no further series.
            series = len(library.find("", None, masked=False))
            self.told.emit(f"{count_words(series, 'series')} in {count_words(len(library.places), 'place')}")

    def _busy(self, progress: Progress | None, *, starting: bool = False) -> None:
        card = self.cases.grid.card(self._preparing) if self._preparing else None
        if card is not None:
            card.show_busy(progress.fraction if progress else None, busy=progress is not None or starting)
        if progress is None and not starting:
            self._preparing = None
