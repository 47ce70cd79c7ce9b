"""What a parallel 3D camera sees, and how it is turned, moved and zoomed by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.domain.view_state import Camera, as_point

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from viewer.domain.view_state import Point

# Where the eye is and what is up, in LPS, by the side of the patient that is seen.
FACING: dict[str, tuple[Point, Point]] = {
    "front": ((0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
    "back": ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "left": ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "right": ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "head": ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
    "feet": ((0.0, 0.0, -1.0), (0.0, -1.0, 0.0)),
}

_DEGREES_PER_PX = 0.4


def facing(camera: Camera, side: str) -> Camera:
    """Return the camera looking at the same place from the front, back, left, right, head or feet."""
    to_eye, up = FACING[side]
    return evolve(camera, to_eye=to_eye, up=up)


def screen_axes(camera: Camera) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return unit vectors in LPS to the right on screen, down on screen, and towards the eye."""
    eye = np.asarray(camera.to_eye, dtype=np.float64)
    eye = eye / np.linalg.norm(eye)
    right = np.cross(camera.up, eye)
    right = right / np.linalg.norm(right)
    return right, np.cross(right, eye), eye


def screen_from_lps(camera: Camera, lps_mm: ArrayLike, width_px: float, height_px: float) -> tuple[float, float]:
    """Return the continuous screen position (pixel centres at + 0.5) of a point."""
    right, down, _ = screen_axes(camera)
    offset = (np.asarray(lps_mm, dtype=np.float64) - np.asarray(camera.focal_lps_mm)) / camera.height_mm * height_px
    return (width_px / 2 + float(offset @ right), height_px / 2 + float(offset @ down))


def _rotation(axis: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """Return the matrix that turns by an angle (radians) about a unit vector (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turn: NDArray[np.float64] = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
    return turn


def turned(camera: Camera, dx_px: float, dy_px: float, degrees_per_px: float = _DEGREES_PER_PX) -> Camera:
    """Return the camera after a drag that turns the patient with the hand.

    Sideways the patient turns about the body's own long axis, so that the head stays up; seen from head or feet
    about the screen's.
    """
    right, down, eye = screen_axes(camera)
    up = -down
    long_axis = np.array([0.0, 0.0, math.copysign(1.0, up[2])]) if abs(up[2]) > 0.1 else up
    turn = _rotation(long_axis, -math.radians(dx_px * degrees_per_px)) @ _rotation(
        right, -math.radians(dy_px * degrees_per_px)
    )
    return evolve(camera, to_eye=as_point(turn @ eye), up=as_point(turn @ up))


def panned(camera: Camera, dx_px: float, dy_px: float, height_px: int) -> Camera:
    """Return the camera after a drag that moves the patient with the hand, in a viewport of so many pixels height."""
    right, down, _ = screen_axes(camera)
    moved = (dx_px * right + dy_px * down) * camera.height_mm / max(height_px, 1)
    return evolve(camera, focal_lps_mm=as_point(np.asarray(camera.focal_lps_mm) - moved))


def zoomed(camera: Camera, factor: float) -> Camera:
    """Return the camera with everything `factor` times larger, between 5 mm and 4 m per view height."""
    return evolve(camera, height_mm=min(max(camera.height_mm / factor, 5.0), 4000.0))
