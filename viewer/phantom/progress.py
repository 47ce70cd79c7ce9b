"""How far a phantom is: `acquire` tells of every slice that is done, whoever makes the phantom may listen.

The makers of heads, chests and abdomens need not hand a context down to where slices are made.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.domain.job import JobContext

_SHAPED = 0.15


class _Listener:
    def __init__(self, ctx: JobContext, slices: int) -> None:
        self._ctx, self._slices, self._done = ctx, max(1, slices), 0

    def more(self, slices: int) -> None:
        self._done += slices
        share = min(1.0, self._done / self._slices)
        self._ctx.report(_SHAPED + (1 - _SHAPED) * share, 1.0, "Making the pictures")


_LISTENER: ContextVar[_Listener | None] = ContextVar("listener", default=None)


@contextmanager
def followed(ctx: JobContext, slices: int) -> Iterator[None]:
    """Report to `ctx`, while this lasts, how many of about so many slices are made; its cancel is heeded.

    Raises
    ------
    CancelledError
        Out of what makes the slices.
    """
    ctx.report(0.0, 1.0, "Shaping the anatomy")
    before = _LISTENER.set(_Listener(ctx, slices))
    try:
        yield
    finally:
        _LISTENER.reset(before)


def slices_done(count: int) -> None:
    """Tell that so many more slices are made."""
    listener = _LISTENER.get()
    if listener is not None:
        listener.more(count)
