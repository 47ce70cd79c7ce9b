"""Python's search for what may go, in the window's thread alone.

By itself Python searches in whichever thread makes an object when it is time, and what it finds goes there and then. A
widget among it would be destroyed in a thread that is not the window's: the two then wait for each other's locks for
ever, or the program breaks off.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_LOOK_EVERY_MS = 250
_ALL = 2


def tidy() -> None:
    """Search as deep as the number of new objects asks for by now."""
    deep = _due()
    if deep is not None:
        gc.collect(deep)


def _due() -> int | None:
    counts = gc.get_count()
    due = [deep for deep, most in enumerate(gc.get_threshold()) if counts[deep] > most]
    return due[-1] if due else None


class Tidying(QObject):
    """Takes the search over from Python for as long as the program runs.

    As in Python a search through everything, which holds the window up for 40 ms once a case has been shown, waits
    until there is a quarter more of it.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._kept = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tidy)
        self._timer.start(_LOOK_EVERY_MS)

    def _tidy(self) -> None:
        deep = _due()
        if deep == _ALL and len(gc.get_objects(generation=_ALL)) < 1.25 * self._kept:
            deep = _ALL - 1
        if deep is not None:
            gc.collect(deep)
        if deep == _ALL:
            self._kept = len(gc.get_objects(generation=_ALL))
