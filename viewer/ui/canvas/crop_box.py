"""The box that 3D is cropped to, over the canvas: drawn in 3D and in the planes, its faces pulled by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import define, evolve, field, frozen
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from viewer.domain.geometry import position_words
from viewer.domain.view_state import ViewName, ViewState
from viewer.scene.acquired import crosshair_lps_mm
from viewer.scene.camera import screen_axes, screen_from_lps
from viewer.scene.crop_box import FACES, Box, Face, crop_box, edges, face_centre, face_mm, mm_words, section, with_face
from viewer.services.aligning import share_frame
from viewer.ui.canvas.crop_words import paint_beside, paint_words
from viewer.ui.canvas.frame_places import LETTERS, frame_places
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.tiles import CanvasStyle
from viewer.ui.escape import EscapeKey

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.ui.canvas.canvas import Canvas
    from viewer.ui.canvas.tiles import Tile

HANDLE_PX = 8.0
GRIP_PX = 20.0
# A face so little beyond its tile can be pulled at its edge.
BEYOND_PX = 24.0
STEP_MM = 5.0
# A face is not pulled where its axis runs nearly into the screen: a pixel would be centimetres.
_LEAST_SHARE = 0.25
_FLAT_SHARE = 0.985
_BEHIND = 0.35
CASING = QColor(0, 0, 0, 140)
RESETS, CLOSES = "Esc resets", "Esc closes"


@frozen(eq=False)
class Handle:
    """A face's handle: where it stands on the canvas, and pixels on the screen per mm along its axis."""

    face: Face
    view: ViewName
    place: QPointF
    px_per_mm: QPointF


@define(eq=False)
class _Pull:
    handle: Handle
    pressed: QPointF
    before: ViewState
    box: Box = field()


def crop_box_on(canvas: Canvas) -> CropBox | None:
    """Return the box that lies over a canvas, None where there is none."""
    return canvas.findChild(CropBox)


