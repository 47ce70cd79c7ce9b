"""The places of the window, each built when it is first needed: a first window does not wait for the others."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from viewer.domain.session import Workspace
from viewer.ui.library.library_page import LibraryPage

if TYPE_CHECKING:
    from viewer.services.desk import Desk
    from viewer.ui.canvas import Canvas
    from viewer.ui.commands import CommandActions
    from viewer.ui.inspect.inspect_page import InspectPage
    from viewer.ui.present.stage_page import StagePage
    from viewer.ui.review.review_page import ReviewPage
    from viewer.ui.side_panels import SidePanels
    from viewer.ui.theme import Theme


class Pages(QStackedWidget):
    """Library, stage, review and inspection; `commented` carries the id of a finding and a comment on it."""

    commented = Signal(str, str)

    def __init__(
        self,
        desk: Desk,
        theme: Theme,
        actions: CommandActions,
        panels: SidePanels,
        stage_canvas: Canvas,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._theme, self._actions, self._panels = desk, theme, actions, panels
        self._stage_canvas = stage_canvas
        self.library = LibraryPage(desk, theme, self)
        self.addWidget(self.library)

    @cached_property
    def review(self) -> ReviewPage:
        """The page of findings."""
        from viewer.ui.review.review_page import ReviewPage

        page = ReviewPage(self._desk, self._theme, self._actions, self._panels, self)
        page.commented.connect(self.commented)
        self.addWidget(page)
        return page

    @cached_property
    def stage(self) -> StagePage:
        """The page that presents."""
        from viewer.ui.present.stage_page import StagePage

        page = StagePage(self._desk, self._theme, self._stage_canvas)
        self.addWidget(page)
        return page

    @cached_property
    def inspect(self) -> InspectPage:
        """The page of errors."""
        from viewer.ui.inspect.inspect_page import InspectPage

        page = InspectPage(self._desk, self._theme, self._actions, self._panels)
        self.addWidget(page)
        return page

    def of(self, place: Workspace) -> QWidget:
        """Return the page of a workspace."""
        match place:
            case Workspace.INSPECT:
                return self.inspect
            case Workspace.REVIEW:
                return self.review
            case Workspace.PRESENT:
                return self.stage
        return self.library
