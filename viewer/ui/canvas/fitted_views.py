"""Keeps what is fitted to its viewport fitted, whatever shape the viewport takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from viewer.services.views import USUAL_ASPECT, fitted_camera_mm, fitted_height_mm, refitted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from viewer.domain.view_state import ViewName, ViewState
    from viewer.domain.volume import Volume
    from viewer.ui.canvas.tiles import Tile


class FittedViews:
    """Remembers for which shape, width over height, each view was fitted last."""

    def __init__(self) -> None:
        self._aspects: dict[ViewName, float] = {}

    def forget(self) -> None:
        """Take views for what a whole volume is first looked at in."""
        self._aspects.clear()

    def follow(self, volume: Volume, view: ViewState, placed: Iterable[Tile]) -> ViewState:
        """Return a view in which what was fitted is fitted to the tiles of now; what was zoomed stays."""
        for tile in placed:
            after = _aspect(tile)
            before = self._aspects.get(tile.view, USUAL_ASPECT)
            self._aspects[tile.view] = after
            if before != after:
                view = refitted(volume, view, tile.view, before, after)
        return view

    def whole(self, volume: Volume, view: ViewState, placed: Iterable[Tile]) -> ViewState:
        """Return a view in which all of the body is seen on each tile."""
        for tile in placed:
            aspect = self._aspects[tile.view] = _aspect(tile)
            if tile.view.plane is None:
                view = evolve(view, camera=evolve(view.camera, height_mm=fitted_camera_mm(volume, aspect)))
            else:
                seen = view.plane(tile.view.plane)
                height_mm = fitted_height_mm(volume, tile.view.plane, aspect)
                view = view.with_plane(tile.view.plane, evolve(seen, height_mm=height_mm))
        return view


def _aspect(tile: Tile) -> float:
    return max(tile.area.width(), 1.0) / max(tile.area.height(), 1.0)
