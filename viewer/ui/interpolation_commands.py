"""The commands that choose how pictures of planes are interpolated between voxels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from viewer.domain.view_state import Interpolation

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.view_state import ViewState
    from viewer.ui.commands import Command
    from viewer.ui.looking import Looking

_KINDS = (
    (Interpolation.NEAREST, "Voxels as squares", "Nearest neighbour: each voxel as it is, at any zoom"),
    (Interpolation.LINEAR, "Linear interpolation", "Straight between neighbouring voxels; the usual"),
    (
        Interpolation.CUBIC,
        "Cubic interpolation",
        "A smooth curve through the voxels, once the picture rests; edges can overshoot by a few per cent",
    ),
)
INTERPOLATION_MENU: tuple[str | None, ...] = tuple(f"view.interpolation_{kind.value}" for kind, *_ in _KINDS)


def interpolation_commands(looking: Looking) -> list[Command]:
    """Return the commands of the three interpolations."""

    def choose(kind: Interpolation) -> Callable[[], None]:
        return looking.switch(lambda view: evolve(view, interpolation=kind))

    def is_on(kind: Interpolation) -> Callable[[], bool]:
        return looking.asks(lambda view: view.interpolation is kind)

    def following(view: ViewState) -> ViewState:
        kinds = list(Interpolation)
        return evolve(view, interpolation=kinds[(kinds.index(view.interpolation) + 1) % len(kinds)])

    return [
        *(
            looking.command(f"interpolation_{kind.value}", title, tooltip, choose(kind), checked_when=is_on(kind))
            for kind, title, tooltip in _KINDS
        ),
        looking.command(
            "interpolation_next",
            "Next interpolation",
            "Squares, linear, cubic, and round again",
            looking.switch(following),
            shortcuts=("Alt+I",),
        ),
    ]
