"""The commands of the slab: how thick it is, and what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from viewer.domain.view_state import SlabMode
from viewer.ui.canvas.moves import thicker
from viewer.ui.interpolation_commands import INTERPOLATION_MENU

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.view_state import ViewState
    from viewer.ui.commands import Command
    from viewer.ui.looking import Looking

FIRST_SLAB_MM = 10.0
_MODES = (
    (SlabMode.MAX, "Slab: brightest (MIP)", "The greatest value through the slab: vessels, nodules, bone"),
    (SlabMode.MIN, "Slab: darkest (MinIP)", "The least value through the slab: airways, emphysema"),
    (SlabMode.MEAN, "Slab: mean", "The mean through the slab: less noise, as a thicker image"),
)
SLAB_CHOICES: tuple[str | None, ...] = (
    *(f"view.slab_{mode.value}" for mode, _, _ in _MODES),
    "view.slab_off",
    None,
    "view.slab_thicker",
    "view.slab_thinner",
)
SLAB_MENU: tuple[str | None, ...] = (*SLAB_CHOICES, None, "view.acquired", None, *INTERPOLATION_MENU)


def slab_commands(looking: Looking) -> list[Command]:
    """Return the commands of the slab."""

    def by(notches: int) -> Callable[[], None]:
        return looking.switch(lambda view: thicker(view, notches))

    def choose(mode: SlabMode) -> Callable[[], None]:
        return looking.switch(lambda view: evolve(view, slab_mode=mode, slab_mm=view.slab_mm or FIRST_SLAB_MM))

    def is_on(mode: SlabMode) -> Callable[[], bool]:
        def on(view: ViewState) -> bool:
            return view.slab_mm > 0 and view.slab_mode is mode

        return looking.asks(on)

    def some() -> bool:
        return looking.ready() and looking.asks(lambda view: view.slab_mm > 0)()

    thinner = looking.command(
        "slab_thinner",
        "Thinner slab",
        "Show a thinner slab, at last a single image; also Shift+wheel",
        by(-1),
        shortcuts=("[",),
    )
    return [
        *(
            looking.command(f"slab_{mode.value}", title, tooltip, choose(mode), checked_when=is_on(mode))
            for mode, title, tooltip in _MODES
        ),
        looking.command(
            "slab_off",
            "Slab off",
            "Single images",
            looking.switch(lambda view: evolve(view, slab_mm=0.0)),
            checked_when=looking.asks(lambda view: view.slab_mm == 0),
        ),
        looking.command(
            "slab_thicker",
            "Thicker slab",
            "Show a thicker slab; also Shift+wheel",
            by(1),
            shortcuts=("]",),
            icon="layers",
        ),
        evolve(thinner, enabled_when=some, why_disabled="The slab is off: single images are shown."),
    ]
