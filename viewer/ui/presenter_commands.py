"""The commands of whoever presents: the presenter's window, notes, step search, clock, rehearsal."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from viewer.domain.session import Workspace
from viewer.ui.commands import EVERYWHERE, Command

PRESENT = frozenset({Workspace.PRESENT})
LIBRARY = frozenset({Workspace.LIBRARY})
NO_SECOND = "There is only one screen."
AUDIENCE_SEES = "The audience would read them: use the presenter’s window."
NO_STORY = "Choose a case first: a plain series has no steps."


@frozen
class PresenterAsks:
    """What the presenter's commands ask."""

    window: Callable[[], None]
    window_shown: Callable[[], bool]
    swap: Callable[[], None]
    can_swap: Callable[[], bool]
    notes: Callable[[], None]
    notes_shown: Callable[[], bool]
    notes_allowed: Callable[[], bool]
    resize_notes: Callable[[int], None]
    search: Callable[[], None]
    search_library: Callable[[], None]
    clock: Callable[[], None]
    clock_runs: Callable[[], bool]
    reset_clock: Callable[[], None]
    rehearse: Callable[[], None]
    can_rehearse: Callable[[], bool]
    rehearsing: Callable[[], bool]
    mark: Callable[[], None]
    allowed: Callable[[], bool]


def presenter_commands(asks: PresenterAsks) -> tuple[Command, ...]:
    """Return the commands; a kiosk allows none that shows what only a presenter sees."""

    def swappable() -> bool:
        return asks.allowed() and asks.can_swap()

    def may_rehearse() -> bool:
        return asks.allowed() and asks.can_rehearse()

    return (
        Command(
            "presenter.window", "Presenter’s window", "Notes, clocks, steps and the next step, for you alone",
            asks.window, shortcuts=("Ctrl+Shift+P",), contexts=PRESENT, enabled_when=asks.allowed,
            icon="presentation", checked_when=asks.window_shown,
        ),
        Command(
            "presenter.swap", "Swap screens", "Give the audience the other screen", asks.swap,
            shortcuts=("Ctrl+Shift+S",), contexts=PRESENT, enabled_when=swappable, why_disabled=NO_SECOND,
            icon="arrow-left-right",
        ),
        Command(
            "presenter.notes", "Notes on the stage", "The notes of this step below the picture, for one screen alone",
            asks.notes, shortcuts=("Shift+N",), contexts=PRESENT, enabled_when=asks.notes_allowed,
            why_disabled=AUDIENCE_SEES, icon="file-text", checked_when=asks.notes_shown,
        ),
        Command(
            "presenter.larger", "Larger notes", "Notes in the presenter’s window, up to 40 px",
            lambda: asks.resize_notes(2), shortcuts=("Ctrl+=", "Ctrl++"), contexts=PRESENT,
            enabled_when=asks.window_shown, why_disabled="The presenter’s window is closed.", icon="a-arrow-up",
        ),
        Command(
            "presenter.smaller", "Smaller notes", "Notes in the presenter’s window, down to 20 px",
            lambda: asks.resize_notes(-2), shortcuts=("Ctrl+-",), contexts=PRESENT,
            enabled_when=asks.window_shown, why_disabled="The presenter’s window is closed.", icon="a-arrow-down",
        ),
        Command(
            "presenter.clock", "Stop or start the clock", "The time of the talk stands still, or goes on", asks.clock,
            shortcuts=("Shift+P",), contexts=PRESENT, enabled_when=asks.allowed, icon="timer",
            checked_when=asks.clock_runs,
        ),
        Command(
            "presenter.reset_clock", "Clock to zero", "The time of the talk begins anew", asks.reset_clock,
            contexts=PRESENT, enabled_when=asks.allowed, icon="rotate-ccw",
        ),
        Command(
            "present.search", "Go to a step…", "Find a step by words or by its number", asks.search,
            shortcuts=("/", "Ctrl+F"), contexts=PRESENT, enabled_when=asks.allowed, icon="search",
        ),
        Command(
            "library.steps", "Find a step…", "Search the steps of all cases, and present one", asks.search_library,
            shortcuts=("Ctrl+Shift+F",), contexts=LIBRARY, icon="search",
        ),
        Command(
            "present.rehearse", "Rehearse", "Present from the start and keep the time of each step; again ends it",
            asks.rehearse, shortcuts=("Ctrl+F5",), contexts=EVERYWHERE, enabled_when=may_rehearse,
            why_disabled=NO_STORY, icon="timer",
        ),
        Command(
            "present.mark", "Mark a cue", "Keep this moment of the rehearsal among the step’s cues", asks.mark,
            shortcuts=("Ctrl+M",), contexts=PRESENT, enabled_when=asks.rehearsing,
            why_disabled="No rehearsal runs.", icon="bookmark",
        ),
    )  # fmt: skip
