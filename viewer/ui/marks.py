"""How each state of a finding is drawn: its mark in lists and its line on anatomy.

`mark_of(...)` says the state, `paint_mark(painter, area, mark, theme)` draws the mark of a list row,
`line_of(mark, ...)` gives the outline's line. Nothing is told by colour alone: each mark has its own shape, line and
word (`mark.words`).
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import evolve, frozen
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from viewer.domain.decision import Answer, Decision
from viewer.domain.finding import Finding, Matching, MatchState, SourceKind
from viewer.ui.theme import CASING_OPACITY, Theme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from viewer.domain.overlay_look import LabelLook
    from viewer.domain.overlays import Label

CASING_WIDER_PX = 2.5


class Mark(StrEnum):
    """The states that have a mark and a line of their own."""

    TO_DECIDE = "to decide"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNSURE = "unsure"
    TRUE_POSITIVE = "true positive"
    FALSE_POSITIVE = "false positive"
    MISSED = "missed"
    TRUTH = "truth"

    @property
    def words(self) -> str:
        """The state as a word for people."""
        return "Found" if self is Mark.TRUTH else self.value.capitalize()

    @property
    def role(self) -> str:
        """The colour role of the mark."""
        return _ROLES[self]


_ROLES = {
    Mark.TO_DECIDE: "to_decide",
    Mark.ACCEPTED: "agree",
    Mark.REJECTED: "disagree",
    Mark.UNSURE: "open",
    Mark.TRUE_POSITIVE: "agree",
    Mark.FALSE_POSITIVE: "disagree",
    Mark.MISSED: "open",
    Mark.TRUTH: "text",
}
_OF_ANSWER = {Answer.ACCEPTED: Mark.ACCEPTED, Answer.REJECTED: Mark.REJECTED, Answer.UNSURE: Mark.UNSURE}
_OF_MATCH = {
    MatchState.TRUE_POSITIVE: Mark.TRUE_POSITIVE,
    MatchState.FALSE_POSITIVE: Mark.FALSE_POSITIVE,
    MatchState.MISSED: Mark.MISSED,
    MatchState.FOUND: Mark.TRUTH,
}


def mark_of(
    finding: Finding, decisions: Mapping[str, Decision], matching: Matching | None, *, against_truth: bool
) -> Mark:
    """Return the state of a finding or of a true lesion.

    Parameters
    ----------
    decisions
        What the reader said, by finding id.
    matching
        Findings held against truth, or None.
    against_truth
        True in Inspect, where the match counts; elsewhere the reader's answer does.
    """
    if finding.source.kind is SourceKind.TRUTH:
        state = matching.of_truth.get(finding.id) if matching else None
        return Mark.MISSED if state is MatchState.MISSED else Mark.TRUTH
    if against_truth and matching is not None and finding.id in matching.of_finding:
        return _OF_MATCH[matching.of_finding[finding.id]]
    decision = decisions.get(finding.id)
    if decision and decision.answer:
        return _OF_ANSWER[decision.answer]
    # What a reader marked is the reader's word already.
    return Mark.MISSED if finding.source.kind is SourceKind.READER else Mark.TO_DECIDE


@frozen
class Line:
    """A line on anatomy: colour role, width in logical pixels, dash and gap lengths in pixels (empty = solid).

    `own_colour` is "#RRGGBB" where a label has one, in the place of the role's.
    """

    role: str
    width_px: float
    dashes_px: tuple[float, ...] = ()
    dots: bool = False
    own_colour: str = ""

    def colour(self, theme: Theme, opacity: float = 1.0) -> QColor:
        """Return the colour on anatomy."""
        if not self.own_colour:
            return theme.on_anatomy(self.role, opacity)
        colour = QColor(self.own_colour)
        colour.setAlphaF(opacity)
        return colour

    def pen(self, theme: Theme, *, scale: float = 1.0) -> QPen:
        """Return the pen of the line itself, for paths in logical pixels."""
        pen = QPen(self.colour(theme), self.width_px * scale)
        # Outlines turn in many short pieces: round joins would look the same and take thrice as long to draw.
        pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap if self.dots or not self.dashes_px else Qt.PenCapStyle.FlatCap)
        if self.dashes_px:
            pen.setDashPattern([length / self.width_px for length in self.dashes_px])
        return pen

    def casing(self, theme: Theme, *, scale: float = 1.0) -> QPen:
        """Return the black pen below the line: needed wherever the tissue is of the line's brightness."""
        pen = self.pen(theme, scale=scale)
        pen.setColor(theme.on_anatomy("casing", CASING_OPACITY))
        pen.setWidthF((self.width_px + CASING_WIDER_PX) * scale)
        if self.dots:
            pen.setDashPattern([length / (self.width_px + CASING_WIDER_PX) for length in self.dashes_px])
        else:
            pen.setStyle(Qt.PenStyle.SolidLine)
        return pen


_LINES = {
    Mark.TO_DECIDE: Line("to_decide_line", 1.5),
    Mark.ACCEPTED: Line("agree", 2.5),
    Mark.REJECTED: Line("disagree", 2.5, (7, 5)),
    Mark.UNSURE: Line("open", 2.5, (9, 5, 1.5, 5)),
    Mark.TRUE_POSITIVE: Line("agree", 2.5),
    Mark.FALSE_POSITIVE: Line("disagree", 2.5, (7, 5)),
    # A round cap adds half the width at both ends: a dash of almost nothing is a dot.
    Mark.MISSED: Line("open", 3.6, (0.01, 7), dots=True),
    Mark.TRUTH: Line("text", 1.5),
}
SELECTED_LINE = Line("accent", 3.0)
SELECTED_LINE_STAGE = Line("accent", 3.5)


