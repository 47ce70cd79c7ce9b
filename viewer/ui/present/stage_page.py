"""The stage: canvas, narration card, bar; black at once when asked, and a quiet cover while a case is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEasingCurve, QPointF, QRectF, QSizeF, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from viewer.domain.view_state import Layout, ViewName
from viewer.services.live_steps import LiveStage
from viewer.ui.fonts import Type, font
from viewer.ui.honesty import banner_words
from viewer.ui.present.answer_words import told_now
from viewer.ui.present.card import RESERVED, Narration, card_corner, card_side, reserves_space
from viewer.ui.present.stage_bar import HEIGHT, StageBar
from viewer.ui.present.sweep_readout import SweepReadout, readout_place
from viewer.ui.ringing import rings_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.job import Progress
    from viewer.domain.walkthrough import Case, Step
    from viewer.services.desk import Desk
    from viewer.ui.canvas import Canvas
    from viewer.ui.theme import Theme

IDLE_MS = 3000
APPEAR_MS = 150
MOVE_MS = 600
# How long a stage whose large view is 3D stays covered for its first picture.
HELD_MS = 1500


class NarrationCard(QWidget):
    """Shows a step's words; appears within 150 ms."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._narration: Narration | None = None
        self._opacity = 1.0
        self._appear = QVariantAnimation(self)
        self._appear.setDuration(APPEAR_MS)
        self._appear.setStartValue(0.0)
        self._appear.setEndValue(1.0)
        self._appear.valueChanged.connect(self._fade)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def words(self) -> str:
        """What the card says, or "" while there is none."""
        return self._narration.words if self._narration is not None and not self.isHidden() else ""

    def say(self, narration: Narration, *, quickly: bool) -> None:
        """Show words; `quickly` leaves the fading out."""
        self._narration = narration
        self.setAccessibleName(narration.words)
        self._appear.stop()
        self._opacity = 1.0 if quickly else 0.0
        self.show()
        self.update()
        if not quickly:
            self._appear.start()

    def _fade(self, value: object) -> None:
        if isinstance(value, float):
            self._opacity = value
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the card."""
        if self._narration is not None:
            # Ended in any case: a painter that is left behind by a fault takes the program with it.
            with QPainter(self) as painter:
                painter.setOpacity(self._opacity)
                self._narration.paint(painter, QPointF(0, 0))


class _Cover(QWidget):
    """Black over the whole stage; while a case is opened its title and how far it is."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.title = ""
        self.fraction: float | None = None
        self.scale = 1.0
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), self._theme.on_anatomy("viewport"))
            if not self.title:
                return
            middle = self.height() / 2
            painter.setFont(font(Type.STAGE_TITLE, scale=self.scale))
            painter.setPen(self._theme.on_anatomy("text"))
            above = QRectF(0, middle - 80 * self.scale, self.width(), 56 * self.scale)
            painter.drawText(above, Qt.AlignmentFlag.AlignCenter, self.title)
            if self.fraction is None:
                return
            bar = QRectF(self.width() / 2 - 220 * self.scale, middle, 440 * self.scale, 4)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.on_anatomy("hairline"))
            painter.drawRoundedRect(bar, 2, 2)
            bar.setWidth(max(4.0, bar.width() * self.fraction))
            painter.setBrush(self._theme.on_anatomy("accent"))
            painter.drawRoundedRect(bar, 2, 2)
            painter.setFont(font(Type.STAGE_SMALL, scale=self.scale))
            painter.setPen(self._theme.on_anatomy("text2"))
            below = QRectF(0, middle + 20 * self.scale, self.width(), 36 * self.scale)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"Preparing {self.fraction * 100:.0f} %")


