"""Images of a series side by side, small, and a head as it is seen through: drawn where they are scrolled to."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractSlider, QScrollArea, QWidget

from viewer.analysis.seen_through import seen_through
from viewer.domain.volume import Volume
from viewer.ui.fonts import Type, font

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from viewer.ui.theme import Theme

TILE_PX, COLUMNS, GAP, CAPTION_PX = 316, 3, 4, 24
MOST_PX = 440
_KEPT = 64
_ENDS = {
    Qt.Key.Key_Home: QAbstractSlider.SliderAction.SliderToMinimum,
    Qt.Key.Key_End: QAbstractSlider.SliderAction.SliderToMaximum,
}
_UP = frozenset({Qt.Key.Key_Up, Qt.Key.Key_PageUp, Qt.Key.Key_Home})
_DOWN = frozenset({Qt.Key.Key_Down, Qt.Key.Key_PageDown, Qt.Key.Key_End})
SIDE, FRONT = "Seen through from the side", "Seen through from the front"


@frozen(eq=False)
class TileOf:
    """What a tile shows: image `number` of a volume, or all of it along patient axis `axis`, with words below."""

    volume: Volume
    number: int = 0
    axis: int | None = None
    words: str = ""


def tiles_of(volumes: Sequence[Volume], heads: Sequence[Volume]) -> list[TileOf]:
    """Return two tiles for each head, and one for every image of some volumes."""
    seen = [TileOf(head, axis=axis, words=words) for head in heads for axis, words in ((0, SIDE), (1, FRONT))]
    return [*seen, *(TileOf(volume, number) for volume in volumes for number in range(volume.stack.count))]


def image_tile(volume: Volume, number: int) -> NDArray[np.uint8]:
    """Return an image in a tile's size or smaller, shape (h, w), in which thin bright letters stay to be read."""
    image = volume.slices[number]
    there = image if volume.padding is None else image[image != volume.padding]
    # The whole range, not a window: text is often written with the largest value there is.
    low, high = (float(there.min()), float(there.max())) if there.size else (0.0, 1.0)
    step = max(image.shape) / TILE_PX
    rows, columns = (np.minimum((np.arange(int(n / step)) * step).astype(int), n - 1) for n in image.shape)
    if step <= 1:
        small = image[np.ix_(rows, columns)]
    else:
        # The brightest of the pixels that become one.
        small = np.maximum.reduceat(np.maximum.reduceat(image, rows, axis=0), columns, axis=1)
    share = np.clip((small.astype(np.float32) - low) / max(high - low, 1e-6), 0, 1)
    return np.asarray(share**0.5 * 255, dtype=np.uint8)


class _Tiles(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._tiles: list[TileOf] = []
        self._most = COLUMNS
        self._room, self._left = 0, 0
        self._columns, self._wide, self._high = COLUMNS, TILE_PX, TILE_PX
        self._picture = lru_cache(maxsize=_KEPT)(self._drawn)

    def show_tiles(self, tiles: list[TileOf]) -> None:
        self._tiles = tiles
        self._lay_out()

    def fit(self, width: int) -> None:
        """Put as many beside each other as are seen whole, in the middle: none may lie beyond the edge."""
        most = max(1, min(COLUMNS, (width + GAP) // (TILE_PX + GAP)))
        if (most, width) != (self._most, self._room):
            self._most, self._room = most, width
            self._lay_out()

    def _lay_out(self) -> None:
        self._picture.cache_clear()
        count = len(self._tiles)
        # A head alone has the room of three images for two.
        alone = 0 < count < COLUMNS
        self._columns = min(2, self._most) if alone else self._most
        self._wide = (self._most * (TILE_PX + GAP)) // self._columns - GAP
        self._high = TILE_PX
        if alone:
            self._high = max(self._picture(n).height() for n in range(count)) + CAPTION_PX
        rows = max(1, math.ceil(count / self._columns))
        wide = max(self._most * (TILE_PX + GAP) - GAP, self._room)
        self._left = (wide - self._columns * (self._wide + GAP) + GAP) // 2
        self.setFixedSize(wide, rows * (self._high + GAP))
        self.update()

    def place(self, number: int) -> QRect:
        row, column = divmod(number, self._columns)
        return QRect(self._left + column * (self._wide + GAP), row * (self._high + GAP), self._wide, self._high)

    def _drawn(self, number: int) -> QImage:
        tile = self._tiles[number]
        if tile.axis is not None:
            pixels = seen_through(tile.volume, tile.axis, min(self._wide, MOST_PX) - CAPTION_PX)
        else:
            pixels = image_tile(tile.volume, tile.number)
        height, width = pixels.shape
        return QImage(np.ascontiguousarray(pixels).data, width, height, width, QImage.Format.Format_Grayscale8).copy()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), self._theme.on_anatomy("viewport"))
            painter.setFont(font(Type.CAPTION))
            painter.setPen(self._theme.on_anatomy("text2"))
            for number, tile in enumerate(self._tiles):
                place = self.place(number)
                if not place.intersects(event.rect()):
                    continue
                image = self._picture(number)
                free = place.height() - image.height() - (CAPTION_PX if tile.words else 0)
                painter.drawImage(place.x() + (place.width() - image.width()) // 2, place.y() + free // 2, image)
                if tile.words:
                    below = QRectF(place.x(), place.bottom() - CAPTION_PX, place.width(), CAPTION_PX)
                    painter.drawText(below, Qt.AlignmentFlag.AlignCenter, tile.words)


class ImageTiles(QScrollArea):
    """Shows tiles; `seen_all` is emitted once the last of them was scrolled to."""

    seen_all = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._tiles = _Tiles(theme)
        self._told = True
        self.setWidget(self._tiles)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Images")
        bar = self.verticalScrollBar()
        bar.valueChanged.connect(self.look)
        bar.rangeChanged.connect(self.look)

    @property
    def height_px(self) -> int:
        """The height of all tiles."""
        return self._tiles.height()

    def show_tiles(self, tiles: list[TileOf]) -> None:
        """Show tiles from the first on."""
        self._told = False
        self._tiles.show_tiles(tiles)
        self.verticalScrollBar().setValue(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Go to the first and last with Home and End, which a list would know; at an end what this is in scrolls."""
        key, bar = Qt.Key(event.key()), self.verticalScrollBar()
        action = _ENDS.get(key)
        if (key in _DOWN and bar.value() == bar.maximum()) or (key in _UP and bar.value() == bar.minimum()):
            event.ignore()
        elif action is None:
            super().keyPressEvent(event)
        else:
            bar.triggerAction(action)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Lay the tiles out anew in another width."""
        super().resizeEvent(event)
        self._tiles.fit(self.viewport().width())

    def look(self, *_: int) -> None:
        """Tell where the last tile is in sight, also of whoever scrolls what this stands in."""
        in_sight = self._tiles.visibleRegion().boundingRect().bottom() >= self._tiles.height() - 1 - GAP
        if not self._told and self.isVisible() and in_sight:
            self._told = True
            self.seen_all.emit()
