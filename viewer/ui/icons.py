"""Lucide icons in any role's colour, drawn sharp at any device ratio and kept.

`icon(theme, "play")` gives a QIcon for buttons and actions; `pixmap(theme, "play", "text2", 18, ratio)` one picture.
Names are those of the files in resources/icons, without ".svg". A missing file gives an empty picture and one line in
the log, never a crash on stage.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from viewer.domain.errors import StorageError
from viewer.io.shipped import shipped

if TYPE_CHECKING:
    from viewer.ui.theme import Theme

LOGGER = logging.getLogger(__name__)

SIZES = (16, 18, 20, 24)


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


def icon(theme: Theme, name: str, role: str = "text") -> QIcon:
    """Return an icon for menus and actions: the role's colour at rest, the disabled colour when disabled."""
    made = QIcon()
    for size in SIZES:
        for ratio in (1.0, 2.0):
            made.addPixmap(pixmap(theme, name, role, size, ratio), QIcon.Mode.Normal)
            made.addPixmap(pixmap(theme, name, "disabled", size, ratio), QIcon.Mode.Disabled)
    return made
