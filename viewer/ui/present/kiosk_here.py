"""The window as a kiosk: nothing leads out of the stage but Ctrl+Alt+Q, and visitors may touch all that is on it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent

from viewer.domain.session import Workspace
from viewer.services.kiosk import Kiosk
from viewer.services.live_steps import LiveStage

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.errors import CaseStageError
    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow

_log = logging.getLogger(__name__)

TICK_MS = 250
LEAST_IDLE_S = 5.0
_PLAIN = Qt.KeyboardModifier.NoModifier
_SHIFT, _CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
# What a visitor may press: steps, scrolling, zoom, guessing, and the way back to the story.
_ALLOWED = frozenset(
    [
        *((key, _PLAIN) for key in _ARROWS),
        *((key, _CONTROL | _SHIFT) for key in _ARROWS),
        (Qt.Key.Key_Up, _SHIFT),
        (Qt.Key.Key_Down, _SHIFT),
        *(
            (key, _PLAIN)
            for key in (
                Qt.Key.Key_PageUp,
                Qt.Key.Key_PageDown,
                Qt.Key.Key_Home,
                Qt.Key.Key_End,
                Qt.Key.Key_Return,
                Qt.Key.Key_Enter,
                Qt.Key.Key_Space,
                Qt.Key.Key_Backspace,
                Qt.Key.Key_M,
                Qt.Key.Key_Plus,
                Qt.Key.Key_Minus,
                Qt.Key.Key_Equal,
            )
        ),
        (Qt.Key.Key_Plus, _SHIFT),
    ]
)
_KEYS = frozenset({QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease})
_DROPS = frozenset({QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop})
_BUTTONS = frozenset({QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease, QEvent.Type.MouseButtonDblClick})
_TOUCHES = frozenset({QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.TouchBegin, QEvent.Type.TouchUpdate})


class KioskHere(QObject):
    """Closes one window's ways out from `begin` until `end`, and lets its story go round."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.loop: Kiosk | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    def begin(self, *, clock: Callable[[], float] | None = None) -> None:
        """Close the ways out, and go through the cases; `clock` tells the time in seconds where it is not the usual."""
        window = self._window
        window.kiosk = True
        window.setAcceptDrops(False)
        now = window.desk.settings.now
        ready = {case.id: case for case in self._ready()}
        named = [ready[ident] for ident in dict.fromkeys(now.kiosk_cases) if ident in ready]
        self.loop = Kiosk(
            window.desk.session,
            window.desk.player,
            named or tuple(ready.values()),
            window.open_case,
            lambda: bool(window.stage.preparing),
            max(now.kiosk_idle_s, LEAST_IDLE_S),
            **({"clock": clock} if clock is not None else {}),
        )
        app = QCoreApplication.instance()
        if app is not None:
            app.installEventFilter(self)
        self._timer.start()

    def end(self) -> None:
        """Open the ways out again, and go to the library."""
        if self.loop is None:
            return
        self.loop = None
        self._timer.stop()
        app = QCoreApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        window = self._window
        window.kiosk = False
        window.setAcceptDrops(True)
        window.desk.session.workspace = Workspace.LIBRARY

    def case_failed(self, error: CaseStageError) -> None:
        """Say in the log why a case cannot be shown, and go on with another."""
        _log.error("a case cannot be shown: %s", error.sentence)
        if self.loop is not None:
            self.loop.case_failed()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Keep from the program whatever would lead away from the stage."""
        if self.loop is None:
            return False
        kind = event.type()
        # A drag that goes on is a hand on the stage all the while.
        dragged = kind is QEvent.Type.MouseMove and isinstance(event, QMouseEvent) and bool(event.buttons())
        if kind in _TOUCHES or dragged:
            self.loop.touched()
        if kind in _KEYS and isinstance(event, QKeyEvent):
            return self._key(kind, event)
        if kind in _BUTTONS and isinstance(event, QMouseEvent):
            return event.button() == Qt.MouseButton.RightButton
        if kind in _DROPS or kind is QEvent.Type.ContextMenu:
            return True
        if watched is self._window and kind is QEvent.Type.Close:
            event.ignore()
            return True
        if watched is self._window and kind is QEvent.Type.WindowStateChange:
            # A window that a window manager made an icon of is still said to fill the screen.
            if not self._window.isFullScreen() or self._window.isMinimized():
                QTimer.singleShot(0, self._fill)
        return False

    def _key(self, kind: QEvent.Type, event: QKeyEvent) -> bool:
        assert self.loop is not None
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        both = _CONTROL | Qt.KeyboardModifier.AltModifier
        if event.key() == Qt.Key.Key_Q and modifiers == both:
            event.accept()
            if kind is QEvent.Type.KeyPress:
                self.end()
            return True
        if (Qt.Key(event.key()), modifiers) in _ALLOWED:
            # A key that is a shortcut is not pressed after that.
            if kind is not QEvent.Type.KeyRelease:
                self.loop.touched()
            return False
        # No shortcut then; and the key itself, which comes next, goes nowhere.
        event.accept()
        return True

    def _fill(self) -> None:
        if self.loop is not None:
            self._window.full_screen.enter()

    def _tick(self) -> None:
        if self.loop is not None:
            self.loop.tick()
            coming = self.loop.coming if self.loop is not None else None
            if coming is not None:
                self._window.desk.opening.ahead.want(coming)
            if self._window.desk.live.stage is LiveStage.ASKED:
                # Nobody is there who would press the key.
                self._window.desk.live.start()

    def _ready(self) -> tuple[Case, ...]:
        library = self._window.library
        if library.shelf is None or library.filling:
            library.refresh()
        return library.shelf.cases if library.shelf is not None else ()
