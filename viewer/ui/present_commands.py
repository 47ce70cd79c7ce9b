"""The commands of presenting: from step to step, black, live, and off the stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.session import Workspace
from viewer.services.live_steps import LiveStage
from viewer.ui.commands import Command

if TYPE_CHECKING:
    from viewer.services.desk import Desk
    from viewer.ui.app_commands import Asks

PRESENT = frozenset({Workspace.PRESENT})
NO_CASE = "Open a case first: a plain series has no steps."


def presenting_commands(desk: Desk, asks: Asks) -> list[Command]:
    """Return the commands of presenting."""
    session, player = desk.session, desk.player

    def has_steps() -> bool:
        return bool(player.steps)

    def last() -> None:
        player.jump(len(player.steps) - 1)

    def show_measured() -> None:
        session.measured_on_stage = not session.measured_on_stage

    return [
        Command(
            "present.start",
            "Present from the start",
            "Full screen from the first step",
            lambda: asks.present_from(0),
            shortcuts=("F5",),
            enabled_when=has_steps,
            why_disabled=NO_CASE,
            icon="play",
        ),
        Command(
            "present.here",
            "Present from this step",
            "Full screen from the step that was shown last",
            lambda: asks.present_from(session.step or 0),
            shortcuts=("Shift+F5",),
            enabled_when=has_steps,
            why_disabled=NO_CASE,
            icon="step-forward",
        ),
        Command(
            "present.next",
            "Next step",
            "Fly to the next step; while something is asked, show the answer",
            player.next,
            shortcuts=("Right", "PgDown"),
            contexts=PRESENT,
            icon="chevron-right",
        ),
        Command(
            "present.back",
            "Previous step",
            "Fly to the step before",
            player.back,
            shortcuts=("Left", "PgUp"),
            contexts=PRESENT,
            icon="chevron-left",
        ),
        Command(
            "present.resume",
            "Resume",
            "Fly back to where the step looks; while something is asked, show the answer",
            player.proceed,
            shortcuts=("Return", "Enter"),
            contexts=PRESENT,
            icon="corner-down-left",
        ),
        Command(
            "present.first",
            "First step",
            "Fly to the first step",
            lambda: player.jump(0),
            shortcuts=("Ctrl+Home",),
            contexts=PRESENT,
            icon="skip-back",
        ),
        Command(
            "present.last",
            "Last step",
            "Fly to the last step",
            last,
            shortcuts=("Ctrl+End",),
            contexts=PRESENT,
            icon="skip-forward",
        ),
        Command(
            "present.black",
            "Black screen",
            "Make the stage black, or show it again",
            player.toggle_black,
            shortcuts=("B", "."),
            contexts=PRESENT,
            icon="monitor-off",
            checked_when=lambda: player.black,
        ),
        Command(
            "present.measured",
            "Measurements on the stage",
            "Show what was measured in Review, until this case or the stage is left",
            show_measured,
            contexts=PRESENT,
            enabled_when=lambda: bool(session.measurements or desk.other.session.measurements),
            why_disabled="Nothing was measured on this scan.",
            icon="ruler",
            checked_when=lambda: session.measured_on_stage,
        ),
        Command(
            "present.live",
            "Run the model live",
            "Let the step's model look at the scan now; where it takes too long, the recorded result is shown",
            desk.live.start,
            shortcuts=("L",),
            contexts=PRESENT,
            enabled_when=lambda: desk.live.stage in (LiveStage.ASKED, LiveStage.LIVE, LiveStage.RECORDED),
            why_disabled="This step runs no model.",
            icon="cpu",
        ),
        Command(
            "present.leave",
            "Leave the stage",
            "Back to where you came from",
            asks.leave_present,
            shortcuts=("Escape",),
            contexts=PRESENT,
            icon="log-out",
        ),
    ]
