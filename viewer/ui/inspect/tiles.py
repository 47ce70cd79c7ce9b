"""Each error and each hit as a small picture in true values, errors first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.domain.finding import MatchState, SourceKind
from viewer.domain.view_state import Layout, OverlayMode, ViewName, as_point
from viewer.services.views import view_of_finding
from viewer.ui.canvas.paint_frame import Look
from viewer.ui.canvas.paint_plane import PlanePainter
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.shown import shown_from
from viewer.ui.canvas.tiles import CanvasStyle, Density, tiles
from viewer.ui.finding_words import score_words, volume_words
from viewer.ui.fonts import Type, font
from viewer.ui.inspect.error_list import MARK_OF
from viewer.ui.marks import paint_mark
from viewer.ui.painted_rows import words
from viewer.ui.ringing import rings_once
from viewer.ui.theme import RADIUS_BADGE
from viewer.ui.widgets import rounded

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QShowEvent

    from viewer.domain.finding import Finding
    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.services.inspecting import InspectRow
    from viewer.ui.theme import Theme

GAP = 8
LINE_HEIGHT = 18
WORDS_HEIGHT = 3 * LINE_HEIGHT + 12
USUAL_WIDTH = 156
LEAST_HEIGHT_MM = 36.0
TIMES_FINDING = 2.4
MOST = 24
# A window that is being dragged waits for no tile.
LOOK_AFTER_MS = 150
# A finding, how it counts, and whether identity is hidden.
Key = tuple["Finding", MatchState, bool]


def tile_score(row: InspectRow) -> str:
    """Return the score below a tile, "no finding" of a lesion on which there is none."""
    if row.score is None:
        return "no finding" if row.state is MatchState.MISSED else score_words(None)
    return f"score {score_words(row.score)}"


def _look_of(view: ViewState) -> tuple[object, ...]:
    """Return what of a view changes the greys of a picture."""
    return (view.window_centre, view.window_width, view.lut, view.invert, view.colours, view.interpolation)


class ErrorTiles(QWidget):
    """A grid of tiles, in the window of the planes where a finding has none of its own. Pictures come one per turn.

    `chosen` carries the id of the one that was clicked, `reached` where the one lies that was taken in hand.
    """

    chosen = Signal(str)
    reached = Signal(QRect)

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self._rows: tuple[InspectRow, ...] = ()
        self._pictures: dict[Key, QImage] = {}
        self._looks: dict[Key, tuple[object, ...]] = {}
        self._look: tuple[object, ...] = ()
        self._of: object = None
        self._selected: str | None = None
        self._over: int | None = None
        self._next = rings_once(self, self._draw_one)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(lambda: self.update())
        session.masked_changed.connect(self._draw_waiting)
        session.view_changed.connect(self._follow_look)

    @property
    def ready(self) -> bool:
        """True once every tile has its picture."""
        return not self._waiting()

    @property
    def rows(self) -> tuple[InspectRow, ...]:
        """What is shown, one tile each."""
        return self._rows

    def show_rows(self, rows: tuple[InspectRow, ...], selected: str | None) -> None:
        """Show other rows, or another one as selected."""
        if self._session.volume is not self._of:
            self._of = self._session.volume
            self._pictures.clear()
        before, selected_before = len(self._rows), self._selected
        self._rows, self._selected = rows[:MOST], selected
        if len(self._rows) != before:
            self.updateGeometry()
        self.update()
        if selected != selected_before:
            at = next((n for n, row in enumerate(self._rows) if row.finding.id == selected), None)
            if at is not None:
                self.reached.emit(self._place(at).toAlignedRect())
        if self.isVisible():
            self._next.start(0)

    def hasHeightForWidth(self) -> bool:  # noqa: N802 (Qt's name)
        """Return True: more columns need less height."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 (Qt's name)
        """Return the height of all rows of tiles."""
        lines = -(-len(self._rows) // self._columns(width))
        return max(0, round(lines * (self._size(width)[1] + GAP)) - GAP)

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return the room that all tiles need."""
        return QSize(3 * (USUAL_WIDTH + GAP), self.heightForWidth(max(self.width(), USUAL_WIDTH)))

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """Go on drawing."""
        super().showEvent(event)
        self._next.start(0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw pictures of another size."""
        super().resizeEvent(event)
        if event.oldSize().width() != self.width():
            self._pictures.clear()
            self._next.start(0)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Take a tile's finding in hand."""
        n = self._at(event)
        if n is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._rows[n].finding.id)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Show which tile lies under the pointer, and why it counts as it does."""
        n = self._at(event)
        if n != self._over:
            self._over = n
            self.setToolTip(self.tip_of(n) if n is not None else "")
            self.update()

    def tip_of(self, n: int) -> str:
        """Return what the tip of a tile says: all of its name, which may be cut, its place, and why it counts so."""
        row = self._rows[n]
        return "\n".join(line for line in (row.finding.label, row.finding.place, row.why) if line)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """No tile lies under the pointer any more."""
        super().leaveEvent(event)
        self._over = None
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the tiles."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for n, row in enumerate(self._rows):
                self._paint_tile(painter, self._place(n), row, over=n == self._over)

    def _paint_tile(self, painter: QPainter, area: QRectF, row: InspectRow, *, over: bool) -> None:
        colour = self._theme.colour
        selected = row.finding.id == self._selected
        shape = QPainterPath()
        shape.addRoundedRect(area, RADIUS_BADGE, RADIUS_BADGE)
        painter.save()
        painter.setClipPath(shape)
        painter.fillRect(area, colour("selected" if selected else "control"))
        picture_area = area.adjusted(0, 0, 0, -WORDS_HEIGHT)
        painter.fillRect(picture_area, colour("viewport"))
        picture = self._pictures.get(self._key(row))
        if picture is not None:
            painter.drawImage(picture_area, picture)
        left, top, room = area.left() + 8, picture_area.bottom(), area.width() - 16
        name, state, numbers = (QRectF(left, top + 6 + n * LINE_HEIGHT, room, LINE_HEIGHT) for n in range(3))
        painter.setFont(font(Type.CAPTION_NAME))
        painter.setPen(colour("text"))
        words(painter, name, row.finding.label)
        paint_mark(painter, QRectF(left, state.top() + 2, 14, 14), MARK_OF[row.state], self._theme)
        painter.setFont(font(Type.CAPTION))
        painter.setPen(colour("text2"))
        words(painter, state.adjusted(20, 0, 0, 0), MARK_OF[row.state].words, cut=Qt.TextElideMode.ElideRight)
        words(painter, numbers, tile_score(row), right=True)
        painter.setPen(colour("text"))
        words(painter, numbers, volume_words(row.finding))
        painter.restore()
        role, width = ("accent", 2.0) if selected else ("field" if over else "hairline", 1.0)
        painter.setPen(QPen(colour(role), width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rounded(area, width), RADIUS_BADGE, RADIUS_BADGE)

    def _draw_waiting(self, *_: object) -> None:
        self.update()
        if self.isVisible():
            self._next.start(0)

    def _follow_look(self, view: ViewState | None, _before: object = None) -> None:
        look = () if view is None else _look_of(view)
        if look and look != self._look and self.isVisible():
            self._next.start(LOOK_AFTER_MS)
        self._look = look

    def _waiting(self) -> list[InspectRow]:
        keys = ((row, self._key(row)) for row in self._rows)
        return [row for row, key in keys if key not in self._pictures or self._looks.get(key) != self._look]

    def _draw_one(self) -> None:
        view = self._session.view
        self._look = () if view is None else _look_of(view)
        waiting = self._waiting()
        if not waiting or self._session.volume is None or view is None or not self.isVisible():
            return
        key = self._key(waiting[0])
        self._pictures[key], self._looks[key] = self._picture(waiting[0]), self._look
        self.update()
        if len(waiting) > 1:
            self._next.start(0)

    def _picture(self, row: InspectRow) -> QImage:
        session, finding = self._session, row.finding
        volume, view = session.volume, session.view
        ratio = self.devicePixelRatioF()
        area = self._place(0)
        size = (area.width(), area.height() - WORDS_HEIGHT)
        image = QImage(round(size[0] * ratio), round(size[1] * ratio), QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(Qt.GlobalColor.black)
        if volume is None or view is None:
            return image
        extent = float((finding.bounds_lps_mm[:2, 1] - finding.bounds_lps_mm[:2, 0]).max())
        height = max(LEAST_HEIGHT_MM, extent * TIMES_FINDING)
        seen = view_of_finding(view, finding, volume).looking_at(as_point(finding.centre_lps_mm), height_mm=height)
        # Not as the selection: its outline is to tell the state. All tiles alike, whenever they are drawn.
        seen = evolve(
            seen,
            selected_finding=None,
            overlay=OverlayMode.OUTLINE,
            layout=Layout.SINGLE,
            main=ViewName.AXIAL,
            acquired=False,
            slab_mm=0.0,
        )
        truth = finding.source.kind is SourceKind.TRUTH
        shown = shown_from(
            volume,
            seen,
            findings=() if truth else (finding,),
            truth=(finding,) if truth else (),
            matching=session.matching,
            inspecting=True,
            masked=session.masked,
        )
        tile = tiles(Layout.SINGLE, ViewName.AXIAL, size, style=CanvasStyle.STAGE)[0]
        painter = QPainter(image)
        look = Look(TextLook(self._theme, stage=True), Density.LETTERS, decorated=False)
        PlanePainter().paint(painter, tile, shown, look, first=False)
        painter.end()
        return image

    def _key(self, row: InspectRow) -> Key:
        # Lesions of another truth may have the same ids, and images that may name their patient are covered or not.
        return (row.finding, row.state, self._session.masked)

    def _columns(self, width: int) -> int:
        return max(1, round((width + GAP) / (USUAL_WIDTH + GAP)))

    def _size(self, width: int) -> tuple[float, float]:
        columns = self._columns(width)
        each = (width - GAP * (columns - 1)) / columns
        return (each, round(each * 0.7) + WORDS_HEIGHT)

    def _place(self, n: int) -> QRectF:
        columns = self._columns(self.width())
        width, height = self._size(self.width())
        return QRectF(n % columns * (width + GAP), n // columns * (height + GAP), width, height)

    def _at(self, event: QMouseEvent) -> int | None:
        return next((n for n in range(len(self._rows)) if self._place(n).contains(event.position())), None)
