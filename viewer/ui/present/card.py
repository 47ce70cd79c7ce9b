"""The narration card: a step's words, safely made from Markdown, laid out and painted; also without a window."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt, QUrl
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
    QTextImageFormat,
)

from viewer.domain.geometry import PLANE_AXES
from viewer.domain.view_state import Layout
from viewer.ui.canvas.tiles import STAGE_COLUMN_SHARE, STAGE_GAP
from viewer.ui.fonts import SEMIBOLD, Type, font
from viewer.ui.present.case_pictures import case_picture, with_pictures
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
MOST_PICTURE_PX = 360
# A last line shorter than this share of the width looks left over; a paragraph gives up to so much of its width for it.
LEAST_LAST_LINE = 0.3
MOST_NARROWED = 0.45
NARROWING_STEPS = 15
TAGS = {"p", "h1", "h2", "h3", "strong", "em", "ul", "ol", "li", "br", "code"}


# A number is not parted from its unit at the end of a line.
_UNIT = re.compile(r"(?<=\d) (?=(?:mL|mm|cm|HU|%|s|min)(?![A-Za-z]))")


def narration_html(step: Step, folder: str = "") -> str:
    """Return a step's words as HTML of a few harmless tags; its title stands first unless the narration has one.

    Pictures are those that lie in the case's `folder`; without one there are none.
    """
    text = step.narration.strip()
    if not text.startswith("#"):
        text = f"# {step.title}\n\n{text}"
    text = _UNIT.sub("\u00a0", text)
    # Loaded with the first narration: not every start shows one.
    import nh3
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False}).render(text)
    if not folder:
        return nh3.clean(made, tags=TAGS, attributes={})
    clean = nh3.clean(made, tags=TAGS | {"img"}, attributes={"img": {"src", "alt"}})
    return with_pictures(clean, folder) if "<img" in clean else clean


class _ClosedDocument(QTextDocument):
    """A document that fetches nothing from anywhere but pictures from the case's own folder."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder

    def loadResource(self, kind: int, name: QUrl | str) -> Any:  # noqa: N802 (Qt's name)
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return None
        return case_picture(self._folder, name.toString() if isinstance(name, QUrl) else name)


class Narration:
    """A step's words and pictures of its case's `folder`, laid out for a stage of some scale (its height over 1080)."""

    def __init__(self, theme: Theme, step: Step, scale: float, folder: str = "") -> None:
        self._theme, self._scale, self._folder = theme, scale, folder
        self._document = _ClosedDocument(folder)
        self._document.setDocumentMargin(0)
        self._document.setDefaultFont(font(Type.STAGE_BODY, scale=scale))
        self._document.setTextWidth((WIDTH - 2 * PAD) * scale)
        self._document.setHtml(narration_html(step, folder))
        block = self._document.begin()
        while block.isValid():
            self._style(block)
            block = block.next()
        self._break_well()

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
        height = QTextBlockFormat.LineHeightTypes
        # A line grows with the picture in it.
        lines = height.MinimumHeight if _has_picture(block) else height.FixedHeight
        shape.setLineHeight(kind.line_px * self._scale, lines.value)
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
            if old.isImageFormat():
                self._fit(cursor, position, length, old.toImageFormat())
                continue
            face = font(kind, scale=self._scale)
            if not title and old.fontWeight() >= QFont.Weight.Bold:
                face.setWeight(SEMIBOLD)
            look = QTextCharFormat()
            look.setFont(face)
            # There are no italics here: emphasis in Markdown is what is said more quietly.
            look.setForeground(self._theme.colour("text2" if old.fontItalic() else "text"))
            cursor.setPosition(position)
            cursor.setPosition(position + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(look)

    def _break_well(self) -> None:
        """Make the lines of titles alike, and let no paragraph end in one short word where it can be helped."""
        block = self._document.begin()
        while block.isValid():
            if not _has_picture(block):
                self._narrow(block, title=block.blockFormat().headingLevel() > 0)
            block = block.next()

    def _narrow(self, block: QTextBlock, *, title: bool) -> None:
        """Narrow a paragraph as long as it keeps its lines: a title until they are alike, else until the last is long.

        Where its last line stays short all the same it is left as it was.
        """
        lines, last = self._lines(block)
        whole = (WIDTH - 2 * PAD) * self._scale
        least = LEAST_LAST_LINE * whole
        if lines < 2 or (not title and last >= least):
            return
        kept = 0.0
        for step in range(1, NARROWING_STEPS + 1):
            margin = whole * MOST_NARROWED * step / NARROWING_STEPS
            self._indent(block, margin)
            count, last = self._lines(block)
            if count != lines:
                break
            kept = margin if title or last >= least else kept
            if kept and not title:
                break
        self._indent(block, kept)

    def _indent(self, block: QTextBlock, end_px: float) -> None:
        """Narrow a paragraph where its lines end: at the left where they are read from the right."""
        shape = block.blockFormat()
        if block.textDirection() == Qt.LayoutDirection.RightToLeft:
            shape.setLeftMargin(end_px)
        else:
            shape.setRightMargin(end_px)
        QTextCursor(block).setBlockFormat(shape)

    def _lines(self, block: QTextBlock) -> tuple[int, float]:
        """Return how many lines a paragraph has, and how wide the last one is."""
        # Asking for the size lays the document out.
        self._document.size()
        layout = block.layout()
        count = layout.lineCount()
        return count, layout.lineAt(count - 1).naturalTextWidth() if count else 0.0

    def _fit(self, cursor: QTextCursor, position: int, length: int, picture: QTextImageFormat) -> None:
        """Make a picture as wide as the words, or as high as it may be."""
        image = case_picture(self._folder, picture.name())
        if image is None:
            return
        most = QSizeF((WIDTH - 2 * PAD) * self._scale, MOST_PICTURE_PX * self._scale)
        size = QSizeF(image.size()).scaled(most, Qt.AspectRatioMode.KeepAspectRatio)
        picture.setWidth(size.width())
        picture.setHeight(size.height())
        cursor.setPosition(position)
        cursor.setPosition(position + length, QTextCursor.MoveMode.KeepAnchor)
        cursor.setCharFormat(picture)


def _has_picture(block: QTextBlock) -> bool:
    walker = block.begin()
    while not walker.atEnd():
        if walker.fragment().charFormat().isImageFormat():
            return True
        walker += 1
    return False


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
    painter: QPainter,
    theme: Theme,
    step: Step,
    finding: Finding | None,
    stage: QSizeF,
    scale: float,
    folder: str = "",
) -> None:
    """Draw a step's card onto a stage, without a window."""
    narration = Narration(theme, step, scale, folder)
    side = card_side(step.view, finding)
    narration.paint(painter, card_corner(narration.size, stage, step.view, side, scale))
