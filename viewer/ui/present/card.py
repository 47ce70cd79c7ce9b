"""The narration card: a step's words, safely made from Markdown, laid out and painted; also without a window."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, QSizeF, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QPainter,
    QPalette,
    QPen,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)

from viewer.domain.geometry import PLANE_AXES
from viewer.domain.view_state import Layout
from viewer.ui.canvas.tiles import STAGE_COLUMN_SHARE, STAGE_GAP
from viewer.ui.fonts import SEMIBOLD, Type, font
from viewer.ui.theme import RADIUS_CARD
from viewer.ui.widgets import rounded

if TYPE_CHECKING:
    from viewer.domain.finding import Finding
    from viewer.domain.view_state import ViewState
    from viewer.domain.walkthrough import Step
    from viewer.ui.theme import Theme

WIDTH = 440
MARGIN = 40
PAD = 28
ABOVE_BAR = 108
RESERVED = MARGIN + WIDTH
TAGS = {"p", "h1", "h2", "h3", "strong", "em", "ul", "ol", "li", "br", "code"}


# A number is not parted from its unit at the end of a line.
_UNIT = re.compile(r"(?<=\d) (?=(?:mL|mm|cm|HU|%|s|min)(?![A-Za-z]))")


def narration_html(step: Step) -> str:
    """Return a step's words as HTML of a few harmless tags; its title stands first unless the narration has one."""
    text = step.narration.strip()
    if not text.startswith("#"):
        text = f"# {step.title}\n\n{text}"
    text = _UNIT.sub("\u00a0", text)
    # Loaded with the first narration: not every start shows one.
    import nh3
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False}).render(text)
    return nh3.clean(made, tags=TAGS, attributes={})


class _ClosedDocument(QTextDocument):
    """A document that fetches nothing from anywhere."""

    def loadResource(self, _kind: int, _name: QUrl | str) -> Any:  # noqa: N802 (Qt's name)
        return None


class Narration:
    """A step's words, laid out for a stage of some scale (its height over 1080)."""

    def __init__(self, theme: Theme, step: Step, scale: float) -> None:
        self._theme, self._scale = theme, scale
        self._document = _ClosedDocument()
        self._document.setDocumentMargin(0)
        body = font(Type.STAGE_BODY, scale=scale)
        body.unsetFeature(QFont.Tag("tnum"))
        self._document.setDefaultFont(body)
        self._document.setTextWidth((WIDTH - 2 * PAD) * scale)
        self._document.setHtml(narration_html(step))
        block = self._document.begin()
        while block.isValid():
            self._style(block)
            block = block.next()

    @property
    def words(self) -> str:
        """The words without marks."""
        return self._document.toPlainText()

    @property
    def size(self) -> QSizeF:
        """The card's size in logical pixels."""
        return QSizeF(WIDTH * self._scale, self._document.size().height() + 2 * PAD * self._scale)

    def paint(self, painter: QPainter, corner: QPointF) -> None:
        """Draw the card with its upper left corner at a place."""
        painter.save()
        painter.translate(corner)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour("hairline"), 1))
        painter.setBrush(self._theme.colour("panel"))
        painter.drawRoundedRect(rounded(QRectF(QPointF(), self.size)), RADIUS_CARD, RADIUS_CARD)
        painter.translate(PAD * self._scale, PAD * self._scale)
        context = QAbstractTextDocumentLayout.PaintContext()
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Text, self._theme.colour("text"))
        context.palette = palette
        self._document.documentLayout().draw(painter, context)
        painter.restore()

    def _style(self, block: QTextBlock) -> None:
        title = block.blockFormat().headingLevel() > 0
        kind = Type.STAGE_TITLE if title else Type.STAGE_BODY
        shape = QTextBlockFormat()
        shape.setLineHeight(kind.line_px * self._scale, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        shape.setTopMargin(0 if block == self._document.begin() else (12 if not title else 8) * self._scale)
        shape.setBottomMargin(0)
        cursor = QTextCursor(block)
        cursor.mergeBlockFormat(shape)
        parts = []
        walker = block.begin()
        while not walker.atEnd():
            fragment = walker.fragment()
            parts.append((fragment.position(), fragment.length(), fragment.charFormat()))
            walker += 1
        for position, length, old in parts:
            face = font(kind, scale=self._scale)
            # Digits of one width also widen the hyphen, which in a sentence looks like a gap.
            face.unsetFeature(QFont.Tag("tnum"))
            if not title and old.fontWeight() >= QFont.Weight.Bold:
                face.setWeight(SEMIBOLD)
            look = QTextCharFormat()
            look.setFont(face)
            # There are no italics here: emphasis in Markdown is what is said more quietly.
            look.setForeground(self._theme.colour("text2" if old.fontItalic() else "text"))
            cursor.setPosition(position)
            cursor.setPosition(position + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(look)


def card_side(view: ViewState, finding: Finding | None) -> str:
    """Return the side of the large view that is away from a finding: "left" or "right"."""
    if finding is None:
        return "left"
    plane = view.main.plane
    if view.layout is Layout.FOUR or plane is None:
        return "left"
    offset = float((finding.centre_lps_mm - view.plane(plane).centre_lps_mm) @ PLANE_AXES[plane].right)
    # A finding that was put into the middle lies there; then its side of the body decides.
    if abs(offset) < 0.08 * view.plane(plane).height_mm:
        offset = float(finding.centre_lps_mm @ PLANE_AXES[plane].right) if plane.value != "sagittal" else offset
    return "right" if offset < 0 else "left"


def card_corner(size: QSizeF, stage: QSizeF, view: ViewState, side: str, scale: float) -> QPointF:
    """Return where the card's upper left corner stands on a stage (without its bar): lower corner of its side."""
    y = max(MARGIN * scale, stage.height() - ABOVE_BAR * scale - size.height())
    if side == "left":
        return QPointF(MARGIN * scale, y)
    right = stage.width()
    if view.layout is Layout.STAGE:
        right -= round(stage.width() * STAGE_COLUMN_SHARE) + STAGE_GAP
    return QPointF(right - MARGIN * scale - size.width(), y)


def reserves_space(view: ViewState) -> bool:
    """Return whether the card lies over one large view, which then has to make room."""
    return view.layout is not Layout.FOUR


def paint_card(
    painter: QPainter, theme: Theme, step: Step, finding: Finding | None, stage: QSizeF, scale: float
) -> None:
    """Draw a step's card onto a stage, without a window."""
    narration = Narration(theme, step, scale)
    side = card_side(step.view, finding)
    narration.paint(painter, card_corner(narration.size, stage, step.view, side, scale))
