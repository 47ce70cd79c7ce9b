"""What a folder holds: its series to choose from, and what was left out and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from viewer.ui.empty import EmptyState
from viewer.ui.fonts import Type
from viewer.ui.library.series_list import SeriesList
from viewer.ui.widgets import Button, Card, ElidedLabel, IconButton, Kind, hairline, text_label

if TYPE_CHECKING:
    from viewer.io.series_entry import ScanResult, Skipped
    from viewer.ui.theme import Theme

MARGIN = 48
SKIPPED_WIDTH = 432
MOST_LISTED = 200


def skipped_words(skipped: tuple[Skipped, ...]) -> str:
    """Return how many files were skipped."""
    return f"{len(skipped)} files were skipped" if len(skipped) != 1 else "1 file was skipped"


class SeriesPage(QWidget):
    """A list of series. `opened` carries the entry to open, `left` asks for the cases again."""

    opened = Signal(object)
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("surface", "window")
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 24, MARGIN, 24)
        column.setSpacing(24)
        head = QHBoxLayout()
        head.setSpacing(12)
        back = IconButton(theme, "arrow-left", "Back to the cases (Esc)")
        back.clicked.connect(self.left)
        self._title = text_label("Series", Type.PAGE_TITLE)
        head.addWidget(back)
        head.addWidget(self._title)
        head.addStretch()
        self._open = Button(theme, "Open", icon="folder-open", key="Return", kind=Kind.MAIN)
        self._open.setToolTip("Open the marked series (Enter)")
        self._open.clicked.connect(self._open_chosen)
        head.addWidget(self._open)
        column.addLayout(head)
        row = QHBoxLayout()
        row.setSpacing(24)
        holder = Card()
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(1, 8, 1, 8)
        self.list = SeriesList(theme)
        self.list.opened.connect(self.opened)
        inner.addWidget(self.list)
        self._holder = holder
        self._empty = EmptyState(theme, "inbox", "Nothing to open here", "No file of this folder holds an image.")
        self._empty.hide()
        row.addWidget(holder, 1)
        row.addWidget(self._empty, 1)
        self._skipped = Card()
        self._skipped.setFixedWidth(SKIPPED_WIDTH)
        self._skipped_column = QVBoxLayout(self._skipped)
        self._skipped_column.setContentsMargins(1, 16, 1, 8)
        self._skipped_title = text_label("", Type.PANEL_TITLE)
        self._skipped_title.setContentsMargins(16, 0, 16, 8)
        self._skipped_column.addWidget(self._skipped_title)
        self._skipped_column.addWidget(hairline())
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._skipped_column.addWidget(self._scroll, 1)
        row.addWidget(self._skipped)
        column.addLayout(row, 1)

    @property
    def title(self) -> str:
        """How many series are listed, in words."""
        return self._title.text()

    def show_result(self, result: ScanResult) -> None:
        """Show what a scan found."""
        count = len(result.series)
        self._title.setText(f"{count} series to choose from" if count else "No series")
        self.list.rows.show_result(result)
        self._holder.setVisible(bool(count))
        self._empty.setVisible(not count)
        self._open.setVisible(bool(count))
        if count:
            self.list.setCurrentIndex(self.list.rows.index(0))
        self._show_skipped(result.skipped)

    def _open_chosen(self) -> None:
        if self.list.chosen is not None:
            self.opened.emit(self.list.chosen)

    def _show_skipped(self, skipped: tuple[Skipped, ...]) -> None:
        self._skipped.setVisible(bool(skipped))
        self._skipped_title.setText(skipped_words(skipped))
        body = QWidget()
        body.setProperty("surface", "panel")
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 8, 16, 8)
        column.setSpacing(12)
        for item in skipped[:MOST_LISTED]:
            column.addWidget(_skipped_row(item))
        if len(skipped) > MOST_LISTED:
            column.addWidget(text_label(f"and {len(skipped) - MOST_LISTED} more", Type.CAPTION, "text2"))
        column.addStretch()
        self._scroll.setWidget(body)


def _skipped_row(item: Skipped) -> QWidget:
    row = QWidget()
    column = QVBoxLayout(row)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(ElidedLabel(item.file, Type.CAPTION_NAME))
    why = text_label(item.why, Type.CAPTION, "text2")
    why.setWordWrap(True)
    column.addWidget(why)
    return row
