"""Measuring a width in the straightened picture: by a drag straight across the path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen
from PySide6.QtCore import QPointF

from viewer.domain.identifiers import new_uid
from viewer.scene.curved_lengths import length_across
from viewer.services.measuring import why_not_measured
from viewer.ui.canvas.drafts import LEAST_PX
from viewer.ui.canvas.shown import DrawnMeasurement
from viewer.ui.canvas.tiles import Tile

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.measurement import Measurement
    from viewer.domain.session import Session
    from viewer.ui.canvas.curved_hand import CurvedHand

NOT_ALONG = (
    "In the curved picture drag straight across the path: the ruler tells lengths along it, and no other is true."
)


@frozen(eq=False)
class _Width:
    """Where it is measured along the path, and how far above that it begins and ends, in mm."""

    tile: Tile
    pressed: QPointF
    place_mm: float
    above_mm: tuple[float, float]


class Caliper:
    """Follows the left button over the straightened picture.

    `made` is called with what was measured, `refused` with the sentence that says why nothing is.
    """

    def __init__(
        self,
        session: Session,
        curved: CurvedHand,
        made: Callable[[Measurement], None],
        refused: Callable[[str], None],
    ) -> None:
        self._session, self._curved, self._made, self._refused = session, curved, made, refused
        self._width: _Width | None = None

    @property
    def holding(self) -> bool:
        """True while the button is held."""
        return self._width is not None

    def press(self, tile: Tile, place: QPointF) -> None:
        """Begin where the button went down on the straightened picture."""
        geometry, why_not = self._curved.geometry(tile), why_not_measured(self._session.volume)
        if why_not or geometry is None:
            self._refused(why_not)
            return
        x, y = self._local(tile, place)
        above = geometry.above_mm(y)
        self._session.measurement_in_hand = None
        self._width = _Width(tile, place, geometry.place_mm(x), (above, above))

    def move(self, place: QPointF) -> bool:
        """Follow the pointer, up and down alone; return True where that changes the picture."""
        width = self._width
        if width is None:
            return False
        geometry = self._curved.geometry(width.tile)
        if geometry is None:
            self.cancel()
            return True
        above = geometry.above_mm(self._local(width.tile, place)[1])
        self._width = evolve(width, above_mm=(width.above_mm[0], above))
        return True

    def release(self, place: QPointF) -> None:
        """Keep what was measured; say what is not measured here where the drag went along the path."""
        width = self._width
        if width is None:
            return
        self.move(place)
        made = self._measured(new_uid())
        self._width = None
        moved = place - width.pressed
        if abs(moved.x()) > abs(moved.y()) and abs(moved.x()) >= LEAST_PX:
            self._refused(NOT_ALONG)
        elif made is not None and abs(moved.y()) >= LEAST_PX:
            self._made(made)

    def cancel(self) -> bool:
        """Give up what is being measured; return False where there is nothing."""
        busy, self._width = self._width is not None, None
        return busy

    def drawn(self) -> tuple[DrawnMeasurement, ...]:
        """Return what is being measured."""
        made = self._measured()
        return () if made is None else (DrawnMeasurement(made, True, unfinished=True),)

    def _measured(self, ident: str = "") -> Measurement | None:
        width, volume = self._width, self._session.volume
        geometry = None if width is None else self._curved.geometry(width.tile)
        if width is None or geometry is None or volume is None or width.above_mm[0] == width.above_mm[1]:
            return None
        return length_across(geometry, width.place_mm, width.above_mm, ident, volume.part)

    @staticmethod
    def _local(tile: Tile, place: QPointF) -> tuple[float, float]:
        moved = place - tile.free.topLeft()
        return (moved.x(), moved.y())
