"""Why a command cannot be asked for now, where that hangs on whether a series is open and all of it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.session import Session
    from viewer.ui.commands import Command

NOTHING_OPEN = "Nothing is open."
NOT_ALL_IN = "Wait until all images are in."
_OF_A_SERIES = ("view.", "measure.", "path.", "compare.", "overlay.", "picture.", "finding.", "review.", "models.")
_ALSO = ("model.run", "model.last")


def of_what_is_open(command: Command, session: Session) -> Command:
    """Return the command; while nothing is open, one that works on a series gives that as its reason."""
    if not (command.id.startswith(_OF_A_SERIES) or command.id in _ALSO) or not command.why_disabled:
        return command
    why: str | Callable[[], str] = command.why_disabled

    def now() -> str:
        if session.volume is None:
            return NOTHING_OPEN
        return why() if callable(why) else why

    return evolve(command, why_disabled=now)
