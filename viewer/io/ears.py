"""Hears which of several processes have said something."""

from __future__ import annotations

import select
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.io.decoding_process import DecodingProcess


class Ears:
    """Waits for answers of decoding processes; where the system can, without telling it anew each time for whose."""

    def __init__(self) -> None:
        self._poll: Any = None
        if sys.platform != "win32":
            self._poll = select.poll()
        self._open: dict[int, DecodingProcess] = {}

    def open_for(self, workers: Sequence[DecodingProcess]) -> None:
        """Listen to more processes."""
        for worker in workers:
            descriptor = worker.connection.fileno()
            self._open[descriptor] = worker
            if sys.platform != "win32":
                self._poll.register(descriptor, select.POLLIN)

    def close_for(self, worker: DecodingProcess) -> None:
        """Listen to a process no more; its connection may be closed."""
        descriptor = next(descriptor for descriptor, open_for in self._open.items() if open_for is worker)
        del self._open[descriptor]
        if self._poll is not None:
            self._poll.unregister(descriptor)

    def heard(self, most_s: float) -> list[DecodingProcess]:
        """Return the processes that have said something or are gone, none after so many seconds."""
        if self._poll is not None:
            return [self._open[descriptor] for descriptor, _ in self._poll.poll(most_s * 1000)]
        from multiprocessing.connection import wait

        said = wait([worker.connection for worker in self._open.values()], most_s)
        return [worker for worker in self._open.values() if worker.connection in said]
