"""Pictures that take too long for the main thread, made beside it: the latest of each view, late ones dropped."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    Between = Callable[[], None]
    Work = Callable[[Between], object]

_log = logging.getLogger(__name__)


class DroppedError(Exception):
    """A picture is not wanted any more."""


class FinePictures(QObject):
    """Makes one picture at a time in a thread of its own, which starts with the first that is asked for.

    Signals
    -------
    arrived
        Name of the view, the key that was asked for, and what was made of it; None where that failed.
    """

    arrived = Signal(object, object, object)
    _made = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._awake = threading.Condition()
        self._pending: dict[object, tuple[object, Work]] = {}
        self._under_way: tuple[object, object] | None = None
        self._dropped = False
        self._ended = False
        self._thread: threading.Thread | None = None
        self._wanted: dict[object, object] = {}
        self._made.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """True while a picture is wanted that has not come."""
        return bool(self._wanted)

    def ask(self, view: object, key: object, work: Work) -> None:
        """Ask for a view's picture, in the place of what was asked for it before; nothing where that is the same.

        `work` runs in the thread; it is given a function to call now and then, by which it ends when it is dropped.
        """
        if self._ended or self._wanted.get(view) == key:
            return
        self._wanted[view] = key
        with self._awake:
            if self._under_way is not None and self._under_way[0] == view:
                self._dropped = True
            self._pending[view] = (key, work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="fine pictures", daemon=True)
                self._thread.start()
            self._awake.notify()

    def drop(self, view: object = None) -> None:
        """Want one view's picture no more; without a view, none at all."""
        with self._awake:
            for one in list(self._wanted) if view is None else [view]:
                self._wanted.pop(one, None)
                self._pending.pop(one, None)
                if self._under_way is not None and self._under_way[0] == one:
                    self._dropped = True

    def close(self) -> None:
        """End the thread; nothing is made afterwards."""
        self._ended = True
        self.drop()
        with self._awake:
            self._awake.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _between(self) -> None:
        if self._dropped:
            raise DroppedError

    def _run(self) -> None:
        # What a work holds, a volume among it, is not to outlive it: it is never named here.
        while self._next():
            pass

    def _next(self) -> bool:
        """Wait for a work and do it; return False where all has ended."""
        with self._awake:
            self._under_way = None
            while not self._pending and not self._ended:
                self._awake.wait()
            if self._ended:
                return False
            view = next(iter(self._pending))
            key, work = self._pending.pop(view)
            self._under_way, self._dropped = (view, key), False
        made = None
        try:
            made = work(self._between)
        except DroppedError:
            return True
        except (MemoryError, RuntimeError, ValueError) as error:
            _log.warning("a fine picture could not be made: %s", type(error).__name__)
        self._made.emit(view, key, made)
        return True

    def _take(self, view: object, key: object, made: object) -> None:
        if not self._ended and self._wanted.get(view) == key:
            del self._wanted[view]
            self.arrived.emit(view, key, made)
