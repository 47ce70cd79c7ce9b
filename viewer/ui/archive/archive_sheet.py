"""Archives: choose one, search it, open a study to its series, and bring what is marked into the program."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from viewer.domain.errors import StorageError
from viewer.io.archive.rows import MOST_ROWS, NOT_BY_LETTERS
from viewer.services.retrieving import Wanted
from viewer.ui.archive.archive_head import ArchiveHead, PasswordRow
from viewer.ui.archive.coming import brought_words, come_words, coming_words, offer, outdated_words
from viewer.ui.archive.edit_sheet import EditSheet
from viewer.ui.archive.results import Results, uninstalled
from viewer.ui.archive.retrieve_bar import NOTHING_MARKED, RetrieveBar
from viewer.ui.archive.search_form import SearchForm, WrongDateError
from viewer.ui.archive.study_rows import StudyLine, StudyRows
from viewer.ui.messages import Message, MessageStrip
from viewer.ui.sheet import Sheet
from viewer.ui.widgets import Button

if TYPE_CHECKING:
    from viewer.domain.errors import CaseStageError
    from viewer.domain.job import Progress
    from viewer.io.archive.description import Archive
    from viewer.io.archive.retrieved import Retrieved
    from viewer.io.archive.rows import Found, SeriesRow
    from viewer.services.desk import Desk
    from viewer.ui.messages import DetailsSheet
    from viewer.ui.theme import Theme

WIDTH = 1120
LEAST_LIST, MOST_LIST = 168, 620


class ArchiveSheet(Sheet):
    """The sheet of the archives.

    `brought` carries the folder of what was retrieved and a Message to show with it, or None; where the sheet was
    closed meanwhile `told` carries a Message instead.
    """

    brought = Signal(object, object)
    told = Signal(object)

    def __init__(self, window: QWidget, theme: Theme, desk: Desk, details: DetailsSheet) -> None:
        super().__init__(window, theme, "Archive", width=WIDTH)
        self._desk, self._archives = desk, desk.archives
        self._queue = desk.archives.queue
        self._searched: Archive | None = None
        self.edit = EditSheet(window, theme, desk.archives)
        self._main = self._make_main(theme, details)
        self.uninstalled = uninstalled(theme, desk.archives.install_line)
        self.body.addWidget(self._main)
        self.body.addWidget(self.uninstalled)
        archives = desk.archives
        archives.changed.connect(self._archives_changed)
        archives.found.connect(self._found)
        archives.search_failed.connect(self._search_failed)
        archives.series_found.connect(self._series_found)
        archives.series_failed.connect(self._series_failed)
        archives.failed.connect(partial(self._failed, None))
        self._queue.busy.connect(self._busy)
        self._queue.changed.connect(self._queue_changed)
        self._queue.retrieved.connect(self._retrieved)
        self._queue.failed.connect(self._failed)
        archives.size_known.connect(self._size_known)
        archives.outdated.connect(lambda wanted, count: self.told.emit(outdated_words(wanted, count, self._queue)))
        desk.session.masked_changed.connect(self._mask)
        self._mask()

    # --- building

    def _make_main(self, theme: Theme, details: DetailsSheet) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self._head = ArchiveHead(theme)
        self._head.chosen.connect(self._choose)
        self._head.change.clicked.connect(lambda: self.edit.ask(self.archive))
        self._head.add.clicked.connect(lambda: self.edit.ask(None))
        self.choice, self.change = self._head.choice, self._head.change
        column.addWidget(self._head)
        self._password_row = PasswordRow()
        self.password = self._password_row.field
        self.password.returnPressed.connect(self.search)
        column.addWidget(self._password_row)
        self.form = SearchForm(theme)
        self.form.wanted.connect(self.search)
        self.form.down.connect(self._go_down)
        column.addWidget(self.form)
        self.rows = StudyRows(self._held, lambda: self._desk.session.masked, self, coming=self._coming)
        self.add_first = Button(theme, "Add archive…", icon="plus")
        self.add_first.setToolTip("Say where an archive is")
        self.add_first.clicked.connect(lambda: self.edit.ask(None))
        self.results = Results(theme, self.rows, self.add_first)
        self.list = self.results.list
        self.list.opened.connect(self._look_into)
        self.list.wanted.connect(self.retrieve)
        self.list.given_up.connect(self.give_up)
        self.list.marked.connect(self._offer)
        self.list.took_keys.connect(self._show_keys)
        self.list.left_above.connect(lambda: self.form.patient.setFocus(Qt.FocusReason.OtherFocusReason))
        column.addWidget(self.results)
        self.messages = MessageStrip(theme, details)
        column.addWidget(self.messages)
        self.bar = RetrieveBar(theme)
        self.bar.wanted.connect(self._press)
        self.bar.cancelled.connect(self._queue.cancel)
        self.bar.removal_wanted.connect(self._remove_received)
        column.addWidget(self.bar)
        return page

    def place(self) -> None:
        """Give the list the height that is left, then lie in the middle as every sheet."""
        over, layout = self.parentWidget(), self.card.layout()
        if over is not None and layout is not None and self._archives.installed:
            for inner in (self._main.layout(), layout):
                if inner is not None:
                    inner.activate()
            others = self.card.sizeHint().height() - self.results.minimumHeight()
            self.results.setFixedHeight(max(LEAST_LIST, min(MOST_LIST, over.height() - 48 - others)))
            main = self._main.layout()
            if main is not None:
                main.activate()
        super().place()

    # --- what is asked

    @property
    def archive(self) -> Archive | None:
        """The archive that is chosen."""
        return next((a for a in self._archives.all if a.name == self.choice.key), None)

    def ask(self) -> None:
        """Show it, ready to type in."""
        self._main.setVisible(self._archives.installed)
        self.uninstalled.setVisible(not self._archives.installed)
        if not self.is_open:
            self._offer_archives()
            self.rows.look_again()
            self._archives.measure()
            if not self.form.remembered[0] and not self.form.description.text():
                self.form.recall(self._desk.settings.now.archive_search)
        self._offer()
        first = self.form.patient if self.archive is not None else self.add_first
        self.open(first if self._archives.installed else self)
        self.edit.come_back()

    def search(self) -> None:
        """Look for what stands in the fields."""
        archive = self.archive
        if archive is None:
            return
        if self.password.text():
            self._archives.take_password(archive, self.password.text())
            self.password.clear()
        if self._archives.needs_password(archive):
            self._show_password()
            self.password.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self._show_password()
        try:
            query = self.form.query()
        except WrongDateError as error:
            self._say_wrong(error.sentence, error.hint)
            return
        self._searched = archive
        self.messages.clear()
        self._keep(archive_search=self.form.remembered)
        self.rows.clear()
        self.results.searching.say("Searching …", f"Asking “{archive.name}”. Esc gives it up.")
        self._show(self.results.searching)
        self.bar.summary.setText("")
        self._archives.search(archive, query)

    def _marked(self) -> Wanted | None:
        """Return the marked study or series as what may be retrieved."""
        line = self.list.line
        if line is None or self._searched is None:
            return None
        if isinstance(line, StudyLine):
            return Wanted(self._searched, line.study.study_uid)
        return Wanted(self._searched, line.series.study_uid, line.series.series_uid)

    def retrieve(self) -> None:
        """Bring what is marked, after what was asked for before; open it where it is here, or what of it is."""
        line, wanted = self.list.line, self._marked()
        if line is None or wanted is None or wanted in self._queue.waiting:
            return
        self.messages.clear()
        self.place()
        coming = wanted == self._queue.coming
        if line.here or (coming and line.held):
            self._open(wanted)
            if not coming:
                self._archives.look_whether_same(wanted)
        elif not coming:
            self._queue.add(wanted)

    def _open(self, wanted: Wanted) -> None:
        self.dismiss()
        self.brought.emit(self._archives.folder(wanted), None)

    def _press(self) -> None:
        """Do what the main button says."""
        if self._marked() in self._queue.waiting:
            self.give_up()
        else:
            self.retrieve()

    def give_up(self) -> None:
        """Stop what is marked where it comes, or take it out of what waits."""
        wanted = self._marked()
        if wanted is not None and (wanted == self._queue.coming or wanted in self._queue.waiting):
            self._queue.cancel(wanted)

    def dismiss(self) -> None:
        """Close it: a search is given up, a retrieve goes on."""
        self._archives.cancel_search()
        self.password.clear()
        super().dismiss()

    def put_aside(self) -> str:
        """Close it and keep a password that was begun; all other fields stay as they are anyway."""
        begun, kept = self.password.text(), super().put_aside()
        self.password.setText(begun)
        return kept

    # --- what happens

    def _archives_changed(self) -> None:
        self._offer_archives()
        self.open(self.form.patient if self.archive is not None else self.add_first)

    def _offer_archives(self) -> None:
        last = self._archives.last
        self.choice.offer(tuple((a.name, a.name) for a in self._archives.all), last.name if last else "")
        self._arrange()

    def _choose(self) -> None:
        self._archives.cancel_search()
        self._keep(archive=self.choice.key)
        self._arrange()
        self.form.patient.setFocus(Qt.FocusReason.OtherFocusReason)

    def _arrange(self) -> None:
        archive = self.archive
        self._head.place.set_whole(archive.place if archive is not None else "")
        for widget in (self._head, self.form, self.bar):
            widget.setVisible(archive is not None)
        if archive is None:
            self._show(self.results.none_yet)
        elif self._searched != archive:
            # What is listed is of another archive, or of the same at another place.
            self._searched = None
            self.rows.clear()
            self.bar.summary.setText("")
            self._show(self.results.invitation)
        self._show_password()
        self._offer()

    def _mask(self, *_: object) -> None:
        self.form.hide_patient(self._desk.session.masked)
        self.rows.look_again()

    def _show_keys(self, in_list: bool) -> None:
        self.form.show_key(not in_list)
        self.bar.show_key(in_list)

    def _show_password(self) -> None:
        archive = self.archive
        needed = archive is not None and self._archives.needs_password(archive)
        self._password_row.setVisible(needed)
        if archive is not None:
            self._password_row.say_whose(archive.user)
        self.place()

    def _found(self, found: Found) -> None:
        self.rows.show_found(found)
        count = len(found.studies)
        if not count and found.more:
            self._say_wrong(f"Nothing of this among the first {MOST_ROWS} studies", NOT_BY_LETTERS)
            return
        if not count:
            self._show(self.results.empty)
            return
        words = "1 study" if count == 1 else f"{count} studies"
        self.bar.summary.setText(f"The first {count} studies; narrow the search for others" if found.more else words)
        self._show(self.list)
        self.list.mark(0)
        self.list.scrollToTop()
        if self.is_open and not self.edit.is_open:
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _search_failed(self, error: CaseStageError) -> None:
        self._say_wrong(error.sentence, error.hint)
        self._show_password()
        if self._password_row.isVisibleTo(self):
            self.password.setFocus(Qt.FocusReason.OtherFocusReason)

    def _say_wrong(self, sentence: str, hint: str) -> None:
        self.results.wrong.say(sentence, hint)
        self._show(self.results.wrong)
        self.bar.summary.setText("")

    def _show(self, page: QWidget) -> None:
        self.results.show_page(page)
        self._offer()

    def _look_into(self, study_uid: str) -> None:
        if self._searched is not None:
            self._archives.look_into(self._searched, study_uid)

    def _series_found(self, study_uid: str, series: tuple[SeriesRow, ...]) -> None:
        self.rows.show_series(study_uid, series)

    def _series_failed(self, study_uid: str, error: CaseStageError) -> None:
        self.rows.show_wrong(study_uid, f"{error.sentence} {error.hint}")
        self._show_password()

    def _held(self, study_uid: str, series_uid: str) -> int:
        return self._archives.held(self._searched, study_uid, series_uid) if self._searched is not None else 0

    def _coming(self, study_uid: str, series_uid: str) -> str:
        return coming_words(self._queue, Wanted(self._searched, study_uid, series_uid)) if self._searched else ""

    def _go_down(self) -> None:
        if self.results.listed:
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _offer(self) -> None:
        line = self.list.line if self.results.listed else None
        wanted = self._marked()
        if line is None or wanted is None:
            self.bar.offer("Retrieve", NOTHING_MARKED, enabled=False)
            return
        offer(self.bar, line, wanted, self._queue)

    def _busy(self, progress: Progress | None) -> None:
        self.bar.say_progress(progress)
        self.rows.look_at_coming()
        self._offer()
        focused = self.window().focusWidget()
        if self.is_open and not self.edit.is_open and (focused is None or not self.isAncestorOf(focused)):
            # A button that goes, or rests, hands the keys on to what lies below the sheet.
            self._go_down()

    def _queue_changed(self) -> None:
        self.rows.look_again()
        self._archives.measure()
        self._offer()

    def _retrieved(self, wanted: Wanted, brought: Retrieved, alone: bool) -> None:
        if self.is_open and alone:
            self.dismiss()
            self.brought.emit(brought.folder, brought_words(brought))
            return
        message = come_words(wanted, brought, partial(self._open, wanted))
        if self.is_open:
            self.messages.tell(message)
            self.place()
        else:
            self.told.emit(message)

    def _failed(self, _wanted: Wanted | None, error: CaseStageError) -> None:
        self._show_password()
        if not self.is_open:
            self.told.emit(Message.of(error))
            return
        self.messages.tell(Message.of(error))
        self.place()

    def _size_known(self, count: int) -> None:
        self.bar.say_size(count)
        self.rows.look_again()
        self._offer()

    def _remove_received(self) -> None:
        volume = self._desk.session.volume
        self._archives.remove_received(volume.source_files if volume is not None else ())

    def _keep(self, **fields: object) -> None:
        try:
            self._desk.settings.change(**fields)
        except StorageError as error:
            self.messages.tell(Message.of(error))
