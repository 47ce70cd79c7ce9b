"""How much longer a frame takes with findings drawn over it: the figure that the bench prints."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QImage, QPainter

from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import Layout, ViewName, overview
from viewer.scene.acquired import scrolled_cursor
from viewer.scene.turned_planes import turned_about
from viewer.ui.canvas.paint_frame import Look
from viewer.ui.canvas.paint_plane import PlanePainter
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.painting import paint_all, tiles_for
from viewer.ui.canvas.shown import shown_from
from viewer.ui.canvas.tiles import CanvasStyle
from viewer.ui.canvas.view3d import Picture
from viewer.ui.snapshot import ensure_application
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from viewer.domain.finding import Finding
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume

SIZE_PX = 900
IMAGES = 60
# As fast as a wheel is turned; turned planes, which take longer to sample, as fast as they are meant to follow.
PER_SECOND, PER_SECOND_TURNED = 60.0, 30.0


@frozen
class OverlayTimes:
    """Median and 95th percentile of whole frames without and with findings, in milliseconds of the painting thread."""

    without_ms: float
    without_p95_ms: float
    with_ms: float
    with_p95_ms: float
    count: int

    @property
    def factor(self) -> float:
        """How many times as long the median frame takes with findings."""
        return self.with_ms / self.without_ms


def overlay_times(
    volume: Volume, findings: tuple[Finding, ...], plane: PlaneName, *, turned: bool = False, ahead: bool = True
) -> OverlayTimes:
    """Return how long frames of one plane take while scrolling, each painted without and with findings in turn.

    Time is that of the thread that paints: what else the computer does does not count.

    Parameters
    ----------
    turned
        The plane at an angle to all axes of the volume.
    ahead
        Steps come 60 times a second (turned planes: 30), and what is free between them may work ahead, as in the
        window; else one step follows the other at once, and nothing is prepared.
    """
    ensure_application()
    state = _first(volume, plane, turned=turned)
    painters = (PlanePainter(), PlanePainter(works_ahead=ahead))
    image = QImage(SIZE_PX, SIZE_PX, QImage.Format.Format_RGB32)
    between = 1 / (PER_SECOND_TURNED if turned else PER_SECOND)
    seconds: tuple[list[float], list[float]] = ([], [])
    # One for each: words that one has drawn are not to be there for the other.
    looks = tuple(Look(TextLook(Theme(), stage=False, scale=1.0), active=state.main) for _ in painters)
    for _ in range(IMAGES + 1):
        state = evolve(state, cursor_lps_mm=scrolled_cursor(volume, state, plane, 1))
        busy = time.thread_time()
        for painter, drawn, look, taken in zip(painters, ((), findings), looks, seconds, strict=True):
            taken.append(_frame(image, painter, volume, state, drawn, look))
        # The frame without findings is not part of what the window would do meanwhile.
        busy += seconds[0][-1]
        while ahead and time.thread_time() - busy < between and painters[1].working_ahead:
            QCoreApplication.processEvents()
    for painter in painters:
        painter.clear()
    without, with_ = (np.percentile(np.array(one[1:]) * 1000, (50, 95)).tolist() for one in seconds)
    return OverlayTimes(without[0], without[1], with_[0], with_[1], IMAGES)


def _first(volume: Volume, plane: PlaneName, *, turned: bool) -> ViewState:
    state = overview(volume.series.series_uid, volume.grid)
    state = evolve(state, layout=Layout.SINGLE, main=ViewName(plane.value))
    if turned:
        for about, angle in ((PlaneName.AXIAL, 0.5), (PlaneName.SAGITTAL, 0.3)):
            state = turned_about(state, about, angle)
    return evolve(state, cursor_lps_mm=scrolled_cursor(volume, state, plane, -IMAGES // 2))


def _frame(
    image: QImage,
    planes: PlanePainter,
    volume: Volume,
    state: ViewState,
    findings: tuple[Finding, ...],
    look: Look,
) -> float:
    """Paint one frame and return how long that took."""
    start = time.thread_time()
    shown = shown_from(volume, state, findings=findings)
    size = (float(SIZE_PX), float(SIZE_PX))
    with QPainter(image) as painter:
        tiles = tiles_for(shown, size, CanvasStyle.REVIEW)
        paint_all(painter, size, tiles, shown, look, planes, Picture(), moving=True)
    return time.thread_time() - start
