"""Measurements on the open series: whether it can be measured, and going to where one was drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.domain.geometry import PLANE_AXES, PlaneName, Verdict
from viewer.domain.plane_turn import about, followed_by, rotated
from viewer.domain.view_state import OverlayMode
from viewer.scene.acquired import acquired_slices, image_step_mm, shown_axes, viewport_geometry
from viewer.services.navigation import Motion

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from viewer.domain.geometry import PlaneAxes
    from viewer.domain.measurement import Measurement
    from viewer.domain.plane_turn import Turn
    from viewer.domain.session import Session
    from viewer.domain.view_state import Point, ViewState
    from viewer.domain.volume import Volume
    from viewer.services.navigation import Navigation
    from viewer.services.reviewing import Reviewing

# Farther from the middle than this share of a viewport's height, a place may be hidden at its rim.
SEEN_SHARE = 0.47
_LEAST_RAD = math.radians(0.01)


def why_not_measured(volume: Volume | None) -> str:
    """Return the sentence that says why nothing is measured in a volume; "" where it can be."""
    if volume is None:
        return "Nothing is open."
    if volume.verdict is Verdict.UNTRUSTED:
        return "Nothing is measured here: the geometry of this series is not trusted."
    if volume.preview:
        return "Measuring begins when all images are in."
    return ""


class Measuring:
    """Keeps measurements, takes them in hand, and goes to them. They share their history with decisions."""

    def __init__(self, session: Session, navigation: Navigation, reviewing: Reviewing) -> None:
        self._session = session
        self._navigation = navigation
        self._reviewing = reviewing
        session.measurements_changed.connect(self._changed)
        session.view_changed.connect(self._looked)
        reviewing.measurement_stepped.connect(self._stepped)

    @property
    def why_not(self) -> str:
        """The sentence that says why nothing can be measured now, or ""."""
        return why_not_measured(self._session.volume)

    @property
    def in_hand(self) -> Measurement | None:
        """The measurement that is selected."""
        return self._session.measured_in_hand

    def keep(self, measurement: Measurement) -> None:
        """Keep a measurement, new or changed, and take it in hand; nothing where that changes nothing."""
        if self.why_not or measurement in self._session.measurements:
            return
        self._reviewing.keep_measurement(measurement)
        self._session.measurement_in_hand = measurement.id
        self._uncover()

    def remove(self, measurement_id: str) -> None:
        """Take a measurement out; it comes back with undo."""
        if any(m.id == measurement_id for m in self._session.measurements):
            self._reviewing.remove_measurement(measurement_id)

    def show(self, measurement_id: str) -> None:
        """Take a measurement in hand and fly to the image that it was drawn on."""
        measurement = next((m for m in self._session.measurements if m.id == measurement_id), None)
        if measurement is not None:
            self._uncover()
            self._go(measurement)
            self._session.measurement_in_hand = measurement_id

    def _uncover(self) -> None:
        """Switch the overlay on where it hides measurements: what was just drawn or asked for is to be seen."""
        view = self._session.view
        if view is not None and view.overlay is OverlayMode.OFF:
            self._session.view = evolve(view, overlay=OverlayMode.OUTLINE)

    def _go(self, measurement: Measurement) -> None:
        volume, view = self._session.volume, self._navigation.goal or self._session.view
        if volume is not None and view is not None:
            self._navigation.go(view_of_measurement(view, measurement, volume), Motion.FINDING)

    def _stepped(self, measurement: Measurement) -> None:
        # Nothing changes out of sight, and nothing moves where it is in sight.
        volume, view = self._session.volume, self._session.view
        if volume is not None and view is not None and not _in_sight(view, measurement, volume):
            self._go(measurement)
        if measurement in self._session.measurements:
            self._session.measurement_in_hand = measurement.id

    def _changed(self, new: tuple[Measurement, ...], _old: tuple[Measurement, ...]) -> None:
        if all(m.id != self._session.measurement_in_hand for m in new):
            self._session.measurement_in_hand = None

    def _looked(self, new: ViewState | None, old: ViewState | None) -> None:
        # One thing at a time is in hand: what Delete takes away has to be plain.
        if new is not None and old is not None and new.selected_finding != old.selected_finding:
            self._session.measurement_in_hand = None


def view_of_measurement(view: ViewState, measurement: Measurement, volume: Volume) -> ViewState:
    """Return a view with the planes meeting in a measurement, on the image that it was drawn on.

    The window, the zoom and the layout stay, and so does the picture of a plane that shows the place already.
    """
    view = _on_its_plane(view, measurement, volume)
    centre = measurement.centre_lps_mm
    moved = evolve(view, cursor_lps_mm=centre)
    for name in PlaneName:
        if not _within(moved, name, centre, volume):
            moved = moved.with_plane(name, evolve(moved.plane(name), centre_lps_mm=centre))
    return moved


def _on_its_plane(view: ViewState, measurement: Measurement, volume: Volume) -> ViewState:
    """Return a view whose plane is turned as it was when the measurement was drawn."""
    plane, facing = measurement.plane, acquired_slices(volume)
    turn = turn_onto(PLANE_AXES[plane], measurement.right, measurement.down)
    on_slice = _meets_slice(measurement, volume)
    if turn is not None and on_slice:
        return evolve(view.straightened(), acquired=True)
    stays = turn is None and (on_slice or facing is None or facing.plane is not plane)
    turned = view.with_plane(plane, evolve(view.plane(plane), turned=turn))
    return evolve(turned, acquired=view.acquired and stays)


def turned_by(measurement: Measurement, volume: Volume) -> Turn | None:
    """Return how the plane of a measurement was turned; None where it was straight, or an original slice."""
    turn = turn_onto(PLANE_AXES[measurement.plane], measurement.right, measurement.down)
    return None if turn is None or _meets_slice(measurement, volume) else turn


def turn_onto(axes: PlaneAxes, right: ArrayLike, down: ArrayLike) -> Turn | None:
    """Return the rotation that brings a plane's screen directions onto others; None where it turns nothing."""
    goal, turn = np.asarray(right, dtype=np.float64), None
    across = np.cross(axes.right, goal)
    angle = math.atan2(float(np.linalg.norm(across)), float(axes.right @ goal))
    if angle > _LEAST_RAD:
        turn = about(across if angle < math.pi - _LEAST_RAD else axes.down, angle)
    on_its_way = rotated(axes.down, turn)
    rest = math.atan2(float(np.cross(on_its_way, np.asarray(down)) @ goal), float(on_its_way @ np.asarray(down)))
    return followed_by(turn, about(goal, rest)) if abs(rest) > _LEAST_RAD else turn


