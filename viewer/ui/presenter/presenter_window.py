"""The presenter's window: the stage in small, what comes next, clocks, notes, steps; none of it is on the stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from viewer.io.program import NAME
from viewer.ui.fonts import Type
from viewer.ui.full_screen import places_itself
from viewer.ui.honesty import banner_words
from viewer.ui.icons import IconBox
from viewer.ui.presenter.clocks import Clocks
from viewer.ui.presenter.live_picture import LivePicture
from viewer.ui.presenter.next_picture import LAST, NextPicture
from viewer.ui.presenter.notes_panel import NotesPanel
from viewer.ui.presenter.steps_panel import StepsPanel
from viewer.ui.presenter.words import case_title, masked, plain_narration
from viewer.ui.ringing import rings_once
from viewer.ui.theme import CONTROL_HEIGHT, STAGE_CONTROL_HEIGHT
from viewer.ui.widgets import Badge, Button, ElidedLabel, FocusRing, Kind, hairline, text_label
from viewer.ui.window_place import least_size

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent, QHideEvent, QResizeEvent, QShowEvent

    from viewer.services.desk import Desk
    from viewer.services.pace import Pace
    from viewer.services.rehearsing import Rehearsing
    from viewer.ui.commands import CommandActions
    from viewer.ui.present.stage_page import StagePage
    from viewer.ui.theme import Theme

TITLE = f"{NAME} – Presenter"
SIZE, LEAST = (1280, 720), (900, 560)
TICK_MS = 250
FOLLOWED_AFTER_MS = 15
LOW, NARROW, SMALL = 860, 1500, 1000
# Half of a small screen at a scale factor of 2: notes and steps come first there, the next step is named, not shown.
TINY, TINY_LIVE_SHARE = 480, 0.42
HEAD_LINE, WORDS_LINE = 32, 44
LIVE_SHARE = 0.611
# Of the stage's height: as high as the next picture is in all its width, unless the window is very wide.
NEXT_SHARE = 0.64
LEAST_TITLE, TINY_TITLE = 120, 72
STEPS_WIDTH, NARROW_STEPS_WIDTH, LEAST_STEPS_WIDTH, TINY_STEPS_WIDTH = 384, 352, 280, 232


class PresenterWindow(QWidget):
    """A window of its own. `closed` tells that it was closed by hand, `moved` that it stands elsewhere."""

    closed = Signal()
    moved = Signal()

    def __init__(
        self, desk: Desk, theme: Theme, actions: CommandActions, stage: StagePage, pace: Pace, rehearsing: Rehearsing
    ) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._desk, self._theme, self._actions, self._pace = desk, theme, actions, pace
        self._rehearsing = rehearsing
        self.setWindowTitle(TITLE)
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumSize(*least_size(self.screen().availableGeometry(), LEAST))
        self.resize(*SIZE)
        self.live = LivePicture(desk, theme, stage)
        self.next = NextPicture(desk, theme, lambda step: self.live.of_step.get(step.id), stage.canvas.view_3d)
        self.clocks = Clocks(theme, pace)
        self.notes = NotesPanel(desk, theme, rehearsing)
        self.steps = StepsPanel(desk, theme, pace)
        self._build()
        self._ring = FocusRing(self, theme)
        self._ticks = QTimer(self)
        self._ticks.setInterval(TICK_MS)
        self._ticks.timeout.connect(self._tick)
        self.notes.jumped.connect(desk.player.jump)
        self.steps.jumped.connect(desk.player.jump)
        self.steps.asked.connect(self.notes.show_answer)
        self._soon = rings_once(self, self.follow, FOLLOWED_AFTER_MS)
        session = desk.session
        for signal in (desk.player.changed, session.findings_changed, session.volume_changed, rehearsing.changed):
            signal.connect(lambda *_: self._soon.start())
        actions.also_in(self)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(hairline())
        self._body = QWidget()
        for part in (self.live, self.next, self.clocks, self.notes, self.steps):
            part.setParent(self._body)
        self.now_title = text_label("On stage now", Type.PANEL_TITLE, parent=self._body)
        self.now_words = ElidedLabel("", Type.BODY, "text2", parent=self._body)
        self.exploring = ElidedLabel("", Type.BODY, "text", parent=self._body)
        self.exploring.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.next_title = text_label("Next", Type.PANEL_TITLE, parent=self._body)
        self.next_words = ElidedLabel("", Type.BODY, "text2", parent=self._body)
        self.next_told = text_label("", Type.BODY, "text2", parent=self._body)
        self.next_told.setWordWrap(True)
        self.next_told.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._body, 1)
        column.addWidget(hairline())
        column.addWidget(self._foot())
        for before, after in (
            (self.end, self.steps.field), (self.steps.field, self.steps.rows), (self.steps.rows, self.notes.text),
            (self.notes.text, self.notes.smaller), (self.notes.smaller, self.notes.larger),
            (self.notes.larger, self.clocks.pause), (self.clocks.pause, self.clocks.reset),
            (self.clocks.reset, self.black), (self.black, self.back), (self.back, self.resume),
            (self.resume, self.forward),
        ):  # fmt: skip
            QWidget.setTabOrder(before, after)

    def _head(self) -> QWidget:
        head = QWidget()
        head.setProperty("surface", "panel")
        head.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = self._head_row = QHBoxLayout(head)
        row.setContentsMargins(24, 8, 24, 8)
        row.setSpacing(12)
        self.title = ElidedLabel("", Type.CARD_TITLE)
        # As wide as its words, less where there is no room.
        self.title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.title.setMinimumWidth(LEAST_TITLE)
        row.addWidget(self.title)
        self.badge = Badge(self._theme, "")
        row.addWidget(self.badge)
        self.rehearsal = Badge(self._theme, "Rehearsing", icon="timer", role="accent")
        row.addWidget(self.rehearsal)
        row.addStretch(1)
        icon = IconBox(self._theme, 18)
        icon.show_icon("monitor", "text2")
        row.addWidget(icon)
        self.audience = text_label("", Type.BODY, "text2")
        row.addWidget(self.audience)
        self._where = (icon, self.audience)
        self.swap = self._button("presenter.swap", "Swap screens", kind=Kind.FLAT)
        row.addWidget(self.swap)
        self.end = self._button("present.leave", "End")
        row.addWidget(self.end)
        return head

    def _foot(self) -> QWidget:
        foot = QWidget()
        foot.setProperty("surface", "panel")
        foot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = self._foot_row = QHBoxLayout(foot)
        row.setContentsMargins(24, 16, 24, 16)
        row.setSpacing(16)
        self.black = self._button("present.black", "Black screen", height=STAGE_CONTROL_HEIGHT)
        self.back = self._button("present.back", "Back", height=STAGE_CONTROL_HEIGHT)
        self.resume = self._button("present.resume", "Resume", height=STAGE_CONTROL_HEIGHT, kind=Kind.MAIN)
        self.forward = self._button("present.next", "Next step", height=STAGE_CONTROL_HEIGHT)
        # A clicker's names for keys that have two.
        self.back.key, self.forward.key = "PgUp", "PgDn"
        row.addWidget(self.black)
        row.addStretch()
        for button in (self.back, self.resume, self.forward):
            row.addWidget(button)
        return foot

    def _button(self, command: str, text: str, *, height: int = 40, kind: Kind = Kind.NORMAL) -> Button:
        action, named = self._actions[command], self._actions.table[command]
        return Button.of(self._theme, action, named, text=text, height=height, kind=kind)

    @property
    def words(self) -> str:
        """Everything that the window says, for whoever has to hold it against a name."""
        parts = (
            self.windowTitle(), self.title.whole, self.now_words.whole, self.next_words.whole, self.next_told.text(),
            self.notes.title.whole, self.notes.words, *self.steps.titles, *self.steps.questions,
        )  # fmt: skip
        return " ".join(parts)

    def say_audience(self, words: str, *, can_swap: bool) -> None:
        """Say where the audience looks."""
        self.audience.setText(words)
        self.swap.setVisible(can_swap)

    def follow(self) -> None:
        """Show where the story is."""
        if not self.isVisible():
            return
        player, session = self._desk.player, self._desk.session
        index, steps = player.index, player.steps
        self.title.set_whole(case_title(session))
        self.badge.say(banner_words(session.volume, session.case))
        self.rehearsal.setVisible(self._rehearsing.running)
        at = f"{index + 1} of {len(steps)}" if index is not None else ""
        asks = ", asks" if player.asking.open else ""
        self.now_words.set_whole(f"Step {at}{asks}" if at else "", shorter=(f"{at}{asks}", at))
        self.forward.set_words("Reveal" if asks else "Next step")
        wandered = player.exploring_words
        self.exploring.set_whole(
            f"Exploring, {wandered}" if wandered else "", shorter=("Exploring",) if wandered else ()
        )
        self.resume.setEnabled(bool(wandered))
        self.resume.set_words(f"Resume step {index + 1}" if index is not None else "Resume")
        self.black.set_words("Show again" if player.black else "Black screen")
        after = steps[index + 1] if index is not None and index + 1 < len(steps) else None
        self.next_words.set_whole(masked(session, after.title) if after is not None else LAST)
        self.next_told.setText(masked(session, plain_narration(after)) if after is not None else "")
        self.next.show_step(after)
        self.notes.follow()
        self.steps.follow()
        self._tick()
        self.live.update()
        self._place()

    def _tick(self) -> None:
        self.clocks.tick()

    def _place(self) -> None:
        """Lay the parts out: pictures above, notes below, steps at the right; see the sizes of the specification."""
        low, narrow = self.height() < LOW, self.width() < NARROW
        tiny = self.height() < TINY
        margin, gap = (12, 12) if tiny else (16, 16) if low else (24, 24)
        self._fit_bars(margin, low=low, tiny=tiny)
        width, height = self._body.width(), self._body.height()
        small = self.width() < SMALL
        steps_width = LEAST_STEPS_WIDTH if small else NARROW_STEPS_WIDTH if narrow else STEPS_WIDTH
        if tiny and self.width() < SMALL:
            steps_width = TINY_STEPS_WIDTH
        for panel in (self.steps, self.notes):
            panel.set_tiny(tiny)
        self.next.setVisible(not tiny)
        self.now_title.setVisible(not tiny)
        for part in self._where:
            part.setVisible(not small)
        self.steps.set_low(low)
        self.steps.setGeometry(width - margin - steps_width, margin, steps_width, height - 2 * margin)
        room = width - 2 * margin - steps_width - gap
        live_width = round((room - gap) * LIVE_SHARE)
        # Notes keep a third at least, however wide the window is.
        live_width = min(live_width, round((height - 2 * margin - HEAD_LINE - gap) * 0.66 * 16 / 9))
        if tiny:
            live_width = min(live_width, round((height - 2 * margin - HEAD_LINE - gap) * TINY_LIVE_SHARE * 16 / 9))
        live_height = round(live_width * 9 / 16)
        next_x, next_width = margin + live_width + gap, room - live_width - gap
        next_height = 0 if tiny else min(round(next_width * 9 / 16), round(live_height * NEXT_SHARE))
        top = margin + HEAD_LINE
        measure = 0 if tiny else self.now_title.sizeHint().width() + 12
        self.now_title.setGeometry(margin, margin, measure, HEAD_LINE - 4)
        wandered = min(round(live_width * 0.55), self.exploring.sizeHint().width() + 4) if self.exploring.whole else 0
        self.now_words.setGeometry(margin + measure, margin, live_width - measure - wandered - 8, HEAD_LINE - 4)
        self.exploring.setGeometry(margin + live_width - wandered, margin, wandered, HEAD_LINE - 4)
        measure = self.next_title.sizeHint().width() + 12
        self.next_title.setGeometry(next_x, margin, measure, HEAD_LINE - 4)
        self.next_words.setGeometry(next_x + measure, margin, next_width - measure, HEAD_LINE - 4)
        self.live.setGeometry(margin, top, live_width, live_height)
        self.next.setGeometry(next_x, top, next_width, next_height)
        left_over = live_height - next_height
        told = WORDS_LINE if left_over >= WORDS_LINE + 100 and not tiny else 0
        self.next_told.setVisible(bool(told))
        self.next_told.setGeometry(next_x, top + next_height + 6, next_width, told - 4)
        clocks_top = top if tiny else top + next_height + (told or 8) + 2
        self.clocks.setGeometry(next_x, clocks_top, next_width, top + live_height - clocks_top)
        notes_top = top + live_height + gap
        self.notes.setGeometry(margin, notes_top, room, height - margin - notes_top)

    def _fit_bars(self, margin: int, *, low: bool, tiny: bool) -> None:
        """Keep all buttons whole: lower ones in a tiny window, without their keys where these have no room."""
        foot = (self.black, self.back, self.resume, self.forward)
        for button in foot:
            button.setFixedHeight(CONTROL_HEIGHT if tiny else STAGE_CONTROL_HEIGHT)
            button.set_keyless(False)
        above = 8 if low else 16
        self._foot_row.setContentsMargins(margin, above, margin, above)
        self._foot_row.setSpacing(margin if tiny else 16)
        room = self.width() - 2 * margin - 3 * self._foot_row.spacing()
        keyless = sum(button.sizeHint().width() for button in foot) > room
        for button in foot:
            button.set_keyless(keyless)
        self.end.set_keyless(tiny)
        self.swap.set_compact(tiny)
        self.title.setMinimumWidth(TINY_TITLE if tiny else LEAST_TITLE)
        self._head_row.setContentsMargins(
            margin if tiny else 24, 4 if tiny else 8, margin if tiny else 24, 4 if tiny else 8
        )
        column = self.layout()
        if column is not None:
            # What is between the bars is laid out next.
            column.activate()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Lay out anew."""
        super().resizeEvent(event)
        self._place()
        self.moved.emit()

    def event(self, event: QEvent) -> bool:
        """End a running motion at its goal on any key, as on stage; Space presses what has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            self._desk.navigation.finish()
            pressed = isinstance(QApplication.focusWidget(), QAbstractButton)
            if pressed and event.key() == Qt.Key.Key_Space and not event.modifiers():
                event.accept()
                return True
        if event.type() == QEvent.Type.Move:
            self.moved.emit()
        return super().event(event)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """Begin to follow; keys mean the stage, not the first button, which would leave it, nor a search left open."""
        super().showEvent(event)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._ticks.start()
        self.follow()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 (Qt's name)
        """Stop to follow."""
        super().hideEvent(event)
        self._ticks.stop()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 (Qt's name)
        """Hide: the story goes on without it."""
        event.accept()
        self.closed.emit()

    def place_at(self, area: QRect, *, maximised: bool = False) -> None:
        """Stand at a place; maximised, where a window manager leaves room for its bars.

        Where only a window that fills a screen can choose which, it fills that screen instead of being maximised.
        """
        if not places_itself():
            if not maximised:
                self.resize(area.size())
                self.showNormal()
            else:
                self.showFullScreen()
            return
        if self.isMaximized():
            self.showNormal()
        self.setGeometry(area)
        if maximised:
            self.showMaximized()
        else:
            self.show()
