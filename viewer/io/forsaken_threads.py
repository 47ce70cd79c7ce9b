"""Threads that nobody has to wait for: what they ask of a disk or a network place may never be answered.

Python waits at its end for the threads of its own executors; a share that has gone would keep the program from ending.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


class ForsakenThreads:
    """A few threads that take work in its order, made as they are needed; `close` drops what none has begun."""

    def __init__(self, most: int, name: str) -> None:
        self._most, self._name = most, name
        self._waiting: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._made = 0
        self._closed = threading.Event()

    def submit(self, work: Callable[..., Result], *given: Any) -> Future[Result]:
        """Have `work(*given)` done by one of them, and return what will hold its result."""
        answer: Future[Result] = Future()

        def act() -> None:
            if self._closed.is_set() or not answer.set_running_or_notify_cancel():
                return
            try:
                answer.set_result(work(*given))
            except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
                answer.set_exception(error)

        self._waiting.put(act)
        if self._made < self._most:
            self._made += 1
            threading.Thread(target=self._run, name=f"{self._name}_{self._made}", daemon=True).start()
        return answer

    def close(self) -> None:
        """Let the threads go, each after what it is at; nobody waits for that."""
        self._closed.set()
        for _ in range(self._made):
            self._waiting.put(None)

    def _run(self) -> None:
        while (act := self._waiting.get()) is not None:
            act()
