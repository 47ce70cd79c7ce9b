"""How long pictures take here: the figures that the bench prints."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import overview
from viewer.scene.acquired import scrolled_cursor
from viewer.scene.planes import PlaneRenderer, stepped
from viewer.scene.turned_planes import turned_about

if TYPE_CHECKING:
    from viewer.domain.volume import Volume


@frozen
class Times:
    """Median and 95th percentile of repeated work, in milliseconds."""

    p50_ms: float
    p95_ms: float
    count: int


def times_of(seconds: list[float]) -> Times:
    """Return median and 95th percentile of measured times."""
    p50, p95 = np.percentile(np.asarray(seconds) * 1000.0, [50, 95])
    return Times(float(p50), float(p95), len(seconds))


def scroll_times(
    volume: Volume, plane: PlaneName, *, size_px: int = 900, images: int = 60, slab_mm: float = 0.0
) -> Times:
    """Return how long one picture takes while scrolling from image to image through the middle of a volume."""
    renderer = PlaneRenderer()
    state = evolve(overview(volume.series.series_uid, volume.grid), slab_mm=slab_mm)
    cursor = stepped(volume, plane, state.cursor_lps_mm, -images // 2)
    seconds = []
    for _ in range(images + 1):
        cursor = stepped(volume, plane, cursor, 1)
        start = time.perf_counter()
        renderer.render(volume, evolve(state, cursor_lps_mm=cursor), plane, size_px, size_px)
        seconds.append(time.perf_counter() - start)
    return times_of(seconds[1:])


def oblique_times(volume: Volume, *, size_px: int = 900, images: int = 40) -> Times:
    """Return how long one picture takes while scrolling a plane at an angle to all axes of the volume."""
    renderer, plane = PlaneRenderer(), PlaneName.CORONAL
    state = overview(volume.series.series_uid, volume.grid)
    for about, angle in ((PlaneName.AXIAL, 0.5), (PlaneName.SAGITTAL, 0.3)):
        state = turned_about(state, about, angle)
    state = evolve(state, cursor_lps_mm=scrolled_cursor(volume, state, plane, -images // 2))
    seconds = []
    for _ in range(images + 1):
        state = evolve(state, cursor_lps_mm=scrolled_cursor(volume, state, plane, 1))
        start = time.perf_counter()
        renderer.render(volume, state, plane, size_px, size_px, moving=True)
        seconds.append(time.perf_counter() - start)
    return times_of(seconds[1:])
