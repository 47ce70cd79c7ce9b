"""The commands that turn planes away from the standard ones, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.scene.turned_planes import turned_about
from viewer.ui.canvas.moves import TURN_STEP_RAD
from viewer.ui.commands import VIEWING, Command

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.view_state import ViewName, ViewState
    from viewer.domain.volume import Volume
    from viewer.ui.looking import Looking

_STRAIGHT = "The planes are straight."
_NOT_IN_3D = "Only in a plane, once all images are in."


def turning_commands(looking: Looking) -> list[Command]:
    """Return the commands that turn the other planes about the active one by a step, and that straighten all."""

    def can_turn() -> bool:
        volume, canvas = looking.session.volume, looking.canvas()
        if not looking.ready() or volume is None or canvas is None or canvas.active.plane is None:
            return False
        return not volume.preview and min(volume.grid.size_ijk) > 1

    def by(steps: int) -> Callable[[], None]:
        def turn(_volume: Volume, view: ViewState, active: ViewName) -> ViewState:
            plane = active.plane
            return view if plane is None else turned_about(view, plane, steps * TURN_STEP_RAD)

        return lambda: looking.change(turn)

    turns = [
        Command(
            f"view.turn_{side}",
            f"Turn planes {side}",
            f"Turn the other two planes about this one by 5° to the {side}; the crosshair's dots turn them freely",
            by(steps),
            shortcuts=(key,),
            contexts=VIEWING,
            enabled_when=can_turn,
            why_disabled=_NOT_IN_3D,
            icon=icon,
            repeats=True,
        )
        for side, steps, key, icon in (("left", -1, "Ctrl+[", "rotate-ccw"), ("right", 1, "Ctrl+]", "rotate-cw"))
    ]
    return [
        *turns,
        Command(
            "view.straighten",
            "Straight planes",
            "Show axial, coronal and sagittal again",
            looking.switch(lambda view: view.straightened(), step=True),
            shortcuts=("Shift+O",),
            contexts=VIEWING,
            enabled_when=looking.asks(lambda view: view.oblique),
            why_disabled=_STRAIGHT,
            icon="axis-3d",
        ),
    ]
