"""The picture of what a model is fed: a row of slices for each channel, with letters and the range of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from viewer.domain.geometry import direction_letters
from viewer.ui.fonts import Type, font
from viewer.ui.snapshot import NOT_FOR_DIAGNOSIS, ensure_application
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.inference.rehearsal import Rehearsal

_WIDTH_PX = 360
_CAPTION_PX = 30
_GAP_PX = 8


def input_picture(fed: Rehearsal, title: str) -> QImage:
    """Return the picture; from 0 (black) to 1 (white) of each channel's range."""
    ensure_application()
    theme = Theme()
    rows, columns = fed.channels[0].images[0].shape
    tall = max(40, min(900, round(_WIDTH_PX * rows * fed.aspect / columns)))
    across = len(fed.slices_k)
    width = across * (_WIDTH_PX + _GAP_PX) + _GAP_PX
    height = len(fed.channels) * (tall + _CAPTION_PX + _GAP_PX) + 2 * _CAPTION_PX + _GAP_PX
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(theme.colour("window"))
    painter = QPainter(image)
    try:
        _words(painter, theme, QRectF(_GAP_PX, 0, width - 2 * _GAP_PX, _CAPTION_PX), title, strong=True)
        top = float(_CAPTION_PX)
        for n, channel in enumerate(fed.channels):
            words = (
                f"Channel {n + 1}: {channel.words} · from {channel.least:.3g} to {channel.most:.3g}, "
                f"mean {channel.mean:.3g}"
            )
            _words(painter, theme, QRectF(_GAP_PX, top, width - 2 * _GAP_PX, _CAPTION_PX), words)
            top += _CAPTION_PX
            for column, (k, values) in enumerate(zip(fed.slices_k, channel.images, strict=True)):
                area = QRectF(_GAP_PX + column * (_WIDTH_PX + _GAP_PX), top, _WIDTH_PX, tall)
                painter.drawImage(area, _grey(values))
                _letters(painter, theme, area, fed, f"slice {k + 1}")
            top += tall + _GAP_PX
        _words(painter, theme, QRectF(_GAP_PX, top, width - 2 * _GAP_PX, _CAPTION_PX), NOT_FOR_DIAGNOSIS)
    finally:
        painter.end()
    return image


def _grey(values: NDArray[np.float32]) -> QImage:
    bytes_ = np.ascontiguousarray(np.rint(values * 255).astype(np.uint8))
    rows, columns = bytes_.shape
    return QImage(bytes_.data, columns, rows, columns, QImage.Format.Format_Grayscale8).copy()


def _words(painter: QPainter, theme: Theme, area: QRectF, words: str, *, strong: bool = False) -> None:
    painter.setFont(font(Type.NAME if strong else Type.CAPTION))
    painter.setPen(theme.colour("text"))
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, round(area.width()))
    painter.drawText(area, flags, shown)


def _letters(painter: QPainter, theme: Theme, area: QRectF, fed: Rehearsal, caption: str) -> None:
    flag = Qt.AlignmentFlag
    inner = area.adjusted(6, 3, -6, -3)
    painter.setFont(font(Type.CAPTION_NAME))
    painter.setPen(theme.colour("text"))
    for words, place in (
        (direction_letters(fed.right_lps), flag.AlignRight | flag.AlignVCenter),
        (direction_letters(-fed.right_lps), flag.AlignLeft | flag.AlignVCenter),
        (direction_letters(fed.down_lps), flag.AlignHCenter | flag.AlignBottom),
        (direction_letters(-fed.down_lps), flag.AlignHCenter | flag.AlignTop),
        (caption, flag.AlignLeft | flag.AlignTop),
    ):
        painter.drawText(inner, place, words)
