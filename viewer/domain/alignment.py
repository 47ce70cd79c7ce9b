"""Where the places of one volume lie in another: a rigid motion, by hand or by a shared frame of reference."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from viewer.domain.plane_turn import NO_TURN, Turn, about, angle_rad, followed_by, rotated
from viewer.domain.view_state import Point, as_point

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_SEEN_MM = 0.05


@frozen
class Alignment:
    """Brings places of one volume onto those of another: turned about the origin first, then shifted; LPS, mm.

    As a formula, `other = R · here + shift`.
    """

    turned: Turn | None = None
    shift_mm: Point = (0.0, 0.0, 0.0)

    def of(self, lps_mm: ArrayLike) -> Point:
        """Return where a place lies in the other volume."""
        return as_point(rotated(lps_mm, self.turned) + np.asarray(self.shift_mm))

    def direction(self, lps: ArrayLike) -> NDArray[np.float64]:
        """Return a direction in the other volume."""
        return rotated(lps, self.turned)

    @property
    def back(self) -> Alignment:
        """The way from the other volume to this one."""
        turned = None
        if self.turned is not None:
            w, x, y, z = self.turned
            turned = (w, -x, -y, -z)
        return Alignment(turned, as_point(-rotated(self.shift_mm, turned)))

    def shifted(self, other_lps_mm: ArrayLike) -> Alignment:
        """Return it with places shifted further, by mm along the other volume's axes."""
        return evolve(self, shift_mm=as_point(np.asarray(self.shift_mm) + np.asarray(other_lps_mm)))

    def turned_about(self, axis_lps: ArrayLike, angle: float, other_lps_mm: ArrayLike) -> Alignment:
        """Return it turned further about an axis through a place, both of the other volume, by an angle in radians."""
        turn = about(axis_lps, angle)
        place = np.asarray(other_lps_mm, dtype=np.float64)
        shift = rotated(np.asarray(self.shift_mm) - place, turn) + place
        return Alignment(followed_by(self.turned, turn), as_point(shift))

    def meeting(self, here_lps_mm: ArrayLike, other_lps_mm: ArrayLike) -> Alignment:
        """Return it shifted so that two places meet; the turn stays."""
        return evolve(self, shift_mm=as_point(np.asarray(other_lps_mm) - rotated(here_lps_mm, self.turned)))

    def words(self, here_lps_mm: ArrayLike) -> str:
        """Return how far it moves a place, such as "12.0 mm towards the head, turned 3.0°"; "" where it does not."""
        names = (("right", "left"), ("front", "back"), ("feet", "head"))
        moved = np.subtract(self.of(here_lps_mm), here_lps_mm)
        said = [
            f"{abs(mm):.1f} mm towards the {names[axis][int(mm > 0)]}"
            for axis, mm in enumerate(moved)
            if abs(mm) >= _SEEN_MM
        ]
        if self.turned not in (None, NO_TURN):
            said.append(f"turned {math.degrees(angle_rad(self.turned)):.1f}°")
        return ", ".join(said)
