"""Drawing, pulling and picking measurements by mouse: from places on a tile to measurements in the patient."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import Qt

from viewer.domain.identifiers import new_uid
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.view_state import OverlayMode, as_point
from viewer.services.measuring import why_not_measured
from viewer.ui.canvas.drafts import CLICK_PX, LEAST_PX, Draft
from viewer.ui.canvas.measured_places import Grip, ImagePlace, grip_at, image_place
from viewer.ui.canvas.pulls import Pull, draws_anew
from viewer.ui.canvas.shown import DrawnMeasurement
from viewer.ui.canvas.tiles import CanvasStyle, Tile
from viewer.ui.canvas.words_on_images import place_of_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PySide6.QtCore import QPointF

    from viewer.domain.session import Session
    from viewer.ui.canvas.mouse import Mouse
    from viewer.ui.canvas.words_on_images import WordsField

WORDS_HIDDEN = "Words cannot be written while identity is hidden: they may name somebody."


class MeasuringHand:
    """Follows the left button over planes, and sets `session.measurement_in_hand`.

    `made` is called with what was drawn or changed, `refused` with the sentence that says why nothing is; `words` is
    where words are typed. Each point is set by releasing the button after a drag, or by clicks: a press that does not
    move sets the first one, and the line then follows the pointer to the next click.
    """

    def __init__(
        self,
        session: Session,
        mouse: Mouse,
        made: Callable[[Measurement], None],
        refused: Callable[[str], None],
        words: WordsField,
    ) -> None:
        self._session = session
        self._mouse = mouse
        self._made, self._refused, self._words = made, refused, words
        self._worded: Measurement | None = None
        words.given.connect(self._words_given)
        words.given_up.connect(self.cancel)
        session.masked_changed.connect(self._masked_changed)
        self._draft: Draft | None = None
        self._pull: Pull | None = None
        self._pressed: QPointF | None = None
        self._pressed_on: QPointF | None = None
        self._picked: str | None = None
        self._over: tuple[str, int] | None = None

    @property
    def kind(self) -> MeasurementKind | None:
        """What the tool in use draws; None for a tool of looking."""
        tool = self._mouse.tool
        return MeasurementKind(tool.value) if tool.measures else None

    @property
    def picked(self) -> bool:
        """True where the last press of the left button was on a measurement."""
        return self._picked is not None

    @property
    def drawing(self) -> bool:
        """True while something is begun and not whole."""
        return self._draft is not None or self._worded is not None

    @property
    def drawn_on(self) -> Tile | None:
        """The tile on which something is begun and not whole; None where nothing is."""
        return self._draft.tile if self._draft is not None else None

    @property
    def holding(self) -> bool:
        """True while the button is held on a measurement or on what is being drawn."""
        return self._pressed is not None

    def drawn(self) -> tuple[DrawnMeasurement, ...]:
        """Return what is drawn: what is kept, as it is being pulled, and what is being drawn, on top."""
        view, in_hand = self._session.view, self._session.measurement_in_hand
        shown = []
        if view is not None and (view.overlay is not OverlayMode.OFF or self.kind is not None):
            for kept in self._shown():
                now = self._pull.now if self._pull is not None and self._pull.now.id == kept.id else kept
                held = kept.id == in_hand and not self._staged
                shown.append(DrawnMeasurement(self._unworded(now), held, hovered=self._hovered(kept)))
        # The words themselves stand in the field in which they are typed.
        draft = self._draft_measurement() or (evolve(self._worded, text="") if self._worded is not None else None)
        if draft is None or draft.kind is MeasurementKind.TEXT:
            return tuple(shown)
        return (*shown, DrawnMeasurement(draft, True, unfinished=self._draft is not None))

    def _shown(self) -> tuple[Measurement, ...]:
        """Return what may be seen of the measurements: a note may name somebody, and goes where identity does."""
        # While an audience is asked where something is, a line drawn across it would tell.
        unseen = self._session.veiled or (self._staged and not self._session.measured_on_stage)
        kept = () if unseen else self._session.measurements
        worded = self._worded.id if self._worded is not None else None
        hidden = self._session.masked
        return tuple(m for m in kept if m.id != worded and not (hidden and m.kind is MeasurementKind.TEXT))

    def _hovered(self, measurement: Measurement) -> int | None:
        """Return which handle of a measurement is pulled, or would be by a press."""
        if self._pull is not None:
            grip = self._pull.grip
            return grip.handle if grip.measurement.id == measurement.id and not self._pull.stroke else None
        if self.kind is None and measurement.id != self._session.measurement_in_hand:
            return None
        return self._over[1] if self._over is not None and self._over[0] == measurement.id else None

    def _unworded(self, measurement: Measurement) -> Measurement:
        return evolve(measurement, text="") if self._session.masked and measurement.text else measurement

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
            start = image.lps(tile.local(place))
            stroke = (start,) if draws_anew(self.kind, grip, image) else ()
            self._pull = Pull(grip, tile, start, grip.measurement, stroke)
            return True
        if self.kind is None or image is None:
            return False
        if self.kind is MeasurementKind.TEXT and self._session.masked:
            self._refused(WORDS_HIDDEN)
            return True
        self._session.measurement_in_hand = None
        self._pressed = place
        start = image.lps(tile.local(place))
        self._draft = Draft(self.kind, tile, (start,), start)
        return True

    def move(self, place: QPointF, *, even: bool = False) -> bool:
        """Follow the pointer; return True where that changes the picture. `even` keeps a region as wide as high."""
        if self._pull is not None and self._pressed is not None:
            if (place - self._pressed).manhattanLength() < CLICK_PX and self._pull.now == self._pull.grip.measurement:
                return False
            image = self._image(self._pull.tile)
            self._pull = self._pull if image is None else self._pull.followed(image, place)
            return True
        if self._draft is not None:
            if not self._still_there():
                self.cancel()
            else:
                self._follow(place, even=even)
                self._drag_outline(place)
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
        """Give up what is being drawn, written or pulled; return False where there is nothing."""
        busy = self._draft is not None or self._pull is not None or self._worded is not None
        self._worded = None
        self._words.dismiss()
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
        if self._only_picks(grip):
            return Qt.CursorShape.PointingHandCursor
        image = self._image(tile)
        if image is not None and draws_anew(self.kind, grip, image):
            return Qt.CursorShape.CrossCursor
        return Qt.CursorShape.PointingHandCursor if grip.handle is not None else Qt.CursorShape.SizeAllCursor

    def point_at(self, tile: Tile | None, place: QPointF) -> bool:
        """Take in where the pointer is; return whether another handle than before is now under it."""
        over, before = None, self._over
        if tile is not None and tile.view.plane is not None and not self._staged and self._draft is None:
            grip, image = self.grip(tile, place), self._image(tile)
            if grip is not None and grip.handle is not None and image is not None and not self._only_picks(grip):
                over = None if draws_anew(self.kind, grip, image) else (grip.measurement.id, grip.handle)
        self._over = over
        return over != before

    def _only_picks(self, grip: Grip) -> bool:
        """Return whether a press takes a measurement in hand and no more."""
        return self.kind is None and grip.measurement.id != self._session.measurement_in_hand

    def grip(self, tile: Tile, place: QPointF) -> Grip | None:
        """Return what of the measurements is under a place."""
        view, image = self._session.view, self._image(tile)
        hidden = view is None or (view.overlay is OverlayMode.OFF and self.kind is None)
        if image is None or hidden or not self._session.measurements:
            return None
        return grip_at(tile.local(place), self._shown(), image, words=not self._session.masked)

    def write(self, tile: Tile | None, place: QPointF) -> bool:
        """Let the words under a place be changed; return False where there are none."""
        grip = self.grip(tile, place) if tile is not None and not self._staged else None
        if grip is None or not grip.measurement.kind.bears_words or tile is None or self._draft is not None:
            return False
        return self._ask_for_words(grip.measurement, tile)

    def write_in_hand(self, tiles: Iterable[Tile]) -> bool:
        """Let the words of the measurement in hand be changed, on the tile that shows it; False where none does."""
        measurement = self._session.measured_in_hand
        if measurement is None or not measurement.kind.bears_words or self._staged:
            return False
        for tile in tiles:
            image = self._image(tile) if tile.view.plane is not None else None
            if image is not None and image.holds(measurement):
                return self._ask_for_words(measurement, tile)
        return False

    def _ask_for_words(self, measurement: Measurement, tile: Tile) -> bool:
        image = self._image(tile)
        if self._session.masked or image is None:
            self._refused(WORDS_HIDDEN)
            return True
        self._pull, self._pressed = None, None
        self._worded = measurement
        place = place_of_words(measurement, image.geometry)
        self._words.ask(measurement, place.translated(tile.area.topLeft()))
        return True

    def _masked_changed(self, masked: bool, _before: bool) -> None:
        if masked and self._worded is not None:
            self.cancel()

    def _words_given(self, text: str) -> None:
        measurement, self._worded = self._worded, None
        if measurement is not None and (text or measurement.kind is MeasurementKind.ARROW):
            self._made(evolve(measurement, text=text))

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
        if even and draft.kind.is_box:
            x, y = image.geometry.screen_from_lps(draft.fixed[0])
            side = max(abs(local[0] - x), abs(local[1] - y))
            local = (x + math.copysign(side, local[0] - x), y + math.copysign(side, local[1] - y))
        self._draft = evolve(draft, floating=image.lps(local))

    def _drag_outline(self, place: QPointF) -> None:
        draft, pressed = self._draft, self._pressed
        image = self._image(draft.tile) if draft is not None else None
        if draft is None or image is None or pressed is None or draft.kind is not MeasurementKind.FREEHAND:
            return
        if draft.stroke is not None or (place - pressed).manhattanLength() >= CLICK_PX:
            self._draft = draft.dragged(image)

    def _set_point(self, draft: Draft) -> None:
        image = self._image(draft.tile)
        if image is None:
            self.cancel()
            return
        if draft.kind is MeasurementKind.FREEHAND:
            self._draft, whole = draft.let_go(image)
            draft = self._draft
        elif draft.kind is MeasurementKind.TEXT:
            whole = True
        else:
            x, y = image.geometry.screen_from_lps(draft.fixed[-1])
            to_x, to_y = image.geometry.screen_from_lps(draft.floating)
            if math.hypot(to_x - x, to_y - y) < LEAST_PX:
                return
            fixed = (*draft.fixed, draft.floating)
            whole = len(fixed) >= draft.drawn_needed
            if not whole:
                self._draft = evolve(draft, fixed=fixed)
        if not whole:
            return
        made = None if draft.kind.is_region and draft.too_small(image) else self._draft_measurement(new_uid())
        self._draft = None
        if made is None:
            return
        if made.kind.bears_words and not self._session.masked:
            self._ask_for_words(made, draft.tile)
        else:
            self._made(made)

    def _draft_measurement(self, ident: str = "") -> Measurement | None:
        draft, volume = self._draft, self._session.volume
        image = self._image(draft.tile) if draft is not None else None
        if draft is None or image is None or volume is None:
            return None
        points, axes = draft.points(image), image.geometry.axes
        if draft.kind is MeasurementKind.FREEHAND:
            # To a tenth of a micrometre: an outline has many points, and each is kept on disk.
            points = tuple((round(x, 4), round(y, 4), round(z, 4)) for x, y, z in points)
        return Measurement(
            ident, draft.kind, points, image.geometry.plane, as_point(axes.right), as_point(axes.down), volume.part
        )
