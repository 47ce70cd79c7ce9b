"""What was left out of a place: each reason with its files, what concerns few of them first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from viewer.domain.masking import masked_path
from viewer.io.series_entry import NO_IMAGE
from viewer.ui.fonts import Type
from viewer.ui.widgets import Card, ElidedLabel, IconButton, hairline, text_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from viewer.io.series_entry import Skipped
    from viewer.ui.theme import Theme

WIDTH = 360
MOST_LISTED = 40


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
        for reason, files in by_reason(skipped).items():
            column.addWidget(_group(reason, [masked_path(file, words) for file in files]))
        column.addStretch()
        self._scroll.setWidget(body)


def by_reason(skipped: Sequence[Skipped]) -> dict[str, list[str]]:
    """Return the files of each reason, reasons of few files first: a damaged image is not to drown in letters."""
    found: dict[str, list[str]] = {}
    for item in skipped:
        found.setdefault(item.words, []).append(item.file)
    return dict(sorted(found.items(), key=lambda group: (group[0] == NO_IMAGE, len(group[1]), group[0])))


def _group(reason: str, files: Sequence[str]) -> QWidget:
    group = QWidget()
    column = QVBoxLayout(group)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    head = QHBoxLayout()
    head.setSpacing(12)
    why = text_label(reason, Type.CAPTION_NAME)
    why.setWordWrap(True)
    head.addWidget(why, 1)
    if len(files) > 1:
        count = text_label(f"{len(files):,}", Type.CAPTION, "text2")
        head.addWidget(count, 0, Qt.AlignmentFlag.AlignTop)
    column.addLayout(head)
    for file in files[:MOST_LISTED]:
        column.addWidget(ElidedLabel(file, Type.CAPTION, "text2"))
    if len(files) > MOST_LISTED:
        column.addWidget(text_label(f"and {len(files) - MOST_LISTED:,} more", Type.CAPTION, "text2"))
    return group
