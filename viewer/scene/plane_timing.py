"""How long fine pictures of planes and pictures along a path take here: figures that the bench prints."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from attrs import evolve

from viewer.domain.curved_view import CurvedView
from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import Interpolation, as_point, overview
from viewer.scene.acquired import scrolled_cursor
from viewer.scene.curved import CurvedRenderer, curved_geometry, turned_by
from viewer.scene.planes import PlaneRenderer, stepped
from viewer.scene.timing import Times, times_of
from viewer.scene.turned_planes import turned_about

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume


def cubic_times(volume: Volume, *, size_px: int = 900, pictures: int = 20) -> Times:
    """Return how long one cubic picture of a plane takes, from image to image."""
    renderer, plane = PlaneRenderer(), PlaneName.CORONAL
    state = evolve(overview(volume.series.series_uid, volume.grid), interpolation=Interpolation.CUBIC)
    seconds = []
    for _ in range(pictures + 1):
        state = evolve(state, cursor_lps_mm=stepped(volume, plane, state.cursor_lps_mm, 1))
        start = time.perf_counter()
        renderer.render(volume, state, plane, size_px, size_px)
        seconds.append(time.perf_counter() - start)
    return times_of(seconds[1:])


def obliquely(volume: Volume, slab_mm: float) -> ViewState:
    """Return a view whose planes lie at an angle to all axes of the volume."""
    state = overview(volume.series.series_uid, volume.grid)
    for about, angle in ((PlaneName.AXIAL, 0.5), (PlaneName.SAGITTAL, 0.3), (PlaneName.CORONAL, 0.2)):
        state = turned_about(state, about, angle)
    return evolve(state, slab_mm=slab_mm)


def oblique_slab_times(volume: Volume, *, size_px: int = 900, pictures: int = 8, slab_mm: float = 10.0) -> Times:
    """Return how long one fine picture of a slab takes at an angle to all axes of the volume."""
    renderer, plane = PlaneRenderer(), PlaneName.CORONAL
    state = obliquely(volume, slab_mm)
    seconds = []
    for _ in range(pictures + 1):
        state = evolve(state, cursor_lps_mm=scrolled_cursor(volume, state, plane, 1))
        start = time.perf_counter()
        renderer.render(volume, state, plane, size_px, size_px)
        seconds.append(time.perf_counter() - start)
    return times_of(seconds[1:])


def curved_times(
    volume: Volume, *, moving: bool, width_px: int = 700, height_px: int = 450, pictures: int = 15
) -> Times:
    """Return how long one straightened picture takes while it is turned about a path that winds through the volume."""
    middle, lengths = volume.grid.centre_lps_mm, volume.grid.bounds_lps_mm[:, 1] - volume.grid.bounds_lps_mm[:, 0]
    path = []
    for n in range(15):
        angle = n / 14 * 1.5 * math.tau
        away = (
            0.1 * lengths[0] * math.cos(angle),
            0.1 * lengths[1] * math.sin(angle),
            (n / 14 - 0.5) * 0.4 * lengths[2],
        )
        path.append(as_point(middle + away))
    view = overview(volume.series.series_uid, volume.grid)
    view = evolve(view, path_lps_mm=tuple(path), curved=CurvedView())
    renderer = CurvedRenderer()
    seconds = []
    for _ in range(pictures + 1):
        assert view.curved is not None
        view = evolve(view, curved=turned_by(view.curved, 5.0))
        start = time.perf_counter()
        geometry = curved_geometry(view, width_px, height_px)
        assert geometry is not None
        renderer.render(volume, view, geometry, moving=moving)
        seconds.append(time.perf_counter() - start)
    return times_of(seconds[1:])
