"""Fingers on the stage: a tap at its left or right edge, or a quick swipe, goes to the step before or to the next.

Everything else that a finger does is a hand on the picture, as with a mouse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

EDGE_SHARE = 0.1
TAP_PX, TAP_S = 16.0, 0.5
SWIPE_SHARE, SWIPE_S = 0.12, 0.4
STEEPEST = 0.5


def touched_step(start: QPointF, end: QPointF, width: float, seconds: float) -> int:
    """Return −1 or 1 where a touch from one place to another, within a time, asks for a neighbouring step; else 0."""
    across, down = end.x() - start.x(), end.y() - start.y()
    if abs(across) <= TAP_PX and abs(down) <= TAP_PX:
        if seconds > TAP_S:
            return 0
        return -1 if start.x() < EDGE_SHARE * width else 1 if start.x() > (1 - EDGE_SHARE) * width else 0
    swiped = abs(across) >= SWIPE_SHARE * width and abs(down) <= STEEPEST * abs(across) and seconds <= SWIPE_S
    return 0 if not swiped else -1 if across > 0 else 1


def _when_s(event: QMouseEvent) -> float:
    """Return when a finger did something: by the device, not by when this program gets to it."""
    return event.timestamp() / 1000


class TouchSteps(QObject):
    """Watches touches of a widget, which come as mouse events made from them; `stepped` carries −1 or 1."""

    stepped = Signal(int)

    def __init__(self, widget: QWidget, when_s: Callable[[QMouseEvent], float] = _when_s) -> None:
        super().__init__(widget)
        self._widget, self.when_s = widget, when_s
        self._start: tuple[QPointF, float] | None = None
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """See where a touch begins and ends; the widget gets all of it too."""
        if not isinstance(event, QMouseEvent) or event.source() == Qt.MouseEventSource.MouseEventNotSynthesized:
            return False
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            self._start = (event.position(), self.when_s(event))
            # Two taps at an edge are two steps, and no double-click on the picture.
            from_edge = min(event.position().x(), self._widget.width() - event.position().x())
            return event.type() == QEvent.Type.MouseButtonDblClick and from_edge < EDGE_SHARE * self._widget.width()
        elif event.type() == QEvent.Type.MouseButtonRelease and self._start is not None:
            (place, since), self._start = self._start, None
            step = touched_step(place, event.position(), self._widget.width(), self.when_s(event) - since)
            if step:
                # The hand on the picture ends first; a step shows its own view whatever the finger did to it.
                QTimer.singleShot(0, self, lambda: self.stepped.emit(step))
        return False
