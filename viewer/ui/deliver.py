"""Brings results of background work home: the one QObject that crosses threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

if TYPE_CHECKING:
    from collections.abc import Callable


class Deliver(QObject):
    """Runs what it is called with on the thread it was made on, in the order of the calls.

    May be called from any thread. After `stop` nothing is run any more, so that late answers find no dead widget.
    """

    _asked = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stopped = False
        self._asked.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def __call__(self, work: Callable[[], None]) -> None:
        """Run `work` in the next turn of the event loop."""
        if not self._stopped:
            self._asked.emit(work)

    def stop(self) -> None:
        """Drop everything that comes later."""
        self._stopped = True

    def _run(self, work: Callable[[], None]) -> None:
        if not self._stopped:
            work()
