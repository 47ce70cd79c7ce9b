"""The window's dealings with a second volume: which is chosen, what it tells, and on which of the two keys act."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from viewer.domain.session import Workspace
from viewer.ui.compare_commands import SERIES_MENU, CompareAsks
from viewer.ui.dialog_place import begin_in, untraced
from viewer.ui.library.page_head import Page
from viewer.ui.measuring_commands import connect_canvas
from viewer.ui.messages import Message
from viewer.ui.reports import of_too_large

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint

    from viewer.domain.errors import CaseStageError, TooLargeError
    from viewer.domain.geometry import PlaneName
    from viewer.domain.view_state import Point
    from viewer.domain.volume import Volume
    from viewer.io.series_entry import SeriesEntry
    from viewer.services.measuring import Measuring
    from viewer.services.overlaying import Overlaying
    from viewer.services.reviewing import Reviewing
    from viewer.services.spreads import Spreads
    from viewer.ui.canvas import Canvas
    from viewer.ui.compare.compare_sheet import CompareSheet
    from viewer.ui.main_window import MainWindow


class Compared:
    """Stands between one window and the comparison; `connect` is called once the window is built."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._desk = window.desk
        self.sheet: CompareSheet | None = None
        self._drag = object()

    def asks(self) -> CompareAsks:
        """Return what the commands ask."""
        return CompareAsks(choose=self._choose, chosen=self._chosen, canvas=self._canvas)

    def reviewing(self) -> Reviewing:
        """Return the decisions and measurements of the volume that keys act on."""
        return self._desk.other.reviewing if self._keys_there else self._desk.reviewing

    def measuring(self) -> Measuring:
        """Return the measurements of the volume that keys act on."""
        return self._desk.other.measuring if self._keys_there else self._desk.measuring

    def spreads(self) -> Spreads:
        """Return the histograms of the volume that keys act on."""
        return self._desk.other.spreads if self._keys_there else self._desk.spreads

    def overlaying(self) -> Overlaying:
        """Return what lays files over the volume that keys act on."""
        return self._desk.other.overlaying if self._keys_there else self._desk.overlaying

    def connect(self) -> None:
        """Follow what happens to the second volume."""
        window, other, compare = self._window, self._desk.other, self._window.compare
        comparing = self._desk.comparing
        compare.build_bar(window.actions_)
        compare.keys_moved.connect(window.refresh_soon)
        compare.keys_moved.connect(lambda: window.review.toolbar.tell_of(compare.with_keys.session))
        comparing.changed.connect(window.refresh_soon)
        comparing.changed.connect(self._changed)
        other.session.volume_changed.connect(self._came)
        other.session.view_changed.connect(window.refresh_soon)
        other.opening.failed.connect(self._failed)
        other.opening.too_large.connect(self._too_large)
        other.reviewing.failed.connect(self._failed)
        for reviewing in (self._desk.reviewing, other.reviewing):
            reviewing.told.connect(self._failed)
        other.reviewing.history_changed.connect(window.refresh_soon)
        other.navigation.started.connect(window.beat.frames_start)
        compare.here.aligned.connect(self._aligned)
        compare.there.aligned.connect(self._aligned)
        compare.here.gesture_started.connect(self._grasped)
        compare.there.gesture_started.connect(self._grasped)
        for canvas in (compare.here, compare.there):
            canvas.pointer_moved.connect(partial(self._point, canvas))
        connect_canvas(window, compare.there, other.session, other.measuring)
        window.library.series_menu_wanted.connect(self._menu)

    def open_when_ready(self, path: Path) -> None:
        """Show the series of a path beside the one that is being opened, once that is whole."""
        opening = self._desk.opening

        def ready(_volume: Volume) -> None:
            opening.opened.disconnect(ready, missing_ok=True)
            self._desk.comparing.open(self._desk.library.finder_at(path))

        opening.opened.connect(ready)

    def finish(self) -> None:
        """End running motions of both views at their goals."""
        self._desk.navigation.finish()
        self._desk.other.navigation.finish()

    @property
    def _keys_there(self) -> bool:
        return self._window.compare.keys_there

    def _canvas(self) -> Canvas:
        return self._window.compare.with_keys

    def _chosen(self) -> int | None:
        library = self._window.library
        return library.scans.list.chosen if library.page is Page.SCANS else None

    def _choose(self) -> None:
        if self.sheet is None:
            from viewer.ui.compare.compare_sheet import CompareSheet

            self.sheet = CompareSheet(self._window, self._window.theme, self._desk)
            self.sheet.chosen.connect(lambda series: self._open(series))
            self.sheet.itself.connect(self._desk.comparing.show_same)
            self.sheet.folder_wanted.connect(self._folder)
        self.sheet.ask()

    def _open(self, series: int) -> None:
        self._desk.comparing.open(self._desk.library.finder(series))

    def _folder(self) -> None:
        start = begin_in(self._desk.session, self._desk.library.last_folder)
        with untraced():
            chosen = QFileDialog.getExistingDirectory(self._window, "Compare with a CT folder", start)
        if chosen:
            self._desk.comparing.open(self._desk.library.finder_at(Path(chosen)))

    def _menu(self, place: QPoint) -> None:
        self._window.menu(SERIES_MENU, place)

    def _came(self, new: Volume | None, _old: Volume | None) -> None:
        if new is not None and self._desk.session.workspace is Workspace.LIBRARY:
            self._desk.session.workspace = Workspace.REVIEW

    def _changed(self) -> None:
        for canvas in (self._window.compare.here, self._window.compare.there):
            if not self._desk.comparing.on:
                canvas.stop_aligning()

    def _aligned(self, plane: PlaneName, right_mm: float, down_mm: float, angle_rad: float) -> None:
        comparing = self._desk.comparing
        if angle_rad:
            comparing.aligning.turn(angle_rad, plane, drag=self._drag)
        else:
            comparing.aligning.shift(right_mm, down_mm, plane, drag=self._drag)

    def _grasped(self) -> None:
        self._drag = object()

    def _point(self, canvas: Canvas, value: float | None, lps_mm: Point | None, _view: object) -> None:
        second = canvas is self._window.compare.there or canvas.pointed_beyond
        self._window.status.show_pointer(value, lps_mm, of=canvas.pointed_at, second=second)

    def _failed(self, error: CaseStageError) -> None:
        self._window.tell(Message.of(error, masked=self._desk.session.masked))

    def _too_large(self, entry: SeriesEntry, error: TooLargeError) -> None:
        def smaller() -> None:
            self._desk.other.opening.open_series(entry, error.shrink)

        self._window.tell(of_too_large(error, smaller))
