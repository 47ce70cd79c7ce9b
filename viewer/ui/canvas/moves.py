"""What the mouse, wheel and keys do to a view: each returns the new ViewState and touches nothing else."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.plane_turn import turned_axes
from viewer.domain.view_state import ViewState, as_point
from viewer.scene.acquired import acquired_on, crosshair_lps_mm, scrolled_cursor, shown_axes, with_cursor
from viewer.scene.plane_geometry import CROSSING_PLANES
from viewer.scene.turned_planes import shown_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.volume import Volume
    from viewer.scene.plane_geometry import ViewportGeometry

WIDTH_PER_PX = 1 / 260
LEAST_WIDTH = 1.0
LEAST_MAP_WIDTH = 1e-4
MOST_WIDTH = 20000.0
ZOOM_PER_PX = 1 / 220
ZOOM_PER_NOTCH = 1.15
LEAST_HEIGHT_MM = 4.0
MOST_HEIGHT_MM = 4000.0
TURN_STEP_RAD = math.radians(5.0)
SLABS_MM = (0.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0)


def windowed(volume: Volume, view: ViewState, dx: float, dy: float) -> ViewState:
    """Return the view after dragging the window: right = wider, up = brighter (a lower level), in pixels."""
    finest = finest_width(volume)
    width = view.window_width * math.exp(dx * WIDTH_PER_PX)
    centre = view.window_centre + dy * max(view.window_width, 20.0 * finest) * WIDTH_PER_PX
    most = max(MOST_WIDTH, view.window_width)
    return view.windowed(centre, min(max(width, finest), most))


def finest_width(volume: Volume) -> float:
    """Return the narrowest window that means something: 1, or far less for maps of values between 0 and 1."""
    return LEAST_WIDTH if volume.on_hu_scale or volume.slices.dtype.kind != "f" else LEAST_MAP_WIDTH


def settled_window(volume: Volume, view: ViewState) -> ViewState:
    """Return the view with a dragged window in round numbers: whole ones, of narrow windows of maps three digits."""
    digits = 0
    if finest_width(volume) < LEAST_WIDTH:
        digits = max(0, 2 - math.floor(math.log10(view.window_width)))
    return evolve(
        view, window_width=round(view.window_width, digits), window_centre=round(view.window_centre, digits) + 0.0
    )


def panned_plane(view: ViewState, geometry: ViewportGeometry, dx: float, dy: float) -> ViewState:
    """Return the view after moving a plane's picture with the hand."""
    old = view.plane(geometry.plane)
    moved = (dx * geometry.axes.right + dy * geometry.axes.down) * geometry.mm_per_px
    centre = as_point(np.asarray(old.centre_lps_mm) - moved)
    return view.with_plane(geometry.plane, evolve(old, centre_lps_mm=centre))


def zoomed_plane(view: ViewState, geometry: ViewportGeometry, factor: float, at: tuple[float, float]) -> ViewState:
    """Return the view with a plane `factor` times larger; what lies under `at` stays there."""
    old = view.plane(geometry.plane)
    height = min(max(old.height_mm / factor, LEAST_HEIGHT_MM), MOST_HEIGHT_MM)
    under = np.asarray(geometry.lps_from_screen(*at))
    shown_centre = np.asarray(geometry.view.centre_lps_mm)
    # The viewport may show the view's centre beside its own middle; that distance in pixels has to stay as well.
    aside = np.asarray(old.centre_lps_mm) - shown_centre
    share = height / old.height_mm
    across = (under - shown_centre) - ((under - shown_centre) @ geometry.axes.into) * geometry.axes.into
    centre = shown_centre + across * (1 - share) + aside * share
    return view.with_plane(geometry.plane, evolve(old, centre_lps_mm=as_point(centre), height_mm=height))


def scrolled(volume: Volume, view: ViewState, plane: PlaneName, images: int) -> ViewState:
    """Return the view so many images further into the screen; for axial that is towards the feet."""
    return evolve(view, cursor_lps_mm=scrolled_cursor(volume, view, plane, images))


def to_end(volume: Volume, view: ViewState, plane: PlaneName, *, last: bool) -> ViewState:
    """Return the view on a plane's first or last image."""
    acquired = acquired_on(volume, view, plane)
    count = shown_steps(volume, view, plane).count if acquired is None else acquired.stack.count
    return scrolled(volume, view, plane, count if last else -count)


def thicker(view: ViewState, notches: int) -> ViewState:
    """Return the view with the slab so many steps thicker, or thinner where negative; 0 is a single image."""
    place = int(np.argmin([abs(slab - view.slab_mm) for slab in SLABS_MM]))
    return evolve(view, slab_mm=SLABS_MM[min(max(place + notches, 0), len(SLABS_MM) - 1)])


def cursor_dragged(
    volume: Volume, view: ViewState, geometry: ViewportGeometry, place: tuple[float, float], *, across: bool, down: bool
) -> ViewState:
    """Return the view with the cursor moved along with crosshair lines, kept inside the volume.

    Each plane whose line is moved goes through `place` then; the others stay. `across` moves the upright line, `down`
    the level one. Where slices are shown as acquired, the cursor goes to the nearest of them.
    """
    pointed = np.asarray(geometry.lps_from_screen(*place))
    goal = np.asarray(crosshair_lps_mm(volume, view))
    for plane, moves in zip(CROSSING_PLANES[geometry.plane], (across, down), strict=True):
        if moves:
            goal = _into_reach(goal, pointed, view, plane, shown_axes(volume, view, plane).into)
    # Still in the plane that is pointed at, also where that is a tilted slice.
    goal = _into_reach(goal, pointed, view, geometry.plane, geometry.axes.into)
    bounds = volume.grid.bounds_lps_mm
    inside = np.clip(goal, bounds[:, 0] + 0.01, bounds[:, 1] - 0.01)
    return with_cursor(volume, view, as_point(inside))


def angle_turned(
    geometry: ViewportGeometry, start: tuple[float, float], end: tuple[float, float], *, whole_steps: bool = False
) -> float:
    """Return by how much planes turn, clockwise, as a handle goes from one place to another about the crosshair.

    `whole_steps` leaves only multiples of 5°.
    """
    x, y = geometry.screen_from_lps(geometry.cursor_lps_mm)
    first, last = (math.atan2(at[1] - y, at[0] - x) for at in (start, end))
    angle = math.remainder(last - first, math.tau)
    if whole_steps:
        angle = round(angle / TURN_STEP_RAD) * TURN_STEP_RAD
    return angle


def _into_reach(
    point: NDArray[np.float64],
    pointed: NDArray[np.float64],
    view: ViewState,
    plane: PlaneName,
    normal: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return a point moved along a plane's own direction onto the plane of a normal through another point."""
    along = turned_axes(PLANE_AXES[plane], view.plane(plane).turned).into
    return np.asarray(point + float((pointed - point) @ normal) / float(along @ normal) * along, dtype=np.float64)
