"""What the window asks the user: files, folders, a name; and the sheets over it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from viewer.domain.errors import StorageError
from viewer.domain.session import Workspace
from viewer.io.volume_files import VOLUME_FILE_ENDINGS
from viewer.scene.acquired import crosshair_lps_mm
from viewer.ui.dialog_place import begin_in, untraced
from viewer.ui.messages import Message
from viewer.ui.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.decision import Answer
    from viewer.domain.volume import Volume
    from viewer.services.spreads import Spread
    from viewer.ui.archive.archive_sheet import ArchiveSheet
    from viewer.ui.commands import CommandActions
    from viewer.ui.geometry_sheet import GeometrySheet
    from viewer.ui.histogram_sheet import HistogramSheet
    from viewer.ui.main_window import MainWindow
    from viewer.ui.palette import Palette
    from viewer.ui.settings_page import ReaderSheet, SettingsSheet
    from viewer.ui.shortcut_sheet import ShortcutSheet

FILES = f"CT images (*.dcm *.zip {' '.join(f'*{ending}' for ending in VOLUME_FILE_ENDINGS)} DICOMDIR);;All files (*)"


class Asking:
    """Dialogs and sheets of one window, each made when it is first asked for; `build` gives them the commands."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._desk = window.desk
        self._then: Callable[[], None] | None = None
        self.archive_sheet: ArchiveSheet | None = None
        self.histogram_sheet: HistogramSheet | None = None

    def build(self, actions: CommandActions) -> None:
        """Take the commands that sheets show."""
        self._actions = actions

    @cached_property
    def palette_sheet(self) -> Palette:
        """Every command by its name."""
        from viewer.ui.palette import Palette

        sheet = Palette(self._window, self._window.theme, self._actions)
        self._desk.session.workspace_changed.connect(lambda now, _before: sheet.offer(now) if sheet.is_open else None)
        return sheet

    @cached_property
    def keys_sheet(self) -> ShortcutSheet:
        """All keys."""
        from viewer.ui.shortcut_sheet import ShortcutSheet

        sheet = ShortcutSheet(self._window, self._window.theme, self._actions.table, self._desk.conventions.mouse)
        self._desk.session.workspace_changed.connect(lambda now, _before: sheet.ask(now) if sheet.is_open else None)
        return sheet

    @cached_property
    def settings_sheet(self) -> SettingsSheet:
        """The settings."""
        from viewer.ui.settings_page import SettingsSheet

        sheet = SettingsSheet(self._window, self._window.theme, self._desk)
        sheet.failed.connect(lambda error: self._window.tell(Message.of(error)))
        sheet.conventions_wanted.connect(lambda: self._actions.run("app.conventions"))
        sheet.hanging_wanted.connect(lambda: self._actions.run("app.hanging"))
        return sheet

    @cached_property
    def reader_sheet(self) -> ReaderSheet:
        """The reader's name."""
        from viewer.ui.settings_page import ReaderSheet

        sheet = ReaderSheet(self._window, self._window.theme)
        sheet.named.connect(self._named)
        return sheet

    @cached_property
    def geometry_sheet(self) -> GeometrySheet:
        """Whether geometry can be trusted."""
        from viewer.ui.geometry_sheet import GeometrySheet

        sheet = GeometrySheet(self._window, self._window.theme)
        self._close_with_scan(sheet)
        return sheet

    def _close_with_scan(self, sheet: Sheet) -> None:
        """Close what is said of a scan when another one opens: it would be read as of that."""

        def changed(new: Volume | None, old: Volume | None) -> None:
            if new is None or old is None or new.series.series_uid != old.series.series_uid:
                sheet.dismiss()

        self._desk.session.volume_changed.connect(changed)

    def palette(self) -> None:
        """Show the command palette."""
        self.palette_sheet.ask(self._desk.session.workspace)

    def keys(self) -> None:
        """Show all keys."""
        self.keys_sheet.ask(self._desk.session.workspace)

    def settings(self) -> None:
        """Show the settings."""
        self.settings_sheet.ask()

    def why_geometry(self) -> None:
        """Say whether geometry can be trusted, and why."""
        if self._desk.session.volume is not None:
            self.geometry_sheet.tell(self._desk.session.volume)

    def archive(self) -> None:
        """Show the archives; the sheet is made when it is first asked for."""
        if self.archive_sheet is None:
            from viewer.ui.archive.archive_sheet import ArchiveSheet

            self.archive_sheet = ArchiveSheet(self._window, self._window.theme, self._desk, self._window.details)
            self.archive_sheet.brought.connect(self._brought)
            self.archive_sheet.told.connect(self._window.tell)
        self.archive_sheet.ask()

    def _brought(self, folder: Path, missing: Message | None) -> None:
        self._window.open_paths([folder])
        if missing is not None:
            self._window.tell(missing)

    def open_folder(self) -> None:
        """Ask for a folder and open it."""
        start = begin_in(self._desk.session, self._desk.library.last_folder)
        with untraced():
            chosen = QFileDialog.getExistingDirectory(self._window, "Open a CT folder", start)
        self._open(chosen)

    def open_file(self) -> None:
        """Ask for a file and open it."""
        start = begin_in(self._desk.session, self._desk.library.last_folder)
        with untraced():
            chosen, _ = QFileDialog.getOpenFileName(self._window, "Open a CT file", start, FILES)
        self._open(chosen)

    def dropped(self, paths: list[str]) -> None:
        """Open what was dropped: several things are listed together. It is not to come behind a sheet.

        What was typed into one is kept and comes back with it.
        """
        kept = [words for sheet in self._window.findChildren(Sheet) if (words := sheet.put_aside())]
        self._window.open_paths([Path(path) for path in paths])
        for words in kept:
            self._window.tell(Message(words, calm=True, action="Go on", act=self.archive))

    def export(self) -> None:
        """Ask for a folder and write findings and decisions there."""
        now = self._desk.settings.now
        start = begin_in(self._desk.session, now.export_folder or self._desk.library.last_folder)
        with untraced():
            chosen = QFileDialog.getExistingDirectory(self._window, "Export findings into a folder", start)
        if chosen:
            self._keep(export_folder=chosen)
            self._desk.reviewing.export(Path(chosen))

    def histogram(self) -> None:
        """Show how the values of the area or finding in hand are spread; the sheet is made when first asked for."""
        self._window.compared.spreads().ask(self._spread_came, lambda error: self._window.tell(Message.of(error)))

    def _spread_came(self, spread: Spread) -> None:
        if spread.shape is None:
            self._window.tell(Message("There are no pixels in it.", "Draw it larger, or over the picture.", calm=True))
            return
        if self.histogram_sheet is None:
            from viewer.ui.histogram_sheet import HistogramSheet

            self.histogram_sheet = HistogramSheet(self._window, self._window.theme)
            self._close_with_scan(self.histogram_sheet)
        self.histogram_sheet.tell(spread)

    def decide(self, answer: Answer) -> None:
        """Answer the finding in hand, under a name."""
        self._under_a_name(lambda: self._desk.reviewing.decide(answer))

    def comment(self, finding_id: str, text: str) -> None:
        """Keep a comment on a finding, whatever is in hand when the name has been asked."""
        if self._desk.session.finding(finding_id) is not None:
            self._under_a_name(lambda: self._desk.reviewing.comment(text, finding_id=finding_id))

    def mark_missed(self) -> None:
        """Mark what lies under the crosshair as missed by the model, under a name."""
        self._under_a_name(self._mark)

    def _mark(self) -> None:
        view, volume = self._desk.session.view, self._desk.session.volume
        if view is None or volume is None:
            return
        if self._desk.reviewing.mark_missed(crosshair_lps_mm(volume, view)) is None:
            words = "The crosshair is outside the pictures."
            self._window.tell(Message(words, "Move it onto what the model missed, and press M again.", calm=True))

    def move_mark(self) -> None:
        """Move the mark in hand to the crosshair, under a name."""
        self._under_a_name(self._move)

    def _move(self) -> None:
        session = self._desk.session
        if session.view is None or session.volume is None or session.selected is None:
            return
        if not self._desk.reviewing.move_mark(session.selected.id, crosshair_lps_mm(session.volume, session.view)):
            words = "The crosshair is outside the pictures."
            self._window.tell(Message(words, "Move it onto what is meant, and press Shift+M again.", calm=True))

    def _under_a_name(self, then: Callable[[], None]) -> None:
        if self._desk.session.reader:
            then()
            return
        self._then = then
        self.reader_sheet.ask()

    def _named(self, name: str) -> None:
        self._desk.session.reader = name
        self._keep(reader=name)
        then, self._then = self._then, None
        if then is not None:
            then()

    def _open(self, chosen: str) -> None:
        if not chosen:
            return
        if self._desk.session.workspace is Workspace.PRESENT:
            self._window.leave_present()
        self._window.open_paths([Path(chosen)])

    def _keep(self, **fields: object) -> None:
        try:
            self._desk.settings.change(**fields)
        except StorageError as error:
            self._window.tell(Message.of(error))
