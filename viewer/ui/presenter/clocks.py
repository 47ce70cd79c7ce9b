"""Three clocks: since the start, at this step, and the time of day, each with what was planned."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from viewer.services.pace import clock_words
from viewer.ui.fonts import Type, font
from viewer.ui.theme import RADIUS_CARD
from viewer.ui.widgets import IconButton, rounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.services.pace import Pace
    from viewer.ui.theme import Theme

PAD = 24
SMALLEST = 0.55
LEAST_WITH_BUTTONS = 280


class Clocks(QWidget):
    """Draws the clocks; `tick` brings them up to date. The buttons pause and reset the pace."""

    def __init__(self, theme: Theme, pace: Pace, now: Callable[[], datetime] = datetime.now) -> None:
        super().__init__()
        self._theme, self._pace, self._now = theme, pace, now
        self._said: tuple[tuple[str, str, str], ...] = ()
        self.pause = IconButton(theme, "pause", "Stop the clock", parent=self)
        self.pause.clicked.connect(self._pause_or_go_on)
        self.reset = IconButton(theme, "rotate-ccw", "Set the clock to zero", parent=self)
        self.reset.clicked.connect(self._reset)
        self.tick()

    @property
    def words(self) -> tuple[tuple[str, str, str], ...]:
        """Each clock's name, time, and what stands below."""
        return self._said

    @property
    def shown(self) -> int:
        """How many of the clocks there is room for, the first of them first."""
        pad = min(PAD, self.width() / 24)
        widest = max(
            QFontMetricsF(font(Type.CLOCK, scale=SMALLEST)).horizontalAdvance(time) for _, time, _ in self._said
        )
        named = max(QFontMetricsF(font(Type.BODY)).horizontalAdvance(name) for name, _, _ in self._said)
        return max(1, min(len(self._said), int((self.width() - 2 * pad) / (max(widest, named) + 1.5 * pad))))

    def tick(self) -> None:
        """Show the time that it is."""
        pace = self._pace
        below = pace.plan_words if pace.running else "Stopped"
        said = (
            ("Elapsed", clock_words(pace.elapsed_s), f"of {clock_words(pace.planned_s)}"),
            ("This step", clock_words(pace.step_s), f"of {clock_words(pace.step_planned_s)}"),
            ("Clock", f"{self._now():%H:%M}", below),
        )
        if said != self._said:
            self._said = said
            self.setAccessibleName(", ".join(" ".join(part) for part in said))
            self.update()
        icon, tip = ("pause", "Stop the clock") if pace.running else ("play", "Let the clock go on")
        if self.pause.icon_name != icon:
            self.pause.icon_name = icon
            self.pause.setToolTip(tip)
            self.pause.setAccessibleName(tip)
            self.pause.update()

    def _pause_or_go_on(self) -> None:
        if self._pace.running:
            self._pace.pause()
        else:
            self._pace.start()
        self.tick()

    def _reset(self) -> None:
        self._pace.reset()
        self.tick()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Keep the buttons in the upper right corner."""
        super().resizeEvent(event)
        side = 32 if self.height() < 120 else 40
        for n, button in enumerate((self.reset, self.pause)):
            button.setFixedSize(side, side)
            button.move(self.width() - (n + 1) * side - 4, 4)
            # Where they would stand on a clock's name there are their keys.
            button.setVisible(self.width() >= LEAST_WITH_BUTTONS)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the card, smaller digits where there is less room."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            colour = self._theme.colour
            painter.setPen(colour("hairline"))
            painter.setBrush(colour("panel"))
            painter.drawRoundedRect(rounded(self.rect()), RADIUS_CARD, RADIUS_CARD)
            pad = min(PAD, self.width() / 24)
            widest = max(QFontMetricsF(font(Type.CLOCK)).horizontalAdvance(time) for _, time, _ in self._said)
            count = self.shown
            part = (self.width() - 2 * pad) / count
            scale = min(1.0, (part - 1.5 * pad) / widest, (self.height() - 52) / Type.CLOCK.line_px)
            scale = max(SMALLEST, scale)
            line = Type.CLOCK.line_px * scale
            plan = 20 if self.height() >= line + 44 else 0
            top = (self.height() - 20 - line - plan) / 2
            middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            for n, (name, time, below) in enumerate(self._said[:count]):
                x = pad + n * part + (pad / 2 if n else 0)
                if n:
                    line_x = pad + n * part - pad / 4
                    painter.fillRect(QRectF(line_x, top + 8, 1, line + 24), colour("hairline"))
                painter.setPen(colour("text2"))
                painter.setFont(font(Type.BODY))
                painter.drawText(QRectF(x, top, part, 20), middle, name)
                if plan:
                    painter.drawText(QRectF(x, top + 20 + line, part, 20), middle, below)
                painter.setPen(colour("text"))
                painter.setFont(font(Type.CLOCK, scale=scale))
                painter.drawText(QRectF(x, top + 20, part, line), middle, time)
