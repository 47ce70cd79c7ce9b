"""The library's second page: places at the left, their series by study, and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from viewer.domain.count_words import count_words
from viewer.services.place_state import PlaceState
from viewer.ui.empty import EmptyState
from viewer.ui.fitting import Fitted
from viewer.ui.fonts import Type
from viewer.ui.library.page_head import LEAST_SEARCH, MARGIN, Page, PageHead, margin_of
from viewer.ui.library.places_list import ALL_SCANS, PlacesList
from viewer.ui.library.scan_lines import ScanLines
from viewer.ui.library.scan_list import ScanList
from viewer.ui.library.search_field import SearchField
from viewer.ui.library.series_words import place_name, state_words
from viewer.ui.library.skipped_panel import SkippedPanel, skipped_words
from viewer.ui.ringing import rings_once
from viewer.ui.theme import BAR_CONTROL_HEIGHT
from viewer.ui.widgets import Button, Card, ElidedLabel, Kind, hairline, text_label

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from viewer.io.index_rows import Place
    from viewer.services.desk import Desk
    from viewer.ui.theme import Theme

PLACES_WIDTH, PLACES_WIDTH_NARROW, NARROW = 304, 248, 1400
# From here there is room for what was skipped beside the list.
WIDE = 1700
LOW = 400
_SEARCH_AFTER_MS = 40


class ScansPage(QWidget):
    """Everything that was opened on this machine. Signals ask: `opened` carries a series and those beside it."""

    opened = Signal(int, object)
    folder_wanted = Signal()
    menu_wanted = Signal(QPoint)
    forget_wanted = Signal()
    check_wanted = Signal()

    def __init__(self, desk: Desk, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._theme = desk, theme
        self._shown: tuple[int, ...] | None = None
        self._skipped_open: bool | None = None
        self._masked = desk.session.masked
        self._keys_wait = False
        self._waiting = rings_once(self, self._find, _SEARCH_AFTER_MS)
        self.setProperty("surface", "window")
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(0, 24, 0, 24)
        # As far below the head as the cases.
        column.setSpacing(32)
        self.head = PageHead(theme, Page.SCANS)
        self._fill_head()
        column.addLayout(self.head)
        row = self._row = QHBoxLayout()
        row.setContentsMargins(MARGIN, 0, MARGIN, 0)
        row.setSpacing(16)
        row.addWidget(self._places_card())
        row.addWidget(self._list_card(), 1)
        self.skipped = SkippedPanel(theme)
        self.skipped.closed.connect(lambda: self._show_skipped(False))
        self.skipped.hide()
        row.addWidget(self.skipped)
        column.addLayout(row, 1)
        desk.library.changed.connect(self._changed)
        desk.session.masked_changed.connect(self._masked_changed)
        desk.session.workspace_changed.connect(self._masked_changed)
        desk.pictures.ready.connect(self.lines.take_picture)
        # What is known by now is not told again.
        self.places.refresh()
        self.places.choose(None)
        self._find()

    def _fill_head(self) -> None:
        theme = self._theme
        self.head.addStretch()
        self.search = SearchField(theme, "Search any word", "Ctrl+F")
        self.search.setMinimumWidth(LEAST_SEARCH)
        self.search.setMaximumWidth(420)
        self.search.textChanged.connect(lambda _: self._waiting.start())
        self.search.left.connect(self._leave_search)
        self.head.addWidget(self.search, 1)
        browse = Button(theme, "Open folder…", icon="folder-open")
        browse.setToolTip("Choose a folder of DICOM files (Ctrl+O)")
        browse.clicked.connect(self.folder_wanted)
        self.head.addWidget(browse)
        self._open = Button(theme, "Open series", key="Return", kind=Kind.MAIN)
        self._open.setToolTip("Open the marked series (Enter)")
        self._open.clicked.connect(self._open_chosen)
        self.head.addWidget(self._open)
        self.head.fitted.items += [
            Fitted(self.search, least_px=LEAST_SEARCH),
            Fitted(browse, compact_from=1),
            Fitted(self._open, compact_from=2),
        ]

    def _places_card(self) -> QWidget:
        self._places_holder = Card()
        inner = QVBoxLayout(self._places_holder)
        inner.setContentsMargins(1, 4, 1, 4)
        self.places = PlacesList(self._desk, self._theme)
        self.places.chosen.connect(lambda place: self.show_places(None if place is None else (place,)))
        self.places.entered.connect(self._enter_list)
        self.places.forget_wanted.connect(self.forget_wanted)
        self.places.menu_wanted.connect(self.menu_wanted)
        inner.addWidget(self.places)
        return self._places_holder

    def _list_card(self) -> QWidget:
        theme = self._theme
        self._card = Card()
        inner = QVBoxLayout(self._card)
        inner.setContentsMargins(1, 4, 1, 4)
        inner.setSpacing(0)
        line = QHBoxLayout()
        line.setContentsMargins(15, 4, 7, 4)
        line.setSpacing(16)
        self._title = ElidedLabel("", Type.PANEL_TITLE)
        self._title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._told = text_label("", Type.BODY, "text2")
        self._skipped_button = Button(theme, "", icon="info", kind=Kind.FLAT, height=BAR_CONTROL_HEIGHT)
        self._skipped_button.setToolTip("Show which files were left out, and why")
        self._skipped_button.clicked.connect(lambda: self._show_skipped(not self.skipped.isVisible()))
        line.addWidget(self._title)
        line.addWidget(self._told)
        line.addStretch()
        line.addWidget(self._skipped_button)
        self._strut = QWidget()
        self._strut.setFixedSize(0, BAR_CONTROL_HEIGHT)
        line.addWidget(self._strut)
        inner.addLayout(line)
        inner.addWidget(hairline())
        inner.addWidget(self._gone_bar())
        self.lines = ScanLines(self._desk, self)
        self.list = ScanList(theme, self.lines)
        self.list.opened.connect(self._open_series)
        self.list.pictures_wanted.connect(self._desk.pictures.want)
        self.list.typed.connect(self.search.go_on_typing)
        self.list.left.connect(lambda: self.places.setFocus(Qt.FocusReason.OtherFocusReason))
        self._stack = QStackedWidget()
        self._stack.addWidget(self.list)
        self._empty: dict[str, EmptyState] = {}
        for name, icon, action in (
            ("new", "folder-input", ("Open folder…", "folder-open", self.folder_wanted.emit)),
            ("none", "search", ("Clear search", "x", self.search.clear)),
            ("bare", "inbox", ("Look again", "refresh-cw", self.check_wanted.emit)),
        ):
            button = Button(theme, action[0], icon=action[1])
            button.setToolTip(action[0].rstrip("…"))
            button.clicked.connect(action[2])
            self._empty[name] = EmptyState(theme, icon, "", "", button)
            self._stack.addWidget(self._empty[name])
        inner.addWidget(self._stack, 1)
        return self._card

    def _gone_bar(self) -> QWidget:
        """Return the bar that says that a place is not there or cannot be read, with what can be done."""
        self._gone = QWidget()
        column = QVBoxLayout(self._gone)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(15, 6, 7, 6)
        row.setSpacing(12)
        words = self._away = Button(self._theme, "", icon="triangle-alert", kind=Kind.FLAT, height=BAR_CONTROL_HEIGHT)
        words.icon_role = "disagree"
        words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        words.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row.addWidget(words)
        row.addStretch()
        for text, icon, asked in (
            ("Look again", "refresh-cw", self.check_wanted),
            ("Forget it", "trash-2", self.forget_wanted),
        ):
            button = Button(self._theme, text, icon=icon, height=BAR_CONTROL_HEIGHT)
            button.setToolTip("Look whether it is back" if text == "Look again" else "Remove it from the list")
            button.clicked.connect(asked)
            row.addWidget(button)
        column.addLayout(row)
        column.addWidget(hairline())
        self._gone.hide()
        return self._gone

    # --- what is shown

    @property
    def place(self) -> Place | None:
        """The one place that is shown, None for all scans or several places."""
        return self._desk.library.place(self._shown[0]) if self._shown and len(self._shown) == 1 else None

    @property
    def words(self) -> str:
        """What is said above the list."""
        return f"{self._title.whole} · {self._told.text()}"

    @property
    def empty_words(self) -> str:
        """What is said in place of the list, "" where it is there."""
        shown = self._stack.currentWidget()
        return f"{shown.title.text()} {shown.sentence.text()}" if isinstance(shown, EmptyState) else ""

    @property
    def gone_words(self) -> str:
        """What is said of a place that is not there, or cannot be read, or ""."""
        return "" if self._gone.isHidden() else self._away.text()

    def show_places(self, places: tuple[int, ...] | None, *, series: int | None = None) -> None:
        """Show the series of some places, or all; `series` is marked."""
        self._shown = places
        self._skipped_open = None
        if self.search.text():
            self.search.clear()
            self._waiting.stop()
        self.places.refresh()
        self.places.choose(places)
        self._find()
        self.list.verticalScrollBar().setValue(0)
        self.list.choose(series)

    def take_keys(self) -> None:
        """Give the keys to the series, or to the places until there are some."""
        self._keys_wait = not self.lines.series_ids
        target: QWidget = self.places if self._keys_wait else self.list
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Give the list the room that it needs."""
        super().resizeEvent(event)
        self._places_holder.setFixedWidth(PLACES_WIDTH if self.width() >= NARROW else PLACES_WIDTH_NARROW)
        self.head.fit(self.width())
        margin, low = margin_of(self.width()), self.height() < LOW
        self._row.setContentsMargins(margin, 0, margin, 0)
        self._column.setContentsMargins(0, 12 if low else 24, 0, 12 if low else 24)
        self._column.setSpacing(12 if low else 32)
        self._tell()

    def _find(self) -> None:
        chosen, anchor = self.list.chosen, self.list.anchor()
        self.lines.show(self.search.text(), self._shown)
        self.list.stay(chosen)
        self.list.keep(anchor)
        self._tell()
        if self._keys_wait and self.lines.series_ids:
            self._keys_wait = False
            if self.window().focusWidget() is self.places:
                self._enter_list()

    def _leave_search(self) -> None:
        self._waiting.stop()
        self._find()
        self._enter_list()

    def _enter_list(self) -> None:
        if self.lines.series_ids:
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open_chosen(self) -> None:
        if self.list.chosen is not None:
            self.list.choose(self.list.chosen)
            self._open_series(self.list.chosen)

    def _open_series(self, series: int) -> None:
        self.opened.emit(series, self.lines.series_ids)

    def _changed(self, places: frozenset[int]) -> None:
        if not self.places.refresh():
            self.show_places(None)
        elif places:
            if self._shown is None or not places.isdisjoint(self._shown):
                self.lines.forget_pictures()
            # What is different elsewhere may be a copy of what is listed here.
            self._find()
        else:
            self._tell()
        self.places.viewport().update()

    def _masked_changed(self, *_: object) -> None:
        if self._desk.session.masked is not self._masked:
            self._masked = self._desk.session.masked
            self._find()
            self.places.viewport().update()

    def show_over(self, over: bool) -> None:
        """Show that what is dragged over the window would be taken."""
        self._card.setProperty("over", "true" if over else "false")
        self._card.style().unpolish(self._card)
        self._card.style().polish(self._card)

    # --- words around the list

    def _tell(self) -> None:
        library, place = self._desk.library, self.place
        self._title.set_whole(self._name())
        self._title.updateGeometry()
        count, studies = len(self.lines.series_ids), self.lines.studies
        words = [count_words(count, "series")] if library.places else []
        if studies > 1:
            words.append(f"{studies:,} studies")
        if place is not None:
            state = state_words(library.state(place.id), watched=place.watched)
            words += [state] if state else []
        elif any(library.state(p) is PlaceState.CHECKING for p in self._shown or ()):
            words.append("Checking…")
        self._told.setText(" · ".join(words))
        now = library.state(place.id) if place is not None else PlaceState.CHECKED
        gone, why = now.away, "cannot be read" if now is PlaceState.CLOSED else "is not there"
        self._away.setText(f"This place {why}. Its series are listed as they were.")
        self._gone.setVisible(gone)
        self._open.setEnabled(bool(count))
        self._show_empty(count, place, gone=gone)
        self._tell_skipped()

    def _name(self) -> str:
        library, masked = self._desk.library, self._desk.session.masked
        if self._shown is None:
            return ALL_SCANS
        known = [place for place in map(library.place, self._shown) if place is not None]
        names = [
            place_name(p, library.places, library.naming_words(p.id) if masked else (), masked=masked) for p in known
        ]
        return " and ".join(names) if len(names) < 3 else f"{names[0]} and {len(names) - 1} more places"

    def _show_empty(self, count: int, place: Place | None, *, gone: bool) -> None:
        words = self.search.text().strip()
        if count:
            self._stack.setCurrentWidget(self.list)
            return
        if words:
            name, said = "none", (f"Nothing matches “{words}”", "Each word has to occur somewhere.")
        elif place is not None:
            name = "bare"
            said = (
                ("Nothing is known of this place", "")
                if gone
                else ("Nothing to open here", "No file here is an image.")
            )
        else:
            name = "new"
            said = (
                "No scans yet",
                "Open or drop a DICOM folder, zip, DICOMDIR, NIfTI, NRRD or MHA.\nIt is listed here from then on.",
            )
        self._empty[name].say(*said)
        self._stack.setCurrentWidget(self._empty[name])

    def _tell_skipped(self) -> None:
        skipped = self._desk.library.skipped_files(self._shown or ())
        self._skipped_button.set_words(skipped_words(len(skipped)))
        self._skipped_button.setVisible(bool(skipped))
        wanted = self._skipped_open if self._skipped_open is not None else self.width() >= WIDE
        visible = bool(skipped) and wanted
        if visible:
            masked = self._desk.session.masked
            naming = {w for p in self._shown or () for w in self._desk.library.naming_words(p)} if masked else ()
            self.skipped.show_files(skipped, naming)
        self.skipped.setVisible(visible)

    def _show_skipped(self, shown: bool) -> None:
        self._skipped_open = shown
        self._tell_skipped()
