"""What a view cuts away in 3D, as half spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.domain.geometry import PLANE_AXES
from viewer.domain.view_state import Cut3D, Point, as_point
from viewer.scene.acquired import crosshair_lps_mm, shown_axes
from viewer.scene.plane_geometry import AXIS_ALONG

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.geometry import PlaneName
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume


@frozen
class Clip:
    """A half space that stays: through a point in LPS mm, on the side that the normal points to."""

    through_lps_mm: Point
    inwards: Point


def clips(volume: Volume, view: ViewState) -> tuple[Clip, ...]:
    """Return the half spaces whose common part a view shows in 3D."""
    through = crosshair_lps_mm(volume, view)
    made = [Clip(through, as_point(-cut.side * _onwards(volume, view, cut.plane))) for cut in view.cuts_3d]
    if view.box_3d is not None:
        low, high = view.box_3d
        for along in np.eye(3):
            made += [Clip(low, as_point(along)), Clip(high, as_point(-along))]
    return tuple(made)


def cut_towards_eye(volume: Volume, view: ViewState, plane: PlaneName) -> Cut3D:
    """Return the cut that takes away what lies between a plane and the eye."""
    return Cut3D(plane, 1 if _onwards(volume, view, plane) @ np.asarray(view.camera.to_eye) > 0 else -1)


def _onwards(volume: Volume, view: ViewState, plane: PlaneName) -> NDArray[np.float64]:
    """Return a plane's normal, turned as the plane is, on the side that is left, back or head of the standard plane."""
    standard = PLANE_AXES[plane].into
    return np.asarray(shown_axes(volume, view, plane).into * np.sign(standard[AXIS_ALONG[plane][2]]))
