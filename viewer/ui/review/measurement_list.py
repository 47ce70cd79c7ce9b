"""The measurements of the open series as rows of 40 px below the findings; not there while there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QHBoxLayout, QListView, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from viewer.domain.geometry import position_words
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.scene.plane_geometry import AXIS_ALONG
from viewer.ui.fonts import Type, font, metrics
from viewer.ui.icons import paint_icon
from viewer.ui.measurement_words import NOT_MEASURED, more_words, value_words
from viewer.ui.review.finding_list import Index, paint_row_ground, prepare_list, words
from viewer.ui.widgets import hairline, text_label

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.services.desk import Desk
    from viewer.ui.theme import Theme

ROW_HEIGHT = 40
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


def place_words(measurement: Measurement) -> str:
    """Return where a measurement was drawn, such as "Axial, H 12.3 mm"."""
    axis = AXIS_ALONG[measurement.plane][2]
    return f"{measurement.plane.value.capitalize()}, {position_words(axis, measurement.centre_lps_mm[axis])}"


class MeasurementModel(QAbstractListModel):
    """The measurements of the session, oldest first."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._rows: tuple[Measurement, ...] = ()

    def refresh(self) -> None:
        """Read the session again."""
        self.beginResetModel()
        self._rows = self._session.measurements
        self.endResetModel()

    def measurement(self, row: int) -> Measurement:
        """Return the measurement of a row."""
        return self._rows[row]

    def value(self, row: int) -> str:
        """Return the value of a row in words."""
        volume = self._session.volume
        return value_words(self._rows[row], volume) if volume is not None else ""

    def row_of(self, measurement_id: str | None) -> int | None:
        """Return the row of a measurement, or None where it is not listed."""
        return next((n for n, m in enumerate(self._rows) if m.id == measurement_id), None)

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 (Qt's name)
        """Return how many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row in words, for screen readers and tooltips."""
        measurement, volume = self._rows[index.row()], self._session.volume
        head = f"{measurement.kind.words}, {self.value(index.row())}"
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{head}, {place_words(measurement)}"
        if role == Qt.ItemDataRole.ToolTipRole and volume is not None:
            return "\n".join((head, *more_words(measurement, volume), place_words(measurement)))
        return None


class MeasurementDelegate(QStyledItemDelegate):
    """Draws a row: kind, value, and where."""

    def __init__(self, theme: Theme, model: MeasurementModel, view: QListView) -> None:
        super().__init__(view)
        self._theme, self._model, self._view = theme, model, view

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802 (Qt's name)
        """Return the height of a row."""
        return QSize(option.rect.width(), ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw icon and place at the left, the value at the right."""
        measurement, value = self._model.measurement(index.row()), self._model.value(index.row())
        area = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_row_ground(painter, area, self._theme, option.state, focused=self._view.hasFocus())
        paint_icon(
            painter, QRectF(area.left() + 15, area.top() + 11, 18, 18), self._theme, ICONS[measurement.kind], "text2"
        )
        wide = metrics(Type.NAME).horizontalAdvance(value) + 4
        painter.setFont(font(Type.CAPTION))
        painter.setPen(self._theme.colour("text2"))
        room = area.width() - 48 - wide - 17 - 8
        words(painter, QRectF(area.left() + 48, area.top(), room, ROW_HEIGHT - 1), place_words(measurement))
        painter.setFont(font(Type.NAME))
        painter.setPen(self._theme.colour("disagree" if value == NOT_MEASURED else "text"))
        words(painter, QRectF(area.right() - 17 - wide, area.top(), wide, ROW_HEIGHT - 1), value, right=True)
        painter.restore()


class MeasurementRows(QListView):
    """The rows; `chosen` carries the id of the measurement that the user picked."""

    chosen = Signal(str)

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = MeasurementModel(session, self)
        self.setModel(self.rows)
        self.setItemDelegate(MeasurementDelegate(theme, self.rows, self))
        self.setAccessibleName("Measurements")
        prepare_list(self, theme)
        self.clicked.connect(lambda index: self.chosen.emit(self.rows.measurement(index.row()).id))

    def show_in_hand(self, measurement_id: str | None) -> None:
        """Mark the measurement in hand."""
        row = self.rows.row_of(measurement_id)
        self.setCurrentIndex(QModelIndex() if row is None else self.rows.index(row))
        if row is None:
            self.clearSelection()
        else:
            self.scrollTo(self.rows.index(row))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Go to the measurement that the arrows reach."""
        before = self.currentIndex().row()
        super().keyPressEvent(event)
        after = self.currentIndex().row()
        if after >= 0 and after != before:
            self.chosen.emit(self.rows.measurement(after).id)


class MeasurementBox(QWidget):
    """The list with its heading; a click goes to the image that a measurement was drawn on."""

    def __init__(self, desk: Desk, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = desk.session
        self._most = MOST_ROWS
        self.setProperty("surface", "panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(hairline())
        head = QHBoxLayout()
        head.setContentsMargins(16, 8, 16, 8)
        head.addWidget(text_label("Measurements", Type.NAME))
        head.addStretch()
        self._count = text_label("", Type.BODY, "text2")
        head.addWidget(self._count)
        column.addLayout(head)
        self.list = MeasurementRows(desk.session, theme)
        self.list.chosen.connect(desk.measuring.show)
        column.addWidget(self.list)
        desk.session.measurements_changed.connect(self._update)
        desk.session.volume_changed.connect(self._update)
        desk.session.measurement_in_hand_changed.connect(self._mark)
        self._update()

    def set_low(self, low: bool) -> None:
        """Show fewer rows at a time in a low window."""
        self._most = MOST_ROWS_LOW if low else MOST_ROWS
        self._fit()

    def _update(self) -> None:
        self.list.rows.refresh()
        count = self.list.rows.rowCount()
        self._count.setText(str(count))
        self.setVisible(bool(count))
        self._fit()
        self._mark()

    def _fit(self) -> None:
        rows = min(self.list.rows.rowCount(), self._most)
        if self.list.height() != rows * ROW_HEIGHT:
            self.list.setFixedHeight(rows * ROW_HEIGHT)

    def _mark(self) -> None:
        self.list.show_in_hand(self._session.measurement_in_hand)
