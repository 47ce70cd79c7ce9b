"""When nobody moves what is looked at: what is loaded beside would make it stutter."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viewer.domain.session import Session

_STILL_S = 0.7
_LOOK_AGAIN_S = 0.1
# A film that runs by itself never rests.
_AT_LATEST_S = 30.0


class StillHands:
    """Knows when the view was changed last."""

    def __init__(self, session: Session) -> None:
        self._moved_at = -math.inf
        self._latest = time.monotonic() + _AT_LATEST_S
        session.view_changed.connect(self._moved)

    def _moved(self, *_: object) -> None:
        self._moved_at = time.monotonic()

    @property
    def resting(self) -> bool:
        """True where the view has not changed for a moment."""
        return time.monotonic() - self._moved_at > _STILL_S

    @property
    def still(self) -> bool:
        """True where the view has not changed for a moment, or does not stop changing after the start."""
        return self.resting or time.monotonic() > self._latest

    def wait(self) -> None:
        """Wait until hands are still; for a thread beside the window's."""
        while not self.still:
            time.sleep(_LOOK_AGAIN_S)