LABEL_PX = 2.0
LABEL_PX_STAGE = 3.0


# Longer than the dashes of what is wrong: those say what became of a finding, these which of two models has it.
SECOND_DASHES_PX = (12.0, 6.0)


# Thinner lines are lost on the way to the last row.
LEAST_PX_STAGE = 2.5


def line_of(
    mark: Mark, *, selected: bool = False, stage: bool = False, own_colour: str = "", second: bool = False
) -> Line:
    """Return the outline's line: that of the selection, or of the state, in a colour that was chosen for its label.

    A missed lesion keeps its dots when it is selected, in the accent. What the `second` of two models found is dashed
    where it would be solid.
    """
    if selected and mark is Mark.MISSED:
        line = evolve(_LINES[mark], role="accent")
    elif selected:
        line = SELECTED_LINE_STAGE if stage else SELECTED_LINE
    else:
        line = evolve(_LINES[mark], own_colour=own_colour)
    if stage:
        line = evolve(line, width_px=max(line.width_px, LEAST_PX_STAGE))
    return evolve(line, dashes_px=SECOND_DASHES_PX) if second and not line.dashes_px else line


def line_of_label(label: Label, look: LabelLook, *, stage: bool = False) -> Line:
    """Return the line of a segmentation's label: its colour, or the one that was chosen, and its own line style."""
    width = LABEL_PX_STAGE if stage else LABEL_PX
    return Line("text", width, label.line.dashes_px, own_colour=look.colour or label.colour)


def paint_mark(painter: QPainter, area: QRectF, mark: Mark, theme: Theme, *, on_anatomy: bool = False) -> None:
    """Draw a state's mark into the largest square in the middle of an area (16 or 18 px wide is meant)."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = min(area.width(), area.height())
    painter.translate(area.center())
    painter.scale(side / 16, side / 16)
    _DRAW[mark](painter, theme.on_anatomy(mark.role) if on_anatomy else theme.colour(mark.role), theme)
    painter.restore()


def _pen(colour: QColor, width: float) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def _ring(painter: QPainter, colour: QColor, _theme: Theme) -> None:
    painter.setPen(_pen(colour, 1.6))
    painter.drawEllipse(QPointF(), 6.2, 6.2)


def _tick(painter: QPainter, colour: QColor, theme: Theme) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(), 7.2, 7.2)
    painter.setPen(_pen(theme.colour("panel"), 1.9))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline([QPointF(-3.1, 0.2), QPointF(-0.9, 2.4), QPointF(3.2, -2.2)])


def _cross(painter: QPainter, colour: QColor, _theme: Theme) -> None:
    painter.setPen(_pen(colour, 1.7))
    painter.drawRoundedRect(QRectF(-6.6, -6.6, 13.2, 13.2), 1.6, 1.6)
    painter.drawLine(QPointF(-2.6, -2.6), QPointF(2.6, 2.6))
    painter.drawLine(QPointF(-2.6, 2.6), QPointF(2.6, -2.6))


def _question(painter: QPainter, colour: QColor, _theme: Theme) -> None:
    painter.setPen(_pen(colour, 1.5))
    painter.drawPolygon([QPointF(0, -7.4), QPointF(7.4, 0), QPointF(0, 7.4), QPointF(-7.4, 0)])
    hook = QPainterPath(QPointF(-1.9, -1.6))
    hook.cubicTo(QPointF(-1.9, -4.2), QPointF(2.0, -4.2), QPointF(2.0, -1.7))
    hook.cubicTo(QPointF(2.0, -0.2), QPointF(0.0, -0.2), QPointF(0.0, 1.3))
    painter.drawPath(hook)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(0, 3.3), 0.95, 0.95)


def _disc(painter: QPainter, colour: QColor, _theme: Theme) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(), 5.4, 5.4)


def _triangle(painter: QPainter, colour: QColor, _theme: Theme) -> None:
    painter.setPen(_pen(colour, 1.7))
    painter.drawPolygon([QPointF(0, -6), QPointF(6.6, 5.4), QPointF(-6.6, 5.4)])


def _broken_ring(painter: QPainter, colour: QColor, _theme: Theme) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for n in range(8):
        turn = math.tau * (n + 0.5) / 8
        painter.drawEllipse(QPointF(6 * math.cos(turn), 6 * math.sin(turn)), 1.5, 1.5)


def _thin_ring(painter: QPainter, colour: QColor, _theme: Theme) -> None:
    painter.setPen(_pen(colour, 1.2))
    painter.drawEllipse(QPointF(), 5.4, 5.4)


_DRAW = {
    Mark.TO_DECIDE: _ring,
    Mark.ACCEPTED: _tick,
    Mark.REJECTED: _cross,
    Mark.UNSURE: _question,
    Mark.TRUE_POSITIVE: _disc,
    Mark.FALSE_POSITIVE: _triangle,
    Mark.MISSED: _broken_ring,
    Mark.TRUTH: _thin_ring,
}
