"""What a step says while its threshold sweeps: the threshold, and what is found, wrong and missed there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from viewer.domain.finding import MatchState
from viewer.domain.view_state import OverlayMode
from viewer.ui.canvas.paint_text import paint_plate
from viewer.ui.fonts import Type, font
from viewer.ui.marks import Mark, paint_mark

if TYPE_CHECKING:
    from viewer.services.desk import Desk
    from viewer.ui.theme import Theme

WIDTH = 288
PAD = 16
ROW = 40
HEAD = 64
MARK = 22


class SweepReadout(QWidget):
    """Stands over the column of the card while a step sweeps; the mouse goes through it."""

    def __init__(self, desk: Desk, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._theme = desk, theme
        self.scale = 1.0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def rows(self) -> tuple[tuple[Mark | None, str], ...]:
        """What is counted at the threshold: a mark and words for each line; without truth the findings alone.

        Where there is nothing to find, nothing can be found or missed.
        """
        session = self._desk.session
        matching = session.matching
        if matching is None:
            count = len(session.shown_findings)
            return ((None, f"{count} {'finding' if count == 1 else 'findings'}"),)
        false = (Mark.FALSE_POSITIVE, f"{matching.count(MatchState.FALSE_POSITIVE)} false")
        if matching.nothing_to_find:
            return ((None, "Nothing to find"), false)
        found, missed = matching.count(MatchState.FOUND), matching.count(MatchState.MISSED)
        return ((Mark.TRUE_POSITIVE, f"{found} found"), false, (Mark.MISSED, f"{missed} missed"))

    @property
    def words(self) -> str:
        """All that it says, or "" while it is hidden."""
        view = self._desk.session.view
        if self.isHidden() or view is None:
            return ""
        return "  ".join([f"Threshold {view.threshold:.2f}", *(words for _, words in self.rows)])

    def wanted_size(self, scale: float) -> QSizeF:
        """Return the size for a stage of a scale."""
        return QSizeF(WIDTH * scale, (HEAD + ROW * len(self.rows) + PAD) * scale)

    def follow(self) -> None:
        """Show what is counted now, where the step in hand sweeps and nothing is asked."""
        session, player = self._desk.session, self._desk.player
        step, view = player.step, session.view
        on = step is not None and player.acting.sweeping is step and not session.veiled
        self.setVisible(on and view is not None and view.overlay is not OverlayMode.OFF)
        self.setAccessibleName(self.words)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the threshold and below it a line for each count."""
        view = self._desk.session.view
        if view is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            scale, colour = self.scale, self._theme.on_anatomy
            # Over anatomy that is as bright as bone.
            paint_plate(painter, QRectF(self.rect()), self._theme)
            painter.translate(PAD * scale, PAD * scale / 2)
            middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            head = QRectF(0, 0, self.width(), HEAD * scale)
            face = font(Type.STAGE_BAR, scale=scale)
            painter.setFont(face)
            painter.setPen(colour("text2"))
            painter.drawText(head, middle, "Threshold")
            beside = head.adjusted(painter.fontMetrics().horizontalAdvance("Threshold ") + 8 * scale, 0, 0, 0)
            painter.setFont(font(Type.STAGE_TITLE, scale=scale))
            painter.setPen(colour("text"))
            painter.drawText(beside, middle, f"{view.threshold:.2f}")
            painter.setFont(font(Type.STAGE_BODY, scale=scale))
            for number, (mark, words) in enumerate(self.rows):
                row = QRectF(0, (HEAD + number * ROW) * scale, self.width(), ROW * scale)
                if mark is not None:
                    side = MARK * scale
                    paint_mark(
                        painter, QRectF(0, row.center().y() - side / 2, side, side), mark, self._theme, on_anatomy=True
                    )
                    row.setLeft((MARK + 14) * scale)
                painter.setPen(colour("text"))
                painter.drawText(row, middle, words)
