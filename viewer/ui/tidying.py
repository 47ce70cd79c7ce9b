"""Python's search for what may go, in the window's thread alone.

By itself Python searches in whichever thread makes an object when it is time, and what it finds goes there and then. A
widget among it would be destroyed in a thread that is not the window's: the two then wait for each other's locks for
ever, or the program breaks off.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_LOOK_EVERY_MS = 250


def tidy() -> None:
    """Search as deep as Python would by now."""
    counts = gc.get_count()
    due = [deep for deep, most in enumerate(gc.get_threshold()) if counts[deep] > most]
    if due:
        gc.collect(due[-1])


class Tidying(QObject):
    """Takes the search over from Python for as long as the program runs."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(tidy)
        self._timer.start(_LOOK_EVERY_MS)