class CropBox(QWidget):
    """Lies over the canvas until it is ended; lets everything but its handles through.

    Esc puts back a face that is being pulled, else ends the crop, else ends this. `chosen` is the face that the
    keyboard moves.
    """

    def __init__(self, canvas: Canvas, session: Session) -> None:
        super().__init__(canvas)
        self._canvas, self._session = canvas, session
        self._around = session.volume
        self._pull: _Pull | None = None
        self._over: Handle | None = None
        self.chosen: Face | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setGeometry(canvas.rect())
        self._escape = EscapeKey(self, self._escaped)
        canvas.installEventFilter(self)
        session.view_changed.connect(self._view_changed)
        session.volume_changed.connect(self._volume_changed)
        session.workspace_changed.connect(self._gone)
        canvas.settings_changed.emit()
        self.show()

    def end(self) -> None:
        """Go away; the crop stays as it is."""
        self._session.volume_changed.disconnect(self._volume_changed, missing_ok=True)
        self._session.workspace_changed.disconnect(self._gone, missing_ok=True)
        self._session.view_changed.disconnect(self._view_changed, missing_ok=True)
        self._escape.stop()
        self._canvas.removeEventFilter(self)
        self.hide()
        self.setParent(None)
        self.deleteLater()
        self._canvas.settings_changed.emit()

    def choose_next(self, steps: int) -> None:
        """Choose the face that the keyboard moves."""
        at = FACES.index(self.chosen) if self.chosen is not None else (-1 if steps > 0 else 0)
        self.chosen = FACES[(at + steps) % len(FACES)]
        self.update()

    def move_chosen(self, steps: int) -> None:
        """Move the chosen face outwards by so many steps of 5 mm."""
        volume, view = self._session.volume, self._session.view
        if self.chosen is None:
            self.choose_next(1)
        face = self.chosen
        if volume is None or view is None or face is None:
            return
        box = crop_box(volume, view)
        moved = face_mm(box, face) + steps * STEP_MM * (1 if face.far else -1)
        self._show(view, with_face(volume, box, face, moved))
        self._canvas.moved_by_hand.emit(view, self._session.view)

    def handles(self) -> list[Handle]:
        """Return the handles that can be pulled now."""
        volume, view = self._session.volume, self._session.view
        if volume is None or view is None:
            return []
        box = crop_box(volume, view)
        look = self._look
        return [handle for tile in self._tiles() for handle in _handles(tile, volume, view, box, look)]

    # --- what happens

    @property
    def _look(self) -> TextLook:
        return TextLook(self._canvas.theme, stage=self._canvas.style_of_canvas is CanvasStyle.STAGE, scale=1.0)

    def _tiles(self) -> list[Tile]:
        """Return where the box can be drawn: not where a curved picture stands in the place of 3D."""
        view = self._session.view
        names = [name for name in ViewName if name is not ViewName.THREE_D or view is None or not view.shows_curved]
        return [tile for name in names if (tile := self._canvas.tile(name)) is not None]

    def _gone(self, _new: object, _old: object) -> None:
        self.end()

    def _volume_changed(self, new: Volume | None, _old: object) -> None:
        """Stay for the next series and for the whole of one that comes in, where that lies in the same place."""
        self._pull = self._over = None
        around, self._around = self._around, new or self._around
        if new is None or around is None or around.series.series_uid == new.series.series_uid:
            return
        if not share_frame(around, new):
            self.end()

    def _view_changed(self, _new: object, _old: object) -> None:
        self.update()

    def _show(self, view: ViewState, box: Box | None) -> None:
        self._canvas.gesture_started.emit()
        self._session.view = evolve(view, box_3d=box)

    def _escaped(self) -> None:
        view = self._session.view
        pull, self._pull = self._pull, None
        if pull is not None:
            self._session.view = pull.before
        elif view is not None and view.box_3d is not None:
            self._show(view, None)
            self._canvas.moved_by_hand.emit(view, self._session.view)
        else:
            self.end()

    def _under(self, place: QPointF) -> Handle | None:
        near = [(_distance(handle.place, place), handle) for handle in self.handles()]
        near = [(distance, handle) for distance, handle in near if distance <= GRIP_PX / 2 + 2]
        return min(near, key=lambda pair: pair[0])[1] if near else None

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Take what concerns a handle; follow the canvas's size."""
        kind = event.type()
        if kind == QEvent.Type.Resize:
            self.setGeometry(self._canvas.rect())
        elif kind == QEvent.Type.Hide and self._session.view is not None:
            # Without a view the next series is on its way.
            self.end()
        elif isinstance(event, QMouseEvent):
            return self._mouse(event)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        kind, place = event.type(), event.position()
        if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            if self._pull is not None:
                return True
            handle = self._under(place) if event.button() == Qt.MouseButton.LeftButton else None
            volume, view = self._session.volume, self._session.view
            if handle is None or volume is None or view is None:
                return False
            self._canvas.gesture_started.emit()
            self._canvas.active = handle.view
            view = self._session.view or view
            self.chosen = handle.face
            self._pull = _Pull(handle, place, view, crop_box(volume, view))
            self.update()
            return True
        if kind == QEvent.Type.MouseMove:
            return self._moved(event, place)
        if kind == QEvent.Type.MouseButtonRelease and self._pull is not None:
            pull, self._pull = self._pull, None
            if self._session.view is not None and self._session.view != pull.before:
                self._canvas.moved_by_hand.emit(pull.before, self._session.view)
            self.update()
            return True
        return False

    def _moved(self, event: QMouseEvent, place: QPointF) -> bool:
        volume, view, pull = self._session.volume, self._session.view, self._pull
        if pull is not None and volume is not None and view is not None:
            along = pull.handle.px_per_mm
            moved = place - pull.pressed
            mm = QPointF.dotProduct(moved, along) / max(QPointF.dotProduct(along, along), 1e-9)
            box = with_face(volume, pull.box, pull.handle.face, face_mm(pull.box, pull.handle.face) + mm)
            self._session.view = evolve(view, box_3d=box)
            return True
        handle = self._under(place) if event.buttons() == Qt.MouseButton.NoButton else None
        if _face_of(handle) != _face_of(self._over):
            self.update()
        self._over = handle
        if handle is not None:
            self._canvas.setCursor(_shape(handle.px_per_mm))
        return handle is not None

    # --- painting

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the box and its handles."""
        volume, view = self._session.volume, self._session.view
        if volume is None or view is None:
            return
        box = crop_box(volume, view)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for tile in self._tiles():
                painter.save()
                painter.setClipRect(tile.area)
                painter.translate(tile.area.topLeft())
                if tile.view is ViewName.THREE_D:
                    self._paint_edges(painter, tile, volume, view, box)
                else:
                    self._paint_section(painter, tile, volume, view, box)
                painter.restore()
            self._paint_handles(painter, in_hand=False)
            # A number is read in one piece; a handle below it can be pulled all the same.
            self._canvas.paint_words_over(painter)
            self._paint_handles(painter, in_hand=True)
            self._paint_face(painter, box)
            self._paint_size(painter, box)

    def _pen(self, *, behind: bool = False, dashed: bool = False) -> tuple[QPen, QPen]:
        colour = self._canvas.theme.on_anatomy("accent", _BEHIND if behind else 1.0)
        pens = (QPen(CASING, 4.0), QPen(colour, 1.5))
        if dashed:
            pens[0].setColor(QColor(0, 0, 0, 0))
            pens[1].setDashPattern([5.0, 4.0])
        return pens

    def _paint_edges(self, painter: QPainter, tile: Tile, volume: Volume, view: ViewState, box: Box) -> None:
        camera = tile.shifted(volume, view).camera
        size = (round(tile.area.width()), round(tile.area.height()))
        _, _, eye = screen_axes(camera)
        drawn = [(all(face.outwards @ eye <= 0 for face in faces), a, b) for a, b, faces in edges(box)]
        for behind, a, b in sorted(drawn, key=lambda edge: not edge[0]):
            ends = (QPointF(*screen_from_lps(camera, a, *size)), QPointF(*screen_from_lps(camera, b, *size)))
            for pen in self._pen(behind=behind)[int(behind) :]:
                painter.setPen(pen)
                painter.drawLine(*ends)

    def _paint_section(self, painter: QPainter, tile: Tile, volume: Volume, view: ViewState, box: Box) -> None:
        plane = tile.view.plane
        if plane is None:
            return
        geometry = tile.geometry(volume, view, plane)
        cut = section(box, crosshair_lps_mm(volume, view), geometry.axes.into)
        # Beside the box: where it lies in the direction of looking.
        beside = not len(cut)
        corners = cut if not beside else section(box, np.mean(np.asarray(box), axis=0), geometry.axes.into)
        outline = QPolygonF([QPointF(x, y) for x, y in geometry.screen_points(corners)])
        for pen in self._pen(dashed=beside):
            painter.setPen(pen)
            painter.drawPolygon(outline)

    @property
    def _in_hand(self) -> Handle | None:
        return self._pull.handle if self._pull is not None else self._over

    def _paint_handles(self, painter: QPainter, *, in_hand: bool) -> None:
        """Draw the handles of the face that is moved now, or all others."""
        theme = self._canvas.theme
        for handle in self.handles():
            strong = handle.face in (_face_of(self._in_hand), self.chosen)
            if strong is not in_hand:
                continue
            side = HANDLE_PX + (3.0 if strong else 0.0)
            square = QRectF(0, 0, side, side)
            square.moveCenter(handle.place)
            painter.setPen(QPen(CASING, 1.5))
            painter.setBrush(theme.on_anatomy("accent" if strong else "text"))
            painter.drawRect(square)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_face(self, painter: QPainter, box: Box) -> None:
        """Write where the face lies that is moved now."""
        in_hand = self._in_hand
        told = _face_of(in_hand) or self.chosen
        if told is None:
            return
        # Where the hand is, or where keys act; else wherever the face has a handle.
        view = in_hand.view if in_hand is not None else self._canvas.active
        places = {handle.view: handle.place for handle in self.handles() if handle.face == told}
        view = view if view in places else next(iter(places), view)
        if view in places:
            words = f"{told.side}  {position_words(told.axis, face_mm(box, told))}"
            tile = self._canvas.tile(view)
            if tile is not None:
                paint_beside(painter, words, places[view], tile.area, self._look)

    def _paint_size(self, painter: QPainter, box: Box) -> None:
        tiles = self._tiles()
        tile = next((tile for tile in tiles if tile.view is ViewName.THREE_D), tiles[0] if tiles else None)
        if tile is not None:
            # In the lower left corner, where no face has its handle; in a plane above what stands there.
            within = QRectF(tile.free)
            if tile.view is not ViewName.THREE_D:
                said = frame_places(tile.area.width(), tile.area.height(), self._look)[LETTERS]
                within.setBottom(tile.area.top() + said.top())
            hint = CLOSES if (view := self._session.view) is None or view.box_3d is None else RESETS
            paint_words(painter, f"{mm_words(box)} · {hint}", within.bottomLeft(), within, self._look)


def _handles(tile: Tile, volume: Volume, view: ViewState, box: Box, look: TextLook) -> list[Handle]:
    """Return the handles on a tile, beside its letters; in planes only where these run along the box."""
    made = []
    plane = tile.view.plane
    letters = frame_places(tile.area.width(), tile.area.height(), look)[:LETTERS]
    if plane is None:
        camera = tile.shifted(volume, view).camera
        width, height = round(tile.area.width()), round(tile.area.height())
        right, down, _ = screen_axes(camera)
        scale, least = height / camera.height_mm, _LEAST_SHARE
        places = {face: screen_from_lps(camera, face_centre(box, face), width, height) for face in FACES}
    else:
        geometry = tile.geometry(volume, view, plane)
        right, down, scale, least = geometry.axes.right, geometry.axes.down, 1 / geometry.mm_per_px, 0.5
        if float(np.abs(geometry.axes.into).max()) < _FLAT_SHARE:
            return []
        places = {face: geometry.screen_from_lps(face_centre(box, face)) for face in FACES}
    for face, (x, y) in ((face, _beside(letters, place)) for face, place in places.items()):
        along = QPointF(float(right[face.axis]), float(down[face.axis]))
        place = tile.area.topLeft() + QPointF(x, y)
        seen = tile.area.adjusted(-BEYOND_PX, -BEYOND_PX, BEYOND_PX, BEYOND_PX).contains(place)
        if QPointF.dotProduct(along, along) >= least**2 and seen:
            place = _within(tile.area, place)
            made.append(Handle(face, tile.view, place, along * scale))
    return made


def _within(area: QRectF, place: QPointF) -> QPointF:
    """Return a handle's place, moved onto its tile where it lies a little beyond."""
    x = min(max(place.x(), area.left() + HANDLE_PX), area.right() - HANDLE_PX)
    return QPointF(x, min(max(place.y(), area.top() + HANDLE_PX), area.bottom() - HANDLE_PX))


