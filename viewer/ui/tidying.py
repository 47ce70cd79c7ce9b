"""Python's search for what may go, in the window's thread alone.

By itself Python searches in whichever thread makes an object when it is time, and what it finds goes there and then. A
widget among it would be destroyed in a thread that is not the window's: the two then wait for each other's locks for
ever, or the program breaks off.
"""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from viewer.ui.still_hands import StillHands

_LOOK_EVERY_MS = 250
_AT_REST_S, _MOVING_S = 30.0, 60.0
_ALL = 2


def due() -> int | None:
    """Return how deep a search the number of new objects asks for by now; None for none."""
    counts = gc.get_count()
    return max((deep for deep, most in enumerate(gc.get_threshold()) if counts[deep] > most), default=None)


class Tidying(QObject):
    """Takes the search over from Python for as long as the program runs.

    A search through everything holds the window up for 40 ms once a case has been shown: it waits until nothing moves,
    and half a minute from one to the next; where something moves all the time, a minute.
    """

    def __init__(self, parent: QObject, hands: StillHands) -> None:
        super().__init__(parent)
        gc.disable()
        self._hands = hands
        self._searched_at = time.monotonic()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tidy)
        self._timer.start(_LOOK_EVERY_MS)

    def _tidy(self) -> None:
        deep = due()
        if deep == _ALL:
            passed_s = time.monotonic() - self._searched_at
            if passed_s > (_AT_REST_S if self._hands.resting else _MOVING_S):
                self._searched_at = time.monotonic()
            else:
                deep = _ALL - 1
        if deep is not None:
            gc.collect(deep)
