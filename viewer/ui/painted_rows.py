"""Lists of painted rows: fill, selection and focus, words that fit, and the keys and clicks that pick a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTextLayout,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from viewer.domain.reading_direction import isolated
from viewer.ui.theme import FOCUS_WIDTH
from viewer.ui.widgets import KEYBOARD_REASONS, rounded

if TYPE_CHECKING:
    from viewer.ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
Row = TypeVar("Row")


class RowModel(QAbstractListModel, Generic[Row]):
    """Rows that are values; a subclass says what each is called, and what it is in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()

    def ident(self, row: Row) -> str:
        """Return the id of what a row stands for."""
        raise NotImplementedError

    def same(self, one: Row, other: Row) -> bool:
        """Return whether two rows stand for the same thing, so that the list keeps its place."""
        return self.ident(one) == self.ident(other)

    def set_rows(self, rows: tuple[Row, ...]) -> bool:
        """Show other rows; return whether they stand for other things than before."""
        before, self_same = self._rows, self.same
        if len(before) == len(rows) and all(self_same(a, b) for a, b in zip(before, rows, strict=True)):
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return False
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()
        return True

    def row(self, n: int) -> Row:
        """Return one row."""
        return self._rows[n]

    def ident_at(self, n: int) -> str:
        """Return the id of what stands in a row."""
        return self.ident(self._rows[n])

    def row_of(self, ident: str | None) -> int | None:
        """Return the row of what has an id, or None where it is not listed."""
        return next((n for n, row in enumerate(self._rows) if self.ident(row) == ident), None)

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 (Qt's name)
        """Return how many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)


class RowDelegate(QStyledItemDelegate):
    """Draws rows of one height; a subclass draws what stands on them."""

    height = 40

    def __init__(self, theme: Theme, view: QListView) -> None:
        super().__init__(view)
        self.theme, self._view = theme, view

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802 (Qt's name)
        """Return the height of a row, which is as wide as its list, also once that has a bar to scroll by."""
        return QSize(1, self.height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the ground, then what stands on it."""
        area = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_row_ground(painter, area, self.theme, option.state, focused=self._view.hasFocus())
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        self.paint_row(painter, area, index.row(), selected=selected)
        painter.restore()

    def paint_row(self, painter: QPainter, area: QRectF, row: int, *, selected: bool) -> None:
        """Draw what stands on a row."""
        raise NotImplementedError


class RowList(QListView):
    """The rows; `chosen` carries the id that the user picked, by click, with the arrows or by Enter.

    What is marked is what is in hand: a press that slips to another row picks the one that it began on, and one that
    leads out of the list, or lies on no row, picks nothing.
    """

    chosen = Signal(str)

    def __init__(self, model: RowModel[Any], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._listed = model
        self._theme, self._by_keyboard = theme, False
        self._marked: str | None = None
        self._pressed: str | None = None
        self._scrolled_away = False
        model.setParent(self)
        self.setModel(model)
        prepare_list(self, theme)
        self.verticalScrollBar().actionTriggered.connect(self._scrolled_by_hand)
        self.clicked.connect(lambda index: self.chosen.emit(self._listed.ident_at(index.row())))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Mark the row that is pressed, but none where there is none."""
        self._marked, self._pressed = (
            self._ident(self.currentIndex()),
            self._ident(self.indexAt(event.position().toPoint())),
        )
        super().mousePressEvent(event)
        if self._pressed is None:
            self.show_selected(self._marked)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Mark nothing else while a button is down."""
        if event.buttons() == Qt.MouseButton.NoButton:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Pick the row that was pressed, or mark again what was marked."""
        super().mouseReleaseEvent(event)
        pressed, self._pressed = self._pressed, None
        if event.button() != Qt.MouseButton.LeftButton or pressed in (
            None,
            self._ident(self.indexAt(event.position().toPoint())),
        ):
            return
        row = self._listed.row_of(pressed)
        if row is not None and self.viewport().rect().contains(event.position().toPoint()):
            self.clicked.emit(self._listed.index(row))
        else:
            self.show_selected(self._marked)

    def _ident(self, index: Index) -> str | None:
        return self._listed.ident_at(index.row()) if index.isValid() else None

    def show_selected(self, ident: str | None) -> None:
        """Mark what is in hand."""
        row = self._listed.row_of(ident)
        if row is None:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        elif self.currentIndex().row() != row or not self.selectionModel().isSelected(self._listed.index(row)):
            self.setCurrentIndex(self._listed.index(row))
            self.scrollTo(self._listed.index(row))
            self._scrolled_away = False

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Keep what is in hand in sight, unless somebody scrolled away from it."""
        super().resizeEvent(event)
        if self.currentIndex().isValid() and not self._scrolled_away:
            self.scrollTo(self.currentIndex())

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 (Qt's name)
        """Scroll by hand."""
        super().wheelEvent(event)
        self._scrolled_by_hand()

    def _scrolled_by_hand(self, _action: int = 0) -> None:
        self._scrolled_away = True

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 (Qt's name)
        """Keep by what the focus came."""
        self._by_keyboard = event.reason() in KEYBOARD_REASONS
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the rows; where none is in hand to show the focus, it is around all of them."""
        super().paintEvent(event)
        if self._by_keyboard and self.hasFocus() and not self.currentIndex().isValid():
            with QPainter(self.viewport()) as painter:
                _paint_ring(painter, QRectF(self.viewport().rect()), self._theme)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Go to the row that the arrows reach, by Enter again to the one in hand."""
        before = self.currentIndex().row()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and before >= 0:
            self.chosen.emit(self._listed.ident_at(before))
            return
        super().keyPressEvent(event)
        after = self.currentIndex().row()
        if after >= 0 and after != before:
            self.chosen.emit(self._listed.ident_at(after))


def prepare_list(view: QListView, theme: Theme) -> None:
    """Give a list of painted rows the house's manners."""
    view.setProperty("own_focus", True)
    view.setMouseTracking(True)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setUniformItemSizes(True)
    theme.changed.connect(lambda: view.viewport().update())


def paint_row_ground(painter: QPainter, area: QRectF, theme: Theme, state: Any, *, focused: bool) -> None:
    """Draw a row's fill, its hairline, and the bar and ring of selection and focus."""
    selected = bool(state & QStyle.StateFlag.State_Selected)
    hovered = bool(state & QStyle.StateFlag.State_MouseOver)
    painter.fillRect(area, theme.colour("selected" if selected else "hover" if hovered else "panel"))
    painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), theme.colour("hairline"))
    if selected:
        painter.fillRect(QRectF(area.left(), area.top(), 3, area.height()), theme.colour("accent"))
        if focused:
            _paint_ring(painter, area, theme)


def _paint_ring(painter: QPainter, area: QRectF, theme: Theme) -> None:
    painter.setPen(QPen(theme.colour("accent"), FOCUS_WIDTH))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rounded(area, FOCUS_WIDTH))


def words(
    painter: QPainter,
    area: QRectF,
    text: str,
    *,
    right: bool = False,
    cut: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
) -> None:
    """Draw one line, cut in the middle or as told where it does not fit."""
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    shown = QFontMetricsF(painter.font()).elidedText(text, cut, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | side, isolated(shown))


def two_lines(
    painter: QPainter, area: QRectF, text: str, *, cut: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle
) -> None:
    """Draw a name on two lines; what is too long even so is cut in the middle or as told."""
    first, second = broken(text, painter.font(), area.width())
    half = area.height() / 2
    words(painter, QRectF(area.left(), area.top(), area.width(), half), first, cut=cut)
    words(painter, QRectF(area.left(), area.top() + half, area.width(), half), second, cut=cut)


def broken(text: str, face: QFont, room_px: float) -> tuple[str, str]:
    """Return what stands on the first of two lines and what on the second.

    Lines are broken at a space; where nothing before one has room, where the script or else any letter allows it:
    Chinese and Japanese are written without spaces.
    """
    measures = QFontMetricsF(face)
    parts = text.split(" ")
    taken = 1
    while taken < len(parts) and measures.horizontalAdvance(" ".join(parts[: taken + 1])) <= room_px:
        taken += 1
    first = " ".join(parts[:taken])
    if measures.horizontalAdvance(first) <= room_px:
        return first, " ".join(parts[taken:])
    layout = QTextLayout(text, face)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    line = layout.createLine()
    line.setLineWidth(room_px)
    layout.endLayout()
    # Counted in the units of UTF-16, of which a letter may take two.
    end = len(text.encode("utf-16-le")[: 2 * line.textLength()].decode("utf-16-le"))
    return text[:end].rstrip(), text[end:].lstrip()


def one_or_two_lines(
    painter: QPainter, row: QRectF, text: str, line_px: float, *, cut: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle
) -> None:
    """Draw a text in the middle of a row, on a second line where it is too long for one."""
    if QFontMetricsF(painter.font()).horizontalAdvance(text) <= row.width():
        words(painter, row, text)
        return
    top = row.center().y() - line_px
    two_lines(painter, QRectF(row.left(), top, row.width(), 2 * line_px), text, cut=cut)
