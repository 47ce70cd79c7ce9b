"""On one screen: the presenter's notes below the picture, on a key. It covers nothing, and is in no picture or export.

While a rehearsal runs it also says the time, and takes cues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from viewer.domain.presenter_notes import parse_notes
from viewer.services.pace import clock_words
from viewer.ui.fonts import Type, font
from viewer.ui.presenter.cue_field import CueField
from viewer.ui.presenter.words import masked
from viewer.ui.widgets import text_label

if TYPE_CHECKING:
    from viewer.services.desk import Desk
    from viewer.services.pace import Pace
    from viewer.services.rehearsing import Rehearsing
    from viewer.ui.theme import Theme

HEIGHT = 232
NO_NOTES = "This step has no notes."
HEADING = "Notes, for the presenter"


REHEARSING = "Rehearsing · Esc ends it"


class StageDrawer(QWidget):
    """A strip between picture and bar: heading, notes, clocks, and the cue field while rehearsing."""

    def __init__(self, desk: Desk, theme: Theme, pace: Pace, rehearsing: Rehearsing, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._theme, self._pace, self._rehearsing = desk, theme, pace, rehearsing
        self._scale = 1.0
        self.heading = text_label(HEADING, Type.STAGE_SMALL_LETTER, "text2", self)
        self.notes = QLabel(self)
        self.notes.setTextFormat(Qt.TextFormat.PlainText)
        self.notes.setWordWrap(True)
        self.notes.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.clock = text_label("", Type.STAGE_BAR_NAME, "text", self)
        self.clock.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.cue = CueField(theme, rehearsing, self)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.hide()

    @property
    def words(self) -> str:
        """What it says, "" while it is closed."""
        return "" if self.isHidden() else f"{self.heading.text()}  {self.notes.text()}"

    def height_at(self, scale: float) -> int:
        """Return how high it is on a stage of some scale."""
        return round(HEIGHT * scale)

    def follow(self) -> None:
        """Show the notes of the step that is told."""
        step = self._desk.player.step
        notes = parse_notes(masked(self._desk.session, step.notes)).told if step is not None else ""
        self.notes.setText(" ".join(notes.split("\n\n")) or NO_NOTES)
        self.cue.setVisible(self._rehearsing.running)
        self.heading.setText(REHEARSING if self._rehearsing.running else HEADING)
        self.tick()
        self._place()

    def tick(self) -> None:
        """Show the time."""
        pace = self._pace
        whole = f"{clock_words(pace.elapsed_s)} of {clock_words(pace.planned_s)}"
        here = f"{clock_words(pace.step_s)} of {clock_words(pace.step_planned_s)}"
        self.clock.setText(f"This step {here}    In all {whole}")

    def set_scale(self, scale: float) -> None:
        """Follow the stage's height."""
        self._scale = scale
        self.heading.setFont(font(Type.STAGE_SMALL_LETTER, scale=scale))
        self.notes.setFont(font(Type.NOTES, scale=scale))
        self.clock.setFont(font(Type.STAGE_SMALL, scale=scale))
        self.cue.setFont(font(Type.STAGE_SMALL, scale=scale))
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Place what stands in it."""
        super().resizeEvent(event)
        self._place()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the strip, set apart from the story by its ground and a dashed line."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self._theme.colour("control"))
            pen = QPen(self._theme.colour("field"), 2, Qt.PenStyle.DashLine)
            painter.setPen(pen)
            edge = QRectF(self.rect()).adjusted(0, 1, 0, -1)
            painter.drawLine(edge.topLeft(), edge.topRight())

    def _place(self) -> None:
        margin, line = round(40 * self._scale), round(48 * self._scale)
        width = self.width() - 2 * margin
        top = round(8 * self._scale)
        self.heading.setGeometry(margin, top, width // 2, line)
        self.clock.setGeometry(self.width() - margin - width // 2, top, width // 2, line)
        cue = round(48 * self._scale) if not self.cue.isHidden() else 0
        self.cue.setFixedHeight(max(cue, 24))
        self.cue.setGeometry(margin, self.height() - cue - top, width, max(cue, 24))
        self.notes.setGeometry(margin, top + line, width, self.height() - 2 * top - line - cue)
