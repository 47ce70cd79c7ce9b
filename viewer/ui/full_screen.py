"""Fills the screen with the window, and gives it back its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow


class FullScreen:
    """Remembers where a window was before it filled the screen; `on` while it does."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        # Qt asks the window manager for the state; where none runs it would never be told.
        self.on = False
        self._maximised = False
        self._normal = window.geometry()

    def enter(self) -> None:
        """Fill the screen."""
        window = self._window
        if not self.on:
            self._maximised = window.isMaximized()
            self._normal = window.geometry()
        self.on = True
        window.showFullScreen()
        # Where no window manager runs, nobody else gives the window its size.
        window.setGeometry(window.screen().geometry())

    def leave(self) -> None:
        """Go back to the place before."""
        self.on = False
        if self._maximised:
            self._window.showMaximized()
        else:
            self._window.showNormal()
            self._window.setGeometry(self._normal)

    def toggle(self) -> None:
        """Fill the screen, or go back."""
        if self.on:
            self.leave()
        else:
            self.enter()
