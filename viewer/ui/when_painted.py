"""What waits until a window, or what it is there for, is on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

# So long images come in with nothing made beside them, and so long after the last one they are painted.
IMAGES_ALONE_MS = 500
PAINTED_AFTER_MS = 30


class _FirstPaint(QObject):
    """Waits for one painting; `then` is called after it, in its order."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.then: list[Callable[[], object]] = []
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        if event.type() == QEvent.Type.Paint and isinstance(watched, QWidget):
            watched.removeEventFilter(self)
            _waiting.pop(watched, None)
            # Everything in the window is painted, and shown, before the event loop turns again.
            for then in self.then:
                QTimer.singleShot(0, watched, then)
            self.deleteLater()
        return super().eventFilter(watched, event)


_waiting: WeakKeyDictionary[QWidget, _FirstPaint] = WeakKeyDictionary()


def when_painted(window: QWidget, then: Callable[[], object]) -> None:
    """Call something once a window has been painted from now on; not at all where it never is.

    Who asked first is told first: it may be about when that was.
    """
    if window not in _waiting:
        _waiting[window] = _FirstPaint(window)
    _waiting[window].then.append(then)
