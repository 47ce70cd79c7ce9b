"""The commands of a step that asks first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.ui.commands import Command
from viewer.ui.present_commands import PRESENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.services.player import Player
    from viewer.ui.present.questions_here import QuestionsHere

NOT_ASKED = "This step asks nothing, or was revealed."


def question_commands(player: Player, here: QuestionsHere) -> list[Command]:
    """Return the commands of guessing, passing over, and of what visitors guessed."""
    asking = player.asking

    def moved(right: int, down: int) -> Callable[[], None]:
        return lambda: here.move_aim(right, down)

    aims = [
        Command(
            f"ask.{name}",
            f"Point {name}",
            f"Move the mark by which the keyboard guesses {words}",
            moved(right, down),
            shortcuts=(f"Ctrl+Shift+{name.capitalize()}",),
            contexts=PRESENT,
            enabled_when=lambda: asking.open,
            why_disabled=NOT_ASKED,
            icon=icon,
            repeats=True,
        )
        for name, words, right, down, icon in (
            ("left", "to the left", -1, 0, "arrow-left"),
            ("right", "to the right", 1, 0, "arrow-right"),
            ("up", "up", 0, -1, "arrow-up"),
            ("down", "down", 0, 1, "arrow-down"),
        )
    ]
    return [
        Command(
            "ask.guess",
            "Guess here",
            "Mark a guess where the keyboard points, at first the middle of the large view",
            here.guess_at_aim,
            shortcuts=("M",),
            contexts=PRESENT,
            enabled_when=lambda: asking.open,
            why_disabled=NOT_ASKED,
            icon="target",
        ),
        Command(
            "ask.take_back",
            "Take the guess back",
            "Take back the last guess",
            asking.take_back,
            shortcuts=("Backspace",),
            contexts=PRESENT,
            enabled_when=lambda: asking.open and bool(asking.guesses),
            why_disabled="There is no guess.",
            icon="undo-2",
        ),
        *aims,
        Command(
            "ask.skip",
            "Pass over the question",
            "Go to the next step without an answer",
            player.skip,
            shortcuts=("Shift+Right", "Shift+PgDown"),
            contexts=PRESENT,
            enabled_when=lambda: asking.open,
            why_disabled=NOT_ASKED,
            icon="skip-forward",
        ),
        Command(
            "ask.visitors",
            "Where visitors guessed",
            "Show over the anatomy where visitors of a kiosk guessed, once the step is revealed",
            here.show_visitors,
            shortcuts=("Ctrl+G",),
            contexts=PRESENT,
            checked_when=lambda: here.shows_visitors,
            enabled_when=lambda: asking.question is not None,
            why_disabled="This step asks nothing.",
            icon="users",
        ),
        Command(
            "ask.forget",
            "Forget what visitors guessed",
            "Remove the guesses of visitors of all cases from this computer",
            here.forget_visitors,
            icon="trash-2",
        ),
    ]
