"""A rectangle dragged over the canvas, once, from which the window is fitted to the values in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from viewer.domain.view_state import ViewName
from viewer.services.region_window import window_of_region
from viewer.ui.canvas.beyond import right_part
from viewer.ui.canvas.paint_text import TextLook, paint_notice
from viewer.ui.canvas.tiles import CanvasStyle
from viewer.ui.escape import EscapeKey

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.ui.canvas.canvas import Canvas
    from viewer.ui.canvas.tiles import Tile

LEAST_SIDE_PX = 6.0
CASING = QColor(0, 0, 0, 140)
SENTENCE = "Drag a rectangle; Esc ends"


def pick_window(canvas: Canvas, session: Session) -> None:
    """Let the user drag a rectangle on a plane, then show the window that fits it; asked again, give up."""
    before = canvas.findChild(RegionPicker)
    if before is not None:
        before.end()
        return
    RegionPicker(canvas, session)


class RegionPicker(QWidget):
    """Lies over the canvas until a rectangle was dragged, or Esc, another button, or another volume ends it."""

    def __init__(self, canvas: Canvas, session: Session) -> None:
        super().__init__(canvas)
        self._canvas, self._session = canvas, session
        self._tile: Tile | None = None
        # Of which volume the rectangle is, and where that is seen: a curtain parts a tile in two.
        self._of, self._area = session, QRectF()
        self._from = QPointF()
        self._to = QPointF()
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setGeometry(canvas.rect())
        self._escape = EscapeKey(self, self.end)
        session.volume_changed.connect(self._gone)
        session.workspace_changed.connect(self._gone)
        self.show()

    def end(self) -> None:
        """Go away; nothing changes."""
        self._session.volume_changed.disconnect(self._gone, missing_ok=True)
        self._session.workspace_changed.disconnect(self._gone, missing_ok=True)
        self._escape.stop()
        self.hide()
        self.setParent(None)
        self.deleteLater()

    def _gone(self, _new: object, _old: object) -> None:
        self.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Begin the rectangle on a plane; any other button or place ends the matter."""
        place = event.position()
        tiles = [tile for view in ViewName if (tile := self._canvas.tile(view)) is not None]
        tile = next((tile for tile in tiles if tile.area.contains(place)), None)
        if event.button() != Qt.MouseButton.LeftButton or tile is None or tile.view.plane is None:
            self.end()
            return
        self._tile, self._from, self._to = tile, place, place
        self._of, self._area = self._side(tile, place)

    def _side(self, tile: Tile, place: QPointF) -> tuple[Session, QRectF]:
        """Return the session of the volume that is seen at a place, and the part of the tile that shows it."""
        beyond, view = self._canvas.hands.beyond, self._session.view
        if beyond is None or view is None or not beyond.there:
            return self._session, tile.area
        right = right_part(tile, view.curtain)
        if beyond.covers(tile, place):
            return beyond.session, right
        return self._session, QRectF(tile.area.topLeft(), right.bottomLeft())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the rectangle on, within its tile."""
        if self._tile is not None:
            area, place = self._area, event.position()
            x, y = min(max(place.x(), area.left()), area.right()), min(max(place.y(), area.top()), area.bottom())
            self._to = QPointF(x, y)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Show the window of what is in the rectangle."""
        tile, view, volume = self._tile, self._of.view, self._of.volume
        if tile is None or event.button() != Qt.MouseButton.LeftButton:
            return
        box = QRectF(self._from, self._to).normalized()
        plane = tile.view.plane
        if (
            plane is not None
            and view is not None
            and volume is not None
            and min(box.width(), box.height()) >= LEAST_SIDE_PX
        ):
            corners = (*tile.local(box.topLeft()), *tile.local(box.bottomRight()))
            window = window_of_region(volume, view, tile.geometry(volume, view, plane), corners)
            if window is not None:
                self._of.view = view.windowed(window.centre, window.width)
        self.end()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the rectangle, or what is to be done."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            theme = self._canvas.theme
            if self._tile is None:
                stage = self._canvas.style_of_canvas is CanvasStyle.STAGE
                tile = self._canvas.tile(self._canvas.active)
                area = tile.area if tile is not None else QRectF(self.rect())
                paint_notice(painter, area, SENTENCE, TextLook(theme, stage=stage, scale=1.0))
                return
            box = QRectF(self._from, self._to).normalized()
            for colour, width in ((CASING, 4.0), (theme.on_anatomy("accent"), 1.5)):
                painter.setPen(QPen(colour, width))
                painter.drawRect(box)
