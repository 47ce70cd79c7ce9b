"""The review workspace: toolbar, four views, panel."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from viewer.ui.canvas_host import CanvasHost
from viewer.ui.review.toolbar import Toolbar
from viewer.ui.tall import Tall
from viewer.ui.when_painted import IMAGES_ALONE_MS, PAINTED_AFTER_MS
from viewer.ui.widgets import hairline

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent, QShowEvent

    from viewer.domain.volume import Volume
    from viewer.services.desk import Desk
    from viewer.ui.commands import CommandActions
    from viewer.ui.review.review_panel import ReviewPanel
    from viewer.ui.side_panels import SidePanels
    from viewer.ui.theme import Theme

PANEL_WIDTH = 432
NARROW_PANEL_WIDTH = 344
NARROW_BELOW = 1600


class ReviewPage(QWidget):
    """Findings one by one; `commented` carries the id of a finding and a comment on it."""

    commented = Signal(str, str)

    def __init__(
        self, desk: Desk, theme: Theme, actions: CommandActions, panels: SidePanels, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        left = QVBoxLayout()
        left.setSpacing(0)
        self.toolbar = Toolbar(desk.session, desk.other.session, theme, actions, desk.conventions.windows, self)
        left.addWidget(self.toolbar)
        self.host = CanvasHost(desk.session, theme, actions, self)
        left.addWidget(self.host, 1)
        row.addLayout(left, 1)
        self._line = hairline(vertical=True)
        row.addWidget(self._line)
        self._tall = Tall(self)
        self._tall.inside.setProperty("surface", "panel")
        row.addWidget(self._tall)
        self._desk, self._theme, self._actions = desk, theme, actions
        self._panel_due = QTimer(self, singleShot=True)
        self._panel_due.timeout.connect(lambda: self.panel)
        desk.opening.opened.connect(self._images_in)
        volume = desk.session.volume
        self._panel_due.start(IMAGES_ALONE_MS if volume is None or volume.preview else 0)
        self._instead: QWidget | None = None
        self._models: QWidget | None = None
        self._panels = panels
        panels.changed.connect(self._fit)
        self._fit()

    @cached_property
    def panel(self) -> ReviewPanel:
        """The findings, or the models.

        Made once the images are there, for which every moment counts, unless they take long or somebody asks for it.
        """
        self._panel_due.stop()
        from viewer.ui.review.review_panel import ReviewPanel

        panel = ReviewPanel(self._desk, self._theme, self._actions, self._tall.inside)
        panel.commented.connect(self.commented)
        self._tall.hold(panel, panel.least_px)
        panel.needs.connect(self._tall.need)
        return panel

    def _images_in(self, _volume: Volume) -> None:
        if self._panel_due.isActive():
            self._panel_due.start(PAINTED_AFTER_MS)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Make the panel narrower in a narrow window."""
        super().resizeEvent(event)
        self._fit()

    def show_instead(self, panel: QWidget | None) -> None:
        """Show a panel in the place of the findings, which takes up no room of its own; None brings them back."""
        layout = self.layout()
        if self._instead is not None:
            self._instead.hide()
        if panel is not None and layout is not None and layout.indexOf(panel) < 0:
            layout.addWidget(panel)
        self._instead = panel
        self._fit()

    def show_models(self, panel: QWidget | None) -> None:
        """Show the panel of two models in the place of the findings; None brings them back."""
        if panel is not self._models:
            if self._models is not None:
                self._models.hide()
            layout = self.layout()
            if panel is not None and layout is not None and layout.indexOf(panel) < 0:
                layout.addWidget(panel)
            self._models = panel
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """Take in what was chosen, and how large the window became, while another page was seen."""
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        shown = self._panels.shown_at(self.width(), seen=self.isVisible())
        models = self._models if self._instead is None else None
        self._line.setVisible(shown or self._instead is not None)
        self._tall.setVisible(shown and self._instead is None and models is None)
        if self._instead is not None:
            self._instead.show()
        width = NARROW_PANEL_WIDTH if self.width() < NARROW_BELOW else PANEL_WIDTH
        if self._models is not None:
            self._models.setVisible(shown and models is not None)
            self._models.setFixedWidth(width)
        if self._tall.maximumWidth() != width:
            self._tall.setFixedWidth(width)
            layout = self.layout()
            if layout is not None:
                # Now, and not after the views have been painted beside a panel of another width.
                layout.activate()
