"""The pictures of cards: read when a card is first painted, a few at a time, and kept while they are looked at."""

from __future__ import annotations

import time
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage
from shiboken6 import isValid

from viewer.ui.ringing import rings_once

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

# Of one turn of the event loop; a picture of 880 × 592 takes 9 ms.
AT_ONCE_S = 0.03
# 60 pictures of 2 MB: more than any screen shows at once.
MOST_KEPT = 60


class CardPictures(QObject):
    """Pictures by the path of their file.

    Reading all of 500 cases before any is shown takes seconds, and a gigabyte of memory.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: OrderedDict[Path, tuple[int, QImage]] = OrderedDict()
        self._waiting: weakref.WeakSet[QWidget] = weakref.WeakSet()
        self._spent_s = 0.0
        self._turn = rings_once(self, self._next_turn)

    def of(self, path: Path, card: QWidget) -> QImage | None:
        """Return the picture of a file, a null image where it holds none; None while it waits for its turn.

        Parameters
        ----------
        card
            What shows it; it is painted again when its turn has come.
        """
        stamp = _stamp(path)
        held = self._kept.get(path)
        if held is None or held[0] != stamp:
            if self._spent_s >= AT_ONCE_S:
                self._waiting.add(card)
                return None
            began = time.perf_counter()
            held = self._kept[path] = (stamp, QImage(str(path)))
            self._spent_s += time.perf_counter() - began
            self._turn.start()
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(path)
        return held[1]

    def _next_turn(self) -> None:
        self._spent_s = 0.0
        waiting, self._waiting = self._waiting, weakref.WeakSet()
        for card in waiting:
            if isValid(card):
                card.update()


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
