"""Bringing views up to date, one after the other, while slices of a volume come in."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from viewer.scene.arrival import along_slices
from viewer.ui.ringing import rings_once

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtWidgets import QWidget

    from viewer.domain.geometry import PlaneName
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.ui.canvas.paint_plane import PlanePainter
    from viewer.ui.canvas.tiles import Tile

GROW_EVERY_MS = 50
# From a quick disk the rest is in by then, and comes sooner where nothing is painted meanwhile.
GROW_FIRST_MS = 250


class ComingIn(QObject):
    """Lets one view after the other show the slices that came in; not with every slice, but now and then.

    Parameters
    ----------
    canvas
        Whose tiles are painted again.
    placed
        Gives the tiles.
    """

    def __init__(
        self,
        canvas: QWidget,
        session: Session,
        painters: Sequence[PlanePainter],
        placed: Callable[[], tuple[Tile, ...]],
    ) -> None:
        super().__init__(canvas)
        self._canvas, self._session, self._painters, self._placed = canvas, session, painters, placed
        self._growing: Callable[[], Volume | None] = lambda: None
        self._timer = rings_once(self, self._next_turn)

    def soon(self, *_: object) -> None:
        """Bring a view up to date before long."""
        if not self._timer.isActive():
            volume = self._session.volume
            self._timer.start(GROW_EVERY_MS if volume is self._growing() else GROW_FIRST_MS)
            self._growing = weakref.ref(volume) if volume is not None else lambda: None

    def painted(self) -> None:
        """Go on where a view that was just painted shows fewer slices than there are."""
        shown = self._planes_of(self._placed())
        if any(painter.waiting(shown) for painter in self._painters):
            self.soon()

    @staticmethod
    def _planes_of(tiles: Sequence[Tile]) -> list[PlaneName]:
        return [tile.view.plane for tile in tiles if tile.view.plane is not None]

    def stop(self) -> None:
        """Bring nothing up to date any more."""
        self._timer.stop()

    def _next_turn(self) -> None:
        """Bring one more view up to date, and those that wait for their one image."""
        tiles = self._placed()
        shown = self._planes_of(tiles)
        turns = {painter.take_turn(shown) for painter in self._painters}
        volume, view = self._session.volume, self._session.view
        for tile in tiles:
            plane = tile.view.plane
            own = plane is None or (volume is not None and view is not None and along_slices(volume, view, plane))
            if own or plane in turns:
                self._canvas.update(tile.area.toAlignedRect())
