"""What lies beyond the curtain: the second volume, right of a line that can be dragged across every plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen
from PySide6.QtCore import QPointF, QRectF

from viewer.domain.view_state import Comparison
from viewer.ui.canvas.mouse import USUAL, Mouse
from viewer.ui.canvas.paint_plane import PlanePainter
from viewer.ui.canvas.shown import DrawnMeasurement, Shown, shown_in
from viewer.ui.canvas.side_names import Names, all_side_names
from viewer.ui.canvas.tiles import CanvasStyle

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.session import Session
    from viewer.services.conventions import MouseConventions
    from viewer.ui.canvas.fine_pictures import FinePictures
    from viewer.ui.canvas.mouse import Align
    from viewer.ui.canvas.tiles import Tile

GRIP_PX = 7.0
HANDLE_PX = 14.0
LEAST_UP_PX = 84.0
# A curtain cannot be drawn so far that it would not be found again.
LEAST_SHARE = 0.02


def curtain_px(tile: Tile, share: float) -> float:
    """Return where the curtain hangs on a tile, counted from the canvas' left edge, on a whole pixel."""
    return float(round(tile.free.left() + share * tile.free.width()))


def handle_place(tile: Tile, share: float) -> QPointF:
    """Return the middle of the knob by which the curtain is drawn: low, away from what is looked at."""
    up = max(0.16 * tile.free.height(), min(LEAST_UP_PX, 0.3 * tile.free.height()))
    return QPointF(curtain_px(tile, share), round(tile.free.bottom() - up))


@frozen(eq=False)
class Behind:
    """What is painted right of the curtain, with what, and what the volumes left and right of it are called.

    Where there is no room for a name, shorter ones follow.
    """

    shown: Shown
    planes: PlanePainter
    names: tuple[Names, Names]


class Beyond:
    """The second volume on a canvas that shows the first; nothing of it is there unless the curtain is.

    `mouse` moves the view of the second volume, where the pointer is on it.
    """

    def __init__(
        self,
        session: Session,
        other: Session,
        style: CanvasStyle,
        begun: Callable[[], None],
        align: Align,
        fine: FinePictures | None = None,
        conventions: MouseConventions = USUAL,
    ) -> None:
        self._session, self._other, self._begun = session, other, begun
        self.mouse = Mouse(other, style, begun, align, conventions)
        self.planes = PlanePainter(fine)
        self._drawn_on: Tile | None = None

    @property
    def session(self) -> Session:
        """The second volume's session."""
        return self._other

    @property
    def there(self) -> bool:
        """True while there is a curtain."""
        view, other = self._session.view, self._other
        curtain = view is not None and view.comparison is Comparison.CURTAIN
        if view is not None and view.comparison is Comparison.BESIDE and self.mouse.style is CanvasStyle.STAGE:
            # There is one picture on stage, as large as can be.
            curtain = True
        return curtain and other.volume is not None and other.view is not None

    @property
    def behind(self) -> Behind | None:
        """What is painted right of the curtain."""
        shown = shown_in(self._other) if self.there else None
        if shown is None:
            return None
        measured = tuple(DrawnMeasurement(m, False) for m in self._other.measurements)
        return Behind(evolve(shown, measured=measured), self.planes, all_side_names(self._session, self._other))

    def covers(self, tile: Tile | None, place: QPointF) -> bool:
        """Return whether a place shows the second volume."""
        view = self._session.view
        if tile is None or tile.view.plane is None or view is None or not self.there:
            return False
        return place.x() >= curtain_px(tile, view.curtain)

    def grips(self, tile: Tile | None, place: QPointF) -> bool:
        """Return whether the curtain is under the pointer."""
        view = self._session.view
        if tile is None or tile.view.plane is None or view is None or not self.there:
            return False
        knob = (place - handle_place(tile, view.curtain)).manhattanLength() <= HANDLE_PX
        return knob or abs(place.x() - curtain_px(tile, view.curtain)) <= GRIP_PX

    @property
    def drawing(self) -> bool:
        """True while the curtain is being drawn."""
        return self._drawn_on is not None

    def press(self, tile: Tile, place: QPointF) -> bool:
        """Take hold of the curtain; False where it is not under the pointer."""
        if not self.grips(tile, place):
            return False
        self._begun()
        self._drawn_on = tile
        return True

    def move(self, place: QPointF) -> None:
        """Draw the curtain to the pointer."""
        tile, view = self._drawn_on, self._session.view
        if tile is None or view is None:
            return
        share = (place.x() - tile.free.left()) / tile.free.width()
        self._session.view = evolve(view, curtain=min(max(share, LEAST_SHARE), 1 - LEAST_SHARE))

    def release(self) -> None:
        """Let go of the curtain."""
        self._drawn_on = None


def right_part(tile: Tile, share: float) -> QRectF:
    """Return the part of a tile that lies right of the curtain."""
    left = curtain_px(tile, share)
    return QRectF(left, tile.area.top(), max(tile.area.right() - left, 0.0), tile.area.height())
