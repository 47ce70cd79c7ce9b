"""Where an association's reactor waits while we ask: without it, pynetdicom 3.0.4 loses answers on a busy machine."""

from __future__ import annotations

import threading
from functools import wraps
from typing import TYPE_CHECKING, Any
from weakref import ref

from pynetdicom.association import Association

if TYPE_CHECKING:
    from collections.abc import Callable


class Checkpoint:
    """An event that says of the reactor that it runs before it lets it go on.

    Whoever asks clears the event, and waits until the reactor is marked as paused, because both take messages from
    one queue. pynetdicom's reactor unmarks itself only after it was let go: where it is held up just there, it counts
    as paused, and takes the first answer away, which then is missing in a search without a word.
    """

    def __init__(self, association: Association) -> None:
        self._association = ref(association)
        self._changed = threading.Condition()
        self._open = True

    def is_set(self) -> bool:
        """Return whether the reactor may go on."""
        return self._open

    def set(self) -> None:
        """Let the reactor go on."""
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def clear(self) -> None:
        """Let the reactor wait when it comes here the next time."""
        with self._changed:
            self._open = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, and mark the reactor as running while nobody can clear it."""
        with self._changed:
            there = self._changed.wait_for(lambda: self._open, timeout)
            association = self._association()
            if there and association is not None:
                association._is_paused = False
            return there


def _with_checkpoint(make: Callable[..., None]) -> Callable[..., None]:
    @wraps(make)
    def made(self: Association, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        self._reactor_checkpoint = Checkpoint(self)  # type: ignore[assignment]  # stands in for an Event

    return made


def pause_surely() -> None:
    """Give every association from now on such a checkpoint; once is enough."""
    if not hasattr(Association.__init__, "__wrapped__"):
        Association.__init__ = _with_checkpoint(Association.__init__)  # type: ignore[method-assign]  # on purpose
