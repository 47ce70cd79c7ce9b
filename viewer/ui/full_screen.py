"""Fills the screen with the window, and gives it back its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QRect
    from PySide6.QtGui import QScreen
    from PySide6.QtWidgets import QMainWindow

# What window managers put around a window, at most: its frame at the sides and below, its title above.
_FRAME_PX = 8
_TITLE_PX = 40


def within(wanted: QRect, available: QRect) -> QRect | None:
    """Return a window's place moved so that its frame and title are on the screen; None where it does not fit."""
    room = available.adjusted(_FRAME_PX, _TITLE_PX, -_FRAME_PX, -_FRAME_PX)
    if wanted.width() > room.width() or wanted.height() > room.height():
        return None
    left = min(max(wanted.left(), room.left()), room.right() - wanted.width() + 1)
    top = min(max(wanted.top(), room.top()), room.bottom() - wanted.height() + 1)
    return wanted.translated(left - wanted.left(), top - wanted.top())


def centred(width: int, height: int, available: QRect) -> QRect | None:
    """Return the place of a window in the middle of the screen; None where it does not fit."""
    place = available.adjusted(0, 0, width - available.width(), height - available.height())
    place.moveCenter(available.center())
    return within(place, available)


def places_itself() -> bool:
    """Return whether a window may say where it stands.

    Under Wayland the compositor does. It ends a program that gives a window which fills the screen a size of its own.
    """
    return not QGuiApplication.platformName().startswith("wayland")


class FullScreen(QObject):
    """Remembers where a window was before it filled the screen; `on` while it does.

    Esc that nobody else wants leaves it, where `esc_leaves` says so.
    """

    def __init__(self, window: QMainWindow, esc_leaves: Callable[[], bool] = lambda: False) -> None:
        super().__init__(window)
        self._window, self._esc_leaves = window, esc_leaves
        window.installEventFilter(self)
        # Qt asks the window manager for the state; where none runs it would never be told.
        self.on = False
        self._maximised = False
        self._normal = window.geometry()

    def enter(self, screen: QScreen | None = None) -> None:
        """Fill a screen; None is the one that the window is on."""
        window = self._window
        if not self.on:
            self._maximised = window.isMaximized()
            self._normal = window.geometry()
        self.on = True
        goal = screen or window.screen()
        if goal is not window.screen():
            # A window that fills one screen is moved to another only after it has let go of the first.
            if places_itself():
                window.showNormal()
                window.setScreen(goal)
                window.setGeometry(goal.geometry())
            else:
                window.hide()
                window.setScreen(goal)
        window.showFullScreen()
        if places_itself():
            # Where no window manager runs, nobody else gives the window its size.
            window.setGeometry(goal.geometry())

    def leave(self) -> None:
        """Go back to the place before."""
        self.on = False
        if not places_itself():
            # A surface of its own: of one that filled a screen some compositors do not know how large it may be.
            self._window.hide()
            if self._maximised:
                self._window.showMaximized()
            else:
                self._window.showNormal()
            return
        before = QGuiApplication.screenAt(self._normal.center()) or self._window.screen()
        place = None if self._maximised else within(self._normal, before.availableGeometry())
        if place is None:
            if before is not self._window.screen():
                self._window.showNormal()
                self._window.setGeometry(before.availableGeometry())
            self._window.showMaximized()
        else:
            self._window.showNormal()
            self._window.setGeometry(place)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Take Esc where nobody nearer to the focus did."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if event.key() != Qt.Key.Key_Escape or not self.on or not self._esc_leaves():
            return False
        self.leave()
        return True

    def toggle(self) -> None:
        """Fill the screen, or go back."""
        if self.on:
            self.leave()
        else:
            self.enter()
