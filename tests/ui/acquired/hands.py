"""What the tests of acquired slices look at and do with their hands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.open_session import view_of
from viewer.domain.view_state import ViewName
from viewer.ui.canvas import Canvas, Density, shown_from
from viewer.ui.canvas.facts import corners

if TYPE_CHECKING:
    from viewer.domain.session import Session

GAPS_MM = (4.0, 4.0, 7.0, 7.0, 1.1, 7.0, 7.0, 4.0, 4.0, 4.0, 7.0, 4.0, 4.0)
COUNT = len(GAPS_MM) + 1


def slice_of(session: Session) -> int:
    """The slice that the axial viewport shows."""
    assert session.volume is not None
    return session.volume.stack.nearest_slice(view_of(session).cursor_lps_mm)


def on_slice(session: Session) -> float:
    """How far the cursor is from the slice that is shown, along the normal."""
    assert session.volume is not None
    stack = session.volume.stack
    return float(abs(np.asarray(view_of(session).cursor_lps_mm) @ stack.normal - stack.heights_mm[slice_of(session)]))


def place_in(canvas: Canvas, view: ViewName, across: float, down: float) -> QPoint:
    tile = canvas.tile(view)
    assert tile is not None
    area = tile.area
    return QPointF(area.left() + area.width() * across, area.top() + area.height() * down).toPoint()


def turn_wheel(canvas: Canvas, view: ViewName, notches: int, control: bool = False, at: QPoint | None = None) -> None:
    place = QPointF(at or place_in(canvas, view, 0.3, 0.3))
    modifiers = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        place,
        QPointF(canvas.mapToGlobal(place.toPoint())),
        QPoint(),
        QPoint(0, notches * 120),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def move_to(canvas: Canvas, place: QPoint) -> None:
    """Move the pointer: sent, because a display may drop one of several moves."""
    at = QPointF(place)
    no = Qt.MouseButton.NoButton
    event = QMouseEvent(
        QEvent.Type.MouseMove, at, QPointF(canvas.mapToGlobal(place)), no, no, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(canvas, event)


def drag(canvas: Canvas, button: Qt.MouseButton, start: QPoint, by: QPoint) -> None:
    QTest.mousePress(canvas, button, Qt.KeyboardModifier.NoModifier, start)
    for n in range(1, 6):
        move_to(canvas, start + by * n / 5)
    QTest.mouseRelease(canvas, button, Qt.KeyboardModifier.NoModifier, start + by)


def said(session: Session, view: ViewName = ViewName.AXIAL, density: Density = Density.FULL) -> dict[str, list[str]]:
    assert session.volume is not None
    words = corners(shown_from(session.volume, view_of(session)), view, density, first=False)
    return {
        "name": [w.text for w in words.top_left],
        "image": [w.text for w in words.bottom_left],
        "window": [w.text for w in words.bottom_right],
    }
