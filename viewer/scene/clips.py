"""What a view cuts away in 3D, as half spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.domain.view_state import Cut3D, Point, as_point
from viewer.scene.plane_geometry import AXIS_ALONG

if TYPE_CHECKING:
    from viewer.domain.geometry import PlaneName
    from viewer.domain.view_state import Camera, ViewState


@frozen
class Clip:
    """A half space that stays: through a point in LPS mm, on the side that the normal points to."""

    through_lps_mm: Point
    inwards: Point


def clips(view: ViewState) -> tuple[Clip, ...]:
    """Return the half spaces whose common part a view shows in 3D."""
    made = [Clip(view.cursor_lps_mm, _along(AXIS_ALONG[cut.plane][2], -cut.side)) for cut in view.cuts_3d]
    if view.box_3d is not None:
        low, high = view.box_3d
        for axis in range(3):
            made += [Clip(low, _along(axis, 1)), Clip(high, _along(axis, -1))]
    return tuple(made)


def cut_towards_eye(camera: Camera, plane: PlaneName) -> Cut3D:
    """Return the cut that takes away what lies between a plane and the eye."""
    return Cut3D(plane, 1 if camera.to_eye[AXIS_ALONG[plane][2]] > 0 else -1)


def _along(axis: int, sign: int) -> Point:
    return as_point(np.eye(3)[axis] * sign)
