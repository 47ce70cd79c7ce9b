"""A view on the way from one to another, as a motion shows it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve

from viewer.domain.curved_view import curved_between
from viewer.domain.plane_turn import turn_between
from viewer.domain.view_state import Camera, Comparison, PlaneView, ViewState, as_point

if TYPE_CHECKING:
    from viewer.domain.view_state import Point


def _mix(a: float, b: float, t: float) -> float:
    return a + (b - a) * t


def _mix_point(a: Point, b: Point, t: float) -> Point:
    return (_mix(a[0], b[0], t), _mix(a[1], b[1], t), _mix(a[2], b[2], t))


def _mix_exponential(a: float, b: float, t: float) -> float:
    return a * math.exp(math.log(b / a) * t) if a > 0 and b > 0 else _mix(a, b, t)


def _mix_plane(a: PlaneView, b: PlaneView, t: float) -> PlaneView:
    return PlaneView(
        _mix_point(a.centre_lps_mm, b.centre_lps_mm, t),
        _mix_exponential(a.height_mm, b.height_mm, t),
        turn_between(a.turned, b.turned, t),
    )


def _rotation(camera: Camera) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    eye = np.asarray(camera.to_eye, dtype=np.float64)
    eye = eye / np.linalg.norm(eye)
    right = np.cross(camera.up, eye)
    right = right / np.linalg.norm(right)
    return np.stack([right, np.cross(eye, right), eye], axis=1)


def _mix_camera(a: Camera, b: Camera, t: float) -> Camera:
    start, end = _rotation(a), _rotation(b)
    turn = start.T @ end
    angle = math.acos(max(-1.0, min(1.0, (float(np.trace(turn)) - 1) / 2)))
    rotation = end
    if angle > 1e-6:
        if math.pi - angle < 1e-4:
            values, vectors = np.linalg.eigh((turn + turn.T) / 2)
            axis = vectors[:, int(np.argmax(values))]
        else:
            axis = np.array(
                [
                    turn[2, 1] - turn[1, 2],
                    turn[0, 2] - turn[2, 0],
                    turn[1, 0] - turn[0, 1],
                ]
            )
            axis = axis / (2 * math.sin(angle))
        x, y, z = axis
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        part = angle * t
        rotation = start @ (np.eye(3) + math.sin(part) * cross + (1 - math.cos(part)) * cross @ cross)
    return Camera(
        _mix_point(a.focal_lps_mm, b.focal_lps_mm, t),
        as_point(rotation[:, 2]),
        as_point(rotation[:, 1]),
        _mix_exponential(a.height_mm, b.height_mm, t),
    )


def _drawn_curtain(a: ViewState, b: ViewState, t: float) -> dict[str, Any]:
    """Return how a curtain is drawn: one that comes in from the right edge, or goes there before it is gone."""
    if Comparison.CURTAIN not in (a.comparison, b.comparison) or Comparison.BESIDE in (a.comparison, b.comparison):
        return {"curtain": _mix(a.curtain, b.curtain, t)}
    first, last = (view.curtain if view.comparison is Comparison.CURTAIN else 1.0 for view in (a, b))
    return {"comparison": Comparison.CURTAIN, "curtain": _mix(first, last, t)}


def between(a: ViewState, b: ViewState, t: float) -> ViewState:
    """Return the view at share `t` (0…1) of the way from `a` to `b`.

    Positions go linearly, zoom exponentially, the camera by spherical interpolation; what cannot be mixed
    (layout, selection, overlay) is that of `b` as soon as t > 0. A curtain is drawn in from the right, and out there.
    """
    if t <= 0:
        return a
    if t >= 1 or a.series_uid != b.series_uid:
        return b
    return evolve(
        b,
        cursor_lps_mm=_mix_point(a.cursor_lps_mm, b.cursor_lps_mm, t),
        axial=_mix_plane(a.axial, b.axial, t),
        coronal=_mix_plane(a.coronal, b.coronal, t),
        sagittal=_mix_plane(a.sagittal, b.sagittal, t),
        camera=_mix_camera(a.camera, b.camera, t),
        window_centre=_mix(a.window_centre, b.window_centre, t),
        window_width=_mix_exponential(a.window_width, b.window_width, t),
        slab_mm=_mix(a.slab_mm, b.slab_mm, t),
        fill_opacity=_mix(a.fill_opacity, b.fill_opacity, t),
        threshold=_mix(a.threshold, b.threshold, t),
        curved=curved_between(a.curved, b.curved, t),
        **_drawn_curtain(a, b, t),
    )
