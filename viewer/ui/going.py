"""The ways between the window's workspaces: what is opened, what goes on stage, and where one comes back to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from viewer.domain.session import Workspace
from viewer.domain.view_state import OverlayMode
from viewer.ui.hanging_file import tell_of_opening

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow


def leave_field(window: MainWindow) -> None:
    """Take the keys from a text field, so that what is typed there is kept as when it is left."""
    if isinstance(window.focusWidget(), QLineEdit | QPlainTextEdit):
        window.setFocus(Qt.FocusReason.OtherFocusReason)


class Going:
    """Goes between the workspaces of one window; `connect` is called once the window is built."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._desk = window.desk
        self._before_present = Workspace.LIBRARY
        self._from_stage = False
        self._opening_case: Case | None = None

    def connect(self) -> None:
        """Follow the session's workspace and what is opened; tell what hinders no opening."""
        tell_of_opening(self._window)
        session = self._desk.session
        session.workspace_changed.connect(self._show)
        session.volume_changed.connect(self._volume_changed)
        self._desk.opening.opened.connect(self._opened)

    def begin(self) -> None:
        """Show the session's workspace."""
        self._show(self._desk.session.workspace, None)

    def to(self, place: Workspace) -> None:
        """Go to a workspace; Present keeps the place where the session is."""
        if place is Workspace.PRESENT and self._desk.session.step is None:
            self.present_from(0)
            return
        self._desk.session.workspace = place
        self._window.actions_.refresh()

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open what some paths hold; what is more than one series is listed, packs and models can be installed."""
        self._clear_what_was_seen()
        if self._desk.session.workspace is Workspace.PRESENT:
            self.leave_present()
        self.case_given_up()
        self._desk.library.open(paths)

    def open_case(self, case: Case, step: int = 0, *, at_start: bool = False) -> None:
        """Open a case and present it from a step; `at_start` where nobody has seen the window yet."""
        if not at_start:
            self._clear_what_was_seen()
        open_now, volume = self._desk.session.case, self._desk.session.volume
        whole = volume is not None and not volume.preview
        if open_now is not None and open_now.id == case.id and whole:
            self.present_from(step)
            return
        self._opening_case = case
        self._window.stage.prepare(case)
        self._desk.session.workspace = Workspace.PRESENT
        self._desk.opening.open_case(case, partial(self._case_in, step), step)

    def case_given_up(self) -> bool:
        """Return whether a case was being opened; it is not waited for any more."""
        if self._opening_case is None:
            return False
        self._opening_case = None
        self._window.stage.ready()
        return True

    def present_from(self, index: int) -> None:
        """Show the stage from a step."""
        if not self._desk.player.steps:
            return
        self._desk.session.workspace = Workspace.PRESENT
        self._desk.player.start(min(index, len(self._desk.player.steps) - 1))

    def leave_present(self) -> None:
        """Leave the stage for where the user came from; a kiosk is not left."""
        if self._window.kiosk:
            return
        if self._opening_case is not None:
            self._desk.opening.cancel()
            self.case_given_up()
        back = self._before_present
        self._desk.session.workspace = back if back is not Workspace.PRESENT else Workspace.LIBRARY

    def _clear_what_was_seen(self) -> None:
        """Take the message away, but not what was told before the window came, or on the stage, which shows none.

        What is being typed is kept with what it was typed for.
        """
        leave_field(self._window)
        if self._window.messages.isVisible():
            self._window.messages.clear()

    def _case_in(self, step: int) -> None:
        self._opening_case = None
        self._desk.player.start(step)
        self._window.stage.ready()

    def _volume_changed(self, new: Volume | None, _old: Volume | None) -> None:
        if new is not None and self._opening_case is None and self._desk.session.workspace is Workspace.LIBRARY:
            self._desk.session.workspace = Workspace.REVIEW

    def _opened(self, _volume: Volume) -> None:
        if self._desk.session.case is None and self._desk.session.workspace is Workspace.LIBRARY:
            self._desk.session.workspace = Workspace.REVIEW

    def _show(self, new: Workspace, old: Workspace | None) -> None:
        window = self._window
        window.compared.finish()
        if old in (Workspace.REVIEW, Workspace.INSPECT):
            # What was told while somebody presented has not been seen yet.
            window.messages.clear_calm()
        staged = new is Workspace.PRESENT
        if staged and old is not None:
            self._before_present = old
        if new is Workspace.REVIEW:
            window.review.host.take(window.compare)
        elif new is Workspace.INSPECT:
            window.inspect.host.take(window.compare)
        if staged:
            self._from_stage = True
        elif new is not Workspace.LIBRARY and self._from_stage:
            self._leave_story()
        window.show_page(new)
        if staged and window.isVisible():
            window.full_screen.enter(window.presenting.stage_screen())
        elif not staged and old is Workspace.PRESENT and window.full_screen.on:
            window.full_screen.leave()
        if new is Workspace.LIBRARY:
            window.library.take_keys()
        else:
            canvas = window.stage_canvas if staged else window.canvas
            canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        window.actions_.refresh()

    def _leave_story(self) -> None:
        """Take back what a step shows or hides for its story; the place stays."""
        self._from_stage = False
        view = self._desk.session.view
        if view is None:
            return
        overlay = OverlayMode.OUTLINE if view.overlay is OverlayMode.OFF else view.overlay
        # A reader decides without having seen the answer; in Inspect misses are drawn anyway.
        self._desk.session.view = evolve(view, overlay=overlay, show_truth=False)
