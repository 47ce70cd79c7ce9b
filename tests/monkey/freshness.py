"""Whether what is seen is what a canvas that remembers nothing would paint: no picture of another image stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage

from tests.monkey.checks import busy_with
from tests.monkey.reckoning import greys, measurements
from tests.monkey.scales import scale_bars
from viewer.ui.canvas import Canvas, kept_pictures, paint_corners

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from numpy.typing import NDArray
    from PySide6.QtCore import QRectF

    from tests.monkey.watching import Faults
    from viewer.ui.main_window import MainWindow

_WAITS_S, _MOST_WAITS = 0.03, 160


def look_again(window: MainWindow, faults: Faults, pause: Callable[[float], object], rng: Random) -> None:
    """Paint each canvas that is seen once more from nothing, where nothing goes on, and compare its planes.

    What is painted is held against the values too, and what is said of measurements.
    """
    measurements(window, faults)
    for canvas in window.findChildren(Canvas):
        before = settled(window, canvas, pause)
        said = _says(canvas)
        canvas.planes.clear()
        kept_pictures._drawn.cache_clear()
        paint_corners._fitted.cache_clear()
        after = settled(window, canvas, pause)
        if before is None or after is None or said != _says(canvas) or before.shape != after.shape:
            continue
        for tile in canvas._placed():
            greys(canvas, tile, after, faults, rng)
        scale_bars(canvas, faults)
        curved = canvas.session.view is not None and canvas.session.view.shows_curved
        for tile in canvas._placed():
            other = _part(before != after, tile.area, canvas.devicePixelRatioF())
            if (tile.view.plane is not None or curved) and other.any():
                rows, columns = np.nonzero(other)
                where = f"{rows.min()}–{rows.max()}, {columns.min()}–{columns.max()} of {other.shape}"
                faults.add("not as painted anew", f"{tile.view}: {len(rows)} pixels, {where}")


def settled(window: MainWindow, canvas: Canvas, pause: Callable[[float], object]) -> NDArray[np.uint32] | None:
    """Return the pixels of a canvas once they stay the same; None where it is not seen or goes on changing."""
    if not canvas.isVisible():
        return None
    last = None
    for _ in range(_MOST_WAITS):
        pause(_WAITS_S)
        now = _pixels(canvas)
        painting = canvas._motion.isActive() or canvas._fine.busy or canvas.planes.working_ahead
        painting = painting or canvas.view_3d.working
        if painting or canvas._coming_in._timer.isActive() or busy_with(window):
            now = None
        elif last is not None and np.array_equal(last, now):
            return now
        last = now
    return None


def _says(canvas: Canvas) -> object:
    session = canvas.session
    return session.view, session.volume, session.measurements, session.findings, session.decisions


def _pixels(canvas: Canvas) -> NDArray[np.uint32]:
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width()).copy()


def _part(pixels: NDArray[np.bool_], area: QRectF, ratio: float) -> NDArray[np.bool_]:
    left, top, right, bottom = (round(edge * ratio) for edge in area.getCoords())
    return pixels[top:bottom, left:right]
