"""The places that were opened, as a column: all scans first, then that opened last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from viewer.domain.count_words import count_words
from viewer.domain.reading_direction import isolated
from viewer.services.place_state import PlaceState
from viewer.ui.fonts import Type, font
from viewer.ui.icons import paint_icon
from viewer.ui.library.series_words import place_icon, place_name, place_path, state_words
from viewer.ui.theme import FOCUS_WIDTH
from viewer.ui.widgets import rounded

if TYPE_CHECKING:
    from viewer.io.index_rows import Place
    from viewer.services.desk import Desk
    from viewer.ui.painted_rows import Index
    from viewer.ui.theme import Theme

ROW_HEIGHT = 60
PAD = 16
ALL_SCANS = "All scans"


class PlacesModel(QAbstractListModel):
    """Row 0 stands for all scans, the others for places."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._places: tuple[Place, ...] = ()

    def refresh(self) -> bool:
        """Bring the rows up to date; return True where places came, went or changed their order."""
        now = self._desk.library.places
        if [place.id for place in now] == [place.id for place in self._places]:
            self._places = now
            self.dataChanged.emit(self.index(0), self.index(len(now)))
            return False
        self.beginResetModel()
        self._places = now
        self.endResetModel()
        return True

    def place(self, n: int) -> Place | None:
        """Return the place of a row, None for all scans."""
        return self._places[n - 1] if 0 < n <= len(self._places) else None

    def row_of(self, place: int | None) -> int:
        """Return the row of a place, 0 where it is not there."""
        return next((n for n, known in enumerate(self._places, 1) if known.id == place), 0)

    def words(self, n: int) -> tuple[str, str, str]:
        """Return a row's name, the line below it, and the number of its series."""
        place = self.place(n)
        if place is None:
            count = len(self._places)
            return ALL_SCANS, count_words(count, "place") if count else "Nothing was opened yet", ""
        library, masked = self._desk.library, self._desk.session.masked
        naming = library.naming_words(place.id) if masked else ()
        state = state_words(library.state(place.id), watched=place.watched)
        path = place_path(place, naming, masked=masked)
        name = place_name(place, self._places, naming, masked=masked)
        return name, f"{state} · {path}" if state else path, f"{place.series:,}"

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 (Qt's name)
        """Return how many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self._places) + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row's words for screen readers and tooltips."""
        name, below, count = self.words(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{name}, {count} series, {below}" if count else name
        return below if role == Qt.ItemDataRole.ToolTipRole and index.row() else None


class _PlaceDelegate(QStyledItemDelegate):
    def __init__(self, desk: Desk, theme: Theme, model: PlacesModel, view: QListView) -> None:
        super().__init__(view)
        self._desk, self._theme, self._model, self._view = desk, theme, model, view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 (Qt's name)
        return QSize(0, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        area = QRectF(option.rect)
        state = option.state
        selected = index.row() == self._view.currentIndex().row()
        colour = self._theme.colour
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.fillRect(area, colour("selected" if selected else "hover" if hovered else "panel"))
        if selected:
            painter.fillRect(QRectF(area.left(), area.top(), 3, area.height()), colour("accent"))
            if self._view.hasFocus():
                painter.setPen(colour("accent"))
                painter.drawRect(rounded(area, FOCUS_WIDTH))
        name, below, count = self._model.words(index.row())
        place = self._model.place(index.row())
        how = self._desk.library.state(place.id) if place is not None else PlaceState.CHECKED
        icon = place_icon(place, how) if place is not None else "layers"
        gone = how.away
        box = QRectF(area.left() + PAD, area.top() + 11, 18, 18)
        paint_icon(painter, box, self._theme, icon, "disagree" if gone else "text2")
        left = area.left() + PAD + 18 + 12
        right = area.right() - PAD
        painter.setFont(font(Type.CAPTION))
        number = QFontMetricsF(painter.font()).horizontalAdvance(count)
        painter.setPen(colour("text2"))
        painter.drawText(
            QRectF(right - number - 1, area.top() + 10, number + 2, 20), Qt.AlignmentFlag.AlignVCenter, count
        )
        self._line(painter, QRectF(left, area.top() + 10, right - number - 8 - left, 20), name, Type.NAME, "text")
        self._line(painter, QRectF(left, area.top() + 31, right - left, 18), below, Type.CAPTION, "text2")
        painter.restore()

    def _line(self, painter: QPainter, area: QRectF, text: str, kind: Type, role: str) -> None:
        painter.setFont(font(kind))
        painter.setPen(self._theme.colour(role))
        shown = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, isolated(shown))


class PlacesList(QListView):
    """The column of places.

    `chosen` carries a place's id or None for all scans, `entered` asks to go on to its series, `forget_wanted` that a
    place be forgotten, `menu_wanted` a menu at a point of the screen.
    """

    chosen = Signal(object)
    entered = Signal()
    forget_wanted = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(self, desk: Desk, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.places = PlacesModel(desk, self)
        self.setModel(self.places)
        self.setItemDelegate(_PlaceDelegate(desk, theme, self.places, self))
        self.setProperty("own_focus", True)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setAccessibleName("Places")
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setCurrentIndex(self.places.index(0))
        self.selectionModel().currentChanged.connect(self._current_changed)
        self._quiet = False
        theme.changed.connect(lambda: self.viewport().update())

    @property
    def place(self) -> Place | None:
        """The place that is chosen, None for all scans."""
        return self.places.place(self.currentIndex().row())

    def refresh(self) -> bool:
        """Bring the rows up to date and keep what is chosen; return False where that is gone."""
        held, several = self.place, not self.currentIndex().isValid()
        self._quiet = True
        if self.places.refresh() and not several:
            self.setCurrentIndex(self.places.index(self.places.row_of(held.id if held is not None else None)))
        self._quiet = False
        return (self.place is None) == (held is None)

    def choose(self, places: tuple[int, ...] | None) -> None:
        """Mark a place, or all scans for None; several places have no row of their own. Emits nothing."""
        self._quiet = True
        row = self.places.row_of(places[0]) if places else 0
        self.setCurrentIndex(self.places.index(row) if places is None or len(places) == 1 else QModelIndex())
        self._quiet = False

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Go on to the series with Enter or →, forget with Delete."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Right):
            self.entered.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.forget_wanted.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """Ask for the menu of the place at the pointer, or of the chosen one."""
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            index = self.indexAt(event.pos())
            if index.isValid():
                self.setCurrentIndex(index)
            self.menu_wanted.emit(event.globalPos())
            return
        corner = self.visualRect(self.currentIndex()).bottomLeft()
        self.menu_wanted.emit(self.viewport().mapToGlobal(corner))

    def _current_changed(self, _new: QModelIndex, _old: QModelIndex) -> None:
        if not self._quiet:
            place = self.place
            self.chosen.emit(place.id if place is not None else None)
