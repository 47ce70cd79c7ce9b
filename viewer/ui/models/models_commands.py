"""The commands of comparing two models."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.ui.commands import Command
from viewer.ui.reasons import NOT_ALL_IN
from viewer.ui.workspace_commands import DESK_WORK

if TYPE_CHECKING:
    from viewer.services.desk import Desk

NOT_COMPARED = "No two models are compared. Ctrl+M chooses two."


@frozen
class ModelsAsks:
    """What comparing two models asks of the window."""

    choose: Callable[[], None]
    again: Callable[[], None]


def models_commands(desk: Desk, asks: ModelsAsks) -> list[Command]:
    """Return the commands of comparing two models."""
    models, session = desk.two_models, desk.session

    def whole() -> bool:
        return session.volume is not None and not session.volume.preview

    def on() -> bool:
        return models.pair is not None

    def made(
        ident: str, title: str, tooltip: str, run: Callable[[], object], icon: str, *keys: str, repeats: bool = False
    ) -> Command:
        return Command(
            f"models.{ident}", title, tooltip, run, shortcuts=keys, contexts=DESK_WORK, enabled_when=on,
            why_disabled=NOT_COMPARED, icon=icon, repeats=repeats,
        )  # fmt: skip

    return [
        Command(
            "models.choose",
            "Compare two models…",
            "Hold what two models say of this volume against each other",
            asks.choose,
            shortcuts=("Ctrl+M",),
            contexts=DESK_WORK,
            enabled_when=whole,
            why_disabled=NOT_ALL_IN,
            icon="sliders-horizontal",
        ),
        made("again", "Run both models anew", "Compute what both say once more", asks.again, "refresh-cw",
             "Ctrl+Alt+R"),
        made("next", "Next of two models", "Fly to the next thing that the two models say, differences first",
             lambda: models.step(1), "chevron-right", "Ctrl+PgDown", repeats=True),
        made("previous", "Previous of two models", "Fly to the one before", lambda: models.step(-1), "chevron-left",
             "Ctrl+PgUp", repeats=True),
        made("close", "End comparing models", "Show the findings of before again", models.close, "x", "Ctrl+Shift+K"),
    ]  # fmt: skip
