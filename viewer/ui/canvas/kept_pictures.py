"""Small pictures of what stays the same from image to image: to draw words takes ten times as long as to copy them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import frozen
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPaintEngine, QPainter, QTransform

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

_STRAIGHT = (
    QTransform.TransformationType.TxNone,
    QTransform.TransformationType.TxTranslate,
    QTransform.TransformationType.TxScale,
)
_MOST_KEPT = 192
# Room around what is drawn, for what is rounded.
_AROUND_PX = 1


@frozen
class Pixels:
    """How a painter's units lie on the pixels of its device.

    Attributes
    ----------
    scale
        Pixels of a unit.
    left, top
        Where the painter's origin lies, in pixels.
    """

    scale: int
    left: float
    top: float

    @classmethod
    def under(cls, painter: QPainter) -> Pixels | None:
        """Return them as the painter stands now; None where the device has none, or no whole number to a unit."""
        to_device = painter.deviceTransform()
        scale = to_device.m11()
        straight = to_device.type() in _STRAIGHT and to_device.m22() == scale
        of_pixels = painter.paintEngine().type() is QPaintEngine.Type.Raster
        if not (straight and of_pixels and scale >= 1 and scale.is_integer()):
            return None
        return cls(int(scale), to_device.dx(), to_device.dy())

    def begin_at(self, place: QPointF) -> bool:
        """Return whether a pixel begins at a place, so that a picture can be copied there pixel by pixel."""
        x, y = self.left + self.scale * place.x(), self.top + self.scale * place.y()
        return x.is_integer() and y.is_integer()


def paint_kept(
    painter: QPainter, pixels: Pixels | None, area: QRectF, draw: Callable[..., None], *what: Hashable
) -> None:
    """Let `draw(painter, area, *what)` draw on an area, or copy what it drew before on another one of that size.

    `pixels` are those that lie under the painter. Nothing of what is drawn may depend on where the area lies.
    """
    if pixels is None or not pixels.begin_at(area.topLeft()):
        draw(painter, area, *what)
        return
    picture = _drawn(draw, area.width(), area.height(), pixels.scale, what)
    painter.drawImage(QPointF(area.left() - _AROUND_PX, area.top() - _AROUND_PX), picture)


@lru_cache(maxsize=_MOST_KEPT)
def _drawn(draw: Callable[..., None], width: float, height: float, scale: int, what: tuple[Hashable, ...]) -> QImage:
    """Return what is drawn on transparent ground, with room around it."""
    area = QRectF(_AROUND_PX, _AROUND_PX, width, height)
    whole = area.adjusted(0, 0, 2 * _AROUND_PX, 2 * _AROUND_PX).size() * scale
    picture = QImage(whole.toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(scale)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw(painter, area, *what)
    painter.end()
    return picture
