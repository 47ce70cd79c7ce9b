"""What a step says while its threshold sweeps: the threshold, and what is found, wrong and missed there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from viewer.domain.count_words import count_words
from viewer.domain.finding import Matching, MatchState
from viewer.domain.view_state import OverlayMode
from viewer.ui.canvas.paint_text import paint_plate
from viewer.ui.fonts import Type, font
from viewer.ui.marks import Mark, paint_mark
from viewer.ui.present.card import MARGIN, card_corner
from viewer.ui.present.card import WIDTH as CARD_WIDTH

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState
    from viewer.services.desk import Desk
    from viewer.ui.theme import Theme

WIDTH = 288
PAD = 16
ROW = 40
HEAD = 64
MARK = 22


# What is counted at a threshold: a mark and words for each line.
Rows = tuple[tuple[Mark | None, str], ...]


def counted(matching: Matching | None, shown: int) -> Rows:
    """Return what is counted at a threshold at which so many findings are shown; without truth the findings alone.

    Where there is nothing to find, nothing can be found or missed.
    """
    if matching is None:
        return ((None, count_words(shown, "finding")),)
    false = (Mark.FALSE_POSITIVE, f"{matching.count(MatchState.FALSE_POSITIVE)} false")
    if matching.nothing_to_find:
        return ((None, "Nothing to find"), false)
    found, missed = matching.count(MatchState.FOUND), matching.count(MatchState.MISSED)
    return ((Mark.TRUE_POSITIVE, f"{found} found"), false, (Mark.MISSED, f"{missed} missed"))


def readout_place(rows: Rows, view: ViewState, stage: QSizeF, side: str, scale: float) -> QRectF:
    """Return where the readout stands on a stage: above the card, with which it shares the left edge."""
    size = QSizeF(WIDTH * scale, (HEAD + ROW * len(rows) + PAD) * scale)
    x = card_corner(QSizeF(CARD_WIDTH * scale, size.height()), stage, view, side, scale).x()
    return QRectF(round(x), round(MARGIN * scale), round(size.width()), round(size.height()))


def paint_readout(painter: QPainter, place: QRectF, rows: Rows, threshold: float, theme: Theme, scale: float) -> None:
    """Draw the threshold and below it a line for each count."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = theme.on_anatomy
    # Over anatomy that is as bright as bone.
    paint_plate(painter, place, theme)
    painter.translate(place.topLeft() + QPointF(PAD * scale, PAD * scale / 2))
    middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    head = QRectF(0, 0, place.width(), HEAD * scale)
    face = font(Type.STAGE_BAR, scale=scale)
    painter.setFont(face)
    painter.setPen(colour("text2"))
    painter.drawText(head, middle, "Threshold")
    beside = head.adjusted(painter.fontMetrics().horizontalAdvance("Threshold ") + 8 * scale, 0, 0, 0)
    painter.setFont(font(Type.STAGE_TITLE, scale=scale))
    painter.setPen(colour("text"))
    painter.drawText(beside, middle, f"{threshold:.2f}")
    painter.setFont(font(Type.STAGE_BODY, scale=scale))
    for number, (mark, words) in enumerate(rows):
        row = QRectF(0, (HEAD + number * ROW) * scale, place.width(), ROW * scale)
        if mark is not None:
            side = MARK * scale
            paint_mark(painter, QRectF(0, row.center().y() - side / 2, side, side), mark, theme, on_anatomy=True)
            row.setLeft((MARK + 14) * scale)
        painter.setPen(colour("text"))
        painter.drawText(row, middle, words)
    painter.restore()


class SweepReadout(QWidget):
    """Stands over the column of the card while a step sweeps; the mouse goes through it."""

    def __init__(self, desk: Desk, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._theme = desk, theme
        self.scale = 1.0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def rows(self) -> Rows:
        """What is counted at the threshold."""
        session = self._desk.session
        return counted(session.matching, len(session.shown_findings))

    @property
    def words(self) -> str:
        """All that it says, or "" while it is hidden."""
        view = self._desk.session.view
        if self.isHidden() or view is None:
            return ""
        return "  ".join([f"Threshold {view.threshold:.2f}", *(words for _, words in self.rows)])

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
            paint_readout(painter, QRectF(self.rect()), self.rows, view.threshold, self._theme, self.scale)
