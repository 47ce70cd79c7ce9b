"""The window's dealings with places: what commands ask of them, and what is told when something arrives or goes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from viewer.domain.errors import StorageError
from viewer.domain.reading_direction import isolated
from viewer.domain.session import Workspace
from viewer.io.index_rows import FOLDER
from viewer.services.cases import can_be_presented, case_state
from viewer.ui.library.page_head import Page
from viewer.ui.library.series_words import place_name
from viewer.ui.library_commands import LibraryAsks
from viewer.ui.messages import Message
from viewer.ui.reports import of_arrived, of_skipped, of_too_large, of_vanished

if TYPE_CHECKING:
    from viewer.domain.errors import TooLargeError
    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case
    from viewer.io.index_rows import Place
    from viewer.io.index_tables import Kept
    from viewer.io.series_entry import SeriesEntry, Skipped
    from viewer.ui.library.library_page import LibraryPage
    from viewer.ui.main_window import MainWindow


class OpenedPlaces:
    """Stands between one window and the library of scans; `connect` is called once the window is built."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._desk = window.desk
        # Commands are there before the page is.
        self._page: LibraryPage | None = None
        self._gone: dict[int, Message] = {}
        self._case_said: tuple[Case, Message] | None = None

    def asks(self) -> LibraryAsks:
        """Return what the library's commands ask."""
        window = self._window
        return LibraryAsks(
            show_cases=lambda: window.library.show_page(Page.CASES),
            show_scans=lambda: window.library.show_page(Page.SCANS),
            on_scans=lambda: self._page is not None and self._page.page is Page.SCANS,
            search=lambda: window.library.search(),
            place=lambda: self._page.place if self._page is not None else None,
            check=lambda: window.library.check_place(),
            watch=lambda: window.library.watch_place(),
            reveal=self._reveal,
            forget=lambda: window.library.forget_place(),
        )

    def connect(self) -> None:
        """Follow what happens to places, and take over those that an earlier version kept in the settings."""
        library = self._desk.library
        self._page = self._window.library
        library.skipped.connect(self._skipped)
        library.arrived.connect(self._arrived)
        library.vanished.connect(self._vanished)
        library.returned.connect(self._returned)
        library.to_install.connect(self._to_install)
        library.is_case.connect(self._is_case)
        self._desk.opening.too_large.connect(self._too_large)
        self._desk.opening.opened.connect(self._opened)
        self._desk.archives.removed.connect(library.forget_below)
        self._desk.archives.queue.retrieved.connect(lambda _wanted, brought, _alone: self._came(brought.folder))
        library.refresh()
        now = self._desk.settings.now
        if now.recent or now.last_folder:
            library.adopt(now.recent)
            try:
                self._desk.settings.change(recent=(), last_folder="")
            except StorageError as error:
                self._window.tell(Message.of(error))

    def _skipped(self, skipped: tuple[Skipped, ...], naming: frozenset[str]) -> None:
        if all(one.is_document for one in skipped):
            # Letters and tables beside images are no news; the list of scans tells of them.
            return
        self._window.tell(of_skipped(skipped, naming if self._desk.session.masked else ()))

    def _too_large(self, entry: SeriesEntry, error: TooLargeError) -> None:
        def smaller() -> None:
            self._desk.opening.open_series(entry, error.shrink)

        self._window.tell(of_too_large(error, smaller))

    def _arrived(self, place: Place, kept: Kept) -> None:
        ids = (*kept.new, *kept.grown, *kept.replaced)
        message = of_arrived(kept, self._words(place), partial(self._show, place, ids))
        if message is not None:
            self._window.tell(message)

    def _came(self, folder: Path) -> None:
        """Look again at what was listed of a study before all of it was there."""
        library = self._desk.library
        library.check(
            place.id
            for place in library.places
            if folder.is_relative_to(place.path) or Path(place.path).is_relative_to(folder)
        )

    def _vanished(self, place: Place, why: str) -> None:
        self._returned(place)
        self._gone[place.id] = of_vanished(self._words(place), why)
        self._window.tell(self._gone[place.id])

    def _returned(self, place: Place) -> None:
        said = self._gone.pop(place.id, None)
        if said is not None:
            self._window.messages.withdraw(said)

    def _to_install(self, paths: tuple[Path, ...]) -> None:
        from viewer.ui.bringing_here import BringingHere

        BringingHere(self._window).offer(paths)

    def _is_case(self, case: Case, images: bool) -> None:
        state = case_state(case)
        present = can_be_presented(state)
        hint = "What opens are its images alone, without its steps and findings." if images else f"{state}."
        said = Message(
            f"This is the case “{isolated(case.title)}”.",
            hint,
            calm=present,
            action="Present it" if present else "",
            act=partial(self._window.open_case, case),
        )
        self._case_said = case, said
        self._window.tell(said)

    def _opened(self, volume: Volume) -> None:
        messages = self._window.messages
        messages.clear_unopened()
        if self._case_said is None:
            return
        case, said = self._case_said
        if volume.series.series_uid not in (case.series_uid, case.prior.series_uid if case.prior is not None else ""):
            messages.withdraw(said)
            self._case_said = None

    def _show(self, place: Place, series: tuple[int, ...]) -> None:
        """Open what arrived where it is one series, else list it."""
        if self._desk.session.workspace is Workspace.PRESENT:
            self._window.leave_present()
        self._window.library.show_scans((place.id,), series[0])
        if len(series) == 1:
            self._desk.library.open_series(series[0], self._window.library.scans.lines.series_ids)

    def _words(self, place: Place) -> str:
        masked = self._desk.session.masked
        library = self._desk.library
        return place_name(place, library.places, library.naming_words(place.id) if masked else (), masked=masked)

    def _reveal(self) -> None:
        place = self._window.library.place
        if place is None:
            return
        folder = Path(place.path) if place.kind == FOLDER else Path(place.path).parent
        if not folder.exists() or not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._window.tell(Message("The file manager could not be opened.", "Look whether the place is there."))
