"""What was left out of a place, and why, file by file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from viewer.domain.masking import masked_path
from viewer.ui.fonts import Type
from viewer.ui.widgets import Card, ElidedLabel, IconButton, hairline, text_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from viewer.io.series_entry import Skipped
    from viewer.ui.theme import Theme

WIDTH = 360
MOST_LISTED = 200


def skipped_words(count: int) -> str:
    """Return how many files were skipped."""
    return f"{count:,} files were skipped" if count != 1 else "1 file was skipped"


class SkippedPanel(Card):
    """Skipped files with their reasons; `closed` asks to put it away."""

    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 4, 1, 8)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(15, 0, 3, 0)
        self._title = text_label("", Type.PANEL_TITLE)
        close = IconButton(theme, "x", "Put the skipped files away")
        close.clicked.connect(self.closed)
        head.addWidget(self._title, 1)
        head.addWidget(close)
        column.addLayout(head)
        column.addSpacing(3)
        column.addWidget(hairline())
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.addWidget(self._scroll, 1)

    def show_files(self, skipped: Sequence[Skipped], naming: Iterable[str]) -> None:
        """Show skipped files; folders and files that hold one of the words of `naming` are masked."""
        self._title.setText(skipped_words(len(skipped)))
        body = QWidget()
        body.setProperty("surface", "panel")
        column = QVBoxLayout(body)
        column.setContentsMargins(15, 12, 15, 8)
        column.setSpacing(12)
        words = tuple(naming)
        for item in skipped[:MOST_LISTED]:
            column.addWidget(_row(masked_path(item.file, words), item.why))
        if len(skipped) > MOST_LISTED:
            column.addWidget(text_label(f"and {len(skipped) - MOST_LISTED:,} more", Type.CAPTION, "text2"))
        column.addStretch()
        self._scroll.setWidget(body)


def _row(file: str, reason: str) -> QWidget:
    row = QWidget()
    column = QVBoxLayout(row)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(ElidedLabel(file, Type.CAPTION_NAME))
    why = text_label(reason, Type.CAPTION, "text2")
    why.setWordWrap(True)
    column.addWidget(why)
    return row
