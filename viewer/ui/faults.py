"""What nobody caught: logged, said in the strip at the desk, and never allowed to stop what is on stage."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

from viewer.domain.errors import unexpected
from viewer.ui.messages import Message

if TYPE_CHECKING:
    from types import TracebackType

    from viewer.ui.main_window import MainWindow

_log = logging.getLogger(__name__)

# What fails while painting fails sixty times a second.
MOST_LOGGED = 3
MOST_KINDS = 200


class Faults:
    """An excepthook: the program goes on; the strip, which the stage does not show, says it once one is back."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._seen: Counter[str] = Counter()

    def __call__(self, kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        """Tell of an error that nobody caught."""
        if issubclass(kind, KeyboardInterrupt):
            self._window.end_kiosk()
            self._window.close()
            return
        shown = unexpected(error)
        if len(self._seen) >= MOST_KINDS:
            self._seen.clear()
        self._seen[shown.detail] += 1
        if self._seen[shown.detail] <= MOST_LOGGED:
            _log.error("unexpected: %s", shown.detail)
            self._window.tell(
                Message(
                    shown.sentence,
                    "What you decided is on disk. If it happens again, copy the details into a report.",
                    shown.detail,
                )
            )
