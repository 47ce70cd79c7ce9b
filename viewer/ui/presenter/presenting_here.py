"""The window's part in presenting: two screens, the presenter's window, search, the notes' strip, rehearsals."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRect, Qt, QTimer

from viewer.domain.errors import StorageError
from viewer.domain.session import Workspace
from viewer.services.pace import Pace
from viewer.services.rehearsing import Rehearsing
from viewer.ui.full_screen import places_itself
from viewer.ui.messages import Message
from viewer.ui.presenter.rehearsals_here import RehearsalsHere
from viewer.ui.presenter.screens import Screens, brought_inside, screen_named, shared_out
from viewer.ui.presenter.touch import TouchSteps
from viewer.ui.presenter_commands import PresenterAsks, presenter_commands
from viewer.ui.ringing import rings_once

if TYPE_CHECKING:
    from PySide6.QtGui import QScreen

    from viewer.domain.walkthrough import Case
    from viewer.services.awake import Awake
    from viewer.ui.commands import Command
    from viewer.ui.library.step_finder import StepFinder
    from viewer.ui.main_window import MainWindow
    from viewer.ui.presenter.presenter_window import PresenterWindow
    from viewer.ui.presenter.screens import ScreenFacts
    from viewer.ui.presenter.stage_drawer import StageDrawer
    from viewer.ui.presenter.stage_search import StageSearch

TICK_MS = 250
KEPT_AFTER_MS = 500
USUAL_SIZE = (1280, 720)
MAXIMISED = " maximised"


class PresentingHere(QObject):
    """Stands between one window and whoever presents with it; `connect_all` is called once the window is built."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._desk = window.desk
        self.pace = Pace(self._desk.player)
        self.rehearsing = Rehearsing(self._desk.session, self._desk.player, self.pace)
        self.rehearsals = RehearsalsHere(window, self.rehearsing, notes_shown=self._show_rehearsal_notes)
        self.screens = Screens(self)
        self.window: PresenterWindow | None = None
        self.drawer: StageDrawer | None = None
        self.search: StageSearch | None = None
        self.finder: StepFinder | None = None
        self._touch: TouchSteps | None = None
        self._built = False
        self._closed_by_hand = False
        self._ticks = QTimer(self)
        self._ticks.setInterval(TICK_MS)
        self._ticks.timeout.connect(self._tick)
        self._kept = rings_once(self, self._keep_place, KEPT_AFTER_MS)

    @cached_property
    def awake(self) -> Awake:
        """What keeps the screen on; loaded when somebody presents."""
        from viewer.services.awake import Awake

        return Awake()

    def commands(self) -> tuple[Command, ...]:
        """Return the commands."""
        return presenter_commands(
            PresenterAsks(
                window=self.toggle_window,
                window_shown=lambda: self.is_shown,
                swap=self.swap,
                can_swap=lambda: self.is_shown and self._shared()[1] is not None,
                notes=self.toggle_notes,
                notes_shown=lambda: self.drawer is not None and not self.drawer.isHidden(),
                notes_allowed=lambda: not self._window.kiosk and self._shared()[1] is None,
                resize_notes=lambda by: self.window.notes.resize_notes(by) if self.window is not None else None,
                search=self.ask_for_step,
                search_library=self.find_in_library,
                clock=self._toggle_clock,
                clock_runs=lambda: self.pace.running,
                reset_clock=self._reset_clock,
                rehearse=self.rehearsals.rehearse,
                can_rehearse=lambda: self._built and self.rehearsals.case is not None,
                rehearsing=lambda: self.rehearsing.running,
                mark=self.rehearsing.cue,
                allowed=lambda: not self._window.kiosk,
            )
        )

    def connect_all(self) -> None:
        """Follow the workspace, the story, and the screens."""
        self._built = True
        self._desk.session.workspace_changed.connect(self._workspace)
        self._desk.session.case_changed.connect(self._case_changed)
        self._desk.player.changed.connect(self._followed)
        self.screens.changed.connect(self._screens_changed)

    # --- screens

    @property
    def is_shown(self) -> bool:
        """True while the presenter's window is there."""
        return self.window is not None and self.window.isVisible()

    @property
    def _opens_by_itself(self) -> bool:
        return self._desk.settings.now.presenter_opens and not self._window.kiosk and not self._closed_by_hand

    def _shared(self) -> tuple[ScreenFacts, ScreenFacts | None]:
        here = self._window.screen().name()
        return shared_out(self.screens.now, self._desk.settings.now.presenter_screen, shown_on=here)

    def stage_screen(self) -> QScreen | None:
        """Return the audience's screen; None where the window stays on its own."""
        stage, own = self._shared()
        return screen_named(stage.name) if own is not None and (self._opens_by_itself or self.is_shown) else None

    def swap(self) -> None:
        """Give the audience the presenter's screen, and the presenter theirs."""
        stage, own = self._shared()
        if own is not None:
            self._keep(presenter_screen=stage.name, presenter_geometry="")
            self._screens_changed()

    def _screens_changed(self) -> None:
        window = self._window
        if self._desk.session.workspace is not Workspace.PRESENT:
            return
        own = self._shared()[1]
        if window.full_screen.on:
            window.full_screen.enter(self.stage_screen())
        if self.is_shown:
            self._place()
        elif own is not None and self._opens_by_itself:
            self.show_window()
        if own is None and self.is_shown:
            # Whoever is left with one screen may be the audience: the stage stays in front.
            window.raise_()
            window.activateWindow()
        if own is not None and self.drawer is not None and not self.drawer.isHidden():
            self.toggle_notes()
        self._say_audience()
        window.refresh_soon()

    # --- the presenter's window

    def toggle_window(self) -> None:
        """Show the window, or close it."""
        if self.is_shown:
            self._closed()
            assert self.window is not None
            self.window.hide()
        else:
            self._closed_by_hand = False
            if self._window.full_screen.on:
                self.show_window()
                self._window.full_screen.enter(self.stage_screen())
                assert self.window is not None
                self.window.raise_()
                self.window.activateWindow()
            else:
                self.show_window()
        self._window.refresh_soon()

    def show_window(self) -> None:
        """Show the window where it belongs, and give it the keys."""
        if self.window is None:
            # Most of the time nobody presents: it is loaded and built when somebody does.
            from viewer.ui.presenter.presenter_window import PresenterWindow

            main = self._window
            self.window = PresenterWindow(self._desk, main.theme, main.actions_, main.stage, self.pace, self.rehearsing)
            self.window.closed.connect(self._closed)
            self.window.moved.connect(self._kept.start)
            self.window.notes.sized.connect(lambda size: self._keep(notes_px=size))
        if not self.window.isVisible():
            self._place()
            self.window.show()
            self.window.activateWindow()
        self._say_audience()

    def _place(self) -> None:
        window = self.window
        if window is None:
            return
        screens = self.screens.now
        stage, own = self._shared()
        words = self._desk.settings.now.presenter_geometry
        kept = _rect_of(words.removesuffix(MAXIMISED))
        home = own or stage
        maximised = own is not None and (words.endswith(MAXIMISED) or not places_itself())
        if kept is not None and (own is None or own.area.contains(kept.center())):
            goal = brought_inside(kept, [home] if own is not None else screens)
        elif own is not None:
            goal, maximised = home.free, True
        else:
            goal = QRect(0, 0, *USUAL_SIZE)
            goal.moveCenter(home.free.center())
            goal = brought_inside(goal, screens)
        screen = screen_named(home.name)
        if screen is not None and window.screen() is not screen:
            if not places_itself():
                window.hide()
            window.setScreen(screen)
        window.place_at(goal, maximised=maximised)

    def _keep_place(self) -> None:
        if not self.is_shown or self.window is None:
            return
        area = self.window.geometry()
        words = f"{area.x()} {area.y()} {area.width()} {area.height()}"
        words += MAXIMISED if self.window.isMaximized() else ""
        stage, own = self._shared()
        if own is None:
            self._keep(presenter_geometry=words)
        elif not stage.area.contains(area.center()):
            self._keep(presenter_geometry=words, presenter_screen=self.window.screen().name())

    def _closed(self) -> None:
        self._closed_by_hand = True
        self._window.refresh_soon()

    def _say_audience(self) -> None:
        if self.window is None:
            return
        stage, own = self._shared()
        where = f"Audience on {stage.name}" if own is not None else "One screen"
        self.window.say_audience(f"{where}, {stage.size_words}", can_swap=own is not None)

    # --- on the stage

    def toggle_notes(self) -> None:
        """Show the notes below the picture, or take them away."""
        stage = self._window.stage
        if self.drawer is None:
            from viewer.ui.presenter.stage_drawer import StageDrawer

            self.drawer = StageDrawer(self._desk, self._window.theme, self.pace, self.rehearsing, stage)
        self.drawer.setVisible(self.drawer.isHidden())
        self._place_on_stage()
        self._followed()
        self._window.refresh_soon()

    def ask_for_step(self) -> None:
        """Ask for a step in the presenter's window where it has the keys or a screen of its own, else on the stage."""
        window = self.window
        if window is not None and self.is_shown and (window.isActiveWindow() or self._shared()[1] is not None):
            window.activateWindow()
            window.steps.search()
            return
        stage = self._window.stage
        if self.search is None:
            from viewer.ui.presenter.stage_search import StageSearch

            self.search = StageSearch(self._window.theme, self._desk.session, stage)
            self.search.found.connect(self._desk.player.jump)
            self.search.closed.connect(lambda: stage.canvas.setFocus(Qt.FocusReason.OtherFocusReason))
        self._place_on_stage()
        self.search.open_search()

    def _place_on_stage(self) -> None:
        stage = self._window.stage
        below = 0
        if self.drawer is not None and not self.drawer.isHidden():
            self.drawer.set_scale(stage.scale)
            below = self.drawer.height_at(stage.scale)
            self.drawer.setGeometry(0, stage.height() - stage.bar.height() - below, stage.width(), below)
            self.drawer.raise_()
        stage.make_room_below(below)
        if self.search is not None:
            self.search.place(stage.size(), stage.bar.height(), stage.scale)

    def _followed(self) -> None:
        if self.drawer is not None and not self.drawer.isHidden():
            self.drawer.follow()

    def _tick(self) -> None:
        if self.drawer is not None and not self.drawer.isHidden():
            self.drawer.tick()

    def _show_rehearsal_notes(self, shown: bool) -> None:
        """Show the notes while somebody rehearses without the presenter's window, and take them away after it."""
        there = self.drawer is not None and not self.drawer.isHidden()
        if shown and not self.is_shown and not there:
            self.toggle_notes()
        elif not shown and there:
            self.toggle_notes()
        self._followed()

    # --- the clock

    def _toggle_clock(self) -> None:
        if self.pace.running:
            self.pace.pause()
        else:
            self.pace.start()

    def _reset_clock(self) -> None:
        self.pace.reset()

    # --- the library

    def find_in_library(self) -> None:
        """Search the steps of all cases."""
        if self.finder is None:
            from viewer.ui.library.step_finder import StepFinder

            self.finder = StepFinder(self._window, self._window.theme)
            self.finder.found.connect(lambda case, step: self._window.open_case(case, step))
        if self._window.library.filling:
            self._window.library.refresh()
        shelf = self._window.library.shelf
        self.finder.ask(shelf.cases if shelf is not None else ())

    # --- what happens

    def _case_changed(self, new: Case | None, old: Case | None) -> None:
        if (new.id if new is not None else "") != (old.id if old is not None else ""):
            self.pace.reset()

    def _workspace(self, new: Workspace, old: Workspace | None) -> None:
        if new is Workspace.PRESENT:
            self._connect_stage()
            self._ticks.start()
            if self._desk.session.step in (None, 0):
                self.pace.reset()
            if not self._window.kiosk:
                self.pace.start()
            self.awake.begin()
            if self._opens_by_itself and self._shared()[1] is not None and self._window.isVisible():
                self.show_window()
        elif old is Workspace.PRESENT:
            self.rehearsals.forget()
            self._closed_by_hand = False
            self._ticks.stop()
            self.pace.pause()
            self.awake.end()
            if self.search is not None:
                self.search.close_search()
            if self.window is not None:
                self.window.hide()
            if self.rehearsing.running:
                self.rehearsals.end()

    def _connect_stage(self) -> None:
        if self._touch is not None:
            return
        stage = self._window.stage
        stage.placed.connect(self._place_on_stage)
        stage.became_ready.connect(self.rehearsals.begin)
        self._touch = TouchSteps(stage.canvas)
        player = self._desk.player
        self._touch.stepped.connect(lambda by: player.next() if by > 0 else player.back())

    def close(self) -> None:
        """End with the window."""
        self._ticks.stop()
        self._kept.stop()
        self.rehearsals.close()
        if "awake" in self.__dict__:
            self.awake.end()
            self.awake.wait(1.0)
        if self.window is not None:
            self.window.close()

    def _keep(self, **fields: object) -> None:
        try:
            self._desk.settings.change(**fields)
        except StorageError as error:
            self._window.tell(Message.of(error))


def _rect_of(words: str) -> QRect | None:
    """Return the place that settings hold, or None."""
    parts = words.split()
    try:
        x, y, width, height = (int(part) for part in parts)
    except ValueError:
        return None
    return QRect(x, y, width, height) if width > 0 and height > 0 else None
