"""The series of a folder as rows: picture, description, count, size, and whether the geometry can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from viewer.domain.geometry import Verdict
from viewer.io.dicom_geometry import arranged
from viewer.io.series_entry import SeriesEntry
from viewer.ui.fonts import Type, font
from viewer.ui.honesty import verdict_words
from viewer.ui.icons import paint_icon
from viewer.ui.theme import FOCUS_WIDTH
from viewer.ui.widgets import rounded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.io.series_entry import ScanResult
    from viewer.ui.theme import Theme

ROW_HEIGHT = 120
PICTURE = 96
Index = QModelIndex | QPersistentModelIndex


@frozen(eq=False)
class SeriesRow:
    """What is said about a series in the list."""

    entry: SeriesEntry
    title: str
    facts: str
    verdict: Verdict | None
    why: str


def row_of(entry: SeriesEntry) -> SeriesRow:
    """Return the words of a series, without identity."""
    facts = entry.facts
    title = facts.description or (f"Series {facts.number}" if facts.number is not None else "Series without a name")
    size = f"{entry.size_ij[0]} × {entry.size_ij[1]}"
    count = f"{entry.count} images" if entry.count != 1 else "1 image"
    words = [facts.modality or entry.kind.upper(), facts.body_part.capitalize(), count, size]
    if facts.number is not None and facts.description:
        words.append(f"series {facts.number}")
    words += [entry.part, "synthetic" if facts.synthetic else "", "lossy compressed" if facts.lossy else ""]
    verdict: Verdict | None = None
    why = ""
    if entry.kind == "dicom" and entry.frames:
        arrangement = arranged(entry.frames)
        verdict = arrangement.verdict
        why = arrangement.reasons[0] if arrangement.reasons else ""
    return SeriesRow(entry, title, " · ".join(word for word in words if word), verdict, why)


class SeriesModel(QAbstractListModel):
    """The rows of one scan, and their pictures as they arrive."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[SeriesRow] = []
        self._pictures: dict[int, QImage] = {}

    def show_result(self, result: ScanResult) -> None:
        """Show another scan."""
        self.beginResetModel()
        self._rows = [row_of(entry) for entry in result.series]
        self._pictures = {}
        self.endResetModel()

    def take_picture(self, entry: SeriesEntry, pixels: NDArray[np.uint8]) -> None:
        """Show a series' picture."""
        for n, row in enumerate(self._rows):
            if row.entry is entry:
                grey = np.ascontiguousarray(pixels)
                height, width = grey.shape
                image = QImage(grey.data, width, height, width, QImage.Format.Format_Grayscale8)
                self._pictures[n] = image.copy()
                self.dataChanged.emit(self.index(n), self.index(n))

    def row(self, n: int) -> SeriesRow:
        """Return one row."""
        return self._rows[n]

    def picture(self, n: int) -> QImage | None:
        """Return a row's picture once it is there."""
        return self._pictures.get(n)

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 (Qt's name)
        """Return how many series there are."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row's words for screen readers and tooltips."""
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{row.title}, {row.facts}"
        return row.why or None if role == Qt.ItemDataRole.ToolTipRole else None


class _SeriesDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, model: SeriesModel, view: QListView) -> None:
        super().__init__(view)
        self._theme, self._model, self._view = theme, model, view

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802 (Qt's name)
        return QSize(option.rect.width(), ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = self._model.row(index.row())
        area = QRectF(option.rect)
        state = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        colour = self._theme.colour
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(area, colour("selected" if selected else "hover" if hovered else "panel"))
        painter.fillRect(QRectF(area.left(), area.bottom(), area.width(), 1), colour("hairline"))
        if selected:
            painter.fillRect(QRectF(area.left(), area.top(), 3, area.height()), colour("accent"))
            if self._view.hasFocus():
                painter.setPen(colour("accent"))
                painter.drawRect(rounded(area.adjusted(0, 0, 0, -1), FOCUS_WIDTH))
        self._paint_picture(painter, QRectF(area.left() + 16, area.top() + 12, PICTURE, PICTURE), index.row())
        left = area.left() + 16 + PICTURE + 20
        badge = self._paint_verdict(painter, area, row)
        room = badge - left - 16
        self._line(painter, QRectF(left, area.top() + 24, room, 24), row.title, Type.CARD_TITLE, "text")
        self._line(painter, QRectF(left, area.top() + 52, room, 20), row.facts, Type.BODY, "text2")
        if row.why:
            why = QRectF(left, area.top() + 76, room, 20)
            self._line(painter, why, row.why, Type.CAPTION, "text2")
        painter.restore()

    def _paint_picture(self, painter: QPainter, box: QRectF, n: int) -> None:
        painter.fillRect(box, self._theme.colour("viewport"))
        picture = self._model.picture(n)
        if picture is None:
            icon = QRectF(0, 0, 24, 24)
            icon.moveCenter(box.center())
            paint_icon(painter, icon, self._theme, "image", "text3")
            return
        size = picture.size().scaled(box.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRectF(0, 0, size.width(), size.height())
        target.moveCenter(box.center())
        painter.drawImage(target, picture, QRectF(picture.rect()))

    def _paint_verdict(self, painter: QPainter, area: QRectF, row: SeriesRow) -> float:
        if row.verdict is None:
            return area.right()
        words, icon, role = verdict_words(row.verdict)
        painter.setFont(font(Type.CAPTION))
        width = QFontMetricsF(painter.font()).horizontalAdvance(words)
        left = area.right() - 24 - width - 24
        middle = area.center().y()
        paint_icon(painter, QRectF(round(left), round(middle - 8), 16, 16), self._theme, icon, role)
        painter.setPen(self._theme.colour("text2" if row.verdict is Verdict.OK else "text"))
        text = QRectF(left + 24, middle - 10, width + 4, 20)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        return left

    def _line(self, painter: QPainter, area: QRectF, text: str, kind: Type, role: str) -> None:
        painter.setFont(font(kind))
        painter.setPen(self._theme.colour(role))
        shown = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


class SeriesList(QListView):
    """The rows; `opened` carries the entry that was double-clicked or chosen with Enter."""

    opened = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = SeriesModel(self)
        self.setModel(self.rows)
        self.setItemDelegate(_SeriesDelegate(theme, self.rows, self))
        self.setProperty("own_focus", True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.doubleClicked.connect(lambda index: self.opened.emit(self.rows.row(index.row()).entry))
        theme.changed.connect(lambda: self.viewport().update())

    @property
    def chosen(self) -> SeriesEntry | None:
        """The entry that is marked."""
        index = self.currentIndex()
        return self.rows.row(index.row()).entry if index.isValid() else None

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Open with Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen is not None:
            self.opened.emit(self.chosen)
            return
        super().keyPressEvent(event)
