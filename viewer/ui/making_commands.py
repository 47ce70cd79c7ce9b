"""The commands of making a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.ui.commands import Command, Submenu
from viewer.ui.workspace_commands import DESK_WORK

if TYPE_CHECKING:
    from viewer.services.case_making import CaseMaking

MAKING_MENU = ("making.start", "making.told", None, "making.capture", "making.save", "making.present", "making.close")
MAKING = Submenu("Case", "presentation", MAKING_MENU)
NOTHING_MADE = "No case is being made. “Make a case” begins one."
NO_STEP = "The case has no step yet. Ctrl+Enter captures one."


@frozen
class MakingAsks:
    """What making a case asks of the window; `changing` does something, and shows the step that is in hand then."""

    start: Callable[[bool], None]
    capture: Callable[[], None]
    use_view: Callable[[str], None]
    save: Callable[[bool], None]
    picture: Callable[[], None]
    close: Callable[[], None]
    saving: Callable[[], bool]
    changing: Callable[[Callable[[], None]], None]


def making_commands(making: CaseMaking, asks: MakingAsks) -> list[Command]:
    """Return the commands of making a case."""

    def possible() -> bool:
        return not making.why_not

    def on() -> bool:
        return making.draft is not None

    def in_hand() -> bool:
        return making.in_hand is not None

    def saveable() -> bool:
        return making.draft is not None and bool(making.draft.steps) and not asks.saving()

    def why_no_step() -> str:
        if not on():
            return NOTHING_MADE
        return "The case is being saved." if asks.saving() else NO_STEP

    def of_step(do: Callable[[str], None]) -> Callable[[], None]:
        def run() -> None:
            step = making.in_hand
            if step is not None:
                do(step.id)

        return run

    def changing(change: Callable[[], None]) -> Callable[[], None]:
        return lambda: asks.changing(change)

    def made(
        ident: str,
        title: str,
        tooltip: str,
        run: Callable[[], object],
        icon: str,
        *keys: str,
        enabled: Callable[[], bool],
        why: str | Callable[[], str] = "",
    ) -> Command:
        return Command(
            f"making.{ident}", title, tooltip, run, shortcuts=keys, contexts=DESK_WORK, enabled_when=enabled,
            why_disabled=why or why_no_step, icon=icon,
        )  # fmt: skip

    def why_not() -> str:
        return making.why_not

    return [
        made("start", "Make a case", "Tell a story of this scan, step by step; goes on where a draft was left",
             lambda: asks.start(False), "presentation", enabled=possible, why=why_not),
        made("told", "Make a case from the findings", "A first draft: overview, each finding, what was missed, 3D, end",
             lambda: asks.start(True), "sparkles", enabled=possible, why=why_not),
        made("capture", "Capture a step", "Keep what is seen as a step of the case", asks.capture, "camera",
             "Ctrl+Return", enabled=possible, why=why_not),
        made("set_view", "Use this view", "Let the step in hand show what is seen now", of_step(asks.use_view),
             "refresh-cw", enabled=in_hand),
        made("twin", "Duplicate step", "A copy behind it", of_step(making.duplicate), "copy", enabled=in_hand),
        made("delete", "Delete step", "Remove the step in hand", changing(of_step(making.delete)), "trash-2",
             enabled=in_hand),
        made("picture", "Add a picture to the narration…", "A PNG or JPEG on the card of the step in hand",
             asks.picture, "image", enabled=in_hand),
        made("undo", "Undo in the case", "Take the last change of the case back", changing(making.undo), "undo-2",
             enabled=lambda: making.can_undo, why="There is nothing to take back."),
        made("redo", "Redo in the case", "Make the change of the case again", changing(making.redo), "redo-2",
             enabled=lambda: making.can_redo, why="Nothing was taken back."),
        made("save", "Save case", "Among the cases of the library, without the patient", lambda: asks.save(False),
             "save", "Ctrl+S", enabled=saveable),
        made("present", "Save and present", "Save the case and show it from its first step", lambda: asks.save(True),
             "play", enabled=saveable),
        made("close", "Close the case", "Go back to the findings; the draft stays", asks.close, "x", enabled=on,
             why=NOTHING_MADE),
    ]  # fmt: skip
