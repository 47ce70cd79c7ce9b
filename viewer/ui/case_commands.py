"""The commands of a case as a whole: the one picked in the library, or the one that is open."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from viewer.domain.session import Workspace
from viewer.domain.walkthrough import Case
from viewer.ui.commands import EVERYWHERE, Command

CASE_MENU = ("case.present", "case.ready", None, "case.leave")
_NO_CASE = "Pick a case with pictures first."


@frozen
class CaseAsks:
    """What the commands of a case ask of the window."""

    case: Callable[[], Case | None]
    present: Callable[[], None]
    leave: Callable[[], None]
    ready: Callable[[], None]


def case_commands(asks: CaseAsks) -> list[Command]:
    """Return the commands of a case."""

    def there() -> bool:
        return asks.case() is not None

    return [
        Command(
            "case.present", "Present", "This case, full screen, step by step", asks.present,
            contexts=frozenset({Workspace.LIBRARY}), enabled_when=there, why_disabled=_NO_CASE, icon="play",
        ),
        Command(
            "case.leave", "Leave behind…", "A handout, a film, a page for a browser or pictures of this case",
            asks.leave, shortcuts=("Ctrl+Shift+E",), contexts=EVERYWHERE, enabled_when=there, why_disabled=_NO_CASE,
            icon="share-2",
        ),
        Command(
            "case.ready", "Is this computer ready?…", "Draw every step, run every model, look at memory and disk",
            asks.ready, shortcuts=("Ctrl+Shift+D",), contexts=frozenset({Workspace.LIBRARY}), enabled_when=there,
            why_disabled=_NO_CASE, icon="stethoscope",
        ),
    ]  # fmt: skip
