"""Drawing, pulling and picking measurements by mouse: from places on a tile to measurements in the patient."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen
from PySide6.QtCore import Qt

from viewer.domain.identifiers import new_uid
from viewer.domain.measurement import Measurement, MeasurementKind, with_second_axis
from viewer.domain.view_state import OverlayMode, Point, as_point
from viewer.services.measuring import why_not_measured
from viewer.ui.canvas.measured_places import Grip, ImagePlace, grip_at, image_place
from viewer.ui.canvas.shown import DrawnMeasurement
from viewer.ui.canvas.tiles import CanvasStyle, Tile

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QPointF

    from viewer.domain.session import Session
    from viewer.ui.canvas.mouse import Mouse

CLICK_PX = 4.0
# Shorter or smaller than this on the screen, nothing was meant.
LEAST_PX = 3.0


@frozen(eq=False)
class _Draft:
    """What is being drawn: places that are fixed, and the one that follows the pointer."""

    kind: MeasurementKind
    tile: Tile
    fixed: tuple[Point, ...]
    floating: Point

    @property
    def begins_a_line(self) -> bool:
        """True where the next point is the first one of a second line, and not joined to the last."""
        return self.kind is MeasurementKind.COBB and len(self.fixed) == 2

    @property
    def drawn_needed(self) -> int:
        """How many points are drawn: the second of two axes is put in its place."""
        return 2 if self.kind is MeasurementKind.TWO_AXES else self.kind.points_needed


@frozen(eq=False)
class _Pull:
    """A measurement that is being pulled: by which grip, from where, and what it has become."""

    grip: Grip
    tile: Tile
    start: Point
    now: Measurement


class MeasuringHand:
    """Follows the left button over planes, and sets `session.measurement_in_hand`.

    `made` is called with what was drawn or changed, `refused` with the sentence that says why nothing is.
    Each point is set by releasing the button after a drag, or by clicks: a press that does not move sets the first
    one, and the line then follows the pointer to the next click.
    """

    def __init__(
        self,
        session: Session,
        mouse: Mouse,
        made: Callable[[Measurement], None],
        refused: Callable[[str], None],
    ) -> None:
        self._session = session
        self._mouse = mouse
        self._made, self._refused = made, refused
        self._draft: _Draft | None = None
        self._pull: _Pull | None = None
        self._pressed: QPointF | None = None
        self._pressed_on: QPointF | None = None
        self._picked: str | None = None

    @property
    def kind(self) -> MeasurementKind | None:
        """What the tool in use draws; None for a tool of looking."""
        tool = self._mouse.tool
        return MeasurementKind(tool.value) if tool.measures else None

    @property
    def drawing(self) -> bool:
        """True while something is begun and not whole."""
        return self._draft is not None

    @property
    def holding(self) -> bool:
        """True while the button is held on a measurement or on what is being drawn."""
        return self._pressed is not None

    def drawn(self) -> tuple[DrawnMeasurement, ...]:
        """Return what is drawn: what is kept, as it is being pulled, and what is being drawn, on top."""
        view, in_hand = self._session.view, self._session.measurement_in_hand
        shown = []
        if view is not None and (view.overlay is not OverlayMode.OFF or self.kind is not None):
            for kept in self._session.measurements:
                now = self._pull.now if self._pull is not None and self._pull.now.id == kept.id else kept
                shown.append(DrawnMeasurement(now, kept.id == in_hand and not self._staged))
        draft = self._draft_measurement()
        return (*shown, DrawnMeasurement(draft, True)) if draft is not None else tuple(shown)

    def press(self, tile: Tile, place: QPointF, *, even: bool = False) -> bool:
        """Take a press of the left button; return False where it is meant for something else. `even`: see `move`."""
        self._picked, self._pressed_on = None, None
        if self._staged or tile.view.plane is None:
            return False
        if self._draft is not None:
            if tile.view is not self._draft.tile.view or not self._still_there():
                self.cancel()
                return True
            self._pressed = place
            self._follow(place, even=even)
            if self._draft.begins_a_line:
                self._draft = evolve(self._draft, fixed=(*self._draft.fixed, self._draft.floating))
            return True
        grip = self.grip(tile, place)
        in_hand = self._session.measurement_in_hand
        self._pressed_on = place
        self._picked = grip.measurement.id if grip is not None else None
        image = self._image(tile)
        # A drag that begins on a measurement by chance is to move the window, not the measurement.
        wanted = self.kind is not None or (grip is not None and grip.measurement.id == in_hand)
        why_not = why_not_measured(self._session.volume) if wanted else ""
        if why_not:
            self._refused(why_not)
            return True
        if wanted and grip is not None and image is not None:
            self._session.measurement_in_hand = grip.measurement.id
            self._pressed = place
            self._pull = _Pull(grip, tile, image.lps(tile.local(place)), grip.measurement)
            return True
        if self.kind is None or image is None:
            return False
        self._session.measurement_in_hand = None
        self._pressed = place
        start = image.lps(tile.local(place))
        self._draft = _Draft(self.kind, tile, (start,), start)
        return True

    def move(self, place: QPointF, *, even: bool = False) -> bool:
        """Follow the pointer; return True where that changes the picture. `even` keeps a region as wide as high."""
        if self._pull is not None and self._pressed is not None:
            if (place - self._pressed).manhattanLength() < CLICK_PX and self._pull.now == self._pull.grip.measurement:
                return False
            self._pull = self._pulled(self._pull, place)
            return True
        if self._draft is not None:
            if not self._still_there():
                self.cancel()
            else:
                self._follow(place, even=even)
            return True
        return False

    def release(self, place: QPointF) -> None:
        """Set a point, end a pull, or pick what was clicked."""
        pressed, self._pressed = self._pressed, None
        if self._pull is not None:
            pull, self._pull = self._pull, None
            if pull.now != pull.grip.measurement:
                self._made(pull.now)
            return
        draft = self._draft
        if draft is not None and pressed is not None:
            self._set_point(draft)
            return
        on, self._pressed_on = self._pressed_on, None
        if on is not None and (place - on).manhattanLength() < CLICK_PX:
            self._session.measurement_in_hand = self._picked

    def pick(self, tile: Tile | None, place: QPointF) -> None:
        """Take what is under a place in hand, where something is."""
        grip = self.grip(tile, place) if tile is not None and not self._staged else None
        if grip is not None:
            self._session.measurement_in_hand = grip.measurement.id

    def cancel(self) -> bool:
        """Give up what is being drawn or pulled; return False where there is nothing."""
        busy = self._draft is not None or self._pull is not None
        self._draft, self._pull, self._pressed = None, None, None
        return busy

    def shape(self, tile: Tile | None, place: QPointF) -> Qt.CursorShape | None:
        """Return the pointer's shape where measuring has a say in it."""
        if tile is None or tile.view.plane is None or self._staged:
            return None
        if self._draft is not None:
            return Qt.CursorShape.CrossCursor
        grip = self.grip(tile, place)
        if grip is None:
            return None if self.kind is None else Qt.CursorShape.CrossCursor
        if self.kind is None and grip.measurement.id != self._session.measurement_in_hand:
            return Qt.CursorShape.PointingHandCursor
        return Qt.CursorShape.PointingHandCursor if grip.handle is not None else Qt.CursorShape.SizeAllCursor

    def grip(self, tile: Tile, place: QPointF) -> Grip | None:
        """Return what of the measurements is under a place."""
        view, image = self._session.view, self._image(tile)
        hidden = view is None or (view.overlay is OverlayMode.OFF and self.kind is None)
        if image is None or hidden or not self._session.measurements:
            return None
        return grip_at(tile.local(place), self._session.measurements, image)

    @property
    def _staged(self) -> bool:
        return self._mouse.style is CanvasStyle.STAGE

    def _image(self, tile: Tile) -> ImagePlace | None:
        geometry, volume, view = self._mouse.geometry_at(tile), self._session.volume, self._session.view
        if geometry is None or volume is None or view is None:
            return None
        return image_place(volume, geometry, view.slab_mm)

    def _still_there(self) -> bool:
        """Return whether the image is still shown on which drawing was begun."""
        draft = self._draft
        image = self._image(draft.tile) if draft is not None else None
        return draft is not None and image is not None and abs(image.depths_mm([draft.fixed[0]])[0]) <= image.reach_mm

    def _follow(self, place: QPointF, *, even: bool = False) -> None:
        draft = self._draft
        image = self._image(draft.tile) if draft is not None else None
        if draft is None or image is None:
            return
        local = draft.tile.local(place)
        if even and draft.kind.is_region:
            x, y = image.geometry.screen_from_lps(draft.fixed[0])
            side = max(abs(local[0] - x), abs(local[1] - y))
            local = (x + math.copysign(side, local[0] - x), y + math.copysign(side, local[1] - y))
        self._draft = evolve(draft, floating=image.lps(local))

    def _pulled(self, pull: _Pull, place: QPointF) -> _Pull:
        image = self._image(pull.tile)
        if image is None:
            return pull
        to, before = image.geometry.lps_from_screen(*pull.tile.local(place)), pull.grip.measurement
        by = tuple(a - b for a, b in zip(image.onto(to), pull.start, strict=True))
        if pull.grip.handle is None:
            return evolve(pull, now=before.moved(by))
        held = before.handles_lps_mm()[pull.grip.handle]
        # By as much as the pointer moved: grasped a little beside its middle, a handle does not jump.
        return evolve(pull, now=before.pulled(pull.grip.handle, as_point(held + by)))

    def _set_point(self, draft: _Draft) -> None:
        image = self._image(draft.tile)
        if image is None:
            self.cancel()
            return
        x, y = image.geometry.screen_from_lps(draft.fixed[-1])
        to_x, to_y = image.geometry.screen_from_lps(draft.floating)
        if math.hypot(to_x - x, to_y - y) < LEAST_PX:
            return
        fixed = (*draft.fixed, draft.floating)
        if len(fixed) < draft.drawn_needed:
            self._draft = evolve(draft, fixed=fixed)
            return
        flat = draft.kind.is_region and min(abs(to_x - x), abs(to_y - y)) < LEAST_PX
        made = None if flat else self._draft_measurement(new_uid())
        self._draft = None
        if made is not None:
            self._made(made)

    def _draft_measurement(self, ident: str = "") -> Measurement | None:
        draft, volume = self._draft, self._session.volume
        image = self._image(draft.tile) if draft is not None else None
        if draft is None or image is None or volume is None:
            return None
        points = draft.fixed if draft.begins_a_line else (*draft.fixed, draft.floating)
        kind, axes = draft.kind, image.geometry.axes
        if kind is MeasurementKind.TWO_AXES:
            points = with_second_axis((points[0], points[1]), np.cross(axes.right, axes.down))
        # What is not drawn yet lies where the last point does.
        points = (*points, *(points[-1:] * (kind.points_needed - len(points))))
        return Measurement(
            ident, kind, points, image.geometry.plane, as_point(axes.right), as_point(axes.down), volume.part
        )
