"""The one window: bars, workspaces, sheets, and the wiring between them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from viewer.domain.errors import StorageError
from viewer.domain.session import Workspace
from viewer.ui.all_commands import all_commands
from viewer.ui.asking import Asking
from viewer.ui.beat import Beat
from viewer.ui.canvas import Canvas, CanvasStyle, Density
from viewer.ui.canvas.tiles import LOOKING_TOOLS, Tool
from viewer.ui.canvas_menu import open_canvas_menu
from viewer.ui.commands import CommandActions, MenuEntry
from viewer.ui.compare.compare_view import CompareView
from viewer.ui.compared import Compared
from viewer.ui.crop_commands import connect_crop
from viewer.ui.dropping import Drops
from viewer.ui.full_screen import FullScreen
from viewer.ui.giving_back import GivingBack
from viewer.ui.going import Going, leave_field
from viewer.ui.honesty import hidden_words, window_title
from viewer.ui.leaving.leaving_here import LeavingHere
from viewer.ui.library.go_on_here import GoOnHere
from viewer.ui.library_commands import PLACE_MENU
from viewer.ui.making.making_here import MakingHere
from viewer.ui.measuring_commands import connect_measuring
from viewer.ui.messages import DetailsSheet, Message, MessageStrip
from viewer.ui.models.models_here import ModelsHere
from viewer.ui.opened_places import OpenedPlaces
from viewer.ui.overlay_commands import connect_overlays
from viewer.ui.pages import Pages
from viewer.ui.path_commands import connect_path
from viewer.ui.picking import connect_picking
from viewer.ui.preloading import Preloading
from viewer.ui.present.kiosk_here import KioskHere
from viewer.ui.present.questions_here import QuestionsHere
from viewer.ui.presenter.presenting_here import PresentingHere
from viewer.ui.reports import of_problems, of_written
from viewer.ui.side_panels import SidePanels
from viewer.ui.status_bar import StatusBar
from viewer.ui.top_bar import TopBar
from viewer.ui.unsaved import Unsaved
from viewer.ui.waking import Waking
from viewer.ui.widgets import FocusRing
from viewer.ui.window_place import least_size, restore_place, suggest_scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from PySide6.QtGui import QCloseEvent

    from viewer.domain.errors import CaseStageError
    from viewer.domain.walkthrough import Case
    from viewer.services.desk import Desk
    from viewer.services.settings import Choices
    from viewer.ui.canvas.view3d import Scene3DFactory
    from viewer.ui.inspect.inspect_page import InspectPage
    from viewer.ui.library.library_page import LibraryPage
    from viewer.ui.present.stage_page import StagePage
    from viewer.ui.review.review_page import ReviewPage
    from viewer.ui.theme import Theme


class MainWindow(QMainWindow):
    """Shows the workspace of the session; everything that happens goes through the desk.

    Parameters
    ----------
    scene_3d
        Makes the drawing thread of 3D; None leaves 3D out.
    kiosk
        True where the stage must not be left.
    cases_later
        True where whoever made the window calls `library.refresh`, once something else is on screen.
    """

    def __init__(
        self,
        desk: Desk,
        theme: Theme,
        scene_3d: Scene3DFactory | None,
        *,
        kiosk: bool = False,
        cases_later: bool = False,
    ) -> None:
        super().__init__()
        self.desk, self.theme, self.kiosk = desk, theme, kiosk
        self.full_screen = FullScreen(self, lambda: desk.session.workspace is not Workspace.PRESENT)
        self.setMinimumSize(*least_size(self.screen().availableGeometry()))
        self._drops = Drops(self)
        self.going = Going(self)
        session = desk.session
        self.compare = CompareView(desk, theme, scene_3d)
        self.canvas = self.compare.here
        self.stage_canvas = Canvas(
            session,
            theme,
            scene_3d,
            style=CanvasStyle.STAGE,
            other=desk.other.session,
            conventions=desk.conventions.mouse,
        )
        self.panels = SidePanels(desk.settings, self)
        self.asking = Asking(self)
        self.opened_places = OpenedPlaces(self)
        self.compared = Compared(self)
        self.making = MakingHere(self)
        self.questions = QuestionsHere(self)
        self.models = ModelsHere(self)
        self.preloading = Preloading(self)
        GivingBack(desk, self)
        self._waking = Waking(self)
        self.presenting = PresentingHere(self)
        self.leaving = LeavingHere(self)
        self.kiosk_here = KioskHere(self)
        table, told = all_commands(self)
        self.actions_ = CommandActions(self, table, theme, where=lambda: session.workspace)
        self.asking.build(self.actions_)
        self._build()
        self._restore()
        self._wire()
        self.going.begin()
        if not cases_later:
            self.library.refresh()
        self.opened_places.connect()
        self.compared.connect()
        self.making.connect()
        self.leaving.connect()
        self.models.connect()
        self.go_on.connect()
        self.preloading.connect_to(self.stage_canvas)
        self._waking.woke.connect(self._woke)
        self.presenting.connect_all()
        suggest_scale(self)
        for message in told:
            self.tell(message)

    # --- building

    def _build(self) -> None:
        desk, theme, actions = self.desk, self.theme, self.actions_
        centre = QWidget(self)
        centre.setProperty("surface", "window")
        self.top = TopBar(desk.session, theme, actions, centre)
        self.details = DetailsSheet(self, theme)
        self._strip_holder = QWidget(centre)
        self.messages = MessageStrip(theme, self.details, self._strip_holder)
        self.status = StatusBar(desk, theme, centre)
        self._pages = Pages(desk, theme, actions, self.panels, self.stage_canvas, centre)
        self._pages.commented.connect(self.asking.comment)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        holder = QVBoxLayout(self._strip_holder)
        holder.setContentsMargins(0, 0, 0, 0)
        holder.setSpacing(0)
        holder.addWidget(self.messages)
        self.go_on = GoOnHere(self, holder)
        column.addWidget(self.top)
        column.addWidget(self._strip_holder)
        column.addWidget(self._pages, 1)
        column.addWidget(self.status)
        self.setCentralWidget(centre)
        self._ring = FocusRing(self, theme)
        self.beat = Beat(self, desk, self.actions_.refreshed_in_parts)

    @property
    def library(self) -> LibraryPage:
        """Cases and scans."""
        return self._pages.library

    @property
    def review(self) -> ReviewPage:
        """The page of findings."""
        return self._pages.review

    @property
    def stage(self) -> StagePage:
        """The page that presents."""
        return self._pages.stage

    @property
    def inspect(self) -> InspectPage:
        """The page of errors."""
        return self._pages.inspect

    def _wire(self) -> None:
        desk, session = self.desk, self.desk.session
        self.going.connect()
        for signal in (
            session.volume_changed,
            session.case_changed,
            session.findings_changed,
            session.truth_changed,
            session.decisions_changed,
            session.matching_changed,
            desk.reviewing.history_changed,
            desk.player.changed,
            desk.finding_run.busy,
            desk.live.changed,
        ):
            signal.connect(self.refresh_soon)
        self.status.busy_changed.connect(self.refresh_soon)
        # A key ends a running motion at its goal, and means what is in hand there.
        self.actions_.key_came.connect(self.compared.finish)
        self.actions_.refused.connect(self.status.say_refusal)
        self.actions_.followed.connect(self.status.forget_refusal)
        session.view_changed.connect(self.beat.view_changed)
        for moves in (desk.navigation, desk.player.acting):
            moves.started.connect(self.beat.frames_start)
        for source in (desk.opening, desk.finding_run, desk.reviewing, desk.library, self.library):
            source.failed.connect(self._failed)
        desk.finding_run.told.connect(lambda words: self.tell(Message(words, calm=True)))
        desk.library.changed.connect(lambda _: self.refresh_soon())
        for signal in (session.volume_changed, session.case_changed):
            signal.connect(lambda *_: self.setWindowTitle(window_title(session)))
        # Queued: once the image is not only painted but shown.
        queued = Qt.ConnectionType.QueuedConnection
        self.canvas.image_painted.connect(desk.opening.first_image_seen, queued)
        desk.reviewing.exported.connect(lambda written: self.tell(of_written(written, hidden_words(session))))
        desk.settings.changed.connect(self._settings_changed)
        self.top.why_geometry.connect(self.asking.why_geometry)
        self.library.case_wanted.connect(self.open_case)
        self.library.folder_wanted.connect(self.asking.open_folder)
        self.library.file_wanted.connect(self.asking.open_file)
        self.library.told.connect(self.status.say_library)
        self.library.place_menu_wanted.connect(partial(self.menu, PLACE_MENU))
        self.library.problems_wanted.connect(
            lambda problems: self.details.tell("Cases that cannot be shown", of_problems(problems))
        )
        for canvas in (self.canvas, self.compare.there, self.stage_canvas):
            canvas.gesture_started.connect(self.compared.finish)
            canvas.menu_requested.connect(partial(open_canvas_menu, self))
            canvas.settings_changed.connect(self._canvas_settings_changed)
        for canvas, navigation in (
            (self.canvas, desk.navigation),
            (self.stage_canvas, desk.navigation),
            (self.compare.there, desk.other.navigation),
        ):
            canvas.moved_by_hand.connect(navigation.remember)
        connect_measuring(self)
        self.questions.follow(self.stage_canvas)
        self.panels.failed.connect(self._failed)
        connect_overlays(self)
        connect_picking(self)
        connect_path(self)
        connect_crop(self)
        self._unsaved = Unsaved(self)

    def _restore(self) -> None:
        now = self.desk.settings.now
        if now.corner_text in tuple(Density):
            self.canvas.density = Density(now.corner_text)
        if now.tool in LOOKING_TOOLS:
            self.canvas.tool = Tool(now.tool)
        restore_place(self, now.window_geometry)
        self.setWindowTitle(window_title(self.desk.session))

    # --- what is asked of the window

    def go(self, place: Workspace) -> None:
        """Go to a workspace; Present keeps the place where the session is."""
        self.going.to(place)

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open what some paths hold; what is more than one series is listed."""
        self.going.open_paths(paths)

    def open_case(self, case: Case, step: int = 0) -> None:
        """Open a case and present it from a step."""
        self.going.open_case(case, step)

    def present_from(self, index: int) -> None:
        """Show the stage from a step."""
        self.going.present_from(index)

    def leave_present(self) -> None:
        """Leave the stage for where the user came from; a kiosk is not left."""
        self.going.leave_present()

    def end_kiosk(self) -> None:
        """Let the stage be left again, and the window be closed."""
        self.kiosk_here.end()
        self.kiosk = False

    def tell(self, message: Message) -> None:
        """Show a message in the strip."""
        self.messages.tell(message)

    # --- what happens

    def _failed(self, error: CaseStageError) -> None:
        if self.going.case_given_up():
            if self.kiosk:
                self.kiosk_here.case_failed(error)
                return
            self.desk.session.workspace = Workspace.LIBRARY
        self.tell(Message.of(error, masked=self.desk.session.masked))

    def choose_model(self) -> None:
        """Show the models to choose one to run."""
        self.desk.session.workspace = Workspace.REVIEW
        hidden = not self.panels.shown
        self.panels.reveal()
        self.review.panel.choose_model(back=not hidden)

    def switch_theme(self) -> None:
        """Go from dark to light, or back."""
        try:
            self.desk.settings.change(theme="light" if self.theme.dark else "dark")
        except StorageError as error:
            self._failed(error)

    def _settings_changed(self, new: Choices, _old: Choices) -> None:
        self.theme.name = new.theme
        self.desk.session.reader = new.reader

    def _canvas_settings_changed(self) -> None:
        self.actions_.refresh()
        if self.desk.settings.now.corner_text != self.canvas.density.value:
            self._keep(corner_text=self.canvas.density.value)
        if self.canvas.tool in LOOKING_TOOLS:
            self._keep(tool=self.canvas.tool.value)

    def _keep(self, **fields: object) -> None:
        try:
            self.desk.settings.change(**fields)
        except StorageError as error:
            self._failed(error)

    def canvas_here(self) -> Canvas | None:
        """Return the canvas that keys act on; None where there is none."""
        if self.desk.session.workspace is Workspace.PRESENT:
            return self.stage_canvas
        return self.compare.with_keys if self.desk.session.volume is not None else None

    def menu(self, commands: Iterable[MenuEntry], place: QPoint) -> None:
        """Offer commands at a place on the screen; in a kiosk there are none."""
        if self.kiosk:
            return
        menu = self.actions_.menu(commands, self)
        menu.exec(place)
        menu.deleteLater()

    def show_page(self, place: Workspace) -> None:
        """Show the page of a workspace; the stage has no bars."""
        self.setUpdatesEnabled(False)
        for widget in (self.top, self.status, self._strip_holder):
            widget.setVisible(place is not Workspace.PRESENT)
        self._pages.setCurrentWidget(self._pages.of(place))
        self.setUpdatesEnabled(True)

    def _woke(self) -> None:
        """Paint everything anew: planes at once, 3D as soon as it is there again."""
        for canvas in (self.canvas, self.compare.there, self.stage_canvas):
            canvas.view_3d.outlive()
            canvas.update()

    def refresh_soon(self) -> None:
        """Bring the commands up to date before long: what they look at has changed."""
        self.beat.refresh_soon()

    # --- Qt's events

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 (Qt's name)
        """Keep what can be kept, end the threads, and go."""
        leave_field(self)
        if not self._unsaved.may_go():
            event.ignore()
            return
        if not self.full_screen.on:
            geometry = bytes(self.saveGeometry().toHex().data()).decode()
            self._keep(window_geometry=geometry)
        self.go_on.keep()
        self.presenting.close()
        self.beat.stop()
        self.leaving.close()
        self.compare.close_scenes()
        self.stage_canvas.close_scene()
        self.desk.close()
        event.accept()
