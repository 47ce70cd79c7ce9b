"""The list of scans: lines of two heights, of which only those in sight are ever asked for.

Qt's own list asks every line for its height at each search, which for 20,000 lines takes longer than a key press.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QWidget

from viewer.domain.geometry import Verdict
from viewer.domain.reading_direction import isolated
from viewer.ui.fonts import Type, font
from viewer.ui.honesty import verdict_words
from viewer.ui.icons import paint_icon
from viewer.ui.library.scan_lines import Line
from viewer.ui.library.series_words import series_facts
from viewer.ui.ringing import rings_once
from viewer.ui.theme import FOCUS_WIDTH
from viewer.ui.widgets import rounded

if TYPE_CHECKING:
    from PySide6.QtCore import QItemSelection, QItemSelectionModel
    from PySide6.QtGui import QMouseEvent

    from viewer.io.index_rows import SeriesRow
    from viewer.ui.library.scan_lines import ScanLines
    from viewer.ui.painted_rows import Index
    from viewer.ui.theme import Theme

SERIES_HEIGHT = 96
STUDY_HEIGHT = 60
# Below it the verdict stands under the name, and not beside it.
NARROW = 440
PICTURE = 72
PAD = 16
_PICTURES_AFTER_MS = 60


class ScanList(QAbstractItemView):
    """Studies and their series.

    `opened` carries the id of the series that was double-clicked or chosen with Enter, `pictures_wanted` the ids of
    series in sight that have no picture yet, `left` asks for what stands to the left, `menu_wanted` for a
    menu of the marked series at a point of the screen, `typed` carries letters: they are searched for.
    """

    opened = Signal(int)
    pictures_wanted = Signal(object)
    left = Signal()
    typed = Signal(str)
    menu_wanted = Signal(QPoint)

    def __init__(self, theme: Theme, lines: ScanLines, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.lines = lines
        self._tops: list[int] = [0]
        self._hovered = -1
        # Whether a person, or what a person asked for, marked the series.
        self._by_hand = False
        self._asking = rings_once(self, self._ask_for_pictures, _PICTURES_AFTER_MS)
        self.setModel(lines)
        self.setProperty("own_focus", True)
        self.setMouseTracking(True)
        self.setAccessibleName("Scans")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(SERIES_HEIGHT // 2)
        self.doubleClicked.connect(self._open)
        lines.modelReset.connect(self._measure)
        lines.wanting.connect(self._asking.start)
        theme.changed.connect(lambda: self.viewport().update())
        self._measure()

    # --- what is chosen

    @property
    def chosen(self) -> int | None:
        """The series that is marked."""
        index = self.currentIndex()
        return self.lines.line(index.row()).series or None if index.isValid() else None

    def choose(self, series: int | None) -> None:
        """Mark a series; the one that is most worth looking at where it is not there."""
        at = self.lines.line_of(Line(series, 0)) if series else -1
        self._by_hand = at >= 0
        self._mark(at if at >= 0 else self.lines.worthiest())

    def stay(self, series: int | None) -> None:
        """Mark a series again after other lines came: one that was not chosen by a person only where it is worth it."""
        at = self.lines.line_of(Line(series, 0)) if series else -1
        self._by_hand = self._by_hand and at >= 0
        self._mark(at if self._by_hand or self.lines.is_worth_it(at) else self.lines.worthiest())

    def _mark(self, at: int) -> None:
        self.setCurrentIndex(self.lines.index(at) if at >= 0 else QModelIndex())

    def anchor(self) -> tuple[Line, int] | None:
        """Return the line that must not move when others come or go, and where it is: under the pointer, or topmost.

        None where the list stands at its beginning and nobody points at it.
        """
        y = self.viewport().mapFromGlobal(self.cursor().pos()).y() if self.underMouse() else 0
        n = self._line_at(y + self.verticalOffset())
        if n < 0 or (not self.underMouse() and self.verticalOffset() == 0):
            return None
        return self.lines.line(n), self._tops[n] - self.verticalOffset()

    def keep(self, anchor: tuple[Line, int] | None) -> None:
        """Scroll so that a line is where it was."""
        n = self.lines.line_of(anchor[0]) if anchor is not None else -1
        if anchor is not None and n >= 0:
            self.verticalScrollBar().setValue(self._tops[n] - anchor[1])

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """Ask for the menu of the series at the pointer, or of the marked one."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            if self.currentIndex().isValid():
                self.menu_wanted.emit(self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center()))
            return
        index = self.indexAt(event.pos())
        if index.isValid() and self.lines.line(index.row()).series:
            self.setCurrentIndex(index)
            self.menu_wanted.emit(event.globalPos())

    # --- where lines are

    def _measure(self) -> None:
        heights = [SERIES_HEIGHT if series else STUDY_HEIGHT for series in self.lines.series_or_heading]
        self._tops = [0, *accumulate(heights)]
        self._hovered = -1
        self.updateGeometries()
        self.viewport().update()

    def _line_at(self, y: int) -> int:
        """Return the line at a height from the list's beginning, −1 beside all of them."""
        return bisect_right(self._tops, y) - 1 if 0 <= y < self._tops[-1] else -1

    def updateGeometries(self) -> None:  # noqa: N802 (Qt's name)
        """Fit the scroll bar to the lines."""
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(height)
        bar.setRange(0, max(0, self._tops[-1] - height))
        super().updateGeometries()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Fit the scroll bar to the new height, and keep what is marked in sight."""
        marked = self.currentIndex()
        was = QRect(0, 0, event.oldSize().width(), event.oldSize().height())
        in_sight = marked.isValid() and was.intersects(self.visualRect(marked))
        super().resizeEvent(event)
        self.updateGeometries()
        if in_sight:
            self.scrollTo(marked)

    def horizontalOffset(self) -> int:  # noqa: N802 (Qt's name)
        """Return 0: lines are as wide as the list."""
        return 0

    def verticalOffset(self) -> int:  # noqa: N802 (Qt's name)
        """Return how far the list is scrolled."""
        return self.verticalScrollBar().value()

    def visualRect(self, index: Index) -> QRect:  # noqa: N802 (Qt's name)
        """Return where a line is in the viewport."""
        if not index.isValid() or index.row() + 1 >= len(self._tops):
            return QRect()
        top, end = self._tops[index.row()], self._tops[index.row() + 1]
        return QRect(0, top - self.verticalOffset(), self.viewport().width(), end - top)

    def indexAt(self, point: QPoint) -> QModelIndex:  # noqa: N802 (Qt's name)
        """Return the line at a point of the viewport."""
        n = self._line_at(point.y() + self.verticalOffset())
        return self.lines.index(n) if n >= 0 else QModelIndex()

    def scrollTo(  # noqa: N802 (Qt's name)
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """Bring a line into sight, with its study's heading where it is the first."""
        if not index.isValid():
            return
        n = index.row()
        first = n - 1 if n and not self.lines.line(n - 1).series else n
        end, height = self._tops[n + 1], self.viewport().height()
        # Where not even both are seen, its name comes before its study's.
        top = self._tops[first] if end - self._tops[first] <= height else self._tops[n]
        bar = self.verticalScrollBar()
        if hint is QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue((top + end - height) // 2)
        elif top < bar.value():
            bar.setValue(top)
        elif end > bar.value() + height:
            bar.setValue(min(top, end - height))

    def isIndexHidden(self, _index: Index) -> bool:  # noqa: N802 (Qt's name)
        """Return False: every line of the model is shown."""
        return False

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:  # noqa: N802 (Qt's name)
        """Select the series at a rectangle's corner; headings are not selected."""
        index = self.indexAt(rect.topLeft())
        if index.isValid() and self.lines.line(index.row()).series:
            self.selectionModel().select(index, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:  # noqa: N802 (Qt's name)
        """Return the part of the viewport that a selection covers."""
        region = QRegion()
        for index in selection.indexes():
            region += QRegion(self.visualRect(index))
        return region

    # --- keys and mouse

    def moveCursor(  # noqa: N802 (Qt's name)
        self, action: QAbstractItemView.CursorAction, _modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Return where a key leads: from series to series, over headings."""
        moves = QAbstractItemView.CursorAction
        count, n = self.lines.rowCount(), self.currentIndex().row()
        if not count:
            return QModelIndex()
        if action in (moves.MoveHome, moves.MoveEnd) or n < 0:
            return self.lines.index(count - 1 if action == moves.MoveEnd else 1)
        page = self.viewport().height() - STUDY_HEIGHT
        if action in (moves.MovePageDown, moves.MovePageUp):
            y = self._tops[n] + (page if action == moves.MovePageDown else -page)
            n = self._line_at(min(max(y, 0), self._tops[-1] - 1))
            down = True
        elif action in (moves.MoveDown, moves.MoveNext, moves.MoveUp, moves.MovePrevious):
            down = action in (moves.MoveDown, moves.MoveNext)
            n += 1 if down else -1
        else:
            return self.currentIndex()
        if 0 <= n < count and not self.lines.line(n).series:
            n += 1 if down else -1
        return self.lines.index(n) if 0 <= n < count else self.currentIndex()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Open with Enter, go to the places with ←."""
        self._by_hand = True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen is not None:
            self.opened.emit(self.chosen)
        elif event.key() == Qt.Key.Key_Left:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Mark what is clicked."""
        self._by_hand = True
        super().mousePressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 (Qt's name)
        """Leave letters to the search field; Qt would mark headings, which cannot be opened."""
        self.typed.emit(search)

    def _open(self, index: QModelIndex) -> None:
        series = self.lines.line(index.row()).series
        if series:
            self.opened.emit(series)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Show what is under the pointer."""
        super().mouseMoveEvent(event)
        self._hover(self._line_at(event.position().toPoint().y() + self.verticalOffset()))

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """See the pointer leave."""
        if event.type() == QEvent.Type.Leave:
            self._hover(-1)
        return super().viewportEvent(event)

    def _hover(self, n: int) -> None:
        if n != self._hovered:
            self._hovered = n
            self.viewport().update()

    # --- painting

    def _ask_for_pictures(self) -> None:
        missing, self.lines.missing = self.lines.missing, []
        first = self._line_at(self.verticalOffset())
        last = self._line_at(min(self.verticalOffset() + self.viewport().height(), self._tops[-1] - 1))
        in_sight = {self.lines.line(n).series for n in range(max(0, first), last + 1)}
        # Those that were scrolled past are asked for when they are seen again.
        self.lines.ask_again()
        self.pictures_wanted.emit([series for series in missing if series in in_sight])

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the lines that are in sight."""
        with QPainter(self.viewport()) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            top = event.rect().top() + self.verticalOffset()
            n = self._line_at(max(0, top))
            while 0 <= n < self.lines.rowCount():
                area = QRectF(self.visualRect(self.lines.index(n)))
                if area.top() > event.rect().bottom():
                    break
                if self.lines.line(n).series:
                    self._paint_series(painter, area, n)
                else:
                    self._paint_study(painter, area, n)
                n += 1

    def _paint_study(self, painter: QPainter, area: QRectF, n: int) -> None:
        person, words = self.lines.heading(n)
        painter.fillRect(area, self._theme.colour("window"))
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), self._theme.colour("hairline"))
        room = area.width() - 2 * PAD
        icon, place = self.lines.place(n)
        if place:
            painter.setFont(font(Type.CAPTION))
            width = min(QFontMetricsF(painter.font()).horizontalAdvance(place) + 1, room / 2)
            left = area.right() - PAD - width
            paint_icon(painter, QRectF(round(left) - 24, area.top() + 32, 16, 16), self._theme, icon, "text2")
            self._line(painter, QRectF(left, area.top() + 31, width, 18), place, Type.CAPTION, "text2")
            room -= width + 40
        self._line(painter, QRectF(PAD, area.top() + 9, room, 20), person, Type.NAME, "text")
        self._line(painter, QRectF(PAD, area.top() + 31, room, 18), words, Type.CAPTION, "text2")

    def _paint_series(self, painter: QPainter, area: QRectF, n: int) -> None:
        colour = self._theme.colour
        selected = n == self.currentIndex().row()
        painter.fillRect(area, colour("selected" if selected else "hover" if n == self._hovered else "panel"))
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), colour("hairline"))
        if selected:
            painter.fillRect(QRectF(area.left(), area.top(), 3, area.height() - 1), colour("accent"))
            if self.hasFocus():
                painter.setPen(colour("accent"))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(rounded(area.adjusted(0, 0, 0, -1), FOCUS_WIDTH))
        row = self.lines.row(n)
        if row is None:
            return
        self._paint_picture(painter, QRectF(PAD, area.top() + 12, PICTURE, PICTURE), n)
        left = PAD + PICTURE + PAD
        caption = self.lines.caption(n)
        narrow = area.width() < NARROW
        top = area.top() + (13 if caption or narrow else 22)
        middle = top + 58 if narrow else area.center().y()
        begins, ends = self._paint_verdict(painter, area, row, middle, left if narrow else None)
        room = area.right() - PAD - left if narrow else begins - left - PAD
        self._line(painter, QRectF(left, top, room, 24), self.lines.title(n), Type.PANEL_TITLE, "text")
        measures = QFontMetricsF(font(Type.BODY))
        facts = series_facts(row, lambda words: measures.horizontalAdvance(words) <= room)
        self._line(painter, QRectF(left, top + 26, room, 20), facts, Type.BODY, "text2")
        if caption:
            shift = ends + 8 - left if narrow else 0.0
            place = QRectF(left + shift, top + 49, room - shift, 18)
            self._line(painter, place, caption, Type.CAPTION, "text2")

    def _paint_picture(self, painter: QPainter, box: QRectF, n: int) -> None:
        painter.fillRect(box, self._theme.colour("viewport"))
        picture = self.lines.picture(n)
        if picture is None:
            icon = QRectF(0, 0, 20, 20)
            icon.moveCenter(box.center())
            paint_icon(painter, icon, self._theme, "image", "disabled")
            return
        size = picture.size().scaled(box.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRectF(0, 0, size.width(), size.height())
        target.moveCenter(box.center())
        painter.drawImage(target, picture, QRectF(picture.rect()))

    def _paint_verdict(
        self, painter: QPainter, area: QRectF, row: SeriesRow, middle: float, left: float | None
    ) -> tuple[float, float]:
        """Draw what is known about the geometry, at the right where no `left` is given; return from where to where."""
        if row.verdict is None:
            return (area.right(), area.right()) if left is None else (left, left - 8)
        words, icon, role = verdict_words(row.verdict)
        face = font(Type.CAPTION)
        painter.setFont(face)
        if left is None:
            # All badges begin at one line, whatever their words.
            left = area.right() - PAD - 24 - max(QFontMetricsF(face).horizontalAdvance(w) for w in _BADGES) - 4
        paint_icon(painter, QRectF(round(left), round(middle - 8), 16, 16), self._theme, icon, role)
        painter.setPen(self._theme.colour("text2" if row.verdict is Verdict.OK else "text"))
        text = QRectF(left + 24, middle - 10, area.right() - left - 24, 20)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        return left, text.left() + QFontMetricsF(face).horizontalAdvance(words)

    def _line(self, painter: QPainter, area: QRectF, text: str, kind: Type, role: str) -> None:
        painter.setFont(font(kind))
        painter.setPen(self._theme.colour(role))
        shown = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, isolated(shown))


_BADGES = tuple(verdict_words(verdict)[0] for verdict in Verdict)
