"""The bar below the stage: banner, where the presenter wandered, the way back, and progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from viewer.ui.fonts import Type, font
from viewer.ui.present.card import MARGIN
from viewer.ui.ringing import rings_once
from viewer.ui.widgets import Button, Kind

if TYPE_CHECKING:
    from viewer.ui.theme import Theme

HEIGHT = 96
SEGMENT = (56, 8)
GAP = 8
MOST_SEGMENTS = 12
TARGET = 40
TARGET_GAP = 12
# Between what is said side by side.
NEAR = 24
NOTE_MS = 8000
NAME = Type.STAGE_BAR_NAME


class StageButton(Button):
    """A main button that grows with the stage."""

    def __init__(self, theme: Theme, text: str, icon: str, parent: QWidget) -> None:
        super().__init__(theme, text, icon=icon, kind=Kind.MAIN, height=56, parent=parent)
        self.type = Type.STAGE_BAR_NAME
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def _padding(self) -> float:
        return 24 * self.stage_scale

    def _icon_size(self) -> float:
        return 24 * self.stage_scale


class StageBar(QWidget):
    """96 px high on a stage of 1080.

    `resumed` asks to fly back to the step, `stepped` (−1 or 1) to its neighbour, `jumped` to a step from 0.
    """

    resumed = Signal()
    stepped = Signal(int)
    jumped = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._banner = ""
        self._exploring = ""
        self._live, self._live_calm = "", True
        self._note = ""
        self._note_ends = rings_once(self, self._end_note, NOTE_MS)
        self._index, self._count = 0, 0
        self._scale = 1.0
        self.resume = StageButton(theme, "Resume", "corner-down-left", self)
        self.resume.setToolTip("Fly back to where the step looks (Enter)")
        self.resume.clicked.connect(self.resumed)
        self.resume.hide()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)

    @property
    def words(self) -> str:
        """Everything that the bar says."""
        exploring = f"Exploring · {self._exploring}" if self._exploring else ""
        return "  ".join(part for part in (self._banner, self._aside, exploring, self._progress_words()) if part)

    def show_state(self, *, banner: str, exploring: str, index: int | None, count: int, asking: bool = False) -> None:
        """Show where the story is; `exploring` says what differs from the step, "" on script.

        While something is `asking`, the button shows the answer instead of leading back.
        """
        self._banner, self._exploring = banner, exploring
        self._index, self._count = index if index is not None else -1, count
        self.resume.icon_name = "eye" if asking else "corner-down-left"
        self.resume.set_words("Reveal" if asking else f"Resume step {self._index + 1}")
        self.resume.setToolTip("Show the answer (Enter)" if asking else "Fly back to where the step looks (Enter)")
        self.resume.setVisible((asking or bool(exploring)) and index is not None)
        self._place()
        self.update()

    def show_live(self, words: str, *, calm: bool) -> None:
        """Show what is said of a model that runs on stage, "" for nothing; `calm` where it need not be looked at."""
        if (words, calm) != (self._live, self._live_calm):
            self._live, self._live_calm = words, calm
            self.update()

    def show_note(self, words: str) -> None:
        """Say something to the presenter for a while, where a run is told of otherwise."""
        self._note = words
        self._note_ends.start()
        self.update()

    def _end_note(self) -> None:
        self._note = ""
        self.update()

    @property
    def _aside(self) -> str:
        return self._note or self._live

    def set_scale(self, scale: float) -> None:
        """Scale everything with the stage's height."""
        self._scale = scale
        self.resume.stage_scale = scale
        self.resume.setFixedHeight(round(56 * scale))
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Place the button anew."""
        super().resizeEvent(event)
        self._place()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the bar on the stage's black, in both themes."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            colour = self._theme.on_anatomy
            painter.fillRect(self.rect(), colour("viewport"))
            painter.fillRect(QRectF(0, 0, self.width(), 1), colour("hairline"))
            margin = MARGIN * self._scale
            middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.setFont(font(Type.STAGE_BAR, scale=self._scale))
            painter.setPen(colour("text2"))
            painter.drawText(QRectF(margin, 0, self.width() / 2, self.height()), middle, self._banner)
            least_x = margin + self._width(self._banner, Type.STAGE_BAR) + NEAR * self._scale
            if self._aside:
                least_x = self._paint_aside(painter, least_x) + NEAR * self._scale
            # Where there is no room for it the button alone says that one wandered.
            if self._exploring and self.resume.x() - 32 * self._scale - least_x >= self._width("Exploring", NAME):
                self._paint_exploring(painter, least_x)
            if self._count:
                painter.setFont(font(Type.STAGE_BAR_NAME, scale=self._scale))
                painter.setPen(colour("text"))
                right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
                painter.drawText(QRectF(0, 0, self.width() - margin, self.height()), right, self._progress_words())
                self._paint_progress(painter)
                self._paint_chevron(painter, self.back_area, points_right=False, ends=self._index <= 0)
                self._paint_chevron(painter, self.next_area, points_right=True, ends=self._index >= self._count - 1)

    @property
    def back_area(self) -> QRectF:
        """Where a click goes to the step before."""
        return self._target(self._progress_area().left() - (TARGET + TARGET_GAP) * self._scale)

    @property
    def next_area(self) -> QRectF:
        """Where a click goes to the next step."""
        return self._target(self._progress_area().right() + TARGET_GAP * self._scale)

    def _target(self, left: float) -> QRectF:
        side = TARGET * self._scale
        return QRectF(left, (self.height() - side) / 2, side, side)

    def _step_at(self, x: float) -> int | None:
        area = self._progress_area()
        if not self._count or not area.left() <= x < area.right():
            return None
        return min(self._count - 1, int((x - area.left()) / area.width() * self._count))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say what a click here would do."""
        place, step = event.position(), self._step_at(event.position().x())
        words = "" if step is None else f"Step {step + 1}"
        if self._count and self.back_area.contains(place):
            words = "Previous step (PgUp)"
        elif self._count and self.next_area.contains(place):
            words = "Next step (PgDn)"
        self.setToolTip(words)
        self.setCursor(Qt.CursorShape.PointingHandCursor if words else Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the step that was clicked, or to a neighbour."""
        if event.button() is not Qt.MouseButton.LeftButton or not self._count:
            return
        place, step = event.position(), self._step_at(event.position().x())
        if self.back_area.contains(place):
            self.stepped.emit(-1)
        elif self.next_area.contains(place):
            self.stepped.emit(1)
        elif step is not None:
            self.jumped.emit(step)

    def _paint_chevron(self, painter: QPainter, area: QRectF, *, points_right: bool, ends: bool) -> None:
        tip, high = 5.0 * self._scale * (1 if points_right else -1), 9.0 * self._scale
        middle = area.center()
        pen = QPen(self._theme.on_anatomy("disabled" if ends else "text2"), 2.5 * self._scale)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline([middle + QPointF(-tip, -high), middle + QPointF(tip, 0), middle + QPointF(-tip, high)])

    def _paint_aside(self, painter: QPainter, x: float) -> float:
        """Draw what is said of a live run, or to the presenter, behind the banner, and return where it ends."""
        right = self.back_area.left() if not self.resume.isVisible() else self.resume.x()
        metrics = QFontMetricsF(font(Type.STAGE_BAR, scale=self._scale))
        most = right - x - 8 * self._scale
        room = right - x - NEAR * self._scale
        if self._exploring:
            # Where one wandered is said in full first; of the run its first word stays.
            room -= NEAR * self._scale + self._exploring_width()
            room = max(room, metrics.horizontalAdvance(f"{self._aside.split(' · ')[0]} …"))
        room = max(0.0, min(room, most))
        words = metrics.elidedText(self._aside, Qt.TextElideMode.ElideRight, room)
        painter.setFont(font(Type.STAGE_BAR, scale=self._scale))
        painter.setPen(self._theme.on_anatomy("text2" if self._live_calm or self._note else "text"))
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(x, 0, room + 4, self.height()), middle, words)
        return x + metrics.horizontalAdvance(words)

    def _exploring_width(self) -> float:
        rest = self._width(f" · {self._exploring}", Type.STAGE_BAR)
        return self._width("Exploring", Type.STAGE_BAR_NAME) + rest + 8 * self._scale

    def _paint_exploring(self, painter: QPainter, least_x: float) -> None:
        name, rest = "Exploring", f" · {self._exploring}"
        right = self.resume.x() - 32 * self._scale
        room = right - least_x
        name_width = self._width(name, Type.STAGE_BAR_NAME)
        metrics = QFontMetricsF(font(Type.STAGE_BAR, scale=self._scale))
        rest = metrics.elidedText(rest, Qt.TextElideMode.ElideMiddle, max(0.0, room - name_width))
        x = right - name_width - metrics.horizontalAdvance(rest)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setFont(font(Type.STAGE_BAR_NAME, scale=self._scale))
        painter.setPen(self._theme.on_anatomy("text"))
        painter.drawText(QRectF(x, 0, name_width + 4, self.height()), middle, name)
        painter.setFont(font(Type.STAGE_BAR, scale=self._scale))
        painter.setPen(self._theme.on_anatomy("text2"))
        painter.drawText(QRectF(x + name_width, 0, right - x, self.height()), middle, rest)

    def _paint_progress(self, painter: QPainter) -> None:
        area = self._progress_area()
        painter.setPen(Qt.PenStyle.NoPen)
        count = self._count
        gap = GAP * self._scale if count <= MOST_SEGMENTS else 2.0
        each = (area.width() - gap * (count - 1)) / count
        radius = min(4 * self._scale, each / 2)
        for n in range(count):
            role = "text2" if n < self._index else "accent" if n == self._index else "hairline"
            painter.setBrush(self._theme.on_anatomy(role))
            box = QRectF(area.left() + n * (each + gap), area.top(), each, area.height())
            painter.drawRoundedRect(box, radius, radius)

    def _progress_words(self) -> str:
        return f"{self._index + 1} of {self._count}" if self._count else ""

    def _progress_area(self) -> QRectF:
        shown = min(self._count, MOST_SEGMENTS)
        width = (shown * SEGMENT[0] + max(0, shown - 1) * GAP) * self._scale
        height = SEGMENT[1] * self._scale
        # The words get the room of the last step, so that the bar stays where it is.
        words = self._width(f"{self._count} of {self._count}", Type.STAGE_BAR_NAME)
        right = self.width() - MARGIN * self._scale - words - (TARGET + 2 * TARGET_GAP) * self._scale
        return QRectF(right - width, (self.height() - height) / 2, width, height)

    def _place(self) -> None:
        size = self.resume.sizeHint()
        self.resume.resize(size)
        x = self.back_area.left() - 20 * self._scale - size.width()
        self.resume.move(round(x), round((self.height() - size.height()) / 2))

    def _width(self, text: str, kind: Type) -> float:
        return QFontMetricsF(font(kind, scale=self._scale)).horizontalAdvance(text)