class StagePage(QWidget):
    """The present workspace.

    `placed` tells that it has laid itself out anew, `became_ready` that a case is in, or will not come.
    """

    placed = Signal()
    became_ready = Signal()

    def __init__(self, desk: Desk, theme: Theme, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._theme = desk, theme
        self.canvas = canvas
        canvas.setParent(self)
        self.bar = StageBar(theme, self)
        self.bar.resumed.connect(desk.player.proceed)
        self.bar.stepped.connect(lambda by: desk.player.next() if by > 0 else desk.player.back())
        self.bar.jumped.connect(desk.player.jump)
        self.card = NarrationCard(theme, self)
        self._cover = _Cover(theme, self)
        self.readout = SweepReadout(desk, theme, self)
        # How many earlier guesses are shown over the anatomy.
        self.visitors: Callable[[], int] = lambda: 0
        self._said: tuple[object, ...] = ()
        self._room = -float(RESERVED)
        self._preparing = ""
        self._below_px = 0
        self._sliding = QVariantAnimation(self)
        self._sliding.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._sliding.setDuration(MOVE_MS)
        self._sliding.valueChanged.connect(self._slid)
        self._idle = rings_once(self, self._hide_pointer, IDLE_MS)
        self._held = rings_once(self, self._uncover, HELD_MS)
        canvas.view_3d.changed.connect(self._first_3d)
        canvas.pointer_moved.connect(self._pointer_moved)
        desk.player.changed.connect(self._update)
        desk.navigation.arrived.connect(self._arrived)
        desk.session.volume_changed.connect(self._update)
        for signal in (desk.session.view_changed, desk.session.matching_changed):
            signal.connect(self._follow_sweep)
        desk.opening.busy.connect(self._busy)
        desk.live.changed.connect(self._say_live)
        theme.changed.connect(self._recoloured)
        self._update()

    @property
    def scale(self) -> float:
        """The stage's height over 1080."""
        return max(0.35, self.height() / 1080)

    @property
    def is_black(self) -> bool:
        """True while nothing but black is shown."""
        return not self._cover.isHidden() and not self._cover.title

    @property
    def preparing(self) -> str:
        """The title of the case that is being opened, or ""."""
        return self._cover.title if not self._cover.isHidden() else ""

    def prepare(self, case: Case) -> None:
        """Cover the stage until a case is in."""
        self._held.stop()
        self._preparing = case.title
        self._said = ()
        self._cover.fraction = None
        self._update()

    def make_room_below(self, height_px: int) -> None:
        """Keep a strip between picture and bar free for the presenter; 0 gives it back."""
        if height_px != self._below_px:
            self._below_px = height_px
            self._said = ()
            self._update()

    def ready(self) -> None:
        """Take the cover away: the case is in, or will not come; a large 3D view has its first picture then."""
        view, title = self._desk.session.view, self._preparing
        if title and view is not None and view.main is ViewName.THREE_D and self._desk.session.volume is not None:
            # Nothing is painted below the cover, and what is painted asks for 3D.
            self.canvas.grab()
            if self.canvas.view_3d.awaited:
                self._held.start()
                return
        self._uncover()

    def _first_3d(self) -> None:
        if self._held.isActive() and not self.canvas.view_3d.awaited:
            self._uncover()

    def _uncover(self) -> None:
        self._held.stop()
        self._preparing = ""
        self._update()
        self.became_ready.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Scale everything with the height, so that the projected size stays."""
        super().resizeEvent(event)
        scale = self.scale
        bar = round(HEIGHT * scale)
        self.canvas.set_stage_scale(scale)
        self.bar.setGeometry(0, self.height() - bar, self.width(), bar)
        self.bar.set_scale(scale)
        self._cover.setGeometry(self.rect())
        self._cover.scale = scale
        self._said = ()
        self.placed.emit()
        self._update()

    def _busy(self, progress: Progress | None) -> None:
        if self._preparing and progress is not None:
            self._cover.fraction = progress.fraction
            self._cover.update()

    def _say_live(self) -> None:
        live = self._desk.live
        self.bar.show_live(live.words, calm=live.stage is LiveStage.RECORDED)

    def _arrived(self) -> None:
        self._update(arrived=True)

    def _update(self, _new: object = None, _old: object = None, *, arrived: bool = False) -> None:
        player, session = self._desk.player, self._desk.session
        step = player.step
        self.bar.show_state(
            banner=banner_words(session.volume, session.case),
            exploring=player.exploring_words,
            index=player.index,
            count=len(player.steps),
            asking=player.asking.open,
        )
        self._cover.title = self._preparing
        self._cover.setVisible(bool(self._preparing) or player.black)
        if not self._cover.isHidden():
            self._cover.raise_()
        self._cover.update()
        self._follow_sweep()
        waiting = session.volume is None or session.volume.preview or step is None
        if waiting or step is None:
            self.card.hide()
            self.readout.hide()
            self._said = ()
            self._place_canvas(None)
            return
        # Of one act of a step, such as its question, the words may change without a new appearance.
        act = (step, player.asking.open)
        said = (act, player.asking.guesses, player.asking.revealed, self.visitors(), self.size())
        if said == self._said:
            return
        first = not self._said
        going_on = not first and self._said[0] == act
        there = arrived or going_on or session.view == player.script
        if not first and not going_on and (self._desk.navigation.moving or not there):
            # The picture first, then the words.
            self.card.hide()
            self._make_room(step)
            return
        self._said = said
        self._make_room(step, at_once=first)
        told = told_now(step, player.asking, self.visitors())
        self._say(told, quickly=first or going_on or self._desk.settings.now.reduce_motion)

    def _say(self, step: Step, *, quickly: bool) -> None:
        case = self._desk.session.case
        narration = Narration(self._theme, step, self.scale, case.folder if case is not None else "")
        stage = QSizeF(self.width(), self.height() - self.bar.height() - self._below_px)
        corner = card_corner(narration.size, stage, step.view, self._side(step), self.scale)
        size = narration.size
        self.card.setGeometry(round(corner.x()), round(corner.y()), round(size.width()) + 1, round(size.height()) + 1)
        self.card.say(narration, quickly=quickly)
        # Not above what somebody opened over the stage.
        self.card.stackUnder(self._cover)

    def _follow_sweep(self, *_: object) -> None:
        step = self._desk.player.step
        self.readout.follow()
        if step is None or self.readout.isHidden():
            return
        scale = self.scale
        self.readout.scale = scale
        stage = QSizeF(self.width(), self.height() - self.bar.height())
        place = readout_place(self.readout.rows, step.view, stage, self._side(step), scale)
        self.readout.setGeometry(place.toRect())
        self.readout.stackUnder(self._cover)

    def tell_again(self) -> None:
        """Say anew what is told, because something that it counts has changed."""
        self._update()

    def _side(self, step: Step) -> str:
        session = self._desk.session
        if session.veiled:
            # The card goes away from the lesion, and would point at it.
            return "left"
        return card_side(step.view, session.finding(step.view.selected_finding))

    def _make_room(self, step: Step, *, at_once: bool = False) -> None:
        """Slide the picture clear of the card; left is negative."""
        self._place_canvas(step)
        room = 0.0
        if reserves_space(step.view):
            room = -float(RESERVED) if self._side(step) == "left" else float(RESERVED)
        running = self._sliding.state() == QVariantAnimation.State.Running
        if running and self._sliding.endValue() == room:
            return
        self._sliding.stop()
        if at_once or self._desk.settings.now.reduce_motion or room == self._room:
            self._slid(room)
            return
        self._sliding.setStartValue(self._room)
        self._sliding.setEndValue(room)
        self._sliding.start()

    def _slid(self, room: object) -> None:
        if not isinstance(room, float):
            return
        self._room = room
        self.canvas.set_reserved("left" if room < 0 else "right", abs(room) * self.scale)

    def _place_canvas(self, step: Step | None) -> None:
        height = self.height() - self.bar.height() - self._below_px
        left = 0
        if step is not None and step.view.layout is Layout.FOUR:
            # Four equal views share what the card leaves.
            left = round((RESERVED + 20) * self.scale)
        self.canvas.setGeometry(left, 0, self.width() - left, height)

    def _pointer_moved(self) -> None:
        self._idle.start()

    def _hide_pointer(self) -> None:
        # The canvas shows it again with the next move.
        if self.isVisible():
            self.canvas.setCursor(Qt.CursorShape.BlankCursor)

    def _recoloured(self) -> None:
        self._said = ()
        self._update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Black beside the canvas."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self._theme.on_anatomy("viewport"))
