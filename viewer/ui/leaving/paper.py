"""Typography on paper: sizes in points, on any device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QFontMetricsF,
    QPainter,
    QPalette,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)

from viewer.ui.fonts import REGULAR, SEMIBOLD, load_fonts

if TYPE_CHECKING:
    from viewer.ui.theme import Theme

LEADING = 1.42


@frozen(eq=False)
class Told:
    """A text in lines, and how far below its top each line ends, in points."""

    document: QTextDocument
    line_ends: tuple[float, ...]


class Paper:
    """Draws text in points onto a painter whose device has `per_point` of its units to a point."""

    def __init__(self, painter: QPainter, theme: Theme, per_point: float) -> None:
        self.painter, self.theme, self.per_point = painter, theme, per_point

    def face(self, size: float, *, bold: bool = False) -> QFont:
        """Return Inter in a size in points."""
        made = QFont(load_fonts())
        made.setPixelSize(max(1, round(size * self.per_point)))
        made.setWeight(SEMIBOLD if bold else REGULAR)
        # Between digits and capitals it puts signs that no other program knows in the place of “×” and “-”.
        made.setFeature(QFont.Tag("calt"), 0)
        return made

    def box(self, x: float, y: float, width: float, height: float) -> QRectF:
        """Return a rectangle given in points."""
        return QRectF(*(n * self.per_point for n in (x, y, width, height)))

    def height(self, text: str, width: float, size: float, *, bold: bool = False) -> float:
        """Return how high a text is, in points."""
        return self._document(text, width, size, "text", bold=bold).size().height() / self.per_point

    def text(
        self, x: float, y: float, width: float, text: str, size: float, role: str = "text", *, bold: bool = False
    ) -> float:
        """Write words in lines and return how high they are, in points."""
        return self._draw(self._document(text, width, size, role, bold=bold), x, y, role)

    def told(self, html: str, width: float, size: float) -> Told:
        """Return what was made of Markdown, already clean, to be written in parts."""
        document = self._document("", width, size, "text")
        document.setHtml(html)
        self._lead(document, size, gap=0.5)
        self._quieten(document)
        return Told(document, self._line_ends(document))

    def part(self, x: float, y: float, told: Told, first: float, last: float) -> None:
        """Write what lies between two heights of a longer text, in points from its top."""
        whole = self.box(0, first, told.document.textWidth() / self.per_point, last - first)
        self._draw(told.document, x, y - first, "text", within=whole)

    def _line_ends(self, document: QTextDocument) -> tuple[float, ...]:
        layout, ends, block = document.documentLayout(), [], document.begin()
        while block.isValid():
            top, lines = layout.blockBoundingRect(block).top(), block.layout()
            for n in range(lines.lineCount()):
                ends.append((top + lines.lineAt(n).rect().bottom()) / self.per_point)
            block = block.next()
        return tuple(ends)

    def _quieten(self, document: QTextDocument) -> None:
        """Say more quietly what is emphasised: there are no italics here, and strong words are semibold."""
        cursor = QTextCursor(document)
        block = document.begin()
        while block.isValid():
            walker = block.begin()
            while not walker.atEnd():
                part = walker.fragment()
                face = document.defaultFont()
                if part.charFormat().fontWeight() >= QFont.Weight.Bold:
                    face.setWeight(SEMIBOLD)
                look = QTextCharFormat()
                look.setFont(face)
                look.setForeground(self.theme.colour("text2" if part.charFormat().fontItalic() else "text"))
                cursor.setPosition(part.position())
                cursor.setPosition(part.position() + part.length(), QTextCursor.MoveMode.KeepAnchor)
                cursor.setCharFormat(look)
                walker += 1
            block = block.next()

    def line(
        self,
        area: QRectF,
        text: str,
        size: float,
        role: str = "text",
        *,
        bold: bool = False,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:
        """Write one line, elided where it does not fit."""
        face = self.face(size, bold=bold)
        self.painter.setFont(face)
        self.painter.setPen(self.theme.colour(role))
        shown = QFontMetricsF(face).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        self.painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | side, shown)

    def rule(self, x: float, y: float, width: float, role: str = "hairline", thick: float = 0.6) -> None:
        """Draw a line across."""
        self.painter.fillRect(self.box(x, y, width, thick), self.theme.colour(role))

    def _document(self, text: str, width: float, size: float, role: str, *, bold: bool = False) -> QTextDocument:
        document = QTextDocument()
        document.setDocumentMargin(0)
        document.setDefaultFont(self.face(size, bold=bold))
        document.setTextWidth(width * self.per_point)
        document.setPlainText(text)
        self._lead(document, size)
        return document

    def _lead(self, document: QTextDocument, size: float, gap: float = 0.0) -> None:
        leading = LEADING if size < 16 else 1.2
        block = document.begin()
        while block.isValid():
            shape = QTextBlockFormat()
            line = size * leading * self.per_point
            shape.setLineHeight(line, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
            shape.setTopMargin(0 if block == document.begin() else size * gap * self.per_point)
            shape.setBottomMargin(0)
            QTextCursor(block).mergeBlockFormat(shape)
            block = block.next()

    def _draw(self, document: QTextDocument, x: float, y: float, role: str, within: QRectF | None = None) -> float:
        self.painter.save()
        self.painter.translate(x * self.per_point, y * self.per_point)
        context = QAbstractTextDocumentLayout.PaintContext()
        if within is not None:
            self.painter.setClipRect(within)
            context.clip = within
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Text, self.theme.colour(role))
        context.palette = palette
        document.documentLayout().draw(self.painter, context)
        self.painter.restore()
        return document.size().height() / self.per_point
