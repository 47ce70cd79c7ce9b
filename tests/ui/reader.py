"""A canvas with its reader, who measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt

from tests.ui.acquired.hands import drag
from viewer.domain.view_state import ViewName

if TYPE_CHECKING:
    from viewer.domain.measurement import Measurement
    from viewer.domain.session import Session
    from viewer.scene.plane_geometry import ViewportGeometry
    from viewer.ui.canvas import Canvas, Tool


LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton

NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


class Reader:
    """A canvas whose measurements are kept in the session, as the window does it."""

    def __init__(self, canvas: Canvas, session: Session) -> None:
        self.canvas, self.session = canvas, session
        self.refused: list[str] = []
        canvas.measured.connect(self._keep)
        canvas.measuring_refused.connect(self.refused.append)

    def _keep(self, made: Measurement) -> None:
        kept = {m.id: m for m in self.session.measurements} | {made.id: made}
        self.session.measurements = tuple(kept.values())
        self.session.measurement_in_hand = made.id

    @property
    def all(self) -> tuple[Measurement, ...]:
        return self.session.measurements

    @property
    def one(self) -> Measurement:
        (only,) = self.session.measurements
        return only

    def geometry(self, view: ViewName = ViewName.AXIAL) -> ViewportGeometry:
        tile = self.canvas.tile(view)
        assert tile is not None
        assert view.plane is not None
        assert self.session.volume is not None
        assert self.session.view is not None
        return tile.geometry(self.session.volume, self.session.view, view.plane)

    def at(self, lps_mm: object, view: ViewName = ViewName.AXIAL) -> QPoint:
        tile = self.canvas.tile(view)
        assert tile is not None
        x, y = self.geometry(view).screen_from_lps(lps_mm)
        return QPoint(round(tile.area.left() + x), round(tile.area.top() + y))

    def draw(self, tool: Tool, start: QPoint, by: QPoint) -> Measurement:
        self.canvas.tool = tool
        before = {m.id for m in self.all}
        drag(self.canvas, LEFT, start, by)
        (made,) = [m for m in self.all if m.id not in before]
        return made

    def seen(self, view: ViewName = ViewName.AXIAL) -> bytes:
        """The picture of one viewport, without pointer and tool."""
        tile = self.canvas.tile(view)
        assert tile is not None
        image = self.canvas.grab(tile.area.toRect()).toImage()
        return bytes(image.constBits())
