"""The commands that move the active plane's picture, or turn 3D, without a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from viewer.domain.session import Workspace
from viewer.scene.camera import turned
from viewer.ui.canvas.moves import panned_plane
from viewer.ui.commands import VIEWING

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.view_state import ViewName, ViewState
    from viewer.domain.volume import Volume
    from viewer.ui.commands import Command
    from viewer.ui.looking import Looking

# Of a viewport's shorter side.
SHARE = 0.1
TURN_DEG = 10.0
# Arrows with Alt and Shift or Ctrl belong to desktops; Shift with the upright ones goes ten images on.
_WAYS = (
    ("left", -1, 0, "Shift+Left"),
    ("right", 1, 0, "Shift+Right"),
    ("up", 0, -1, "Shift+PgUp"),
    ("down", 0, 1, "Shift+PgDown"),
)


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
        evolve(
            looking.command(
                f"move_{way}",
                f"Move {way}",
                f"Move this view's picture {way}; 3D turns",
                by(across, down),
                shortcuts=(key,),
                repeats=True,
            ),
            contexts=frozenset(VIEWING - {Workspace.PRESENT}),
        )
        for way, across, down, key in _WAYS
    ]
