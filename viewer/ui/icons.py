"""Lucide icons in any role's colour, drawn sharp at any device ratio and kept.

`icon(theme, "play")` gives a QIcon for buttons and actions; `pixmap(theme, "play", "text2", 18, ratio)` one picture.
Names are those of the files in resources/icons, without ".svg". A missing file gives an empty picture and one line in
the log, never a crash on stage.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPaintEvent, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QWidget

from viewer.domain.errors import StorageError
from viewer.io.shipped import shipped

if TYPE_CHECKING:
    from viewer.ui.theme import Theme

LOGGER = logging.getLogger(__name__)


@cache
def _svg(name: str) -> bytes:
    try:
        return shipped(f"resources/icons/{name}.svg").read_bytes()
    except (OSError, StorageError):
        LOGGER.warning("The icon %s is not in the package.", name)
        return b""


@cache
def _renderer(name: str, hex_colour: str) -> QSvgRenderer | None:
    source = _svg(name)
    if not source:
        return None
    text = source.replace(b"currentColor", hex_colour.encode())
    return QSvgRenderer(QByteArray(text))


@cache
def _pixmap(name: str, hex_colour: str, size: int, ratio: float) -> QPixmap:
    picture = QPixmap(round(size * ratio), round(size * ratio))
    picture.fill(Qt.GlobalColor.transparent)
    renderer = _renderer(name, hex_colour)
    if renderer is not None:
        painter = QPainter(picture)
        renderer.render(painter, QRectF(0, 0, picture.width(), picture.height()))
        painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def pixmap(theme: Theme, name: str, role: str = "text2", size: int = 18, ratio: float = 1.0) -> QPixmap:
    """Return one icon in a role's colour, `size` logical pixels square, for a device pixel ratio."""
    return _pixmap(name, theme.hex(role), size, ratio)


def paint_icon(painter: QPainter, area: QRectF, theme: Theme, name: str, role: str = "text2") -> None:
    """Draw an icon into an area in the painter's coordinates, without a pixmap between."""
    renderer = _renderer(name, theme.hex(role))
    if renderer is not None:
        renderer.render(painter, area)


class _IconEngine(QIconEngine):
    """Draws an icon when it is shown, and not before: a window knows far more icons than it shows."""

    def __init__(self, name: str, colour: str, disabled_colour: str) -> None:
        super().__init__()
        self._name, self._colours = name, (colour, disabled_colour)

    def _colour(self, mode: QIcon.Mode) -> str:
        return self._colours[mode == QIcon.Mode.Disabled]

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, _state: QIcon.State) -> None:
        """Draw it into a rectangle."""
        renderer = _renderer(self._name, self._colour(mode))
        if renderer is not None:
            renderer.render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, _state: QIcon.State) -> QPixmap:
        """Return it as a picture of so many device pixels."""
        return _pixmap(self._name, self._colour(mode), min(size.width(), size.height()), 1.0)

    def clone(self) -> QIconEngine:
        """Return a copy."""
        return _IconEngine(self._name, *self._colours)


def icon(theme: Theme, name: str, role: str = "text") -> QIcon:
    """Return an icon for menus and actions: the role's colour at rest, the disabled colour when disabled."""
    return QIcon(_IconEngine(name, theme.hex(role), theme.hex("disabled")))


class IconBox(QWidget):
    """One icon in the middle of its place, drawn anew at each ratio: as sharp on a second screen as on the first."""

    def __init__(self, theme: Theme, size: int) -> None:
        super().__init__()
        self._theme, self._size = theme, size
        self._name, self._role = "", "text2"
        self.setMinimumSize(size, size)
        theme.changed.connect(self._recolour)

    def show_icon(self, name: str, role: str) -> None:
        """Show an icon in a role's colour; "" shows none."""
        self._name, self._role = name, role
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return its size."""
        return QSize(self._size, self._size)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the icon."""
        if not self._name:
            return
        left, top = round((self.width() - self._size) / 2), round((self.height() - self._size) / 2)
        with QPainter(self) as painter:
            paint_icon(painter, QRectF(left, top, self._size, self._size), self._theme, self._name, self._role)

    def _recolour(self, _name: object = None) -> None:
        self.update()
