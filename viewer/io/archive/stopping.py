"""Network work that can be stopped at once, however long the other side is silent."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from viewer.domain.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.job import JobContext

Result = TypeVar("Result")

LOOK_EVERY_S = 0.05
WAIT_FOR_END_S = 1.0


class Stop:
    """Says whether work has to end, and ends what it waits for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._enders: list[Callable[[], None]] = []

    @property
    def asked(self) -> bool:
        """True once the work has to end."""
        return self._asked

    def check(self) -> None:
        """Raise CancelledError when the work has to end."""
        if self._asked:
            raise CancelledError

    def ends(self, ender: Callable[[], None]) -> None:
        """Call `ender` when the work has to end, at once where that is so already; it must not wait."""
        with self._lock:
            if not self._asked:
                self._enders.append(ender)
                return
        ender()

    def ask(self) -> None:
        """Let the work end."""
        with self._lock:
            self._asked = True
            enders, self._enders = self._enders, []
        for ender in enders:
            ender()


def stoppable(
    ctx: JobContext, work: Callable[[Stop], Result], look: Callable[[Stop], None] = lambda _stop: None
) -> Result:
    """Return what `work` returns; it runs on a thread of its own, so that a cancelled job need not wait for it.

    Parameters
    ----------
    work
        Gets a Stop, to which it says how its waiting is ended. After a cancel it has a second to close what it opened;
        where it takes longer it is left to end by itself.
    look
        Called about every 50 ms meanwhile, on the caller's thread; may report progress.

    Raises
    ------
    CancelledError
        At once when the job is cancelled; otherwise whatever `work` raises.
    """
    stop = Stop()
    results: list[Result] = []
    failures: list[BaseException] = []
    finished = threading.Event()

    def body() -> None:
        try:
            results.append(work(stop))
        except BaseException as error:  # noqa: BLE001 - carried over to the thread that waits
            failures.append(error)
        finally:
            finished.set()

    thread = threading.Thread(target=body, name="casestage-archive", daemon=True)
    thread.start()
    try:
        while not finished.wait(LOOK_EVERY_S):
            ctx.stop_if_cancelled()
            look(stop)
    except BaseException:
        stop.ask()
        thread.join(WAIT_FOR_END_S)
        raise
    thread.join()
    if failures:
        raise failures[0]
    return results[0]
