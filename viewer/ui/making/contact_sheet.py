"""All images of a series, small, for a person to look at and say that none shows a name or a number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea

from viewer.domain.count_words import count_words
from viewer.ui.fonts import Type
from viewer.ui.making.tick import Tick
from viewer.ui.sheet import Sheet
from viewer.ui.widgets import Button, Kind, text_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PySide6.QtWidgets import QWidget

    from viewer.domain.volume import Volume
    from viewer.ui.theme import Theme

WIDTH, COLUMNS, TILE_PX = 1040, 3, 320
SHEET_HEIGHT = 520


def contact_sheet(volumes: Sequence[Volume]) -> NDArray[np.uint8]:
    """Return all images of some volumes beside and below each other, shape (h, w), large enough to read text in."""
    tiles = [_tile(image, volume) for volume in volumes for image in volume.slices]
    rows = math.ceil(len(tiles) / COLUMNS)
    sheet = np.zeros((rows * TILE_PX, COLUMNS * TILE_PX), np.uint8)
    for n, tile in enumerate(tiles):
        row, column = divmod(n, COLUMNS)
        height, width = tile.shape
        sheet[row * TILE_PX : row * TILE_PX + height, column * TILE_PX : column * TILE_PX + width] = tile
    return sheet


def _tile(image: NDArray[np.generic], volume: Volume) -> NDArray[np.uint8]:
    values = np.asarray(image, dtype=np.float32)
    there = values if volume.padding is None else values[values != volume.padding]
    # The whole range, not a window: text is often written with the largest value there is.
    low, high = (float(there.min()), float(there.max())) if there.size else (0.0, 1.0)
    grey = np.clip((values - low) / max(high - low, 1e-6), 0, 1) ** 0.5 * 255
    step = max(grey.shape) / (TILE_PX - 4)
    rows, columns = (np.minimum((np.arange(int(n / step)) * step).astype(int), n - 1) for n in grey.shape)
    if step <= 1:
        return np.asarray(grey[np.ix_(rows, columns)], dtype=np.uint8)
    # The brightest of the pixels that become one, so that thin letters stay.
    tops = np.maximum.reduceat(grey, rows, axis=0)
    return np.asarray(np.maximum.reduceat(tops, columns, axis=1), dtype=np.uint8)


class SignOffSheet(Sheet):
    """Shows every image; `signed_off` is emitted once somebody said that none names the patient."""

    signed_off = Signal()

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window, theme, "Does any image show a name or a number?", width=WIDTH)
        self._why = text_label("", Type.BODY, "text2")
        self._why.setWordWrap(True)
        self.body.addWidget(self._why)
        self._picture = QLabel()
        self._picture.setTextFormat(Qt.TextFormat.PlainText)
        area = QScrollArea()
        area.setWidget(self._picture)
        area.setMinimumHeight(SHEET_HEIGHT)
        self.body.addWidget(area, 1)
        self.looked = Tick(theme, "I looked at every image, and none shows a name or a number of the patient")
        self.body.addWidget(self.looked)
        row = QHBoxLayout()
        row.addStretch()
        self.save = Button(theme, "Save case", kind=Kind.MAIN)
        self.save.setToolTip("Save the case with these images")
        self.save.clicked.connect(self._save)
        self.looked.toggled.connect(self.save.setEnabled)
        row.addWidget(self.save)
        self.body.addLayout(row)

    def tell(self, volumes: Sequence[Volume], why: str) -> None:
        """Show all images and why they have to be looked at."""
        sheet = np.ascontiguousarray(contact_sheet(volumes))
        height, width = sheet.shape
        image = QImage(sheet.data, width, height, width, QImage.Format.Format_Grayscale8)
        self._picture.setPixmap(QPixmap.fromImage(image))
        self._picture.resize(width, height)
        count = sum(volume.stack.count for volume in volumes)
        self._why.setText(f"{count_words(count, 'image')}. {' '.join(why.splitlines())}")
        self.looked.setChecked(False)
        self.save.setEnabled(False)
        self.open(self.looked)

    def _save(self) -> None:
        self.dismiss()
        self.signed_off.emit()
