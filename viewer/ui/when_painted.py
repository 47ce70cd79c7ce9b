"""What waits until a window, or what it is there for, is on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

# So long images come in with nothing made beside them, and so long after the last one they are painted.
IMAGES_ALONE_MS = 500
PAINTED_AFTER_MS = 30


class _FirstPaint(QObject):
    def __init__(self, window: QWidget, then: Callable[[], object]) -> None:
        super().__init__(window)
        self._window, self._then = window, then
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        if event.type() == QEvent.Type.Paint:
            self._window.removeEventFilter(self)
            # Everything in the window is painted, and shown, before the event loop turns again.
            QTimer.singleShot(0, self, self._go_on)
        return super().eventFilter(watched, event)

    def _go_on(self) -> None:
        self._then()
        self.deleteLater()


def when_painted(window: QWidget, then: Callable[[], object]) -> None:
    """Call something once a window has been painted for the first time; not at all where it never is."""
    _FirstPaint(window, then)