def _beside(letters: list[QRectF], place: tuple[float, float]) -> tuple[float, float]:
    """Return a handle's place, moved along its face where a letter stands: all of a face can be pulled."""
    for n, letter in enumerate(letters):
        if letter.adjusted(-HANDLE_PX, -HANDLE_PX, HANDLE_PX, HANDLE_PX).contains(*place):
            above_or_below = n in (0, LETTERS - 1)
            return (letter.left() - HANDLE_PX, place[1]) if above_or_below else (place[0], letter.bottom() + HANDLE_PX)
    return place


def _face_of(handle: Handle | None) -> Face | None:
    return None if handle is None else handle.face


def _distance(a: QPointF, b: QPointF) -> float:
    return float(np.hypot(a.x() - b.x(), a.y() - b.y()))


def _shape(along: QPointF) -> Qt.CursorShape:
    """Return the pointer's shape for pulling in a direction on the screen."""
    x, y = abs(along.x()), abs(along.y())
    if x > 2 * y:
        return Qt.CursorShape.SizeHorCursor
    if y > 2 * x:
        return Qt.CursorShape.SizeVerCursor
    falls = along.x() * along.y() > 0
    return Qt.CursorShape.SizeFDiagCursor if falls else Qt.CursorShape.SizeBDiagCursor
