"""The measurements of the open series as rows of 40 px below the findings; not there while there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QContextMenuEvent

from viewer.domain.measurement import MeasurementKind
from viewer.ui.fonts import Type, font, metrics
from viewer.ui.icons import paint_icon
from viewer.ui.measurement_words import NOT_MEASURED, more_words, place_words, value_words
from viewer.ui.measuring_commands import menu_in_hand
from viewer.ui.painted_rows import Index, RowDelegate, RowList, RowModel, words
from viewer.ui.review.folding import FoldButton, headed_column
from viewer.ui.review.sharing import GrowingList, KeepsNoFocus
from viewer.ui.widgets import text_label

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QListView, QWidget

    from viewer.domain.measurement import Measurement
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.services.desk import Desk
    from viewer.ui.commands import CommandActions
    from viewer.ui.theme import Theme

ROW_HEIGHT = 40
NAME_X, RIGHT = 48, 17
HIDDEN = "Words hidden"
MOST_ROWS, MOST_ROWS_LOW = 4, 2
ICONS = {
    MeasurementKind.LENGTH: "ruler",
    MeasurementKind.ELLIPSE: "circle",
    MeasurementKind.RECTANGLE: "square",
    MeasurementKind.ANGLE: "triangle-right",
    MeasurementKind.TWO_AXES: "diameter",
    MeasurementKind.COBB: "drafting-compass",
    MeasurementKind.FREEHAND: "lasso",
    MeasurementKind.ARROW: "move-up-right",
    MeasurementKind.TEXT: "type",
}


class MeasurementModel(RowModel["Measurement"]):
    """The measurements of the session, oldest first."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session

    def ident(self, row: Measurement) -> str:
        """Return the id of a row's measurement."""
        return row.id

    @property
    def volume(self) -> Volume | None:
        """The volume that was measured."""
        return self._session.volume

    def refresh(self) -> None:
        """Read the session again."""
        self.set_rows(self._session.measurements)

    def value(self, row: int) -> str:
        """Return the value of a row in words; a reader's own words go where identity goes."""
        measurement, volume = self.row(row), self._session.volume
        if measurement.text and self._session.masked:
            return HIDDEN
        return value_words(measurement, volume) if volume is not None else ""

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row in words, for screen readers and tooltips."""
        measurement, volume = self.row(index.row()), self._session.volume
        value = self.value(index.row())
        head = f"{measurement.kind.words}, {value}" if value else measurement.kind.words
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{head}, {place_words(measurement, volume)}"
        if role == Qt.ItemDataRole.ToolTipRole and volume is not None:
            return "\n".join((head, *more_words(measurement, volume), place_words(measurement, volume)))
        return None


class MeasurementDelegate(RowDelegate):
    """Draws a row: kind and place at the left, the value at the right."""

    height = ROW_HEIGHT

    def __init__(self, theme: Theme, model: MeasurementModel, view: QListView) -> None:
        super().__init__(theme, view)
        self._model = model

    def paint_row(self, painter: QPainter, area: QRectF, row: int, *, selected: bool) -> None:
        """Draw what stands on a row."""
        measurement, value = self._model.row(row), self._model.value(row)
        box = QRectF(area.left() + 15, area.top() + 11, 18, 18)
        paint_icon(painter, box, self.theme, ICONS[measurement.kind], "text2")
        place = place_words(measurement, self._model.volume)
        room = area.width() - NAME_X - RIGHT - 8
        # A note may be long; where it lies has to be read too.
        wide = min(
            metrics(Type.NAME).horizontalAdvance(value) + 4, room - metrics(Type.CAPTION).horizontalAdvance(place) - 4
        )
        painter.setFont(font(Type.CAPTION))
        painter.setPen(self.theme.colour("text2"))
        words(painter, QRectF(area.left() + NAME_X, area.top(), room - wide, ROW_HEIGHT - 1), place)
        painter.setFont(font(Type.NAME))
        painter.setPen(self.theme.colour("disagree" if value == NOT_MEASURED else "text"))
        cut = Qt.TextElideMode.ElideRight if measurement.kind.bears_words else Qt.TextElideMode.ElideMiddle
        words(
            painter,
            QRectF(area.right() - RIGHT - wide, area.top(), wide, ROW_HEIGHT - 1),
            value,
            right=True,
            cut=cut,
        )


class MeasurementRows(RowList):
    """The rows; `chosen` carries the id of the measurement that the user picked."""

    def __init__(self, session: Session, theme: Theme, actions: CommandActions, parent: QWidget | None = None) -> None:
        self.rows = MeasurementModel(session)
        super().__init__(self.rows, theme, parent)
        self._session, self._actions = session, actions
        self.setItemDelegate(MeasurementDelegate(theme, self.rows, self))
        self.setAccessibleName("Measurements")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """Take a measurement in hand and offer what can be done with it; by the menu key with the current one."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if not index.isValid():
            return
        place = self.visualRect(index).center() if by_key else event.pos()
        self.chosen.emit(self.rows.ident_at(index.row()))
        menu = self._actions.menu(menu_in_hand(self._session), self)
        menu.exec(self.viewport().mapToGlobal(place))
        menu.deleteLater()


class MeasurementBox(KeepsNoFocus):
    """The list with its heading; a click goes to the image that a measurement was drawn on."""

    def __init__(self, desk: Desk, theme: Theme, actions: CommandActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = desk.session
        self._low = False
        column, head = headed_column(self, "Measurements")
        head.addStretch()
        self._count = text_label("", Type.BODY, "text2")
        self._count.setContentsMargins(0, 8, 8, 8)
        head.addWidget(self._count)
        self.fold = FoldButton(theme, "the list of measurements")
        self.fold.turned.connect(self._fit)
        head.addWidget(self.fold)
        self.list = MeasurementRows(desk.session, theme, actions)
        self.list.chosen.connect(desk.measuring.show)
        column.addWidget(self.list)
        self.growing = GrowingList(self.list, ROW_HEIGHT, MOST_ROWS)
        desk.session.measurements_changed.connect(self._update)
        desk.session.volume_changed.connect(self._update)
        desk.session.masked_changed.connect(self._update)
        desk.session.measurement_in_hand_changed.connect(self._mark)
        self._update()

    def set_low(self, low: bool) -> None:
        """Show fewer rows at a time in a low window."""
        self._low = low
        self._fit()

    def _update(self) -> None:
        self.list.rows.refresh()
        count = self.list.rows.rowCount()
        self._count.setText(str(count))
        self.setVisible(bool(count))
        self._fit()
        self._mark()

    def _fit(self) -> None:
        self.list.setVisible(self.fold.open)
        self.growing.usual = MOST_ROWS_LOW if self._low and not self.fold.opened else MOST_ROWS
        self.growing.fit()

    def _mark(self) -> None:
        self.list.show_selected(self._session.measurement_in_hand)
