"""Archives: choose one, search it, open a study to its series, and bring what is marked into the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from viewer.domain.count_words import count_words
from viewer.domain.errors import StorageError
from viewer.io.archive.rows import MOST_ROWS, NOT_BY_LETTERS
from viewer.services.archives import Wanted
from viewer.ui.archive.archive_head import ArchiveHead, PasswordRow
from viewer.ui.archive.edit_sheet import EditSheet
from viewer.ui.archive.results import Results
from viewer.ui.archive.retrieve_bar import NOTHING_MARKED, RetrieveBar
from viewer.ui.archive.search_form import SearchForm, WrongDateError
from viewer.ui.archive.study_rows import StudyLine, StudyRows
from viewer.ui.empty import EmptyState
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


def brought_words(brought: Retrieved) -> Message | None:
    """Return what to say where not exactly the archive's images are here now, or None where they are."""
    if brought.withdrawn and not brought.missing:
        words = (
            f"{count_words(brought.withdrawn, 'image')} on this computer {'is' if brought.withdrawn == 1 else 'are'}"
        )
        hint = "They were corrected or withdrawn there, and are still among what was opened. Ask before using them."
        return Message(f"{words} no longer in the archive.", hint)
    if not brought.missing:
        return None
    count = "1 image is" if brought.missing == 1 else f"{brought.missing} images are"
    hint = "Retrieve the same again to fetch the rest."
    return Message(f"{count} missing: the archive did not send them.", hint, "\n".join(brought.problems))


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
        self._searched: Archive | None = None
        self.edit = EditSheet(window, theme, desk.archives)
        self._main = self._make_main(theme, details)
        self.uninstalled = self._make_uninstalled(theme)
        self.body.addWidget(self._main)
        self.body.addWidget(self.uninstalled)
        archives = desk.archives
        archives.changed.connect(self._archives_changed)
        archives.found.connect(self._found)
        archives.search_failed.connect(self._search_failed)
        archives.series_found.connect(self._series_found)
        archives.series_failed.connect(self._series_failed)
        archives.busy.connect(self._busy)
        archives.retrieved.connect(self._retrieved)
        archives.failed.connect(self._failed)
        archives.size_known.connect(self._size_known)
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
        self.rows = StudyRows(self._held, lambda: self._desk.session.masked, self)
        self.add_first = Button(theme, "Add archive…", icon="plus")
        self.add_first.setToolTip("Say where an archive is")
        self.add_first.clicked.connect(lambda: self.edit.ask(None))
        self.results = Results(theme, self.rows, self.add_first)
        self.list = self.results.list
        self.list.opened.connect(self._look_into)
        self.list.wanted.connect(self.retrieve)
        self.list.marked.connect(self._offer)
        self.list.took_keys.connect(self._show_keys)
        self.list.left_above.connect(lambda: self.form.patient.setFocus(Qt.FocusReason.OtherFocusReason))
        column.addWidget(self.results)
        self.messages = MessageStrip(theme, details)
        column.addWidget(self.messages)
        self.bar = RetrieveBar(theme)
        self.bar.wanted.connect(self.retrieve)
        self.bar.cancelled.connect(self._archives.cancel_retrieve)
        self.bar.removal_wanted.connect(self._remove_received)
        column.addWidget(self.bar)
        return page

    def _make_uninstalled(self, theme: Theme) -> QWidget:
        copy = Button(theme, "Copy the line", icon="copy")
        copy.setToolTip("Copy the command that installs it, for a terminal")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._archives.install_line))
        return EmptyState(
            theme,
            "package",
            "Archives need the extra “pacs”, which is not installed",
            f"Install it with this line, then start CaseStage again:\n{self._archives.install_line}",
            copy,
        )

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

    def retrieve(self) -> None:
        """Bring what is marked."""
        line = self.list.line
        if line is None or self._searched is None or self._archives.retrieving:
            return
        if isinstance(line, StudyLine):
            wanted = Wanted(self._searched, line.study.study_uid)
        else:
            wanted = Wanted(self._searched, line.series.study_uid, line.series.series_uid)
        self.messages.clear()
        self.place()
        if line.here:
            self.dismiss()
            self.brought.emit(self._archives.folder(wanted), None)
            return
        self._archives.retrieve(wanted)
        self._offer()

    def dismiss(self) -> None:
        """Close it: a search is given up, a retrieve goes on."""
        self._archives.cancel_search()
        self.password.clear()
        super().dismiss()

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

    def _go_down(self) -> None:
        if self.results.listed:
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _offer(self) -> None:
        line = self.list.line if self.results.listed else None
        if line is None:
            self.bar.offer("Retrieve", NOTHING_MARKED, enabled=False)
            return
        what = "study" if isinstance(line, StudyLine) else "series"
        words, tip = f"Retrieve {what}", "Bring its images to this computer and open them (Enter)"
        if line.here:
            words, tip = f"Open {what}", "Open it from this computer (Enter)"
        if self._archives.retrieving:
            tip = "Another retrieve is running."
        self.bar.offer(words, tip, enabled=not self._archives.retrieving)

    def _busy(self, progress: Progress | None) -> None:
        self.bar.say_progress(progress)
        self._offer()
        focused = self.window().focusWidget()
        if self.is_open and not self.edit.is_open and (focused is None or not self.isAncestorOf(focused)):
            # A button that goes, or rests, hands the keys on to what lies below the sheet.
            self._go_down()
        if progress is None:
            self.rows.look_again()
            self._archives.measure()

    def _retrieved(self, wanted: Wanted, brought: Retrieved) -> None:
        missing = brought_words(brought)
        if self.is_open:
            self.dismiss()
            self.brought.emit(brought.folder, missing)
            return
        words = f"Images from “{wanted.archive.name}” are on this computer now."
        self.told.emit(missing or Message(words, "Open them in Archive… (Ctrl+Shift+A).", calm=True))

    def _failed(self, error: CaseStageError) -> None:
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
