"""The place of the canvas in a workspace; says what to do while nothing is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedWidget, QWidget

from viewer.ui.empty import EmptyState
from viewer.ui.widgets import Button

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.ui.commands import CommandActions
    from viewer.ui.compare.compare_view import CompareView
    from viewer.ui.theme import Theme


class CanvasHost(QStackedWidget):
    """Holds the canvases that Review and Inspect share while its workspace is shown."""

    def __init__(self, session: Session, theme: Theme, actions: CommandActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._canvas: CompareView | None = None
        command = actions.table["file.open_folder"]
        action = Button.of(theme, actions["file.open_folder"], command)
        self._empty = EmptyState(
            theme, "folder-input", "Nothing is open", "Pick a case in the library, or open a CT folder.", action
        )
        self._empty.setProperty("surface", "window")
        self.addWidget(self._empty)
        session.volume_changed.connect(self._update)
        self.setMinimumSize(240, 160)

    def take(self, canvas: CompareView) -> None:
        """Hold the canvas from now on."""
        self._canvas = canvas
        self.addWidget(canvas)
        self._update()

    def _update(self) -> None:
        canvas = self._canvas
        if canvas is not None and canvas.parentWidget() is self and self._session.volume is not None:
            self.setCurrentWidget(canvas)
            return
        self.setCurrentWidget(self._empty)
