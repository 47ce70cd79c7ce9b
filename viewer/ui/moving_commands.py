"""The commands that move the active plane's picture, or turn 3D, without a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from viewer.scene.camera import turned
from viewer.ui.canvas.moves import panned_plane

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.view_state import ViewName, ViewState
    from viewer.domain.volume import Volume
    from viewer.ui.commands import Command
    from viewer.ui.looking import Looking

# Of a viewport's shorter side.
SHARE = 0.1
TURN_DEG = 10.0
_WAYS = (("left", -1, 0), ("right", 1, 0), ("up", 0, -1), ("down", 0, 1))


def moving_commands(looking: Looking) -> list[Command]:
    """Return the commands that move what is seen as a hand would, by a step in each direction."""

    def by(across: int, down: int) -> Callable[[], None]:
        def move(volume: Volume, view: ViewState, active: ViewName) -> ViewState:
            canvas = looking.canvas()
            tile = canvas.tile(active) if canvas is not None else None
            if active.plane is None:
                if view.shows_curved:
                    return view
                return evolve(view, camera=turned(view.camera, across * TURN_DEG, down * TURN_DEG, 1.0))
            if tile is None:
                return view
            step = SHARE * min(tile.area.width(), tile.area.height())
            return panned_plane(view, tile.geometry(volume, view, active.plane), across * step, down * step)

        return lambda: looking.change(move)

    return [
        looking.command(
            f"move_{way}",
            f"Move {way}",
            f"Move this view's picture {way}; 3D turns",
            by(across, down),
            shortcuts=(f"Alt+Shift+{way.capitalize()}",),
            repeats=True,
        )
        for way, across, down in _WAYS
    ]
