"""The tiles under their title, as high as all of them are where there is room, and scrolled where there is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from viewer.ui.fonts import Type
from viewer.ui.inspect.tiles import MOST, ErrorTiles
from viewer.ui.theme import SCROLL_BAR_WIDTH
from viewer.ui.widgets import text_label

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from viewer.domain.session import Session
    from viewer.services.inspecting import InspectRow
    from viewer.ui.theme import Theme

ABOVE, SPACING, MARGIN = 8, 8, 16
LEAST_HEIGHT = 60


class TilesBox(QWidget):
    """Title, tiles, and at the right a margin in which their scroll bar stands."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.tiles = ErrorTiles(session, theme)
        holder = QWidget()
        holder.setProperty("surface", "panel")
        self._inner = QVBoxLayout(holder)
        self._inner.setContentsMargins(0, 0, MARGIN, 0)
        self._inner.addWidget(self.tiles)
        self._inner.addStretch()
        scroll = self.area = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(holder)
        scroll.verticalScrollBar().rangeChanged.connect(self._make_way)
        self.tiles.reached.connect(self._bring)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, ABOVE, 0, 0)
        column.setSpacing(SPACING)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, MARGIN, 0)
        self.title = text_label("", Type.NAME)
        head.addWidget(self.title)
        head.addStretch()
        self.said = text_label("", Type.CAPTION, "text2")
        head.addWidget(self.said)
        column.addLayout(head)
        column.addWidget(scroll, 1)

    def show_rows(self, rows: tuple[InspectRow, ...], selected: str | None, title: str) -> None:
        """Show other rows under a title, and how many of them are not among the tiles."""
        before = len(self.tiles.rows)
        self.title.setText(title if rows else "")
        self.said.setText(f"{MOST} of {len(rows)}" if len(rows) > MOST else "")
        self.tiles.show_rows(rows, selected)
        if len(self.tiles.rows) != before:
            self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return the room in which all tiles are seen whole."""
        head = ABOVE + self.title.sizeHint().height() + SPACING
        return QSize(self.width(), head + self.tiles.heightForWidth(self.width() - MARGIN))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return the least room."""
        return QSize(0, LEAST_HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Ask for the room of tiles of another width."""
        super().resizeEvent(event)
        if event.oldSize().width() != self.width():
            self.updateGeometry()

    def _make_way(self, _least: int, most: int) -> None:
        # Tiles are as wide with the bar as without it: the bar stands in the margin.
        self._inner.setContentsMargins(0, 0, MARGIN - (SCROLL_BAR_WIDTH if most else 0), 0)

    def _bring(self, place: QRect) -> None:
        self.area.ensureVisible(place.center().x(), place.center().y(), 0, place.height() // 2)