def _within(view: ViewState, plane: PlaneName, lps_mm: Point, volume: Volume) -> bool:
    """Return whether a place lies on a plane's viewport; how wide it is is not known, mostly wider than high."""
    shown, axes = view.plane(plane), shown_axes(volume, view, plane)
    away = np.subtract(lps_mm, shown.centre_lps_mm)
    return max(abs(float(away @ axes.right)), abs(float(away @ axes.down))) < SEEN_SHARE * shown.height_mm


def _in_sight(view: ViewState, measurement: Measurement, volume: Volume) -> bool:
    """Return whether a view shows the image of a measurement, and its middle."""
    geometry = viewport_geometry(volume, view, measurement.plane, 100, 100)
    depth = abs(geometry.distance_mm(measurement.centre_lps_mm))
    square = float(abs(measurement.normal @ geometry.axes.into)) > 1 - 1e-9
    near = depth < 0.5 * image_step_mm(volume, geometry)
    return square and near and _within(view, measurement.plane, measurement.centre_lps_mm, volume)


def _meets_slice(measurement: Measurement, volume: Volume) -> bool:
    stack = volume.stack
    if acquired_slices(volume) is None or float(abs(measurement.normal @ stack.normal)) < 1 - 1e-9:
        return False
    height = float(np.asarray(measurement.centre_lps_mm) @ stack.normal)
    return abs(height - float(stack.heights_mm[stack.nearest_slice(measurement.centre_lps_mm)])) < 1e-3
